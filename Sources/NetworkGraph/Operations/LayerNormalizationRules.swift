extension LayerNormalization: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let vectors = (hasWeight ? ["weight"] : []) + (hasBias ? ["bias"] : [])
    let name = "layerNormalization"
    try Operation.checkCount(name, inputs, 1 + vectors.count)
    let (rows, row) = try checkOperands(name, inputs)
    for (role, type) in zip(vectors, inputs.dropFirst()) { try Operation.check(name, role, type, is: row) }
    return [inputs[0], rows, rows]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let weight = hasWeight ? [node.inputs[1]] : []
    let operands =
      [node.inputs[0], node.outputs[1], node.outputs[2]] + weight + [try gradients.main(of: node)]
    return try builder.apply(.layerNormalizationGradient(self), operands)
  }

  /// Checks x `[…, D…]`; gives the types of its means and of what one mean is taken of.
  fileprivate func checkOperands(
    _ name: String, _ inputs: [TensorType]
  ) throws(GraphError) -> (rows: TensorType, row: TensorType) {
    try Operation.checkFloat(name, inputs)
    let shape = inputs[0].shape
    guard axisCount >= 1, axisCount <= shape.count else {
      throw GraphError(
        "shape.layerNormalization.axes", "\(axisCount) axes of an input of size \(shape) cannot be normalised"
      )
    }
    guard epsilon.isFinite, epsilon >= 0 else {
      throw GraphError("shape.layerNormalization.attributes", "eps \(epsilon) must be a finite number")
    }
    return (
      TensorType(.float32, Array(shape.dropLast(axisCount))),
      TensorType(.float32, Array(shape.suffix(axisCount)))
    )
  }
}

/// x, mean, 1/√(variance + ε), weight if there is one, output gradient → gradients of x, weight, bias.
struct LayerNormalizationGradient: OperationRules {
  let normalization: LayerNormalization

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = "layerNormalizationGradient"
    try Operation.checkCount(name, inputs, normalization.hasWeight ? 5 : 4)
    let (rows, row) = try normalization.checkOperands(name, inputs)
    try Operation.check(name, "mean", inputs[1], is: rows)
    try Operation.check(name, "inverse", inputs[2], is: rows)
    if normalization.hasWeight { try Operation.check(name, "weight", inputs[3], is: row) }
    try Operation.check(name, "gradient", inputs[inputs.count - 1], is: inputs[0])
    return [inputs[0]] + (normalization.hasWeight ? [row] : []) + (normalization.hasBias ? [row] : [])
  }
}
