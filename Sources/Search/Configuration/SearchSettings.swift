/// LLMatic's search (arXiv 2306.01102, Algorithm 1); the defaults are the paper's values.
public struct SearchSettings: Codable, Sendable, Hashable {
  /// The ways to search.
  public enum Method: String, Codable, Sendable, CaseIterable {
    case llmatic
    /// Each candidate is made of the initial network, without a search: LLMatic's baseline.
    case random
    /// Regularised evolution (Real et al. 2019): an ageing population and tournaments.
    case regularized = "regularized-evolution"
  }

  /// How to search.
  public var strategy = Method.llmatic
  /// Generations, with those of the initialisation.
  public var generations = 20
  /// Candidates a generation.
  public var batch = 100
  /// So many networks in the network archive end the initialisation.
  public var initialNetworks = 10
  /// So many individuals in the prompt archive end it as well.
  public var initialPrompts = 20
  /// The ways of choosing the network that a mutation, or the first one that a crossover, works from.
  public enum ParentChoice: String, Codable, Sendable, CaseIterable {
    /// Any elite with the same probability, as published.
    case uniform
    case best
    /// Any of the `top_count` best, as in LLMatic's code.
    case top
    /// The best of `tournament_size` drawn ones.
    case tournament
    /// By its rank.
    case rank
    /// By its distance from the nearest elites.
    case novelty
    /// By how often what came of its niche entered the archive.
    case curiosity
    /// The niche with the highest upper confidence bound on that.
    case bandit
  }

  /// The ways of choosing the prompt of a mutation.
  public enum PromptChoice: String, Codable, Sendable, CaseIterable {
    /// The most curious individual of the prompt archive, as published.
    case curiosity
    /// Any of the `top_count` most curious individuals, as in LLMatic's code.
    case top
    /// The prompt with the highest upper confidence bound on the share of its networks that entered the archive.
    case bandit
  }

  /// The ways of choosing between mutation and crossover, for a whole generation.
  public enum OperatorChoice: String, Codable, Sendable, CaseIterable {
    /// Mutation with `mutation_probability`, as published.
    case probability
    /// That with the highest upper confidence bound on the share of its candidates that entered the archive.
    case bandit
  }

  /// What is done where a reply does not become a network.
  public enum RepairMethod: String, Codable, Sendable, CaseIterable {
    /// The compiler mends what is often wrong: counts, imports, indentation.
    case heal
    /// The model is told what is wrong and asked again.
    case model
  }

  /// How parents are chosen.
  public var parents = ParentChoice.uniform
  /// How many elites take part in a tournament.
  public var tournamentSize = 4
  /// From how many of the best, or most curious, `top` draws.
  public var topCount = 3
  /// How prompts are chosen.
  public var promptChoice = PromptChoice.curiosity
  /// How a generation is to mutate or to cross over.
  public var operatorChoice = OperatorChoice.probability
  /// How much bandits weigh what they know little of; the square root of 2 is UCB1's.
  public var exploration = 1.0
  /// The probability that a generation mutates, where no bandit chooses; otherwise it crosses over.
  public var mutationProbability = 0.7
  /// The probability that a mutation takes a random prompt and not the most curious one.
  public var randomPromptProbability = 0.25
  /// The temperature of prompts that have none yet.
  public var initialTemperature = 0.6
  /// By how much a prompt's temperature rises after a network that beat the last generation, or falls.
  public var temperatureStep = 0.05
  /// Half of the mutations ask with the temperature ± up to this.
  public var temperatureNoise = 0.1
  /// The temperature of crossovers.
  public var crossoverTemperature = 0.7
  /// How many random networks a generation's crossovers begin with; 0: each draws its own.
  public var crossoverNetworks = 10
  /// How many networks a crossover combines: the parent and its nearest neighbours.
  public var crossoverParents = 2
  /// What is done, in this order, where a reply does not become a network.
  public var repair: [RepairMethod] = [.heal, .model]
  /// How often a model is told that its reply is no network and asked again; 0: never.
  public var repairRounds = 0
  /// How many elites of neighbouring niches a model is shown.
  public var inspirations = 0
  /// The share of candidates that are asked for a network for an empty or weak niche near the parent's.
  public var askForNiche = 0.0
  /// The share of mutations for which the model first writes a prompt of its own out of the one chosen.
  public var promptEvolution = 0.0
  /// A folder of further prompts; empty: none.
  public var prompts = ""
  /// The mutation prompts to use, by their `id`; empty: all there are.
  public var mutations: [String] = []
  /// How many niches the prompt archive has.
  public var promptCells = 100
  /// Whether parents come from the network archive; else from a population of the best, as in LLMatic's ablation.
  public var networkArchive = true
  /// Whether prompts come from the prompt archive; else from a population of random ones, as in LLMatic's ablation.
  public var promptArchive = true
  /// The proxies by which each candidate is scored before it is trained, beside those that axes and objectives name.
  public var proxies: [String] = []
  /// How many members such populations, and that of regularised evolution, have.
  public var population = 100
  /// The share of candidates that the built-in rewriter writes though a model is there; an operator of its own.
  public var rewriterShare = 0.0
  /// The most changes that the rewriter makes for one mutation; each number up to it is as likely.
  public var rewriterChanges = 1
  /// The most changes that make a random network of the initial one; each number up to it is as likely.
  public var randomChanges = 8
  /// No generation is begun that would probably end later than this after the start, in minutes; 0: no limit.
  ///
  /// A resumed run has the time anew.
  public var minutes = 0.0
  /// The run gives up after so many generations in a row without one valid network.
  public var patience = 3

