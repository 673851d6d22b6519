#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Turns what came back from a server into a reply or a failure that may be shown.
struct ResponseReader: Sendable {
  let dialect: any Dialect
  /// The server's address without secrets.
  let endpoint: String
  let model: String
  let secrets: [String]
  let timeoutSeconds: Double
  let maximumReplyBytes: Int

  /// What an attempt came to.
  enum Outcome {
    case reply(WireReply)
    case declined(String)
    /// The response of a failure, as if it had had that status from the beginning.
    case failed(HTTPResponse, JSONValue?)
    case malformed(String)
    /// The stream ended before its end.
    case brokenOff
  }

  /// What a response amounts to; `reader` is the one that took its body, where it was streamed.
  func outcome(of response: HTTPResponse, reader: StreamReader?) -> Outcome {
    guard (200..<300).contains(response.status) else {
      return .failed(response, Self.errorBody(response.body))
    }
    if let reader, response.isStreamed { return outcome(of: reader.finish(), response) }
    let body: JSONValue
    do throws(JSONParsingError) {
      body = try JSONValue(parsing: response.body)
    } catch {
      // Some servers stream without saying so.
      if reader != nil, Self.looksStreamed(response.body) {
        let late = StreamReader(dialect)
        _ = late.take(response.body)
        return outcome(of: late.finish(), response)
      }
      return .malformed(error.description)
    }
    let answer = dialect.answer(in: body)
    // Some gateways report a failure behind them with status 200.
    if let error = body["error"], !error.isNull, case .malformed = answer { return failed(body, response) }
    return outcome(of: answer)
  }

  private func outcome(of streamed: StreamedAnswer, _ response: HTTPResponse) -> Outcome {
    if case .reported(let body)? = streamed.problem { return failed(body, response) }
    return streamed.answer.map(outcome) ?? .brokenOff
  }

  private func outcome(of answer: WireAnswer) -> Outcome {
    switch answer {
    case .reply(let reply): .reply(reply)
    case .declined(let detail): .declined(shown(detail))
    case .malformed(let detail): .malformed(detail)
    }
  }

  private func failed(_ body: JSONValue, _ response: HTTPResponse) -> Outcome {
    .failed(
      HTTPResponse(
        status: WireErrors.status(of: body), headers: response.headers, body: Array(body.encoded().utf8)),
      body)
  }

  /// An error's body; Gemini's OpenAI layer puts it into an array.
  private static func errorBody(_ bytes: [UInt8]) -> JSONValue? {
    let body = try? JSONValue(parsing: bytes)
    if let elements = body?.arrayValue, elements.count == 1 { return elements[0] }
    return body
  }

  private static func looksStreamed(_ body: [UInt8]) -> Bool {
    let start = body.drop { [0x0A, 0x0D, 0x20].contains($0) }
    return ["data:", "event:", "id:", ":", "{"].contains { start.starts(with: $0.utf8) }
  }

  /// The failure that an unsuccessful response stands for.
  func failure(of response: HTTPResponse, body: JSONValue?, attempts: Int) -> ChatFailure {
    var detail = shown(
      body.flatMap(WireErrors.message) ?? Self.beginning(of: response.body, secrets: secrets))
    if let id = response.headers["x-request-id"] ?? response.headers["request-id"] {
      detail += (detail.isEmpty ? "" : ", ") + "request \(shown(id))"
    }
    if WireErrors.isQuotaExhausted(body) { return .quotaExhausted(endpoint: endpoint, detail: detail) }
    if WireErrors.isContentFiltered(body) { return .declined(endpoint: endpoint, detail: detail) }
    let status = response.status
    switch status {
    case 401, 403: return .authenticationRefused(endpoint: endpoint, status: status, detail: detail)
    case 402: return .quotaExhausted(endpoint: endpoint, detail: detail)
    case 404: return .modelNotFound(model: model, endpoint: endpoint, detail: detail)
    case 429:
      let wait = RetryPolicy.requestedWait(headers: response.headers, now: Double(time(nil)))
      return .rateLimited(endpoint: endpoint, retryAfterSeconds: wait, attempts: attempts, detail: detail)
    case 408, 409, 500...:
      return .serverError(endpoint: endpoint, status: status, attempts: attempts, detail: detail)
    case 300..<400:
      let target = response.headers["location"].map { " to \(shown(Redaction.address($0)))" } ?? ""
      return .requestRefused(
        endpoint: endpoint, status: status,
        detail: "it redirects\(target), which is not followed because the key would go along")
    default: return .requestRefused(endpoint: endpoint, status: status, detail: detail)
    }
  }

  /// The failure that the lack of a response stands for.
  func failure(of problem: HTTPFailure, attempts: Int) -> ChatFailure {
    switch problem {
    case .unreachable(let detail):
      .unreachable(endpoint: endpoint, detail: shown(detail), attempts: attempts)
    case .untrusted(let detail): .untrusted(endpoint: endpoint, detail: shown(detail))
    case .unreadable(let detail): .malformedReply(endpoint: endpoint, detail: shown(detail))
    case .timedOut: .timedOut(endpoint: endpoint, seconds: timeoutSeconds, attempts: attempts)
    case .stalled(let seconds): .timedOut(endpoint: endpoint, seconds: seconds, attempts: attempts)
    case .tooLarge: .replyTooLarge(endpoint: endpoint, limitBytes: maximumReplyBytes)
    case .cancelled: .cancelled
    case .setUp(let detail): .invalidConfiguration(detail: shown(detail))
    }
  }

  /// A body's beginning without secrets; they go before it is cut, so that no part of one is left at its end.
  private static func beginning(of body: [UInt8], secrets: [String]) -> String {
    let whole = Redaction.redacted(String(decoding: body.prefix(1 << 16), as: UTF8.self), secrets: secrets)
    return String(whole.prefix(1 << 12))
  }

  /// A server's text made fit to show: no keys, one line, not long.
  func shown(_ text: String) -> String {
    Redaction.line(Redaction.redacted(text, secrets: secrets), longest: 300)
  }

  /// A model's text without the key, should the server echo it; short keys are words, so they stay.
  func withoutSecrets(_ text: String) -> String {
    Redaction.exact(text, secrets: secrets.filter { $0.utf8.count >= 16 })
  }
}
