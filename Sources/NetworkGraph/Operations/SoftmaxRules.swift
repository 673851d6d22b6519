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
}
