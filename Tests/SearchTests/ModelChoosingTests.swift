import Foundation
import LanguageModels
import RandomStreams
import Synchronization
import Testing

@testable import Search

/// A model that writes networks of its own in a share of its replies, talk otherwise, and takes so many tokens.
private struct SomeModel: ChatModel {
  let identity: ModelIdentity
  let share: Double
  let tokens: Int
  let asked = Asked()

  final class Asked: Sendable {
    let keys = Mutex<[String]>([])
  }

  init(_ name: String, share: Double, tokens: Int) {
    identity = ModelIdentity(provider: "scripted", model: name, endpoint: "http://\(name).example/v1")
    (self.share, self.tokens) = (share, tokens)
  }

  func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let key = request.key(model: identity.model)
    asked.keys.withLock { $0.append(key) }
    let number = ScriptedModel.number(key)
    let writes = Double(number % 1000) < 1000 * share
    let hidden = (0...Int((number >> 20) % 3)).map { 4 + Int((number >> (24 + 9 * $0)) % 400) }
    return ChatReply(
      content: writes ? "```python\n\(Toy.program(hidden))```" : "I would rather talk about the weather.",
      model: identity.model, usage: TokenUsage(promptTokens: tokens - 10, completionTokens: 10),
      latencySeconds: 0.25)
  }
}

@Suite("A bandit over several models")
struct ModelChoosingTests {
  private static func configuration(_ value: ModelSettings.BanditValue = .trainable) -> RunConfiguration {
    var run = Toy.configuration(generations: 8, batch: 6)
    run.model.combination = .bandit
    run.model.banditValue = value
    run.model.banditCost = .tokens
    run.models = ["first", "second"].map { name in
      var server = ModelServerSettings()
      server.name = name
      return server
    }
    run.search.exploration = 0.3
    return run
  }

