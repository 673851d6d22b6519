extension Operation {
  /// The name of the operation without its attributes, such as `convolution`.
  public var name: String {
    switch self {
    case .input: "input"
    case .parameter: "parameter"
    case .buffer: "buffer"
    case .constant: "constant"
    case .convolution: "convolution"
    case .convolutionInputGradient: "convolutionInputGradient"
    case .convolutionWeightGradient: "convolutionWeightGradient"
    case .linear: "linear"
    case .matrixMultiply: "matrixMultiply"
    case .attention: "attention"
    case .attentionGradient: "attentionGradient"
    case .batchNormalization: "batchNormalization"
    case .batchNormalizationGradient: "batchNormalizationGradient"
    case .layerNormalization: "layerNormalization"
    case .layerNormalizationGradient: "layerNormalizationGradient"
    case .unary(let function): function.name
    case .unaryGradient(let function): "\(function.name)Gradient"
    case .binary(let function): function.rawValue
    case .select: "select"
    case .cast: "cast"
    case .dropout: "dropout"
    case .random: "random"
    case .detach: "detach"
    case .maximumPooling: "maximumPooling"
    case .maximumPoolingGradient: "maximumPoolingGradient"
    case .averagePooling: "averagePooling"
    case .averagePoolingGradient: "averagePoolingGradient"
    case .adaptiveAveragePooling: "adaptiveAveragePooling"
    case .adaptiveAveragePoolingGradient: "adaptiveAveragePoolingGradient"
    case .adaptiveMaximumPooling: "adaptiveMaximumPooling"
    case .reshape: "reshape"
    case .transpose: "transpose"
    case .expand: "expand"
    case .concatenate: "concatenate"
    case .slice: "slice"
    case .sliceGradient: "sliceGradient"
    case .pad: "pad"
    case .gather: "gather"
    case .gatherGradient: "gatherGradient"
    case .take: "take"
    case .takeGradient: "takeGradient"
    case .argumentOfMaximum: "argumentOfMaximum"
    case .argumentOfMinimum: "argumentOfMinimum"
    case .sort: "sort"
    case .reduce(let reduction): reduction.name
    case .cumulativeSum: "cumulativeSum"
    case .softmax: "softmax"
    case .logSoftmax: "logSoftmax"
    case .crossEntropy: "crossEntropy"
    case .crossEntropyGradient: "crossEntropyGradient"
    }
  }
}

extension UnaryFunction {
  /// The name of the function without its attributes, such as `leakyReLU`.
  public var name: String {
    switch self {
    case .relu: "relu"
    case .relu6: "relu6"
    case .leakyReLU: "leakyReLU"
    case .elu: "elu"
    case .gelu: "gelu"
    case .geluTanh: "geluTanh"
    case .silu: "silu"
    case .sigmoid: "sigmoid"
    case .tanh: "tanh"
    case .hardSigmoid: "hardSigmoid"
    case .hardSwish: "hardSwish"
    case .softplus: "softplus"
    case .mish: "mish"
    case .exponential: "exponential"
    case .logarithm: "logarithm"
    case .squareRoot: "squareRoot"
    case .reciprocal: "reciprocal"
    case .negate: "negate"
    case .absolute: "absolute"
    case .square: "square"
    case .sine: "sine"
    case .cosine: "cosine"
    case .tangent: "tangent"
    case .arcSine: "arcSine"
    case .arcCosine: "arcCosine"
    case .arcTangent: "arcTangent"
    case .hyperbolicSine: "hyperbolicSine"
    case .hyperbolicCosine: "hyperbolicCosine"
    case .inverseHyperbolicSine: "inverseHyperbolicSine"
    case .inverseHyperbolicCosine: "inverseHyperbolicCosine"
    case .inverseHyperbolicTangent: "inverseHyperbolicTangent"
    case .errorFunction: "errorFunction"
    case .complementaryErrorFunction: "complementaryErrorFunction"
    case .logarithmPlus1: "logarithmPlus1"
    case .exponentialMinus1: "exponentialMinus1"
    case .logarithm2: "logarithm2"
    case .logarithm10: "logarithm10"
    case .reciprocalSquareRoot: "reciprocalSquareRoot"
    case .logSigmoid: "logSigmoid"
    case .softsign: "softsign"
    case .clamp: "clamp"
    case .hardTanh: "hardTanh"
    case .floor: "floor"
    case .ceiling: "ceiling"
    case .round: "round"
    case .truncate: "truncate"
    case .sign: "sign"
    case .isNaN: "isNaN"
    case .isInfinite: "isInfinite"
    case .isFinite: "isFinite"
    }
  }
}

extension Reduction {
  /// The name of the reduction without its axes, such as `reduceMean`.
  public var name: String {
    switch kind {
    case .sum: "reduceSum"
    case .mean: "reduceMean"
    case .maximum: "reduceMaximum"
    case .minimum: "reduceMinimum"
    case .product: "reduceProduct"
    }
  }
}
