/// A secret that is sent to a server and shown to nobody.
public struct APIKey: Sendable, Hashable {
  /// The key itself.
  let value: String

  /// A key without the white space around it; nil where nothing is left.
  public init?(_ text: String) {
    value = text.trimmingSpace()
    if value.isEmpty { return nil }
  }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// A mark in the key's place.
  public var description: String { Redaction.mark }
  /// A mark in the key's place.
  public var debugDescription: String { Redaction.mark }
  /// Nothing, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Where a model is served and how to ask it.
public struct OpenAICompatibleConfiguration: Sendable {
  /// OpenAI's own address, used where no other is named.
  public static let defaultBaseURL = "https://api.openai.com/v1"

  /// The address below which `/chat/completions` lies.
  public var baseURL: String
  /// The model's name.
  public var model: String
  /// What stands in `ModelIdentity.provider`.
  public var provider = "openai-compatible"
  /// The key, where the server wants one.
  public var apiKey: APIKey?
  /// OpenAI's organisation, where requests are to be booked on one.
  public var organization: String?
  /// OpenAI's project, where requests are to be booked on one.
  public var project: String?
  /// The longest wait for a connection.
  public var connectTimeoutSeconds = 5.0
  /// The longest time for one attempt, from connection to the reply's last byte.
  public var timeoutSeconds = 600.0
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

  /// That model at that address.
  public init(baseURL: String = Self.defaultBaseURL, model: String, apiKey: APIKey? = nil) {
    self.baseURL = baseURL
    self.model = model
    self.apiKey = apiKey
  }

  /// What the environment says, with a value given here going before it.
  ///
  /// `OPENAI_BASE_URL` (or the older `OPENAI_API_BASE`), `OPENAI_API_KEY`, `OPENAI_MODEL`, `OPENAI_ORG_ID`,
  /// `OPENAI_PROJECT_ID` and `SSL_CERT_FILE` are read; empty ones count as absent. The model's name is empty where
  /// nothing names one.
  public init(environment: [String: String], baseURL: String? = nil, model: String? = nil) {
    func value(_ name: String) -> String? {
      guard let text = environment[name]?.trimmingSpace(), !text.isEmpty else { return nil }
      return text
    }
    self.init(
      baseURL: baseURL ?? value("OPENAI_BASE_URL") ?? value("OPENAI_API_BASE") ?? Self.defaultBaseURL,
      model: model ?? value("OPENAI_MODEL") ?? "",
      apiKey: value("OPENAI_API_KEY").flatMap(APIKey.init))
    organization = value("OPENAI_ORG_ID")
    project = value("OPENAI_PROJECT_ID")
    certificateFile = value("SSL_CERT_FILE")
  }
}

/// The addresses of a server's API, taken apart and checked.
struct APIAddress: Sendable {
  /// Without secrets, for people.
  let shown: String
  /// The host in lower case, without port.
  let host: String
  private let path: String
  private let query: String
  /// User name and password in the address, which are secrets too.
  let secrets: [String]

  /// The address of that text.
  ///
  /// - Throws: `ChatFailure.invalidConfiguration` where it is no `http` or `https` address.
  init(_ text: String) throws(ChatFailure) {
    let text = text.trimmingSpace()
    shown = Redaction.address(text)
    guard !text.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) else {
      throw .invalidConfiguration(detail: "the base address '\(shown)' contains spaces or control characters")
    }
    let lowered = text.lowercased()
    guard let scheme = ["https://", "http://"].first(where: lowered.hasPrefix) else {
      throw .invalidConfiguration(
        detail: "the base address '\(shown)' does not begin with https:// or http://")
    }
    let beforeFragment = text.prefix { $0 != "#" }
    let mark = beforeFragment.firstIndex(of: "?") ?? beforeFragment.endIndex
    query = String(beforeFragment[mark...])
    var path = String(beforeFragment[..<mark])
    while path.hasSuffix("/") { path.removeLast() }
    if path.hasSuffix("/chat/completions") { path.removeLast("/chat/completions".count) }
    self.path = path
    let authority = path.dropFirst(scheme.count).prefix { $0 != "/" }
    let hostAndPort = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? authority
    let isIPv6 = hostAndPort.hasPrefix("[")
    host = (isIPv6 ? hostAndPort.dropFirst().prefix { $0 != "]" } : hostAndPort.prefix { $0 != ":" })
      .lowercased()
    guard !host.isEmpty else {
      throw .invalidConfiguration(detail: "the base address '\(shown)' names no host")
    }
    secrets =
      authority.contains("@")
      ? authority.split(separator: "@").dropLast().flatMap {
        [String($0)] + $0.split(separator: ":").map(String.init)
      } : []
  }

  /// Whether the host is this machine, which is never reached through a proxy.
  var isLoopback: Bool {
    let isAddress = host.hasPrefix("127.") && host.allSatisfy { $0 == "." || $0.isWholeNumber }
    return host == "localhost" || host == "::1" || isAddress
  }

  /// The address of something below the base, such as `/models`.
  func url(_ suffix: String) -> String { path + suffix + query }
}
