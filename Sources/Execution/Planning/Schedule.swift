import NetworkGraph

/// The nodes that are run, in order: those that outputs and buffer updates depend on, and all inputs.
struct Schedule {
  private(set) var nodes: [Node] = []

  /// A schedule in the graph's order.
  init(_ graph: Graph) {
    let rewritten = Self.readingResults(graph)
    var isNeeded = [Bool](repeating: false, count: graph.nodes.count)
    for value in graph.outputs + graph.bufferUpdates.map(\.value) {
      isNeeded[graph.values[value.index].producer] = true
    }
    for index in rewritten.indices.reversed() {
      if case .input = rewritten[index].operation { isNeeded[index] = true }
      guard isNeeded[index] else { continue }
      for input in rewritten[index].inputs { isNeeded[graph.values[input.index].producer] = true }
    }
    nodes = rewritten.indices.filter { isNeeded[$0] }.map { rewritten[$0] }
  }

  /// The nodes with the gradients of rectifiers reading the result in place of the operand.
  ///
  /// The sign of the one is that of the other, and the next layer's gradient reads the result anyway: so the operand
  /// need not be kept, and the rectifier can work in its place.
  private static func readingResults(_ graph: Graph) -> [Node] {
    struct Application: Hashable {
      var function: UnaryFunction
      var operand: ValueID
    }
    var results: [Application: ValueID] = [:]
    return graph.nodes.map { node in
      switch node.operation {
      case .unary(let function) where function.keepsSign:
        results[Application(function: function, operand: node.inputs[0])] = node.outputs[0]
      case .unaryGradient(let function) where function.keepsSign:
        guard let result = results[Application(function: function, operand: node.inputs[0])] else { break }
        var node = node
        node.inputs[0] = result
        return node
      default: break
      }
      return node
    }
  }
}

extension UnaryFunction {
  /// Whether the derivative at x is the derivative at f(x).
  var keepsSign: Bool {
    switch self {
    case .relu, .relu6, .hardTanh: true
    case .leakyReLU(let slope): slope > 0
    default: false
    }
  }
}
