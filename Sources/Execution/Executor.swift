import CKernels
public import NetworkGraph
public import RandomStreams

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs a graph on the thread that calls, or on that and others of a team.
///
/// All memory is allocated and every step is bound to it when the executor is made; a run allocates nothing, but for
/// what OpenBLAS takes for some small products. The same inputs, variables and random stream give the same bits each
/// time, whatever the team. An executor serves one caller at a time; executors in different threads share nothing
/// unless they share a store.
public final class Executor {
  /// The variables that runs read and whose buffers they update.
  public let variables: VariableStore
  /// The bytes of all intermediate values, inputs and outputs.
  public let arenaByteCount: Int
  /// The instruction set of the kernels.
  public let instructionSet: InstructionSet

  private let arena: AlignedMemory
  /// Nil where the batch is computed as one.
  private let batchParts: BatchParts?
  private let team: ThreadTeam?
  /// Run before the first run and after variables have changed.
  private let fixedSteps: [BoundStep]
  /// Done behind them.
  private let preparations: [PartBody]
  private var isPrepared = false
  /// Run each time.
  private let steps: [BoundStep]
  /// By their places among the steps, in order.
  private let chains: [StepChain]
  private let labels: [ExecutionPlan.StepLabel]
  private let updates: [(target: UnsafeMutableRawPointer, source: UnsafeMutableRawPointer, byteCount: Int)]
  private let inputs: [String: (type: TensorType, memory: UnsafeMutableRawPointer)]
  private let outputs: [(type: TensorType, memory: UnsafeMutableRawPointer)]
  private let needsRandomStream: Bool

  /// Plans a graph, allocates what it needs and binds it to the variables.
  ///
  /// - Parameters:
  ///   - graph: what to run; nodes that no output and no buffer update depends on are left out.
  ///   - variables: the graph's parameters and buffers, by name.
  ///   - memoryLimit: the most bytes to allocate.
  ///   - instructionSet: which kernels to use; by default the preferred ones.
  ///   - keepsVariables: whether what rests on variables alone, such as weights packed for products, is computed
  ///     before the first run and then kept, until `variablesChanged` is called. A batch of a convolutional network
  ///     in evaluation mode may then be computed some examples at a time.
  ///   - team: the threads that share the work of each large operation; nil for the caller's alone.
  /// - Throws: `ExecutionError.graph` where the graph is not well formed; `.missingVariable` or `.variableShape`
  ///   where the store does not fit it; `.tooLarge`, `.memoryLimit` or `.allocation`; `.instructionSet`.
  public convenience init(
    graph: Graph, variables: VariableStore, memoryLimit: Int? = nil, instructionSet: InstructionSet? = nil,
    keepsVariables: Bool = false, team: ThreadTeam? = nil
  ) throws(ExecutionError) {
    try self.init(
      graph: graph, variables: variables, memoryLimit: memoryLimit, instructionSet: instructionSet,
      reusesMemory: true, keepsVariables: keepsVariables, team: team)
  }

