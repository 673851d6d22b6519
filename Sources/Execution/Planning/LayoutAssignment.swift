import CKernels
import NetworkGraph

/// How a tensor lies in memory.
enum Layout: Hashable {
  /// Row-major.
  case rows
  /// [N, …] as [⌈N/16⌉, …, 16]: a vector holds one place of sixteen images. What lies behind the last image is
  /// anything, but where sums over images read it; there it is 0.
  case blocks

  /// How many images a block has.
  static let blockSize = Int(NICHE_BLOCK_SIZE)
  /// From how many images on a block that is not full is faster than rows.
  static let leastImages = 8

  /// How many blocks so many images take.
  static func blockCount(images: Int) -> Int { (images + blockSize - 1) / blockSize }

  /// The shape as it lies in memory, row-major.
  func physical(_ type: TensorType) -> TensorType {
    guard self == .blocks else { return type }
    var shape = type.shape
    shape[0] = Self.blockCount(images: shape[0])
    return TensorType(type.elementType, shape + [Self.blockSize])
  }
}

/// A value of a plan: a value of the graph in one of its layouts.
struct PlannedValue: Hashable {
  var type: TensorType
  var layout: Layout

  /// Its type as it lies in memory.
  var physicalType: TensorType { layout.physical(type) }
}

/// A step of a plan before it is given memory; values are indices into `LayoutAssignment.values`.
struct PlannedNode {
  /// What is done.
  enum Work {
    case operation(Operation)
    /// The operand in the other layout.
    case conversion
    /// The operand, which lies in blocks, with 0 behind the last image.
    case clearing
    /// Several operations.
    case fused(FusedOperation)
  }

  var work: Work
  var inputs: [Int]
  var outputs: [Int]
}

/// Which values lie in blocks, and where they are brought from one layout to the other.
///
/// Convolutions want blocks; what works element by element, channel by channel or window by window takes the layout
/// of what it reads. Everything else, and what a run is fed with and yields, is row-major.
struct LayoutAssignment {
  private(set) var nodes: [PlannedNode] = []
  private(set) var values: [PlannedValue] = []

  /// The images of the batch that lies in blocks; nil where none does.
  let batch: Int?

  private let graph: Graph
  /// By value of the graph.
  private var versions: [[Layout: Int]]

  /// Layouts for the nodes of a schedule.
  ///
  /// - Parameters:
  ///   - graph: what the nodes belong to.
  ///   - scheduled: the nodes, in order.
  ///   - usesBlocks: false makes all row-major, to test against.
  ///   - fuses: false leaves a step for every node, to test against.
  init(_ graph: Graph, _ scheduled: [Node], usesBlocks: Bool = true, fuses: Bool = true) {
    self.graph = graph
    versions = [[Layout: Int]](repeating: [:], count: graph.values.count)
    batch = usesBlocks ? Self.batch(of: graph, scheduled) : nil
    for node in scheduled { add(node) }
    let results = (graph.outputs + graph.bufferUpdates.map(\.value)).map { version(of: $0, in: .rows) }
    if fuses { (nodes, values) = Fusion.fused(self, results: results) }
    if let batch, batch % Layout.blockSize != 0 { clearPadding() }
  }

  /// The row-major version of a value that is run; nil for what is not.
  func rows(_ value: ValueID) -> Int? { versions[value.index][.rows] }

  /// The batch of the first convolution, if that is worth blocks.
  private static func batch(of graph: Graph, _ nodes: [Node]) -> Int? {
    for node in nodes {
      guard case .convolution = node.operation else { continue }
      let count = graph.type(of: node.inputs[0]).shape[0]
      return count >= Layout.leastImages ? count : nil
    }
    return nil
  }

  private mutating func add(_ node: Node) {
    let layouts =
      batch.flatMap { batch in
        node.operation.layouts(
          batch: batch, inputs: node.inputs.map { graph.type(of: $0) },
          outputs: node.outputs.map { graph.type(of: $0) },
          blocked: node.inputs.map { versions[$0.index][.blocks] != nil })
      }
      ?? (
        inputs: node.inputs.map { _ in Layout.rows }, outputs: node.outputs.map { _ in Layout.rows }
      )
    let inputs = zip(node.inputs, layouts.inputs).map { version(of: $0, in: $1) }
    let outputs = zip(node.outputs, layouts.outputs).map { value, layout in
      define(value, in: layout)
    }
    nodes.append(PlannedNode(work: .operation(node.operation), inputs: inputs, outputs: outputs))
  }

  /// Puts 0 behind the last image of what sums over images read.
  private mutating func clearPadding() {
    let summed = Set(nodes.flatMap { node in node.summedInputs.map { node.inputs[$0] } })
    var cleared: [Int: Int] = [:]
    var result: [PlannedNode] = []
    for var node in nodes {
      node.inputs = node.inputs.map { cleared[$0] ?? $0 }
      result.append(node)
      // A conversion leaves 0 there.
      if case .conversion = node.work { continue }
      for output in node.outputs where summed.contains(output) && values[output].layout == .blocks {
        values.append(values[output])
        cleared[output] = values.count - 1
        result.append(PlannedNode(work: .clearing, inputs: [output], outputs: [values.count - 1]))
      }
    }
    nodes = result
  }

  private mutating func define(_ value: ValueID, in layout: Layout) -> Int {
    values.append(PlannedValue(type: graph.type(of: value), layout: layout))
    versions[value.index][layout] = values.count - 1
    return values.count - 1
  }

