extension Graph {
  /// The graph with attention that is written as products and a softmax as one operation.
  ///
  /// softmax(q · kᵀ) · v, with a factor before or behind the first product and a mask that no gradient is taken of,
  /// becomes `attention` where nothing else reads what lies between and no dimension is broadcast.
  func fusingAttention() -> Graph {
    let counts = readerCounts()
    var found: [Int: WrittenAttention] = [:]
    for (index, node) in nodes.enumerated() {
      found[index] = WrittenAttention(endingIn: node, in: self, counts)
    }
    if found.isEmpty { return self }
    var rewriter = GraphRewriter(self)
    for (index, node) in nodes.enumerated() {
      guard let written = found[index] else {
        rewriter.copy(node, inputs: rewriter.mapped(node.inputs))
        continue
      }
      let result = type(of: node.outputs[0])
      let results = rewriter.append(
        .attention(written.attention), inputs: rewriter.mapped(written.operands),
        types: [result, TensorType(.float32, Array(result.shape.dropLast()))])
      rewriter.replace(node.outputs, with: [results[0]])
    }
    return rewriter.finished()
  }
}

/// Attention written as products and a softmax.
private struct WrittenAttention {
  var attention: Attention
  /// q, k, v, and the mask if there is one.
  var operands: [ValueID]

  /// The pattern whose last product is that node.
  init?(endingIn node: Node, in graph: Graph, _ counts: [Int]) {
    guard node.operation == .matrixMultiply(transposeLeft: false, transposeRight: false) else { return nil }
    /// What defines the value, where one node reads it.
    func producer(_ value: ValueID) -> Node? {
      counts[value.index] == 1 ? graph.producer(of: value) : nil
    }
    /// The operand of a product with a constant or a quotient by one, and the factor.
    func scaled(_ value: ValueID) -> (operand: ValueID, factor: Double)? {
      guard let node = producer(value) else { return nil }
      let isQuotient = node.operation == .binary(.divide)
      guard isQuotient || node.operation == .binary(.multiply) else { return nil }
      for (constant, operand) in [(1, 0), (0, 1)] where constant == 1 || !isQuotient {
        guard
          case .constant(.fill(let number, let type)) = graph.producer(of: node.inputs[constant]).operation,
          type.shape.isEmpty, type.elementType == .float32, number.isFinite
        else { continue }
        return (node.inputs[operand], isQuotient ? 1 / number : number)
      }
      return nil
    }
    let rank = graph.type(of: node.outputs[0]).rank
    guard let softmax = producer(node.inputs[0]), softmax.operation == .softmax(axis: rank - 1) else {
      return nil
    }
    var (scores, mask, scale) = (softmax.inputs[0], ValueID?.none, 1.0)
    if let sum = producer(scores), sum.operation == .binary(.add) {
      guard let place = sum.inputs.firstIndex(where: { graph.isConstant($0) }) else { return nil }
      (mask, scores) = (sum.inputs[place], sum.inputs[1 - place])
    }
    if let inner = scaled(scores) { (scores, scale) = (inner.operand, inner.factor) }
    guard let product = producer(scores),
      product.operation == .matrixMultiply(transposeLeft: false, transposeRight: true)
    else { return nil }
    var query = product.inputs[0]
    if let inner = scaled(query) { (query, scale) = (inner.operand, scale * inner.factor) }
    guard scale.isFinite else { return nil }
    attention = Attention(scale: scale, hasMask: mask != nil)
    operands = [query, product.inputs[1], node.inputs[1]] + (mask.map { [$0] } ?? [])
    // Not where operands are broadcast.
    let types = operands.map { graph.type(of: $0) }
    guard let results = try? attention.outputTypes(for: types), results[0] == graph.type(of: node.outputs[0])
    else { return nil }
  }
}

extension Graph {
  /// Whether the value depends on constants alone.
  fileprivate func isConstant(_ value: ValueID) -> Bool {
    var open = [value]
    var seen: Set<ValueID> = []
    while let next = open.popLast() {
      guard seen.insert(next).inserted else { continue }
      let node = producer(of: next)
      switch node.operation {
      case .input, .parameter, .buffer, .random, .dropout: return false
      default: open += node.inputs
      }
    }
    return true
  }
}
