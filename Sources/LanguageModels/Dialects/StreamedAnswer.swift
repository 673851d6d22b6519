/// An answer that grows event by event.
struct StreamedAnswer: Sendable {
  /// Why a stream cannot become an answer.
  enum Problem: Sendable, Hashable {
    /// The server reports a failure in the stream's middle, as it would in an error's body.
    case reported(JSONValue)
    /// An event is no event of this API; half a sentence.
    case malformed(String)
  }

  var content = ""
  var reasoning = ""
  var model: String?
  var usage: TokenUsage?
  var finishReason: String?
  var refusal: String?
  var id: String?
  var fingerprint: String?
  /// Whether the event that ends every stream of this API came.
  var isFinished = false
  /// What came instead of an answer.
  var problem: Problem?
  /// The number of the last event, where events are numbered.
  var lastSequence: Int?
  /// The identities of events so far, where events have them.
  private var seen: Set<String> = []
  /// Whether anything but comments and pings came since this was last set to false.
  var hasNews = false

  /// Adds a stream's event, once.
  ///
  /// An event that a server or proxy sends again is known by its `id`, or its number in the Responses API. Without
  /// either it cannot be told from a token that comes twice, so it counts.
  mutating func take(_ event: ServerEvent, of dialect: some Dialect) {
    guard problem == nil else { return }
    if let id = event.id, !id.isEmpty, !seen.insert(id).inserted { return }
    dialect.take(event, into: &self)
  }

  /// The JSON value of an event; where it is none, that is noted as the problem.
  mutating func json(of event: ServerEvent) -> JSONValue? {
    do throws(JSONParsingError) {
      let value = try JSONValue(parsing: event.data)
      guard value.objectValue != nil else {
        problem = .malformed("an event of its stream is no JSON object")
        return nil
      }
      return value
    } catch {
      problem = .malformed("an event of its stream is \(error.description)")
      return nil
    }
  }

  /// What the stream amounts to once it has ended; nil where it broke off before its end.
  var answer: WireAnswer? {
    if case .malformed(let detail)? = problem { return .malformed(detail) }
    guard isFinished || finishReason != nil else { return nil }
    if let refusal, content.isEmpty { return .declined(refusal) }
    if content.isEmpty, reasoning.isEmpty, finishReason == nil {
      return .malformed("its stream says nothing")
    }
    return .reply(
      WireReply(
        content: content, reasoning: reasoning.isEmpty ? nil : reasoning, model: model, usage: usage,
        finishReason: finishReason, id: id, fingerprint: fingerprint))
  }
}
