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
}
