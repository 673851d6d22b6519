/// OpenAI's chat/completions, and what llama.cpp's server and vLLM add to it.
struct ChatCompletionsDialect: Dialect {
  enum Flavor: Sendable { case openAI, llamaServer, vLLM }

  let flavor: Flavor

  var strippedSuffixes: [String] { ["/chat/completions"] }
  var defaultBaseURL: String {
    switch flavor {
    case .openAI: "https://api.openai.com/v1"
    case .llamaServer: "http://127.0.0.1:8080/v1"
    case .vLLM: "http://127.0.0.1:8000/v1"
    }
  }

  var schemaForms: [SchemaForm] {
    switch flavor {
    case .openAI: [.strict, .lenient, .anyObject, .prompt]
    // Servers of early 2025 pass over OpenAI's form without a word; all take this one.
    case .llamaServer: [.objectWithSchema, .strict, .anyObject, .prompt]
    case .vLLM: [.strict, .structuredOutputs, .guided, .anyObject, .prompt]
    }
  }

  func path(for request: ChatRequest) -> String { "/chat/completions" }

  func body(of request: ChatRequest, options: WireOptions) -> WireBody {
    let grammar = Self.grammarMember(request, flavor: flavor, refused: options.refusals.parameters)
    let form = grammar == nil ? schemaForm(of: request, options) : nil
    let conversation = Conversation(
      request, schemaForm: form, mergesSystem: options.refusals.mergesSystem)
    let role = options.traits.prefersDeveloperRole ? "developer" : "system"
    var builder = BodyBuilder(
      [
        .init("model", .string(options.model)),
        .init("messages", Conversation.json(conversation.turns, system: role)),
      ], refused: options.refusals.parameters.union(options.traits.refused))
    builder.add("temperature", request.temperature.map(JSONValue.number))
    builder.add("top_p", request.topP.map(JSONValue.number))
    builder.add("seed", request.seed.map(JSONValue.integer))
    builder.add("stop", request.stop.isEmpty ? nil : .array(request.stop.map(JSONValue.string)))
    builder.add("reasoning_effort", request.reasoningEffort.map(JSONValue.string))
    if let grammar { builder.add(grammar.name, grammar.value) }
    builder.drop("grammar", where: request.grammar != nil && grammar == nil)
    builder.drop("suffix", where: request.suffix != nil)
    if let form, let schema = request.responseSchema { Self.add(schema, as: form, to: &builder) }
    for member in options.extra { builder.add(member.name, member.value) }
    let names = ["max_tokens", "max_completion_tokens"]
    builder.add(
      firstOf: options.traits.prefersCompletionTokens ? names.reversed() : names,
      request.maximumTokens.map(JSONValue.integer))
    if options.isStreamed {
      builder.add("stream", true)
      builder.add("stream_options", ["include_usage": true])
    }
    return builder.body(
      schemaForm: form, hasSystemTurn: conversation.turns.contains { $0.role == .system })
  }

  /// The request's grammar as the server takes it; nil where it takes none.
  private static func grammarMember(
    _ request: ChatRequest, flavor: Flavor, refused: Set<String>
  ) -> JSONValue.Member? {
    guard let grammar = request.grammar else { return nil }
    let members: [JSONValue.Member] =
      switch flavor {
      case .openAI: []
      case .llamaServer: [.init("grammar", .string(grammar))]
      case .vLLM:
        [
          .init("structured_outputs", ["grammar": .string(grammar)]),
          .init("guided_grammar", .string(grammar)),
        ]
      }
    return members.first { !refused.contains($0.name) }
  }

  private static func add(_ schema: JSONSchema, as form: SchemaForm, to builder: inout BodyBuilder) {
    switch form {
    case .strict, .lenient:
      builder.add(
        "response_format",
        [
          "type": "json_schema",
          "json_schema": [
            "name": .string(schema.name), "strict": .boolean(form == .strict), "schema": schema.schema,
          ],
        ])
    case .objectWithSchema:
      builder.add("response_format", ["type": "json_object", "schema": schema.schema])
    case .anyObject: builder.add("response_format", ["type": "json_object"])
    case .structuredOutputs: builder.add("structured_outputs", ["json": schema.schema])
    case .guided: builder.add("guided_json", schema.schema)
    case .tool, .prompt: builder.drop("response_format")
    }
  }

