import Foundation
public import QualityDiversity
import RandomStreams
import Search

/// A figure that groups are compared by; of each, more is better.
public enum ComparisonFigure: String, Codable, Sendable, CaseIterable {
  /// The sum of the elites' fitness.
  case qdScore = "qd_score"
  /// The QD score for each cell, occupied or not.
  case normalizedQDScore = "normalized_qd_score"
  /// The share of cells with an elite.
  case coverage
  /// The fittest elite.
  case best
  /// The mean fitness of the elites.
  case mean
  /// The continuous QD score for each target and penalty (Kent et al. 2022).
  case continuousScore = "cqd_score"
  /// The QD score when no more networks had been trained than the smallest run trained.
  case budgetQDScore = "qd_score_at_budget"
  /// The mean QD score up to there: how quickly it grew.
  case averageQDScore = "average_qd_score"
  /// The sum of the niches' hypervolumes, where all runs have the same objectives beside fitness.
  case moqdScore = "moqd_score"
  /// The hypervolume of what no elite of any niche beats in all of these objectives.
  case globalHypervolume = "global_hypervolume"

  /// What it is called in tables.
  var title: String {
    switch self {
    case .qdScore: "QD score"
    case .normalizedQDScore: "QD a cell"
    case .coverage: "coverage"
    case .best: "best"
    case .mean: "mean elite"
    case .continuousScore: "CQD score"
    case .budgetQDScore: "QD same budget"
    case .averageQDScore: "QD on the way"
    case .moqdScore: "MOQD score"
    case .globalHypervolume: "hypervolume"
    }
  }

  /// Whether it is tested of its own; the others are multiples of one that is.
  var isTested: Bool { self != .normalizedQDScore }
}

/// Where an interval comes from.
public enum IntervalKind: String, Codable, Sendable {
  /// Resampling of seeds, bias-corrected and accelerated.
  case bootstrap = "bootstrap-bca"
  /// One run: how much the figure would differ if the elites were measured on other images (binomial, 95 %).
  case measurement
}

/// A figure of a group.
public struct GroupFigure: Codable, Sendable {
  /// Which.
  public var figure: ComparisonFigure
  /// The value of each run; nil where it has none.
  public var values: [Double?]
  /// Their mean.
  public var mean: Double?
  /// The mean's interval at 95 %.
  public var interval: ConfidenceInterval?
  /// Where the interval comes from.
  public var intervalKind: IntervalKind?
  /// The standard error by measurement noise, of a single run.
  var noise: Double?

  enum CodingKeys: CodingKey { case figure, values, mean, interval, intervalKind }

  /// The values where every run has one.
  var complete: [Double]? {
    let present = values.compactMap { $0 }
    return present.count == values.count ? present : nil
  }

  init(_ figure: ComparisonFigure, _ values: [Double?], noise: Double?, name: String, _ sampling: Sampling) {
    self.figure = figure
    self.values = values
    let present = values.compactMap { $0 }
    mean = SampleFigures.mean(present)
    if present.count > 1 {
      interval = sampling.bootstrap.interval(of: present, using: sampling.stream(name, figure))
      intervalKind = .bootstrap
    } else if let noise, let mean {
      self.noise = noise
      let reach = NormalDistribution.quantile(0.975) * noise
      interval = ConfidenceInterval(lower: mean - reach, upper: mean + reach)
      intervalKind = .measurement
    }
  }
}

/// The difference of a figure between two groups.
public struct FigureDifference: Codable, Sendable {
  /// Which.
  public var figure: ComparisonFigure
  /// The first group's mean less the second's; nil where one has none.
  public var difference: Double?
  /// Its interval at 95 %.
  public var interval: ConfidenceInterval?
  /// Where the interval comes from.
  public var intervalKind: IntervalKind?
  /// The test, where both groups have several runs.
  public var test: SignificanceTest?
  /// The test's probability as it is to be held against 0.05: of the QD score, on which the verdict rests, corrected by
  /// Holm's rule for all pairs of groups; of the others for all pairs and figures.
  public var correctedP: Double?

  /// The difference; paired by the places of the values if asked for.
  init(
    _ first: GroupFigure, _ second: GroupFigure, names: (first: String, second: String), isPaired: Bool,
    _ sampling: Sampling
  ) {
    figure = first.figure
    guard let left = first.mean, let right = second.mean else { return }
    difference = left - right
    if let ones = first.complete, let twos = second.complete, ones.count > 1, twos.count > 1 {
      let streams = (
        first: sampling.stream(names.first, figure), second: sampling.stream(names.second, figure)
      )
      intervalKind = .bootstrap
      if isPaired {
        let differences = zip(ones, twos).map { $0 - $1 }
        // One stream for both orders of the groups, so that the mirrored comparison has the mirrored interval.
        let pair = [names.first, names.second].sorted().joined(separator: "\n")
        interval = sampling.bootstrap.interval(of: differences, using: sampling.stream(pair, figure))
      } else {
        interval = sampling.bootstrap.difference(ones, twos, using: streams)
      }
      if figure.isTested {
        let stream = sampling.stream("test", figure)
        test =
          isPaired
          ? RankTests.wilcoxon(ones, twos, stream: stream) : RankTests.mannWhitney(ones, twos, stream: stream)
      }
    } else if let one = first.noise, let two = second.noise {
      let reach = NormalDistribution.quantile(0.975) * (one * one + two * two).squareRoot()
      interval = ConfidenceInterval(lower: left - right - reach, upper: left - right + reach)
      intervalKind = .measurement
    }
  }
}

/// How resamples are drawn: always the same for the same groups.
struct Sampling: Sendable {
  let bootstrap: Bootstrap
  private let root = RandomStream(seed: 0).stream("comparison")

  init(_ bootstrap: Bootstrap = Bootstrap()) { self.bootstrap = bootstrap }

  func stream(_ name: String, _ figure: ComparisonFigure) -> RandomStream {
    root.stream(figure.rawValue).stream(name)
  }

  /// Target points for the continuous score, fewer of them for larger archives.
  func continuousScore(axes: Int, elites: Int, range: Double) -> ContinuousScore? {
    var stream = root.stream("targets")
    let count = max(50, min(1000, 4_000_000 / max(1, elites)))
    let targets = (0..<count).map { _ in (0..<axes).map { _ in stream.uniform() } }
    return try? ContinuousScore(
      targets: targets, penalties: ContinuousScore.evenPenalties(5), objectiveRange: range,
      greatestDistance: Double(axes).squareRoot())
  }
}

extension BinnedRun {
  /// The standard error of a figure if its elites were measured on other images; nil where that is not known.
  func noise(_ figure: ComparisonFigure) -> Double? {
    guard let images = validationImages, !elites.isEmpty else { return nil }
    func variance(_ share: Double) -> Double { max(0, share * (1 - share)) / Double(images) }
    let total = elites.reduce(0) { $0 + variance($1.fitness) }.squareRoot()
    switch figure {
    case .qdScore: return total
    case .normalizedQDScore: return total / Double(statistics.cells)
    case .mean: return total / Double(elites.count)
    case .best: return statistics.best.map { variance($0).squareRoot() }
    case .coverage, .continuousScore, .budgetQDScore, .averageQDScore, .moqdScore, .globalHypervolume:
      return nil
    }
  }
}
