/// Which language models can be reached from here, and how.
public struct ModelSurvey: Codable, Sendable, Hashable {
  /// A server that was asked which models it offers.
  public struct Server: Codable, Sendable, Hashable {
    /// By which API it is asked.
    public var api: ModelAPI
    /// Its address, without secrets.
    public var address: String
    /// Whether the environment speaks of it; the others are where such servers usually are.
    public var isNamed: Bool
    /// Whether there is a key for it.
    public var hasKey: Bool
    /// The model that the environment names; nil where it names none.
    public var model: String?
    /// The models that it offers, in its own order; nil where it did not say.
    public var offered: [String]?
    /// Why it did not say: one sentence.
    public var problem: String?

    /// Whether it answered.
    public var isReachable: Bool { offered != nil }
  }

  /// The local model on this machine.
  public struct Local: Codable, Sendable, Hashable {
    /// Its name; nil where it is not installed.
    public var name: String?
    /// Where it is; nil where it is not installed.
    public var folder: String?
    /// Why there is none: one sentence.
    public var problem: String?
  }

  /// The servers that the environment names, then those on this machine that answered.
  public var servers: [Server]
  /// The local model.
  public var local: Local
  /// Which model a run uses whose configuration names none, and why: one sentence.
  public var automatic: String
}

extension ModelDiscovery {
  /// The variables that tell that the environment speaks of an API's server.
  private static let marks: [(api: ModelAPI, variables: [String])] = [
    (.openAI, ["OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_API_KEY"]),
    (.anthropic, ["ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"]),
    (.ollama, ["OLLAMA_HOST", "OLLAMA_MODEL"]),
    (.llamaServer, ["LLAMA_API_KEY"]),
    (.vLLM, ["VLLM_API_KEY"]),
  ]

  /// Asks all servers that the environment names, and those that may run on this machine, what they offer; nothing is
  /// generated, started or paid for.
  ///
  /// - Parameter timeoutSeconds: the longest wait for each; they are asked side by side.
  /// - Throws: `ChatFailure.invalidConfiguration` where the environment cannot be understood.
  public func survey(timeoutSeconds: Double = 5) async throws(ChatFailure) -> ModelSurvey {
    var configurations: [(configuration: EndpointConfiguration, isNamed: Bool)] = []
    let generic = try genericConfiguration()
    if let generic { configurations.append((generic, true)) }
    // Where NICHE_MODEL_URL is set it would be the address of all of them.
    let rest = environment.filter { !$0.key.hasPrefix("NICHE_") }
    for (api, variables) in Self.marks {
      let isNamed = variables.contains { !(rest[$0] ?? "").trimmingSpace().isEmpty }
      let isHere = [.ollama, .llamaServer, .vLLM].contains(api)
      guard isNamed || isHere else { continue }
      configurations.append((try EndpointConfiguration(api: api, environment: rest), isNamed))
    }
    let servers = await withTaskGroup(of: (Int, ModelSurvey.Server).self) { group in
      for (index, (configuration, isNamed)) in configurations.enumerated() {
        group.addTask {
          (index, await Self.asked(configuration, isNamed: isNamed, timeoutSeconds: timeoutSeconds))
        }
      }
      var found: [(Int, ModelSurvey.Server)] = []
      for await server in group { found.append(server) }
      return found.sorted { $0.0 < $1.0 }.map(\.1).filter { $0.isNamed || $0.isReachable }
    }
    return ModelSurvey(servers: servers, local: local, automatic: try automaticSentence())
  }

  private var local: ModelSurvey.Local {
    switch localInstallation {
    case .found(let installation):
      ModelSurvey.Local(name: installation.name, folder: installation.folder)
    case .missing(let reason): ModelSurvey.Local(problem: reason)
    }
  }

  private func automaticSentence() throws(ChatFailure) -> String {
    var passedOver: [String] = []
    if let found = try named(passingOver: &passedOver) {
      let name = found.configuration.model.isEmpty ? "The server's only model" : found.configuration.model
      return "\(name) at \(Redaction.address(found.configuration.baseURL)), because \(found.reason)."
    }
    switch localInstallation {
    case .found(let installation):
      return "The local model \(installation.name), because \(passedOver.joined(separator: "; "))."
    case .missing:
      return
        "None, so that the built-in rewriter writes all networks, because \(passedOver.joined(separator: "; ")), "
        + "and the local model is not installed."
    }
  }

  private static func asked(
    _ configuration: EndpointConfiguration, isNamed: Bool, timeoutSeconds: Double
  ) async -> ModelSurvey.Server {
    var server = ModelSurvey.Server(
      api: configuration.api, address: Redaction.address(configuration.baseURL), isNamed: isNamed,
      hasKey: configuration.apiKey != nil, model: configuration.model.isEmpty ? nil : configuration.model)
    var probe = configuration
    probe.model = configuration.model.isEmpty ? "unnamed" : configuration.model
    probe.timeoutSeconds = timeoutSeconds
    probe.connectTimeoutSeconds = min(2, timeoutSeconds)
    do throws(ChatFailure) {
      server.offered = try await RemoteModel(configuration: probe).availableModels()
    } catch {
      server.problem = error.description
    }
    return server
  }
}
