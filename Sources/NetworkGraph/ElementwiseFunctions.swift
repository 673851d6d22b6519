/// Functions of one number, elementwise.
public enum UnaryFunction: Sendable, Hashable {
  case relu
  case relu6
  case leakyReLU(slope: Double)
  case elu(alpha: Double)
  /// x·Φ(x) by the error function.
  case gelu
  /// The tanh approximation of GELU.
  case geluTanh
  case silu
  case sigmoid
  case tanh
  case hardSigmoid
  case hardSwish
  case softplus
  case mish
  case exponential
  case logarithm
  case squareRoot
  case reciprocal
  case negate
  case absolute
  case square
  case sine
  case cosine
  case tangent
  case arcSine
  case arcCosine
  case arcTangent
  case hyperbolicSine
  case hyperbolicCosine
  case inverseHyperbolicSine
  case inverseHyperbolicCosine
  case inverseHyperbolicTangent
  case errorFunction
  /// 1 − erf(x).
  case complementaryErrorFunction
  /// log(1 + x), exact near 0.
  case logarithmPlus1
  /// exp(x) − 1, exact near 0.
  case exponentialMinus1
  case logarithm2
  case logarithm10
  /// 1/√x.
  case reciprocalSquareRoot
  /// log(sigmoid(x)).
  case logSigmoid
  /// x/(1 + |x|).
  case softsign
  /// The number, or the bound beyond which it lies; the gradient passes on the bounds (PyTorch's `clamp`).
  case clamp(lower: Double, upper: Double)
  /// The same with no gradient on the bounds (PyTorch's `hardtanh`).
  case hardTanh(lower: Double, upper: Double)
  case floor
  case ceiling
  /// To the nearest whole number, halves to the even one.
  case round
  /// Towards zero.
  case truncate
  /// −1, 0 or 1.
  case sign
  /// 1 or 0.
  case isNaN
  /// 1 or 0.
  case isInfinite
  /// 1 or 0.
  case isFinite
}

/// Functions of two numbers, elementwise with broadcasting.
///
/// Comparisons give 1 or 0 in the operands' type and have no gradient. `divide`, `power` and `arcTangent2` take
/// floating point alone; whole numbers wrap, and a division of them by 0 ends the run with an error.
public enum BinaryFunction: String, Sendable, Hashable, Codable, CaseIterable {
  case add, subtract, multiply, divide, power, maximum, minimum
  case equal, notEqual, less, lessOrEqual
  /// a − b·⌊a/b⌋, of the sign of b (PyTorch's `remainder`, Python's `%`).
  case remainder
  /// a − b·trunc(a/b), of the sign of a (PyTorch's and C's `fmod`).
  case truncatedRemainder
  /// ⌊a/b⌋ (Python's `//`); no gradient.
  case floorDivide
  /// The angle of the point (b, a) (PyTorch's and C's `atan2`).
  case arcTangent2
}
