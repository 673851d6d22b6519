/// The bodies of OpenAI's chat/completions API, both ways.
enum OpenAIWire {
  /// A request's body without the parameters that the server is known to refuse, and which of those it lacks.
  static func body(
    of request: ChatRequest, model: String, extra: [JSONValue.Member], refused: Set<String>,
    prefersCompletionTokens: Bool
  ) -> (json: JSONValue, sent: Set<String>, dropped: [String]) {
    var optional: [JSONValue.Member] = []
    if let temperature = request.temperature { optional.append(.init("temperature", .number(temperature))) }
    if let seed = request.seed { optional.append(.init("seed", .integer(seed))) }
    if !request.stop.isEmpty { optional.append(.init("stop", .array(request.stop.map(JSONValue.string)))) }
    if let schema = request.responseSchema {
      let format: JSONValue = [
        "type": "json_schema",
        "json_schema": ["name": .string(schema.name), "strict": true, "schema": schema.schema],
      ]
      optional.append(.init("response_format", format))
    }
    optional += extra
    var dropped = optional.map(\.name).filter(refused.contains)
    optional.removeAll { refused.contains($0.name) }
    if let maximum = request.maximumTokens {
      let names = ["max_tokens", "max_completion_tokens"]
      let preferred = prefersCompletionTokens ? Array(names.reversed()) : names
      if let name = preferred.first(where: { !refused.contains($0) }) {
        optional.append(.init(name, .integer(maximum)))
      } else {
        dropped.append(preferred[0])
      }
    }
    let messages = request.messages.map { message -> JSONValue in
      ["role": .string(message.role.rawValue), "content": .string(message.content)]
    }
    let fixed: [JSONValue.Member] = [.init("model", .string(model)), .init("messages", .array(messages))]
    return (.object(fixed + optional), Set(optional.map(\.name)), dropped)
  }

  /// The one of the parameters sent that an error says is not supported, if it says so of any.
  ///
  /// A value out of range is not such an error: leaving the parameter out would hide the mistake.
  static func refusedParameter(in body: JSONValue?, sent: Set<String>) -> String? {
    guard let body else { return nil }
    let error = body["error"] ?? body
    let codes = [error["code"], error["type"], body["detail"]?[0]?["type"]].compactMap { $0?.stringValue }
    let message = (message(of: body) ?? "").lowercased()
    let isRefusal =
      codes.contains {
        ["unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden"].contains($0)
      }
      || [
        "not support", "unsupported", "unknown", "unrecognized", "unrecognised", "unexpected",
        "not permitted",
        "not allowed", "not available", "deprecated",
      ].contains { message.contains($0) }
    guard isRefusal else { return nil }
    if let parameter = error["param"]?.stringValue {
      let name = String(parameter.prefix { $0 != "." && $0 != "[" })
      if sent.contains(name) { return name }
    }
    if case .array(let path)? = body["detail"]?[0]?["loc"],
      let name = path.compactMap(\.stringValue).first(where: sent.contains)
    {
      return name
    }
    if sent.contains("response_format"),
      message.contains("json_schema") || message.contains("response format")
    {
      return "response_format"
    }
    let words = Set(message.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
    // "Use 'max_completion_tokens' instead" names two: the one that was sent is meant.
    return sent.sorted().first { words.contains($0.lowercased()) }
  }

  /// What an error body says, in the forms that servers use.
  static func message(of body: JSONValue) -> String? {
    for value in [body["error"]?["message"], body["error"], body["message"], body["detail"]] {
      if let text = value?.stringValue { return text }
    }
    if let texts = body["detail"]?.arrayValue?.compactMap({ $0["msg"]?.stringValue }), !texts.isEmpty {
      return texts.joined(separator: "; ")
    }
    return nil
  }

  /// Whether an error says that money or allowance has run out, which waiting does not mend.
  static func isQuotaExhausted(_ body: JSONValue?) -> Bool {
    [body?["error"]?["code"], body?["error"]?["type"]].contains {
      ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"].contains(
        $0?.stringValue ?? "")
    }
  }

  /// What a successful response holds.
  enum Answer {
    case text(String, finishReason: String?)
    case declined(String)
    case malformed(String)
  }

  /// The answer in a response's body.
  static func answer(in body: JSONValue) -> Answer {
    guard let choice = body["choices"]?[0] else { return .malformed("it has no 'choices'") }
    guard let message = choice["message"] else { return .malformed("its choice has no 'message'") }
    let finishReason = choice["finish_reason"]?.stringValue
    switch message["content"] {
    case .string(let text)?:
      return .text(text, finishReason: finishReason)
    case .array(let parts)?:
      return .text(parts.compactMap { $0["text"]?.stringValue }.joined(), finishReason: finishReason)
    case nil, .null?:
      if let refusal = message["refusal"]?.stringValue { return .declined(refusal) }
      // A model that spent all its tokens on hidden reasoning says nothing at all; that is an answer too.
      return finishReason == nil
        ? .malformed("its message has no 'content'") : .text("", finishReason: finishReason)
    default:
      return .malformed("its message's 'content' is no text")
    }
  }

  /// The token counts of a response, where it has them.
  static func usage(in body: JSONValue) -> TokenUsage? {
    guard let usage = body["usage"], let prompt = usage["prompt_tokens"]?.integerValue, prompt >= 0 else {
      return nil
    }
    let completion = usage["completion_tokens"]?.integerValue ?? 0
    let cached = usage["prompt_tokens_details"]?["cached_tokens"]?.integerValue
    return TokenUsage(
      promptTokens: prompt, completionTokens: max(0, completion), cachedTokens: cached.map { max(0, $0) })
  }
}
