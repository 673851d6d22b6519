#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The standard normal distribution.
public enum NormalDistribution {
  /// The probability of values up to `value`.
  public static func cumulative(_ value: Double) -> Double { 0.5 * erfc(-value / 2.0.squareRoot()) }

  /// The value that a share of the distribution lies below; infinite for 0 and 1.
  ///
  /// Acklam's rational approximation with one step of Halley's method, exact to about 10⁻¹⁵.
  public static func quantile(_ share: Double) -> Double {
    guard share > 0 else { return share == 0 ? -.infinity : .nan }
    guard share < 1 else { return share == 1 ? .infinity : .nan }
    // The two halves mirror each other exactly.
    guard share <= 0.5 else { return -quantile(1 - share) }
    let start: Double
    if share < 0.02425 {
      let root = (-2 * log(share)).squareRoot()
      let above =
        ((((-7.784894002430293e-03 * root - 3.223964580411365e-01) * root - 2.400758277161838) * root
          - 2.549732539343734) * root + 4.374664141464968) * root + 2.938163982698783
      let below =
        (((7.784695709041462e-03 * root + 3.224671290700398e-01) * root + 2.445134137142996) * root
          + 3.754408661907416) * root + 1
      start = above / below
    } else {
      let centred = share - 0.5
      let square = centred * centred
      let above =
        (((((-3.969683028665376e+01 * square + 2.209460984245205e+02) * square - 2.759285104469687e+02)
          * square + 1.383577518672690e+02) * square - 3.066479806614716e+01) * square
          + 2.506628277459239) * centred
      let below =
        ((((-5.447609879822406e+01 * square + 1.615858368580409e+02) * square - 1.556989798598866e+02)
          * square + 6.680131188771972e+01) * square - 1.328068155288572e+01) * square + 1
      start = above / below
    }
    let error = (cumulative(start) - share) * (2 * Double.pi).squareRoot() * exp(start * start / 2)
    return start - error / (1 + start * error / 2)
  }
}

/// Student's t distribution.
public enum StudentDistribution {
  /// The probability of values up to `value` with so many degrees of freedom, which must be positive.
  public static func cumulative(_ value: Double, freedom: Double) -> Double {
    guard freedom > 0, !value.isNaN else { return .nan }
    let share = freedom / (freedom + value * value)
    let tail = 0.5 * regularizedBeta(share, freedom / 2, 0.5)
    return value > 0 ? 1 - tail : tail
  }

  /// The value above 0 that a share of the distribution lies below, found by bisection; the share is 0.5 to 1.
  public static func quantile(_ share: Double, freedom: Double) -> Double {
    guard freedom > 0, share >= 0.5, share < 1 else { return share == 1 ? .infinity : .nan }
    var (lower, upper) = (0.0, 1.0)
    while cumulative(upper, freedom: freedom) < share, upper < 1e15 { (lower, upper) = (upper, upper * 2) }
    for _ in 0..<200 where upper - lower > 1e-14 * upper {
      let middle = (lower + upper) / 2
      if cumulative(middle, freedom: freedom) < share { lower = middle } else { upper = middle }
    }
    return (lower + upper) / 2
  }

  /// The regularised incomplete beta function by its continued fraction (Abramowitz & Stegun 26.5.8).
  private static func regularizedBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    // The fraction converges quickly on this side of the mean only.
    if x > (a + 1) / (a + b + 2) { return 1 - regularizedBeta(1 - x, b, a) }
    let constant = lgamma(a + b) - lgamma(a) - lgamma(b)
    let front = exp(constant + a * log(x) + b * log(1 - x)) / a
    var (value, c, d) = (1.0, 1.0, 0.0)
    for step in 0...500 {
      let term = step == 0 ? 1 : coefficient(step, x, a, b)
      d = 1 / nonZero(1 + term * d)
      c = nonZero(1 + term / c)
      value *= c * d
      if abs(c * d - 1) < 1e-15 { break }
    }
    return front * (value - 1)
  }

  private static func coefficient(_ step: Int, _ x: Double, _ a: Double, _ b: Double) -> Double {
    let m = Double(step / 2)
    let place = a + 2 * m
    guard step.isMultiple(of: 2) else { return -(a + m) * (a + b + m) * x / (place * (place + 1)) }
    return m * (b - m) * x / ((place - 1) * place)
  }

  private static func nonZero(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
}

/// The difference of two shares that were counted.
public enum TwoProportions {
  /// Whether two shares, each counted among so many trials, differ significantly: the pooled two-proportion z test.
  ///
  /// - Parameter confidence: such as 0.95, which takes |z| > 1.96.
  public static func differ(
    _ first: Double, of firstTrials: Int, _ second: Double, of secondTrials: Int, confidence: Double = 0.95
  ) -> Bool {
    guard firstTrials > 0, secondTrials > 0 else { return false }
    let (m, n) = (Double(firstTrials), Double(secondTrials))
    let pooled = (first * m + second * n) / (m + n)
    let variance = max(0, pooled * (1 - pooled)) * (1 / m + 1 / n)
    let difference = abs(first - second)
    guard variance > 0 else { return difference > 0 }
    return difference / variance.squareRoot() > NormalDistribution.quantile(0.5 + confidence / 2)
  }
}
