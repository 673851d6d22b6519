extension Reduction: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("reduce", inputs, 1)
    if kind == .mean { try Operation.checkFloat("reduce", inputs) }
    let shape = inputs[0].shape
    for (index, axis) in axes.enumerated() {
      try Operation.checkAxis("reduce", axis, rank: shape.count)
      guard index == 0 || axes[index - 1] < axis else {
        throw GraphError("shape.reduce.axes", "reduce: dimensions \(axes) are not ascending and distinct")
      }
    }
    return [TensorType(inputs[0].elementType, reducedShape(shape, keepsDimensions: keepsDimensions))]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let shape = builder.type(of: node.inputs[0]).shape
    let kept = reducedShape(shape, keepsDimensions: true)
    let gradient = try builder.reshape(try gradients.main(of: node), kept)
    switch kind {
    case .sum: return [try builder.expand(gradient, shape)]
    case .mean:
      let count = axes.reduce(1) { $0 * shape[$1] }
      return [try builder.expand(try builder.multiply(gradient, builder.scalar(1 / Double(count))), shape)]
    case .maximum, .minimum:
      // As amax and amin: what is equal to the extremum shares its gradient evenly.
      let extremum = try builder.reshape(node.outputs[0], kept)
      let mask = try builder.value(.binary(.equal), node.inputs[0], extremum)
      let count = try builder.sum(mask, over: axes, keepsDimensions: true)
      return [try builder.multiply(mask, try builder.value(.binary(.divide), gradient, count))]
    case .product:
      return [try builder.multiply(gradient, try productOfOthers(node.inputs[0], in: &builder))]
    }
  }

  /// Per element, the product of all others it is multiplied with; right where some of them are 0.
  private func productOfOthers(
    _ x: ValueID, in builder: inout GraphBuilder
  ) throws(GraphError) -> ValueID {
    let isZero = try builder.value(.binary(.equal), x, builder.scalar(0))
    let factors = try builder.value(.select, isZero, builder.scalar(1), x)
    let product = Reduction(.product, axes: axes, keepsDimensions: true)
    let quotient = try builder.value(.binary(.divide), try builder.value(.reduce(product), factors), factors)
    let zeros = try builder.sum(isZero, over: axes, keepsDimensions: true)
    let hasNoOtherZero = try builder.value(.binary(.equal), zeros, isZero)
    return try builder.value(.select, hasNoOtherZero, quotient, builder.scalar(0))
  }

  private func reducedShape(_ shape: [Int], keepsDimensions: Bool) -> [Int] {
    let reduced = Set(axes)
    return keepsDimensions
      ? shape.indices.map { reduced.contains($0) ? 1 : shape[$0] }
      : shape.indices.filter { !reduced.contains($0) }.map { shape[$0] }
  }
}

/// x → the sums of all elements up to each one along the axis, or from it on.
struct CumulativeSum: OperationRules {
  let axis: Int
  let isReversed: Bool

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("cumulativeSum", inputs, 1)
    try Operation.checkAxis("cumulativeSum", axis, rank: inputs[0].rank)
    return inputs
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let gradient = try gradients.main(of: node)
    return [try builder.value(.cumulativeSum(axis: axis, isReversed: !isReversed), gradient)]
  }
}
