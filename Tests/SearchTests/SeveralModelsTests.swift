import LanguageModels
import Testing

@testable import Search

@Suite("Several models that write a run's networks")
struct SeveralModelsTests {
  @Test("What an entry leaves out is as in 'model', wherever that stands in the file")
  func inheritance() throws {
    let configuration = try ConfigurationReader.read(
      """
      models:
        - {name: small, weight: 3}
        - {provider: anthropic, name: large, retries: 7, headers: ["X-Team: a"]}
      model: {provider: vllm, timeout: 30, endpoint: "http://127.0.0.1:8000/v1", combination: weights}
      """)
    #expect(configuration.models.map(\.provider) == [.vllm, .anthropic])
    #expect(configuration.models.map(\.name) == ["small", "large"])
    #expect(configuration.models.map(\.weight) == [3, 1])
    #expect(configuration.models.map(\.timeout) == [30, 30])
    #expect(configuration.models.map(\.retries) == [2, 7])
    #expect(configuration.models[1].headers == ["X-Team: a"])
    #expect(configuration.model.combination == .weights)
    let again = try ConfigurationReader.read(ConfigurationReader.yaml(for: configuration))
    #expect(again == configuration)
  }

  @Test(
    "What makes no sense is named with its place",
    arguments: [
      ("models:\n  - {nam: x}\n", "Line 2: unknown key 'models[0].nam'; did you mean 'name'?"),
      ("models: {name: x}\n", "'models' (line 1) must be a list, such as [8, 8]."),
      (
        "models: [{name: x, weight: heavy}]\n",
        "'models[0].weight' (line 1) must be a number, not 'heavy'."
      ),
      (
        "models: [{name: x}, {provider: rewriter}]\n",
        "'models[1].provider' is the rewriter, which is no model; 'search.rewriter_share' gives it candidates."
      ),
      (
        "models: [{name: x, weight: 0}]\n", "The weights of 'models' are all 0; give one of them a share."
      ),
      (
        "model: {combination: both}\n",
        "'model.combination' (line 1) must be one of fallback, weights, bandit, not 'both'."
      ),
    ])
  func complaints(yaml: String, expected: String) {
    #expect(complaint(yaml) == expected)
  }

  @Test("A key in an entry's address is refused without repeating it")
  func secrets() {
    let complaint = complaint("models: [{provider: openai, endpoint: 'https://h/v1?key=s3cret'}]\n")
    #expect(complaint?.hasPrefix("'models[0].endpoint' must be an address") == true)
    #expect(complaint?.contains("s3cret") == false)
  }

  private static let discovery = ModelDiscovery(environment: [:], cacheFolders: [])

  private static func configuration(_ combination: String) throws -> RunConfiguration {
    try ConfigurationReader.read(
      """
      model: {provider: openai, endpoint: "http://127.0.0.1:9/v1", combination: \(combination)}
      models: [{name: first}, {name: second, endpoint: "http://127.0.0.1:10/v1"}]
      """)
  }

  @Test("A chain and an ensemble name all that may answer", arguments: ["fallback", "weights", "bandit"])
  func authors(combination: String) async throws {
    let author = try await Author.choose(Self.configuration(combination), discovery: Self.discovery)
    #expect(author.sources.map(\.model) == ["first", "second"])
    #expect(author.sources.map(\.endpoint) == ["http://127.0.0.1:9/v1", "http://127.0.0.1:10/v1"])
    #expect(author.explanation.contains("the configuration names these models"))
    #expect(!author.isRewriterAlone && author.concurrency == 4)
  }

  @Test("Without a key or address the one that is missing is named")
  func missing() async throws {
    var configuration = RunConfiguration()
    configuration.models = [ModelServerSettings()]
    await #expect(throws: SearchError.self) {
      _ = try await Author.choose(configuration, discovery: Self.discovery)
    }
  }

  @Test("A grammar goes with whole programs alone, and only where it is asked for", arguments: [true, false])
  func grammar(isWanted: Bool) async throws {
    var configuration = Toy.configuration(generations: 1, batch: 3)
    configuration.model.form = .program
    configuration.model.grammar = isWanted
    let model = ScriptedModel { (request, key) throws(ChatFailure) in
      #expect((request.grammar != nil) == isWanted)
      #expect(request.grammar?.hasPrefix("root ::= ") != false)
      return try ScriptedModel.mixture(key)
    }
    _ = try await ToyRun(configuration: configuration).run(
      ToyRun.strategy(configuration), model: model, log: MemoryLog())
    #expect(!model.keys.isEmpty)
  }
}
