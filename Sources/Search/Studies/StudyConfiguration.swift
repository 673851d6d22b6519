public import RandomStreams
public import SearchSpaces

/// A comparison of strategies on a space whose architectures are all known: what is run, and how often.
///
/// In YAML the keys are these names in snake case, as in a run's configuration.
public struct StudyConfiguration: Codable, Sendable, Hashable {
  /// The spaces with a table.
  public enum SpaceName: String, Codable, Sendable, CaseIterable {
    case nasBench201 = "nas-bench-201"
  }

  /// Who measured the table's accuracies; figures of different ones do not mix.
  public enum Family: String, Codable, Sendable, CaseIterable {
    case natsBench = "nats-bench"
    case nasBench201 = "nas-bench-201"
  }

  /// The study's name, also its folder's; empty: the file's.
  public var name = ""
  /// The space that is searched.
  public var space = SpaceName.nasBench201
  /// Which measurements the table's accuracies are.
  public var family = Family.natsBench
  /// The data sets, each a search of its own.
  public var data = ["cifar-10", "cifar-100", "imagenet16-120"]
  /// How often each strategy is run on each data set.
  public var seeds = 100
  /// The first seed; the others follow.
  public var firstSeed = 1
  /// After how many evaluations the strategies are compared, in ascending order; each search goes on to the last.
  public var budgets = [30, 100, 300]
  /// How far below the best validation accuracy there is, in points, a search is to get: how many evaluations that takes
  /// is reported.
  public var reach = [1.0, 0.5, 0.1]
  /// What the best must fulfil, as a formula over the space's figures; empty: nothing.
  public var constraint = ""
  /// The archive that all strategies fill.
  public var archive = StudyArchive()
  /// The arm that the others are tested against, by its name; empty: the first.
  public var baseline = ""
  /// The language model that arms ask, as in a run.
  public var model = ModelSettings()
  /// Several models, such as one for each of CoLLM-NAS' roles; empty: the one that `model` names.
  public var models: [ModelServerSettings] = []
  /// What it may cost altogether; what is not about language models has no meaning here.
  public var budget = BudgetSettings()
  /// The strategies.
  public var arms = [StudyArm()]

  /// The defaults, with random search as the only arm.
  public init() {}

  /// The arm that the others are tested against.
  public var baselineName: String { baseline.isEmpty ? arms.first?.title ?? "" : baseline }
}

/// The archive of a study: a grid over figures of the space.
public struct StudyArchive: Codable, Sendable, Hashable {
  /// The axes, each with its number of cells.
  public var descriptors = [
    DescriptorSettings(name: "parameters", lower: 0.05e6, upper: 1.55e6, bins: 10),
    DescriptorSettings(name: "macs", lower: 0, upper: 225e6, bins: 10),
  ]

  /// Parameters and multiply-accumulates.
  public init() {}
}

/// A strategy of a study with its settings; a key that the strategy has no use for is refused.
public struct StudyArm: Codable, Sendable, Hashable {
  /// The strategies.
  public enum Strategy: String, Codable, Sendable, CaseIterable {
    case random
    case regularizedEvolution = "regularized-evolution"
    case localSearch = "local-search"
    case reinforce
    case successiveHalving = "successive-halving"
    case hyperband, bohb
    case mapElites = "map-elites"
    case genetic
    case collm
    case collmStatistics = "collm-statistics"
    case singleModel = "single-model"
    case modelOptimizer = "model-optimizer"
    case llmatic
    case llmaticOperators = "llmatic-operators"
  }

  /// What the arm is called; empty: the strategy.
  public var name = ""
  /// The strategy.
  public var strategy = Strategy.random
  /// What counts as a repetition, which costs nothing.
  public var deduplicate = SpaceSearchSettings.Deduplication.off
  /// How many members live (regularised evolution), or children a generation has (genetic, LLMatic).
  public var population = 10
  /// How many members a tournament has (regularised evolution).
  public var sample = 10
  /// Whether a member may be drawn twice for a tournament (regularised evolution).
  public var replacement = true
  /// When a neighbour is gone to (local search).
  public var move = LocalMove.best
  /// Adam's learning rate (REINFORCE).
  public var learningRate = 0.01
  /// How much of the baseline stays with each result (REINFORCE).
  public var baselineDecay = 0.9
  /// One in how many goes on (successive halving, Hyperband, BOHB).
  public var factor = 3
  /// How many draws the best is taken of (BOHB).
  public var samples = 4
  /// The share that is drawn uniformly in any case (BOHB).
  public var randomShare = 0.0
  /// The least bandwidth (BOHB).
  public var minimumBandwidth = 0.3
  /// How many architectures are drawn at random first (MAP-Elites); so many in its archive end LLMatic's initialisation.
  public var initial = 10
  /// The parents' share of the population (genetic).
  public var eliteShare = 0.5
  /// The share of children by mutation (genetic).
  public var mutationShare = 0.5
  /// Who remembers what was said (CoLLM-NAS); a single model remembers unless nobody does.
  public var memory = Memory.navigator
  /// How many architectures a reply may have; half of them are asked for at least (all that speak with models).
  public var candidates = 20
  /// How many of the best architectures the model sees (model optimizer).
  public var shown = 20
  /// How operations are called: the probe for what a model knows by heart (all that speak with models).
  public var naming = SpaceVocabulary.Naming.original
  /// Whether models are told what was illegal or known (all that speak with models).
  public var tellsMistakes = false
  /// The models' temperature (language models).
  public var temperature = 0.6
  /// The most tokens of a reply (language models).
  public var maximumTokens = 4096
  /// How many tokens a model takes in prompt and reply; 0: any number (language models).
  public var contextTokens = 0

