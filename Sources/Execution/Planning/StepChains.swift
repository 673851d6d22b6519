/// Steps in a row that are all done for some images of the batch, or some channels, before the next ones, so that what
/// one writes lies in the cache when another reads it.
///
/// Tiling a fused group of loops is Halide's `compute_at` (Ragan-Kelley et al. 2013), here with tiles that need nothing
/// of each other, so that nothing is computed twice.
struct StepChain: Hashable {
  /// Indices into the plan's steps.
  var steps: Range<Int>
  var axis: LoweredOperation.Sections.Axis
  /// The units of each section; between them they are all.
  var sections: [Range<Int>]
}

/// Puts a plan's steps in an order in which many follow each other in chains.
struct StepChains {
  /// How a block is touched by the steps of a chain.
  private struct Touches {
    var use: LoweredOperation.Sections.Use
    var isWritten: Bool
  }

  /// How far behind a step others are looked at that could join its chain.
  private static let reach = 48

  /// The steps' indices before, as they are done.
  private(set) var order: [Int] = []
  /// In order.
  private(set) var chains: [StepChain] = []
  private let steps: [ExecutionPlan.Step]
  /// By step, those before it that it must not overtake.
  private let earlier: [[Int]]
  private var isDone: [Bool]
  /// Of what a step of a section reads and writes, the most bytes.
  private let sectionByteCount: Int

  /// The steps in order, from `first` on in chains.
  init(_ steps: [ExecutionPlan.Step], from first: Int, sectionByteCount: Int) {
    self.steps = steps
    self.sectionByteCount = sectionByteCount
    order = Array(0..<first)
    isDone = steps.indices.map { $0 < first }
    earlier = Self.dependencies(steps)
    let sequence = Array(Self.deferring(steps, earlier).dropFirst(first))
    for (place, begin) in sequence.enumerated() where !isDone[begin] {
      let next = sequence[(place + 1)...].prefix(Self.reach)
      let found = steps[begin].operation.sections.compactMap { chain(from: begin, next, along: $0) }
      // Along images where both have as many steps.
      let best = found.max {
        ($0.steps.count, $0.axis == .images ? 1 : 0) < ($1.steps.count, $1.axis == .images ? 1 : 0)
      }
      if let best {
        chains.append(
          StepChain(
            steps: order.count..<order.count + best.steps.count, axis: best.axis, sections: best.sections))
      }
      for index in best?.steps ?? [begin] {
        isDone[index] = true
        order.append(index)
      }
    }
  }

  private typealias Candidate = (
    steps: [Int], axis: LoweredOperation.Sections.Axis, sections: [Range<Int>]
  )

  /// The chain of a step with those of the next ones that can join it along its sections' axis; nil where there is
  /// none.
  private func chain(
    from begin: Int, _ next: ArraySlice<Int>, along sections: LoweredOperation.Sections
  ) -> Candidate? {
    var (chain, touches, isIn) = ([begin], [Int: Touches](), Set([begin]))
    guard Self.join(steps[begin], sections, &touches) else { return nil }
    // What a step waits for comes before it, so that one walk finds all.
    for index in next where !isDone[index] {
      guard let own = steps[index].sections(sections.axis), own.units == sections.units,
        earlier[index].allSatisfy({ isDone[$0] || isIn.contains($0) }), Self.join(steps[index], own, &touches)
      else { continue }
      chain.append(index)
      isIn.insert(index)
    }
    return division(chain, sections.axis).map { (chain, sections.axis, $0) }
  }

  /// The steps with those that can be done channel by channel right before what waits for them, so that they share its
  /// chain.
  private static func deferring(_ steps: [ExecutionPlan.Step], _ earlier: [[Int]]) -> [Int] {
    var places = Array(steps.indices)
    var firstWaiting = [Int](repeating: .max, count: steps.count)
    for index in steps.indices.reversed() {
      if firstWaiting[index] < .max, steps[index].sections(.channels) != nil {
        places[index] = firstWaiting[index]
      }
      for before in earlier[index] { firstWaiting[before] = min(firstWaiting[before], places[index]) }
    }
    return steps.indices.sorted { (places[$0], $0) < (places[$1], $1) }
  }

  /// By step, those before it that it must not overtake.
  private static func dependencies(_ steps: [ExecutionPlan.Step]) -> [[Int]] {
    var writer: [Int: Int] = [:]
    var readers: [Int: [Int]] = [:]
    return steps.enumerated().map { index, step in
      var result: [Int] = []
      for case .block(let block) in step.inputs {
        if let writer = writer[block] { result.append(writer) }
        readers[block, default: []].append(index)
      }
      for case .block(let block) in step.outputs + [step.scratch].compactMap(\.self) {
        if let writer = writer[block] { result.append(writer) }
        result += (readers[block] ?? []).filter { $0 != index }
        writer[block] = index
        readers[block] = []
      }
      return result
    }
  }

  /// Adds a step to a chain, if it reads or overwrites some of what that writes, and nothing that all sections must have
  /// written.
  private static func join(
    _ step: ExecutionPlan.Step, _ sections: LoweredOperation.Sections, _ touches: inout [Int: Touches]
  ) -> Bool {
    var own: [Int: Touches] = [:]
    for touch in step.touches(sections) {
      guard let before = own[touch.block] else {
        own[touch.block] = Touches(use: touch.use, isWritten: touch.isWritten)
        continue
      }
      let isWritten = before.isWritten || touch.isWritten
      guard before.use == touch.use || !isWritten else { return false }
      own[touch.block] = Touches(use: before.use == touch.use ? touch.use : .whole, isWritten: isWritten)
    }
    // What both only read would not make up for scratch memory that drives each other's out of the cache.
    let isFed = own.contains { block, touch in
      touches[block].map { $0.isWritten && $0.use == touch.use && $0.use != .whole } ?? false
    }
    guard touches.isEmpty || isFed else { return false }
    for (block, touch) in own {
      guard let before = touches[block], before.isWritten || touch.isWritten else { continue }
      guard before.use == touch.use, case .units = touch.use else { return false }
    }
    touches.merge(own) { before, touch in
      Touches(
        use: before.use == touch.use ? touch.use : .whole, isWritten: before.isWritten || touch.isWritten)
    }
    return true
  }

