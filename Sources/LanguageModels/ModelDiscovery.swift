/// Which language model a run shall use.
public enum ModelPreference: Sendable, Hashable {
  /// The environment's, else the local one, else none.
  case automatic
  /// One behind an OpenAI-compatible API. What is nil comes from the environment, as does the key: from
  /// `OPENAI_API_KEY`, or from the variable named.
  case openAICompatible(baseURL: String?, model: String?, apiKeyVariable: String?)
  /// The local one.
  case local
  /// None: the caller has other means.
  case none
}

/// The language model that was chosen, and why.
public struct ModelChoice: Sendable {
  /// The model; nil where there is none.
  public let model: (any ChatModel)?
  /// Which one and why, as one sentence for people.
  public let reason: String

  /// That model for that reason.
  public init(model: (any ChatModel)?, reason: String) {
    self.model = model
    self.reason = reason
  }
}

/// Decides which language model a run uses.
///
/// In this order: what the configuration names; what `OPENAI_BASE_URL` and `OPENAI_API_KEY` name; the local model
/// where it is installed, started here and ended with the choice; none.
public struct ModelDiscovery: Sendable {
  private let environment: [String: String]
  private let cacheFolders: [String]

  private static let variables = [
    "OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_API_KEY", "OPENAI_MODEL", "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "SSL_CERT_FILE", "NICHE_CACHE",
  ]

  /// Discovery in this process's environment and cache folders.
  public init() {
    var environment: [String: String] = [:]
    for name in Self.variables { environment[name] = SystemFiles.variable(name) }
    self.init(
      environment: environment,
      cacheFolders: LocalModelInstallation.cacheFolders(environment: environment))
  }

  /// Discovery in an environment and cache folders given.
  public init(environment: [String: String], cacheFolders: [String]) {
    self.environment = environment
    self.cacheFolders = cacheFolders
  }

  /// The local model's installation, or why there is none.
  public var localInstallation: LocalModelInstallation.Search {
    LocalModelInstallation.find(in: cacheFolders)
  }

  /// The model for that preference.
  ///
  /// - Throws: `ChatFailure` where the model that was asked for, by configuration or environment, cannot be used.
  ///   With `.automatic`, a local model that does not start is no failure but part of the reason.
  public func choose(_ preference: ModelPreference = .automatic) async throws(ChatFailure) -> ModelChoice {
    switch preference {
    case .none:
      return ModelChoice(model: nil, reason: "No language model is used, because the configuration says so.")
    case .local:
      switch localInstallation {
      case .missing(let reason): throw .localModelUnavailable(detail: reason)
      case .found(let installation):
        let model = try await LocalModel.start(installation)
        return Self.choice(model, because: "the configuration names the local model")
      }
    case .openAICompatible(let baseURL, let model, let variable):
      var configuration = OpenAICompatibleConfiguration(
        environment: environment, baseURL: baseURL, model: model)
      if let variable { configuration.apiKey = try key(from: variable) }
      let chosen = try await remote(configuration)
      return Self.choice(chosen, because: "the configuration names it")
    case .automatic:
      return try await automatic()
    }
  }

  private func automatic() async throws(ChatFailure) -> ModelChoice {
    let configuration = OpenAICompatibleConfiguration(environment: environment)
    let baseVariable = ["OPENAI_BASE_URL", "OPENAI_API_BASE"].first {
      !(environment[$0] ?? "").trimmingSpace().isEmpty
    }
    var passedOver: [String] = []
    if let baseVariable {
      return Self.choice(try await remote(configuration), because: "\(baseVariable) is set")
    } else if configuration.apiKey != nil {
      if !configuration.model.isEmpty {
        return Self.choice(
          try await remote(configuration), because: "OPENAI_API_KEY and OPENAI_MODEL are set")
      }
      passedOver.append("OPENAI_API_KEY is not used because OPENAI_MODEL names no model")
    } else {
      passedOver.append("neither OPENAI_BASE_URL nor OPENAI_API_KEY is set")
    }
    switch localInstallation {
    case .missing(let reason):
      passedOver.append("of the local model: \(reason)")
    case .found(let installation):
      do throws(ChatFailure) {
        return Self.choice(
          try await LocalModel.start(installation),
          because: "it is installed in \(installation.folder) and \(passedOver[0])")
      } catch {
        guard error != .cancelled else { throw error }
        passedOver.append("of the local model: \(error.description.dropLast())")
      }
    }
    return ModelChoice(
      model: nil, reason: "No language model is used: \(passedOver.joined(separator: "; ")).")
  }

  private func key(from variable: String) throws(ChatFailure) -> APIKey {
    // Only the variables read at the start are in `environment`; a configuration may name any other.
    guard let key = (environment[variable] ?? SystemFiles.variable(variable)).flatMap(APIKey.init) else {
      throw .invalidConfiguration(detail: "the API key's environment variable \(variable) is not set")
    }
    return key
  }

  /// The model of that configuration; where it names none, the only one that the server offers.
  private func remote(
    _ configuration: OpenAICompatibleConfiguration
  ) async throws(ChatFailure) -> OpenAICompatibleModel {
    guard configuration.model.isEmpty else { return try OpenAICompatibleModel(configuration: configuration) }
    var probe = configuration
    probe.model = "unnamed"
    probe.timeoutSeconds = min(30, configuration.timeoutSeconds)
    let offered = try await OpenAICompatibleModel(configuration: probe).availableModels()
    guard offered.count == 1 else {
      let names = offered.prefix(8).joined(separator: ", ")
      throw .invalidConfiguration(
        detail:
          "no model is named and the server offers \(offered.isEmpty ? "none" : names); set OPENAI_MODEL")
    }
    var named = configuration
    named.model = offered[0]
    return try OpenAICompatibleModel(configuration: named)
  }

  private static func choice(_ model: any ChatModel, because reason: String) -> ModelChoice {
    ModelChoice(model: model, reason: "\(model.identity.description) is used, because \(reason).")
  }
}
