/// A model behind an API as a configuration names it; what is nil comes from the environment or is usual.
///
/// It is stored with runs, so it may hold no secret: neither the address nor a header's value.
public struct ModelEndpoint: Codable, Sendable, Hashable {
  /// The API that the server speaks.
  public var api: ModelAPI
  /// The address below which the API lies.
  public var baseURL: String?
  /// The model's name.
  public var model: String?
  /// The environment variable that holds the key.
  public var keyVariable: String?
  /// The file that holds the key; only its owner may read it.
  public var keyFile: String?
  /// Further header lines; `${NAME}` in a value stands for an environment variable.
  public var headers: [String: String]
  /// Further members of every request's body.
  public var parameters: [String: JSONValue]
  /// Whether replies are streamed; nil: from other machines, where connections stall.
  public var isStreamed: Bool?
  /// The longest time for one attempt, in seconds.
  public var timeoutSeconds: Double?
  /// How often a failed request is sent again.
  public var maximumRetries: Int?

  /// That endpoint.
  public init(
    api: ModelAPI = .openAI, baseURL: String? = nil, model: String? = nil, keyVariable: String? = nil,
    keyFile: String? = nil, headers: [String: String] = [:], parameters: [String: JSONValue] = [:],
    isStreamed: Bool? = nil, timeoutSeconds: Double? = nil, maximumRetries: Int? = nil
  ) {
    self.api = api
    self.baseURL = baseURL
    self.model = model
    self.keyVariable = keyVariable
    self.keyFile = keyFile
    self.headers = headers
    self.parameters = parameters
    self.isStreamed = isStreamed
    self.timeoutSeconds = timeoutSeconds
    self.maximumRetries = maximumRetries
  }

  /// The whole configuration, in an environment.
  ///
  /// - Throws: `ChatFailure.invalidConfiguration` where a variable or file that is named is missing, the file may be
  ///   read by others, or a secret stands where it would be stored.
  public func configuration(
    environment: (String) -> String?
  ) throws(ChatFailure) -> EndpointConfiguration {
    try checkForSecrets()
    var values: [String: String] = [:]
    for name in EndpointConfiguration.variables { values[name] = environment(name) }
    var result = try EndpointConfiguration(
      api: api, environment: values, baseURL: baseURL, model: model)
    if keyVariable != nil && keyFile != nil {
      throw .invalidConfiguration(
        detail: "the key is to come from a variable and from a file; name one of them")
    }
    if let keyVariable {
      guard let key = environment(keyVariable).flatMap(APIKey.init) else {
        throw .invalidConfiguration(
          detail: "the API key's environment variable \(Redaction.line(keyVariable, longest: 60)) is not set")
      }
      result.apiKey = key
    } else if let keyFile {
      result.apiKey = try APIKey(file: keyFile)
    }
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
      if let header = ExtraHeader(name, try Self.filled(value, environment)) { result.headers.append(header) }
    }
    result.extraParameters = parameters.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, $0.value) }
    let address = try APIAddress(result.baseURL, stripping: api.dialect.strippedSuffixes)
    result.isStreamed = isStreamed ?? !address.isLoopback
    if let timeoutSeconds { result.timeoutSeconds = timeoutSeconds }
    if let maximumRetries { result.maximumRetries = maximumRetries }
    return result
  }

  private func checkForSecrets() throws(ChatFailure) {
    if let baseURL,
      try !APIAddress(api == .ollama ? EndpointConfiguration.ollamaAddress(baseURL) : baseURL).secrets.isEmpty
    {
      throw .invalidConfiguration(
        detail: "the base address holds a password or key, which would be stored with the run; "
          + "set it in the environment instead, as NICHE_MODEL_URL")
    }
    for (name, value) in headers where !value.contains("${") {
      let lowered = name.lowercased()
      guard APIAddress.secretWords.contains(where: lowered.contains) else { continue }
      throw .invalidConfiguration(
        detail:
          "the header '\(Redaction.line(name, longest: 40))' holds what looks like a key, which would be stored with the run; "
          + "write ${NAME} and set that environment variable")
    }
  }

  /// The text with `${NAME}` replaced by that variable.
  private static func filled(
    _ text: String, _ environment: (String) -> String?
  ) throws(ChatFailure) -> String {
    var output = ""
    var rest = text[...]
    while let start = rest.firstRange(of: "${") {
      output += rest[..<start.lowerBound]
      let inner = rest[start.upperBound...]
      guard let end = inner.firstIndex(of: "}") else { break }
      let name = String(inner[..<end])
      guard let value = environment(name) else {
        throw .invalidConfiguration(
          detail:
            "a header names the environment variable \(Redaction.line(name, longest: 60)), which is not set")
      }
      output += value
      rest = inner[inner.index(after: end)...]
    }
    return output + rest
  }
}
