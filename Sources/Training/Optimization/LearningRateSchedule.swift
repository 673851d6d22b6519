#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How the learning rate goes from the optimizer's own to its end.
public enum LearningRateSchedule: Sendable, Hashable {
  /// Always the optimizer's own.
  case constant
  /// Half a cosine from the optimizer's own to the minimum (Loshchilov & Hutter 2017, without restarts).
  case cosine(Cosine)
  /// The optimizer's own times `gamma` for each milestone (in epochs) that was reached.
  case step(milestones: [Int], gamma: Double)

  /// Settings of the cosine schedule.
  public struct Cosine: Sendable, Hashable {
    /// The learning rate that is reached at the end.
    public var minimum: Double
    /// Epochs at the beginning in which the learning rate rises in equal steps, ending at the optimizer's
    /// own.
    public var warmUpEpochs: Int
    /// Whether the rate changes with each step rather than with each epoch.
    public var perStep: Bool

    /// Settings.
    public init(minimum: Double = 0, warmUpEpochs: Int = 0, perStep: Bool = false) {
      self.minimum = minimum
      self.warmUpEpochs = warmUpEpochs
      self.perStep = perStep
    }
  }

  /// The learning rate of one step.
  ///
  /// Without warm-up the cosine per epoch is PyTorch's `CosineAnnealingLR(T_max: epochs)`, and the step
  /// schedule its `MultiStepLR`.
  ///
  /// - Parameters:
  ///   - base: the optimizer's own learning rate.
  ///   - epoch: counted from 0.
  ///   - step: within the epoch, counted from 0.
  ///   - stepsPerEpoch: how many steps an epoch has.
  ///   - epochs: how many epochs there are.
  public func learningRate(base: Double, epoch: Int, step: Int, stepsPerEpoch: Int, epochs: Int) -> Double {
    switch self {
    case .constant:
      return base
    case .step(let milestones, let gamma):
      return milestones.reduce(base) { $1 <= epoch ? $0 * gamma : $0 }
    case .cosine(let settings):
      let unit = settings.perStep ? Double(max(1, stepsPerEpoch)) : 1
      let now = settings.perStep ? Double(epoch) * unit + Double(step) : Double(epoch)
      let warmUp = Double(settings.warmUpEpochs) * unit
      if now < warmUp { return base * (now + 1) / warmUp }
      let rest = Double(epochs) * unit - warmUp
      let share = rest > 0 ? min(1, (now - warmUp) / rest) : 1
      return settings.minimum + (base - settings.minimum) * (1 + cos(Double.pi * share)) / 2
    }
  }
}

/// Coded as a keyed value such as `{"name": "cosine", "warmUpEpochs": 1}`; the name alone means the defaults.
extension LearningRateSchedule: Codable {
  private enum Name: String, Codable { case constant, cosine, step }

  private enum ConstantKeys: String, CodingKey, CaseIterable { case name }
  private enum CosineKeys: String, CodingKey, CaseIterable { case name, minimum, warmUpEpochs, perStep }
  private enum StepKeys: String, CodingKey, CaseIterable { case name, milestones, gamma }

  /// Reads a schedule.
  public init(from decoder: any Decoder) throws {
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      switch name {
      case "constant": self = .constant
      case "cosine": self = .cosine(Cosine())
      default:
        throw DecodingError.dataCorrupted(
          DecodingError.Context(
            codingPath: decoder.codingPath,
            debugDescription: "“\(name)” is no schedule by itself; constant and cosine are"))
      }
      return
    }
    switch try decoder.container(keyedBy: ConstantKeys.self).decode(Name.self, forKey: .name) {
    case .constant:
      try StrictKeys.check(decoder, against: ConstantKeys.self)
      self = .constant
    case .cosine:
      try StrictKeys.check(decoder, against: CosineKeys.self)
      let values = try decoder.container(keyedBy: CosineKeys.self)
      var settings = Cosine()
      try values.update(&settings.minimum, .minimum)
      try values.update(&settings.warmUpEpochs, .warmUpEpochs)
      try values.update(&settings.perStep, .perStep)
      self = .cosine(settings)
    case .step:
      try StrictKeys.check(decoder, against: StepKeys.self)
      let values = try decoder.container(keyedBy: StepKeys.self)
      var gamma = 0.1
      try values.update(&gamma, .gamma)
      self = .step(milestones: try values.decode([Int].self, forKey: .milestones), gamma: gamma)
    }
  }

  /// Writes a schedule.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .constant:
      var values = encoder.container(keyedBy: ConstantKeys.self)
      try values.encode(Name.constant, forKey: .name)
    case .cosine(let settings):
      var values = encoder.container(keyedBy: CosineKeys.self)
      try values.encode(Name.cosine, forKey: .name)
      try values.encode(settings.minimum, forKey: .minimum)
      try values.encode(settings.warmUpEpochs, forKey: .warmUpEpochs)
      try values.encode(settings.perStep, forKey: .perStep)
    case .step(let milestones, let gamma):
      var values = encoder.container(keyedBy: StepKeys.self)
      try values.encode(Name.step, forKey: .name)
      try values.encode(milestones, forKey: .milestones)
      try values.encode(gamma, forKey: .gamma)
    }
  }
}