  /// A price in dollars per million tokens.
  private static func price(_ model: String, input: Double, output: Double) throws -> ModelPrice {
    try ModelPrice(
      model: model, from: "2026-01-01", input: #require(Money(dollars: input / 1e6)),
      output: #require(Money(dollars: output / 1e6)))
  }

  private static func search(
    _ models: [SomeModel], _ configuration: RunConfiguration = configuration(), into log: MemoryLog,
    chat: (any ChatModel)? = nil, prices: PriceTable = PriceTable(), draftsAtOnce: Int = 3
  ) async throws {
    let prompts = try Toy.prompts()
    let stream = RandomStream(seed: UInt64(configuration.seed))
    let ensemble = try EnsembleModel(models, chooser: WeightedChooser(weights: models.map { _ in 1 }))
    let writer = ModelWriter(
      model: chat ?? ensemble, form: .wholeProgram, settings: configuration.model,
      search: configuration.search, task: Toy.task, prompts: prompts, log: log, stream: stream,
      prices: prices)
    let engine = try SearchEngine(
      configuration: configuration, data: Toy.data, prompts: prompts, writer: writer, log: log,
      draftsAtOnce: draftsAtOnce, workers: 2, stop: StopFlag(), report: { _ in })
    var plain = configuration
    plain.model = ModelSettings()
    plain.models = []
    let base = try ToyRun.strategy(plain)
    _ = try await engine.run(ModelChoosing(base, configuration: configuration))
  }

  private static func ledger(
    _ log: MemoryLog, _ configuration: RunConfiguration = configuration()
  )
    -> ModelLedger
  {
    ModelLedger(
      configuration,
      candidates: log.now.candidates.values.sorted { $0.id < $1.id }.map(CandidateSummary.init),
      generations: log.now.generations)
  }

  @Test("Of two models at one price the better is asked more, whichever it is", arguments: [0, 1])
  func quality(better: Int) async throws {
    let models = [0, 1].map { SomeModel("model\($0)", share: $0 == better ? 0.9 : 0.1, tokens: 100) }
    let log = MemoryLog()
    try await Self.search(models, into: log)
    let entries = Self.ledger(log).entries
    #expect(entries.map(\.pulls).reduce(0, +) == 48)
    #expect(entries[better].pulls >= 2 * entries[1 - better].pulls)
    #expect(entries[1 - better].pulls >= 3, "the other is tried now and then")
    // Whoever was chosen answered, and nobody else.
    for (place, model) in models.enumerated() {
      let chosen = log.now.candidates.values.filter { $0.origin.request?.model?.model == place }
      #expect(model.asked.keys.withLock { $0.count } == chosen.count)
      for candidate in chosen {
        let exchange = try #require(candidate.origin.exchange.flatMap { log.now.exchanges[$0] })
        guard case .reply(let reply) = exchange.outcome else {
          Issue.record("no reply")
          continue
        }
        #expect(reply.source == model.identity)
      }
    }
  }

  @Test("What is better by half and costs twenty times as much is asked less", arguments: [0, 1])
  func price(dear: Int) async throws {
    let models = [0, 1].map {
      SomeModel("model\($0)", share: $0 == dear ? 0.9 : 0.6, tokens: $0 == dear ? 2000 : 100)
    }
    let log = MemoryLog()
    try await Self.search(models, into: log)
    let entries = Self.ledger(log).entries
    #expect(entries[1 - dear].pulls >= 2 * entries[dear].pulls)
    #expect(entries[dear].meanCost == 2000 && entries[1 - dear].meanCost == 100)
  }

  @Test("Improvements are what holds a niche when its generation is over")
  func improvements() async throws {
    let configuration = Self.configuration(.improvement)
    let log = MemoryLog()
    try await Self.search(
      [SomeModel("a", share: 0.9, tokens: 100), SomeModel("b", share: 0.2, tokens: 100)], configuration,
      into: log)
    let now = log.now
    for (place, entry) in Self.ledger(log, configuration).entries.enumerated() {
      let improvements = now.generations.flatMap { generation in
        generation.networks.filter { cell in
          guard let candidate = now.candidates[cell.candidate] else { return false }
          return candidate.generation == generation.number && candidate.origin.request?.model?.model == place
        }
      }
      #expect(entry.value == Double(improvements.count))
    }
  }

  @Test("A run that is killed anywhere goes on with the same choices, and a strict replay repeats them")
  func resumeAndReplay() async throws {
    let configuration = Self.configuration()
    let models = [SomeModel("a", share: 0.8, tokens: 100), SomeModel("b", share: 0.3, tokens: 50)]
    let complete = MemoryLog()
    try await Self.search(models, configuration, into: complete)
    for survived in [1, 9, 20, 41, 60, 77] {
      let broken = MemoryLog().copy(breakingAfter: survived)
      await #expect(throws: SearchError.self) {
        try await Self.search(models, configuration, into: broken, draftsAtOnce: 2)
      }
      let resumed = broken.copy()
      try await Self.search(models, configuration, into: resumed)
      #expect(resumed.now.repeatable == complete.now.repeatable)
      #expect(resumed.now.generations == complete.now.generations)
      #expect(resumed.now.repeatedExchanges.isEmpty)
    }
    let replayed = MemoryLog()
    let recorded = try #require(complete.now.exchanges.values.first).identity
    try await Self.search(
      models, configuration, into: replayed,
      chat: RecordedModel(
        identity: recorded, recording: "toy", exchanges: Array(complete.now.exchanges.values)))
    #expect(replayed.now.repeatable == complete.now.repeatable)
    #expect(Self.ledger(replayed) == Self.ledger(complete))
  }

  @Test("Costs are dollars, tokens or seconds, of all that a candidate took")
  func units() async throws {
    let prices = PriceTable(prices: [try Self.price("a", input: 2, output: 10)])
    for (unit, expected) in [
      (ModelSettings.BanditCost.dollars, (90 * 2 + 10 * 10) / 1e6), (.tokens, 100), (.seconds, 0.25),
    ] {
      var configuration = Self.configuration()
      configuration.search.generations = 1
      configuration.model.banditCost = unit
      configuration.models.removeLast()
      let log = MemoryLog()
      try await Self.search([SomeModel("a", share: 1, tokens: 100)], configuration, into: log, prices: prices)
      let costs = log.now.candidates.values.compactMap { $0.origin.request?.model?.cost }
      #expect(costs.count == 6)
      #expect(costs.allSatisfy { abs($0 - expected) < 1e-12 })
    }
  }

