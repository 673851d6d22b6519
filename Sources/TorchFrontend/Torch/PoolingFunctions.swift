import NetworkGraph

/// Pooling of one to three dimensions made of that of two.
///
/// One dimension is an image of height 1. Three are pooled plane by plane and then in depth: maxima of maxima, the
/// first of equal ones as PyTorch takes it, and means of means, whose divisors multiply.
extension Interpreter {
  /// Pools `[N, C, …]`, or the same without a batch; indices are given where they are wanted.
  func pool(
    _ input: TracedTensor, _ kind: PoolingKind, _ window: PoolingWindow, module: PythonInstance?,
    wantsIndices: Bool = false
  ) throws(Interruption) -> (values: TracedTensor, indices: TracedTensor?) {
    let dimensions = window.kernel.count
    let name = if case .maximum = kind { "max_pool\(dimensions)d" } else { "avg_pool\(dimensions)d" }
    let images = try poolingInput(input, dimensions, name)
    try check(window, images, name, kind, module)
    if case .average(_, 0?) = kind { throw raise(.runtimeError, "divisor must be not zero") }
    if dimensions == 3 {
      guard !wantsIndices else {
        throw unsupported("\(name) with return_indices=True is not supported")
      }
      let (n, c, d) = (images.shape[0], images.shape[1], images.shape[2])
      var planesKind = kind
      var depthKind = kind
      if case .average(let countsPadding, let divisor?) = kind {
        planesKind = .average(countsPadding: countsPadding, divisor: 1)
        depthKind = .average(countsPadding: countsPadding, divisor: divisor)
      }
      let flat = try reshape(images, [n, c * d, images.shape[3], images.shape[4]])
      let planes = try poolPlanes(flat, planesKind, window.planes(1...2)).values
      let (h, w) = (planes.shape[2], planes.shape[3])
      let columns = try reshape(planes, [n, c, d, h * w])
      let result = try poolPlanes(columns, depthKind, window.planes(0...0)).values
      return (try unbatched(try reshape(result, [n, c, result.shape[2], h, w]), like: input, 5), nil)
    }
    let isFlat = dimensions == 1
    let plane = isFlat ? window.planes(0...0).transposed : window.planes(0...1)
    let (values, indices) = try poolPlanes(try heightened(images, isFlat), kind, plane)
    return (
      try restored(values, like: input, dimensions),
      wantsIndices
        ? try indices.map { (it) throws(Interruption) in try restored(it, like: input, dimensions) } : nil
    )
  }

  private func poolPlanes(
    _ images: TracedTensor, _ kind: PoolingKind, _ window: Pooling
  ) throws(Interruption) -> (values: TracedTensor, indices: TracedTensor?) {
    switch kind {
    case .maximum: return try maximum(.maximumPooling(window), images)
    case .average(let countsPadding, let divisor):
      let pooling = AveragePooling(window: window, countsPadding: countsPadding, divisor: divisor)
      return (try apply(.averagePooling(pooling), images), nil)
    }
  }

  /// Applies an operation that yields maxima and the places of them.
  private func maximum(
    _ operation: Operation, _ images: TracedTensor
  ) throws(Interruption) -> (values: TracedTensor, indices: TracedTensor?) {
    if let known = try fold(operation, [images], images.dataType) { return (known, nil) }
    let results = try emit(operation, [images])
    guard let values = results.first else { throw unsupported("the operation yields nothing") }
    let shape = tracer.type(of: values).shape
    let indices = try results.dropFirst().first.map { (value) throws(Interruption) in
      try tensor(.graph(value), shape, .int64)
    }
    return (try tensor(.graph(values), shape, images.dataType), indices)
  }

  /// Pools to a size, of which None leaves an extent as it is.
  func adaptivePool(
    _ input: TracedTensor, _ size: PythonValue, _ dimensions: Int, isMaximum: Bool, wantsIndices: Bool = false
  ) throws(Interruption) -> (values: TracedTensor, indices: TracedTensor?) {
    let name = "adaptive_\(isMaximum ? "max" : "avg")_pool\(dimensions)d"
    let images = try poolingInput(input, dimensions, name)
    var wanted: [PythonValue]
    switch size {
    case .tuple, .list: wanted = try elements(of: size)
    default: wanted = [PythonValue](repeating: size, count: dimensions)
    }
    if wanted.count == 1 { wanted = [PythonValue](repeating: wanted[0], count: dimensions) }
    guard wanted.count == dimensions else {
      throw raise(
        .runtimeError, "\(name): output_size must have \(dimensions) elements, but has \(wanted.count)",
        identifier: "torch.argument")
    }
    var extents: [Int] = []
    for (index, value) in wanted.enumerated() {
      var value = value
      if case .tensor(let tensor) = value { value = .int(try integer(of: tensor, "output_size")) }
      guard let number = isNone(value) ? images.shape[index + 2] : integer(value), number > 0,
        number < 1 << 30
      else {
        throw raise(
          .typeError,
          "\(name): output_size must be positive ints or None, not \(try representation(of: value))",
          identifier: "torch.argument")
      }
      extents.append(number)
    }
    func pooled(
      _ images: TracedTensor, _ height: Int, _ width: Int
    ) throws(Interruption) -> (values: TracedTensor, indices: TracedTensor?) {
      isMaximum
        ? try maximum(.adaptiveMaximumPooling(height: height, width: width), images)
        : (try apply(.adaptiveAveragePooling(height: height, width: width), images), nil)
    }
    if dimensions == 3 {
      guard !wantsIndices else { throw unsupported("\(name) with return_indices=True is not supported") }
      let (n, c, d) = (images.shape[0], images.shape[1], images.shape[2])
      try checkShape([n, c, d, extents[1], extents[2]])
      let flat = try reshape(images, [n, c * d, images.shape[3], images.shape[4]])
      let planes = try pooled(flat, extents[1], extents[2]).values
      let columns = try reshape(planes, [n, c, d, extents[1] * extents[2]])
      let result = try pooled(columns, extents[0], extents[1] * extents[2]).values
      return (try unbatched(try reshape(result, [n, c] + extents), like: input, 5), nil)
    }
    let isFlat = dimensions == 1
    let (values, indices) = try pooled(
      try heightened(images, isFlat), isFlat ? 1 : extents[0], extents[dimensions - 1])
    return (
      try restored(values, like: input, dimensions),
      wantsIndices
        ? try indices.map { (it) throws(Interruption) in try restored(it, like: input, dimensions) } : nil
    )
  }

