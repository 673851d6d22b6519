import NetworkGraph

/// Writes a graph node by node.
struct ONNXWriter {
  let graph: Graph
  let shapes: BatchShapes
  private(set) var nodes: [ONNXNode] = []
  private(set) var tensors: [ONNXTensor] = []
  private(set) var inputs: [ONNXPort] = []
  private(set) var outputs: [ONNXPort] = []

  /// By value.
  private var names: [String]
  private var taken: Set<String> = []
  /// Of the node under way.
  private var label = ""
  private var constants: [ConstantKey: String] = [:]
  private var batchExtent: String?

  private enum ConstantKey: Hashable {
    case longs([Int])
    case float(UInt32)
    case integer(Int32)
  }

  init(_ graph: Graph, _ shapes: BatchShapes) {
    self.graph = graph
    self.shapes = shapes
    names = [String](repeating: "", count: graph.values.count)
  }

  mutating func write(_ weight: (String) -> [Float]?) throws(ONNXError) {
    let needed = neededNodes()
    for input in graph.inputs {
      names[input.value.index] = unique(input.name)
      inputs.append(port(names[input.value.index], input.value))
    }
    for (index, node) in graph.nodes.enumerated() where needed[index] {
      label = node.label
      switch node.operation {
      case .input: continue
      case .parameter(let name), .buffer(let name):
        let value = node.outputs[0]
        guard let values = weight(name) else { throw .missingWeight(name) }
        guard values.count == graph.type(of: value).elementCount else { throw .weightShape(name) }
        names[value.index] = unique(name)
        tensors.append(
          ONNXTensor(
            name: names[value.index], shape: graph.type(of: value).shape, elements: .floats(values)))
      default:
        let results = try write(node)
        for (value, result) in zip(node.outputs, results) { names[value.index] = result }
      }
    }
    for (index, value) in graph.outputs.enumerated() {
      let source = try readable(value)
      // An output has a name of its own, also where it is an input or another output, too.
      let name = unique(graph.outputs.count == 1 ? "output" : "output.\(index)")
      nodes.append(
        ONNXNode(
          type: "Identity", inputs: [source], outputs: [name], label: name, attributes: []))
      outputs.append(port(name, value))
    }
  }

  /// The nodes that outputs depend on.
  private func neededNodes() -> [Bool] {
    var needed = [Bool](repeating: false, count: graph.nodes.count)
    for output in graph.outputs { needed[graph.values[output.index].producer] = true }
    for index in graph.nodes.indices.reversed() where needed[index] {
      for input in graph.nodes[index].inputs { needed[graph.values[input.index].producer] = true }
    }
    return needed
  }

  private func port(_ name: String, _ value: ValueID) -> ONNXPort {
    ONNXPort(name: name, elementType: graph.type(of: value).elementType.onnx, shape: shapes.port(value))
  }

  private mutating func unique(_ name: String) -> String {
    var (result, number) = (name, 1)
    while !taken.insert(result).inserted {
      number += 1
      result = "\(name).\(number)"
    }
    return result
  }

  // MARK: What the rules for operations are written with

  /// The name of a value that has been written.
  func name(_ value: ValueID) -> String { names[value.index] }

  /// The name of a value.
  ///
  /// - Throws: where it is a result that ONNX does not have, such as the places of maxima, which it counts otherwise.
  func readable(_ value: ValueID) throws(ONNXError) -> String {
    let name = names[value.index]
    guard name.isEmpty else { return name }
    let producer = graph.producer(of: value)
    throw .unsupported(
      operation: producer.operation.name, label: producer.label, reason: "more than its first result is used")
  }

  func shape(_ value: ValueID) -> [Int] { graph.type(of: value).shape }

  /// Applies an operator with one result.
  mutating func apply(
    _ type: String, _ inputs: [String], _ attributes: [(name: String, value: ONNXAttribute)] = []
  ) -> String {
    apply(type, inputs, attributes, results: 1)[0]
  }

  /// Applies an operator.
  mutating func apply(
    _ type: String, _ inputs: [String], _ attributes: [(name: String, value: ONNXAttribute)] = [],
    results: Int
  ) -> [String] {
    let base = label.isEmpty ? type : "\(label)/\(type)"
    let outputs = (0..<results).map { _ in unique(base) }
    nodes.append(
      ONNXNode(type: type, inputs: inputs, outputs: outputs, label: outputs[0], attributes: attributes))
    return outputs
  }

  /// A constant list of whole numbers: a shape, axes.
  mutating func longs(_ values: [Int]) -> String {
    constant(.longs(values), shape: [values.count], .longs(values))
  }

  /// A constant scalar of the element type.
  mutating func scalar(_ value: Double, _ type: ElementType = .float32) -> String {
    switch type {
    case .float32: constant(.float(Float(value).bitPattern), shape: [], .floats([Float(value)]))
    case .int32: constant(.integer(Int32(value)), shape: [], .integers([Int32(value)]))
    }
  }

  private mutating func constant(
    _ key: ConstantKey, shape: [Int], _ elements: ONNXTensor.Elements
  ) -> String {
    if let known = constants[key] { return known }
    let name = tensor(shape: shape, elements)
    constants[key] = name
    return name
  }

  /// A constant tensor.
  mutating func tensor(shape: [Int], _ elements: ONNXTensor.Elements) -> String {
    let name = unique("constant")
    tensors.append(ONNXTensor(name: name, shape: shape, elements: elements))
    return name
  }

  /// The shape of a value as a tensor, computed where extents follow the batch.
  mutating func shapeTensor(_ value: ValueID) -> String {
    let pattern = shapes.pattern(of: value)
    guard let batch = shapes.batch, pattern.contains(nil) else { return longs(shape(value)) }
    var parts: [String] = []
    for (extent, known) in zip(shape(value), pattern) {
      if let known {
        parts.append(longs([known]))
      } else {
        let times = extent / batch
        let extent = batchExtentTensor()
        parts.append(times == 1 ? extent : apply("Mul", [extent, longs([times])]))
      }
    }
    return apply("Concat", parts, [("axis", .integer(0))])
  }

  private mutating func batchExtentTensor() -> String {
    if let batchExtent { return batchExtent }
    let result = apply("Shape", [inputs[0].name], [("start", .integer(0)), ("end", .integer(1))])
    batchExtent = result
    return result
  }

  /// 0 or 1 of the element type.
  mutating func number(_ condition: String, _ type: ElementType) -> String {
    apply("Cast", [condition], [("to", .integer(type.onnx))])
  }

  /// Whether numbers are not 0.
  mutating func condition(_ number: String) -> String {
    apply("Cast", [number], [("to", .integer(ONNXElementType.boolean))])
  }

  func unsupported(_ operation: Operation, _ reason: String) -> ONNXError {
    .unsupported(operation: operation.name, label: label, reason: reason)
  }
}

extension ElementType {
  /// ONNX's code.
  var onnx: Int {
    switch self {
    case .float32: ONNXElementType.float32
    case .int32: ONNXElementType.int32
    }
  }
}
