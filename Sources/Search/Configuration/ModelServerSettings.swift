/// One of several models that write a run's networks together; in a file, what it leaves out is as in `model`.
public struct ModelServerSettings: Codable, Sendable, Hashable {
  /// What a model is asked for, in strategies that ask for several things.
  public enum Role: String, Codable, Sendable, CaseIterable {
    /// CoLLM-NAS' strategies of search.
    case navigator
    /// CoLLM-NAS' architectures.
    case generator
    /// Whatever no other model is for.
    case any
  }

  /// By which API it is asked.
  public var provider = ModelSettings.Provider.auto
  /// The server's base URL; empty: what the API's environment variable says.
  public var endpoint = ""
  /// The model's name; empty: what the API's environment variable says, or the server's own.
  public var name = ""
  /// The environment variable that holds the key.
  public var keyVariable = ModelSettings().keyVariable
  /// A file of mode 600 that holds the key; empty: the environment has it.
  public var keyFile = ""
  /// Further header lines.
  public var headers: [String] = []
  /// Whether replies come piece by piece.
  public var streaming = ModelSettings.Streaming.auto
  /// The longest time for one attempt, in seconds.
  public var timeout = ModelSettings().timeout
  /// How often a failed request is sent again.
  public var retries = ModelSettings().retries
  /// Its share of the requests, against the others' weights, where they share them.
  public var weight = 1.0
  /// What it is asked for.
  public var role = Role.any

  /// A server with the defaults.
  public init() {}

  /// Reads a server; what runs of earlier versions did not say keeps its default.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    provider = try container.decode(ModelSettings.Provider.self, forKey: .provider)
    endpoint = try container.decode(String.self, forKey: .endpoint)
    name = try container.decode(String.self, forKey: .name)
    keyVariable = try container.decode(String.self, forKey: .keyVariable)
    keyFile = try container.decode(String.self, forKey: .keyFile)
    headers = try container.decode([String].self, forKey: .headers)
    streaming = try container.decode(ModelSettings.Streaming.self, forKey: .streaming)
    timeout = try container.decode(Double.self, forKey: .timeout)
    retries = try container.decode(Int.self, forKey: .retries)
    weight = try container.decode(Double.self, forKey: .weight)
    role = try container.decodeIfPresent(Role.self, forKey: .role) ?? role
  }

  /// The server that a run's `model` is.
  public init(_ model: ModelSettings) {
    provider = model.provider
    endpoint = model.endpoint
    name = model.name
    keyVariable = model.keyVariable
    keyFile = model.keyFile
    headers = model.headers
    streaming = model.streaming
    timeout = model.timeout
    retries = model.retries
  }

  /// The settings of a run whose only model this is.
  func settings(as model: ModelSettings) -> ModelSettings {
    var settings = model
    settings.provider = provider
    settings.endpoint = endpoint
    settings.name = name
    settings.keyVariable = keyVariable
    settings.keyFile = keyFile
    settings.headers = headers
    settings.streaming = streaming
    settings.timeout = timeout
    settings.retries = retries
    return settings
  }
}
