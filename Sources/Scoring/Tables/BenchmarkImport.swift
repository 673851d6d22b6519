internal import RandomStreams

/// Makes a benchmark table of a CSV file.
///
/// The first line names the columns, in any order. A row says which architecture it is by the key columns, of which at
/// least one must be there; where there are several they must agree. An empty field, or `nan`, is a missing value, and an
/// architecture without a row has none at all. Columns of other names are left out.
public struct BenchmarkImport: Sendable {
  /// A column that says which architecture a row is.
  public struct Key: Sendable {
    /// Its name in the CSV file, such as `arch`.
    public var name: String
    /// The row of the architecture that a field means; throws a sentence where there is none.
    public var row: @Sendable (String) throws -> Int

    /// A key.
    public init(name: String, row: @escaping @Sendable (String) throws -> Int) {
      (self.name, self.row) = (name, row)
    }
  }

  /// What an import came to.
  public struct Result: Sendable {
    /// The table.
    public var table: BenchmarkTable
    /// Columns of the file that no table has.
    public var ignoredColumns: [String]
    /// Architectures without a row.
    public var missingRows: Int
  }

  private let space: String
  private let rowCount: Int
  private let columns: [BenchmarkColumn]
  private let keys: [Key]

  /// An import.
  ///
  /// - Parameters:
  ///   - space: what the architectures are of.
  ///   - rowCount: how many there are.
  ///   - columns: the columns that are taken over, in the table's order.
  ///   - keys: the columns that say which architecture a row is.
  public init(space: String, rowCount: Int, columns: [BenchmarkColumn], keys: [Key]) {
    (self.space, self.rowCount, self.columns, self.keys) = (space, rowCount, columns, keys)
  }

  /// Reads a CSV file, compressed with gzip or not.
  ///
  /// - Throws: `BenchmarkError` with the line and the column where there is something wrong.
  public func table(readingCSV path: String) throws(BenchmarkError) -> Result {
    var rows = try ArchitectureRows(path, rowCount: rowCount, keys: keys)
    let places = columns.compactMap { column in
      rows.names.firstIndex(of: column.name).map { (column: column, place: $0) }
    }
    guard !places.isEmpty else {
      let some = columns.prefix(4).map(\.name).joined(separator: " or ")
      throw rows.failure("no column is one of a table's, such as \(some)")
    }
    let used = Set(rows.keyPlaces + places.map(\.place))
    var values = [[Double]](repeating: [Double](repeating: .nan, count: rowCount), count: places.count)
    var count = 0
    while let (row, fields) = try rows.next() {
      for (index, (column, place)) in places.enumerated() {
        guard let value = try rows.number(fields, place) else { continue }
        let bounds = column.quantity.bounds
        guard bounds.contains(value) else {
          let field = String(decoding: fields[place].prefix(40), as: UTF8.self)
          throw rows.failure(
            "column \(column.name): \(field) is not between \(bounds.lowerBound) and \(bounds.upperBound) "
              + column.quantity.unit)
        }
        values[index][row] = value
      }
      count += 1
    }
    guard count > 0 else { throw rows.failure("there is no row behind the names of the columns") }
    var hash = StableHash()
    for byte in rows.bytes { hash.combine(byte: byte) }
    let digits = String(hash.value, radix: 16)
    let provenance = BenchmarkTable.Provenance(
      source: path.split(separator: "/").last.map(String.init) ?? path,
      hash: String(repeating: "0", count: 16 - digits.count) + digits, rows: count)
    let table = BenchmarkTable(
      space: space, columns: Array(zip(places.map(\.column), values)), rows: rowCount, provenance: provenance)
    return Result(
      table: table, ignoredColumns: rows.names.indices.filter { !used.contains($0) }.map { rows.names[$0] },
      missingRows: rowCount - count)
  }
}
