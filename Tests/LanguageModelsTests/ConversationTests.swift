import Foundation
import Testing

@testable import LanguageModels

/// What stands in the fixtures, written after the APIs' public references.
enum Fixtures {
  static func bytes(_ api: ModelAPI, _ name: String) throws -> [UInt8] {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures")
    return Array(try Data(contentsOf: folder.appendingPathComponent("\(api.rawValue)/\(name)")))
  }

  static func text(_ api: ModelAPI, _ name: String) throws -> String {
    String(decoding: try bytes(api, name), as: UTF8.self)
  }

  static let schema = JSONSchema(
    name: "edit",
    schema: [
      "type": "object",
      "properties": ["kernel": ["type": "integer"], "act": ["enum": ["relu", "gelu"]]],
      "required": ["kernel", "act"], "additionalProperties": false,
    ])
  static let plain = ChatRequest(messages: [.user("Hello!")])
  static let full = ChatRequest(
    messages: [.system("You edit networks."), .user("Widen it.")], temperature: 0.7, maximumTokens: 64,
    seed: 7, stop: ["END"], responseSchema: schema)
  static let grammar = ChatRequest(messages: [.user("Hello!")], grammar: #"root ::= "yes" | "no""#)
  static let suffix = ChatRequest(
    messages: [.user("class Net(nn.Module):\n")], maximumTokens: 32, suffix: "\n    return x")
  static var reasoning: ChatRequest {
    var request = full
    request.responseSchema = nil
    request.reasoningEffort = "low"
    return request
  }
}

/// A request, and how it must look on the wire.
private struct Sent: CustomTestStringConvertible {
  var api: ModelAPI
  var name: String
  var request: ChatRequest
  var dropped: [String] = []
  var path: String
  var model = "m"
  var host = "h"
  var isStreamed = false
  var schemaSteps = 0

  var testDescription: String { "\(api.rawValue)/\(name)" }
}

private let sent: [Sent] = [
  Sent(api: .openAI, name: "plain", request: Fixtures.plain, path: "/chat/completions"),
  Sent(api: .openAI, name: "full", request: Fixtures.full, path: "/chat/completions"),
  Sent(api: .openAI, name: "streamed", request: Fixtures.plain, path: "/chat/completions", isStreamed: true),
  Sent(
    api: .openAI, name: "reasoning", request: Fixtures.reasoning, dropped: ["temperature"],
    path: "/chat/completions", model: "o3-mini", host: "api.openai.com"),
  Sent(api: .vLLM, name: "full", request: Fixtures.full, path: "/chat/completions"),
  Sent(api: .vLLM, name: "second-schema", request: Fixtures.full, path: "/chat/completions", schemaSteps: 1),
  Sent(api: .vLLM, name: "third-schema", request: Fixtures.full, path: "/chat/completions", schemaSteps: 2),
  Sent(api: .vLLM, name: "grammar", request: Fixtures.grammar, path: "/chat/completions"),
  Sent(api: .llamaServer, name: "full", request: Fixtures.full, path: "/chat/completions"),
  Sent(api: .llamaServer, name: "grammar", request: Fixtures.grammar, path: "/chat/completions"),
  Sent(api: .openAIResponses, name: "plain", request: Fixtures.plain, path: "/responses"),
  Sent(
    api: .openAIResponses, name: "full", request: Fixtures.full, dropped: ["seed", "stop"], path: "/responses"
  ),
  Sent(
    api: .openAIResponses, name: "streamed", request: Fixtures.plain, path: "/responses", isStreamed: true),
  Sent(
    api: .openAIResponses, name: "reasoning", request: Fixtures.reasoning,
    dropped: ["temperature", "seed", "stop"], path: "/responses", model: "gpt-5-mini", host: "api.openai.com"),
  Sent(api: .openAICompletions, name: "plain", request: Fixtures.plain, path: "/completions"),
  Sent(
    api: .openAICompletions, name: "full", request: Fixtures.full, dropped: ["response_format"],
    path: "/completions"),
  Sent(
    api: .openAICompletions, name: "suffix", request: Fixtures.suffix, path: "/completions", isStreamed: true),
  Sent(api: .anthropic, name: "plain", request: Fixtures.plain, path: "/v1/messages"),
  Sent(api: .anthropic, name: "full", request: Fixtures.full, dropped: ["seed"], path: "/v1/messages"),
  Sent(
    api: .anthropic, name: "second-schema", request: Fixtures.full, dropped: ["seed"], path: "/v1/messages",
    schemaSteps: 1),
  Sent(api: .anthropic, name: "streamed", request: Fixtures.plain, path: "/v1/messages", isStreamed: true),
  Sent(api: .ollama, name: "plain", request: Fixtures.plain, path: "/api/chat"),
  Sent(api: .ollama, name: "full", request: Fixtures.full, path: "/api/chat"),
  Sent(api: .ollama, name: "streamed", request: Fixtures.plain, path: "/api/chat", isStreamed: true),
  Sent(api: .llamaCompletion, name: "plain", request: Fixtures.plain, path: "/completion"),
  Sent(api: .llamaCompletion, name: "full", request: Fixtures.full, path: "/completion"),
  Sent(api: .llamaCompletion, name: "grammar", request: Fixtures.grammar, path: "/completion"),
  Sent(
    api: .llamaCompletion, name: "suffix", request: Fixtures.suffix, path: "/infill", isStreamed: true),
]

/// A response, and what must be read in it.
private struct Received: CustomTestStringConvertible {
  var api: ModelAPI
  var name: String
  var answer: WireAnswer