  init(
    graph: Graph, variables: VariableStore, memoryLimit: Int?, instructionSet: InstructionSet?,
    reusesMemory: Bool, usesBlocks: Bool = true, fuses: Bool = true, keepsVariables: Bool = false,
    team: ThreadTeam? = nil, sectionByteCount: Int? = ExecutionPlan.sectionByteCount
  ) throws(ExecutionError) {
    do { try graph.verify() } catch { throw .graph(error) }
    let set = if let instructionSet { instructionSet } else { try InstructionSet.preferred() }
    let kernels = try set.kernels()
    let whole = graph
    let batchParts = keepsVariables ? BatchParts(whole, threads: team?.count ?? 1) : nil
    let plan = try ExecutionPlan(
      batchParts?.graph ?? whole, kernels: kernels, reusesMemory: reusesMemory, usesBlocks: usesBlocks,
      fuses: fuses,
      keepsVariables: keepsVariables, team: team,
      // Parts stay in the cache as they are.
      sectionByteCount: batchParts == nil ? sectionByteCount : nil)
    let graph = plan.graph
    var shapes: [String: [Int]] = [:]
    for variable in graph.parameters + graph.buffers {
      let shape = graph.type(of: variable.value).shape
      shapes[variable.name] = shape
      _ = try variables.address(of: variable.name, shape: shape)
    }
    let (byteCount, overflows) = plan.byteCount.addingReportingOverflow(
      batchParts == nil ? 0 : BatchParts.byteCount(of: whole))
    if let memoryLimit, overflows || byteCount > memoryLimit {
      throw .memoryLimit(neededBytes: overflows ? .max : byteCount, limitBytes: memoryLimit)
    }
    let arena = try AlignedMemory(byteCount: plan.byteCount)
    func address(_ place: ExecutionPlan.Place) throws(ExecutionError) -> UnsafeMutableRawPointer {
      switch place {
      case .block(let block): return arena.base + plan.offsets[block]
      case .variable(let name): return try variables.address(of: name, shape: shapes[name] ?? [])
      }
    }
    func addresses(_ places: [ExecutionPlan.Place]) throws(ExecutionError) -> [UnsafeMutableRawPointer] {
      var result: [UnsafeMutableRawPointer] = []
      for place in places { result.append(try address(place)) }
      return result
    }
    var steps: [BoundStep] = []
    var chains = plan.chains[...]
    var preparations: [PartBody] = []
    for (index, step) in plan.steps.enumerated() {
      let operands = LoweredOperation.Operands(
        inputs: try addresses(step.inputs), outputs: try addresses(step.outputs),
        scratch: try step.scratch.map(address) ?? arena.base, kept: try step.kept.map(address) ?? arena.base)
      if let preparation = step.operation.preparation { preparations.append(preparation.bind(operands)) }
      while let chain = chains.first, chain.steps.upperBound <= index { chains.removeFirst() }
      if let chain = chains.first, chain.steps.contains(index), let sections = step.sections(chain.axis) {
        let local = (step.inputs.map(step.isLocal), step.outputs.map(step.isLocal))
        steps.append(
          .sections(
            chain.sections.map { units in
              sections.bind(
                operands.section(units, of: sections, blocks: plan.blockCount, local: local), units)
            }))
      } else {
        steps.append(BoundStep(step.operation, operands, partCount: step.partCount))
      }
    }
    for (constant, place) in plan.constants { constant.write(to: try address(place), kernels) }
    var inputs: [String: (type: TensorType, memory: UnsafeMutableRawPointer)] = [:]
    for input in graph.inputs {
      guard let place = plan.inputs[input.name] else { continue }
      var (type, memory) = (graph.type(of: input.value), try address(place))
      if let batchParts, let all = whole.inputs.first(where: { $0.name == input.name }) {
        kernels.pointee.fill(type.elementCount, 0, memory)
        type = whole.type(of: all.value)
        memory = try batchParts.input(memory, type)
      }
      kernels.pointee.fill(type.elementCount, 0, memory)
      inputs[input.name] = (type, memory)
    }
    var outputs: [(type: TensorType, memory: UnsafeMutableRawPointer)] = []
    for (value, place) in zip(whole.outputs, plan.outputs) {
      let (type, memory) = (whole.type(of: value), try address(place))
      outputs.append((type, try batchParts?.output(memory, type) ?? memory))
    }
    var updates: [(target: UnsafeMutableRawPointer, source: UnsafeMutableRawPointer, byteCount: Int)] = []
    for update in plan.updates {
      updates.append((try address(.variable(update.variable)), try address(update.source), update.byteCount))
    }
    self.variables = variables
    self.instructionSet = set
    self.arena = arena
    self.batchParts = batchParts
    self.team = team
    fixedSteps = Array(steps.prefix(plan.fixedStepCount))
    self.steps = Array(steps.dropFirst(plan.fixedStepCount))
    self.chains = plan.chains.map { chain in
      StepChain(
        steps: chain.steps.lowerBound - plan.fixedStepCount..<chain.steps.upperBound - plan.fixedStepCount,
        axis: chain.axis, sections: chain.sections)
    }
    self.preparations = preparations
    labels = plan.steps.dropFirst(plan.fixedStepCount).map(\.label)
    self.updates = updates
    self.inputs = inputs
    self.outputs = outputs
    arenaByteCount = byteCount
    needsRandomStream = plan.drawCount > 0
  }

