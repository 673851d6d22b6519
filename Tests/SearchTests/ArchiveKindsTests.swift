import QualityDiversity
import RandomStreams
import Testing

@testable import Search

@Suite("Searches on every kind of archive, with every choice of parents")
struct ArchiveKindsTests {
  private static func configuration(_ change: (inout RunConfiguration) -> Void) -> RunConfiguration {
    var run = Toy.configuration()
    change(&run)
    return run
  }

  private static let configurations: [(name: String, run: RunConfiguration)] = [
    ("cvt", configuration { ($0.archive.kind, $0.archive.cells, $0.search.parents) = (.cvt, 9, .rank) }),
    (
      "deep",
      configuration {
        ($0.archive.depth, $0.archive.dimensions, $0.search.parents) = (3, [2, 2], .tournament)
      }
    ),
    ("thresholds", configuration { ($0.archive.thresholdRate, $0.search.parents) = (0.2, .curiosity) }),
    (
      "sliding",
      configuration {
        ($0.archive.kind, $0.archive.remapFrequency, $0.archive.dimensions) = (.sliding, 5, [3, 3])
      }
    ),
    (
      "proximity",
      configuration {
        ($0.archive.kind, $0.archive.neighbours, $0.search.parents) = (.proximity, 2, .novelty)
      }
    ),
    (
      "novelty",
      configuration {
        ($0.archive.kind, $0.archive.cells, $0.archive.neighbours, $0.search.parents) = (
          .dominatedNovelty, 5, 2, .best
        )
      }
    ),
    (
      "fronts",
      configuration {
        $0.archive.dimensions = [2, 2]
        $0.archive.front = 6
        $0.archive.objectives = [
          ObjectiveSettings(name: "parameters", worst: 10_000, best: 10, scale: .log),
          ObjectiveSettings(name: "loss", formula: "validation_loss", worst: 3, best: 0),
        ]
      }
    ),
    (
      "noise",
      configuration {
        ($0.archive.dimensions, $0.archive.noise.scores, $0.archive.noise.deviation) = ([2, 2], 4, 0.05)
      }
    ),
    (
      "bandit",
      configuration {
        ($0.search.parents, $0.search.promptChoice, $0.search.operatorChoice) = (.bandit, .bandit, .bandit)
      }
    ),
    (
      "fronts of curious niches",
      configuration {
        ($0.archive.dimensions, $0.search.parents, $0.search.mutationProbability) = ([2, 2], .curiosity, 0.5)
        $0.archive.objectives = [ObjectiveSettings(name: "parameters", worst: 10_000, best: 10, scale: .log)]
      }
    ),
  ]

  @Test(
    "The archive is what its candidates give, and a run stopped anywhere goes on to the same",
    arguments: 0..<10)
  func searches(kind: Int) async throws {
    let (name, configuration) = Self.configurations[kind]
    let checked = try ConfigurationReader.validated(configuration)
    let strategy = try ToyRun.strategy(checked)
    let log = MemoryLog()
    _ = try await ToyRun(configuration: checked).run(strategy, model: ScriptedModel(), log: log)
    let complete = log.now
    #expect(complete.generations.count == 4, "\(name)")

    var archive = try checked.makeArchive()
    for generation in complete.generations {
      for record in complete.candidates.values.sorted(by: { $0.id < $1.id })
      where record.generation == generation.number {
        guard record.isOffered, let fitness = record.fitness, let measures = record.measures else { continue }
        let standings = checked.archive.standings(fitness: fitness, objectives: record.objectives)
        #expect(!standings.contains { !$0.isFinite }, "\(name)")
        _ = try checked.archive.add(
          record.id, fitness: fitness, objectives: record.objectives, measures: measures,
          scores: ScoreTable(complete.scores), to: &archive)
      }
      #expect(generation.networks.map(\.candidate) == archive.allElites.map(\.solution), "\(name)")
      #expect(generation.statistics == archive.statistics(), "\(name)")
      #expect(generation.fronts == archive.frontStatistics, "\(name)")
    }
    try archive.checkInvariants()
    #expect(complete.scores.isEmpty == (name != "noise"), "\(name)")
    // Of the last additions the sliding archive may call back any.
    let kept = Set(archive.allElites.map(\.solution) + archive.remembered)
    #expect(Set(complete.weights.keys) == kept, "\(name)")

    for survived in [1, 13, 27, 40] where survived < complete.writes {
      let broken = MemoryLog().copy(breakingAfter: survived)
      _ = try? await ToyRun(configuration: checked).run(strategy, model: ScriptedModel(), log: broken)
      let resumed = broken.copy()
      _ = try await ToyRun(configuration: checked).run(strategy, model: ScriptedModel(), log: resumed)
      #expect(resumed.now.generations == complete.generations, "\(name) after \(survived) writes")
      #expect(Self.repeatable(resumed.now.scores) == Self.repeatable(complete.scores), "\(name)")
    }
  }

  private static func repeatable(_ scores: [CandidateScore]) -> [CandidateScore] {
    scores.sorted { ($0.candidate, $0.number) < ($1.candidate, $1.number) }.map { score in
      var score = score
      score.seconds = 0
      return score
    }
  }

