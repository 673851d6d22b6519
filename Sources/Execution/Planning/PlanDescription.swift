public import NetworkGraph

/// What a plan does in which order and where its values lie, to be read and checked by people.
public struct PlanDescription: Sendable, Hashable, Codable {
  /// How a tensor lies in memory.
  public enum Layout: String, Sendable, Hashable, Codable {
    /// Row-major.
    case rows
    /// [N, …] as [N/16, …, 16].
    case blocks
  }

  /// Where a value lies.
  public enum Place: Sendable, Hashable, Codable {
    /// That many bytes from the beginning of the arena.
    case arena(offset: Int)
    /// In the store of parameters and buffers, under that name.
    case variable(String)
  }

  /// A value that a step reads or writes.
  public struct Value: Sendable, Hashable, Codable {
    /// Its shape, whatever its layout.
    public var shape: [Int]
    /// Its elements' type.
    public var elementType: ElementType
    /// How it lies.
    public var layout: Layout
    /// Where it lies.
    public var place: Place
    /// What it takes where only a section of a chain is there at a time; nil where all of it is.
    public var sectionByteCount: Int?

    /// What it takes; blocks are of sixteen images, full or not.
    public var byteCount: Int {
      if let sectionByteCount { return sectionByteCount }
      let type = TensorType(elementType, shape)
      let lying = layout == .blocks ? Execution.Layout.blocks.physical(type) : type
      return lying.elementCount.multipliedSaturating(by: elementType.byteCount)
    }
  }

  /// Steps in a row that are all done for a section of the batch before the next one.
  public struct Chain: Sendable, Hashable, Codable {
    /// Along which axis sections lie side by side.
    public enum Axis: String, Sendable, Hashable, Codable {
      case images, channels
    }

    /// Counted from 1.
    public var number: Int
    /// Along which axis sections lie side by side.
    public var axis: Axis
    /// How many sections there are.
    public var sectionCount: Int
  }

  /// A kernel call, or a view, for which nothing is done.
  public struct Step: Sendable, Hashable, Codable {
    /// What is done.
    public var operation: String
    /// What it reads.
    public var inputs: [Value]
    /// What it writes, or the view.
    public var outputs: [Value]
    /// What it needs while it runs.
    public var scratchByteCount: Int
    /// What is made of its weights before the first run and kept.
    public var keptByteCount = 0
    /// Whether its result is its operand as it lies in memory.
    public var isView: Bool
    /// The chain that it is done in; nil where it is done for the batch at once.
    public var chain: Chain?

    /// Whether that output overwrites an operand.
    public func isInPlace(_ output: Value) -> Bool {
      !isView && inputs.contains { $0.place == output.place }
    }
  }

  /// In the order in which they are done.
  public var steps: [Step]
  /// Into how many parts the batch falls, for each of which all steps are done; 1 where it is computed as a whole.
  public var partCount = 1
  /// What all intermediate values, inputs and outputs take, each in its place of the arena or, where there are parts, of
  /// the whole batch's inputs and outputs.
  public var arenaByteCount: Int
  /// What they and all scratch memory would take if each had a place of its own.
  public var separateByteCount: Int
  /// The kernels that it was planned for.
  public var instructionSet: InstructionSet

  /// The plan that an `Executor` of the graph follows.
  ///
  /// - Parameters:
  ///   - graph: what would run.
  ///   - instructionSet: with which kernels, by default the preferred ones.
  ///   - keepsVariables: as the executor's.
  /// - Throws: `ExecutionError.graph` where the graph is not well formed, `.tooLarge` where extents do not fit the
  ///   kernels, `.instructionSet`.
  public init(
    _ graph: Graph, instructionSet: InstructionSet? = nil, keepsVariables: Bool = false
  ) throws(ExecutionError) {
    do { try graph.verify() } catch { throw .graph(error) }
    let set = if let instructionSet { instructionSet } else { try InstructionSet.preferred() }
    let kernels = try set.kernels()
    let parts = keepsVariables ? BatchParts(graph, threads: 1) : nil
    let planned = parts?.graph ?? graph
    let plan = try ExecutionPlan(
      planned, kernels: kernels, keepsVariables: keepsVariables,
      sectionByteCount: parts == nil ? ExecutionPlan.sectionByteCount : nil)
    steps = []
    var views = plan.views[...]
    var chains = plan.chains.enumerated().map { index, chain in
      (
        chain.steps,
        Chain(
          number: index + 1, axis: chain.axis == .images ? .images : .channels,
          sectionCount: chain.sections.count)
      )
    }[...]
    for (position, step) in plan.steps.enumerated() {
      while let (steps, _) = chains.first, steps.upperBound <= position { chains.removeFirst() }
      while let view = views.first, view.position <= position {
        steps.append(Self.step(view, in: plan))
        views.removeFirst()
      }
      steps.append(
        Step(
          operation: step.label.name,
          inputs: Self.values(step.label.inputs, step.inputs, step.local, in: plan),
          outputs: Self.values(step.label.outputs, step.outputs, step.local, in: plan),
          scratchByteCount: step.operation.scratchByteCount,
          keptByteCount: step.operation.preparation?.byteCount ?? 0, isView: false,
          chain: chains.first.flatMap { steps, chain in steps.contains(position) ? chain : nil }))
    }
    steps += views.map { Self.step($0, in: plan) }
    partCount = parts?.count ?? 1
    let wholeByteCount = parts == nil ? 0 : BatchParts.byteCount(of: graph)
    arenaByteCount = plan.byteCount + wholeByteCount
    separateByteCount =
      try ExecutionPlan(
        planned, kernels: kernels, reusesMemory: false, keepsVariables: keepsVariables,
        sectionByteCount: parts == nil ? ExecutionPlan.sectionByteCount : nil
      )
      .byteCount
      + wholeByteCount
    self.instructionSet = set
  }

  private static func step(_ view: ExecutionPlan.View, in plan: ExecutionPlan) -> Step {
    Step(
      operation: view.label.name, inputs: values(view.label.inputs, [view.place], [], in: plan),
      outputs: values(view.label.outputs, [view.place], [], in: plan), scratchByteCount: 0, isView: true)
  }

  private static func values(
    _ planned: [PlannedValue], _ places: [ExecutionPlan.Place], _ local: Set<Int>, in plan: ExecutionPlan
  ) -> [Value] {
    zip(planned, places).map { value, place in
      let described: Place =
        switch place {
        case .block(let block): .arena(offset: plan.offsets[block])
        case .variable(let name): .variable(name)
        }
      return Value(
        shape: value.type.shape, elementType: value.type.elementType,
        layout: value.layout == .blocks ? .blocks : .rows, place: described,
        sectionByteCount: Self.sectionByteCount(of: place, local, in: plan))
    }
  }

  private static func sectionByteCount(
    of place: ExecutionPlan.Place, _ local: Set<Int>, in plan: ExecutionPlan
  ) -> Int? {
    guard case .block(let block) = place, local.contains(block) else { return nil }
    return plan.blocks[block].byteCount
  }
}
