/// What an exchange with a model took, without what was said.
public struct ExchangeFigures: Sendable, Hashable {
  /// The candidate it was for.
  public var candidate: Int
  /// The model's name.
  public var model: String
  /// Whether a reply came.
  public var isReply: Bool
  /// Tokens sent and received.
  public var tokens: Int
}
