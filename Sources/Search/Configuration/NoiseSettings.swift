/// How an archive judges networks whose accuracy is another with each seed of their training.
public struct NoiseSettings: Codable, Sendable, Hashable {
  /// How often a network is trained at most, each time with another seed, while it is contested; at 1 a score is believed.
  public var scores = 1
  /// How many standard errors wide the bounds around a mean of scores are to either side.
  public var confidence = 1.0
  /// The standard deviation of accuracies that is assumed before a network was trained twice.
  public var deviation = 0.01

  /// The defaults: no network is trained again.
  public init() {}

  /// Whether elites may be trained again.
  public var isOn: Bool { scores > 1 }
}
