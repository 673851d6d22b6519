import NetworkGraph

/// Convolutions of one to three dimensions made of those of two.
///
/// One dimension is an image of height 1. For three, the planes that a window covers in depth become channels, and
/// the places of windows in depth become examples: weight `[O, C, kd, kh, kw]` is `[O, C·kd, kh, kw]`. That costs
/// exactly the products of the three-dimensional convolution.
extension Interpreter {
  /// A convolution with PyTorch's checks.
  func convolve(
    _ input: TracedTensor, _ weight: TracedTensor, _ bias: TracedTensor?, _ window: ConvolutionWindow,
    module: PythonInstance?
  ) throws(Interruption) -> TracedTensor {
    let dimensions = window.stride.count
    let images = try convolutionInput(input, dimensions, "conv\(dimensions)d", module)
    try requireElements(weight)
    try check(window)
    try check(bias, count: weight.shape[0])
    let (expected, isOver) = weight.shape[1].multipliedReportingOverflow(by: window.groups)
    guard !isOver, images.shape[1] == expected else {
      let message =
        "Given groups=\(window.groups), weight of size \(weight.shape), expected input\(images.shape) to have "
        + "\(expected) channels, but got \(images.shape[1]) channels instead"
      if let module {
        throw mismatch(module, "in_channels", builtFor: expected, reached: images.shape[1], message)
      }
      throw raise(.runtimeError, message, identifier: "torch.shape")
    }
    guard weight.shape[0].isMultiple(of: window.groups) else {
      throw raise(
        .runtimeError,
        "Given groups=\(window.groups), expected weight to be divisible by \(window.groups) at dimension 0, but "
          + "got weight of size \(weight.shape) instead", identifier: "torch.shape")
    }
    try checkReach(images, weight, window, module)
    let result: TracedTensor
    if dimensions == 3 {
      result = try convolveVolume(images, weight, bias, window)
    } else {
      let operands = try [flatImage(images, dimensions), flatImage(weight, dimensions)]
      let convolution = plane(window, dimensions, hasBias: bias != nil)
      result = try lined(
        try apply(.convolution(convolution), operands + (bias.map { [$0] } ?? [])), dimensions)
    }
    return try unbatched(result, like: input, dimensions + 2)
  }

  private func convolveVolume(
    _ images: TracedTensor, _ weight: TracedTensor, _ bias: TracedTensor?, _ window: ConvolutionWindow
  ) throws(Interruption) -> TracedTensor {
    var padding = [[Int](repeating: 0, count: 5), [Int](repeating: 0, count: 5)]
    (padding[0][2], padding[1][2]) = (window.padding.before[0], window.padding.after[0])
    var volume = images
    if padding[0][2] + padding[1][2] > 0 {
      try checkShape(zip(volume.shape, zip(padding[0], padding[1])).map { $0 + $1.0 + $1.1 })
      volume = try apply(.pad(before: padding[0], after: padding[1], value: 0), volume)
    }
    let depth = weight.shape[2]
    let count = (volume.shape[2] - window.dilation[0] * (depth - 1) - 1) / window.stride[0] + 1
    var taps: [TracedTensor] = []
    for tap in 0..<depth {
      let start = tap * window.dilation[0]
      let planes = try slice(volume, 2, start, start + (count - 1) * window.stride[0] + 1, window.stride[0])
      taps.append(try reshape(planes, [planes.shape[0], planes.shape[1], 1] + planes.shape[2...]))
    }
    let (n, c, h, w) = (volume.shape[0], volume.shape[1], volume.shape[3], volume.shape[4])
    let unfolded = try permute(try concatenate(taps, 2), [0, 3, 1, 2, 4, 5])
    let flat = try reshape(unfolded, [n * count, c * depth, h, w])
    let kernel = try reshape(
      weight, [weight.shape[0], weight.shape[1] * depth, weight.shape[3], weight.shape[4]])
    let convolution = plane(window.dropFirst, 2, hasBias: bias != nil)
    let result = try apply(.convolution(convolution), [flat, kernel] + (bias.map { [$0] } ?? []))
    let split = try reshape(result, [n, count] + result.shape[1...])
    return try permute(split, [0, 2, 1, 3, 4])
  }

