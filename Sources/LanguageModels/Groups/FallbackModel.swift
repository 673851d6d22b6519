import Synchronization

/// A chain of models: where one cannot answer, the next is asked.
///
/// A failure that would meet the next model too (a request that cannot be sent, a cancelled task, a used-up budget, a
/// recording that differs) is not passed on to it.
public final class FallbackModel: ChatModel {
  /// The chain: `fallback`, with the models' names in order.
  public let identity: ModelIdentity
  private let models: [any ChatModel]
  private let onNotice: (@Sendable (String) -> Void)?
  private let reported = Mutex<Set<Int>>([])

  /// A chain of those models, the preferred one first.
  ///
  /// - Parameter onNotice: Told the first time that each model is passed over.
  /// - Throws: `ChatFailure.invalidConfiguration` where there are none.
  public init(
    _ models: [any ChatModel], onNotice: (@Sendable (String) -> Void)? = nil
  ) throws(ChatFailure) {
    guard !models.isEmpty else {
      throw .invalidConfiguration(detail: "a chain of models to fall back on names none")
    }
    self.models = models
    self.onNotice = onNotice
    identity = ModelIdentity(
      provider: "fallback", model: models.map(\.identity.model).joined(separator: " > "))
  }

  /// The models that may answer.
  public var sources: [ModelIdentity] { models.flatMap(\.sources) }

  /// The answer of the first model that has one; `source` says which.
  ///
  /// - Throws: The last model's failure.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    var last: ChatFailure?
    for (index, model) in models.enumerated() {
      do throws(ChatFailure) {
        var reply = try await model.reply(to: request)
        reply.source = reply.source ?? model.identity
        return reply
      } catch {
        guard error.mayFareBetterElsewhere else { throw error }
        last = error
        if index + 1 < models.count, reported.withLock({ $0.insert(index).inserted }) {
          onNotice?("\(models[index + 1].identity) is asked in the place of \(model.identity): \(error)")
        }
      }
    }
    throw last ?? .cancelled
  }
}

extension ChatFailure {
  /// Whether another model may answer what this one could not.
  var mayFareBetterElsewhere: Bool {
    switch self {
    case .invalidRequest, .cancelled, .budgetExhausted, .notRecorded: false
    default: true
    }
  }
}
