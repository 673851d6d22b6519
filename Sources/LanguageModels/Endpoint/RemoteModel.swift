import RandomStreams
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A model behind an API of the network, whichever of `ModelAPI` it is.
///
/// Failed attempts are repeated as OpenAI's and Anthropic's own SDKs do it. What the server refuses by name is left
/// out from then on, by all models at that address and name, and named in each reply's `droppedParameters`. Requests
/// may run side by side.
public final class RemoteModel: ChatModel {
  /// Which model this is, without secrets.
  public let identity: ModelIdentity
  private let configuration: EndpointConfiguration
  private let dialect: any Dialect
  private let address: APIAddress
  private let traits: ModelTraits
  private let headers: [String]
  private let reader: ResponseReader
  private let client: HTTPClient
  private let registry: EndpointRegistry
  private let gate: EndpointGate
  private let jitter: Mutex<RandomStream>

  /// The model of that configuration; nothing is sent yet.
  ///
  /// - Throws: `ChatFailure.invalidConfiguration`.
  public convenience init(configuration: EndpointConfiguration) throws(ChatFailure) {
    try self.init(configuration: configuration, client: .shared, registry: .shared)
  }

  init(
    configuration: EndpointConfiguration, client: HTTPClient, registry: EndpointRegistry
  ) throws(ChatFailure) {
    guard !configuration.model.isEmpty else {
      throw .invalidConfiguration(
        detail: "no model is named; set 'model' in the config, NICHE_MODEL or OPENAI_MODEL")
    }
    let limits = [
      configuration.connectTimeoutSeconds, configuration.timeoutSeconds, configuration.idleTimeoutSeconds,
      configuration.firstTokenTimeoutSeconds,
    ]
    guard limits.allSatisfy({ $0 > 0 }), configuration.maximumRetries >= 0,
      configuration.maximumReplyBytes > 0
    else {
      throw .invalidConfiguration(
        detail: "timeouts and the reply's size must be positive, retries not negative")
    }
    dialect = configuration.api.dialect
    address = try APIAddress(configuration.baseURL, stripping: dialect.strippedSuffixes)
    traits = ModelTraits(model: configuration.model, host: address.host)
    headers = try Self.headers(configuration, dialect)
    self.configuration = configuration
    self.client = client
    self.registry = registry
    gate = registry.gate(
      endpoint: address.url(""), key: configuration.apiKey, model: configuration.model)
    reader = ResponseReader(
      dialect: dialect, endpoint: address.shown, model: configuration.model,
      secrets: [configuration.apiKey?.value].compactMap { $0 } + address.secrets
        + configuration.headers.flatMap { Self.secrets(in: $0.value.value) },
      timeoutSeconds: configuration.timeoutSeconds, maximumReplyBytes: configuration.maximumReplyBytes)
    identity = ModelIdentity(
      provider: configuration.provider, model: configuration.model, endpoint: address.shown)
    jitter = Mutex(
      RandomStream(seed: configuration.jitterSeed ?? .random(in: .min ... .max)).stream("retries"))
    if reader.secrets.isEmpty == false, !address.isEncrypted, !address.isLoopback {
      configuration.onNotice?(
        "The key goes to \(address.shown) unencrypted, because the address does not begin with https://.")
    }
  }

  /// The header lines of every request.
  private static func headers(
    _ configuration: EndpointConfiguration, _ dialect: any Dialect
  ) throws(ChatFailure) -> [String] {
    var lines = ["Content-Type: application/json", "User-Agent: niche"] + dialect.headers
    let fields = [
      (configuration.apiKey.map { dialect.authorization($0.value) }, "the API key"),
      (configuration.organization.map { "OpenAI-Organization: \($0)" }, "the organisation"),
      (configuration.project.map { "OpenAI-Project: \($0)" }, "the project"),
    ]
    for (line, what) in fields {
      guard let line else { continue }
      guard line.unicodeScalars.allSatisfy({ (0x20..<0x7F).contains($0.value) }) else {
        throw .invalidConfiguration(detail: "\(what) contains characters that no HTTP header may hold")
      }
      lines.append(line)
    }
    for header in configuration.headers {
      guard header.isValid else {
        throw .invalidConfiguration(
          detail:
            "the header '\(Redaction.line(header.name, longest: 40))' contains characters that HTTP forbids")
      }
      lines.append("\(header.name): \(header.value.value)")
    }
    return lines
  }