  func answer(in body: JSONValue) -> WireAnswer {
    guard let choice = body["choices"]?[0] else { return .malformed("it has no 'choices'") }
    guard let message = choice["message"] else { return .malformed("its choice has no 'message'") }
    let finishReason = choice["finish_reason"]?.stringValue
    var reply = WireReply(
      content: "", reasoning: Self.reasoning(in: message), model: body["model"]?.stringValue,
      usage: Self.usage(in: body), finishReason: finishReason, id: body["id"]?.stringValue,
      fingerprint: body["system_fingerprint"]?.stringValue)
    switch message["content"] {
    case .string(let text)?:
      reply.content = text
    case .array(let parts)?:
      reply.content = parts.compactMap { $0["text"]?.stringValue }.joined()
    case nil, .null?:
      if let refusal = message["refusal"]?.stringValue { return .declined(refusal) }
      // A model that spent all its tokens on hidden reasoning says nothing at all; that is an answer too.
      guard finishReason != nil else { return .malformed("its message has no 'content'") }
    default:
      return .malformed("its message's 'content' is no text")
    }
    return .reply(reply)
  }

  func take(_ event: ServerEvent, into answer: inout StreamedAnswer) {
    if event.data.elementsEqual("[DONE]".utf8) {
      answer.isFinished = true
      return
    }
    guard let json = answer.json(of: event) else { return }
    answer.takeError(in: json)
    answer.takeHead(of: json)
    if let usage = Self.usage(in: json) { answer.usage = usage }
    guard let choice = json["choices"]?[0], choice["index"]?.integerValue ?? 0 == 0 else { return }
    let delta = choice["delta"] ?? choice["message"]
    if let text = delta?["content"]?.stringValue { answer.add(text) }
    if let text = delta.flatMap(Self.reasoning) { answer.think(text) }
    if let text = delta?["refusal"]?.stringValue { answer.refusal = (answer.refusal ?? "") + text }
    if let reason = choice["finish_reason"]?.stringValue { answer.finishReason = reason }
  }

  /// What a message says of the model's thoughts, under the names that servers use.
  private static func reasoning(in message: JSONValue) -> String? {
    for name in ["reasoning_content", "reasoning", "thinking"] {
      if let text = message[name]?.stringValue, !text.isEmpty { return text }
    }
    return nil
  }

  /// The token counts of a response of chat/completions or completions, where it has them.
  static func usage(in body: JSONValue) -> TokenUsage? {
    guard let usage = body["usage"] else { return nil }
    return TokenUsage(
      prompt: usage["prompt_tokens"], completion: usage["completion_tokens"],
      // DeepSeek counts hits beside the prompt's tokens.
      cached: usage["prompt_tokens_details"]?["cached_tokens"] ?? usage["prompt_cache_hit_tokens"],
      reasoning: usage["completion_tokens_details"]?["reasoning_tokens"])
  }
}

extension TokenUsage {
  /// Counts as a server states them; nil where the prompt's is none.
  init?(
    prompt: JSONValue?, completion: JSONValue?, cached: JSONValue? = nil, reasoning: JSONValue? = nil
  ) {
    guard let prompt = prompt?.integerValue, prompt >= 0 else { return nil }
    func count(_ value: JSONValue?) -> Int? { value?.integerValue.map { max(0, $0) } }
    self.init(
      promptTokens: prompt, completionTokens: count(completion) ?? 0, cachedTokens: count(cached),
      reasoningTokens: count(reasoning))
  }
}

extension Dialect {
  /// How a schema is asked for after what the server refused; nil where the request has none.
  func schemaForm(of request: ChatRequest, _ options: WireOptions) -> SchemaForm? {
    guard request.responseSchema != nil else { return nil }
    let forms = schemaForms
    return forms[min(max(0, options.refusals.schemaSteps), forms.count - 1)]
  }
}

extension StreamedAnswer {
  /// Adds a piece of the text.
  mutating func add(_ text: String) {
    guard !text.isEmpty else { return }
    content += text
    hasNews = true
  }

  /// Adds a piece of the thoughts.
  mutating func think(_ text: String) {
    guard !text.isEmpty else { return }
    reasoning += text
    hasNews = true
  }

  /// Notes a failure that an event reports in an `error` member.
  mutating func takeError(in json: JSONValue) {
    if let error = json["error"], !error.isNull { problem = .reported(json) }
  }

  /// Notes the names that stand at the top of each event.
  mutating func takeHead(of json: JSONValue) {
    if let text = json["id"]?.stringValue { id = text }
    if let text = json["model"]?.stringValue { model = text }
    if let text = json["system_fingerprint"]?.stringValue { fingerprint = text }
  }
}
