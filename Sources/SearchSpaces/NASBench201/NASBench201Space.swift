public import RandomStreams

/// NAS-Bench-201's topology space (Dong & Yang 2020): 15,625 cells in one skeleton, for one of three tasks.
public struct NASBench201Space: ChoiceSpace {
  /// What the networks classify.
  public let task: NASBench201Task
  private let skeleton: NASBench201Skeleton

  /// The space with the networks for a task.
  public init(task: NASBench201Task = .cifar10) {
    self.task = task
    skeleton = NASBench201Skeleton(task: task)
  }

  /// `nas-bench-201`.
  public var name: String { "nas-bench-201" }

  /// 15,625.
  public var count: Int? { NASBench201Cell.count }

  /// All cells in the benchmark's own order.
  public var all: [NASBench201Cell] { NASBench201Order.codes.map(NASBench201Cell.init(code:)) }

  // MARK: Drawing and varying

  /// A cell drawn uniformly.
  public func random(using stream: inout RandomStream) -> NASBench201Cell {
    NASBench201Cell(code: UInt16(stream.integer(below: NASBench201Cell.count)))
  }

  /// The cell with another operation on one edge; edge and operation are drawn uniformly.
  public func mutation(of cell: NASBench201Cell, using stream: inout RandomStream) -> NASBench201Cell {
    let (edge, other) = stream.integer(below: NASBench201Cell.edgeCount * 4).quotientAndRemainder(
      dividingBy: 4)
    return cell.replacing(edge, with: other < cell.digit(edge) ? other : other + 1)
  }

  /// A cell each of whose operations is that of either parent, with equal chances.
  public func crossover(
    of first: NASBench201Cell, and second: NASBench201Cell, using stream: inout RandomStream
  ) -> NASBench201Cell {
    let bits = stream.next()
    var child = first
    for edge in 0..<NASBench201Cell.edgeCount where (bits >> UInt64(63 - edge)) & 1 == 1 {
      child = child.replacing(edge, with: second.digit(edge))
    }
    return child
  }

  /// The 24 cells with another operation on one edge, edge by edge.
  public func neighbours(of cell: NASBench201Cell) -> [NASBench201Cell] {
    (0..<NASBench201Cell.edgeCount).flatMap { edge in
      (0..<5).filter { $0 != cell.digit(edge) }.map { cell.replacing(edge, with: $0) }
    }
  }

  // MARK: Reading and writing

  /// The arch string, such as `|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|`.
  public func text(of cell: NASBench201Cell) -> String { cell.description }

  /// The cell that an arch string means; white space does not matter.
  public func genotype(from text: String) throws(SearchSpaceError) -> NASBench201Cell {
    try NASBench201Cell(text: text)
  }

  /// What cells of one of the 6,466 kinds have in common.
  public func canonicalText(of cell: NASBench201Cell) -> String { cell.canonicalText() }

  /// The edges, each with the five operations.
  public var choices: [Choice] {
    NASBench201Cell.edges.map { edge in
      Choice(
        name: "edge \(edge.source)→\(edge.target)", options: NASBench201Operation.allCases.map(\.name))
    }
  }

  /// The operations' numbers.
  public func options(of cell: NASBench201Cell) -> [Int] {
    (0..<NASBench201Cell.edgeCount).map { cell.digit($0) }
  }

  /// The cell with the operations of these numbers.
  public func genotype(options: [Int]) throws(SearchSpaceError) -> NASBench201Cell {
    var operations: [NASBench201Operation] = []
    for (edge, option) in options.enumerated() {
      guard let operation = NASBench201Operation(rawValue: option) else {
        throw SearchSpaceError("Edge \(edge) has 5 operations, numbered from 0, and not number \(option).")
      }
      operations.append(operation)
    }
    return try NASBench201Cell(operations)
  }

  // MARK: Measuring

