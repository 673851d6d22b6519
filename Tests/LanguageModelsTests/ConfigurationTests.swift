import Testing

@testable import LanguageModels

@Suite struct ConfigurationTests {
  @Test func theEnvironmentIsReadAsUsersKnowIt() throws {
    let environment = [
      "OPENAI_BASE_URL": " http://a/v1 ", "OPENAI_API_BASE": "http://old/v1", "OPENAI_API_KEY": "sk-1234\n",
      "OPENAI_MODEL": "m", "OPENAI_ORG_ID": "org", "OPENAI_PROJECT_ID": "", "SSL_CERT_FILE": "/ca.pem",
    ]
    let all = try EndpointConfiguration(environment: environment)
    #expect(all.baseURL == "http://a/v1" && all.model == "m" && all.apiKey == APIKey("sk-1234"))
    #expect(all.organization == "org" && all.project == nil && all.certificateFile == "/ca.pem")
    let older = try EndpointConfiguration(environment: ["OPENAI_API_BASE": "http://old/v1"])
    #expect(older.baseURL == "http://old/v1" && older.apiKey == nil && older.model.isEmpty)
    #expect(try EndpointConfiguration(environment: [:]).baseURL == "https://api.openai.com/v1")
    let given = try EndpointConfiguration(environment: environment, baseURL: "http://b", model: "n")
    #expect(given.baseURL == "http://b" && given.model == "n" && given.apiKey == APIKey("sk-1234"))
  }

  @Test func aKeyShowsInNoDescription() throws {
    let key = try #require(APIKey("sk-abcdefgh-secret"))
    var dumped = ""
    dump(key, to: &dumped)
    let configuration = EndpointConfiguration(model: "m", apiKey: key)
    dump(configuration, to: &dumped)
    let model = try RemoteModel(configuration: configuration)
    for text in ["\(key)", String(reflecting: key), "\(configuration)", dumped, "\(model.identity)"] {
      #expect(!text.contains("abcdefgh"))
    }
    #expect(APIKey(" \n") == nil)
  }

  @Test func addressesAreTakenApart() throws {
    let address = try APIAddress("HTTPS://user:pass@Host.example:8443/openai/v1/?api-version=3#x")
    #expect(address.url("/models") == "HTTPS://user:pass@Host.example:8443/openai/v1/models?api-version=3")
    #expect(address.shown == "HTTPS://Host.example:8443/openai/v1/" && address.host == "host.example")
    // The last is what `printf user:pass | base64` says.
    #expect(Set(address.secrets) == ["user:pass", "user", "pass", "dXNlcjpwYXNz"])
    let coded = try APIAddress("https://h/v1?Api-Key=a%2Fbcd&v=1")
    #expect(Set(coded.secrets) == ["a%2Fbcd", "a/bcd"] && coded.isEncrypted)
    #expect(try APIAddress("http://x/v1/chat/completions").url("/models") == "http://x/v1/models")
    #expect(try APIAddress("http://[::1]:8080/v1").isLoopback)
    #expect(try APIAddress("http://127.0.0.1:1").isLoopback && !APIAddress("http://127.evil.com").isLoopback)
  }

  @Test(arguments: [
    "", "host", "ftp://x", "http://", "http:///v1", "http://a b", "http://a\n", "file:///etc/passwd",
  ])
  func uselessAddressesAreRefused(text: String) {
    // A line break at the end is white space that a shell or file left there.
    if text == "http://a\n" {
      #expect(throws: Never.self) { try APIAddress(text) }
    } else {
      #expect(throws: ChatFailure.self) { try APIAddress(text) }
    }
  }

  @Test func headersCannotBeInjected() {
    var configuration = EndpointConfiguration(model: "m", apiKey: APIKey("abcd\r\nX-Evil: 1"))
    #expect(throws: ChatFailure.self) { try RemoteModel(configuration: configuration) }
    configuration.apiKey = nil
    configuration.organization = "o\nX-Evil: 1"
    #expect(throws: ChatFailure.self) { try RemoteModel(configuration: configuration) }
  }

