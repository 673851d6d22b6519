import NetworkGraph

/// What is run in which order, and where every value lies.
///
/// Only nodes that outputs or buffer updates depend on are run. A value lies in the arena from the step that
/// defines it to the last that reads it; values that are mere views of others share their place, and results take
/// the place of an operand that is read for the last time where the kernel allows it.
struct ExecutionPlan {
  /// Where a value lies.
  enum Place: Hashable {
    /// In a block of the arena.
    case block(Int)
    /// In the store, under that name.
    case variable(String)
  }

  /// One kernel call, or a copy of a variable that is yielded as it is.
  struct Step {
    /// What is done, for profiles.
    var label: StepLabel
    var operation: LoweredOperation
    var inputs: [Place]
    var outputs: [Place]
    var scratch: Place?
  }

  /// An operation's name and the types of its operands and first result.
  struct StepLabel {
    var name: String
    var inputs: [TensorType]
    var output: TensorType
  }

  /// Copied into the store after the last step.
  struct Update {
    var variable: String
    var source: Place
    var byteCount: Int
  }

  private(set) var steps: [Step] = []
  private(set) var blocks: [MemoryBlock] = []
  /// By output of the graph.
  private(set) var outputs: [Place] = []
  /// By name of the graph's inputs.
  private(set) var inputs: [String: Place] = [:]
  private(set) var constants: [(constant: Constant, place: Place)] = []
  private(set) var updates: [Update] = []
  /// By block.
  private(set) var offsets: [Int] = []
  /// Of the arena.
  private(set) var byteCount = 0
  /// How many nodes draw random numbers.
  private(set) var drawCount = 0

  private let graph: Graph
  /// By value.
  private var places: [Place?]
  /// By value, the last position in time that reads it or a view of it.
  private var lastUse: [Int]

  /// A plan for a verified graph.
  ///
  /// - Parameters:
  ///   - graph: what to run.
  ///   - kernels: with what.
  ///   - reusesMemory: false gives every value a place of its own, to test against.
  /// - Throws: `ExecutionError.tooLarge` where extents do not fit the kernels.
  init(_ graph: Graph, kernels: Kernels, reusesMemory: Bool = true) throws(ExecutionError) {
    self.graph = graph
    places = [Place?](repeating: nil, count: graph.values.count)
    lastUse = [Int](repeating: -1, count: graph.values.count)
    let scheduled = Schedule(graph)
    var lowered: [LoweredOperation?] = []
    for node in scheduled.nodes {
      let context = LoweringContext(
        kernels: kernels, inputs: node.inputs.map { graph.type(of: $0) },
        outputs: node.outputs.map { graph.type(of: $0) }, drawNumber: drawCount)
      switch node.operation {
      case .dropout, .random: drawCount += 1
      default: break
      }
      lowered.append(try node.operation.lowered(context))
    }
    findLastUses(scheduled.nodes, lowered)
    let end = scheduled.nodes.count
    for (time, (node, operation)) in zip(scheduled.nodes, lowered).enumerated() {
      if let operation {
        place(node, operation, at: time, reusesMemory: reusesMemory)
      } else {
        placeLeaf(node, end: end)
      }
    }
    for input in graph.inputs { inputs[input.name] = places[input.value.index] }
    settleResults(end: end)
    (offsets, byteCount) =
      reusesMemory ? MemoryPlanner.offsets(for: blocks) : MemoryPlanner.separateOffsets(for: blocks)
  }

  /// Positions are indices into the scheduled nodes; what is yielded is read behind the last.
  private mutating func findLastUses(_ nodes: [Node], _ lowered: [LoweredOperation?]) {
    for value in graph.outputs + graph.bufferUpdates.map(\.value) { lastUse[value.index] = nodes.count }
    for time in nodes.indices.reversed() {
      let node = nodes[time]
      // A view keeps alive what it looks at.
      let use = lowered[time]?.isAlias == true ? max(time, lastUse[node.outputs[0].index]) : time
      for input in node.inputs { lastUse[input.index] = max(lastUse[input.index], use) }
    }
  }