  /// A transposed convolution with PyTorch's checks; the weight is `[I, O/groups, …]`.
  func convolveTransposed(
    _ input: TracedTensor, _ weight: TracedTensor, _ bias: TracedTensor?, _ window: ConvolutionWindow,
    outputPadding: [Int], module: PythonInstance?
  ) throws(Interruption) -> TracedTensor {
    let dimensions = window.stride.count
    let images = try convolutionInput(input, dimensions, "conv_transpose\(dimensions)d", module)
    try requireElements(weight)
    try check(window)
    guard images.shape[1] == weight.shape[0], weight.shape[0].isMultiple(of: window.groups) else {
      let message =
        "Given transposed=1, weight of size \(weight.shape), expected input\(images.shape) to have "
        + "\(weight.shape[0]) channels, but got \(images.shape[1]) channels instead"
      if let module, images.shape[1] != weight.shape[0] {
        throw mismatch(module, "in_channels", builtFor: weight.shape[0], reached: images.shape[1], message)
      }
      throw raise(.runtimeError, message, identifier: "torch.shape")
    }
    let (outputs, isOver) = weight.shape[1].multipliedReportingOverflow(by: window.groups)
    guard !isOver else { throw raise(.runtimeError, "too many groups") }
    try check(bias, count: outputs)
    var extents: [Int] = []
    for axis in 0..<dimensions {
      let extra = outputPadding[axis]
      guard extra >= 0, extra < max(window.stride[axis], window.dilation[axis]) else {
        throw raise(
          .runtimeError,
          "output padding must be smaller than either stride or dilation, but got output_padding=\(outputPadding) "
            + "stride=\(window.stride) dilation=\(window.dilation)", identifier: "torch.argument")
      }
      let extent = try transposedExtent(images.shape[axis + 2], weight.shape[axis + 2], window, axis) + extra
      guard extent > 0 else {
        throw raise(
          .runtimeError,
          "Given input size per channel: \(images.shape.dropFirst(2)). Calculated output size per channel is too "
            + "small: dimension \(axis) has \(extent)", identifier: "torch.shape")
      }
      extents.append(extent)
    }
    try checkShape([images.shape[0], outputs] + extents)
    var result: TracedTensor
    if dimensions == 3 {
      result = try transposeVolume(images, weight, window, outputPadding, extents)
    } else {
      let flat = try flatImage(images, dimensions)
      let kernel = try flatImage(weight, dimensions)
      result = try lined(
        try transposePlanes(flat, kernel, plane(window, dimensions, hasBias: false), plane(outputPadding)),
        dimensions)
    }
    if let bias {
      let shape = [outputs] + [Int](repeating: 1, count: dimensions)
      result = try elementwise(.add, result, try reshape(bias, shape))
    }
    return try unbatched(result, like: input, dimensions + 2)
  }

  /// The transposed convolution of images without bias.
  private func transposePlanes(
    _ images: TracedTensor, _ weight: TracedTensor, _ convolution: Convolution, _ outputPadding: Size2D
  ) throws(Interruption) -> TracedTensor {
    func extent(_ extent: Int, _ kernel: Int, _ side: KeyPath<Size2D, Int>) -> Int {
      (extent - 1) * convolution.stride[keyPath: side] + convolution.dilation[keyPath: side] * (kernel - 1)
        + 1
    }
    let channels = weight.shape[1] * convolution.groups
    let full = [
      images.shape[0], channels, extent(images.shape[2], weight.shape[2], \.height),
      extent(images.shape[3], weight.shape[3], \.width),
    ]
    let (padding, extra) = (convolution.padding, outputPadding)
    let shape = [
      full[0], channels, full[2] - 2 * padding.height + extra.height,
      full[3] - 2 * padding.width + extra.width,
    ]
    // A convolution of the result's size must yield the input's size, else the border is cut off afterwards.
    if extra.height < convolution.stride.height, extra.width < convolution.stride.width {
      return try apply(
        .convolutionInputGradient(convolution, inputShape: shape), [weight, images])
    }
    var whole = convolution
    (whole.padding, whole.paddingAfter) = (Size2D(0, 0), Size2D(0, 0))
    try checkShape(full)
    let result = try apply(.convolutionInputGradient(whole, inputShape: full), [weight, images])
    return try pad(
      result,
      [-padding.width, extra.width - padding.width, -padding.height, extra.height - padding.height],
      mode: "constant", value: 0)
  }

