/// Where a model is served and how to ask it.
public struct EndpointConfiguration: Sendable {
  /// OpenAI's own address, used where no other is named.
  public static let defaultBaseURL = "https://api.openai.com/v1"

  /// The API that the server speaks.
  public var api: ModelAPI
  /// The address below which the API lies.
  public var baseURL: String
  /// The model's name.
  public var model: String
  /// What stands in `ModelIdentity.provider`.
  public var provider: String
  /// The key, where the server wants one.
  public var apiKey: APIKey?
  /// OpenAI's organisation, where requests are to be booked on one.
  public var organization: String?
  /// OpenAI's project, where requests are to be booked on one.
  public var project: String?
  /// Further header lines of every request.
  public var headers: [ExtraHeader] = []
  /// The longest wait for a connection.
  public var connectTimeoutSeconds = 5.0
  /// The longest time for one attempt, from connection to the reply's last byte.
  public var timeoutSeconds = 600.0
  /// Whether replies come piece by piece, so that a server that has stalled is noticed before the timeout.
  public var isStreamed = false
  /// The longest wait for the first piece of a streamed reply, hidden reasoning included.
  public var firstTokenTimeoutSeconds = 300.0
  /// The longest wait from one piece of a streamed reply to the next; pings and comments are none.
  public var idleTimeoutSeconds = 60.0
  /// How often a failed request is sent again.
  public var maximumRetries = 2
  /// The longest reply that is accepted.
  public var maximumReplyBytes = 8 << 20
  /// Further members of every request's body, such as `cache_prompt`.
  public var extraParameters: [JSONValue.Member] = []
  /// A file of certificate authorities to trust instead of the system's.
  public var certificateFile: String?
  /// The seed of the random part of waits between attempts; nil takes the system's randomness.
  public var jitterSeed: UInt64?
  /// Told once of each thing that a user should know, such as a parameter that the server refuses; without secrets.
  public var onNotice: (@Sendable (String) -> Void)?

  /// The environment variables that configurations are read from.
  public static let variables = [
    "OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_API_KEY", "OPENAI_MODEL", "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_MODEL", "ANTHROPIC_CUSTOM_HEADERS", "OLLAMA_HOST", "OLLAMA_API_KEY",
    "OLLAMA_MODEL", "LLAMA_API_KEY", "VLLM_API_KEY", "NICHE_MODEL_API", "NICHE_MODEL_URL", "NICHE_MODEL_KEY",
    "NICHE_MODEL", "NICHE_MODEL_HEADERS", "SSL_CERT_FILE",
  ]

  /// That model at that address, or at the API's usual one.
  public init(api: ModelAPI = .openAI, baseURL: String? = nil, model: String, apiKey: APIKey? = nil) {
    self.api = api
    self.baseURL = baseURL ?? api.dialect.defaultBaseURL
    self.model = model
    self.apiKey = apiKey
    provider = api == .openAI ? "openai-compatible" : api.rawValue
  }

  /// What the environment says for an API, with a value given here going before it.
  ///
  /// Empty variables count as absent, and the model's name is empty where nothing names one.
  ///
  /// | API | address | key | model | header lines |
  /// |---|---|---|---|---|
  /// | `openai`, `openai-responses`, `openai-completions` | `OPENAI_BASE_URL`, `OPENAI_API_BASE` | `OPENAI_API_KEY` | `OPENAI_MODEL` | `OPENAI_ORG_ID`, `OPENAI_PROJECT_ID`, `OPENAI_CUSTOM_HEADERS` |
  /// | `anthropic` | `ANTHROPIC_BASE_URL` | `ANTHROPIC_API_KEY`, or `ANTHROPIC_AUTH_TOKEN` as a bearer's | `ANTHROPIC_MODEL` | `ANTHROPIC_CUSTOM_HEADERS` |
  /// | `ollama` | `OLLAMA_HOST` | `OLLAMA_API_KEY` | `OLLAMA_MODEL` | |
  /// | `llama.cpp`, `llama.cpp-completion` | | `LLAMA_API_KEY` | | |
  /// | `vllm` | | `VLLM_API_KEY` | | |
  ///
  /// For all of them `NICHE_MODEL_URL`, `NICHE_MODEL_KEY`, `NICHE_MODEL` and `NICHE_MODEL_HEADERS` go before these,
  /// and `SSL_CERT_FILE` names the certificate authorities. A key found beside an address goes to that address alone:
  /// where `NICHE_MODEL_URL` is used, only `NICHE_MODEL_KEY` is.
  ///
  /// - Throws: `ChatFailure.invalidConfiguration` for header lines that are none.
  public init(
    api: ModelAPI = .openAI, environment: [String: String], baseURL: String? = nil, model: String? = nil
  ) throws(ChatFailure) {
    let known = Variables(environment)
    let names = Variables.names(of: api)
    let generic = baseURL == nil ? known["NICHE_MODEL_URL"] : nil
    var address = baseURL ?? generic ?? known.first(of: names.address)
    if api == .ollama { address = address.map(Self.ollamaAddress) }
    self.init(
      api: api, baseURL: address,
      model: model ?? known["NICHE_MODEL"] ?? known.first(of: names.model) ?? "",
      apiKey: (known["NICHE_MODEL_KEY"] ?? (generic == nil ? known.first(of: names.key) : nil))
        .flatMap(APIKey.init))
    if generic == nil {
      if names.key == ["OPENAI_API_KEY"] {
        organization = known["OPENAI_ORG_ID"]
        project = known["OPENAI_PROJECT_ID"]
      }
      if api == .anthropic, apiKey == nil, let token = known["ANTHROPIC_AUTH_TOKEN"] {
        headers += [ExtraHeader("Authorization", "Bearer \(token)")].compactMap { $0 }
      }
      for name in names.headers {
        if let text = known[name] { headers += try ExtraHeader.parsed(text, from: name) }
      }
    }
    if let text = known["NICHE_MODEL_HEADERS"] {
      headers += try ExtraHeader.parsed(text, from: "NICHE_MODEL_HEADERS")
    }
    certificateFile = known["SSL_CERT_FILE"]
  }

