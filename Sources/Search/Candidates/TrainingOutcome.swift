public import Training

/// What training a network gave; seconds and latency are measured, all else is repeatable.
public struct TrainingOutcome: Codable, Sendable, Hashable {
  /// One epoch.
  public struct Epoch: Codable, Sendable, Hashable {
    /// Mean loss over the epoch's training steps.
    public var trainingLoss: Double
    /// Share of training examples classified right during the epoch, 0…1.
    public var trainingAccuracy: Double
    /// Mean loss on the validation split.
    public var validationLoss: Double
    /// Share of validation examples classified right, 0…1.
    public var validationAccuracy: Double

    /// An epoch.
    public init(
      trainingLoss: Double, trainingAccuracy: Double, validationLoss: Double, validationAccuracy: Double
    ) {
      self.trainingLoss = trainingLoss
      self.trainingAccuracy = trainingAccuracy
      self.validationLoss = validationLoss
      self.validationAccuracy = validationAccuracy
    }
  }

  /// The epochs that were run.
  public var epochs: [Epoch]
  /// How many images were trained on, repetitions counted.
  public var imagesSeen: Int
  /// Wall-clock seconds of training and validation on one thread.
  public var seconds: Double
  /// Milliseconds that one image takes in evaluation mode on one thread; nil where no descriptor asked for it.
  public var latencyMilliseconds: Double?
  /// What it began with of its parent's weights; nil where the run inherits nothing.
  public var inheritance: Inheritance?
  /// What ended it; nil in runs of earlier versions.
  public var stopReason: StopReason?
  /// How it compared with the elite of its niche on the way; nil where the niche was empty, the run stops nobody, or
  /// too little was known to judge.
  public var judgement: NicheJudgement?

  /// An evaluation.
  public init(epochs: [Epoch], imagesSeen: Int, seconds: Double, inheritance: Inheritance? = nil) {
    self.epochs = epochs
    self.imagesSeen = imagesSeen
    self.seconds = seconds
    self.inheritance = inheritance
  }
}

/// What a candidate began with of its first parent's trained weights.
public struct Inheritance: Codable, Sendable, Hashable {
  /// The parent; nil where the candidate has none.
  public var parent: Int?
  /// Where each parameter and buffer comes from; nil where nothing could be taken over.
  public var account: InheritanceAccount?
  /// Why nothing could be taken over: one sentence.
  public var reason: String?

  /// An inheritance.
  public init(parent: Int?, account: InheritanceAccount? = nil, reason: String? = nil) {
    self.parent = parent
    self.account = account
    self.reason = reason
  }
}

/// How a candidate compared with the elite of its niche on the way to the last epoch.
public struct NicheJudgement: Codable, Sendable, Hashable {
  /// A look at one of `training.fidelities`.
  public struct Check: Codable, Sendable, Hashable {
    /// After which epoch.
    public var epoch: Int
    /// The candidate's validation accuracy there.
    public var accuracy: Double
    /// The elite's at the same epoch; nil where it is not known.
    public var incumbentAccuracy: Double?
    /// What the candidate was not expected to be above after the last epoch.
    public var bound: Double

    /// A look.
    public init(epoch: Int, accuracy: Double, incumbentAccuracy: Double?, bound: Double) {
      self.epoch = epoch
      self.accuracy = accuracy
      self.incumbentAccuracy = incumbentAccuracy
      self.bound = bound
    }
  }

  /// The elite when the generation began, by number.
  public var incumbent: Int
  /// Its validation accuracy.
  public var incumbentFitness: Double
  /// How many curves the expectation rests on.
  public var curves: Int
  /// The looks, in order.
  public var checks: [Check] = []
  /// Whether the candidate was to be trained to the end in any case, to see how often the rule errs.
  public var isAudit: Bool
  /// The first epoch after which it could not be expected to win any more; training ended there unless it was an audit.
  public var hopelessAfter: Int?

  /// A judgement without looks.
  public init(incumbent: Int, incumbentFitness: Double, curves: Int, isAudit: Bool) {
    self.incumbent = incumbent
    self.incumbentFitness = incumbentFitness
    self.curves = curves
    self.isAudit = isAudit
  }
}
