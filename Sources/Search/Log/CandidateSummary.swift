public import Training

/// What reports need of all candidates at once: a record without its source, its curve and the lists of what was
/// changed in it, which a store reads where they are asked for.
///
/// The members are named as those of `CandidateRecord`.
public struct CandidateSummary: Sendable, Hashable, Identifiable {
  /// Its number within the run: 0 is the initial network, then generation by generation.
  public var id: Int
  /// The generation that proposed it, from 1; 0 for the initial network.
  public var generation: Int
  /// Its place within the generation, from 0.
  public var index: Int
  /// How it came about.
  public var origin: CandidateOrigin
  /// What became of it.
  public var verdict: Verdict
  /// What the compiler says of it; nil where it did not compile.
  public var description: Network?
  /// Its raw measures, one per descriptor axis; nil where it did not compile.
  public var measures: [Double]?
  /// What the run's objectives beside fitness measure of it; nil where it has no fitness or the run has no such.
  public var objectives: [Double]?
  /// What training took; nil where it was not trained (a duplicate carries its twin's).
  public var evaluation: Evaluation?
  /// The objective: validation accuracy after the last epoch, between 0 and 1; nil where it did not get there.
  public var fitness: Double?

  /// What became of a candidate.
  public struct Verdict: Sendable, Hashable {
    /// The kind of outcome.
    public var status: Search.Verdict.Status
    /// Why it was refused or could not be trained: one sentence.
    public var reason: String?
    /// The earlier candidate that is the same network.
    public var twin: Int?

    /// A verdict.
    public init(status: Search.Verdict.Status, reason: String? = nil, twin: Int? = nil) {
      self.status = status
      self.reason = reason
      self.twin = twin
    }

    /// Whether the candidate is a network (trainable or not).
    public var isNetwork: Bool { status != .refused }
  }

  /// What the compiler says of a network.
  public struct Network: Codable, Sendable, Hashable {
    /// The canonical hash.
    public var hash: String
    /// The class that was built.
    public var className: String
    /// Trainable parameters.
    public var parameters: Int
    /// Multiply-accumulates of one example's forward pass.
    public var macs: Int
    /// The most output channels or features of an applied layer.
    public var width: Int
    /// The number of applied layers.
    public var depth: Int

    /// A network's figures.
    public init(hash: String, className: String, parameters: Int, macs: Int, width: Int, depth: Int) {
      self.hash = hash
      self.className = className
      self.parameters = parameters
      self.macs = macs
      self.width = width
      self.depth = depth
    }
  }

  /// What training a network took, and how it stood against the elite of its niche.
  public struct Evaluation: Sendable, Hashable {
    /// How many images were trained on, repetitions counted.
    public var imagesSeen: Int
    /// Wall-clock seconds of training and validation on one thread.
    public var seconds: Double
    /// Milliseconds that one image takes; nil where no descriptor asked for it.
    public var latencyMilliseconds: Double?
    /// What ended it; nil in runs of earlier versions.
    public var stopReason: StopReason?
    /// How it compared with the elite of its niche on the way.
    @Rare public var judgement: NicheJudgement?

    /// What training took.
    public init(
      imagesSeen: Int, seconds: Double, latencyMilliseconds: Double? = nil, stopReason: StopReason? = nil,
      judgement: NicheJudgement? = nil
    ) {
      self.imagesSeen = imagesSeen
      self.seconds = seconds
      self.latencyMilliseconds = latencyMilliseconds
      self.stopReason = stopReason
      self.judgement = judgement
    }
  }

  /// A summary.
  public init(
    id: Int, generation: Int, index: Int, origin: CandidateOrigin, verdict: Verdict,
    description: Network? = nil,
    measures: [Double]? = nil, evaluation: Evaluation? = nil, fitness: Double? = nil
  ) {
    self.id = id
    self.generation = generation
    self.index = index
    self.origin = origin
    self.verdict = verdict
    self.description = description
    self.measures = measures
    self.evaluation = evaluation
    self.fitness = fitness
  }

  /// Whether it (or the candidate it repeats) could be trained, be it to the end or until it was stopped as hopeless.
  public var isTrainable: Bool {
    if case .outclassed? = evaluation?.stopReason { return true }
    return fitness != nil
  }
}

extension CandidateSummary {
  /// The summary of a record.
  public init(_ record: CandidateRecord) {
    id = record.id
    generation = record.generation
    index = record.index
    origin = record.origin
    verdict = Verdict(
      status: record.verdict.status, reason: record.verdict.reason, twin: record.verdict.twin)
    description = record.description.map(Network.init)
    measures = record.measures
    objectives = record.objectives
    evaluation = record.evaluation.map {
      Evaluation(
        imagesSeen: $0.imagesSeen, seconds: $0.seconds, latencyMilliseconds: $0.latencyMilliseconds,
        stopReason: $0.stopReason, judgement: $0.judgement)
    }
    fitness = record.fitness
  }

  /// Whether it is offered to archives: it has a fitness and is no repetition, whose twin was offered already.
  public var isOffered: Bool { fitness != nil && verdict.status != .duplicate }

  /// The names that `figure` knows; the others are in the whole record.
  public static let figureNames: Set = [
    "width_depth_ratio", "width", "depth", "macs", "macs_per_example", "flops", "flops_per_example",
    "parameters",
    "params", "images_seen", "training_seconds", "latency_ms",
  ]

  /// A figure of the compiler or the training by name; nil where it is not known here.
  public func figure(named name: String) -> Double? {
    switch name {
    case "images_seen": evaluation.map { Double($0.imagesSeen) }
    case "training_seconds": evaluation?.seconds
    case "latency_ms": evaluation?.latencyMilliseconds
    default: description.flatMap { NetworkDescription($0).figure(named: name) }
    }
  }
}

extension NetworkDescription {
  fileprivate init(_ summary: CandidateSummary.Network) {
    self.init(
      hash: summary.hash, className: summary.className, parameters: summary.parameters, macs: summary.macs,
      width: summary.width, depth: summary.depth)
  }
}

extension CandidateSummary.Network {
  /// The summary of a description.
  public init(_ description: NetworkDescription) {
    self.init(
      hash: description.hash, className: description.className, parameters: description.parameters,
      macs: description.macs, width: description.width, depth: description.depth)
  }
}
