public import LanguageModels
public import QualityDiversity

/// Where a run keeps all that happens; the search declares it, a store implements it.
///
/// Candidates and exchanges are stored one by one as they come to be; archives and counters once per generation.
/// So a killed run loses only what was in flight: a resumed one proposes the broken generation anew and finds
/// the stored replies and candidates in the log.
public protocol RunLog: Sendable {
  /// The recorded exchange under that key, if there is one.
  func exchange(forKey key: String) async throws(RunLogError) -> ChatExchange?

  /// Stores an exchange with a model for the candidate of that number.
  func record(_ exchange: ChatExchange, candidate: Int) async throws(RunLogError)

  /// Stores a candidate and, where it was trained, its weights as safetensors.
  func record(_ candidate: CandidateRecord, weights: [UInt8]?) async throws(RunLogError)

  /// Stores another score of a candidate.
  func record(_ score: CandidateScore) async throws(RunLogError)

  /// All further scores, by candidate and number.
  func scores() async throws(RunLogError) -> [CandidateScore]

  /// All stored candidates, by number; also those of a generation that was not committed.
  func candidates() async throws(RunLogError) -> [CandidateRecord]

  /// The weights of a candidate as safetensors; nil where none are kept.
  func weights(of candidate: Int) async throws(RunLogError) -> [UInt8]?

  /// Stores a finished generation with both archives in one transaction, and forgets the weights of networks
  /// that are neither elites nor remembered any more.
  func commit(_ generation: GenerationRecord) async throws(RunLogError)

  /// Stores a finished generation with its candidates, none of which is stored yet: all of it or, where the process is
  /// killed meanwhile, nothing, if the log can do that.
  func commit(_ generation: GenerationRecord, with candidates: [CandidateRecord]) async throws(RunLogError)

  /// The finished generations, in order.
  func generations() async throws(RunLogError) -> [GenerationRecord]
}

extension RunLog {
  /// Stores the candidates one by one, then the generation.
  public func commit(
    _ generation: GenerationRecord, with candidates: [CandidateRecord]
  ) async throws(RunLogError) {
    for candidate in candidates { try await record(candidate, weights: nil) }
    try await commit(generation)
  }
}

/// Why a run's file could not be read or written: one sentence.
public struct RunLogError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sentence: what is wrong, where, and what to do.
  public var description: String

  /// An error.
  public init(_ description: String) { self.description = description }
}

/// A finished generation: what was decided, the archives behind it and what it cost.
public struct GenerationRecord: Codable, Sendable, Hashable {
  /// Its number, from 1.
  public var number: Int
  /// Whether it filled the archive for the first time (LLMatic's initialisation).
  public var isInitialisation: Bool
  /// Which step the generation took.
  public var step: CandidateOrigin.Step
  /// The network archive: the candidate in each occupied cell, by cell.
  public var networks: [ArchiveCell]
  /// The prompt archive: the individual in each occupied cell, by cell.
  public var prompts: [PromptCell]
  /// The network archive's statistics.
  public var statistics: ArchiveStatistics
  /// The best fitness among this generation's candidates; nil where none was evaluated.
  public var bestOfGeneration: Double?
  /// Candidates that are no elites but may become some again, as where borders slide, so that their weights are kept;
  /// nil where there are none.
  public var remembered: [Int]?
  /// What there is to say of the Pareto fronts; nil where cells have none.
  public var fronts: ParetoStatistics?

  /// A generation.
  public init(
    number: Int, isInitialisation: Bool, step: CandidateOrigin.Step, networks: [ArchiveCell],
    prompts: [PromptCell], statistics: ArchiveStatistics, bestOfGeneration: Double?, remembered: [Int]? = nil,
    fronts: ParetoStatistics? = nil
  ) {
    self.number = number
    self.isInitialisation = isInitialisation
    self.step = step
    self.networks = networks
    self.prompts = prompts
    self.statistics = statistics
    self.bestOfGeneration = bestOfGeneration
    self.remembered = remembered
    self.fronts = fronts
  }
}

/// An occupied cell of the network archive.
public struct ArchiveCell: Codable, Sendable, Hashable {
  /// The cell.
  public var cell: Int
  /// The elite, by candidate number.
  public var candidate: Int
  /// Its fitness.
  public var fitness: Double

  /// A cell.
  public init(cell: Int, candidate: Int, fitness: Double) {
    self.cell = cell
    self.candidate = candidate
    self.fitness = fitness
  }
}

/// An occupied cell of the prompt archive.
public struct PromptCell: Codable, Sendable, Hashable {
  /// The cell.
  public var cell: Int
  /// The individual.
  public var individual: PromptIndividual

  /// A cell.
  public init(cell: Int, individual: PromptIndividual) {
    self.cell = cell
    self.individual = individual
  }
}

/// A prompt with a temperature, and how it has done (LLMatic's second archive).
public struct PromptIndividual: Codable, Sendable, Hashable {
  /// The prompt, by its file's `id`.
  public var prompt: String
  /// The temperature, 0…1.
  public var temperature: Double
  /// +1 for each network that beat the previous generation's best: the archive's fitness.
  public var score: Double
  /// +1 where the network entered the archive, −0.5 where not, −1 where it could not be trained; summed up.
  public var curiosity: Double

  /// An individual.
  public init(prompt: String, temperature: Double, score: Double = 0, curiosity: Double = 0) {
    self.prompt = prompt
    self.temperature = temperature
    self.score = score
    self.curiosity = curiosity
  }
}

/// What tells a run from others; stored when it begins.
public struct RunHeader: Codable, Sendable, Hashable {
  /// The run's name, also its folder's.
  public var name: String
  /// The whole configuration with all defaults filled in.
  public var configuration: RunConfiguration
  /// Which author was used and why, in one sentence.
  public var authorChoice: String
  /// Niche's version.
  public var version: String
  /// The machine: instruction set, BLAS and its core, threads; results are repeatable on equal ones.
  public var machine: String
  /// When it began, ISO 8601.
  public var began: String
  /// What the models that may answer cost when it began; nil in runs of earlier versions and without a model.
  public var prices: PriceTable?
  /// The prompts as they were when it began; nil in runs of earlier versions, which read the files anew.
  public var prompts: [Prompt]?
  /// The hash of the table that a search of a space looks fitness up in; nil of other runs.
  public var table: String?

  /// A header.
  public init(
    name: String, configuration: RunConfiguration, authorChoice: String, version: String, machine: String,
    began: String, prices: PriceTable? = nil, prompts: [Prompt]? = nil, table: String? = nil
  ) {
    self.name = name
    self.configuration = configuration
    self.authorChoice = authorChoice
    self.version = version
    self.machine = machine
    self.began = began
    self.prices = prices
    self.prompts = prompts
    self.table = table
  }
}
