extension OperationCase {
  static let convolutions: [OperationCase] = [
    convolution("1x1", [2, 3, 5, 4], [4, 3, 1, 1], Convolution(hasBias: true)),
    convolution("3x3", [2, 3, 6, 5], [4, 3, 3, 3], Convolution(hasBias: false)),
    convolution(
      "3x3 padded", [2, 3, 6, 5], [4, 3, 3, 3], Convolution(padding: Size2D(1, 1), hasBias: true)),
    convolution(
      "3x3 stride 2", [2, 3, 7, 8], [4, 3, 3, 3],
      Convolution(stride: Size2D(2, 2), padding: Size2D(1, 1), hasBias: true)),
    convolution(
      "7x7 stride 2", [1, 3, 12, 12], [5, 3, 7, 7],
      Convolution(stride: Size2D(2, 2), padding: Size2D(3, 3), hasBias: false)),
    convolution(
      "3x3 dilated", [2, 2, 8, 7], [3, 2, 3, 3],
      Convolution(padding: Size2D(2, 2), dilation: Size2D(2, 2), hasBias: false)),
    convolution(
      "3x3 grouped", [2, 4, 5, 5], [6, 2, 3, 3], Convolution(padding: Size2D(1, 1), groups: 2, hasBias: true)),
    convolution(
      "3x3 depthwise", [2, 6, 6, 6], [6, 1, 3, 3],
      Convolution(padding: Size2D(1, 1), groups: 6, hasBias: false)),
    convolution(
      "5x5 depthwise stride 2", [2, 4, 7, 7], [4, 1, 5, 5],
      Convolution(stride: Size2D(2, 2), padding: Size2D(2, 2), groups: 4, hasBias: true)),
    convolution(
      "depthwise with multiplier", [1, 3, 5, 5], [6, 1, 3, 3],
      Convolution(padding: Size2D(1, 1), groups: 3, hasBias: true)),
    convolution(
      "1x3 with unequal sides", [2, 2, 5, 9], [3, 2, 1, 3],
      Convolution(stride: Size2D(1, 2), padding: Size2D(0, 1), dilation: Size2D(1, 2), hasBias: true)),
    convolution(
      "4x4 padded as same", [1, 2, 6, 7], [3, 2, 4, 4],
      Convolution(padding: Size2D(1, 1), paddingAfter: Size2D(2, 2), hasBias: true)),
    convolution(
      "kernel as large as the image", [3, 2, 4, 3], [5, 2, 4, 3], Convolution(hasBias: true)),
    convolution(
      "3x3 stride 3 with a rest", [1, 2, 8, 10], [2, 2, 3, 3],
      Convolution(stride: Size2D(3, 3), hasBias: false)),
    convolution(
      "1x1 stride 2", [2, 4, 5, 6], [3, 4, 1, 1], Convolution(stride: Size2D(2, 2), hasBias: false)),
    convolution(
      "grouped dilated stride 2", [1, 4, 9, 9], [4, 2, 3, 3],
      Convolution(
        stride: Size2D(2, 2), padding: Size2D(2, 1), dilation: Size2D(2, 1), groups: 2, hasBias: true)),
  ].flatMap(\.self)

  /// The convolution and its two gradient operations.
  private static func convolution(
    _ name: String, _ images: [Int], _ weight: [Int], _ convolution: Convolution
  ) -> [OperationCase] {
    let sides = [
      (images[2], weight[2], \Size2D.height), (images[3], weight[3], \Size2D.width),
    ].map { extent, kernel, side in
      (extent + convolution.padding[keyPath: side] + convolution.paddingAfter[keyPath: side]
        - convolution.dilation[keyPath: side] * (kernel - 1) - 1) / convolution.stride[keyPath: side] + 1
    }
    let output = Operand.tensor([images[0], weight[0]] + sides)
    var plain = convolution
    plain.hasBias = false
    let bias = convolution.hasBias ? [Operand.tensor(weight[0])] : []
    return [
      OperationCase(
        "convolution \(name)", .convolution(convolution), [.tensor(images), .tensor(weight)] + bias,
        torch: convolution.python("x0", "x1", bias.isEmpty ? "None" : "x2")),
      OperationCase(
        "convolutionInputGradient \(name)", .convolutionInputGradient(plain, inputShape: images),
        [.tensor(weight), output],
        torch: "vjp(lambda x: \(plain.python("x", "x0", "None")), zeros\(pythonTuple(images)), x1)"),
      OperationCase(
        "convolutionWeightGradient \(name)", .convolutionWeightGradient(plain, weightShape: weight),
        [.tensor(images), output],
        torch: "vjp(lambda w: \(plain.python("x0", "w", "None")), zeros\(pythonTuple(weight)), x1)"),
    ]
  }

  /// The gradient of the images as a layer of its own: ConvTranspose2d.
  static let transposedConvolutions: [OperationCase] = [
    transposed(
      "2x2 stride 2", [2, 3, 4, 5], [3, 4, 2, 2], Convolution(stride: Size2D(2, 2), hasBias: false)),
    transposed("3x3", [1, 4, 5, 4], [4, 2, 3, 3], Convolution(padding: Size2D(1, 1), hasBias: false)),
    transposed(
      "3x3 stride 2 with output padding", [2, 3, 4, 3], [3, 5, 3, 3],
      Convolution(stride: Size2D(2, 2), padding: Size2D(1, 1), hasBias: false), outputPadding: Size2D(1, 1)),
    transposed(
      "4x4 stride 2", [1, 6, 3, 4], [6, 3, 4, 4],
      Convolution(stride: Size2D(2, 2), padding: Size2D(1, 1), hasBias: false)),
    transposed(
      "grouped with unequal sides", [2, 4, 3, 5], [4, 3, 3, 2],
      Convolution(
        stride: Size2D(3, 2), padding: Size2D(1, 0), dilation: Size2D(1, 2), groups: 2, hasBias: false),
      outputPadding: Size2D(2, 0)),
    transposed(
      "depthwise", [1, 4, 4, 4], [4, 1, 3, 3],
      Convolution(stride: Size2D(2, 2), groups: 4, hasBias: false)),
    transposed("one pixel", [2, 8, 1, 1], [8, 3, 4, 4], Convolution(hasBias: false)),
  ]

