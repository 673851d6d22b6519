import NetworkGraph

/// Writes one operation as an expression of PyTorch.
struct WrittenOperation {
  let tree: WrittenTree
  let node: Node
  /// The operands' texts.
  let operands: [String]
  /// Whether the operands are truth values in PyTorch.
  let truths: [Bool]
  /// A text for an extent that may be the batch's.
  let extent: (Int) -> String

  private var graph: Graph { tree.graph }
  private func shape(_ input: Int) -> [Int] { graph.type(of: node.inputs[input]).shape }
  private var resultShape: [Int] { node.outputs.first.map { graph.type(of: $0).shape } ?? [] }

  /// An operand as a number; truth values do not count as such everywhere.
  private func number(_ input: Int) -> String {
    truths[input] ? "\(operands[input]).float()" : operands[input]
  }

  /// Whether an operand is a plain number in Python, which has no methods.
  private var x: String { number(0) }

  private static func call(_ name: String, _ arguments: [String]) -> String {
    "\(name)(\(arguments.joined(separator: ", ")))"
  }

  /// The expression.
  ///
  /// - Throws: `write.operation` for what no forward pass does.
  func expression() throws(GraphError) -> String {
    switch node.operation {
    case .convolution(let convolution): return self.convolution(convolution)
    case .convolutionInputGradient(let convolution, let shape): return try transposed(convolution, shape)
    case .linear(let hasBias): return Self.call("F.linear", [x, number(1)] + (hasBias ? [number(2)] : []))
    case .matrixMultiply(let left, let right):
      return "torch.matmul(\(x)\(left ? ".transpose(-2, -1)" : ""), "
        + "\(number(1))\(right ? ".transpose(-2, -1)" : ""))"
    case .batchNormalization(let normalization): return batchNormalization(normalization)
    case .unary(let function): return WrittenFunctions.unary(function, x)
    case .binary(let function): return binary(function)
    case .select:
      let condition = truths[0] ? operands[0] : "(\(operands[0]) != 0)"
      return "torch.where(\(condition), \(number(1)), \(number(2)))"
    case .cast(let type): return "\(operands[0]).\(type == .int32 ? "long" : "float")()"
    case .dropout(let dropout):
      let mode = tree.isTraining ? "self.training" : "True"
      let name =
        dropout.isPerChannel
        ? (resultShape.count == 3 ? "dropout1d" : resultShape.count == 5 ? "dropout3d" : "dropout2d")
        : "dropout"
      return "F.\(name)(\(x), \(WrittenText.number(dropout.probability)), training=\(mode))"
    case .random(let random): return self.random(random)
    case .detach: return "\(x).detach()"
    case .maximumPooling(let pooling):
      let indices = node.outputs.count > 1 && tree.lastReader[node.outputs[1].index] >= 0
      return Self.call(
        "F.max_pool2d",
        [x] + WrittenFunctions.window(pooling, dilates: true)
          + (indices ? ["return_indices=True"] : []))
    case .averagePooling(let pooling):
      var arguments = [x] + WrittenFunctions.window(pooling.window, dilates: false)
      if !pooling.countsPadding { arguments.append("count_include_pad=False") }
      if let divisor = pooling.divisor { arguments.append("divisor_override=\(divisor)") }
      return Self.call("F.avg_pool2d", arguments)
    case .adaptiveAveragePooling(let height, let width):
      return "F.adaptive_avg_pool2d(\(x), \(WrittenText.extents([height, width])))"
    case .adaptiveMaximumPooling(let height, let width):
      let indices = node.outputs.count > 1 && tree.lastReader[node.outputs[1].index] >= 0
      return
        "F.adaptive_max_pool2d(\(x), \(WrittenText.extents([height, width]))\(indices ? ", return_indices=True" : ""))"
    case .reshape(let target): return reshape(target)
    case .transpose(let permutation):
      let moved = permutation.indices.filter { permutation[$0] != $0 }
      if moved.count == 2 { return "\(operands[0]).transpose(\(moved[0]), \(moved[1]))" }
      return "\(operands[0]).permute(\(list(permutation)))"
    case .expand(let target): return expand(target)
    case .concatenate(let axis):
      let all = truths.allSatisfy { $0 }
      return
        "torch.cat([\(operands.indices.map { all ? operands[$0] : number($0) }.joined(separator: ", "))], \(axis))"
    case .slice(let slice): return "\(operands[0])[\(Self.place(slice.axis, Self.range(slice, shape(0))))]"
    case .pad(let before, let after, let value): return pad(before, after, value)
    case .gather(let axis): return "torch.gather(\(x), \(axis), \(operands[1]))"
    case .take(let axis):
      if axis == 0, shape(0).count == 2 { return "F.embedding(\(operands[1]), \(x))" }
      return "\(x)[\(Self.place(axis, operands[1]))]"
    case .reduce(let reduction): return try reduce(reduction)
    case .cumulativeSum(let axis, false): return "torch.cumsum(\(x), \(axis))"
    case .cumulativeSum(let axis, true):
      return "torch.flip(torch.cumsum(torch.flip(\(x), (\(axis),)), \(axis)), (\(axis),))"
    case .argumentOfMaximum(let axis): return "torch.argmax(\(x), \(axis))"
    case .argumentOfMinimum(let axis): return "torch.argmin(\(x), \(axis))"
    case .sort(let axis, let isDescending):
      return "torch.sort(\(x), dim=\(axis), descending=\(isDescending ? "True" : "False"), stable=True)"
    case .softmax(let axis): return "F.softmax(\(x), dim=\(axis))"
    case .logSoftmax(let axis): return "F.log_softmax(\(x), dim=\(axis))"
    case .crossEntropy(let smoothing):
      let option = smoothing == 0 ? "" : ", label_smoothing=\(WrittenText.number(smoothing))"
      return "F.cross_entropy(\(x), \(operands[1]).long()\(option))"
    default:
      throw GraphError(
        "write.operation",
        "\(node.operation.name) is no operation of a forward pass that PyTorch could be told")
    }
  }

