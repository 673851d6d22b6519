/// Numbers, strings and the text of f-strings.
extension Lexer {
  // MARK: Numbers

  mutating func readNumber() {
    let start = offset
    var isWellFormed = true
    let marker = peek(1) | 0x20
    let hasBase = current == 0x30 && (marker == 0x78 || marker == 0x6F || marker == 0x62)  // 0x 0o 0b
    if hasBase {
      offset += 2
      if current == 0x5F { offset += 1 }
      let digits = offset
      isWellFormed = readDigits { byte in
        switch marker {
        case 0x78: Self.hexadecimalValue(byte) != nil
        case 0x6F: byte >= 0x30 && byte <= 0x37
        default: byte == 0x30 || byte == 0x31
        }
      }
      if offset == digits { isWellFormed = false }
    } else {
      isWellFormed = readDecimal(from: start)
    }
    if isWellFormed, !(Self.isNamePart(current) || current >= 0x80) || keywordFollows() {
      emit(.number, from: start)
      return
    }
    while Self.isNamePart(current) || current >= 0x80 { offset += 1 }
    let text = String(decoding: bytes[start..<min(offset, start + 40)], as: UTF8.self)
    let hint =
      text.contains("_")
      ? "underscores stand only between digits"
      : hasBase ? "only digits of its base can follow the prefix" : "names cannot begin with a digit"
    report("syntax.invalid-number", "'\(text)' is not a number", hint: hint, start, offset)
    emit(.error, from: start)
  }

  /// Reads digits with single underscores between them; false where an underscore stands elsewhere.
  private mutating func readDigits(_ isDigit: (UInt8) -> Bool) -> Bool {
    while true {
      while isDigit(current) { offset += 1 }
      guard current == 0x5F else { return true }
      guard isDigit(peek(1)) else { return false }
      offset += 1
    }
  }

  private mutating func readDecimal(from start: Int) -> Bool {
    let isDigit: (UInt8) -> Bool = { $0 >= 0x30 && $0 <= 0x39 }
    var isInteger = true
    if isDigit(current), !readDigits(isDigit) { return false }
    let integerEnd = offset
    if current == 0x2E {
      isInteger = false
      offset += 1
      if isDigit(current), !readDigits(isDigit) { return false }
    }
    if current | 0x20 == 0x65 {  // e
      let hasSign = peek(1) == 0x2B || peek(1) == 0x2D
      if isDigit(peek(hasSign ? 2 : 1)) {
        isInteger = false
        offset += hasSign ? 2 : 1
        if !readDigits(isDigit) { return false }
      }
    }
    if current | 0x20 == 0x6A {  // j
      isInteger = false
      offset += 1
    }
    if isInteger, bytes[start] == 0x30,
      bytes[start..<integerEnd].contains(where: { $0 >= 0x31 && $0 <= 0x39 })
    {
      report(
        "syntax.invalid-number", "a decimal integer cannot begin with 0", hint: "write octal numbers with 0o",
        start, offset)
    }
    return true
  }

  /// Whether a keyword stands right behind a number, as in `1if x else 2`, which Python allows.
  private func keywordFollows() -> Bool {
    let rest = bytes[offset..<min(offset + 4, bytes.count)]
    return ["and", "else", "for", "if", "in", "is", "or", "not"].contains { rest.starts(with: $0.utf8) }
  }

