import Testing

@testable import LanguageModels

private let secretKey = "sk-test-0123456789abcdefghij"

private func model(
  _ baseURL: String, retries: Int = 2, timeout: Double = 20, maximumBytes: Int = 1 << 20,
  extra: [JSONValue.Member] = []
) throws -> RemoteModel {
  var configuration = EndpointConfiguration(baseURL: baseURL, model: "m", apiKey: APIKey(secretKey))
  configuration.maximumRetries = retries
  configuration.timeoutSeconds = timeout
  configuration.maximumReplyBytes = maximumBytes
  configuration.extraParameters = extra
  configuration.jitterSeed = 1
  return try RemoteModel(configuration: configuration, client: .shared, registry: EndpointRegistry())
}

/// The failure of a request; the test fails where there is a reply.
private func failure(
  of model: some ChatModel, _ request: ChatRequest = ChatRequest(messages: [.user("hello")])
) async throws -> ChatFailure {
  do throws(ChatFailure) {
    let reply = try await model.reply(to: request)
    Issue.record("a reply came: \(reply)")
    return .cancelled
  } catch {
    #expect(!error.description.contains(secretKey))
    #expect(!error.description.contains("\n"))
    return error
  }
}

private let hello = ChatRequest(messages: [.user("hello")])

@Suite(.timeLimit(.minutes(10))) struct RemoteModelTests {
  @Test func aReplyIsReadWithAllItsParts() async throws {
    let server = try ScriptedServer(always: ScriptedServer.completion("say \"hi\"\n"))
    defer { server.stop() }
    let reply = try await model(server.baseURL + "/").reply(to: hello)
    #expect(reply.content == "say \"hi\"\n")
    #expect(reply.model == "served-model")
    #expect(reply.usage == TokenUsage(promptTokens: 12, completionTokens: 3, cachedTokens: 4))
    #expect(reply.isUsageReported && reply.finishReason == "stop" && reply.attempts == 1)
    #expect(reply.latencySeconds > 0 && reply.droppedParameters.isEmpty)
    let request = try #require(server.requests.first)
    #expect(request.line == "POST /v1/chat/completions HTTP/1.1")
    #expect(request.headers["authorization"] == "Bearer \(secretKey)")
    #expect(request.headers["content-type"] == "application/json")
  }

  @Test func theRequestSaysEverythingInOpenAIsForm() async throws {
    let server = try ScriptedServer(always: ScriptedServer.completion("{}"))
    defer { server.stop() }
    let schema = JSONSchema(
      name: "edit", schema: ["type": "object", "properties": ["b": ["type": "integer"], "a": true]])
    let request = ChatRequest(
      messages: [.system("s"), .user("ü\u{1}")], temperature: 0.7, maximumTokens: 9, seed: -5, stop: ["X"],
      responseSchema: schema)
    _ = try await model(server.baseURL, extra: [.init("cache_prompt", false)]).reply(to: request)
    let body = try #require(server.requests.first?.body)
    #expect(
      body
        == #"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"ü\u0001"}],"#
        + #""temperature":0.7,"seed":-5,"stop":["X"],"response_format":{"type":"json_schema","json_schema":"#
        + #"{"name":"edit","strict":true,"schema":{"type":"object","properties":{"b":{"type":"integer"},"a":true}}}},"#
        + #""cache_prompt":false,"max_tokens":9}"#)
  }

  @Test func aRateLimitIsWaitedForAsTheServerAsks() async throws {
    let limited = ScriptedServer.response(
      429, headers: ["Retry-After-Ms: 300"], #"{"error": {"message": "slow down"}}"#)
    let server = try ScriptedServer(sequence: [limited, ScriptedServer.completion("done")])
    defer { server.stop() }
    let reply = try await model(server.baseURL).reply(to: hello)
    #expect(reply.attempts == 2 && reply.latencySeconds >= 0.3)
    // One logical call: both attempts carry the same key.
    let keys = server.requests.map { $0.headers["idempotency-key"] }
    #expect(keys.count == 2 && keys[0] != nil && keys[0] == keys[1])
  }

  @Test func retryAfterInSecondsIsObeyed() async throws {
    let limited = ScriptedServer.response(429, headers: ["Retry-After: 1"], "{}")
    let server = try ScriptedServer(sequence: [limited, ScriptedServer.completion("done")])
    defer { server.stop() }
    let reply = try await model(server.baseURL).reply(to: hello)
    #expect(reply.attempts == 2 && reply.latencySeconds >= 1)
  }

  @Test func nobodyWaitsForMinutes() async throws {
    let limited = ScriptedServer.response(
      429, headers: ["Retry-After: 121"], #"{"error": {"message": "later"}}"#)
    let server = try ScriptedServer(always: limited)
    defer { server.stop() }
    let failure = try await failure(of: model(server.baseURL))
    #expect(
      failure
        == .rateLimited(endpoint: server.baseURL, retryAfterSeconds: 121, attempts: 1, detail: "later"))
    #expect(server.requests.count == 1)
  }

  @Test func lastingServerErrorsEndAfterTwoRetries() async throws {
    let server = try ScriptedServer(
      always: ScriptedServer.response(
        500, headers: ["Retry-After-Ms: 1", "X-Request-Id: r7"], "<h1>boom</h1>"))
    defer { server.stop() }
    let failure = try await failure(of: model(server.baseURL))
    #expect(
      failure
        == .serverError(
          endpoint: server.baseURL, status: 500, attempts: 3, detail: "<h1>boom</h1>, request r7"))
    #expect(server.requests.count == 3)
  }

  @Test func theServerMayForbidRetries() async throws {
    let server = try ScriptedServer(
      always: ScriptedServer.response(503, headers: ["x-should-retry: false"], ""))
    defer { server.stop() }
    _ = try await failure(of: model(server.baseURL))
    #expect(server.requests.count == 1)
  }

  @Test(arguments: [401, 403]) func aRefusedKeyIsNotShown(status: Int) async throws {
    let body =
      #"{"error": {"message": "Incorrect API key provided: \#(secretKey). Also sk-tes***ghij; Bearer abcdefgh12"}}"#
    let server = try ScriptedServer(always: ScriptedServer.response(status, body))
    defer { server.stop() }
    let failure = try await failure(of: model(server.baseURL))
    guard case .authenticationRefused(_, status, let detail) = failure else {
      Issue.record("\(failure)")
      return
    }
    #expect(
      detail == "Incorrect API key provided: [redacted]. Also [redacted]; Bearer [redacted]")
    #expect(server.requests.count == 1)
  }

  @Test func anEchoedKeyIsShownInNoKindOfBody() async throws {
    let bodies = [
      "not JSON \(secretKey)", #"{"error": "\#(secretKey)"}"#, #"{"detail": [{"msg": "\#(secretKey)"}]}"#,
    ]
    for body in bodies {
      let server = try ScriptedServer(always: ScriptedServer.response(400, body))
      defer { server.stop() }
      let failure = try await failure(of: model(server.baseURL))
      #expect(failure.description.contains(Redaction.mark), "\(failure)")
    }
    let server = try ScriptedServer(always: ScriptedServer.completion("your key is \(secretKey)"))
    defer { server.stop() }
    #expect(try await model(server.baseURL).reply(to: hello).content == "your key is [redacted]")
  }

  @Test func anUnknownModelIsNamed() async throws {
    let server = try ScriptedServer(
      always: ScriptedServer.response(404, #"{"error": {"message": "no such model"}}"#))
    defer { server.stop() }
    let failure = try await failure(of: model(server.baseURL))
    #expect(failure == .modelNotFound(model: "m", endpoint: server.baseURL, detail: "no such model"))
    #expect(failure.description.contains("'m'") && failure.description.contains(server.baseURL))
  }

  @Test func anEmptyAccountIsNotRetried() async throws {
    let body = #"{"error": {"message": "quota", "code": "insufficient_quota"}}"#
    let server = try ScriptedServer(always: ScriptedServer.response(429, body))
    defer { server.stop() }
    #expect(
      try await failure(of: model(server.baseURL))
        == .quotaExhausted(endpoint: server.baseURL, detail: "quota"))
    #expect(server.requests.count == 1)
  }

  @Test(arguments: [400, 404, 413, 422]) func refusalsAreNotRetried(status: Int) async throws {
    let server = try ScriptedServer(always: ScriptedServer.response(status, #"{"error": {"message": "no"}}"#))
    defer { server.stop() }
    _ = try await failure(of: model(server.baseURL))
    #expect(server.requests.count == 1)
  }

  @Test func aParameterRefusedByNameIsLeftOutFromThenOn() async throws {
    let server = try ScriptedServer { _, request in
      if request.body.contains("\"temperature\"") {
        let body =
          #"{"error": {"message": "Unsupported value: 'temperature' does not support 0.7 with this model.", "param": "temperature", "code": "unsupported_value"}}"#
        return ScriptedServer.response(400, body)
      }
      if request.body.contains("\"max_tokens\"") {
        let body =
          #"{"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "param": "max_tokens"}}"#
        return ScriptedServer.response(400, body)
      }
      if request.body.contains("\"seed\"") {
        return ScriptedServer.response(
          422,
          #"{"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}"#
        )
      }
      return ScriptedServer.completion("ok")
    }
    defer { server.stop() }
    let model = try model(server.baseURL)
    let request = ChatRequest(messages: [.user("x")], temperature: 0.7, maximumTokens: 5, seed: 3)
    let first = try await model.reply(to: request)
    #expect(first.attempts == 4 && first.droppedParameters == ["temperature", "seed"])
    let second = try await model.reply(to: request)
    #expect(second.attempts == 1 && second.droppedParameters == ["temperature", "seed"])
    #expect(server.requests.last?.body.contains(#""max_completion_tokens":5"#) == true)
  }

  @Test func aValueOutOfRangeIsNotSilentlyLeftOut() async throws {
    let body =
      #"{"error": {"message": "Invalid 'temperature': expected a value <= 2, but got 3 instead.", "param": "temperature", "code": "decimal_above_max_value"}}"#
    let server = try ScriptedServer(always: ScriptedServer.response(400, body))
    defer { server.stop() }
    let request = ChatRequest(messages: [.user("x")], temperature: 3)
    let failure = try await failure(of: model(server.baseURL), request)
    #expect(failure.description.contains("<= 2"))
    #expect(server.requests.count == 1)
  }

  @Test func geminisErrorsAreReadInTheirArray() async throws {
    let server = try ScriptedServer { _, request in
      request.body.contains("\"seed\"")
        ? ScriptedServer.response(
          400,
          #"[{"error": {"code": 400, "message": "Invalid JSON payload received. Unknown name \"seed\": Cannot find field.", "status": "INVALID_ARGUMENT"}}]"#
        ) : ScriptedServer.completion("ok")
    }
    defer { server.stop() }
    let reply = try await model(server.baseURL).reply(to: ChatRequest(messages: [.user("x")], seed: 1))
    #expect(reply.content == "ok" && reply.droppedParameters == ["seed"])
  }

  @Test func aFilteredPromptIsDeclined() async throws {
    let body = #"{"error": {"message": "filtered", "code": "content_filter", "status": 400}}"#
    let server = try ScriptedServer(always: ScriptedServer.response(400, body))
    defer { server.stop() }
    #expect(
      try await failure(of: model(server.baseURL)) == .declined(endpoint: server.baseURL, detail: "filtered"))
  }

  @Test func aServerThatRefusesEverythingByNameEnds() async throws {
    let body =
      #"{"error": {"message": "temperature, max_tokens, max_completion_tokens, seed, stop, response_format unsupported"}}"#
    let server = try ScriptedServer(always: ScriptedServer.response(400, body))
    defer { server.stop() }
    let request = ChatRequest(
      messages: [.user("x")], temperature: 1, maximumTokens: 5, seed: 3, stop: ["a"],
      responseSchema: JSONSchema(name: "s", schema: true))
    _ = try await failure(of: model(server.baseURL), request)
    // Four ways of asking for the schema, the last of them without a parameter, and five parameters by name.
    #expect(server.requests.count == 9)
  }

  @Test func aRedirectIsNotFollowed() async throws {
    let other = try ScriptedServer(always: ScriptedServer.completion("stolen"))
    defer { other.stop() }
    let server = try ScriptedServer(
      always: ScriptedServer.response(307, headers: ["Location: \(other.baseURL)"], ""))
    defer { server.stop() }
    let failure = try await failure(of: model(server.baseURL))
    #expect(failure.description.contains(other.baseURL))
    #expect(other.requests.isEmpty)
  }

  @Test func modelsAreListed() async throws {
    let server = try ScriptedServer(
      always: ScriptedServer.response(200, #"{"data": [{"id": "a"}, {"id": "b"}]}"#))
    defer { server.stop() }
    #expect(try await model(server.baseURL).availableModels() == ["a", "b"])
    #expect(server.requests.first?.line == "GET /v1/models HTTP/1.1")
  }

  @Test func requestsThatCannotBeMeantAreNotSent() async throws {
    let server = try ScriptedServer(always: ScriptedServer.completion("x"))
    defer { server.stop() }
    let requests = [
      ChatRequest(messages: []), ChatRequest(messages: [.user("x")], temperature: .nan),
      ChatRequest(messages: [.user("x")], maximumTokens: 0),
    ]
    for request in requests {
      guard case .invalidRequest = try await failure(of: model(server.baseURL), request) else {
        Issue.record("\(request)")
        continue
      }
    }
    #expect(server.requests.isEmpty)
  }
}
