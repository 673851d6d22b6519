import NetworkGraph

/// Finds the layers of PyTorch that modules of the graph are.
struct WrittenLayers {
  let tree: WrittenTree
  private var graph: Graph { tree.graph }

  /// One call of a layer: its statements, operands and results.
  struct Call {
    var construction: [WrittenPiece]
    var nodes: ArraySlice<Int>
    var inputs: [ValueID]
    var output: ValueID
  }

  init(_ tree: WrittenTree) { self.tree = tree }

  /// The calls of a module without children, if it is the same layer in all of them.
  func calls(of module: WrittenModule) -> [Call]? {
    guard module.children.isEmpty, !module.nodes.isEmpty else { return nil }
    var calls: [Call] = []
    var rest = module.nodes[...]
    while !rest.isEmpty {
      guard let call = call(of: module, rest) else { return nil }
      if let first = calls.first, first.construction != call.construction { return nil }
      rest = rest.dropFirst(call.nodes.count)
      calls.append(call)
    }
    return calls
  }

  private func call(of module: WrittenModule, _ nodes: ArraySlice<Int>) -> Call? {
    if let call = layerNormalization(of: module, nodes) { return call }
    guard let index = nodes.first else { return nil }
    let node = graph.nodes[index]
    guard let operand = node.inputs.first, let output = node.outputs.first,
      let construction = construction(of: module, node)
    else { return nil }
    var inputs = [operand]
    if case .take = node.operation { inputs = [node.inputs[1]] }
    // Results that are not the layer's.
    guard node.outputs.dropFirst().allSatisfy({ isUpdate($0) || tree.lastReader[$0.index] < 0 }) else {
      return nil
    }
    return Call(construction: construction, nodes: nodes.prefix(1), inputs: inputs, output: output)
  }

  /// Whether a value only becomes the content of a buffer, or is read by batch normalisation as one.
  private func isUpdate(_ value: ValueID) -> Bool {
    tree.bufferOf[value] != nil && tree.lastReader[value.index] >= 0 && !graph.outputs.contains(value)
  }

  private func owns(_ module: WrittenModule, _ value: ValueID, _ name: String) -> Bool {
    guard let owner = tree.owners[tree.bufferOf[value] ?? value] else { return false }
    return owner.module === module && owner.name == name
  }

  /// Whether the module has those variables and no others.
  private func has(_ module: WrittenModule, _ names: [String]) -> Bool {
    module.variables.map(\.name) == names
  }

  private func shape(_ value: ValueID) -> [Int] { graph.type(of: value).shape }

  private func construction(of module: WrittenModule, _ node: Node) -> [WrittenPiece]? {
    let input = node.inputs.first.map(shape) ?? []
    switch node.operation {
    case .convolution(let convolution): return self.convolution(module, node, convolution)
    case .linear(let hasBias):
      guard has(module, hasBias ? ["weight", "bias"] : ["weight"]), owns(module, node.inputs[1], "weight"),
        !hasBias || owns(module, node.inputs[2], "bias")
      else { return nil }
      let weight = shape(node.inputs[1])
      return [
        .text("nn.Linear("), .literal("\(weight[1])", role: "in_features"), .text(", "),
        .literal("\(weight[0])", role: "out_features"),
        .option("bias", value: hasBias ? "True" : "False", standard: "True"), .text(")"),
      ]
    case .batchNormalization(let normalization): return batchNormalization(module, node, normalization, input)
    case .take(let axis):
      guard axis == 0, has(module, ["weight"]), owns(module, node.inputs[0], "weight"), input.count == 2
      else {
        return nil
      }
      return [
        .text("nn.Embedding("), .literal("\(input[0])", role: "num_embeddings"), .text(", "),
        .literal("\(input[1])", role: "embedding_dim"), .text(")"),
      ]
    default: return module.variables.isEmpty ? stateless(node, input) : nil
    }
  }

  private func convolution(
    _ module: WrittenModule, _ node: Node, _ convolution: Convolution
  ) -> [WrittenPiece]? {
    let weight = shape(node.inputs[1])
    let hasBias = convolution.hasBias
    guard has(module, hasBias ? ["weight", "bias"] : ["weight"]), owns(module, node.inputs[1], "weight"),
      !hasBias || owns(module, node.inputs[2], "bias"),
      let padding = WrittenFunctions.padding(convolution, kernel: Array(weight[2...]))
    else { return nil }
    return [
      .text("nn.Conv2d("), .literal("\(weight[1] * convolution.groups)", role: "in_channels"), .text(", "),
      .literal("\(weight[0])", role: "out_channels"), .text(", "),
      .literal(WrittenText.extents(Array(weight[2...])), role: "kernel_size"),
      .option("stride", value: WrittenFunctions.pair(convolution.stride), standard: "1"),
      .option("padding", value: padding, standard: "0"),
      .option("dilation", value: WrittenFunctions.pair(convolution.dilation), standard: "1"),
      .option("groups", value: "\(convolution.groups)", standard: "1"),
      .option("bias", value: hasBias ? "True" : "False", standard: "True"), .text(")"),
    ]
  }

