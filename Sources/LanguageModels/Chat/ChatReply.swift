/// The tokens that an exchange took, as the server counted them.
public struct TokenUsage: Codable, Sendable, Hashable {
  /// Tokens of the request.
  public var promptTokens: Int
  /// Tokens of the reply, those of hidden reasoning included.
  public var completionTokens: Int
  /// How many of the prompt's tokens the server took from its cache, where it says so.
  public var cachedTokens: Int?
  /// How many of the prompt's tokens the server put into its cache, where it says so and charges for it.
  public var cacheWriteTokens: Int?
  /// How many of the reply's tokens were hidden reasoning, where the server says so.
  public var reasoningTokens: Int?

  /// Those counts.
  public init(
    promptTokens: Int, completionTokens: Int, cachedTokens: Int? = nil, cacheWriteTokens: Int? = nil,
    reasoningTokens: Int? = nil
  ) {
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
    self.cachedTokens = cachedTokens
    self.cacheWriteTokens = cacheWriteTokens
    self.reasoningTokens = reasoningTokens
  }
}

/// What a model answered, and what it took to get it.
public struct ChatReply: Codable, Sendable, Hashable {
  /// The text of the answer.
  public var content: String
  /// The model that answered, as the server names it; it may be more exact than the name asked for.
  public var model: String
  /// The tokens used; zeros where the server did not count (then `isUsageReported` is false).
  public var usage: TokenUsage
  /// Whether the server counted the tokens.
  public var isUsageReported: Bool
  /// Why the answer ended: `stop`, `length`, `content_filter`, ….
  public var finishReason: String?
  /// Seconds from the first attempt to the answer, waits between attempts included.
  public var latencySeconds: Double
  /// How many times the request was sent.
  public var attempts: Int
  /// Parameters that the server refused by name and that were left out for it.
  public var droppedParameters: [String]
  /// What the model thought before it answered, where the server shows it; never part of `content`.
  public var reasoning: String?
  /// The server's name for this reply.
  public var responseID: String?
  /// The server's name for the state of its machines (`system_fingerprint`): equal seeds hold only within one.
  public var fingerprint: String?
  /// Which of several models answered, where one was chosen.
  public var source: ModelIdentity?
  /// Whether the reply comes from a cache of earlier ones, so that it cost nothing.
  public var isCached: Bool?

  /// A reply with those parts.
  public init(
    content: String, model: String, usage: TokenUsage, isUsageReported: Bool = true,
    finishReason: String? = nil, latencySeconds: Double = 0, attempts: Int = 1,
    droppedParameters: [String] = [], reasoning: String? = nil, responseID: String? = nil,
    fingerprint: String? = nil, source: ModelIdentity? = nil, isCached: Bool? = nil
  ) {
    self.content = content
    self.model = model
    self.usage = usage
    self.isUsageReported = isUsageReported
    self.finishReason = finishReason
    self.latencySeconds = latencySeconds
    self.attempts = attempts
    self.droppedParameters = droppedParameters
    self.reasoning = reasoning
    self.responseID = responseID
    self.fingerprint = fingerprint
    self.source = source
    self.isCached = isCached
  }
}
