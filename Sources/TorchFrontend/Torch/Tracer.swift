import NetworkGraph

/// Holds the graph that a forward pass is traced into.
final class Tracer {
  var builder = GraphBuilder()
  /// Whether a forward pass is being traced.
  var isTracing = false
  /// The path of the module being run.
  var label = ""
  private let limits: CompilationLimits
  /// Constants that were put into the graph, so that each is there once.
  private var scalars: [Constant: ValueID] = [:]

  init(limits: CompilationLimits) { self.limits = limits }

  /// Begins anew with an empty graph.
  func reset() {
    builder = GraphBuilder()
    scalars = [:]
    label = ""
  }

  var isFull: Bool { builder.graph.nodes.count >= limits.nodes }

  /// A constant of the graph.
  func constant(_ content: TensorContent, _ type: TensorType) -> ValueID? {
    switch content {
    case .graph(let value): return value
    case .random: return nil
    case .fill(let number):
      let constant = Constant.fill(number, type)
      if let known = scalars[constant] { return known }
      let value = builder.constant(constant)
      scalars[constant] = value
      return value
    case .values(let values):
      guard type.elementType == .float32 else { return nil }
      return builder.constant(.values(values.map { Float($0) }, shape: type.shape))
    }
  }
}

extension Interpreter {
  // MARK: Making tensors

  /// A new tensor.
  func tensor(
    _ content: TensorContent, _ shape: [Int], _ dataType: DataType = .float32,
    storage: TensorStorage = TensorStorage()
  ) throws(Interruption) -> TracedTensor {
    try checkShape(shape)
    if case .values(let values) = content { try reserve(values.count) }
    try reserve(4)
    return heap.adopt(TracedTensor(content, shape, dataType, storage: storage))
  }

  /// Makes sure that a shape has positive extents and not too many elements.
  func checkShape(_ shape: [Int]) throws(Interruption) {
    guard shape.count <= 64 else { throw raise(.runtimeError, "a tensor of \(shape.count) dimensions") }
    var count = 1
    for extent in shape {
      guard extent >= 0 else {
        throw raise(
          .runtimeError, "Trying to create tensor with negative dimension \(extent): \(shape)",
          identifier: "torch.shape")
      }
      guard extent > 0 else {
        throw unsupported("a tensor without elements (of shape \(shape)) is not supported")
      }
      let (product, isOver) = count.multipliedReportingOverflow(by: extent)
      guard !isOver, product <= limits.tensorElements else {
        throw exhausted("a tensor of shape \(shape) is too large", "limit.tensor")
      }
      count = product
    }
  }

  /// A tensor of one number.
  func scalar(_ number: Double, _ dataType: DataType = .float32) throws(Interruption) -> TracedTensor {
    try tensor(.fill(number), [], dataType)
  }

  // MARK: Reading tensors

  /// A tensor's content, if nothing was written to its memory through a view of it.
  func content(_ tensor: TracedTensor) throws(Interruption) -> TensorContent {
    guard tensor.cell.version == tensor.cell.storage.version else {
      throw unsupported("reading a tensor after a view of it was changed in place is not supported")
    }
    return tensor.cell.content
  }

  /// A tensor's elements, where they are known before the network runs.
  func knownValues(_ tensor: TracedTensor) throws(Interruption) -> [Double]? {
    switch try content(tensor) {
    case .fill(let number):
      try reserve(tensor.count)
      return [Double](repeating: number, count: tensor.count)
    case .values(let values): return values
    case .graph, .random: return nil
    }
  }

  /// The only element of a tensor.
  func number(of tensor: TracedTensor, _ purpose: String) throws(Interruption) -> Double {
    guard tensor.count == 1 else {
      if purpose == "a condition" {
        throw raise(.runtimeError, "Boolean value of Tensor with more than one value is ambiguous")
      }
      throw raise(
        .runtimeError, "a Tensor with \(tensor.count) elements cannot be converted to Scalar",
        identifier: "torch.scalar")
    }
    guard let values = try knownValues(tensor), let value = values.first else {
      throw unsupported(
        "the value of a tensor is used as \(purpose), but it is only known when the network runs",
        hint: "networks whose structure depends on their input cannot be compiled")
    }
    return value
  }

