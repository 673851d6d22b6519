import LanguageModels
import QualityDiversity
import Synchronization
import Testing
import TorchFrontend

@testable import Search

@Suite("The search engine, end to end")
struct SearchEngineTests {
  private let strategy: LLMatic

  init() throws { strategy = try ToyRun.strategy(Toy.configuration()) }

  /// The log of an undisturbed run, which others are held against.
  private func undisturbed() async throws -> MemoryLog {
    let log = MemoryLog()
    _ = try await ToyRun().run(strategy, model: ScriptedModel(), log: log)
    return log
  }

  @Test("Every kind of answer is counted as what it is, and nothing is paid for twice")
  func verdicts() async throws {
    let log = MemoryLog()
    let model = ScriptedModel()
    let run = ToyRun()
    let summary = try await run.run(strategy, model: model, log: log)
    let now = log.now

    #expect(summary.end == .completed)
    #expect(summary.generations == 4)
    #expect(now.generations.map(\.number) == [1, 2, 3, 4])
    #expect(now.candidates.keys.sorted() == Array(0...20))
    #expect(now.repeatedCandidates.isEmpty && now.repeatedExchanges.isEmpty)
    #expect(model.keys.count == 20 && Set(model.keys).count == 20)

    var byHash: [String: Int] = [:]
    var expected: [Verdict.Status: Int] = [:]
    for id in 1...20 {
      let record = try #require(now.candidates[id])
      let key = try #require(record.origin.exchange)
      #expect(record.origin.author == .languageModel)
      #expect(record.origin.form == .wholeProgram)
      #expect(now.exchanges[key] != nil)
      switch ScriptedModel.kind(key) {
      case .noCode:
        #expect(record.verdict.status == .refused)
        #expect(record.verdict.reason == "The model's reply holds no program with a class.")
        #expect(record.source == nil)
      case .broken:
        #expect(record.verdict.status == .refused)
        #expect(record.verdict.reason?.isEmpty == false)
        #expect(record.source != nil && record.fitness == nil)
      case .timeout:
        #expect(record.verdict.status == .refused)
        #expect(record.verdict.reason?.contains("did not answer within") == true)
      case .program, .repetition:
        let description = try #require(record.description)
        let fitness = try #require(record.fitness)
        #expect((0...1).contains(fitness))
        #expect(record.measures?.count == 2)
        if let twin = byHash[description.hash] {
          #expect(record.verdict.status == .duplicate)
          #expect(record.verdict.twin == twin)
          let original = try #require(now.candidates[twin])
          #expect(record.fitness == original.fitness)
          #expect(record.measures == original.measures)
          #expect(record.evaluation == original.evaluation)
        } else {
          byHash[description.hash] = id
          #expect(record.verdict.status == .valid)
          #expect(record.evaluation?.imagesSeen == 120)
        }
      }
      expected[record.verdict.status, default: 0] += 1
    }
    #expect(summary.verdicts == expected)
    // The script is such that every kind comes up, or the test would say little.
    #expect(Set(model.keys.map(ScriptedModel.kind)) == Set(ScriptedModel.Kind.allCases))
    #expect(expected[.duplicate, default: 0] > 0)
    #expect(run.events.trained == Set(byHash.values))
    #expect(Set(now.weights.keys) == Set(now.generations[3].networks.map(\.candidate)))
    #expect(run.events.finished.sorted() == Array(1...20))
  }

