extension Graph {
  /// The graph with layer normalisations that are written element by element as one operation each.
  ///
  /// (x − mean) / √(mean((x − mean)²) + ε) over the last axes, and what follows of · weight and + bias, become
  /// `layerNormalization` where nothing else reads what lies between. The results are the same to rounding.
  func fusingNormalizations() -> Graph {
    let found = WrittenNormalization.all(in: self)
    if found.isEmpty { return self }
    let replaced = Set(found.flatMap(\.nodes))
    let byLast = Dictionary(uniqueKeysWithValues: found.map { ($0.last, $0) })
    var rewriter = GraphRewriter(self)
    for (index, node) in nodes.enumerated() {
      if let written = byLast[index] {
        let operands = [written.x] + written.vectors
        let shape = type(of: written.x).shape
        let rows = TensorType(.float32, Array(shape.dropLast(written.normalization.axisCount)))
        let results = rewriter.append(
          .layerNormalization(written.normalization), inputs: rewriter.mapped(operands),
          types: [type(of: written.x), rows, rows])
        rewriter.replace(node.outputs, with: [results[0]])
      } else if !replaced.contains(index) {
        rewriter.copy(node, inputs: rewriter.mapped(node.inputs))
      }
    }
    return rewriter.finished()
  }
}

/// A layer normalisation written element by element.
private struct WrittenNormalization {
  var x: ValueID
  var normalization: LayerNormalization
  /// Weight and bias, where there are any.
  var vectors: [ValueID] = []
  /// The indices of its nodes, and of the one whose result is its own.
  var nodes: [Int]
  var last: Int

  /// Those of a graph.
  static func all(in graph: Graph) -> [WrittenNormalization] {
    let quotients = graph.nodes.indices.filter { graph.nodes[$0].operation == .binary(.divide) }
    if quotients.isEmpty { return [] }
    let counts = graph.readerCounts()
    var readers: [ValueID: Int] = [:]
    for (index, node) in graph.nodes.enumerated() { for input in node.inputs { readers[input] = index } }
    return quotients.compactMap { index in
      guard var written = WrittenNormalization(dividing: index, in: graph, counts) else { return nil }
      written.takeVector(.multiply, graph, counts, readers)
      written.takeVector(.add, graph, counts, readers)
      return written
    }
  }

  /// The pattern that ends in a quotient.
  private init?(dividing index: Int, in graph: Graph, _ counts: [Int]) {
    /// The operands of what defines the value, if that is the operation and so many read it.
    func match(_ value: ValueID, _ operation: Operation, readers: Int = 1) -> [ValueID]? {
      let node = graph.producer(of: value)
      return node.operation == operation && counts[value.index] == readers ? node.inputs : nil
    }
    func mean(_ value: ValueID) -> (operand: ValueID, reduction: Reduction)? {
      let node = graph.producer(of: value)
      guard case .reduce(let reduction) = node.operation, reduction.kind == .mean, reduction.keepsDimensions,
        counts[value.index] == 1
      else { return nil }
      return (node.inputs[0], reduction)
    }
    let quotient = graph.nodes[index].inputs
    guard let difference = match(quotient[0], .binary(.subtract), readers: 2),
      let average = mean(difference[1]), average.operand == difference[0],
      let radicand = match(quotient[1], .unary(.squareRoot)),
      let sum = match(radicand[0], .binary(.add)),
      case .constant(.fill(let epsilon, let epsilonType)) = graph.producer(of: sum[1]).operation,
      epsilonType.shape.isEmpty, epsilon.isFinite, epsilon >= 0,
      let variance = mean(sum[0]), variance.reduction == average.reduction,
      let squared = match(variance.operand, .unary(.square)), squared[0] == quotient[0]
    else { return nil }
    let (rank, axes) = (graph.type(of: difference[0]).rank, average.reduction.axes)
    guard !axes.isEmpty, axes == Array((rank - axes.count)..<rank) else { return nil }
    x = difference[0]
    normalization = LayerNormalization(
      epsilon: epsilon, axisCount: axes.count, hasWeight: false, hasBias: false)
    nodes = [difference[1], quotient[0], variance.operand, sum[0], radicand[0], quotient[1]].map {
      graph.values[$0.index].producer
    }
    nodes.append(index)
    last = index
  }

  /// Takes in a product with a weight, or a sum with a bias, where that is all that reads the result.
  private mutating func takeVector(
    _ function: BinaryFunction, _ graph: Graph, _ counts: [Int], _ readers: [ValueID: Int]
  ) {
    let result = graph.nodes[last].outputs[0]
    guard counts[result.index] == 1, let reader = readers[result],
      graph.nodes[reader].operation == .binary(function)
    else { return }
    let operands = graph.nodes[reader].inputs
    let vector = operands[0] == result ? operands[1] : operands[0]
    guard graph.type(of: vector).shape == Array(graph.type(of: x).shape.suffix(normalization.axisCount))
    else { return }
    if function == .multiply { normalization.hasWeight = true } else { normalization.hasBias = true }
    vectors.append(vector)
    nodes.append(reader)
    last = reader
  }
}
