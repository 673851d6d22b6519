import NetworkGraph

extension Library {
  /// Pooling modules and functions, in two dimensions and one.
  static let pooling: Family = { library in
    for dimensions in 1...2 {
      let maximum =
        "kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False"
      let functional =
        "kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False"
      let average =
        dimensions == 2
        ? "kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None"
        : "kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True"
      let suffix = "\(dimensions)d"
      library.module(
        "MaxPool\(suffix)", "(\(maximum))",
        { (call, module) throws(Interruption) in
          if call.interpreter.isNone(call["stride"]) { module.set("stride", call["kernel_size"]) }
          try call.interpreter.checkWindow(call)
        },
        forward: { (call, module, input) throws(Interruption) in
          guard !module.bool("return_indices") else {
            throw call.interpreter.unsupported("return_indices=True is not supported yet")
          }
          return try call.interpreter.pool(
            input, .maximum, dimensions, kernel: module.pair("kernel_size"), stride: module.pair("stride"),
            padding: module.pair("padding"), dilation: module.pair("dilation"),
            roundsUp: module.bool("ceil_mode"), module: module)
        })
      library.function(
        "torch.nn.functional.max_pool\(suffix)", "torch.max_pool\(suffix)",
        signature: "(input, \(functional))"
      ) { (call) throws(Interruption) in
        guard try !call.bool("return_indices") else {
          throw call.interpreter.unsupported("return_indices=True is not supported yet")
        }
        let kernel = try call.pair("kernel_size")
        return .tensor(
          try call.interpreter.pool(
            try call.tensor("input"), .maximum, dimensions, kernel: kernel,
            stride: try call.optionalPair("stride") ?? kernel, padding: try call.pair("padding"),
            dilation: try call.pair("dilation"), roundsUp: try call.bool("ceil_mode"), module: nil))
      }
      library.module(
        "AvgPool\(suffix)", "(\(average))",
        { (call, module) throws(Interruption) in
          if call.interpreter.isNone(call["stride"]) { module.set("stride", call["kernel_size"]) }
          try call.interpreter.checkWindow(call)
        },
        forward: { (call, module, input) throws(Interruption) in
          let divisor = call.interpreter.integer(module.attributes["divisor_override"] ?? .none)
          return try call.interpreter.pool(
            input, .average(countsPadding: module.bool("count_include_pad"), divisor: divisor), dimensions,
            kernel: module.pair("kernel_size"), stride: module.pair("stride"),
            padding: module.pair("padding"),
            roundsUp: module.bool("ceil_mode"), module: module)
        })
      library.function(
        "torch.nn.functional.avg_pool\(suffix)", "torch.avg_pool\(suffix)", signature: "(input, \(average))"
      ) { (call) throws(Interruption) in
        let kernel = try call.pair("kernel_size")
        let divisor = try dimensions == 2 ? call.optionalInt("divisor_override") : nil
        return .tensor(
          try call.interpreter.pool(
            try call.tensor("input"),
            .average(countsPadding: try call.bool("count_include_pad"), divisor: divisor), dimensions,
            kernel: kernel, stride: try call.optionalPair("stride") ?? kernel,
            padding: try call.pair("padding"), roundsUp: try call.bool("ceil_mode"), module: nil))
      }
      for (name, function, isMaximum) in [
        ("AdaptiveAvgPool", "adaptive_avg_pool", false), ("AdaptiveMaxPool", "adaptive_max_pool", true),
      ] {
        let signature = isMaximum ? "output_size, return_indices=False" : "output_size"
        library.module(
          name + suffix, "(\(signature))",
          forward: { (call, module, input) throws(Interruption) in
            guard !module.bool("return_indices") else {
              throw call.interpreter.unsupported("return_indices=True is not supported yet")
            }
            return try call.interpreter.adaptivePool(
              input, module.attributes["output_size"] ?? .none, dimensions, isMaximum: isMaximum,
              module: module)
          })
        library.function(
          "torch.nn.functional.\(function)\(suffix)", "torch.\(function)\(suffix)",
          signature: "(input, \(signature))"
        ) { (call) throws(Interruption) in
          .tensor(
            try call.interpreter.adaptivePool(
              try call.tensor("input"), call["output_size"], dimensions, isMaximum: isMaximum, module: nil))
        }
      }
    }
  }
}

/// What a window makes of its elements.
private enum PoolingKind {
  case maximum
  case average(countsPadding: Bool, divisor: Int?)
}

extension Interpreter {
  fileprivate func checkWindow(_ call: NativeCall) throws(Interruption) {
    _ = try call.pair("kernel_size")
    _ = try call.optionalPair("stride")
    _ = try call.pair("padding")
  }

