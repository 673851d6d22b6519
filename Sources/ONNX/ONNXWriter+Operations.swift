import NetworkGraph

extension ONNXWriter {
  /// Writes a node that is no variable; the names of those of its results that ONNX has.
  mutating func write(_ node: Node) throws(ONNXError) -> [String] {
    var inputs: [String] = []
    for input in node.inputs { inputs.append(try readable(input)) }
    let type = graph.type(of: node.outputs[0])
    switch node.operation {
    case .constant(let constant): return [fill(constant, node.outputs[0])]
    case .convolution(let convolution): return [self.convolution(convolution, inputs)]
    case .convolutionInputGradient(let convolution, let images):
      return [transposedConvolution(convolution, node, images: images)]
    case .linear(let hasBias): return [linear(node, inputs, hasBias: hasBias)]
    case .matrixMultiply(let left, let right):
      return [
        apply(
          "MatMul",
          [left ? transposed(node.inputs[0]) : inputs[0], right ? transposed(node.inputs[1]) : inputs[1]])
      ]
    case .batchNormalization(let normalization): return batchNormalization(normalization, node, inputs)
    case .unary(let function): return [unary(function, inputs[0], type.elementType)]
    case .binary(let function): return [try binary(function, inputs[0], inputs[1], node)]
    case .select: return [apply("Where", [condition(inputs[0]), inputs[1], inputs[2]])]
    case .cast(let type): return [apply("Cast", inputs, [("to", .integer(type.onnx))])]
    case .detach: return [apply("Identity", inputs)]
    case .maximumPooling(let pooling): return [maximumPooling(pooling, node, inputs[0])]
    case .averagePooling(let pooling): return [averagePooling(pooling, node, inputs[0])]
    case .adaptiveAveragePooling: return [adaptiveAverage(node, inputs[0])]
    case .adaptiveMaximumPooling: return [adaptiveMaximum(node, inputs[0])]
    case .reshape: return [reshape(node, inputs[0])]
    case .transpose(let permutation): return [apply("Transpose", inputs, [("perm", .integers(permutation))])]
    case .expand: return [apply("Expand", [inputs[0], shapeTensor(node.outputs[0])])]
    case .concatenate(let axis): return [apply("Concat", inputs, [("axis", .integer(axis))])]
    case .slice(let slice):
      return [
        apply(
          "Slice",
          [inputs[0], longs([slice.start]), longs([slice.end]), longs([slice.axis]), longs([slice.step])])
      ]
    case .pad(let before, let after, let value):
      return [apply("Pad", [inputs[0], longs(before + after), scalar(Double(value), type.elementType)])]
    case .gather(let axis): return [apply("GatherElements", inputs, [("axis", .integer(axis))])]
    case .take(let axis): return [apply("Gather", inputs, [("axis", .integer(axis))])]
    case .gatherGradient(let axis, _):
      let zeros = apply("Expand", [scalar(0), shapeTensor(node.outputs[0])])
      return [
        apply(
          "ScatterElements", [zeros, inputs[1], inputs[0]],
          [("axis", .integer(axis)), ("reduction", .text("add"))])
      ]
    case .argumentOfMaximum(let axis): return [extremum("ArgMax", inputs[0], axis)]
    case .argumentOfMinimum(let axis): return [extremum("ArgMin", inputs[0], axis)]
    case .sort(let axis, let isDescending):
      let sorted = apply(
        "TopK", [inputs[0], longs([shape(node.inputs[0])[axis]])],
        [("axis", .integer(axis)), ("largest", .integer(isDescending ? 1 : 0))], results: 2)
      return [sorted[0], number(sorted[1], .int32)]
    case .reduce(let reduction): return [reduce(reduction, inputs[0])]
    case .cumulativeSum(let axis, let isReversed):
      return [
        apply(
          "CumSum", [inputs[0], scalar(Double(axis), .int32)], [("reverse", .integer(isReversed ? 1 : 0))])
      ]
    case .softmax(let axis): return [apply("Softmax", inputs, [("axis", .integer(axis))])]
    case .logSoftmax(let axis): return [apply("LogSoftmax", inputs, [("axis", .integer(axis))])]
    case .dropout, .random: throw unsupported(node.operation, "it draws random numbers")
    case .attention, .layerNormalization:
      throw unsupported(node.operation, "it is how networks are run, and not how they are written")
    case .crossEntropy, .crossEntropyGradient, .unaryGradient, .batchNormalizationGradient,
      .attentionGradient, .layerNormalizationGradient, .convolutionWeightGradient, .maximumPoolingGradient,
      .averagePoolingGradient,
      .adaptiveAveragePoolingGradient, .sliceGradient, .takeGradient:
      throw unsupported(node.operation, "it belongs to training")
    case .input, .parameter, .buffer: return []
    }
  }

