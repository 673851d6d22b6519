/// a where the condition is not 0, else b, with broadcasting.
struct Select: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("select", inputs, 3)
    try Operation.checkFloat("select", [inputs[0]])
    guard inputs[1].elementType == inputs[2].elementType else {
      throw GraphError(
        "shape.select.type",
        "select expected one element type but got \(inputs[1].elementType.rawValue) and "
          + inputs[2].elementType.rawValue)
    }
    let chosen = try Operation.broadcast(inputs[1].shape, inputs[2].shape, "select")
    let shape = try Operation.broadcast(inputs[0].shape, chosen, "select")
    return [TensorType(inputs[1].elementType, shape)]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let gradient = try gradients.main(of: node)
    let (condition, zero) = (node.inputs[0], builder.scalar(0))
    var results: [ValueID?] = [nil, nil, nil]
    for side in 1...2 where gradients.isWanted[side] {
      let full =
        try side == 1
        ? builder.value(.select, condition, gradient, zero)
        : builder.value(.select, condition, zero, gradient)
      results[side] = try builder.sum(full, to: builder.type(of: node.inputs[side]).shape)
    }
    return results
  }
}

/// The same numbers in another element type.
struct Cast: OperationRules {
  let elementType: ElementType

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("cast", inputs, 1)
    return [TensorType(elementType, inputs[0].shape)]
  }

  /// Whole numbers have no gradient, so there is one from float32 to float32 alone.
  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] { [try gradients.main(of: node)] }
}

/// x, of which no gradient is taken.
struct Detach: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("detach", inputs, 1)
    return inputs
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] { [nil] }
}
