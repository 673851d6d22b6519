/// Finds the flat JSON objects in a reply, wherever they stand and however it is wrapped or cut off.
///
/// It reads strings, numbers, words, brackets and separators in one pass without recursion. An object is what
/// stands between a brace and its end; the scalars in it are its fields, and an object within another is one of its
/// own.
struct ReplyReader {
  /// A value that is neither an object nor an array.
  enum Scalar {
    case string(String)
    case number(Double)
    case word(String)

    var text: String? {
      switch self {
      case .string(let text): text
      case .word(let word): word == "null" ? nil : word
      case .number: nil
      }
    }

    /// The number, also where it is written as a string.
    var number: Double? {
      switch self {
      case .number(let value): value
      case .string(let text): ReplyReader.number(text.filter { !$0.isWhitespace })
      case .word: nil
      }
    }
  }

  /// The deepest nesting that is followed; deeper braces are skipped.
  private static let maximumDepth = 16

  private let bytes: [UInt8]
  private var offset = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  /// The objects with at least one field, in the order of their beginning.
  mutating func objects(atMost limit: Int) -> [[String: Scalar]] {
    var found: [(start: Int, fields: [String: Scalar])] = []
    var open: [(start: Int, fields: [String: Scalar], key: String?)] = []
    var lastString: String?
    func close(_ object: (start: Int, fields: [String: Scalar], key: String?)) {
      if !object.fields.isEmpty { found.append((object.start, object.fields)) }
    }
    while offset < bytes.count, found.count < limit {
      switch bytes[offset] {
      case 0x7B:  // {
        if let last = open.indices.last { open[last].key = nil }
        if open.count < Self.maximumDepth { open.append((offset, [:], nil)) }
        offset += 1
        lastString = nil
      case 0x7D:  // }
        if let object = open.popLast() { close(object) }
        offset += 1
        lastString = nil
      case 0x3A:  // :
        if let last = open.indices.last, let name = lastString { open[last].key = name.lowercased() }
        lastString = nil
        offset += 1
      case 0x22, 0x27:  // a string, or an apostrophe in text around the objects
        guard !open.isEmpty else {
          offset += 1
          continue
        }
        let text = readString()
        store(.string(text), in: &open, orRemember: &lastString, text)
      case 0x2D, 0x30...0x39:
        let text = readWhile {
          $0 == 0x2D || $0 == 0x2B || $0 == 0x2E || ($0 >= 0x30 && $0 <= 0x39) || $0 | 0x20 == 0x65
        }
        if let value = Self.number(text) { store(.number(value), in: &open, orRemember: &lastString, text) }
      case 0x41...0x5A, 0x5F, 0x61...0x7A:
        let text = readWhile {
          $0 == 0x5F || $0 == 0x2E || ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A)
        }
        store(.word(text), in: &open, orRemember: &lastString, text)
      case 0x2C:  // ,
        if let last = open.indices.last { open[last].key = nil }
        lastString = nil
        offset += 1
      default: offset += 1
      }
    }
    // A reply that was cut off leaves its objects open.
    while let object = open.popLast() { close(object) }
    return found.sorted { $0.start < $1.start }.map(\.fields)
  }

  private func store(
    _ value: Scalar, in open: inout [(start: Int, fields: [String: Scalar], key: String?)],
    orRemember lastString: inout String?, _ text: String
  ) {
    guard let last = open.indices.last else { return }
    if let key = open[last].key {
      if open[last].fields.count < 32, open[last].fields[key] == nil { open[last].fields[key] = value }
      open[last].key = nil
    } else {
      lastString = text
    }
  }

  private mutating func readWhile(_ isPart: (UInt8) -> Bool) -> String {
    let start = offset
    while offset < bytes.count, isPart(bytes[offset]) { offset += 1 }
    return String(decoding: bytes[start..<offset].prefix(200), as: UTF8.self)
  }

  /// Reads a string in either quotes; one without an end goes to the end of its line.
  private mutating func readString() -> String {
    let quote = bytes[offset]
    offset += 1
    var text: [UInt8] = []
    while offset < bytes.count, bytes[offset] != quote, bytes[offset] != 0x0A {
      if bytes[offset] == 0x5C, offset + 1 < bytes.count { offset += 1 }
      if text.count < 200 { text.append(bytes[offset]) }
      offset += 1
    }
    if offset < bytes.count { offset += 1 }
    return String(decoding: text, as: UTF8.self)
  }

  private static func number(_ text: String) -> Double? {
    guard let value = Double(text), value.isFinite else { return nil }
    return value
  }
}