  private mutating func fill(_ constant: Constant, _ value: ValueID) -> String {
    switch constant {
    case .fill(let number, let type):
      let single = scalar(type.elementType == .int32 ? number.rounded(.towardZero) : number, type.elementType)
      return type.shape.isEmpty ? single : apply("Expand", [single, shapeTensor(value)])
    case .values(let values, let shape): return tensor(shape: shape, .floats(values))
    case .integers(let values, let shape): return tensor(shape: shape, .integers(values))
    }
  }

  /// With the last two dimensions swapped.
  private mutating func transposed(_ value: ValueID) -> String {
    let rank = shape(value).count
    let permutation = Array(0..<rank - 2) + [rank - 1, rank - 2]
    return apply("Transpose", [name(value)], [("perm", .integers(permutation))])
  }

  private mutating func linear(_ node: Node, _ inputs: [String], hasBias: Bool) -> String {
    if shape(node.inputs[0]).count == 2 { return apply("Gemm", inputs, [("transB", .integer(1))]) }
    let product = apply("MatMul", [inputs[0], transposed(node.inputs[1])])
    return hasBias ? apply("Add", [product, inputs[2]]) : product
  }

  private mutating func reshape(_ node: Node, _ input: String) -> String {
    let pattern = shapes.pattern(of: node.outputs[0])
    return apply("Reshape", [input, longs(pattern.map { $0 ?? -1 })])
  }

  private mutating func extremum(_ type: String, _ input: String, _ axis: Int) -> String {
    number(apply(type, [input], [("axis", .integer(axis)), ("keepdims", .integer(0))]), .int32)
  }

  private mutating func reduce(_ reduction: Reduction, _ input: String) -> String {
    let type =
      switch reduction.kind {
      case .sum: "ReduceSum"
      case .mean: "ReduceMean"
      case .maximum: "ReduceMax"
      case .minimum: "ReduceMin"
      case .product: "ReduceProd"
      }
    // No axes would mean all.
    guard !reduction.axes.isEmpty else { return apply("Identity", [input]) }
    return apply(
      type, [input, longs(reduction.axes)], [("keepdims", .integer(reduction.keepsDimensions ? 1 : 0))])
  }

  /// By running statistics, or by those of the batch where a network asks for that in evaluation, too.
  private mutating func batchNormalization(
    _ normalization: BatchNormalization, _ node: Node, _ inputs: [String]
  ) -> [String] {
    let (channels, rank) = (shape(node.inputs[0])[1], shape(node.inputs[0]).count)
    let (weight, bias) =
      normalization.isAffine
      ? (inputs[1], inputs[2])
      : (
        tensor(shape: [channels], .floats([Float](repeating: 1, count: channels))),
        tensor(shape: [channels], .floats([Float](repeating: 0, count: channels)))
      )
    let running = normalization.isAffine ? 3 : 1
    guard normalization.isTraining else {
      return [
        apply(
          "BatchNormalization", [inputs[0], weight, bias, inputs[running], inputs[running + 1]],
          [("epsilon", .number(Float(normalization.epsilon)))])
      ]
    }
    let axes = longs([0] + Array(2..<max(2, rank)))
    let mean = apply("ReduceMean", [inputs[0], axes], [("keepdims", .integer(1))])
    let centred = apply("Sub", [inputs[0], mean])
    let variance = apply(
      "ReduceMean", [apply("Mul", [centred, centred]), axes], [("keepdims", .integer(1))])
    let root = apply(
      "Reciprocal", [apply("Sqrt", [apply("Add", [variance, scalar(normalization.epsilon)])])])
    let column = longs([1, channels] + [Int](repeating: 1, count: rank - 2))
    let scaled = apply("Mul", [apply("Mul", [centred, root]), apply("Reshape", [weight, column])])
    let flat = longs([channels])
    return [
      apply("Add", [scaled, apply("Reshape", [bias, column])]),
      apply("Reshape", [mean, flat]), apply("Reshape", [root, flat]),
    ]
  }
}
