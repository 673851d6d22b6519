/// A string literal's content in the source, and how it is to be read.
struct StringLiteral {
  /// Where the content stands, without prefix and quotes.
  var content: SourceRange
  var isRaw: Bool
  var isBytes = false
  /// Whether `{{` and `}}` stand for single braces, as in the text of f-strings.
  var bracesAreDoubled: Bool

  /// A run of text of an f-string.
  init(text: SourceRange, isRaw: Bool, bracesAreDoubled: Bool) {
    content = text
    self.isRaw = isRaw
    self.bracesAreDoubled = bracesAreDoubled
  }

  /// A whole literal, or the beginning of an f-string, of which only the prefix counts.
  init(_ bytes: [UInt8], _ token: SourceRange) {
    var lower = token.lower
    var isRaw = false
    var isBytes = false
    while lower < token.upper, bytes[lower] != 0x22, bytes[lower] != 0x27 {
      if bytes[lower] | 0x20 == 0x72 { isRaw = true }
      if bytes[lower] | 0x20 == 0x62 { isBytes = true }
      lower += 1
    }
    let isTriple =
      token.upper - lower >= 6 && bytes[lower + 1] == bytes[lower] && bytes[lower + 2] == bytes[lower]
    let quotes = isTriple ? 3 : 1
    content = SourceRange(min(lower + quotes, token.upper), max(lower + quotes, token.upper - quotes))
    self.isRaw = isRaw
    self.isBytes = isBytes
    bracesAreDoubled = false
  }

  /// The value as UTF-8, or as bytes, with escapes resolved; what is wrong with them is added to `diagnostics`.
  func decode(_ bytes: [UInt8], _ diagnostics: inout [Diagnostic]) -> [UInt8] {
    var value: [UInt8] = []
    value.reserveCapacity(content.upper - content.lower)
    var index = content.lower
    while index < content.upper {
      let byte = bytes[index]
      switch byte {
      case 0x5C where !isRaw && index + 1 < content.upper:
        decodeEscape(bytes, &index, into: &value, &diagnostics)
        continue
      case 0x0D:  // Python reads every line end as \n
        value.append(0x0A)
        index += index + 1 < content.upper && bytes[index + 1] == 0x0A ? 2 : 1
        continue
      case 0x7B, 0x7D:
        value.append(byte)
        index += bracesAreDoubled && index + 1 < content.upper && bytes[index + 1] == byte ? 2 : 1
        continue
      case 0xC0... where isBytes:  // the first byte of a character
        report("bytes can hold ASCII characters only", "write \\x escapes", index, index + 1, &diagnostics)
      default: break
      }
      value.append(byte)
      index += 1
    }
    return value
  }

  private func decodeEscape(
    _ bytes: [UInt8], _ index: inout Int, into value: inout [UInt8], _ diagnostics: inout [Diagnostic]
  ) {
    let start = index
    let escaped = bytes[index + 1]
    index += 2
    switch escaped {
    case 0x0A: break  // a joined line
    case 0x0D: if index < content.upper, bytes[index] == 0x0A { index += 1 }
    case 0x5C, 0x27, 0x22: value.append(escaped)
    case 0x61: value.append(0x07)
    case 0x62: value.append(0x08)
    case 0x66: value.append(0x0C)
    case 0x6E: value.append(0x0A)
    case 0x72: value.append(0x0D)
    case 0x74: value.append(0x09)
    case 0x76: value.append(0x0B)
    case 0x30...0x37:
      var number = UInt32(escaped - 0x30)
      var digits = 1
      while digits < 3, index < content.upper, bytes[index] >= 0x30, bytes[index] <= 0x37 {
        number = number * 8 + UInt32(bytes[index] - 0x30)
        index += 1
        digits += 1
      }
      append(number, start, index, to: &value, &diagnostics)
    case 0x78:
      decodeHexadecimal(2, bytes, start, &index, into: &value, &diagnostics)
    case 0x75 where !isBytes:
      decodeHexadecimal(4, bytes, start, &index, into: &value, &diagnostics)
    case 0x55 where !isBytes:
      decodeHexadecimal(8, bytes, start, &index, into: &value, &diagnostics)
    case 0x4E where !isBytes:
      decodeName(bytes, start, &index, into: &value, &diagnostics)
    default:
      // An unknown escape stands for itself; what is escaped may be the first byte of several.
      value.append(0x5C)
      index -= 1
    }
  }

