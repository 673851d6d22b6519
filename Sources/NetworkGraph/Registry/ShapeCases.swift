extension OperationCase {
  static let shapes: [OperationCase] =
    [
      reshape([2, 3, 4], [2, 12]), reshape([2, 12], [2, 3, 2, 2]), reshape([6], [1, 6, 1]),
      reshape([1, 1], []),
      transpose([2, 3], [1, 0]), transpose([2, 3, 4], [0, 2, 1]), transpose([2, 3, 4, 5], [0, 2, 3, 1]),
      transpose([2, 3, 4, 5], [3, 1, 0, 2]), transpose([2, 2, 3, 2, 2], [0, 2, 1, 4, 3]),
      expand([1, 3, 1], [2, 3, 4]), expand([4], [2, 3, 4]), expand([], [2, 2]),
      expand([2, 1, 3], [2, 5, 3]),
      pad([2, 3, 4, 5], [0, 0, 1, 2], [0, 0, 2, 0], 0), pad([3, 4], [1, 0], [0, 2], -1.5),
      pad([5], [2], [3], 0.25),
    ] + wholeShapes

  /// Moving elements is the same for whole numbers.
  private static let wholeShapes: [OperationCase] = [
    whole("reshape", .reshape([4, 3]), [[2, 6]], "x0.reshape(4, 3)"),
    whole("transpose", .transpose([2, 0, 1]), [[2, 3, 4]], "x0.permute(2, 0, 1)"),
    whole("expand", .expand([2, 3, 4]), [[3, 1]], "x0.expand(2, 3, 4)"),
    whole(
      "pad", .pad(before: [1, 0], after: [0, 2], value: -1), [[3, 4]], "F.pad(x0, (0, 2, 1, 0), value=-1)"),
    whole("slice", .slice(Slice(axis: 1, start: 1, end: 6, step: 2)), [[3, 6]], "x0[:, 1:6:2]"),
    whole(
      "concatenate", .concatenate(axis: 1), [[2, 3], [2, 1], [2, 2]], "torch.cat((x0, x1, x2), dim=1)"),
  ]

  private static func whole(
    _ name: String, _ operation: Operation, _ shapes: [[Int]], _ torch: String
  ) -> OperationCase {
    OperationCase(
      "\(name) of whole numbers", operation, shapes.map { .integers($0, in: -9...9) }, torch: torch)
  }

  private static func reshape(_ from: [Int], _ to: [Int]) -> OperationCase {
    OperationCase(
      "reshape \(from) to \(to)", .reshape(to), [.tensor(from)], torch: "x0.reshape(\(pythonTuple(to)))")
  }

  private static func transpose(_ shape: [Int], _ permutation: [Int]) -> OperationCase {
    OperationCase(
      "transpose \(shape) by \(permutation)", .transpose(permutation), [.tensor(shape)],
      torch: "x0.permute(\(pythonTuple(permutation)))")
  }

  private static func expand(_ from: [Int], _ to: [Int]) -> OperationCase {
    OperationCase(
      "expand \(from) to \(to)", .expand(to), [.tensor(from)], torch: "x0.expand(\(pythonTuple(to)))")
  }

  private static func pad(_ shape: [Int], _ before: [Int], _ after: [Int], _ value: Float) -> OperationCase {
    let pairs = zip(before, after).reversed().flatMap { [$0, $1] }
    return OperationCase(
      "pad \(shape) by \(before) and \(after)", .pad(before: before, after: after, value: value),
      [.tensor(shape)], torch: "F.pad(x0, \(pythonTuple(pairs)), value=\(value))")
  }

  static let slicings: [OperationCase] =
    [
      concatenate([[2, 3, 4, 4], [2, 5, 4, 4]], axis: 1), concatenate([[2, 3], [4, 3], [1, 3]], axis: 0),
      concatenate([[2, 2, 3], [2, 2, 1]], axis: 2), concatenate([[3, 2]], axis: 0),
    ]
    + [
      ([2, 6, 3, 3], Slice(axis: 1, start: 0, end: 3)), ([2, 6, 3, 3], Slice(axis: 1, start: 3, end: 6)),
      ([5, 4], Slice(axis: 0, start: 1, end: 4)), ([2, 7], Slice(axis: 1, start: 0, end: 7, step: 2)),
      ([2, 8, 3], Slice(axis: 1, start: 1, end: 7, step: 3)), ([4], Slice(axis: 0, start: 2, end: 3)),
      ([2, 2, 5, 6], Slice(axis: 3, start: 1, end: 6, step: 2)),
    ].flatMap { shape, slice in
      let extent = (slice.end - slice.start - 1) / slice.step + 1
      let output = shape.indices.map { $0 == slice.axis ? extent : shape[$0] }
      let arguments = "\(slice.axis), \(slice.start), \(slice.end), \(slice.step)"
      return [
        OperationCase(
          "slice \(shape) by \(arguments)", .slice(slice), [.tensor(shape)], torch: "part(x0, \(arguments))"),
        OperationCase(
          "sliceGradient \(shape) by \(arguments)", .sliceGradient(slice, inputShape: shape),
          [.tensor(output)],
          torch: "vjp(lambda x: part(x, \(arguments)), zeros\(pythonTuple(shape)), x0)"),
      ]
    }

  private static func concatenate(_ shapes: [[Int]], axis: Int) -> OperationCase {
    let names = shapes.indices.map { "x\($0), " }.joined()
    return OperationCase(
      "concatenate \(shapes) along \(axis)", .concatenate(axis: axis), shapes.map { .tensor($0) },
      torch: "torch.cat((\(names)), dim=\(axis))")
  }
}
