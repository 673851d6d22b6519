internal import Foundation
internal import Training

/// Finds benchmark tables where data sets are found.
public struct BenchmarkCatalog: Sendable, Hashable {
  /// The folders, in the order in which they are searched.
  public let places: [String]

  /// A catalog that searches those folders and no others.
  public init(places: [String]) { self.places = places }

  /// The places of `DatasetCatalog.standard`.
  public static func standard(path: String? = nil, environment: [String: String]? = nil) -> BenchmarkCatalog {
    BenchmarkCatalog(places: DatasetCatalog.standard(path: path, environment: environment).places)
  }

  /// The folder into which a table is put unless one is named.
  public static let ownPlace = ".cache/data"

  /// What the file of a space's table is called.
  public static func fileName(of space: String) -> String { space + ".table" }

  /// Where a space's table is, or nil where it is in none of the places.
  public func location(of space: String) -> String? {
    places.map { $0 + "/" + Self.fileName(of: space) }.first { FileManager.default.fileExists(atPath: $0) }
  }

  /// Opens the table of a space.
  ///
  /// - Parameters:
  ///   - space: its name.
  ///   - rowCount: how many architectures the space has.
  /// - Throws: `BenchmarkError` where the table is missing (with the way to get it), damaged, or of another space.
  public func table(of space: String, rowCount: Int) throws(BenchmarkError) -> BenchmarkTable {
    guard let path = location(of: space) else {
      throw .missing(
        space: space, searched: places,
        remedy: "scripts/\(space) writes it as CSV, and 'niche data import FILE.csv' makes the table of it "
          + "(docs/\(space).md)")
    }
    let table = try BenchmarkTable(path: path)
    guard table.space == space, table.rowCount == rowCount else {
      throw .corrupt(
        path: path,
        reason: "it is of \(table.space) with \(table.rowCount) rows, and not of \(space) with \(rowCount)")
    }
    return table
  }
}
