/// Where a probability lies that so many of so many trials succeeded by (Wilson 1927), with 95 % confidence.
struct WilsonInterval: Sendable, Hashable {
  /// The share that succeeded; nil where there was no trial.
  let share: Double?
  let lower: Double
  let upper: Double

  /// The interval of a number of successes.
  init(_ successes: Int, of trials: Int) {
    guard trials > 0 else {
      (share, lower, upper) = (nil, 0, 1)
      return
    }
    let (n, z) = (Double(trials), 1.959963984540054)
    let p = Double(min(trials, max(0, successes))) / n
    let middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    share = p
    (lower, upper) = (max(0, middle - half), min(1, middle + half))
  }
}
