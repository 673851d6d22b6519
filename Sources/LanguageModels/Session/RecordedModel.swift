import Synchronization

/// A recorded session in a model's place: the same requests get the same outcomes, in the same order.
///
/// Failures are replayed like replies. Requests with equal keys get their outcomes one after the other, whatever
/// other requests come between them. What was not recorded is refused, or asked of another model where one is given.
public final class RecordedModel: ChatModel {
  /// The model that was recorded.
  public let identity: ModelIdentity
  private let recording: String
  private let outcomes: [String: [ChatExchange.Outcome]]
  private let replayed: Mutex<[String: Int]>
  private let other: (any ChatModel)?
  private let tally = Mutex<(recorded: Int, other: Int)>((0, 0))

  /// A session of those outcomes, keyed as by `ChatRequest.key(model:)` with the identity's model.
  ///
  /// - Parameters:
  ///   - identity: The model that was recorded.
  ///   - recording: What the recording is called in failures, such as the run's name.
  ///   - outcomes: What came of each request, oldest first.
  ///   - alreadyReplayed: How many outcomes of each key were used up before, when a replay is resumed.
  ///   - other: Who is asked what was not recorded; nil refuses it.
  public init(
    identity: ModelIdentity, recording: String, outcomes: [(key: String, outcome: ChatExchange.Outcome)],
    alreadyReplayed: [String: Int] = [:], other: (any ChatModel)? = nil
  ) {
    self.other = other
    self.identity = identity
    self.recording = recording
    self.outcomes = Dictionary(grouping: outcomes, by: \.key).mapValues { $0.map(\.outcome) }
    replayed = Mutex(alreadyReplayed)
  }

  /// A session of those exchanges with that model; exchanges with other models are left out.
  public convenience init(
    identity: ModelIdentity, recording: String, exchanges: [ChatExchange],
    alreadyReplayed: [String: Int] = [:], other: (any ChatModel)? = nil
  ) {
    let own = exchanges.filter { $0.identity.model == identity.model }
    self.init(
      identity: identity, recording: recording, outcomes: own.map { ($0.key, $0.outcome) },
      alreadyReplayed: alreadyReplayed, other: other)
  }

  /// How many requests were answered from the recording, and by the other model.
  public var counts: (recorded: Int, other: Int) { tally.withLock { $0 } }

  /// What was recorded for this request and not replayed yet.
  ///
  /// - Throws: The recorded failure; `ChatFailure.notRecorded`, which names the request, where nothing (more) was
  ///   recorded and there is nobody else to ask.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let key = request.key(model: identity.model)
    let position = replayed.withLock { counts in
      defer { counts[key, default: 0] += 1 }
      return max(0, counts[key, default: 0])
    }
    guard let recorded = outcomes[key], recorded.indices.contains(position) else {
      if let other {
        tally.withLock { $0.other += 1 }
        return try await other.reply(to: request)
      }
      let words = Redaction.redacted(request.messages.last?.content ?? "", secrets: [])
      throw .notRecorded(key: key, recording: recording, request: Redaction.line(words, longest: 80))
    }
    tally.withLock { $0.recorded += 1 }
    switch recorded[position] {
    case .reply(let reply): return reply
    case .failure(let failure): throw failure
    }
  }
}