  /// Elements of all parameters of a cell's network, those of edges that matter to nothing included.
  public func parameters(of cell: NASBench201Cell) -> Int {
    (0..<NASBench201Cell.edgeCount).reduce(skeleton.fixedParameters) { sum, edge in
      sum + (cell[edge].window.flatMap { skeleton.edgeParameters[$0] } ?? 0)
    }
  }

  /// Multiply-accumulates of a cell's network for one image, without edges that do not reach the output.
  ///
  /// This is what the compiler counts on the network's graph: products of convolutions and of the dense layer. The
  /// benchmark's own figures are larger: they have all edges, normalisation, activation and pooling.
  public func macs(of cell: NASBench201Cell) -> Int { macs(of: cell, NASBench201Structure(cell)) }

  private func macs(of cell: NASBench201Cell, _ structure: NASBench201Structure) -> Int {
    (0..<NASBench201Cell.edgeCount).reduce(skeleton.fixedMACs) { sum, edge in
      sum + (structure.isLive[edge] ? cell[edge].window.flatMap { skeleton.edgeMACs[$0] } ?? 0 : 0)
    }
  }

  /// Whether a path leads from the cell's input to its output.
  public func isConnected(_ cell: NASBench201Cell) -> Bool { NASBench201Structure(cell).pathCount > 0 }

  /// What can be measured of a cell's network without training it.
  ///
  /// Of the whole network, as the compiler counts them: `parameters`, `macs`, `flops`, `longest_path`, `width`, `depth`,
  /// `width_depth_ratio`. Of the cell: how often it has each operation, by the operation's name, in all and (with
  /// `live_` before the name) on edges that reach the output; `cell_depth`, the most convolutions on a path from
  /// input to output; `cell_paths`, how many paths there are; `connected`, 1 where there is one and 0 where not.
  public func figures(of cell: NASBench201Cell) -> [String: Double] {
    let structure = NASBench201Structure(cell)
    let macs = macs(of: cell, structure)
    var counts = [0, 0, 0, 0, 0]
    var live = counts
    for edge in 0..<NASBench201Cell.edgeCount {
      counts[cell.digit(edge)] += 1
      if structure.isLive[edge] { live[cell.digit(edge)] += 1 }
    }
    let cells = NASBench201Skeleton.channels.count * NASBench201Skeleton.cellsPerStage
    let convolutions = live[2] + live[3]
    let depth = Self.fixedDepth + cells * (2 * convolutions + live[4])
    let width = max(NASBench201Skeleton.channels.max() ?? 0, task.classCount)
    var figures: [String: Double] = [
      "parameters": Double(parameters(of: cell)), "macs": Double(macs), "flops": 2 * Double(macs),
      "longest_path": Double(longestPath(of: cell, structure)), "width": Double(width),
      "depth": Double(depth), "width_depth_ratio": Double(width) / Double(depth),
      "cell_depth": Double(structure.connectedDepth(of: cell)), "cell_paths": Double(structure.pathCount),
      "connected": structure.pathCount > 0 ? 1 : 0,
    ]
    for operation in NASBench201Operation.allCases {
      figures[operation.name] = Double(counts[operation.rawValue])
      if operation != .none { figures["live_" + operation.name] = Double(live[operation.rawValue]) }
    }
    return figures
  }

  /// The layers around the cells: stem 2, two residual blocks of 6, normalisation, mean and dense layer.
  private static let fixedDepth = 17

  /// The most convolutions and dense layers on a path from the images to the classes.
  private func longestPath(of cell: NASBench201Cell, _ structure: NASBench201Structure) -> Int {
    // The stem, then the stages with a block of two convolutions before each but the first.
    var depth = 1
    for stage in NASBench201Skeleton.channels.indices {
      if stage > 0 { depth += 2 }
      for _ in 0..<NASBench201Skeleton.cellsPerStage { depth = structure.depth(of: cell, behind: depth) }
    }
    return depth + 1
  }
}
