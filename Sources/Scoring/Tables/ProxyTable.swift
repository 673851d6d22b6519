/// Scores of a space's architectures that were worked out before, such as zero-cost proxies', from a CSV file.
public struct ProxyTable: Sendable {
  /// A proxy's scores.
  public struct Column: Sendable {
    /// Its name in the file.
    public var name: String
    /// The scores in the benchmark's order; NaN where there is none.
    public var scores: [Double]

    /// A column.
    public init(name: String, scores: [Double]) { (self.name, self.scores) = (name, scores) }
  }

  /// The proxies, in the file's order.
  public let columns: [Column]

  /// Those columns.
  public init(columns: [Column]) { self.columns = columns }

  /// Reads a CSV file, compressed with gzip or not, whose columns are all numbers but those that say which architecture
  /// a row is.
  ///
  /// An empty field or `nan` is a missing score, and architectures without a row have none.
  ///
  /// - Parameters:
  ///   - rowCount: how many architectures there are.
  ///   - keys: the columns that say which architecture a row is.
  /// - Throws: `BenchmarkError` with the line and the column where there is something wrong.
  public init(
    readingCSV path: String, rowCount: Int, keys: [BenchmarkImport.Key]
  ) throws(BenchmarkError) {
    var rows = try ArchitectureRows(path, rowCount: rowCount, keys: keys)
    let used = rows.keyPlaces
    let places = rows.names.indices.filter { !used.contains($0) }
    guard !places.isEmpty else { throw rows.failure("there is no column of scores") }
    var columns = places.map {
      Column(name: rows.names[$0], scores: [Double](repeating: .nan, count: rowCount))
    }
    while let (row, fields) = try rows.next() {
      for (index, place) in places.enumerated() {
        if let value = try rows.number(fields, place) { columns[index].scores[row] = value }
      }
    }
    self.columns = columns
  }
}