  // MARK: Checks and shapes

  private func check(
    _ window: PoolingWindow, _ images: TracedTensor, _ name: String, _ kind: PoolingKind,
    _ module: PythonInstance?
  ) throws(Interruption) {
    for (what, numbers, least) in [
      ("kernel size", window.kernel, 1), ("stride", window.stride, 1), ("padding", window.padding, 0),
      ("dilation", window.dilation, 1),
    ] {
      for number in numbers where number < least || number >= 1 << 30 {
        throw raise(
          .runtimeError,
          "\(name): \(what) should be \(least == 1 ? "greater than zero" : "non-negative"), but got "
            + "\(what) \(numbers)", identifier: "torch.argument")
      }
    }
    for axis in window.kernel.indices {
      let reach = window.dilation[axis] * (window.kernel[axis] - 1) + 1
      guard window.padding[axis] <= reach / 2 else {
        let what = if case .maximum = kind { "effective kernel size" } else { "kernel size" }
        throw raise(
          .runtimeError,
          "pad should be at most half of \(what), but got pad=\(window.padding[axis]), "
            + "kernel_size=\(window.kernel[axis]) and dilation=\(window.dilation[axis])",
          identifier: "torch.argument")
      }
      let extent = images.shape[axis + 2]
      if reach > extent + 2 * window.padding[axis], !window.roundsUp {
        let sizes = images.shape.dropFirst(2).map(String.init)
        throw raise(
          .runtimeError,
          "Given input size: (\(([String(images.shape[1])] + sizes).joined(separator: "x"))). Calculated output size "
            + "is too small: the window of \(window.kernel.map(String.init).joined(separator: "x")) is larger than "
            + "the image",
          hint: module.map {
            "only \(sizes.joined(separator: "×")) reach \(described($0)): pool less before it"
          },
          identifier: "torch.shape")
      }
    }
  }

  private func poolingInput(
    _ input: TracedTensor, _ dimensions: Int, _ name: String
  ) throws(Interruption) -> TracedTensor {
    guard input.rank == dimensions + 1 || input.rank == dimensions + 2 else {
      throw raise(
        .runtimeError,
        "\(name): Expected \(dimensions + 1)D or \(dimensions + 2)D input, but got \(input.shape)",
        hint: input.rank <= dimensions ? "the tensor was flattened before" : nil, identifier: "torch.shape")
    }
    try requireElements(input)
    return try batched(input, dimensions + 2)
  }

  /// `[N, C, L]` as an image of height 1.
  private func heightened(_ images: TracedTensor, _ isFlat: Bool) throws(Interruption) -> TracedTensor {
    isFlat ? try reshape(images, [images.shape[0], images.shape[1], 1, images.shape[2]]) : images
  }

  private func restored(
    _ result: TracedTensor, like input: TracedTensor, _ dimensions: Int
  ) throws(Interruption) -> TracedTensor {
    var shape = result.shape
    if dimensions == 1 { shape.remove(at: 2) }
    if input.rank == dimensions + 1 { shape.removeFirst() }
    return shape == result.shape ? result : try reshape(result, shape)
  }
}

extension PoolingWindow {
  /// The window over two of the dimensions, or over one as the height of columns.
  fileprivate func planes(_ axes: ClosedRange<Int>) -> Pooling {
    func size(_ numbers: [Int], _ missing: Int) -> Size2D {
      Size2D(numbers[axes.lowerBound], axes.count == 2 ? numbers[axes.upperBound] : missing)
    }
    return Pooling(
      kernel: size(kernel, 1), stride: size(stride, 1), padding: size(padding, 0),
      dilation: size(dilation, 1), roundsUp: roundsUp)
  }
}

extension Pooling {
  /// The window with height and width exchanged.
  fileprivate var transposed: Pooling {
    func swapped(_ size: Size2D) -> Size2D { Size2D(size.width, size.height) }
    return Pooling(
      kernel: swapped(kernel), stride: swapped(stride), padding: swapped(padding),
      dilation: swapped(dilation), roundsUp: roundsUp)
  }
}
