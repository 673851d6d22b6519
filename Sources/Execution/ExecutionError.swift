public import NetworkGraph

/// Why a graph cannot be prepared or run.
public enum ExecutionError: Error, Sendable, Hashable {
  /// The graph is not well formed.
  case graph(GraphError)
  /// More memory is needed than the limit allows; nothing was allocated.
  case memoryLimit(neededBytes: Int, limitBytes: Int)
  /// The system refused an allocation.
  case allocation(byteCount: Int)
  /// A tensor, or a product of its extents, is too large for this machine's kernels.
  case tooLarge(String)
  /// The store has no variable of that name.
  case missingVariable(String)
  /// A variable has another shape than the graph gives it.
  case variableShape(name: String, expected: [Int], found: [Int])
  /// Values were given in the wrong number.
  case valueCount(name: String, expected: Int, found: Int)
  /// A variable cannot be stored or initialised as the graph says.
  case variable(name: String, reason: String)
  /// The instruction set that was asked for is unknown or not available here.
  case instructionSet(String)
  /// The graph draws random numbers (dropout, random tensors) and no stream was given.
  case missingRandomStream
  /// An index that an operation was given at a run lies outside its axis.
  case indexOutOfRange(operation: String, index: Int, extent: Int)
  /// A whole number was to be divided by 0 at a run.
  case divisionByZero(operation: String)
}

extension ExecutionError: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .graph(let error):
      error.description
    case .memoryLimit(let needed, let limit):
      "the network needs \(Self.size(needed)) of memory, and the limit is \(Self.size(limit))"
    case .allocation(let count):
      "the system has no \(Self.size(count)) of memory to give"
    case .tooLarge(let what):
      "\(what) is too large to be computed"
    case .missingVariable(let name):
      "there is no variable called \(name)"
    case .variableShape(let name, let expected, let found):
      "variable \(name) should have the shape \(expected) but has \(found)"
    case .valueCount(let name, let expected, let found):
      "variable \(name) takes \(expected) values but \(found) were given"
    case .variable(let name, let reason):
      "variable \(name) \(reason)"
    case .instructionSet(let reason):
      reason
    case .missingRandomStream:
      "the graph draws random numbers, for dropout or as it is written, and needs a random stream"
    case .indexOutOfRange(let operation, let index, let extent):
      "\(operation): index \(index) is out of bounds for a dimension with size \(extent)"
    case .divisionByZero(let operation):
      "\(operation): integer division by zero"
    }
  }

  /// A byte count as people write it, such as `3.2 GB`.
  static func size(_ bytes: Int) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")]
    for (unit, name) in units where bytes >= unit {
      let tenths = bytes / (unit / 10)
      return "\(tenths / 10).\(tenths % 10) \(name)"
    }
    return "\(bytes) bytes"
  }
}
