/// The own route of llama.cpp's server: a text is continued, or a gap in it filled.
///
/// All turns of the request, parted by blank lines, are the text; no chat template is applied.
struct LlamaCompletionDialect: Dialect {
  var defaultBaseURL: String { "http://127.0.0.1:8080" }
  var strippedSuffixes: [String] { ["/completion", "/infill", "/v1"] }
  var modelsPath: String { "/v1/models" }
  var schemaForms: [SchemaForm] { [.strict, .prompt] }

  func path(for request: ChatRequest) -> String { request.suffix == nil ? "/completion" : "/infill" }

  func body(of request: ChatRequest, options: WireOptions) -> WireBody {
    let refused = options.refusals.parameters
    let grammar = refused.contains("grammar") ? nil : request.grammar
    let form = grammar == nil ? schemaForm(of: request, options) : nil
    let text = Conversation(request, schemaForm: form, mergesSystem: false).text
    let words: [JSONValue.Member] =
      if let suffix = request.suffix {
        [.init("input_prefix", .string(text)), .init("input_suffix", .string(suffix))]
      } else {
        [.init("prompt", .string(text))]
      }
    var builder = BodyBuilder(words, refused: refused)
    builder.add("temperature", request.temperature.map(JSONValue.number))
    builder.add("top_p", request.topP.map(JSONValue.number))
    builder.add("seed", request.seed.map(JSONValue.integer))
    builder.add("stop", request.stop.isEmpty ? nil : .array(request.stop.map(JSONValue.string)))
    builder.add("n_predict", request.maximumTokens.map(JSONValue.integer))
    builder.add("grammar", grammar.map(JSONValue.string))
    builder.drop("grammar", where: request.grammar != nil && grammar == nil)
    if let form, let schema = request.responseSchema {
      if form == .strict { builder.add("json_schema", schema.schema) } else { builder.drop("json_schema") }
    }
    builder.drop("reasoning_effort", where: request.reasoningEffort != nil)
    for member in options.extra { builder.add(member.name, member.value) }
    if options.isStreamed { builder.add("stream", true) }
    return builder.body(schemaForm: form)
  }

  func answer(in body: JSONValue) -> WireAnswer {
    guard let content = body["content"]?.stringValue else { return .malformed("it has no 'content'") }
    return .reply(
      WireReply(
        content: content, model: body["model"]?.stringValue, usage: Self.usage(in: body),
        finishReason: Self.finishReason(of: body)))
  }

  func take(_ event: ServerEvent, into answer: inout StreamedAnswer) {
    guard !event.data.elementsEqual("[DONE]".utf8) else { return }
    guard let json = answer.json(of: event) else { return }
    answer.takeError(in: json)
    guard !answer.isFinished else { return }
    if let text = json["model"]?.stringValue { answer.model = text }
    answer.add(json["content"]?.stringValue ?? "")
    if json["stop"]?.booleanValue == true {
      answer.isFinished = true
      answer.usage = Self.usage(in: json)
      answer.finishReason = Self.finishReason(of: json)
    }
  }

  private static func usage(in body: JSONValue) -> TokenUsage? {
    TokenUsage(
      prompt: body["tokens_evaluated"], completion: body["tokens_predicted"],
      cached: body["timings"]?["cache_n"])
  }

  private static func finishReason(of body: JSONValue) -> String? {
    switch body["stop_type"]?.stringValue {
    case "limit": "length"
    case "eos", "word": "stop"
    case let other: other
    }
  }
}
