import ArgumentParser
import Foundation
import Reports
import Search

/// `niche compare`: runs, groups of runs and saved archives niche by niche, or two elites side by side.
struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare runs: which found better networks, where, and whether it could be chance.",
    discussion: """
      Each of RUNS is a run, or an archive that was saved (elites.json or a table of measures, also of pyribs). Runs \
      whose configurations agree but for seed and name are taken as one group; --group says which belong together. All \
      are placed on the first run's axes and cells, or on those of --like or --axes.
      """)

  @Argument(help: "Runs, or files of saved archives.")
  var runs: [String] = []

  @Option(
    help: ArgumentHelp("Runs to take as one: NAME=RUN,RUN,…; once for each group.", valueName: "name=runs"))
  var group: [String] = []

  @Option(help: "Compare on the axes and cells of this run.")
  var like: String?

  @Option(
    help: "Compare on a grid over these axes: NAME=LOWER:UPPER:CELLS,…; ':log' behind spaces them by ratios.")
  var axes: String?

  @Option(help: "Differences of fitness up to this are ties; 0 takes all. Default: a test at 95 %.")
  var noise: Double?

  @Option(
    help:
      "What QD scores subtract from each elite's fitness. Default: 0, or the least objective where some are negative."
  )
  var offset: Double?

  @Flag(help: "Take each run for itself, also where they differ in the seed only.")
  var ungrouped = false

  @Flag(help: "List every niche.")
  var niches = false

  @Option(
    help:
      "Compare the elites of two niches side by side: given twice with one run, or once or twice with two.")
  var niche: [Int] = []

  @Option(help: "Write the comparison into this file, as one page with maps, curves and tables.")
  var html: String?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard niche.isEmpty else {
      guard group.isEmpty, like == nil, axes == nil, [1, 2].contains(runs.count),
        [1, 2].contains(niche.count),
        runs.count + niche.count > 2
      else {
        throw ValidationError("Name one run with two --niche, or two runs with one or two --niche.")
      }
      return
    }
    guard runs.count + group.count > 1 else {
      throw ValidationError("Name at least two runs or groups, a first and a second.")
    }
    guard like == nil || axes == nil else { throw ValidationError("--like and --axes exclude each other.") }
    if let noise, !(noise >= 0 && noise.isFinite) { throw ValidationError("--noise must be 0 or more.") }
    var names: Set<Substring> = []
    for group in group {
      let parts = group.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, parts[1].contains(where: { $0 != "," }) else {
        throw ValidationError("'\(group)' is no group; write NAME=RUN,RUN,…")
      }
      guard names.insert(parts[0]).inserted else {
        throw ValidationError("Two groups are called '\(parts[0])'; give each a name of its own.")
      }
    }
  }

  func run() async throws {
    try await explained {
      if !niche.isEmpty { return try await compareElites() }
      var named: [ComparisonGroup] = []
      for text in group {
        let parts = text.split(separator: "=", maxSplits: 1)
        var members: [ComparisonSource] = []
        for run in parts[1].split(separator: ",") { members.append(try await Self.source(String(run))) }
        named.append(ComparisonGroup(name: String(parts[0]), members: members))
      }
      var others: [ComparisonSource] = []
      for run in runs { others.append(try await Self.source(run)) }
      let rest =
        ungrouped || !named.isEmpty
        ? others.map { ComparisonGroup(name: $0.name, members: [$0]) } : ComparisonGroup.grouping(others)
      let comparison = try Comparison(
        named + rest, frame: try await frame(), noise: noise.map(TieRule.margin) ?? .automatic,
        offset: offset)
      try write(comparison.html)
      if common.json {
        try common.print(comparison)
      } else {
        print(comparison.text(listsNiches: niches))
      }
    }
  }

  private func compareElites() async throws {
    var snapshots: [RunSnapshot] = []
    for run in runs { snapshots.append(try await Project.open(run).snapshot) }
    let comparison = try EliteComparison(
      (snapshots[0], niche[0]), (snapshots[snapshots.count - 1], niche[niche.count - 1]))
    try write(comparison.html)
    if common.json {
      try common.print(comparison)
    } else {
      print(comparison.text(isColourful: Terminal.isColourfulOutput))
    }
  }

  /// Writes the page, if one was asked for.
  private func write(_ page: @autoclosure () -> String) throws {
    guard let html else { return }
    do {
      try Data(page().utf8).write(to: URL(fileURLWithPath: html))
    } catch {
      throw Failure("'\(html)' cannot be written: \(error.localizedDescription)")
    }
    Terminal.note("the page is in \(html).")
  }

  private func frame() async throws -> ComparisonFrame? {
    if let axes { return try ComparisonFrame(axes: axes) }
    if let like { return ComparisonFrame(like: try await Project.open(like).snapshot) }
    return nil
  }

  /// The run or saved archive that a user names.
  private static func source(_ name: String) async throws -> ComparisonSource {
    let ending = (name as NSString).pathExtension.lowercased()
    if ["json", "csv"].contains(ending), FileManager.default.fileExists(atPath: name) {
      return .archive(try SavedArchive(contentsOf: name))
    }
    return .run(try await Project.open(name).snapshot)
  }
}
