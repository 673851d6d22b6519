import NetworkGraph
import RandomStreams

/// Holds the graph that a forward pass is traced into.
final class Tracer {
  var builder = GraphBuilder()
  /// What layers compute while no forward pass is traced.
  var rehearsal = Rehearsal()
  /// Whether a forward pass is being traced.
  var isTracing = false
  /// The path of the module being run.
  var label = ""
  /// The type of floating-point tensors that are made without one.
  var defaultType = DataType.float32
  /// Whether PyTorch would record what is done for gradients: not within `torch.no_grad()`.
  var isRecordingGradients = true
  /// Whether views are taken only to be written to.
  var isSelectingTarget = false
  /// How many traces were begun.
  private(set) var trace = 0
  /// What stands for a value where no gradient is taken of it.
  var detached: [ValueID: ValueID] = [:]
  /// Values that PyTorch may lay out in memory otherwise than row by row.
  private(set) var irregular: Set<ValueID> = []
  /// Where numbers come from that are drawn while the source is interpreted.
  var random = RandomStream(seed: 0).stream("construction")
  /// What the parameters of lazy layers begin as while their first pass is traced.
  var drawn: [(cell: TensorCell, content: TensorContent)] = []
  private let limits: CompilationLimits
  /// Constants that were put into the graph, so that each is there once.
  private var scalars: [Constant: ValueID] = [:]

  init(limits: CompilationLimits) { self.limits = limits }

  /// Begins anew with an empty graph.
  func reset() {
    builder = GraphBuilder()
    scalars = [:]
    irregular = []
    detached = [:]
    isRecordingGradients = true
    label = ""
    trace += 1
  }

  var isFull: Bool { builder.graph.nodes.count >= limits.nodes }

  /// Says that values may not lie row by row in PyTorch's memory.
  func markIrregular(_ values: [ValueID]) { irregular.formUnion(values) }

  /// The constant of a graph that has one number everywhere.
  func constant(_ number: Double, _ type: TensorType) -> ValueID {
    let constant = Constant.fill(number, type)
    if let known = scalars[constant] { return known }
    let value = builder.constant(constant)
    scalars[constant] = value
    return value
  }
}

extension Interpreter {
  /// Up to how many elements are computed beforehand rather than when the network runs.
  static let foldingLimit = 1 << 16

  // MARK: Making tensors

  /// A new tensor.
  func tensor(
    _ content: TensorContent, _ shape: [Int], _ dataType: DataType = .float32,
    layout: MemoryLayout? = nil
  ) throws(Interruption) -> TracedTensor {
    try checkShape(shape)
    var natural = MemoryLayout.rowMajor
    switch content {
    case .values(let values): try reserve(values.count >> 2)
    case .graph(let value): if tracer.irregular.contains(value) { natural = .unknown }
    default: break
    }
    try reserve(4)
    let result = heap.adopt(TracedTensor(content, shape, dataType, layout: layout ?? natural))
    if tracer.isTracing { result.provenance = .expression(currentRange) }
    return result
  }

  /// Makes sure that a shape has no negative extents and not too many elements.
  func checkShape(_ shape: [Int]) throws(Interruption) {
    guard shape.count <= 64 else { throw raise(.runtimeError, "a tensor of \(shape.count) dimensions") }
    var count = 1
    for extent in shape {
      guard extent >= 0 else {
        throw raise(
          .runtimeError, "Trying to create tensor with negative dimension \(extent): \(shape)",
          identifier: "torch.shape")
      }
      // Extents beside one of 0 count too, so that no product of some of them overflows.
      let (product, isOver) = count.multipliedReportingOverflow(by: max(1, extent))
      guard !isOver, product <= limits.tensorElements else {
        throw exhausted("a tensor of shape \(shape) is too large", "limit.tensor")
      }
      count = product
    }
  }

  /// A tensor of one number.
  func scalar(_ number: Double, _ dataType: DataType = .float32) throws(Interruption) -> TracedTensor {
    try tensor(.fill(dataType.rounded(number)), [], dataType)
  }

  /// A tensor with the same elements in memory of its own.
  func duplicate(_ tensor: TracedTensor) throws(Interruption) -> TracedTensor {
    let layout = try elementwiseLayout([tensor], tensor.shape)
    if try content(tensor).isRandom { shareDraws(tensor) }
    return try self.tensor(try content(tensor), tensor.shape, tensor.dataType, layout: layout)
  }

