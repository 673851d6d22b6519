import LanguageModels
import Testing

@testable import Search

@Suite("Budgets of a run")
struct BudgetTests {
  private static func trained(_ log: MemoryLog) -> Int {
    log.now.candidates.values.count { $0.evaluation != nil && $0.verdict.status != .duplicate }
  }

  @Test(
    "Evaluations are counted exactly, and a larger budget goes on to what an unlimited run gives",
    arguments: 1..<7)
  func evaluations(limit: Int) async throws {
    let unlimited = MemoryLog()
    let strategy = try ToyRun.strategy(Toy.configuration())
    _ = try await ToyRun().run(strategy, model: ScriptedModel(), log: unlimited)
    let all = Self.trained(unlimited)
    #expect(all > 6)

    var run = ToyRun(draftsAtOnce: 3)
    run.configuration.budget.evaluations = limit
    let log = MemoryLog()
    let summary = try await run.run(strategy, model: ScriptedModel(), log: log)
    #expect(summary.end == .outOfBudget)
    #expect(summary.reason == "The budget of \(limit) evaluations is used up (budget.evaluations).")
    #expect(Self.trained(log) == limit)
    #expect(summary.generations == log.now.generations.count)
    #expect(log.now.generations == Array(unlimited.now.generations.prefix(log.now.generations.count)))

    run.configuration.budget.evaluations = all
    let end = try await run.run(strategy, model: ScriptedModel(), log: log)
    #expect(end.end == .completed && log.now.generations == unlimited.now.generations)
  }

  @Test("Half and four fifths of what may be trained are told, each once, also by a resumed run")
  func marks() async throws {
    var run = ToyRun()
    run.configuration.budget.evaluations = 8
    run.configuration.budget.trainingSeconds = 1e9
    let log = MemoryLog()
    _ = try await run.run(try ToyRun.strategy(Toy.configuration()), model: ScriptedModel(), log: log)
    var spent = 0
    var expected: [String] = []
    var left = [50, 80]
    for generation in 1...log.now.generations.count {
      spent += log.now.candidates.values.count {
        $0.generation == generation && $0.evaluation != nil && $0.verdict.status != .duplicate
      }
      let new = left.filter { 100 * spent >= 8 * $0 }
      left.removeAll(where: new.contains)
      if let last = new.last {
        expected.append("\(last) % of the budget of evaluations is used: \(spent) of 8")
      }
    }
    #expect(!expected.isEmpty && run.events.notices == expected)
    // What was told is not told again.
    let known = KnownCandidates(Array(log.now.candidates.values))
    var marks = BudgetMarks(run.configuration.budget, known: known)
    #expect(marks.passed(known).isEmpty)
    var seconds = BudgetSettings()
    seconds.trainingSeconds = 1e-9
    marks = BudgetMarks(seconds, known: KnownCandidates([]))
    #expect(marks.passed(known).map { $0.prefix(44) } == ["80 % of the budget of seconds of training is"])
    #expect(marks.passed(known).isEmpty)
  }

  @Test("A network that training could not even begin with has used its evaluation, also for a resumed run")
  func untrainable() async throws {
    var run = ToyRun()
    run.configuration.budget.evaluations = 2
    let strategy = try ToyRun.strategy(Toy.configuration())
    let log = MemoryLog()
    _ = try await run.run(strategy, model: ScriptedModel(), log: log)
    #expect(log.now.generations.isEmpty && Self.trained(log) == 2)
    log.change { content in
      for (id, record) in content.candidates where record.evaluation != nil {
        content.candidates[id]?.evaluation = nil
        content.candidates[id]?.fitness = nil
        content.candidates[id]?.verdict.status = .untrainable
      }
    }
    let resumed = ToyRun(configuration: run.configuration)
    let summary = try await resumed.run(strategy, model: ScriptedModel(), log: log)
    #expect(summary.end == .outOfBudget && resumed.events.trained.isEmpty)
  }

  @Test("A budget of calls ends the run cleanly after so many requests")
  func calls() async throws {
    let model = ScriptedModel()
    let limited = BudgetedModel(model, budget: ChatBudget(calls: 7))
    let log = MemoryLog()
    let summary = try await ToyRun().run(
      ToyRun.strategy(Toy.configuration()), chat: limited, log: log)
    #expect(summary.end == .outOfBudget && summary.generations == 1)
    #expect(model.keys.count == 7 && log.now.exchanges.count == 7)
    let spent = ChatSpending(Array(log.now.exchanges.values))
    #expect(spent.calls == 7)
    let replies = log.now.exchanges.values.count { if case .reply = $0.outcome { true } else { false } }
    #expect(spent.promptTokens == 100 * replies && spent.completionTokens == 50 * replies)
  }

  @Test(
    "What was not recorded stops a strict replay, and costs a candidate otherwise", arguments: [true, false])
  func replay(isStrict: Bool) async throws {
    let original = MemoryLog()
    let strategy = try ToyRun.strategy(Toy.configuration())
    _ = try await ToyRun().run(strategy, model: ScriptedModel(), log: original)
    let exchanges = original.now.exchanges.values.sorted { $0.key < $1.key }
    let recorded = RecordedModel(
      identity: exchanges[0].identity, recording: "toy", exchanges: Array(exchanges.dropLast()))
    let log = MemoryLog()
    var run = ToyRun()
    run.stopsAtUnknown = isStrict
    guard !isStrict else {
      await #expect(throws: SearchError.self) {
        _ = try await run.run(strategy, chat: recorded, log: log)
      }
      return
    }
    let summary = try await run.run(strategy, chat: recorded, log: log)
    #expect(summary.end == .completed)
    let lost = log.now.candidates.values.filter { $0.origin.exchange == exchanges.last?.key }
    #expect(lost.map(\.verdict.status) == [.refused])
    #expect(lost.first?.verdict.reason?.contains("toy") == true)
  }
}
