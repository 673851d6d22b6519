extension UnaryFunction {
  /// Every function, with several values for those that have attributes.
  public static let samples: [UnaryFunction] = [
    .relu, .relu6, .leakyReLU(slope: 0.01), .leakyReLU(slope: 0.2), .elu(alpha: 1), .elu(alpha: 0.5), .gelu,
    .geluTanh, .silu, .sigmoid, .tanh, .hardSigmoid, .hardSwish, .softplus, .mish, .exponential, .logarithm,
    .squareRoot, .reciprocal, .negate, .absolute, .square, .sine, .cosine, .errorFunction,
    .tangent, .arcSine, .arcCosine, .arcTangent, .hyperbolicSine, .hyperbolicCosine, .inverseHyperbolicSine,
    .inverseHyperbolicCosine, .inverseHyperbolicTangent, .complementaryErrorFunction, .logarithmPlus1,
    .exponentialMinus1, .logarithm2, .logarithm10, .reciprocalSquareRoot, .logSigmoid, .softsign,
    .clamp(lower: -3, upper: 6), .clamp(lower: 0, upper: .infinity), .clamp(lower: -.infinity, upper: 3),
    .clamp(lower: 6, upper: -3), .hardTanh(lower: -3, upper: 3), .hardTanh(lower: 0, upper: 6), .floor,
    .ceiling,
    .round, .truncate, .sign, .isNaN, .isInfinite, .isFinite,
  ]

  /// The function of a Python expression, in PyTorch.
  fileprivate func python(_ x: String) -> String {
    switch self {
    case .relu: "torch.relu(\(x))"
    case .relu6: "F.relu6(\(x))"
    case .leakyReLU(let slope): "F.leaky_relu(\(x), \(slope))"
    case .elu(let alpha): "F.elu(\(x), \(alpha))"
    case .gelu: "F.gelu(\(x))"
    case .geluTanh: "F.gelu(\(x), approximate='tanh')"
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
    case .clamp(let lower, let upper): "torch.clamp(\(x), float('\(lower)'), float('\(upper)'))"
    case .hardTanh(let lower, let upper): "F.hardtanh(\(x), float('\(lower)'), float('\(upper)'))"
    case .floor: "torch.floor(\(x))"
    case .ceiling: "torch.ceil(\(x))"
    case .round: "torch.round(\(x))"
    case .truncate: "torch.trunc(\(x))"
    case .sign: "torch.sign(\(x))"
    case .isNaN: "torch.isnan(\(x)).to(\(x).dtype)"
    case .isInfinite: "torch.isinf(\(x)).to(\(x).dtype)"
    case .isFinite: "torch.isfinite(\(x)).to(\(x).dtype)"
    }
  }

  fileprivate var domain: OperationCase.Operand.Distribution {
    switch self {
    case .logarithm, .squareRoot, .reciprocal, .logarithm2, .logarithm10, .reciprocalSquareRoot: .positive
    case .exponential, .sine, .cosine, .square, .errorFunction, .arcTangent, .inverseHyperbolicSine,
      .logSigmoid,
      .complementaryErrorFunction, .exponentialMinus1:
      .normal
    case .tangent, .hyperbolicSine, .hyperbolicCosine: .between(-1.2, 1.2)
    case .arcSine, .arcCosine, .inverseHyperbolicTangent: .between(-0.9, 0.9)
    case .inverseHyperbolicCosine: .between(1.2, 4)
    case .logarithmPlus1: .between(-0.5, 2)
    case .floor, .ceiling, .round, .truncate, .sign, .isNaN, .isInfinite, .isFinite: .awayFromJumps
    default: .awayFromKinks
    }
  }
}

extension BinaryFunction {
  fileprivate func python(_ a: String, _ b: String) -> String {
    switch self {
    case .add: "\(a) + \(b)"
    case .subtract: "\(a) - \(b)"
    case .multiply: "\(a) * \(b)"
    case .divide: "\(a) / \(b)"
    case .power: "torch.pow(\(a), \(b))"
    case .maximum: "torch.maximum(\(a), \(b))"
    case .minimum: "torch.minimum(\(a), \(b))"
    case .equal: "(\(a) == \(b)).to(\(a).dtype)"
    case .less: "(\(a) < \(b)).to(\(a).dtype)"
    case .lessOrEqual: "(\(a) <= \(b)).to(\(a).dtype)"
    case .notEqual: "(\(a) != \(b)).to(\(a).dtype)"
    case .remainder: "torch.remainder(\(a), \(b))"
    case .truncatedRemainder: "torch.fmod(\(a), \(b))"
    case .floorDivide: "torch.div(\(a), \(b), rounding_mode='floor')"
    case .arcTangent2: "torch.atan2(\(a), \(b))"
    }
  }

  fileprivate var isDivision: Bool {
    switch self {
    case .divide, .remainder, .truncatedRemainder, .floorDivide, .arcTangent2: true
    default: false
    }
  }
}

