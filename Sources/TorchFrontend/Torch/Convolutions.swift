import NetworkGraph

extension Library {
  /// `nn.Conv2d`, `nn.Conv1d`, `F.conv2d`, `F.conv1d`.
  static let convolutions: Family = { library in
    library.module(
      "Conv2d",
      "(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros', device=None, dtype=None)",
      { (call, module) throws(Interruption) in
        try call.interpreter.makeConvolution(call, module, dimensions: 2)
      },
      forward: { (call, module, input) throws(Interruption) in
        try call.interpreter.convolve(module, input, dimensions: 2)
      })
    library.module(
      "Conv1d",
      "(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros', device=None, dtype=None)",
      { (call, module) throws(Interruption) in
        try call.interpreter.makeConvolution(call, module, dimensions: 1)
      },
      forward: { (call, module, input) throws(Interruption) in
        try call.interpreter.convolve(module, input, dimensions: 1)
      })
    for dimensions in 1...2 {
      library.function(
        "torch.nn.functional.conv\(dimensions)d", "torch.conv\(dimensions)d",
        signature: "(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)"
      ) { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let weight = try call.tensor("weight")
        guard weight.rank == dimensions + 2 else {
          throw interpreter.raise(
            .runtimeError, "weight should have \(dimensions + 2) dimensions, but has shape \(weight.shape)",
            identifier: "torch.shape")
        }
        let kernel = Array(weight.shape.dropFirst(2))
        let dilation = try interpreter.extents(call, "dilation", dimensions)
        let padding = try interpreter.padding(call, dimensions, kernel: kernel, dilation: dilation)
        return .tensor(
          try interpreter.convolution(
            try call.tensor("input"), weight, try call.optionalTensor("bias"),
            stride: try interpreter.extents(call, "stride", dimensions), padding: padding,
            dilation: dilation, groups: try call.int("groups"), module: nil))
      }
    }
  }
}

extension Interpreter {
  /// An int for every dimension, or a sequence of one for each.
  fileprivate func extents(
    _ call: NativeCall, _ name: String, _ dimensions: Int
  ) throws(Interruption) -> [Int] {
    let numbers = try call.ints(name)
    if numbers.count == dimensions { return numbers }
    guard numbers.count == 1 else {
      throw raise(
        .runtimeError, "expected \(name) to be a single integer value or a list of \(dimensions) values")
    }
    return [Int](repeating: numbers[0], count: dimensions)
  }

  /// The border before and behind each dimension; `same` may put one more behind.
  fileprivate func padding(
    _ call: NativeCall, _ dimensions: Int, kernel: [Int], dilation: [Int]
  ) throws(Interruption) -> (before: [Int], after: [Int]) {
    guard case .string(let mode) = call["padding"] else {
      let numbers = try extents(call, "padding", dimensions)
      return (numbers, numbers)
    }
    switch mode {
    case "valid":
      let zeros = [Int](repeating: 0, count: dimensions)
      return (zeros, zeros)
    case "same":
      guard try extents(call, "stride", dimensions).allSatisfy({ $0 == 1 }) else {
        throw raise(.valueError, "padding='same' is not supported for strided convolutions")
      }
      var totals: [Int] = []
      for (extent, step) in zip(kernel, dilation) {
        let (total, isOver) = step.multipliedReportingOverflow(by: max(0, extent - 1))
        guard !isOver, total < 1 << 30 else { throw raise(.runtimeError, "dilation is too large") }
        totals.append(total)
      }
      return (totals.map { $0 / 2 }, totals.map { $0 - $0 / 2 })
    default:
      throw raise(.valueError, "Invalid padding string '\(mode)', should be one of 'valid', 'same'")
    }
  }

  fileprivate func makeConvolution(
    _ call: NativeCall, _ module: PythonInstance, dimensions: Int
  ) throws(Interruption) {
    let inputs = try call.int("in_channels")
    let outputs = try call.int("out_channels")
    let groups = try call.int("groups")
    guard groups > 0 else { throw raise(.valueError, "groups must be a positive integer") }
    try check("in_channels", inputs, module.type.name)
    try check("out_channels", outputs, module.type.name)
    guard inputs.isMultiple(of: groups) else {
      throw raise(.valueError, "in_channels must be divisible by groups", hint: "\(inputs) / \(groups)")
    }
    guard outputs.isMultiple(of: groups) else {
      throw raise(.valueError, "out_channels must be divisible by groups", hint: "\(outputs) / \(groups)")
    }
    let mode = try call.string("padding_mode")
    guard ["zeros", "reflect", "replicate", "circular"].contains(mode) else {
      throw raise(
        .valueError,
        "padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got padding_mode='\(mode)'"
      )
    }
    let kernel = try extents(call, "kernel_size", dimensions)
    for extent in kernel { try check("kernel_size", extent, module.type.name) }
    let stride = try extents(call, "stride", dimensions)
    let dilation = try extents(call, "dilation", dimensions)
    if case .string = call["padding"] {
      _ = try padding(call, dimensions, kernel: kernel, dilation: dilation)
    } else {
      module.set("padding", try tuple(try extents(call, "padding", dimensions).map { .int($0) }))
    }
    module.set("kernel_size", try tuple(kernel.map { .int($0) }))
    module.set("stride", try tuple(stride.map { .int($0) }))
    module.set("dilation", try tuple(dilation.map { .int($0) }))
    module.set("transposed", .bool(false))
    let shape = [outputs, inputs / groups] + kernel
    try checkShape(shape)
    let distribution = Self.uniform(fanIn: shape.dropFirst().reduce(1, *))
    try register("weight", of: module, shape, distribution)
    try register("bias", of: module, try call.bool("bias") ? [outputs] : nil, distribution)
  }

