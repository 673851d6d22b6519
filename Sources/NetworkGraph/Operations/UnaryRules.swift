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
}
