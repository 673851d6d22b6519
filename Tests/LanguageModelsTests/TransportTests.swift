import Glibc
import Synchronization
import Testing

@testable import LanguageModels

private func model(
  _ baseURL: String, retries: Int = 0, timeout: Double = 20, maximumBytes: Int = 1 << 20,
  client: HTTPClient = .shared
) throws -> RemoteModel {
  var configuration = EndpointConfiguration(baseURL: baseURL, model: "m")
  configuration.maximumRetries = retries
  configuration.timeoutSeconds = timeout
  configuration.maximumReplyBytes = maximumBytes
  return try RemoteModel(configuration: configuration, client: client, registry: EndpointRegistry())
}

private func failure(of model: RemoteModel) async -> ChatFailure? {
  do throws(ChatFailure) {
    _ = try await model.reply(to: ChatRequest(messages: [.user("hello")]))
    return nil
  } catch {
    return error
  }
}

/// What a network can do to a request.
@Suite(.timeLimit(.minutes(10))) struct TransportTests {
  private let head = Array("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n".utf8)

  @Test func aServerThatSaysNothingTimesOut() async throws {
    let server = try ScriptedServer(always: [.hang])
    defer { server.stop() }
    let failure = await failure(of: try model(server.baseURL, timeout: 0.3))
    #expect(failure == .timedOut(endpoint: server.baseURL, seconds: 0.3, attempts: 1))
  }

  @Test func aSlowDripTimesOutToo() async throws {
    let drip = (0..<1500).flatMap { _ in [ScriptedServer.Step.send([32]), .wait(milliseconds: 20)] }
    let server = try ScriptedServer(always: [.send(head)] + drip)
    defer { server.stop() }
    let start = ContinuousClock.now
    let failure = await failure(of: try model(server.baseURL, timeout: 0.4))
    #expect(failure == .timedOut(endpoint: server.baseURL, seconds: 0.4, attempts: 1))
    #expect(ContinuousClock.now - start < .seconds(15))
  }

  @Test func aSlowButCompleteReplyIsFine() async throws {
    guard case .send(let bytes)? = ScriptedServer.completion("slow").first else { return }
    let drip = bytes.flatMap { [ScriptedServer.Step.send([$0]), .wait(milliseconds: 1)] }
    let server = try ScriptedServer(always: drip)
    defer { server.stop() }
    let reply = try await model(server.baseURL).reply(to: ChatRequest(messages: [.user("x")]))
    #expect(reply.content == "slow")
  }

  @Test func aFloodIsCutOff() async throws {
    let endless = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
    let server = try ScriptedServer(always: [.send(endless), .flood])
    defer { server.stop() }
    let failure = await failure(of: try model(server.baseURL, maximumBytes: 100_000))
    #expect(failure == .replyTooLarge(endpoint: server.baseURL, limitBytes: 100_000))
  }

  @Test func aFloodOfHeadersIsCutOff() async throws {
    let line = Array("X-Long: \(String(repeating: "a", count: 8000))\r\n".utf8)
    let lines = (0..<400).map { _ in ScriptedServer.Step.send(line) }
    let server = try ScriptedServer(always: [.send(Array("HTTP/1.1 200 OK\r\n".utf8))] + lines + [.hang])
    defer { server.stop() }
    let failure = try #require(await failure(of: try model(server.baseURL, timeout: 10)))
    if case .timedOut = failure { Issue.record("the headers were all read") }
  }

  @Test(
    arguments: [
      "{", "[]", "null", "{}", #"{"choices": []}"#, #"{"choices": [{"message": {}}]}"#,
      #"{"choices": [{"message": {"content": 5}}]}"#, "not JSON at all", "",
      String(repeating: "[", count: 100_000),
    ]) func whatIsNoReplyIsCalledSo(body: String) async throws
  {
    let server = try ScriptedServer(always: ScriptedServer.response(200, body))
    defer { server.stop() }
    guard case .malformedReply(server.baseURL, let detail)? = await failure(of: try model(server.baseURL))
    else {
      Issue.record("taken for a reply: \(body.prefix(60))")
      return
    }
    #expect(!detail.isEmpty)
  }

  @Test func invalidUTF8IsCalledSo() async throws {
    let body = Array(#"{"choices": [{"message": {"content": ""#.utf8) + [0xFF, 0xC0] + Array(#""}}]}"#.utf8)
    let server = try ScriptedServer(always: ScriptedServer.response(200, bytes: body))
    defer { server.stop() }
    let failure = try #require(await failure(of: try model(server.baseURL)))
    #expect(failure.description.contains("UTF-8"))
  }

  @Test func whatIsNotHTTPIsCalledSo() async throws {
    let server = try ScriptedServer(always: [.send(Array("220 smtp ready\r\n".utf8))])
    defer { server.stop() }
    guard case .malformedReply? = await failure(of: try model(server.baseURL)) else {
      Issue.record("taken for HTTP")
      return
    }
  }

  @Test func absurdTokenCountsDoNoHarm() async throws {
    let body =
      #"{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 1e300, "completion_tokens": -7}}"#
    let server = try ScriptedServer(always: ScriptedServer.response(200, body))
    defer { server.stop() }
    let reply = try await model(server.baseURL).reply(to: ChatRequest(messages: [.user("x")]))
    #expect(!reply.isUsageReported && reply.content == "x" && reply.model == "m")
  }

  @Test func aRefusedConnectionIsTriedThreeTimesAndNamed() async throws {
    // A port that was free a moment ago and that nobody listens on.
    let server = try ScriptedServer(always: [.hang])
    let address = server.baseURL
    server.stop()
    usleep(50_000)
    let failure = await failure(of: try model(address, retries: 2))
    guard case .unreachable(address, let detail, 3)? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(detail.lowercased().contains("refused") || detail.lowercased().contains("connect"))
  }

  @Test func aConnectionThatBreaksOffIsRetried() async throws {
    let partial = [ScriptedServer.Step.send(head + Array("{\"choices".utf8))]
    let server = try ScriptedServer(sequence: [partial, [], ScriptedServer.completion("whole")])
    defer { server.stop() }
    let reply = try await model(server.baseURL, retries: 2).reply(to: ChatRequest(messages: [.user("x")]))
    #expect(reply.content == "whole" && reply.attempts == 3)
  }

  @Test func plainHTTPBehindAnHTTPSAddressIsExplained() async throws {
    let server = try ScriptedServer(always: ScriptedServer.completion("x"))
    defer { server.stop() }
    let failure = try #require(
      await failure(of: try model("https://127.0.0.1:\(server.port)/v1", timeout: 3)))
    #expect(failure.description.contains("https://127.0.0.1"))
  }

  @Test func cancellingClosesTheConnection() async throws {
    let server = try ScriptedServer(always: [.hang])
    defer { server.stop() }
    let model = try model(server.baseURL)
    let task = Task { await failure(of: model) }
    while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    let start = ContinuousClock.now
    task.cancel()
    #expect(await task.value == .cancelled)
    #expect(ContinuousClock.now - start < .seconds(10))
    for _ in 0..<200 where server.hangUps == 0 { try await Task.sleep(for: .milliseconds(10)) }
    #expect(server.hangUps == 1)
  }

  @Test func cancellingEndsTheWaitBetweenAttempts() async throws {
    let server = try ScriptedServer(always: ScriptedServer.response(429, headers: ["Retry-After: 100"], "{}"))
    defer { server.stop() }
    let model = try model(server.baseURL, retries: 2)
    let task = Task { await failure(of: model) }
    while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    try await Task.sleep(for: .milliseconds(50))
    task.cancel()
    #expect(await task.value == .cancelled)
  }

  @Test func cancellingBeforeOrWhileSubmittingIsNoticed() async throws {
    let server = try ScriptedServer(always: [.hang])
    defer { server.stop() }
    let model = try model(server.baseURL)
    await withTaskGroup { group in
      for number in 0..<60 {
        group.addTask {
          let task = Task { await failure(of: model) }
          if number % 3 > 0 { try? await Task.sleep(for: .microseconds(number * 40)) }
          task.cancel()
          #expect(await task.value == .cancelled)
        }
      }
    }
  }

  @Test func twentyRequestsRunSideBySide() async throws {
    let server = try ScriptedServer { _, request in
      let mark = request.body.split(separator: "#")[1]
      return [.wait(milliseconds: 300)] + ScriptedServer.completion("echo \(mark)")
    }
    defer { server.stop() }
    let model = try model(server.baseURL)
    let contents = try await withThrowingTaskGroup(of: (Int, String).self) { group in
      for number in 0..<20 {
        group.addTask {
          (number, try await model.reply(to: ChatRequest(messages: [.user("#\(number)#")])).content)
        }
      }
      return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
    }
    #expect(contents == Dictionary(uniqueKeysWithValues: (0..<20).map { ($0, "echo \($0)") }))
    #expect(server.mostActive >= 10)
  }

  @Test func aClientGivesItsThreadAndItsRequestsUp() async throws {
    let server = try ScriptedServer(always: ScriptedServer.completion("x"))
    defer { server.stop() }
    for _ in 0..<30 {
      let model = try model(server.baseURL, client: HTTPClient())
      #expect(await failure(of: model) == nil)
    }
    func threads() -> Int {
      let status =
        SystemFiles.contents(of: "/proc/self/status").map { String(decoding: $0, as: UTF8.self) } ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("Threads:") } ?? ""
      return Int(line.drop { !$0.isNumber }) ?? 0
    }
    // Thirty threads that stayed would show; other tests' threads come and go.
    for _ in 0..<200 where threads() > 50 { try await Task.sleep(for: .milliseconds(20)) }
    #expect((1...50).contains(threads()))
  }
}
