/// Why a text is not JSON, and where.
public struct JSONParsingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, as half a sentence.
  public var message: String
  /// The offset of the byte where it was noticed.
  public var offset: Int

  /// What is wrong and where, as one sentence without a full stop.
  public var description: String { "not valid JSON: \(message) at byte \(offset)" }
}

extension JSONValue {
  /// The deepest nesting of arrays and objects that is read.
  public static let maximumDepth = 128

  /// The value that a JSON text (RFC 8259) stands for.
  ///
  /// Lone halves of surrogate pairs become U+FFFD. Time and memory grow linearly with the text.
  ///
  /// - Throws: `JSONParsingError` where the text is not JSON, or is nested deeper than `maximumDepth`.
  public init(parsing text: String) throws(JSONParsingError) {
    try self.init(parsing: Array(text.utf8))
  }

  /// The value that a JSON text in UTF-8 stands for; a byte order mark is skipped.
  ///
  /// - Throws: `JSONParsingError`, also where the bytes are not UTF-8.
  public init(parsing bytes: [UInt8]) throws(JSONParsingError) {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw JSONParsingError(message: "the bytes are not UTF-8", offset: 0)
    }
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }
}

/// Recursive descent over bytes that are known to be UTF-8.
private struct JSONParser {
  let bytes: [UInt8]
  var position = 0
  var depth = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  mutating func document() throws(JSONParsingError) -> JSONValue {
    let value = try value()
    skipSpace()
    guard position == bytes.count else { throw failure("there is text behind the value") }
    return value
  }

  private mutating func value() throws(JSONParsingError) -> JSONValue {
    skipSpace()
    guard let byte = peek else { throw failure("the text ends where a value is expected") }
    switch byte {
    case UInt8(ascii: "{"): return try nested { (parser) throws(JSONParsingError) in try parser.object() }
    case UInt8(ascii: "["): return try nested { (parser) throws(JSONParsingError) in try parser.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .boolean(true))
    case UInt8(ascii: "f"): return try literal("false", .boolean(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw failure("a value is expected")
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONParsingError) -> JSONValue
  ) throws(JSONParsingError) -> JSONValue {
    guard depth < JSONValue.maximumDepth else { throw failure("the nesting is too deep") }
    depth += 1
    position += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(JSONParsingError) -> JSONValue {
    var members: [JSONValue.Member] = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw failure("a member's name is expected") }
      let name = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw failure("':' is expected") }
      members.append(JSONValue.Member(name, try value()))
      skipSpace()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "}")) else { throw failure("',' or '}' is expected") }
      return .object(members)
    }
  }

  private mutating func array() throws(JSONParsingError) -> JSONValue {
    var elements: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(elements) }
    while true {
      elements.append(try value())
      skipSpace()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "]")) else { throw failure("',' or ']' is expected") }
      return .array(elements)
    }
  }

  private mutating func literal(_ text: String, _ value: JSONValue) throws(JSONParsingError) -> JSONValue {
    guard bytes[position...].starts(with: text.utf8) else { throw failure("a value is expected") }
    position += text.utf8.count
    return value
  }

  private mutating func number() throws(JSONParsingError) -> JSONValue {
    let start = position
    _ = take(UInt8(ascii: "-"))
    if take(UInt8(ascii: "0")) {
      if let digit = peek, Self.isDigit(digit) { throw failure("a number begins with a superfluous zero") }
    } else {
      try digits()
    }
    var isWhole = true
    if take(UInt8(ascii: ".")) {
      isWhole = false
      try digits()
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isWhole = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else { throw failure("a number is too large") }
    return .number(number)
  }

  private mutating func digits() throws(JSONParsingError) {
    guard let first = peek, Self.isDigit(first) else { throw failure("a digit is expected") }
    while let digit = peek, Self.isDigit(digit) { position += 1 }
  }

  private mutating func string() throws(JSONParsingError) -> String {
    position += 1
    var content: [UInt8] = []
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: content, as: UTF8.self)
      case UInt8(ascii: "\\"):
        position += 1
        try escape(into: &content)
      case ..<0x20:
        throw failure("a control character stands in a string")
      default:
        content.append(byte)
        position += 1
      }
    }
    throw failure("a string does not end")
  }

  private mutating func escape(into content: inout [UInt8]) throws(JSONParsingError) {
    guard let byte = peek else { throw failure("a string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "u"): content += try escapedScalar().utf8
    default: throw failure("an escape is unknown")
    }
  }

  /// The scalar of `\uXXXX`, or of a pair of them; U+FFFD for half a pair.
  private mutating func escapedScalar() throws(JSONParsingError) -> String {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return String(Character(scalar)) }
    let mark = position
    if first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
      let second = try hexadecimal()
      if (0xDC00...0xDFFF).contains(second),
        let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
      {
        return String(Character(scalar))
      }
    }
    position = mark
    return "\u{FFFD}"
  }

  private mutating func hexadecimal() throws(JSONParsingError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("four hexadecimal digits are expected")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private func failure(_ message: String) -> JSONParsingError {
    JSONParsingError(message: message, offset: position)
  }
}
