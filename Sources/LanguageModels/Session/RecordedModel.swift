import Synchronization

/// A recorded session in a model's place: the same requests get the same outcomes, in the same order.
///
/// Failures are replayed like replies. Requests with equal keys get their outcomes one after the other, whatever
/// other requests come between them.
public final class RecordedModel: ChatModel {
  /// The model that was recorded.
  public let identity: ModelIdentity
  private let recording: String
  private let outcomes: [String: [ChatExchange.Outcome]]
  private let replayed: Mutex<[String: Int]>

  /// A session of those outcomes, keyed as by `ChatRequest.key(model:)` with the identity's model.
  ///
  /// - Parameters:
  ///   - identity: The model that was recorded.
  ///   - recording: What the recording is called in failures, such as the run's name.
  ///   - outcomes: What came of each request, oldest first.
  ///   - alreadyReplayed: How many outcomes of each key were used up before, when a replay is resumed.
  public init(
    identity: ModelIdentity, recording: String, outcomes: [(key: String, outcome: ChatExchange.Outcome)],
    alreadyReplayed: [String: Int] = [:]
  ) {
    self.identity = identity
    self.recording = recording
    self.outcomes = Dictionary(grouping: outcomes, by: \.key).mapValues { $0.map(\.outcome) }
    replayed = Mutex(alreadyReplayed)
  }

  /// A session of those exchanges with that model; exchanges with other models are left out.
  public convenience init(
    identity: ModelIdentity, recording: String, exchanges: [ChatExchange],
    alreadyReplayed: [String: Int] = [:]
  ) {
    let own = exchanges.filter { $0.identity.model == identity.model }
    self.init(
      identity: identity, recording: recording, outcomes: own.map { ($0.key, $0.outcome) },
      alreadyReplayed: alreadyReplayed)
  }

  /// What was recorded for this request and not replayed yet.
  ///
  /// - Throws: The recorded failure; `ChatFailure.notRecorded` where nothing (more) was recorded.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let key = request.key(model: identity.model)
    let position = replayed.withLock { counts in
      defer { counts[key, default: 0] += 1 }
      return max(0, counts[key, default: 0])
    }
    guard let recorded = outcomes[key], recorded.indices.contains(position) else {
      throw .notRecorded(key: key, recording: recording)
    }
    switch recorded[position] {
    case .reply(let reply): return reply
    case .failure(let failure): throw failure
    }
  }
}

/// A model whose every exchange is handed to whoever records.
public struct RecordingModel: ChatModel {
  private let model: any ChatModel
  private let onExchange: @Sendable (ChatExchange) -> Void

  /// That model, recorded by a callback that is called after each exchange, before the reply is returned.
  ///
  /// Cancelled requests are not handed over: they say nothing about the model.
  public init(_ model: any ChatModel, onExchange: @escaping @Sendable (ChatExchange) -> Void) {
    self.model = model
    self.onExchange = onExchange
  }

  /// The recorded model's own identity.
  public var identity: ModelIdentity { model.identity }

  /// The model's answer, handed to whoever records.
  ///
  /// - Throws: What the model throws.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    do throws(ChatFailure) {
      let reply = try await model.reply(to: request)
      onExchange(ChatExchange(identity: identity, request: request, outcome: .reply(reply)))
      return reply
    } catch {
      if error != .cancelled {
        onExchange(ChatExchange(identity: identity, request: request, outcome: .failure(error)))
      }
      throw error
    }
  }
}
