extension Graph {
  /// The same network for another number of examples: what it computes for an example does not depend on the others.
  ///
  /// Examples are counted along the first axis of all inputs and outputs. Nil where that cannot be shown from the
  /// operations: an axis of another extent, a sum over examples, a reshape that mixes them, random numbers, a constant
  /// or variable with an entry for each example, or variables that are updated.
  public func withExamples(_ count: Int) -> Graph? {
    guard count > 0, bufferUpdates.isEmpty, let first = inputs.first,
      let examples = type(of: first.value).shape.first
    else { return nil }
    var division = BatchDivision(self, from: examples, to: count)
    for node in nodes { guard division.add(node) else { return nil } }
    guard !outputs.isEmpty, (inputs.map(\.value) + outputs).allSatisfy(division.countsExamples) else {
      return nil
    }
    return division.finished()
  }
}

/// Copies a graph with fewer or more examples in every value that has some.
private struct BatchDivision {
  private let source: Graph
  private let (examples, count): (Int, Int)
  private var rewriter: GraphRewriter
  /// By value of the source: whether its first axis counts examples, each of which is computed by itself.
  private var counts: [Bool]

  init(_ source: Graph, from examples: Int, to count: Int) {
    (self.source, self.examples, self.count) = (source, examples, count)
    rewriter = GraphRewriter(source)
    counts = [Bool](repeating: false, count: source.values.count)
  }

  func countsExamples(_ value: ValueID) -> Bool { counts[value.index] }

  consuming func finished() -> Graph { rewriter.finished() }

  /// Copies a node; false where examples meet in it.
  mutating func add(_ node: Node) -> Bool {
    let isShared = !node.inputs.contains(where: countsExamples)
    if node.operation == .input {
      let type = source.type(of: node.outputs[0])
      guard type.shape.first == examples else { return false }
      copy(node, node.operation, [resized(type)])
      return true
    }
    if isShared {
      // What is the same for all examples may be so for fewer.
      if case .expand(let shape) = node.operation, isSame(node.inputs[0], in: shape) {
        copy(node, .expand([count] + shape.dropFirst()), source.types(of: node.outputs).map(resized))
      } else if case .random = node.operation {
        return false
      } else {
        rewriter.copy(node, inputs: rewriter.mapped(node.inputs))
      }
      return true
    }
    guard let operation = divided(node) else { return false }
    let types = source.types(of: node.outputs).map(resized)
    guard let checked = try? operation.outputTypes(for: inputTypes(node)), checked == types else {
      return false
    }
    copy(node, operation, types)
    return true
  }

  private mutating func copy(_ node: Node, _ operation: Operation, _ types: [TensorType]) {
    let values = rewriter.append(operation, inputs: rewriter.mapped(node.inputs), types: types)
    rewriter.replace(node.outputs, with: values)
    for output in node.outputs { counts[output.index] = true }
  }

  private func inputTypes(_ node: Node) -> [TensorType] {
    node.inputs.map { countsExamples($0) ? resized(source.type(of: $0)) : source.type(of: $0) }
  }

  /// A type with the new number of examples.
  private func resized(_ type: TensorType) -> TensorType {
    TensorType(type.elementType, [count] + type.shape.dropFirst())
  }

  /// Whether an operand has an extent of 1, or none, where a result of that shape has its examples.
  private func isSame(_ operand: ValueID, in shape: [Int]) -> Bool {
    let own = source.type(of: operand).shape
    return shape.first == examples && (own.count < shape.count || own.first == 1)
  }

  /// The operation for the new number of examples; nil where they meet.
  private func divided(_ node: Node) -> Operation? {
    let shapes = node.inputs.map { source.type(of: $0).shape }
    let result = source.type(of: node.outputs[0]).shape
    guard result.first == examples else { return nil }
    let onlyFirst = node.inputs.indices.allSatisfy { countsExamples(node.inputs[$0]) == ($0 == 0) }
    /// Examples along the first axis, or the same for all of them.
    func broadcasts(_ index: Int) -> Bool {
      countsExamples(node.inputs[index])
        ? shapes[index].count == result.count : isSame(node.inputs[index], in: result)
    }
    let isPlain =
      switch node.operation {
      case .convolution, .maximumPooling, .averagePooling, .adaptiveAveragePooling, .adaptiveMaximumPooling,
        .unary, .cast, .detach:
        onlyFirst
      case .batchNormalization(let normalization): onlyFirst && !normalization.isTraining
      case .layerNormalization(let normalization): onlyFirst && normalization.axisCount < shapes[0].count
      case .linear: onlyFirst && shapes[0].count > 1
      case .binary, .select: node.inputs.indices.allSatisfy(broadcasts)
      case .matrixMultiply(let transposesLeft, _):
        result.count > 2
          ? broadcasts(0) && broadcasts(1) : onlyFirst && !transposesLeft && shapes[0].count == 2
      case .attention: result.count > 2 && node.inputs.indices.allSatisfy(broadcasts)
      case .transpose(let permutation): permutation[0] == 0
      case .concatenate(let axis): axis > 0 && node.inputs.allSatisfy(countsExamples)
      case .slice(let slice): slice.axis > 0
      case .pad(let before, let after, _): before[0] == 0 && after[0] == 0
      case .reduce(let reduction): !reduction.axes.contains(0)
      case .softmax(let axis), .logSoftmax(let axis), .cumulativeSum(let axis, _), .sort(let axis, _),
        .argumentOfMaximum(let axis), .argumentOfMinimum(let axis):
        axis > 0
      default: false
      }
    if isPlain { return node.operation }
    switch node.operation {
    case .reshape(let shape): return .reshape([count] + shape.dropFirst())
    case .expand(let shape) where shape.count == shapes[0].count: return .expand([count] + shape.dropFirst())
    default: return nil
    }
  }
}

extension Graph {
  fileprivate func types(of values: [ValueID]) -> [TensorType] { values.map { type(of: $0) } }
}
