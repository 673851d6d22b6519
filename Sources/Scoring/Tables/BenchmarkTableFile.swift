internal import Foundation
internal import RandomStreams

/// What stands at the head of a table's file, as JSON.
struct BenchmarkTableHeader: Codable, Hashable {
  /// A column and where it lies.
  struct Stored: Codable, Hashable {
    var column: BenchmarkColumn
    var encoding: BenchmarkEncoding
    /// The byte at which it begins, counted from the first column.
    var position: Int
  }

  var space: String
  var rows: Int
  var columns: [Stored]
  var provenance: BenchmarkTable.Provenance
}

/// The file: `NICHETAB`, version (4 bytes), length of the header (4), checksum of all that follows (8), the header as
/// JSON, then the columns one behind the other. Numbers are stored lowest byte first.
extension BenchmarkTable {
  private static let mark = Array("NICHETAB".utf8)
  private static let version = 1
  private static let prefixLength = 24
  private static let largestFile = 1 << 30

  /// A table made of values by column.
  init(space: String, columns: [(BenchmarkColumn, [Double])], rows: Int, provenance: Provenance) {
    var body: [UInt8] = []
    var stored: [BenchmarkTableHeader.Stored] = []
    for (column, values) in columns {
      let encoding = BenchmarkEncoding(for: values)
      stored.append(.init(column: column, encoding: encoding, position: body.count))
      for value in values { encoding.append(value, to: &body) }
    }
    header = BenchmarkTableHeader(space: space, rows: rows, columns: stored, provenance: provenance)
    bytes = Self.file(header, body)
    start = bytes.count - body.count
  }

  /// The bytes of a file with that header and those columns.
  static func file(_ header: BenchmarkTableHeader, _ columns: [UInt8]) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    // Encoding numbers and texts does not fail.
    let json = (try? encoder.encode(header)) ?? Data()
    let body = Array(json) + columns
    return Data(
      mark + littleEndian(version, 4) + littleEndian(json.count, 4) + littleEndian(checksum(body), 8) + body)
  }

  /// Opens a table by mapping its file, which must not be shortened in place while it is open; `write` never does that.
  ///
  /// - Throws: `BenchmarkError.file` or `.corrupt`.
  public init(path: String) throws(BenchmarkError) {
    let data: Data
    do {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      guard (attributes[.size] as? Int ?? 0) <= Self.largestFile else {
        throw BenchmarkError.corrupt(path: path, reason: "it has more than 1 GiB")
      }
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch let error as BenchmarkError {
      throw error
    } catch {
      throw .file(path: path, reason: "it cannot be read; is the path right?")
    }
    do throws(Damage) {
      try self.init(contents: data)
    } catch {
      throw .corrupt(path: path, reason: error.reason)
    }
  }

  private struct Damage: Error {
    var reason: String
  }

  private init(contents data: Data) throws(Damage) {
    guard data.count >= Self.prefixLength, Array(data.prefix(8)) == Self.mark else {
      throw Damage(reason: "it does not begin as one")
    }
    let version = Self.number(data, at: 8, 4)
    guard version == UInt64(Self.version) else {
      throw Damage(reason: "its version is \(version), and this program reads \(Self.version)")
    }
    let length = Int(Self.number(data, at: 12, 4))
    guard length <= data.count - Self.prefixLength else { throw Damage(reason: "it ends within its header") }
    guard Self.checksum(data.dropFirst(Self.prefixLength)) == Self.number(data, at: 16, 8) else {
      throw Damage(reason: "its checksum is wrong; import it again")
    }
    let json = data.subdata(in: Self.prefixLength..<(Self.prefixLength + length))
    guard let header = try? JSONDecoder().decode(BenchmarkTableHeader.self, from: json) else {
      throw Damage(reason: "its header cannot be read")
    }
    guard (0...Self.largestFile).contains(header.rows) else {
      throw Damage(reason: "it says that it has \(header.rows) rows")
    }
    let room = data.count - Self.prefixLength - length
    for stored in header.columns {
      guard (0...room).contains(stored.position),
        header.rows * stored.encoding.width <= room - stored.position
      else { throw Damage(reason: "column \(stored.column.name) lies beyond its end") }
    }
    self.header = header
    bytes = data
    start = Self.prefixLength + length
  }

  /// Writes the table, whole or not at all.
  ///
  /// - Throws: `BenchmarkError.file`.
  public func write(to path: String) throws(BenchmarkError) {
    do {
      try bytes.write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .file(path: path, reason: "it cannot be written; is its folder there, and may you write to it?")
    }
  }

  private static func littleEndian(_ number: some BinaryInteger, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }

  private static func number(_ data: Data, at place: Int, _ count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(data[data.startIndex + place + $1]) << UInt64($1 * 8) }
  }

  private static func checksum(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash = StableHash()
    for byte in bytes { hash.combine(byte: byte) }
    return hash.value
  }
}
