public import QualityDiversity
import RandomStreams

/// A figure along a curve: the mean over runs, and the interval of the mean at 95 % by resampling runs.
public struct CurveBand: Codable, Sendable {
  /// Which.
  public var figure: GrowingFigure
  /// The mean at each point.
  public var mean: [Double]
  /// The interval at each point; nil of a single run.
  public var intervals: [ConfidenceInterval]?
}

/// How a group's archives grew with what was spent, up to what its smallest run spent.
public struct SpendingCurve: Codable, Sendable {
  /// What is spent.
  public var kind: SpendingKind
  /// The points.
  public var at: [Double]
  /// The figures there.
  public var bands: [CurveBand]

  private static let points = 60
  private static let mostResamples = 400

  /// The curves of a group over all that was spent; none where a saved archive is among the runs.
  static func all(_ runs: [BinnedRun], name: String, _ sampling: Sampling) -> [SpendingCurve] {
    let histories = runs.compactMap(\.history)
    guard histories.count == runs.count else { return [] }
    return SpendingKind.allCases.compactMap { kind in
      let end = histories.map { $0.total(kind) }.min() ?? 0
      guard end > 0 else { return nil }
      let at: [Double]
      if kind == .evaluations, end <= Double(points) {
        at = (1...Int(end)).map(Double.init)
      } else {
        at = (1...points).map {
          kind == .evaluations
            ? (end * Double($0) / Double(points)).rounded(.up) : end * Double($0) / Double(points)
        }
      }
      return SpendingCurve(kind: kind, at: at, bands: bands(histories, at, kind, name, sampling))
    }
  }

  private static func bands(
    _ histories: [SpendingHistory], _ at: [Double], _ kind: SpendingKind, _ name: String, _ sampling: Sampling
  ) -> [CurveBand] {
    var stream = sampling.stream(name, .averageQDScore).stream(kind.rawValue)
    // The same resamples at each point, so that the band is as smooth as the curves.
    let draws = (0..<min(mostResamples, sampling.bootstrap.resamples)).map { _ in
      histories.map { _ in stream.integer(below: histories.count) }
    }
    return GrowingFigure.allCases.map { figure in
      let values = histories.map { history in at.map { history.value(figure, at: $0, of: kind) } }
      let count = Double(histories.count)
      let mean = at.indices.map { point in values.reduce(0) { $0 + $1[point] } / count }
      guard histories.count > 1 else { return CurveBand(figure: figure, mean: mean, intervals: nil) }
      let intervals = at.indices.map { point in
        let means = draws.map { draw in draw.reduce(0.0) { $0 + values[$1][point] } / count }.sorted()
        return ConfidenceInterval(
          lower: SampleFigures.quantile(ofSorted: means, 0.025) ?? mean[point],
          upper: SampleFigures.quantile(ofSorted: means, 0.975) ?? mean[point])
      }
      return CurveBand(figure: figure, mean: mean, intervals: intervals)
    }
  }
}

/// Where the groups stood when all had spent as much.
public struct EqualBudget: Codable, Sendable {
  /// What is spent.
  public var kind: SpendingKind
  /// How much: what the run spent that spent least.
  public var amount: Double
  /// Whether all runs spent about that much, within 1 %.
  public var isWhole: Bool
  /// The mean figures of each group there, by its name.
  public var groups: [Standing]

  /// A group's mean figures.
  public struct Standing: Codable, Sendable {
    /// The group.
    public var name: String
    /// The QD score.
    public var qdScore: Double
    /// The share of cells occupied.
    public var coverage: Double
    /// The fittest elite.
    public var best: Double
    /// The mean QD score on the way there.
    public var averageQDScore: Double
  }

  /// What the run spent that spent least; nil where one is a saved archive or spent nothing.
  static func amount(_ kind: SpendingKind, _ groups: [[BinnedRun]]) -> Double? {
    let runs = groups.joined()
    let totals = runs.compactMap { $0.history?.total(kind) }
    guard totals.count == runs.count, let least = totals.min(), least > 0 else { return nil }
    return least
  }

  static func all(_ groups: [[BinnedRun]], names: [String]) -> [EqualBudget] {
    SpendingKind.allCases.compactMap { kind in
      guard let amount = amount(kind, groups) else { return nil }
      let totals = groups.joined().compactMap { $0.history?.total(kind) }
      let standings = zip(names, groups).map { name, runs in
        func mean(_ value: (SpendingHistory) -> Double) -> Double {
          SampleFigures.mean(runs.compactMap { $0.history.map(value) }) ?? 0
        }
        return Standing(
          name: name, qdScore: mean { $0.value(.qdScore, at: amount, of: kind) },
          coverage: mean { $0.value(.coverage, at: amount, of: kind) },
          best: mean { $0.value(.best, at: amount, of: kind) },
          averageQDScore: mean { $0.average(.qdScore, upTo: amount, of: kind) })
      }
      return EqualBudget(
        kind: kind, amount: amount, isWhole: (totals.max() ?? 0) <= amount * 1.01, groups: standings)
    }
  }
}
