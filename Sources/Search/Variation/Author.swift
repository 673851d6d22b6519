public import LanguageModels
import RandomStreams
public import Training

/// Who writes a run's networks: a language model, or the built-in rewriter alone.
public struct Author: Sendable {
  /// How the sentence begins where the rewriter writes all networks.
  public static let rewriterMark = "The built-in rewriter"

  /// Which author it is and why, in one sentence.
  public let explanation: String
  /// How many networks may be written at once.
  public let concurrency: Int
  /// The models that may answer.
  public var sources: [ModelIdentity] { model?.sources ?? [] }
  /// The language model, within its budget; nil where there is none.
  public private(set) var model: (any ChatModel)?
  private var prices = PriceTable()
  private let stopsAtUnknown: Bool
  private let form: CandidateOrigin.Form

  /// Whether the model is asked for edits.
  var writesEdits: Bool { form == .edits }

  /// Whether there is no language model.
  public var isRewriterAlone: Bool { model == nil }

  /// Finds the author that the configuration and the environment name; a local model is started, and ends with
  /// this value.
  ///
  /// - Parameters:
  ///   - roles: which models there are, and what each is asked for; requests name who is to answer.
  ///   - replies: where replies are kept, if the configuration wants that.
  ///   - onNotice: told once of each thing that a user should know of a model.
  /// - Throws: where the model that was asked for cannot be used.
  public static func choose(
    _ configuration: RunConfiguration, roles: ModelRoles? = nil, discovery: ModelDiscovery = ModelDiscovery(),
    replies: (any ReplyStore)? = nil, onNotice: (@Sendable (String) -> Void)? = nil
  ) async throws(SearchError) -> Author {
    var discovery = discovery
    discovery.onNotice = onNotice
    let settings = configuration.model
    if let roles {
      return try await choose(
        among: roles.servers, settings, areChosenByRequests: true, discovery: discovery, replies: replies)
    }
    guard configuration.models.isEmpty else {
      return try await choose(among: configuration.models, settings, discovery: discovery, replies: replies)
    }
    guard settings.provider != .rewriter else {
      return Author(
        explanation: "\(rewriterMark) writes all networks, because the configuration names it.",
        settings: settings)
    }
    let choice: ModelChoice
    do {
      choice = try await discovery.choose(settings.preference)
    } catch {
      throw SearchError(error.description)
    }
    guard let model = choice.model else {
      return Author(explanation: "\(rewriterMark) writes all networks. \(choice.reason)", settings: settings)
    }
    return Author(explanation: choice.reason, settings: settings, model: cached(model, settings, replies))
  }

  private static func choose(
    among servers: [ModelServerSettings], _ settings: ModelSettings, areChosenByRequests: Bool = false,
    discovery: ModelDiscovery, replies: (any ReplyStore)?
  ) async throws(SearchError) -> Author {
    do throws(ChatFailure) {
      let combination: ModelCombination
      switch settings.combination {
      case _ where areChosenByRequests:
        combination = .ensemble(try WeightedChooser(weights: servers.map { _ in 1 }))
      case .fallback: combination = .fallback
      case .weights: combination = .ensemble(try WeightedChooser(weights: servers.map(\.weight)))
      // Requests name who is to answer.
      case .bandit: combination = .ensemble(try WeightedChooser(weights: servers.map { _ in 1 }))
      }
      let choice = try await discovery.choose(
        servers.map { $0.settings(as: settings).preference }, combined: combination)
      return Author(
        explanation: choice.reason, settings: settings,
        model: choice.model.map { cached($0, settings, replies) })
    } catch {
      throw SearchError(error.description)
    }
  }

  private static func cached(
    _ model: any ChatModel, _ settings: ModelSettings, _ replies: (any ReplyStore)?
  ) -> any ChatModel {
    guard settings.cache, let replies else { return model }
    return CachedModel(model, store: replies)
  }

  /// An author that says again what was recorded.
  ///
  /// - Parameters:
  ///   - name: what the recording is called in messages.
  ///   - isStrict: whether a request that was not recorded stops the search; else its candidate is refused.
  public static func replaying(
    _ exchanges: [ChatExchange], settings: ModelSettings, name: String, isStrict: Bool
  ) -> Author {
    guard let identity = exchanges.first?.identity else {
      return Author(
        explanation: "\(rewriterMark) writes all networks, because the run '\(name)' recorded no replies.",
        settings: settings)
    }
    return Author(
      explanation: "The replies of \(identity.description) are taken from the run '\(name)'.",
      settings: settings,
      model: RecordedModel(identity: identity, recording: name, exchanges: exchanges),
      // Requests must be what they were, whoever of several models answered them.
      isLocal: exchanges.contains { $0.request.responseSchema != nil }, stopsAtUnknown: isStrict)
  }