  @Test("A further training of a network has other random numbers, and counts in the budget")
  func scores() async throws {
    var configuration = Self.configuration {
      ($0.archive.dimensions, $0.archive.noise.scores, $0.archive.noise.deviation) = ([1, 1], 5, 0.2)
    }
    let strategy = try ToyRun.strategy(configuration)
    let log = MemoryLog()
    _ = try await ToyRun(configuration: configuration).run(strategy, model: ScriptedModel(), log: log)
    let complete = log.now
    #expect(complete.scores.count > 4)
    #expect(complete.scores.contains { $0.fitness != complete.candidates[$0.candidate]?.fitness })
    for (candidate, scores) in Dictionary(grouping: complete.scores, by: \.candidate) {
      #expect(Set(scores.map(\.number)) == Set(1...scores.count), "candidate \(candidate)")
      #expect(scores.count < 5 && scores.allSatisfy { $0.imagesSeen > 0 && $0.reason == nil })
    }
    let elite = try #require(complete.generations.last?.networks.first)
    let further = ScoreTable(complete.scores).further(of: elite.candidate)
    let all = [try #require(complete.candidates[elite.candidate]?.fitness)] + further
    #expect(abs(elite.fitness - all.reduce(0, +) / Double(all.count)) < 1e-12)

    configuration.budget.evaluations = 12
    let limited = MemoryLog()
    let summary = try await ToyRun(configuration: configuration)
      .run(ToyRun.strategy(configuration), model: ScriptedModel(), log: limited)
    #expect(summary.end == .outOfBudget)
    let trained = limited.now.candidates.values.count {
      $0.generation > 0 && $0.verdict.status != .refused && $0.verdict.status != .duplicate
    }
    #expect(trained + limited.now.scores.count == 12 && !limited.now.scores.isEmpty)
  }

  @Test("A bandit over niches returns to the one whose offspring enter, and spreads a generation")
  func bandit() throws {
    var settings = SearchSettings()
    (settings.parents, settings.exploration) = (.bandit, 0.5)
    var archive: any Archive<Int> = try GridArchive<Int>(
      axes: [try MeasureAxis(name: "x", lower: 0, upper: 4)], dimensions: [4])
    for cell in 0..<4 { archive.add(cell, objective: 1, measures: [Double(cell) + 0.5]) }
    var chooser = try ParentChooser(settings, cellCount: 4)
    var draw = RandomStream(seed: 1)
    var generation = chooser
    var first: [Int] = []
    for _ in 0..<4 { first.append(try #require(generation.parent(in: archive, using: &draw)).cell) }
    #expect(Set(first) == [0, 1, 2, 3], "each niche once before any twice")
    for round in 0..<40 {
      for cell in 0..<4 { chooser.learn(from: cell, entered: cell == 2 && round % 4 > 0) }
    }
    #expect(chooser.parent(in: archive, using: &draw)?.cell == 2)
  }

  @Test(
    "Any member of a niche's front may be the parent, whatever the rule by which the niche is chosen",
    arguments: SearchSettings.ParentChoice.allCases)
  func frontParents(choice: SearchSettings.ParentChoice) throws {
    var settings = SearchSettings()
    (settings.parents, settings.topCount, settings.tournamentSize) = (choice, 1, 2)
    var archive: any Archive<Int> = try FrontArchive<GridTessellation, Int>(
      try GridTessellation(axes: [try MeasureAxis(name: "x", lower: 0, upper: 2)], dimensions: [2]),
      reference: [0, 0], capacity: 4)
    for number in 0..<3 {
      archive.add(
        number, objectives: [0.9 - 0.1 * Double(number), 0.1 * Double(number + 1)], measures: [0.5])
    }
    archive.add(3, objectives: [0.1, 0.1], measures: [1.5])
    #expect(archive.front(of: 0).map(\.solution) == [0, 1, 2] && archive.front(of: 1).map(\.solution) == [3])
    #expect(archive.front(of: 2).isEmpty && archive.elite(at: 0)?.solution == 0)
    var chooser = try ParentChooser(settings, cellCount: 2)
    var draw = RandomStream(seed: 3)
    var counts = [0, 0, 0, 0]
    for _ in 0..<600 { counts[try #require(chooser.parent(in: archive, using: &draw)).solution] += 1 }
    let first = Double(counts[..<3].reduce(0, +))
    // Five standard deviations around a third each.
    for count in counts[..<3] {
      #expect(abs(Double(count) - first / 3) < 5 * (first * 2 / 9).squareRoot(), "\(counts)")
    }
    let alone: Set<SearchSettings.ParentChoice> = [.best, .top]
    #expect(alone.contains(choice) == (counts[3] == 0), "\(counts)")
  }

  @Test("Parents of a threshold archive need not be the elites, which are the best all the same")
  func thresholds() throws {
    let configuration = Self.configuration {
      ($0.archive.thresholdRate, $0.archive.dimensions, $0.search.batch) = (0.01, [1, 1], 4)
    }
    var strategy = try LLMatic(configuration: configuration, prompts: Toy.prompts(), isRewriterAlone: false)
    let proposals = try strategy.ask()
    let records = zip(proposals, [0.9, 0.3, 0.5, 0.2]).map { proposal, fitness in
      CandidateRecord(
        id: proposal.id, generation: 1, index: proposal.index,
        origin: CandidateOrigin(
          step: proposal.step, author: .languageModel, form: .wholeProgram, parents: proposal.parents,
          prompt: proposal.prompt, temperature: 0.5), source: nil, verdict: Verdict(.valid),
        measures: [2, 200], fitness: fitness)
    }
    let told = try strategy.tell(records)
    #expect(told.networks.map(\.candidate) == [1])
    // The threshold rose by hundredths, so that the last that exceeded it is there: the fourth.
    let parents = Set(try strategy.ask().flatMap(\.parents))
    #expect(parents == [0] || parents == [4])
  }
}