  /// Computes all outputs, then gives the buffers their new contents.
  ///
  /// - Parameter stream: where dropout and random tensors draw from; give each run a stream of its own.
  /// - Throws: `ExecutionError.missingRandomStream` where the graph draws random numbers and there is no stream;
  ///   `.indexOutOfRange` where an index is none of its axis, `.divisionByZero` where a whole number is divided by
  ///   0. Buffers keep their contents then.
  public func run(dropout stream: RandomStream? = nil) throws(ExecutionError) {
    guard stream != nil || !needsRandomStream else { throw .missingRandomStream }
    try prepare()
    try performSteps { index, section throws(ExecutionError) in try run(steps[index], section, stream) }
    for update in updates { update.target.copyMemory(from: update.source, byteCount: update.byteCount) }
  }

  /// Has the next run take the variables as they are by then.
  ///
  /// An executor that does not keep what rests on them does so anyway.
  public func variablesChanged() { isPrepared = false }

  private func prepare() throws(ExecutionError) {
    guard !isPrepared else { return }
    for step in fixedSteps { try run(step, 0, nil) }
    for preparation in preparations { preparation() }
    isPrepared = true
  }

  /// Calls the body with one step after the other, and in chains with one section of each after the other; for the
  /// batch, or for each of its parts.
  private func performSteps(
    _ body: (_ step: Int, _ section: Int) throws(ExecutionError) -> Void
  ) throws(ExecutionError) {
    func performAll() throws(ExecutionError) {
      var next = 0
      for chain in chains {
        for step in next..<chain.steps.lowerBound { try body(step, 0) }
        for section in chain.sections.indices { for step in chain.steps { try body(step, section) } }
        next = chain.steps.upperBound
      }
      for step in next..<steps.count { try body(step, 0) }
    }
    if let batchParts { try batchParts.run(performAll) } else { try performAll() }
  }

  private func run(_ step: BoundStep, _ section: Int, _ stream: RandomStream?) throws(ExecutionError) {
    switch step {
    case .whole(let body): try body(stream)
    case .sections(let sections): sections[section]()
    case .parts(let parts):
      if let team {
        team.perform { number in if number < parts.count { parts[number]() } }
      } else {
        for part in parts { part() }
      }
    }
  }

  /// As `run`, with the time that each operation takes, in the order in which they are done.
  ///
  /// - Throws: as `run`.
  public func timedRun(dropout stream: RandomStream? = nil) throws(ExecutionError) -> [OperationTime] {
    guard stream != nil || !needsRandomStream else { throw .missingRandomStream }
    try prepare()
    var times = labels.map { OperationTime(operation: $0.description, seconds: 0) }
    try performSteps { index, section throws(ExecutionError) in
      let start = processorTime()
      try run(steps[index], section, stream)
      times[index].seconds += Double(processorTime() - start) * 1e-9
    }
    for update in updates { update.target.copyMemory(from: update.source, byteCount: update.byteCount) }
    return times
  }

  /// The inputs that a run reads; others of the graph have no memory.
  public var inputNames: Set<String> { Set(inputs.keys) }

  /// Calls the body with an input, row-major, to fill in place; it stays until it is filled anew and begins as 0.
  ///
  /// - Precondition: the graph has a floating-point input of that name.
  public func withInput<Result>(
    _ name: String, _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    guard let input = inputs[name], input.type.elementType == .float32 else {
      preconditionFailure("the graph has no floating-point input called \(name)")
    }
    return try body(Self.buffer(input))
  }

