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
  /// What the reply cost; nil where the model's price is not known, or nobody asked for it.
  public var cost: Money?
  /// When the outcome was there, in seconds since 1970.
  public var time: Double?

  /// An exchange of those parts.
  public init(
    identity: ModelIdentity, request: ChatRequest, outcome: Outcome, cost: Money? = nil, time: Double? = nil
  ) {
    self.identity = identity
    self.request = request
    self.outcome = outcome
    self.cost = cost
    self.time = time
  }

  /// An exchange that has just ended, with its cost by a table of prices.
  public init(
    identity: ModelIdentity, request: ChatRequest, outcome: Outcome, prices: PriceTable, time: Double
  ) {
    var cost: Money?
    if case .reply(let reply) = outcome { cost = prices.cost(of: reply, by: identity) }
    self.init(identity: identity, request: request, outcome: outcome, cost: cost, time: time)
  }

  /// The key of the request to that model.
  public var key: String { request.key(model: identity.model) }
}
