/// What a network costs.
public struct NetworkCost: Sendable, Hashable, Codable {
  /// Elements of all parameters, used or not, as `sum(p.numel() for p in module.parameters())`.
  public var parameters: Int
  /// Elements of the parameters that are trained.
  public var trainableParameters: Int
  /// Elements of all buffers.
  public var bufferElements: Int
  /// Multiply-accumulates of one run on the traced batch, as fvcore and thop count them.
  public var macs: Int
  /// The extent of the first input's first dimension; 1 without inputs.
  public var batchSize: Int
  /// Multiply-accumulates per example: `macs / batchSize`, rounded down.
  public var macsPerExample: Int
  /// Elements of all values that operations define, for the traced batch.
  ///
  /// Not counted are inputs, variables and constants, nor reshapes and detached values, which share their operand's memory.
  public var activationElements: Int
  /// The bytes of those elements.
  public var activationBytes: Int
  /// By node, in the graph's order; inputs, variables and constants are left out.
  public var perNode: [NodeCost]
}

/// What one node costs.
public struct NodeCost: Sendable, Hashable, Codable {
  /// The index into `Graph.nodes`.
  public var node: Int
  /// Elements of the parameters that it is the first to read.
  public var parameters: Int
  /// Multiply-accumulates on the traced batch.
  public var macs: Int
  /// Elements of what it defines.
  public var activationElements: Int
}

extension Graph {
  /// What the graph costs as it was traced; sums stop at `Int.max`.
  ///
  /// A training graph counts what it has, gradients included; compare networks by their forward graphs.
  public var costs: NetworkCost {
    let sizes = parameters.map { type(of: $0.value).elementCount }
    var unclaimed = Dictionary(
      zip(parameters.map(\.value), sizes), uniquingKeysWith: { first, _ in first })
    var perNode: [NodeCost] = []
    var bytes = 0
    for (index, node) in nodes.enumerated() {
      switch node.operation {
      case .input, .parameter, .buffer, .constant: continue
      default: break
      }
      let outputs = node.outputs.map(type(of:))
      var elements = 0
      switch node.operation {
      case .reshape, .detach: break
      default:
        for output in outputs {
          elements = elements.addingClamped(output.elementCount)
          bytes = bytes.addingClamped(output.elementCount * output.elementType.byteCount)
        }
      }
      let owned = node.inputs.reduce(0) { $0.addingClamped(unclaimed.removeValue(forKey: $1) ?? 0) }
      let macs = node.operation.multiplyAccumulates(inputs: node.inputs.map(type(of:)), outputs: outputs)
      perNode.append(
        NodeCost(node: index, parameters: owned, macs: macs, activationElements: elements))
    }
    let macs = perNode.reduce(0) { $0.addingClamped($1.macs) }
    let batchSize = inputs.first.flatMap { type(of: $0.value).shape.first } ?? 1
    return NetworkCost(
      parameters: sizes.reduce(0) { $0.addingClamped($1) },
      trainableParameters: zip(parameters, sizes).reduce(0) {
        $0.addingClamped($1.0.isTrainable ? $1.1 : 0)
      },
      bufferElements: buffers.reduce(0) { $0.addingClamped(type(of: $1.value).elementCount) },
      macs: macs, batchSize: batchSize, macsPerExample: macs / max(1, batchSize),
      activationElements: perNode.reduce(0) { $0.addingClamped($1.activationElements) },
      activationBytes: bytes, perNode: perNode)
  }
}

extension Int {
  /// The sum, or the greatest number where it would overflow; for counts that are not negative.
  func addingClamped(_ other: Int) -> Int {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? Int.max : sum
  }
}
