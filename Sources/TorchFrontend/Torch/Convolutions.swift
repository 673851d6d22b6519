import NetworkGraph

extension Library {
  /// Convolutions and transposed convolutions in one to three dimensions, as modules and functions.
  static let convolutions: Family = { library in
    for dimensions in 1...3 {
      library.function(
        "torch.nn.functional.conv\(dimensions)d", "torch.conv\(dimensions)d",
        signature: "(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)"
      ) { (call) throws(Interruption) in
        let weight = try call.tensor("weight")
        let window = try call.interpreter.window(call, weight, dimensions)
        return .tensor(
          try call.interpreter.convolve(
            try call.tensor("input"), weight, try call.optionalTensor("bias"), window, module: nil))
      }
      library.function(
        "torch.nn.functional.conv_transpose\(dimensions)d", "torch.conv_transpose\(dimensions)d",
        signature:
          "(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)"
      ) { (call) throws(Interruption) in
        let weight = try call.tensor("weight")
        let window = try call.interpreter.window(call, weight, dimensions)
        return .tensor(
          try call.interpreter.convolveTransposed(
            try call.tensor("input"), weight, try call.optionalTensor("bias"), window,
            outputPadding: try call.extents("output_padding", dimensions), module: nil))
      }
      library.convolutionModules(dimensions)
    }
  }

  private mutating func convolutionModules(_ dimensions: Int) {
    let shared =
      "stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros', device=None, dtype=None"
    let transposed =
      "stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1, padding_mode='zeros', device=None, dtype=None"
    let forward = NativeFunction("Conv\(dimensions)d.forward", "(self, input)") {
      (call) throws(Interruption) in
      .tensor(
        try call.interpreter.convolve(try call.instance(), try call.tensor("input"), dimensions: dimensions))
    }
    let forwardTransposed = NativeFunction(
      "ConvTranspose\(dimensions)d.forward", "(self, input, output_size=None)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.convolveTransposed(
          try call.instance(), try call.tensor("input"), outputSize: try call.optionalInts("output_size"),
          dimensions: dimensions))
    }
    for isLazy in [false, true] {
      let (prefix, inputs) = isLazy ? ("Lazy", "") : ("", "in_channels, ")
      module(
        "\(prefix)Conv\(dimensions)d", "(\(inputs)out_channels, kernel_size, \(shared))",
        base: isLazy ? "torch.nn.Conv\(dimensions)d" : "torch.nn.Module",
        { (call, module) throws(Interruption) in
          try call.interpreter.makeConvolution(
            call, module, dimensions: dimensions, isTransposed: false, isLazy: isLazy)
        }, methods: ["forward": forward])
      module(
        "\(prefix)ConvTranspose\(dimensions)d", "(\(inputs)out_channels, kernel_size, \(transposed))",
        base: isLazy ? "torch.nn.ConvTranspose\(dimensions)d" : "torch.nn.Module",
        { (call, module) throws(Interruption) in
          try call.interpreter.makeConvolution(
            call, module, dimensions: dimensions, isTransposed: true, isLazy: isLazy)
        }, methods: ["forward": forwardTransposed])
    }
  }
}

/// The attributes of a convolution, one number for each dimension.
struct ConvolutionWindow {
  var stride: [Int]
  /// The border before and behind each dimension; they differ for `padding="same"` with an even kernel.
  var padding: (before: [Int], after: [Int])
  var dilation: [Int]
  var groups: Int
}

extension Interpreter {
  /// The window of a function's arguments.
  fileprivate func window(
    _ call: NativeCall, _ weight: TracedTensor, _ dimensions: Int
  ) throws(Interruption) -> ConvolutionWindow {
    guard weight.rank == dimensions + 2 else {
      throw raise(
        .runtimeError, "weight should have \(dimensions + 2) dimensions, but has shape \(weight.shape)",
        identifier: "torch.shape")
    }
    let dilation = try call.extents("dilation", dimensions)
    let stride = try call.extents("stride", dimensions)
    let padding: (before: [Int], after: [Int])
    if case .string(let mode) = call["padding"] {
      padding = try borders(mode, kernel: Array(weight.shape.dropFirst(2)), stride, dilation)
    } else {
      let numbers = try call.extents("padding", dimensions)
      padding = (numbers, numbers)
    }
    return ConvolutionWindow(
      stride: stride, padding: padding, dilation: dilation, groups: try call.int("groups"))
  }