  private mutating func placeLeaf(_ node: Node, end: Int) {
    let value = node.outputs[0]
    switch node.operation {
    case .parameter(let name), .buffer(let name):
      places[value.index] = .variable(name)
    default:
      // Inputs and constants are written before the first step and stay for further runs, so that no step is their
      // last reader.
      let place = addBlock(graph.type(of: value), first: 0, last: end)
      places[value.index] = place
      if case .constant(let constant) = node.operation { constants.append((constant, place)) }
    }
  }

  private mutating func place(
    _ node: Node, _ operation: LoweredOperation, at time: Int, reusesMemory: Bool
  ) {
    let operands = node.inputs.compactMap { places[$0.index] }
    if operation.isAlias {
      places[node.outputs[0].index] = operands[0]
      return
    }
    var taken: Set<Place> = []
    for (index, output) in node.outputs.enumerated() {
      let last = max(time, lastUse[output.index])
      let donor = operation.inPlace.first { pair in
        pair.output == index && reusesMemory && !taken.contains(operands[pair.input])
          && canOverwrite(operands[pair.input], at: time, by: graph.type(of: output))
      }
      if let donor, case .block(let block) = operands[donor.input] {
        taken.insert(operands[donor.input])
        blocks[block].last = max(blocks[block].last, last)
        places[output.index] = .block(block)
      } else {
        places[output.index] = addBlock(graph.type(of: output), first: time, last: last)
      }
    }
    var scratch: Place?
    if operation.scratchByteCount > 0 {
      blocks.append(MemoryBlock(byteCount: operation.scratchByteCount, first: time, last: time))
      scratch = .block(blocks.count - 1)
    }
    steps.append(
      Step(
        label: StepLabel(
          name: node.operation.name, inputs: node.inputs.map { graph.type(of: $0) },
          output: graph.type(of: node.outputs[0])),
        operation: operation, inputs: operands, outputs: node.outputs.compactMap { places[$0.index] },
        scratch: scratch))
  }

  /// Whether the step at that time is the last to read the place, and what it writes has the same size.
  private func canOverwrite(_ place: Place, at time: Int, by type: TensorType) -> Bool {
    guard case .block(let block) = place else { return false }
    return blocks[block].last == time && blocks[block].byteCount == Self.byteCount(of: type)
  }

  /// Settles what a run yields; variables that are yielded as they are get copied, since updates change them.
  private mutating func settleResults(end: Int) {
    for output in graph.outputs { outputs.append(settled(output, end: end)) }
    for update in graph.bufferUpdates {
      guard case .buffer(let name) = graph.producer(of: update.buffer).operation else { continue }
      let source = settled(update.value, end: end)
      updates.append(
        Update(variable: name, source: source, byteCount: Self.byteCount(of: graph.type(of: update.value))))
    }
  }

  private mutating func settled(_ value: ValueID, end: Int) -> Place {
    let type = graph.type(of: value)
    guard let place = places[value.index] else { return addBlock(type, first: end, last: end) }
    guard case .variable = place else { return place }
    let copy = addBlock(type, first: end, last: end)
    let byteCount = Self.byteCount(of: type)
    let operation = LoweredOperation { operands in
      let (source, result) = (operands.inputs[0], operands.outputs[0])
      return { _ in result.copyMemory(from: source, byteCount: byteCount) }
    }
    steps.append(
      Step(
        label: StepLabel(name: "copy", inputs: [type], output: type), operation: operation, inputs: [place],
        outputs: [copy], scratch: nil))
    return copy
  }

  private mutating func addBlock(_ type: TensorType, first: Int, last: Int) -> Place {
    blocks.append(MemoryBlock(byteCount: Self.byteCount(of: type), first: first, last: last))
    return .block(blocks.count - 1)
  }

  private static func byteCount(of type: TensorType) -> Int {
    type.elementCount.multipliedSaturating(by: type.elementType.byteCount)
  }
}