  /// When local search goes to a neighbour.
  public enum LocalMove: String, Codable, Sendable, CaseIterable {
    case best, first
  }

  /// Random search.
  public init() {}

  /// An arm with the defaults of a strategy.
  public init(_ strategy: Strategy, name: String = "", deduplicate: SpaceSearchSettings.Deduplication = .off)
  {
    self.name = name
    self.strategy = strategy
    self.deduplicate = deduplicate
  }

  /// What the arm is called.
  public var title: String { name.isEmpty ? strategy.rawValue : name }

  /// The keys that differ from their defaults although the strategy has no use for them.
  var uselessKeys: [String] {
    let plain = StudyArm()
    let all: [(key: String, isGiven: Bool, users: Set<Strategy>)] = [
      (
        "population", population != plain.population,
        [.regularizedEvolution, .genetic, .llmatic, .llmaticOperators]
      ),
      ("sample", sample != plain.sample, [.regularizedEvolution]),
      ("replacement", replacement != plain.replacement, [.regularizedEvolution]),
      ("move", move != plain.move, [.localSearch]),
      ("learning_rate", learningRate != plain.learningRate, [.reinforce]),
      ("baseline_decay", baselineDecay != plain.baselineDecay, [.reinforce]),
      ("factor", factor != plain.factor, [.successiveHalving, .hyperband, .bohb]),
      ("samples", samples != plain.samples, [.bohb]),
      ("random_share", randomShare != plain.randomShare, [.bohb]),
      ("minimum_bandwidth", minimumBandwidth != plain.minimumBandwidth, [.bohb]),
      ("initial", initial != plain.initial, [.mapElites, .llmatic, .llmaticOperators]),
      ("elite_share", eliteShare != plain.eliteShare, [.genetic]),
      ("mutation_share", mutationShare != plain.mutationShare, [.genetic]),
      ("memory", memory != plain.memory, [.collm, .collmStatistics, .singleModel]),
      ("candidates", candidates != plain.candidates, Self.writing),
      ("shown", shown != plain.shown, [.modelOptimizer]),
      ("naming", naming != plain.naming, Self.speaking),
      ("tells_mistakes", tellsMistakes != plain.tellsMistakes, Self.writing),
      // LLMatic's prompts have temperatures of their own.
      ("temperature", temperature != plain.temperature, Self.writing.subtracting([.collmStatistics])),
      ("maximum_tokens", maximumTokens != plain.maximumTokens, Self.asking),
      ("context_tokens", contextTokens != plain.contextTokens, Self.asking),
    ]
    return all.filter { $0.isGiven && !$0.users.contains(strategy) }.map(\.key)
  }

  private static let asking = Set(Strategy.allCases.filter(\.asksModel))
  /// Whose options have names.
  private static let speaking = asking.union([.collmStatistics])
  /// Whose replies hold several architectures.
  private static let writing = speaking.subtracting([.llmatic])

  /// The strategy, at its beginning.
  ///
  /// - Throws: also where the strategy has to wait for models.
  public func makeStrategy<Space: ChoiceSpace>(
    for space: Space, fidelities: [SpaceFidelity], archive: SpaceArchive, stream: RandomStream
  ) throws(SearchError) -> any SpaceStrategy<Space> {
    switch strategy {
    case .random: return RandomSearch(space: space, stream: stream)
    case .regularizedEvolution:
      return RegularizedEvolution(
        space: space,
        settings: .init(population: population, sample: sample, isWithReplacement: replacement),
        stream: stream)
    case .localSearch:
      return LocalSearch(space: space, move: move == .best ? .best : .first, stream: stream)
    case .reinforce:
      return Reinforce(
        space: space, settings: .init(learningRate: learningRate, baselineDecay: baselineDecay),
        stream: stream)
    case .successiveHalving, .hyperband, .bohb:
      let model = DensityModel<Space>.Settings(
        samples: samples, randomShare: randomShare, minimumBandwidth: minimumBandwidth)
      return Hyperband(
        space: space, fidelities: fidelities,
        settings: .init(
          factor: factor, hasAllBrackets: strategy != .successiveHalving,
          model: strategy == .bohb ? model : nil),
        stream: stream)
    case .mapElites:
      return try MapElitesSearch(space: space, archive: archive, initial: initial, stream: stream)
    case .genetic:
      return GeneticSearch(
        space: space,
        settings: .init(population: population, eliteShare: eliteShare, mutationShare: mutationShare),
        stream: stream)
    case .collm, .collmStatistics, .singleModel, .modelOptimizer, .llmatic, .llmaticOperators:
      throw SearchError("The strategy \(strategy.rawValue) has to wait for models.")
    }
  }
}