  /// The border of `padding="same"` and `"valid"`.
  private func borders(
    _ mode: String, kernel: [Int], _ stride: [Int], _ dilation: [Int]
  ) throws(Interruption) -> (before: [Int], after: [Int]) {
    switch mode {
    case "valid":
      let zeros = [Int](repeating: 0, count: kernel.count)
      return (zeros, zeros)
    case "same":
      guard stride.allSatisfy({ $0 == 1 }) else {
        throw raise(
          .valueError, "padding='same' is not supported for strided convolutions",
          identifier: "torch.argument")
      }
      var totals: [Int] = []
      for (extent, step) in zip(kernel, dilation) {
        let (total, isOver) = step.multipliedReportingOverflow(by: max(0, extent - 1))
        guard !isOver, total >= 0, total < 1 << 30 else {
          throw raise(.runtimeError, "dilation is too large")
        }
        totals.append(total)
      }
      return (totals.map { $0 / 2 }, totals.map { $0 - $0 / 2 })
    default:
      throw raise(
        .valueError, "Invalid padding string '\(mode)', should be one of 'valid', 'same'",
        identifier: "torch.argument")
    }
  }

  // MARK: Modules

  fileprivate func makeConvolution(
    _ call: NativeCall, _ module: PythonInstance, dimensions: Int, isTransposed: Bool, isLazy: Bool
  ) throws(Interruption) {
    let outputs = try call.int("out_channels")
    let groups = try call.int("groups")
    guard groups > 0 else { throw raise(.valueError, "groups must be a positive integer") }
    try check("out_channels", outputs, module.type.name)
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
    guard !isTransposed || mode == "zeros" else {
      throw raise(.valueError, "Only \"zeros\" padding mode is supported for ConvTranspose\(dimensions)d")
    }
    let kernel = try call.extents("kernel_size", dimensions)
    for extent in kernel { try check("kernel_size", extent, module.type.name) }
    let (stride, dilation) = (
      try call.extents("stride", dimensions), try call.extents("dilation", dimensions)
    )
    if case .string(let padding) = call["padding"], !isTransposed {
      _ = try borders(padding, kernel: kernel, stride, dilation)
    } else {
      module.set("padding", try integers(try call.extents("padding", dimensions)))
    }
    let outputPadding =
      isTransposed ? try call.extents("output_padding", dimensions) : [Int](repeating: 0, count: dimensions)
    for (name, numbers) in [
      ("kernel_size", kernel), ("stride", stride), ("dilation", dilation), ("output_padding", outputPadding),
    ] { module.set(name, try integers(numbers)) }
    module.set("transposed", .bool(isTransposed))
    let hasBias = try call.bool("bias")
    if isLazy {
      module.set("in_channels", .int(0))
      try registerLazily("weight", of: module)
      if hasBias {
        try registerLazily("bias", of: module)
      } else {
        try register("bias", of: module, nil, .constant(0))
      }
      return
    }
    try registerWeights(module, inputs: try call.int("in_channels"), hasBias: hasBias)
  }

  /// Registers weight and bias for that many input channels.
  private func registerWeights(
    _ module: PythonInstance, inputs: Int, hasBias: Bool
  ) throws(Interruption) {
    let (outputs, groups) = (module.int("out_channels"), module.int("groups"))
    let isTransposed = module.bool("transposed")
    try check("in_channels", inputs, module.type.name)
    guard inputs.isMultiple(of: groups) else {
      throw raise(.valueError, "in_channels must be divisible by groups", hint: "\(inputs) / \(groups)")
    }
    let channels = isTransposed ? [inputs, outputs / groups] : [outputs, inputs / groups]
    let shape = channels + module.ints("kernel_size")
    try checkShape(shape)
    let distribution = Self.uniform(fanIn: shape.dropFirst().reduce(1, *))
    try register("weight", of: module, shape, distribution)
    try register("bias", of: module, hasBias ? [outputs] : nil, distribution)
  }

  private func weight(
    of module: PythonInstance, _ input: TracedTensor, dimensions: Int
  ) throws(Interruption) -> TracedTensor {
    if module.isUninitialized {
      guard input.rank == dimensions + 2 || input.rank == dimensions + 1 else {
        throw raise(
          .runtimeError,
          "Expected \(dimensions + 1)D (unbatched) or \(dimensions + 2)D (batched) input to "
            + "\(module.type.name), but got input of size: \(input.shape)", identifier: "torch.shape")
      }
      let channels = input.shape[input.rank - dimensions - 1]
      module.set("in_channels", .int(channels))
      let hasBias = module.tensor("bias") != nil
      try initialize(module) { () throws(Interruption) in
        try registerWeights(module, inputs: channels, hasBias: hasBias)
      }
    }
    guard let weight = module.tensor("weight") else {
      throw raise(.attributeError, "'\(module.type.name)' object has no attribute 'weight'")
    }
    guard weight.rank == dimensions + 2 else {
      throw raise(
        .runtimeError, "the weight of \(described(module)) has the shape \(weight.shape)",
        identifier: "torch.shape")
    }
    return weight
  }

