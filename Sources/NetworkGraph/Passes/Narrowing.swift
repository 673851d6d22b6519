extension Graph {
  /// The graph in which values of which only one slice is read are computed for that slice alone, where that makes
  /// products smaller.
  ///
  /// A transformer whose head reads the class token needs no other row of what its last block makes of attention; no
  /// gradient comes back from those rows either. Results are the same to rounding.
  func narrowingProducts() -> Graph {
    let narrowing = Narrowing(self)
    guard narrowing.isNarrow.contains(true) else { return self }
    var rewriter = GraphRewriter(self)
    var slices: [Narrowing.Part: ValueID] = [:]
    for (node, narrowed) in zip(nodes, narrowing.nodes) {
      if case .slice = node.operation, narrowing.isNarrow[node.inputs[0].index] {
        rewriter.replace(node.outputs, with: rewriter.mapped(node.inputs))
        continue
      }
      guard let narrowed, narrowing.isNarrow[node.outputs[0].index] else {
        rewriter.copy(node, inputs: rewriter.mapped(node.inputs))
        continue
      }
      var inputs: [ValueID] = []
      for (index, input) in node.inputs.enumerated() {
        guard let slice = narrowed.inputs[index], !narrowing.isNarrow[input.index] else {
          inputs += rewriter.mapped([input])
          continue
        }
        let part = Narrowing.Part(value: input, slice: slice)
        let value =
          slices[part]
          ?? rewriter.append(
            .slice(slice), inputs: rewriter.mapped([input]), type: narrowed.inputTypes[index])
        slices[part] = value
        inputs.append(value)
      }
      let results = rewriter.append(
        narrowed.operation, inputs: inputs, types: narrowed.outputs, label: node.label)
      rewriter.replace(node.outputs, with: results)
    }
    return rewriter.finished()
  }
}

/// Which values of a graph without dead code are read in one slice only.
private struct Narrowing {
  /// What is read of a value.
  enum Demand: Hashable {
    case nothing
    case slice(Slice)
    case whole

    mutating func join(_ other: Demand) {
      if self == .nothing { self = other } else if self != other { self = .whole }
    }
  }

  /// A node that computes a slice of its result.
  struct Node {
    var operation: Operation
    /// Which part of each operand it reads; nil for all of it.
    var inputs: [Slice?]
    /// Of those parts.
    var inputTypes: [TensorType]
    var outputs: [TensorType]
  }

  /// A slice of a value that is computed as a whole.
  struct Part: Hashable {
    var value: ValueID
    var slice: Slice
  }

  /// By node, how it computes what is read of its result; nil where it computes all.
  private(set) var nodes: [Node?]
  /// By value, whether only a slice is computed.
  private(set) var isNarrow: [Bool]

  init(_ graph: Graph) {
    nodes = [Node?](repeating: nil, count: graph.nodes.count)
    isNarrow = [Bool](repeating: false, count: graph.values.count)
    guard graph.nodes.contains(where: { if case .slice = $0.operation { true } else { false } }) else {
      return
    }
    var demands = [Demand](repeating: .nothing, count: graph.values.count)
    for value in graph.outputs + graph.bufferUpdates.map(\.value) { demands[value.index] = .whole }
    for (index, node) in graph.nodes.enumerated().reversed() {
      if case .slice(let slice) = node.operation,
        graph.type(of: node.inputs[0]) != graph.type(of: node.outputs[0])
      {
        demands[node.inputs[0].index].join(.slice(slice))
      } else if let result = node.outputs.first, case .slice(let slice) = demands[result.index],
        node.outputs.dropFirst().allSatisfy({ demands[$0.index] == .nothing }),
        let narrowed = graph.narrowed(node, to: slice)
      {
        nodes[index] = narrowed
        for (input, slice) in zip(node.inputs, narrowed.inputs) {
          demands[input.index].join(slice.map { .slice($0) } ?? .whole)
        }
      } else {
        for input in node.inputs { demands[input.index].join(.whole) }
      }
    }
    keepWorthwhile(graph)
  }

