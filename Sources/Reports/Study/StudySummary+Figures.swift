import Foundation
import QualityDiversity
import RandomStreams
import Scoring
import Search
import SearchSpaces

extension StudySummary {
  private static let stream = RandomStream(seed: 0).stream("study")

  static func figure(_ sample: [Double], _ name: String) -> Figure {
    Figure(
      mean: SampleFigures.mean(sample) ?? 0, deviation: SampleFigures.variance(sample)?.squareRoot(),
      interval: Bootstrap(resamples: 2000).interval(of: sample, using: stream.stream(name)))
  }

  /// An arm on a data set at a budget; nil where no run had evaluated anything fully by then.
  static func row<Space: ChoiceSpace>(
    _ cells: [StudyCell], _ task: StudyTask<Space>, _ full: ArchiveStatistics, budget: Int, arm: String
  ) -> Row? {
    let found = cells.compactMap { cell in cell.best(within: Double(budget)).map { (cell, $0) } }
    guard !found.isEmpty else { return nil }
    let marks = found.compactMap { $0.0.mark(budget) }
    func mean(_ value: (StudyCell.Mark) -> Int) -> Double {
      SampleFigures.mean(marks.map { Double(value($0)) }) ?? 0
    }
    func median(_ ranks: [Int]) -> Double {
      SampleFigures.quantile(ofSorted: found.map { Double(ranks[$0.1.place]) }.sorted(), 0.5) ?? 0
    }
    let qdScore = SampleFigures.mean(marks.map(\.qdScore)) ?? 0
    let best = task.optimum.validation
    return Row(
      data: task.name, budget: budget, arm: arm, runs: found.count,
      validation: figure(found.map(\.1.validation), "validation"),
      testAtBestValidation: figure(found.map(\.1.test), "test"),
      bestTestSeen: figure(found.map(\.1.bestTest), "best test"),
      validationRank: median(task.validationRanks), testRank: median(task.testRanks),
      optimumShare: Double(found.count { $0.1.validation >= best }) / Double(found.count),
      coverage: mean(\.elites) / Double(max(1, full.elites)),
      qdShare: full.qdScore > 0 ? qdScore / full.qdScore : 0, qdScore: qdScore, evaluated: mean(\.evaluated),
      repeated: mean(\.repeated), illegal: mean(\.illegal))
  }

  /// Tests each arm against the baseline.
  mutating func addTests(_ cells: [StudyCell]) {
    let found = Dictionary(grouping: cells) { [$0.arm, $0.data] }
    func sample(_ arm: String, _ row: Row, _ value: (StudyCell.Step) -> Double) -> [Double] {
      (found[[arm, row.data]] ?? []).compactMap { $0.best(within: Double(row.budget)).map(value) }
    }
    for budget in budgets {
      let places = rows.indices.filter { rows[$0].budget == budget && rows[$0].arm != baseline }
      var (validation, test): ([Double], [Double]) = ([], [])
      for place in places {
        let row = rows[place]
        let name = "\(row.arm) \(row.data) \(budget)"
        let first = RankTests.mannWhitney(
          sample(row.arm, row, \.validation), sample(baseline, row, \.validation),
          stream: Self.stream.stream("validation " + name))
        let second = RankTests.mannWhitney(
          sample(row.arm, row, \.test), sample(baseline, row, \.test),
          stream: Self.stream.stream("test " + name))
        validation.append(first?.p ?? 1)
        test.append(second?.p ?? 1)
        rows[place].superiority = second?.superiority
      }
      for (place, (first, second)) in zip(places, zip(RankTests.holm(validation), RankTests.holm(test))) {
        guard rows[place].superiority != nil else { continue }
        (rows[place].validationP, rows[place].testP) = (first, second)
      }
    }
  }

  // MARK: Over evaluations

  private static let points = 60

  static func curve<Space: ChoiceSpace>(
    _ cells: [StudyCell], _ task: StudyTask<Space>, _ last: Int, arm: String
  ) -> Curve {
    let optimum = task.optimum
    var curve = Curve(
      data: task.name, arm: arm, at: [], validationRegret: [], testRegret: [], validationMargin: [],
      testMargin: [])
    var before = 0.0
    for point in 0...points {
      // Spaced by ratios, since most happens early.
      let at = pow(Double(last), Double(point) / Double(points)).rounded()
      guard at > before else { continue }
      before = at
      let best = cells.compactMap { $0.best(within: at) }
      guard best.count == cells.count else { continue }
      curve.at.append(at)
      let validation = best.map { optimum.validation - $0.validation }
      let test = best.map { optimum.bestTest - $0.test }
      func margin(_ sample: [Double]) -> Double {
        1.96 * ((SampleFigures.variance(sample) ?? 0) / Double(sample.count)).squareRoot()
      }
      curve.validationRegret.append(SampleFigures.mean(validation) ?? 0)
      curve.testRegret.append(SampleFigures.mean(test) ?? 0)
      curve.validationMargin.append(margin(validation))
      curve.testMargin.append(margin(test))
    }
    return curve
  }

  static func reach<Space: ChoiceSpace>(
    _ cells: [StudyCell], _ task: StudyTask<Space>, points: Double, arm: String
  ) -> Reach {
    // A hair's breadth for the rounding of shares.
    let bar = task.optimum.validation - points / 100 - 1e-9
    let spent = cells.map { cell in cell.steps.first { $0.validation >= bar }?.spent ?? .infinity }.sorted()
    let median = spent.isEmpty ? nil : spent[(spent.count - 1) / 2]
    return Reach(
      data: task.name, arm: arm, points: points,
      share: Double(spent.count { $0.isFinite }) / Double(max(1, spent.count)),
      median: median.flatMap { $0.isFinite ? $0 : nil })
  }

  // MARK: What is known without training

  /// Spearman's and Kendall's correlations with validation accuracy, the strongest first.
  static func correlations<Space: ChoiceSpace>(
    _ task: StudyTask<Space>, proxies: ProxyTable?
  ) -> [Correlation] {
    let evaluator = task.evaluator
    var columns = evaluator.space.figureNames.map { name in
      (name, task.validation.indices.map { evaluator.figures(at: $0)[name] ?? 0 })
    }
    for (index, fidelity) in evaluator.fidelities.dropLast().enumerated() {
      let scores = evaluator.genotypes.map { evaluator.score(of: $0, fidelity: index).fitness ?? 0 }
      columns.append(("accuracy after \(fidelity.name)", scores))
    }
    for proxy in proxies?.columns ?? [] where proxy.scores.count == task.validation.count {
      let isKnown = columns.contains { $0.0 == proxy.name }
      columns.append((isKnown ? "\(proxy.name) of the file" : proxy.name, proxy.scores))
    }
    return columns.compactMap { name, values in
      let places = values.indices.filter { !values[$0].isNaN }
      let (known, accuracies) = (places.map { values[$0] }, places.map { task.validation[$0] })
      guard let spearman = RankCorrelation.spearman(known, accuracies),
        let kendall = RankCorrelation.kendall(known, accuracies)
      else { return nil }
      return Correlation(
        data: task.name, figure: name, architectures: places.count, spearman: spearman, kendall: kendall)
    }.sorted { abs($0.spearman) > abs($1.spearman) }
  }
}