  private func transposeVolume(
    _ images: TracedTensor, _ weight: TracedTensor, _ window: ConvolutionWindow, _ outputPadding: [Int],
    _ extents: [Int]
  ) throws(Interruption) -> TracedTensor {
    let (n, c, d) = (images.shape[0], images.shape[1], images.shape[2])
    let depth = weight.shape[2]
    let outputs = weight.shape[1] * window.groups
    let flat = try reshape(try permute(images, [0, 2, 1, 3, 4]), [n * d, c] + images.shape[3...])
    let kernel = try reshape(
      weight, [weight.shape[0], weight.shape[1] * depth, weight.shape[3], weight.shape[4]])
    let planes = try transposePlanes(
      flat, kernel, plane(window.dropFirst, 2, hasBias: false), plane(Array(outputPadding.dropFirst())))
    let (h, w) = (planes.shape[2], planes.shape[3])
    let taps = try permute(try reshape(planes, [n, d, outputs, depth, h, w]), [3, 0, 2, 1, 4, 5])
    let (stride, dilation) = (window.stride[0], window.dilation[0])
    let reach = dilation * (depth - 1)
    var sum: TracedTensor?
    for tap in 0..<depth {
      var part = try reshape(try slice(taps, 0, tap, tap + 1), [n, outputs, d, 1, h, w])
      if stride > 1 {
        // Zeros between the planes.
        let after = [0, 0, 0, stride - 1, 0, 0]
        try checkShape([n, outputs, d, stride, h, w])
        part = try apply(
          .pad(before: [0, 0, 0, 0, 0, 0], after: after, value: 0), part)
      }
      part = try reshape(part, [n, outputs, d * stride, h, w])
      part = try slice(part, 2, 0, (d - 1) * stride + 1)
      let before = tap * dilation - window.padding.before[0]
      let after = reach - tap * dilation - window.padding.before[0] + outputPadding[0]
      // A tap that lies wholly in the border that is cut off adds nothing.
      guard part.shape[2] + min(0, before) + min(0, after) > 0 else { continue }
      part = try pad(part, [0, 0, 0, 0, before, after], mode: "constant", value: 0)
      sum = try sum.map { (sum) throws(Interruption) in try elementwise(.add, sum, part) } ?? part
    }
    guard let sum else { return try tensor(.fill(0), [n, outputs] + extents) }
    return sum
  }

  // MARK: Checks

  /// The extent of a transposed convolution's result without output padding.
  func transposedExtent(
    _ extent: Int, _ kernel: Int, _ window: ConvolutionWindow, _ axis: Int
  ) throws(Interruption) -> Int {
    try check(window)
    // All factors are below 2³⁰ or are extents of tensors, so that nothing overflows.
    return (extent - 1) * window.stride[axis] - 2 * window.padding.before[axis]
      + window.dilation[axis] * (kernel - 1) + 1
  }

  private func check(_ window: ConvolutionWindow) throws(Interruption) {
    guard window.groups > 0, window.groups < 1 << 30 else {
      throw raise(.runtimeError, "non-positive groups is not supported")
    }
    for (name, numbers, least) in [
      ("stride", window.stride, 1), ("dilation", window.dilation, 1), ("padding", window.padding.before, 0),
      ("padding", window.padding.after, 0),
    ] {
      for number in numbers where number < least || number >= 1 << 30 {
        let what = number >= 1 << 30 ? "too large a" : least == 1 ? "non-positive" : "negative"
        throw raise(.runtimeError, "\(what) \(name) is not supported", identifier: "torch.argument")
      }
    }
  }

