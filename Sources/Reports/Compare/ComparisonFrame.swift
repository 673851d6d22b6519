import Foundation
import QualityDiversity
public import Search

/// The axes and cells on which runs are compared: those of a run, or given ones.
public struct ComparisonFrame: Sendable {
  /// The configuration that holds the axes and cells.
  public let configuration: RunConfiguration
  /// Where they are from, such as `those of 'one'`.
  public let origin: String
  /// The axes whose range is what the compared archives hold, as nobody said another.
  let foundRanges: [String]

  /// The axes and cells of a run.
  ///
  /// Of an archive whose cells follow its data, or that has none, the axes with a grid; of one with several elites a
  /// cell, the cells.
  public init(like run: RunSnapshot) {
    self.init(run.header.configuration, of: run.header.name)
  }

  private init(_ configuration: RunConfiguration, of name: String) {
    var configuration = configuration
    let hasCells = [.grid, .cvt].contains(configuration.archive.kind)
    if !hasCells { configuration.archive.kind = .grid }
    (configuration.archive.depth, configuration.archive.objectives) = (1, [])
    configuration.archive.noise = NoiseSettings()
    self.configuration = configuration
    foundRanges = []
    origin =
      hasCells
      ? "those of '\(name)'"
      : "a grid over the axes of '\(name)', which has no cells of its own to share"
  }

  /// The axes and cells of what is compared: those of the first run, else of the first saved archive that says; where none
  /// does, a grid over what the archives hold.
  ///
  /// - Throws: where their measures are not the same, or too many for a grid.
  public init(of sources: [ComparisonSource]) throws(SearchError) {
    for case .run(let run) in sources {
      self.init(like: run)
      return
    }
    for case .archive(let saved) in sources {
      guard let configuration = saved.configuration else { continue }
      self.init(configuration, of: saved.name)
      return
    }
    guard case .archive(let first)? = sources.first else {
      throw SearchError("There is nothing to compare that says what its axes are.")
    }
    for case .archive(let other) in sources where other.axes.count != first.axes.count {
      func list(_ archive: SavedArchive) -> String { archive.axes.map(\.name).joined(separator: ", ") }
      throw SearchError(
        "'\(first.name)' holds \(list(first)), but '\(other.name)' \(list(other)); choose axes that both hold by --axes "
          + "\"NAME=LOWER:UPPER:CELLS,…\".")
    }
    try self.init(
      first.axes.map { GivenAxes.Axis(name: $0.name) }, for: sources,
      origin: "a grid over what these archives hold")
  }

  /// A grid over given axes, such as `log10(macs)=5:9:20,depth=1:30:15`: for each axis what is measured, its range and
  /// how many cells there are along it; `:log` behind them gives equal ratios equal space.
  ///
  /// What is measured is an axis of the compared runs, or a formula. Where only saved archives are compared it is a column of
  /// theirs. Of a run's axis, and of a column, the range may be left out, and the number of cells too.
  ///
  /// - Throws: where the text is something else, an axis is not known, or what is compared means different things by it.
  public init(axes text: String, for sources: [ComparisonSource] = []) throws(SearchError) {
    try self.init(GivenAxes(text).axes, for: sources, origin: "the given ones")
  }

  /// The names of the axes in such a text.
  ///
  /// - Throws: where the text is something else.
  public static func names(inAxes text: String) throws(SearchError) -> [String] {
    try GivenAxes(text).axes.map(\.name)
  }

  private init(
    _ axes: [GivenAxes.Axis], for sources: [ComparisonSource], origin: String
  ) throws(SearchError) {
    let finder = AxisFinder(sources)
    var configuration = RunConfiguration()
    configuration.archive.kind = .grid
    (configuration.descriptors, configuration.archive.dimensions, foundRanges) = try finder.settings(axes)
    let runs = sources.compactMap(\.configuration)
    if let first = runs.first, runs.allSatisfy({ $0.space.name == first.space.name }) {
      // What formulas may name depends on the space.
      (configuration.space, configuration.data.name) = (first.space, first.data.name)
      configuration.budget = first.budget
    }
    if !finder.isOfArchives {
      do {
        configuration = try ConfigurationReader.validated(configuration)
      } catch {
        throw SearchError(error.description)
      }
    }
    self.configuration = configuration
    self.origin = origin
    // Measures of saved archives may be called anything, but ranges and cells must make sense.
    _ = try archive()
  }

  /// The axes' names.
  public var names: [String] { configuration.descriptors.map(\.name) }

  /// An empty archive that keeps the best of each cell.
  func archive() throws(SearchError) -> any Archive<Int> { try configuration.makeArchive() }

  /// An empty archive with a Pareto front in each of the cells; nil where runs differ in their objectives, or have none.
  func fronts(
    sharedBy sources: [ComparisonSource]
  ) throws(SearchError) -> (archive: any Archive<Int>, settings: ArchiveSettings)? {
    var shared: [ObjectiveSettings]?
    for source in sources {
      guard case .run(let run) = source else { return nil }
      let own = run.header.configuration.archive.objectives
      guard !own.isEmpty, shared ?? own == own else { return nil }
      shared = own
    }
    guard let shared else { return nil }
    var configuration = configuration
    // Exact fronts, so that runs with shorter ones are measured alike.
    (configuration.archive.objectives, configuration.archive.front) = (shared, ArchiveLimits.front)
    return (try configuration.makeArchive(), configuration.archive)
  }

  /// Whether a run has these axes and cells itself.
  func isThat(of other: RunConfiguration) -> Bool {
    configuration.descriptors == other.descriptors && configuration.archiveGeometry == other.archiveGeometry
  }
}
