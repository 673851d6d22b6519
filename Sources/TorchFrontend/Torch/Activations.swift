import NetworkGraph

extension Library {
  /// Activation modules, and their functions in all their forms.
  static let activations: Family = { library in
    let plain: [(module: String, function: String, UnaryFunction)] = [
      ("ReLU", "relu", .relu), ("ReLU6", "relu6", .relu6), ("SiLU", "silu", .silu), ("Mish", "mish", .mish),
      ("Hardswish", "hardswish", .hardSwish), ("Hardsigmoid", "hardsigmoid", .hardSigmoid),
    ]
    for (name, function, operation) in plain {
      library.activation(name, function, [], "inplace=False") { (call, input) throws(Interruption) in
        try call.interpreter.apply(.unary(operation), input)
      }
    }
    for (name, operation) in [("Sigmoid", UnaryFunction.sigmoid), ("Tanh", .tanh)] {
      // The functions are among those of arithmetic.
      library.module(
        name, "()",
        forward: { (call, _, input) throws(Interruption) in
          try call.interpreter.apply(.unary(operation), input)
        })
    }
    library.activation("GELU", "gelu", [], "approximate='none'") { (call, input) throws(Interruption) in
      switch try call.string("approximate") {
      case "none": return try call.interpreter.apply(.unary(.gelu), input)
      case "tanh": return try call.interpreter.apply(.unary(.geluTanh), input)
      default:
        throw call.interpreter.raise(.runtimeError, "approximate argument must be either none or tanh.")
      }
    }
    library.activation("LeakyReLU", "leaky_relu", [], "negative_slope=0.01, inplace=False") {
      (call, input) throws(Interruption) in
      let slope = try call.double("negative_slope")
      return try call.interpreter.apply(.unary(.leakyReLU(slope: slope)), input)
    }
    library.activation(
      "RReLU", "rrelu", ["rrelu"], "lower=0.125, upper=0.3333333333333333, training=False, inplace=False"
    ) {
      (call, input) throws(Interruption) in
      let (lower, upper) = (try call.double("lower"), try call.double("upper"))
      guard try !call.bool("training") || lower == upper else {
        throw call.interpreter.unsupported(
          "RReLU in training is not supported: its slopes are random", hint: "use nn.LeakyReLU")
      }
      return try call.interpreter.apply(.unary(.leakyReLU(slope: (lower + upper) / 2)), input)
    }
    library.activation("ELU", "elu", [], "alpha=1.0, inplace=False") { (call, input) throws(Interruption) in
      try call.interpreter.apply(.unary(.elu(alpha: try call.double("alpha"))), input)
    }
    library.activation("CELU", "celu", ["celu"], "alpha=1.0, inplace=False") {
      (call, input) throws(Interruption) in
      let alpha = try call.double("alpha")
      guard alpha != 0 else {
        throw call.interpreter.raise(.runtimeError, "ZeroDivisionError: alpha cannot be 0 for CELU")
      }
      if alpha == 1 { return try call.interpreter.apply(.unary(.elu(alpha: 1)), input) }
      let scaled = try call.interpreter.elementwise(.multiply, input, try call.interpreter.scalar(1 / alpha))
      let value = try call.interpreter.apply(.unary(.elu(alpha: 1)), scaled)
      return try call.interpreter.elementwise(.multiply, value, try call.interpreter.scalar(alpha))
    }
    library.activation("SELU", "selu", ["selu"], "inplace=False") { (call, input) throws(Interruption) in
      let value = try call.interpreter.apply(.unary(.elu(alpha: 1.6732632423543772)), input)
      return try call.interpreter.elementwise(
        .multiply, value, try call.interpreter.scalar(1.0507009873554805))
    }
    library.activation("Softplus", "softplus", [], "beta=1.0, threshold=20.0") {
      (call, input) throws(Interruption) in
      let interpreter = call.interpreter
      let (beta, threshold) = (try call.double("beta"), try call.double("threshold"))
      guard beta != 0, threshold >= 0, threshold <= 20 || threshold == .infinity else {
        throw interpreter.unsupported(
          "Softplus with beta=\(beta) and threshold=\(threshold) is not supported")
      }
      let scaled =
        beta == 1 ? input : try interpreter.elementwise(.multiply, input, try interpreter.scalar(beta))
      var result = try interpreter.apply(.unary(.softplus), scaled)
      if beta != 1 {
        result = try interpreter.elementwise(.multiply, result, try interpreter.scalar(1 / beta))
      }
      guard threshold < 20 else { return result }
      return try interpreter.choose(
        try interpreter.elementwise(.less, try interpreter.scalar(threshold), scaled), input, result)
    }
    library.activation("LogSigmoid", "logsigmoid", [], "") { (call, input) throws(Interruption) in
      let value = try call.interpreter.apply(
        .unary(.softplus), try call.interpreter.apply(.unary(.negate), input))
      return try call.interpreter.apply(.unary(.negate), value)
    }
    library.activation("Softsign", "softsign", [], "") { (call, input) throws(Interruption) in
      let size = try call.interpreter.apply(.unary(.absolute), input)
      return try call.interpreter.elementwise(
        .divide, input, try call.interpreter.elementwise(.add, size, try call.interpreter.scalar(1)))
    }
    library.activation("Tanhshrink", "tanhshrink", [], "") { (call, input) throws(Interruption) in
      try call.interpreter.elementwise(.subtract, input, try call.interpreter.apply(.unary(.tanh), input))
    }
    library.thresholdActivations()
    library.activation(
      "PReLU", "prelu", ["prelu"], module: "num_parameters=1, init=0.25, device=None, dtype=None", "weight",
      initialize: { (call, module) throws(Interruption) in
        let count = try call.int("num_parameters")
        try call.interpreter.check("num_parameters", count, "PReLU")
        try call.interpreter.register("weight", of: module, [count], .constant(try call.double("init")))
      }
    ) { (call, input) throws(Interruption) in
      try call.interpreter.prelu(input, try call.tensor("weight"), call.module)
    }
    library.softmaxes()
  }

