import Foundation
import NetworkGraph

extension UnaryFunction {
  /// The function.
  func reference(_ x: Double) -> Double {
    switch self {
    case .relu: max(0, x)
    case .relu6: min(max(0, x), 6)
    case .leakyReLU(let slope): x > 0 ? x : slope * x
    case .elu(let alpha): x > 0 ? x : alpha * (exp(x) - 1)
    case .gelu: x * normalCumulative(x)
    case .geluTanh: 0.5 * x * (1 + Foundation.tanh(tanhArgument(x)))
    case .silu: x * logistic(x)
    case .sigmoid: logistic(x)
    case .tanh: Foundation.tanh(x)
    case .hardSigmoid: min(max(0, x / 6 + 0.5), 1)
    case .hardSwish: x * min(max(0, x + 3), 6) / 6
    case .softplus: x > 20 ? x : log(1 + exp(x))
    case .mish: x * Foundation.tanh(log(1 + exp(x)))
    case .exponential: exp(x)
    case .logarithm: log(x)
    case .squareRoot: x.squareRoot()
    case .reciprocal: 1 / x
    case .negate: -x
    case .absolute: abs(x)
    case .square: x * x
    case .sine: sin(x)
    case .cosine: cos(x)
    case .errorFunction: erf(x)
    case .tangent: tan(x)
    case .arcSine: asin(x)
    case .arcCosine: acos(x)
    case .arcTangent: atan(x)
    case .hyperbolicSine: sinh(x)
    case .hyperbolicCosine: cosh(x)
    case .inverseHyperbolicSine: asinh(x)
    case .inverseHyperbolicCosine: acosh(x)
    case .inverseHyperbolicTangent: atanh(x)
    case .complementaryErrorFunction: erfc(x)
    case .logarithmPlus1: log1p(x)
    case .exponentialMinus1: expm1(x)
    case .logarithm2: log2(x)
    case .logarithm10: log10(x)
    case .reciprocalSquareRoot: 1 / x.squareRoot()
    case .logSigmoid: -log1p(exp(-x))
    case .softsign: x / (1 + abs(x))
    case .clamp(let lower, let upper), .hardTanh(let lower, let upper): min(max(x, lower), upper)
    case .floor: x.rounded(.down)
    case .ceiling: x.rounded(.up)
    case .round: x.rounded(.toNearestOrEven)
    case .truncate: x.rounded(.towardZero)
    case .sign: x > 0 ? 1 : (x < 0 ? -1 : 0)
    case .isNaN: x.isNaN ? 1 : 0
    case .isInfinite: x.isInfinite ? 1 : 0
    case .isFinite: x.isFinite ? 1 : 0
    }
  }

  /// Its derivative, at kinks as PyTorch takes it.
  func referenceSlope(_ x: Double) -> Double {
    switch self {
    case .relu: return x > 0 ? 1 : 0
    case .relu6: return x > 0 && x < 6 ? 1 : 0
    case .leakyReLU(let slope): return x > 0 ? 1 : slope
    case .elu(let alpha): return x > 0 ? 1 : alpha * exp(x)
    case .gelu: return normalCumulative(x) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
    case .geluTanh:
      let t = Foundation.tanh(tanhArgument(x))
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * x * x)
    case .silu: return logistic(x) * (1 + x * (1 - logistic(x)))
    case .sigmoid: return logistic(x) * (1 - logistic(x))
    case .tanh: return 1 - pow(Foundation.tanh(x), 2)
    case .hardSigmoid: return x > -3 && x < 3 ? 1.0 / 6 : 0
    case .hardSwish: return x <= -3 ? 0 : (x < 3 ? x / 3 + 0.5 : 1)
    case .softplus: return x > 20 ? 1 : logistic(x)
    case .mish:
      let t = Foundation.tanh(log(1 + exp(x)))
      return t + x * (1 - t * t) * logistic(x)
    case .exponential: return exp(x)
    case .logarithm: return 1 / x
    case .squareRoot: return 0.5 / x.squareRoot()
    case .reciprocal: return -1 / (x * x)
    case .negate: return -1
    case .absolute: return x > 0 ? 1 : (x < 0 ? -1 : 0)
    case .square: return 2 * x
    case .sine: return cos(x)
    case .cosine: return -sin(x)
    case .errorFunction: return 2 / Double.pi.squareRoot() * exp(-x * x)
    case .tangent: return 1 / pow(cos(x), 2)
    case .arcSine: return 1 / (1 - x * x).squareRoot()
    case .arcCosine: return -1 / (1 - x * x).squareRoot()
    case .arcTangent: return 1 / (1 + x * x)
    case .hyperbolicSine: return cosh(x)
    case .hyperbolicCosine: return sinh(x)
    case .inverseHyperbolicSine: return 1 / (x * x + 1).squareRoot()
    case .inverseHyperbolicCosine: return 1 / (x * x - 1).squareRoot()
    case .inverseHyperbolicTangent: return 1 / (1 - x * x)
    case .complementaryErrorFunction: return -2 / Double.pi.squareRoot() * exp(-x * x)
    case .logarithmPlus1: return 1 / (1 + x)
    case .exponentialMinus1: return exp(x)
    case .logarithm2: return 1 / (x * log(2))
    case .logarithm10: return 1 / (x * log(10))
    case .reciprocalSquareRoot: return -0.5 * pow(x, -1.5)
    case .logSigmoid: return 1 - logistic(x)
    case .softsign: return 1 / pow(1 + abs(x), 2)
    case .clamp(let lower, let upper): return lower <= x && x <= upper ? 1 : 0
    case .hardTanh(let lower, let upper): return lower < x && x < upper ? 1 : 0
    case .floor, .ceiling, .round, .truncate, .sign, .isNaN, .isInfinite, .isFinite: return 0
    }
  }
}

extension BinaryFunction {
  /// The function.
  func reference(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .power: pow(a, b)
    case .maximum: max(a, b)
    case .minimum: min(a, b)
    case .equal: a == b ? 1 : 0
    case .less: a < b ? 1 : 0
    case .lessOrEqual: a <= b ? 1 : 0
    case .notEqual: a != b ? 1 : 0
    case .remainder: a - b * (a / b).rounded(.down)
    case .truncatedRemainder: a - b * (a / b).rounded(.towardZero)
    case .floorDivide: (a / b).rounded(.down)
    case .arcTangent2: atan2(a, b)
    }
  }
}

private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

private func normalCumulative(_ x: Double) -> Double { 0.5 * (1 + erf(x / 2.0.squareRoot())) }

private func tanhArgument(_ x: Double) -> Double { (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x) }
