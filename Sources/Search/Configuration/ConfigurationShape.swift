/// What kind of value each key of a configuration takes, by its path without positions, such as
/// `descriptors.scale`; read off the types themselves, so that no table can fall behind them.
struct ConfigurationShape: Sendable {
  /// The kinds of value.
  enum Kind: Sendable, Hashable {
    case whole, number, text, flag
    case choice([String])
  }

  private var kinds: [String: Kind] = [:]

  /// The shape of a run's configuration.
  static let run = ConfigurationShape(RunConfiguration())

  /// The shape of a study.
  static let study = ConfigurationShape(StudyConfiguration())

  private init(_ configuration: some Any) { add(configuration, path: "") }

  /// The kind of the value at that path; nil where it is none that stands alone.
  func kind(at path: String) -> Kind? {
    var name = ""
    var isPosition = false
    for letter in path {
      if letter == "[" { isPosition = true }
      if !isPosition { name.append(letter) }
      if letter == "]" { isPosition = false }
    }
    return kinds[name]
  }

  private mutating func add(_ value: Any, path: String) {
    switch value {
    case is [ModelServerSettings] where type(of: value) == [ModelServerSettings].self:
      add(ModelServerSettings(), path: path)
    case is [ObjectiveSettings] where type(of: value) == [ObjectiveSettings].self:
      add(ObjectiveSettings(), path: path)
    // By its exact type, since an empty list can be cast to any other.
    case let names as [String] where type(of: value) == [String].self || !names.isEmpty: kinds[path] = .text
    case is [SearchSettings.RepairMethod] where type(of: value) == [SearchSettings.RepairMethod].self:
      kinds[path] = .choice(Self.names(SearchSettings.RepairMethod.heal))
    case is Int, is [Int]: kinds[path] = .whole
    case is Double, is [Double]: kinds[path] = .number
    case is Bool: kinds[path] = .flag
    case is String: kinds[path] = .text
    case let choice as any (CaseIterable & RawRepresentable<String>):
      kinds[path] = .choice(Self.names(choice))
    case let arms as [StudyArm]: if let arm = arms.first { add(arm, path: path) }
    case let axes as [DescriptorSettings]: if let axis = axes.first { add(axis, path: path) }
    default:
      for child in Mirror(reflecting: value).children {
        guard let label = child.label else { continue }
        let name = Self.snakeCase(label)
        add(child.value, path: path.isEmpty ? name : "\(path).\(name)")
      }
    }
  }

  private static func names<Choice: CaseIterable & RawRepresentable<String>>(_ choice: Choice) -> [String] {
    Choice.allCases.map(\.rawValue)
  }

  private static func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
  }
}
