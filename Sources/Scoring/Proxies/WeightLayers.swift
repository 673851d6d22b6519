import NetworkGraph

/// A weight that convolutions or linear layers multiply with, and where.
struct WeightLayer {
  /// The parameter's name.
  let name: String
  /// How many numbers it has.
  let count: Int
  /// The nodes that read it, as indices into `Graph.nodes`; more than one where layers share it.
  var nodes: [Int]
}

extension Graph {
  /// The weights of convolutions and linear layers, which is where pruning scores are summed: those of PyTorch's
  /// `Conv2d` and `Linear`, and of what has the same operation here (`Conv1d`, `F.linear` with a parameter).
  func weightLayers() -> [WeightLayer] {
    var layers: [WeightLayer] = []
    var places: [String: Int] = [:]
    for (index, node) in nodes.enumerated() where node.operation.isWeightLayer {
      guard let (name, value) = parameter(behind: node.inputs[1]) else { continue }
      if let place = places[name] {
        layers[place].nodes.append(index)
      } else {
        places[name] = layers.count
        layers.append(WeightLayer(name: name, count: type(of: value).elementCount, nodes: [index]))
      }
    }
    return layers
  }

  /// The parameter that a value is, or is a reshape of.
  private func parameter(behind value: ValueID) -> (name: String, value: ValueID)? {
    var value = value
    while true {
      let node = producer(of: value)
      switch node.operation {
      case .parameter(let name): return (name, value)
      case .reshape: value = node.inputs[0]
      default: return nil
      }
    }
  }

  /// The values of the parameters of those names.
  func values(of names: [String]) -> [ValueID] {
    let values = Dictionary(
      parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    return names.compactMap { values[$0] }
  }

  /// The graph that yields those values, simplified for a run, and where they are found in it: what is computed twice
  /// is computed once.
  func yielding(_ values: [ValueID], fuses: Bool = true) -> (graph: Graph, values: [ValueID]) {
    var builder = GraphBuilder(continuing: self)
    builder.setOutputs(values)
    let graph = fuses ? builder.graph.fusingOperations() : builder.graph
    let result = graph.eliminatingCommonSubexpressions().eliminatingDeadCode()
    return (result, result.outputs)
  }
}

extension Operation {
  /// Whether it is a convolution or a linear layer.
  var isWeightLayer: Bool {
    switch self {
    case .convolution, .linear: true
    default: false
    }
  }

  /// Whether it is a rectifier: what PyTorch has as a module with ReLU in its name, called as a function or not.
  var isRectifier: Bool {
    switch self {
    case .unary(.relu), .unary(.relu6), .unary(.leakyReLU): true
    default: false
    }
  }
}

/// Short forms for graphs of proxies.
extension GraphBuilder {
  /// Applies an operation that defines one value.
  mutating func one(_ operation: Operation, _ inputs: ValueID...) throws(GraphError) -> ValueID {
    try apply(operation, inputs)[0]
  }

  /// A scalar that broadcasts against anything.
  mutating func number(_ number: Double) -> ValueID {
    constant(.fill(number, TensorType(.float32, [])))
  }

  /// The sum of all elements, or of those along axes.
  mutating func total(_ value: ValueID, over axes: [Int]? = nil) throws(GraphError) -> ValueID {
    let axes = axes ?? Array(type(of: value).shape.indices)
    return axes.isEmpty ? value : try one(.reduce(Reduction(.sum, axes: axes)), value)
  }
}
