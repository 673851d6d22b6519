public import Training

/// What training a network gave; seconds are measured, all else is repeatable.
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
  /// What it began with of its parent's weights; nil where the run inherits nothing.
  public var inheritance: Inheritance?

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