  @Test func openAIItselfWantsTheNewerNameForTheTokenLimit() {
    let request = ChatRequest(messages: [.user("x")], maximumTokens: 7)
    func sent(_ host: String, _ refused: Set<String>) -> (Set<String>, [String]) {
      var options = WireOptions(model: "m", traits: ModelTraits(model: "m", host: host))
      options.refusals.parameters = refused
      let body = ModelAPI.openAI.dialect.body(of: request, options: options)
      return (body.sent, body.dropped)
    }
    #expect(sent("api.openai.com", []) == (["max_completion_tokens"], []))
    #expect(sent("h", []) == (["max_tokens"], []))
    #expect(sent("api.openai.com", ["max_completion_tokens"]) == (["max_tokens"], []))
    #expect(sent("h", ["max_completion_tokens", "max_tokens"]) == ([], ["max_tokens"]))
  }

  @Test func waitsFollowTheSDKsRules() {
    let now = 784_111_777.0  // Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's example
    let date = "Sun, 06 Nov 1994 08:49:47 GMT"
    #expect(RetryPolicy.requestedWait(headers: ["retry-after": "3"], now: now) == 3)
    #expect(
      RetryPolicy.requestedWait(headers: ["retry-after": "3", "retry-after-ms": "20"], now: now) == 0.02)
    #expect(RetryPolicy.requestedWait(headers: ["retry-after": date], now: now) == 10)
    #expect(
      RetryPolicy.requestedWait(
        headers: ["retry-after": date, "date": "Sun, 06 Nov 1994 08:49:42 GMT"], now: 0) == 5)
    #expect(RetryPolicy.requestedWait(headers: ["retry-after": date], now: now + 60) == 0)
    for text in ["", "soon", "nan", "inf", "-"] {
      #expect(RetryPolicy.requestedWait(headers: ["retry-after": text], now: now) == nil)
    }
    #expect(
      [0, 1, 2, 3, 4, 5, 900].map { RetryPolicy.backoff(retries: $0, random: 0) } == [0.5, 1, 2, 4, 8, 8, 8])
    #expect(RetryPolicy.backoff(retries: 0, random: 1) == 0.375)
    let repeated = (100..<600).filter { RetryPolicy.mayRepeat(status: $0, headers: [:]) }
    #expect(repeated == [408, 409, 429] + Array(500..<600))
    #expect(RetryPolicy.mayRepeat(status: 400, headers: ["x-should-retry": "true"]))
    #expect(!RetryPolicy.mayRepeat(status: 500, headers: ["x-should-retry": "false"]))
  }

  @Test func redactionLeavesTheRestAlone() {
    #expect(
      Redaction.redacted("the sk-learn key 'k123' and sk-abc", secrets: ["k123"])
        == "the [redacted] key '[redacted]' and sk-abc")
    #expect(Redaction.redacted("abc abc", secrets: ["abc"]) == "abc abc")
    #expect(Redaction.exact("aXYa XY", secrets: ["XY", "aXYa", ""]) == "[redacted] [redacted]")
    #expect(Redaction.address("https://u:p@h/x?key=1#f") == "https://h/x")
    #expect(Redaction.address("h/x?key=1") == "h/x")
    #expect(
      Redaction.line("  a\r\n\tb\u{1B}[0m" + String(repeating: "c", count: 20), longest: 8) == "a b [0mc…")
  }

  @Test func failuresSayWhatWhereAndWhatToDoInOneSentence() {
    let failures: [ChatFailure] = [
      .invalidConfiguration(detail: "d"), .invalidRequest(detail: "d"),
      .unreachable(endpoint: "E", detail: "d", attempts: 3), .untrusted(endpoint: "E", detail: "d"),
      .authenticationRefused(endpoint: "E", status: 401, detail: ""),
      .modelNotFound(model: "m", endpoint: "E", detail: "d"),
      .rateLimited(endpoint: "E", retryAfterSeconds: 1e300, attempts: 1, detail: ""),
      .quotaExhausted(endpoint: "E", detail: ""), .timedOut(endpoint: "E", seconds: 2.25, attempts: 1),
      .serverError(endpoint: "E", status: 500, attempts: 1, detail: ""),
      .requestRefused(endpoint: "E", status: 400, detail: "d"), .declined(endpoint: "E", detail: "d"),
      .malformedReply(endpoint: "E", detail: "d"), .replyTooLarge(endpoint: "E", limitBytes: 9), .cancelled,
      .budgetExhausted(detail: "d"), .notRecorded(key: "k", recording: "r"),
      .localModelUnavailable(detail: "d"),
    ]
    for failure in failures {
      let text = failure.description
      #expect(text.hasSuffix(".") && text.first?.isUppercase == true && !text.contains("\n"), "\(text)")
    }
  }
}
