import PythonSyntax
import QualityDiversity
import TorchFrontend
import Training

extension ConfigurationReader {
  /// Checks the archive, its axes, and what of the search goes together with them.
  static func checkArchive(_ configuration: RunConfiguration) throws(ConfigurationError) {
    let (archive, axes) = (configuration.archive, configuration.descriptors)
    try check(
      archive.cells, "archive.cells", 1...(archive.kind == .cvt ? ArchiveLimits.voronoiCells : 1_000_000))
    try check(archive.depth, "archive.depth", 1...ArchiveLimits.depth)
    try check(archive.thresholdRate, "archive.threshold_rate", 0...1)
    try check(archive.thresholdMinimum, "archive.threshold_minimum", -1e9...1e9)
    try check(archive.remapFrequency, "archive.remap_frequency", 1...1_000_000)
    try check(archive.remapMemory, "archive.remap_memory", 2...1_000_000)
    try check(archive.neighbours, "archive.neighbours", 1...ArchiveLimits.neighbours)
    try check(archive.noveltyThreshold, "archive.novelty_threshold", 0...1000)
    try check(axes.count, "the number of descriptors", 1...8)
    for (index, axis) in axes.enumerated() {
      guard !axes[..<index].contains(where: { $0.name == axis.name }) else {
        throw ConfigurationError(
          "The descriptor '\(axis.name)' is given twice; each axis must measure something else.")
      }
      try checkAxis(axis, configuration.vocabulary)
    }
    try checkDimensions(archive, axes)
    try checkObjectives(archive)
    try check(archive.noise.scores, "archive.noise.scores", 1...1000)
    try check(archive.noise.confidence, "archive.noise.confidence", 0...100)
    try check(archive.noise.deviation, "archive.noise.deviation", 0...1)
    try checkTogether(configuration)
  }

  /// Checks the objectives beside fitness, and how long fronts are.
  private static func checkObjectives(_ archive: ArchiveSettings) throws(ConfigurationError) {
    try check(archive.front, "archive.front", 1...ArchiveLimits.front)
    try check(
      archive.objectives.count, "the number of 'archive.objectives'", 0...ArchiveLimits.objectives - 1)
    guard !archive.hasFronts || archive.front >= 2 * (archive.objectives.count + 1) else {
      throw ConfigurationError(
        "'archive.front' must be at least \(2 * (archive.objectives.count + 1)), twice the number of objectives with "
          + "fitness, so that the best in each is never crowded out.")
    }
    for (index, objective) in archive.objectives.enumerated() {
      guard !archive.objectives[..<index].contains(where: { $0.name == objective.name }) else {
        throw ConfigurationError("The objective '\(objective.name)' is given twice.")
      }
      guard objective.name != "fitness" else {
        throw ConfigurationError(
          "'archive.objectives' are those beside fitness, which is the first in any case; leave it out.")
      }
      try checkFormula(objective.descriptor, "Objective")
      guard objective.worst.isFinite, objective.best.isFinite, objective.worst != objective.best,
        (objective.best - objective.worst).isFinite
      else {
        throw ConfigurationError(
          "Objective '\(objective.name)' needs two finite numbers that differ: 'worst', which counts 0, and 'best', "
            + "which counts 1.")
      }
      guard objective.scale == .linear || min(objective.worst, objective.best) > 0 else {
        throw ConfigurationError(
          "Objective '\(objective.name)' has a log scale, so 'worst' and 'best' must be positive.")
      }
    }
  }

  /// Checks what an axis or an objective is called and measures.
  private static func checkFormula(
    _ measured: DescriptorSettings, _ kind: String, _ vocabulary: Formula.Vocabulary = Descriptor.vocabulary
  ) throws(ConfigurationError) {
    guard !measured.name.isEmpty, measured.name.utf8.count <= 100,
      !measured.name.contains(where: \.isNewline)
    else {
      throw ConfigurationError(
        "Each \(kind.lowercased()) needs a 'name' of one line, which is what is measured unless 'formula' is."
      )
    }
    do {
      _ = try Descriptor(measured, vocabulary: vocabulary)
    } catch {
      // The message has the unknown name in quotes.
      let unknown = error.message.split(separator: "'").dropFirst().first.map(String.init)
      let known = vocabulary.figures.sorted()
      let hint =
        error.identifier == "formula.name"
        ? unknown.flatMap { Spelling.closest(to: $0, among: known) }.map { " Did you mean '\($0)'?" } : nil
      throw ConfigurationError(
        "\(kind) '\(measured.name)': \(error.message)\(error.hint.map { "; \($0)" } ?? "").\(hint ?? "")"
      )
    }
  }

