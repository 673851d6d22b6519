import Foundation
public import QualityDiversity
public import Search

/// An archive out of a file, be it of an export of ours or of pyribs: objectives and measures without networks.
///
/// It reads `elites.json`, and tables with a title line: `archive.csv`, or what `ArchiveDataFrame.to_csv` of pyribs
/// writes (columns `objective`, `measures_0`, `measures_1`, …, perhaps `solution_0`, … and `index`). Measures that are
/// text, as those of pyribs' `CategoricalArchive`, are categories.
public struct SavedArchive: Sendable, Hashable {
  /// One elite.
  public struct Row: Sendable, Hashable {
    /// Its objective, which is maximised.
    public var objective: Double
    /// Its measures, one per axis; on one of categories the number of one.
    public var measures: [Double]
    /// The cell it had in its archive; nil where the file does not say.
    public var cell: Int?
    /// The candidate's number in an export of ours; nil in other files.
    public var candidate: Int?

    /// An elite.
    public init(objective: Double, measures: [Double], cell: Int? = nil, candidate: Int? = nil) {
      self.objective = objective
      self.measures = measures
      self.cell = cell
      self.candidate = candidate
    }
  }

  /// The most bytes of a file that is read.
  public static let byteLimit = 512 << 20
  /// The greatest magnitude of an objective; the squares and cubes of greater ones, which statistics take, are no numbers
  /// any more.
  public static let objectiveLimit = 1e100
  /// The most axes.
  public static let axisLimit = 1000

  /// The file's name without its ending, or that of its folder where that says more.
  public var name: String
  /// The file.
  public var path: String
  /// The seed of the search; nil where the file does not say.
  public var seed: Int?
  /// What fitness was measured on; nil where the file does not say.
  public var measurement: String?
  /// The axes: those of the export, or the columns of measures with the bounds or categories of what is in the file.
  public var axes: [MeasureAxis]
  /// How many cells the archive had, occupied or not; nil where the file does not say.
  public var cells: Int?
  /// The axes and cells as a run's configuration has them; nil where the file does not say.
  public var configuration: RunConfiguration?
  /// The elites, in the order of the file.
  public var rows: [Row]

  /// The archive in a file whose name ends in `.csv` or `.json`.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - columns: the columns of a table that hold measures, such as the names of the axes it is to be compared on; where it
  ///     lacks one of them, its measures are `measures_0`, `measures_1` and so on.
  /// - Throws: one sentence with the place where the file cannot be read, is too large, lacks a column or has one twice, or
  ///   holds something that is no finite number.
  public init(contentsOf path: String, columns: [String] = []) throws(SearchError) {
    let url = URL(fileURLWithPath: path)
    let data: Data
    do {
      let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
      guard size <= Self.byteLimit else {
        throw SearchError(
          "'\(path)' has \(size >> 20) MiB; files of at most \(Self.byteLimit >> 20) MiB are read.")
      }
      data = try Data(contentsOf: url)
    } catch let error as SearchError {
      throw error
    } catch {
      throw SearchError("'\(path)' cannot be read; check that it is a file and that you may read it.")
    }
    self.path = path
    let stem = url.deletingPathExtension().lastPathComponent
    // An export's files are all called the same; its folder, or the run's around it, tells them apart.
    var folder = url.standardizedFileURL.deletingLastPathComponent()
    if folder.lastPathComponent == "export" { folder.deleteLastPathComponent() }
    name = ["archive", "elites"].contains(stem) ? folder.lastPathComponent : stem
    (axes, rows) = ([], [])
    switch url.pathExtension.lowercased() {
    case "json": try readJSON(data, path)
    case "csv": try readTable(data, path, wanted: columns)
    default:
      throw SearchError("'\(path)' is neither .csv nor .json; give a run, elites.json or an archive's table.")
    }
  }

  /// An archive of those cells that holds the rows, each by its place in `rows`.
  ///
  /// - Throws: where the cells and axes do not go together, or a row has not as many measures as there are axes.
  public func archive(
    _ geometry: ArchiveGeometry, axes: [MeasureAxis]
  ) throws(SearchError) -> any Archive<Int> {
    var archive: any Archive<Int>
    do {
      archive = try geometry.makeArchive(axes: axes, of: Int.self)
    } catch {
      throw SearchError("The archive cannot be made: \(error).")
    }
    guard self.axes.count == axes.count else {
      throw SearchError(
        "'\(name)' has \(self.axes.count) measures, but they are to be placed on \(axes.count) axes.")
    }
    for (place, row) in rows.enumerated() {
      archive.add(place, objective: row.objective, measures: row.measures)
    }
    return archive
  }

  // MARK: JSON

  private mutating func readJSON(_ data: Data, _ path: String) throws(SearchError) {
    let file: ArchiveFile
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      file = try decoder.decode(ArchiveFile.self, from: data)
    } catch {
      throw SearchError("'\(path)' is no elites.json of an export: \(Self.explained(error)).")
    }
    guard file.format == 1 else {
      throw SearchError("'\(path)' has the format \(file.format), but this Niche reads 1.")
    }
    for axis in file.axes {
      do {
        axes.append(
          axis.categories.isEmpty
            ? try MeasureAxis(
              name: axis.name, lower: axis.lower, upper: axis.upper,
              scale: axis.scale == .log ? .logarithmic : .linear)
            : try MeasureAxis(name: axis.name, categories: axis.categories))
      } catch {
        throw SearchError("'\(path)': the axis '\(axis.name)' makes no sense: \(error).")
      }
    }
    (cells, seed, measurement) = (file.niches, file.seed, file.data)
    if let archive = file.archive {
      var known = RunConfiguration()
      (known.seed, known.descriptors, known.archive) = (file.seed ?? known.seed, file.axes, archive)
      do {
        configuration = try ConfigurationReader.validated(known)
      } catch {
        throw SearchError("'\(path)' has cells that make no sense: \(error.description)")
      }
    }
    for elite in file.elites {
      guard abs(elite.fitness) <= Self.objectiveLimit else {
        throw SearchError(
          "'\(path)': the elite of niche \(elite.niche) has the fitness \(elite.fitness), which is too large to be "
            + "reckoned with; scale all to within ±\(Self.objectiveLimit).")
      }
      var measures: [Double] = []
      for axis in axes {
        guard let value = elite.measures[axis.name] else {
          throw SearchError("'\(path)': the elite of niche \(elite.niche) lacks the measure '\(axis.name)'.")
        }
        measures.append(value)
      }
      rows.append(
        Row(objective: elite.fitness, measures: measures, cell: elite.niche, candidate: elite.candidate))
    }
  }

  private static func explained(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "it cannot be read as JSON" }
    switch error {
    case .keyNotFound(let key, let context):
      let place = context.codingPath.map(\.stringValue).joined(separator: ".")
      return "it lacks '\(key.stringValue)'" + (place.isEmpty ? "" : " in \(place)")
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return
        "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' has another type than it should"
    default: return "it cannot be read as JSON"
    }
  }
}

/// What of `elites.json` makes an archive.
private struct ArchiveFile: Decodable {
  struct Elite: Decodable {
    var niche: Int
    var candidate: Int
    var fitness: Double
    var measures: [String: Double]
  }

  var format: Int
  var seed: Int?
  var data: String?
  var axes: [DescriptorSettings]
  var archive: ArchiveSettings?
  var niches: Int
  var elites: [Elite]
}
