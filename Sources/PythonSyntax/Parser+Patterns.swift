/// The `match` statement and its patterns (PEP 634).
extension Parser {
  /// Whether `match` begins a statement here: it is a name wherever the line does not end with a colon and an
  /// indented `case` follow.
  var beginsMatch: Bool {
    guard isWord("match", at: position) else { return false }
    switch following {
    case .assign, .dot, .comma, .colon, .newline, .rightParenthesis, .endOfFile, .semicolon: return false
    default: break
    }
    var index = position
    while tokens[index].kind != .newline, tokens[index].kind != .endOfFile { index += 1 }
    return tokens[index - 1].kind == .colon && index + 1 < tokens.count && tokens[index + 1].kind == .indent
      && isWord("case", at: index + 2)
  }

  mutating func match() throws(Failure) -> Statement.Kind {
    advance()
    let start = start
    let first = try starredOrNamed()
    var subject = first
    if current == .comma {
      var elements = [first]
      var inner = height
      while accept(.comma), current.beginsExpression || current == .star {
        elements.append(try starredOrNamed())
        inner = max(inner, height)
      }
      subject = try node(.tuple(elements), start, over: inner)
    }
    try expect(.colon, "':' after the 'match' statement")
    try expect(.newline, "the end of the line")
    try expect(.indent, "an indented 'case'")
    if depth + blockDepth + 4 >= limits.maximumDepth {
      move(to: position - 1)
      throw failTooDeep()
    }
    let (outerDepth, outerBlockDepth) = (depth, blockDepth)
    blockDepth += 2
    var cases: [MatchCase] = []
    while current != .dedent, current != .endOfFile {
      do throws(Failure) {
        cases.append(try matchCase())
      } catch {
        (depth, blockDepth) = (outerDepth, outerBlockDepth + 2)
        recover()
      }
    }
    blockDepth = outerBlockDepth
    if current == .dedent { advance() }
    return .match(subject: subject, cases: cases)
  }

  private mutating func matchCase() throws(Failure) -> MatchCase {
    guard isWord("case", at: position) else {
      throw failUnexpected("'case'", hint: "a 'match' holds nothing but 'case' blocks")
    }
    let start = start
    advance()
    let pattern = try openPattern()
    let condition = accept(.if) ? try named() : nil
    return MatchCase(
      pattern: pattern, guardExpression: condition, body: try block("the 'case'", from: start))
  }

  // MARK: Patterns

  /// A pattern, or several with commas between them, which make a sequence.
  private mutating func openPattern() throws(Failure) -> MatchCase.Pattern {
    let first = try starOrPattern()
    guard current == .comma else {
      if case .star = first { throw fail("syntax.pattern", "a starred pattern needs a sequence around it") }
      return first
    }
    var elements = [first]
    while accept(.comma), current != .colon, current != .if { elements.append(try starOrPattern()) }
    return .sequence(elements)
  }

  private mutating func starOrPattern() throws(Failure) -> MatchCase.Pattern {
    guard accept(.star) else { return try pattern() }
    let name = try name("a name behind '*'")
    return .star(name == "_" ? nil : name)
  }

  /// Alternatives with `|`, and a name behind `as`.
  private mutating func pattern() throws(Failure) -> MatchCase.Pattern {
    try enter()
    let first = try closedPattern()
    var result = first
    if current == .bar {
      var alternatives = [first]
      while accept(.bar) { alternatives.append(try closedPattern()) }
      result = .or(alternatives)
    }
    if accept(.as) {
      let range = token.range
      let name = try name("a name behind 'as'")
      if name == "_" { throw fail("syntax.pattern", "'_' cannot be bound by 'as'", at: range) }
      result = .as(result, name: name)
    }
    leave()
    return result
  }

  private mutating func closedPattern() throws(Failure) -> MatchCase.Pattern {
    switch current {
    case .leftParenthesis: return try parenthesizedPattern()
    case .leftBracket:
      advance()
      return .sequence(try patterns(until: .rightBracket, "']'"))
    case .leftBrace: return try mappingPattern()
    case .name: return try namePattern()
    default: return .value(try literalPattern())
    }
  }

