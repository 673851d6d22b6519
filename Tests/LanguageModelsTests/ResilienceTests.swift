import Glibc
import Synchronization
import Testing

@testable import LanguageModels

private let hello = ChatRequest(messages: [.user("hello")])

/// The rules without a network.
@Suite struct ResilienceRuleTests {
  @Test func durationsAndMomentsAreRead() {
    for (text, seconds) in [
      ("6m0s", 360), ("12ms", 0.012), ("1h2m3.5s", 3723.5), ("0s", 0), ("7", 7), ("1.5", 1.5), ("1d", 86_400),
    ] {
      #expect(RateLimiter.seconds(text) == seconds, "\(text)")
    }
    for text in ["", "s", "5x", "1m2", "m", "nan", "-"] {
      #expect(RateLimiter.seconds(text) == nil, "\(text)")
    }
    // What `date -u -d … +%s` says of them.
    for (text, moment) in [
      ("1970-01-01T00:00:00Z", 0), ("2026-01-27T06:12:55Z", 1_769_494_375),
      ("2000-02-29T23:59:59Z", 951_868_799),
      ("2025-03-01T00:00:00.25Z", 1_740_787_200), ("2026-01-27T06:12:55+02:00", 1_769_487_175),
    ] as [(String, Double)] {
      #expect(RateLimiter.moment(text) == moment, "\(text)")
    }
    for text in [
      "", "2026-01-27", "2026-13-27T06:12:55Z", "2026-01-27T06:12:55", "2026-01-27T06:12:5xZ",
      "2026-01-27T06:12:55+0",
    ] {
      #expect(RateLimiter.moment(text) == nil, "\(text)")
    }
  }

