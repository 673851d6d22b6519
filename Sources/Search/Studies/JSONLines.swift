import Foundation

/// A file with an object of JSON a line, to which lines are added as soon as they are there.
///
/// A process that is killed leaves half a line at most, which is dropped when the file is opened again.
struct JSONLines {
  private let path: String
  private let handle: FileHandle

  /// Opens a file in a folder, which is made, and reads what it holds.
  ///
  /// - Parameter kind: what a line is, for messages: `search of a study`.
  /// - Throws: where the file cannot be read or written, or holds something else.
  static func open<Line: Decodable>(
    _ path: String, of type: Line.Type, kind: String
  ) throws(SearchError) -> (file: JSONLines, lines: [Line]) {
    do {
      let place = URL(fileURLWithPath: path)
      try FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      if !FileManager.default.fileExists(atPath: path) { try Data().write(to: place) }
      let data = try Data(contentsOf: place)
      let handle = try FileHandle(forUpdating: place)
      let (found, end) = try lines(of: type, in: data)
      try handle.truncate(atOffset: UInt64(end))
      try handle.seekToEnd()
      return (JSONLines(path: path, handle: handle), found)
    } catch {
      throw sentence(for: error, path, kind)
    }
  }

  /// What a file holds, which is left as it is, whoever may be writing to it.
  ///
  /// - Throws: where the file cannot be read, or holds something else.
  static func read<Line: Decodable>(
    _ path: String, of type: Line.Type, kind: String
  ) throws(SearchError) -> [Line] {
    do {
      return try lines(of: type, in: Data(contentsOf: URL(fileURLWithPath: path))).found
    } catch {
      throw sentence(for: error, path, kind)
    }
  }

  /// The lines that are whole, and where the last of them ends.
  private static func lines<Line: Decodable>(
    of type: Line.Type, in data: Data
  ) throws -> (found: [Line], end: Int) {
    var found: [Line] = []
    var end = 0
    let decoder = JSONDecoder()
    while let newline = data[end...].firstIndex(of: UInt8(ascii: "\n")) {
      found.append(try decoder.decode(Line.self, from: data[end..<newline]))
      end = newline + 1
    }
    return (found, end)
  }

  private static func sentence(for error: any Error, _ path: String, _ kind: String) -> SearchError {
    error is DecodingError
      ? SearchError("'\(path)' has a line that is no \(kind); move the file away to begin anew.")
      : SearchError("'\(path)' cannot be used: \(error.localizedDescription)")
  }

  /// Adds a line.
  ///
  /// - Throws: where it cannot be written, as on a full disk.
  func append(_ line: some Encodable) throws(SearchError) {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      try handle.write(contentsOf: try encoder.encode(line) + Data([UInt8(ascii: "\n")]))
    } catch {
      throw SearchError("'\(path)' cannot be written: \(error.localizedDescription)")
    }
  }
}
