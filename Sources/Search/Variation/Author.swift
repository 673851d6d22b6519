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
  private let model: (any ChatModel)?
  private let form: CandidateOrigin.Form

  /// Whether there is no language model.
  public var isRewriterAlone: Bool { model == nil }

  /// Finds the author that the settings and the environment name; a local model is started, and ends with this
  /// value.
  ///
  /// - Throws: where the model that was asked for cannot be used.
  public static func choose(
    _ settings: ModelSettings, discovery: ModelDiscovery = ModelDiscovery()
  ) async throws(SearchError) -> Author {
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
    return Author(explanation: choice.reason, settings: settings, model: model)
  }

  /// An author that says again what was recorded.
  ///
  /// - Parameter name: what the recording is called in messages.
  public static func replaying(_ exchanges: [ChatExchange], settings: ModelSettings, name: String) -> Author {
    guard let identity = exchanges.first?.identity else {
      return Author(
        explanation: "\(rewriterMark) writes all networks, because the run '\(name)' recorded no replies.",
        settings: settings)
    }
    return Author(
      explanation: "The replies of \(identity.description) are taken from the run '\(name)'.",
      settings: settings,
      model: RecordedModel(identity: identity, recording: name, exchanges: exchanges))
  }

  private init(explanation: String, settings: ModelSettings, model: (any ChatModel)? = nil) {
    self.explanation = explanation
    self.model = model
    let isLocal = model?.identity.provider == "local"
    form =
      switch settings.form {
      case .auto: isLocal ? .edits : .wholeProgram
      case .edits: .edits
      case .program: .wholeProgram
      }
    // The local server infers on one thread; more requests would only wait there.
    concurrency = settings.concurrency > 0 ? settings.concurrency : isLocal ? 1 : 4
  }

  /// What writes the candidates of a run.
  public func writer(
    _ configuration: RunConfiguration, data: DatasetSplit, prompts: PromptLibrary, log: any RunLog
  ) -> any CandidateWriter {
    let stream = RandomStream(seed: UInt64(bitPattern: Int64(configuration.seed)))
    let task = ImageTask(data)
    guard let model else { return RewriterWriter(task: task, prompts: prompts, stream: stream) }
    return ModelWriter(
      model: model, form: form, settings: configuration.model, task: task, prompts: prompts, log: log,
      stream: stream)
  }
}

extension ModelSettings {
  fileprivate var preference: ModelPreference {
    switch provider {
    case .local: .local
    case .rewriter: .none
    case .openai: named
    case .auto: endpoint.isEmpty && name.isEmpty ? .automatic : named
    }
  }

  private var named: ModelPreference {
    .openAICompatible(
      baseURL: endpoint.isEmpty ? nil : endpoint, model: name.isEmpty ? nil : name,
      apiKeyVariable: keyVariable == ModelSettings().keyVariable ? nil : keyVariable)
  }
}