  @Test("An initial network that is too large is told before there is a run")
  func refusedInitialNetwork() throws {
    var configuration = Toy.configuration()
    let prompts = try PromptLibrary(folder: Toy.promptsFolder)
    try SearchEngine.checkInitialNetwork(of: configuration, data: Toy.data, prompts: prompts)
    configuration.limits.macs = 1
    let error = #expect(throws: SearchError.self) {
      try SearchEngine.checkInitialNetwork(of: configuration, data: Toy.data, prompts: prompts)
    }
    #expect(error?.description.contains("limits.macs is 1") == true, "\(error?.description ?? "")")
  }

  @Test("The initial network is a person's work: described, never trained, nobody's twin")
  func initialNetwork() async throws {
    let log = try await undisturbed()
    let first = try #require(log.now.candidates[0])
    #expect(first.generation == 0 && first.origin.author == .person && first.origin.parents.isEmpty)
    #expect(first.origin.prompt == nil && first.origin.temperature == nil)
    #expect(first.verdict.status == .valid && first.fitness == nil && first.evaluation == nil)
    // One 1×1 convolution and one dense layer from 64 to 4.
    #expect(first.description?.parameters == 2 + 260)
    #expect(first.description?.macs == 64 + 256)

    // A model that says the initial network again has it trained, once.
    let copies = ScriptedModel { (_, _) throws(ChatFailure) in first.source.map { "```\n\($0)```" } ?? "" }
    let copyLog = MemoryLog()
    let run = ToyRun(configuration: Toy.configuration(generations: 1))
    _ = try await run.run(strategy, model: copies, log: copyLog)
    #expect(run.events.trained == [1])
    #expect((1...5).map { copyLog.now.candidates[$0]?.verdict.twin } == [nil, 1, 1, 1, 1])
  }

  @Test(
    "Neither threads nor the order of replies decide anything", arguments: [(1, 1), (2, 1), (1, 4), (2, 5)])
  func determinism(workers: Int, drafts: Int) async throws {
    let expected = try await undisturbed().now
    let log = MemoryLog()
    let run = ToyRun(draftsAtOnce: drafts, workers: workers)
    _ = try await run.run(strategy, model: ScriptedModel(isSlow: drafts > 1), log: log)
    #expect(log.now.generations == expected.generations)
    #expect(log.now.repeatable == expected.repeatable)
    #expect(log.now.weights == expected.weights)
    #expect(log.now.exchanges.keys == expected.exchanges.keys)
  }

  @Test("Another seed gives another run")
  func seeds() async throws {
    let expected = try await undisturbed().now
    var run = ToyRun()
    run.configuration.seed = 12
    let log = MemoryLog()
    _ = try await run.run(ToyRun.strategy(run.configuration), model: ScriptedModel(), log: log)
    #expect(log.now.generations != expected.generations)
  }

  @Test("A run killed at any write goes on as if nothing had happened")
  func resumeAfterEveryWrite() async throws {
    let complete = try await undisturbed().now
    let writes = complete.writes
    #expect(writes == 20 + 21 + 4)
    for survived in 0..<writes {
      let log = MemoryLog().copy(breakingAfter: survived)
      await #expect(throws: SearchError(MemoryLog.failure.description)) {
        _ = try await ToyRun(draftsAtOnce: 2).run(strategy, model: ScriptedModel(), log: log)
      }
      let before = log.now
      #expect(before.writes == survived)

      let resumed = log.copy()
      let run = ToyRun(draftsAtOnce: 2)
      let model = ScriptedModel()
      let summary = try await run.run(strategy, model: model, log: resumed)
      let after = resumed.now
      #expect(summary.end == .completed, "after \(survived) writes")
      #expect(after.generations == complete.generations, "after \(survived) writes")
      #expect(after.repeatable == complete.repeatable, "after \(survived) writes")
      #expect(after.weights == complete.weights, "after \(survived) writes")
      #expect(after.repeatedCandidates.isEmpty && after.repeatedExchanges.isEmpty)
      #expect(run.events.trained.isDisjoint(with: before.candidates.keys), "nothing stored is trained again")
      #expect(Set(model.keys).isDisjoint(with: before.exchanges.keys), "nothing stored is asked again")
      #expect(model.keys.count == Set(model.keys).count)
    }
  }

  @Test("A run that is stopped anywhere can be resumed", arguments: [1, 4, 7, 11, 14])
  func stopAndResume(stopAfter: Int) async throws {
    let complete = try await undisturbed().now
    let log = MemoryLog()
    let finished = Mutex(0)
    var run = ToyRun(draftsAtOnce: 2)
    run.onEvent = { [stop = run.stop] event in
      guard case .candidateFinished = event else { return }
      let count = finished.withLock { count in
        count += 1
        return count
      }
      if count == stopAfter { stop.raise() }
    }
    let stopped = try await run.run(strategy, model: ScriptedModel(isSlow: true), log: log)
    #expect(stopped.end == .stopped)
    #expect(stopped.generations < 4)
    let before = log.now
    #expect(before.candidates.count > stopAfter && before.candidates.count < 21)

    let again = ToyRun()
    let resumed = log.copy()
    let summary = try await again.run(strategy, model: ScriptedModel(), log: resumed)
    #expect(summary.end == .completed)
    #expect(resumed.now.generations == complete.generations)
    #expect(resumed.now.repeatable == complete.repeatable)
    #expect(again.events.trained.isDisjoint(with: before.candidates.keys))
    #expect(
      again.events.notices
        == (before.generations.isEmpty ? [] : ["resuming after generation \(before.generations.count)"]))
  }

  @Test("A stop in the midst of a training ends it and stores nothing of it")
  func stopDuringTraining() async throws {
    var run = ToyRun(workers: 1)
    let atStop = Mutex<Int?>(nil)
    run.onEvent = { [stop = run.stop] event in
      guard case .trainingAdvanced(let candidate, _) = event else { return }
      atStop.withLock { $0 = $0 ?? candidate }
      stop.raise()
    }
    let log = MemoryLog()
    let summary = try await run.run(strategy, model: ScriptedModel(), log: log)
    #expect(summary.end == .stopped && summary.generations == 0)
    let candidate = try #require(atStop.withLock { $0 })
    #expect(log.now.candidates[candidate] == nil)
  }

  @Test("A run that is out of time ends between generations, and goes on as if nothing had happened")
  func outOfTime() async throws {
    let complete = try await undisturbed().now
    let log = MemoryLog()
    var hasty = ToyRun()
    hasty.configuration.search.minutes = 1e-7
    let summary = try await hasty.run(strategy, model: ScriptedModel(), log: log)
    #expect(summary.end == .outOfTime && summary.generations < 4)
    #expect(log.now.generations == Array(complete.generations.prefix(summary.generations)))
    let resumed = log.copy()
    var patient = ToyRun()
    patient.configuration.search.minutes = 10
    #expect(try await patient.run(strategy, model: ScriptedModel(), log: resumed).end == .completed)
    #expect(resumed.now.generations == complete.generations)
  }

  @Test("A flag that is raised beforehand stops a run before it asks anybody")
  func stoppedFromTheBeginning() async throws {
    let run = ToyRun()
    run.stop.raise()
    let model = ScriptedModel()
    let summary = try await run.run(strategy, model: model, log: MemoryLog())
    #expect(summary.end == .stopped && summary.generations == 0 && model.keys.isEmpty)
  }

  @Test("A failure that every request will meet stops the run with its sentence; it can be resumed")
  func fatalFailure() async throws {
    let complete = try await undisturbed().now
    let failure = ChatFailure.authenticationRefused(
      endpoint: "http://127.0.0.1:9/v1", status: 401, detail: "")
    let count = Mutex(0)
    let model = ScriptedModel { (_, key) throws(ChatFailure) in
      let number = count.withLock { count in
        count += 1
        return count
      }
      if number > 8 { throw failure }
      return try ScriptedModel.mixture(key)
    }
    let log = MemoryLog()
    await #expect(throws: SearchError(failure.description)) {
      _ = try await ToyRun(draftsAtOnce: 3).run(strategy, model: model, log: log)
    }
    let before = log.now
    #expect(before.generations.count == 1)
    #expect(before.exchanges.count == 8, "the failure itself is not recorded, so it is tried again")
    #expect(before.candidates.keys.contains(8), "what was answered before is still trained and stored")

    let resumed = log.copy()
    let again = ScriptedModel()
    _ = try await ToyRun().run(strategy, model: again, log: resumed)
    #expect(resumed.now.generations == complete.generations)
    #expect(again.keys.count == 12)
  }

  @Test("A run in which nothing becomes a network gives up with the last reason")
  func barren() async throws {
    try await expectBarren(rewriterShare: 0)
  }

  @Test("The rewriter's networks do not hide that the model writes none")
  func barrenBesideTheRewriter() async throws {
    try await expectBarren(rewriterShare: 0.3)
  }

  private func expectBarren(rewriterShare: Double) async throws {
    var run = ToyRun()
    run.configuration.search.rewriterShare = rewriterShare
    let strategy = try ToyRun.strategy(run.configuration)
    let model = ScriptedModel { (_, _) throws(ChatFailure) in "Let us talk about the weather." }
    let log = MemoryLog()
    await #expect(
      throws: SearchError(
        "For 3 generations none of the candidates that the language model wrote became a trained network, the last one "
          + "because: The model's reply holds no program with a class. All is kept in the run's file; try another model or form (see 'model:' in the "
          + "configuration).")
    ) { _ = try await run.run(strategy, model: model, log: log) }
    #expect(log.now.generations.count == 3, "patience is three generations")
  }

  @Test("A log without a candidate that it says is finished is refused")
  func missingCandidate() async throws {
    let log = try await undisturbed()
    log.change {
      $0.candidates[7] = nil
      $0.generations.removeLast()
    }
    await #expect(
      throws: SearchError(
        "The run's file lacks candidate 7 of generation 2, which it says is finished; the file is damaged, so begin "
          + "a new run.")
    ) { _ = try await ToyRun().run(strategy, model: ScriptedModel(), log: log) }
  }

  @Test("A log whose archives are not what its candidates give is refused")
  func alteredArchive() async throws {
    let complete = try await undisturbed()
    let elite = try #require(complete.now.generations[2].networks.first?.candidate)
    let alterations: [@Sendable (inout MemoryLog.Content) -> Void] = [
      { $0.generations[2].networks.removeFirst() },
      { $0.generations[2].networks[0].fitness += 0.001 },
      { $0.generations[2].prompts[0].individual.curiosity += 1 },
      { $0.generations[2].statistics = $0.generations[0].statistics },
      { $0.candidates[elite]?.fitness = 0 },
      { $0.candidates[elite]?.measures = [1, 100] },
    ]
    for alteration in alterations {
      let log = complete.copy()
      log.change(alteration)
      let error = await #expect(throws: SearchError.self) {
        _ = try await ToyRun().run(strategy, model: ScriptedModel(), log: log)
      }
      let sentence =
        "is not the one its candidates give; the file or its configuration was changed, or another version"
      #expect(error?.description.contains(sentence) == true)
    }
    // A generation that is missing in the middle shows as well.
    let gap = complete.copy()
    gap.change { _ = $0.generations.remove(at: 1) }
    await #expect(throws: SearchError.self) {
      _ = try await ToyRun().run(strategy, model: ScriptedModel(), log: gap)
    }
  }

  @Test("A finished run has nothing left to do, and more generations go on from it")
  func completedAndExtended() async throws {
    let complete = try await undisturbed()
    let log = complete.copy()
    let run = ToyRun()
    let model = ScriptedModel()
    let summary = try await run.run(strategy, model: model, log: log)
    #expect(summary.end == .completed && summary.statistics == complete.now.generations[3].statistics)
    #expect(model.keys.isEmpty && run.events.trained.isEmpty && log.now.writes == 0)

    let short = MemoryLog()
    _ = try await ToyRun(configuration: Toy.configuration(generations: 2)).run(
      strategy, model: ScriptedModel(), log: short)
    #expect(short.now.generations == Array(complete.now.generations.prefix(2)))
    let extended = short.copy()
    _ = try await ToyRun().run(strategy, model: ScriptedModel(), log: extended)
    #expect(extended.now.generations == complete.now.generations)
  }
}