extension OperationCase {
  static let unaries: [OperationCase] =
    UnaryFunction.samples.flatMap { function in
      let operand = Operand.tensor(2, 3, 4, 5, values: function.domain)
      let label = Operation.unary(function).description
      return [
        OperationCase("\(label)", .unary(function), [operand], torch: function.python("x0")),
        OperationCase(
          "gradient of \(label)", .unaryGradient(function), [operand, .tensor(2, 3, 4, 5)],
          torch: function.isPredicate
            ? "torch.zeros_like(x0)" : "vjp(lambda x: \(function.python("x")), x0, x1)"),
      ]
    } + [
      OperationCase(
        "relu of one number", .unary(.relu), [.tensor([], values: .positive)], torch: "torch.relu(x0)"),
      OperationCase(
        "relu at its kink", .unary(.relu), [.tensor(8, values: .integers(below: 2))], torch: "torch.relu(x0)"),
      OperationCase(
        "gradient of relu at its kink", .unaryGradient(.relu),
        [.tensor(8, values: .integers(below: 2)), .tensor(8)], torch: "vjp(torch.relu, x0, x1)"),
      OperationCase(
        "gradient of relu6 at its kink", .unaryGradient(.relu6),
        [.tensor(16, values: .integers(below: 8)), .tensor(16)], torch: "vjp(F.relu6, x0, x1)"),
      OperationCase(
        "gradient of absolute at its kink", .unaryGradient(.absolute),
        [.tensor(8, values: .integers(below: 2)), .tensor(8)], torch: "vjp(torch.abs, x0, x1)"),
      OperationCase(
        "gradient of clamp at its kinks", .unaryGradient(.clamp(lower: 0, upper: 2)),
        [.tensor(16, values: .wholeNumbers(-1...3)), .tensor(16)],
        torch: "vjp(lambda x: torch.clamp(x, 0, 2), x0, x1)"),
      OperationCase(
        "gradient of hardTanh at its kinks", .unaryGradient(.hardTanh(lower: 0, upper: 2)),
        [.tensor(16, values: .wholeNumbers(-1...3)), .tensor(16)],
        torch: "vjp(lambda x: F.hardtanh(x, 0, 2), x0, x1)"),
    ]

  static let binaries: [OperationCase] = BinaryFunction.allCases.flatMap { function in
    shapePairs.map { name, a, b in
      OperationCase(
        "\(function.rawValue) \(name)", .binary(function),
        [
          Operand(TensorType(.float32, a), function.domains.0, isDifferentiable: true),
          Operand(TensorType(.float32, b), function.domains.1, isDifferentiable: true),
        ],
        torch: function.python("x0", "x1"))
    } + [
      OperationCase(
        "\(function.rawValue) of numbers often equal", .binary(function),
        [.tensor(4, 6, values: .integers(below: 3)), .tensor(6, values: .integers(below: 3))].map { operand in
          // Division by zero is no number to compare, and remainders jump.
          function.isDivision
            ? Operand(operand.type, .positive, isDifferentiable: function == .divide) : operand
        },
        torch: function.python("x0", "x1"))
    ] + (function.needsFloat ? [] : wholeBinaries(function))
  }

  private static func wholeBinaries(_ function: BinaryFunction) -> [OperationCase] {
    let ranges = function.isDivision ? [1...5, -5 ... -1] : [-9...9]
    return ranges.flatMap { range in
      [([3, 8], [3, 8]), ([2, 3, 4], []), ([4, 1], [1, 5])].map { a, b in
        OperationCase(
          "\(function.rawValue) of whole numbers \(a) and \(b) in \(range)", .binary(function),
          [.integers(a, in: -9...9), .integers(b, in: range)], torch: function.python("x0", "x1"))
      }
    }
  }

  private static let shapePairs: [(String, [Int], [Int])] = [
    ("of equal shapes", [2, 3, 4], [2, 3, 4]),
    ("with a number", [2, 3, 4], []),
    ("of a number and a tensor", [], [3, 2]),
    ("with one per channel", [2, 3, 2, 4], [3, 1, 1]),
    ("with one per column", [4, 5], [5]),
    ("with a tensor of higher rank", [3, 1], [2, 3, 4]),
    ("broadcast on both sides", [2, 1, 4], [3, 1]),
    ("with gates per channel", [2, 3, 4, 4], [2, 3, 1, 1]),
    ("of two scalars", [], []),
  ]

  static let dropouts: [OperationCase] = [
    OperationCase(
      "dropout", .dropout(Dropout(probability: 0.5, isPerChannel: false)), [.tensor(4, 8)], torch: nil),
    OperationCase(
      "dropout of images", .dropout(Dropout(probability: 0.25, isPerChannel: false)), [.tensor(2, 3, 4, 4)],
      torch: nil),
    OperationCase(
      "dropout of channels", .dropout(Dropout(probability: 0.5, isPerChannel: true)), [.tensor(4, 6, 3, 3)],
      torch: nil),
    OperationCase(
      "dropout of nothing", .dropout(Dropout(probability: 0, isPerChannel: false)), [.tensor(3, 5)],
      torch: "(x0, torch.ones_like(x0))"),
    OperationCase(
      "dropout of everything", .dropout(Dropout(probability: 1, isPerChannel: false)), [.tensor(3, 5)],
      torch: "(x0 * 0, torch.zeros_like(x0))"),
  ]
}

extension BinaryFunction {
  fileprivate var domains: (OperationCase.Operand.Distribution, OperationCase.Operand.Distribution) {
    switch self {
    case .add, .subtract, .multiply: (.normal, .normal)
    case .divide: (.normal, .positive)
    case .power: (.positive, .normal)
    case .maximum, .minimum, .equal, .notEqual, .less, .lessOrEqual: (.normal, .normal)
    case .remainder, .truncatedRemainder, .floorDivide: (.awayFromJumps, .wholeNumbers(1...4))
    case .arcTangent2: (.normal, .positive)
    }
  }
}
