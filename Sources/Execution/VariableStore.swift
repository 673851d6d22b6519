public import NetworkGraph
public import RandomStreams

/// Holds the parameters and buffers of a network by name, in 64-byte aligned memory.
///
/// The trainable parameters lie one behind the other in `flatParameters`, in the graph's order, so that an
/// optimizer can step through them all at once. Executors of several traces of the same network (another batch
/// size or mode) read and write one store. A store serves one thread at a time.
public final class VariableStore {
  private struct Entry {
    var shape: [Int]
    /// In floats from the start of the memory.
    var range: Range<Int>
    var isTrainable: Bool
  }

  /// All names: parameters in the graph's order, then buffers in theirs.
  public let names: [String]
  /// How many numbers all parameters have, trainable or not; buffers do not count.
  public let parameterCount: Int
  /// The trainable parameters, one behind the other in the graph's order; valid as long as the store.
  public let flatParameters: UnsafeMutableBufferPointer<Float>
  private let entries: [String: Entry]
  private let memory: AlignedMemory

  /// Variables for a graph with their first values.
  ///
  /// Random values are drawn from `stream.stream(name)`, so they depend on the seed and the variable's name only,
  /// unless the initializer names another stream.
  ///
  /// - Parameters:
  ///   - graph: the graph whose variables are stored.
  ///   - stream: where random first values come from.
  ///   - memoryLimit: the most bytes to allocate.
  /// - Throws: `ExecutionError.variable` where two share a name, one does not hold floating-point numbers or an
  ///   initializer makes no sense; `.valueCount` where given first values do not fit; `.memoryLimit` or
  ///   `.allocation`.
  public init(graph: Graph, stream: RandomStream, memoryLimit: Int? = nil) throws(ExecutionError) {
    let variables = graph.parameters + graph.buffers
    let layout = try Self.layout(variables, in: graph)
    entries = layout.entries
    names = variables.map(\.name)
    var parameterCount = 0
    for parameter in graph.parameters { parameterCount += graph.type(of: parameter.value).elementCount }
    self.parameterCount = parameterCount
    let byteCount = layout.count.multipliedSaturating(by: MemoryLayout<Float>.stride)
    if let memoryLimit, byteCount > memoryLimit {
      throw .memoryLimit(neededBytes: byteCount, limitBytes: memoryLimit)
    }
    memory = try AlignedMemory(byteCount: byteCount)
    let floats = memory.base.bindMemory(to: Float.self, capacity: layout.count)
    floats.initialize(repeating: 0, count: layout.count)
    flatParameters = UnsafeMutableBufferPointer(start: floats, count: layout.trainableCount)
    for variable in variables {
      guard let range = entries[variable.name]?.range else { continue }
      let values = UnsafeMutableBufferPointer(start: floats + range.lowerBound, count: range.count)
      try variable.initializer.fill(values, seeds: stream, name: variable.name)
    }
  }

  /// Gives every variable its place: the trainable ones dense, then the others, each on a cache line.
  private static func layout(
    _ variables: [Variable], in graph: Graph
  ) throws(ExecutionError) -> (entries: [String: Entry], trainableCount: Int, count: Int) {
    var entries: [String: Entry] = [:]
    var (trainableCount, count) = (0, 0)
    for isTrainable in [true, false] {
      for variable in variables where variable.isTrainable == isTrainable {
        let type = graph.type(of: variable.value)
        guard type.elementType == .float32 else {
          throw .variable(name: variable.name, reason: "holds \(type.elementType.rawValue), not float32")
        }
        do { try type.check() } catch { throw .graph(error) }
        if !isTrainable { count = AlignedMemory.rounded(count) }
        let entry = Entry(
          shape: type.shape, range: count..<count + type.elementCount, isTrainable: isTrainable)
        guard entries.updateValue(entry, forKey: variable.name) == nil else {
          throw .variable(name: variable.name, reason: "occurs twice")
        }
        count = entry.range.upperBound
      }
      if isTrainable { trainableCount = count }
    }
    return (entries, trainableCount, count)
  }

  /// The shape of a variable, or nil if there is none of that name.
  public func shape(of name: String) -> [Int]? { entries[name]?.shape }

  /// The values of a variable, row-major, or nil if there is none of that name.
  public func values(of name: String) -> [Float]? {
    withValues(of: name) { Array($0) }
  }

  /// Replaces the values of a variable, row-major.
  ///
  /// - Throws: `ExecutionError.missingVariable`, or `.valueCount` where the number is not that of the shape.
  public func setValues(_ values: [Float], of name: String) throws(ExecutionError) {
    guard let entry = entries[name] else { throw .missingVariable(name) }
    guard values.count == entry.range.count else {
      throw .valueCount(name: name, expected: entry.range.count, found: values.count)
    }
    _ = withValues(of: name) { $0.update(fromContentsOf: values) }
  }

  /// Calls the body with the values of a variable in place; nil if there is none of that name.
  public func withValues<Result>(
    of name: String, _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result? {
    guard let entry = entries[name] else { return nil }
    return try body(UnsafeMutableBufferPointer(start: pointer(entry), count: entry.range.count))
  }

  /// Where a trainable parameter lies in `flatParameters`; nil for other names.
  public func range(of name: String) -> Range<Int>? {
    guard let entry = entries[name], entry.isTrainable else { return nil }
    return entry.range
  }

  /// The address of a variable, after its shape was checked.
  func address(of name: String, shape: [Int]) throws(ExecutionError) -> UnsafeMutableRawPointer {
    guard let entry = entries[name] else { throw .missingVariable(name) }
    guard entry.shape == shape else {
      throw .variableShape(name: name, expected: shape, found: entry.shape)
    }
    return UnsafeMutableRawPointer(pointer(entry))
  }

  private func pointer(_ entry: Entry) -> UnsafeMutablePointer<Float> {
    memory.base.assumingMemoryBound(to: Float.self) + entry.range.lowerBound
  }
}
