extension OperationCase {
  static let attentions: [OperationCase] = [
    attention([2, 3], queries: 4, keys: 5, features: 3, values: 2, scale: 0.7, mask: nil),
    attention([], queries: 1, keys: 1, features: 1, values: 1, scale: 1, mask: nil),
    attention([3], queries: 5, keys: 17, features: 4, values: 6, scale: 0.5, mask: [5, 17]),
    attention([2, 2], queries: 3, keys: 4, features: 2, values: 2, scale: -1, mask: [2, 1, 1, 4]),
    attention([2, 2], queries: 3, keys: 4, features: 2, values: 2, scale: 1, mask: [2, 3, 1]),
  ].flatMap(\.self)

  private static func attention(
    _ leading: [Int], queries: Int, keys: Int, features: Int, values: Int, scale: Double, mask: [Int]?
  ) -> [OperationCase] {
    let operation = Attention(scale: scale, hasMask: mask != nil)
    let operands: [Operand] = [
      .tensor(leading + [queries, features]), .tensor(leading + [keys, features]),
      .tensor(leading + [keys, values]),
    ]
    let masks = mask.map { [Operand(TensorType(.float32, $0), .normal, isDifferentiable: false)] } ?? []
    let result = leading + [queries, values]
    let label = "\(leading) \(queries)x\(keys)x\(features)x\(values)\(mask.map { " mask \($0)" } ?? "")"
    let arguments = "x0, x1, x2, \(mask == nil ? "None" : "x3"), \(scale)"
    let first = operands.count + masks.count
    return [
      OperationCase(
        "attention \(label)", .attention(operation), operands + masks, torch: "attention(\(arguments))"),
      OperationCase(
        "attentionGradient \(label)", .attentionGradient(operation),
        operands + masks + [
          .tensor(result), .tensor(leading + [queries], values: .between(4, 6)), .tensor(result),
        ],
        torch: "attention_gradient(\(arguments), x\(first), x\(first + 1), x\(first + 2))"),
    ]
  }
}
