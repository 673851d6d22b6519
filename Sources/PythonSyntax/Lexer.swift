/// Turns bytes into tokens: layout (new lines, indentation), names, numbers, strings and operators.
///
/// It never fails: what it cannot read it reports and stands in for with an `.error` token, at which the parser
/// gives up on that statement without a second report. The tokens always end with `.endOfFile`, and every
/// `.indent` has its `.dedent`.
struct Lexer {
  /// The text, with zeros behind its end so that looking ahead needs no check.
  let bytes: [UInt8]
  /// How many bytes the text has.
  let count: Int
  var offset = 0
  var tokens: [Token] = []
  var diagnostics: [Diagnostic] = []
  private(set) var lines: LineTable

  /// An open bracket: its byte and where it stands.
  struct Bracket {
    var byte: UInt8
    var offset: Int
  }
  var brackets: [Bracket] = []

  /// A line's indentation, once with tabs reaching to multiples of eight and once with tabs as one column:
  /// where the two disagree, the meaning hangs on the width of a tab, and Python refuses it.
  private struct Indentation {
    var column = 0
    var narrow = 0
  }
  private var indentations = [Indentation()]
  private var isAtLineStart = true
  /// Whether no token stands before the offset on its line; only kept up to date within brackets.
  private var isFirstOnLine = false
  private var lineStart = 0

  /// An f-string being read.
  struct Formatted {
    var start: Int
    var quote: UInt8
    var isTriple: Bool
    var isRaw: Bool
  }
  /// What the lexer is in the middle of where f-strings are open.
  enum Mode {
    /// The text of the innermost f-string.
    case text
    /// A replacement field; `brackets` is how many were open before it.
    case field(brackets: Int)
    /// The format specification of a field.
    case specification
  }
  var formatted: [Formatted] = []
  var modes: [Mode] = []

  private let maximumDiagnostics: Int

  init(_ bytes: [UInt8], maximumDiagnostics: Int) {
    self.maximumDiagnostics = maximumDiagnostics
    count = bytes.count
    lines = LineTable(bytes: bytes)
    self.bytes = bytes + [0, 0, 0, 0]
    tokens.reserveCapacity(bytes.count / 4 + 8)
  }

  /// The next byte, or zero behind the end.
  var current: UInt8 { bytes[offset] }

  /// The byte that many behind the next one; at most three.
  func peek(_ distance: Int) -> UInt8 { bytes[offset + distance] }

  mutating func emit(_ kind: Token.Kind, from start: Int) {
    tokens.append(Token(kind: kind, lower: Int32(start), upper: Int32(offset)))
  }

  mutating func report(
    _ identifier: String, _ message: String, hint: String? = nil, _ lower: Int, _ upper: Int
  ) {
    guard diagnostics.count < maximumDiagnostics else { return }
    diagnostics.append(Diagnostic(.error, identifier, message, hint: hint, range: SourceRange(lower, upper)))
  }