  /// Whether the first result is a truth value in PyTorch.
  var yieldsTruth: Bool {
    switch node.operation {
    case .binary(let function):
      switch function {
      case .equal, .notEqual, .less, .lessOrEqual: true
      case .minimum, .maximum: truths == [true, true]
      default: false
      }
    case .unary(.isNaN), .unary(.isInfinite), .unary(.isFinite): true
    case .reshape, .transpose, .expand, .slice, .detach: truths[0]
    case .concatenate: truths.allSatisfy { $0 }
    default: false
    }
  }

  // MARK: Products

  private func convolution(_ convolution: Convolution) -> String {
    var input = x
    let kernel = Array(shape(1).dropFirst(2))
    var options: [String] = []
    if let padding = WrittenFunctions.padding(convolution, kernel: kernel) {
      if padding != "0" { options.append("padding=\(padding)") }
    } else {
      let (before, after) = (convolution.padding, convolution.paddingAfter)
      input = "F.pad(\(input), (\(before.width), \(after.width), \(before.height), \(after.height)))"
    }
    let bias = convolution.hasBias ? number(2) : "None"
    if convolution.stride != Size2D(1, 1) {
      options.append("stride=\(WrittenFunctions.pair(convolution.stride))")
    }
    if convolution.dilation != Size2D(1, 1) {
      options.append("dilation=\(WrittenFunctions.pair(convolution.dilation))")
    }
    if convolution.groups != 1 { options.append("groups=\(convolution.groups)") }
    return Self.call("F.conv2d", [input, number(1), bias] + options)
  }

  private func transposed(_ convolution: Convolution, _ target: [Int]) throws(GraphError) -> String {
    guard convolution.padding == convolution.paddingAfter else {
      throw GraphError(
        "write.operation", "PyTorch has no transposed convolution with different padding before and behind")
    }
    let (kernel, images) = (shape(0), shape(1))
    func extra(_ axis: Int, _ side: KeyPath<Size2D, Int>) -> Int {
      let reach = convolution.dilation[keyPath: side] * (kernel[axis] - 1) + 1
      let border = convolution.padding[keyPath: side] + convolution.paddingAfter[keyPath: side]
      return target[axis] - ((images[axis] - 1) * convolution.stride[keyPath: side] - border + reach)
    }
    let arguments = [
      number(1), x, "None", WrittenFunctions.pair(convolution.stride),
      WrittenFunctions.pair(convolution.padding),
      WrittenText.extents([extra(2, \.height), extra(3, \.width)]), "\(convolution.groups)",
      WrittenFunctions.pair(convolution.dilation),
    ]
    return Self.call("F.conv_transpose2d", arguments)
  }

  private func batchNormalization(_ normalization: BatchNormalization) -> String {
    let first = normalization.isAffine ? 3 : 1
    let statistics =
      normalization.tracksRunningStatistics ? [operands[first], operands[first + 1]] : ["None", "None"]
    let affine = normalization.isAffine ? [operands[1], operands[2]] : ["None", "None"]
    let mode = normalization.isTraining ? "True" : "False"
    return Self.call(
      "F.batch_norm",
      [x] + statistics + affine
        + [mode, WrittenText.number(normalization.momentum), WrittenText.number(normalization.epsilon)])
  }

  // MARK: Elementwise

