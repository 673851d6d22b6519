import RandomStreams
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A model behind OpenAI's chat/completions API, at OpenAI or any server that speaks it.
///
/// Failed attempts are repeated as OpenAI's own SDK does it. A parameter that the server refuses by name is left
/// out from then on and named in each reply's `droppedParameters`. Requests may run side by side.
public final class OpenAICompatibleModel: ChatModel {
  /// Which model this is, without secrets.
  public let identity: ModelIdentity
  private let configuration: OpenAICompatibleConfiguration
  private let address: APIAddress
  private let headers: [String]
  private let secrets: [String]
  private let client: HTTPClient
  private let refused = Mutex<Set<String>>([])
  private let jitter: Mutex<RandomStream>

  /// The model of that configuration; nothing is sent yet.
  ///
  /// - Throws: `ChatFailure.invalidConfiguration`.
  public convenience init(configuration: OpenAICompatibleConfiguration) throws(ChatFailure) {
    try self.init(configuration: configuration, client: .shared)
  }

  init(configuration: OpenAICompatibleConfiguration, client: HTTPClient) throws(ChatFailure) {
    guard !configuration.model.isEmpty else {
      throw .invalidConfiguration(detail: "no model is named; set 'model' in the config or OPENAI_MODEL")
    }
    let limits = [configuration.connectTimeoutSeconds, configuration.timeoutSeconds]
    guard limits.allSatisfy({ $0 > 0 }), configuration.maximumRetries >= 0,
      configuration.maximumReplyBytes > 0
    else {
      throw .invalidConfiguration(
        detail: "timeouts and the reply's size must be positive, retries not negative")
    }
    address = try APIAddress(configuration.baseURL)
    var headers = ["Content-Type: application/json", "Accept: application/json", "User-Agent: niche"]
    let fields = [
      ("Authorization", configuration.apiKey.map { "Bearer \($0.value)" }, "the API key"),
      ("OpenAI-Organization", configuration.organization, "the organisation"),
      ("OpenAI-Project", configuration.project, "the project"),
    ]
    for (name, value, what) in fields {
      guard let value else { continue }
      guard value.unicodeScalars.allSatisfy({ (0x20..<0x7F).contains($0.value) }) else {
        throw .invalidConfiguration(detail: "\(what) contains characters that no HTTP header may hold")
      }
      headers.append("\(name): \(value)")
    }
    self.headers = headers
    self.configuration = configuration
    self.client = client
    secrets = [configuration.apiKey?.value].compactMap { $0 } + address.secrets
    identity = ModelIdentity(
      provider: configuration.provider, model: configuration.model, endpoint: address.shown)
    jitter = Mutex(
      RandomStream(seed: configuration.jitterSeed ?? .random(in: .min ... .max)).stream("retries"))
  }

