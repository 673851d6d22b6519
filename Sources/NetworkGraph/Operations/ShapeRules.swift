/// The same elements in another shape.
struct Reshape: OperationRules {
  let shape: [Int]

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("reshape", inputs, 1)
    let result = TensorType(inputs[0].elementType, shape)
    try result.check()
    guard result.elementCount == inputs[0].elementCount else {
      throw GraphError(
        "shape.reshape.count",
        "shape \(shape) is invalid for input of size \(inputs[0].elementCount) (input \(inputs[0].shape))")
    }
    return [result]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    [try builder.reshape(try gradients.main(of: node), builder.type(of: node.inputs[0]).shape)]
  }
}

/// Dimension `i` of the result is dimension `permutation[i]` of the operand.
struct Transpose: OperationRules {
  let permutation: [Int]

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("transpose", inputs, 1)
    let shape = inputs[0].shape
    guard permutation.sorted() == Array(shape.indices) else {
      throw GraphError(
        "shape.transpose.permutation", "\(permutation) is not a permutation of the dimensions of \(shape)")
    }
    return [TensorType(inputs[0].elementType, permutation.map { shape[$0] })]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    var inverse = permutation
    for (to, from) in permutation.enumerated() { inverse[from] = to }
    return [try builder.value(.transpose(inverse), try gradients.main(of: node))]
  }
}

/// Broadcasts extents of 1 and missing leading dimensions.
struct Expand: OperationRules {
  let shape: [Int]

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("expand", inputs, 1)
    let result = TensorType(inputs[0].elementType, shape)
    try result.check()
    let given = inputs[0].shape
    let missing = shape.count - given.count
    guard missing >= 0 else {
      throw GraphError(
        "shape.expand.rank",
        "the number of sizes provided (\(shape.count)) must be greater or equal to the number of dimensions in "
          + "the tensor (\(given.count))")
    }
    for (axis, extent) in given.enumerated() where extent != 1 && extent != shape[missing + axis] {
      throw GraphError(
        "shape.expand.extent",
        "the expanded size of the tensor (\(shape[missing + axis])) must match the existing size (\(extent)) at "
          + "non-singleton dimension \(missing + axis) (target \(shape), tensor \(given))")
    }
    return [result]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    [try builder.sum(try gradients.main(of: node), to: builder.type(of: node.inputs[0]).shape)]
  }
}

/// A border of a constant.
struct Pad: OperationRules {
  let before: [Int]
  let after: [Int]

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("pad", inputs, 1)
    let shape = inputs[0].shape
    guard before.count == shape.count, after.count == shape.count else {
      throw GraphError(
        "shape.pad.rank",
        "pad expected one pair per dimension of \(shape) but got \(before.count) and \(after.count)")
    }
    for number in before + after { try Operation.check("pad", "padding", number, atLeast: 0) }
    return [TensorType(inputs[0].elementType, shape.indices.map { before[$0] + shape[$0] + after[$0] })]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    var gradient = try gradients.main(of: node)
    for (axis, extent) in builder.type(of: node.inputs[0]).shape.enumerated()
    where before[axis] > 0 || after[axis] > 0 {
      let slice = Slice(axis: axis, start: before[axis], end: before[axis] + extent)
      gradient = try builder.value(.slice(slice), gradient)
    }
    return [gradient]
  }
}
