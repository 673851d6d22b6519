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
    ] + (kind == .mean ? [] : wholeReductions(kind))
  }

  private static func wholeReductions(_ kind: Reduction.Kind) -> [OperationCase] {
    [([3, 4], [1]), ([4, 3], [0]), ([2, 3, 2], [0, 2]), ([6], [0])].map { shape, axes in
      let reduction = Reduction(kind, axes: axes)
      return OperationCase(
        "\(reduction.name) of whole numbers \(shape) over \(axes)", .reduce(reduction),
        [.integers(shape, in: -4...4)], torch: "\(kind.python)(x0, dim=\(pythonTuple(axes)))")
    }
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

extension OperationCase {
  static let orders: [OperationCase] = [
    order([7], 0), order([3, 8], 1), order([8, 3], 0), order([2, 5, 3], 1), order([4, 1], 1),
    order([2, 2, 9], 2),
  ].flatMap(\.self)

  /// The place of the extrema and the whole order along an axis, of numbers that differ and of such that do not.
  private static func order(_ shape: [Int], _ axis: Int) -> [OperationCase] {
    let operands: [(String, Operand)] = [
      ("", .tensor(shape, values: .distinct)), (" often equal", .tensor(shape, values: .integers(below: 3))),
      (" of whole numbers", .integers(shape, in: -3...3)),
    ]
    return operands.flatMap { suffix, operand in
      let label = "\(shape) along \(axis)\(suffix)"
      return [
        OperationCase(
          "argumentOfMaximum \(label)", .argumentOfMaximum(axis: axis), [operand],
          torch: "torch.argmax(x0, dim=\(axis))"),
        OperationCase(
          "argumentOfMinimum \(label)", .argumentOfMinimum(axis: axis), [operand],
          torch: "torch.argmin(x0, dim=\(axis))"),
        OperationCase(
          "sort \(label)", .sort(axis: axis, isDescending: false), [operand],
          torch: "torch.sort(x0, dim=\(axis), stable=True)"),
        OperationCase(
          "sort descending \(label)", .sort(axis: axis, isDescending: true), [operand],
          torch: "torch.sort(x0, dim=\(axis), stable=True, descending=True)"),
      ]
    }
  }

  static let cumulations: [OperationCase] = [
    cumulation([6], 0), cumulation([3, 5], 1), cumulation([3, 5], 0), cumulation([2, 4, 3], 1),
    cumulation([2, 1], 1),
  ].flatMap(\.self)

  private static func cumulation(_ shape: [Int], _ axis: Int) -> [OperationCase] {
    let operands: [(String, Operand)] = [
      ("", .tensor(shape)), (" of whole numbers", .integers(shape, in: -9...9)),
    ]
    return operands.flatMap { suffix, operand in
      let label = "\(shape) along \(axis)\(suffix)"
      return [
        OperationCase(
          "cumulativeSum \(label)", .cumulativeSum(axis: axis, isReversed: false), [operand],
          torch: "torch.cumsum(x0, dim=\(axis))"),
        OperationCase(
          "cumulativeSum reversed \(label)", .cumulativeSum(axis: axis, isReversed: true), [operand],
          torch: "x0.flip(\(axis)).cumsum(\(axis)).flip(\(axis))"),
      ]
    }
  }
}

extension Reduction.Kind {
  fileprivate var python: String {
    switch self {
    case .sum: "torch.sum"
    case .mean: "torch.mean"
    case .maximum: "torch.amax"
    case .minimum: "torch.amin"
    case .product: "product"
    }
  }
}
