import NetworkGraph

/// What is run in which order, and where every value lies.
///
/// Only nodes that outputs or buffer updates depend on are run. A value lies in the arena from the step that
/// defines it to the last that reads it; values that are mere views of others share their place, and results take
/// the place of an operand that is read for the last time where the kernel allows it.
struct ExecutionPlan {
  /// What stays in the cache from one step of a chain to the next: less than a core's share of what several have
  /// together.
  static let sectionByteCount = 2 << 20

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
    /// As much for each part.
    var scratch: Place?
    /// Where the preparation's result stays.
    var kept: Place?
    /// How many threads share the work.
    var partCount = 1
    /// The blocks of memory that hold one section of its chain at a time.
    var local: Set<Int> = []
  }

  /// An operation's name with its operands and results.
  struct StepLabel {
    var name: String
    var inputs: [PlannedValue]
    var outputs: [PlannedValue]
  }

  /// A value that lies where another does, so that nothing is done for it.
  struct View {
    var label: StepLabel
    var place: Place
    /// How many steps stand before it.
    var position: Int
  }

  /// Copied into the store after the last step.
  struct Update {
    var variable: String
    var source: Place
    var byteCount: Int
  }

  private(set) var steps: [Step] = []
  /// How many steps, the first ones, read nothing but variables and constants, so that they need not be run again
  /// until a variable changes.
  private(set) var fixedStepCount = 0
  /// The blocks of images of the batch that lies in blocks.
  let blockCount: Int
  /// In order; none where threads share the work of single steps.
  private(set) var chains: [StepChain] = []
  /// In order.
  private(set) var views: [View] = []
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

  /// What is run: the given graph without what would be computed twice or changes nothing.
  let graph: Graph
  private let team: ThreadTeam?
  private let sectionByteCount: Int?
  private let layouts: LayoutAssignment
  /// In order; fixed ones first.
  private let nodes: [PlannedNode]
  /// By value of the layouts.
  private var places: [Place?]
  /// By value of the layouts, the last position in time that reads it or a view of it.
  private var lastUse: [Int]

  /// A plan for a verified graph.
  ///
  /// - Parameters:
  ///   - graph: what to run.
  ///   - kernels: with what.
  ///   - reusesMemory: false gives every value a place of its own, to test against.
  ///   - usesBlocks: false leaves every value row-major, to test against.
  ///   - fuses: false runs the graph as it is, each node as a step of its own, to test against.
  ///   - keepsVariables: whether what rests on variables alone is done once and kept, as those do not change between
  ///     runs; a graph that updates buffers itself does not keep them.
  ///   - team: the threads that share the work of large operations.
  ///   - sectionByteCount: the most that a step of a chain should read and write for a section; nil for no chains, to
  ///     test against.
  /// - Throws: `ExecutionError.tooLarge` where extents do not fit the kernels.
  init(
    _ graph: Graph, kernels: Kernels, reusesMemory: Bool = true, usesBlocks: Bool = true, fuses: Bool = true,
    keepsVariables: Bool = false, team: ThreadTeam? = nil, sectionByteCount: Int? = Self.sectionByteCount
  ) throws(ExecutionError) {
    let graph =
      fuses
      ? graph.fusingOperations().removingNeutralOperands().eliminatingCommonSubexpressions() : graph
    self.graph = graph
    self.team = team
    self.sectionByteCount = team == nil ? sectionByteCount : nil
    layouts = LayoutAssignment(graph, Schedule(graph).nodes, usesBlocks: usesBlocks, fuses: fuses)
    blockCount = Layout.blockCount(images: layouts.batch ?? 1)
    let fixed = keepsVariables && graph.bufferUpdates.isEmpty ? FixedValues(layouts) : nil
    nodes = fixed?.nodes ?? layouts.nodes
    places = [Place?](repeating: nil, count: layouts.values.count)
    lastUse = [Int](repeating: -1, count: layouts.values.count)
    var lowered: [LoweredOperation?] = []
    /// By value, the window whose maxima it gives the places of.
    var poolings: [Int: Pooling] = [:]
    for (time, node) in nodes.enumerated() {
      let isFixed = time < fixed?.count ?? 0
      let context = LoweringContext(
        kernels: kernels, inputs: node.inputs.map { layouts.values[$0].physicalType },
        outputs: node.outputs.map { layouts.values[$0].physicalType },
        isInBlocks: node.inputs.map { layouts.values[$0].layout == .blocks },
        fixed: isFixed ? [] : node.inputs.map { fixed?.contains($0) ?? false },
        batch: layouts.batch, pooling: node.inputs.last.flatMap { poolings[$0] }, drawNumber: drawCount)
      switch node.work {
      case .operation(let operation):
        switch operation {
        case .dropout, .random: drawCount += 1
        case .maximumPooling(let pooling): poolings[node.outputs[1]] = pooling
        default: break
        }
        lowered.append(try operation.lowered(context))
      case .conversion:
        lowered.append(context.conversion())
      case .clearing:
        lowered.append(context.clearing())
      case .fused(let operation):
        lowered.append(try operation.lowered(context))
      }
    }
    findLastUses(lowered, fixedCount: fixed?.count ?? 0)
    let end = nodes.count
    for (time, (node, operation)) in zip(nodes, lowered).enumerated() {
      if time == fixed?.count { fixedStepCount = steps.count }
      if let operation {
        place(node, operation, at: time, reusesMemory: reusesMemory)
      } else {
        placeLeaf(node, end: end)
      }
    }
    for input in graph.inputs { inputs[input.name] = layouts.rows(input.value).flatMap { places[$0] } }
    settleResults(end: end)
    if let sectionByteCount = self.sectionByteCount {
      let found = StepChains(steps, from: fixedStepCount, sectionByteCount: sectionByteCount)
      chains = found.chains
      steps = found.order.map { steps[$0] }
      moveViews(found.order)
    }
    Self.settle(&blocks, &steps, chains, end: end)
    (offsets, byteCount) =
      reusesMemory ? MemoryPlanner.offsets(for: blocks) : MemoryPlanner.separateOffsets(for: blocks)
  }

  /// Positions are indices into the planned nodes; what is yielded is read behind the last, and so is what stays from
  /// run to run.
  private mutating func findLastUses(_ lowered: [LoweredOperation?], fixedCount: Int) {
    for value in graph.outputs + graph.bufferUpdates.map(\.value) {
      if let value = layouts.rows(value) { lastUse[value] = nodes.count }
    }
    for time in nodes.indices.reversed() {
      let node = nodes[time]
      // A view keeps alive what it looks at.
      let use = lowered[time]?.isAlias == true ? max(time, lastUse[node.outputs[0]]) : time
      for input in node.inputs { lastUse[input] = max(lastUse[input], use) }
    }
    guard fixedCount > 0 else { return }
    for time in (0..<fixedCount).reversed() {
      let node = nodes[time]
      for output in node.outputs where lastUse[output] >= fixedCount { lastUse[output] = nodes.count }
      guard lowered[time]?.isAlias == true else { continue }
      lastUse[node.inputs[0]] = max(lastUse[node.inputs[0]], lastUse[node.outputs[0]])
    }
  }

  private mutating func placeLeaf(_ node: PlannedNode, end: Int) {
    guard case .operation(let operation) = node.work else { return }
    let value = node.outputs[0]
    switch operation {
    case .parameter(let name), .buffer(let name):
      places[value] = .variable(name)
    default:
      // Inputs and constants are written before the first step and stay for further runs, so that no step is their
      // last reader.
      let place = addBlock(layouts.values[value].type, first: 0, last: end)
      places[value] = place
      if case .constant(let constant) = operation { constants.append((constant, place)) }
    }
  }

  private mutating func place(
    _ node: PlannedNode, _ operation: LoweredOperation, at time: Int, reusesMemory: Bool
  ) {
    let operands = node.inputs.compactMap { places[$0] }
    if operation.isAlias {
      places[node.outputs[0]] = operands[0]
      views.append(View(label: label(of: node), place: operands[0], position: steps.count))
      return
    }
    var taken: Set<Place> = []
    for (index, output) in node.outputs.enumerated() {
      let (last, type) = (max(time, lastUse[output]), layouts.values[output].physicalType)
      let donor = operation.inPlace.first { pair in
        pair.output == index && reusesMemory && !taken.contains(operands[pair.input])
          && canOverwrite(operands[pair.input], at: time, by: type)
      }
      if let donor, case .block(let block) = operands[donor.input] {
        taken.insert(operands[donor.input])
        blocks[block].last = max(blocks[block].last, last)
        places[output] = .block(block)
      } else {
        places[output] = addBlock(type, first: time, last: last)
      }
    }
    let partCount = partCount(of: node, operation)
    var scratch: Place?
    if operation.scratchByteCount > 0 {
      let byteCount = AlignedMemory.rounded(operation.scratchByteCount).multipliedSaturating(by: partCount)
      blocks.append(MemoryBlock(byteCount: byteCount, first: time, last: time))
      scratch = .block(blocks.count - 1)
    }
    var kept: Place?
    if let preparation = operation.preparation {
      blocks.append(MemoryBlock(byteCount: preparation.byteCount, first: 0, last: nodes.count))
      kept = .block(blocks.count - 1)
    }
    steps.append(
      Step(
        label: label(of: node), operation: operation, inputs: operands,
        outputs: node.outputs.compactMap { places[$0] }, scratch: scratch, kept: kept,
        partCount: partCount))
  }

  /// Has views stand behind all steps that stood before them, when those stand in that order.
  private mutating func moveViews(_ order: [Int]) {
    var places = [Int](repeating: 0, count: order.count)
    for (place, step) in order.enumerated() { places[step] = place }
    // By number of steps, behind which of the new places the first ones all stand.
    var ends = [0]
    for place in places { ends.append(max(ends[ends.count - 1], place + 1)) }
    for index in views.indices { views[index].position = ends[views[index].position] }
  }

  private func partCount(of node: PlannedNode, _ operation: LoweredOperation) -> Int {
    guard let team, let division = operation.division else { return 1 }
    let elements = (node.inputs + node.outputs).map { layouts.values[$0].type.elementCount }.reduce(0, +)
    let work = max(elements, operation.work)
    guard work >= team.leastElements else { return 1 }
    return max(1, min(division.units, team.count, work / max(1, team.leastElements / 2)))
  }

  private func label(of node: PlannedNode) -> StepLabel {
    let name =
      switch node.work {
      case .operation(let operation): operation.name
      case .conversion: layouts.values[node.outputs[0]].layout == .blocks ? "toBlocks" : "fromBlocks"
      case .clearing: "clear"
      case .fused(let operation): operation.name
      }
    return StepLabel(
      name: name, inputs: node.inputs.map { layouts.values[$0] },
      outputs: node.outputs.map { layouts.values[$0] })
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
    guard let place = layouts.rows(value).flatMap({ places[$0] }) else {
      return addBlock(type, first: end, last: end)
    }
    guard case .variable = place else { return place }
    let copy = addBlock(type, first: end, last: end)
    let (byteCount, planned) = (Self.byteCount(of: type), PlannedValue(type: type, layout: .rows))
    let operation = LoweredOperation { operands in
      let (source, result) = (operands.inputs[0], operands.outputs[0])
      return { _ in result.copyMemory(from: source, byteCount: byteCount) }
    }
    steps.append(
      Step(
        label: StepLabel(name: "copy", inputs: [planned], outputs: [planned]), operation: operation,
        inputs: [place], outputs: [copy], scratch: nil))
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
