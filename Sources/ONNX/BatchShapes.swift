import NetworkGraph

/// Which extents of a graph's shapes follow the batch, found by comparing two traces.
struct BatchShapes {
  /// The batch of the first trace; nil where shapes are fixed.
  let batch: Int?
  /// By value, the shape in the other trace.
  private let others: [[Int]]
  private let graph: Graph

  /// All shapes as they are.
  init(fixed graph: Graph) {
    batch = nil
    others = []
    self.graph = graph
  }

  /// Nil where the traces differ in more than extents that are multiples of the batch, or in operations that this
  /// cannot be said of.
  init?(_ graph: Graph, _ other: Graph) {
    guard let first = graph.inputs.first, let otherFirst = other.inputs.first,
      let batch = graph.type(of: first.value).shape.first,
      let otherBatch = other.type(of: otherFirst.value).shape.first, batch != otherBatch,
      graph.nodes.count == other.nodes.count, graph.values.count == other.values.count,
      graph.inputs.count == other.inputs.count, graph.outputs == other.outputs
    else { return nil }
    for (value, otherValue) in zip(graph.values, other.values) {
      let (shape, otherShape) = (value.type.shape, otherValue.type.shape)
      guard value.type.elementType == otherValue.type.elementType, shape.count == otherShape.count else {
        return nil
      }
      for (extent, otherExtent) in zip(shape, otherShape) where extent != otherExtent {
        guard extent % batch == 0, otherExtent == extent / batch * otherBatch else { return nil }
      }
    }
    for (node, otherNode) in zip(graph.nodes, other.nodes) {
      guard node.inputs == otherNode.inputs, node.outputs == otherNode.outputs,
        Self.differInShapesOnly(node.operation, otherNode.operation)
      else { return nil }
    }
    self.batch = batch
    others = other.values.map(\.type.shape)
    self.graph = graph
    // A shape with two extents of unknown size cannot be asked for.
    for node in graph.nodes {
      if case .reshape = node.operation, pattern(of: node.outputs[0]).filter({ $0 == nil }).count > 1 {
        return nil
      }
      if case .slice(let slice) = node.operation, pattern(of: node.inputs[0])[slice.axis] == nil {
        return nil
      }
    }
  }

  /// A value's extents; nil for those that follow the batch.
  func pattern(of value: ValueID) -> [Int?] {
    let shape = graph.type(of: value).shape
    guard batch != nil else { return shape }
    return zip(shape, others[value.index]).map { $0 == $1 ? $0 : nil }
  }

  /// The shape of an input or output.
  func port(_ value: ValueID) -> [Int] { pattern(of: value).map { $0 ?? ONNXPort.batch } }

  private static func differInShapesOnly(_ first: Operation, _ second: Operation) -> Bool {
    switch (first, second) {
    case (.reshape, .reshape), (.expand, .expand): true
    case (.convolutionInputGradient(let a, _), .convolutionInputGradient(let b, _)): a == b
    case (.constant(.fill(let a, let type)), .constant(.fill(let b, let otherType))):
      (a == b || a.isNaN && b.isNaN) && type.elementType == otherType.elementType
    case (.gatherGradient(let a, _), .gatherGradient(let b, _)): a == b
    case (.sliceGradient(let a, _), .sliceGradient(let b, _)): a == b
    default: first == second
    }
  }
}
