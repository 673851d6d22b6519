extension UnaryFunction: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount(name, inputs, 1)
    try Operation.checkFloat(name, inputs)
    switch self {
    case .clamp(let lower, let upper), .hardTanh(let lower, let upper):
      guard !lower.isNaN, !upper.isNaN else {
        throw GraphError("shape.\(name).bounds", "\(name): \(lower) and \(upper) are no bounds")
      }
    default: break
    }
    return inputs
  }

  /// Whether it is 1 or 0 by what kind of number it is given.
  public var isPredicate: Bool {
    switch self {
    case .isNaN, .isInfinite, .isFinite: true
    default: false
    }
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let gradient = try gradients.main(of: node)
    switch self {
    case .negate: return [try builder.unary(.negate, gradient)]
    case .floor, .ceiling, .round, .truncate, .sign, .isNaN, .isInfinite, .isFinite: return [nil]
    default: return [try builder.value(.unaryGradient(self), node.inputs[0], gradient)]
    }
  }
}

/// x, output gradient → gradient of x.
struct UnaryGradient: OperationRules {
  let function: UnaryFunction

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = "\(function.name)Gradient"
    try Operation.checkCount(name, inputs, 2)
    try Operation.checkFloat(name, inputs)
    try Operation.check(name, "gradient", inputs[1], is: inputs[0])
    return [inputs[0]]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let cotangent = try gradients.main(of: node)
    let (x, gradient) = (node.inputs[0], node.inputs[1])
    var results: [ValueID?] = [nil, nil]
    if gradients.isWanted[0], let curvature = try function.curvature(x, in: &builder) {
      results[0] = try builder.multiply(try builder.multiply(cotangent, gradient), curvature)
    }
    if gradients.isWanted[1] { results[1] = try builder.value(.unaryGradient(function), x, cotangent) }
    return results
  }
}

extension UnaryFunction {
  /// The second derivative at x; nil where it is 0 wherever it is defined.
  ///
  /// - Throws: `gradient.undefined` for functions that have no rule.
  fileprivate func curvature(
    _ x: ValueID, in builder: inout GraphBuilder
  ) throws(GraphError) -> ValueID? {
    switch self {
    case .relu, .relu6, .leakyReLU, .hardSigmoid, .absolute, .clamp, .hardTanh, .negate: return nil
    case .square: return builder.scalar(2)
    case .exponential: return try builder.unary(.exponential, x)
    case .logarithm: return try builder.unary(.negate, try Self.power(x, -2, times: 1, in: &builder))
    case .squareRoot: return try Self.power(x, -1.5, times: -0.25, in: &builder)
    case .reciprocalSquareRoot: return try Self.power(x, -2.5, times: 0.75, in: &builder)
    case .reciprocal: return try Self.power(x, -3, times: 2, in: &builder)
    case .tanh:
      // −2t(1 − t²)
      let value = try builder.unary(.tanh, x)
      let slope = try builder.subtract(builder.scalar(1), try builder.unary(.square, value))
      return try builder.multiply(try builder.multiply(value, slope), builder.scalar(-2))
    case .elu(let alpha):
      let curve = try builder.multiply(try builder.unary(.exponential, x), builder.scalar(alpha))
      let isBelow = try builder.value(.binary(.less), x, builder.scalar(0))
      return try builder.value(.select, isBelow, curve, builder.scalar(0))
    case .softplus: return try Self.sigmoidSlope(x, in: &builder)
    case .hardSwish:
      let isInside = try builder.value(.binary(.less), try builder.unary(.absolute, x), builder.scalar(3))
      return try builder.multiply(isInside, builder.scalar(1.0 / 3))
    case .sigmoid: return try Self.sigmoidCurvature(x, in: &builder)
    case .silu:
      // 2σ′ + xσ″
      return try builder.add(
        try builder.multiply(try Self.sigmoidSlope(x, in: &builder), builder.scalar(2)),
        try builder.multiply(x, try Self.sigmoidCurvature(x, in: &builder)))
    case .gelu:
      // (2 − x²)·φ(x)
      let square = try builder.unary(.square, x)
      let density = try builder.multiply(
        try builder.unary(.exponential, try builder.multiply(square, builder.scalar(-0.5))),
        builder.scalar(1 / (2 * Double.pi).squareRoot()))
      return try builder.multiply(try builder.subtract(builder.scalar(2), square), density)
    default:
      throw GraphError("gradient.undefined", "\(name) has no second derivative here")
    }
  }

  /// σ(1 − σ).
  private static func sigmoidSlope(
    _ x: ValueID, in builder: inout GraphBuilder
  ) throws(GraphError) -> ValueID {
    try builder.value(.unaryGradient(.sigmoid), x, builder.constant(.fill(1, builder.type(of: x))))
  }

  /// σ(1 − σ)(1 − 2σ).
  private static func sigmoidCurvature(
    _ x: ValueID, in builder: inout GraphBuilder
  ) throws(GraphError) -> ValueID {
    let double = try builder.multiply(try builder.unary(.sigmoid, x), builder.scalar(2))
    return try builder.multiply(
      try sigmoidSlope(x, in: &builder), try builder.subtract(builder.scalar(1), double))
  }

  private static func power(
    _ x: ValueID, _ exponent: Double, times factor: Double, in builder: inout GraphBuilder
  ) throws(GraphError) -> ValueID {
    try builder.multiply(
      try builder.value(.binary(.power), x, builder.scalar(exponent)), builder.scalar(factor))
  }
}
