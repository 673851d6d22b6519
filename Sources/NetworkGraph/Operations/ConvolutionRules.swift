extension Convolution: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("convolution", inputs, hasBias ? 3 : 2)
    try Operation.checkFloat("convolution", inputs)
    try Operation.checkImages("convolution", inputs[0])
    let output = try outputShape(images: inputs[0].shape, weight: inputs[1].shape)
    if hasBias {
      try Operation.check("convolution", "bias", inputs[2], is: TensorType(.float32, [output[1]]))
    }
    return [TensorType(.float32, output)]
  }

  func multiplyAccumulates(inputs: [TensorType], outputs: [TensorType]) -> Int {
    Self.multiplyAccumulates(weight: inputs[1].shape, output: outputs[0].shape)
  }

  /// Every output element is a sum of one product per weight of its channel.
  static func multiplyAccumulates(weight: [Int], output: [Int]) -> Int {
    TensorType(.float32, output).elementCount * weight.dropFirst().reduce(1, *)
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let gradient = try gradients.main(of: node)
    let (images, weight) = (node.inputs[0], node.inputs[1])
    var results = [ValueID?](repeating: nil, count: node.inputs.count)
    var plain = self
    plain.hasBias = false
    if gradients.isWanted[0] {
      let shape = builder.type(of: images).shape
      results[0] = try builder.value(.convolutionInputGradient(plain, inputShape: shape), weight, gradient)
    }
    if gradients.isWanted[1] {
      let shape = builder.type(of: weight).shape
      results[1] = try builder.value(.convolutionWeightGradient(plain, weightShape: shape), images, gradient)
    }
    if hasBias, gradients.isWanted[2] { results[2] = try builder.sum(gradient, over: [0, 2, 3]) }
    return results
  }

  /// The output's shape, once images `[N, C, H, W]`, weight `[O, C/groups, kh, kw]` and attributes fit.
  func outputShape(images: [Int], weight: [Int]) throws(GraphError) -> [Int] {
    guard weight.count == 4 else {
      throw GraphError("shape.convolution.weight", "convolution expected a 4D weight but got shape \(weight)")
    }
    for size in [stride, dilation] {
      for number in [size.height, size.width] {
        try Operation.check("convolution", size == stride ? "stride" : "dilation", number, atLeast: 1)
      }
    }
    for number in [padding.height, padding.width, paddingAfter.height, paddingAfter.width] {
      try Operation.check("convolution", "padding", number, atLeast: 0)
    }
    try Operation.check("convolution", "groups", groups, atLeast: 1)
    let (channels, expected) = (images[1], weight[1] * groups)
    guard channels == expected else {
      throw GraphError(
        "shape.convolution.channels",
        "expected \(expected) input channels but the input has \(channels) (input \(images), weight \(weight), "
          + "groups \(groups))")
    }
    guard weight[0] % groups == 0 else {
      throw GraphError(
        "shape.convolution.groups", "out_channels \(weight[0]) must be divisible by groups \(groups)")
    }
    return [
      images[0], weight[0],
      try extent(images[2], kernel: weight[2], \.height), try extent(images[3], kernel: weight[3], \.width),
    ]
  }

  private func extent(
    _ extent: Int, kernel: Int, _ side: KeyPath<Size2D, Int>
  ) throws(GraphError) -> Int {
    let reach = dilation[keyPath: side] * (kernel - 1) + 1
    let padded = extent + padding[keyPath: side] + paddingAfter[keyPath: side]
    guard reach <= padded else {
      throw GraphError(
        "shape.convolution.kernel",
        "kernel size can't be greater than actual input size: the padded input has \(padded) rows or columns, "
          + "the kernel spans \(reach)")
    }
    return (padded - reach) / stride[keyPath: side] + 1
  }
}

/// weight, output gradient → gradient of the images.
struct ConvolutionInputGradient: OperationRules {
  let convolution: Convolution
  let inputShape: [Int]

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = "convolutionInputGradient"
    try Operation.checkCount(name, inputs, 2)
    try Operation.checkFloat(name, inputs)
    let images = TensorType(.float32, inputShape)
    try images.check()
    try Operation.checkImages(name, images)
    let output = try convolution.outputShape(images: inputShape, weight: inputs[0].shape)
    try Operation.check(name, "gradient", inputs[1], is: TensorType(.float32, output))
    return [images]
  }

  func multiplyAccumulates(inputs: [TensorType], outputs: [TensorType]) -> Int {
    Convolution.multiplyAccumulates(weight: inputs[0].shape, output: inputs[1].shape)
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let images = try gradients.main(of: node)
    let (weight, gradient) = (node.inputs[0], node.inputs[1])
    let shape = builder.type(of: weight).shape
    return [
      gradients.isWanted[0]
        ? try builder.value(.convolutionWeightGradient(convolution, weightShape: shape), images, gradient)
        : nil,
      gradients.isWanted[1] ? try builder.value(.convolution(convolution), images, weight) : nil,
    ]
  }
}

/// images, output gradient → gradient of the weight.
struct ConvolutionWeightGradient: OperationRules {
  let convolution: Convolution
  let weightShape: [Int]

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    let name = "convolutionWeightGradient"
    try Operation.checkCount(name, inputs, 2)
    try Operation.checkFloat(name, inputs)
    try Operation.checkImages(name, inputs[0])
    let weight = TensorType(.float32, weightShape)
    try weight.check()
    let output = try convolution.outputShape(images: inputs[0].shape, weight: weightShape)
    try Operation.check(name, "gradient", inputs[1], is: TensorType(.float32, output))
    return [weight]
  }

  func multiplyAccumulates(inputs: [TensorType], outputs: [TensorType]) -> Int {
    Convolution.multiplyAccumulates(weight: weightShape, output: inputs[1].shape)
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let weight = try gradients.main(of: node)
    let (images, gradient) = (node.inputs[0], node.inputs[1])
    let shape = builder.type(of: images).shape
    return [
      gradients.isWanted[0]
        ? try builder.value(.convolutionInputGradient(convolution, inputShape: shape), weight, gradient)
        : nil,
      gradients.isWanted[1] ? try builder.value(.convolution(convolution), images, weight) : nil,
    ]
  }
}
