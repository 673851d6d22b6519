import SearchSpaces

extension ConfigurationReader {
  /// Checks what a run says of a space, and that it says nothing that such a search has no use for.
  static func checkSpace(_ run: RunConfiguration) throws(ConfigurationError) {
    let space = run.space
    guard run.isOfSpace else {
      guard space == SpaceSettings() else {
        throw ConfigurationError("'space' has settings but no 'name'; there is nas-bench-201.")
      }
      return
    }
    do throws(SearchError) {
      _ = try run.nasBench201Task()
      if !space.constraint.isEmpty {
        _ = try SpaceConstraint(space.constraint, figureNames: NASBench201Space().figureNames)
      }
    } catch {
      throw ConfigurationError(error.description)
    }
    guard space.epochs == 12 || space.epochs == 200 else {
      throw ConfigurationError(
        "'space.epochs' is \(space.epochs); the table has accuracies after 12 and 200.")
    }
    let hasFidelities = [.successiveHalving, .hyperband, .bohb].contains(space.search.strategy)
    guard space.epochs == 200 || !hasFidelities else {
      throw ConfigurationError(
        "'space.search.strategy' is \(space.search.strategy.rawValue), which needs a lower fidelity: 'space.epochs: 200'."
      )
    }
    try check(space.target, "space.target", 0...1)
    try StudyReader.check(space.search, "of 'space.search'")
    try check(run.budget.evaluations, "budget.evaluations", 1...100_000_000)
    guard run.budget.trainingSeconds == 0 else {
      throw ConfigurationError("'budget.training_seconds' says nothing to a search in a table.")
    }
    guard !run.archive.hasFronts else {
      throw ConfigurationError(
        "'archive.objectives' says nothing to a search of a space, which has fitness alone.")
    }
    guard !run.archive.noise.isOn else {
      throw ConfigurationError(
        "'archive.noise' says nothing to a search of a space, whose table gives the same accuracy each time.")
    }
    var (data, search) = (run.data, run.search)
    data.name = DataSettings().name
    let plain = SearchSettings()
    (search.batch, search.minutes, search.prompts) = (plain.batch, plain.minutes, plain.prompts)
    for (name, isPlain, hint) in [
      ("data", data == DataSettings(), " but 'name'"),
      ("search", search == plain, " but 'batch', 'minutes' and 'prompts'; the strategy is 'space.search'"),
      ("training", run.training == TrainingSettings(), ""), ("limits", run.limits == LimitSettings(), ""),
    ] where !isPlain {
      throw ConfigurationError("'\(name)' says nothing to a search of a space\(hint).")
    }
  }
}
