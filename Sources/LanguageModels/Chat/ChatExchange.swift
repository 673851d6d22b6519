/// One request and what came of it, as it is recorded.
public struct ChatExchange: Codable, Sendable, Hashable {
  /// What came of a request.
  public enum Outcome: Codable, Sendable, Hashable {
    case reply(ChatReply)
    case failure(ChatFailure)
  }

  /// The model that was asked.
  public var identity: ModelIdentity
  /// What was asked.
  public var request: ChatRequest
  /// What came of it.
  public var outcome: Outcome

  /// An exchange of those parts.
  public init(identity: ModelIdentity, request: ChatRequest, outcome: Outcome) {
    self.identity = identity
    self.request = request
    self.outcome = outcome
  }

  /// The key of the request to that model.
  public var key: String { request.key(model: identity.model) }
}
