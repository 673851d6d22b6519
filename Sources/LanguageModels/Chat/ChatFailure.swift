/// Why there is no reply.
///
/// Details that came from a server are cleaned of keys and cut to a line before they get here, so a failure may
/// be shown, logged and stored. Endpoints carry no user name, password or query.
public enum ChatFailure: Error, Codable, Sendable, Hashable {
  /// The address, key or model name cannot be used as given.
  case invalidConfiguration(detail: String)
  /// The request cannot be sent as it is, such as a temperature that is not a number.
  case invalidRequest(detail: String)
  /// No connection to the server, or it broke off.
  case unreachable(endpoint: String, detail: String, attempts: Int)
  /// The server's certificate cannot be trusted, or the encrypted connection failed.
  case untrusted(endpoint: String, detail: String)
  /// The key is missing, wrong or not allowed to do this (401, 403).
  case authenticationRefused(endpoint: String, status: Int, detail: String)
  /// The server does not know the model, or has nothing at that address (404).
  case modelNotFound(model: String, endpoint: String, detail: String)
  /// Too many requests (429); seconds to wait where the server said so.
  case rateLimited(endpoint: String, retryAfterSeconds: Double?, attempts: Int, detail: String)
  /// The account has no money or allowance left.
  case quotaExhausted(endpoint: String, detail: String)
  /// The reply did not come, or did not end, in time.
  case timedOut(endpoint: String, seconds: Double, attempts: Int)
  /// The server failed (408, 409, 500 and above).
  case serverError(endpoint: String, status: Int, attempts: Int, detail: String)
  /// The server failed so many times in a row that it is not asked again for a while.
  case circuitOpen(endpoint: String, retryAfterSeconds: Double)
  /// The server understood and refused the request (400, 413, 422 and others).
  case requestRefused(endpoint: String, status: Int, detail: String)
  /// The model declined to answer.
  case declined(endpoint: String, detail: String)
  /// What came is not a reply as the API defines it.
  case malformedReply(endpoint: String, detail: String)
  /// The reply is longer than is accepted.
  case replyTooLarge(endpoint: String, limitBytes: Int)
  /// The task was cancelled.
  case cancelled
  /// The run may not ask for more.
  case budgetExhausted(detail: String)
  /// A recorded session has no (further) reply for this request, of which some words are given.
  case notRecorded(key: String, recording: String, request: String? = nil)
  /// The local model is not installed, did not start or ended.
  case localModelUnavailable(detail: String)
}

extension ChatFailure: CustomStringConvertible {
  /// What is wrong, where, and what to do, as one sentence.
  public var description: String {
    switch self {
    case .invalidConfiguration(let detail):
      "The language model's configuration cannot be used: \(detail)."
    case .invalidRequest(let detail):
      "The request to the language model was not sent: \(detail)."
    case .unreachable(let endpoint, let detail, let attempts):
      "No connection to \(endpoint) (\(detail); \(Self.tries(attempts))); check the address and that the server runs."
    case .untrusted(let endpoint, let detail):
      "The connection to \(endpoint) cannot be trusted (\(detail)); check the address, or name your certificate "
        + "authority's file in SSL_CERT_FILE."
    case .authenticationRefused(let endpoint, let status, let detail):
      "\(endpoint) refused the API key (\(status)\(Self.also(detail))); check the environment variable it comes from."
    case .modelNotFound(let model, let endpoint, let detail):
      "\(endpoint) does not know the model '\(model)' (404\(Self.also(detail))); check the model's name and the base address."
    case .rateLimited(let endpoint, let wait, let attempts, let detail):
      "\(endpoint) limits the rate of requests (429\(Self.also(detail)); \(Self.tries(attempts))); "
        + (wait.map { "try again in \(Self.seconds($0)), or ask for fewer at once." }
          ?? "wait a while, or ask for fewer at once.")
    case .quotaExhausted(let endpoint, let detail):
      "The account at \(endpoint) has no quota left\(Self.inParentheses(detail)); add credit or use another model."
    case .timedOut(let endpoint, let seconds, let attempts):
      "\(endpoint) did not answer within \(Self.seconds(seconds)) (\(Self.tries(attempts))); raise the timeout or use a "
        + "faster model."
    case .serverError(let endpoint, let status, let attempts, let detail):
      "\(endpoint) failed (\(status)\(Self.also(detail)); \(Self.tries(attempts))); try again later or look at the "
        + "server's log."
    case .circuitOpen(let endpoint, let seconds):
      "\(endpoint) failed \(CircuitBreaker.threshold) times in a row and is not asked for "
        + "\(Self.seconds(seconds)); look at the server's log, or name a model to fall back on."
    case .requestRefused(let endpoint, let status, let detail):
      "\(endpoint) refused the request (\(status)\(Self.also(detail))); change what the message names."
    case .declined(let endpoint, let detail):
      "The model at \(endpoint) declined to answer\(Self.inParentheses(detail)); change the prompt or use another model."
    case .malformedReply(let endpoint, let detail):
      "The reply of \(endpoint) cannot be read (\(detail)); check that it serves the OpenAI chat/completions API."
    case .replyTooLarge(let endpoint, let limitBytes):
      "The reply of \(endpoint) is longer than the \(limitBytes) bytes that are accepted; lower the maximum tokens."
    case .cancelled:
      "The request was cancelled."
    case .budgetExhausted(let detail):
      "The budget for the language model is used up: \(detail)."
    case .notRecorded(let key, let recording, let request):
      "The recording \(recording) has no (further) reply for request \(key)"
        + (request.map { " ('\($0)')" } ?? "") + "; the run differs from the recorded one."
    case .localModelUnavailable(let detail):
      "The local language model cannot be used: \(detail)."
    }
  }

  private static func tries(_ count: Int) -> String { count == 1 ? "1 attempt" : "\(count) attempts" }

  private static func also(_ detail: String) -> String { detail.isEmpty ? "" : ": \(detail)" }

  private static func inParentheses(_ detail: String) -> String { detail.isEmpty ? "" : " (\(detail))" }

  private static func seconds(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    if let whole = Int(exactly: tenths) { return "\(whole) s" }
    return "\(tenths) s"
  }
}
