import Foundation
import QualityDiversity
public import Search

/// The axes and cells on which runs are compared: those of a run, or given ones.
public struct ComparisonFrame: Sendable {
  /// The configuration that holds the axes and cells.
  public let configuration: RunConfiguration
  /// Where they are from, such as `those of 'one'`.
  public let origin: String

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
    origin =
      hasCells
      ? "those of '\(name)'"
      : "a grid over the axes of '\(name)', which has no cells of its own to share"
  }

  /// The axes and cells of what is compared: those of the first run, else of the first saved archive that says.
  ///
  /// - Throws: where none does, so that cells are not known.
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
    throw SearchError(
      "Of these archives none says what its cells are; name a run that does by --like RUN, or give axes by --axes "
        + "\"NAME=LOWER:UPPER:CELLS,…\".")
  }

  /// A grid over given axes, such as `log10(macs)=5:9:20,depth=1:30:15`: for each axis what is measured, its range and
  /// how many cells there are along it; `:log` behind them gives equal ratios equal space.
  ///
  /// - Throws: where the text is something else, or an axis is not known.
  public init(axes text: String) throws(SearchError) {
    var configuration = RunConfiguration()
    configuration.archive.kind = .grid
    (configuration.descriptors, configuration.archive.dimensions) = ([], [])
    for part in Self.parts(of: text) {
      guard let equals = part.lastIndex(of: "=") else { throw Self.malformed(part) }
      let name = part[..<equals].trimmingCharacters(in: .whitespaces)
      let fields = part[part.index(after: equals)...].split(separator: ":", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard !name.isEmpty, fields.count == 3 || fields.count == 4 && ["log", "linear"].contains(fields[3]),
        let lower = Double(fields[0]), let upper = Double(fields[1]), let cells = Int(fields[2])
      else { throw Self.malformed(part) }
      configuration.descriptors.append(
        DescriptorSettings(
          name: name, lower: lower, upper: upper,
          scale: fields.count == 4 && fields[3] == "log" ? .log : .linear))
      configuration.archive.dimensions.append(cells)
    }
    do {
      self.configuration = try ConfigurationReader.validated(configuration)
    } catch {
      throw SearchError(error.description)
    }
    origin = "the given ones"
  }

  /// The parts between commas that are not within brackets.
  private static func parts(of text: String) -> [Substring] {
    var depth = 0
    return text.split(omittingEmptySubsequences: false) { letter in
      if letter == "(" { depth += 1 }
      if letter == ")" { depth -= 1 }
      return letter == "," && depth == 0
    }
  }

  private static func malformed(_ part: Substring) -> SearchError {
    SearchError(
      "'\(part)' is no axis; write NAME=LOWER:UPPER:CELLS, such as log10(macs)=5:9:20 or depth=1:30:15.")
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
