/// A stretch that holds a figure with a given confidence.
public struct ConfidenceInterval: Sendable, Hashable, Codable {
  /// Its lower end.
  public let lower: Double
  /// Its upper end.
  public let upper: Double

  /// The stretch from `lower` to `upper`.
  public init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  /// The interval of the figure with the other sign.
  public var negated: ConfidenceInterval { ConfidenceInterval(lower: -upper, upper: -lower) }
}

/// Means, spreads and quantiles of samples.
public enum SampleFigures {
  /// The arithmetic mean; nil of nothing.
  public static func mean(_ sample: [Double]) -> Double? {
    sample.isEmpty ? nil : sample.reduce(0, +) / Double(sample.count)
  }

  /// The unbiased variance, which divides by the count less one; nil of fewer than two values.
  public static func variance(_ sample: [Double]) -> Double? {
    guard sample.count > 1, let mean = mean(sample) else { return nil }
    return sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sample.count - 1)
  }

  /// The value below which a share of an ascending sample lies, interpolated linearly as numpy does; nil of nothing.
  public static func quantile(ofSorted sample: [Double], _ share: Double) -> Double? {
    guard let last = sample.last, share.isFinite else { return nil }
    let place = min(1, max(0, share)) * Double(sample.count - 1)
    let index = Int(place)
    guard index + 1 < sample.count else { return last }
    return sample[index] + (place - Double(index)) * (sample[index + 1] - sample[index])
  }

  /// The ranks from 1 in ascending order, equal values sharing the mean of theirs.
  public static func ranks(_ sample: [Double]) -> [Double] {
    let order = sample.indices.sorted { sample[$0] < sample[$1] }
    var ranks = [Double](repeating: 0, count: sample.count)
    var start = 0
    while start < order.count {
      var end = start
      while end + 1 < order.count, sample[order[end + 1]] == sample[order[start]] { end += 1 }
      for place in start...end { ranks[order[place]] = Double(start + end) / 2 + 1 }
      start = end + 1
    }
    return ranks
  }
}