  /// A header's value, and its last word: what follows `Bearer`.
  private static func secrets(in value: String) -> [String] {
    [value] + value.split(separator: " ").suffix(1).map(String.init).filter { $0.utf8.count >= 8 }
  }

  /// The model's answer to a request.
  ///
  /// - Throws: `ChatFailure`.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    try Self.check(request)
    if case .refuse(let seconds) = gate.admit() {
      throw .circuitOpen(endpoint: address.shown, retryAfterSeconds: seconds)
    }
    do throws(ChatFailure) {
      let reply = try await ask(request)
      gate.ended(with: nil)
      return reply
    } catch {
      gate.ended(with: error)
      throw error
    }
  }

  private func ask(_ request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let start = ContinuousClock.now
    let need = RateNeed(request)
    let idempotencyKey = "Idempotency-Key: niche-" + String(UInt64.random(in: .min ... .max), radix: 16)
    var attempts = 0
    var retries = 0
    while true {
      guard !Task.isCancelled else { throw .cancelled }
      let body = dialect.body(of: request, options: options)
      attempts += 1
      if let seconds = try await gate.enter(need) {
        throw .rateLimited(
          endpoint: address.shown, retryAfterSeconds: seconds, attempts: attempts - 1,
          detail: "its headers leave no room for this request sooner")
      }
      let failure: ChatFailure
      var wait: Double?
      switch await attempt(request, body, need, idempotencyKey) {
      case .success(.reply(let wire)):
        let latency = (ContinuousClock.now - start) / .seconds(1)
        return reply(wire, latency: latency, attempts: attempts, dropped: body.dropped)
      case .success(.declined(let detail)):
        throw .declined(endpoint: address.shown, detail: detail)
      case .success(.malformed(let detail)):
        // A gateway's hiccup or a reply cut short looks the same as a server of another kind; the latter lasts.
        failure = .malformedReply(endpoint: address.shown, detail: detail)
      case .success(.brokenOff):
        failure = .unreachable(
          endpoint: address.shown, detail: "the stream broke off before its end", attempts: attempts)
      case .success(.failed(let response, let json)):
        // Every round leaves out or changes one more thing, so this ends.
        if [400, 422].contains(response.status), let refusal = WireErrors.refusal(in: json, of: body) {
          learn(refusal, from: body)
          continue
        }
        failure = reader.failure(of: response, body: json, attempts: attempts)
        if case .quotaExhausted = failure { throw failure }
        guard RetryPolicy.mayRepeat(status: response.status, headers: response.headers) else { throw failure }
        wait = RetryPolicy.requestedWait(headers: response.headers, now: Double(time(nil)))
        if let wait, wait > RetryPolicy.longestWaitSeconds { throw failure }
        if let wait, response.status == 429 { gate.block(seconds: wait) }
      case .failure(let problem):
        failure = reader.failure(of: problem, attempts: attempts)
        guard problem.mayPass else { throw failure }
      }
      guard retries < configuration.maximumRetries else { throw failure }
      try await pause(wait, retries: retries)
      retries += 1
    }
  }

  /// The names of the models that the server offers.
  ///
  /// - Throws: `ChatFailure`.
  public func availableModels() async throws(ChatFailure) -> [String] {
    let response: HTTPResponse
    do throws(HTTPFailure) {
      response = try await client.send(httpRequest(.get, dialect.modelsPath))
    } catch {
      throw reader.failure(of: error, attempts: 1)
    }
    let body = try? JSONValue(parsing: response.body)
    guard (200..<300).contains(response.status) else {
      throw reader.failure(of: response, body: body, attempts: 1)
    }
    guard let names = body.flatMap(dialect.modelNames) else {
      throw .malformedReply(endpoint: address.shown, detail: "its list of models has no 'data'")
    }
    // They are shown; a server may say anything.
    return names.map { Redaction.redacted($0, secrets: reader.secrets) }
  }

  // MARK: Asking

  private static func check(_ request: ChatRequest) throws(ChatFailure) {
    guard !request.messages.isEmpty else { throw .invalidRequest(detail: "it has no messages") }
    if let temperature = request.temperature, !(temperature.isFinite && temperature >= 0) {
      throw .invalidRequest(detail: "its temperature \(temperature) is not a number from 0 up")
    }
    if let share = request.topP, !(share > 0 && share <= 1) {
      throw .invalidRequest(detail: "its top-p \(share) is not above 0 and up to 1")
    }
    if let maximum = request.maximumTokens, maximum < 1 {
      throw .invalidRequest(detail: "its maximum of \(maximum) tokens leaves no room for a reply")
    }
  }

  private var options: WireOptions {
    WireOptions(
      model: configuration.model, isStreamed: configuration.isStreamed, traits: traits,
      refusals: registry.refusals(endpoint: address.url(""), model: configuration.model),
      extra: configuration.extraParameters)
  }

  private func httpRequest(
    _ method: HTTPRequest.Method, _ path: String, body: [UInt8] = [], headers more: [String] = []
  ) -> HTTPRequest {
    HTTPRequest(
      method: method, url: address.url(path), headers: headers + more, body: body,
      connectTimeoutSeconds: configuration.connectTimeoutSeconds,
      timeoutSeconds: configuration.timeoutSeconds, maximumBodyBytes: configuration.maximumReplyBytes,
      usesProxy: !address.isLoopback, certificateFile: configuration.certificateFile)
  }

  private func attempt(
    _ request: ChatRequest, _ body: WireBody, _ need: RateNeed, _ idempotencyKey: String
  ) async -> Result<ResponseReader.Outcome, HTTPFailure> {
    let isStreamed = body.json["stream"]?.booleanValue == true
    var http = httpRequest(
      .post, dialect.path(for: request), body: body.bytes,
      headers: [
        isStreamed
          ? "Accept: text/event-stream, application/x-ndjson, application/json" : "Accept: application/json",
        idempotencyKey,
      ])
    if isStreamed {
      http.reader = StreamReader(dialect)
      http.firstNewsSeconds = configuration.firstTokenTimeoutSeconds
      http.idleSeconds = configuration.idleTimeoutSeconds
    }
    do throws(HTTPFailure) {
      let response = try await client.send(http)
      gate.leave(need, response.headers)
      return .success(reader.outcome(of: response, reader: http.reader))
    } catch {
      gate.leave(need, nil)
      return .failure(error)
    }
  }

  private func learn(_ refusal: WireErrors.Refusal, from body: WireBody) {
    let step = body.schemaForm.flatMap(dialect.schemaForms.firstIndex) ?? 0
    let isNew = registry.learn(
      refusal, schemaStep: step, endpoint: address.url(""), model: configuration.model)
    guard isNew, let onNotice = configuration.onNotice else { return }
    let what =
      switch refusal {
      case .parameter(let name): "the parameter '\(name)'; it is left out from now on"
      case .schemaForm: "this way of asking for a JSON schema; the next weaker one is used from now on"
      case .systemTurn: "a turn of the system's; its words go before the user's from now on"
      }
    onNotice("\(address.shown) refuses for the model '\(configuration.model)' \(what).")
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

  private func reply(
    _ wire: WireReply, latency: Double, attempts: Int, dropped: [String]
  ) -> ChatReply {
    let parted = ThoughtReader.parted(wire.content)
    let thoughts = [wire.reasoning, parted.reasoning].compactMap { $0 }.joined(separator: "\n\n")
    return ChatReply(
      content: reader.withoutSecrets(parted.content),
      model: wire.model.map(reader.shown) ?? configuration.model,
      usage: wire.usage ?? TokenUsage(promptTokens: 0, completionTokens: 0),
      isUsageReported: wire.usage != nil, finishReason: wire.finishReason.map(reader.shown),
      latencySeconds: latency, attempts: attempts, droppedParameters: dropped,
      reasoning: thoughts.isEmpty ? nil : reader.withoutSecrets(thoughts),
      responseID: wire.id.map(reader.shown), fingerprint: wire.fingerprint.map(reader.shown))
  }
}

extension HTTPFailure {
  /// Whether another attempt may fare better.
  fileprivate var mayPass: Bool {
    switch self {
    case .unreachable, .timedOut, .stalled: true
    default: false
    }
  }
}