  /// The defaults.
  public init() {}

  /// Reads settings; what runs of earlier versions did not say keeps its default.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    strategy = try container.decodeIfPresent(Method.self, forKey: .strategy) ?? strategy
    topCount = try container.decodeIfPresent(Int.self, forKey: .topCount) ?? topCount
    // In earlier versions each crossover drew its own network.
    crossoverNetworks = try container.decodeIfPresent(Int.self, forKey: .crossoverNetworks) ?? 0
    networkArchive = try container.decodeIfPresent(Bool.self, forKey: .networkArchive) ?? networkArchive
    promptArchive = try container.decodeIfPresent(Bool.self, forKey: .promptArchive) ?? promptArchive
    proxies = try container.decodeIfPresent([String].self, forKey: .proxies) ?? proxies
    population = try container.decodeIfPresent(Int.self, forKey: .population) ?? population
    generations = try container.decodeIfPresent(Int.self, forKey: .generations) ?? generations
    batch = try container.decodeIfPresent(Int.self, forKey: .batch) ?? batch
    initialNetworks = try container.decodeIfPresent(Int.self, forKey: .initialNetworks) ?? initialNetworks
    initialPrompts = try container.decodeIfPresent(Int.self, forKey: .initialPrompts) ?? initialPrompts
    parents = try container.decodeIfPresent(ParentChoice.self, forKey: .parents) ?? parents
    tournamentSize = try container.decodeIfPresent(Int.self, forKey: .tournamentSize) ?? tournamentSize
    promptChoice = try container.decodeIfPresent(PromptChoice.self, forKey: .promptChoice) ?? promptChoice
    rewriterChanges = try container.decodeIfPresent(Int.self, forKey: .rewriterChanges) ?? rewriterChanges
    randomChanges = try container.decodeIfPresent(Int.self, forKey: .randomChanges) ?? randomChanges
    operatorChoice =
      try container.decodeIfPresent(OperatorChoice.self, forKey: .operatorChoice) ?? operatorChoice
    exploration = try container.decodeIfPresent(Double.self, forKey: .exploration) ?? exploration
    mutationProbability =
      try container.decodeIfPresent(Double.self, forKey: .mutationProbability) ?? mutationProbability
    randomPromptProbability =
      try container.decodeIfPresent(Double.self, forKey: .randomPromptProbability) ?? randomPromptProbability
    initialTemperature =
      try container.decodeIfPresent(Double.self, forKey: .initialTemperature) ?? initialTemperature
    temperatureStep = try container.decodeIfPresent(Double.self, forKey: .temperatureStep) ?? temperatureStep
    temperatureNoise =
      try container.decodeIfPresent(Double.self, forKey: .temperatureNoise) ?? temperatureNoise
    crossoverTemperature =
      try container.decodeIfPresent(Double.self, forKey: .crossoverTemperature) ?? crossoverTemperature
    crossoverParents = try container.decodeIfPresent(Int.self, forKey: .crossoverParents) ?? crossoverParents
    repair = try container.decodeIfPresent([RepairMethod].self, forKey: .repair) ?? repair
    repairRounds = try container.decodeIfPresent(Int.self, forKey: .repairRounds) ?? repairRounds
    inspirations = try container.decodeIfPresent(Int.self, forKey: .inspirations) ?? inspirations
    askForNiche = try container.decodeIfPresent(Double.self, forKey: .askForNiche) ?? askForNiche
    promptEvolution = try container.decodeIfPresent(Double.self, forKey: .promptEvolution) ?? promptEvolution
    prompts = try container.decodeIfPresent(String.self, forKey: .prompts) ?? prompts
    mutations = try container.decodeIfPresent([String].self, forKey: .mutations) ?? mutations
    promptCells = try container.decodeIfPresent(Int.self, forKey: .promptCells) ?? promptCells
    rewriterShare = try container.decodeIfPresent(Double.self, forKey: .rewriterShare) ?? rewriterShare
    minutes = try container.decodeIfPresent(Double.self, forKey: .minutes) ?? minutes
    patience = try container.decodeIfPresent(Int.self, forKey: .patience) ?? patience
  }
}
