/// Anthropic's messages.
struct AnthropicDialect: Dialect {
  /// The reply's limit where the request has none: the API wants one.
  static let defaultMaximumTokens = 4096

  var defaultBaseURL: String { "https://api.anthropic.com" }
  var strippedSuffixes: [String] { ["/messages", "/v1"] }
  var modelsPath: String { "/v1/models" }
  var headers: [String] { ["anthropic-version: 2023-06-01"] }
  var schemaForms: [SchemaForm] { [.strict, .tool, .prompt] }

  func authorization(_ key: String) -> String { "x-api-key: \(key)" }
  func path(for request: ChatRequest) -> String { "/v1/messages" }

  func body(of request: ChatRequest, options: WireOptions) -> WireBody {
    let form = schemaForm(of: request, options)
    let (system, turns) = Conversation(
      request, schemaForm: form, mergesSystem: options.refusals.mergesSystem
    ).parted
    var builder = BodyBuilder(
      [
        .init("model", .string(options.model)),
        .init("max_tokens", .integer(request.maximumTokens ?? Self.defaultMaximumTokens)),
      ], refused: options.refusals.parameters)
    if let system {
      // The breakpoint lets the server keep what every request begins with.
      let block: JSONValue = [
        "type": "text", "text": .string(system), "cache_control": ["type": "ephemeral"],
      ]
      builder.require("system", [block])
    }
    builder.require("messages", Conversation.json(turns))
    // The API's scale ends at 1, where others' end at 2.
    builder.add("temperature", request.temperature.map { .number(min(1, $0)) })
    builder.drop("temperature above 1", where: request.temperature ?? 0 > 1)
    builder.add("top_p", request.topP.map(JSONValue.number))
    builder.add(
      "stop_sequences", request.stop.isEmpty ? nil : .array(request.stop.map(JSONValue.string)))
    add(request, as: form, to: &builder)
    builder.drop("seed", where: request.seed != nil)
    builder.drop("grammar", where: request.grammar != nil)
    builder.drop("suffix", where: request.suffix != nil)
    for member in options.extra { builder.add(member.name, member.value) }
    if options.isStreamed { builder.add("stream", true) }
    return builder.body(schemaForm: form, hasSystemTurn: system != nil)
  }

  private func add(_ request: ChatRequest, as form: SchemaForm?, to builder: inout BodyBuilder) {
    var output: [JSONValue.Member] = []
    if let effort = request.reasoningEffort { output.append(.init("effort", .string(effort))) }
    if let form, let schema = request.responseSchema {
      switch form {
      case .strict:
        output.append(.init("format", ["type": "json_schema", "schema": schema.schema]))
      case .tool:
        builder.add(
          "tools",
          [["name": .string(schema.name), "description": "The reply.", "input_schema": schema.schema]])
        builder.add("tool_choice", ["type": "tool", "name": .string(schema.name)])
      default: builder.drop("output_config")
      }
    }
    if !output.isEmpty { builder.add("output_config", .object(output)) }
  }

  func answer(in body: JSONValue) -> WireAnswer {
    guard let blocks = body["content"]?.arrayValue else { return .malformed("it has no 'content'") }
    let reason = body["stop_reason"]?.stringValue
    var texts: [String] = []
    var thoughts: [String] = []
    for block in blocks {
      switch block["type"]?.stringValue {
      case "text": texts.append(block["text"]?.stringValue ?? "")
      case "thinking": thoughts.append(block["thinking"]?.stringValue ?? "")
      case "tool_use": texts.append(block["input"]?.encoded() ?? "")
      default: break
      }
    }
    if reason == "refusal" { return .declined(texts.joined()) }
    return .reply(
      WireReply(
        content: texts.joined(), reasoning: thoughts.isEmpty ? nil : thoughts.joined(separator: "\n\n"),
        model: body["model"]?.stringValue, usage: Self.usage(body["usage"], after: nil),
        finishReason: reason.map(Self.finishReason), id: body["id"]?.stringValue))
  }

  func take(_ event: ServerEvent, into answer: inout StreamedAnswer) {
    guard let json = answer.json(of: event) else { return }
    switch json["type"]?.stringValue ?? event.name {
    case "message_start":
      answer.id = json["message"]?["id"]?.stringValue
      answer.model = json["message"]?["model"]?.stringValue
      answer.usage = Self.usage(json["message"]?["usage"], after: answer.usage)
    case "content_block_delta":
      let delta = json["delta"]
      switch delta?["type"]?.stringValue {
      case "text_delta": answer.add(delta?["text"]?.stringValue ?? "")
      case "input_json_delta": answer.add(delta?["partial_json"]?.stringValue ?? "")
      case "thinking_delta": answer.think(delta?["thinking"]?.stringValue ?? "")
      default: break
      }
    case "message_delta":
      answer.usage = Self.usage(json["usage"], after: answer.usage)
      if let reason = json["delta"]?["stop_reason"]?.stringValue {
        answer.finishReason = Self.finishReason(reason)
        if reason == "refusal" { answer.refusal = answer.content }
      }
    case "message_stop": answer.isFinished = true
    case "error": answer.problem = .reported(json)
    default: break
    }
  }

  /// The counts of a `usage`, which in a stream's end says only what has changed.
  private static func usage(_ usage: JSONValue?, after earlier: TokenUsage?) -> TokenUsage? {
    guard let usage else { return earlier }
    func count(_ name: String) -> Int? { usage[name]?.integerValue.map { min(max(0, $0), 1 << 40) } }
    let completion = count("output_tokens") ?? earlier?.completionTokens ?? 0
    let reasoning =
      usage["output_tokens_details"]?["thinking_tokens"]?.integerValue ?? earlier?.reasoningTokens
    guard let input = count("input_tokens") else {
      guard var result = earlier else { return nil }
      result.completionTokens = completion
      result.reasoningTokens = reasoning
      return result
    }
    // `input_tokens` leaves out what the cache had and what went into it.
    let cached = count("cache_read_input_tokens")
    let written = count("cache_creation_input_tokens")
    return TokenUsage(
      promptTokens: input + (cached ?? 0) + (written ?? 0), completionTokens: completion,
      cachedTokens: cached, cacheWriteTokens: written, reasoningTokens: reasoning)
  }

  /// Why it ended, in the words of chat/completions.
  private static func finishReason(_ reason: String) -> String {
    switch reason {
    case "end_turn", "stop_sequence", "tool_use": "stop"
    case "max_tokens", "model_context_window_exceeded": "length"
    case "refusal": "content_filter"
    default: reason
    }
  }
}