  /// Functions with a bend that is not at 0.
  private mutating func thresholdActivations() {
    activation("Threshold", "threshold", ["threshold"], "threshold, value, inplace=False") {
      (call, input) throws(Interruption) in
      let interpreter = call.interpreter
      let isAbove = try interpreter.elementwise(
        .less, try interpreter.scalar(try call.double("threshold")), input)
      return try interpreter.choose(isAbove, input, try interpreter.scalar(try call.double("value")))
    }
    activation("Hardtanh", "hardtanh", [], "min_val=-1.0, max_val=1.0, inplace=False") {
      (call, input) throws(Interruption) in
      let interpreter = call.interpreter
      let (lower, upper) = (try call.double("min_val"), try call.double("max_val"))
      guard lower <= upper else {
        throw interpreter.raise(.valueError, "min_val cannot be greater than max_val")
      }
      if lower == 0, upper == 6 { return try interpreter.apply(.unary(.relu6), input) }
      // The gradient is 0 at the bounds themselves, unlike that of a clamp.
      let low = try interpreter.scalar(lower)
      let high = try interpreter.scalar(upper)
      let raised = try interpreter.choose(try interpreter.elementwise(.lessOrEqual, input, low), low, input)
      return try interpreter.choose(try interpreter.elementwise(.lessOrEqual, high, input), high, raised)
    }
    activation("Hardshrink", "hardshrink", ["hardshrink"], "lambd=0.5") {
      (call, input) throws(Interruption) in
      let interpreter = call.interpreter
      let bound = try interpreter.scalar(try call.double("lambd"))
      let size = try interpreter.apply(.unary(.absolute), input)
      let isInside = try interpreter.elementwise(.lessOrEqual, size, bound)
      return try interpreter.choose(isInside, try interpreter.scalar(0), input)
    }
    activation("Softshrink", "softshrink", [], "lambd=0.5") { (call, input) throws(Interruption) in
      let interpreter = call.interpreter
      let number = try call.double("lambd")
      guard number >= 0 else {
        throw interpreter.raise(
          .runtimeError, "lambda must be greater or equal to 0, but found to be \(number).")
      }
      let bound = try interpreter.scalar(number)
      let negative = try interpreter.scalar(-number)
      let above = try interpreter.choose(
        try interpreter.elementwise(.less, bound, input),
        try interpreter.elementwise(.subtract, input, bound),
        try interpreter.scalar(0))
      return try interpreter.choose(
        try interpreter.elementwise(.less, input, negative), try interpreter.elementwise(.add, input, bound),
        above)
    }
  }

  private mutating func softmaxes() {
    for (name, function, isLogarithmic) in [
      ("Softmax", "softmax", false), ("LogSoftmax", "log_softmax", true), ("Softmin", "softmin", false),
    ] {
      let others =
        name == "Softmin" ? [] : ["torch.\(function)", "Tensor.\(function)", "torch.special.\(function)"]
      layer(
        (name, "dim=None"), functions: ["torch.nn.functional.\(function)"] + others,
        "dim=None, _stacklevel=3, dtype=None"
      ) { (call, input) throws(Interruption) in
        var input = input
        if let type = try call.dataType("dtype") { input = try call.interpreter.cast(input, type) }
        if name == "Softmin" { input = try call.interpreter.apply(.unary(.negate), input) }
        return .tensor(
          try call.interpreter.softmax(
            input, try call.optionalInt("dim"), isLogarithmic: isLogarithmic))
      }
    }
    module(
      "Softmax2d", "()",
      forward: { (call, _, input) throws(Interruption) in
        guard input.rank == 3 || input.rank == 4 else {
          throw call.interpreter.raise(
            .valueError, "Softmax2d: expected input to be 3D or 4D, got \(input.rank)D instead",
            identifier: "torch.shape")
        }
        return try call.interpreter.softmax(input, -3, isLogarithmic: false)
      })
    layer(("GLU", "dim=-1"), functions: ["torch.nn.functional.glu"], "dim=-1") {
      (call, input) throws(Interruption) in
      .tensor(try call.interpreter.gatedLinearUnit(input, try call.int("dim")))
    }
  }

