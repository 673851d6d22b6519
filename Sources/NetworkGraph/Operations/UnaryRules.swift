extension UnaryFunction: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount(name, inputs, 1)
    try Operation.checkFloat(name, inputs)
    return inputs
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let gradient = try gradients.main(of: node)
    switch self {
    case .negate: return [try builder.unary(.negate, gradient)]
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
