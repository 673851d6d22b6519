/// OpenAI's legacy completions: the model continues a text.
///
/// All turns of the request, parted by blank lines, are the text.
struct CompletionsDialect: Dialect {
  var strippedSuffixes: [String] { ["/completions"] }
  var schemaForms: [SchemaForm] { [.prompt] }

  func path(for request: ChatRequest) -> String { "/completions" }

  func body(of request: ChatRequest, options: WireOptions) -> WireBody {
    let form = schemaForm(of: request, options)
    let text = Conversation(request, schemaForm: form, mergesSystem: false).text
    var builder = BodyBuilder(
      [.init("model", .string(options.model)), .init("prompt", .string(text))],
      refused: options.refusals.parameters)
    builder.add("suffix", request.suffix.map(JSONValue.string))
    builder.add("temperature", request.temperature.map(JSONValue.number))
    builder.add("top_p", request.topP.map(JSONValue.number))
    builder.add("seed", request.seed.map(JSONValue.integer))
    builder.add("stop", request.stop.isEmpty ? nil : .array(request.stop.map(JSONValue.string)))
    builder.add("max_tokens", request.maximumTokens.map(JSONValue.integer))
    builder.drop("response_format", where: form != nil)
    builder.drop("grammar", where: request.grammar != nil)
    builder.drop("reasoning_effort", where: request.reasoningEffort != nil)
    for member in options.extra { builder.add(member.name, member.value) }
    if options.isStreamed {
      builder.add("stream", true)
      builder.add("stream_options", ["include_usage": true])
    }
    return builder.body(schemaForm: form)
  }

  func answer(in body: JSONValue) -> WireAnswer {
    guard let choice = body["choices"]?[0] else { return .malformed("it has no 'choices'") }
    guard let text = choice["text"]?.stringValue else { return .malformed("its choice has no 'text'") }
    return .reply(
      WireReply(
        content: text, model: body["model"]?.stringValue, usage: ChatCompletionsDialect.usage(in: body),
        finishReason: choice["finish_reason"]?.stringValue, id: body["id"]?.stringValue,
        fingerprint: body["system_fingerprint"]?.stringValue))
  }

  func take(_ event: ServerEvent, into answer: inout StreamedAnswer) {
    if event.data.elementsEqual("[DONE]".utf8) {
      answer.isFinished = true
      return
    }
    guard let json = answer.json(of: event) else { return }
    answer.takeError(in: json)
    answer.takeHead(of: json)
    if let usage = ChatCompletionsDialect.usage(in: json) { answer.usage = usage }
    guard let choice = json["choices"]?[0] else { return }
    if let text = choice["text"]?.stringValue { answer.add(text) }
    if let reason = choice["finish_reason"]?.stringValue { answer.finishReason = reason }
  }
}
