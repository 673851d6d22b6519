/// Operands joined along an axis.
struct Concatenate: OperationRules {
  let axis: Int

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    guard let first = inputs.first else {
      throw GraphError("shape.concatenate.operands", "concatenate expected a non-empty list of tensors")
    }
    try Operation.checkAxis("concatenate", axis, rank: first.rank)
    var result = first
    for (index, type) in inputs.enumerated().dropFirst() {
      guard type.elementType == first.elementType else {
        throw GraphError(
          "shape.concatenate.type",
          "concatenate expected one element type but got \(first.elementType.rawValue) and "
            + type.elementType.rawValue)
      }
      guard type.rank == first.rank else {
        throw GraphError(
          "shape.concatenate.rank",
          "tensors must have same number of dimensions: got \(first.rank) and \(type.rank)")
      }
      for other in type.shape.indices where other != axis && type.shape[other] != first.shape[other] {
        throw GraphError(
          "shape.concatenate.extent",
          "sizes of tensors must match except in dimension \(axis): expected size \(first.shape[other]) but got "
            + "size \(type.shape[other]) in dimension \(other) for tensor number \(index) in the list")
      }
      result.shape[axis] += type.shape[axis]
      // Keeps the sum of any number of operands from overflowing.
      try result.check()
    }
    return [result]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let gradient = try gradients.main(of: node)
    var results: [ValueID?] = []
    var start = 0
    for (input, isWanted) in zip(node.inputs, gradients.isWanted) {
      let end = start + builder.type(of: input).shape[axis]
      let slice = Slice(axis: axis, start: start, end: end)
      results.append(isWanted ? try builder.value(.slice(slice), gradient) : nil)
      start = end
    }
    return results
  }
}

extension Slice: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("slice", inputs, 1)
    return [TensorType(inputs[0].elementType, try outputShape("slice", inputs[0].shape))]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let shape = builder.type(of: node.inputs[0]).shape
    return [try builder.value(.sliceGradient(self, inputShape: shape), try gradients.main(of: node))]
  }

  func outputShape(_ name: String, _ shape: [Int]) throws(GraphError) -> [Int] {
    try Operation.checkAxis(name, axis, rank: shape.count)
    guard 0 <= start, start <= end, end <= shape[axis] else {
      throw GraphError(
        "shape.\(name).bounds",
        "\(name): \(start)..<\(end) is out of bounds for dimension \(axis) with size \(shape[axis])")
    }
    guard start < end else {
      throw GraphError("shape.\(name).empty", "\(name): \(start)..<\(end) of dimension \(axis) is empty")
    }
    try Operation.check(name, "step", step, atLeast: 1)
    var result = shape
    result[axis] = (end - start - 1) / step + 1
    return result
  }
}

/// output gradient → zeros with the gradient in the slice's places.
struct SliceGradient: OperationRules {
  let slice: Slice
  let inputShape: [Int]

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = "sliceGradient"
    try Operation.checkCount(name, inputs, 1)
    let whole = TensorType(inputs[0].elementType, inputShape)
    try whole.check()
    let expected = TensorType(inputs[0].elementType, try slice.outputShape(name, inputShape))
    try Operation.check(name, "gradient", inputs[0], is: expected)
    return [whole]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    [try builder.value(.slice(slice), try gradients.main(of: node))]
  }
}
