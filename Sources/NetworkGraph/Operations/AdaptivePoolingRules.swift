/// Pooling to a given height and width; window `i` of `n` spans `⌊i·extent/n⌋ ..< ⌈(i + 1)·extent/n⌉`.
struct AdaptivePooling: OperationRules {
  let height: Int
  let width: Int
  let isMaximum: Bool

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = isMaximum ? "adaptiveMaximumPooling" : "adaptiveAveragePooling"
    try Operation.checkCount(name, inputs, 1)
    try Operation.checkImages(name, inputs[0])
    try Operation.check(name, "output_size", height, atLeast: 1)
    try Operation.check(name, "output_size", width, atLeast: 1)
    let shape = [inputs[0].shape[0], inputs[0].shape[1], height, width]
    return [TensorType(.float32, shape)] + (isMaximum ? [TensorType(.int32, shape)] : [])
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let gradient = try gradients.main(of: node)
    let shape = builder.type(of: node.inputs[0]).shape
    return [
      isMaximum
        ? try builder.value(.maximumPoolingGradient(inputShape: shape), gradient, node.outputs[1])
        : try builder.value(.adaptiveAveragePoolingGradient(inputShape: shape), gradient)
    ]
  }
}

/// output gradient → gradient of x.
struct AdaptiveAveragePoolingGradient: OperationRules {
  let inputShape: [Int]

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = "adaptiveAveragePoolingGradient"
    try Operation.checkCount(name, inputs, 1)
    try Operation.checkImages(name, inputs[0])
    return [try poolingInput(name, inputShape, gradient: inputs[0])]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let gradient = try gradients.main(of: node)
    let shape = builder.type(of: node.inputs[0]).shape
    return [try builder.value(.adaptiveAveragePooling(height: shape[2], width: shape[3]), gradient)]
  }
}
