extension OperationCase {
  static let windowPoolings: [OperationCase] = [
    pooling("2x2", [2, 3, 6, 4], Pooling(kernel: Size2D(2, 2), stride: Size2D(2, 2))),
    pooling("2x2 with a rest", [1, 2, 5, 7], Pooling(kernel: Size2D(2, 2), stride: Size2D(2, 2))),
    pooling(
      "2x2 rounding up", [1, 2, 5, 7], Pooling(kernel: Size2D(2, 2), stride: Size2D(2, 2), roundsUp: true)),
    pooling(
      "3x3 overlapping", [2, 2, 7, 6],
      Pooling(kernel: Size2D(3, 3), stride: Size2D(2, 2), padding: Size2D(1, 1))),
    pooling(
      "3x3 padded rounding up", [1, 2, 6, 8],
      Pooling(kernel: Size2D(3, 3), stride: Size2D(2, 2), padding: Size2D(1, 1), roundsUp: true)),
    pooling(
      "3x3 stride 1", [2, 2, 5, 5],
      Pooling(kernel: Size2D(3, 3), stride: Size2D(1, 1), padding: Size2D(1, 1))),
    pooling(
      "stride beyond the kernel, rounding up", [1, 1, 8, 9],
      Pooling(kernel: Size2D(2, 2), stride: Size2D(3, 4), padding: Size2D(1, 1), roundsUp: true)),
    pooling(
      "unequal sides", [1, 3, 6, 9],
      Pooling(kernel: Size2D(2, 3), stride: Size2D(1, 2), padding: Size2D(1, 0))),
    pooling("the whole image", [3, 2, 4, 4], Pooling(kernel: Size2D(4, 4), stride: Size2D(4, 4))),
    pooling(
      "dilated", [1, 2, 8, 8],
      Pooling(kernel: Size2D(2, 3), stride: Size2D(2, 1), padding: Size2D(1, 1), dilation: Size2D(2, 2))),
    pooling(
      "dilated rounding up", [1, 2, 7, 9],
      Pooling(kernel: Size2D(3, 2), stride: Size2D(2, 3), dilation: Size2D(2, 3), roundsUp: true)),
  ].flatMap(\.self)

  /// Maximum pooling, average pooling in its variants where undilated, and their gradient operations.
  private static func pooling(_ name: String, _ images: [Int], _ window: Pooling) -> [OperationCase] {
    let output = [
      images[0], images[1], extent(images[2], window, \.height), extent(images[3], window, \.width),
    ]
    let arguments =
      "\(window.kernel.python), stride=\(window.stride.python), padding=\(window.padding.python), "
      + "ceil_mode=\(window.roundsUp.python)"
    let plane = images[2] * images[3]
    var cases = [
      OperationCase(
        "maximumPooling \(name)", .maximumPooling(window), [.tensor(images, values: .distinct)],
        torch: "F.max_pool2d(x0, \(arguments), dilation=\(window.dilation.python), return_indices=True)"),
      maximumGradient("maximumPoolingGradient \(name)", images: images, output: output, plane: plane),
    ]
    guard window.dilation == Size2D(1, 1) else { return cases }
    for (suffix, countsPadding, divisor) in [("", true, nil), (" uncounted", false, nil), (" by 3", true, 3)]
    {
      let pooling = AveragePooling(window: window, countsPadding: countsPadding, divisor: divisor)
      let all =
        "\(arguments), count_include_pad=\(countsPadding.python), "
        + "divisor_override=\(divisor.map(String.init) ?? "None")"
      cases += [
        OperationCase(
          "averagePooling \(name)\(suffix)", .averagePooling(pooling), [.tensor(images)],
          torch: "F.avg_pool2d(x0, \(all))"),
        OperationCase(
          "averagePoolingGradient \(name)\(suffix)", .averagePoolingGradient(pooling, inputShape: images),
          [.tensor(output)],
          torch: "vjp(lambda x: F.avg_pool2d(x, \(all)), zeros\(pythonTuple(images)), x0)"),
      ]
    }
    return cases
  }

  /// PyTorch's documented formula; the registry's windows all fit.
  private static func extent(_ extent: Int, _ window: Pooling, _ side: KeyPath<Size2D, Int>) -> Int {
    let (stride, padding) = (window.stride[keyPath: side], window.padding[keyPath: side])
    let room = extent + 2 * padding - window.dilation[keyPath: side] * (window.kernel[keyPath: side] - 1) - 1
    guard window.roundsUp else { return room / stride + 1 }
    let count = (room + stride - 1) / stride + 1
    return (count - 1) * stride >= extent + padding ? count - 1 : count
  }

  private static func maximumGradient(
    _ name: String, images: [Int], output: [Int], plane: Int
  ) -> OperationCase {
    OperationCase(
      name, .maximumPoolingGradient(inputShape: images), [.tensor(output), .integers(output, below: plane)],
      torch: "zeros(\(images[0]), \(images[1]), \(plane)).scatter_add(2, x1.flatten(2), x0.flatten(2))"
        + ".view(\(pythonTuple(images)))")
  }

  static let adaptivePoolings: [OperationCase] = [
    ("to one", [2, 3, 4, 5], 1, 1), ("to a divisor", [2, 2, 6, 4], 3, 2),
    ("to no divisor", [1, 3, 7, 5], 3, 2),
    ("to the same size", [1, 2, 4, 3], 4, 3), ("to a larger size", [1, 2, 3, 2], 5, 4),
  ].flatMap { name, images, height, width in
    let output = [images[0], images[1], height, width]
    return [
      OperationCase(
        "adaptiveAveragePooling \(name)", .adaptiveAveragePooling(height: height, width: width),
        [.tensor(images)], torch: "F.adaptive_avg_pool2d(x0, (\(height), \(width)))"),
      OperationCase(
        "adaptiveAveragePoolingGradient \(name)", .adaptiveAveragePoolingGradient(inputShape: images),
        [.tensor(output)],
        torch:
          "vjp(lambda x: F.adaptive_avg_pool2d(x, (\(height), \(width))), zeros\(pythonTuple(images)), x0)"),
      OperationCase(
        "adaptiveMaximumPooling \(name)", .adaptiveMaximumPooling(height: height, width: width),
        [.tensor(images, values: .distinct)],
        torch: "F.adaptive_max_pool2d(x0, (\(height), \(width)), return_indices=True)"),
      maximumGradient(
        "maximumPoolingGradient adaptive \(name)", images: images, output: output,
        plane: images[2] * images[3]),
    ]
  }
}
