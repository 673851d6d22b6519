import NetworkGraph

/// Work that stands for several operations of a graph and passes over their tensors once.
enum FusedOperation {
  /// f(batch normalisation of a convolution by running statistics + residual), over blocks of images.
  case convolution(FusedConvolution)
  /// A convolution's image gradient, over blocks of images, with what follows it.
  case convolutionInputGradient(FusedInputGradient)
  /// A sum of pointwise convolutions or of their image gradients, over blocks of images, with what follows it.
  case pointwiseSum(PointwiseSum)
  /// f(batch normalisation + residual).
  case normalization(FusedNormalization)
  /// x, gradient → gradient of x, f(x): an activation's gradient, and its value computed anew for those that would else
  /// have to keep it since the forward pass.
  case activationGradient(UnaryFunction)
  /// x, batch mean, batch 1/√(variance + ε), weight if affine, scale, shift, gradient → gradients of x, weight, bias:
  /// batch normalisation's gradient from that of the activation's value. The activation's operand is computed anew
  /// from x.
  case normalizationGradient(BatchNormalization, activation: UnaryFunction)
  /// A depthwise convolution's weight gradient from what its images were normalised of.
  case normalizedWeightGradient(NormalizedWeightGradient)
  /// Attention whose operands and result lie in values of other shapes.
  case attention(FusedAttention)
  /// The same of its gradient.
  case attentionGradient(FusedAttentionGradient)

  /// The names of the operations, joined by `+`.
  var name: String {
    switch self {
    case .convolution(let fused):
      (["convolution"] + (fused.normalization == nil ? [] : ["batchNormalization"])
        + (fused.addsResidual ? ["add"] : [])
        + (fused.activation.map { [Operation.unary($0).name] } ?? [])).joined(separator: "+")
    case .convolutionInputGradient(let fused):
      (["convolutionInputGradient"] + (fused.addsResidual ? ["add"] : [])
        + (fused.gate.map { [Operation.unaryGradient($0).name] } ?? [])).joined(separator: "+")
    case .pointwiseSum(let sum): sum.name
    case .normalization(let fused):
      (["batchNormalization"] + (fused.addsResidual ? ["add"] : [])
        + (fused.activation.map { [Operation.unary($0).name] } ?? [])).joined(separator: "+")
    case .activationGradient(let activation):
      "\(Operation.unaryGradient(activation).name)+\(Operation.unary(activation).name)"
    case .normalizationGradient(_, let activation):
      "\(Operation.unaryGradient(activation).name)+batchNormalizationGradient"
    case .normalizedWeightGradient(let fused):
      (["batchNormalization"] + (fused.activation.map { [Operation.unary($0).name] } ?? [])
        + ["convolutionWeightGradient"]).joined(separator: "+")
    case .attention(let fused): "transpose+\(Operation.attention(fused.attention).name)"
    case .attentionGradient(let fused): "transpose+\(Operation.attentionGradient(fused.attention).name)"
    }
  }

  /// The work made ready for its kernels.
  func lowered(_ context: LoweringContext) throws(ExecutionError) -> LoweredOperation {
    switch self {
    case .convolution(let fused): try context.convolution(fused)
    case .convolutionInputGradient(let fused): try context.convolutionInputGradient(fused)
    case .pointwiseSum(let sum): try context.pointwiseSum(sum)
    case .normalization(let fused): context.normalization(fused)
    case .activationGradient(let activation): context.activationGradient(activation)
    case .normalizationGradient(let normalization, let activation):
      context.normalizationGradient(normalization, activation: activation)
    case .normalizedWeightGradient(let fused): try context.normalizedWeightGradient(fused)
    case .attention(let fused): context.attention(fused)
    case .attentionGradient(let fused): context.attentionGradient(fused)
    }
  }
}

/// Attention with where its operands and its result lie in the node's.
struct FusedAttention {
  var attention: Attention
  var query, key, value, result: StridedTensor
}

/// Attention's gradient with where its operands and its results lie in the node's.
struct FusedAttentionGradient {
  /// One of the node's outputs, and where in it a gradient lies.
  struct Result {
    var output: Int
    var tensor: StridedTensor
  }

  var attention: Attention
  var query, key, value, result, gradient: StridedTensor
  /// Of query, key and value; between them they fill the node's outputs.
  var gradients: [Result]
}

/// A convolution with what follows it; the operands of a normalisation come behind its own, the residual last.
struct FusedConvolution {
  var convolution: Convolution
  /// By running statistics, behind the convolution.
  var normalization: BatchNormalization?
  /// Whether another tensor of the result's shape is added.
  var addsResidual = false
  /// What is applied last: one that has `bounds`.
  var activation: UnaryFunction?
}

/// A convolution's image gradient with what follows it; the residual and then the activation's operand or value come
/// behind its own operands.
struct FusedInputGradient {
  var convolution: Convolution
  /// The shape of the images.
  var images: [Int]
  /// Whether another tensor of the images' shape is added.
  var addsResidual = false
  /// The activation through whose gradient the sum goes: one that has `bounds`.
  var gate: UnaryFunction?
}

/// A depthwise convolution's weight gradient with the last part of the normalisation before the convolution.
struct NormalizedWeightGradient {
  var convolution: Convolution
  /// The weight's shape.
  var weight: [Int]
  /// What follows the normalisation: one that has `bounds`.
  var activation: UnaryFunction?
}

/// Batch normalisation with what follows it.
///
/// Operands and results are those of the normalisation; the residual comes behind the operands, and what the
/// normalisation multiplies by and adds for each channel behind the results.
struct FusedNormalization {
  var normalization: BatchNormalization
  /// Whether another tensor of its shape is added.
  var addsResidual = false
  /// What is applied to the sum.
  var activation: UnaryFunction?
  /// Whether scale and shift are results, from which a gradient computes the activation's operand anew.
  var yieldsScale = false
}
