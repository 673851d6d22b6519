/// Probabilities or their logarithms along an axis.
struct Softmax: OperationRules {
  let axis: Int
  let isLogarithmic: Bool

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = isLogarithmic ? "logSoftmax" : "softmax"
    try Operation.checkCount(name, inputs, 1)
    try Operation.checkFloat(name, inputs)
    try Operation.checkAxis(name, axis, rank: inputs[0].rank)
    return inputs
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let gradient = try gradients.main(of: node)
    let result = node.outputs[0]
    if isLogarithmic {
      let total = try builder.sum(gradient, over: [axis], keepsDimensions: true)
      let share = try builder.multiply(try builder.unary(.exponential, result), total)
      return [try builder.subtract(gradient, share)]
    }
    let weighted = try builder.multiply(gradient, result)
    let total = try builder.sum(weighted, over: [axis], keepsDimensions: true)
    return [try builder.subtract(weighted, try builder.multiply(result, total))]
  }
}

/// logits `[N, C]`, labels int32 `[N]` → mean loss.
struct CrossEntropy: OperationRules {
  let labelSmoothing: Double

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("crossEntropy", inputs, 2)
    try Self.check(inputs, labelSmoothing)
    return [TensorType(.float32, [])]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    [
      try builder.value(
        .crossEntropyGradient(labelSmoothing: labelSmoothing), node.inputs[0], node.inputs[1],
        try gradients.main(of: node)), nil,
    ]
  }

  static func check(_ inputs: [TensorType], _ labelSmoothing: Double) throws(GraphError) {
    let logits = inputs[0]
    guard logits.elementType == .float32, logits.rank == 2 else {
      throw GraphError("shape.crossEntropy.logits", "expected logits [N, C] but got \(logits)")
    }
    try Operation.check("crossEntropy", "labels", inputs[1], is: TensorType(.int32, [logits.shape[0]]))
    guard labelSmoothing >= 0, labelSmoothing <= 1 else {
      throw GraphError(
        "shape.crossEntropy.smoothing", "label_smoothing must be between 0.0 and 1.0, got \(labelSmoothing)")
    }
  }
}

/// logits, labels, gradient of the loss → gradient of the logits.
struct CrossEntropyGradient: OperationRules {
  let labelSmoothing: Double

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("crossEntropyGradient", inputs, 3)
    try CrossEntropy.check(inputs, labelSmoothing)
    try Operation.check("crossEntropyGradient", "gradient", inputs[2], is: TensorType(.float32, []))
    return [inputs[0]]
  }

  /// With p the probabilities, t the targets and v what came back: p·(v − Σ p·v)·gradient / N for the logits, and
  /// Σ v·(p − t) / N for the gradient.
  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let cotangent = try gradients.main(of: node)
    let (logits, labels, gradient) = (node.inputs[0], node.inputs[1], node.inputs[2])
    var results: [ValueID?] = [nil, nil, nil]
    if gradients.isWanted[0] {
      let count = Double(builder.type(of: logits).shape[0])
      let probabilities = try builder.value(.softmax(axis: 1), logits)
      let weighted = try builder.multiply(probabilities, cotangent)
      let total = try builder.sum(weighted, over: [1], keepsDimensions: true)
      let change = try builder.subtract(weighted, try builder.multiply(probabilities, total))
      let scale = try builder.multiply(gradient, builder.scalar(1 / count))
      results[0] = try builder.multiply(change, scale)
    }
    if gradients.isWanted[2] {
      let slope = try builder.value(
        .crossEntropyGradient(labelSmoothing: labelSmoothing), logits, labels, builder.scalar(1))
      results[2] = try builder.sum(try builder.multiply(cotangent, slope), over: [0, 1])
    }
    return results
  }
}
