/// Which language model a run shall use.
public enum ModelPreference: Sendable, Hashable {
  /// The environment's, else the local one, else none.
  case automatic
  /// One behind an API.
  case endpoint(ModelEndpoint)
  /// The local one.
  case local
  /// None: the caller has other means.
  case none
}

/// How several models answer as one.
public enum ModelCombination: Sendable {
  /// The first answers; where it cannot, the next.
  case fallback
  /// The one that is chosen for each request.
  case ensemble(any ModelChooser)
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
/// In this order: what the configuration names; what the environment names (`NICHE_MODEL_URL`, `OPENAI_BASE_URL`,
/// `OPENAI_API_KEY` with `OPENAI_MODEL`, Anthropic's key with `ANTHROPIC_MODEL`, `OLLAMA_MODEL`); the local model where
/// it is installed, started here and ended with the choice; none.
public struct ModelDiscovery: Sendable {
  let environment: [String: String]
  private let cacheFolders: [String]
  /// Told once of each thing that a user should know of the chosen model; without secrets.
  public var onNotice: (@Sendable (String) -> Void)?

  /// Discovery in this process's environment and cache folders.
  public init() {
    var environment: [String: String] = [:]
    for name in EndpointConfiguration.variables + ["NICHE_CACHE"] {
      environment[name] = SystemFiles.variable(name)
    }
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
    case .endpoint(let endpoint):
      let chosen = try await remote(try endpoint.configuration(environment: variable))
      return Self.choice(chosen, because: "the configuration names it")
    case .automatic:
      return try await automatic()
    }
  }

  /// Several models that answer as one.
  ///
  /// - Throws: `ChatFailure` where one of them cannot be used, or none is named.
  public func choose(
    _ preferences: [ModelPreference], combined combination: ModelCombination
  ) async throws(ChatFailure) -> ModelChoice {
    var models: [any ChatModel] = []
    for preference in preferences {
      let choice = try await choose(preference)
      guard let model = choice.model else { throw .invalidConfiguration(detail: choice.reason) }
      models.append(model)
    }
    switch combination {
    case .fallback:
      let chain = try FallbackModel(models, onNotice: onNotice)
      return Self.choice(
        chain, because: "the configuration names these models, each to stand in for those before it")
    case .ensemble(let chooser):
      let ensemble = try EnsembleModel(models, chooser: chooser)
      return Self.choice(ensemble, because: "the configuration names these models to share the requests")
    }
  }

  private func automatic() async throws(ChatFailure) -> ModelChoice {
    var passedOver: [String] = []
    if let found = try named(passingOver: &passedOver) {
      return Self.choice(try await remote(found.configuration), because: found.reason)
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

  /// What the environment names, and by which variables.
  func named(
    passingOver passedOver: inout [String]
  ) throws(ChatFailure) -> (configuration: EndpointConfiguration, reason: String)? {
    func isSet(_ name: String) -> Bool { !(environment[name] ?? "").trimmingSpace().isEmpty }
    if let generic = try genericConfiguration() {
      return (generic, "\(isSet("NICHE_MODEL_URL") ? "NICHE_MODEL_URL" : "NICHE_MODEL_API") is set")
    }
    let openAI = try EndpointConfiguration(environment: environment)
    if let name = ["OPENAI_BASE_URL", "OPENAI_API_BASE"].first(where: isSet) {
      return (openAI, "\(name) is set")
    }
    if openAI.apiKey == nil {
      passedOver.append("neither OPENAI_BASE_URL nor OPENAI_API_KEY is set")
    } else if !openAI.model.isEmpty {
      return (openAI, "OPENAI_API_KEY and OPENAI_MODEL are set")
    } else {
      passedOver.append("OPENAI_API_KEY is not used because OPENAI_MODEL names no model")
    }
    if let name = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"].first(where: isSet) {
      if isSet("ANTHROPIC_MODEL") {
        return (
          try EndpointConfiguration(api: .anthropic, environment: environment),
          "\(name) and ANTHROPIC_MODEL are set"
        )
      }
      passedOver.append("\(name) is not used because ANTHROPIC_MODEL names no model")
    }
    if isSet("OLLAMA_MODEL") {
      return (try EndpointConfiguration(api: .ollama, environment: environment), "OLLAMA_MODEL is set")
    }
    if isSet("OLLAMA_HOST") {
      passedOver.append("OLLAMA_HOST is not used because OLLAMA_MODEL names no model")
    }
    return nil
  }

  /// What `NICHE_MODEL_URL` and `NICHE_MODEL_API` name; nil where neither is set.
  func genericConfiguration() throws(ChatFailure) -> EndpointConfiguration? {
    let set = ["NICHE_MODEL_URL", "NICHE_MODEL_API"].contains {
      !(environment[$0] ?? "").trimmingSpace().isEmpty
    }
    guard set else { return nil }
    let text = (environment["NICHE_MODEL_API"] ?? "").trimmingSpace()
    guard let api = text.isEmpty ? .openAI : ModelAPI(rawValue: text) else {
      let known = ModelAPI.allCases.map(\.rawValue).joined(separator: ", ")
      throw .invalidConfiguration(detail: "NICHE_MODEL_API is none of \(known)")
    }
    return try EndpointConfiguration(api: api, environment: environment)
  }

  /// A variable of the environment; only the usual ones are in `environment`, a configuration may name any other.
  private func variable(_ name: String) -> String? {
    let isUsual = EndpointConfiguration.variables.contains(name)
    return environment[name] ?? (isUsual ? nil : SystemFiles.variable(name))
  }

  /// The model of that configuration; where it names none, the only one that the server offers.
  private func remote(
    _ configuration: EndpointConfiguration
  ) async throws(ChatFailure) -> RemoteModel {
    var configuration = configuration
    configuration.onNotice = onNotice
    guard configuration.model.isEmpty else { return try RemoteModel(configuration: configuration) }
    var probe = configuration
    probe.model = "unnamed"
    probe.timeoutSeconds = min(30, configuration.timeoutSeconds)
    let offered = try await RemoteModel(configuration: probe).availableModels()
    guard offered.count == 1 else {
      let names = offered.prefix(8).joined(separator: ", ")
      throw .invalidConfiguration(
        detail:
          "no model is named and the server offers \(offered.isEmpty ? "none" : names); set OPENAI_MODEL")
    }
    var named = configuration
    named.model = offered[0]
    return try RemoteModel(configuration: named)
  }

  private static func choice(_ model: any ChatModel, because reason: String) -> ModelChoice {
    ModelChoice(model: model, reason: "\(model.identity.description) is used, because \(reason).")
  }
}
