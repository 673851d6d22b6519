public import Training

/// How networks are trained.
public struct TrainingSettings: Codable, Sendable, Hashable {
  /// The optimizers.
  public enum Optimizer: String, Codable, Sendable, CaseIterable {
    case sgd, adam, adamw
  }

  /// The learning-rate schedules.
  public enum Schedule: String, Codable, Sendable, CaseIterable {
    case constant, cosine
    /// As NAS-Bench-201 has it: the cosine goes on with each epoch, not with each step.
    case cosinePerEpoch = "cosine_per_epoch"
    case step
  }

  /// Passes over the training images.
  public var epochs = 50
  /// Images a step.
  public var batchSize = 64
  /// The optimizer.
  public var optimizer = Optimizer.sgd
  /// The learning rate at the start.
  public var learningRate = 0.001
  /// SGD's momentum.
  public var momentum = 0.9
  /// Whether SGD's momentum is Nesterov's.
  public var nesterov = false
  /// The weight decay.
  public var weightDecay = 0.0
  /// How the learning rate goes on.
  public var schedule = Schedule.constant
  /// Epochs at which the step schedule multiplies the rate by `gamma`.
  public var milestones: [Int] = []
  /// The step schedule's factor.
  public var gamma = 0.1
  /// The label smoothing of the cross-entropy.
  public var labelSmoothing = 0.0
  /// Pixels of padding before a random crop back to size; 0: no crop.
  public var cropPadding = 0
  /// Whether images are mirrored at random.
  public var flip = false
  /// What a network begins with of its first parent's trained weights.
  public var inheritance = InheritanceRule.none
  /// Epochs after which a candidate goes on only if it can still be expected to become the elite of its niche;
  /// empty: all are trained to the end.
  public var fidelities: [Int] = []
  /// How such expectations are formed, and what else ends a training early.
  public var stopping = StoppingSettings()

  /// The defaults: LLMatic's 50 epochs of SGD.
  public init() {}

  enum CodingKeys: CodingKey {
    case epochs, batchSize, optimizer, learningRate, momentum, nesterov, weightDecay, schedule, milestones,
      gamma
    case labelSmoothing, cropPadding, flip, inheritance, fidelities, stopping
  }
}

extension TrainingSettings {
  /// Reads the settings; what files of earlier versions do not have keeps its default, with which nothing changes.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    epochs = try values.decode(Int.self, forKey: .epochs)
    batchSize = try values.decode(Int.self, forKey: .batchSize)
    optimizer = try values.decode(Optimizer.self, forKey: .optimizer)
    learningRate = try values.decode(Double.self, forKey: .learningRate)
    momentum = try values.decode(Double.self, forKey: .momentum)
    nesterov = try values.decode(Bool.self, forKey: .nesterov)
    weightDecay = try values.decode(Double.self, forKey: .weightDecay)
    schedule = try values.decode(Schedule.self, forKey: .schedule)
    milestones = try values.decode([Int].self, forKey: .milestones)
    gamma = try values.decode(Double.self, forKey: .gamma)
    labelSmoothing = try values.decode(Double.self, forKey: .labelSmoothing)
    cropPadding = try values.decode(Int.self, forKey: .cropPadding)
    flip = try values.decode(Bool.self, forKey: .flip)
    inheritance = try values.decodeIfPresent(InheritanceRule.self, forKey: .inheritance) ?? .none
    fidelities = try values.decodeIfPresent([Int].self, forKey: .fidelities) ?? []
    stopping = try values.decodeIfPresent(StoppingSettings.self, forKey: .stopping) ?? StoppingSettings()
  }
}