  /// The address that `OLLAMA_HOST` means: a host, a host with a port, a port, or a whole address.
  ///
  /// As Ollama itself reads it; the address that stands for "all of this machine's" is this machine.
  static func ollamaAddress(_ text: String) -> String {
    let text = text.trimmingSpace()
    var scheme = "http://"
    var rest = text[...]
    var port = "11434"
    for (prefix, usual) in [("http://", "80"), ("https://", "443")] where text.lowercased().hasPrefix(prefix)
    {
      (scheme, port) = (prefix, usual)
      rest = text.dropFirst(prefix.count)
    }
    let authority = rest.prefix { $0 != "/" }
    let path = rest.dropFirst(authority.count)
    var host = String(authority)
    // The colons of an address in brackets, or of one without a port, are its own.
    let isBareIPv6 = !host.hasPrefix("[") && host.count(where: { $0 == ":" }) > 1
    if isBareIPv6 {
      host = "[\(host)]"
    } else if let colon = host.lastIndex(of: ":"), !host[colon...].contains("]") {
      port = String(host[host.index(after: colon)...])
      host = String(host[..<colon])
    }
    if host.isEmpty || host == "0.0.0.0" { host = "127.0.0.1" }
    if host == "[::]" { host = "[::1]" }
    return "\(scheme)\(host):\(port)\(path)"
  }
}

extension EndpointConfiguration: CustomStringConvertible, CustomReflectable {
  /// The model, its API and its address without secrets.
  public var description: String { "\(model) (\(api.rawValue)) at \(Redaction.address(baseURL))" }

  /// The same; the rest may hold secrets.
  public var customMirror: Mirror {
    Mirror(
      self,
      children: ["api": api.rawValue, "baseURL": Redaction.address(baseURL), "model": model] as KeyValuePairs)
  }
}

/// Environment variables as users set them: blank ones count as absent.
private struct Variables {
  private let values: [String: String]

  init(_ values: [String: String]) {
    self.values = values
  }

  subscript(name: String) -> String? {
    guard let text = values[name]?.trimmingSpace(), !text.isEmpty else { return nil }
    return text
  }

  func first(of names: [String]) -> String? { names.lazy.compactMap { self[$0] }.first }

  struct Names {
    var address: [String] = []
    var key: [String] = []
    var model: [String] = []
    var headers: [String] = []
  }

  static func names(of api: ModelAPI) -> Names {
    switch api {
    case .openAI, .openAIResponses, .openAICompletions:
      Names(
        address: ["OPENAI_BASE_URL", "OPENAI_API_BASE"], key: ["OPENAI_API_KEY"], model: ["OPENAI_MODEL"],
        headers: ["OPENAI_CUSTOM_HEADERS"])
    case .anthropic:
      Names(
        address: ["ANTHROPIC_BASE_URL"], key: ["ANTHROPIC_API_KEY"], model: ["ANTHROPIC_MODEL"],
        headers: ["ANTHROPIC_CUSTOM_HEADERS"])
    case .ollama: Names(address: ["OLLAMA_HOST"], key: ["OLLAMA_API_KEY"], model: ["OLLAMA_MODEL"])
    case .llamaServer, .llamaCompletion: Names(key: ["LLAMA_API_KEY"])
    case .vLLM: Names(key: ["VLLM_API_KEY"])
    }
  }
}
