extension Graph {
  /// Makes sure that the graph is well formed.
  ///
  /// Checked are: every value is defined once, by the node it names, before it is read; every type is what the
  /// operation's shape rule gives; inputs, parameters and buffers stand for leaf nodes, each for its own, under
  /// distinct names, with initial values of the right number; outputs and buffer updates exist and fit.
  ///
  /// - Throws: a `GraphError` whose identifier begins with `graph.` or `shape.`.
  public func verify() throws(GraphError) {
    try verifyNodes()
    try verifyInputs()
    try verifyVariables()
    for output in outputs { try verifyExists(output, "the graph's outputs") }
    try verifyUpdates()
  }

  private func verifyNodes() throws(GraphError) {
    var defined = [Bool](repeating: false, count: values.count)
    for (index, node) in nodes.enumerated() {
      for input in node.inputs {
        guard defined.indices.contains(input.index), defined[input.index] else {
          throw GraphError(
            "graph.order", "node \(index) (\(node.operation.name)) reads %\(input.index) before it is defined"
          )
        }
      }
      for output in node.outputs {
        guard defined.indices.contains(output.index), values[output.index].producer == index else {
          throw GraphError("graph.producer", "%\(output.index) does not name node \(index), which defines it")
        }
        guard !defined[output.index] else {
          throw GraphError("graph.redefinition", "%\(output.index) is defined more than once")
        }
        defined[output.index] = true
      }
      try verifyTypes(node, index)
    }
    if let index = defined.firstIndex(of: false) {
      throw GraphError("graph.undefined", "no node defines %\(index)")
    }
  }

  private func verifyTypes(_ node: Node, _ index: Int) throws(GraphError) {
    switch node.operation {
    case .input, .parameter, .buffer:
      guard node.inputs.isEmpty, node.outputs.count == 1 else {
        throw GraphError("graph.leaf", "node \(index) (\(node.operation.name)) must define one value of none")
      }
      try type(of: node.outputs[0]).check()
    default:
      let given = node.outputs.map(type(of:))
      let inferred = try node.operation.outputTypes(for: node.inputs.map(type(of:)))
      guard given == inferred else {
        throw GraphError(
          "graph.type",
          "node \(index) (\(node.operation.name)) defines \(given) but should define \(inferred)")
      }
    }
  }

  private func verifyInputs() throws(GraphError) {
    var names: Set<String> = []
    var places: Set<ValueID> = []
    for input in inputs {
      guard names.insert(input.name).inserted else {
        throw GraphError("graph.name", "two inputs are called \(input.name)")
      }
      try verifyExists(input.value, "input \(input.name)")
      guard case .input = producer(of: input.value).operation, places.insert(input.value).inserted else {
        throw GraphError("graph.input", "input \(input.name) does not stand for an input node of its own")
      }
    }
    let count = nodes.count { $0.operation == .input }
    guard count == inputs.count else {
      throw GraphError("graph.input", "there are \(count) input nodes but \(inputs.count) inputs")
    }
  }

  private func verifyVariables() throws(GraphError) {
    var names: Set<String> = []
    for (variables, isParameter) in [(parameters, true), (buffers, false)] {
      for variable in variables {
        let name = variable.name
        try verifyExists(variable.value, "variable \(name)")
        let expected: Operation = isParameter ? .parameter(name) : .buffer(name)
        guard producer(of: variable.value).operation == expected else {
          throw GraphError("graph.variable", "variable \(name) does not stand for the node that reads it")
        }
        guard names.insert(name).inserted else {
          throw GraphError("graph.name", "two variables are called \(name)")
        }
        let type = type(of: variable.value)
        if case .values(let initial) = variable.initializer, initial.count != type.elementCount {
          throw GraphError(
            "graph.initializer", "variable \(name) of type \(type) has \(initial.count) initial values")
        }
        guard !variable.isTrainable || (isParameter && type.elementType == .float32) else {
          throw GraphError("graph.trainable", "variable \(name) cannot be trained")
        }
      }
    }
    for node in nodes {
      switch node.operation {
      case .parameter(let name), .buffer(let name):
        guard names.remove(name) != nil else {
          throw GraphError(
            "graph.variable", "a node reads \(name), which is no variable or is read elsewhere")
        }
      default: continue
      }
    }
  }

  private func verifyUpdates() throws(GraphError) {
    var seen: Set<ValueID> = []
    for update in bufferUpdates {
      try verifyExists(update.buffer, "a buffer update")
      try verifyExists(update.value, "a buffer update")
      guard case .buffer(let name) = producer(of: update.buffer).operation else {
        throw GraphError("graph.update", "%\(update.buffer.index) is updated but is no buffer")
      }
      guard seen.insert(update.buffer).inserted else {
        throw GraphError("graph.update", "buffer \(name) is updated more than once")
      }
      guard type(of: update.buffer) == type(of: update.value) else {
        throw GraphError(
          "graph.update",
          "buffer \(name) is \(type(of: update.buffer)) but is updated to \(type(of: update.value))")
      }
    }
  }

  private func verifyExists(_ value: ValueID, _ reader: String) throws(GraphError) {
    guard values.indices.contains(value.index) else {
      throw GraphError("graph.value", "\(reader) names %\(value.index), which the graph does not have")
    }
  }
}
