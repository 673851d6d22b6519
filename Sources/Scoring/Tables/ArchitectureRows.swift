internal import Training

/// The rows of a CSV file, each of one architecture of a space.
///
/// The first line names the columns, in any order. A row says which architecture it is by the key columns, of which at
/// least one must be there; where there are several they must agree.
struct ArchitectureRows {
  /// The file's bytes as text, without compression.
  let bytes: [UInt8]
  /// The names of the columns.
  private(set) var names: [String] = []
  /// The places of those that say which architecture a row is.
  var keyPlaces: [Int] { keys.map(\.place) }

  private let path: String
  private var text: CommaSeparatedText
  private var keys: [(key: BenchmarkImport.Key, place: Int)] = []
  /// By architecture: the line that has it, 0 for none.
  private var lines: [Int]
  private static let largestText = 256 << 20

  /// Reads a file, compressed with gzip or not, up to its first row.
  ///
  /// - Throws: `BenchmarkError` with the line where there is something wrong.
  init(_ path: String, rowCount: Int, keys known: [BenchmarkImport.Key]) throws(BenchmarkError) {
    do {
      bytes = try FileContents.inflated(path, limit: Self.largestText)
    } catch {
      switch error {
      case .unreadable(let path, let reason), .corrupt(let path, let reason):
        throw .file(path: path, reason: reason)
      default: throw .file(path: path, reason: "\(error)")
      }
    }
    self.path = path
    text = CommaSeparatedText(bytes)
    lines = [Int](repeating: 0, count: rowCount)
    guard let fields = try record() else { throw failure("the file is empty") }
    names = fields.map { Self.trimmed($0) }
    if let twice = names.enumerated().first(where: { names[..<$0.offset].contains($0.element) }) {
      throw failure("there are two columns '\(twice.element)'")
    }
    for key in known {
      if let place = names.firstIndex(of: key.name) { keys.append((key, place)) }
    }
    guard !keys.isEmpty else {
      throw failure(
        "no column says which architecture a row is; it is called \(known.map(\.name).joined(separator: " or "))"
      )
    }
  }

  /// The next row and its architecture; nil at the end.
  ///
  /// - Throws: where it is no architecture, or one that was there before.
  mutating func next() throws(BenchmarkError) -> (row: Int, fields: [ArraySlice<UInt8>])? {
    guard let fields = try record() else { return nil }
    let row = try row(of: fields)
    if lines[row] > 0 { throw failure("the same architecture is on line \(lines[row])") }
    lines[row] = text.line
    return (row, fields)
  }

  /// The number in a column; nil for an empty field or `nan`.
  func number(_ fields: [ArraySlice<UInt8>], _ place: Int) throws(BenchmarkError) -> Double? {
    guard fields.indices.contains(place) else {
      throw failure("the line ends before column \(names[place])")
    }
    let field = Self.trimmed(fields[place])
    guard !field.isEmpty, field.lowercased() != "nan" else { return nil }
    guard let value = Double(field) else {
      throw failure("column \(names[place]): '\(field.prefix(40))' is no number")
    }
    return value
  }

  /// What is wrong with the present line.
  func failure(_ reason: String) -> BenchmarkError {
    .invalidText(path: path, line: max(1, text.line), reason: reason)
  }

  private mutating func record() throws(BenchmarkError) -> [ArraySlice<UInt8>]? {
    do {
      return try text.next()
    } catch {
      throw failure(error.reason)
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
        throw failure("column \(key.name): there is no architecture \(row); there are \(lines.count)")
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
