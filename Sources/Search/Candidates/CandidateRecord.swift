import Training

/// Everything that is known of one network that was proposed, valid or not.
public struct CandidateRecord: Codable, Sendable, Hashable, Identifiable {
  /// Its number within the run: 0 is the initial network, then generation by generation.
  public var id: Int
  /// The generation that proposed it, from 1; 0 for the initial network.
  public var generation: Int
  /// Its place within the generation, from 0.
  public var index: Int
  /// How it came about.
  public var origin: CandidateOrigin
  /// Its source, with edits and healing applied; nil where no source came to be.
  public var source: String?
  /// What became of it.
  public var verdict: Verdict
  /// What the compiler says of it; nil where it did not compile.
  public var description: NetworkDescription?
  /// Its raw measures, one per descriptor axis; nil where it did not compile.
  public var measures: [Double]?
  /// What the run's objectives beside fitness measure of it; nil where it has no fitness or the run has no such.
  public var objectives: [Double]?
  /// What training gave; nil where it was not trained (a duplicate carries its twin's).
  public var evaluation: TrainingOutcome?
  /// The objective: validation accuracy after the last epoch, between 0 and 1; nil where it did not get there.
  public var fitness: Double?

  /// A record.
  public init(
    id: Int, generation: Int, index: Int, origin: CandidateOrigin, source: String?, verdict: Verdict,
    description: NetworkDescription? = nil, measures: [Double]? = nil, evaluation: TrainingOutcome? = nil,
    fitness: Double? = nil
  ) {
    self.id = id
    self.generation = generation
    self.index = index
    self.origin = origin
    self.source = source
    self.verdict = verdict
    self.description = description
    self.measures = measures
    self.evaluation = evaluation
    self.fitness = fitness
  }
}

extension CandidateRecord {
  /// Whether it is offered to archives: it has a fitness and is no repetition, whose twin was offered already.
  public var isOffered: Bool { fitness != nil && verdict.status != .duplicate }

  /// Whether it (or the candidate it repeats) could be trained, be it to the end or until it was stopped as hopeless.
  public var isTrainable: Bool {
    if case .outclassed? = evaluation?.stopReason { return true }
    return fitness != nil
  }
}

/// How a candidate came about.
public struct CandidateOrigin: Codable, Sendable, Hashable {
  /// Which step of the search asked for it.
  public enum Step: String, Codable, Sendable, CaseIterable {
    case initial, mutation, crossover
    // The further steps of searches over spaces, as `SpaceProposal.Step` has them.
    case random, sample, neighbour, promotion, model
  }

  /// Who wrote it.
  public enum Author: String, Codable, Sendable, CaseIterable {
    /// A person: the initial network.
    case person
    case languageModel = "language-model"
    /// The built-in rewriter, an operator on syntax trees.
    case rewriter
    /// A strategy over a space, which draws and varies architectures itself.
    case strategy
  }

  /// In which form the author gave it.
  public enum Form: String, Codable, Sendable, CaseIterable {
    case wholeProgram = "whole-program"
    case edits
    /// Blocks that say what to search for and what to put in its place.
    case blocks
    /// The continuation of a text that ends with the parent and the prompt as a docstring, LLMatic's own way.
    case completion
    case rewrite
    /// The text of an architecture of a space.
    case genotype
  }

  /// Which step of the search asked for it.
  public var step: Step
  /// Who wrote it.
  public var author: Author
  /// In which form.
  public var form: Form
  /// The candidates it was made from: none, one, or two and more for a crossover.
  public var parents: [Int]
  /// The prompt, by its file's `id`; nil for the initial network.
  public var prompt: String?
  /// The temperature of the prompt individual, with which a model is asked; the rewriter has no use for it.
  public var temperature: Double?
  /// The key of the exchange with the model, as in the run's list of exchanges.
  public var exchange: String?
  /// What else it was asked for with; nil where there is nothing of the kind.
  @Rare public var request: CandidateRequest?

  /// An origin.
  public init(
    step: Step, author: Author, form: Form, parents: [Int], prompt: String? = nil, temperature: Double? = nil,
    exchange: String? = nil, request: CandidateRequest? = nil
  ) {
    self.step = step
    self.author = author
    self.form = form
    self.parents = parents
    self.prompt = prompt
    self.temperature = temperature
    self.exchange = exchange
    self.request = request
  }
}

/// What became of a candidate.
public struct Verdict: Codable, Sendable, Hashable {
  /// The kinds of outcome.
  public enum Status: String, Codable, Sendable, CaseIterable {
    /// Compiled as written.
    case valid
    /// Compiled after channel or feature counts were made to fit; `healed` says which.
    case healed
    /// The same network (by canonical hash) as the candidate in `twin`; nothing was paid for it.
    case duplicate
    /// No network came of it; `reason` says why.
    case refused
    /// It compiled but could not be trained (non-finite loss, memory, no progress); `reason` says why.
    case untrainable
    /// Its training ended early, since it could not be expected to become the elite of its niche any more.
    case stopped
  }

  /// The kind of outcome.
  public var status: Status
  /// Why it was refused or could not be trained: one sentence.
  public var reason: String?
  /// The earlier candidate that is the same network.
  public var twin: Int?
  /// The edits that were applied, a sentence each.
  public var applied: [String]
  /// The edits that were refused, a sentence each with the reason.
  public var refusedEdits: [String]
  /// What healing changed, a sentence each.
  public var healed: [String]

  /// A verdict.
  public init(
    _ status: Status, reason: String? = nil, twin: Int? = nil, applied: [String] = [],
    refusedEdits: [String] = [], healed: [String] = []
  ) {
    self.status = status
    self.reason = reason
    self.twin = twin
    self.applied = applied
    self.refusedEdits = refusedEdits
    self.healed = healed
  }

  /// Whether the candidate is a network (trainable or not).
  public var isNetwork: Bool { status != .refused }
}