  /// Calls the body with an input of 32-bit integers, row-major, to fill in place.
  ///
  /// - Precondition: the graph has an integer input of that name.
  public func withIntegerInput<Result>(
    _ name: String, _ body: (UnsafeMutableBufferPointer<Int32>) throws -> Result
  ) rethrows -> Result {
    guard let input = inputs[name], input.type.elementType == .int32 else {
      preconditionFailure("the graph has no integer input called \(name)")
    }
    return try body(Self.buffer(input))
  }

  /// An output of the last run, row-major.
  ///
  /// - Precondition: it is an output of floating-point numbers.
  public func output(_ index: Int) -> [Float] { withOutput(index) { Array($0) } }

  /// Calls the body with an output of the last run in place, row-major.
  ///
  /// - Precondition: it is an output of floating-point numbers.
  public func withOutput<Result>(
    _ index: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    precondition(outputs[index].type.elementType == .float32, "output \(index) holds integers")
    return try body(UnsafeBufferPointer(Self.buffer(outputs[index])))
  }

  /// An output of 32-bit integers of the last run, row-major.
  ///
  /// - Precondition: it is an output of integers.
  public func integerOutput(_ index: Int) -> [Int32] {
    precondition(outputs[index].type.elementType == .int32, "output \(index) holds floating-point numbers")
    return Array(Self.buffer(outputs[index]) as UnsafeMutableBufferPointer<Int32>)
  }

  private static func buffer<Element>(
    _ tensor: (type: TensorType, memory: UnsafeMutableRawPointer)
  ) -> UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(
      start: tensor.memory.assumingMemoryBound(to: Element.self), count: tensor.type.elementCount)
  }
}

/// A step bound to its memory.
private enum BoundStep {
  case whole(StepBody)
  /// One for each thread of the team, or fewer.
  case parts([PartBody])
  /// One for each section of a chain.
  case sections([PartBody])

  init(_ operation: LoweredOperation, _ operands: LoweredOperation.Operands, partCount: Int) {
    guard partCount > 1, let division = operation.division else {
      self = .whole(operation.bind(operands))
      return
    }
    let scratchSize = AlignedMemory.rounded(operation.scratchByteCount)
    self = .parts(
      (0..<partCount).map { part in
        var own = operands
        own.scratch += part * scratchSize
        let (first, end) = (division.units * part / partCount, division.units * (part + 1) / partCount)
        return division.bind(own, first..<end)
      })
  }
}

/// How long one operation of a run took.
public struct OperationTime: Sendable, Hashable {
  /// The operation's name with the shapes of its operands and its first result.
  public var operation: String
  /// Of the thread's processor time, so that others on the machine do not count.
  public var seconds: Double
}

/// The processor time of this thread, in nanoseconds.
func processorTime() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

extension ExecutionPlan.StepLabel: CustomStringConvertible {
  var description: String {
    "\(name) \(inputs.map { "\($0.type.shape)" }.joined(separator: " ")) → "
      + (outputs.first.map { "\($0.type.shape)" } ?? "nothing")
  }
}

extension Constant {
  /// Writes the constant's elements.
  fileprivate func write(to memory: UnsafeMutableRawPointer, _ kernels: Kernels) {
    switch self {
    case .fill(let value, let type):
      let bits =
        switch type.elementType {
        case .float32: Float(value).bitPattern
        case .int32: UInt32(bitPattern: Int32(clamping: Int(clamping: value)))
        }
      kernels.pointee.fill(type.elementCount, bits, memory)
    case .values(let values, _): Self.copy(values, to: memory)
    case .integers(let values, _): Self.copy(values, to: memory)
    }
  }

  private static func copy<Element>(_ values: [Element], to memory: UnsafeMutableRawPointer) {
    values.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { memory.copyMemory(from: base, byteCount: bytes.count) }
    }
  }
}

extension Int {
  /// The number without its fraction, or the nearest there is; 0 for NaN.
  init(clamping value: Double) {
    if value.isNaN {
      self = 0
    } else {
      self = Int(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
    }
  }
}
