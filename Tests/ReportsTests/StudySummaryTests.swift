import QualityDiversity
import RandomStreams
import Reports
import Scoring
import Search
import SearchSpaces
import Testing

@Suite struct StudySummaryTests {
  private static let made = Result { try make() }

  /// Two arms on NAS-Bench-201's cells with accuracies that are made up: convolutions are good, and one cell is best.
  private static func make() throws -> (StudySummary, [StudyCell], StudyTask<NASBench201Space>) {
    let space = NASBench201Space()
    let all = space.all
    var stream = RandomStream(seed: 4)
    let validation = all.map {
      0.5 + 0.07 * Double(space.options(of: $0).count { $0 == 3 }) + 0.01 * stream.uniform()
    }
    let test = validation.map { $0 + 0.02 * stream.uniform() }
    let table = try TabularEvaluator(
      space: space, genotypes: all,
      columns: [
        .init(SpaceFidelity(name: "12 epochs", cost: 12), fitness: validation.map { 0.5 * $0 }),
        .init(SpaceFidelity(name: "200 epochs", cost: 200), fitness: validation),
      ])
    var study = StudyConfiguration()
    study.name = "made-up"
    study.data = ["cifar-10"]
    study.seeds = 8
    study.budgets = [10, 40]
    study.arms = [
      StudyArm(.random), StudyArm(.regularizedEvolution, name: "evo|lution", deduplicate: .genotype),
    ]
    let task = try StudyTask(name: "cifar-10", evaluator: table, validation: validation, test: test)
    let runner = try StudyRunner(study, tasks: [task], tableHash: "")
    let log = StudyLog()
    for arm in study.arms {
      for seed in 1...8 {
        try log.append(
          task.cell(arm, seed: seed, study: study, archive: runner.archive, key: "\(arm.title) \(seed)"))
      }
    }
    let cells = log.cells.values.sorted { ($0.arm, $0.seed) < ($1.arm, $1.seed) }
    // One proxy is as good as can be, one is known of every other cell alone and the worse the better the cell.
    let proxies = ProxyTable(columns: [
      .init(name: "clairvoyant", scores: validation.map { $0 * $0 }),
      .init(
        name: "half-known", scores: validation.enumerated().map { $0.offset % 2 == 0 ? -$0.element : .nan }),
      .init(name: "constant", scores: validation.map { _ in 1 }),
      .init(name: "flops", scores: validation),
    ])
    return (try StudySummary(runner, cells: cells, isComplete: true, proxies: proxies), cells, task)
  }

  @Test func rowsAreMeansOfTheCells() throws {
    let (summary, cells, task) = try Self.made.get()
    #expect(summary.rows.map(\.budget) == [10, 10, 40, 40])
    for row in summary.rows {
      let best = cells.filter { $0.arm == row.arm }.compactMap { $0.best(within: Double(row.budget)) }
      #expect(row.runs == 8 && best.count == 8)
      #expect(row.testAtBestValidation.mean == SampleFigures.mean(best.map(\.test)))
      #expect(row.validation.deviation == SampleFigures.variance(best.map(\.validation))?.squareRoot())
      #expect(row.bestTestSeen.mean >= row.testAtBestValidation.mean)
      let ranks = best.map { Double(task.validationRanks[$0.place]) }.sorted()
      #expect(row.validationRank == (ranks[3] + ranks[4]) / 2)
      #expect(row.coverage > 0 && row.coverage <= 1 && row.qdShare <= 1)
      #expect(
        (row.testP == nil) == (row.arm == "random") && (row.superiority == nil) == (row.arm == "random"))
      if row.arm == "random" { #expect(row.repeated == 0 && row.evaluated == Double(row.budget)) }
    }
    // With one other arm and one data set Holm has nothing to correct.
    let last = try #require(summary.rows.last)
    let (first, second) = (cells.filter { $0.arm != "random" }, cells.filter { $0.arm == "random" })
    let test = try #require(
      RankTests.mannWhitney(
        first.compactMap { $0.best(within: 40)?.validation },
        second.compactMap { $0.best(within: 40)?.validation },
        stream: RandomStream(seed: 0)))
    #expect(last.validationP == test.p && last.superiority ?? 0 > 0.5)
  }

  @Test func curvesFallAndReachesAgree() throws {
    let (summary, cells, task) = try Self.made.get()
    for curve in summary.curves {
      #expect(curve.at.last == 40)
      #expect(zip(curve.validationRegret, curve.validationRegret.dropFirst()).allSatisfy { $0 >= $1 })
      let row = try #require(summary.rows.last { $0.arm == curve.arm })
      #expect(
        abs(try #require(curve.validationRegret.last) - (task.optimum.validation - row.validation.mean))
          < 1e-12)
    }
    for reach in summary.reaches {
      let near = cells.filter { cell in
        cell.arm == reach.arm
          && cell.steps.contains { $0.validation >= task.optimum.validation - reach.points / 100 }
      }
      #expect(reach.share == Double(near.count) / 8)
      #expect((reach.median != nil) == (near.count >= 4))
    }
    let convolutions = try #require(summary.correlations.first { $0.figure == "nor_conv_3x3" })
    #expect(convolutions.spearman > 0.9 && convolutions.kendall < convolutions.spearman)
    #expect(convolutions.architectures == 15_625)
    let proxies = summary.correlations.filter {
      ["clairvoyant", "half-known", "constant"].contains($0.figure)
    }
    #expect(Set(proxies.map(\.figure)) == ["clairvoyant", "half-known"], "what does not vary orders nothing")
    #expect(summary.correlations.count { $0.figure == "flops" } == 1)
    #expect(summary.correlations.contains { $0.figure == "flops of the file" && $0.spearman > 0.999 })
    for proxy in proxies {
      let sign = proxy.figure == "clairvoyant" ? 1.0 : -1
      #expect(abs(proxy.spearman - sign) < 1e-12 && abs(proxy.kendall - sign) < 1e-12)
      #expect(proxy.architectures == (sign > 0 ? 15_625 : 7813))
    }
  }

  @Test func allFormsSayTheSame() throws {
    let (summary, _, _) = try Self.made.get()
    let row = try #require(summary.rows.last)
    let figure = Figures.fixed(row.testAtBestValidation.mean * 100, 2)
    let markdown = summary.markdown(command: "niche study x.yaml")
    let convolutions = try #require(summary.correlations.first { $0.figure == "nor_conv_3x3" })
    let correlation = "\(Figures.fixed(convolutions.spearman, 3)) / \(Figures.fixed(convolutions.kendall, 3))"
    let reach = try #require(summary.reaches.first { $0.median == nil })
    let share = "> 40 (\(Figures.percent(reach.share, decimals: 0)))"
    let rank = "\(Figures.fixed(row.validationRank, 0)) / \(Figures.fixed(row.testRank, 0))"
    for text in [summary.text, markdown, summary.html.replacing("&gt;", with: ">")] {
      for words in [figure, rank, share, correlation, "-1.000 / -1.000 (7813)"] {
        #expect(text.replacing("−", with: "-").contains(words), "\(words)")
      }
    }
    #expect(markdown.contains("evo\\|lution") && markdown.contains("`niche study x.yaml`"))
    #expect(
      summary.html.contains("evo|lution") && !summary.html.contains("http:")
        && !summary.html.contains("https:"))
    let lines = summary.csv.split(separator: "\n")
    #expect(
      lines.count == 5
        && lines.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 26 })
  }
}