  private static func checkAxis(
    _ axis: DescriptorSettings, _ vocabulary: Formula.Vocabulary
  ) throws(ConfigurationError) {
    try checkFormula(axis, "Descriptor", vocabulary)
    try check(axis.bins, "the bins of the descriptor '\(axis.name)'", 0...10_000)
    if !axis.categories.isEmpty {
      do {
        _ = try MeasureAxis(name: axis.name, categories: axis.categories)
      } catch {
        throw ConfigurationError("Descriptor '\(axis.name)': \(error).")
      }
    }
    guard axis.lower.isFinite, axis.upper.isFinite, axis.lower < axis.upper else {
      throw ConfigurationError("Descriptor '\(axis.name)' needs finite bounds with lower below upper.")
    }
    guard axis.scale == .linear || axis.lower > 0 else {
      throw ConfigurationError(
        "Descriptor '\(axis.name)' has a log scale, so its lower bound must be positive.")
    }
  }

  private static func checkDimensions(
    _ archive: ArchiveSettings, _ axes: [DescriptorSettings]
  ) throws(ConfigurationError) {
    guard archive.dimensions.isEmpty || archive.dimensions.count == axes.count else {
      throw ConfigurationError(
        "'archive.dimensions' has \(archive.dimensions.count) numbers but there are \(axes.count) descriptors; give one "
          + "for each, or none and each descriptor its 'bins'."
      )
    }
    for dimension in archive.dimensions { try check(dimension, "archive.dimensions", 1...10_000) }
    var cells = 1
    for (index, axis) in axes.enumerated() {
      let own = axis.categories.isEmpty ? axis.bins : axis.categories.count
      cells *= own > 0 ? own : archive.dimensions.isEmpty ? 1 : archive.dimensions[index]
      try check(cells, "the number of cells along all axes together", 1...10_000_000)
    }
  }

  /// What an archive has no place for.
  private static func checkTogether(_ configuration: RunConfiguration) throws(ConfigurationError) {
    let archive = configuration.archive
    let hasCells = archive.kind == .cvt || archive.kind == .grid
    guard hasCells || (archive.depth == 1 && archive.thresholdRate == 1) else {
      throw ConfigurationError(
        "'archive.depth' and 'archive.threshold_rate' need an archive of kind cvt or grid, not \(archive.kind.rawValue)."
      )
    }
    guard archive.depth == 1 || archive.thresholdRate == 1 else {
      throw ConfigurationError(
        "'archive.depth' and 'archive.threshold_rate' cannot be used together; leave one of them at 1.")
    }
    guard !archive.hasFronts || (hasCells && archive.depth == 1 && archive.thresholdRate == 1) else {
      throw ConfigurationError(
        "'archive.objectives' needs an archive of kind cvt or grid with 'depth' and 'threshold_rate' 1.")
    }
    guard
      !archive.noise.isOn
        || (hasCells && archive.depth == 1 && archive.thresholdRate == 1 && !archive.hasFronts)
    else {
      throw ConfigurationError(
        "'archive.noise' needs an archive of kind cvt or grid with 'depth' and 'threshold_rate' 1 and no 'objectives'."
      )
    }
    guard !archive.noise.isOn || configuration.training.inheritance == .none else {
      throw ConfigurationError(
        "'archive.noise' trains networks again from new weights, so 'training.inheritance' must be none.")
    }
    if archive.hasFronts || archive.noise.isOn, !configuration.search.networkArchive {
      throw ConfigurationError("'archive.objectives' and 'archive.noise' need 'search.network_archive'.")
    }
    let hasCategories = configuration.descriptors.contains { !$0.categories.isEmpty }
    guard hasCells || !hasCategories else {
      throw ConfigurationError(
        "Descriptors with categories need an archive of kind cvt or grid, not \(archive.kind.rawValue).")
    }
    if archive.kind == .proximity, configuration.search.parents == .bandit {
      throw ConfigurationError(
        "'search.parents' cannot be bandit with a proximity archive, which has no niches; use novelty or uniform."
      )
    }
    guard !configuration.training.fidelities.isEmpty else { return }
    guard hasCells, archive.depth == 1, archive.thresholdRate == 1, !archive.hasFronts, !archive.noise.isOn
    else {
      throw ConfigurationError(
        "'training.fidelities' needs niches with one elite each: an archive of kind cvt or grid with 'depth' and "
          + "'threshold_rate' 1, no 'objectives' and no 'noise'.")
    }
    if let axis = configuration.descriptors.first(where: { (try? Descriptor($0))?.isKnownLate ?? false }) {
      throw ConfigurationError(
        "'training.fidelities' needs niches that are known before training, but the descriptor '\(axis.name)' names "
          + "what only training gives or a proxy.")
    }
  }
}
