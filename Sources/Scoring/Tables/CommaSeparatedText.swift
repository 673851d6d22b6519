/// Reads comma-separated values (RFC 4180) record by record; empty lines are passed over.
struct CommaSeparatedText {
  private let bytes: [UInt8]
  private var position = 0
  private var nextLine = 1
  /// The line on which the record read last begins, counted from 1.
  private(set) var line = 0

  /// What a record is not allowed to be.
  struct Mistake: Error {
    var reason: String
  }

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  private static let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
  private static let (newline, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))

  /// The fields of the next record; nil at the end.
  mutating func next() throws(Mistake) -> [ArraySlice<UInt8>]? {
    while position < bytes.count, bytes[position] == Self.newline || bytes[position] == Self.carriageReturn {
      nextLine += bytes[position] == Self.newline ? 1 : 0
      position += 1
    }
    guard position < bytes.count else { return nil }
    line = nextLine
    var fields: [ArraySlice<UInt8>] = []
    while true {
      fields.append(try field())
      guard position < bytes.count, bytes[position] == Self.comma else { break }
      position += 1
    }
    return fields
  }

  /// The next field, up to a comma or the end of the line.
  private mutating func field() throws(Mistake) -> ArraySlice<UInt8> {
    if position < bytes.count, bytes[position] == Self.quote { return try quotedField() }
    let start = position
    while position < bytes.count, !Self.ends(bytes[position]) { position += 1 }
    return bytes[start..<position]
  }

  private static func ends(_ byte: UInt8) -> Bool {
    byte == comma || byte == newline || byte == carriageReturn
  }

  private mutating func quotedField() throws(Mistake) -> ArraySlice<UInt8> {
    var text: [UInt8] = []
    position += 1
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == Self.newline { nextLine += 1 }
      guard byte == Self.quote else {
        text.append(byte)
        continue
      }
      // Two quotes are one within the field; one ends it.
      if position < bytes.count, bytes[position] == Self.quote {
        text.append(byte)
        position += 1
        continue
      }
      guard position == bytes.count || Self.ends(bytes[position]) else {
        throw Mistake(reason: "a quoted field goes on behind its last quote")
      }
      return text[...]
    }
    throw Mistake(reason: "a quoted field has no last quote")
  }
}