  fileprivate func convolve(
    _ module: PythonInstance, _ input: TracedTensor, dimensions: Int
  ) throws(Interruption) -> TracedTensor {
    guard let weight = module.tensor("weight") else {
      throw raise(.attributeError, "'\(module.type.name)' object has no attribute 'weight'")
    }
    guard module.string("padding_mode") == "zeros" else {
      throw unsupported("padding_mode='\(module.string("padding_mode"))' is not supported yet")
    }
    func numbers(_ name: String) -> [Int] {
      let pair = module.pair(name)
      return dimensions == 1 ? [pair.height] : [pair.height, pair.width]
    }
    var padding = (before: numbers("padding"), after: numbers("padding"))
    if case .string(let mode)? = module.attributes["padding"] {
      let totals = zip(weight.shape.dropFirst(2), numbers("dilation")).map {
        mode == "same" ? ($0 - 1).multipliedReportingOverflow(by: $1).partialValue : 0
      }
      padding = (totals.map { $0 / 2 }, totals.map { $0 - $0 / 2 })
    }
    return try convolution(
      input, weight, module.tensor("bias"), stride: numbers("stride"), padding: padding,
      dilation: numbers("dilation"), groups: module.int("groups"), module: module)
  }

  /// A convolution of one or two dimensions with PyTorch's checks.
  fileprivate func convolution(
    _ input: TracedTensor, _ weight: TracedTensor, _ bias: TracedTensor?, stride: [Int],
    padding: (before: [Int], after: [Int]), dilation: [Int], groups: Int, module: PythonInstance?
  ) throws(Interruption) -> TracedTensor {
    let dimensions = stride.count
    let isBatched = input.rank == dimensions + 2
    guard isBatched || input.rank == dimensions + 1 else {
      throw raise(
        .runtimeError,
        "Expected \(dimensions + 1)D (unbatched) or \(dimensions + 2)D (batched) input to conv\(dimensions)d, "
          + "but got input of size: \(input.shape)",
        hint: module.map { "\(described($0)) is applied to a tensor of \(input.rank) dimensions" },
        identifier: "torch.shape")
    }
    var images = isBatched ? input : try reshape(input, [1] + input.shape)
    guard groups > 0, weight.shape[1] <= Int(Int32.max), groups <= Int(Int32.max) else {
      throw raise(.runtimeError, "non-positive groups is not supported")
    }
    let expected = weight.shape[1] * groups
    guard images.shape[1] == expected else {
      let message =
        "Given groups=\(groups), weight of size \(weight.shape), expected input\(images.shape) to have "
        + "\(expected) channels, but got \(images.shape[1]) channels instead"
      if let module {
        throw mismatch(module, "in_channels", builtFor: expected, reached: images.shape[1], message)
      }
      throw raise(.runtimeError, message, identifier: "torch.shape")
    }
    let limit = 1 << 30
    for (name, values) in [
      ("stride", stride), ("padding", padding.before), ("padding", padding.after), ("dilation", dilation),
    ] {
      for value in values where value < (name == "padding" ? 0 : 1) || value >= limit {
        throw raise(.runtimeError, "\(value < 1 ? "non-positive" : "too large a") \(name) is not supported")
      }
    }
    for axis in 0..<dimensions {
      let (reach, isOver) = dilation[axis].multipliedReportingOverflow(by: weight.shape[axis + 2] - 1)
      let padded = images.shape[axis + 2] + padding.before[axis] + padding.after[axis]
      if isOver || reach + 1 > padded {
        var sizes: [Int] = []
        for place in 0..<dimensions {
          let border: Int = padding.before[place] + padding.after[place]
          sizes.append(images.shape[place + 2] + border)
        }
        func product(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: " x ") }
        let reaching = product(Array(images.shape.dropFirst(2)))
        throw raise(
          .runtimeError,
          "Calculated padded input size per channel: (\(product(sizes))). Kernel size: "
            + "(\(product(Array(weight.shape.dropFirst(2))))). Kernel size can't be greater than actual input size",
          hint: module.map { "only \(reaching) reach \(described($0))" }, identifier: "torch.shape")
      }
    }
    var kernel = weight
    func size(_ values: [Int], _ missing: Int) -> Size2D {
      dimensions == 1 ? Size2D(missing, values[0]) : Size2D(values[0], values[1])
    }
    if dimensions == 1 {
      images = try reshape(images, [images.shape[0], images.shape[1], 1, images.shape[2]])
      kernel = try reshape(weight, [weight.shape[0], weight.shape[1], 1, weight.shape[2]])
    }
    let operation = Operation.convolution(
      Convolution(
        stride: size(stride, 1), padding: size(padding.before, 0), paddingAfter: size(padding.after, 0),
        dilation: size(dilation, 1), groups: groups, hasBias: bias != nil))
    var result = try apply(operation, [images, kernel] + (bias.map { [$0] } ?? []))
    if dimensions == 1 {
      result = try reshape(result, [result.shape[0], result.shape[1], result.shape[3]])
    }
    return isBatched ? result : try reshape(result, Array(result.shape.dropFirst()))
  }
}
