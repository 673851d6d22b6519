/// Copies a graph node by node into a new one, so that a pass can leave out, replace or merge nodes.
struct GraphRewriter {
  private let source: Graph
  /// What was copied so far.
  private(set) var result = Graph()
  /// By the index of a value of the source: what stands for it in the result.
  private var images: [ValueID?]

  init(_ source: Graph) {
    self.source = source
    images = [ValueID?](repeating: nil, count: source.values.count)
  }

  /// What stands in the result for values of the source.
  func mapped(_ values: [ValueID]) -> [ValueID] { values.compactMap { images[$0.index] } }

  /// Copies a node with other operands and perhaps another operation; its outputs stand for the old ones.
  mutating func copy(_ node: Node, operation: Operation? = nil, inputs: [ValueID]) {
    let index = result.nodes.count
    var outputs: [ValueID] = []
    for output in node.outputs {
      result.values.append(Value(type: source.type(of: output), producer: index))
      outputs.append(ValueID(result.values.count - 1))
      images[output.index] = outputs.last
    }
    result.nodes.append(
      Node(operation: operation ?? node.operation, inputs: inputs, outputs: outputs, label: node.label))
  }

  /// Adds a node with one result that no node of the source stands for.
  mutating func append(
    _ operation: Operation, inputs: [ValueID], type: TensorType, label: String = ""
  ) -> ValueID {
    result.values.append(Value(type: type, producer: result.nodes.count))
    let output = ValueID(result.values.count - 1)
    result.nodes.append(Node(operation: operation, inputs: inputs, outputs: [output], label: label))
    return output
  }

  /// Adds a node with any number of results that no node of the source stands for.
  mutating func append(
    _ operation: Operation, inputs: [ValueID], types: [TensorType], label: String = ""
  ) -> [ValueID] {
    let (first, producer) = (result.values.count, result.nodes.count)
    result.values += types.map { Value(type: $0, producer: producer) }
    let outputs = types.indices.map { ValueID(first + $0) }
    result.nodes.append(Node(operation: operation, inputs: inputs, outputs: outputs, label: label))
    return outputs
  }

  /// Lets values of the result stand for those of the source.
  mutating func replace(_ values: [ValueID], with images: [ValueID]) {
    for (value, image) in zip(values, images) { self.images[value.index] = image }
  }

  /// The result with the source's inputs, variables, outputs and updates.
  consuming func finished() -> Graph {
    func image(_ value: ValueID) -> ValueID? { images[value.index] }
    result.inputs = source.inputs.compactMap { input in
      image(input.value).map { GraphInput(name: input.name, value: $0) }
    }
    result.parameters = source.parameters.compactMap { variable in
      image(variable.value).map { value in
        var copy = variable
        copy.value = value
        return copy
      }
    }
    result.buffers = source.buffers.compactMap { variable in
      image(variable.value).map { value in
        var copy = variable
        copy.value = value
        return copy
      }
    }
    result.outputs = source.outputs.compactMap(image)
    result.bufferUpdates = source.bufferUpdates.compactMap { update in
      guard let buffer = image(update.buffer), let value = image(update.value) else { return nil }
      return BufferUpdate(buffer: buffer, value: value)
    }
    return result
  }
}
