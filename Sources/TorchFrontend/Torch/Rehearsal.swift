import NetworkGraph

/// What layers compute while the source only builds its network.
///
/// A constructor may run its layers once on a dummy image, to learn how many features come out. Such a pass is
/// rehearsed in a graph of its own, where every tensor is a placeholder with a shape: nothing is computed, and
/// PyTorch's checks of shapes are made. Its values are told from those of the network by their numbers, which begin
/// at `firstValue`.
struct Rehearsal {
  /// The first number of a value, beyond those of any network.
  private static let firstValue = 1 << 40
  private var builder = GraphBuilder()

  /// How many operations and placeholders there are.
  var nodeCount: Int { builder.graph.nodes.count }

  /// Whether a value is one of a rehearsal.
  static func holds(_ value: ValueID) -> Bool { value.index >= firstValue }

  func type(of value: ValueID) -> TensorType { builder.type(of: ValueID(value.index - Self.firstValue)) }

  /// A value of which only the type is known.
  mutating func placeholder(_ type: TensorType) -> ValueID { Self.outer(builder.input("", type)) }

  mutating func apply(_ operation: Operation, _ operands: [ValueID]) throws(GraphError) -> [ValueID] {
    try builder.apply(operation, operands.map { ValueID($0.index - Self.firstValue) }).map(Self.outer)
  }

  private static func outer(_ value: ValueID) -> ValueID { ValueID(value.index + firstValue) }
}

extension Tracer {
  /// The type of a value, of the network or of a rehearsal.
  func type(of value: ValueID) -> TensorType {
    Rehearsal.holds(value) ? rehearsal.type(of: value) : builder.type(of: value)
  }
}

extension Interpreter {
  /// A tensor's value outside the network's forward pass.
  func rehearsed(_ tensor: TracedTensor) throws(Interruption) -> ValueID {
    try checkRehearsal()
    return tracer.rehearsal.placeholder(TensorType(tensor.dataType.elementType, tensor.shape))
  }

  /// What an operation defines outside the network's forward pass.
  func rehearse(_ operation: Operation, _ operands: [ValueID]) throws(Interruption) -> [ValueID] {
    try checkRehearsal()
    guard operands.allSatisfy(Rehearsal.holds) else {
      throw unsupported("a tensor of the network is used outside its forward pass")
    }
    do throws(GraphError) {
      return try tracer.rehearsal.apply(operation, operands)
    } catch {
      throw failure(error)
    }
  }

  private func checkRehearsal() throws(Interruption) {
    guard tracer.rehearsal.nodeCount < limits.nodes else {
      throw exhausted("the constructor applies more than \(limits.nodes) operations", "limit.nodes")
    }
  }

  /// The refusal of a tensor of a rehearsal within the network.
  func rehearsedOnly() -> Interruption {
    unsupported(
      "a tensor that layers computed in a constructor is used in the network",
      hint: "compute it in forward, or keep only its shape")
  }
}