  private static func transposed(
    _ name: String, _ input: [Int], _ weight: [Int], _ convolution: Convolution,
    outputPadding: Size2D = Size2D(0, 0)
  ) -> OperationCase {
    func extent(_ axis: Int, _ side: KeyPath<Size2D, Int>) -> Int {
      let reach = convolution.dilation[keyPath: side] * (weight[axis] - 1) + 1
      let steps = (input[axis] - 1) * convolution.stride[keyPath: side]
      return steps + reach - 2 * convolution.padding[keyPath: side] + outputPadding[keyPath: side]
    }
    let channels = weight[1] * convolution.groups
    let shape = [input[0], channels, extent(2, \.height), extent(3, \.width)]
    return OperationCase(
      "transposed convolution \(name)", .convolutionInputGradient(convolution, inputShape: shape),
      [.tensor(weight), .tensor(input)],
      torch: "F.conv_transpose2d(x1, x0, None, \(convolution.stride.python), \(convolution.padding.python), "
        + "\(outputPadding.python), \(convolution.groups), \(convolution.dilation.python))")
  }

  static let matrixProducts: [OperationCase] = [
    OperationCase(
      "linear", .linear(hasBias: true), [.tensor(4, 6), .tensor(5, 6), .tensor(5)],
      torch: "F.linear(x0, x1, x2)"),
    OperationCase(
      "linear without bias", .linear(hasBias: false), [.tensor(3, 7), .tensor(2, 7)],
      torch: "F.linear(x0, x1)"),
    OperationCase(
      "linear on a vector", .linear(hasBias: true), [.tensor(6), .tensor(4, 6), .tensor(4)],
      torch: "F.linear(x0, x1, x2)"),
    OperationCase(
      "linear on tokens", .linear(hasBias: true), [.tensor(2, 3, 4), .tensor(5, 4), .tensor(5)],
      torch: "F.linear(x0, x1, x2)"),
    OperationCase(
      "linear on four dimensions", .linear(hasBias: false), [.tensor(2, 1, 3, 4), .tensor(3, 4)],
      torch: "F.linear(x0, x1)"),
    product("matrices", [4, 3], [3, 5]),
    product("transposed left", [3, 4], [3, 5], left: true),
    product("transposed right", [4, 3], [5, 3], right: true),
    product("both transposed", [3, 4], [5, 3], left: true, right: true),
    product("batches", [2, 4, 3], [2, 3, 5]),
    product("batches transposed left", [2, 3, 4], [2, 3, 5], left: true),
    product("batches transposed right", [2, 4, 3], [2, 5, 3], right: true),
    product("batches both transposed", [2, 3, 4], [2, 5, 3], left: true, right: true),
    product("heads", [2, 3, 4, 5], [2, 3, 5, 2]),
    product("one matrix for a batch", [3, 4, 5], [5, 2]),
    product("one transposed matrix for a batch", [3, 4, 5], [2, 5], right: true),
    product("one matrix for a transposed batch", [3, 5, 4], [5, 2], left: true),
    product("a batch for one matrix", [4, 5], [3, 5, 2]),
    product("broadcast on both sides", [2, 1, 4, 3], [5, 3, 2]),
    product("broadcast and both transposed", [2, 1, 3, 4], [1, 5, 2, 3], left: true, right: true),
    product("a row by a column", [1, 6], [6, 1]),
    product("five dimensions", [2, 1, 3, 4, 2], [1, 2, 3, 2, 5]),
    product("five dimensions and both transposed", [2, 1, 2, 3, 4], [3, 1, 5, 3], left: true, right: true),
    product("six dimensions", [2, 1, 1, 2, 3, 2], [1, 3, 1, 1, 2, 4]),
    product("one matrix for six dimensions", [2, 1, 3, 2, 2, 4], [4, 3]),
    product("one matrix on the left of a batch", [3, 4], [2, 1, 2, 4, 5]),
  ]

  private static func product(
    _ name: String, _ a: [Int], _ b: [Int], left: Bool = false, right: Bool = false
  ) -> OperationCase {
    OperationCase(
      "matrixMultiply \(name)", .matrixMultiply(transposeLeft: left, transposeRight: right),
      [.tensor(a), .tensor(b)],
      torch: "torch.matmul(x0\(left ? ".transpose(-1, -2)" : ""), x1\(right ? ".transpose(-1, -2)" : ""))")
  }
}

extension Convolution {
  fileprivate func python(_ images: String, _ weight: String, _ bias: String) -> String {
    let borders = [padding.width, paddingAfter.width, padding.height, paddingAfter.height]
    return "F.conv2d(F.pad(\(images), \(pythonTuple(borders))), \(weight), \(bias), stride=\(stride.python), "
      + "dilation=\(dilation.python), groups=\(groups))"
  }
}
