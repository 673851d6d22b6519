extension Dropout: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("dropout", inputs, 1)
    try Operation.checkFloat("dropout", inputs)
    guard probability >= 0, probability <= 1 else {
      throw GraphError(
        "shape.dropout.probability",
        "dropout probability has to be between 0 and 1, but got \(probability)")
    }
    if isPerChannel, inputs[0].rank < 2 {
      throw GraphError(
        "shape.dropout.rank", "channel dropout expected at least 2D input (got shape \(inputs[0].shape))")
    }
    return [inputs[0], inputs[0]]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    // The mask is drawn whatever x is, so that what comes back to it alone ends here.
    guard let gradient = gradients.values[0] else { return [nil] }
    return [try builder.multiply(gradient, node.outputs[1])]
  }
}
