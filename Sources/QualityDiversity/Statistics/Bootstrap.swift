public import RandomStreams

/// Confidence intervals of means by resampling, bias-corrected and accelerated.
///
/// Efron 1987, "Better bootstrap confidence intervals" (BCa): the quantiles of the resampled means are taken at places
/// that make up for the bias and skewness that the resamples and the jackknife show. Of equal values the interval is
/// that value alone.
public struct Bootstrap: Sendable, Hashable {
  /// How many resamples are drawn.
  public let resamples: Int
  /// The confidence, such as 0.95.
  public let confidence: Double

  /// Intervals of that confidence from so many resamples, at least one.
  public init(resamples: Int = 10_000, confidence: Double = 0.95) {
    self.resamples = max(1, resamples)
    self.confidence = min(1, max(0, confidence))
  }

  /// The means of the resamples, in the order drawn; empty of nothing.
  public func means(of sample: [Double], using stream: RandomStream) -> [Double] {
    guard !sample.isEmpty else { return [] }
    var stream = stream
    return (0..<resamples).map { _ in
      var sum = 0.0
      for _ in sample.indices { sum += sample[stream.integer(below: sample.count)] }
      return sum / Double(sample.count)
    }
  }

  /// The interval of the mean; nil of fewer than two values.
  public func interval(of sample: [Double], using stream: RandomStream) -> ConfidenceInterval? {
    guard sample.count > 1, let mean = SampleFigures.mean(sample) else { return nil }
    return interval(mean, means(of: sample, using: stream), samples: [sample])
  }

  /// The interval of the first mean less the second; nil where a sample has fewer than two values.
  ///
  /// The samples are drawn independently. Each has a stream of its own, so that with samples and streams exchanged the
  /// interval is the mirrored one.
  public func difference(
    _ first: [Double], _ second: [Double], using streams: (first: RandomStream, second: RandomStream)
  ) -> ConfidenceInterval? {
    guard first.count > 1, second.count > 1, let left = SampleFigures.mean(first),
      let right = SampleFigures.mean(second)
    else { return nil }
    let means = zip(means(of: first, using: streams.first), means(of: second, using: streams.second))
    return interval(left - right, means.map { $0 - $1 }, samples: [first, second])
  }

  private func interval(
    _ observed: Double, _ drawn: [Double], samples: [[Double]]
  ) -> ConfidenceInterval {
    let sorted = drawn.sorted()
    guard let least = sorted.first, let greatest = sorted.last, least < greatest else {
      return ConfidenceInterval(lower: observed, upper: observed)
    }
    // Equal means summed in another order differ in the last bits and are to count as equal.
    let tolerance = (greatest - least) * 1e-12
    let below = Double(drawn.count { $0 < observed - tolerance })
    let upTo = Double(drawn.count { $0 <= observed + tolerance })
    let count = Double(drawn.count)
    let bias = NormalDistribution.quantile(
      min(1 - 0.5 / count, max(0.5 / count, (below + upTo) / (2 * count))))
    let acceleration = Self.acceleration(samples)
    func end(_ share: Double) -> Double {
      let shifted = bias + NormalDistribution.quantile(share)
      let place = NormalDistribution.cumulative(bias + shifted / (1 - acceleration * shifted))
      return SampleFigures.quantile(ofSorted: sorted, place) ?? observed
    }
    let tail = (1 - confidence) / 2
    let (lower, upper) = (end(tail), end(1 - tail))
    return ConfidenceInterval(lower: min(lower, upper), upper: max(lower, upper))
  }

  /// The skewness of the difference of means by the jackknife; 0 where nothing varies.
  private static func acceleration(_ samples: [[Double]]) -> Double {
    var (cubes, squares, sign) = (0.0, 0.0, 1.0)
    for sample in samples {
      let count = Double(sample.count)
      let mean = sample.reduce(0, +) / count
      for value in sample {
        // Leaving out a value moves the mean by (mean - value) / (n - 1), which is weighted by n - 1.
        let influence = sign * (value - mean) / count
        cubes += influence * influence * influence
        squares += influence * influence
      }
      sign = -1
    }
    return squares > 0 ? cubes / (6 * squares * squares.squareRoot()) : 0
  }
}
