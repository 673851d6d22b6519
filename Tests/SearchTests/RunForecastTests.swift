import LanguageModels
import Testing

@testable import Search

@Suite("What a run will take")
struct RunForecastTests {
  private func forecast(
    _ configuration: RunConfiguration, model: ScriptedModel? = nil, history: ForecastHistory = .init(),
    prices: PriceTable = PriceTable()
  ) async throws -> RunForecast {
    let author = try await Author.choose(
      {
        var rewriter = configuration
        rewriter.model.provider = .rewriter
        return rewriter
      }())
    return try await RunForecaster(
      configuration: configuration, data: Toy.data, prompts: Toy.prompts(),
      author: model.map { author.asking($0) } ?? author, workers: 2
    ).forecast(history: history, prices: prices)
  }

  private func isOrdered(_ interval: RunForecast.Interval?) -> Bool {
    guard let interval else { return false }
    return 0 <= interval.lower && interval.lower <= interval.expected && interval.expected <= interval.upper
  }

  @Test("The rewriter's run: nothing is asked, and what it took lies within")
  func rewriter() async throws {
    let configuration = Toy.configuration(generations: 6, batch: 10)
    let told = try await forecast(configuration)
    #expect(told.candidates == 60 && told.chat == nil && told.limits.isEmpty)
    #expect(told.basis.sampleNetworks > 3 && told.basis.earlierCandidates == 0)
    #expect(isOrdered(told.evaluations) && isOrdered(told.trainingSeconds) && isOrdered(told.minutes))
    #expect(told.trainingSeconds.expected > 0)

    let log = MemoryLog()
    _ = try await ToyRun(configuration: configuration).run(
      try ToyRun.strategy(configuration, isRewriterAlone: true), model: nil, log: log)
    let trained = log.now.candidates.values.filter {
      $0.generation > 0 && $0.evaluation != nil && $0.verdict.status != .duplicate
    }
    #expect(Double(trained.count) >= told.evaluations.lower)
    #expect(Double(trained.count) <= told.evaluations.upper)
  }

  @Test("A model's run: as many requests as candidates it writes, without asking it once")
  func model() async throws {
    var configuration = Toy.configuration(generations: 6, batch: 10)
    configuration.search.rewriterShare = 0.25
    configuration.model.form = .program
    let model = ScriptedModel()
    let told = try await forecast(configuration, model: model)
    #expect(model.keys.isEmpty)
    let chat = try #require(told.chat)
    #expect(chat.calls == .init(45) && chat.basis == 0)
    #expect(isOrdered(chat.promptTokens) && isOrdered(chat.completionTokens) && chat.dollars == nil)
    // A prompt holds the system's words, a network and an instruction: 300 to 4000 bytes, at 2 to 5 to a token.
    #expect(chat.promptTokens.expected > 45 * 60 && chat.promptTokens.upper < 45 * 2000)
    #expect(told.minutes == nil)
    #expect(told.evaluations == .init(lower: 0, expected: 30, upper: 60))
  }