  private func decodeHexadecimal(
    _ count: Int, _ bytes: [UInt8], _ start: Int, _ index: inout Int, into value: inout [UInt8],
    _ diagnostics: inout [Diagnostic]
  ) {
    var number: UInt32 = 0
    var digits = 0
    while digits < count, index < content.upper, let digit = Lexer.hexadecimalValue(bytes[index]) {
      number = number << 4 | UInt32(digit)
      index += 1
      digits += 1
    }
    guard digits == count else {
      report("this escape needs \(count) hexadecimal digits", nil, start, index, &diagnostics)
      return
    }
    append(number, start, index, to: &value, &diagnostics)
  }

  private func decodeName(
    _ bytes: [UInt8], _ start: Int, _ index: inout Int, into value: inout [UInt8],
    _ diagnostics: inout [Diagnostic]
  ) {
    guard index < content.upper, bytes[index] == 0x7B,
      let close = bytes[index..<content.upper].firstIndex(of: 0x7D)
    else {
      report("'\\N' needs a character's name in braces", nil, start, index, &diagnostics)
      return
    }
    let name = String(decoding: bytes[(index + 1)..<close], as: UTF8.self)
    index = close + 1
    guard let scalar = UnicodeNames.scalar(named: name) else {
      report("no character has the name '\(name.prefix(60))'", nil, start, index, &diagnostics)
      return
    }
    value.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
  }

  /// Adds a byte, or the scalar of that number.
  private func append(
    _ number: UInt32, _ start: Int, _ end: Int, to value: inout [UInt8], _ diagnostics: inout [Diagnostic]
  ) {
    if isBytes {
      value.append(UInt8(truncatingIfNeeded: number))
    } else if let scalar = Unicode.Scalar(number) {
      value.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
    } else if number <= 0x10FFFF {
      value.append(contentsOf: [0xEF, 0xBF, 0xBD])
      diagnostics.append(
        Diagnostic(
          .warning, "syntax.string", "half of a surrogate pair is no character and was replaced by U+FFFD",
          hint: "write the character with \\U", range: SourceRange(start, end)))
    } else {
      report("no character has this number", nil, start, end, &diagnostics)
    }
  }

  private func report(
    _ message: String, _ hint: String?, _ lower: Int, _ upper: Int, _ diagnostics: inout [Diagnostic]
  ) {
    if diagnostics.count < 100 {
      diagnostics.append(
        Diagnostic(.error, "syntax.string", message, hint: hint, range: SourceRange(lower, upper)))
    }
  }
}

/// The names of characters, for `\N{…}`.
enum UnicodeNames {
  /// Every named scalar but the ideographs, whose names hold their number; built on first use.
  private static let table: [String: Unicode.Scalar] = {
    var table: [String: Unicode.Scalar] = [:]
    for value in UInt32(0)...0xE_FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let properties = scalar.properties
      if let name = properties.name, !name.hasPrefix("CJK ") { table[name] = scalar }
      if let alias = properties.nameAlias { table[alias] = scalar }
    }
    return table
  }()

  /// The scalar of that name, in upper or lower case.
  static func scalar(named name: String) -> Unicode.Scalar? {
    if name.utf8.count > 100 { return nil }
    let name = name.uppercased()
    if let scalar = table[name] { return scalar }
    guard name.hasPrefix("CJK "), let dash = name.lastIndex(of: "-"),
      let value = UInt32(name[name.index(after: dash)...], radix: 16), let scalar = Unicode.Scalar(value),
      scalar.properties.name == name
    else { return nil }
    return scalar
  }
}
