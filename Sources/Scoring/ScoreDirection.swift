/// Which of two scores is the better one.
public enum ScoreDirection: String, Sendable, Hashable, Codable, CaseIterable {
  /// The larger one.
  case higherIsBetter = "higher"
  /// The smaller one.
  case lowerIsBetter = "lower"

  /// Whether a score is better than another; NaN is better than nothing, and anything else better than NaN.
  public func prefers(_ score: Double, to other: Double) -> Bool {
    if score.isNaN || other.isNaN { return !score.isNaN && other.isNaN }
    switch self {
    case .higherIsBetter: return score > other
    case .lowerIsBetter: return score < other
    }
  }
}
