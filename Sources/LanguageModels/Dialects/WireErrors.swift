/// What an error's body says, in the forms that servers use.
enum WireErrors {
  /// What a server would not take.
  enum Refusal: Hashable {
    /// A member of the body, by name.
    case parameter(String)
    /// The way in which the schema was asked for.
    case schemaForm
    /// A turn of the system's.
    case systemTurn
  }

  private static let refusalCodes: Set<String> = [
    "unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden",
  ]
  private static let refusalWords = [
    "not support", "unsupported", "unknown", "unrecognized", "unrecognised", "unexpected", "not permitted",
    "not allowed", "not available", "not implemented", "deprecated", "extra inputs", "cannot both be",
    "may only be set", "only the default",
  ]
  /// Members that ask for a schema; one refused means that another way is tried.
  private static let schemaMembers: Set<String> = [
    "response_format", "text", "output_config", "tools", "tool_choice", "format", "json_schema",
    "structured_outputs", "guided_json",
  ]

  /// Which part of the request an error says is not supported, if it says so of any.
  ///
  /// A value out of range is not such an error: leaving the parameter out would hide the mistake.
  static func refusal(in body: JSONValue?, of sent: WireBody) -> Refusal? {
    guard let body else { return nil }
    let message = (message(of: body) ?? "").lowercased()
    let isRefusal =
      codes(of: body).contains(where: refusalCodes.contains) || refusalWords.contains { message.contains($0) }
    // A schema that one way's rules do not allow may do for the next.
    let isWrongSchema = message.contains("invalid schema") || message.contains("schema is invalid")
    guard isRefusal || isWrongSchema else { return nil }
    if let form = sent.schemaForm, form != .prompt {
      let words = ["json_schema", "response format", "response_format", "structured output"]
      let named = parameter(in: body, sent: sent.sent, message: message)
      let isSchema = named.map { schemaMembers.contains($0) && sent.sent.contains($0) }
      if isSchema ?? words.contains(where: message.contains) || isWrongSchema { return .schemaForm }
    }
    guard isRefusal else { return nil }
    if let name = parameter(in: body, sent: sent.sent, message: message) { return .parameter(name) }
    if sent.hasSystemTurn,
      message.contains("system role") || message.contains("role 'system'")
        || message.contains("system message") || message.contains("role: system")
    {
      return .systemTurn
    }
    return nil
  }

  private static func parameter(in body: JSONValue, sent: Set<String>, message: String) -> String? {
    if let parameter = (body["error"] ?? body)["param"]?.stringValue {
      let name = String(parameter.prefix { $0 != "." && $0 != "[" })
      if sent.contains(name) { return name }
    }
    if case .array(let path)? = body["detail"]?[0]?["loc"],
      let name = path.compactMap(\.stringValue).first(where: sent.contains)
    {
      return name
    }
    let words = Set(message.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
    // Two that exclude each other: the temperature is the one that was meant.
    if message.contains("cannot both be"), sent.contains("top_p"), words.contains("top_p") { return "top_p" }
    if sent.contains("stream"), words.contains("streaming") { return "stream" }
    // Ollama says "does not support thinking" of `think`.
    if sent.contains("think"), words.contains("thinking") { return "think" }
    // "Use 'max_completion_tokens' instead" names two: the one that was sent is meant.
    return sent.sorted().first { words.contains($0.lowercased()) }
  }

  /// What an error body says.
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
    guard let body else { return false }
    let known: Set<String> = [
      "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "billing_error",
    ]
    if codes(of: body).contains(where: known.contains) { return true }
    return (message(of: body) ?? "").lowercased().contains("credit balance is too low")
  }

  /// Whether an error says that what was asked, or would be answered, is not allowed to be said.
  static func isContentFiltered(_ body: JSONValue?) -> Bool {
    guard let body else { return false }
    return codes(of: body).contains { ["content_filter", "content_policy_violation"].contains($0) }
  }

  /// The status that an error reported inside a response of status 200 would have had.
  static func status(of body: JSONValue) -> Int {
    let error = body["error"] ?? body
    for value in [error["code"], error["status"], body["code"]] {
      if let status = value?.integerValue, (300..<600).contains(status) { return status }
    }
    let statuses = [
      "invalid_request_error": 400, "authentication_error": 401, "permission_error": 403,
      "not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "rate_limit_exceeded": 429,
      "api_error": 500, "server_error": 500, "overloaded_error": 529, "timeout_error": 504,
      "insufficient_quota": 429, "invalid_prompt": 400,
    ]
    return codes(of: body).lazy.compactMap { statuses[$0] }.first ?? 502
  }

  private static func codes(of body: JSONValue) -> [String] {
    let error = body["error"] ?? body
    return [error["code"], error["type"], body["detail"]?[0]?["type"]].compactMap { $0?.stringValue }
  }
}
