import Foundation
import Search

extension Comparison {
  /// Refuses what no comparison comes of: fewer than two groups, a run that is named twice, a search that counts as
  /// several samples of itself, and accuracies on different data.
  static func check(_ groups: [ComparisonGroup]) throws(SearchError) {
    guard groups.count > 1, groups.allSatisfy({ !$0.members.isEmpty }) else {
      throw SearchError("A comparison needs at least two runs, saved archives or groups of them.")
    }
    try checkPlaces(groups)
    for group in groups { try checkSamples(group) }
    let data = groups.flatMap(\.members).compactMap { member in member.data.map { (member.name, $0) } }
    if let first = data.first, let other = data.first(where: { $0.1 != first.1 }) {
      throw SearchError(
        "'\(first.0)' was measured on \(first.1) and '\(other.0)' on \(other.1); accuracies on different data sets "
          + "cannot be compared.")
    }
  }

  private static func checkPlaces(_ groups: [ComparisonGroup]) throws(SearchError) {
    var seen: [String: String] = [:]
    for group in groups {
      for member in group.members {
        guard let other = seen.updateValue(group.name, forKey: member.place) else { continue }
        let place =
          other == group.name ? "twice in the group '\(other)'" : "in both '\(other)' and '\(group.name)'"
        throw SearchError(
          groups.allSatisfy { $0.members.count == 1 }
            ? "'\(member.name)' (\(member.place)) is named twice; name it once."
            : "'\(member.name)' (\(member.place)) is \(place); name it once.")
      }
    }
  }

  /// Tests take the runs of a group as independent samples, which the same search with the same seed is not.
  private static func checkSamples(_ group: ComparisonGroup) throws(SearchError) {
    for (place, member) in group.members.enumerated() {
      guard let other = group.members[..<place].first(where: { $0.isSample(of: member) }) else { continue }
      throw SearchError(
        "'\(other.name)' and '\(member.name)' of the group '\(group.name)' "
          + (member.seed.map { "are one search with one seed, \($0), which is" }
            ?? "hold the same elites, which makes them")
          + " one sample and not two; give each run a seed of its own, or name one of them.")
    }
  }
}

extension ComparisonSource {
  /// Where it is, links followed.
  fileprivate var place: String {
    let path =
      switch self {
      case .run(let run): run.folder
      case .archive(let archive): archive.path
      }
    return URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
  }

  /// Whether both are the same search with the same seed; of saved archives, which do not say what searched them,
  /// whether they hold the same elites.
  fileprivate func isSample(of other: ComparisonSource) -> Bool {
    if let seed, let otherSeed = other.seed, seed != otherSeed { return false }
    if let configuration, let others = other.configuration {
      return configuration.withoutSeed == others.withoutSeed
    }
    let (mine, theirs) = (values, other.values)
    return !mine.isEmpty && mine == theirs
  }

  /// The elites' fitness and measures, in an order that does not depend on that of the file.
  private var values: [[Double]] {
    let values: [[Double]] =
      switch self {
      case .run(let run):
        run.elites.map { [$0.record.fitness ?? .nan] + ($0.record.measures ?? []) }
      case .archive(let archive): archive.rows.map { [$0.objective] + $0.measures }
      }
    return values.sorted { $0.lexicographicallyPrecedes($1) }
  }
}
