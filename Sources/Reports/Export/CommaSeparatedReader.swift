import Foundation
import Search

/// Reads a table as RFC 4180 has it, row by row; lines that hold nothing are passed over.
struct CommaSeparatedReader {
  private let bytes: [UInt8]
  private var place = 0
  private var nextLine = 1
  /// The line that the last row begins on, from 1.
  private(set) var line = 0

  init(_ data: Data) {
    bytes = [UInt8](data)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
  }

  /// The cells of the next row, or nil at the end.
  ///
  /// - Throws: where a quotation mark is not closed, or something stands behind a closed one.
  mutating func next(_ path: String) throws(SearchError) -> [String]? {
    while place < bytes.count {
      line = nextLine
      let cells = try row(path)
      if cells != [""] { return cells }
    }
    return nil
  }

  private mutating func row(_ path: String) throws(SearchError) -> [String] {
    var cells: [String] = []
    while true {
      cells.append(try cell(path))
      guard place < bytes.count else { return cells }
      let byte = bytes[place]
      place += 1
      if byte == UInt8(ascii: ",") { continue }
      if byte == UInt8(ascii: "\r"), place < bytes.count, bytes[place] == UInt8(ascii: "\n") { place += 1 }
      nextLine += 1
      return cells
    }
  }

  /// The cell that begins here, up to the comma or line end behind it.
  private mutating func cell(_ path: String) throws(SearchError) -> String {
    guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else {
      let start = place
      while place < bytes.count, !Self.ends(bytes[place]) { place += 1 }
      return String(decoding: bytes[start..<place], as: UTF8.self)
    }
    place += 1
    var text: [UInt8] = []
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      if byte != UInt8(ascii: "\"") {
        if byte == UInt8(ascii: "\n") { nextLine += 1 }
        text.append(byte)
      } else if place < bytes.count, bytes[place] == UInt8(ascii: "\"") {
        place += 1
        text.append(byte)
      } else {
        guard place == bytes.count || Self.ends(bytes[place]) else {
          throw SearchError("'\(path)', line \(line): something stands behind a closing quotation mark.")
        }
        return String(decoding: text, as: UTF8.self)
      }
    }
    throw SearchError("'\(path)', line \(line): a quotation mark is not closed.")
  }

  private static func ends(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
  }
}
