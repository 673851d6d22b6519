import LanguageModels

/// What was said with models for an elite.
struct EliteTalk: Sendable {
  /// The models that wrote it, in the order of their replies; nil where none did.
  private(set) var models: [String]?
  /// Tokens sent.
  private(set) var promptTokens = 0
  /// Tokens received.
  private(set) var completionTokens = 0
  /// Whether nobody was asked.
  private(set) var isEmpty = true

  /// Adds an exchange.
  ///
  /// - Parameter isOfSource: whether the source is made of its reply, and not a prompt.
  mutating func add(_ exchange: ChatExchange, isOfSource: Bool) {
    isEmpty = false
    guard case .reply(let reply) = exchange.outcome else { return }
    promptTokens = promptTokens.clampedSum(reply.usage.promptTokens)
    completionTokens = completionTokens.clampedSum(reply.usage.completionTokens)
    // Of several that answer as one the one that did.
    let model = reply.source?.model ?? exchange.identity.model
    if isOfSource, models?.contains(model) != true { models = (models ?? []) + [model] }
  }
}

extension Int {
  /// The sum of counts; a server or a damaged file may say any numbers.
  func clampedSum(_ other: Int) -> Int {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? .max : sum
  }
}
