/// What every operation must be able to say of itself; one conforming type per operation, in its family's file.
///
/// `Operation` checks sizes before and after `outputTypes`, so a rule may rely on operands with positive extents
/// and at most `TensorType.elementLimit` elements, and need not check its results.
protocol OperationRules: Sendable {
  /// The types of what it defines.
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType]

  /// The multiply-accumulates of one run; 0 but for dense products.
  func multiplyAccumulates(inputs: [TensorType], outputs: [TensorType]) -> Int

  /// Adds what computes the gradients of the node's inputs.
  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?]
}

/// What a gradient rule is given: the gradients of a node's outputs, and which inputs want theirs.
struct OutputGradients: Sendable {
  /// One per output; nil where the loss does not depend on it.
  let values: [ValueID?]
  /// One per input; a rule may leave out what is not wanted.
  let isWanted: [Bool]

  /// The gradient of the first output; a node is only visited when it has one, or a later output does.
  ///
  /// - Throws: `gradient.auxiliary` where the loss depends on an auxiliary output only, or on one as well.
  func main(of node: Node) throws(GraphError) -> ValueID {
    guard let first = values.first ?? nil, values.dropFirst().allSatisfy({ $0 == nil }) else {
      throw GraphError(
        "gradient.auxiliary",
        "\(node.operation.name): the loss depends on an auxiliary output, which has no gradient")
    }
    return first
  }
}

extension OperationRules {
  func multiplyAccumulates(inputs: [TensorType], outputs: [TensorType]) -> Int { 0 }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    throw GraphError("gradient.undefined", "\(node.operation.name) has no gradient")
  }
}

extension Operation {
  /// The rules of the operation.
  var rules: any OperationRules {
    switch self {
    case .input, .parameter, .buffer: LeafRules()
    case .constant(let constant): constant
    case .convolution(let convolution): convolution
    case .convolutionInputGradient(let convolution, let shape):
      ConvolutionInputGradient(convolution: convolution, inputShape: shape)
    case .convolutionWeightGradient(let convolution, let shape):
      ConvolutionWeightGradient(convolution: convolution, weightShape: shape)
    case .linear(let hasBias): LinearRules(hasBias: hasBias)
    case .matrixMultiply(let left, let right): MatrixMultiply(transposeLeft: left, transposeRight: right)
    case .attention(let attention): attention
    case .attentionGradient(let attention): AttentionGradient(attention: attention)
    case .batchNormalization(let normalization): normalization
    case .batchNormalizationGradient(let normalization):
      BatchNormalizationGradient(normalization: normalization)
    case .layerNormalization(let normalization): normalization
    case .layerNormalizationGradient(let normalization):
      LayerNormalizationGradient(normalization: normalization)
    case .unary(let function): function
    case .unaryGradient(let function): UnaryGradient(function: function)
    case .binary(let function): function
    case .select: Select()
    case .cast(let type): Cast(elementType: type)
    case .dropout(let dropout): dropout
    case .random(let random): random
    case .detach: Detach()
    case .maximumPooling(let pooling): pooling
    case .maximumPoolingGradient(let shape): MaximumPoolingGradient(inputShape: shape)
    case .averagePooling(let pooling): pooling
    case .averagePoolingGradient(let pooling, let shape):
      AveragePoolingGradient(pooling: pooling, inputShape: shape)
    case .adaptiveAveragePooling(let height, let width):
      AdaptivePooling(height: height, width: width, isMaximum: false)
    case .adaptiveAveragePoolingGradient(let shape): AdaptiveAveragePoolingGradient(inputShape: shape)
    case .adaptiveMaximumPooling(let height, let width):
      AdaptivePooling(height: height, width: width, isMaximum: true)
    case .reshape(let shape): Reshape(shape: shape)
    case .transpose(let permutation): Transpose(permutation: permutation)
    case .expand(let shape): Expand(shape: shape)
    case .concatenate(let axis): Concatenate(axis: axis)
    case .slice(let slice): slice
    case .sliceGradient(let slice, let shape): SliceGradient(slice: slice, inputShape: shape)
    case .pad(let before, let after, _): Pad(before: before, after: after)
    case .gather(let axis): Gather(axis: axis)
    case .gatherGradient(let axis, let shape): GatherGradient(axis: axis, inputShape: shape)
    case .take(let axis): Take(axis: axis)
    case .takeGradient(let axis, let shape): TakeGradient(axis: axis, inputShape: shape)
    case .argumentOfMaximum(let axis): ArgumentOfExtremum(name: "argumentOfMaximum", axis: axis)
    case .argumentOfMinimum(let axis): ArgumentOfExtremum(name: "argumentOfMinimum", axis: axis)
    case .sort(let axis, _): Sort(axis: axis)
    case .reduce(let reduction): reduction
    case .cumulativeSum(let axis, let isReversed): CumulativeSum(axis: axis, isReversed: isReversed)
    case .softmax(let axis): Softmax(axis: axis, isLogarithmic: false)
    case .logSoftmax(let axis): Softmax(axis: axis, isLogarithmic: true)
    case .crossEntropy(let smoothing): CrossEntropy(labelSmoothing: smoothing)
    case .crossEntropyGradient(let smoothing): CrossEntropyGradient(labelSmoothing: smoothing)
    }
  }

  /// The types of what the operation defines for operands of those types.
  ///
  /// - Throws: where the operands' number or types do not fit, in PyTorch's terms; `shape.size`, `shape.extent`
  ///   or `shape.rank` where an operand or a result is beyond the limits of `TensorType`.
  public func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    for input in inputs { try input.check() }
    let outputs = try rules.outputTypes(for: inputs)
    for output in outputs { try output.check() }
    return outputs
  }

  /// The multiply-accumulates of one run on operands of those types, as fvcore and thop count them.
  ///
  /// Convolutions, linear layers and matrix products count one per product that is summed; biases,
  /// normalisation, pooling and elementwise functions count nothing. The gradients of a product cost what the
  /// product costs.
  public func multiplyAccumulates(inputs: [TensorType], outputs: [TensorType]) -> Int {
    rules.multiplyAccumulates(inputs: inputs, outputs: outputs)
  }
}