  /// A tensor that is the same memory in the same shape.
  func alias(
    _ tensor: TracedTensor, requiresGradient: Bool = false
  ) throws(Interruption) -> TracedTensor {
    try reserve(4)
    let result = heap.adopt(
      TracedTensor(aliasing: tensor, isParameter: false, requiresGradient: requiresGradient))
    result.isViewOfLeaf = isLeafRecorded(tensor)
    return result
  }

  /// Whether views of a tensor must not be changed in place, since its gradient is wanted.
  func isLeafRecorded(_ tensor: TracedTensor) -> Bool {
    tracer.isRecordingGradients && (tensor.requiresGradient || tensor.isViewOfLeaf)
  }

  // MARK: Reading tensors

  /// A tensor's elements, where they are known before the network runs.
  func knownValues(_ tensor: TracedTensor) throws(Interruption) -> [Double]? {
    if tensor.count == 0 { return [] }
    switch try content(tensor) {
    case .fill(let number):
      try reserve(tensor.count >> 2 + 1)
      return [Double](repeating: number, count: tensor.count)
    case .values(let values): return values
    case .graph, .random: return nil
    case .joined:
      let content = tensor.cell.content
      guard content.isKnown else { return nil }
      guard case .values(let values) = try assembled(content, tensor.shape, tensor.dataType) else {
        return nil
      }
      return values
    }
  }

  /// A tensor's elements where they are known or can be drawn now, as computations at construction need them.
  func settledValues(_ tensor: TracedTensor) throws(Interruption) -> [Double]? {
    if try content(tensor).isRandom {
      var root = tensor.cell
      while let source = root.source { root = source.cell }
      try settle(root)
    }
    return try knownValues(tensor)
  }

