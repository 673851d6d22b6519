import PythonSyntax

/// Reads JSON into Python values: what the caller gives to a constructor.
///
/// It reads RFC 8259 and nothing more; whole numbers are ints and others floats, as Python's `json` has it.
struct JSONArguments {
  /// How deep arrays and objects may nest.
  private static let maximumDepth = 64

  private let interpreter: Interpreter
  private let bytes: [UInt8]
  private var offset = 0

  private init(_ text: String, _ interpreter: Interpreter) {
    self.interpreter = interpreter
    bytes = Array(text.utf8)
  }

  /// The arguments that a JSON text stands for: those of an object by keyword, those of an array by position.
  static func read(_ text: String, _ interpreter: Interpreter) throws(Interruption) -> Arguments {
    var reader = JSONArguments(text, interpreter)
    try interpreter.spend(reader.bytes.count)
    let value = try reader.value(depth: 0)
    reader.skipBlanks()
    guard reader.offset == reader.bytes.count else { throw reader.failure("expected the end of the text") }
    switch value {
    case .list(let list): return Arguments(list.elements)
    case .dict(let dictionary):
      var keywords: [(name: String, value: PythonValue)] = []
      for case (.string(let name), _, let value) in dictionary.items { keywords.append((name, value)) }
      return Arguments([], keywords: keywords)
    default:
      reader.offset = 0
      throw reader.failure("the arguments must be an object or an array")
    }
  }

  /// What `json.loads` gives for a text; raises `ValueError` where it is not JSON.
  static func value(of text: String, _ interpreter: Interpreter) throws(Interruption) -> PythonValue {
    var reader = JSONArguments(text, interpreter)
    try interpreter.spend(reader.bytes.count)
    do throws(Interruption) {
      let value = try reader.value(depth: 0)
      reader.skipBlanks()
      guard reader.offset == reader.bytes.count else { throw reader.failure("expected the end of the text") }
      return value
    } catch {
      guard case .refused(let refusal) = error, !refusal.isExhaustion else { throw error }
      throw interpreter.raise(.valueError, "\(refusal.diagnostic.message) (char \(reader.offset))")
    }
  }

  private func failure(_ message: String) -> Interruption {
    var diagnostic = Diagnostic(
      .error, "arguments.json", message,
      hint: "give keyword arguments as {\"num_classes\": 10}, positional ones as [10]",
      range: SourceRange(offset, min(offset + 1, bytes.count)))
    diagnostic.origin = .arguments
    return .refused(Refusal(diagnostic, isExhaustion: false))
  }

