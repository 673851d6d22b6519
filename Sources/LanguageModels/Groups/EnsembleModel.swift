import RandomStreams

/// Decides which of several models answers a request.
///
/// A choice must depend on the request alone, not on time, or a run cannot be repeated.
public protocol ModelChooser: Sendable {
  /// The place of the model to ask, from 0 up.
  ///
  /// - Parameters:
  ///   - count: How many there are.
  ///   - key: The request's own key, different for each request.
  func choose(among count: Int, for key: String) -> Int
}

/// Chooses models by weights: each gets its share of the requests, by the requests' keys.
public struct WeightedChooser: ModelChooser {
  private let sums: [Double]

  /// Those weights, one per model.
  ///
  /// - Throws: `ChatFailure.invalidConfiguration` where a weight is negative or no number, or all are zero.
  public init(weights: [Double]) throws(ChatFailure) {
    var sum = 0.0
    var sums: [Double] = []
    for weight in weights {
      guard weight >= 0, weight.isFinite else {
        throw .invalidConfiguration(detail: "the weight \(weight) of a model is not a number from 0 up")
      }
      sum += weight
      sums.append(sum)
    }
    guard sum > 0, sum.isFinite else {
      throw .invalidConfiguration(detail: "the weights of the models are all zero or too large")
    }
    self.sums = sums
  }

  /// The model whose share of all keys this one falls into.
  public func choose(among count: Int, for key: String) -> Int {
    var stream = RandomStream(seed: 0).stream("ensemble \(key)")
    let point = stream.uniform() * (sums.last ?? 0)
    return sums.firstIndex { point < $0 } ?? sums.count - 1
  }
}

/// Several models that share the requests.
public struct EnsembleModel: ChatModel {
  /// The ensemble: `ensemble`, with the models' names.
  public let identity: ModelIdentity
  private let models: [any ChatModel]
  private let chooser: any ModelChooser

  /// Those models, of which the chooser names one for each request that names none itself.
  ///
  /// - Throws: `ChatFailure.invalidConfiguration` where there are none.
  public init(_ models: [any ChatModel], chooser: any ModelChooser) throws(ChatFailure) {
    guard !models.isEmpty else {
      throw .invalidConfiguration(detail: "an ensemble of models names none")
    }
    self.models = models
    self.chooser = chooser
    identity = ModelIdentity(
      provider: "ensemble", model: models.map(\.identity.model).joined(separator: " + "))
  }

  /// The models that may answer.
  public var sources: [ModelIdentity] { models.flatMap(\.sources) }

  /// The answer of the model that the request names or the chooser chose; `source` says which.
  ///
  /// - Throws: What that model throws.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let choice =
      request.recipient ?? chooser.choose(among: models.count, for: request.key(model: identity.model))
    guard models.indices.contains(choice) else {
      throw .invalidConfiguration(detail: "model \(choice) was chosen of \(models.count), counted from 0")
    }
    var reply = try await models[choice].reply(to: request)
    reply.source = reply.source ?? models[choice].identity
    return reply
  }
}
