extension UnaryFunction {
  /// Every function, with several values for those that have attributes.
  public static let samples: [UnaryFunction] = [
    .relu, .relu6, .leakyReLU(slope: 0.01), .leakyReLU(slope: 0.2), .elu(alpha: 1), .elu(alpha: 0.5), .gelu,
    .geluTanh, .silu, .sigmoid, .tanh, .hardSigmoid, .hardSwish, .softplus, .mish, .exponential, .logarithm,
    .squareRoot, .reciprocal, .negate, .absolute, .square, .sine, .cosine, .errorFunction,
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
    }
  }

  fileprivate var domain: OperationCase.Operand.Distribution {
    switch self {
    case .logarithm, .squareRoot, .reciprocal: .positive
    case .exponential, .sine, .cosine, .square, .errorFunction: .normal
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
          torch: "vjp(lambda x: \(function.python("x")), x0, x1)"),
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
    ]

  static let binaries: [OperationCase] = BinaryFunction.allCases.flatMap { function in
    shapePairs.map { name, a, b in
      OperationCase(
        "\(function.rawValue) \(name)", .binary(function),
        [Operand.tensor(a, values: function.domains.0), .tensor(b, values: function.domains.1)],
        torch: function.python("x0", "x1"))
    } + [
      OperationCase(
        "\(function.rawValue) of numbers often equal", .binary(function),
        [.tensor(4, 6, values: .integers(below: 3)), .tensor(6, values: .integers(below: 3))].map { operand in
          // Division by zero is no number to compare.
          function == .divide ? Operand(operand.type, .positive) : operand
        },
        torch: function.python("x0", "x1"))
    ]
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
    case .maximum, .minimum, .equal, .less, .lessOrEqual: (.normal, .normal)
    }
  }
}
