import NetworkGraph

/// A batch that is computed some examples at a time, so that what is between two layers stays in the cache.
///
/// The parts are copied to and from where the plan of the smaller network has its inputs and outputs.
final class BatchParts {
  /// The network for one part's examples.
  let graph: Graph
  /// How many parts the batch falls into; the last may have fewer examples, behind which are those of the part before.
  let count: Int
  private let examples: Int
  private let batch: Int
  private var copies: (inputs: [Copy], outputs: [Copy]) = ([], [])

  /// A tensor of the whole batch, and that of a part.
  private struct Copy {
    var whole: AlignedMemory
    var part: UnsafeMutableRawPointer
    /// Of one example.
    var byteCount: Int
  }

  /// The most that a step should read and write, but for its variables, and the fewest examples of a part.
  private struct Bounds {
    var stepByteCount, examples: Int

    /// A few examples stay in a core's own caches.
    static let pointwise = Bounds(stepByteCount: 2 << 20, examples: Layout.blockSize)
    /// Where most of the work is convolutions with neighbours, their weights would be transformed too often.
    static let windows = Bounds(stepByteCount: 8 << 20, examples: 2 * Layout.blockSize)
  }

  /// Parts for a network in evaluation mode; nil where the batch is small enough or must be computed as one.
  ///
  /// Only convolutional networks gain: dense layers read their weights anew for each part.
  init?(_ graph: Graph, threads: Int) {
    guard graph.nodes.contains(where: \.isConvolution), let input = graph.inputs.first,
      let batch = graph.type(of: input.value).shape.first
    else { return nil }
    let blocks = Layout.blockCount(images: batch)
    let most =
      graph.nodes.lazy.map { node in
        (node.inputs + node.outputs).map { value in
          let type = graph.type(of: value)
          guard type.shape.first == batch else { return 0 }
          return (type.elementCount / batch).multipliedSaturating(by: type.elementType.byteCount)
        }.reduce(0, +)
      }.max() ?? 0
    let bounds = graph.isMostlyPointwise ? Bounds.pointwise : .windows
    let wanted = max(bounds.stepByteCount / max(1, most), bounds.examples * threads)
    // As many as wanted or fewer, if no block is filled up for it.
    let part = stride(from: wanted / Layout.blockSize, through: 1, by: -1).first { blocks.isMultiple(of: $0) }
    guard let part, part < blocks, part * Layout.blockSize >= bounds.examples,
      let divided = graph.withExamples(part * Layout.blockSize)
    else { return nil }
    self.graph = divided
    self.batch = batch
    examples = part * Layout.blockSize
    count = blocks / part
  }

  /// Memory for an input of the whole batch, which parts are copied from.
  func input(
    _ part: UnsafeMutableRawPointer, _ type: TensorType
  ) throws(ExecutionError) -> UnsafeMutableRawPointer {
    copies.inputs.append(try copy(part, type))
    return copies.inputs[copies.inputs.count - 1].whole.base
  }

  /// Memory for an output of the whole batch, which parts are copied to.
  func output(
    _ part: UnsafeMutableRawPointer, _ type: TensorType
  ) throws(ExecutionError) -> UnsafeMutableRawPointer {
    copies.outputs.append(try copy(part, type))
    return copies.outputs[copies.outputs.count - 1].whole.base
  }

  private func copy(_ part: UnsafeMutableRawPointer, _ type: TensorType) throws(ExecutionError) -> Copy {
    let byteCount = (type.elementCount / batch).multipliedSaturating(by: type.elementType.byteCount)
    return Copy(
      whole: try AlignedMemory(byteCount: byteCount.multipliedSaturating(by: batch)), part: part,
      byteCount: byteCount)
  }

  /// The bytes of a network's inputs and outputs.
  static func byteCount(of graph: Graph) -> Int {
    (graph.inputs.map(\.value) + graph.outputs).map { value in
      let type = graph.type(of: value)
      return type.elementCount.multipliedSaturating(by: type.elementType.byteCount)
    }.reduce(0, +)
  }

  /// Computes part after part.
  func run(_ body: () throws(ExecutionError) -> Void) throws(ExecutionError) {
    for part in 0..<count {
      let (first, used) = (part * examples, min(examples, batch - part * examples))
      for copy in copies.inputs {
        copy.part.copyMemory(from: copy.whole.base + first * copy.byteCount, byteCount: used * copy.byteCount)
      }
      try body()
      for copy in copies.outputs {
        (copy.whole.base + first * copy.byteCount).copyMemory(
          from: copy.part, byteCount: used * copy.byteCount)
      }
    }
  }
}

extension Graph {
  /// Whether most multiplications of convolutions are by weights of one tap, or of one channel each.
  fileprivate var isMostlyPointwise: Bool {
    var (windows, all) = (0.0, 0.0)
    for node in nodes {
      guard case .convolution(let convolution) = node.operation else { continue }
      let weight = type(of: node.inputs[1]).shape
      let count = Double(type(of: node.outputs[0]).elementCount) * Double(weight.dropFirst().reduce(1, *))
      all += count
      if convolution.groups == 1, weight[2...].contains(where: { $0 > 1 }) { windows += count }
    }
    return windows < all / 2
  }
}

extension Node {
  fileprivate var isConvolution: Bool {
    if case .convolution = operation { true } else { false }
  }
}
