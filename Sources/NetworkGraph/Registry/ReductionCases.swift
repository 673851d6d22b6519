extension OperationCase {
  static let reductions: [OperationCase] = Reduction.Kind.allCases.flatMap { kind in
    [
      ([2, 3, 4, 5], [2, 3]), ([2, 3, 4, 5], [1]), ([2, 3, 4], [0, 2]), ([3, 4], [0, 1]), ([2, 3, 4], [2]),
      ([5], [0]), ([2, 3, 2, 4], [0, 1, 2, 3]),
    ].flatMap { shape, axes in
      [false, true].map { keepsDimensions in
        let reduction = Reduction(kind, axes: axes, keepsDimensions: keepsDimensions)
        return OperationCase(
          "\(reduction.name) of \(shape) over \(axes)\(keepsDimensions ? " kept" : "")", .reduce(reduction),
          [.tensor(shape, values: .distinct)],
          torch: "\(kind.python)(x0, dim=\(pythonTuple(axes)), keepdim=\(keepsDimensions.python))")
      }
    } + [
      OperationCase(
        "\(Reduction(kind, axes: []).name) of numbers often equal", .reduce(Reduction(kind, axes: [1])),
        [.tensor(4, 6, values: .integers(below: 3))], torch: "\(kind.python)(x0, dim=(1,))")
    ]
  }

  static let softmaxes: [OperationCase] =
    [([3, 5], 1), ([2, 3, 4], 1), ([2, 3, 4], 0), ([6], 0), ([2, 2, 3, 4], 3)].flatMap { shape, axis in
      [
        OperationCase(
          "softmax \(shape) along \(axis)", .softmax(axis: axis), [.tensor(shape)],
          torch: "F.softmax(x0, dim=\(axis))"),
        OperationCase(
          "logSoftmax \(shape) along \(axis)", .logSoftmax(axis: axis), [.tensor(shape)],
          torch: "F.log_softmax(x0, dim=\(axis))"),
      ]
    }
    + [(4, 10, 0.0), (3, 5, 0.1), (1, 2, 0.0), (6, 3, 1.0)].flatMap { count, classes, smoothing in
      let operands = [Operand.tensor(count, classes), .integers([count], below: classes)]
      let label = "of \(count) in \(classes) classes smoothed by \(smoothing)"
      return [
        OperationCase(
          "crossEntropy \(label)", .crossEntropy(labelSmoothing: smoothing), operands,
          torch: "F.cross_entropy(x0, x1, label_smoothing=\(smoothing))"),
        OperationCase(
          "crossEntropyGradient \(label)", .crossEntropyGradient(labelSmoothing: smoothing),
          operands + [.tensor([])],
          torch: "vjp(lambda x: F.cross_entropy(x, x1, label_smoothing=\(smoothing)), x0, x2)"),
      ]
    }
}

extension Reduction.Kind {
  fileprivate var python: String {
    switch self {
    case .sum: "torch.sum"
    case .mean: "torch.mean"
    case .maximum: "torch.amax"
    case .minimum: "torch.amin"
    }
  }
}
