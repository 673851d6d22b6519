extension Graph {
  /// The graph as it is best run: what front ends write with several operations as one, where there is such a one.
  ///
  /// Layer normalisations and attention are made of their parts, products read transposed operands in place, and what is
  /// only read in a slice is computed for that. Results are the same to rounding, but cost, hash and source are those of
  /// the graph as it was written: this is for running it.
  public func fusingOperations() -> Graph {
    fusingNormalizations().readingTransposed().fusingAttention().eliminatingDeadCode().narrowingProducts()
  }

  /// The graph with products of matrices that read operands in place whose last two axes were exchanged for them.
  private func readingTransposed() -> Graph {
    guard nodes.contains(where: { readsTransposed($0) != nil }) else { return self }
    var rewriter = GraphRewriter(self)
    for node in nodes {
      let (operation, inputs) = readsTransposed(node) ?? (node.operation, node.inputs)
      rewriter.copy(node, operation: operation, inputs: rewriter.mapped(inputs))
    }
    return rewriter.finished()
  }

  /// The same product of what is behind transposes; nil where there are none.
  private func readsTransposed(_ node: Node) -> (operation: Operation, inputs: [ValueID])? {
    guard case .matrixMultiply(let left, let right) = node.operation else { return nil }
    let sources = node.inputs.map { operandOfExchange($0) }
    if sources.allSatisfy({ $0 == nil }) { return nil }
    return (
      .matrixMultiply(
        transposeLeft: left != (sources[0] != nil), transposeRight: right != (sources[1] != nil)),
      zip(node.inputs, sources).map { $1 ?? $0 }
    )
  }

  /// What the value is with its last two axes exchanged, if it is that.
  private func operandOfExchange(_ value: ValueID) -> ValueID? {
    let node = producer(of: value)
    guard case .transpose(let permutation) = node.operation, permutation.count >= 2 else { return nil }
    var exchange = Array(permutation.indices)
    exchange.swapAt(permutation.count - 1, permutation.count - 2)
    return permutation == exchange ? node.inputs[0] : nil
  }
}
