import LanguageModels
import QualityDiversity
import RandomStreams
import SearchSpaces
import Testing

@testable import Search

/// Searches of a space as runs: what is stored is what the search did, whatever interrupts it.
@Suite struct SpaceRunTests {
  /// Cells with a fitness that can be worked out, and a cheap evaluation that errs.
  private struct Cells: SpaceEvaluator {
    let space = NASBench201Space()
    let fidelities = [
      SpaceFidelity(name: "12 epochs", cost: 12), SpaceFidelity(name: "200 epochs", cost: 200),
    ]

    func score(of genotype: NASBench201Cell, fidelity: Int) -> SpaceScore {
      let full = CellEvaluator().score(of: genotype, fidelity: 0)
      var figures = full.figures
      figures[SpaceScore.latency] = 2 + Double(genotype.index % 5)
      figures[SpaceScore.trainingSeconds] = 1000
      let error = fidelity == 0 ? 0.01 * Double(genotype.index % 9) : 0
      return SpaceScore(fitness: (full.fitness ?? 0) / 100 - error, figures: figures)
    }
  }

  private static func configuration(
    _ strategy: StudyArm.Strategy, deduplicate: SpaceSearchSettings.Deduplication = .genotype,
    evaluations: Int = 60
  ) throws -> RunConfiguration {
    var run = try #require(RunConfiguration.preset("nas-bench-201"))
    run.seed = 5
    run.space.search = StudyArm(strategy, deduplicate: deduplicate)
    if [.collm, .collmStatistics].contains(strategy) { run.space.search.candidates = 6 }
    run.budget.evaluations = evaluations
    run.search.batch = 16
    return try ConfigurationReader.validated(run)
  }

  private static let vocabulary = SpaceVocabulary(NASBench201Space().choices, stream: RandomStream(seed: 1))

  private static func run(
    _ configuration: RunConfiguration, log: any RunLog, model: (any ChatModel)? = nil
  ) async throws -> SearchSummary {
    let run = try configuration.spaceRun(
      Cells(), imagesPerUnit: 100, models: StudyModels(prompts: Toy.prompts(), model: model), log: log)
    return try await SpaceEngine(run, configuration: configuration, log: log, stop: StopFlag()) { _ in }.run()
  }

