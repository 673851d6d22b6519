import NetworkGraph

extension ONNXWriter {
  mutating func unary(_ function: UnaryFunction, _ x: String, _ type: ElementType) -> String {
    switch function {
    case .relu6: return apply("Clip", [x, scalar(0), scalar(6)])
    case .leakyReLU(let slope): return apply("LeakyRelu", [x], [("alpha", .number(Float(slope)))])
    case .elu(let alpha): return apply("Elu", [x], [("alpha", .number(Float(alpha)))])
    case .gelu: return apply("Gelu", [x], [("approximate", .text("none"))])
    case .geluTanh: return apply("Gelu", [x], [("approximate", .text("tanh"))])
    case .silu: return apply("Mul", [x, apply("Sigmoid", [x])])
    case .hardSigmoid:
      return apply("HardSigmoid", [x], [("alpha", .number(1 / 6)), ("beta", .number(0.5))])
    case .square: return apply("Mul", [x, x])
    case .complementaryErrorFunction: return apply("Sub", [scalar(1), apply("Erf", [x])])
    case .logarithmPlus1: return apply("Log", [apply("Add", [x, scalar(1)])])
    case .exponentialMinus1: return apply("Sub", [apply("Exp", [x]), scalar(1)])
    case .logarithm2: return apply("Mul", [apply("Log", [x]), scalar(1.4426950408889634)])
    case .logarithm10: return apply("Mul", [apply("Log", [x]), scalar(0.4342944819032518)])
    case .reciprocalSquareRoot: return apply("Reciprocal", [apply("Sqrt", [x])])
    case .logSigmoid: return apply("Neg", [apply("Softplus", [apply("Neg", [x])])])
    case .clamp(let lower, let upper), .hardTanh(let lower, let upper):
      return apply("Min", [apply("Max", [x, scalar(lower, type)]), scalar(upper, type)])
    case .truncate: return apply("Mul", [apply("Sign", [x]), apply("Floor", [apply("Abs", [x])])])
    case .isNaN: return number(apply("IsNaN", [x]), .float32)
    case .isInfinite: return number(apply("IsInf", [x]), .float32)
    case .isFinite:
      let other = apply("Or", [apply("IsNaN", [x]), apply("IsInf", [x])])
      return number(apply("Not", [other]), .float32)
    case .relu: return apply("Relu", [x])
    case .sigmoid: return apply("Sigmoid", [x])
    case .tanh: return apply("Tanh", [x])
    case .hardSwish: return apply("HardSwish", [x])
    case .softplus: return apply("Softplus", [x])
    case .mish: return apply("Mish", [x])
    case .exponential: return apply("Exp", [x])
    case .logarithm: return apply("Log", [x])
    case .squareRoot: return apply("Sqrt", [x])
    case .reciprocal: return apply("Reciprocal", [x])
    case .negate: return apply("Neg", [x])
    case .absolute: return apply("Abs", [x])
    case .sine: return apply("Sin", [x])
    case .cosine: return apply("Cos", [x])
    case .tangent: return apply("Tan", [x])
    case .arcSine: return apply("Asin", [x])
    case .arcCosine: return apply("Acos", [x])
    case .arcTangent: return apply("Atan", [x])
    case .hyperbolicSine: return apply("Sinh", [x])
    case .hyperbolicCosine: return apply("Cosh", [x])
    case .inverseHyperbolicSine: return apply("Asinh", [x])
    case .inverseHyperbolicCosine: return apply("Acosh", [x])
    case .inverseHyperbolicTangent: return apply("Atanh", [x])
    case .errorFunction: return apply("Erf", [x])
    case .softsign: return apply("Softsign", [x])
    case .floor: return apply("Floor", [x])
    case .ceiling: return apply("Ceil", [x])
    case .round: return apply("Round", [x])
    case .sign: return apply("Sign", [x])
    }
  }

  mutating func binary(
    _ function: BinaryFunction, _ left: String, _ right: String, _ node: Node
  ) throws(ONNXError) -> String {
    let type = graph.type(of: node.outputs[0]).elementType
    switch function {
    case .add: return apply("Add", [left, right])
    case .subtract: return apply("Sub", [left, right])
    case .multiply: return apply("Mul", [left, right])
    case .divide: return apply("Div", [left, right])
    case .power: return apply("Pow", [left, right])
    case .maximum: return apply("Max", [left, right])
    case .minimum: return apply("Min", [left, right])
    case .equal: return number(apply("Equal", [left, right]), type)
    case .notEqual: return number(apply("Not", [apply("Equal", [left, right])]), type)
    case .less: return number(apply("Less", [left, right]), type)
    case .lessOrEqual: return number(apply("LessOrEqual", [left, right]), type)
    case .remainder:
      if type == .int32 { return apply("Mod", [left, right]) }
      return apply("Sub", [left, apply("Mul", [right, apply("Floor", [apply("Div", [left, right])])])])
    case .truncatedRemainder: return apply("Mod", [left, right], [("fmod", .integer(1))])
    case .floorDivide:
      if type == .float32 { return apply("Floor", [apply("Div", [left, right])]) }
      return apply("Div", [apply("Sub", [left, apply("Mod", [left, right])]), right])
    case .arcTangent2: throw unsupported(node.operation, "ONNX has no arc tangent of two numbers")
    }
  }
}
