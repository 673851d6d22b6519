/// OpenAI's Responses API, used without its stored state.
struct ResponsesDialect: Dialect {
  var strippedSuffixes: [String] { ["/responses"] }
  var schemaForms: [SchemaForm] { [.strict, .lenient, .anyObject, .prompt] }

  func path(for request: ChatRequest) -> String { "/responses" }

  func body(of request: ChatRequest, options: WireOptions) -> WireBody {
    let form = schemaForm(of: request, options)
    let (system, turns) = Conversation(
      request, schemaForm: form, mergesSystem: options.refusals.mergesSystem
    ).parted
    var builder = BodyBuilder(
      [.init("model", .string(options.model))],
      refused: options.refusals.parameters.union(options.traits.refused))
    if let system { builder.require("instructions", .string(system)) }
    builder.require("input", Conversation.json(turns))
    builder.add("temperature", request.temperature.map(JSONValue.number))
    builder.add("top_p", request.topP.map(JSONValue.number))
    builder.add("max_output_tokens", request.maximumTokens.map(JSONValue.integer))
    builder.add("reasoning", request.reasoningEffort.map { ["effort": .string($0)] })
    if let form, let schema = request.responseSchema {
      switch form {
      case .strict, .lenient:
        builder.add(
          "text",
          [
            "format": [
              "type": "json_schema", "name": .string(schema.name), "strict": .boolean(form == .strict),
              "schema": schema.schema,
            ]
          ])
      case .anyObject: builder.add("text", ["format": ["type": "json_object"]])
      default: builder.drop("text")
      }
    }
    // The API knows neither of these.
    builder.drop("seed", where: request.seed != nil)
    builder.drop("stop", where: !request.stop.isEmpty)
    builder.drop("grammar", where: request.grammar != nil)
    builder.drop("suffix", where: request.suffix != nil)
    builder.add("store", false)
    for member in options.extra { builder.add(member.name, member.value) }
    if options.isStreamed { builder.add("stream", true) }
    return builder.body(schemaForm: form, hasSystemTurn: system != nil)
  }

  func answer(in body: JSONValue) -> WireAnswer {
    guard let items = body["output"]?.arrayValue else { return .malformed("it has no 'output'") }
    var texts: [String] = []
    var thoughts: [String] = []
    var refusal: String?
    for item in items {
      for part in (item["content"]?.arrayValue ?? []) + (item["summary"]?.arrayValue ?? []) {
        switch part["type"]?.stringValue {
        case "output_text": texts.append(part["text"]?.stringValue ?? "")
        case "refusal": refusal = part["refusal"]?.stringValue ?? ""
        case "summary_text", "reasoning_text": thoughts.append(part["text"]?.stringValue ?? "")
        default: break
        }
      }
    }
    if let refusal, texts.isEmpty { return .declined(refusal) }
    return .reply(
      WireReply(
        content: texts.joined(), reasoning: thoughts.isEmpty ? nil : thoughts.joined(separator: "\n\n"),
        model: body["model"]?.stringValue, usage: Self.usage(in: body),
        finishReason: Self.finishReason(of: body), id: body["id"]?.stringValue))
  }

  func take(_ event: ServerEvent, into answer: inout StreamedAnswer) {
    guard !event.data.elementsEqual("[DONE]".utf8) else { return }
    guard let json = answer.json(of: event) else { return }
    if let number = json["sequence_number"]?.integerValue {
      guard number > answer.lastSequence ?? -1 else { return }
      answer.lastSequence = number
    }
    switch json["type"]?.stringValue ?? event.name {
    case "response.output_text.delta": answer.add(json["delta"]?.stringValue ?? "")
    case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
      answer.think(json["delta"]?.stringValue ?? "")
    case "response.refusal.delta":
      answer.refusal = (answer.refusal ?? "") + (json["delta"]?.stringValue ?? "")
    case "response.completed", "response.incomplete":
      guard let response = json["response"] else { return }
      answer.id = response["id"]?.stringValue
      answer.model = response["model"]?.stringValue
      answer.usage = Self.usage(in: response)
      answer.finishReason = Self.finishReason(of: response)
      answer.isFinished = true
      // The last event says everything again, so what a break in between left out is there.
      if case .reply(let whole) = self.answer(in: response), !whole.content.isEmpty {
        answer.content = whole.content
      }
    case "response.failed":
      answer.problem = .reported(["error": json["response"]?["error"] ?? "the response failed"])
    case "error":
      answer.problem = .reported(["error": json["error"] ?? json])
    default: break
    }
  }

  private static func usage(in body: JSONValue) -> TokenUsage? {
    guard let usage = body["usage"] else { return nil }
    return TokenUsage(
      prompt: usage["input_tokens"], completion: usage["output_tokens"],
      cached: usage["input_tokens_details"]?["cached_tokens"],
      reasoning: usage["output_tokens_details"]?["reasoning_tokens"])
  }

  /// Why it ended, in the words of chat/completions.
  private static func finishReason(of body: JSONValue) -> String? {
    guard body["status"]?.stringValue == "incomplete" else { return "stop" }
    let reason = body["incomplete_details"]?["reason"]?.stringValue
    return reason == "max_output_tokens" ? "length" : reason ?? "incomplete"
  }
}