  func integer(of tensor: TracedTensor, _ purpose: String) throws(Interruption) -> Int {
    let value = try number(of: tensor, purpose)
    guard !tensor.dataType.isFloating, let result = Int(exactly: value) else {
      throw raise(.typeError, "only integer tensors of a single element can be converted to an index")
    }
    return result
  }

  /// A tensor's value in the graph.
  func operand(
    _ tensor: TracedTensor, as elementType: ElementType? = nil
  ) throws(Interruption) -> ValueID {
    let content = try content(tensor)
    guard !tracer.isFull else {
      throw exhausted("the network has more than \(limits.nodes) operations", "limit.nodes")
    }
    if case .values(let values) = content { try reserve(values.count) }
    let type = TensorType(elementType ?? tensor.dataType.elementType, tensor.shape)
    guard let value = tracer.constant(content, type) else {
      if tensor.isParameter {
        throw unsupported(
          "a parameter is used that is not registered in the network",
          hint: "keep layers in attributes or in nn.ModuleList, not in a plain list or dict")
      }
      if case .random = content {
        throw unsupported("random numbers within a network are not supported")
      }
      throw unsupported("integer tensors within a network are not supported")
    }
    return value
  }

  // MARK: Applying operations

  /// Applies an operation that yields one tensor.
  func apply(
    _ operation: Operation, _ inputs: TracedTensor..., dataType: DataType? = nil
  ) throws(Interruption) -> TracedTensor {
    try apply(operation, inputs, dataType: dataType)
  }

  /// Applies an operation that yields one tensor; a view shares its memory with the first operand.
  func apply(
    _ operation: Operation, _ inputs: [TracedTensor], dataType: DataType? = nil, isView: Bool = false
  ) throws(Interruption) -> TracedTensor {
    let dataType = dataType ?? inputs.first?.dataType ?? .float32
    let storage = isView ? inputs.first?.cell.storage ?? TensorStorage() : TensorStorage()
    if let known = try fold(operation, inputs, dataType, storage) { return known }
    let results = try emit(operation, inputs)
    guard let result = results.first else { throw unsupported("the operation yields nothing") }
    return try tensor(.graph(result), tracer.builder.type(of: result).shape, dataType, storage: storage)
  }

  /// Adds a node to the graph and gives all it defines.
  func emit(_ operation: Operation, _ inputs: [TracedTensor]) throws(Interruption) -> [ValueID] {
    guard tracer.isTracing else {
      throw unsupported("the values of random tensors are only known when the network runs")
    }
    var operands: [ValueID] = []
    for input in inputs { operands.append(try operand(input)) }
    do throws(GraphError) {
      return try tracer.builder.apply(operation, operands, label: tracer.label)
    } catch {
      throw failure(error)
    }
  }

  /// A graph error as PyTorch's exception.
  func failure(_ error: GraphError) -> Interruption {
    if error.identifier == "shape.size" {
      return exhausted(error.description, "limit.tensor")
    }
    return raise(.runtimeError, error.description, identifier: "torch.shape")
  }

  /// The elements of a tensor replaced, as in-place operations do; gives the tensor.
  func write(_ value: TracedTensor, into target: TracedTensor) throws(Interruption) -> TracedTensor {
    if target === value { return target }
    guard value.shape == target.shape else {
      throw raise(
        .runtimeError,
        "output with shape \(target.shape) doesn't match the broadcast shape \(value.shape)",
        identifier: "torch.shape")
    }
    let cell = target.cell
    guard cell.version == cell.storage.version else {
      throw unsupported("changing a tensor in place after a view of it was changed is not supported")
    }
    cell.content = try content(value)
    cell.storage.version += 1
    cell.version = cell.storage.version
    return target
  }

  /// A tensor that is the same memory in another shape.
  func alias(
    _ tensor: TracedTensor, requiresGradient: Bool = false
  ) throws(Interruption) -> TracedTensor {
    try reserve(4)
    return heap.adopt(TracedTensor(aliasing: tensor, isParameter: false, requiresGradient: requiresGradient))
  }
}