  /// The author within a budget, of which a part may have been spent by the exchanges so far.
  ///
  /// - Parameters:
  ///   - prices: what models cost.
  ///   - onNotice: told once when half and when four fifths of a limit are used.
  public func within(
    _ budget: ChatBudget?, spent exchanges: [ChatExchange], prices: PriceTable,
    onNotice: @escaping @Sendable (String) -> Void
  ) -> Author {
    var result = self
    result.prices = prices
    guard let budget, let model else { return result }
    result.model = BudgetedModel(
      model, budget: budget, spent: ChatSpending(exchanges), prices: prices,
      onWarning: { onNotice($0.description) })
    return result
  }

  /// What a bandit over the models holds against them, where the settings leave that open.
  public func banditCost(_ settings: ModelSettings, prices: PriceTable) -> ModelSettings.BanditCost {
    guard settings.banditCost == .auto else { return settings.banditCost }
    let known = sources.map { prices.price(of: $0) }
    return known.allSatisfy { $0.map { !$0.isFree } ?? false } ? .dollars : .tokens
  }

  /// This author with another model in the place of its own, which is asked in the same form.
  func asking(_ model: any ChatModel) -> Author {
    var result = self
    result.model = model
    return result
  }

  private init(
    explanation: String, settings: ModelSettings, model: (any ChatModel)? = nil, isLocal: Bool? = nil,
    stopsAtUnknown: Bool = true
  ) {
    self.explanation = explanation
    self.model = model
    self.stopsAtUnknown = stopsAtUnknown
    let locals = model?.sources.map { $0.provider == "local" } ?? []
    let isLocal = isLocal ?? locals.contains(true)
    form =
      switch settings.form {
      case .auto:
        isLocal
          ? .edits
          : model.map { ModelWriter.continuesText($0.identity) } == true ? .completion : .wholeProgram
      case .edits: .edits
      case .blocks: .blocks
      case .completion: .completion
      case .program: .wholeProgram
      }
    // The local server infers on one thread; more requests would only wait there.
    concurrency = settings.concurrency > 0 ? settings.concurrency : locals == [true] ? 1 : 4
  }

  /// What writes the candidates of a run.
  public func writer(
    _ configuration: RunConfiguration, data: DatasetSplit, prompts: PromptLibrary, log: any RunLog
  ) -> any CandidateWriter {
    let stream = RandomStream(seed: UInt64(bitPattern: Int64(configuration.seed)))
    let task = ImageTask(data)
    guard let model else {
      return RewriterWriter(task: task, prompts: prompts, search: configuration.search, stream: stream)
    }
    return ModelWriter(
      model: model, form: form, settings: configuration.model, search: configuration.search,
      limits: configuration.limits, task: task, prompts: prompts, log: log, stream: stream, prices: prices,
      stopsAtUnknown: stopsAtUnknown)
  }
}

extension ModelSettings {
  fileprivate var preference: ModelPreference {
    switch provider {
    case .local: .local
    case .rewriter: .none
    case .auto: endpoint.isEmpty && name.isEmpty ? .automatic : .endpoint(server(.openAI))
    case .openai: .endpoint(server(.openAI))
    case .openaiResponses: .endpoint(server(.openAIResponses))
    case .openaiCompletions: .endpoint(server(.openAICompletions))
    case .anthropic: .endpoint(server(.anthropic))
    case .ollama: .endpoint(server(.ollama))
    case .llamaServer: .endpoint(server(.llamaServer))
    case .llamaCompletion: .endpoint(server(.llamaCompletion))
    case .vllm: .endpoint(server(.vLLM))
    }
  }

  private func server(_ api: ModelAPI) -> ModelEndpoint {
    let lines = headers.map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      return (String(parts[0]), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
    }
    return ModelEndpoint(
      api: api, baseURL: endpoint.isEmpty ? nil : endpoint, model: name.isEmpty ? nil : name,
      keyVariable: keyVariable == ModelSettings().keyVariable || !keyFile.isEmpty ? nil : keyVariable,
      keyFile: keyFile.isEmpty ? nil : keyFile, headers: Dictionary(lines) { _, last in last },
      isStreamed: streaming == .auto ? nil : streaming == .always, timeoutSeconds: timeout,
      maximumRetries: retries)
  }
}

extension ChatSpending {
  /// What exchanges took that are over.
  init(_ exchanges: [ChatExchange]) {
    self.init(calls: exchanges.count)
    for exchange in exchanges {
      guard case .reply(let reply) = exchange.outcome else { continue }
      add(reply, cost: exchange.cost)
    }
  }
}
