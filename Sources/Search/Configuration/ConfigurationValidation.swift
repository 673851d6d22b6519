import Scoring

extension ConfigurationReader {
  /// The configuration itself, if every value is within its bounds.
  public static func validated(
    _ configuration: RunConfiguration
  ) throws(ConfigurationError) -> RunConfiguration {
    try check(configuration.workers, "workers", 0...1024)
    try checkData(configuration.data)
    try checkTraining(configuration.training)
    try checkArchive(configuration)
    try checkSearch(configuration.search)
    try checkRequests(configuration)
    try checkModel(configuration.model, "model")
    try checkModels(
      configuration.models, as: configuration.model,
      askedBy: configuration.isOfSpace ? [configuration.space.search.strategy] : [])
    try check(configuration.limits.parameters, "limits.parameters", 1...10_000_000_000)
    try check(configuration.limits.macs, "limits.macs", 1...1_000_000_000_000_000)
    try check(configuration.limits.memory, "limits.memory", 16...10_000_000)
    try checkBudget(configuration.budget)
    try checkSpace(configuration)
    let allowed = configuration.name.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0))
    }
    guard allowed, !configuration.name.hasPrefix("."), configuration.name.count <= 100 else {
      throw ConfigurationError(
        "'name' is '\(configuration.name)'; it becomes a folder, so use letters, digits, '-', '_' and '.' only."
      )
    }
    return configuration
  }

  /// The messages do not repeat what was given, which may hold a secret: a run's file is shown to others.
  private static func checkModel(_ model: ModelSettings, _ place: String) throws(ConfigurationError) {
    try check(model.maximumEdits, "\(place).maximum_edits", 1...16)
    try check(model.maximumTokens, "\(place).maximum_tokens", 0...1_000_000)
    try check(model.concurrency, "\(place).concurrency", 0...256)
    try check(model.timeout, "\(place).timeout", 0.1...86_400)
    try check(model.retries, "\(place).retries", 0...20)
    for header in model.headers {
      guard let colon = header.firstIndex(of: ":"), colon > header.startIndex else {
        throw ConfigurationError(
          "Each of '\(place).headers' must be a name, a colon and a value, such as 'X-Team: ${TEAM}'.")
      }
    }
    let isName = model.keyVariable.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    guard isName, model.keyVariable.first?.isNumber == false, model.keyVariable.count <= 64 else {
      throw ConfigurationError(
        "'\(place).key_variable' must be the name of an environment variable that holds the key, not the key itself."
      )
    }
    guard !model.endpoint.contains(where: { "@?#".contains($0) }) else {
      throw ConfigurationError(
        "'\(place).endpoint' must be an address without user name, password and query, since it is kept in the run's "
          + "file; a key belongs in the environment variable that '\(place).key_variable' names.")
    }
  }

  /// Checks several models.
  ///
  /// - Parameters:
  ///   - model: what the configuration calls `model`.
  ///   - strategies: those of a space that ask them; empty: none does.
  static func checkModels(
    _ models: [ModelServerSettings], as model: ModelSettings, askedBy strategies: [StudyArm.Strategy]
  ) throws(ConfigurationError) {
    guard models.count <= 64 else {
      throw ConfigurationError("'models' names \(models.count) models; 64 are the most.")
    }
    for (index, server) in models.enumerated() {
      let place = "models[\(index)]"
      guard server.provider != .rewriter else {
        throw ConfigurationError(
          "'\(place).provider' is the rewriter, which is no model; 'search.rewriter_share' gives it candidates."
        )
      }
      try checkModel(server.settings(as: model), place)
      try check(server.weight, "\(place).weight", 0...1e6)
      guard server.role == .any || strategies.contains(.collm) else {
        throw ConfigurationError(
          "'\(place).role' is \(server.role.rawValue), but only the strategy collm has such a role.")
      }
    }
    if models.contains(where: { $0.role != .any }) {
      for role in ModelServerSettings.Role.allCases where models.count(where: { $0.role == role }) > 1 {
        throw ConfigurationError(
          "'models' names two models of the role \(role.rawValue); where models have roles, each has one.")
      }
      guard model.combination == .fallback else {
        throw ConfigurationError("'model.combination' says nothing where 'models' have roles.")
      }
    }
    guard model.combination != .bandit || models.count > 1 else {
      throw ConfigurationError(
        "'model.combination' is bandit, which chooses among the models that 'models' lists; list two or more."
      )
    }
    guard models.isEmpty || models.contains(where: { $0.weight > 0 }) else {
      throw ConfigurationError("The weights of 'models' are all 0; give one of them a share.")
    }
  }

  private static func checkBudget(_ budget: BudgetSettings) throws(ConfigurationError) {
    for (name, value) in [
      ("calls", budget.calls), ("prompt_tokens", budget.promptTokens),
      ("completion_tokens", budget.completionTokens), ("evaluations", budget.evaluations),
    ] {
      try check(value, "budget.\(name)", 0...1_000_000_000_000)
    }
    try check(budget.dollars, "budget.dollars", 0...1_000_000)
    try check(budget.trainingSeconds, "budget.training_seconds", 0...1e12)
  }

  private static func checkData(_ data: DataSettings) throws(ConfigurationError) {
    try check(data.validationShare, "data.validation_share", 0.001...0.9)
    try check(data.trainingLimit, "data.training_limit", 0...1_000_000_000)
    try check(data.validationLimit, "data.validation_limit", 0...1_000_000_000)
  }

  private static func checkTraining(_ training: TrainingSettings) throws(ConfigurationError) {
    try check(training.epochs, "training.epochs", 1...100_000)
    try check(training.batchSize, "training.batch_size", 1...65_536)
    try check(training.learningRate, "training.learning_rate", 1e-12...1e6)
    try check(training.momentum, "training.momentum", 0...0.99999)
    try check(training.weightDecay, "training.weight_decay", 0...1e3)
    try check(training.gamma, "training.gamma", 1e-9...1)
    try check(training.labelSmoothing, "training.label_smoothing", 0...0.999)
    try check(training.cropPadding, "training.crop_padding", 0...64)
    for milestone in training.milestones { try check(milestone, "training.milestones", 1...100_000) }
    var previous = 0
    for epoch in training.fidelities {
      guard epoch > previous, epoch <= training.epochs else {
        throw ConfigurationError(
          "'training.fidelities' must be rising epochs between 1 and training.epochs, which is \(training.epochs); "
            + "\(epoch) does not fit.")
      }
      previous = epoch
    }
    try check(training.stopping.errorRate, "training.stopping.error_rate", 0.0001...0.5)
    try check(training.stopping.audit, "training.stopping.audit", 0...1)
    try check(training.stopping.stallSteps, "training.stopping.stall_steps", 0...1_000_000_000)
    try check(training.stopping.divergenceLoss, "training.stopping.divergence_loss", 0...1e9)
  }

  /// What a model is shown and asked for beyond the paper needs a search that has it.
  private static func checkRequests(_ configuration: RunConfiguration) throws(ConfigurationError) {
    let (search, archive) = (configuration.search, configuration.archive)
    for (name, isOn) in [
      ("inspirations", search.inspirations > 0), ("ask_for_niche", search.askForNiche > 0),
      ("prompt_evolution", search.promptEvolution > 0), ("network_archive", !search.networkArchive),
      ("prompt_archive", !search.promptArchive),
    ] where isOn && search.strategy != .llmatic {
      throw ConfigurationError(
        "'search.\(name)' belongs to the strategy llmatic; '\(search.strategy.rawValue)' has no use for it.")
    }
    if search.promptEvolution > 0, !search.promptArchive {
      throw ConfigurationError("'search.prompt_evolution' needs 'search.prompt_archive'.")
    }
    guard search.askForNiche > 0 else { return }
    guard archive.kind == .cvt || archive.kind == .grid else {
      throw ConfigurationError(
        "'search.ask_for_niche' needs an archive whose niches stay, of kind cvt or grid, not "
          + "\(archive.kind.rawValue).")
    }
    guard configuration.descriptors.contains(where: \.categories.isEmpty) else {
      throw ConfigurationError("'search.ask_for_niche' needs a descriptor that is no list of categories.")
    }
  }

  private static func checkSearch(_ search: SearchSettings) throws(ConfigurationError) {
    try check(search.generations, "search.generations", 1...1_000_000)
    try check(search.batch, "search.batch", 1...100_000)
    try check(search.initialNetworks, "search.initial_networks", 1...100_000)
    try check(search.initialPrompts, "search.initial_prompts", 1...100_000)
    try check(search.tournamentSize, "search.tournament_size", 1...1000)
    try check(search.exploration, "search.exploration", 0...1000)
    try check(search.mutationProbability, "search.mutation_probability", 0...1)
    try check(search.randomPromptProbability, "search.random_prompt_probability", 0...1)
    try check(search.initialTemperature, "search.initial_temperature", 0...1)
    try check(search.temperatureStep, "search.temperature_step", 0...1)
    try check(search.temperatureNoise, "search.temperature_noise", 0...1)
    try check(search.crossoverTemperature, "search.crossover_temperature", 0...1)
    try check(search.promptCells, "search.prompt_cells", 1...100_000)
    try check(search.topCount, "search.top_count", 1...1000)
    try check(search.population, "search.population", 1...100_000)
    try check(search.crossoverNetworks, "search.crossover_networks", 0...100_000)
    try check(search.crossoverParents, "search.crossover_parents", 2...8)
    try check(search.rewriterChanges, "search.rewriter_changes", 1...100)
    try check(search.randomChanges, "search.random_changes", 1...100)
    try check(search.repairRounds, "search.repair_rounds", 0...10)
    try check(search.inspirations, "search.inspirations", 0...10)
    try check(search.askForNiche, "search.ask_for_niche", 0...1)
    try check(search.promptEvolution, "search.prompt_evolution", 0...1)
    guard Set(search.repair).count == search.repair.count else {
      throw ConfigurationError("'search.repair' names a way of repairing twice.")
    }
    guard search.repairRounds == 0 || search.repair.contains(.model) else {
      throw ConfigurationError(
        "'search.repair_rounds' is \(search.repairRounds), but 'search.repair' lacks model.")
    }
    for name in search.proxies where Proxy(named: name) == nil {
      let hint = Spelling.closest(to: name, among: Proxy.allCases.map(\.rawValue)).map {
        " Did you mean '\($0)'?"
      }
      throw ConfigurationError(
        "'search.proxies': there is no proxy called '\(name)'; there are "
          + Proxy.allCases.map(\.rawValue).joined(separator: ", ") + ".\(hint ?? "")")
    }
    guard Set(search.mutations).count == search.mutations.count else {
      throw ConfigurationError("'search.mutations' names a prompt twice.")
    }
    try check(search.rewriterShare, "search.rewriter_share", 0...1)
    try check(search.minutes, "search.minutes", 0...10_000_000)
    try check(search.patience, "search.patience", 1...1_000_000)
  }

  static func check<Number: Comparable>(
    _ value: Number, _ name: String, _ bounds: ClosedRange<Number>
  ) throws(ConfigurationError) {
    guard bounds.contains(value) else {
      throw ConfigurationError(
        "'\(name)' is \(value); it must be between \(bounds.lowerBound) and \(bounds.upperBound).")
    }
  }
}
