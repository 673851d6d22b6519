extension Graph {
  /// The graph without additions of 0 and multiplications by 1, such as the first step of Python's `sum()`.
  ///
  /// Kept are those that change the shape. Only the sign of a zero may differ: −0 + 0 is +0.
  public func removingNeutralOperands() -> Graph {
    let kept = nodes.map(keptOperand)
    if kept.allSatisfy({ $0 == nil }) { return self }
    var rewriter = GraphRewriter(self)
    for (node, operand) in zip(nodes, kept) {
      if let operand {
        rewriter.replace(node.outputs, with: rewriter.mapped([operand]))
      } else {
        rewriter.copy(node, inputs: rewriter.mapped(node.inputs))
      }
    }
    return rewriter.finished()
  }

  /// The operand that is the result; nil where there is none.
  private func keptOperand(of node: Node) -> ValueID? {
    guard case .binary(let function) = node.operation, let neutral = function.neutralNumber else {
      return nil
    }
    func isResult(_ operand: ValueID, beside other: ValueID) -> Bool {
      guard case .constant(.fill(let number, _)) = producer(of: other).operation, number == neutral else {
        return false
      }
      return type(of: operand) == type(of: node.outputs[0])
    }
    let (left, right) = (node.inputs[0], node.inputs[1])
    if isResult(left, beside: right) { return left }
    return function.isCommutative && isResult(right, beside: left) ? right : nil
  }
}

extension BinaryFunction {
  /// The right operand that leaves the left one as it is.
  fileprivate var neutralNumber: Double? {
    switch self {
    case .add, .subtract: 0
    case .multiply, .divide: 1
    default: nil
    }
  }
}
