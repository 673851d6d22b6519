import Execution
import NetworkGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension ProxySession {
  /// log Σ |W·∂R/∂W|, where R is the sum of the outputs for an image of ones, all variables are replaced by their
  /// magnitudes, and batch normalisation is left out.
  ///
  /// R grows with depth beyond all floating-point numbers, so values are kept as numbers of about 1 with the logarithm
  /// of a factor beside them. What is differentiated is log R, whose gradient W·∂log R/∂W is a share of R.
  func synapticFlow() throws(ProxyFailure) -> Double {
    guard !layers.isEmpty else { throw .noWeights }
    let source = network.single
    let names = source.weightLayers().map(\.name)
    let graph = try Self.built { () throws(GraphError) in
      let (forward, outputs) = source.yielding(Array(source.outputs.prefix(1)), fuses: false)
      var flow = FlowGraph(forward)
      let logarithm = try flow.logarithm(of: outputs[0])
      var builder = flow.builder
      let gradients = try builder.gradients(of: logarithm, withRespectTo: builder.graph.values(of: names))
      builder.setOutputs([logarithm] + gradients)
      return builder.graph.eliminatingDeadCode()
    }
    let variables = try Self.store(source, stream, weights)
    for name in variables.names {
      variables.withValues(of: name) { values in
        for index in values.indices { values[index] = abs(values[index]) }
      }
    }
    let executor = try executor(graph, variables)
    feed([Float](repeating: 1, count: network.exampleShape.reduce(1, *)), to: executor)
    try run(executor)
    let logarithm = Double(executor.output(0)[0])
    var sum = 0.0
    for (index, name) in names.enumerated() {
      for (weight, gradient) in zip(variables.values(of: name) ?? [], executor.output(index + 1)) {
        sum += abs(Double(weight) * Double(gradient))
      }
    }
    // The logarithm of 0: nothing of the image reaches the outputs, and there is no bias either.
    guard logarithm != -.infinity, sum != 0 else { throw .disconnected }
    return logarithm + log(sum)
  }
}

/// Rewrites a network so that values are about 1, each with the logarithm of what it is to be multiplied by.
private struct FlowGraph {
  /// A value of the network: a number times e to the power of an exponent, a scalar; nil stands for 0.
  private struct Scaled {
    var number: ValueID
    var exponent: ValueID?
  }

  private(set) var builder = GraphBuilder()
  private let source: Graph
  private var images: [ValueID: Scaled] = [:]

  init(_ source: Graph) { self.source = source }

  /// The logarithm of the sum of a value of the source, whose nodes are gone through in order.
  mutating func logarithm(of output: ValueID) throws(GraphError) -> ValueID {
    for node in source.nodes { try append(node) }
    guard let result = images[output] else {
      throw GraphError("graph.value", "the graph does not define its output")
    }
    let logarithm = try builder.one(.unary(.logarithm), try builder.total(result.number))
    guard let exponent = result.exponent else { return logarithm }
    return try builder.one(.binary(.add), logarithm, exponent)
  }

  private mutating func append(_ node: Node) throws(GraphError) {
    let inputs = node.inputs.compactMap { images[$0] }
    switch node.operation {
    case .input, .parameter, .buffer: appendLeaf(node)
    case .batchNormalization: images[node.outputs[0]] = inputs[0]
    case .convolution(var convolution) where convolution.hasBias:
      convolution.hasBias = false
      try appendLayer(node, .convolution(convolution), inputs)
    case .linear(hasBias: true): try appendLayer(node, .linear(hasBias: false), inputs)
    case .convolution, .linear, .matrixMultiply, .convolutionInputGradient:
      images[node.outputs[0]] = try product(node.operation, inputs)
    case .binary(.multiply):
      images[node.outputs[0]] = Scaled(
        number: try builder.one(node.operation, inputs[0].number, inputs[1].number),
        exponent: try sum(inputs[0].exponent, inputs[1].exponent))
    case .binary(.add), .binary(.subtract), .binary(.maximum), .binary(.minimum), .concatenate:
      let (numbers, exponent) = try aligned(inputs)
      try appendResults(node, numbers, exponent)
    case let operation where operation.keepsScale:
      try appendResults(node, inputs.map(\.number), inputs.first?.exponent)
    default:
      var numbers: [ValueID] = []
      for input in inputs { numbers.append(try scaled(input.number, by: input.exponent)) }
      try appendResults(node, numbers, nil)
    }
  }

