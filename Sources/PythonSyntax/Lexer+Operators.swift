/// Operators, names beyond ASCII, and bytes that mean nothing.
extension Lexer {
  mutating func readOperator() {
    let start = offset
    let next = peek(1)
    let isAssigning = next == 0x3D
    let kind: Token.Kind
    var length = 1
    switch current {
    case 0x2C: kind = .comma
    case 0x3B: kind = .semicolon
    case 0x7E: kind = .tilde
    case 0x3A: (kind, length) = colon(isAssigning)
    case 0x2E: (kind, length) = next == 0x2E && peek(2) == 0x2E ? (.ellipsis, 3) : (.dot, 1)
    case 0x3D: (kind, length) = isAssigning ? (.equal, 2) : (.assign, 1)
    case 0x2B: (kind, length) = isAssigning ? (.plusAssign, 2) : (.plus, 1)
    case 0x2D:
      (kind, length) = isAssigning ? (.minusAssign, 2) : next == 0x3E ? (.arrow, 2) : (.minus, 1)
    case 0x2A: (kind, length) = doubled(0x2A, .star, .starAssign, .doubleStar, .doubleStarAssign)
    case 0x2F: (kind, length) = doubled(0x2F, .slash, .slashAssign, .doubleSlash, .doubleSlashAssign)
    case 0x3C: (kind, length) = doubled(0x3C, .less, .lessOrEqual, .leftShift, .leftShiftAssign)
    case 0x3E: (kind, length) = doubled(0x3E, .greater, .greaterOrEqual, .rightShift, .rightShiftAssign)
    case 0x25: (kind, length) = isAssigning ? (.percentAssign, 2) : (.percent, 1)
    case 0x40: (kind, length) = isAssigning ? (.atAssign, 2) : (.at, 1)
    case 0x26: (kind, length) = isAssigning ? (.ampersandAssign, 2) : (.ampersand, 1)
    case 0x7C: (kind, length) = isAssigning ? (.barAssign, 2) : (.bar, 1)
    case 0x5E: (kind, length) = isAssigning ? (.caretAssign, 2) : (.caret, 1)
    case 0x21: (kind, length) = isAssigning ? (.notEqual, 2) : (.exclamation, 1)
    default:
      readInvalid()
      return
    }
    offset += length
    emit(kind, from: start)
  }

  /// `x`, `x=`, `xx` and `xx=` for an operator of the byte `x`.
  private func doubled(
    _ byte: UInt8, _ single: Token.Kind, _ singleAssign: Token.Kind, _ double: Token.Kind,
    _ doubleAssign: Token.Kind
  ) -> (Token.Kind, Int) {
    if peek(1) == byte { return peek(2) == 0x3D ? (doubleAssign, 3) : (double, 2) }
    return peek(1) == 0x3D ? (singleAssign, 2) : (single, 1)
  }

  /// `:` or `:=`; directly within a replacement field, `:` begins the format specification whatever follows.
  private mutating func colon(_ isAssigning: Bool) -> (Token.Kind, Int) {
    if case .field(let outside)? = modes.last, brackets.count == outside {
      modes.append(.specification)
      return (.colon, 1)
    }
    return isAssigning ? (.walrus, 2) : (.colon, 1)
  }

  /// The scalar at the offset and how many bytes it has.
  private func scalar() -> (Unicode.Scalar, Int)? {
    let end = min(offset + 4, count)
    guard let scalar = String(decoding: bytes[offset..<end], as: UTF8.self).unicodeScalars.first else {
      return nil
    }
    return (scalar, min(UTF8.width(scalar), end - offset))
  }

  mutating func readNameBeyondASCII() {
    let start = offset
    while offset < count {
      if current < 0x80 {
        guard Self.isNamePart(current) else { break }
        offset += 1
      } else {
        guard let (scalar, width) = scalar() else { break }
        let isPart = offset == start ? scalar.properties.isXIDStart : scalar.properties.isXIDContinue
        guard isPart else { break }
        offset += width
      }
    }
    if offset == start {
      readInvalid()
    } else {
      emit(.name, from: start)
    }
  }

  private mutating func readInvalid() {
    let start = offset
    guard let (scalar, width) = scalar() else {
      offset = count
      return
    }
    offset += width
    let hint: String?
    switch scalar.value {
    case 0x201C...0x201F, 0x2018...0x201B, 0xAB, 0xBB: hint = "use straight quotes, ' or \""
    case 0x2010...0x2015, 0x2212: hint = "use '-'"
    case 0xD7, 0x22C5, 0x2217: hint = "use '*'"
    case 0xA0, 0x2000...0x200B, 0x202F, 0x3000, 0xFEFF: hint = "use an ordinary space"
    case 0x2264: hint = "use '<='"
    case 0x2265: hint = "use '>='"
    case 0x2260: hint = "use '!='"
    case 0x2192: hint = "use '->'"
    case 0x2026: hint = "use '...', or write the code that was left out"
    case 0x60: hint = "remove the Markdown around the code"
    default: hint = nil
    }
    let message: String
    if scalar == "\\" {
      message = "a backslash must be the last character of its line"
    } else {
      let digits = String(scalar.value, radix: 16, uppercase: true)
      let code = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      let isVisible = scalar.value > 0x20 && scalar.value != 0x7F && !scalar.properties.isWhitespace
      message = "invalid character " + (isVisible ? "'\(Character(scalar))' (\(code))" : code)
    }
    report("syntax.invalid-character", message, hint: hint, start, offset)
    // One report for a run of them, such as ``` or a line of text.
    while offset < count, current == bytes[start], width == 1 { offset += 1 }
    emit(.error, from: start)
  }
}
