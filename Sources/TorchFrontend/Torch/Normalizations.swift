import NetworkGraph

extension Library {
  /// Layer, group, root-mean-square and local response normalisation, and `F.normalize`.
  static let normalizations: Family = { library in
    library.layer(
      (
        "LayerNorm",
        "normalized_shape, eps=1e-05, elementwise_affine=True, bias=True, device=None, dtype=None"
      ),
      functions: ["torch.nn.functional.layer_norm", "torch.layer_norm"],
      "normalized_shape, weight=None, bias=None, eps=1e-05",
      initialize: { (call, module) throws(Interruption) in
        let shape = try call.interpreter.registerShape(call, module)
        let isAffine = try call.bool("elementwise_affine")
        try call.interpreter.register("weight", of: module, isAffine ? shape : nil, .constant(1))
        try call.interpreter.register(
          "bias", of: module, isAffine ? try call.bool("bias") ? shape : nil : nil, .constant(0))
      }
    ) { (call, input) throws(Interruption) in
      let interpreter = call.interpreter
      let axes = try interpreter.normalizedAxes(call, input)
      let normal = try interpreter.standardize(input, axes, try call.double("eps"))
      return .tensor(
        try interpreter.affine(
          normal, try call.optionalTensor("weight"), try call.optionalTensor("bias"), channelAxis: nil))
    }
    library.layer(
      ("RMSNorm", "normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None"),
      functions: ["torch.nn.functional.rms_norm", "torch.rms_norm"],
      "normalized_shape, weight=None, eps=None",
      initialize: { (call, module) throws(Interruption) in
        let shape = try call.interpreter.registerShape(call, module)
        let isAffine = try call.bool("elementwise_affine")
        try call.interpreter.register("weight", of: module, isAffine ? shape : nil, .constant(1))
      }
    ) { (call, input) throws(Interruption) in
      let interpreter = call.interpreter
      let axes = try interpreter.normalizedAxes(call, input)
      let squares = try interpreter.apply(.unary(.square), input)
      let mean = try interpreter.apply(.reduce(Reduction(.mean, axes: axes, keepsDimensions: true)), squares)
      let epsilon = try call.optionalDouble("eps") ?? Double(Float.ulpOfOne)
      let shifted = try interpreter.elementwise(.add, mean, try interpreter.scalar(epsilon))
      let normal = try interpreter.elementwise(
        .divide, input, try interpreter.apply(.unary(.squareRoot), shifted))
      return .tensor(
        try interpreter.affine(normal, try call.optionalTensor("weight"), nil, channelAxis: nil))
    }
    library.layer(
      ("GroupNorm", "num_groups, num_channels, eps=1e-05, affine=True, device=None, dtype=None"),
      functions: ["torch.nn.functional.group_norm", "torch.group_norm"],
      "num_groups, weight=None, bias=None, eps=1e-05",
      initialize: { (call, module) throws(Interruption) in
        let channels = try call.int("num_channels")
        let groups = try call.int("num_groups")
        try call.interpreter.check("num_channels", channels, "GroupNorm")
        guard groups > 0, channels.isMultiple(of: groups) else {
          throw call.interpreter.raise(
            .valueError, "num_channels must be divisible by num_groups", hint: "\(channels) / \(groups)")
        }
        let shape = try call.bool("affine") ? [channels] : nil
        try call.interpreter.register("weight", of: module, shape, .constant(1))
        try call.interpreter.register("bias", of: module, shape, .constant(0))
      }
    ) { (call, input) throws(Interruption) in .tensor(try call.interpreter.groupNormalize(call, input)) }
    library.layer(
      ("LocalResponseNorm", "size, alpha=0.0001, beta=0.75, k=1.0"),
      functions: ["torch.nn.functional.local_response_norm"], "size, alpha=0.0001, beta=0.75, k=1.0"
    ) { (call, input) throws(Interruption) in .tensor(try call.interpreter.normalizeResponses(call, input)) }
    library.module(
      "CrossMapLRN2d", "(*args, **kwargs)",
      { (call, _) throws(Interruption) in
        throw call.interpreter.unsupported(
          "nn.CrossMapLRN2d is not supported", hint: "use nn.LocalResponseNorm")
      }, methods: [:])
    library.layer(
      nil, functions: ["torch.nn.functional.normalize"], "p=2.0, dim=1, eps=1e-12, out=None"
    ) { (call, input) throws(Interruption) in .tensor(try call.interpreter.normalize(call, input)) }
  }
}

