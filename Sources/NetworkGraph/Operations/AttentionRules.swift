extension Attention: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("attention", inputs, hasMask ? 4 : 3)
    return try results("attention", inputs)
  }

  func multiplyAccumulates(inputs: [TensorType], outputs: [TensorType]) -> Int {
    let features = inputs[0].shape[inputs[0].rank - 1] + inputs[2].shape[inputs[2].rank - 1]
    return outputs[1].elementCount * inputs[1].shape[inputs[1].rank - 2] * features
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    guard !gradients.isWanted.dropFirst(3).contains(true) else {
      throw GraphError("gradient.undefined", "attention has no gradient of its mask")
    }
    let results: [ValueID?] = try builder.apply(
      .attentionGradient(self), node.inputs + node.outputs + [try gradients.main(of: node)])
    return results + [ValueID?](repeating: nil, count: node.inputs.count - 3)
  }

  /// Checks q, k, v and the mask; gives the types of the result and its logarithms.
  fileprivate func results(_ name: String, _ inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkFloat(name, inputs)
    let (query, key, value) = (inputs[0].shape, inputs[1].shape, inputs[2].shape)
    guard query.count >= 2, key.count == query.count, value.count == query.count,
      key.dropLast(2) == query.dropLast(2), value.dropLast(2) == query.dropLast(2),
      key.last == query.last, key[key.count - 2] == value[value.count - 2], let features = value.last
    else {
      throw GraphError(
        "shape.attention.operands", "q \(query), k \(key) and v \(value) do not fit each other")
    }
    let rows = Array(query.dropLast())
    if hasMask {
      let scores = rows + [key[key.count - 2]]
      guard try Operation.broadcast(inputs[3].shape, scores, name) == scores else {
        throw GraphError(
          "shape.attention.mask", "a mask of size \(inputs[3].shape) does not fit scores of size \(scores)")
      }
    }
    return [TensorType(.float32, rows + [features]), TensorType(.float32, rows)]
  }
}

/// q, k, v, the mask if there is one, result, logarithms, output gradient → gradients of q, k and v.
struct AttentionGradient: OperationRules {
  let attention: Attention

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let (name, count) = ("attentionGradient", attention.hasMask ? 4 : 3)
    try Operation.checkCount(name, inputs, count + 3)
    let results = try attention.results(name, Array(inputs.prefix(count)))
    try Operation.check(name, "result", inputs[count], is: results[0])
    try Operation.check(name, "logarithms", inputs[count + 1], is: results[1])
    try Operation.check(name, "gradient", inputs[count + 2], is: results[0])
    return Array(inputs.prefix(3))
  }

  func multiplyAccumulates(inputs: [TensorType], outputs: [TensorType]) -> Int {
    2 * attention.multiplyAccumulates(inputs: inputs, outputs: [inputs[0], inputs[inputs.count - 2]])
  }
}
