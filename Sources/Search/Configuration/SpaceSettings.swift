/// The space that a run searches in the place of networks written as code, and how.
///
/// Architectures are looked up in the space's table; nothing is trained.
public struct SpaceSettings: Codable, Sendable, Hashable {
  /// The spaces with a table.
  public enum Name: String, Codable, Sendable, CaseIterable {
    /// None: networks are written as source and trained.
    case none
    case nasBench201 = "nas-bench-201"
  }

  /// The space.
  public var name = Name.none
  /// Who measured the accuracies after 200 epochs; figures of different ones do not mix.
  public var family = StudyConfiguration.Family.natsBench
  /// After how many epochs accuracies are those that the search is for: 12 or 200.
  public var epochs = 200
  /// What the best must fulfil, such as `parameters < 1e6`; empty: nothing.
  public var constraint = ""
  /// The search ends with a validation accuracy, as a share, that reaches this; 0: it does not.
  public var target = 0.0
  /// The strategy with its settings.
  public var search = StudyArm(.regularizedEvolution, deduplicate: .genotype)

  /// No space.
  public init() {}
}

extension RunConfiguration {
  /// Whether the run searches a space in the place of networks written as code.
  public var isOfSpace: Bool { space.name != .none }

  /// What fitness is measured on, which figures that are compared must share: the data set, and of a table's figures
  /// whose measurement they are.
  public var measurement: String {
    guard isOfSpace else { return data.name }
    let family = space.epochs == 200 ? " by \(space.family.rawValue)" : ""
    return "\(data.name) (\(space.name.rawValue)'s table\(family), \(space.epochs) epochs)"
  }
}
