/// Why an operation cannot be applied to values of those types, or a graph is not well formed.
public struct GraphError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A stable identifier for programs, such as `shape.convolution.channels`.
  public var identifier: String
  /// One sentence in PyTorch's terms that says what is wrong, with the numbers.
  public var description: String

  /// An error.
  public init(_ identifier: String, _ description: String) {
    self.identifier = identifier
    self.description = description
  }
}

/// Builds a graph node by node; every node is typed when it is added.
public struct GraphBuilder: Sendable {
  /// What was built so far.
  public private(set) var graph: Graph

  /// An empty graph.
  public init() { graph = Graph() }

  /// Goes on from a graph; its outputs and buffer updates stay until they are set anew.
  public init(continuing graph: Graph) { self.graph = graph }

  /// The type of a value.
  public func type(of value: ValueID) -> TensorType { graph.type(of: value) }

  /// Adds a value that is fed on each run.
  public mutating func input(_ name: String, _ type: TensorType) -> ValueID {
    let value = define(.input, [], [type], name)[0]
    graph.inputs.append(GraphInput(name: name, value: value))
    return value
  }

  /// Adds a trained variable.
  public mutating func parameter(
    _ name: String, _ type: TensorType, initializer: Initializer, isTrainable: Bool = true
  ) -> ValueID {
    let value = define(.parameter(name), [], [type], name)[0]
    graph.parameters.append(
      Variable(name: name, value: value, initializer: initializer, isTrainable: isTrainable))
    return value
  }

  /// Adds an untrained variable.
  public mutating func buffer(_ name: String, _ type: TensorType, initializer: Initializer) -> ValueID {
    let value = define(.buffer(name), [], [type], name)[0]
    graph.buffers.append(Variable(name: name, value: value, initializer: initializer, isTrainable: false))
    return value
  }

  /// Adds a constant.
  public mutating func constant(_ constant: Constant) -> ValueID {
    define(.constant(constant), [], [constant.type], "")[0]
  }

  /// Applies an operation and gives all it defines.
  ///
  /// - Throws: where the operands' number or types do not fit, in PyTorch's terms; the label, where there is one,
  ///   stands in front of the sentence. `graph.value` for a value of another graph.
  public mutating func apply(
    _ operation: Operation, _ inputs: [ValueID], label: String = ""
  ) throws(GraphError) -> [ValueID] {
    for input in inputs where !graph.values.indices.contains(input.index) {
      throw GraphError(
        "graph.value", "\(operation.name) reads %\(input.index), which the graph does not have")
    }
    let types: [TensorType]
    do {
      types = try operation.outputTypes(for: inputs.map { graph.type(of: $0) })
    } catch {
      throw label.isEmpty ? error : GraphError(error.identifier, "\(label): \(error.description)")
    }
    return define(operation, inputs, types, label)
  }

  /// Says that at the end of a run the buffer takes that value.
  public mutating func update(buffer: ValueID, to value: ValueID) {
    graph.bufferUpdates.append(BufferUpdate(buffer: buffer, value: value))
  }

  /// Says what a run yields.
  public mutating func setOutputs(_ outputs: [ValueID]) { graph.outputs = outputs }

  private mutating func define(
    _ operation: Operation, _ inputs: [ValueID], _ types: [TensorType], _ label: String
  ) -> [ValueID] {
    let node = graph.nodes.count
    let outputs = types.map { type in
      graph.values.append(Value(type: type, producer: node))
      return ValueID(graph.values.count - 1)
    }
    graph.nodes.append(Node(operation: operation, inputs: inputs, outputs: outputs, label: label))
    return outputs
  }
}
