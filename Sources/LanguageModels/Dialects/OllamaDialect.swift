/// Ollama's own chat API.
struct OllamaDialect: Dialect {
  var defaultBaseURL: String { "http://127.0.0.1:11434" }
  var strippedSuffixes: [String] { ["/chat", "/api", "/v1"] }
  var modelsPath: String { "/api/tags" }
  var framing: EventStreamParser.Framing { .lines }
  var schemaForms: [SchemaForm] { [.strict, .anyObject, .prompt] }

  func path(for request: ChatRequest) -> String { "/api/chat" }

  func body(of request: ChatRequest, options: WireOptions) -> WireBody {
    let form = schemaForm(of: request, options)
    let turns = Conversation(
      request, schemaForm: form, mergesSystem: options.refusals.mergesSystem
    ).turns
    var inner = BodyBuilder([], refused: options.refusals.parameters)
    inner.add("temperature", request.temperature.map(JSONValue.number))
    inner.add("top_p", request.topP.map(JSONValue.number))
    inner.add("seed", request.seed.map(JSONValue.integer))
    inner.add("num_predict", request.maximumTokens.map(JSONValue.integer))
    inner.add("stop", request.stop.isEmpty ? nil : .array(request.stop.map(JSONValue.string)))
    var builder = BodyBuilder(
      [
        .init("model", .string(options.model)), .init("messages", Conversation.json(turns)),
        // Without this member a server streams.
        .init("stream", .boolean(options.isStreamed)),
      ], refused: options.refusals.parameters)
    if let form, let schema = request.responseSchema {
      switch form {
      case .strict: builder.add("format", schema.schema)
      case .anyObject: builder.add("format", "json")
      default: builder.drop("format")
      }
    }
    if let effort = request.reasoningEffort {
      builder.add(
        "think",
        effort == "none" ? false : ["low", "medium", "high"].contains(effort) ? .string(effort) : true)
    }
    builder.drop("grammar", where: request.grammar != nil)
    builder.drop("suffix", where: request.suffix != nil)
    // `num_ctx` and its like belong among the options; the rest stands at the top.
    for member in options.extra {
      if ["keep_alive", "think", "format", "tools"].contains(member.name) {
        builder.add(member.name, member.value)
      } else {
        inner.add(member.name, member.value)
      }
    }
    if !inner.members.isEmpty { builder.require("options", .object(inner.members)) }
    builder.include(inner)
    return builder.body(schemaForm: form, hasSystemTurn: turns.contains { $0.role == .system })
  }

  func answer(in body: JSONValue) -> WireAnswer {
    guard let message = body["message"] else { return .malformed("it has no 'message'") }
    guard let content = message["content"]?.stringValue else {
      return .malformed("its message has no 'content'")
    }
    return .reply(
      WireReply(
        content: content, reasoning: message["thinking"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 },
        model: body["model"]?.stringValue, usage: Self.usage(in: body),
        finishReason: body["done_reason"]?.stringValue))
  }

  func take(_ event: ServerEvent, into answer: inout StreamedAnswer) {
    guard let json = answer.json(of: event) else { return }
    answer.takeError(in: json)
    guard !answer.isFinished else { return }
    if let text = json["model"]?.stringValue { answer.model = text }
    answer.add(json["message"]?["content"]?.stringValue ?? "")
    answer.think(json["message"]?["thinking"]?.stringValue ?? "")
    if json["done"]?.booleanValue == true {
      answer.isFinished = true
      answer.usage = Self.usage(in: json)
      answer.finishReason = json["done_reason"]?.stringValue
    }
  }

  func modelNames(in body: JSONValue) -> [String]? {
    body["models"]?.arrayValue?.compactMap { $0["model"]?.stringValue ?? $0["name"]?.stringValue }
  }

  /// The counts; a prompt that was cached whole is counted as none by some versions, which is then no count.
  private static func usage(in body: JSONValue) -> TokenUsage? {
    TokenUsage(prompt: body["prompt_eval_count"], completion: body["eval_count"])
  }
}
