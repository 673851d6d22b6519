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

  /// What comes back to x takes mean and 1/√(variance + ε) for the functions of x that they are, so they get nothing.
  ///
  /// With x̂ the normalised x, g the output gradient, v what came back to the gradient of x, and D(u) the gradient of x
  /// for an output gradient u: D(v) for g, and −inverse·(x̂·mean(v·D(g)) + mean(g·x̂)·D(v) + mean(v·x̂)·D(g)) for x.
  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let (x, mean, inverse) = (node.inputs[0], node.inputs[1], node.inputs[2])
    let gradient = node.inputs[node.inputs.count - 1]
    let shape = builder.type(of: x).shape
    let channelShape = shape.indices.map { $0 == 1 ? shape[1] : 1 }
    let axes = shape.indices.filter { $0 != 1 }
    let share = 1 / Double(axes.reduce(1) { $0 * shape[$1] })
    var affine = normalization
    affine.isAffine = true
    let ones = builder.constant(.fill(1, builder.type(of: mean)))
    let weight = normalization.isAffine ? node.inputs[3] : ones
    func channels(_ vector: ValueID, _ builder: inout GraphBuilder) throws(GraphError) -> ValueID {
      try builder.reshape(vector, channelShape)
    }
    func plain(_ gradient: ValueID, _ builder: inout GraphBuilder) throws(GraphError) -> [ValueID] {
      try builder.apply(.batchNormalizationGradient(affine), [x, mean, inverse, ones, gradient])
    }
    let factor = try channels(inverse, &builder)
    let centred = try builder.subtract(x, try channels(mean, &builder))
    let normalized = try builder.multiply(centred, factor)
    var ofX: ValueID?
    var ofGradient: ValueID?
    var ofWeight: ValueID?
    if let v = gradients.values[0] {
      let back = try builder.apply(.batchNormalizationGradient(affine), [x, mean, inverse, weight, v])
      let own =
        normalization.isAffine
        ? node.outputs
        : try builder.apply(.batchNormalizationGradient(affine), [x, mean, inverse, weight, gradient])
      ofGradient = back[0]
      if gradients.isWanted[0] {
        let product = try builder.sum(try builder.multiply(v, own[0]), over: axes)
        let sum = try builder.add(
          try builder.multiply(normalized, try channels(product, &builder)),
          try builder.add(
            try builder.multiply(back[0], try channels(own[1], &builder)),
            try builder.multiply(own[0], try channels(back[1], &builder))))
        let scale = try builder.multiply(factor, builder.scalar(-share))
        ofX = try builder.multiply(sum, scale)
      }
      if normalization.isAffine, gradients.isWanted[3] {
        ofWeight = try builder.sum(try builder.multiply(v, try plain(gradient, &builder)[0]), over: axes)
      }
    }
    func add(_ value: ValueID, to sum: inout ValueID?, _ builder: inout GraphBuilder) throws(GraphError) {
      if let old = sum { sum = try builder.add(old, value) } else { sum = value }
    }
    // Of the gradients of weight, Σ g·x̂, and bias, Σ g.
    if normalization.isAffine, let v = gradients.values[1] {
      let vector = try channels(v, &builder)
      try add(try builder.multiply(normalized, vector), to: &ofGradient, &builder)
      if gradients.isWanted[0] {
        try add(
          try builder.multiply(try plain(gradient, &builder)[0], vector), to: &ofX, &builder)
      }
    }
    if normalization.isAffine, let v = gradients.values[2] {
      try add(try builder.expand(try channels(v, &builder), shape), to: &ofGradient, &builder)
    }
    return [ofX, nil, nil] + (normalization.isAffine ? [ofWeight] : []) + [ofGradient]
  }
}
