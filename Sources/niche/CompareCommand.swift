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
    help:
      "Compare on a grid over these axes: NAME=LOWER:UPPER:CELLS,…; ':log' behind spaces them by ratios. NAME is a run's axis, a formula, or a column of saved archives."
  )
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
      "Compare the elites of two niches side by side: given twice with one run, or once or twice with two; 16-2 is the second elite of niche 16.",
    transform: { text in
      guard let place = NichePlace(text) else {
        throw ValidationError(
          "'\(text)' is no niche; write its number, such as 16, or 16-2 for its second elite.")
      }
      return place
    })
  var niche: [NichePlace] = []

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
      var likeness: RunSnapshot?
      if let like { likeness = try await Project.open(like).snapshot }
      let parts = group.map { $0.split(separator: "=", maxSplits: 1) }
      let members = parts.map { $0[1].split(separator: ",").map(String.init) }
      let sources = try await sources(members.flatMap(\.self) + runs, likeness)
      let named = zip(parts, members).map { part, members in
        ComparisonGroup(name: String(part[0]), members: members.compactMap { sources[$0] })
      }
      let others = runs.compactMap { sources[$0] }
      let rest =
        ungrouped || !named.isEmpty
        ? others.map { ComparisonGroup(name: $0.name, members: [$0]) } : ComparisonGroup.grouping(others)
      let comparison = try Comparison(
        named + rest, frame: try frame(likeness, named.flatMap(\.members) + others),
        noise: noise.map(TieRule.margin) ?? .automatic,
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
    for run in runs {
      guard !Self.isFile(run) else {
        throw Failure(
          "'\(run)' is a saved archive, which has no sources to be shown side by side; name the run that it is from."
        )
      }
      snapshots.append(try await Project.open(run).snapshot)
    }
    let (first, last) = (snapshots[0], snapshots[snapshots.count - 1])
    let comparison =
      niche.count == 1
      ? try EliteComparison(first, last, niche: niche[0])
      : try EliteComparison((first, niche[0]), (last, niche[1]))
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
      throw Failure(OutputPlace.sentence(for: error, writing: html, option: "--html"))
    }
    Terminal.note("the page is in \(html).")
  }

  /// The axes and cells to compare on, if some were asked for.
  private func frame(
    _ likeness: RunSnapshot?, _ sources: [ComparisonSource]
  ) throws(SearchError) -> ComparisonFrame? {
    if let axes { return try ComparisonFrame(axes: axes, for: sources) }
    return likeness.map { ComparisonFrame(like: $0) }
  }

  /// The runs and saved archives that a user names, by these names; runs first, since the columns that are read of tables
  /// are those that the axes name.
  private func sources(
    _ names: [String], _ likeness: RunSnapshot?
  ) async throws -> [String: ComparisonSource] {
    var sources: [String: ComparisonSource] = [:]
    var first: RunSnapshot?
    for name in names where !Self.isFile(name) && sources[name] == nil {
      let run = try await Project.open(name).snapshot
      sources[name] = .run(run)
      first = first ?? run
    }
    var columns = (likeness ?? first)?.header.configuration.descriptors.map(\.name) ?? []
    if let axes { columns = try ComparisonFrame.names(inAxes: axes) }
    for name in names where Self.isFile(name) && sources[name] == nil {
      sources[name] = .archive(try SavedArchive(contentsOf: name, columns: columns))
    }
    return sources
  }

  /// Whether a name is that of a saved archive and not of a run.
  private static func isFile(_ name: String) -> Bool {
    ["json", "csv"].contains((name as NSString).pathExtension.lowercased())
      && FileManager.default.fileExists(atPath: name)
  }
}