  /// A window over `[N, C, L]`, `[N, C, H, W]`, or the same without a batch.
  fileprivate func pool(
    _ input: TracedTensor, _ kind: PoolingKind, _ dimensions: Int, kernel: Size2D, stride: Size2D,
    padding: Size2D, dilation: Size2D = Size2D(1, 1), roundsUp: Bool, module: PythonInstance?
  ) throws(Interruption) -> TracedTensor {
    let name = if case .maximum = kind { "max_pool\(dimensions)d" } else { "avg_pool\(dimensions)d" }
    let images = try images(input, dimensions, name)
    let isFlat = dimensions == 1
    func flat(_ size: Size2D, _ height: Int) -> Size2D { isFlat ? Size2D(height, size.height) : size }
    let window = Pooling(
      kernel: flat(kernel, 1), stride: flat(stride, 1), padding: flat(padding, 0),
      dilation: flat(dilation, 1),
      roundsUp: roundsUp)
    for (size, minimum) in [
      (window.kernel, 1), (window.stride, 1), (window.padding, 0), (window.dilation, 1),
    ] {
      for value in [size.height, size.width] where value < minimum || value >= 1 << 30 {
        throw raise(
          .runtimeError, "\(name): kernel size, stride, dilation should be greater than zero",
          identifier: "torch.argument")
      }
    }
    guard window.padding.height <= window.kernel.height / 2, window.padding.width <= window.kernel.width / 2
    else {
      throw raise(
        .runtimeError,
        "pad should be at most half of effective kernel size, but got pad=\(padding.height) and "
          + "kernel_size=\(kernel.height)", identifier: "torch.argument")
    }
    let extent = (images.shape[2], images.shape[3])
    if (window.kernel.height - 1) * window.dilation.height + 1 > extent.0 + 2 * window.padding.height
      || (window.kernel.width - 1) * window.dilation.width + 1 > extent.1 + 2 * window.padding.width,
      !roundsUp
    {
      throw raise(
        .runtimeError,
        "Given input size: (\(images.shape[1])x\(extent.0)x\(extent.1)). Calculated output size is too small: "
          + "the window of \(window.kernel.height)x\(window.kernel.width) is larger than the image",
        hint: module.map { "only \(extent.0)×\(extent.1) reach \(described($0)): pool less before it" },
        identifier: "torch.shape")
    }
    let result: TracedTensor
    switch kind {
    case .maximum: result = try apply(.maximumPooling(window), images)
    case .average(let countsPadding, let divisor):
      if let divisor, divisor == 0 { throw raise(.runtimeError, "divisor must be not zero") }
      result = try apply(
        .averagePooling(AveragePooling(window: window, countsPadding: countsPadding, divisor: divisor)),
        images)
    }
    return try restored(result, input, dimensions)
  }

  fileprivate func adaptivePool(
    _ input: TracedTensor, _ size: PythonValue, _ dimensions: Int, isMaximum: Bool, module: PythonInstance?
  ) throws(Interruption) -> TracedTensor {
    let images = try images(input, dimensions, "adaptive_\(isMaximum ? "max" : "avg")_pool\(dimensions)d")
    var wanted: [PythonValue]
    switch size {
    case .tuple, .list: wanted = try elements(of: size)
    default: wanted = [size]
    }
    if wanted.count == 1 { wanted = [PythonValue](repeating: wanted[0], count: dimensions) }
    guard wanted.count == dimensions else {
      throw raise(
        .runtimeError, "adaptive pooling: output_size must be \(dimensions)", identifier: "torch.argument")
    }
    var extents: [Int] = []
    for (index, value) in wanted.enumerated() {
      let place = dimensions == 1 ? 3 : index + 2
      guard let number = isNone(value) ? images.shape[place] : integer(value), number > 0, number < 1 << 30
      else {
        throw raise(
          .typeError, "adaptive pooling: output_size must be positive ints or None, not \(typeName(value))",
          identifier: "torch.argument")
      }
      extents.append(number)
    }
    let (height, width) = dimensions == 1 ? (1, extents[0]) : (extents[0], extents[1])
    let result = try apply(
      isMaximum
        ? .adaptiveMaximumPooling(height: height, width: width)
        : .adaptiveAveragePooling(height: height, width: width), images)
    return try restored(result, input, dimensions)
  }

  /// The input as `[N, C, H, W]`.
  private func images(
    _ input: TracedTensor, _ dimensions: Int, _ name: String
  ) throws(Interruption) -> TracedTensor {
    guard input.rank == dimensions + 1 || input.rank == dimensions + 2 else {
      throw raise(
        .runtimeError,
        "\(name): Expected \(dimensions + 1)D or \(dimensions + 2)D input, but got \(input.shape)",
        hint: "the tensor was flattened before", identifier: "torch.shape")
    }
    var shape = input.shape
    if input.rank == dimensions + 1 { shape.insert(1, at: 0) }
    if dimensions == 1 { shape.insert(1, at: 2) }
    return shape == input.shape ? input : try reshape(input, shape)
  }

  private func restored(
    _ result: TracedTensor, _ input: TracedTensor, _ dimensions: Int
  ) throws(Interruption) -> TracedTensor {
    var shape = result.shape
    if dimensions == 1 { shape.remove(at: 2) }
    if input.rank == dimensions + 1 { shape.removeFirst() }
    return shape == result.shape ? result : try reshape(result, shape)
  }
}