  /// Reads the whole text.
  mutating func run() {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      offset = 3
      lineStart = 3
    }
    while true {
      switch modes.last {
      case .text, .specification:
        readFormattedText()
      case .field, nil:
        if isAtLineStart, brackets.isEmpty, modes.isEmpty { readIndentation() }
        skipBlanks()
        if offset >= count {
          if finish() { return }
        } else {
          readToken()
        }
      }
    }
  }

  // MARK: Layout

  /// Measures a line's indentation and emits `.indent` or `.dedent`; lines without a token are passed over.
  private mutating func readIndentation() {
    var indentation = Indentation()
    while true {
      switch current {
      case 0x20:
        indentation.column += 1
        indentation.narrow += 1
      case 0x09:
        indentation.column = (indentation.column / 8 + 1) * 8
        indentation.narrow += 1
      case 0x0C:
        indentation = Indentation()
      case 0x23:
        skipComment()
        continue
      case 0x0A, 0x0D:
        offset += current == 0x0D && peek(1) == 0x0A ? 2 : 1
        indentation = Indentation()
        lineStart = offset
        continue
      default:
        isAtLineStart = false
        if offset < count { apply(indentation) }
        return
      }
      offset += 1
    }
  }

  private mutating func apply(_ indentation: Indentation) {
    guard let top = indentations.last else { return }
    if indentation.column == top.column {
      if indentation.narrow != top.narrow { reportMixedTabs() }
    } else if indentation.column > top.column {
      if indentation.narrow <= top.narrow { reportMixedTabs() }
      indentations.append(indentation)
      emit(.indent, from: lineStart)
    } else {
      while let last = indentations.last, last.column > indentation.column, indentations.count > 1 {
        indentations.removeLast()
        emit(.dedent, from: offset)
      }
      guard let last = indentations.last else { return }
      if last.column != indentation.column {
        report(
          "syntax.indentation", "unindent does not match any outer indentation level",
          hint: "indent this line like the block it belongs to", lineStart, offset)
      } else if last.narrow != indentation.narrow {
        reportMixedTabs()
      }
    }
  }

  private mutating func reportMixedTabs() {
    report(
      "syntax.indentation", "inconsistent use of tabs and spaces in indentation",
      hint: "indent with four spaces everywhere", lineStart, offset)
  }

  private mutating func skipComment() {
    while offset < count, current != 0x0A, current != 0x0D { offset += 1 }
  }

  /// Skips blanks, comments, joined lines and, within brackets, line ends.
  private mutating func skipBlanks() {
    while true {
      switch current {
      case 0x20, 0x09, 0x0C:
        offset += 1
      case 0x23:
        skipComment()
      case 0x0A, 0x0D:
        if brackets.isEmpty, modes.isEmpty { return }
        offset += current == 0x0D && peek(1) == 0x0A ? 2 : 1
        lineStart = offset
        isFirstOnLine = true
      case 0x5C:
        guard peek(1) == 0x0A || peek(1) == 0x0D else { return }
        offset += peek(1) == 0x0D && peek(2) == 0x0A ? 3 : 2
        lineStart = offset
      default:
        return
      }
    }
  }

  private mutating func endLine() {
    let start = offset
    if offset < count { offset += current == 0x0D && peek(1) == 0x0A ? 2 : 1 }
    tokens.append(Token(kind: .newline, lower: Int32(start), upper: Int32(start)))
    isAtLineStart = true
    lineStart = offset
  }

  /// Handles the end of the text; false where what is left open had to be closed first.
  private mutating func finish() -> Bool {
    if !modes.isEmpty || !brackets.isEmpty {
      reportUnclosed()
      emit(.error, from: offset)
      return false
    }
    if let last = tokens.last, last.kind != .newline, last.kind != .dedent { endLine() }
    for _ in indentations.dropFirst() { emit(.dedent, from: offset) }
    emit(.endOfFile, from: offset)
    return true
  }

  /// What to say of a bracket that was never closed.
  func unclosedDescription(_ bracket: Bracket) -> (message: String, hint: String) {
    let text = String(decoding: [bracket.byte], as: UTF8.self)
    let closer = bracket.byte == 0x28 ? ")" : bracket.byte == 0x5B ? "]" : "}"
    return ("'\(text)' was never closed", "add the missing '\(closer)'")
  }

  /// Reports the innermost open bracket or f-string and forgets all that is open.
  private mutating func reportUnclosed() {
    let isBracketInnermost: Bool
    if case .field(let outside)? = modes.last {
      isBracketInnermost = brackets.count > outside
    } else {
      isBracketInnermost = modes.isEmpty
    }
    if isBracketInnermost, let bracket = brackets.last {
      let (message, hint) = unclosedDescription(bracket)
      report("syntax.unclosed-bracket", message, hint: hint, bracket.offset, bracket.offset + 1)
    } else if let literal = formatted.last {
      report(
        "syntax.unterminated-string", "this f-string's replacement field was never closed",
        hint: "add the missing '}'", literal.start, literal.start + 1)
    }
    brackets.removeAll()
    modes.removeAll()
    formatted.removeAll()
  }

  /// Gives up on the brackets that are open before the token at `start`, which begins a statement, and goes on
  /// from the beginning of its line.
  private mutating func recoverFromUnclosedBracket(at start: Int) {
    tokens.removeLast()
    reportUnclosed()
    offset = lineStart
    emit(.error, from: offset)
    tokens.append(Token(kind: .newline, lower: Int32(offset), upper: Int32(offset)))
    isAtLineStart = true
    isFirstOnLine = false
  }

  /// After an unterminated string, which has swallowed the rest of its line: forgets the brackets opened on it.
  mutating func forgetBracketsOfLine() {
    while let bracket = brackets.last, bracket.offset >= lineStart { brackets.removeLast() }
    while let literal = formatted.last, literal.start >= lineStart {
      formatted.removeLast()
      popText()
    }
  }

  /// Leaves the innermost f-string's text with the fields and specifications in it.
  mutating func popText() {
    while let mode = modes.popLast() {
      if case .text = mode { return }
    }
  }

  // MARK: Tokens

  private mutating func readToken() {
    let start = offset
    let byte = current
    switch byte {
    case 0x61...0x7A, 0x41...0x5A, 0x5F:  // a–z, A–Z, _
      if readPrefixedString() { break }
      readName()
      if isFirstOnLine, beginsStatement(at: start) {
        recoverFromUnclosedBracket(at: start)
        return
      }
    case 0x30...0x39:  // 0–9
      readNumber()
    case 0x2E where peek(1) >= 0x30 && peek(1) <= 0x39:  // .5
      readNumber()
    case 0x22, 0x27:  // " '
      readString(prefix: start, isRaw: false, isFormatted: false)
    case 0x0A, 0x0D:
      endLine()
    case 0x28, 0x5B, 0x7B:  // ( [ {
      brackets.append(Bracket(byte: byte, offset: offset))
      offset += 1
      emit(byte == 0x28 ? .leftParenthesis : byte == 0x5B ? .leftBracket : .leftBrace, from: start)
    case 0x29, 0x5D, 0x7D:  // ) ] }
      readClosingBracket(byte)
    case 0x80...:
      readNameBeyondASCII()
    default:
      readOperator()
    }
    isFirstOnLine = false
  }

  /// Reads a name or keyword of ASCII letters; others are handed to `readNameBeyondASCII`.
  private mutating func readName() {
    let start = offset
    var packed: UInt64 = 0
    while Self.isNamePart(current) {
      packed = packed << 8 | UInt64(current)
      offset += 1
    }
    if current >= 0x80 {
      offset = start
      readNameBeyondASCII()
      return
    }
    let isShort = offset - start <= 8 && offset - start >= 2
    emit(isShort ? Token.Kind.keywords[packed] ?? .name : .name, from: start)
  }

  /// Whether the name just read, the first on its line within brackets, begins a statement: a keyword that no
  /// expression holds, or `self.name =`, which no bracket may contain.
  private func beginsStatement(at start: Int) -> Bool {
    guard let token = tokens.last, Int(token.lower) == start else { return false }
    if token.kind.neverBeginsLineInBrackets { return true }
    guard token.kind == .name else { return false }
    var index = offset
    var dots = 0
    while bytes[index] == 0x2E {
      index += 1
      guard Self.isNamePart(bytes[index]) else { return false }
      while Self.isNamePart(bytes[index]) { index += 1 }
      dots += 1
    }
    while bytes[index] == 0x20 { index += 1 }
    return dots > 0 && bytes[index] == 0x3D && bytes[index + 1] != 0x3D
  }

  private mutating func readClosingBracket(_ byte: UInt8) {
    let start = offset
    let opener: UInt8 = byte == 0x29 ? 0x28 : byte == 0x5D ? 0x5B : 0x7B
    if case .field(let outside)? = modes.last, brackets.count == outside {
      offset += 1
      if byte == 0x7D {
        modes.removeLast()
        emit(.rightBrace, from: start)
      } else {
        report(
          "syntax.unclosed-bracket", "'\(String(decoding: [byte], as: UTF8.self))' closes nothing here",
          hint: "close the f-string's replacement field with '}'", start, offset)
        emit(.error, from: start)
      }
      return
    }
    offset += 1
    let text = String(decoding: [byte], as: UTF8.self)
    guard let open = brackets.popLast() else {
      report(
        "syntax.unclosed-bracket", "unmatched '\(text)'", hint: "remove it, or open it before", start, offset)
      emit(.error, from: start)
      return
    }
    guard open.byte == opener else {
      let opening = String(decoding: [open.byte], as: UTF8.self)
      let line = lines.line(at: open.offset)
      let place = line == lines.line(at: start) ? "before it" : "on line \(line)"
      report(
        "syntax.unclosed-bracket", "'\(text)' does not match the '\(opening)' opened \(place)",
        hint: unclosedDescription(open).hint, start, offset)
      emit(.error, from: start)
      // Where an outer bracket fits, the inner ones were left open.
      if let index = brackets.lastIndex(where: { $0.byte == opener }), modes.isEmpty {
        brackets.removeSubrange(index...)
      }
      return
    }
    emit(byte == 0x29 ? .rightParenthesis : byte == 0x5D ? .rightBracket : .rightBrace, from: start)
  }

  static func isNamePart(_ byte: UInt8) -> Bool {
    (byte >= 0x61 && byte <= 0x7A) || (byte >= 0x41 && byte <= 0x5A) || byte == 0x5F
      || (byte >= 0x30 && byte <= 0x39)
  }
}