  /// Into which sections the units of a chain fall; nil where they are worth none.
  private func division(_ chain: [Int], _ axis: LoweredOperation.Sections.Axis) -> [Range<Int>]? {
    let all = chain.compactMap { steps[$0].sections(axis) }
    guard chain.count > 1, let units = all.first?.units else { return nil }
    let most = all.map(\.unitByteCount).max() ?? 0
    var length = all.map(\.multiple).max() ?? 1
    while length < units, 2 * length * most <= sectionByteCount { length *= 2 }
    guard length < units else { return nil }
    return stride(from: 0, to: units, by: length).map { $0..<min($0 + length, units) }
  }
}

extension LoweredOperation.Sections {
  /// What a unit reads and writes of what is its own.
  var unitByteCount: Int {
    (inputs + outputs).reduce(0) { sum, use in
      if case .units(let byteCount) = use { sum + byteCount } else { sum }
    }
  }
}

extension ExecutionPlan.Step {
  /// How it is done along an axis, if it can.
  func sections(_ axis: LoweredOperation.Sections.Axis) -> LoweredOperation.Sections? {
    operation.sections.first { $0.axis == axis }
  }

  /// Whether what lies there has room for one section only.
  func isLocal(_ place: ExecutionPlan.Place) -> Bool {
    if case .block(let block) = place { local.contains(block) } else { false }
  }

  /// What a step's sections touch of the arena.
  fileprivate typealias Touch = (block: Int, use: LoweredOperation.Sections.Use, isWritten: Bool)

  fileprivate func touches(_ sections: LoweredOperation.Sections) -> [Touch] {
    var touches: [Touch] = []
    for (places, uses, isWritten) in [(inputs, sections.inputs, false), (outputs, sections.outputs, true)] {
      for (place, use) in zip(places, uses) {
        if case .block(let block) = place { touches.append((block, use, isWritten)) }
      }
    }
    if sections.keepsScratch, case .block(let block) = scratch { touches.append((block, .whole, true)) }
    return touches
  }
}

extension ExecutionPlan {
  /// Has each block of memory last for the steps that touch it, those of a chain as one, and what only a chain's
  /// sections need be no larger than one of them.
  ///
  /// - Parameters:
  ///   - blocks: with positions of nodes, of which there are `end`; what lasts to the end stays for further runs.
  ///   - steps: their scratch memory becomes one place for those of a chain that leave nothing there.
  static func settle(
    _ blocks: inout [MemoryBlock], _ steps: inout [Step], _ chains: [StepChain], end: Int
  ) {
    shareScratch(&blocks, &steps, chains)
    var lifetimes = [ClosedRange<Int>?](repeating: nil, count: blocks.count)
    for (index, step) in steps.enumerated() {
      for case .block(let block) in step.inputs + step.outputs + [step.scratch].compactMap(\.self) {
        lifetimes[block] = (lifetimes[block]?.lowerBound ?? index)...index
      }
    }
    for index in blocks.indices {
      let (block, touched) = (blocks[index], lifetimes[index])
      blocks[index].first = block.first == 0 ? 0 : touched?.lowerBound ?? steps.count
      blocks[index].last = block.last >= end ? steps.count : touched?.upperBound ?? blocks[index].first
    }
    for chain in chains {
      for index in blocks.indices {
        let isLocal = chain.steps.contains(blocks[index].first) && chain.steps.contains(blocks[index].last)
        if chain.steps.contains(blocks[index].first) { blocks[index].first = chain.steps.lowerBound }
        if chain.steps.contains(blocks[index].last) { blocks[index].last = chain.steps.upperBound - 1 }
        guard isLocal, let unit = unitByteCount(of: index, steps[chain.steps], chain.axis) else { continue }
        let length = chain.sections.map(\.count).max() ?? 0
        blocks[index].byteCount = min(blocks[index].byteCount, length * unit)
        for step in chain.steps { steps[step].local.insert(index) }
      }
    }
  }

  /// The bytes of a block that a unit of the steps has; nil where one of them touches all of it.
  private static func unitByteCount(
    of block: Int, _ steps: ArraySlice<Step>, _ axis: LoweredOperation.Sections.Axis
  ) -> Int? {
    var result: Int?
    for step in steps {
      guard let sections = step.sections(axis) else { continue }
      for touch in step.touches(sections) where touch.block == block {
        guard case .units(let byteCount) = touch.use else { return nil }
        result = byteCount
      }
      if step.scratch == .block(block) { return nil }
    }
    return result
  }

  private static func shareScratch(
    _ blocks: inout [MemoryBlock], _ steps: inout [Step], _ chains: [StepChain]
  ) {
    for chain in chains {
      var shared: Int?
      for index in chain.steps where steps[index].sections(chain.axis)?.keepsScratch == false {
        guard case .block(let block) = steps[index].scratch else { continue }
        if let shared {
          blocks[shared].byteCount = max(blocks[shared].byteCount, blocks[block].byteCount)
          blocks[block].byteCount = 0
          steps[index].scratch = .block(shared)
        } else {
          shared = block
        }
      }
    }
  }
}
