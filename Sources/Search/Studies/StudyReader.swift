/// Reads studies from YAML, with the strictness and the messages of run configurations.
public enum StudyReader {
  /// The study in a YAML text; what it leaves out keeps its default.
  public static func read(_ yaml: String) throws(ConfigurationError) -> StudyConfiguration {
    try validated(
      try ConfigurationReader.decode(yaml, over: StudyConfiguration(), shape: .study) ?? StudyConfiguration())
  }

  /// The study itself, if every value is within its bounds.
  public static func validated(
    _ study: StudyConfiguration
  ) throws(ConfigurationError) -> StudyConfiguration {
    let isName = study.name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    guard isName, !study.name.hasPrefix("."), study.name.count <= 100 else {
      throw ConfigurationError(
        "'name' is '\(study.name)'; it becomes a folder, so use letters, digits, '-', '_' and '.' only.")
    }
    try check(study.seeds, "seeds", 1...100_000)
    try check(study.firstSeed, "first_seed", 0...1_000_000_000)
    try check(study.data.count, "the number of data sets", 1...100)
    if let twice = repeated(study.data) {
      throw ConfigurationError("The data set '\(twice)' is given twice.")
    }
    try check(study.budgets.count, "the number of budgets", 1...20)
    for (index, budget) in study.budgets.enumerated() {
      try check(budget, "budgets", 1...1_000_000)
      guard index == 0 || budget > study.budgets[index - 1] else {
        throw ConfigurationError("'budgets' must rise; \(budget) does not.")
      }
    }
    try check(study.reach.count, "the number of values of 'reach'", 0...10)
    for points in study.reach { try check(points, "reach", 0...100) }
    try check(study.archive.descriptors.count, "the number of descriptors", 1...8)
    guard study.budget.evaluations == 0, study.budget.trainingSeconds == 0 else {
      throw ConfigurationError("A study's 'budget' limits language models alone; evaluations are 'budgets'.")
    }
    try ConfigurationReader.checkModels(study.models, as: study.model, askedBy: study.arms.map(\.strategy))
    for axis in study.archive.descriptors { try check(axis.bins, "bins of '\(axis.name)'", 1...10_000) }
    try checkArms(study)
    return study
  }

  private static func checkArms(_ study: StudyConfiguration) throws(ConfigurationError) {
    try check(study.arms.count, "the number of arms", 1...100)
    let titles = study.arms.map(\.title)
    if let twice = repeated(titles) {
      throw ConfigurationError("Two arms are called '\(twice)'; give one of them a 'name'.")
    }
    guard titles.contains(study.baselineName) else {
      let hint = Spelling.closest(to: study.baseline, among: titles).map { "; did you mean '\($0)'?" }
      throw ConfigurationError(
        "'baseline' is '\(study.baseline)', but no arm is called that\(hint ?? "; there are \(titles.joined(separator: ", ")).")"
      )
    }
    for arm in study.arms { try check(arm, "of the arm '\(arm.title)'") }
  }

  /// Checks an arm's settings.
  static func check(_ arm: StudyArm, _ place: String) throws(ConfigurationError) {
    guard arm.title.utf8.count <= 60, !arm.title.contains(where: \.isNewline) else {
      throw ConfigurationError("The name \(place) must be one line of 60 bytes at most.")
    }
    if let key = arm.uselessKeys.first {
      throw ConfigurationError("'\(key)' \(place) says nothing to the strategy \(arm.strategy.rawValue).")
    }
    guard !arm.strategy.evaluatesOnce || arm.deduplicate != .off else {
      throw ConfigurationError(
        "'deduplicate' \(place) must be genotype or network: \(arm.strategy.rawValue) evaluates nothing twice."
      )
    }
    try check(arm.candidates, "'candidates' \(place)", 1...1000)
    try check(arm.shown, "'shown' \(place)", 1...10_000)
    try check(arm.temperature, "'temperature' \(place)", 0...2)
    try check(arm.maximumTokens, "'maximum_tokens' \(place)", 1...1_000_000)
    try check(arm.contextTokens, "'context_tokens' \(place)", 0...100_000_000)
    try check(arm.population, "'population' \(place)", 1...100_000)
    try check(arm.sample, "'sample' \(place)", 1...100_000)
    try check(arm.learningRate, "'learning_rate' \(place)", 0...100)
    try check(arm.baselineDecay, "'baseline_decay' \(place)", 0...0.999999)
    try check(arm.factor, "'factor' \(place)", 2...1000)
    try check(arm.samples, "'samples' \(place)", 1...10_000)
    try check(arm.randomShare, "'random_share' \(place)", 0...1)
    try check(arm.minimumBandwidth, "'minimum_bandwidth' \(place)", 0...1)
    try check(arm.initial, "'initial' \(place)", 1...100_000)
    try check(arm.eliteShare, "'elite_share' \(place)", 0...1)
    try check(arm.mutationShare, "'mutation_share' \(place)", 0...1)
  }

  private static func check<Number: Comparable>(
    _ value: Number, _ name: String, _ bounds: ClosedRange<Number>
  ) throws(ConfigurationError) {
    guard bounds.contains(value) else {
      let name = name.contains("'") || name.contains(" ") ? name : "'\(name)'"
      throw ConfigurationError(
        "\(name) is \(value); it must be between \(bounds.lowerBound) and \(bounds.upperBound).")
    }
  }

  private static func repeated(_ names: [String]) -> String? {
    var seen: Set<String> = []
    return names.first { !seen.insert($0).inserted }
  }
}
