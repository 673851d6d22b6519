import Glibc
import Testing

@testable import LanguageModels

private let hello = ChatRequest(messages: [.user("hello")])

/// A model at a scripted server, with limits that a test can wait for.
func scripted(
  _ api: ModelAPI, _ server: ScriptedServer, model: String = "m", isStreamed: Bool = true, retries: Int = 0,
  client: HTTPClient = .shared, registry: EndpointRegistry = EndpointRegistry(),
  change: (inout EndpointConfiguration) -> Void = { _ in }
) throws -> RemoteModel {
  var configuration = EndpointConfiguration(api: api, baseURL: server.baseURL, model: model)
  configuration.isStreamed = isStreamed
  configuration.maximumRetries = retries
  configuration.timeoutSeconds = 30
  configuration.jitterSeed = 1
  change(&configuration)
  return try RemoteModel(configuration: configuration, client: client, registry: registry)
}

/// The failure of a request; nil where there is a reply.
func failure(from model: some ChatModel, _ request: ChatRequest = hello) async -> ChatFailure? {
  do throws(ChatFailure) {
    _ = try await model.reply(to: request)
    return nil
  } catch {
    return error
  }
}

@Suite(.timeLimit(.minutes(10))) struct StreamingTests {
  private let reply = Speech.Reply(text: "Grüße, 😀 und\n\"mehr\"", prompt: 21, completion: 9)

  @Test(arguments: ModelAPI.allCases) func everyAPIStreamsAndDoesNot(api: ModelAPI) async throws {
    let reply = reply
    let server = try ScriptedServer { _, request in
      let isStreamed = request.body.contains(#""stream":true"#)
      let right = Speech.response(api, reply, isStreamed: isStreamed)
      // Byte by byte, so that characters and events are cut anywhere.
      return right.flatMap { step -> [ScriptedServer.Step] in
        if case .send(let bytes) = step { bytes.map { .send([$0]) } } else { [step] }
      }
    }
    defer { server.stop() }
    for isStreamed in [false, true] {
      let answer = try await scripted(api, server, isStreamed: isStreamed).reply(to: hello)
      #expect(answer.content == reply.text && answer.model == "served" && answer.finishReason == "stop")
      #expect(answer.usage.promptTokens == 21 && answer.usage.completionTokens == 9 && answer.isUsageReported)
    }
  }

  @Test func aServerThatDoesNotStreamIsReadAllTheSame() async throws {
    for api in ModelAPI.allCases {
      let server = try ScriptedServer(always: Speech.response(api, reply, isStreamed: false))
      defer { server.stop() }
      #expect(try await scripted(api, server).reply(to: hello).content == reply.text)
    }
  }

  @Test func aStreamOfTheWrongTypeIsReadAllTheSame() async throws {
    let events = Speech.events(.openAI, reply).joined()
    let server = try ScriptedServer(always: ScriptedServer.response(200, events))
    defer { server.stop() }
    #expect(try await scripted(.openAI, server).reply(to: hello).content == reply.text)
  }

  @Test func silenceBeforeTheFirstPieceIsNoticed() async throws {
    // Comments show that the server lives, not that it answers.
    let comments = (0..<100).flatMap { _ in
      [ScriptedServer.Step.send(Array(": wait\n\n".utf8)), .wait(milliseconds: 20)]
    }
    let server = try ScriptedServer(always: [.send(Speech.streamHead(.openAI))] + comments)
    defer { server.stop() }
    let model = try scripted(.openAI, server) { $0.firstTokenTimeoutSeconds = 0.2 }
    #expect(await failure(from: model) == .timedOut(endpoint: server.baseURL, seconds: 0.2, attempts: 1))
    let silent = try ScriptedServer(always: [.hang])
    defer { silent.stop() }
    let other = try scripted(.openAI, silent) { $0.firstTokenTimeoutSeconds = 0.15 }
    #expect(await failure(from: other) == .timedOut(endpoint: silent.baseURL, seconds: 0.15, attempts: 1))
  }

  @Test func silenceBetweenPiecesIsNoticedAndTriedAgain() async throws {
    let events = Speech.events(.anthropic, reply).map { ScriptedServer.Step.send(Array($0.utf8)) }
    let pings = (0..<100).flatMap { _ in
      [ScriptedServer.Step.send(Array("data: {\"type\": \"ping\"}\n\n".utf8)), .wait(milliseconds: 20)]
    }
    let head = ScriptedServer.Step.send(Speech.streamHead(.anthropic))
    let server = try ScriptedServer(sequence: [[head] + events[..<4] + pings, [head] + events])
    defer { server.stop() }
    let model = try scripted(.anthropic, server, retries: 1) { $0.idleTimeoutSeconds = 1 }
    let answer = try await model.reply(to: hello)
    #expect(answer.content == reply.text && answer.attempts == 2)
    #expect(answer.usage.promptTokens == 21 && answer.usage.completionTokens == 9)
  }

  @Test func aSlowStreamIsNotTakenForStalled() async throws {
    let events = Speech.events(.ollama, reply).flatMap {
      [ScriptedServer.Step.send(Array($0.utf8)), .wait(milliseconds: 60)]
    }
    let server = try ScriptedServer(always: [.send(Speech.streamHead(.ollama))] + events)
    defer { server.stop() }
    let model = try scripted(.ollama, server) { $0.idleTimeoutSeconds = 5 }
    #expect(try await model.reply(to: hello).content == reply.text)
  }

  @Test func aServerThatDoesNotCloseAfterTheEndIsNotWaitedFor() async throws {
    let server = try ScriptedServer(
      always: Speech.response(.openAI, reply, isStreamed: true) + [.hang])
    defer { server.stop() }
    let start = ContinuousClock.now
    #expect(try await scripted(.openAI, server).reply(to: hello).content == reply.text)
    #expect(ContinuousClock.now - start < .seconds(15))
  }

  @Test func anAnswerWhoseStreamIsNeverEndedIsAnAnswer() async throws {
    // All but `[DONE]`, then silence or a reset.
    let events = Speech.events(.openAI, reply).dropLast().map { ScriptedServer.Step.send(Array($0.utf8)) }
    for ending in [[ScriptedServer.Step.hang], [.wait(milliseconds: 20), .reset], []] {
      let server = try ScriptedServer(always: [.send(Speech.streamHead(.openAI))] + events + ending)
      defer { server.stop() }
      let answer = try await scripted(.openAI, server) { $0.idleTimeoutSeconds = 0.6 }.reply(to: hello)
      #expect(answer.content == reply.text && answer.usage.completionTokens == 9)
    }
    // Without the counts it is an answer too, and says that nobody counted.
    let uncounted = try ScriptedServer(
      always: [.send(Speech.streamHead(.openAI))] + events.dropLast())
    defer { uncounted.stop() }
    let answer = try await scripted(.openAI, uncounted).reply(to: hello)
    #expect(answer.content == reply.text && !answer.isUsageReported)
    let nothing = try ScriptedServer(always: [
      .send(Speech.streamHead(.openAI) + Array("data: [DONE]\n\n".utf8))
    ])
    defer { nothing.stop() }
    guard case .malformedReply? = await failure(from: try scripted(.openAI, nothing)) else {
      Issue.record("nothing was taken for an answer")
      return
    }
  }

  @Test(arguments: ModelAPI.allCases) func aStreamThatBreaksOffIsTriedAgain(api: ModelAPI) async throws {
    let events = Speech.events(api, reply)
    let head = ScriptedServer.Step.send(Speech.streamHead(api))
    let cut = Array(events.joined().utf8.prefix(events[0].utf8.count + events[1].utf8.count + 9))
    let server = try ScriptedServer(sequence: [
      // The reset must not overtake what was sent, or else curl would try again by itself.
      [head, .send(cut)], [head, .send(cut), .wait(milliseconds: 50), .reset],
      Speech.response(api, reply, isStreamed: true),
    ])
    defer { server.stop() }
    let answer = try await scripted(api, server, retries: 2).reply(to: hello)
    #expect(answer.content == reply.text && answer.attempts == 3)
    #expect(answer.usage.promptTokens == 21 && answer.usage.completionTokens == 9)
    let only = try ScriptedServer(always: [head, .send(cut)])
    defer { only.stop() }
    guard case .unreachable(_, let detail, 1)? = await failure(from: try scripted(api, only)) else {
      Issue.record("a part was taken for the whole")
      return
    }
    #expect(detail.contains("broke off"))
  }

  @Test func eventsThatComeTwiceCountOnce() async throws {
    // The last events twice, numbered ones twice, and ones with an id of their own twice.
    var responses = Speech.events(.openAIResponses, reply)
    responses = responses.flatMap { [$0, $0] }
    let chat = Speech.events(.openAI, reply)
    let marked = chat.dropLast(1).enumerated().flatMap {
      ["id: \($0.offset)\n" + $0.element, "id: \($0.offset)\n" + $0.element]
    }
    let endings = Array(chat.dropLast(3)) + chat.suffix(3).flatMap { [$0, $0] }
    let messages = Speech.events(.anthropic, reply)
    let doubled =
      [messages[0], messages[0]] + messages.dropFirst().dropLast(2) + messages.suffix(2).flatMap { [$0, $0] }
    for (api, events) in [
      (ModelAPI.openAIResponses, responses), (.openAI, marked + chat.suffix(1)), (.openAI, endings),
      (.anthropic, doubled),
    ] {
      let server = try ScriptedServer(
        always: [.send(Speech.streamHead(api)), .send(Array(events.joined().utf8))])
      defer { server.stop() }
      let answer = try await scripted(api, server).reply(to: hello)
      #expect(answer.content == reply.text && answer.usage.completionTokens == 9, "\(api)")
    }
  }

  @Test func anErrorInTheStreamsMiddleIsTheServersError() async throws {
    let events = Speech.events(.anthropic, reply)
    let error =
      #"event: error\#ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}\#n\#n"#
    let server = try ScriptedServer(
      always: [.send(Speech.streamHead(.anthropic)), .send(Array((events[0] + events[2] + error).utf8))])
    defer { server.stop() }
    #expect(
      await failure(from: try scripted(.anthropic, server))
        == .serverError(endpoint: server.baseURL, status: 529, attempts: 1, detail: "Overloaded"))
    let refusal =
      #"data: {"error": {"message": "bad \#(String(repeating: "x", count: 9))", "code": 400}}\#n\#n"#
    let gateway = try ScriptedServer(always: [.send(Speech.streamHead(.openAI)), .send(Array(refusal.utf8))])
    defer { gateway.stop() }
    #expect(
      await failure(from: try scripted(.openAI, gateway))
        == .requestRefused(endpoint: gateway.baseURL, status: 400, detail: "bad xxxxxxxxx"))
  }

  @Test func invalidUTF8InAStreamIsCalledSo() async throws {
    let bytes = Array(#"data: {"choices": [{"delta": {"content": ""#.utf8) + [0xC3] + Array("\"}}]}\n\n".utf8)
    let server = try ScriptedServer(always: [.send(Speech.streamHead(.openAI)), .send(bytes), .hang])
    defer { server.stop() }
    guard case .malformedReply(_, let detail)? = await failure(from: try scripted(.openAI, server)) else {
      Issue.record("taken for text")
      return
    }
    #expect(detail.contains("UTF-8"))
  }

  @Test func anEndlessStreamIsCutOff() async throws {
    let piece = Speech.events(.openAI, reply)[0]
    let many = Array(String(repeating: piece, count: 1000).utf8)
    let server = try ScriptedServer(
      always: [.send(Speech.streamHead(.openAI))] + (0..<100).map { _ in .send(many) })
    defer { server.stop() }
    let model = try scripted(.openAI, server) { $0.maximumReplyBytes = 100_000 }
    #expect(await failure(from: model) == .replyTooLarge(endpoint: server.baseURL, limitBytes: 100_000))
  }

  @Test func aServerThatRefusesToStreamIsAskedForAWholeReply() async throws {
    let reply = reply
    let server = try ScriptedServer { _, request in
      for name in ["stream_options", "stream"] where request.body.contains("\"\(name)\"") {
        return ScriptedServer.response(
          400, #"{"error": {"message": "Unknown parameter: '\#(name)'.", "param": "\#(name)"}}"#)
      }
      return Speech.response(.openAI, reply, isStreamed: false)
    }
    defer { server.stop() }
    let notices = Notices()
    let model = try scripted(.openAI, server) { $0.onNotice = notices.add }
    let answer = try await model.reply(to: hello)
    #expect(answer.content == reply.text && answer.attempts == 3)
    #expect(try await model.reply(to: hello).attempts == 1)
    #expect(notices.all.count == 2 && notices.all.allSatisfy { $0.contains("refuses for the model 'm'") })
  }
}
