public import LanguageModels
import RandomStreams
import SearchSpaces

/// What the arms of a study need that ask models, or have stand-ins in their places.
public struct StudyModels: Sendable {
  /// The prompts.
  public var prompts: PromptLibrary
  /// Who is asked; nil: nobody, so that only arms without a language model can be run.
  public var model: (any ChatModel)?
  /// Which of its models is asked for what; nil: that is left to itself.
  var roles: ModelRoles?

  /// Prompts, and who is asked with them.
  public init(prompts: PromptLibrary, model: (any ChatModel)? = nil) {
    self.prompts = prompts
    self.model = model
  }
}

extension StudyArm.Strategy {
  /// Whether it speaks with models, be they built in.
  public var usesPrompts: Bool {
    switch self {
    case .collm, .collmStatistics, .singleModel, .modelOptimizer, .llmatic, .llmaticOperators: true
    default: false
    }
  }

  /// Whether it needs a language model.
  public var asksModel: Bool { usesPrompts && self != .collmStatistics && self != .llmaticOperators }

  /// Whether it evaluates nothing twice, so that repetitions must be told.
  var evaluatesOnce: Bool { usesPrompts && self != .llmatic && self != .llmaticOperators }
}

extension StudyArm {
  /// Who remembers in CoLLM-NAS.
  public enum Memory: String, Codable, Sendable, CaseIterable {
    case navigator, generator, both, none
  }

  /// The settings of CoLLM-NAS.
  func collmSettings(constraint: String) -> CoLLMSettings {
    var settings = CoLLMSettings()
    settings.isSingle = strategy == .singleModel
    for role in [\CoLLMSettings.navigator, \CoLLMSettings.generator] {
      settings[keyPath: role].temperature = temperature
      settings[keyPath: role].maximumTokens = maximumTokens
      settings[keyPath: role].contextTokens = contextTokens > 0 ? contextTokens : nil
    }
    settings.navigator.remembers = memory == .navigator || memory == .both
    settings.generator.remembers = memory == .generator || memory == .both
    settings.candidates = max(1, candidates / 2)...max(1, candidates)
    settings.constraint = constraint
    settings.tellsMistakes = tellsMistakes
    settings.naming = naming
    return settings
  }
}

extension StudyArm {
  /// The strategy, at its beginning, whether it has to wait for models or not.
  ///
  /// - Throws: where there are no prompts or no model for a strategy that needs them.
  func makeAwaitedStrategy<Space: ChoiceSpace>(
    for space: Space, fidelities: [SpaceFidelity], archive: SpaceArchive, constraint: String,
    target: Double? = nil, models: StudyModels?, stream: RandomStream
  ) throws(SearchError) -> any AsyncSpaceStrategy<Space> {
    guard strategy.usesPrompts else {
      func awaited(_ base: some SpaceStrategy<Space>) -> any AsyncSpaceStrategy<Space> {
        ImmediateStrategy(base)
      }
      return awaited(
        try makeStrategy(for: space, fidelities: fidelities, archive: archive, stream: stream))
    }
    guard let models else { throw SearchError("The strategy '\(title)' needs prompts, and has none.") }
    var settings = collmSettings(constraint: constraint)
    settings.target = target
    settings.navigator.recipient = models.roles?.recipient(of: strategy == .collm ? .navigator : .any)
    settings.generator.recipient = models.roles?.recipient(of: strategy == .collm ? .generator : .any)
    if strategy == .collmStatistics {
      let vocabulary = SpaceVocabulary(space.choices, naming: settings.naming, stream: stream)
      let most = settings.candidates.upperBound
      return try CoLLMSearch(
        space: space, navigator: StatisticsNavigator(vocabulary, measure: settings.measure),
        generator: DirectedGenerator(vocabulary, count: (settings.candidates.lowerBound + most) / 2),
        settings: settings, prompts: models.prompts, stream: stream)
    }
    if strategy == .llmaticOperators {
      return try LLMaticSpaceSearch(
        space: space, archive: archive, model: nil, settings: settings, batch: population, initial: initial,
        prompts: models.prompts, stream: stream)
    }
    guard let model = models.model else {
      throw SearchError(
        "The strategy '\(title)' asks a language model, and there is none; 'niche models' says which can be reached."
      )
    }
    if strategy == .llmatic {
      return try LLMaticSpaceSearch(
        space: space, archive: archive, model: model, settings: settings, batch: population, initial: initial,
        prompts: models.prompts, stream: stream)
    }
    if strategy == .modelOptimizer {
      return try ModelOptimizer(
        space: space, model: model, settings: settings, shown: shown, prompts: models.prompts, stream: stream)
    }
    return try CoLLMSearch(
      space: space, navigator: model, generator: model, settings: settings, prompts: models.prompts,
      stream: stream)
  }
}

extension StudyTask {
  /// Runs one search of any strategy to the last budget.
  ///
  /// - Throws: also where a limit on the model is reached before that: the search is not finished then.
  func cell(
    _ arm: StudyArm, seed: Int, study: StudyConfiguration, archive: SpaceArchive, key: String,
    models: StudyModels?
  ) async throws(SearchError) -> StudyCell {
    guard arm.strategy.usesPrompts else {
      return try cell(arm, seed: seed, study: study, archive: archive, key: key)
    }
    var search = try search(arm, study: study, archive: archive)
    var strategy = try arm.makeAwaitedStrategy(
      for: evaluator.space, fidelities: evaluator.fidelities, archive: archive, constraint: study.constraint,
      models: models, stream: stream(arm, seed: seed))
    try await search.run(awaiting: &strategy)
    // Not a search to the end: it is gone on with where more may be asked.
    if strategy.isOutOfBudget, let ending = strategy.ending {
      throw SearchError(ending, isEndOfBudget: true)
    }
    return try cell(
      of: search, arm: arm.title, seed: seed, budgets: study.budgets, archive: archive, key: key)
  }
}
