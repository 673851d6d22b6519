import RandomStreams
import Synchronization

/// Keeps replies by the whole of what was asked.
public protocol ReplyStore: Sendable {
  /// The reply kept under a key; nil where there is none.
  func reply(forKey key: String) -> ChatReply?

  /// Keeps a reply under a key.
  func keep(_ reply: ChatReply, forKey key: String)
}

/// A model that is asked nothing twice: a request that was answered before gets the same reply again.
///
/// The key holds the whole request and which model at which address is asked; a request with a seed of its own is
/// another one. Failures are not kept.
public struct CachedModel: ChatModel {
  private let model: any ChatModel
  private let store: any ReplyStore

  /// That model before that store.
  public init(_ model: any ChatModel, store: any ReplyStore) {
    self.model = model
    self.store = store
  }

  /// The model's own identity.
  public var identity: ModelIdentity { model.identity }

  /// The models that may answer.
  public var sources: [ModelIdentity] { model.sources }

  /// The kept reply, whose `isCached` is true; else the model's.
  ///
  /// - Throws: What the model throws.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let asked = model.identity
    let key = StableHash.hexadecimal128(
      JSONValue.array([
        .string(asked.provider), .string(asked.endpoint ?? ""), .string(asked.model),
        .string(request.key(model: asked.model)),
      ]).encoded())
    if var kept = store.reply(forKey: key) {
      kept.isCached = true
      return kept
    }
    let reply = try await model.reply(to: request)
    store.keep(reply, forKey: key)
    return reply
  }
}

/// Keeps replies as long as the process lives.
public final class MemoryReplyStore: ReplyStore {
  private let replies = Mutex<[String: ChatReply]>([:])

  /// An empty store.
  public init() {}

  /// The reply kept under a key.
  public func reply(forKey key: String) -> ChatReply? { replies.withLock { $0[key] } }

  /// Keeps a reply under a key.
  public func keep(_ reply: ChatReply, forKey key: String) { replies.withLock { $0[key] = reply } }
}