  /// `(a)` is a group, `(a,)`, `()` and `(*a)` are sequences.
  private mutating func parenthesizedPattern() throws(Failure) -> MatchCase.Pattern {
    advance()
    if accept(.rightParenthesis) { return .sequence([]) }
    let first = try starOrPattern()
    if accept(.rightParenthesis) {
      if case .star = first { throw fail("syntax.pattern", "a starred pattern needs a comma behind it") }
      return first
    }
    try expect(.comma, "',' or ')'")
    return .sequence([first] + (try patterns(until: .rightParenthesis, "')'")))
  }

  private mutating func patterns(
    until closing: Token.Kind, _ closer: String
  ) throws(Failure) -> [MatchCase.Pattern] {
    var patterns: [MatchCase.Pattern] = []
    while current != closing {
      patterns.append(try starOrPattern())
      if !accept(.comma) { break }
    }
    try expect(closing, "',' or \(closer)")
    return patterns
  }

  private mutating func mappingPattern() throws(Failure) -> MatchCase.Pattern {
    advance()
    var keys: [Expression] = []
    var patterns: [MatchCase.Pattern] = []
    var rest: String?
    while current != .rightBrace {
      if accept(.doubleStar) {
        rest = try name("a name behind '**'")
        accept(.comma)
        break
      }
      keys.append(current == .name ? try dottedValue() : try literalPattern())
      try expect(.colon, "':' and the pattern of this key")
      patterns.append(try pattern())
      if !accept(.comma) { break }
    }
    try expect(.rightBrace, "',' or '}'")
    return .mapping(keys: keys, patterns: patterns, rest: rest)
  }

  /// A capture, the wildcard, a dotted value or a class.
  private mutating func namePattern() throws(Failure) -> MatchCase.Pattern {
    if following != .dot, following != .leftParenthesis {
      let name = try name("a name")
      return .capture(name == "_" ? nil : name)
    }
    let value = try dottedValue()
    guard accept(.leftParenthesis) else { return .value(value) }
    var positional: [MatchCase.Pattern] = []
    var keywords: [MatchCase.KeywordPattern] = []
    while current != .rightParenthesis {
      if current == .name, following == .assign {
        let name = try name("a name")
        advance()
        keywords.append(MatchCase.KeywordPattern(name: name, pattern: try pattern()))
      } else {
        if !keywords.isEmpty {
          throw fail("syntax.pattern", "a positional pattern follows a keyword pattern")
        }
        positional.append(try pattern())
      }
      if !accept(.comma) { break }
    }
    try expect(.rightParenthesis, "',' or ')'")
    return .class(value, positional: positional, keywords: keywords)
  }

  /// `a` or `a.b.c`.
  private mutating func dottedValue() throws(Failure) -> Expression {
    let start = start
    let range = token.range
    var value = Expression(.name(try name("a name")), range)
    height = 1
    while accept(.dot) {
      let range = token.range
      let inner = height
      value = try node(.attribute(value, try name("a name behind '.'"), range), start, over: inner)
    }
    return value
  }

  /// A string, `None`, `True`, `False`, or a number with a sign and an imaginary part.
  private mutating func literalPattern() throws(Failure) -> Expression {
    let start = start
    switch current {
    case .number, .minus:
      let value = try expression(.sum)
      if value.kind.isNumberPattern { return value }
    case .string, .none, .true, .false:
      let value = try expression(.primary)
      switch value.kind {
      case .string, .bytes, .none, .boolean: return value
      default: break
      }
    default:
      throw failUnexpected("a pattern", identifier: "syntax.pattern")
    }
    throw fail(
      "syntax.pattern", "only literals and dotted names can be patterns", hint: "compare in an 'if' guard",
      at: SourceRange(start, end))
  }
}

extension Expression.Kind {
  /// Whether this is `1`, `-1.5` or `-1 + 2j`.
  fileprivate var isNumberPattern: Bool {
    switch self {
    case .integer, .largeInteger, .float, .imaginary: return true
    case .unary(.negate, let inner):
      if case .unary = inner.kind { return false }
      if case .binary = inner.kind { return false }
      return inner.kind.isNumberPattern
    case .binary(let real, let operation, let imaginary):
      guard operation == .add || operation == .subtract, case .imaginary = imaginary.kind else {
        return false
      }
      if case .binary = real.kind { return false }
      if case .imaginary = real.kind { return false }
      return real.kind.isNumberPattern
    default: return false
    }
  }
}
