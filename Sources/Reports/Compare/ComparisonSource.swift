import Search
import Training

/// What takes part in a comparison: a run, or an archive that was saved.
public enum ComparisonSource: Sendable {
  /// A run with the log behind its archive.
  case run(RunSnapshot)
  /// Elites alone.
  case archive(SavedArchive)

  /// What it is called.
  public var name: String {
    switch self {
    case .run(let run): run.header.name
    case .archive(let archive): archive.name
    }
  }

  /// The seed of the search; nil where it is not known.
  public var seed: Int? {
    switch self {
    case .run(let run): run.header.configuration.seed
    case .archive(let archive): archive.seed
    }
  }

  /// The data set that fitness was measured on; nil where it is not known.
  var data: String? {
    switch self {
    case .run(let run): run.header.configuration.measurement
    case .archive(let archive): archive.measurement
    }
  }

  /// The configuration of a run.
  var configuration: RunConfiguration? {
    guard case .run(let run) = self else { return nil }
    return run.header.configuration
  }

  /// How many images fitness was measured on; nil where it is not known.
  var validationImages: Int? {
    if let configuration, configuration.isOfSpace {
      return try? configuration.nasBench201Task().validationImages
    }
    guard let data = configuration?.data, let name = DatasetName(rawValue: data.name) else { return nil }
    let share = Int((Double(name.trainingImages) * data.validationShare).rounded())
    return max(1, data.validationLimit > 0 ? min(data.validationLimit, share) : share)
  }
}

extension DatasetName {
  /// How many images are published for training.
  fileprivate var trainingImages: Int {
    switch self {
    case .fashionMNIST, .mnist: 60_000
    case .cifar10, .cifar100: 50_000
    }
  }
}

/// Runs that are taken as one: those of a search with several seeds.
public struct ComparisonGroup: Sendable {
  /// What it is called.
  public var name: String
  /// Its runs.
  public var members: [ComparisonSource]

  /// A group of that name.
  public init(name: String, members: [ComparisonSource]) {
    self.name = name
    self.members = members
  }

  /// Groups of runs whose configurations agree but for seed and name; the others are groups of one.
  ///
  /// Where that would leave a single group there is nothing to compare, and each is taken for itself.
  public static func grouping(_ sources: [ComparisonSource]) -> [ComparisonGroup] {
    var groups: [(key: RunConfiguration?, members: [ComparisonSource])] = []
    for source in sources {
      let key = source.configuration?.withoutSeed
      let place = key.flatMap { key in groups.firstIndex { $0.key == key } }
      // The same seed twice is the same run, not another sample.
      if let place, !groups[place].members.contains(where: { $0.seed == source.seed }) {
        groups[place].members.append(source)
      } else {
        groups.append((key, [source]))
      }
    }
    if groups.count == 1 { return named(sources.map { ComparisonGroup(name: $0.name, members: [$0]) }) }
    return named(
      groups.map { ComparisonGroup(name: commonName($0.members.map(\.name)), members: $0.members) })
  }

  /// The groups with names that differ.
  public static func named(_ groups: [ComparisonGroup]) -> [ComparisonGroup] {
    var seen: Set<String> = []
    return groups.map { group in
      var result = group
      var number = 2
      while !seen.insert(result.name).inserted {
        result.name = "\(group.name) (\(number))"
        number += 1
      }
      return result
    }
  }

  /// What names have in common at their beginning, such as `llm` of `llm-1` and `llm-2`; else the first name.
  static func commonName(_ names: [String]) -> String {
    guard let first = names.first, names.count > 1 else { return names.first ?? "" }
    var common = first[...]
    for name in names { while !name.hasPrefix(common) { common = common.dropLast() } }
    while let last = common.last, last.isNumber || "-_. ".contains(last) { common = common.dropLast() }
    for ending in ["-seed", "_seed", ".seed", "-s", "_s"] where common.hasSuffix(ending) {
      common = common.dropLast(ending.count)
    }
    return common.isEmpty ? "\(first) and \(names.count - 1) more" : String(common)
  }
}

extension RunConfiguration {
  /// The configuration but for what tells runs of one search apart, or changes nothing that is found.
  var withoutSeed: RunConfiguration {
    var result = self
    (result.name, result.seed, result.workers, result.data.path) = ("", 0, 0, "")
    return result
  }
}
