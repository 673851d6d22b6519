import NetworkGraph

extension Library {
  /// Activation modules, and elementwise functions of one tensor in all their forms.
  static let activations: Family = { library in
    // Modules without parameters of their own, which may work in place.
    let plain: [(module: String, function: String?, UnaryFunction)] = [
      ("ReLU", "relu", .relu), ("ReLU6", "relu6", .relu6), ("SiLU", "silu", .silu), ("Mish", "mish", .mish),
      ("Hardswish", "hardswish", .hardSwish), ("Hardsigmoid", "hardsigmoid", .hardSigmoid),
    ]
    for (name, function, operation) in plain {
      library.module(
        name, "(inplace=False)",
        forward: { (call, module, input) throws(Interruption) in
          try call.interpreter.activate(operation, input, inPlace: module.bool("inplace"))
        })
      guard let function else { continue }
      library.function("torch.nn.functional.\(function)", signature: "(input, inplace=False)") {
        (call) throws(Interruption) in
        .tensor(
          try call.interpreter.activate(
            operation, try call.tensor("input"), inPlace: try call.bool("inplace")))
      }
    }
    for (name, operation) in [("Sigmoid", UnaryFunction.sigmoid), ("Tanh", .tanh)] {
      library.module(
        name, "()",
        forward: { (call, _, input) throws(Interruption) in
          try call.interpreter.apply(.unary(operation), input)
        })
    }
    library.module(
      "Softsign", "()",
      forward: { (call, _, input) throws(Interruption) in
        let size = try call.interpreter.apply(.unary(.absolute), input)
        let divisor = try call.interpreter.elementwise(.add, size, try call.interpreter.scalar(1))
        return try call.interpreter.elementwise(.divide, input, divisor)
      })
    library.module(
      "GELU", "(approximate='none')",
      forward: { (call, module, input) throws(Interruption) in
        try call.interpreter.apply(.unary(try call.interpreter.gelu(module.string("approximate"))), input)
      })
    library.function("torch.nn.functional.gelu", signature: "(input, approximate='none')") {
      (call) throws(Interruption) in
      .tensor(
        try call.interpreter.apply(
          .unary(try call.interpreter.gelu(try call.string("approximate"))), try call.tensor("input")))
    }
    library.module(
      "LeakyReLU", "(negative_slope=0.01, inplace=False)",
      forward: { (call, module, input) throws(Interruption) in
        try call.interpreter.activate(
          .leakyReLU(slope: module.double("negative_slope")), input, inPlace: module.bool("inplace"))
      })
    library.function(
      "torch.nn.functional.leaky_relu", signature: "(input, negative_slope=0.01, inplace=False)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.activate(
          .leakyReLU(slope: try call.double("negative_slope")), try call.tensor("input"),
          inPlace: try call.bool("inplace")))
    }
    for (name, function) in [("ELU", "elu"), ("CELU", "celu")] {
      library.module(
        name, "(alpha=1.0, inplace=False)",
        forward: { (call, module, input) throws(Interruption) in
          guard name == "ELU" || module.double("alpha") == 1 else {
            throw call.interpreter.unsupported("CELU with alpha other than 1 is not supported yet")
          }
          return try call.interpreter.activate(
            .elu(alpha: module.double("alpha")), input, inPlace: module.bool("inplace"))
        })
      library.function("torch.nn.functional.\(function)", signature: "(input, alpha=1.0, inplace=False)") {
        (call) throws(Interruption) in
        let alpha = try call.double("alpha")
        guard name == "ELU" || alpha == 1 else {
          throw call.interpreter.unsupported("celu with alpha other than 1 is not supported yet")
        }
        return .tensor(
          try call.interpreter.activate(
            .elu(alpha: alpha), try call.tensor("input"), inPlace: try call.bool("inplace")))
      }
    }
    library.module(
      "SELU", "(inplace=False)",
      forward: { (call, module, input) throws(Interruption) in
        let result = try call.interpreter.selu(input)
        return module.bool("inplace") ? try call.interpreter.write(result, into: input) : result
      })
    library.function("torch.nn.functional.selu", "torch.selu", signature: "(input, inplace=False)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      let result = try call.interpreter.selu(input)
      return .tensor(try call.bool("inplace") ? call.interpreter.write(result, into: input) : result)
    }
    library.module(
      "Softplus", "(beta=1, threshold=20)",
      forward: { (call, module, input) throws(Interruption) in
        guard module.double("beta") == 1, module.double("threshold") == 20 else {
          throw call.interpreter.unsupported("Softplus with beta or threshold is not supported yet")
        }
        return try call.interpreter.apply(.unary(.softplus), input)
      })
    library.function("torch.nn.functional.softplus", signature: "(input, beta=1, threshold=20)") {
      (call) throws(Interruption) in
      guard try call.double("beta") == 1, try call.double("threshold") == 20 else {
        throw call.interpreter.unsupported("softplus with beta or threshold is not supported yet")
      }
      return .tensor(try call.interpreter.apply(.unary(.softplus), try call.tensor("input")))
    }
    library.module(
      "PReLU", "(num_parameters=1, init=0.25, device=None, dtype=None)",
      { (call, module) throws(Interruption) in
        let count = try call.int("num_parameters")
        try call.interpreter.check("num_parameters", count, "PReLU")
        try call.interpreter.register("weight", of: module, [count], .constant(try call.double("init")))
      },
      forward: { (call, module, input) throws(Interruption) in
        guard let weight = module.tensor("weight") else {
          throw call.interpreter.raise(.attributeError, "'PReLU' object has no attribute 'weight'")
        }
        return try call.interpreter.prelu(input, weight, module)
      })
    library.module(
      "Hardtanh", "(min_val=-1.0, max_val=1.0, inplace=False)",
      forward: { (call, module, input) throws(Interruption) in
        let result = try call.interpreter.clamp(input, module.double("min_val"), module.double("max_val"))
        return module.bool("inplace") ? try call.interpreter.write(result, into: input) : result
      })
    for (name, isLogarithmic) in [("Softmax", false), ("LogSoftmax", true)] {
      library.module(
        name, "(dim=None)",
        forward: { (call, module, input) throws(Interruption) in
          let value = module.attributes["dim"] ?? .none
          return try call.interpreter.softmax(
            input, call.interpreter.integer(value), isLogarithmic: isLogarithmic)
        })
    }
    library.module(
      "Softmax2d", "()",
      forward: { (call, _, input) throws(Interruption) in
        try call.interpreter.softmax(input, -3, isLogarithmic: false)
      })
    for (name, isLogarithmic) in [("softmax", false), ("log_softmax", true)] {
      library.function(
        "torch.nn.functional.\(name)", "torch.\(name)", "Tensor.\(name)",
        signature: "(input, dim=None, _stacklevel=3, dtype=None)"
      ) { (call) throws(Interruption) in
        .tensor(
          try call.interpreter.softmax(
            try call.tensor("input"), try call.optionalInt("dim"), isLogarithmic: isLogarithmic))
      }
    }
    library.module(
      "GLU", "(dim=-1)",
      forward: { (call, module, input) throws(Interruption) in
        try call.interpreter.gatedLinearUnit(input, module.int("dim"))
      })
    library.function("torch.nn.functional.glu", signature: "(input, dim=-1)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.gatedLinearUnit(try call.tensor("input"), try call.int("dim")))
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

  fileprivate func gelu(_ approximation: String) throws(Interruption) -> UnaryFunction {
    switch approximation {
    case "none": return .gelu
    case "tanh": return .geluTanh
    default: throw raise(.runtimeError, "approximate argument must be either none or tanh.")
    }
  }

  fileprivate func selu(_ input: TracedTensor) throws(Interruption) -> TracedTensor {
    let scaled = try apply(.unary(.elu(alpha: 1.6732632423543772)), input)
    return try elementwise(.multiply, scaled, try scalar(1.0507009873554805))
  }

  fileprivate func prelu(
    _ input: TracedTensor, _ weight: TracedTensor, _ module: PythonInstance
  ) throws(Interruption) -> TracedTensor {
    var slope = weight
    if weight.count > 1 {
      guard input.rank >= 2, input.shape[1] == weight.count else {
        throw mismatch(
          module, "num_parameters", builtFor: weight.count, reached: input.rank >= 2 ? input.shape[1] : 1,
          "Mismatch of parameter numbers and input channel size. Found parameter numbers = \(weight.count) and "
            + "channel size = \(input.rank >= 2 ? input.shape[1] : 1)")
      }
      slope = try reshape(weight, [weight.count] + [Int](repeating: 1, count: input.rank - 2))
    }
    let positive = try apply(.unary(.relu), input)
    let negative = try elementwise(.minimum, input, try scalar(0))
    return try elementwise(.add, positive, try elementwise(.multiply, slope, negative))
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
        .runtimeError, "Halving dimension must be even, but dimension \(axis) is of shape \(input.shape)",
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
