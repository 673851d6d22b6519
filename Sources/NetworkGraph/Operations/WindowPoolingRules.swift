extension Pooling: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("maximumPooling", inputs, 1)
    try Operation.checkImages("maximumPooling", inputs[0])
    let shape = try outputShape("maximumPooling", inputs[0].shape)
    return [TensorType(.float32, shape), TensorType(.int32, shape)]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let shape = builder.type(of: node.inputs[0]).shape
    return [
      try builder.value(
        .maximumPoolingGradient(inputShape: shape), try gradients.main(of: node), node.outputs[1])
    ]
  }

  /// The output's shape for images `[N, C, H, W]`, by PyTorch's `pooling_output_shape`.
  func outputShape(_ name: String, _ images: [Int]) throws(GraphError) -> [Int] {
    [images[0], images[1], try extent(name, images[2], \.height), try extent(name, images[3], \.width)]
  }

  private func extent(
    _ name: String, _ extent: Int, _ side: KeyPath<Size2D, Int>
  ) throws(GraphError) -> Int {
    let (kernel, stride) = (kernel[keyPath: side], stride[keyPath: side])
    let (padding, dilation) = (padding[keyPath: side], dilation[keyPath: side])
    try Operation.check(name, "kernel", kernel, atLeast: 1)
    try Operation.check(name, "stride", stride, atLeast: 1)
    try Operation.check(name, "dilation", dilation, atLeast: 1)
    try Operation.check(name, "padding", padding, atLeast: 0)
    let reach = dilation * (kernel - 1) + 1
    guard padding <= reach / 2 else {
      throw GraphError(
        "shape.\(name).padding",
        "pad should be at most half of effective kernel size, but got pad=\(padding) and effective kernel size "
          + "\(reach)")
    }
    // Else every tap of a window could fall into the border, and the maximum would have no place.
    guard padding == 0 || dilation <= extent else { throw Self.tooSmall(name, extent, reach) }
    let room = extent + 2 * padding - reach
    // Swift divides towards zero, so a window that does not fit is caught before the division.
    guard room >= 0 || (roundsUp && room > -stride) else { throw Self.tooSmall(name, extent, reach) }
    var count = (room >= 0 ? (room + (roundsUp ? stride - 1 : 0)) / stride : 0) + 1
    // The last window must start inside the image or its border before it.
    if roundsUp, (count - 1) * stride >= extent + padding { count -= 1 }
    guard count >= 1 else { throw Self.tooSmall(name, extent, reach) }
    return count
  }

  private static func tooSmall(_ name: String, _ extent: Int, _ reach: Int) -> GraphError {
    GraphError(
      "shape.\(name).kernel",
      "output size is too small: \(extent) rows or columns do not hold a window that spans \(reach)")
  }
}

/// output gradient, indices → gradient of x.
struct MaximumPoolingGradient: OperationRules {
  let inputShape: [Int]

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = "maximumPoolingGradient"
    try Operation.checkCount(name, inputs, 2)
    try Operation.checkImages(name, inputs[0])
    let indices = TensorType(.int32, inputs[0].shape)
    try Operation.check(name, "indices", inputs[1], is: indices)
    return [try poolingInput(name, inputShape, gradient: inputs[0])]
  }

  /// Of the pooled places, those that were the maxima.
  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let shape = builder.type(of: node.inputs[0]).shape
    let planes = try builder.reshape(
      try gradients.main(of: node), [shape[0], shape[1], inputShape[2] * inputShape[3]])
    let indices = try builder.reshape(node.inputs[1], [shape[0], shape[1], shape[2] * shape[3]])
    return [try builder.reshape(try builder.value(.gather(axis: 2), planes, indices), shape), nil]
  }
}

extension AveragePooling: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("averagePooling", inputs, 1)
    try Operation.checkImages("averagePooling", inputs[0])
    return [TensorType(.float32, try outputShape(inputs[0].shape))]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let shape = builder.type(of: node.inputs[0]).shape
    return [
      try builder.value(.averagePoolingGradient(self, inputShape: shape), try gradients.main(of: node))
    ]
  }

  func outputShape(_ images: [Int]) throws(GraphError) -> [Int] {
    guard window.dilation == Size2D(1, 1) else {
      throw GraphError("shape.averagePooling.dilation", "averagePooling has no dilation")
    }
    if divisor == 0 { throw GraphError("shape.averagePooling.divisor", "divisor must be not zero") }
    return try window.outputShape("averagePooling", images)
  }
}

/// output gradient → gradient of x.
struct AveragePoolingGradient: OperationRules {
  let pooling: AveragePooling
  let inputShape: [Int]

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = "averagePoolingGradient"
    try Operation.checkCount(name, inputs, 1)
    try Operation.checkImages(name, inputs[0])
    let images = try poolingInput(name, inputShape, gradient: inputs[0])
    let expected = TensorType(.float32, try pooling.outputShape(inputShape))
    try Operation.check(name, "gradient", inputs[0], is: expected)
    return [images]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    [try builder.value(.averagePooling(pooling), try gradients.main(of: node))]
  }
}

/// The type of what was pooled, given the shape of the images and the gradient of the result.
func poolingInput(
  _ name: String, _ shape: [Int], gradient: TensorType
) throws(GraphError) -> TensorType {
  let images = TensorType(.float32, shape)
  try images.check()
  try Operation.checkImages(name, images)
  guard shape[0] == gradient.shape[0], shape[1] == gradient.shape[1] else {
    throw GraphError(
      "shape.\(name).channels",
      "\(name): a gradient of shape \(gradient.shape) is not that of pooled \(shape)")
  }
  return images
}
