/// Which model answers, and where, without any secret: fit for logs, run files and exports.
public struct ModelIdentity: Codable, Sendable, Hashable {
  /// The kind of provider: `openai-compatible`, `local`, `recorded`, ….
  public var provider: String
  /// The model's name.
  public var model: String
  /// The address requests go to, without user name, password, query or fragment; nil where there is none.
  public var endpoint: String?

  /// That model at that provider; secrets in the endpoint are removed.
  public init(provider: String, model: String, endpoint: String? = nil) {
    self.provider = provider
    self.model = model
    self.endpoint = endpoint.map(Redaction.address)
  }
}

extension ModelIdentity: CustomStringConvertible {
  /// `model (provider) at endpoint`.
  public var description: String {
    "\(model) (\(provider))" + (endpoint.map { " at \($0)" } ?? "")
  }
}

/// Something that answers chat requests: a server, a local model, a recording.
///
/// Many requests may be asked at the same time. Cancelling the task aborts its request.
public protocol ChatModel: Sendable {
  /// Which model this is, without secrets.
  var identity: ModelIdentity { get }

  /// The models that may answer: this one, or those among which it chooses.
  var sources: [ModelIdentity] { get }

  /// The model's answer to a request.
  ///
  /// - Throws: `ChatFailure`, which says in one sentence what is wrong, where, and what to do.
  func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply
}

extension ChatModel {
  /// This model alone.
  public var sources: [ModelIdentity] { [identity] }
}