  /// Marks the results of nodes that can be narrowed, where a product is among those that are so together.
  private mutating func keepWorthwhile(_ graph: Graph) {
    /// By narrowed node, those that it reads from or that read from it, as far as they are narrowed, too.
    var neighbours = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in graph.nodes.enumerated() where nodes[index] != nil {
      for input in node.inputs {
        let producer = graph.values[input.index].producer
        guard nodes[producer] != nil else { continue }
        neighbours[index].append(producer)
        neighbours[producer].append(index)
      }
    }
    var reached = graph.nodes.indices.filter { nodes[$0] != nil && graph.nodes[$0].operation.isDenseProduct }
    while let index = reached.popLast() {
      let result = graph.nodes[index].outputs[0]
      guard !isNarrow[result.index] else { continue }
      isNarrow[result.index] = true
      reached += neighbours[index]
    }
  }
}

extension Slice {
  /// The same part of another axis.
  fileprivate func moved(to axis: Int) -> Slice { Slice(axis: axis, start: start, end: end, step: step) }
}

extension Operation {
  fileprivate var isDenseProduct: Bool {
    switch self {
    case .linear, .matrixMultiply: true
    default: false
    }
  }
}

extension Graph {
  /// The node as it computes a slice of its first result alone; nil where it cannot.
  fileprivate func narrowed(_ node: Node, to slice: Slice) -> Narrowing.Node? {
    guard let inputs = parts(read: slice, by: node),
      let result = try? slice.outputTypes(for: [type(of: node.outputs[0])])[0]
    else { return nil }
    var types: [TensorType] = []
    for (input, part) in zip(node.inputs, inputs) {
      let whole = type(of: input)
      guard let type = part == nil ? whole : try? part?.outputTypes(for: [whole])[0] else { return nil }
      types.append(type)
    }
    var operation = node.operation
    if case .reshape = operation { operation = .reshape(result.shape) }
    guard let outputs = try? operation.outputTypes(for: types), outputs[0] == result else { return nil }
    return Narrowing.Node(operation: operation, inputs: inputs, inputTypes: types, outputs: outputs)
  }

  /// Which parts of its operands a node reads for a slice of its result, nil for all of one; nil where it is not the
  /// same operation on those parts.
  private func parts(read slice: Slice, by node: Node) -> [Slice?]? {
    let shapes = node.inputs.map { type(of: $0).shape }
    let result = type(of: node.outputs[0]).shape
    let (axis, rank) = (slice.axis, result.count)
    /// The part of an operand that is broadcast to the result.
    func broadcast(_ shape: [Int]) -> Slice? {
      let own = axis - (rank - shape.count)
      return own >= 0 && shape[own] == result[axis] ? slice.moved(to: own) : nil
    }
    switch node.operation {
    case .unary, .cast, .detach: return [slice]
    case .binary, .select: return shapes.map(broadcast)
    case .linear: return axis < rank - 1 ? [slice] + shapes.dropFirst().map { _ in nil } : nil
    case .layerNormalization(let normalization):
      return axis < rank - normalization.axisCount ? [slice] + shapes.dropFirst().map { _ in nil } : nil
    case .matrixMultiply(let transposeLeft, let transposeRight):
      switch rank - axis {
      case 2: return [slice.moved(to: shapes[0].count - (transposeLeft ? 1 : 2)), nil]
      case 1: return [nil, slice.moved(to: shapes[1].count - (transposeRight ? 2 : 1))]
      default: return shapes.map(broadcast)
      }
    case .softmax(let other), .logSoftmax(let other): return other == axis ? nil : [slice]
    case .concatenate(let other): return other == axis ? nil : shapes.map { _ in slice }
    case .transpose(let permutation): return [slice.moved(to: permutation[axis])]
    case .reshape:
      // An axis that stays, with as many elements before it.
      let before = result[..<axis].reduce(1, *)
      let own = shapes[0].indices.first {
        shapes[0][..<$0].reduce(1, *) == before && shapes[0][$0] == result[axis]
      }
      return own.map { [slice.moved(to: $0)] }
    default: return nil
    }
  }
}
