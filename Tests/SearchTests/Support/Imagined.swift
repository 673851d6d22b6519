import LanguageModels
import QualityDiversity
import RandomStreams
import Testing

@testable import Search

/// What could have come of proposals, and configurations small enough to be worked out by hand.
enum Imagined {
  static func configuration(batch: Int = 16) -> RunConfiguration {
    var run = RunConfiguration()
    run.seed = 5
    run.archive.kind = .grid
    run.archive.dimensions = [4, 4]
    run.descriptors = [
      DescriptorSettings(name: "width", lower: 0, upper: 4),
      DescriptorSettings(name: "depth", lower: 0, upper: 4),
    ]
    run.search.batch = batch
    run.search.initialNetworks = 4
    run.search.promptCells = 16
    return run
  }

  static func record(
    _ proposal: Proposal, fitness: Double?, measures: [Double] = [0.5, 0.5],
    author: CandidateOrigin.Author = .languageModel
  ) -> CandidateRecord {
    var request = CandidateRequest()
    request.inspirations = proposal.inspirations
    request.niche = proposal.niche
    return CandidateRecord(
      id: proposal.id, generation: proposal.generation, index: proposal.index,
      origin: CandidateOrigin(
        step: proposal.step, author: author, form: .wholeProgram, parents: proposal.parents,
        prompt: proposal.prompt, temperature: proposal.temperature, request: request.isEmpty ? nil : request),
      source: nil, verdict: Verdict(fitness == nil ? .refused : .valid), measures: measures, fitness: fitness)
  }

  /// Random outcomes, as of a stream of that name.
  static func outcomes(_ proposals: [Proposal], _ stream: RandomStream) -> [CandidateRecord] {
    proposals.map { proposal in
      var draw = stream.stream("outcome", proposal.id)
      let fitness = draw.bernoulli(0.7) ? draw.uniform() : nil
      return record(proposal, fitness: fitness, measures: [draw.uniform(0, 4), draw.uniform(0, 4)])
    }
  }

  static func strategy(
    _ configuration: RunConfiguration, isRewriterAlone: Bool = false
  ) throws -> any Strategy {
    try configuration.makeStrategy(prompts: Toy.prompts(), isRewriterAlone: isRewriterAlone)
  }

  static func llmatic(_ change: (inout SearchSettings) -> Void) throws -> LLMatic {
    var run = configuration()
    change(&run.search)
    return try LLMatic(configuration: run, prompts: Toy.prompts(), isRewriterAlone: false)
  }

  /// With a network in each niche but those, as candidates 1 to 16 in the order of the cells.
  static func filled(
    _ strategy: LLMatic, without empty: Set<Int> = [], weak: Set<Int> = []
  ) throws -> LLMatic {
    var strategy = strategy
    _ = try strategy.tell(
      try strategy.ask().map { proposal in
        let cell = proposal.index
        return record(
          proposal, fitness: empty.contains(cell) ? nil : weak.contains(cell) ? 0.2 : 0.5,
          measures: [Double(cell / 4) + 0.5, Double(cell % 4) + 0.5])
      })
    return strategy
  }
}