  private func check(_ bias: TracedTensor?, count: Int) throws(Interruption) {
    guard let bias, bias.shape != [count] else { return }
    throw raise(
      .runtimeError,
      "expected bias to be 1-dimensional with \(count) elements, but got bias of size \(bias.shape) instead",
      identifier: "torch.shape")
  }

  private func convolutionInput(
    _ input: TracedTensor, _ dimensions: Int, _ name: String, _ module: PythonInstance?
  ) throws(Interruption) -> TracedTensor {
    guard input.rank == dimensions + 2 || input.rank == dimensions + 1 else {
      throw raise(
        .runtimeError,
        "Expected \(dimensions + 1)D (unbatched) or \(dimensions + 2)D (batched) input to \(name), "
          + "but got input of size: \(input.shape)",
        hint: module.map { "\(described($0)) is applied to a tensor of \(input.rank) dimensions" },
        identifier: "torch.shape")
    }
    try requireElements(input)
    return try batched(input, dimensions + 2)
  }

  private func checkReach(
    _ images: TracedTensor, _ weight: TracedTensor, _ window: ConvolutionWindow, _ module: PythonInstance?
  ) throws(Interruption) {
    let dimensions = window.stride.count
    var sizes: [Int] = []
    for axis in 0..<dimensions {
      sizes.append(images.shape[axis + 2] + window.padding.before[axis] + window.padding.after[axis])
    }
    for axis in 0..<dimensions where window.dilation[axis] * (weight.shape[axis + 2] - 1) + 1 > sizes[axis] {
      func product(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: " x ") }
      let reaching = product(Array(images.shape.dropFirst(2)))
      let kernel = zip(weight.shape.dropFirst(2), window.dilation).map { ($0 - 1) * $1 + 1 }
      throw raise(
        .runtimeError,
        "Calculated padded input size per channel: (\(product(sizes))). Kernel size: (\(product(kernel))). Kernel "
          + "size can't be greater than actual input size",
        hint: module.map { "only \(reaching) reach \(described($0))" }, identifier: "torch.shape")
    }
  }

  // MARK: Planes

  private func plane(_ numbers: [Int]) -> Size2D {
    numbers.count == 1 ? Size2D(0, numbers[0]) : Size2D(numbers[0], numbers[1])
  }

  private func plane(_ window: ConvolutionWindow, _ dimensions: Int, hasBias: Bool) -> Convolution {
    func size(_ numbers: [Int]) -> Size2D {
      dimensions == 1 ? Size2D(1, numbers[0]) : Size2D(numbers[0], numbers[1])
    }
    return Convolution(
      stride: size(window.stride), padding: plane(window.padding.before),
      paddingAfter: plane(window.padding.after), dilation: size(window.dilation), groups: window.groups,
      hasBias: hasBias)
  }

  /// `[N, C, L]` as an image of height 1.
  private func flatImage(_ tensor: TracedTensor, _ dimensions: Int) throws(Interruption) -> TracedTensor {
    guard dimensions == 1 else { return tensor }
    return try reshape(tensor, [tensor.shape[0], tensor.shape[1], 1, tensor.shape[2]])
  }

  /// An image of height 1 as `[N, C, L]`.
  private func lined(_ tensor: TracedTensor, _ dimensions: Int) throws(Interruption) -> TracedTensor {
    guard dimensions == 1 else { return tensor }
    return try reshape(tensor, [tensor.shape[0], tensor.shape[1], tensor.shape[3]])
  }
}

extension ConvolutionWindow {
  /// The same without its first dimension.
  fileprivate var dropFirst: ConvolutionWindow {
    ConvolutionWindow(
      stride: Array(stride.dropFirst()),
      padding: (Array(padding.before.dropFirst()), Array(padding.after.dropFirst())),
      dilation: Array(dilation.dropFirst()), groups: groups)
  }
}