  private func binary(_ function: BinaryFunction) -> String {
    let both = truths == [true, true]
    let (a, b) = both ? (operands[0], operands[1]) : (number(0), number(1))
    switch function {
    case .add: return "\(number(0)) + \(number(1))"
    case .subtract: return "\(number(0)) - \(number(1))"
    case .multiply: return "\(number(0)) * \(number(1))"
    case .divide: return "\(number(0)) / \(number(1))"
    case .power: return "\(number(0)) ** \(number(1))"
    case .remainder: return "\(number(0)) % \(number(1))"
    case .floorDivide: return "\(number(0)) // \(number(1))"
    case .equal: return "\(a) == \(b)"
    case .notEqual: return "\(a) != \(b)"
    case .less: return "\(number(0)) < \(number(1))"
    case .lessOrEqual: return "\(number(0)) <= \(number(1))"
    case .minimum: return both ? "\(a) & \(b)" : "torch.minimum(\(tensor(0)), \(tensor(1)))"
    case .maximum: return both ? "\(a) | \(b)" : "torch.maximum(\(tensor(0)), \(tensor(1)))"
    case .truncatedRemainder: return "torch.fmod(\(tensor(0)), \(number(1)))"
    case .arcTangent2: return "torch.atan2(\(tensor(0)), \(tensor(1)))"
    }
  }

  /// An operand that must be a tensor, not a number of Python.
  private func tensor(_ input: Int) -> String {
    guard case .constant(.fill(_, let type)) = graph.producer(of: node.inputs[input]).operation,
      type.rank == 0
    else { return number(input) }
    return "torch.tensor(\(operands[input]))"
  }

  private func random(_ random: RandomTensor) -> String {
    let shape = "(" + random.shape.map { extent($0) + ", " }.joined() + ")"
    switch random.distribution {
    case .uniform: return "torch.rand(\(shape))"
    case .normal: return "torch.randn(\(shape))"
    case .bernoulli(let probability):
      return "torch.bernoulli(torch.full(\(shape), \(WrittenText.number(probability))))"
    }
  }

  // MARK: Shape

  private func list(_ numbers: [Int]) -> String { numbers.map { "\($0)" }.joined(separator: ", ") }

  private func reshape(_ target: [Int]) -> String {
    let source = shape(0)
    guard !target.isEmpty else { return "\(operands[0]).reshape(())" }
    let depends = !tree.isWeight[node.inputs[0].index]
    if let batch = tree.batch, depends, source.first == batch, target[0].isMultiple(of: batch) {
      if source.count > 2, target.count == 2, target[0] == batch { return "torch.flatten(\(operands[0]), 1)" }
      if target.count == 1, source.count > 1 { return "torch.flatten(\(operands[0]))" }
      return "\(operands[0]).reshape(\(list([-1] + target.dropFirst())))"
    }
    if depends, source.count > 2, target.count == 2, target[0] == source[0] {
      return "torch.flatten(\(operands[0]), 1)"
    }
    return "\(operands[0]).reshape(\(list(target)))"
  }

  private func expand(_ target: [Int]) -> String {
    let source = shape(0)
    let shift = target.count - source.count
    let sizes = target.enumerated().map { axis, size in
      axis >= shift && source[axis - shift] == size ? "-1" : axis == 0 ? extent(size) : "\(size)"
    }
    return "\(operands[0]).expand(\(sizes.joined(separator: ", ")))"
  }

  private func pad(_ before: [Int], _ after: [Int], _ value: Float) -> String {
    var numbers: [Int] = []
    for axis in before.indices.reversed() { numbers += [before[axis], after[axis]] }
    while numbers.count > 2, numbers.suffix(2) == [0, 0] { numbers.removeLast(2) }
    return
      "F.pad(\(x), \(WrittenText.tuple(numbers))\(value == 0 ? "" : ", value=\(WrittenText.number(value))"))"
  }

  /// Something at one axis of a subscript.
  private static func place(_ axis: Int, _ text: String) -> String {
    String(repeating: ":, ", count: axis) + text
  }

  private static func range(_ slice: Slice, _ shape: [Int]) -> String {
    let start = slice.start == 0 ? "" : "\(slice.start)"
    let end = slice.end == shape[slice.axis] ? "" : "\(slice.end)"
    return "\(start):\(end)\(slice.step == 1 ? "" : ":\(slice.step)")"
  }

  private func reduce(_ reduction: Reduction) throws(GraphError) -> String {
    let keeps = reduction.keepsDimensions ? ", keepdim=True" : ""
    let axes = reduction.axes.count == 1 ? "\(reduction.axes[0])" : WrittenText.tuple(reduction.axes)
    switch reduction.kind {
    case .sum: return "\(x).sum(\(axes)\(keeps))"
    case .mean: return "\(x).mean(\(axes)\(keeps))"
    case .maximum: return "\(x).amax(\(axes)\(keeps))"
    case .minimum: return "\(x).amin(\(axes)\(keeps))"
    case .product:
      if reduction.axes.count == shape(0).count, !reduction.keepsDimensions, reduction.axes.count > 1 {
        return "\(x).prod()"
      }
      // One axis at a time, the last one first, so that the others keep their numbers.
      return reduction.axes.reversed().reduce(x) { "\($0).prod(\($1)\(keeps))" }
    }
  }
}
