/// x → the index of the first maximum or minimum along the axis.
struct ArgumentOfExtremum: OperationRules {
  let name: String
  let axis: Int

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount(name, inputs, 1)
    try Operation.checkAxis(name, axis, rank: inputs[0].rank)
    var shape = inputs[0].shape
    shape.remove(at: axis)
    return [TensorType(.int32, shape)]
  }
}

/// x → x in order along the axis, indices.
struct Sort: OperationRules {
  let axis: Int

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("sort", inputs, 1)
    try Operation.checkAxis("sort", axis, rank: inputs[0].rank)
    return [inputs[0], TensorType(.int32, inputs[0].shape)]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let shape = builder.type(of: node.inputs[0]).shape
    return [
      try builder.value(
        .gatherGradient(axis: axis, inputShape: shape), try gradients.main(of: node), node.outputs[1])
    ]
  }
}
