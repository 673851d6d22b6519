/// What is known of a model by its name, so that no request is wasted on finding it out.
struct ModelTraits: Sendable, Hashable {
  /// Whether it reasons in secret: then it takes no temperature, and its limit counts the hidden tokens too.
  var isReasoning = false
  /// Whether `max_completion_tokens` is the right name for the limit.
  var prefersCompletionTokens = false
  /// Whether what stands before the conversation is said by the `developer`.
  var prefersDeveloperRole = false

  /// Parameters that the model is known to refuse.
  var refused: Set<String> { isReasoning ? ["temperature", "top_p"] : [] }

  /// Nothing is known.
  init() {}

  /// What the name of a model at a host tells; a gateway's prefix (`openai/o3`) is not part of the name.
  ///
  /// OpenAI's reasoning models are `o1`, `o3`, `o4-mini`, … and `gpt-5` and later, but for the `-chat` ones.
  init(model: String, host: String) {
    let name = model.split(separator: "/").last?.lowercased() ?? ""
    let isOSeries = name.count >= 2 && name.hasPrefix("o") && name.dropFirst().first?.isWholeNumber == true
    let generation = name.hasPrefix("gpt-") ? Int(name.dropFirst(4).prefix { $0.isWholeNumber }) ?? 0 : 0
    isReasoning = isOSeries || (generation >= 5 && !name.contains("-chat"))
    let isOpenAI = host == "api.openai.com" || host.hasSuffix(".openai.azure.com")
    prefersCompletionTokens = isOpenAI || isReasoning
    prefersDeveloperRole = isOpenAI && isReasoning
  }
}

/// What a server was found to refuse for a model.
struct Refusals: Sendable, Hashable {
  /// Members of the body that it refused by name.
  var parameters: Set<String> = []
  /// How many of the ways of asking for a schema it refused.
  var schemaSteps = 0
  /// Whether it takes no turn of the system's, so that those words go before the user's.
  var mergesSystem = false
}
