@testable import LanguageModels

/// What the APIs say, for a server that speaks all of them, and what it may do wrong.
enum Speech {
  /// A reply as a server knows it.
  struct Reply: Sendable {
    var text = "hello there"
    var prompt = 10
    var completion = 4
    var model = "served"
  }

  /// The body of a whole response.
  static func body(_ api: ModelAPI, _ reply: Reply) -> JSONValue {
    let (text, model) = (JSONValue.string(reply.text), JSONValue.string(reply.model))
    let (prompt, completion) = (JSONValue.integer(reply.prompt), JSONValue.integer(reply.completion))
    switch api {
    case .openAI, .vLLM, .llamaServer:
      return [
        "id": "c1", "object": "chat.completion", "model": model,
        "choices": [
          ["index": 0, "message": ["role": "assistant", "content": text], "finish_reason": "stop"]
        ],
        "usage": ["prompt_tokens": prompt, "completion_tokens": completion],
      ]
    case .openAICompletions:
      return [
        "id": "c1", "object": "text_completion", "model": model,
        "choices": [["index": 0, "text": text, "finish_reason": "stop"]],
        "usage": ["prompt_tokens": prompt, "completion_tokens": completion],
      ]
    case .openAIResponses:
      return [
        "id": "r1", "object": "response", "status": "completed", "model": model,
        "output": [["type": "message", "content": [["type": "output_text", "text": text]]]],
        "usage": ["input_tokens": prompt, "output_tokens": completion],
      ]
    case .anthropic:
      return [
        "id": "m1", "type": "message", "model": model, "content": [["type": "text", "text": text]],
        "stop_reason": "end_turn", "usage": ["input_tokens": prompt, "output_tokens": completion],
      ]
    case .ollama:
      return [
        "model": model, "message": ["role": "assistant", "content": text], "done": true,
        "done_reason": "stop", "prompt_eval_count": prompt, "eval_count": completion,
      ]
    case .llamaCompletion:
      return [
        "content": text, "stop": true, "model": model, "stop_type": "eos", "tokens_evaluated": prompt,
        "tokens_predicted": completion,
      ]
    }
  }

  /// The events of a stream, each with the bytes that end it; the text comes in pieces of that many characters.
  static func events(_ api: ModelAPI, _ reply: Reply, pieces size: Int = 3) -> [String] {
    let characters = Array(reply.text)
    let pieces = stride(from: 0, to: characters.count, by: size).map {
      JSONValue.string(String(characters[$0..<min($0 + size, characters.count)]))
    }
    let model = JSONValue.string(reply.model)
    let (prompt, completion) = (JSONValue.integer(reply.prompt), JSONValue.integer(reply.completion))
    func sse(_ value: JSONValue) -> String { "data: \(value.encoded())\n\n" }
    func named(_ value: JSONValue) -> String { "event: \(value["type"]?.stringValue ?? "")\n" + sse(value) }
    switch api {
    case .openAI, .vLLM, .llamaServer:
      return pieces.map {
        sse(["id": "c1", "model": model, "choices": [["index": 0, "delta": ["content": $0]]]])
      }
        + [
          sse(["id": "c1", "model": model, "choices": [["index": 0, "delta": [:], "finish_reason": "stop"]]]),
          sse(["choices": [], "usage": ["prompt_tokens": prompt, "completion_tokens": completion]]),
          "data: [DONE]\n\n",
        ]
    case .openAICompletions:
      return pieces.map { sse(["model": model, "choices": [["index": 0, "text": $0]]]) } + [
        sse(["model": model, "choices": [["index": 0, "text": "", "finish_reason": "stop"]]]),
        sse(["choices": [], "usage": ["prompt_tokens": prompt, "completion_tokens": completion]]),
        "data: [DONE]\n\n",
      ]
    case .openAIResponses:
      return pieces.enumerated().map {
        named([
          "type": "response.output_text.delta", "sequence_number": .integer($0.offset), "delta": $0.element,
        ])
      } + [
        named([
          "type": "response.completed", "sequence_number": .integer(pieces.count),
          "response": body(api, reply),
        ])
      ]
    case .anthropic:
      return [
        named([
          "type": "message_start",
          "message": ["id": "m1", "model": model, "usage": ["input_tokens": prompt, "output_tokens": 1]],
        ]), named(["type": "ping"]),
      ]
        + pieces.map {
          named(["type": "content_block_delta", "index": 0, "delta": ["type": "text_delta", "text": $0]])
        } + [
          named([
            "type": "message_delta", "delta": ["stop_reason": "end_turn"],
            "usage": ["output_tokens": completion],
          ]), named(["type": "message_stop"]),
        ]
    case .ollama:
      return pieces.map {
        (["model": model, "message": ["content": $0], "done": false] as JSONValue).encoded() + "\n"
      } + [
        ([
          "model": model, "message": ["content": ""], "done": true, "done_reason": "stop",
          "prompt_eval_count": prompt, "eval_count": completion,
        ] as JSONValue).encoded() + "\n"
      ]
    case .llamaCompletion:
      return pieces.map { sse(["content": $0, "stop": false]) } + [
        sse([
          "content": "", "stop": true, "model": model, "stop_type": "eos", "tokens_evaluated": prompt,
          "tokens_predicted": completion,
        ])
      ]
    }
  }

