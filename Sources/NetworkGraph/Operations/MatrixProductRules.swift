/// features `[…, I]`, weight `[O, I]`, bias `[O]` → `[…, O]`.
struct LinearRules: OperationRules {
  let hasBias: Bool

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("linear", inputs, hasBias ? 3 : 2)
    try Operation.checkFloat("linear", inputs)
    let (features, weight) = (inputs[0].shape, inputs[1].shape)
    guard weight.count == 2 else {
      throw GraphError("shape.linear.weight", "linear expected a 2D weight but got shape \(weight)")
    }
    guard let count = features.last, count == weight[1] else {
      throw GraphError(
        "shape.linear.features",
        "expected \(weight[1]) input features but the input has \(features.last ?? 0) (input \(features), "
          + "weight \(weight))")
    }
    if hasBias { try Operation.check("linear", "bias", inputs[2], is: TensorType(.float32, [weight[0]])) }
    return [TensorType(.float32, features.dropLast() + [weight[0]])]
  }

  func multiplyAccumulates(inputs: [TensorType], outputs: [TensorType]) -> Int {
    outputs[0].elementCount * inputs[1].shape[1]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let gradient = try builder.flattenedToRows(try gradients.main(of: node))
    let (features, weight) = (node.inputs[0], node.inputs[1])
    var results = [ValueID?](repeating: nil, count: node.inputs.count)
    if gradients.isWanted[0] {
      let product = try builder.value(
        .matrixMultiply(transposeLeft: false, transposeRight: false), gradient, weight)
      results[0] = try builder.reshape(product, builder.type(of: features).shape)
    }
    if gradients.isWanted[1] {
      let rows = try builder.flattenedToRows(features)
      results[1] = try builder.value(
        .matrixMultiply(transposeLeft: true, transposeRight: false), gradient, rows)
    }
    if hasBias, gradients.isWanted[2] { results[2] = try builder.sum(gradient, over: [0]) }
    return results
  }
}

/// `[…, M, K]` · `[…, K, N]` with broadcast leading dimensions.
struct MatrixMultiply: OperationRules {
  let transposeLeft: Bool
  let transposeRight: Bool

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = "matrixMultiply"
    try Operation.checkCount(name, inputs, 2)
    try Operation.checkFloat(name, inputs)
    let (left, right) = (inputs[0].shape, inputs[1].shape)
    guard left.count >= 2, right.count >= 2 else {
      throw GraphError(
        "shape.matrixMultiply.rank", "both operands must be at least 2D, but they are \(left) and \(right)")
    }
    let (m, k) = Self.sides(left, isTransposed: transposeLeft)
    let (other, n) = Self.sides(right, isTransposed: transposeRight)
    guard k == other else {
      throw GraphError(
        "shape.matrixMultiply.inner",
        "mat1 and mat2 shapes cannot be multiplied (\(m)x\(k) and \(other)x\(n); operands \(left) and \(right))"
      )
    }
    let leading = try Operation.broadcast(Array(left.dropLast(2)), Array(right.dropLast(2)), name)
    return [TensorType(.float32, leading + [m, n])]
  }

  func multiplyAccumulates(inputs: [TensorType], outputs: [TensorType]) -> Int {
    outputs[0].elementCount * Self.sides(inputs[0].shape, isTransposed: transposeLeft).columns
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let gradient = try gradients.main(of: node)
    let (left, right) = (node.inputs[0], node.inputs[1])
    let (leftShape, rightShape) = (builder.type(of: left).shape, builder.type(of: right).shape)
    var results: [ValueID?] = [nil, nil]
    if gradients.isWanted[0] {
      let product =
        transposeLeft
        ? try builder.value(
          .matrixMultiply(transposeLeft: transposeRight, transposeRight: true), right, gradient)
        : try builder.value(
          .matrixMultiply(transposeLeft: false, transposeRight: !transposeRight), gradient, right)
      results[0] = try builder.sum(product, to: leftShape)
    }
    if gradients.isWanted[1] {
      if !transposeLeft, rightShape.count == 2, leftShape.count > 2 {
        // A matrix shared by a whole batch: one product over all rows in place of one per batch and a sum.
        let (rows, columns) = (try builder.flattenedToRows(left), try builder.flattenedToRows(gradient))
        results[1] = try rightGradient(rows, columns, in: &builder)
      } else {
        results[1] = try builder.sum(try rightGradient(left, gradient, in: &builder), to: rightShape)
      }
    }
    return results
  }

  private func rightGradient(
    _ left: ValueID, _ gradient: ValueID, in builder: inout GraphBuilder
  ) throws(GraphError) -> ValueID {
    transposeRight
      ? try builder.value(.matrixMultiply(transposeLeft: true, transposeRight: transposeLeft), gradient, left)
      : try builder.value(
        .matrixMultiply(transposeLeft: !transposeLeft, transposeRight: false), left, gradient)
  }

  private static func sides(_ shape: [Int], isTransposed: Bool) -> (rows: Int, columns: Int) {
    let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
    return isTransposed ? (columns, rows) : (rows, columns)
  }
}
