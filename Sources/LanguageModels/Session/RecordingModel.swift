#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A model whose every exchange is handed to whoever records.
public struct RecordingModel: ChatModel {
  private let model: any ChatModel
  private let prices: PriceTable
  private let onExchange: @Sendable (ChatExchange) -> Void

  /// That model, recorded by a callback that is called after each exchange, before the reply is returned.
  ///
  /// Cancelled requests are not handed over: they say nothing about the model.
  ///
  /// - Parameter prices: What models cost, for the exchanges' cost.
  public init(
    _ model: any ChatModel, prices: PriceTable = PriceTable(),
    onExchange: @escaping @Sendable (ChatExchange) -> Void
  ) {
    self.model = model
    self.prices = prices
    self.onExchange = onExchange
  }

  /// The recorded model's own identity.
  public var identity: ModelIdentity { model.identity }

  /// The models that may answer.
  public var sources: [ModelIdentity] { model.sources }

  /// The model's answer, handed to whoever records.
  ///
  /// - Throws: What the model throws.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let outcome: ChatExchange.Outcome
    do throws(ChatFailure) {
      outcome = .reply(try await model.reply(to: request))
    } catch {
      guard error != .cancelled else { throw error }
      outcome = .failure(error)
    }
    onExchange(
      ChatExchange(
        identity: identity, request: request, outcome: outcome, prices: prices, time: Double(time(nil))))
    switch outcome {
    case .reply(let reply): return reply
    case .failure(let failure): throw failure
    }
  }
}