  @Test("Rounds of repair and prompts that the model writes count, and what a run took lies within")
  func repairsAndPrompts() async throws {
    var configuration = Toy.configuration(generations: 5, batch: 8)
    configuration.model.form = .program
    let plain = try #require(try await forecast(configuration, model: ScriptedModel()).chat)
    configuration.search.repair = [.heal, .model]
    configuration.search.repairRounds = 2
    configuration.search.promptEvolution = 0.5
    let asked = ScriptedModel()
    let told = try await forecast(configuration, model: asked)
    #expect(asked.keys.isEmpty)
    let chat = try #require(told.chat)
    // 40 for networks; prompts for half of the mutations, which are seven of ten; rounds after half of the replies.
    #expect(chat.calls.lower == 40 && chat.calls.upper == 40 + 20 + 80)
    #expect(abs(chat.calls.expected - (40 + 14 + 30)) < 1e-9)
    #expect(chat.promptTokens.expected > 1.8 * plain.promptTokens.expected)
    #expect(isOrdered(chat.promptTokens) && isOrdered(chat.completionTokens))

    let model = ScriptedModel()
    _ = try await ToyRun(configuration: configuration).run(
      try ToyRun.strategy(configuration), model: model, log: MemoryLog())
    #expect((chat.calls.lower...chat.calls.upper).contains(Double(model.keys.count)))

    // Earlier runs with as many rounds say how many of them it takes.
    var history = ForecastHistory()
    (history.repairable, history.repairRounds) = (200, 100)
    let known = try #require(try await forecast(configuration, model: model, history: history).chat)
    #expect(abs(known.calls.expected - (40 + 14 + 20)) < 1e-9)
    #expect(known.calls.lower > 40 + 15 && known.calls.upper < 40 + 20 + 25)

    configuration.budget.calls = 139
    #expect(
      try await forecast(configuration, model: model).limits == [
        "budget.calls may end the run before its last generation."
      ])
    configuration.budget.calls = 140
    #expect(try await forecast(configuration, model: model).limits.isEmpty)
    // Without the model's turn nothing is sent back.
    configuration.search.repair = [.heal]
    configuration.search.promptEvolution = 0
    #expect(try await forecast(configuration, model: model).chat?.calls == .init(40))
  }

  @Test("Earlier runs go before guesses")
  func history() async throws {
    var configuration = Toy.configuration(generations: 10, batch: 10)
    var history = ForecastHistory()
    (history.proposed, history.evaluated) = (200, 100)
    history.trainingSeconds = (0..<100).map { 1 + Double($0 % 10) }
    let model = ScriptedModel()
    history.exchanges = (0..<20).map { index in
      ChatExchange(
        identity: model.identity,
        request: ChatRequest(messages: [.user(String(repeating: "ab ", count: 100))]),
        outcome: .reply(
          ChatReply(
            content: "x", model: "m", usage: TokenUsage(promptTokens: 100, completionTokens: 40 + index),
            finishReason: "stop", latencySeconds: 2)))
    }
    let prices = PriceTable(prices: [
      ModelPrice(
        model: "scripted-1", from: "2020-01-01", input: Money(picodollars: 1_000_000),
        output: Money(picodollars: 2_000_000))
    ])
    let told = try await forecast(configuration, model: model, history: history, prices: prices)
    #expect(told.basis == .init(earlierCandidates: 200, sampleNetworks: 0, exchanges: 20))
    #expect(told.evaluations.expected == 50)
    // Wilson's interval of 100 of 200.
    #expect(abs(told.evaluations.lower - 43.1) < 0.1 && abs(told.evaluations.upper - 56.9) < 0.1)
    #expect(abs(told.trainingSeconds.expected - 50 * 5.5) < 1e-9)
    #expect(isOrdered(told.minutes))
    let dollars = try #require(told.chat?.dollars)
    let (prompt, reply) = (try #require(told.chat?.promptTokens), try #require(told.chat?.completionTokens))
    #expect(abs(reply.expected - 100 * 49.5) < 1e-6)
    #expect(abs(dollars.expected - (prompt.expected + 2 * reply.expected) * 1e-6) < 1e-9)

    configuration.budget.evaluations = 45
    configuration.budget.dollars = 1e-6
    configuration.budget.calls = 99
    let limited = try await forecast(configuration, model: model, history: history, prices: prices)
    #expect(limited.evaluations.upper == 45)
    #expect(
      limited.limits == [
        "budget.evaluations will probably end the run before its last generation.",
        "budget.dollars will end the run before its last generation.",
        "budget.calls will end the run before its last generation.",
      ])
  }

  @Test("Intervals: Wilson's of a share, and the tenths of values")
  func intervals() {
    let none = RunForecaster.share(0, of: 10, times: 100)
    #expect(none.lower == 0 && none.expected == 0 && abs(none.upper - 27.75) < 0.01)
    let spread = RunForecaster.spread([5, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11])
    #expect(spread == .init(lower: 2, expected: 6, upper: 10))
    #expect(RunForecaster.spread([]) == .init(lower: 0, expected: 0, upper: 0))
  }
}
