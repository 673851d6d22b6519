#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The C library's functions of real numbers.
enum Numerics {
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
  static func exponential(_ x: Double) -> Double { exp(x) }
  static func exponentialMinus1(_ x: Double) -> Double { expm1(x) }
  static func logarithm(_ x: Double) -> Double { log(x) }
  static func logarithmPlus1(_ x: Double) -> Double { log1p(x) }
  static func logarithm2(_ x: Double) -> Double { log2(x) }
  static func logarithm10(_ x: Double) -> Double { log10(x) }
  static func sine(_ x: Double) -> Double { sin(x) }
  static func cosine(_ x: Double) -> Double { cos(x) }
  static func tangent(_ x: Double) -> Double { tan(x) }
  static func arcSine(_ x: Double) -> Double { asin(x) }
  static func arcCosine(_ x: Double) -> Double { acos(x) }
  static func arcTangent(_ x: Double) -> Double { atan(x) }
  static func arcTangent2(_ y: Double, _ x: Double) -> Double { atan2(y, x) }
  static func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
  static func hyperbolicSine(_ x: Double) -> Double { sinh(x) }
  static func hyperbolicCosine(_ x: Double) -> Double { cosh(x) }
  static func inverseHyperbolicSine(_ x: Double) -> Double { asinh(x) }
  static func inverseHyperbolicCosine(_ x: Double) -> Double { acosh(x) }
  static func inverseHyperbolicTangent(_ x: Double) -> Double { atanh(x) }
  static func cubeRoot(_ x: Double) -> Double { cbrt(x) }
  static func hypotenuse(_ x: Double, _ y: Double) -> Double { hypot(x, y) }
  static func gamma(_ x: Double) -> Double { tgamma(x) }
  static func logGamma(_ x: Double) -> Double { lgamma(x) }

  /// The sum, rounded once, of numbers that do not overlap, least first.
  static func sum(ofPartials partials: [Double]) -> Double {
    var rest = partials
    guard var high = rest.popLast() else { return 0 }
    var low = 0.0
    while let next = rest.popLast() {
      let x = high
      high = x + next
      low = next - (high - x)
      if low != 0 { break }
    }
    // Half a unit left over is rounded away from the tie where smaller parts say so.
    if let next = rest.last, (low < 0 && next < 0) || (low > 0 && next > 0) {
      let twice = low * 2
      let sum = high + twice
      if twice == sum - high { high = sum }
    }
    return high
  }

  static func errorFunction(_ x: Double) -> Double { erf(x) }
  static func complementaryErrorFunction(_ x: Double) -> Double { erfc(x) }

  /// a − b·⌊a/b⌋, of the sign of b.
  static func remainder(_ a: Double, _ b: Double) -> Double {
    let rest = fmod(a, b)
    return rest != 0 && (b < 0) != (rest < 0) ? rest + b : rest
  }

  /// ⌊a/b⌋ that goes with the remainder.
  static func floorDivide(_ a: Double, _ b: Double) -> Double {
    if b == 0 { return a / b }
    let quotient = (a - remainder(a, b)) / b
    return b.isInfinite && a.isFinite ? (a != 0 && (a < 0) != (b < 0) ? -1 : 0) : quotient.rounded()
  }

  /// The inverse of the error function, by Newton's method from Winitzki's approximation.
  static func inverseErrorFunction(_ y: Double) -> Double {
    guard abs(y) < 1 else { return y == 1 ? .infinity : y == -1 ? -.infinity : .nan }
    let logarithm = log(1 - y * y)
    let a = 0.147
    let b = 2 / (Double.pi * a) + logarithm / 2
    var x = (b * b - logarithm / a).squareRoot()
    x = (x - b).squareRoot() * (y < 0 ? -1 : 1)
    for _ in 0..<3 { x -= (erf(x) - y) / (2 / Double.pi.squareRoot() * exp(-x * x)) }
    return x
  }

  /// A number in C's `%.*f` or `%.*e` notation.
  static func formatted(_ value: Double, precision: Int, isExponential: Bool) -> String {
    // The longest float has 309 digits before its point.
    var buffer = [CChar](repeating: 0, count: 330 + precision)
    let format = isExponential ? "%.*e" : "%.*f"
    let count = withVaList([Int32(precision), value]) { vsnprintf(&buffer, buffer.count, format, $0) }
    return String(
      decoding: buffer.prefix(min(max(0, Int(count)), buffer.count - 1)).map { UInt8(bitPattern: $0) },
      as: UTF8.self)
  }
}