  /// Adds an activation as a module, as a function of `torch.nn.functional` and of `torch` where it is named there,
  /// and with an underscore as one that works in place.
  ///
  /// - Parameters:
  ///   - others: its names in `torch`.
  ///   - constructor: the parameters of the module's constructor, where they are not those of the function.
  private mutating func activation(
    _ name: String, _ function: String, _ others: [String], module constructor: String? = nil,
    _ parameters: String,
    initialize: @escaping Initialization = { (_, _) throws(Interruption) in },
    _ compute: @escaping @Sendable (NativeCall, TracedTensor) throws(Interruption) -> TracedTensor
  ) {
    let names = ["torch.nn.functional.\(function)"] + others.map { "torch.\($0)" }
    // `training` is an attribute of every module.
    let moduleParameters = constructor ?? parameters.replacing("training=False, ", with: "")
    layer((name, moduleParameters), functions: names, parameters, initialize: initialize) {
      (call, input) throws(Interruption) in
      let isInPlace = try call.flag("inplace")
      return try call.interpreter.result(try compute(call, input), of: input, inPlace: isInPlace)
    }
    guard parameters.contains("inplace") else { return }
    layer(
      nil, functions: names.map { $0 + "_" },
      parameters.replacing(", inplace=False", with: "").replacing("inplace=False", with: "")
    ) { (call, input) throws(Interruption) in
      try call.interpreter.result(try compute(call, input), of: input, inPlace: true)
    }
  }
}

extension Interpreter {
  /// An elementwise function, which in place changes the tensor itself.
  func activate(
    _ function: UnaryFunction, _ input: TracedTensor, inPlace: Bool
  ) throws(Interruption) -> TracedTensor {
    let result = try apply(.unary(function), input)
    return inPlace ? try write(result, into: input) : result
  }

  fileprivate func prelu(
    _ input: TracedTensor, _ weight: TracedTensor, _ module: PythonInstance?
  ) throws(Interruption) -> TracedTensor {
    var slope = weight
    if weight.count > 1 {
      let channels = input.rank >= 2 ? input.shape[1] : 1
      guard channels == weight.count else {
        let message =
          "Mismatch of parameter numbers and input channel size. Found parameter numbers = \(weight.count) and "
          + "channel size = \(channels)."
        guard let module else { throw raise(.runtimeError, message, identifier: "torch.shape") }
        throw mismatch(module, "num_parameters", builtFor: weight.count, reached: channels, message)
      }
      slope = try reshape(weight, [weight.count] + [Int](repeating: 1, count: input.rank - 2))
    }
    let isPositive = try elementwise(.less, try scalar(0), input)
    return try choose(isPositive, input, try elementwise(.multiply, slope, input))
  }

  /// Softmax along a dimension; None chooses it as PyTorch's deprecated rule does.
  func softmax(
    _ input: TracedTensor, _ dimension: Int?, isLogarithmic: Bool
  ) throws(Interruption) -> TracedTensor {
    let axis = try axis(dimension ?? ([0, 1, 3].contains(input.rank) ? 0 : 1), input.rank)
    guard input.rank > 0 else {
      return try apply(.unary(isLogarithmic ? .logarithm : .exponential), try scalar(0))
    }
    return try apply(isLogarithmic ? .logSoftmax(axis: axis) : .softmax(axis: axis), input)
  }

  fileprivate func gatedLinearUnit(
    _ input: TracedTensor, _ dimension: Int
  ) throws(Interruption) -> TracedTensor {
    let axis = try axis(dimension, input.rank)
    guard input.rank > 0, input.shape[axis].isMultiple(of: 2) else {
      throw raise(
        .runtimeError,
        "Halving dimension must be even, but dimension \(axis) is size \(input.rank > 0 ? input.shape[axis] : 1)",
        identifier: "torch.shape")
    }
    let half = input.shape[axis] / 2
    let value = try slice(input, axis, 0, half)
    let gate = try apply(.unary(.sigmoid), try slice(input, axis, half, 2 * half))
    return try elementwise(.multiply, value, gate)
  }

  /// Limits to bounds, either of which may be missing.
  func clamp(_ input: TracedTensor, _ lower: Double?, _ upper: Double?) throws(Interruption) -> TracedTensor {
    var result = input
    if let lower { result = try elementwise(.maximum, result, try scalar(lower, input.dataType)) }
    if let upper { result = try elementwise(.minimum, result, try scalar(upper, input.dataType)) }
    return result
  }
}