  /// The model's answer to a request.
  ///
  /// - Throws: `ChatFailure`.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    try Self.check(request)
    let clock = ContinuousClock()
    let start = clock.now
    let idempotencyKey = "Idempotency-Key: niche-" + String(UInt64.random(in: .min ... .max), radix: 16)
    var attempts = 0
    var retries = 0
    while true {
      guard !Task.isCancelled else { throw .cancelled }
      let (json, sent, dropped) = OpenAIWire.body(
        of: request, model: configuration.model, extra: configuration.extraParameters,
        refused: refused.withLock { $0 }, prefersCompletionTokens: address.host == "api.openai.com")
      attempts += 1
      let result = await send(
        .post, "/chat/completions", body: Array(json.encoded().utf8), extraHeaders: [idempotencyKey])
      switch result {
      case .success(let response) where (200..<300).contains(response.status):
        let latency = (clock.now - start) / .seconds(1)
        return try read(response, latency: latency, attempts: attempts, dropped: dropped)
      case .success(let response):
        let body = try? JSONValue(parsing: response.body)
        if [400, 422].contains(response.status),
          let name = OpenAIWire.refusedParameter(in: body, sent: sent)
        {
          // Every round leaves out one more parameter, so this ends.
          refused.withLock { _ = $0.insert(name) }
          continue
        }
        let failure = failure(of: response, body: body, attempts: attempts)
        if case .quotaExhausted = failure { throw failure }
        guard retries < configuration.maximumRetries,
          RetryPolicy.mayRepeat(status: response.status, headers: response.headers)
        else { throw failure }
        let wait = RetryPolicy.requestedWait(headers: response.headers, now: Double(time(nil)))
        if let wait, wait > RetryPolicy.longestWaitSeconds { throw failure }
        try await pause(wait, retries: retries)
      case .failure(let problem):
        let failure = failure(of: problem, attempts: attempts)
        guard retries < configuration.maximumRetries else { throw failure }
        switch problem {
        case .unreachable, .timedOut: try await pause(nil, retries: retries)
        default: throw failure
        }
      }
      retries += 1
    }
  }

  /// The names of the models that the server offers.
  ///
  /// Asks `GET /models`, once.
  ///
  /// - Throws: `ChatFailure`.
  public func availableModels() async throws(ChatFailure) -> [String] {
    switch await send(.get, "/models", body: [], extraHeaders: []) {
    case .failure(let problem):
      throw failure(of: problem, attempts: 1)
    case .success(let response):
      let body = try? JSONValue(parsing: response.body)
      guard (200..<300).contains(response.status) else {
        throw failure(of: response, body: body, attempts: 1)
      }
      guard let models = body?["data"]?.arrayValue else {
        throw .malformedReply(endpoint: address.shown, detail: "its list of models has no 'data'")
      }
      return models.compactMap { $0["id"]?.stringValue }
    }
  }

  private static func check(_ request: ChatRequest) throws(ChatFailure) {
    guard !request.messages.isEmpty else { throw .invalidRequest(detail: "it has no messages") }
    if let temperature = request.temperature, !(temperature.isFinite && temperature >= 0) {
      throw .invalidRequest(detail: "its temperature \(temperature) is not a number from 0 up")
    }
    if let maximum = request.maximumTokens, maximum < 1 {
      throw .invalidRequest(detail: "its maximum of \(maximum) tokens leaves no room for a reply")
    }
  }

  private func send(
    _ method: HTTPRequest.Method, _ suffix: String, body: [UInt8], extraHeaders: [String]
  ) async -> Result<HTTPResponse, HTTPFailure> {
    let request = HTTPRequest(
      method: method, url: address.url(suffix), headers: headers + extraHeaders, body: body,
      connectTimeoutSeconds: configuration.connectTimeoutSeconds,
      timeoutSeconds: configuration.timeoutSeconds, maximumBodyBytes: configuration.maximumReplyBytes,
      usesProxy: !address.isLoopback, certificateFile: configuration.certificateFile)
    do throws(HTTPFailure) {
      return .success(try await client.send(request))
    } catch {
      return .failure(error)
    }
  }

  private func pause(_ requested: Double?, retries: Int) async throws(ChatFailure) {
    let random = jitter.withLock { $0.uniform() }
    let seconds = requested ?? RetryPolicy.backoff(retries: retries, random: random)
    do {
      try await Task.sleep(for: .seconds(seconds))
    } catch {
      throw .cancelled
    }
  }

  private func read(
    _ response: HTTPResponse, latency: Double, attempts: Int, dropped: [String]
  ) throws(ChatFailure) -> ChatReply {
    let body: JSONValue
    do throws(JSONParsingError) {
      body = try JSONValue(parsing: response.body)
    } catch {
      throw .malformedReply(endpoint: address.shown, detail: error.description)
    }
    // Some gateways report a failure behind them with status 200.
    if let error = body["error"], !error.isNull, body["choices"] == nil {
      let status = error["code"]?.integerValue ?? 502
      throw failure(
        of: HTTPResponse(status: status, headers: response.headers, body: response.body), body: body,
        attempts: attempts)
    }
    switch OpenAIWire.answer(in: body) {
    case .malformed(let detail):
      throw .malformedReply(endpoint: address.shown, detail: detail)
    case .declined(let detail):
      throw .declined(endpoint: address.shown, detail: shown(detail))
    case .text(let content, let finishReason):
      let usage = OpenAIWire.usage(in: body)
      return ChatReply(
        content: withoutSecrets(content),
        model: body["model"]?.stringValue.map(shown) ?? configuration.model,
        usage: usage ?? TokenUsage(promptTokens: 0, completionTokens: 0), isUsageReported: usage != nil,
        finishReason: finishReason.map(shown), latencySeconds: latency, attempts: attempts,
        droppedParameters: dropped)
    }
  }

  private func failure(of response: HTTPResponse, body: JSONValue?, attempts: Int) -> ChatFailure {
    let endpoint = address.shown
    var detail = shown(
      body.flatMap(OpenAIWire.message) ?? String(decoding: response.body.prefix(1 << 16), as: UTF8.self))
    if let id = response.headers["x-request-id"] {
      detail += (detail.isEmpty ? "" : ", ") + "request \(shown(id))"
    }
    if OpenAIWire.isQuotaExhausted(body) { return .quotaExhausted(endpoint: endpoint, detail: detail) }
    switch response.status {
    case 401, 403: return .authenticationRefused(endpoint: endpoint, status: response.status, detail: detail)
    case 402: return .quotaExhausted(endpoint: endpoint, detail: detail)
    case 404: return .modelNotFound(model: configuration.model, endpoint: endpoint, detail: detail)
    case 429:
      let wait = RetryPolicy.requestedWait(headers: response.headers, now: Double(time(nil)))
      return .rateLimited(endpoint: endpoint, retryAfterSeconds: wait, attempts: attempts, detail: detail)
    case 408, 409, 500...:
      return .serverError(endpoint: endpoint, status: response.status, attempts: attempts, detail: detail)
    case 300..<400:
      let target = response.headers["location"].map { " to \(shown(Redaction.address($0)))" } ?? ""
      return .requestRefused(
        endpoint: endpoint, status: response.status,
        detail: "it redirects\(target), which is not followed because the key would go along")
    default: return .requestRefused(endpoint: endpoint, status: response.status, detail: detail)
    }
  }

  private func failure(of problem: HTTPFailure, attempts: Int) -> ChatFailure {
    let endpoint = address.shown
    return switch problem {
    case .unreachable(let detail):
      .unreachable(endpoint: endpoint, detail: shown(detail), attempts: attempts)
    case .untrusted(let detail): .untrusted(endpoint: endpoint, detail: shown(detail))
    case .unreadable(let detail): .malformedReply(endpoint: endpoint, detail: shown(detail))
    case .timedOut: .timedOut(endpoint: endpoint, seconds: configuration.timeoutSeconds, attempts: attempts)
    case .tooLarge: .replyTooLarge(endpoint: endpoint, limitBytes: configuration.maximumReplyBytes)
    case .cancelled: .cancelled
    case .setUp(let detail): .invalidConfiguration(detail: shown(detail))
    }
  }

  /// A server's text made fit to show: no keys, one line, not long.
  private func shown(_ text: String) -> String {
    Redaction.line(Redaction.redacted(text, secrets: secrets), longest: 300)
  }

  /// A model's text without the key, should the server echo it; short keys are words, so they stay.
  private func withoutSecrets(_ text: String) -> String {
    Redaction.exact(text, secrets: secrets.filter { $0.utf8.count >= 16 })
  }
}