  var testDescription: String { "\(api.rawValue)/\(name)" }
}

private let received: [Received] = [
  Received(
    api: .openAI, name: "plain.response.json",
    answer: .reply(
      WireReply(
        content: "Hello! How can I assist you today?", model: "gpt-4.1-2025-04-14",
        usage: TokenUsage(promptTokens: 19, completionTokens: 10, cachedTokens: 8, reasoningTokens: 4),
        finishReason: "stop", id: "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", fingerprint: "fp_44709d6fcb"))),
  Received(
    api: .openAI, name: "refusal.response.json",
    answer: .declined("I'm sorry, I cannot assist with that request.")),
  Received(
    api: .openAI, name: "plain.stream.txt",
    answer: .reply(
      WireReply(
        content: "Größe 😀", model: "gpt-4o-mini",
        usage: TokenUsage(promptTokens: 19, completionTokens: 3, cachedTokens: 0, reasoningTokens: 0),
        finishReason: "length", id: "chatcmpl-123", fingerprint: "fp_44709d6fcb"))),
  Received(
    api: .vLLM, name: "plain.response.json",
    answer: .reply(
      WireReply(
        content: "yes", reasoning: "The user greets.", model: "Qwen/Qwen3-8B",
        usage: TokenUsage(promptTokens: 11, completionTokens: 20), finishReason: "stop", id: "chatcmpl-7d5c"))
  ),
  Received(
    api: .llamaServer, name: "plain.response.json",
    answer: .reply(
      WireReply(
        content: "yes", model: "SmolLM2-135M-Instruct",
        usage: TokenUsage(promptTokens: 31, completionTokens: 2, cachedTokens: 30), finishReason: "stop",
        id: "chatcmpl-TrPT", fingerprint: "b6399-5fac79cbc"))),
  Received(
    api: .openAIResponses, name: "plain.response.json",
    answer: .reply(
      WireReply(
        content: "Hello there.", reasoning: "A greeting.", model: "gpt-4.1-2025-04-14",
        usage: TokenUsage(promptTokens: 36, completionTokens: 87, cachedTokens: 12, reasoningTokens: 80),
        finishReason: "stop", id: "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b"))),
  Received(
    api: .openAIResponses, name: "incomplete.response.json",
    answer: .reply(
      WireReply(
        content: "", model: "gpt-5",
        usage: TokenUsage(promptTokens: 5, completionTokens: 64, cachedTokens: 0, reasoningTokens: 64),
        finishReason: "length", id: "resp_2"))),
  Received(
    api: .openAIResponses, name: "refusal.response.json", answer: .declined("I can't help with that.")),
  Received(
    api: .openAIResponses, name: "plain.stream.txt",
    answer: .reply(
      WireReply(
        content: "Hi there", model: "gpt-4.1-2025-04-14",
        usage: TokenUsage(promptTokens: 37, completionTokens: 11, cachedTokens: 0, reasoningTokens: 0),
        finishReason: "stop", id: "resp_67c9"))),
  Received(
    api: .openAICompletions, name: "plain.response.json",
    answer: .reply(
      WireReply(
        content: "\n\nThis is indeed a test", model: "gpt-3.5-turbo-instruct",
        usage: TokenUsage(promptTokens: 5, completionTokens: 7), finishReason: "length",
        id: "cmpl-uqkvlQyYK7bGYrRHQ0eXlWi7", fingerprint: "fp_44709d6fcb"))),
  Received(
    api: .openAICompletions, name: "plain.stream.txt",
    answer: .reply(
      WireReply(
        content: "This is a test.", model: "bigcode/starcoder",
        usage: TokenUsage(promptTokens: 5, completionTokens: 4), finishReason: "stop", id: "cmpl-7iA7"))),
  Received(
    api: .anthropic, name: "plain.response.json",
    answer: .reply(
      WireReply(
        content: "Hi! My name is Claude.", reasoning: "A greeting.", model: "claude-sonnet-4-5-20250929",
        usage: TokenUsage(
          promptTokens: 2143, completionTokens: 503, cachedTokens: 1800, cacheWriteTokens: 248),
        finishReason: "stop", id: "msg_013Zva2CMHLNnjNjJJKqJ2EF"))),
  Received(
    api: .anthropic, name: "tool.response.json",
    answer: .reply(
      WireReply(
        content: #"{"kernel":3,"act":"relu"}"#, model: "claude-sonnet-4-5",
        usage: TokenUsage(promptTokens: 10, completionTokens: 20), finishReason: "stop",
        id: "msg_01Aq9w938a90dw8q"))),
  Received(api: .anthropic, name: "refusal.response.json", answer: .declined("No.")),
  Received(
    api: .anthropic, name: "plain.stream.txt",
    answer: .reply(
      WireReply(
        content: "Hello!", reasoning: "A greeting.", model: "claude-sonnet-4-5-20250929",
        usage: TokenUsage(promptTokens: 30, completionTokens: 15, cachedTokens: 5), finishReason: "stop",
        id: "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY"))),
  Received(
    api: .ollama, name: "plain.response.json",
    answer: .reply(
      WireReply(
        content: "Hello! How are you today?", reasoning: "A greeting.", model: "qwen3:8b",
        usage: TokenUsage(promptTokens: 26, completionTokens: 298), finishReason: "stop"))),
  Received(
    api: .ollama, name: "plain.stream.txt",
    answer: .reply(
      WireReply(
        content: "The end", model: "llama3.2", usage: TokenUsage(promptTokens: 26, completionTokens: 282),
        finishReason: "length"))),
  Received(
    api: .llamaCompletion, name: "plain.response.json",
    answer: .reply(
      WireReply(
        content: " yes", model: "SmolLM2-135M-Instruct",
        usage: TokenUsage(promptTokens: 13, completionTokens: 2, cachedTokens: 12), finishReason: "stop"))),
  Received(
    api: .llamaCompletion, name: "plain.stream.txt",
    answer: .reply(
      WireReply(
        content: "def f", model: "StarCoder2-3B",
        usage: TokenUsage(promptTokens: 13, completionTokens: 3, cachedTokens: 0), finishReason: "length"))),
]

/// Each API's bytes, against fixtures.
@Suite struct ConversationTests {
  @Test(arguments: sent) fileprivate func aRequestIsWrittenByteForByte(_ sent: Sent) throws {
    var options = WireOptions(
      model: sent.model, isStreamed: sent.isStreamed,
      traits: ModelTraits(model: sent.model, host: sent.host))
    options.refusals.schemaSteps = sent.schemaSteps
    let body = sent.api.dialect.body(of: sent.request, options: options)
    #expect(
      String(decoding: body.bytes, as: UTF8.self)
        == (try Fixtures.text(sent.api, "\(sent.name).request.json")))
    #expect(body.dropped == sent.dropped)
    #expect(sent.api.dialect.path(for: sent.request) == sent.path)
  }