  @Test(arguments: [
    StudyArm.Strategy.random, .regularizedEvolution, .localSearch, .reinforce, .bohb, .mapElites, .genetic,
    .collmStatistics, .llmaticOperators,
  ])
  func candidatesAreTheResultsOfTheSearch(_ strategy: StudyArm.Strategy) async throws {
    let configuration = try Self.configuration(strategy)
    let log = MemoryLog()
    let summary = try await Self.run(configuration, log: log)
    // The same search by itself, as a study has it.
    var search = try SpaceSearch(
      Cells(), settings: SpaceSearchSettings(evaluations: 60, deduplicate: .genotype))
    var own = try configuration.space.search.makeAwaitedStrategy(
      for: search.evaluator.space, fidelities: search.evaluator.fidelities,
      archive: SpaceArchive(configuration), constraint: "", models: StudyModels(prompts: Toy.prompts()),
      stream: RandomStream(seed: 5).stream("cifar-10").stream(strategy.rawValue))
    try await search.run(awaiting: &own)
    let records = try await log.candidates()
    #expect(records.map(\.id) == Array(1...search.results.count) && summary.end == .completed)
    let space = NASBench201Space()
    var archive = try configuration.makeArchive()
    for (record, result) in zip(records, search.results) {
      let genotype = try #require(result.genotype)
      #expect(record.source == space.text(of: genotype))
      #expect(record.fitness == (result.isFull ? result.fitness : nil))
      #expect(record.origin.parents == result.proposal.parents.map { $0 + 1 })
      #expect(record.origin.author == .strategy)
      #expect(record.description?.parameters == space.parameters(of: genotype))
      #expect(record.measures == [space.parameters(of: genotype), space.macs(of: genotype)].map(Double.init))
      #expect(record.evaluation?.imagesSeen == (result.isFull ? 20_000 : 1200))
      #expect(record.evaluation?.seconds == (result.isFull ? 1000 : 60))
      #expect(record.evaluation?.latencyMilliseconds == 2 + Double(genotype.index % 5))
      switch result.verdict {
      case .evaluated: #expect(record.verdict.status == (result.isFull ? .valid : .stopped))
      case .repeated(let twin): #expect(record.verdict.twin == twin + 1)
      default: Issue.record("\(result.verdict)")
      }
      #expect((record.origin.request?.fidelity?.accuracy == result.fitness) == !result.isFull)
      if let fitness = record.fitness, record.isOffered, let measures = record.measures {
        archive.add(record.id, objective: fitness, measures: measures)
      }
    }
    #expect(records.contains { $0.verdict.status == .stopped } == (strategy == .bohb))
    let last = try #require(try await log.generations().last)
    #expect(
      last.networks
        == archive.allElites.map { ArchiveCell(cell: $0.cell, candidate: $0.solution, fitness: $0.objective) }
    )
    #expect(last.statistics == archive.statistics() && last.statistics == summary.statistics)
    let counts = Dictionary(grouping: records, by: \.verdict.status).mapValues(\.count)
    #expect(summary.verdicts.filter { $0.value > 0 } == counts)
  }

  @Test(arguments: [StudyArm.Strategy.regularizedEvolution, .bohb, .mapElites, .llmaticOperators])
  func aRunThatBreaksAnywhereEndsAsAnUnbrokenOne(_ strategy: StudyArm.Strategy) async throws {
    let configuration = try Self.configuration(strategy)
    let whole = AtomicLog()
    _ = try await Self.run(configuration, log: whole)
    let generations = try await whole.generations().count
    #expect(generations >= 4)
    for writes in 0..<generations {
      let broken = AtomicLog(breakingAfter: writes)
      await #expect(throws: SearchError.self) { try await Self.run(configuration, log: broken) }
      broken.mend()
      _ = try await Self.run(configuration, log: broken)
      #expect(try await broken.candidates() == whole.candidates())
      #expect(try await broken.generations() == whole.generations())
    }
  }

  @Test(arguments: [StudyArm.Strategy.genetic, .hyperband, .collm, .llmatic])
  func aLargerBudgetGoesOnAsIfItHadBeenSoFromTheBeginning(_ strategy: StudyArm.Strategy) async throws {
    let model = SingleStandIn(Self.vocabulary)
    let log = AtomicLog()
    for evaluations in [7, 22, 60] {
      let summary = try await Self.run(
        Self.configuration(strategy, evaluations: evaluations), log: log, model: model)
      #expect(summary.end == .completed)
    }
    let once = AtomicLog()
    _ = try await Self.run(Self.configuration(strategy), log: once, model: model)
    func found(_ log: AtomicLog) async throws -> [CandidateRecord] {
      try await log.candidates().map { record in
        var record = record
        // Where generations end depends on when the run was left.
        (record.generation, record.index) = (0, 0)
        return record
      }
    }
    #expect(try await found(log) == found(once))
    #expect(try await log.generations().last?.networks == once.generations().last?.networks)
    // With less than it has had it does not go on.
    await #expect(throws: SearchError.self) {
      try await Self.run(Self.configuration(strategy, evaluations: 8), log: log, model: model)
    }
  }

  @Test func exchangesAreKeptAndNotAskedForAgain() async throws {
    let configuration = try Self.configuration(.collm)
    let model = WatchedModel(SingleStandIn(Self.vocabulary))
    let whole = AtomicLog()
    _ = try await Self.run(configuration, log: whole, model: model)
    let kept = whole.exchanges
    #expect(kept.count == model.exchanges.count && kept.count > 4)
    let records = try await whole.candidates()
    let numbers = Set(records.map(\.id))
    #expect(whole.candidatesOfExchanges.isSubset(of: numbers))
    for record in records {
      #expect(record.origin.author == .languageModel && record.origin.step == .model)
      let exchange = try #require(record.origin.exchange.flatMap { kept[$0] })
      guard case .reply(let reply) = exchange.outcome else {
        Issue.record("no reply")
        continue
      }
      // The Generator's reply has the architecture in it.
      let cell = try NASBench201Space().genotype(from: try #require(record.source))
      let readings = Self.vocabulary.readings(in: reply.content)
      #expect(readings.contains(.options(NASBench201Space().options(of: cell))))
    }
    // Gone through again with the log alone, by a model that nobody may ask.
    let silent = RecordedModel(identity: model.identity, recording: "nothing", outcomes: [])
    var again = try configuration.spaceRun(
      Cells(), imagesPerUnit: 100, models: StudyModels(prompts: Toy.prompts(), model: silent), log: whole)
    for generation in try await whole.generations() {
      let size = records.count { $0.generation == generation.number }
      let found = try #require(try await again.next(size: size))
      #expect(found.generation == generation)
      #expect(found.records == records.filter { $0.generation == generation.number })
    }
    // Broken off in the middle of an iteration, nothing is paid for twice.
    for writes in [1, 2, 3, 6, 7] {
      let asked = WatchedModel(SingleStandIn(Self.vocabulary))
      let log = AtomicLog(breakingAfter: writes)
      await #expect(throws: SearchError.self) { try await Self.run(configuration, log: log, model: asked) }
      log.mend()
      _ = try await Self.run(configuration, log: log, model: asked)
      #expect(try await log.candidates() == records && log.exchanges.keys == kept.keys)
      // The one whose record was lost was asked for once more at most.
      #expect(asked.exchanges.count <= kept.count + 1)
    }
  }

  @Test func anotherSeedsLogIsRefused() async throws {
    let log = AtomicLog()
    var configuration = try Self.configuration(.genetic)
    _ = try await Self.run(configuration, log: log)
    configuration.seed = 6
    await #expect(throws: SearchError.self) { try await Self.run(configuration, log: log) }
  }
}
