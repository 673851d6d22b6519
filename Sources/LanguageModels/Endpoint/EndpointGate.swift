import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The way to one model at one server with one key: all who ask there share it.
final class EndpointGate: Sendable {
  private struct State {
    var limiter = RateLimiter()
    var breaker = CircuitBreaker()
  }

  private let state = Mutex(State())
  private let start = ContinuousClock.now

  private var now: Double { (ContinuousClock.now - start) / .seconds(1) }

  /// Lets a request begin unless the server keeps failing.
  func admit() -> CircuitBreaker.Verdict { state.withLock { $0.breaker.admit(at: now) } }

  /// Notes how a request that was let in has ended; nil is a reply.
  func ended(with failure: ChatFailure?) {
    state.withLock {
      switch failure {
      case .unreachable, .timedOut, .serverError: $0.breaker.fail(at: now)
      case .cancelled: $0.breaker.abandon()
      default: $0.breaker.succeed()
      }
    }
  }

  /// Waits until the server's limits leave room for the request.
  ///
  /// - Returns: nil, or the seconds it would take where that is too long to wait.
  /// - Throws: `ChatFailure.cancelled`.
  func enter(_ need: RateNeed) async throws(ChatFailure) -> Double? {
    while true {
      let wait = state.withLock { $0.limiter.enter(need, at: now) }
      if wait <= 0 { return nil }
      if wait > RetryPolicy.longestWaitSeconds { return wait }
      do { try await Task.sleep(for: .seconds(max(wait, 0.001))) } catch { throw .cancelled }
    }
  }

  /// Notes that a request sent is back, with its response's headers; nil where there was none.
  func leave(_ need: RateNeed, _ headers: [String: String]?) {
    state.withLock {
      $0.limiter.leave(need, headers: headers ?? [:], at: now, date: RetryPolicy.date(of: headers ?? [:]))
    }
  }

  /// Holds all requests back, because the server asked one of them to wait.
  func block(seconds: Double) { state.withLock { $0.limiter.block(seconds: seconds, at: now) } }
}
