import Foundation
import LanguageModels
import RandomStreams
import SearchSpaces
import Testing

@testable import Search

/// A model of its own for the Navigator, the Generator and whoever else asks.
@Suite("A model per role") struct ModelRoleTests {
  private static let file = """
    space: {name: nas-bench-201, search: {strategy: collm, deduplicate: genotype, candidates: 6}}
    seed: 5
    budget: {evaluations: 40}
    model: {provider: openai, endpoint: "http://127.0.0.1:9/v1", name: other, timeout: 30}
    models:

    """
  private static let generator = "  - {role: generator, name: small, endpoint: \"http://127.0.0.1:10/v1\"}\n"
  private static let navigator = "  - {role: navigator, name: large}\n"

  // MARK: What a file says

  @Test("Each role has a model, and what none is for does the model of the run")
  func roles() async throws {
    let both = try ConfigurationReader.read(Self.file + Self.generator + Self.navigator)
    #expect(both.models.map(\.role) == [.generator, .navigator] && both.models.map(\.timeout) == [30, 30])
    #expect(try ConfigurationReader.read(ConfigurationReader.yaml(for: both)) == both)
    let roles = try #require(both.modelRoles)
    #expect(roles.servers.map(\.name) == ["large", "small"])
    #expect(roles.recipient(of: .navigator) == 0 && roles.recipient(of: .generator) == 1)
    let author = try await Author.choose(
      both, roles: roles, discovery: ModelDiscovery(environment: [:], cacheFolders: []))
    #expect(author.sources.map(\.model) == ["large", "small"])
    #expect(author.sources.map(\.endpoint) == ["http://127.0.0.1:9/v1", "http://127.0.0.1:10/v1"])

    let one = try #require(try ConfigurationReader.read(Self.file + Self.navigator).modelRoles)
    #expect(one.servers.map(\.name) == ["large", "other"])
    #expect(one.recipient(of: .generator) == 1 && one.recipient(of: .any) == 1)
    let plain = try ConfigurationReader.read(Self.file + "  - {name: large}\n")
    #expect(plain.modelRoles == nil && plain.models.map(\.role) == [.any])
    // A run of an earlier version says nothing of roles.
    var object = try #require(
      try JSONSerialization.jsonObject(with: JSONEncoder().encode(plain.models[0])) as? [String: Any])
    object["role"] = nil
    let old = try JSONDecoder().decode(
      ModelServerSettings.self, from: JSONSerialization.data(withJSONObject: object))
    #expect(old == plain.models[0])
  }

  @Test(
    "What makes no sense is named",
    arguments: [
      (
        "models: [{name: x, role: navigator}]\n",
        "'models[0].role' is navigator, but only the strategy collm has such a role."
      ),
      (
        file + navigator + navigator,
        "'models' names two models of the role navigator; where models have roles, each has one."
      ),
      (
        file.replacing("timeout: 30", with: "combination: weights") + navigator,
        "'model.combination' says nothing where 'models' have roles."
      ),
      (
        file + "  - {role: boss}\n",
        "'models[0].role' (line 6) must be one of navigator, generator, any, not 'boss'."
      ),
    ])
  func complaints(yaml: String, expected: String) {
    #expect(complaint(yaml) == expected)
    let study = "models: [{name: x, role: generator}]\narms: [{strategy: random}]"
    let error = #expect(throws: ConfigurationError.self) { try StudyReader.read(study) }
    #expect(error?.description.contains("only the strategy collm") == true)
  }

  // MARK: Searches

  /// A stand-in by another name, whose replies cost something.
  private struct Named: ChatModel {
    let name: String
    let inner: any ChatModel
    var identity: ModelIdentity { ModelIdentity(provider: "scripted", model: name) }

    func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
      var reply = try await inner.reply(to: request)
      reply.usage = TokenUsage(promptTokens: 1000, completionTokens: 100)
      reply.isUsageReported = true
      return reply
    }
  }

  private static let vocabulary = SpaceVocabulary(NASBench201Space().choices, stream: RandomStream(seed: 1))
  private static let prices = PriceTable(
    prices: [("large", 5), ("small", 1)].map { name, dollars in
      ModelPrice(
        model: name, from: "2020-01-01", input: Money(picodollars: dollars * 1_000_000),
        output: Money(picodollars: dollars * 4_000_000))
    })

  /// Models that can do anything, watched, and all of them as one.
  private static func models(
    _ names: [String], _ vocabulary: SpaceVocabulary = vocabulary
  ) throws -> (watched: [WatchedModel], together: EnsembleModel) {
    let watched = names.map { WatchedModel(Named(name: $0, inner: SingleStandIn(vocabulary))) }
    let chooser = try WeightedChooser(weights: names.map { _ in 1 })
    return (watched, try EnsembleModel(watched, chooser: chooser))
  }

  private static func run(
    _ configuration: RunConfiguration, _ model: any ChatModel, log: any RunLog
  ) async throws -> SearchSummary {
    let run = try configuration.spaceRun(
      CellEvaluator(), imagesPerUnit: 100, models: StudyModels(prompts: Toy.prompts(), model: model),
      log: log,
      prices: prices)
    return try await SpaceEngine(run, configuration: configuration, log: log, stop: StopFlag()) { _ in }.run()
  }

  @Test("Each is asked for its own alone, and what it said and cost is kept apart")
  func exchangesOfARun() async throws {
    let configuration = try ConfigurationReader.read(Self.file + Self.generator + Self.navigator)
    let (watched, together) = try Self.models(["large", "small"])
    let log = AtomicLog()
    _ = try await Self.run(configuration, together, log: log)
    let (large, small) = (watched[0].exchanges, watched[1].exchanges)
    #expect(large.count > 3 && small.count > 3 && large.count + small.count == log.exchanges.count)
    // Architectures are asked for with a schema, strategies without.
    #expect(large.allSatisfy { $0.request.responseSchema == nil })
    #expect(small.allSatisfy { $0.request.responseSchema != nil })
    for exchange in log.exchanges.values {
      guard case .reply(let reply) = exchange.outcome else {
        Issue.record("no reply")
        continue
      }
      let isGenerator = exchange.request.responseSchema != nil
      #expect(reply.source?.model == (isGenerator ? "small" : "large"))
      // 1000 tokens in, 100 out at four times the price.
      #expect(exchange.cost == Money(picodollars: 1_400_000_000 * (isGenerator ? 1 : 5)))
    }
    // The record is enough, whoever answered.
    let records = try await log.candidates()
    let replaying = Author.replaying(
      Array(log.exchanges.values), settings: configuration.model, name: "recorded", isStrict: true)
    let again = AtomicLog()
    _ = try await Self.run(configuration, try #require(replaying.model), log: again)
    #expect(try await again.candidates() == records && again.exchanges.keys == log.exchanges.keys)
    // A limit holds for both together.
    let (few, limited) = try Self.models(["large", "small"])
    let summary = try await Self.run(
      configuration, BudgetedModel(limited, budget: ChatBudget(calls: 5)), log: AtomicLog())
    #expect(summary.end == .outOfBudget && few.map(\.exchanges.count) == [3, 2])
  }

  @Test("The arms of a study ask their own, and other roles are other searches")
  func study() async throws {
    func study(_ roles: [String], arms: [String]) throws -> StudyConfiguration {
      let models = roles.map { "{name: \($0 == "any" ? "b" : "a"), role: \($0)}" }.joined(separator: ", ")
      let list = arms.map { "{strategy: \($0), deduplicate: genotype}" }.joined(separator: ", ")
      var study = try StudyReader.read(
        """
        seeds: 1
        budgets: [20]
        models: [\(models)]
        model: {name: rest}
        arms: [\(list)]
        archive: {descriptors: [{name: cost, lower: 0, upper: 15, bins: 5}]}
        """)
      study.data = ["toy"]
      return study
    }
    let table = try ToySpace.table()
    let values = table.genotypes.map(ToySpace.value)
    let task = try StudyTask(name: "toy", evaluator: table, validation: values, test: values)
    let vocabulary = SpaceVocabulary(ToySpace().choices, stream: RandomStream(seed: 1))
    func run(
      _ study: StudyConfiguration, _ model: any ChatModel, log: StudyLog
    ) async throws -> [StudyCell] {
      let models = StudyModels(prompts: try Toy.prompts(), model: model)
      return try await StudyRunner(study, tasks: [task], tableHash: "toy", models: models)
        .run(log: log, workers: 1).cells
    }
    let three = try study(["navigator", "generator"], arms: ["collm", "single-model", "model-optimizer"])
    #expect(three.modelRoles?.servers.map(\.name) == ["a", "a", "rest"])
    let (watched, together) = try Self.models(["first", "second", "rest"], vocabulary)
    #expect(try await run(three, together, log: StudyLog()).count == 3)
    #expect(watched.allSatisfy { !$0.exchanges.isEmpty })
    #expect(watched[0].exchanges.allSatisfy { $0.request.responseSchema == nil })
    #expect(watched[1].exchanges.allSatisfy { $0.request.responseSchema != nil })
    #expect(Set(watched[2].exchanges.map { $0.request.responseSchema == nil }) == [true, false])
    // The same two models with their roles changed find nothing of the others' searches.
    let log = StudyLog()
    for (count, role) in ["navigator", "generator", "navigator"].enumerated() {
      let (pair, together) = try Self.models(["a", "b"], vocabulary)
      _ = try await run(study([role, "any"], arms: ["collm"]), together, log: log)
      #expect(pair[0].exchanges.isEmpty == (count == 2) && log.cells.count == min(2, count + 1))
    }
  }
}
