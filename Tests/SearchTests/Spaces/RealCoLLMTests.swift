import LanguageModels
import RandomStreams
import SearchSpaces
import Testing

@testable import Search

/// The local model as installed in this checkout or where NICHE_CACHE says; nil where it is not.
private let installed: LocalModelInstallation? = {
  guard case .found(let installation) = ModelDiscovery().localInstallation else { return nil }
  return installation
}()

@Suite(
  .enabled(if: installed != nil, "scripts/local-model install was not run"), .timeLimit(.minutes(5)))
struct RealCoLLMTests {
  /// The model's sense is its own affair; that its replies keep to the schema, and that the record repeats the search,
  /// is not.
  @Test func aRealModelTakesBothParts() async throws {
    let model = WatchedModel(try await LocalModel.start(try #require(installed)))
    var run = CoLLMRun(evaluator: CellEvaluator())
    run.evaluations = 3
    run.settings.candidates = 2...2
    run.settings.navigator.maximumTokens = 40
    run.settings.navigator.contextTokens = 4096
    run.settings.generator.maximumTokens = 600
    run.settings.generator.contextTokens = 4096
    let (search, strategy) = try await run(navigator: model, generator: model)
    #expect(strategy.counts.architectures > 0 && strategy.counts.illegal == 0)
    #expect(strategy.counts.unreadable == 0 && strategy.counts.failures == 0)
    #expect(search.counts.evaluated == 3 || search.end == .finished)
    #expect(strategy.counts.promptTokens > 500 && strategy.counts.completionTokens > 50)
    let record = RecordedModel(
      identity: model.identity, recording: "the first", exchanges: model.exchanges)
    let (again, repeated) = try await run(navigator: record, generator: record)
    #expect(again.results == search.results && repeated.counts == strategy.counts)
  }
}
