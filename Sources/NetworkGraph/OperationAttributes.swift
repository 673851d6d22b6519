extension Operation {
  /// The attributes in a fixed order as text, such as `stride 2x2, padding 1x1`; empty where there are none.
  ///
  /// Two operations of one name are equal exactly if their attributes are (a constant's values are summed up by
  /// a hash). The canonical hash is taken over these texts, so to change one is to change every stored hash.
  public var attributes: String {
    switch self {
    case .input, .binary, .select, .detach: return ""
    case .parameter(let name), .buffer(let name): return name.debugDescription
    case .constant(let constant): return constant.attributes
    case .convolution(let convolution): return convolution.attributes
    case .convolutionInputGradient(let convolution, let shape):
      return "\(convolution.attributes), shape \(shape)"
    case .convolutionWeightGradient(let convolution, let shape):
      return "\(convolution.attributes), shape \(shape)"
    case .linear(let hasBias): return hasBias ? "bias" : ""
    case .matrixMultiply(let left, let right):
      return [left ? "transposeLeft" : nil, right ? "transposeRight" : nil].compactMap(\.self)
        .joined(separator: ", ")
    case .attention(let attention), .attentionGradient(let attention):
      return "scale \(attention.scale)\(attention.hasMask ? ", mask" : "")"
    case .batchNormalization(let normalization), .batchNormalizationGradient(let normalization):
      return normalization.attributes
    case .layerNormalization(let normalization), .layerNormalizationGradient(let normalization):
      return normalization.attributes
    case .unary(let function), .unaryGradient(let function): return function.attributes
    case .dropout(let dropout):
      return "probability \(dropout.probability)\(dropout.isPerChannel ? ", perChannel" : "")"
    case .cast(let type): return type.rawValue
    case .random(let random): return random.attributes
    case .maximumPooling(let pooling): return pooling.attributes
    case .averagePooling(let pooling): return pooling.attributes
    case .averagePoolingGradient(let pooling, let shape): return "\(pooling.attributes), shape \(shape)"
    case .maximumPoolingGradient(let shape), .adaptiveAveragePoolingGradient(let shape):
      return "shape \(shape)"
    case .adaptiveAveragePooling(let height, let width), .adaptiveMaximumPooling(let height, let width):
      return "size \(height)x\(width)"
    case .reshape(let shape), .expand(let shape): return "shape \(shape)"
    case .transpose(let permutation): return "permutation \(permutation)"
    case .concatenate(let axis), .softmax(let axis), .logSoftmax(let axis), .gather(let axis),
      .take(let axis), .argumentOfMaximum(let axis), .argumentOfMinimum(let axis):
      return "axis \(axis)"
    case .gatherGradient(let axis, let shape), .takeGradient(let axis, let shape):
      return "axis \(axis), shape \(shape)"
    case .slice(let slice): return slice.attributes
    case .sliceGradient(let slice, let shape): return "\(slice.attributes), shape \(shape)"
    case .pad(let before, let after, let value): return "before \(before), after \(after), value \(value)"
    case .reduce(let reduction):
      return "axes \(reduction.axes)\(reduction.keepsDimensions ? ", keepsDimensions" : "")"
    case .sort(let axis, let isDescending): return "axis \(axis)\(isDescending ? ", descending" : "")"
    case .cumulativeSum(let axis, let isReversed): return "axis \(axis)\(isReversed ? ", reversed" : "")"
    case .crossEntropy(let smoothing), .crossEntropyGradient(let smoothing):
      return "labelSmoothing \(smoothing)"
    }
  }
}

extension Operation: CustomStringConvertible {
  /// Name and attributes, such as `maximumPooling(kernel 2x2, stride 2x2)`.
  public var description: String {
    let attributes = attributes
    return attributes.isEmpty ? name : "\(name)(\(attributes))"
  }
}

extension Size2D: CustomStringConvertible {
  /// Height and width, such as `3x3`.
  public var description: String { "\(height)x\(width)" }
}

extension Constant {
  fileprivate var attributes: String {
    switch self {
    case .fill(let number, _): "\(number)"
    case .values(let values, _): "values #\(contentHash(of: values))"
    case .integers(let values, _): "integers #\(contentHash(of: values))"
    }
  }
}

extension RandomTensor {
  fileprivate var attributes: String {
    let drawn =
      switch distribution {
      case .uniform: "uniform"
      case .normal: "normal"
      case .bernoulli(let probability): "bernoulli \(probability)"
      }
    return "\(drawn), shape \(shape)"
  }
}

extension Convolution {
  fileprivate var attributes: String {
    let after = paddingAfter == padding ? "" : ", paddingAfter \(paddingAfter)"
    return "stride \(stride), padding \(padding)\(after), dilation \(dilation), groups \(groups)"
      + (hasBias ? ", bias" : "")
  }
}

extension LayerNormalization {
  fileprivate var attributes: String {
    "epsilon \(epsilon), axes \(axisCount)\(hasWeight ? ", weight" : "")\(hasBias ? ", bias" : "")"
  }
}

extension BatchNormalization {
  fileprivate var attributes: String {
    "epsilon \(epsilon), momentum \(momentum)" + (isAffine ? ", affine" : "")
      + (tracksRunningStatistics ? ", tracked" : "") + (isTraining ? ", training" : "")
  }
}

extension UnaryFunction {
  fileprivate var attributes: String {
    switch self {
    case .leakyReLU(let slope): "slope \(slope)"
    case .elu(let alpha): "alpha \(alpha)"
    case .clamp(let lower, let upper), .hardTanh(let lower, let upper): "lower \(lower), upper \(upper)"
    default: ""
    }
  }
}

extension Pooling {
  fileprivate var attributes: String {
    "kernel \(kernel), stride \(stride), padding \(padding), dilation \(dilation)"
      + (roundsUp ? ", roundsUp" : "")
  }
}

extension AveragePooling {
  fileprivate var attributes: String {
    window.attributes + (countsPadding ? ", countsPadding" : "") + (divisor.map { ", divisor \($0)" } ?? "")
  }
}

extension Slice {
  fileprivate var attributes: String { "axis \(axis), start \(start), end \(end), step \(step)" }
}
