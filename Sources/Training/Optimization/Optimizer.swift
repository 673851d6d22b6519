/// An update rule with its settings; names, defaults and arithmetic are PyTorch's.
public enum Optimizer: Sendable, Hashable {
  /// Stochastic gradient descent, `torch.optim.SGD` with dampening 0.
  case sgd(SGD)
  /// Adam (Kingma & Ba 2015), `torch.optim.Adam`: weight decay is added to the gradient.
  case adam(Adam)
  /// AdamW (Loshchilov & Hutter 2019), `torch.optim.AdamW`: weight decay shrinks the weights directly.
  case adamW(Adam)

  /// Settings of stochastic gradient descent.
  public struct SGD: Sendable, Hashable {
    /// The learning rate that schedules start from.
    public var learningRate: Double
    /// The share of the last update direction that is kept.
    public var momentum: Double
    /// The factor of the L2 penalty's gradient.
    public var weightDecay: Double
    /// Whether the gradient is taken as if the momentum step had been made (Nesterov).
    public var nesterov: Bool

    /// Settings.
    public init(
      learningRate: Double = 0.1, momentum: Double = 0.9, weightDecay: Double = 5e-4, nesterov: Bool = true
    ) {
      self.learningRate = learningRate
      self.momentum = momentum
      self.weightDecay = weightDecay
      self.nesterov = nesterov
    }
  }

  /// Settings of Adam and AdamW.
  public struct Adam: Sendable, Hashable {
    /// The learning rate that schedules start from.
    public var learningRate: Double
    /// The decay of the mean of gradients.
    public var beta1: Double
    /// The decay of the mean of squared gradients.
    public var beta2: Double
    /// What is added to the denominator.
    public var epsilon: Double
    /// The weight decay.
    public var weightDecay: Double

    /// Settings.
    public init(
      learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
      weightDecay: Double = 0
    ) {
      self.learningRate = learningRate
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
    }
  }

  /// The learning rate that schedules start from.
  public var learningRate: Double {
    switch self {
    case .sgd(let settings): settings.learningRate
    case .adam(let settings), .adamW(let settings): settings.learningRate
    }
  }
}

/// Coded as a keyed value such as `{"name": "sgd", "learningRate": 0.1, "momentum": 0.9}`; the name alone,
/// and any left-out setting, means the defaults (AdamW's weight decay is then PyTorch's 0.01).
extension Optimizer: Codable {
  private enum Name: String, Codable { case sgd, adam, adamW = "adamw" }

  private enum SGDKeys: String, CodingKey, CaseIterable {
    case name, learningRate, momentum, weightDecay, nesterov
  }

  private enum AdamKeys: String, CodingKey, CaseIterable {
    case name, learningRate, beta1, beta2, epsilon, weightDecay
  }

  /// Reads an optimizer.
  public init(from decoder: any Decoder) throws {
    if let name = try? decoder.singleValueContainer().decode(Name.self) {
      self = Self.standard(name)
      return
    }
    let name = try decoder.container(keyedBy: SGDKeys.self).decode(Name.self, forKey: .name)
    switch Self.standard(name) {
    case .sgd(var settings):
      try StrictKeys.check(decoder, against: SGDKeys.self)
      let values = try decoder.container(keyedBy: SGDKeys.self)
      try values.update(&settings.learningRate, .learningRate)
      try values.update(&settings.momentum, .momentum)
      try values.update(&settings.weightDecay, .weightDecay)
      try values.update(&settings.nesterov, .nesterov)
      self = .sgd(settings)
    case .adam(var settings), .adamW(var settings):
      try StrictKeys.check(decoder, against: AdamKeys.self)
      let values = try decoder.container(keyedBy: AdamKeys.self)
      try values.update(&settings.learningRate, .learningRate)
      try values.update(&settings.beta1, .beta1)
      try values.update(&settings.beta2, .beta2)
      try values.update(&settings.epsilon, .epsilon)
      try values.update(&settings.weightDecay, .weightDecay)
      self = name == .adam ? .adam(settings) : .adamW(settings)
    }
  }

  private static func standard(_ name: Name) -> Optimizer {
    switch name {
    case .sgd: .sgd(SGD())
    case .adam: .adam(Adam())
    case .adamW: .adamW(Adam(weightDecay: 0.01))
    }
  }

  /// Writes an optimizer.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .sgd(let settings):
      var values = encoder.container(keyedBy: SGDKeys.self)
      try values.encode(Name.sgd, forKey: .name)
      try values.encode(settings.learningRate, forKey: .learningRate)
      try values.encode(settings.momentum, forKey: .momentum)
      try values.encode(settings.weightDecay, forKey: .weightDecay)
      try values.encode(settings.nesterov, forKey: .nesterov)
    case .adam(let settings), .adamW(let settings):
      var values = encoder.container(keyedBy: AdamKeys.self)
      if case .adam = self {
        try values.encode(Name.adam, forKey: .name)
      } else {
        try values.encode(Name.adamW, forKey: .name)
      }
      try values.encode(settings.learningRate, forKey: .learningRate)
      try values.encode(settings.beta1, forKey: .beta1)
      try values.encode(settings.beta2, forKey: .beta2)
      try values.encode(settings.epsilon, forKey: .epsilon)
      try values.encode(settings.weightDecay, forKey: .weightDecay)
    }
  }
}

extension KeyedDecodingContainer {
  /// Takes the key's value where there is one.
  func update<Setting: Decodable>(_ setting: inout Setting, _ key: Key) throws {
    setting = try decodeIfPresent(Setting.self, forKey: key) ?? setting
  }
}