  private func batchNormalization(
    _ module: WrittenModule, _ node: Node, _ normalization: BatchNormalization, _ input: [Int]
  ) -> [WrittenPiece]? {
    var names: [String] = []
    if normalization.isAffine { names += ["weight", "bias"] }
    if normalization.tracksRunningStatistics { names += ["running_mean", "running_var"] }
    guard input.count >= 2, input.count <= 5, has(module, names),
      node.outputs.count < 5 || node.outputs[3...].allSatisfy(isUpdate),
      zip(node.inputs.dropFirst(), names).allSatisfy({ owns(module, $0, $1) }),
      normalization.isTraining == (tree.isTraining || !normalization.tracksRunningStatistics)
    else { return nil }
    let name = input.count == 4 ? "BatchNorm2d" : input.count == 5 ? "BatchNorm3d" : "BatchNorm1d"
    return [
      .text("nn.\(name)("), .literal("\(input[1])", role: "num_features"),
      .option("eps", value: WrittenText.number(normalization.epsilon), standard: "1e-05"),
      .option("momentum", value: WrittenText.number(normalization.momentum), standard: "0.1"),
      .option("affine", value: normalization.isAffine ? "True" : "False", standard: "True"),
      .option(
        "track_running_stats", value: normalization.tracksRunningStatistics ? "True" : "False",
        standard: "True"), .text(")"),
    ]
  }

  private func stateless(_ node: Node, _ input: [Int]) -> [WrittenPiece]? {
    func call(_ name: String, _ arguments: [String]) -> [WrittenPiece] {
      [.text("nn.\(name)("), .literal(arguments.joined(separator: ", "), role: "size"), .text(")")]
    }
    func window(_ name: String, _ pooling: Pooling, dilates: Bool) -> [WrittenPiece] {
      let arguments = WrittenFunctions.window(pooling, dilates: dilates)
      return [.text("nn.\(name)(\(arguments.joined(separator: ", ")))")]
    }
    switch node.operation {
    case .unary(let function): return WrittenFunctions.module(function)
    case .maximumPooling(let pooling):
      return window("MaxPool2d", pooling, dilates: true)
    case .averagePooling(let pooling):
      guard pooling.countsPadding, pooling.divisor == nil else { return nil }
      return window("AvgPool2d", pooling.window, dilates: false)
    case .adaptiveAveragePooling(let height, let width):
      return call("AdaptiveAvgPool2d", [WrittenText.extents([height, width])])
    case .adaptiveMaximumPooling(let height, let width):
      return call("AdaptiveMaxPool2d", [WrittenText.extents([height, width])])
    case .dropout(let dropout):
      guard tree.isTraining else { return nil }
      let name =
        dropout.isPerChannel
        ? input.count == 4 ? "Dropout2d" : input.count == 3 ? "Dropout1d" : nil : "Dropout"
      return name.map {
        [.text("nn.\($0)("), .literal(WrittenText.number(dropout.probability), role: "dropout"), .text(")")]
      }
    case .softmax(let axis): return [.text("nn.Softmax(dim=\(axis))")]
    case .logSoftmax(let axis): return [.text("nn.LogSoftmax(dim=\(axis))")]
    case .reshape(let target):
      guard input.count > 2, target.count == 2, target[0] == input[0] else { return nil }
      return [.text("nn.Flatten()")]
    default: return nil
    }
  }

  /// The layer normalisation that the compiler writes out in seven to nine operations.
  private func layerNormalization(of module: WrittenModule, _ nodes: ArraySlice<Int>) -> Call? {
    guard nodes.count >= 7, let divide = nodes.dropFirst(6).first,
      let found = graph.standardization(graph.nodes[divide], divide)
    else { return nil }
    let input = shape(found.input)
    let trailing = input.suffix(found.axes.count)
    let names = module.variables.map(\.name)
    guard found.axes == Array((input.count - found.axes.count)..<input.count),
      names == ["weight", "bias"] || names == ["weight"] || names.isEmpty
    else { return nil }
    var output = graph.nodes[divide].outputs[0]
    var count = 7
    for name in names {
      guard let index = nodes.dropFirst(count).first else { return nil }
      let node = graph.nodes[index]
      guard node.operation == .binary(name == "weight" ? .multiply : .add), node.inputs[0] == output,
        owns(module, node.inputs[1], name), shape(node.inputs[1]) == Array(trailing)
      else { return nil }
      output = node.outputs[0]
      count += 1
    }
    let inner = Set(nodes.prefix(count).flatMap { graph.nodes[$0].outputs }).subtracting([output])
    guard let last = nodes.prefix(count).last, inner.allSatisfy({ tree.lastReader[$0.index] <= last }) else {
      return nil
    }
    return Call(
      construction: [
        .text("nn.LayerNorm("),
        .literal(
          trailing.count == 1 ? "\(input[input.count - 1])" : WrittenText.tuple(Array(trailing)),
          role: "normalized_shape"),
        .option("eps", value: WrittenText.number(found.epsilon), standard: "1e-05"),
        .option("elementwise_affine", value: names.isEmpty ? "False" : "True", standard: "True"),
        .option("bias", value: names == ["weight"] ? "False" : "True", standard: "True"), .text(")"),
      ], nodes: nodes.prefix(count), inputs: [found.input], output: output)
  }
}