extension Interpreter {
  /// Takes the `normalized_shape` of a constructor.
  fileprivate func registerShape(
    _ call: NativeCall, _ module: PythonInstance
  ) throws(Interruption) -> [Int] {
    let shape = try call.ints("normalized_shape")
    try checkShape(shape)
    module.set("normalized_shape", try integers(shape))
    return shape
  }

  /// The axes of a `normalized_shape`, which must be the input's last extents.
  fileprivate func normalizedAxes(
    _ call: NativeCall, _ input: TracedTensor
  ) throws(Interruption) -> [Int] {
    let shape = try call.ints("normalized_shape")
    guard !shape.isEmpty, input.rank >= shape.count, Array(input.shape.suffix(shape.count)) == shape else {
      let message =
        "Given normalized_shape=\(shape), expected input with shape [*, "
        + shape.map(String.init).joined(separator: ", ") + "], but got input of size\(input.shape)"
      if let module = call.module, shape.count == 1, let last = input.shape.last {
        throw mismatch(module, "normalized_shape", builtFor: shape[0], reached: last, message)
      }
      throw raise(.runtimeError, message, identifier: "torch.shape")
    }
    for name in ["weight", "bias"] where call.function.signature.index(of: name) != nil {
      guard let tensor = try call.optionalTensor(name), tensor.shape != shape else { continue }
      throw raise(
        .runtimeError,
        "Expected \(name) to be of same shape as normalized_shape, but got \(name) of shape \(tensor.shape) and "
          + "normalized_shape = \(shape)", identifier: "torch.shape")
    }
    return Array((input.rank - shape.count)..<input.rank)
  }

  /// `(x − mean) / √(variance + ε)` over axes, with the biased variance.
  func standardize(
    _ input: TracedTensor, _ axes: [Int], _ epsilon: Double
  ) throws(Interruption) -> TracedTensor {
    let mean = try apply(.reduce(Reduction(.mean, axes: axes, keepsDimensions: true)), input)
    let centred = try elementwise(.subtract, input, mean)
    let variance = try apply(
      .reduce(Reduction(.mean, axes: axes, keepsDimensions: true)), try apply(.unary(.square), centred))
    let deviation = try apply(
      .unary(.squareRoot), try elementwise(.add, variance, try scalar(epsilon)))
    return try elementwise(.divide, centred, deviation)
  }

  /// Weight and bias applied along one axis, or along the last ones they have.
  func affine(
    _ input: TracedTensor, _ weight: TracedTensor?, _ bias: TracedTensor?, channelAxis: Int?
  ) throws(Interruption) -> TracedTensor {
    func fitted(_ tensor: TracedTensor) throws(Interruption) -> TracedTensor {
      guard let channelAxis else { return tensor }
      return try reshape(tensor, [tensor.count] + [Int](repeating: 1, count: input.rank - channelAxis - 1))
    }
    var result = input
    if let weight { result = try elementwise(.multiply, result, try fitted(weight)) }
    if let bias { result = try elementwise(.add, result, try fitted(bias)) }
    return result
  }