  static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: byte - 0x61 + 10
    case 0x41...0x46: byte - 0x41 + 10
    default: nil
    }
  }

  // MARK: Strings

  /// Reads a string literal with a prefix such as `rb`; false where the letters here are none.
  mutating func readPrefixedString() -> Bool {
    let first = current | 0x20
    let second = peek(1) | 0x20
    let isQuote: (UInt8) -> Bool = { $0 == 0x22 || $0 == 0x27 }
    let start = offset
    if isQuote(peek(1)) {
      guard first == 0x72 || first == 0x62 || first == 0x75 || first == 0x66 else { return false }
      offset += 1
      readString(prefix: start, isRaw: first == 0x72, isFormatted: first == 0x66)
      return true
    }
    guard isQuote(peek(2)), first == 0x72 || second == 0x72 else { return false }
    let other = first == 0x72 ? second : first
    guard other == 0x62 || other == 0x66 else { return false }
    offset += 2
    readString(prefix: start, isRaw: true, isFormatted: other == 0x66)
    return true
  }

  /// Reads a string literal from its quotes on, or the beginning of an f-string.
  mutating func readString(prefix start: Int, isRaw: Bool, isFormatted: Bool) {
    let quote = current
    let isTriple = peek(1) == quote && peek(2) == quote
    let line = offset
    offset += isTriple ? 3 : 1
    if isFormatted {
      emit(.formattedStart, from: start)
      formatted.append(Formatted(start: start, quote: quote, isTriple: isTriple, isRaw: isRaw))
      modes.append(.text)
      return
    }
    while offset < count {
      let byte = current
      if byte == quote {
        if !isTriple {
          offset += 1
          emit(.string, from: start)
          return
        }
        if peek(1) == quote, peek(2) == quote {
          offset += 3
          emit(.string, from: start)
          return
        }
        offset += 1
      } else if byte == 0x5C {
        skipEscape()
      } else if !isTriple, byte == 0x0A || byte == 0x0D {
        break
      } else {
        offset += 1
      }
    }
    reportUnterminated(start, line: line, isTriple: isTriple, quote: quote)
  }

  /// Skips a backslash and what it escapes, a line end of two bytes included.
  private mutating func skipEscape() {
    offset = min(offset + (peek(1) == 0x0D && peek(2) == 0x0A ? 3 : 2), count)
  }

  private mutating func reportUnterminated(_ start: Int, line: Int, isTriple: Bool, quote: UInt8) {
    let mark = String(repeating: quote == 0x22 ? "\"" : "'", count: isTriple ? 3 : 1)
    report(
      "syntax.unterminated-string",
      isTriple ? "this string was never closed" : "this string does not end on its line",
      hint: "close it with \(mark)", start, line + 1)
    emit(.error, from: start)
    if isTriple { brackets.removeAll() }  // the text ends here, and its brackets are within the string
    forgetBracketsOfLine()
  }

  // MARK: Text of f-strings

  /// Reads text up to a replacement field, the end of the f-string or the end of a format specification.
  mutating func readFormattedText() {
    guard let literal = formatted.last else {
      modes.removeAll()
      return
    }
    var isSpecification = false
    if case .specification? = modes.last { isSpecification = true }
    let start = offset
    while offset < count {
      let byte = current
      switch byte {
      case literal.quote where !literal.isTriple || (peek(1) == byte && peek(2) == byte):
        emitText(from: start)
        endFormatted(literal, isSpecification: isSpecification)
        return
      case 0x5C:  // backslash
        if !literal.isRaw, peek(1) == 0x4E, peek(2) == 0x7B {  // \N{
          offset += 3
          while offset < count, current != 0x7D, current != literal.quote, current != 0x0A { offset += 1 }
          if current == 0x7D { offset += 1 }
        } else if peek(1) == 0x7B || peek(1) == 0x7D {
          offset += 1
        } else {
          skipEscape()
        }
      case 0x7B:  // {
        if peek(1) == 0x7B, !isSpecification {
          offset += 2
          continue
        }
        emitText(from: start)
        offset += 1
        emit(.leftBrace, from: offset - 1)
        modes.append(.field(brackets: brackets.count))
        return
      case 0x7D:  // }
        if isSpecification {
          emitText(from: start)
          offset += 1
          emit(.rightBrace, from: offset - 1)
          modes.removeLast(2)  // the specification and its field
          return
        }
        if peek(1) == 0x7D {
          offset += 2
          continue
        }
        offset += 1
        report(
          "syntax.f-string", "a single '}' is not allowed in an f-string", hint: "write '}}' for a brace",
          offset - 1, offset)
        emit(.error, from: offset - 1)
        return
      case 0x0A, 0x0D:
        if !literal.isTriple {
          formatted.removeLast()
          popText()
          reportUnterminated(literal.start, line: literal.start, isTriple: false, quote: literal.quote)
          return
        }
        offset += 1
      default:
        offset += 1
      }
    }
    formatted.removeAll()
    modes.removeAll()
    reportUnterminated(literal.start, line: literal.start, isTriple: literal.isTriple, quote: literal.quote)
  }

  private mutating func emitText(from start: Int) {
    if offset > start { emit(.formattedText, from: start) }
  }

  private mutating func endFormatted(_ literal: Formatted, isSpecification: Bool) {
    let start = offset
    offset += literal.isTriple ? 3 : 1
    if isSpecification {
      report(
        "syntax.f-string", "the f-string ends within a replacement field", hint: "add the missing '}'", start,
        offset)
      emit(.error, from: start)
    } else {
      emit(.formattedEnd, from: start)
    }
    formatted.removeLast()
    popText()
  }
}
