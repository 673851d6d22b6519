/// Names a value (an edge) of a graph.
public struct ValueID: Hashable, Sendable, Codable, Comparable {
  /// The index into `Graph.values`.
  public var index: Int

  /// The value at that index.
  public init(_ index: Int) { self.index = index }

  /// By index, which is the order of definition.
  public static func < (left: ValueID, right: ValueID) -> Bool { left.index < right.index }
}

/// A value of a graph: its type and where it is defined.
public struct Value: Sendable, Hashable {
  /// Its type.
  public var type: TensorType
  /// The node that defines it, as an index into `Graph.nodes`.
  public var producer: Int
}

/// One operation applied to values.
public struct Node: Sendable, Hashable {
  /// What is done.
  public var operation: Operation
  /// The values it reads.
  public var inputs: [ValueID]
  /// The values it defines.
  public var outputs: [ValueID]
  /// What a person would call it: the module path such as `features.0`, empty where there is none.
  public var label: String
}

/// A tensor that training changes (a parameter) or that forward passes update (a buffer).
public struct Variable: Sendable, Hashable {
  /// PyTorch's state-dict name, such as `features.0.weight`.
  public var name: String
  /// The value that stands for it in the graph.
  public var value: ValueID
  /// How it begins.
  public var initializer: Initializer
  /// Whether gradients are taken (parameters with `requires_grad=False` and buffers: false).
  public var isTrainable: Bool
}

/// A typed graph in single static assignment form, specialised to concrete shapes.
///
/// Nodes are in topological order. Whatever changes between steps is named: inputs are fed, parameters and
/// buffers are kept by name, so that another trace (another batch size or mode) shares them.
public struct Graph: Sendable {
  /// All operations, in an order in which they can be run.
  public internal(set) var nodes: [Node] = []
  /// All values.
  public internal(set) var values: [Value] = []
  /// What is fed on each run, in order.
  public internal(set) var inputs: [GraphInput] = []
  /// The trained variables, in PyTorch's `named_parameters` order.
  public internal(set) var parameters: [Variable] = []
  /// The untrained variables, in PyTorch's `named_buffers` order.
  public internal(set) var buffers: [Variable] = []
  /// What a run yields, in order.
  public internal(set) var outputs: [ValueID] = []
  /// New contents of buffers at the end of a run, such as running statistics in training mode.
  public internal(set) var bufferUpdates: [BufferUpdate] = []

  /// The type of a value.
  public func type(of value: ValueID) -> TensorType { values[value.index].type }

  /// The node that defines a value.
  public func producer(of value: ValueID) -> Node { nodes[values[value.index].producer] }
}

/// A value that is fed on each run.
public struct GraphInput: Sendable, Hashable {
  /// Its name, such as `images` or `labels`.
  public var name: String
  /// The value.
  public var value: ValueID
}

/// At the end of a run the buffer takes the value's content.
public struct BufferUpdate: Sendable, Hashable {
  /// The buffer's value as read in this graph.
  public var buffer: ValueID
  /// What it becomes.
  public var value: ValueID
}
