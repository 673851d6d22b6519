import LanguageModels
import RandomStreams
import SearchSpaces
import Testing

@testable import Search

@Suite struct ModelOptimizerTests {
  /// Takes one of the architectures that it is shown and changes some choices, or draws where it sees none.
  private struct Climber: ChatModel {
    let vocabulary: SpaceVocabulary
    var identity: ModelIdentity { ModelIdentity(provider: "scripted", model: "climber") }

    func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
      var stream = RandomStream(seed: UInt64(request.seed ?? 0))
      let shown = vocabulary.readings(in: request.messages.last?.content ?? "")
      var options = vocabulary.choices.map { stream.integer(below: $0.options.count) }
      if case .options(let one)? = stream.element(of: shown) {
        options = zip(options, one).map { stream.bernoulli(0.4) ? $0 : $1 }
      }
      return ChatReply(
        content: vocabulary.json(options).encoded(), model: "climber",
        usage: TokenUsage(promptTokens: 7, completionTokens: 3))
    }
  }

  @Test func itSeesTheBestAndLearns() async throws {
    let space = ToySpace()
    var (own, chance) = (0.0, 0.0)
    for seed in UInt64(1)...10 {
      let settings = SpaceSearchSettings(evaluations: 50, deduplicate: .genotype)
      var search = try SpaceSearch(ToySpace.table(), settings: settings)
      let vocabulary = SpaceVocabulary(space.choices, stream: RandomStream(seed: seed))
      let model = WatchedModel(Climber(vocabulary: vocabulary))
      var choices = CoLLMSettings(settings)
      choices.patience = 50
      var strategy = try ModelOptimizer(
        space: space, model: model, settings: choices, shown: 4, prompts: Toy.prompts(),
        stream: RandomStream(seed: seed))
      try await search.run(awaiting: &strategy)
      #expect(search.end == .outOfBudget && search.counts.evaluated == 50)
      #expect(strategy.counts.promptTokens == 7 * strategy.counts.calls)
      #expect(model.conversations.allSatisfy { $0.count == 2 })
      let last = try #require(model.conversations.last?.last?.content)
      let shown = vocabulary.readings(in: last)
      // All but the last result, which may be one of the best itself, are there.
      let ranked = search.results.filter(\.isPaid).dropLast().sorted { ($0.fitness ?? 0) > ($1.fitness ?? 0) }
      let best = SpaceVocabulary.Reading.options(try #require(ranked.first?.genotype))
      #expect(shown.count == 4 && shown.last == best)
      own += search.bestResult?.fitness ?? 0
      var other = try SpaceSearch(ToySpace.table(), settings: settings)
      var random = RandomSearch(space: space, stream: RandomStream(seed: seed))
      other.run(&random)
      chance += other.bestResult?.fitness ?? 0
    }
    #expect(own > chance)
  }

  @Test func theStandInsAreBetterThanChance() async throws {
    var (own, chance) = (0.0, 0.0)
    for seed in UInt64(1)...20 {
      var run = CoLLMRun(evaluator: try ToySpace.table())
      run.seed = seed
      own += try await run().search.bestResult?.fitness ?? 0
      var other = try SpaceSearch(
        ToySpace.table(), settings: SpaceSearchSettings(evaluations: 60, deduplicate: .genotype))
      var random = RandomSearch(space: ToySpace(), stream: RandomStream(seed: seed))
      other.run(&random)
      chance += other.bestResult?.fitness ?? 0
    }
    #expect(own > chance + 0.2, "\(own / 20) against \(chance / 20)")
  }
}