  @Test(arguments: received) fileprivate func aResponseIsRead(_ received: Received) throws {
    let bytes = try Fixtures.bytes(received.api, received.name)
    guard received.name.hasSuffix(".stream.txt") else {
      #expect(received.api.dialect.answer(in: try JSONValue(parsing: bytes)) == received.answer)
      return
    }
    // In pieces of every small size, so that events, line ends and characters are cut anywhere; with CRLF as well.
    let withCRLF = Array(String(decoding: bytes, as: UTF8.self).replacing("\n", with: "\r\n").utf8)
    for bytes in [bytes, withCRLF] {
      for size in [1, 2, 3, 5, 7, 64, bytes.count] {
        let reader = StreamReader(received.api.dialect)
        var last = StreamNews.none
        for start in stride(from: 0, to: bytes.count, by: size) {
          last = reader.take(bytes[start..<min(start + size, bytes.count)])
        }
        #expect(reader.finish().answer == received.answer, "pieces of \(size)")
        #expect(last == .end)
      }
    }
  }

  @Test(arguments: received.filter { $0.name.hasSuffix("plain.stream.txt") })
  fileprivate func aStreamThatBreaksOffIsNoAnswer(_ received: Received) throws {
    let bytes = try Fixtures.bytes(received.api, received.name)
    let reader = StreamReader(received.api.dialect)
    _ = reader.take(bytes[..<(bytes.count / 3)])
    #expect(reader.finish().answer == nil)
    // Wherever it breaks off, the answer is none or the whole one, but for counts that come last.
    guard case .reply(let whole) = received.answer else { return }
    for end in 0..<bytes.count {
      let reader = StreamReader(received.api.dialect)
      _ = reader.take(bytes[..<end])
      guard let answer = reader.finish().answer else { continue }
      guard case .reply(let reply) = answer else {
        Issue.record("cut at \(end): \(answer)")
        continue
      }
      #expect(reply.content == whole.content && reply.finishReason == whole.finishReason, "cut at \(end)")
    }
  }

