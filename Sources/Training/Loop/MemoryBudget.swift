import Execution

/// What may still be allocated of a limit that several parts share.
struct MemoryBudget {
  /// The limit in bytes, or nil for none.
  let limit: Int?
  /// What was spent so far.
  private(set) var spent = 0

  init(limit: Int?) { self.limit = limit }

  /// What is left, or nil without a limit.
  var rest: Int? { limit.map { max(0, $0 - spent) } }

  /// Notes what a part has allocated.
  mutating func spend(_ bytes: Int) { spent += bytes }

  /// Notes what a part is going to allocate.
  mutating func spend(checking bytes: Int) throws(ExecutionError) {
    if let rest, bytes > rest { throw .memoryLimit(neededBytes: bytes, limitBytes: rest) }
    spend(bytes)
  }

  /// A part's error told in terms of the whole.
  func whole(_ error: ExecutionError) -> ExecutionError {
    guard case .memoryLimit(let needed, _) = error, let limit else { return error }
    return .memoryLimit(neededBytes: spent + needed, limitBytes: limit)
  }
}

extension VariableStore {
  /// The bytes of all parameters and buffers.
  var byteCount: Int {
    names.reduce(0) { $0 + (shape(of: $1) ?? []).reduce(MemoryLayout<Float>.stride, *) }
  }
}
