import LanguageModels
import RandomStreams

/// How a role asks its model.
public struct RoleSettings: Sendable, Hashable {
  /// The sampling temperature.
  public var temperature = 0.6
  /// The most tokens of a reply, thoughts included.
  public var maximumTokens = 4096
  /// Whether the model sees all that was said before, or the present question alone.
  public var remembers: Bool
  /// How many tokens the model takes in prompt and reply together; nil: as many as there are.
  ///
  /// Where a conversation grows beyond that, its oldest parts are made shorter.
  public var contextTokens: Int?
  /// Which of several models is asked, by its place; nil: there is one, or that is left to whoever chooses among them.
  public var recipient: Int?

  /// CoLLM-NAS' temperature, and 4096 tokens.
  public init(
    temperature: Double = 0.6, maximumTokens: Int = 4096, remembers: Bool, contextTokens: Int? = nil
  ) {
    self.temperature = temperature
    self.maximumTokens = maximumTokens
    self.remembers = remembers
    self.contextTokens = contextTokens
  }

  /// The most tokens of a request's messages.
  var limit: Int {
    guard let contextTokens else { return .max }
    return max(0, contextTokens.subtractingReportingOverflow(maximumTokens).partialValue)
  }
}

/// What asking models for architectures came to.
public struct ModelSearchCounts: Sendable, Hashable, Codable {
  /// Rounds of the loop, those without a result among them.
  public var iterations = 0
  /// Requests, those among them that failed, and replies without what was asked for.
  public var calls = 0, failures = 0, unreadable = 0
  /// Architectures in replies, and how many of them were illegal or had been evaluated before.
  public var architectures = 0, illegal = 0, repeated = 0
  /// Architectures beyond the most that a reply may have, which were left out.
  public var surplus = 0
  /// Turns of conversations that were made shorter or left out to fit the context.
  public var shortenedTurns = 0, droppedTurns = 0
  /// Tokens of prompts and replies, as the servers counted them.
  public var promptTokens = 0, completionTokens = 0
  /// Seconds from requests to replies.
  public var seconds = 0.0

  /// No requests.
  public init() {}
}

/// A model in a role.
struct RoleModel: Sendable {
  let model: any ChatModel
  let settings: RoleSettings
  /// How often a request is asked anew that failed in passing or got an empty reply.
  let retries: Int
  let stream: RandomStream

  /// A reply, with at least a word; nil where there was none that many times.
  ///
  /// - Parameter number: the request's number in this role, which names its random streams.
  /// - Throws: where no request could have a reply; with `isEndOfBudget` where no more may be asked.
  func ask(
    _ messages: [ChatMessage], schema: JSONSchema? = nil, number: Int, counts: inout ModelSearchCounts
  ) async throws(SearchError) -> ChatReply? {
    for attempt in 0...max(0, retries) {
      // Another seed, since the same one may well end the same.
      var draws = stream.stream("request", number).stream("attempt", attempt)
      var request = ChatRequest(
        messages: messages, temperature: settings.temperature, maximumTokens: settings.maximumTokens,
        seed: draws.integer(below: 1 << 31), responseSchema: schema)
      request.recipient = settings.recipient
      counts.calls += 1
      do {
        let reply = try await model.reply(to: request)
        counts.promptTokens += reply.usage.promptTokens
        counts.completionTokens += reply.usage.completionTokens
        counts.seconds += reply.latencySeconds
        if reply.content.contains(where: { !$0.isWhitespace }) { return reply }
        counts.unreadable += 1
      } catch {
        counts.failures += 1
        if case .budgetExhausted = error { throw SearchError(error.description, isEndOfBudget: true) }
        guard error.isTransient else { throw SearchError(error.description) }
      }
    }
    return nil
  }
}
