import LanguageModels
import QualityDiversity
import RandomStreams
import SearchSpaces
import Testing

@testable import Search

/// LLMatic over a space: what it asks for follows from both archives.
@Suite struct LLMaticSpaceTests {
  private typealias Run = (
    search: SpaceSearch<CellEvaluator>, strategy: LLMaticSpaceSearch<NASBench201Space>, archive: SpaceArchive
  )

  /// Changes one choice of the first architecture that it is shown; now and then it talks or repeats.
  private struct Changer: ChatModel {
    let vocabulary: SpaceVocabulary
    var identity: ModelIdentity { ModelIdentity(provider: "scripted", model: "changer") }

    func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
      var draw = RandomStream(seed: UInt64(request.seed ?? 0))
      let shown = vocabulary.readings(in: request.messages.last?.content ?? "")
      guard case .options(var options)? = shown.last, !draw.bernoulli(0.1) else {
        return ChatReply(
          content: "I would rather not.", model: "changer",
          usage: TokenUsage(promptTokens: 3, completionTokens: 1))
      }
      let choice = draw.integer(below: options.count)
      options[choice] = draw.integer(below: vocabulary.choices[choice].options.count)
      return ChatReply(
        content: vocabulary.json(options).encoded(), model: "changer",
        usage: TokenUsage(promptTokens: 9, completionTokens: 4))
    }
  }

  private func run(
    _ model: ((SpaceVocabulary) -> any ChatModel)? = nil, evaluations: Int = 60, batch: Int = 10,
    seed: UInt64 = 1,
    naming: SpaceVocabulary.Naming = .original, deduplicate: SpaceSearchSettings.Deduplication = .genotype
  ) async throws -> Run {
    let evaluator = CellEvaluator()
    let study = StudyArchive()
    let archive = try SpaceArchive(
      descriptors: study.descriptors, dimensions: study.descriptors.map(\.bins),
      figureNames: evaluator.space.figureNames)
    var search = try SpaceSearch(
      evaluator, settings: SpaceSearchSettings(evaluations: evaluations, deduplicate: deduplicate),
      archive: archive)
    var settings = CoLLMSettings()
    settings.naming = naming
    let stream = RandomStream(seed: seed)
    let vocabulary = SpaceVocabulary(evaluator.space.choices, naming: naming, stream: stream)
    var strategy = try LLMaticSpaceSearch(
      space: evaluator.space, archive: archive, model: model?(vocabulary), settings: settings, batch: batch,
      initial: 5, promptNiches: 6, prompts: Toy.prompts(), stream: stream)
    try await search.run(awaiting: &strategy)
    return (search, strategy, archive)
  }

  @Test(arguments: [SpaceSearchSettings.Deduplication.off, .network])
  func parentsAreElitesOfTheGenerationsBefore(_ deduplicate: SpaceSearchSettings.Deduplication) async throws {
    let (search, _, archive) = try await run(evaluations: 90, deduplicate: deduplicate)
    #expect(search.end == .outOfBudget && search.counts.evaluated == 90)
    var elites = try archive.make()
    var steps: Set<SpaceProposal<NASBench201Cell>.Step> = []
    for begin in stride(from: 0, to: search.results.count, by: 10) {
      let generation = search.results[begin..<min(begin + 10, search.results.count)]
      let known = Set(elites.elites.map(\.solution))
      let own = Set(generation.map(\.proposal.step))
      #expect(own.count == 1, "all of a generation take one step")
      steps.formUnion(own)
      for result in generation {
        let proposal = result.proposal
        switch proposal.step {
        case .random: #expect(proposal.parents.isEmpty && proposal.prompt == nil && begin == 0)
        case .mutation:
          #expect(proposal.parents.count == 1 && proposal.prompt?.hasPrefix("vary-") == true)
          #expect((0...1).contains(proposal.temperature ?? -1))
        case .crossover:
          #expect(proposal.parents.count == 2 && Set(proposal.parents).count == 2)
          #expect(proposal.temperature == 0.7)
        default: Issue.record("\(proposal.step)")
        }
        #expect(known.isSuperset(of: proposal.parents))
        // Of a crossover that gave a parent a choice is changed, which may give the other one.
        if proposal.step == .mutation {
          #expect(search.results[proposal.parents[0]].genotype != result.genotype)
        }
      }
      for result in generation where result.isPaid {
        guard let fitness = result.fitness, let measures = result.measures else { continue }
        elites.add(result.number, objective: fitness, measures: measures)
      }
    }
    #expect(steps == [.random, .mutation, .crossover])
  }

  @Test func directionsAreKept() async throws {
    let (search, _, _) = try await run(evaluations: 400)
    let space = NASBench201Space()
    var changes: [String: [Int]] = [:]
    for result in search.results where result.proposal.step == .mutation {
      let old = try #require(search.results[result.proposal.parents[0]].genotype)
      let new = try #require(result.genotype)
      changes[result.proposal.prompt ?? "", default: []].append(space.macs(of: new) - space.macs(of: old))
    }
    func grown(_ prompt: String) -> Double {
      let all = changes[prompt] ?? []
      return Double(all.count { $0 > 0 }) / Double(max(1, all.count))
    }
    #expect(changes.count > 4 && grown("vary-grow") > grown("vary-shrink") + 0.2, "\(changes)")
    // What pays is kept to: it is better than chance.
    var (own, chance) = (0.0, 0.0)
    for seed in UInt64(1)...4 {
      own += try await run(evaluations: 100, seed: seed).search.bestResult?.fitness ?? 0
      var random = try SpaceSearch(
        CellEvaluator(), settings: SpaceSearchSettings(evaluations: 100, deduplicate: .genotype))
      var strategy = RandomSearch(space: space, stream: RandomStream(seed: seed))
      random.run(&strategy)
      chance += random.bestResult?.fitness ?? 0
    }
    #expect(own > chance)
  }

  @Test(arguments: SpaceVocabulary.Naming.allCases)
  func aModelIsShownParentsAndPrompts(_ naming: SpaceVocabulary.Naming) async throws {
    var watched: WatchedModel?
    let (search, strategy, _) = try await run(
      { vocabulary in
        let model = WatchedModel(Changer(vocabulary: vocabulary))
        watched = model
        return model
      }, naming: naming)
    let exchanges = try #require(watched).exchanges
    let written = search.results.filter { $0.proposal.step == .model }
    #expect(written.count == exchanges.count && written.count > 40)
    #expect(strategy.counts.calls == exchanges.count && search.counts.evaluated == 60)
    #expect(strategy.counts.illegal == search.counts.illegal && search.counts.illegal > 0)
    #expect(strategy.counts.repeated == search.counts.repeated)
    let prompts = try Toy.prompts().prompts
    for (result, exchange) in zip(written, exchanges) {
      let text = try #require(exchange.request.messages.last).content
      #expect(exchange.request.temperature == result.proposal.temperature)
      let parents = result.proposal.parents.compactMap { search.results[$0].genotype }
      let shown = strategy.vocabulary.readings(in: text)
      #expect(shown == parents.map { .options(search.evaluator.space.options(of: $0)) })
      if let prompt = result.proposal.prompt, prompt != "crossover" {
        #expect(text.contains(try #require(prompts[prompt]).template))
      }
      let all =
        exchange.request.messages.map(\.content).joined() + exchange.request.responseSchema.debugDescription
      if naming == .neutral { #expect(!all.contains("nor_conv") && !all.contains("skip_connect")) }
      if case .illegal = result.verdict { continue }
      guard case .reply(let reply) = exchange.outcome, let genotype = result.genotype else { continue }
      #expect(
        strategy.vocabulary.readings(in: reply.content).first
          == .options(search.evaluator.space.options(of: genotype)))
    }
    // Prompts that led somewhere stand in their archive.
    #expect(!strategy.promptCells.isEmpty)
    #expect(strategy.promptCells.allSatisfy { prompts[$0.individual.prompt]?.kind == .variation })
  }

  @Test func aMuteModelEndsIt() async throws {
    struct Mute: ChatModel {
      var identity: ModelIdentity { ModelIdentity(provider: "scripted", model: "mute") }
      func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
        ChatReply(content: "No.", model: "mute", usage: TokenUsage(promptTokens: 3, completionTokens: 1))
      }
    }
    let (search, strategy, _) = try await run({ _ in Mute() })
    #expect(search.end == .finished && strategy.ending?.contains("200 replies") == true)
    #expect(search.counts.evaluated == 10)
  }
}
