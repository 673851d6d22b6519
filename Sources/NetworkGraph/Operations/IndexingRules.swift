/// x, indices → the elements of x at the places of the indices, whose coordinate along the axis is the index.
struct Gather: OperationRules {
  let axis: Int

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("gather", inputs, 2)
    try Self.check("gather", axis: axis, input: inputs[0].shape, indices: inputs[1])
    return [TensorType(inputs[0].elementType, inputs[1].shape)]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let shape = builder.type(of: node.inputs[0]).shape
    let gradient = try gradients.main(of: node)
    return [
      try builder.value(.gatherGradient(axis: axis, inputShape: shape), gradient, node.inputs[1]), nil,
    ]
  }

  static func check(
    _ name: String, axis: Int, input: [Int], indices: TensorType
  ) throws(GraphError) {
    try Operation.checkIndices(name, indices)
    guard indices.rank == input.count else {
      throw GraphError(
        "shape.\(name).rank",
        "index tensor must have the same number of dimensions as input tensor: got \(indices.rank) and "
          + "\(input.count)")
    }
    try Operation.checkAxis(name, axis, rank: input.count)
    for other in input.indices where other != axis && indices.shape[other] > input[other] {
      throw GraphError(
        "shape.\(name).extent",
        "size does not match at dimension \(other): expected index \(indices.shape) to be no larger than self "
          + "\(input) apart from dimension \(axis)")
    }
  }
}

/// output gradient, indices → zeros to which the gradient is added at the places gathered from.
struct GatherGradient: OperationRules {
  let axis: Int
  let inputShape: [Int]

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = "gatherGradient"
    try Operation.checkCount(name, inputs, 2)
    let whole = TensorType(.float32, inputShape)
    try whole.check()
    try Gather.check(name, axis: axis, input: inputShape, indices: inputs[1])
    try Operation.check(name, "gradient", inputs[0], is: TensorType(.float32, inputs[1].shape))
    return [whole]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    [try builder.value(.gather(axis: axis), try gradients.main(of: node), node.inputs[1]), nil]
  }
}

/// x, indices → x with the axis replaced by the shape of the indices.
struct Take: OperationRules {
  let axis: Int

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("take", inputs, 2)
    let shape = try Self.outputShape("take", axis: axis, input: inputs[0].shape, indices: inputs[1])
    return [TensorType(inputs[0].elementType, shape)]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let shape = builder.type(of: node.inputs[0]).shape
    let gradient = try gradients.main(of: node)
    return [
      try builder.value(.takeGradient(axis: axis, inputShape: shape), gradient, node.inputs[1]), nil,
    ]
  }

  static func outputShape(
    _ name: String, axis: Int, input: [Int], indices: TensorType
  ) throws(GraphError) -> [Int] {
    try Operation.checkIndices(name, indices)
    try Operation.checkAxis(name, axis, rank: input.count)
    return input[..<axis] + indices.shape + input[(axis + 1)...]
  }
}

/// output gradient, indices → zeros to which the gradient is added at the places taken from.
struct TakeGradient: OperationRules {
  let axis: Int
  let inputShape: [Int]

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = "takeGradient"
    try Operation.checkCount(name, inputs, 2)
    let whole = TensorType(.float32, inputShape)
    try whole.check()
    let shape = try Take.outputShape(name, axis: axis, input: inputShape, indices: inputs[1])
    try Operation.check(name, "gradient", inputs[0], is: TensorType(.float32, shape))
    return [whole]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    [try builder.value(.take(axis: axis), try gradients.main(of: node), node.inputs[1]), nil]
  }
}