  fileprivate func groupNormalize(
    _ call: NativeCall, _ input: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    let groups = try call.int("num_groups")
    guard input.rank >= 2 else {
      throw raise(
        .runtimeError, "Expected at least 2 dimensions for input tensor but received \(input.rank)",
        identifier: "torch.shape")
    }
    let channels = input.shape[1]
    let weight = try call.optionalTensor("weight")
    let bias = try call.optionalTensor("bias")
    if let module = call.module, case .int(let expected)? = module.attributes["num_channels"],
      expected != channels
    {
      throw mismatch(
        module, "num_channels", builtFor: expected, reached: channels,
        "Expected weight to be a vector of size equal to the number of channels in input, but got weight of "
          + "shape [\(expected)] and input of shape \(input.shape)")
    }
    guard groups > 0, channels.isMultiple(of: groups) else {
      throw raise(
        .runtimeError,
        "Expected number of channels in input to be divisible by num_groups, but got input of shape "
          + "\(input.shape) and num_groups=\(groups)", identifier: "torch.shape")
    }
    for (name, tensor) in [("weight", weight), ("bias", bias)] {
      guard let tensor, tensor.shape != [channels] else { continue }
      throw raise(
        .runtimeError,
        "Expected \(name) to be a vector of size equal to the number of channels in input, but got \(name) of "
          + "shape \(tensor.shape) and input of shape \(input.shape)", identifier: "torch.shape")
    }
    let rest = Array(input.shape.dropFirst(2))
    let split = try reshape(input, [input.shape[0], groups, channels / groups] + rest)
    let normal = try standardize(split, Array(2..<split.rank), try call.double("eps"))
    return try affine(try reshape(normal, input.shape), weight, bias, channelAxis: 1)
  }

  /// `x / (k + α · mean of squares over neighbouring channels)^β`.
  fileprivate func normalizeResponses(
    _ call: NativeCall, _ input: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    let size = try call.int("size")
    guard input.rank >= 3 else {
      throw raise(
        .valueError, "Expected 3D or higher dimensionality input (got \(input.rank) dimensions)",
        identifier: "torch.shape")
    }
    guard size > 0, size < 1 << 20 else {
      throw raise(.runtimeError, "local_response_norm: size must be positive, but is \(size)")
    }
    let channels = input.shape[1]
    let squares = try reshape(
      try apply(.unary(.square), input),
      [input.shape[0], 1, channels, input.count / input.shape[0] / channels])
    let padded = try pad(squares, [0, 0, size / 2, (size - 1) / 2], mode: "constant", value: 0)
    let window = Pooling(kernel: Size2D(size, 1), stride: Size2D(1, 1))
    let mean = try reshape(try apply(.averagePooling(AveragePooling(window: window)), padded), input.shape)
    let scaled = try elementwise(.multiply, mean, try scalar(try call.double("alpha")))
    let shifted = try elementwise(.add, scaled, try scalar(try call.double("k")))
    let divisor = try elementwise(.power, shifted, try scalar(try call.double("beta")))
    return try elementwise(.divide, input, divisor)
  }

  /// `x / max(‖x‖ₚ, ε)`.
  fileprivate func normalize(_ call: NativeCall, _ input: TracedTensor) throws(Interruption) -> TracedTensor {
    let order = try call.double("p")
    let axes = try axes(try call.ints("dim"), input.rank)
    let epsilon = try call.double("eps")
    func total(_ kind: Reduction.Kind, _ values: TracedTensor) throws(Interruption) -> TracedTensor {
      if axes.isEmpty { return values }
      return try apply(.reduce(Reduction(kind, axes: axes, keepsDimensions: true)), values)
    }
    let norm: TracedTensor
    switch order {
    case 2:
      // Under the root, so that the gradient is 0 rather than 0 · ∞ where all elements are 0.
      let sum = try total(.sum, try apply(.unary(.square), input))
      norm = try apply(.unary(.squareRoot), try clamp(sum, epsilon * epsilon, nil))
    case 1: norm = try clamp(try total(.sum, try apply(.unary(.absolute), input)), epsilon, nil)
    case .infinity: norm = try clamp(try total(.maximum, try apply(.unary(.absolute), input)), epsilon, nil)
    default:
      guard order.isFinite, order > 0 else {
        throw unsupported("normalize with p=\(order) is not supported")
      }
      let powers = try elementwise(.power, try apply(.unary(.absolute), input), try scalar(order))
      let root = try elementwise(.power, try total(.sum, powers), try scalar(1 / order))
      norm = try clamp(root, epsilon, nil)
    }
    return try elementwise(.divide, input, norm)
  }
}