  @Test func errorsInTheMiddleOfAStreamAreReported() throws {
    for (api, name, status) in [
      (ModelAPI.anthropic, "overloaded.stream.txt", 529), (.openAIResponses, "failed.stream.txt", 500),
    ] {
      let reader = StreamReader(api.dialect)
      #expect(reader.take(try Fixtures.bytes(api, name)) == .failure)
      guard case .reported(let body)? = reader.finish().problem else {
        Issue.record("\(name) reports nothing")
        continue
      }
      #expect(WireErrors.status(of: body) == status)
      #expect(WireErrors.message(of: body)?.isEmpty == false)
    }
  }

  @Test func errorBodiesTellWhatWasRefused() throws {
    func refusal(
      _ api: ModelAPI, _ name: String, _ change: (inout ChatRequest) -> Void = { _ in }
    ) throws
      -> WireErrors.Refusal?
    {
      var request = Fixtures.full
      change(&request)
      let body = api.dialect.body(of: request, options: WireOptions(model: "m"))
      return WireErrors.refusal(in: try JSONValue(parsing: try Fixtures.bytes(api, name)), of: body)
    }
    #expect(try refusal(.openAI, "parameter.error.json") == .parameter("max_tokens"))
    #expect(try refusal(.openAI, "schema.error.json") == .schemaForm)
    #expect(try refusal(.openAI, "quota.error.json") == nil)
    #expect(
      WireErrors.isQuotaExhausted(try JSONValue(parsing: try Fixtures.bytes(.openAI, "quota.error.json"))))
    #expect(try refusal(.vLLM, "extra.error.json") == .parameter("seed"))
    #expect(try refusal(.anthropic, "temperature.error.json") == .parameter("temperature"))
    #expect(try refusal(.anthropic, "both.error.json") { $0.topP = 0.9 } == .parameter("top_p"))
    #expect(try refusal(.anthropic, "schema.error.json") == .schemaForm)
    #expect(try refusal(.ollama, "think.error.json") { $0.reasoningEffort = "low" } == .parameter("think"))
    #expect(try refusal(.ollama, "missing.error.json") == nil)
    #expect(try refusal(.llamaCompletion, "grammar.error.json") { $0.grammar = "root" } == nil)
    #expect(try refusal(.llamaServer, "loading.error.json") == nil)
    let system: JSONValue = ["error": ["message": "System role not supported", "type": "BadRequestError"]]
    let body = ModelAPI.vLLM.dialect.body(of: Fixtures.full, options: WireOptions(model: "m"))
    #expect(WireErrors.refusal(in: system, of: body) == .systemTurn)
  }

  @Test func aSystemTurnThatIsRefusedGoesBeforeTheUsers() throws {
    var options = WireOptions(model: "m")
    options.refusals.mergesSystem = true
    for api in ModelAPI.allCases where api != .openAICompletions && api != .llamaCompletion {
      let body = api.dialect.body(of: Fixtures.full, options: options)
      #expect(!body.hasSystemTurn)
      #expect(body.json.encoded().contains(#"You edit networks.\n\nWiden it."#), "\(api)")
    }
  }

  @Test func everyAPITellsTheSchemaOneWayOrAnother() throws {
    for api in ModelAPI.allCases {
      let dialect = api.dialect
      var seen: Set<String> = []
      for step in 0...dialect.schemaForms.count {
        var options = WireOptions(model: "m")
        options.refusals.schemaSteps = step
        let body = dialect.body(of: Fixtures.full, options: options)
        let text = body.json.encoded()
        #expect(text.contains("additionalProperties"), "\(api) at step \(step)")
        seen.insert(text)
        let isToldElsewhere = body.schemaForm?.isToldInPrompt == false
        #expect(isToldElsewhere == !text.contains("Reply with one JSON value"), "\(api) at step \(step)")
      }
      #expect(seen.count == dialect.schemaForms.count, "\(api)")
    }
  }

  @Test func thoughtsAreNoPartOfTheText() {
    for (text, content, reasoning) in [
      ("plain", "plain", nil), ("<think>a\nb</think>\n\nc", "c", "a\nb"),
      ("  <thinking>a</thinking>c<think>", "c<think>", "a"), ("<think>never ends", "", "never ends"),
      ("opened by the template</think> c", "c", "opened by the template"),
      ("print('<think>')", "print('<think>')", nil), ("a <think>b</think>", "a <think>b</think>", nil),
      ("x = '</reasoning>'", "x = '</reasoning>'", nil),
    ] as [(String, String, String?)] {
      let parted = ThoughtReader.parted(text)
      #expect(parted.content == content && parted.reasoning == reasoning, "\(text)")
    }
  }

  @Test func reasoningModelsAreKnownByTheirNames() {
    for name in ["o1", "o3-mini", "openai/o4-mini", "gpt-5", "gpt-5-nano", "gpt-5.1", "GPT-6"] {
      #expect(ModelTraits(model: name, host: "h").isReasoning, "\(name)")
    }
    for name in [
      "gpt-4o", "gpt-5-chat-latest", "olmo-2", "ornith", "o", "gpt-oss-20b", "claude-opus-4-5", "",
    ] {
      #expect(!ModelTraits(model: name, host: "h").isReasoning, "\(name)")
    }
  }
}