  private func window(
    of module: PythonInstance, _ weight: TracedTensor
  ) throws(Interruption) -> ConvolutionWindow {
    let (stride, dilation) = (module.ints("stride"), module.ints("dilation"))
    let padding: (before: [Int], after: [Int])
    if case .string(let mode)? = module.attributes["padding"] {
      padding = try borders(mode, kernel: Array(weight.shape.dropFirst(2)), stride, dilation)
    } else {
      padding = (module.ints("padding"), module.ints("padding"))
    }
    let window = ConvolutionWindow(
      stride: stride, padding: padding, dilation: dilation, groups: module.int("groups"))
    for numbers in [window.stride, window.dilation, padding.before, padding.after] {
      guard numbers.count == weight.rank - 2 else {
        throw raise(
          .runtimeError, "the attributes of \(described(module)) do not fit its weight",
          identifier: "torch.argument")
      }
    }
    return window
  }

  fileprivate func convolve(
    _ module: PythonInstance, _ input: TracedTensor, dimensions: Int
  ) throws(Interruption) -> TracedTensor {
    let weight = try weight(of: module, input, dimensions: dimensions)
    var window = try window(of: module, weight)
    let mode = module.string("padding_mode")
    guard mode != "zeros" else {
      return try convolve(input, weight, module.tensor("bias"), window, module: module)
    }
    var numbers: [Int] = []
    for (front, back) in zip(window.padding.before, window.padding.after).reversed() {
      numbers += [front, back]
    }
    let padded = try pad(input, numbers, mode: mode == "zeros" ? "constant" : mode, value: 0)
    let zeros = [Int](repeating: 0, count: dimensions)
    window.padding = (zeros, zeros)
    return try convolve(padded, weight, module.tensor("bias"), window, module: module)
  }

  fileprivate func convolveTransposed(
    _ module: PythonInstance, _ input: TracedTensor, outputSize: [Int]?, dimensions: Int
  ) throws(Interruption) -> TracedTensor {
    let weight = try weight(of: module, input, dimensions: dimensions)
    let window = try window(of: module, weight)
    var outputPadding = module.ints("output_padding")
    if let outputSize {
      var wanted = outputSize
      let isWhole = wanted.count == input.rank && wanted.count > dimensions
      if isWhole { wanted = Array(wanted.suffix(dimensions)) }
      guard wanted.count == dimensions, input.rank > dimensions else {
        throw raise(
          .valueError,
          "ConvTranspose\(dimensions)d: for \(input.rank)D input, output_size must have \(dimensions) or "
            + "\(input.rank) elements (got \(outputSize.count))", identifier: "torch.argument")
      }
      outputPadding = []
      for (axis, size) in wanted.enumerated() {
        let extent = input.shape[input.rank - dimensions + axis]
        let least = try transposedExtent(extent, weight.shape[axis + 2], window, axis)
        guard size >= least, size < least + window.stride[axis] else {
          throw raise(
            .valueError,
            "requested an output size of \(wanted), but valid sizes range from \(least) to "
              + "\(least + window.stride[axis] - 1) (for an input of \(input.shape.suffix(dimensions)))",
            identifier: "torch.argument")
        }
        outputPadding.append(size - least)
      }
    }
    return try convolveTransposed(
      input, weight, module.tensor("bias"), window, outputPadding: outputPadding, module: module)
  }

  func integers(_ numbers: [Int]) throws(Interruption) -> PythonValue {
    try tuple(numbers.map { .int($0) })
  }
}

extension PythonInstance {
  /// The integers of a tuple or list that `__init__` left, or the only one.
  func ints(_ name: String) -> [Int] {
    switch attributes[name] {
    case .tuple(let tuple)?:
      return tuple.elements.compactMap { if case .int(let value) = $0 { value } else { nil } }
    case .list(let list)?:
      return list.elements.compactMap { if case .int(let value) = $0 { value } else { nil } }
    default: return [int(name)]
    }
  }
}