  /// The head of a stream.
  static func streamHead(_ api: ModelAPI, keepAlive: Bool = false) -> [UInt8] {
    let type = api == .ollama ? "application/x-ndjson" : "text/event-stream; charset=utf-8"
    let end = keepAlive ? "Transfer-Encoding: chunked" : "Connection: close"
    return Array("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\n\(end)\r\n\r\n".utf8)
  }

  /// A whole response, whole or streamed as the request asks.
  static func response(_ api: ModelAPI, _ reply: Reply, isStreamed: Bool) -> [ScriptedServer.Step] {
    guard isStreamed else { return ScriptedServer.response(200, body(api, reply).encoded()) }
    return [.send(streamHead(api))] + events(api, reply).map { .send(Array($0.utf8)) }
  }
}

/// One thing that a server may do wrong.
enum Fault: CaseIterable {
  case slowBytes, stall, reset, truncated, invalidUTF8, rateLimited, rateLimitedWithoutWait, serverError
  case wrongJSON, huge, earlyEnd

  /// The steps that do it, where the request would get that reply.
  func steps(_ api: ModelAPI, _ reply: Speech.Reply, isStreamed: Bool) -> [ScriptedServer.Step] {
    let right = Speech.response(api, reply, isStreamed: isStreamed)
    let bytes = right.flatMap { step -> [UInt8] in if case .send(let bytes) = step { bytes } else { [] } }
    switch self {
    case .slowBytes:
      let size = max(1, bytes.count / 12)
      return stride(from: 0, to: bytes.count, by: size).flatMap {
        [ScriptedServer.Step.send(Array(bytes[$0..<min($0 + size, bytes.count)])), .wait(milliseconds: 5)]
      }
    case .stall: return [.send(Array(bytes[..<(bytes.count * 2 / 3)])), .hang]
    case .reset: return [.send(Array(bytes[..<(bytes.count / 2)])), .wait(milliseconds: 5), .reset]
    case .truncated: return [.send(Array(bytes[..<(bytes.count * 2 / 3)]))]
    case .invalidUTF8:
      let text = isStreamed ? "data: {\"a\": \"" : "{\"a\": \""
      let head = isStreamed ? Speech.streamHead(api) : Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
      return [.send(head + Array(text.utf8) + [0xFF, 0xC3] + Array("\"}\n\n".utf8))]
    case .rateLimited: return ScriptedServer.response(429, headers: ["Retry-After-Ms: 30"], "{}")
    case .rateLimitedWithoutWait: return ScriptedServer.response(429, #"{"error": {"message": "slow"}}"#)
    case .serverError: return ScriptedServer.response(503, "<html>busy</html>")
    case .wrongJSON:
      return isStreamed
        ? [.send(Speech.streamHead(api) + Array("data: {\"choices\": [}\n\n".utf8))]
        : ScriptedServer.response(200, "{\"choices\": [}")
    case .huge:
      return [.send(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)), .send([UInt8](repeating: 32, count: 3 << 20))]
    case .earlyEnd: return []
    }
  }

  /// Whether another attempt is made after it; a flood would only come again.
  var isRetried: Bool { self != .huge }
}
