import NetworkGraph

extension Library {
  /// `nn.init`: each function changes how a parameter begins.
  static let initialization: Family = { library in
    func add(
      _ name: String, _ signature: String,
      _ make: @escaping @Sendable (NativeCall, TracedTensor) throws(Interruption) -> Initializer
    ) {
      let body: NativeFunction.Body = { (call) throws(Interruption) in
        let target = try call.tensor("tensor")
        let distribution = try make(call, target)
        if case .constant(let number) = distribution {
          return .tensor(
            try call.interpreter.write(
              try call.interpreter.tensor(.fill(number), target.shape, target.dataType), into: target))
        }
        return try call.interpreter.draw(target, distribution)
      }
      let function = NativeFunction("torch.nn.init.\(name)", signature, body)
      // The names without the underscore are PyTorch's own deprecated ones.
      library.add(function, as: ["torch.nn.init.\(name)", "torch.nn.init.\(name.dropLast())"])
    }
    add("constant_", "(tensor, val)") { (call, _) throws(Interruption) in .constant(try call.double("val")) }
    add("zeros_", "(tensor)") { (_, _) throws(Interruption) in .constant(0) }
    add("ones_", "(tensor)") { (_, _) throws(Interruption) in .constant(1) }
    add("normal_", "(tensor, mean=0.0, std=1.0, generator=None)") { (call, _) throws(Interruption) in
      .normal(mean: try call.double("mean"), standardDeviation: try call.double("std"))
    }
    add("uniform_", "(tensor, a=0.0, b=1.0, generator=None)") { (call, _) throws(Interruption) in
      .uniform(lower: try call.double("a"), upper: try call.double("b"))
    }
    add("trunc_normal_", "(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None)") {
      (call, _) throws(Interruption) in
      .truncatedNormal(
        mean: try call.double("mean"), standardDeviation: try call.double("std"), lower: try call.double("a"),
        upper: try call.double("b"))
    }
    add("xavier_uniform_", "(tensor, gain=1.0, generator=None)") { (call, target) throws(Interruption) in
      let fans = try call.interpreter.fans(target)
      let bound = try call.double("gain") * (6 / Double(fans.in + fans.out)).squareRoot()
      return .uniform(lower: -bound, upper: bound)
    }
    add("xavier_normal_", "(tensor, gain=1.0, generator=None)") { (call, target) throws(Interruption) in
      let fans = try call.interpreter.fans(target)
      return .normal(
        mean: 0, standardDeviation: try call.double("gain") * (2 / Double(fans.in + fans.out)).squareRoot())
    }
    for name in ["kaiming_uniform_", "kaiming_normal_"] {
      add(name, "(tensor, a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None)") {
        (call, target) throws(Interruption) in
        let fans = try call.interpreter.fans(target)
        let mode = try call.string("mode")
        guard mode == "fan_in" || mode == "fan_out" else {
          throw call.interpreter.raise(
            .valueError, "Mode \(mode) not supported, please use one of ['fan_in', 'fan_out']")
        }
        let gain = try call.interpreter.gain(try call.string("nonlinearity"), try call.double("a"))
        let deviation = gain / Double(mode == "fan_in" ? fans.in : fans.out).squareRoot()
        if name == "kaiming_normal_" { return .normal(mean: 0, standardDeviation: deviation) }
        let bound = 3.0.squareRoot() * deviation
        return .uniform(lower: -bound, upper: bound)
      }
    }
    library.function("torch.nn.init.calculate_gain", signature: "(nonlinearity, param=None)") {
      (call) throws(Interruption) in
      .float(
        try call.interpreter.gain(try call.string("nonlinearity"), try call.optionalDouble("param") ?? 0.01))
    }
    library.function("torch.nn.init._calculate_fan_in_and_fan_out", signature: "(tensor)") {
      (call) throws(Interruption) in
      let fans = try call.interpreter.fans(try call.tensor("tensor"))
      return try call.interpreter.tuple([.int(fans.in), .int(fans.out)])
    }
  }
}

extension Interpreter {
  fileprivate func fans(_ tensor: TracedTensor) throws(Interruption) -> (in: Int, out: Int) {
    guard tensor.rank >= 2, tensor.count > 0 else {
      throw raise(
        .valueError, "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    }
    let field = tensor.shape.dropFirst(2).reduce(1, *)
    return (tensor.shape[1] * field, tensor.shape[0] * field)
  }

  fileprivate func gain(_ nonlinearity: String, _ slope: Double) throws(Interruption) -> Double {
    switch nonlinearity {
    case "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
      "sigmoid":
      return 1
    case "tanh": return 5.0 / 3
    case "relu": return 2.0.squareRoot()
    case "leaky_relu": return (2 / (1 + slope * slope)).squareRoot()
    case "selu": return 0.75
    default: throw raise(.valueError, "Unsupported nonlinearity \(nonlinearity)")
    }
  }
}