  @Test func headersAreReadAsServersSendThem() {
    func window(
      _ headers: [String: String], _ resource: RateLimiter.Resource = .requests
    ) -> RateLimiter.Window? {
      RateLimiter.window(resource, in: headers, at: 5, date: 1_769_494_375)
    }
    let openAI = [
      "x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "59",
      "x-ratelimit-reset-requests": "1s", "x-ratelimit-limit-tokens": "150000",
      "x-ratelimit-remaining-tokens": "149984", "x-ratelimit-reset-tokens": "6m0s",
    ]
    #expect(window(openAI) == .init(limit: 60, remaining: 59, since: 5, reset: 1))
    #expect(window(openAI, .tokens) == .init(limit: 150_000, remaining: 149_984, since: 5, reset: 360))
    #expect(window(openAI, .inputTokens) == nil)
    let anthropic = [
      "anthropic-ratelimit-input-tokens-limit": "50000", "anthropic-ratelimit-input-tokens-remaining": "0",
      "anthropic-ratelimit-input-tokens-reset": "2026-01-27T06:13:25Z",
    ]
    #expect(window(anthropic, .inputTokens) == .init(limit: 50_000, remaining: 0, since: 5, reset: 30))
    // Azure's gateways send -1 and 0.
    #expect(
      window([
        "x-ratelimit-limit-requests": "-1", "x-ratelimit-remaining-requests": "-1",
        "x-ratelimit-reset-requests": "0",
      ]) == nil)
    #expect(window(["x-ratelimit-remaining-requests": "nan", "x-ratelimit-reset-requests": "1s"]) == nil)
    #expect(window(["x-ratelimit-remaining-requests": "3"]) == nil)
  }

  @Test func theLimiterLetsThroughWhatTheServerWouldTake() {
    // A server with a bucket of 10 requests that refills by one a second, asked as often as the limiter lets us.
    var limiter = RateLimiter()
    let need = RateNeed(promptTokens: 5, completionTokens: 5)
    var (bucket, now, sent, refused) = (10.0, 0.0, 0, 0)
    while now < 100 {
      let wait = limiter.enter(need, at: now)
      if wait > 0 {
        bucket = min(10, bucket + wait)
        now += wait
        continue
      }
      if bucket >= 1 { bucket -= 1 } else { refused += 1 }
      sent += 1
      let headers = [
        "x-ratelimit-limit-requests": "10", "x-ratelimit-remaining-requests": "\(Int(bucket))",
        "x-ratelimit-reset-requests": "\(10 - bucket)s",
      ]
      limiter.leave(need, headers: headers, at: now, date: 0)
    }
    #expect(refused == 0)
    // 10 to begin with and one a second; whole numbers in the header cost a little.
    #expect((80...111).contains(sent), "\(sent)")
  }

  @Test func whatIsUnderWayIsTakenOffWhatIsLeft() {
    var limiter = RateLimiter()
    let need = RateNeed(promptTokens: 30, completionTokens: 10)
    for _ in 0..<5 { #expect(limiter.enter(need, at: 0) == 0) }
    let headers = [
      "x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": "180",
      "x-ratelimit-reset-tokens": "60s",
    ]
    limiter.leave(need, headers: headers, at: 0, date: 0)
    // 180 less four times 40 under way leaves 20; 20 more come in 20 · 60 / 980 seconds.
    let wait = limiter.enter(need, at: 0)
    #expect(abs(wait - 20.0 * 60 / 980) < 1e-9)
    #expect(limiter.enter(need, at: wait + 1e-6) == 0)
    limiter.block(seconds: 7, at: 10)
    #expect(limiter.enter(need, at: 11) == 6 && limiter.enter(need, at: 17) == 0)
    limiter.block(seconds: 1e9, at: 20)
    #expect(limiter.enter(need, at: 20) == RetryPolicy.longestWaitSeconds)
    // More than the limit itself waits for all of it, not for ever.
    #expect(limiter.enter(RateNeed(promptTokens: 5000, completionTokens: 0), at: 1000) == 0)
  }

  @Test func theCircuitOpensProbesAndCloses() {
    var breaker = CircuitBreaker()
    for _ in 0..<(CircuitBreaker.threshold - 1) { breaker.fail(at: 0) }
    #expect(breaker.admit(at: 0) == .pass)
    breaker.succeed()
    for _ in 0..<CircuitBreaker.threshold {
      #expect(breaker.admit(at: 1) == .pass)
      breaker.fail(at: 1)
    }
    #expect(breaker.admit(at: 11) == .refuse(seconds: 20))
    #expect(breaker.admit(at: 31) == .pass)
    #expect(breaker.admit(at: 31) == .refuse(seconds: 0))  // one probe at a time
    breaker.abandon()
    #expect(breaker.admit(at: 32) == .pass)
    breaker.fail(at: 32)
    #expect(breaker.admit(at: 91) == .refuse(seconds: 1))  // twice as long
    #expect(breaker.admit(at: 92) == .pass)
    breaker.succeed()
    #expect(breaker == CircuitBreaker() && breaker.admit(at: 92) == .pass)
    for _ in 0..<40 {
      breaker.fail(at: 0)
      _ = breaker.admit(at: 1e9)
    }
    breaker.fail(at: 0)
    #expect(breaker.admit(at: 0) == .refuse(seconds: 480))
  }

  @Test func weightsShareTheRequests() throws {
    let chooser = try WeightedChooser(weights: [3, 0, 1])
    var counts = [0, 0, 0]
    for number in 0..<4000 { counts[chooser.choose(among: 3, for: "key \(number)")] += 1 }
    // Four standard deviations of a binomial with p = 3/4 are 110.
    #expect(counts[1] == 0 && abs(counts[0] - 3000) < 110)
    #expect(chooser.choose(among: 3, for: "a") == chooser.choose(among: 3, for: "a"))
    for weights in [[], [0, 0], [-1, 2], [.nan], [.infinity]] as [[Double]] {
      #expect(throws: ChatFailure.self) { try WeightedChooser(weights: weights) }
    }
  }
}

/// Answers with its name, or fails.
private final class NamedModel: ChatModel {
  let identity: ModelIdentity
  private let failures: Mutex<[ChatFailure]>
  private let asked = Mutex(0)

  init(_ name: String, failures: [ChatFailure] = []) {
    identity = ModelIdentity(provider: "test", model: name)
    self.failures = Mutex(failures)
  }

  var calls: Int { asked.withLock { $0 } }

  func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    asked.withLock { $0 += 1 }
    if let failure = failures.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw failure }
    return ChatReply(
      content: identity.model, model: identity.model, usage: TokenUsage(promptTokens: 1, completionTokens: 1))
  }
}

