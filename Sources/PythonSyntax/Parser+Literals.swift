/// The values of number and string literals.
extension Parser {
  // MARK: Numbers

  /// The value of a number token.
  func number(_ range: SourceRange) -> Expression.Kind {
    var digits = bytes[range.lower..<range.upper].filter { $0 != 0x5F }
    let marker = digits.count > 1 ? digits[1] | 0x20 : 0
    let radix: Int? = marker == 0x78 ? 16 : marker == 0x6F ? 8 : marker == 0x62 ? 2 : nil
    if let radix, digits[0] == 0x30 {
      let text = String(decoding: digits, as: UTF8.self)
      return Int(text.dropFirst(2), radix: radix).map { .integer($0) } ?? .largeInteger(text)
    }
    let isImaginary = digits.last.map { $0 | 0x20 == 0x6A } ?? false
    if isImaginary { digits.removeLast() }
    let isInteger = !isImaginary && digits.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    var text = String(decoding: digits, as: UTF8.self)
    if isInteger { return Int(text).map { .integer($0) } ?? .largeInteger(text) }
    // Swift wants digits on both sides of the point.
    if text.hasPrefix(".") { text = "0" + text }
    if let point = text.firstIndex(of: ".") {
      let next = text.index(after: point)
      if next == text.endIndex || !text[next].isNumber { text.insert("0", at: next) }
    }
    let value = Double(text) ?? .infinity
    return isImaginary ? .imaginary(value) : .float(value)
  }

  // MARK: Strings

  /// Adjacent string literals and f-strings, joined.
  mutating func strings() throws(Failure) -> Expression {
    try enter()
    let start = start
    var joined = JoinedLiteral()
    var inner = 0
    while current == .string || current == .formattedStart {
      let literal = StringLiteral(bytes, token.range)
      if !joined.accepts(literal) { throw failMixedLiteral() }
      if current == .formattedStart {
        joined.append(try formattedString(isRaw: literal.isRaw))
        inner = max(inner, height)
      } else {
        joined.append(decoded(literal), isBytes: literal.isBytes)
        advance()
      }
    }
    leave()
    return try node(joined.kind, start, over: inner)
  }

  private mutating func failMixedLiteral() -> Failure {
    fail("syntax.string", "bytes and text cannot be joined in one literal", at: token.range)
  }

  private mutating func formattedString(isRaw: Bool) throws(Failure) -> [FormattedStringPart] {
    advance()
    let parts = try formattedParts(isRaw: isRaw, isSpecification: false)
    try expect(.formattedEnd, "the end of the f-string")
    return parts
  }

  /// The text and fields of an f-string, or of the format specification of a field.
  private mutating func formattedParts(
    isRaw: Bool, isSpecification: Bool
  ) throws(Failure) -> [FormattedStringPart] {
    var parts: [FormattedStringPart] = []
    var inner = 0
    while true {
      switch current {
      case .formattedText:
        parts.append(text: formattedText(isRaw: isRaw, isSpecification: isSpecification))
      case .leftBrace:
        try field(into: &parts, isRaw: isRaw)
        inner = max(inner, height)
      default:
        height = inner
        return parts
      }
    }
  }

  private mutating func formattedText(isRaw: Bool, isSpecification: Bool) -> String {
    let literal = StringLiteral(text: token.range, isRaw: isRaw, bracesAreDoubled: !isSpecification)
    advance()
    return String(decoding: decoded(literal), as: UTF8.self)
  }

  private mutating func field(into parts: inout [FormattedStringPart], isRaw: Bool) throws(Failure) {
    try enter()
    advance()
    let textStart = end
    try checkField()
    let value = try yieldOrList()
    var inner = height
    let hasText = accept(.assign)
    if hasText { parts.append(text: withPlainLineEnds(SourceRange(textStart, start))) }
    var conversion = try conversion()
    var format: [FormattedStringPart] = []
    if accept(.colon) {
      format = try formattedParts(isRaw: isRaw, isSpecification: true)
      inner = max(inner, height)
    } else if hasText, conversion == nil {
      conversion = "r"
    }
    try expect(.rightBrace, "'}'", hint: current == .lambda ? "put the lambda in parentheses" : nil)
    parts.append(.value(value, conversion: conversion, format: format))
    height = inner + 1
    leave()
  }

  private mutating func checkField() throws(Failure) {
    switch current {
    case .rightBrace, .colon, .exclamation, .assign:
      throw fail(
        "syntax.f-string", "an f-string's replacement field needs an expression",
        hint: "write '{{' and '}}' for braces")
    default: return
    }
  }

  /// `!r` and the like, where it follows.
  private mutating func conversion() throws(Failure) -> Character? {
    guard accept(.exclamation) else { return nil }
    let letter = current == .name && start == end ? text(token.range) : ""
    guard letter == "s" || letter == "r" || letter == "a" else {
      throw fail("syntax.f-string", "a conversion is '!s', '!r' or '!a', without blanks")
    }
    advance()
    return letter.first
  }

  private func withPlainLineEnds(_ range: SourceRange) -> String {
    let literal = StringLiteral(text: range, isRaw: true, bracesAreDoubled: false)
    var unused: [Diagnostic] = []
    return String(decoding: literal.decode(bytes, &unused), as: UTF8.self)
  }

  private mutating func decoded(_ literal: StringLiteral) -> [UInt8] {
    var found: [Diagnostic] = []
    let value = literal.decode(bytes, &found)
    for diagnostic in found where diagnostics.count < 2 * limits.maximumDiagnostics {
      diagnostics.append(diagnostic)
    }
    return value
  }
}

extension [FormattedStringPart] {
  /// Adds text, joined with text before it.
  mutating func append(text: String) {
    if text.isEmpty { return }
    if case .text(let before)? = last {
      self[count - 1] = .text(before + text)
    } else {
      append(.text(text))
    }
  }
}

/// String literals that stand next to each other, and so are one.
private struct JoinedLiteral {
  private var formatted: [FormattedStringPart] = []
  private var isFormatted = false
  private var bytes: [UInt8] = []
  private var isBytes: Bool?

  /// Whether a literal may stand next to those before it, which all are bytes or all text.
  mutating func accepts(_ literal: StringLiteral) -> Bool {
    if let isBytes { return isBytes == literal.isBytes }
    isBytes = literal.isBytes
    return true
  }

  mutating func append(_ parts: [FormattedStringPart]) {
    isFormatted = true
    for part in parts {
      if case .text(let text) = part { formatted.append(text: text) } else { formatted.append(part) }
    }
  }

  mutating func append(_ value: [UInt8], isBytes: Bool) {
    if isBytes {
      bytes += value
    } else {
      formatted.append(text: String(decoding: value, as: UTF8.self))
    }
  }

  var kind: Expression.Kind {
    if isBytes == true { return .bytes(bytes) }
    if isFormatted { return .formattedString(formatted) }
    if case .text(let text)? = formatted.first { return .string(text) }
    return .string("")
  }
}
