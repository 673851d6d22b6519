/// What the exchanges of a run with models add up to.
public struct ModelUsage: Codable, Sendable, Hashable {
  /// Exchanges that gave a reply.
  public var replies = 0
  /// Exchanges that failed.
  public var failures = 0
  /// Tokens sent.
  public var promptTokens = 0
  /// Tokens received.
  public var completionTokens = 0
  /// Seconds spent waiting.
  public var seconds = 0.0
  /// Dollars, of the replies whose price is known; nil where none is.
  public var dollars: Double?
  /// The same of each model by name, where several were asked.
  public var models: [String: ModelUsage]?

  /// Adds what was taken elsewhere.
  mutating func add(_ other: ModelUsage) {
    replies += other.replies
    failures += other.failures
    // Sums of hostile numbers may be beyond what an Int holds.
    promptTokens = Int(exactly: Double(promptTokens) + Double(other.promptTokens)) ?? .max
    completionTokens = Int(exactly: Double(completionTokens) + Double(other.completionTokens)) ?? .max
    seconds += other.seconds
    if let more = other.dollars { dollars = (dollars ?? 0) + more }
  }
}
