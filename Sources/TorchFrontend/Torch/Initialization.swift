import NetworkGraph

extension Library {
  /// `nn.init`: each function changes how a parameter begins.
  static let initialization: Family = { library in
    // PyTorch's own deprecated names, without the underscore.
    let deprecated: Set<String> = [
      "uniform_", "normal_", "constant_", "eye_", "dirac_", "xavier_uniform_", "xavier_normal_",
      "kaiming_uniform_", "kaiming_normal_", "orthogonal_", "sparse_",
    ]
    func add(
      _ name: String, _ signature: String,
      _ make: @escaping @Sendable (NativeCall, TracedTensor) throws(Interruption) -> TensorContent
    ) {
      let body: NativeFunction.Body = { (call) throws(Interruption) in
        let target = try call.tensor("tensor")
        let content = try make(call, target)
        return try call.interpreter.withoutGradients { () throws(Interruption) in
          .tensor(
            try call.interpreter.write(
              try call.interpreter.tensor(content, target.shape, target.dataType), into: target))
        }
      }
      let function = NativeFunction("torch.nn.init.\(name)", signature, body)
      library.add(function, as: ["torch.nn.init.\(name)"])
      if deprecated.contains(name) { library.add(function, as: ["torch.nn.init.\(name.dropLast())"]) }
    }
    add("constant_", "(tensor, val)") { (call, _) throws(Interruption) in .fill(try call.double("val")) }
    add("zeros_", "(tensor)") { (_, _) throws(Interruption) in .fill(0) }
    add("ones_", "(tensor)") { (_, _) throws(Interruption) in .fill(1) }
    add("normal_", "(tensor, mean=0.0, std=1.0, generator=None)") { (call, _) throws(Interruption) in
      try call.interpreter.normal(mean: try call.double("mean"), deviation: try call.double("std"))
    }
    add("uniform_", "(tensor, a=0.0, b=1.0, generator=None)") { (call, _) throws(Interruption) in
      let bounds = (try call.double("a"), try call.double("b"))
      guard bounds.0 <= bounds.1 else {
        throw call.interpreter.raise(
          .runtimeError,
          "uniform_ expects to return a [from, to) range, but found from=\(bounds.0) > to=\(bounds.1)")
      }
      return .random(.uniform(lower: bounds.0, upper: bounds.1))
    }
    add("trunc_normal_", "(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None)") {
      (call, _) throws(Interruption) in
      let (mean, deviation) = (try call.double("mean"), try call.double("std"))
      let (lower, upper) = (try call.double("a"), try call.double("b"))
      if deviation == 0 { return .fill(min(max(mean, lower), upper)) }
      guard deviation > 0, lower <= upper else {
        throw call.interpreter.raise(
          .runtimeError,
          "trunc_normal_ expects std >= 0 and a <= b, but found \(deviation), \(lower), \(upper)")
      }
      return .random(
        .truncatedNormal(mean: mean, standardDeviation: deviation, lower: lower, upper: upper))
    }
    add("xavier_uniform_", "(tensor, gain=1.0, generator=None)") { (call, target) throws(Interruption) in
      let fans = try call.interpreter.fans(target)
      let bound = try call.double("gain") * (6 / Double(fans.in + fans.out)).squareRoot()
      return .random(.uniform(lower: -abs(bound), upper: abs(bound)))
    }
    add("xavier_normal_", "(tensor, gain=1.0, generator=None)") { (call, target) throws(Interruption) in
      let fans = try call.interpreter.fans(target)
      return try call.interpreter.normal(
        mean: 0, deviation: try call.double("gain") * (2 / Double(fans.in + fans.out)).squareRoot())
    }
    for name in ["kaiming_uniform_", "kaiming_normal_"] {
      add(name, "(tensor, a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None)") {
        (call, target) throws(Interruption) in
        let fans = try call.interpreter.fans(target)
        let fan = try call.interpreter.fan(fans, mode: try call.string("mode"))
        let gain = try call.interpreter.gain(try call.string("nonlinearity"), try call.double("a"))
        let deviation = gain / Double(fan).squareRoot()
        if name == "kaiming_normal_" { return .random(.normal(mean: 0, standardDeviation: deviation)) }
        let bound = 3.0.squareRoot() * deviation
        return .random(.uniform(lower: -bound, upper: bound))
      }
    }
    add("orthogonal_", "(tensor, gain=1, generator=None)") { (call, target) throws(Interruption) in
      guard target.rank >= 2 else {
        throw call.interpreter.raise(.valueError, "Only tensors with 2 or more dimensions are supported")
      }
      let rows = target.shape[0]
      return .random(
        .orthogonal(rows: rows, columns: target.count / max(1, rows), gain: try call.double("gain")))
    }
    add("sparse_", "(tensor, sparsity, std=0.01, generator=None)") { (call, target) throws(Interruption) in
      guard target.rank == 2 else {
        throw call.interpreter.raise(.valueError, "Only tensors with 2 dimensions are supported")
      }
      let sparsity = try call.double("sparsity")
      guard sparsity >= 0, sparsity <= 1 else {
        throw call.interpreter.raise(.valueError, "sparsity must be a share of 1, but is \(sparsity)")
      }
      return .random(
        .sparse(
          rows: target.shape[0], columns: target.shape[1],
          zerosPerColumn: Int((sparsity * Double(target.shape[0])).rounded(.up)),
          standardDeviation: try call.double("std")))
    }
    add("eye_", "(tensor)") { (call, target) throws(Interruption) in
      guard target.rank == 2 else {
        throw call.interpreter.raise(.valueError, "Only tensors with 2 dimensions are supported")
      }
      try call.interpreter.reserve(target.count)
      let columns = target.shape[1]
      return .values((0..<target.count).map { $0 / columns == $0 % columns ? 1 : 0 })
    }
    add("dirac_", "(tensor, groups=1)") { (call, target) throws(Interruption) in
      try call.interpreter.identityFilters(target, groups: try call.int("groups"))
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
    library.function("torch.nn.init._calculate_correct_fan", signature: "(tensor, mode)") {
      (call) throws(Interruption) in
      let fans = try call.interpreter.fans(try call.tensor("tensor"))
      return .int(try call.interpreter.fan(fans, mode: try call.string("mode").lowercased()))
    }
  }
}

extension Interpreter {
  /// Fan-in and fan-out of a weight.
  func fans(_ tensor: TracedTensor) throws(Interruption) -> (in: Int, out: Int) {
    guard tensor.rank >= 2, tensor.count > 0 else {
      throw raise(
        .valueError, "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    }
    let field = tensor.shape.dropFirst(2).reduce(1, *)
    return (tensor.shape[1] * field, tensor.shape[0] * field)
  }

  fileprivate func fan(_ fans: (in: Int, out: Int), mode: String) throws(Interruption) -> Int {
    guard mode == "fan_in" || mode == "fan_out" else {
      throw raise(.valueError, "Mode \(mode) not supported, please use one of ['fan_in', 'fan_out']")
    }
    return mode == "fan_in" ? fans.in : fans.out
  }

  /// Normal values; without deviation they are all the mean.
  fileprivate func normal(mean: Double, deviation: Double) throws(Interruption) -> TensorContent {
    guard deviation >= 0 else {
      throw raise(.runtimeError, "normal expects std >= 0.0, but found std \(deviation)")
    }
    return deviation == 0 ? .fill(mean) : .random(.normal(mean: mean, standardDeviation: deviation))
  }

  /// The weight of a convolution that hands as many channels through as it can, in each group.
  fileprivate func identityFilters(_ target: TracedTensor, groups: Int) throws(Interruption) -> TensorContent
  {
    let shape = target.shape
    guard (3...5).contains(shape.count) else {
      throw raise(.valueError, "Only tensors with 3, 4, or 5 dimensions are supported")
    }
    guard groups > 0, shape[0].isMultiple(of: groups) else {
      throw raise(.valueError, "dim 0 must be divisible by groups")
    }
    try reserve(target.count)
    var values = [Double](repeating: 0, count: target.count)
    let strides = Self.rowMajorStrides(shape)
    let centre = shape.indices.dropFirst(2).reduce(0) { $0 + shape[$1] / 2 * strides[$1] }
    let size = shape[0] / groups
    for group in 0..<groups {
      for channel in 0..<min(size, shape[1]) {
        values[(group * size + channel) * strides[0] + channel * strides[1] + centre] = 1
      }
    }
    return .values(values)
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