  /// The value in that layout, converted where it is not there yet.
  private mutating func version(of value: ValueID, in layout: Layout) -> Int {
    if let version = versions[value.index][layout] { return version }
    guard let source = versions[value.index].values.first else { return define(value, in: layout) }
    let result = define(value, in: layout)
    nodes.append(PlannedNode(work: .conversion, inputs: [source], outputs: [result]))
    return result
  }
}

extension PlannedNode {
  /// The places of operands that are summed over images.
  fileprivate var summedInputs: [Int] {
    switch work {
    case .operation(.convolutionWeightGradient): [0, 1]
    case .fused(.normalizedWeightGradient): [0, 3]
    case .operation(.batchNormalization(let normalization)): normalization.isTraining ? [0] : []
    case .fused(.normalization(let fused)): fused.normalization.isTraining ? [0] : []
    case .operation(.batchNormalizationGradient), .fused(.normalizationGradient): [0, inputs.count - 1]
    case .operation(.reduce(let reduction)): reduction.axes.contains(0) ? [0] : []
    default: []
    }
  }
}

extension Operation {
  /// The layouts in which the operation reads and writes; nil where all are row-major.
  ///
  /// - Parameter blocked: by input, whether it is there in blocks.
  fileprivate func layouts(
    batch: Int, inputs: [TensorType], outputs: [TensorType], blocked: [Bool]
  ) -> (inputs: [Layout], outputs: [Layout])? {
    func all(_ isBlocked: Bool) -> (inputs: [Layout], outputs: [Layout])? {
      isBlocked ? (inputs.map { _ in .blocks }, outputs.map { _ in .blocks }) : nil
    }
    func isBatch(_ type: TensorType) -> Bool { type.rank >= 2 && type.shape[0] == batch }
    switch self {
    case .convolution(let convolution):
      guard isBatch(inputs[0]),
        convolution.worksInBlocks(images: inputs[0].shape, weight: inputs[1].shape, output: outputs[0].shape)
      else { return nil }
      return ([.blocks] + inputs.dropFirst().map { _ in .rows }, [.blocks])
    case .convolutionInputGradient(let convolution, let images):
      guard isBatch(outputs[0]),
        convolution.worksInBlocks(images: images, weight: inputs[0].shape, output: inputs[1].shape)
      else { return nil }
      return ([.rows, .blocks], [.blocks])
    case .convolutionWeightGradient(let convolution, let weight):
      guard isBatch(inputs[0]),
        convolution.worksInBlocks(images: inputs[0].shape, weight: weight, output: inputs[1].shape)
      else { return nil }
      return ([.blocks, .blocks], [.rows])
    case .batchNormalization:
      guard blocked[0] else { return nil }
      return (
        [.blocks] + inputs.dropFirst().map { _ in .rows }, [.blocks] + outputs.dropFirst().map { _ in .rows }
      )
    case .batchNormalizationGradient:
      guard blocked[0] || blocked[inputs.count - 1] else { return nil }
      let middle = inputs.dropFirst(2).map { _ in Layout.rows }
      return ([.blocks] + middle + [.blocks], [.blocks] + outputs.dropFirst().map { _ in .rows })
    case .unary, .unaryGradient, .cast, .detach:
      return all(blocked.contains(true))
    case .dropout(let dropout):
      return dropout.isPerChannel ? nil : all(blocked[0])
    case .binary, .select:
      let result = outputs[0]
      guard blocked.contains(true), isBatch(result) else { return nil }
      let layouts = inputs.map { $0.rank == result.rank && $0.shape[0] == batch ? Layout.blocks : .rows }
      return (layouts, [.blocks])
    case .maximumPooling, .averagePooling, .adaptiveAveragePooling, .adaptiveMaximumPooling:
      return all(blocked[0])
    case .maximumPoolingGradient:
      return all(blocked[1])
    case .averagePoolingGradient, .adaptiveAveragePoolingGradient:
      return all(isBatch(outputs[0]))
    case .reshape:
      return all(blocked[0] && isBatch(inputs[0]) && isBatch(outputs[0]))
    case .concatenate(let axis):
      return all(axis > 0 && blocked.contains(true))
    case .slice(let slice), .sliceGradient(let slice, _):
      return all(slice.axis > 0 && blocked[0])
    case .pad(let before, let after, _):
      return all(blocked[0] && before[0] == 0 && after[0] == 0)
    case .expand:
      return all(
        isBatch(inputs[0]) && isBatch(outputs[0]) && inputs[0].rank == outputs[0].rank
          && (blocked[0] || outputs[0].rank >= 4))
    case .reduce(let reduction):
      guard blocked[0] else { return nil }
      guard reduction.axes.contains(0) else { return isBatch(outputs[0]) ? ([.blocks], [.blocks]) : nil }
      // What lies behind the last image is 0, which changes sums alone not.
      let isSum = reduction.kind == .sum || reduction.kind == .mean
      return isSum || batch % Layout.blockSize == 0 ? ([.blocks], [.rows]) : nil
    default:
      return nil
    }
  }
}

extension Convolution {
  /// Whether there is a kernel for blocks of images, whose copies of borders are of bearable size.
  fileprivate func worksInBlocks(images: [Int], weight: [Int], output: [Int]) -> Bool {
    let lowering = ConvolutionLowering(self, images: images, weight: weight, output: output)
    return lowering.blockScratchByteCount != nil
  }
}
