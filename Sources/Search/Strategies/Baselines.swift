public import QualityDiversity
import RandomStreams
import Training

/// What baselines share: an archive that is kept so that they can be compared, and nothing else of LLMatic's.
private struct ComparisonArchive: Sendable {
  var networks: any Archive<Int>
  var generation = 1
  private let settings: ArchiveSettings

  init(_ configuration: RunConfiguration) throws(SearchError) {
    networks = try configuration.makeArchive()
    settings = configuration.archive
  }

  /// Adds a generation's networks and says what the archive looks like then.
  mutating func take(
    _ records: [CandidateRecord], scores: ScoreTable, isInitialisation: Bool, parents: [Int]
  ) throws(SearchError) -> GenerationRecord {
    var best: Double?
    for record in records {
      guard let fitness = record.fitness, let measures = record.measures else { continue }
      if record.isOffered {
        _ = try settings.add(
          record.id, fitness: fitness, objectives: record.objectives, measures: measures, scores: scores,
          to: &networks)
      }
      best = max(best ?? fitness, fitness)
    }
    let others = Set(networks.remembered).union(parents).subtracting(networks.allElites.map(\.solution))
    let finished = GenerationRecord(
      number: generation, isInitialisation: isInitialisation, step: .mutation,
      networks: networks.allElites.map {
        ArchiveCell(cell: $0.cell, candidate: $0.solution, fitness: $0.objective)
      },
      prompts: [], statistics: networks.statistics(), bestOfGeneration: best,
      remembered: others.isEmpty ? nil : others.sorted(), fronts: networks.frontStatistics)
    generation += 1
    return finished
  }
}

/// The prompt that asks for a network without a search.
private let randomPrompt = "random-network"

/// Networks that are made of the initial one without a search: LLMatic's baseline (arXiv 2306.01102, section 4.2).
///
/// A model is asked for a better network than the initial one; the rewriter makes several random changes to it.
public struct RandomGeneration: Strategy {
  private let settings: SearchSettings
  private var archive: ComparisonArchive

  /// A search that has not begun.
  ///
  /// - Throws: if the archive cannot be made.
  public init(configuration: RunConfiguration) throws(SearchError) {
    settings = configuration.search
    archive = try ComparisonArchive(configuration)
  }

  /// The network archive, which is kept for comparisons.
  public var networks: any Archive<Int> { archive.networks }

  /// The candidates of the next generation.
  public func ask() throws(SearchError) -> [Proposal] {
    (0..<settings.batch).map { index in
      Proposal(
        id: 1 + (archive.generation - 1) * settings.batch + index, generation: archive.generation,
        index: index,
        step: .mutation, parents: [0], prompt: randomPrompt, temperature: settings.initialTemperature,
        goesToRewriter: false)
    }
  }

  /// Takes in what became of a generation.
  public mutating func tell(
    _ records: [CandidateRecord], scores: ScoreTable
  ) throws(SearchError) -> GenerationRecord {
    try archive.take(records, scores: scores, isInitialisation: false, parents: [])
  }
}

/// Regularised evolution (Real, Aggarwal, Huang & Le 2019, "Regularized evolution for image classifier architecture
/// search"): the best of a few random members of a population is mutated, and the oldest member dies.
///
/// The population begins with random networks; then each candidate is a random prompt's change to its parent. All
/// candidates of a generation are asked for at once, of the same population, and enter it in their order.
public struct RegularizedSourceEvolution: Strategy {
  private let settings: SearchSettings
  private let prompts: [Prompt]
  private let inheritsWeights: Bool
  private let stream: RandomStream
  private var archive: ComparisonArchive
  /// The members, the oldest first.
  private(set) var population: [(id: Int, fitness: Double)] = []

  /// A search that has not begun.
  ///
  /// - Throws: if the archive cannot be made.
  public init(configuration: RunConfiguration, prompts library: PromptLibrary) throws(SearchError) {
    settings = configuration.search
    prompts = library.mutations
    inheritsWeights = configuration.training.inheritance != .none
    stream = RandomStream(seed: UInt64(bitPattern: Int64(configuration.seed))).stream("regularized evolution")
    archive = try ComparisonArchive(configuration)
  }

  private var isInitialising: Bool { population.count < settings.population }

  /// The network archive, which is kept for comparisons.
  public var networks: any Archive<Int> { archive.networks }

  /// The candidates of the next generation.
  public func ask() throws(SearchError) -> [Proposal] {
    var proposals: [Proposal] = []
    for index in 0..<settings.batch {
      var draw = stream.stream("generation", archive.generation).stream("proposal", index)
      var proposal = Proposal(
        id: 1 + (archive.generation - 1) * settings.batch + index, generation: archive.generation,
        index: index, step: .mutation, parents: [0], prompt: randomPrompt,
        temperature: settings.initialTemperature, goesToRewriter: draw.bernoulli(settings.rewriterShare))
      if !isInitialising {
        var best: (id: Int, fitness: Double)?
        for _ in 0..<settings.tournamentSize {
          guard let member = draw.element(of: population) else { continue }
          if best.map({ member.fitness > $0.fitness }) ?? true { best = member }
        }
        guard let best, let prompt = draw.element(of: prompts) else {
          throw SearchError("There are no mutation prompts.")
        }
        proposal.parents = [best.id]
        proposal.prompt = prompt.id
      }
      proposals.append(proposal)
    }
    return proposals
  }

  /// Takes in what became of a generation, in the order asked.
  public mutating func tell(
    _ records: [CandidateRecord], scores: ScoreTable
  ) throws(SearchError) -> GenerationRecord {
    let wasInitialising = isInitialising
    for record in records where record.isOffered {
      guard let fitness = record.fitness else { continue }
      population.append((record.id, fitness))
      if population.count > settings.population { population.removeFirst() }
    }
    return try archive.take(
      records, scores: scores, isInitialisation: wasInitialising,
      parents: inheritsWeights ? population.map(\.id) : [])
  }
}

extension RunConfiguration {
  /// The strategy that the configuration names, before its first generation.
  ///
  /// - Parameter isRewriterAlone: whether there is no language model.
  /// - Throws: where the archives cannot be made.
  public func makeStrategy(
    prompts: PromptLibrary, isRewriterAlone: Bool
  ) throws(SearchError) -> any Strategy {
    let strategy: any Strategy =
      switch search.strategy {
      case .llmatic:
        try LLMatic(configuration: self, prompts: prompts, isRewriterAlone: isRewriterAlone)
      case .random: try RandomGeneration(configuration: self)
      case .regularized: try RegularizedSourceEvolution(configuration: self, prompts: prompts)
      }
    guard !isRewriterAlone, model.combination == .bandit, !models.isEmpty else { return strategy }
    return ModelChoosing(strategy, configuration: self)
  }
}
