import NetworkGraph
import RandomStreams

/// Writes the same network differently: other names, labels and order, swapped operands, dead code, no-ops.
struct Mangler {
  private var stream: RandomStream
  private var builder = GraphBuilder()
  private var images: [ValueID: ValueID] = [:]

  /// - Parameter respells: also says operations in other ways, which only `canonicalized()` undoes.
  static func mangled(_ graph: Graph, seed: UInt64, respells: Bool = false) throws -> Graph {
    var mangler = Mangler(stream: RandomStream(seed: seed).stream("mangler"))
    mangler.respells = respells
    return try mangler.rewrite(graph)
  }

  private var respells = false

  private init(stream: RandomStream) { self.stream = stream }

  private mutating func rewrite(_ graph: Graph) throws -> Graph {
    for input in graph.inputs {
      images[input.value] = builder.input("in\(stream.next())", graph.type(of: input.value))
    }
    var waiting = graph.nodes.filter { $0.operation != .input }
    while !waiting.isEmpty {
      let ready = waiting.indices.filter { waiting[$0].inputs.allSatisfy { images[$0] != nil } }
      let node = waiting.remove(at: ready[stream.integer(below: ready.count)])
      try rewrite(node, graph)
      if stream.bernoulli(0.2) { try addDeadCode() }
    }
    for update in graph.bufferUpdates {
      builder.update(buffer: images[update.buffer]!, to: images[update.value]!)
    }
    builder.setOutputs(graph.outputs.map { images[$0]! })
    return builder.graph
  }

  private mutating func rewrite(_ node: Node, _ graph: Graph) throws {
    let outputs: [ValueID]
    if case .constant(let constant) = node.operation {
      outputs = [builder.constant(constant)]
    } else if let variable = graph.parameters.first(where: { node.outputs == [$0.value] }) {
      outputs = [
        builder.parameter(
          "p\(stream.next())", graph.type(of: variable.value), initializer: variable.initializer,
          isTrainable: variable.isTrainable)
      ]
    } else if let variable = graph.buffers.first(where: { node.outputs == [$0.value] }) {
      outputs = [
        builder.buffer("b\(stream.next())", graph.type(of: variable.value), initializer: variable.initializer)
      ]
    } else {
      var inputs = node.inputs.map { images[$0]! }
      for index in inputs.indices where stream.bernoulli(0.2) { inputs[index] = try disguised(inputs[index]) }
      if node.operation.isCommutative, stream.bernoulli(0.5) { inputs.reverse() }
      outputs = try builder.apply(node.operation, inputs, label: "l\(stream.next())")
    }
    for (old, new) in zip(node.outputs, outputs) { images[old] = new }
  }

  /// The value behind an operation that changes nothing.
  private mutating func disguised(_ value: ValueID) throws -> ValueID {
    let shape = builder.type(of: value).shape
    let zeros = shape.map { _ in 0 }
    let operations: [Operation] = [
      .reshape(shape), .expand(shape), .transpose(Array(shape.indices)),
      .pad(before: zeros, after: zeros, value: 1),
    ]
    if respells, builder.type(of: value).elementType == .float32, stream.bernoulli(0.5) {
      return try respelled(value)
    }
    if let extent = shape.first, stream.bernoulli(0.3) {
      return try builder.apply(.slice(Slice(axis: 0, start: 0, end: extent)), [value])[0]
    }
    if stream.bernoulli(0.3) {
      let flat = try builder.apply(.reshape([shape.reduce(1, *)]), [value])[0]
      return try builder.apply(.reshape(shape), [flat])[0]
    }
    return try builder.apply(operations[stream.integer(below: operations.count)], [value])[0]
  }

  /// The value by way of arithmetic that changes nothing.
  private mutating func respelled(_ value: ValueID) throws -> ValueID {
    func number(_ value: Double) -> ValueID {
      builder.constant(.fill(value, TensorType(.float32, stream.bernoulli(0.5) ? [] : [1])))
    }
    let (zero, one) = (number(0), number(1))
    let type = builder.type(of: value)
    guard type.rank > 0 else { return value }
    switch stream.integer(below: 6) {
    case 0: return try builder.apply(.binary(.multiply), [one, value])[0]
    case 1: return try builder.apply(.binary(.add), [value, zero])[0]
    case 2: return try builder.apply(.binary(.subtract), [value, zero])[0]
    case 3: return try builder.apply(.binary(.divide), [value, one])[0]
    case 4: return try builder.apply(.binary(.power), [value, one])[0]
    default:
      return try builder.apply(.unary(.negate), [try builder.apply(.unary(.negate), [value])[0]])[0]
    }
  }

  private mutating func addDeadCode() throws {
    let sources = images.values.sorted().filter { builder.type(of: $0).elementType == .float32 }
    guard let source = stream.element(of: sources) else { return }
    let unused = builder.parameter(
      "dead\(stream.next())", builder.type(of: source), initializer: .constant(3))
    _ = try builder.apply(.unary(.tanh), [try builder.apply(.binary(.add), [source, unused])[0]])
  }
}

/// Random networks full of symmetry: one shape, few operations, few initial values.
enum RandomGraphs {
  static func graph(seed: UInt64) throws -> Graph {
    var stream = RandomStream(seed: seed).stream("graph")
    var builder = GraphBuilder()
    let type = TensorType(.float32, [2, 2])
    var values = (0..<(1 + stream.integer(below: 2))).map { builder.input("x\($0)", type) }
    for index in 0..<(2 + stream.integer(below: 4)) {
      values.append(
        builder.parameter("p\(index)", type, initializer: .constant(Double(stream.integer(below: 2)))))
    }
    let binaries: [BinaryFunction] = [.add, .multiply, .subtract, .maximum]
    for _ in 0..<(3 + stream.integer(below: 12)) {
      let first = values[stream.integer(below: values.count)]
      if stream.bernoulli(0.3) {
        values += try builder.apply(.unary(stream.bernoulli(0.5) ? .tanh : .sine), [first])
      } else {
        let second = values[stream.integer(below: values.count)]
        values += try builder.apply(.binary(binaries[stream.integer(below: 4)]), [first, second])
      }
    }
    builder.setOutputs(Array(values.suffix(1 + stream.integer(below: 2))))
    return builder.graph
  }
}
