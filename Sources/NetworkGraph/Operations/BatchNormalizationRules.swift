extension BatchNormalization: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = "batchNormalization"
    let channels = try checkOperands(
      name, inputs,
      vectors: (isAffine ? ["weight", "bias"] : [])
        + (tracksRunningStatistics ? ["running_mean", "running_var"] : []))
    if isTraining {
      try checkTraining(inputs[0])
      let count = tracksRunningStatistics ? 4 : 2
      return [inputs[0]] + [TensorType](repeating: TensorType(.float32, [channels]), count: count)
    }
    guard tracksRunningStatistics else {
      throw GraphError(
        "shape.batchNormalization.statistics",
        "batch normalisation in evaluation mode needs running statistics")
    }
    return [inputs[0]]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let gradient = try gradients.main(of: node)
    return isTraining
      ? try trainingGradients(node, gradient, gradients.isWanted, in: &builder)
      : try evaluationGradients(node, gradient, gradients.isWanted, in: &builder)
  }

  private func trainingGradients(
    _ node: Node, _ gradient: ValueID, _ isWanted: [Bool], in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    var operands = [node.inputs[0], node.outputs[1], node.outputs[2]]
    if isAffine { operands.append(node.inputs[1]) }
    operands.append(gradient)
    let results: [ValueID?] = try builder.apply(.batchNormalizationGradient(self), operands)
    return results + [ValueID?](repeating: nil, count: node.inputs.count - results.count)
  }

  /// y = (x − mean) · (variance + ε)^−½ · weight + bias, with constants for statistics.
  private func evaluationGradients(
    _ node: Node, _ gradient: ValueID, _ isWanted: [Bool], in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let shape = builder.type(of: node.inputs[0]).shape
    let channelShape = shape.indices.map { $0 == 1 ? shape[1] : 1 }
    let axes = shape.indices.filter { $0 != 1 }
    let (mean, variance) = (node.inputs[node.inputs.count - 2], node.inputs[node.inputs.count - 1])
    let shifted = try builder.add(variance, builder.scalar(epsilon))
    let inverse = try builder.unary(.reciprocal, try builder.unary(.squareRoot, shifted))
    let scale = isAffine ? try builder.multiply(inverse, node.inputs[1]) : inverse
    var results = [ValueID?](repeating: nil, count: node.inputs.count)
    if isWanted[0] {
      results[0] = try builder.multiply(gradient, try builder.reshape(scale, channelShape))
    }
    let meanIndex = node.inputs.count - 2
    let wantsBias = isAffine && isWanted[2]
    let wantsSlope = (isAffine && isWanted[1]) || isWanted[meanIndex + 1]
    if wantsBias || isWanted[meanIndex] {
      let total = try builder.sum(gradient, over: axes)
      if wantsBias { results[2] = total }
      if isWanted[meanIndex] {
        results[meanIndex] = try builder.unary(.negate, try builder.multiply(total, scale))
      }
    }
    if wantsSlope {
      let centred = try builder.subtract(node.inputs[0], try builder.reshape(mean, channelShape))
      let slope = try builder.multiply(
        try builder.sum(try builder.multiply(gradient, centred), over: axes), inverse)
      if isAffine, isWanted[1] { results[1] = slope }
      if isWanted[meanIndex + 1] {
        let factor = try builder.multiply(
          try builder.value(.binary(.divide), slope, shifted), builder.scalar(-0.5))
        results[meanIndex + 1] = isAffine ? try builder.multiply(factor, node.inputs[1]) : factor
      }
    }
    return results
  }

  /// Checks x `[N, C, …]` and the vectors `[C]` behind it; gives C.
  fileprivate func checkOperands(
    _ name: String, _ inputs: [TensorType], vectors: [String]
  ) throws(GraphError) -> Int {
    try Operation.checkCount(name, inputs, 1 + vectors.count)
    try Operation.checkFloat(name, inputs)
    let shape = inputs[0].shape
    guard shape.count >= 2 else {
      throw GraphError(
        "shape.batchNormalization.rank",
        "expected at least 2D input (got \(shape.count)D input of size \(shape))")
    }
    guard epsilon.isFinite, epsilon >= 0, momentum.isFinite else {
      throw GraphError(
        "shape.batchNormalization.attributes",
        "eps \(epsilon) and momentum \(momentum) must be finite numbers")
    }
    for (role, type) in zip(vectors, inputs.dropFirst()) where type.shape != [shape[1]] {
      throw GraphError(
        "shape.batchNormalization.channels",
        "\(role) should contain \(shape[1]) elements not \(type.elementCount) (input \(shape))")
    }
    return shape[1]
  }

  fileprivate func checkTraining(_ x: TensorType) throws(GraphError) {
    guard x.elementCount > x.shape[1] else {
      throw GraphError(
        "shape.batchNormalization.single",
        "expected more than 1 value per channel when training, got input size \(x.shape)")
    }
  }
}

/// x, batch mean, batch 1/√(variance + ε), weight if affine, output gradient → gradients of x, weight, bias.
struct BatchNormalizationGradient: OperationRules {
  let normalization: BatchNormalization

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = "batchNormalizationGradient"
    let vectors = ["mean", "inverse"] + (normalization.isAffine ? ["weight"] : [])
    try Operation.checkCount(name, inputs, vectors.count + 2)
    let channels = try normalization.checkOperands(name, Array(inputs.dropLast()), vectors: vectors)
    try normalization.checkTraining(inputs[0])
    try Operation.check(name, "gradient", inputs[inputs.count - 1], is: inputs[0])
    let vector = TensorType(.float32, [channels])
    return normalization.isAffine ? [inputs[0], vector, vector] : [inputs[0]]
  }
}
