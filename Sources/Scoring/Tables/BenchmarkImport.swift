internal import RandomStreams
internal import Training

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
  private static let largestText = 256 << 20

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
    let bytes: [UInt8]
    do {
      bytes = try FileContents.inflated(path, limit: Self.largestText)
    } catch {
      switch error {
      case .unreadable(let path, let reason), .corrupt(let path, let reason):
        throw .file(path: path, reason: reason)
      default: throw .file(path: path, reason: "\(error)")
      }
    }
    var reading = Reading(self, path, bytes)
    return try reading.result()
  }

  /// One file being read.
  private struct Reading {
    let plan: BenchmarkImport
    let path: String
    let bytes: [UInt8]
    var text: CommaSeparatedText
    /// By column of the table: its place among the file's fields, and its values.
    var places: [(column: BenchmarkColumn, place: Int)] = []
    var values: [[Double]] = []
    var keys: [(key: Key, place: Int)] = []
    /// By architecture: the line that has it, 0 for none.
    var lines: [Int]

    init(_ plan: BenchmarkImport, _ path: String, _ bytes: [UInt8]) {
      (self.plan, self.path, self.bytes) = (plan, path, bytes)
      text = CommaSeparatedText(bytes)
      lines = [Int](repeating: 0, count: plan.rowCount)
    }

    mutating func result() throws(BenchmarkError) -> Result {
      let ignored = try readHeader()
      values = [[Double]](repeating: [Double](repeating: .nan, count: plan.rowCount), count: places.count)
      var count = 0
      while let fields = try next() {
        try read(fields)
        count += 1
      }
      guard count > 0 else { throw failure("there is no row behind the names of the columns") }
      var hash = StableHash()
      for byte in bytes { hash.combine(byte: byte) }
      let digits = String(hash.value, radix: 16)
      let provenance = BenchmarkTable.Provenance(
        source: path.split(separator: "/").last.map(String.init) ?? path,
        hash: String(repeating: "0", count: 16 - digits.count) + digits, rows: count)
      let table = BenchmarkTable(
        space: plan.space, columns: Array(zip(places.map(\.column), values)), rows: plan.rowCount,
        provenance: provenance)
      return Result(table: table, ignoredColumns: ignored, missingRows: plan.rowCount - count)
    }

    private mutating func next() throws(BenchmarkError) -> [ArraySlice<UInt8>]? {
      do {
        return try text.next()
      } catch {
        throw failure(error.reason)
      }
    }

    private func failure(_ reason: String) -> BenchmarkError {
      .invalidText(path: path, line: max(1, text.line), reason: reason)
    }

    /// Finds the columns; returns the names of those that are left out.
    private mutating func readHeader() throws(BenchmarkError) -> [String] {
      guard let fields = try next() else { throw failure("the file is empty") }
      let names = fields.map { Self.trimmed($0) }
      if let twice = names.enumerated().first(where: { names[..<$0.offset].contains($0.element) }) {
        throw failure("there are two columns '\(twice.element)'")
      }
      for key in plan.keys {
        if let place = names.firstIndex(of: key.name) { keys.append((key, place)) }
      }
      for column in plan.columns {
        if let place = names.firstIndex(of: column.name) { places.append((column, place)) }
      }
      guard !keys.isEmpty else {
        throw failure(
          "no column says which architecture a row is; it is called \(list(plan.keys.map(\.name)))")
      }
      guard !places.isEmpty else {
        throw failure("no column is one of a table's, such as \(list(plan.columns.prefix(4).map(\.name)))")
      }
      let used = Set(keys.map(\.place) + places.map(\.place))
      return names.indices.filter { !used.contains($0) }.map { names[$0] }
    }

    private func list(_ names: [String]) -> String { names.joined(separator: " or ") }

    private mutating func read(_ fields: [ArraySlice<UInt8>]) throws(BenchmarkError) {
      let row = try self.row(of: fields)
      if lines[row] > 0 { throw failure("the same architecture is on line \(lines[row])") }
      lines[row] = text.line
      for (index, (column, place)) in places.enumerated() {
        guard fields.indices.contains(place) else {
          throw failure("the line ends before column \(column.name)")
        }
        let field = Self.trimmed(fields[place])
        guard !field.isEmpty, field.lowercased() != "nan" else { continue }
        guard let value = Double(field) else {
          throw failure("column \(column.name): '\(field.prefix(40))' is no number")
        }
        guard column.quantity.bounds.contains(value) else {
          throw failure(
            "column \(column.name): \(field.prefix(40)) is not between \(column.quantity.bounds.lowerBound) and "
              + "\(column.quantity.bounds.upperBound) \(column.quantity.unit)")
        }
        values[index][row] = value
      }
    }

    private func row(of fields: [ArraySlice<UInt8>]) throws(BenchmarkError) -> Int {
      var found: (row: Int, name: String)?
      for (key, place) in keys {
        guard fields.indices.contains(place) else { throw failure("the line ends before column \(key.name)") }
        let row: Int
        do {
          row = try key.row(Self.trimmed(fields[place]))
        } catch {
          throw failure("column \(key.name): \(error)")
        }
        guard lines.indices.contains(row) else {
          throw failure("column \(key.name): there is no architecture \(row); there are \(plan.rowCount)")
        }
        if let found, found.row != row {
          throw failure(
            "column \(found.name) means architecture \(found.row), and column \(key.name) \(row)")
        }
        found = (row, key.name)
      }
      guard let found else { throw failure("nothing says which architecture it is") }
      return found.row
    }

    private static func trimmed(_ field: ArraySlice<UInt8>) -> String {
      let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
      let start = field.firstIndex { !isSpace($0) } ?? field.endIndex
      let end = field.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start
      return String(decoding: field[start..<max(start, end)], as: UTF8.self)
    }
  }
}
