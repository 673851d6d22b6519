/// How an archive's cells raise the bar: the thresholds of covariance matrix adaptation MAP-annealing (CMA-MAE).
///
/// Fontaine & Nikolaidis 2023, "Covariance matrix adaptation MAP-annealing". Each cell has a threshold, at first the
/// minimum. What lies above it enters, *replacing the elite even if that is better*, and draws the threshold nearer
/// to its objective by the learning rate: at 1 the archive is a common one, at 0 the thresholds stay and the
/// archive is that of CMA-ES. The best of each cell belongs in a second archive without thresholds.
///
/// In a batch all are held against the thresholds before it. With `n` above the threshold `t` in one cell, of mean
/// objective `m`, the cell takes the best of them, and `t` becomes `(1 − α)ⁿ t + (1 − (1 − α)ⁿ) m`, as in pyribs.
public struct ThresholdRule: Sendable, Hashable, Codable {
  /// How far a threshold moves to an accepted objective, from 0 (not at all) to 1 (all the way).
  public let learningRate: Double
  /// The threshold of a cell before anything was accepted.
  public let minimum: Double

  /// Thresholds that learn at that rate from that minimum.
  ///
  /// - Throws: `ArchiveError.threshold` if the rate is not in `0…1` or the minimum is not finite.
  public init(learningRate: Double, minimum: Double) throws(ArchiveError) {
    guard learningRate >= 0, learningRate <= 1, minimum.isFinite else {
      throw .threshold(learningRate: learningRate, minimum: minimum)
    }
    self.learningRate = learningRate
    self.minimum = minimum
  }

  private enum CodingKeys: String, CodingKey {
    case learningRate, minimum
  }

  /// Reads a rule and checks it as `init(learningRate:minimum:)` does.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let rate = try container.decode(Double.self, forKey: .learningRate)
    let minimum = try container.decode(Double.self, forKey: .minimum)
    self = try decoder.checked { () throws(ArchiveError) in
      try ThresholdRule(learningRate: rate, minimum: minimum)
    }
  }

  /// The threshold after one accepted objective.
  func threshold(_ threshold: Double, after objective: Double) -> Double {
    threshold * (1 - learningRate) + objective * learningRate
  }
}