  private mutating func appendLeaf(_ node: Node) {
    let type = source.type(of: node.outputs[0])
    let value: ValueID
    switch node.operation {
    case .parameter(let name):
      value = builder.parameter(name, type, initializer: initializer(name, source.parameters))
    case .buffer(let name): value = builder.buffer(name, type, initializer: initializer(name, source.buffers))
    default:
      let name = source.inputs.first { $0.value == node.outputs[0] }?.name
      value = builder.input(name ?? node.label, type)
    }
    images[node.outputs[0]] = Scaled(number: value)
  }

  private func initializer(_ name: String, _ variables: [Variable]) -> Initializer {
    variables.first { $0.name == name }?.initializer ?? .constant(0)
  }

  /// A product and a bias, which has another exponent.
  private mutating func appendLayer(
    _ node: Node, _ operation: Operation, _ inputs: [Scaled]
  ) throws(GraphError) {
    let product = try product(operation, Array(inputs.prefix(2)))
    var bias = inputs[2]
    if case .convolution = operation {
      let channels = builder.type(of: bias.number).elementCount
      bias.number = try builder.one(.reshape([1, channels, 1, 1]), bias.number)
    }
    let (numbers, exponent) = try aligned([product, bias])
    images[node.outputs[0]] = Scaled(
      number: try builder.one(.binary(.add), numbers[0], numbers[1]), exponent: exponent)
  }

  /// A product, divided by its greatest magnitude, which goes to the exponent and counts as a constant.
  private mutating func product(_ operation: Operation, _ inputs: [Scaled]) throws(GraphError) -> Scaled {
    let number = try builder.one(operation, inputs[0].number, inputs[1].number)
    let axes = Array(builder.type(of: number).shape.indices)
    let magnitudes = try builder.one(.unary(.absolute), number)
    let greatest = try builder.one(.reduce(Reduction(.maximum, axes: axes)), magnitudes)
    // Where all are 0 they stay so.
    let divisor = try builder.one(
      .detach, try builder.one(.binary(.maximum), greatest, builder.number(1e-30)))
    let exponent = try sum(inputs[0].exponent, inputs[1].exponent)
    return Scaled(
      number: try builder.one(.binary(.divide), number, divisor),
      exponent: try sum(exponent, try builder.one(.unary(.logarithm), divisor)))
  }

  private mutating func sum(_ left: ValueID?, _ right: ValueID?) throws(GraphError) -> ValueID? {
    guard let left, let right else { return left ?? right }
    return try builder.one(.binary(.add), left, right)
  }

  /// The numbers of values brought to the greatest of their exponents.
  private mutating func aligned(
    _ values: [Scaled]
  ) throws(GraphError) -> (numbers: [ValueID], exponent: ValueID?) {
    guard values.contains(where: { $0.exponent != nil }) else { return (values.map(\.number), nil) }
    let exponents = values.map { $0.exponent ?? builder.number(0) }
    var greatest = exponents[0]
    for exponent in exponents.dropFirst() {
      greatest = try builder.one(.binary(.maximum), greatest, exponent)
    }
    var numbers: [ValueID] = []
    for (value, exponent) in zip(values, exponents) {
      numbers.append(
        try scaled(value.number, by: try builder.one(.binary(.subtract), exponent, greatest)))
    }
    return (numbers, greatest)
  }

  private mutating func scaled(_ number: ValueID, by exponent: ValueID?) throws(GraphError) -> ValueID {
    guard let exponent, builder.type(of: number).elementType == .float32 else { return number }
    return try builder.one(.binary(.multiply), number, try builder.one(.unary(.exponential), exponent))
  }

  private mutating func appendResults(
    _ node: Node, _ inputs: [ValueID], _ exponent: ValueID?
  ) throws(GraphError) {
    let results = try builder.apply(node.operation, inputs)
    for (output, result) in zip(node.outputs, results) {
      images[output] = Scaled(number: result, exponent: exponent)
    }
  }
}

extension Operation {
  /// Whether a factor before it is a factor behind it, for a factor above 0 of the first operand.
  fileprivate var keepsScale: Bool {
    switch self {
    case .unary(.relu), .unary(.leakyReLU), .unary(.absolute), .unary(.negate), .detach, .maximumPooling,
      .averagePooling, .adaptiveAveragePooling, .adaptiveMaximumPooling, .reshape, .transpose, .expand,
      .slice, .gather, .take, .cumulativeSum:
      true
    case .pad(_, _, let value): value == 0
    case .reduce(let reduction): reduction.kind != .product
    default: false
    }
  }
}
