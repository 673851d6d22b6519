import Execution
public import RandomStreams
public import Training

/// Computes proxies of untrained networks.
///
/// Everything random comes from the caller's stream, so that equal seeds give equal scores. Runs are in float32, sums
/// over weights, correlations, eigenvalues and determinants in double precision.
public struct ProxyScorer: Sendable {
  /// What is computed, in this order.
  public let proxies: [Proxy]
  /// The most bytes that a run may take; no limit if nil.
  public let memoryLimit: Int?

  /// A scorer.
  public init(_ proxies: [Proxy] = Proxy.allCases, memoryLimit: Int? = nil) {
    self.proxies = proxies
    self.memoryLimit = memoryLimit
  }

  /// Scores a network.
  ///
  /// - Parameters:
  ///   - network: its traces.
  ///   - batches: examples as many as `network.batch` takes. `zico` reads all batches, and needs two; others the first.
  ///   - stream: where initial weights and noise come from.
  ///   - weights: weights in place of initial ones.
  ///   - progress: told of each proxy before it is begun; the rest is not begun once it says false.
  /// - Returns: one score for each proxy, in their order; a proxy that cannot be computed says why.
  public func score(
    _ network: ProxyNetwork, batches: [ProxyBatch], stream: RandomStream, weights: WeightSet? = nil,
    progress: (Proxy) -> Bool = { _ in true }
  ) -> [ProxyScore] {
    let session: Result<ProxySession, ProxyFailure> = Result { () throws(ProxyFailure) in
      try ProxySession(
        network, batches: batches, stream: stream, weights: weights,
        gradientBatches: proxies.contains(.gradientVariation) ? batches.count : 1, memoryLimit: memoryLimit)
    }
    var isStopped = false
    return proxies.map { proxy in
      isStopped = isStopped || Task.isCancelled || !progress(proxy)
      if isStopped { return ProxyScore(proxy: proxy, result: .failure(.cancelled), seconds: 0) }
      let start = ExecutionEnvironment.threadProcessorSeconds
      let result = session.flatMap { session in
        Result { () throws(ProxyFailure) in
          let score = try session.score(proxy)
          guard score.isFinite else { throw ProxyFailure.notFinite }
          return score
        }
      }
      return ProxyScore(
        proxy: proxy, result: result, seconds: ExecutionEnvironment.threadProcessorSeconds - start)
    }
  }
}