  @Test("The index is fractional KUBE's, worked out by hand")
  func index() {
    var ledger = ModelLedger(models: 3, worth: .trainable, exploration: 0.5)
    #expect((0..<3).allSatisfy { ledger.index(of: $0) == .infinity })
    for isNew in [true, true, false, true] {
      ledger.learn(ModelUse(model: 0, cost: 40), isElite: false, isNew: isNew)
    }
    for _ in 0..<2 { ledger.learn(ModelUse(model: 1, cost: 10), isElite: true, isNew: false) }
    ledger.learn(ModelUse(model: 2), isElite: false, isNew: true)
    ledger.learn(ModelUse(model: 7, cost: 1), isElite: true, isNew: true)
    let all = log(7.0)
    #expect(abs(ledger.index(of: 0) - (0.75 + 0.5 * (all / 4).squareRoot())) < 1e-12)
    #expect(abs(ledger.index(of: 1) - (0.5 * (all / 2).squareRoot()) / 0.25) < 1e-12)
    #expect(abs(ledger.index(of: 2) - (1 + 0.5 * all.squareRoot())) < 1e-12, "of unknown cost: the dearest")
    // What is under way counts as asked, and with the value so far.
    ledger.ask(0)
    #expect(abs(ledger.index(of: 0) - (0.75 + 0.5 * (log(8.0) / 5).squareRoot())) < 1e-12)
    // One that costs nothing does not win whatever it writes.
    var free = ModelLedger(models: 2, worth: .trainable, exploration: 0)
    free.learn(ModelUse(model: 0, cost: 0), isElite: false, isNew: false)
    free.learn(ModelUse(model: 1, cost: 5), isElite: false, isNew: true)
    var draw = RandomStream(seed: 1)
    #expect(free.choose(using: &draw) == 1)
    free.learn(ModelUse(model: 0, cost: 0), isElite: false, isNew: true)
    #expect(free.index(of: 0) == 0.5 / 0.01)
  }

  @Test("All strategies choose among models where the configuration says so, and only for models' candidates")
  func strategies() throws {
    for kind in SearchSettings.Method.allCases {
      var configuration = Self.configuration()
      configuration.search.strategy = kind
      configuration.search.rewriterShare = 0.5
      let strategy = try configuration.makeStrategy(prompts: Toy.prompts(), isRewriterAlone: false)
      let proposals = try strategy.ask()
      #expect(proposals.allSatisfy { ($0.model == nil) == $0.goesToRewriter })
      #expect(Set(proposals.compactMap(\.model)) == [0, 1])
      #expect(try strategy.ask() == proposals)
      let alone = try configuration.makeStrategy(prompts: Toy.prompts(), isRewriterAlone: true)
      #expect(try alone.ask().allSatisfy { $0.model == nil })
    }
  }

  @Test("Dollars are what counts only where all models have prices above nothing")
  func automaticCost() async throws {
    func cost(_ rows: [ModelPrice]) async throws -> ModelSettings.BanditCost {
      var configuration = Self.configuration()
      for place in configuration.models.indices {
        configuration.models[place].provider = .openai
        configuration.models[place].endpoint = "http://127.0.0.1:\(9 + place)/v1"
      }
      let prices = PriceTable(prices: rows)
      let author = try await Author.choose(
        configuration, discovery: ModelDiscovery(environment: [:], cacheFolders: []))
      var settings = ModelSettings()
      #expect(author.banditCost(settings, prices: prices) != .auto)
      settings.banditCost = .seconds
      #expect(author.banditCost(settings, prices: prices) == .seconds)
      return author.banditCost(ModelSettings(), prices: prices)
    }
    #expect(
      try await cost([
        try Self.price("first", input: 1, output: 1), try Self.price("second", input: 2, output: 2),
      ]) == .dollars)
    #expect(try await cost([try Self.price("first", input: 1, output: 1)]) == .tokens)
    #expect(
      try await cost([
        try Self.price("first", input: 1, output: 1), try Self.price("second", input: 0, output: 0),
      ]) == .tokens)
  }

  @Test("A bandit without several models is refused, and its settings are read and written")
  func settings() throws {
    #expect(
      throws: ConfigurationError(
        "'model.combination' is bandit, which chooses among the models that 'models' lists; list two or more."
      )
    ) { _ = try ConfigurationReader.read("model: {combination: bandit}\nmodels: [{name: a}]\n") }
    let configuration = try ConfigurationReader.read(
      "model: {combination: bandit, bandit_value: trainable, bandit_cost: seconds}\nmodels: [{name: a}, {name: b}]\n"
    )
    #expect(configuration.model.banditValue == .trainable && configuration.model.banditCost == .seconds)
    #expect(try ConfigurationReader.read(ConfigurationReader.yaml(for: configuration)) == configuration)
  }
}
