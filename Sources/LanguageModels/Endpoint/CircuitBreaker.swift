/// Stops asking a server that keeps failing, and tries it with single requests until it is well again.
///
/// Closed, requests pass. After so many failed ones in a row, each with its retries, the circuit opens and requests
/// fail at once, so that the next model of a chain is asked without delay. When the time is up, one request passes as a
/// probe: its success closes the circuit, its failure opens it for twice as long. Seconds are given by the caller.
struct CircuitBreaker: Sendable, Hashable {
  /// How many requests in a row must fail.
  static let threshold = 5
  /// How long the circuit is open at first, and at most.
  static let seconds = 30.0...480.0

  enum Verdict: Sendable, Hashable {
    case pass
    /// Closed for that many seconds more.
    case refuse(seconds: Double)
  }

  private var failures = 0
  private var openUntil: Double?
  private var openSeconds = Self.seconds.lowerBound
  private var isProbing = false

  /// Whether a request may go; where it may and the circuit is open, it is the probe.
  mutating func admit(at now: Double) -> Verdict {
    guard let openUntil else { return .pass }
    guard now >= openUntil, !isProbing else { return .refuse(seconds: max(0, openUntil - now)) }
    isProbing = true
    return .pass
  }

  /// Notes that a request was answered, if only with a refusal.
  mutating func succeed() { self = CircuitBreaker() }

  /// Notes that a request failed by the server's fault.
  mutating func fail(at now: Double) {
    failures += 1
    if isProbing { openSeconds = min(2 * openSeconds, Self.seconds.upperBound) }
    if isProbing || (openUntil == nil && failures >= Self.threshold) { openUntil = now + openSeconds }
    isProbing = false
  }

  /// Notes that a request ended without telling anything of the server.
  mutating func abandon() { isProbing = false }
}
