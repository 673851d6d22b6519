import NetworkGraph

/// PyTorch's names for functions of one number and for windows.
enum WrittenFunctions {
  static func unary(_ function: UnaryFunction, _ x: String) -> String {
    func number(_ value: Double) -> String { WrittenText.number(value) }
    return switch function {
    case .relu: "F.relu(\(x))"
    case .relu6: "F.relu6(\(x))"
    case .leakyReLU(let slope): "F.leaky_relu(\(x), \(number(slope)))"
    case .elu(let alpha): "F.elu(\(x), \(number(alpha)))"
    case .gelu: "F.gelu(\(x))"
    case .geluTanh: "F.gelu(\(x), approximate=\"tanh\")"
    case .silu: "F.silu(\(x))"
    case .sigmoid: "torch.sigmoid(\(x))"
    case .tanh: "torch.tanh(\(x))"
    case .hardSigmoid: "F.hardsigmoid(\(x))"
    case .hardSwish: "F.hardswish(\(x))"
    case .softplus: "F.softplus(\(x))"
    case .mish: "F.mish(\(x))"
    case .exponential: "torch.exp(\(x))"
    case .logarithm: "torch.log(\(x))"
    case .squareRoot: "torch.sqrt(\(x))"
    case .reciprocal: "torch.reciprocal(\(x))"
    case .negate: "torch.neg(\(x))"
    case .absolute: "torch.abs(\(x))"
    case .square: "torch.square(\(x))"
    case .sine: "torch.sin(\(x))"
    case .cosine: "torch.cos(\(x))"
    case .errorFunction: "torch.erf(\(x))"
    case .tangent: "torch.tan(\(x))"
    case .arcSine: "torch.asin(\(x))"
    case .arcCosine: "torch.acos(\(x))"
    case .arcTangent: "torch.atan(\(x))"
    case .hyperbolicSine: "torch.sinh(\(x))"
    case .hyperbolicCosine: "torch.cosh(\(x))"
    case .inverseHyperbolicSine: "torch.asinh(\(x))"
    case .inverseHyperbolicCosine: "torch.acosh(\(x))"
    case .inverseHyperbolicTangent: "torch.atanh(\(x))"
    case .complementaryErrorFunction: "torch.erfc(\(x))"
    case .logarithmPlus1: "torch.log1p(\(x))"
    case .exponentialMinus1: "torch.expm1(\(x))"
    case .logarithm2: "torch.log2(\(x))"
    case .logarithm10: "torch.log10(\(x))"
    case .reciprocalSquareRoot: "torch.rsqrt(\(x))"
    case .logSigmoid: "F.logsigmoid(\(x))"
    case .softsign: "F.softsign(\(x))"
    case .clamp(let lower, let upper):
      "torch.clamp(\(x), \([lower > -.infinity ? "min=\(number(lower))" : nil, upper < .infinity ? "max=\(number(upper))" : nil].compactMap { $0 }.joined(separator: ", ")))"
    case .hardTanh(let lower, let upper): "F.hardtanh(\(x), \(number(lower)), \(number(upper)))"
    case .floor: "torch.floor(\(x))"
    case .ceiling: "torch.ceil(\(x))"
    case .round: "torch.round(\(x))"
    case .truncate: "torch.trunc(\(x))"
    case .sign: "torch.sign(\(x))"
    case .isNaN: "torch.isnan(\(x))"
    case .isInfinite: "torch.isinf(\(x))"
    case .isFinite: "torch.isfinite(\(x))"
    }
  }

  /// The module of a function, for those that have one.
  static func module(_ function: UnaryFunction) -> [WrittenPiece]? {
    func number(_ value: Double, _ role: String) -> WrittenPiece {
      .literal(WrittenText.number(value), role: role)
    }
    switch function {
    case .relu: return [.text("nn.ReLU()")]
    case .relu6: return [.text("nn.ReLU6()")]
    case .leakyReLU(let slope): return [.text("nn.LeakyReLU("), number(slope, "slope"), .text(")")]
    case .elu(let alpha): return [.text("nn.ELU("), number(alpha, "alpha"), .text(")")]
    case .gelu: return [.text("nn.GELU()")]
    case .geluTanh: return [.text("nn.GELU(approximate=\"tanh\")")]
    case .silu: return [.text("nn.SiLU()")]
    case .sigmoid: return [.text("nn.Sigmoid()")]
    case .tanh: return [.text("nn.Tanh()")]
    case .hardSigmoid: return [.text("nn.Hardsigmoid()")]
    case .hardSwish: return [.text("nn.Hardswish()")]
    case .softplus: return [.text("nn.Softplus()")]
    case .mish: return [.text("nn.Mish()")]
    case .softsign: return [.text("nn.Softsign()")]
    case .logSigmoid: return [.text("nn.LogSigmoid()")]
    default: return nil
    }
  }

  static func pair(_ size: Size2D) -> String { WrittenText.extents([size.height, size.width]) }

  /// `padding=` of a convolution: numbers, `"same"`, or nil where PyTorch has no word for it.
  static func padding(_ convolution: Convolution, kernel: [Int]) -> String? {
    if convolution.padding == convolution.paddingAfter { return pair(convolution.padding) }
    let totals = [
      convolution.dilation.height * (kernel[0] - 1), convolution.dilation.width * (kernel[1] - 1),
    ]
    let isSame =
      convolution.stride == Size2D(1, 1) && convolution.padding == Size2D(totals[0] / 2, totals[1] / 2)
      && convolution.paddingAfter == Size2D(totals[0] - totals[0] / 2, totals[1] - totals[1] / 2)
    return isSame ? "\"same\"" : nil
  }

  /// Kernel, stride and so on as arguments.
  static func window(_ pooling: Pooling, dilates: Bool) -> [String] {
    var arguments = [pair(pooling.kernel)]
    if pooling.stride != pooling.kernel { arguments.append("stride=\(pair(pooling.stride))") }
    if pooling.padding != Size2D(0, 0) { arguments.append("padding=\(pair(pooling.padding))") }
    if dilates, pooling.dilation != Size2D(1, 1) { arguments.append("dilation=\(pair(pooling.dilation))") }
    if pooling.roundsUp { arguments.append("ceil_mode=True") }
    return arguments
  }
}