@Suite(.timeLimit(.minutes(10))) struct ResilienceTests {
  @Test func aChainFallsBackAndSaysSo() async throws {
    let notices = Notices()
    let failed = ChatFailure.serverError(endpoint: "e", status: 500, attempts: 3, detail: "")
    let first = NamedModel("a", failures: [failed, failed])
    let second = NamedModel("b", failures: [.declined(endpoint: "e", detail: "")])
    let chain = try FallbackModel([first, second, NamedModel("c")], onNotice: notices.add)
    #expect(chain.identity.model == "a > b > c")
    #expect(try await chain.reply(to: hello).content == "c")
    let reply = try await chain.reply(to: hello)
    #expect(reply.content == "b" && reply.source?.model == "b")
    #expect(try await chain.reply(to: hello).source?.model == "a")
    #expect(notices.all.count == 2, "once for each model: \(notices.all)")
    for final in [
      ChatFailure.cancelled, .budgetExhausted(detail: ""), .invalidRequest(detail: ""),
      .notRecorded(key: "k", recording: "r"),
    ] {
      let other = NamedModel("b")
      let chain = try FallbackModel([NamedModel("a", failures: [final]), other])
      #expect(await failure(from: chain) == final && other.calls == 0)
    }
    let last = try FallbackModel([
      NamedModel("a", failures: [failed]), NamedModel("b", failures: [.declined(endpoint: "x", detail: "")]),
    ])
    #expect(await failure(from: last) == .declined(endpoint: "x", detail: ""))
    #expect(throws: ChatFailure.self) { try FallbackModel([]) }
  }

  @Test func anEnsembleAsksWhomTheRequestOrElseTheChooserNames() async throws {
    struct Chooser: ModelChooser {
      func choose(among count: Int, for key: String) -> Int { 1 }
    }
    let ensemble = try EnsembleModel([NamedModel("a"), NamedModel("b")], chooser: Chooser())
    let reply = try await ensemble.reply(to: hello)
    #expect(reply.content == "b" && reply.source?.model == "b" && ensemble.identity.model == "a + b")
    var directed = hello
    directed.recipient = 0
    #expect(try await ensemble.reply(to: directed).source?.model == "a")
    // Another model's reply is another reply, also to a cache and a recording.
    #expect(directed.key != hello.key)
    for nobody in [-1, 2] {
      directed.recipient = nobody
      guard case .invalidConfiguration? = await failure(from: ensemble, directed) else {
        Issue.record("model \(nobody) of 2 was asked")
        return
      }
    }
  }

  @Test func aServerThatKeepsFailingIsLeftAlone() async throws {
    let server = try ScriptedServer(always: ScriptedServer.response(500, ""))
    defer { server.stop() }
    let registry = EndpointRegistry()
    let model = try scripted(.openAI, server, registry: registry)
    for _ in 0..<CircuitBreaker.threshold {
      guard case .serverError? = await failure(from: model) else {
        Issue.record("no server error")
        return
      }
    }
    // Another model object for the same server and name knows it too.
    let other = try scripted(.openAI, server, registry: registry)
    guard case .circuitOpen(server.baseURL, let seconds)? = await failure(from: other) else {
      Issue.record("the server was asked")
      return
    }
    #expect(seconds > 25 && server.requests.count == CircuitBreaker.threshold)
    let chain = try FallbackModel([model, NamedModel("b")])
    #expect(try await chain.reply(to: hello).content == "b")
    #expect(server.requests.count == CircuitBreaker.threshold)
  }

  @Test func requestsWaitForWhatTheHeadersLeave() async throws {
    // Two requests per half a second; a third within it would be refused.
    let headers = [
      "x-ratelimit-limit-requests: 2", "x-ratelimit-remaining-requests: 0",
      "x-ratelimit-reset-requests: 500ms",
    ]
    let server = try ScriptedServer(
      always: ScriptedServer.response(200, headers: headers, Speech.body(.openAI, Speech.Reply()).encoded()))
    defer { server.stop() }
    let model = try scripted(.openAI, server, isStreamed: false)
    let start = ContinuousClock.now
    for _ in 0..<3 { _ = try await model.reply(to: hello) }
    // One of the two comes back every quarter of a second.
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    #expect((0.48...20).contains(seconds), "\(seconds)")
  }

  @Test func oneRetryAfterHoldsAllRequestsBack() async throws {
    let reply = Speech.body(.openAI, Speech.Reply()).encoded()
    let server = try ScriptedServer { number, _ in
      number == 0
        ? ScriptedServer.response(429, headers: ["Retry-After-Ms: 1000"], "{}")
        : ScriptedServer.response(200, reply)
    }
    defer { server.stop() }
    let model = try scripted(.openAI, server, isStreamed: false, retries: 1)
    let first = Task { try await model.reply(to: hello) }
    while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    try await Task.sleep(for: .milliseconds(200))
    _ = try await model.reply(to: hello)
    _ = try await first.value
    let times = server.requests.map(\.time)
    #expect(times.count == 3 && times.dropFirst().allSatisfy { $0 - times[0] > .milliseconds(900) })
  }

  @Test func aWaitThatIsTooLongIsAFailure() async throws {
    let headers = [
      "x-ratelimit-limit-requests: 2", "x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 8h",
    ]
    let server = try ScriptedServer(
      always: ScriptedServer.response(200, headers: headers, Speech.body(.openAI, Speech.Reply()).encoded()))
    defer { server.stop() }
    let model = try scripted(.openAI, server, isStreamed: false)
    _ = try await model.reply(to: hello)
    guard case .rateLimited(_, let wait?, 0, _)? = await failure(from: model) else {
      Issue.record("it was sent or waited for")
      return
    }
    #expect(wait > 10_000 && server.requests.count == 1)
  }

  @Test func connectionsAreKept() async throws {
    let body = Array(Speech.body(.openAI, Speech.Reply()).encoded().utf8)
    let head = Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
    let chunks = Speech.events(.openAI, Speech.Reply()).map { event in
      ScriptedServer.Step.send(Array("\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n".utf8))
    }
    let server = try ScriptedServer { number, _ in
      number % 2 == 0
        ? [.send(head + body), .keepAlive]
        : [.send(Speech.streamHead(.openAI, keepAlive: true))] + chunks + [
          .send(Array("0\r\n\r\n".utf8)), .keepAlive,
        ]
    }
    defer { server.stop() }
    let model = try scripted(.openAI, server, client: HTTPClient())
    for _ in 0..<8 { #expect(try await model.reply(to: hello).content == "hello there") }
    #expect(server.requests.count == 8 && server.connections == 1)
  }

  @Test func cancellingAnywhereLeavesNothingBehind() async throws {
    let client = HTTPClient()
    let events = Speech.events(.openAI, Speech.Reply()).flatMap {
      [ScriptedServer.Step.send(Array($0.utf8)), .wait(milliseconds: 8)]
    }
    let server = try ScriptedServer { number, _ in
      switch number % 4 {
      case 0: [.hang]
      case 1: [.send(Speech.streamHead(.openAI))] + events
      case 2: ScriptedServer.response(429, headers: ["Retry-After-Ms: 60"], "{}")
      default: [.wait(milliseconds: 15), .send(Speech.streamHead(.openAI)), .hang]
      }
    }
    defer { server.stop() }
    let model = try scripted(.openAI, server, retries: 3, client: client)
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<80 {
        group.addTask {
          let task = Task { await failure(from: model) }
          try? await Task.sleep(for: .microseconds(number * 900))
          task.cancel()
          let outcome = await task.value
          #expect(outcome == nil || outcome == .cancelled)
        }
      }
    }
    for _ in 0..<100 where client.activeTransfers > 0 { try await Task.sleep(for: .milliseconds(10)) }
    #expect(client.activeTransfers == 0)
    // The way is free again: nothing counts as under way, and no probe is thought to be out.
    let other = try ScriptedServer(always: Speech.response(.openAI, Speech.Reply(), isStreamed: true))
    defer { other.stop() }
    #expect(await failure(from: try scripted(.openAI, other, client: client)) == nil)
  }
}
