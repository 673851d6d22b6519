/// How networks are trained; everything but the network, the data and the random stream.
public struct TrainingConfiguration: Sendable, Hashable, Codable {
  /// How often all training images are seen.
  public var epochs: Int
  /// Images of one step; the batch extent of the training graph.
  public var batchSize: Int
  /// Images of one evaluation run; the batch extent of the evaluation graph.
  public var evaluationBatchSize: Int
  /// The update rule.
  public var optimizer: Optimizer
  /// How the learning rate changes.
  public var schedule: LearningRateSchedule
  /// The share of the target that is spread over all classes, `0 ..< 1`; in the training loss only.
  public var labelSmoothing: Double
  /// Random changes of training images.
  public var augmentation: Augmentation
  /// The largest L2 norm of all gradients together, beyond which they are scaled down; none if nil.
  public var gradientClipNorm: Double?
  /// Training stops as diverged once an epoch's mean loss, after ten of its steps or more, is above this;
  /// never if nil.
  public var divergenceLoss: Double?
  /// Training stops as stalled where the mean loss of so many steps in a row is not a hundredth below ln(classes),
  /// the loss of a network that takes all classes for equally likely; never if nil.
  public var stallSteps: Int?
  /// Validation is measured every so many epochs, and always after the last.
  public var validationInterval: Int
  /// The bytes that weights, optimizer state and intermediate values may take together; no limit if nil.
  public var memoryLimit: Int?

  /// A configuration; the defaults are those of NAS-Bench-201's training (SGD with Nesterov momentum, cosine
  /// per epoch) with fewer epochs and no augmentation.
  public init(
    epochs: Int = 5, batchSize: Int = 128, evaluationBatchSize: Int = 256,
    optimizer: Optimizer = .sgd(.init()),
    schedule: LearningRateSchedule = .cosine(.init()), labelSmoothing: Double = 0,
    augmentation: Augmentation = Augmentation(), gradientClipNorm: Double? = nil,
    divergenceLoss: Double? = nil, stallSteps: Int? = nil,
    validationInterval: Int = 1, memoryLimit: Int? = nil
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.evaluationBatchSize = evaluationBatchSize
    self.optimizer = optimizer
    self.schedule = schedule
    self.labelSmoothing = labelSmoothing
    self.augmentation = augmentation
    self.gradientClipNorm = gradientClipNorm
    self.divergenceLoss = divergenceLoss
    self.stallSteps = stallSteps
    self.validationInterval = validationInterval
    self.memoryLimit = memoryLimit
  }

  /// Reads a configuration; what is left out has its default, and unknown keys are errors.
  public init(from decoder: any Decoder) throws {
    try StrictKeys.check(decoder, against: CodingKeys.self)
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    try values.update(&epochs, .epochs)
    try values.update(&batchSize, .batchSize)
    try values.update(&evaluationBatchSize, .evaluationBatchSize)
    try values.update(&optimizer, .optimizer)
    try values.update(&schedule, .schedule)
    try values.update(&labelSmoothing, .labelSmoothing)
    try values.update(&augmentation, .augmentation)
    gradientClipNorm = try values.decodeIfPresent(Double.self, forKey: .gradientClipNorm)
    divergenceLoss = try values.decodeIfPresent(Double.self, forKey: .divergenceLoss)
    stallSteps = try values.decodeIfPresent(Int.self, forKey: .stallSteps)
    try values.update(&validationInterval, .validationInterval)
    memoryLimit = try values.decodeIfPresent(Int.self, forKey: .memoryLimit)
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case epochs, batchSize, evaluationBatchSize, optimizer, schedule, labelSmoothing, augmentation
    case gradientClipNorm, divergenceLoss, stallSteps, validationInterval, memoryLimit
  }

  /// The configuration itself, once every number in it has been found to make sense.
  ///
  /// - Throws: `TrainingError.invalidConfiguration` with the setting, its bounds and its value.
  public func validated() throws(TrainingError) -> TrainingConfiguration {
    try Self.check("epochs", epochs, 1...1_000_000)
    try Self.check("batchSize", batchSize, 1...1_000_000)
    try Self.check("evaluationBatchSize", evaluationBatchSize, 1...1_000_000)
    try Self.check("labelSmoothing", labelSmoothing, from: 0, below: 1)
    try Self.check("augmentation.cropPadding", augmentation.cropPadding, 0...1024)
    try Self.check("validationInterval", validationInterval, 1...1_000_000)
    if let stallSteps { try Self.check("stallSteps", stallSteps, 1...1_000_000_000) }
    if let memoryLimit { try Self.check("memoryLimit", memoryLimit, 1...Int.max) }
    for (name, limit) in [("gradientClipNorm", gradientClipNorm), ("divergenceLoss", divergenceLoss)] {
      guard let limit else { continue }
      guard limit > 0, limit.isFinite else {
        throw .invalidConfiguration("\(name) must be above 0, and is \(limit)")
      }
    }
    try validateOptimizer()
    try validateSchedule()
    return self
  }

  private func validateOptimizer() throws(TrainingError) {
    try Self.check("optimizer.learningRate", optimizer.learningRate, from: 0, below: 1e9)
    switch optimizer {
    case .sgd(let settings):
      try Self.check("optimizer.momentum", settings.momentum, from: 0, below: 1)
      try Self.check("optimizer.weightDecay", settings.weightDecay, from: 0, below: 1e9)
      if settings.nesterov, settings.momentum == 0 {
        throw .invalidConfiguration("optimizer.nesterov needs a momentum above 0")
      }
    case .adam(let settings), .adamW(let settings):
      try Self.check("optimizer.beta1", settings.beta1, from: 0, below: 1)
      try Self.check("optimizer.beta2", settings.beta2, from: 0, below: 1)
      try Self.check("optimizer.epsilon", settings.epsilon, from: 0, below: 1e9)
      try Self.check("optimizer.weightDecay", settings.weightDecay, from: 0, below: 1e9)
    }
  }

  private func validateSchedule() throws(TrainingError) {
    switch schedule {
    case .constant: break
    case .cosine(let settings):
      try Self.check("schedule.minimum", settings.minimum, from: 0, below: 1e9)
      try Self.check("schedule.warmUpEpochs", settings.warmUpEpochs, 0...epochs)
    case .step(let milestones, let gamma):
      for milestone in milestones { try Self.check("schedule.milestones", milestone, 0...1_000_000) }
      try Self.check("schedule.gamma", gamma, from: 0, below: 1e9)
    }
  }

  private static func check(_ name: String, _ value: Int, _ bounds: ClosedRange<Int>) throws(TrainingError) {
    guard bounds.contains(value) else {
      throw .invalidConfiguration(
        "\(name) must be between \(bounds.lowerBound) and \(bounds.upperBound), and is \(value)")
    }
  }

  private static func check(
    _ name: String, _ value: Double, from lower: Double, below upper: Double
  ) throws(TrainingError) {
    guard value >= lower, value < upper else {
      throw .invalidConfiguration("\(name) must be at least \(lower) and below \(upper), and is \(value)")
    }
  }
}