  /// The only element of a tensor.
  func number(of tensor: TracedTensor, _ purpose: String) throws(Interruption) -> Double {
    guard tensor.count == 1 else {
      if purpose == "a condition" {
        throw raise(
          .runtimeError,
          tensor.count == 0
            ? "Boolean value of Tensor with no values is ambiguous"
            : "Boolean value of Tensor with more than one value is ambiguous")
      }
      throw raise(
        .runtimeError, "a Tensor with \(tensor.count) elements cannot be converted to Scalar",
        identifier: "torch.scalar")
    }
    guard let values = try settledValues(tensor), let value = values.first else {
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

  // MARK: Values of the graph

  /// A tensor's value in the graph.
  func operand(_ tensor: TracedTensor) throws(Interruption) -> ValueID {
    var content = try content(tensor)
    if case .graph(let value) = content {
      if tracer.isTracing, Rehearsal.holds(value) { throw rehearsedOnly() }
      return value
    }
    guard tensor.count > 0 else {
      throw unsupported("a tensor without elements (of shape \(tensor.shape)) is not supported here")
    }
    guard tracer.isTracing else { return try rehearsed(tensor) }
    let cell = tensor.cell
    if content.isRandom {
      guard !tensor.isParameter, !tensor.isViewOfLeaf else {
        throw unsupported(
          "a parameter is used that is not registered in the network",
          hint: "keep layers in attributes or in nn.ModuleList, not in a plain list or dict")
      }
      var root = cell
      while let source = root.source { root = source.cell }
      try settle(root)
      content = try self.content(tensor)
    }
    if let known = cell.constant, known.trace == tracer.trace, known.generation == cell.generation {
      return known.value
    }
    let value = try value(of: content, cell.shape, cell.dataType)
    if content.isTraced {
      // The joined parts are one value from now on.
      cell.settle(.graph(value))
    } else {
      cell.constant = (value, tracer.trace, cell.generation)
    }
    return value
  }

  /// A content as a value of the graph.
  func value(
    of content: TensorContent, _ shape: [Int], _ dataType: DataType
  ) throws(Interruption) -> ValueID {
    guard !tracer.isFull else {
      throw exhausted("the network has more than \(limits.nodes) operations", "limit.nodes")
    }
    let type = TensorType(dataType.elementType, shape)
    switch content {
    case .graph(let value): return value
    case .fill(let number): return tracer.constant(number, type)
    case .values(let values):
      try reserve(values.count >> 2 + 1)
      guard dataType.elementType == .int32 else {
        return tracer.builder.constant(.values(values.map { Float($0) }, shape: shape))
      }
      var integers: [Int32] = []
      integers.reserveCapacity(values.count)
      for value in values {
        guard let integer = Int32(exactly: value) else {
          throw unsupported("integers beyond 32 bits within a network are not supported")
        }
        integers.append(integer)
      }
      return tracer.builder.constant(.integers(integers, shape: shape))
    case .random:
      return try value(of: try settled(content, shape.reduce(1, *)), shape, dataType)
    case .joined(let axis, let parts):
      var operands: [ValueID] = []
      for part in parts {
        var whole = shape
        whole[axis] = part.extent
        let slice = Operation.slice(Slice(axis: axis, start: part.start, end: part.start + part.count))
        var content = part.content
        if part.count < part.extent {
          var target = shape
          target[axis] = part.count
          content = try derived(part.content, slice, whole, target, dataType) ?? part.content
          whole = target
        }
        operands.append(try value(of: content, whole, dataType))
      }
      return operands.count == 1 ? operands[0] : try node(.concatenate(axis: axis), operands)
    }
  }

  /// Adds a node that defines one value.
  func node(_ operation: Operation, _ operands: [ValueID]) throws(Interruption) -> ValueID {
    guard let result = try nodes(operation, operands).first else {
      throw unsupported("the operation yields nothing")
    }
    return result
  }

  private func nodes(_ operation: Operation, _ operands: [ValueID]) throws(Interruption) -> [ValueID] {
    guard tracer.isTracing else { return try rehearse(operation, operands) }
    guard !operands.contains(where: Rehearsal.holds) else { throw rehearsedOnly() }
    var operands = operands
    if !tracer.isRecordingGradients, operation != .detach {
      for place in operands.indices { operands[place] = try detached(operands[place]) }
    }
    guard !tracer.isFull else {
      throw exhausted("the network has more than \(limits.nodes) operations", "limit.nodes")
    }
    do throws(GraphError) {
      return try tracer.builder.apply(operation, operands, label: tracer.label)
    } catch {
      throw failure(error)
    }
  }

  /// A value of which no gradient is taken, as within `torch.no_grad()`.
  private func detached(_ value: ValueID) throws(Interruption) -> ValueID {
    let graph = tracer.builder.graph
    switch graph.nodes[graph.values[value.index].producer].operation {
    case .input, .buffer, .constant, .detach, .random: return value
    default: break
    }
    if let known = tracer.detached[value] { return known }
    let result = try node(.detach, [value])
    tracer.detached[value] = result
    return result
  }

  // MARK: Applying operations

  /// Applies an operation that yields one tensor.
  func apply(
    _ operation: Operation, _ inputs: TracedTensor..., dataType: DataType? = nil
  ) throws(Interruption) -> TracedTensor {
    try apply(operation, inputs, dataType: dataType)
  }

  /// Applies an operation that yields one tensor, in memory of its own.
  func apply(
    _ operation: Operation, _ inputs: [TracedTensor], dataType: DataType? = nil
  ) throws(Interruption) -> TracedTensor {
    let dataType = dataType ?? inputs.first?.dataType ?? .float32
    if inputs.contains(where: { $0.count == 0 }) { return try applyToNothing(operation, inputs, dataType) }
    if let known = try fold(operation, inputs, dataType) { return known }
    if case .unary(let function) = operation, let input = inputs.first, input.dataType.category == .integer,
      let result = try applyToIntegers(function, input)
    {
      return result
    }
    let results = try emit(operation, inputs)
    guard var result = results.first else { throw unsupported("the operation yields nothing") }
    let shape = tracer.type(of: result).shape
    // Comparisons of whole numbers give whole numbers, and truth values are float32.
    if tracer.type(of: result).elementType != dataType.elementType {
      result = try node(.cast(dataType.elementType), [result])
    }
    return try tensor(
      .graph(result), shape, dataType, layout: try resultLayout(operation, inputs, shape))
  }

  /// Adds a node to the graph and gives all it defines.
  func emit(_ operation: Operation, _ inputs: [TracedTensor]) throws(Interruption) -> [ValueID] {
    var operands: [ValueID] = []
    var isRegular = true
    for input in inputs {
      operands.append(try operand(input))
      if input.cell.layout != .rowMajor { isRegular = false }
    }
    let results = try nodes(operation, operands)
    if !isRegular, !Self.alwaysRowMajor(operation) { tracer.markIrregular(results) }
    return results
  }

  /// A graph error as PyTorch's exception.
  func failure(_ error: GraphError) -> Interruption {
    if error.identifier == "shape.size" {
      return exhausted(error.description, "limit.tensor")
    }
    return raise(.runtimeError, error.description, identifier: "torch.shape")
  }

  /// Makes a registered tensor stand for a variable of the graph.
  func bind(_ tensor: TracedTensor, to value: ValueID) {
    // A parameter made of a view is a variable of its own.
    tensor.cell.cut()
    tensor.cell.replace(.graph(value))
    tensor.cell.isParameter = tensor.isParameter
  }
}