  private mutating func skipBlanks() {
    while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) { offset += 1 }
  }

  private mutating func accept(_ byte: UInt8) -> Bool {
    skipBlanks()
    guard offset < bytes.count, bytes[offset] == byte else { return false }
    offset += 1
    return true
  }

  private mutating func value(depth: Int) throws(Interruption) -> PythonValue {
    guard depth < Self.maximumDepth else { throw failure("this nests too deeply") }
    skipBlanks()
    guard offset < bytes.count else { throw failure("the text ends where a value is expected") }
    switch bytes[offset] {
    case 0x7B: return try object(depth)
    case 0x5B: return try array(depth)
    case 0x22: return try interpreter.string(try string())
    case 0x2D, 0x30...0x39: return try number()
    default:
      for (word, value) in [
        ("true", PythonValue.bool(true)), ("false", .bool(false)), ("null", PythonValue.none),
      ]
      where bytes[offset...].starts(with: word.utf8) {
        offset += word.utf8.count
        return value
      }
      throw failure("expected a value")
    }
  }

  private mutating func object(_ depth: Int) throws(Interruption) -> PythonValue {
    let dictionary = try interpreter.dictionary()
    offset += 1
    if accept(0x7D) { return .dict(dictionary) }
    repeat {
      skipBlanks()
      guard offset < bytes.count, bytes[offset] == 0x22 else {
        throw failure("expected a name in double quotes")
      }
      let name = try string()
      guard accept(0x3A) else { throw failure("expected ':'") }
      let value = try value(depth: depth + 1)
      try interpreter.reserve(2)
      dictionary.set(.string(name), .string(name), value)
    } while accept(0x2C)
    guard accept(0x7D) else { throw failure("expected ',' or '}'") }
    return .dict(dictionary)
  }

  private mutating func array(_ depth: Int) throws(Interruption) -> PythonValue {
    var elements: [PythonValue] = []
    offset += 1
    if accept(0x5D) { return try interpreter.list([]) }
    repeat { elements.append(try value(depth: depth + 1)) } while accept(0x2C)
    guard accept(0x5D) else { throw failure("expected ',' or ']'") }
    return try interpreter.list(elements)
  }

  private mutating func number() throws(Interruption) -> PythonValue {
    let start = offset
    if bytes[offset] == 0x2D { offset += 1 }
    let whole = skipDigits()
    guard whole == 1 || (whole > 1 && bytes[offset - whole] != 0x30) else {
      throw failure("expected a number without leading zeros")
    }
    var isWhole = true
    if offset < bytes.count, bytes[offset] == 0x2E {
      isWhole = false
      offset += 1
      guard skipDigits() > 0 else { throw failure("expected a digit") }
    }
    if offset < bytes.count, bytes[offset] | 0x20 == 0x65 {
      isWhole = false
      offset += 1
      if offset < bytes.count, bytes[offset] == 0x2B || bytes[offset] == 0x2D { offset += 1 }
      guard skipDigits() > 0 else { throw failure("expected a digit") }
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if isWhole, let value = Int(text) { return .int(value) }
    if !isWhole, let value = Double(text), value.isFinite { return .float(value) }
    offset = start
    throw failure("the number is too large")
  }

  private mutating func skipDigits() -> Int {
    let start = offset
    while offset < bytes.count, bytes[offset] >= 0x30, bytes[offset] <= 0x39 { offset += 1 }
    return offset - start
  }

  private mutating func string() throws(Interruption) -> String {
    offset += 1
    var units: [UInt8] = []
    while offset < bytes.count, bytes[offset] != 0x22 {
      guard bytes[offset] >= 0x20 else { throw failure("a control character must be escaped") }
      if bytes[offset] == 0x5C {
        units += String(try escape()).utf8
      } else {
        units.append(bytes[offset])
        offset += 1
      }
    }
    guard offset < bytes.count else { throw failure("the string has no end") }
    offset += 1
    return String(decoding: units, as: UTF8.self)
  }

  private mutating func escape() throws(Interruption) -> Character {
    guard offset + 1 < bytes.count else { throw failure("the string has no end") }
    let kind = bytes[offset + 1]
    let simple: [UInt8: Character] = [
      0x22: "\"", 0x5C: "\\", 0x2F: "/", 0x62: "\u{8}", 0x66: "\u{C}", 0x6E: "\n", 0x72: "\r", 0x74: "\t",
    ]
    if let character = simple[kind] {
      offset += 2
      return character
    }
    guard kind == 0x75, let high = codeUnit(at: offset + 2) else {
      throw failure("this is no escape of JSON")
    }
    if let scalar = Unicode.Scalar(high) {
      offset += 6
      return Character(scalar)
    }
    // Two escapes that are one character, as UTF-16 has it.
    guard high < 0xDC00, offset + 7 < bytes.count, bytes[offset + 6] == 0x5C, bytes[offset + 7] == 0x75,
      let low = codeUnit(at: offset + 8), (0xDC00...0xDFFF).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else { throw failure("half of a surrogate pair") }
    offset += 12
    return Character(scalar)
  }

  private func codeUnit(at start: Int) -> UInt32? {
    guard start + 4 <= bytes.count else { return nil }
    let digits = bytes[start..<start + 4]
    guard digits.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x66) }) else {
      return nil
    }
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}
