/// A lexical token: what it is and which bytes it covers.
struct Token {
  var kind: Kind
  var lower: Int32
  var upper: Int32

  var range: SourceRange { SourceRange(Int(lower), Int(upper)) }

  /// What a token is.
  enum Kind: UInt8 {
    case endOfFile, newline, indent, dedent
    /// Something the lexer has already reported; the parser gives up on the statement without a word.
    case error

    case name, number, string
    /// The prefix and opening quotes of an f-string, a run of its text, and its closing quotes.
    case formattedStart, formattedText, formattedEnd

    case leftParenthesis, rightParenthesis, leftBracket, rightBracket, leftBrace, rightBrace
    case comma, colon, semicolon, dot, ellipsis, arrow, assign, walrus, exclamation

    case plus, minus, star, slash, doubleSlash, percent, doubleStar, at
    case leftShift, rightShift, ampersand, bar, caret, tilde
    case less, greater, lessOrEqual, greaterOrEqual, equal, notEqual

    case plusAssign, minusAssign, starAssign, slashAssign, doubleSlashAssign, percentAssign, doubleStarAssign
    case atAssign, leftShiftAssign, rightShiftAssign, ampersandAssign, barAssign, caretAssign

    case `false`, none, `true`, and, `as`, assert, async, await, `break`, `class`, `continue`, def, del
    case elif, `else`, except, finally, `for`, from, global, `if`, `import`, `in`, `is`, lambda, nonlocal
    case not, or, pass, raise, `return`, `try`, `while`, with, yield
  }
}

extension Token.Kind {
  /// The hard keywords by their bytes, packed as `Lexer.packed` does (none is longer than eight bytes).
  static let keywords: [UInt64: Token.Kind] = {
    let spelled: [(String, Token.Kind)] = [
      ("False", .false), ("None", .none), ("True", .true), ("and", .and), ("as", .as), ("assert", .assert),
      ("async", .async), ("await", .await), ("break", .break), ("class", .class), ("continue", .continue),
      ("def", .def), ("del", .del), ("elif", .elif), ("else", .else), ("except", .except),
      ("finally", .finally), ("for", .for), ("from", .from), ("global", .global), ("if", .if),
      ("import", .import), ("in", .in), ("is", .is), ("lambda", .lambda), ("nonlocal", .nonlocal),
      ("not", .not), ("or", .or), ("pass", .pass), ("raise", .raise), ("return", .return), ("try", .try),
      ("while", .while), ("with", .with), ("yield", .yield),
    ]
    var table: [UInt64: Token.Kind] = [:]
    for (text, kind) in spelled {
      var key: UInt64 = 0
      for byte in text.utf8 { key = key << 8 | UInt64(byte) }
      table[key] = kind
    }
    return table
  }()

  /// Whether this is a hard keyword, which cannot be used as a name.
  var isKeyword: Bool { rawValue >= Token.Kind.false.rawValue }

  /// Whether this keyword begins or continues a statement and can never stand at the beginning of a line within
  /// brackets: where it does, a bracket before it was never closed.
  var neverBeginsLineInBrackets: Bool {
    switch self {
    case .assert, .break, .class, .continue, .def, .del, .elif, .except, .finally, .global, .import,
      .nonlocal,
      .pass, .raise, .return, .try, .while, .with:
      true
    default: false
    }
  }

  /// The operator of an augmented assignment such as `+=`.
  var augmentedOperator: BinaryOperator? {
    switch self {
    case .plusAssign: .add
    case .minusAssign: .subtract
    case .starAssign: .multiply
    case .slashAssign: .divide
    case .doubleSlashAssign: .floorDivide
    case .percentAssign: .modulo
    case .doubleStarAssign: .power
    case .atAssign: .matrixMultiply
    case .leftShiftAssign: .leftShift
    case .rightShiftAssign: .rightShift
    case .ampersandAssign: .bitAnd
    case .barAssign: .bitOr
    case .caretAssign: .bitXor
    default: nil
    }
  }

  /// Whether an expression can begin with this token.
  var beginsExpression: Bool {
    switch self {
    case .name, .number, .string, .formattedStart, .leftParenthesis, .leftBracket, .leftBrace, .ellipsis,
      .plus,
      .minus, .tilde, .false, .none, .true, .await, .lambda, .not:
      true
    default: false
    }
  }
}
