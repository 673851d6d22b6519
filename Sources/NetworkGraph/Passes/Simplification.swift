extension Graph {
  /// The graph without nodes that nothing needs.
  ///
  /// Needed are outputs and buffer updates. Inputs and variables stay, used or not: they are what a graph shows
  /// to the outside, and PyTorch too counts and stores the parameters of an unused layer.
  public func eliminatingDeadCode() -> Graph {
    let isLive = liveNodes()
    let isNeeded = zip(nodes, isLive).allSatisfy { node, isLive in isLive || node.operation.isLeaf }
    if isNeeded { return self }
    var rewriter = GraphRewriter(self)
    for (index, node) in nodes.enumerated() {
      if isLive[index] || node.operation.isLeaf {
        rewriter.copy(node, inputs: rewriter.mapped(node.inputs))
      }
    }
    return rewriter.finished()
  }

  /// The graph without operations that change nothing, and with chains of reshapes or transposes made one.
  ///
  /// Dropped are reshapes, expansions and transposes to what is there already, whole slices, empty borders,
  /// joins of one tensor, reductions over no axis, and dropout of probability 0 whose mask nobody reads.
  public func simplified() -> Graph {
    let readers = readerCounts()
    func isIdentity(_ node: Node, _ operation: Operation, of input: TensorType) -> Bool {
      node.inputs.count == 1 && operation.isIdentity(from: input, to: type(of: node.outputs[0]))
        && !node.outputs.dropFirst().contains { readers[$0.index] > 0 }
    }
    let isSimple = nodes.allSatisfy { node in
      guard let first = node.inputs.first, !node.outputs.isEmpty else { return true }
      return Self.merged(node.operation, first, in: self).source == first
        && !isIdentity(node, node.operation, of: type(of: first))
    }
    if isSimple { return self }
    var rewriter = GraphRewriter(self)
    for node in nodes {
      let inputs = rewriter.mapped(node.inputs)
      guard let first = inputs.first, let result = node.outputs.first else {
        rewriter.copy(node, inputs: inputs)
        continue
      }
      let (source, operation) = Self.merged(node.operation, first, in: rewriter.result)
      if isIdentity(node, operation, of: rewriter.result.type(of: source)) {
        rewriter.replace([result], with: [source])
      } else {
        rewriter.copy(node, operation: operation, inputs: [source] + inputs.dropFirst())
      }
    }
    return rewriter.finished()
  }

  /// The graph in which equal operations on equal operands are done once.
  ///
  /// Dropout and random tensors are left alone, for two of them draw two times.
  public func eliminatingCommonSubexpressions() -> Graph {
    guard let images = equalValues() else { return self }
    var rewriter = GraphRewriter(self)
    for node in nodes {
      if let output = node.outputs.first, images[output.index] != output {
        rewriter.replace(node.outputs, with: rewriter.mapped(node.outputs.map { images[$0.index] }))
      } else {
        rewriter.copy(node, inputs: rewriter.mapped(node.inputs))
      }
    }
    return rewriter.finished()
  }

  /// By value: the first one that is sure to be equal; nil where no two are.
  private func equalValues() -> [ValueID]? {
    struct Key: Hashable {
      let operation: Operation
      let inputs: [ValueID]
    }
    /// By bits, since −0 and +0 are equal but not the same, and NaN is the same but not equal.
    struct Elements: Hashable {
      let bits: [UInt32]
      let type: TensorType
    }
    var known: [Key: [ValueID]] = [:]
    known.reserveCapacity(nodes.count)
    var knownElements: [Elements: [ValueID]] = [:]
    var images = values.indices.map { ValueID($0) }
    var hasTwins = false
    for node in nodes {
      let twins: [ValueID]?
      switch node.operation {
      case .input, .parameter, .buffer, .dropout, .random: continue
      case .constant(let constant) where constant.bits != nil:
        let key = Elements(bits: constant.bits ?? [], type: constant.type)
        twins = knownElements[key]
        if twins == nil { knownElements[key] = node.outputs }
      case .constant(.fill(let number, _)) where number == 0 && number.sign == .minus:
        // Equal to +0 by ==, but not the same function: 1 / −0.
        continue
      default:
        let inputs = node.inputs.map { images[$0.index] }
        let key = Key(
          operation: node.operation, inputs: node.operation.isCommutative ? inputs.sorted() : inputs)
        twins = known[key]
        if twins == nil { known[key] = node.outputs }
      }
      guard let twins else { continue }
      hasTwins = true
      for (output, twin) in zip(node.outputs, twins) { images[output.index] = twin }
    }
    return hasTwins ? images : nil
  }

  /// By node: whether an output or a buffer update depends on it.
  func liveNodes() -> [Bool] {
    var isLive = [Bool](repeating: false, count: nodes.count)
    for value in outputs + bufferUpdates.map(\.value) { isLive[values[value.index].producer] = true }
    for index in nodes.indices.reversed() where isLive[index] {
      for input in nodes[index].inputs { isLive[values[input.index].producer] = true }
    }
    return isLive
  }

  /// By value: how often it is read, by nodes, outputs and updates.
  func readerCounts() -> [Int] {
    var counts = [Int](repeating: 0, count: values.count)
    for node in nodes { for input in node.inputs { counts[input.index] += 1 } }
    for value in outputs + bufferUpdates.map(\.value) { counts[value.index] += 1 }
    return counts
  }

  /// A reshape of a reshape, or a transpose of a transpose, as one operation on the first one's operand.
  private static func merged(
    _ operation: Operation, _ input: ValueID, in graph: Graph
  ) -> (source: ValueID, operation: Operation) {
    let producer = graph.producer(of: input)
    switch (operation, producer.operation) {
    case (.reshape, .reshape):
      return (producer.inputs[0], operation)
    case (.transpose(let outer), .transpose(let inner)):
      return (producer.inputs[0], .transpose(outer.map { inner[$0] }))
    default:
      return (input, operation)
    }
  }
}

extension Constant {
  /// The bits of elements that are given one by one.
  fileprivate var bits: [UInt32]? {
    switch self {
    case .fill: nil
    case .values(let values, _): values.map(\.bitPattern)
    case .integers(let values, _): values.map { UInt32(bitPattern: $0) }
    }
  }
}

extension Operation {
  /// Whether the operands may change places.
  public var isCommutative: Bool {
    if case .binary(let function) = self { function.isCommutative } else { false }
  }

  /// Whether it is an input or a variable, which a graph shows to the outside.
  var isLeaf: Bool {
    switch self {
    case .input, .parameter, .buffer: true
    default: false
    }
  }

  /// Whether the first result is the only operand.
  fileprivate func isIdentity(from input: TensorType, to output: TensorType) -> Bool {
    switch self {
    case .reshape, .expand, .slice, .pad: input.shape == output.shape
    case .transpose(let permutation): permutation == Array(permutation.indices)
    case .concatenate: true
    case .cast: input.elementType == output.elementType
    case .reduce(let reduction): reduction.axes.isEmpty
    case .dropout(let dropout): dropout.probability == 0
    default: false
    }
  }
}
