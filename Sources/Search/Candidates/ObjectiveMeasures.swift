/// Measures the objectives beside fitness of a run's networks.
struct ObjectiveMeasures: Sendable {
  private let settings: [ObjectiveSettings]
  private let descriptors: [Descriptor]

  /// The objectives of a configuration.
  ///
  /// - Throws: where a formula cannot be read or names what is not known.
  init(_ configuration: RunConfiguration) throws(SearchError) {
    settings = configuration.archive.objectives
    descriptors = try configuration.makeObjectives()
  }

  /// None.
  init() { (settings, descriptors) = ([], []) }

  /// What formulas give of a network; nil where there are no objectives, or one is not known or no finite number.
  func values(of network: NetworkDescription, training: TrainingOutcome?) -> [Double]? {
    settings.isEmpty ? nil : descriptors.measures(of: network, training: training)
  }

  /// The first objective that a network has no place on, as a sentence; nil where all have one or are not known yet.
  func objection(to network: NetworkDescription, training: TrainingOutcome?) -> String? {
    for (settings, descriptor) in zip(settings, descriptors) {
      guard let value = descriptor.value(of: network, training: training) else { continue }
      guard value.isFinite, settings.standing(of: value).isFinite else {
        return
          "Its objective '\(settings.name)' is \(value.isNaN ? "not a number" : "\(value)"), by which it cannot be ranked."
      }
    }
    return nil
  }
}

extension RunConfiguration {
  /// What the objectives beside fitness measure.
  ///
  /// - Throws: where a formula cannot be read or names what is not known.
  public func makeObjectives() throws(SearchError) -> [Descriptor] {
    try Self.descriptors(archive.objectives.map(\.descriptor), "Objective")
  }
}
