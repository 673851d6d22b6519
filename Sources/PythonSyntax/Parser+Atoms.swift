/// Names, literals, displays and comprehensions.
extension Parser {
  /// An atom with the attributes, calls and subscripts behind it.
  mutating func primary(_ start: Int) throws(Failure) -> Expression {
    var value = try atom(start)
    while true {
      switch current {
      case .dot: try extendAttribute(&value, start)
      case .leftParenthesis: try extendCall(&value, start)
      case .leftBracket: try extendSubscript(&value, start)
      default: return value
      }
    }
  }

  private mutating func extendAttribute(_ value: inout Expression, _ start: Int) throws(Failure) {
    let inner = height
    advance()
    let range = token.range
    let name = try name("the name of an attribute behind '.'")
    value = try node(.attribute(value, name, range), start, over: inner)
  }

  private mutating func extendCall(_ value: inout Expression, _ start: Int) throws(Failure) {
    let inner = height
    advance()
    let arguments = try arguments()
    value = try node(.call(value, arguments), start, over: max(inner, height))
  }

  private mutating func extendSubscript(_ value: inout Expression, _ start: Int) throws(Failure) {
    let inner = height
    advance()
    let index = try subscriptIndex()
    let top = max(inner, height)
    try expect(.rightBracket, "']'")
    value = try node(.subscript(value, index), start, over: top)
  }

  private mutating func atom(_ start: Int) throws(Failure) -> Expression {
    switch current {
    case .string, .formattedStart: return try strings()
    case .leftParenthesis: return try parenthesized(start)
    case .leftBracket: return try list(start)
    case .leftBrace: return try braces(start)
    default: return try leaf()
    }
  }

  private mutating func leaf() throws(Failure) -> Expression {
    switch current {
    case .name: return leaf(.name(identifier(token.range)))
    case .number: return leaf(number(token.range))
    case .true: return leaf(.boolean(true))
    case .false: return leaf(.boolean(false))
    case .none: return leaf(.none)
    case .ellipsis: return leaf(.ellipsis)
    default: throw failExpression()
    }
  }

  private mutating func leaf(_ kind: Expression.Kind) -> Expression {
    let range = token.range
    advance()
    height = 1
    return Expression(kind, range)
  }

  /// Records that an expression was expected, with what is known of the usual mistakes.
  mutating func failExpression() -> Failure {
    var hint: String?
    let previous = position > 0 ? tokens[position - 1].kind : .newline
    let isDoubled = position > 1 && tokens[position - 2].kind == previous
    switch (previous, current) {
    case (.ampersand, .ampersand): hint = "Python writes 'and'"
    case (.bar, .bar): hint = "Python writes 'or'"
    case (.less, .greater): hint = "Python writes '!='"
    case (_, .exclamation): hint = "Python writes 'not'"
    case (.plus, .newline) where isDoubled, (.minus, .newline) where isDoubled:
      hint = "Python has no '++' or '--'; write '+= 1'"
    case (.assign, .assign): hint = "use '==' to compare"
    case (_, .yield): hint = "put the yield expression in parentheses"
    case (_, .doubleStar): hint = "'**' unpacks a dictionary in a call or a dictionary only"
    default: break
    }
    return failUnexpected("an expression", hint: hint, identifier: "syntax.expected-expression")
  }

  // MARK: Displays

  private mutating func parenthesized(_ start: Int) throws(Failure) -> Expression {
    advance()
    if accept(.rightParenthesis) { return try node(.tuple([]), start, over: 0) }
    if current == .yield {
      let value = try yieldOrList()
      try expect(.rightParenthesis, "')'")
      return value
    }
    let first = try starredOrNamed()
    switch current {
    case .for, .async:
      return try comprehension(.generator, first, value: nil, closing: .rightParenthesis, "')'", start)
    case .comma:
      return try tuple(after: first, start)
    default:
      try closeGroup(first)
      return first
    }
  }

  private mutating func tuple(after first: Expression, _ start: Int) throws(Failure) -> Expression {
    let elements = try elements(after: first, closing: .rightParenthesis, "')'")
    return try node(.tuple(elements), start, over: height)
  }

  private mutating func closeGroup(_ inner: Expression) throws(Failure) {
    if case .starred = inner.kind, current == .rightParenthesis {
      throw fail(
        "syntax.expected-expression", "a starred expression cannot stand alone in parentheses",
        hint: "add a comma to make a tuple", at: inner.range)
    }
    try expectClosing(.rightParenthesis, "')'")
  }

  private mutating func list(_ start: Int) throws(Failure) -> Expression {
    advance()
    if accept(.rightBracket) { return try node(.list([]), start, over: 0) }
    let first = try starredOrNamed()
    if current == .for || current == .async {
      return try comprehension(.list, first, value: nil, closing: .rightBracket, "']'", start)
    }
    let elements = try elements(after: first, closing: .rightBracket, "']'")
    return try node(.list(elements), start, over: height)
  }

  /// The elements of a display up to its closing bracket; their height is left in `height`.
  private mutating func elements(
    after first: Expression, closing: Token.Kind, _ closer: String
  ) throws(Failure) -> [Expression] {
    var elements = [first]
    var inner = height
    while accept(.comma), current != closing {
      elements.append(try starredOrNamed())
      inner = max(inner, height)
    }
    try expectClosing(closing, closer)
    height = inner
    return elements
  }

  /// Passes a closing bracket; where an element stands instead, a comma is missing.
  mutating func expectClosing(_ closing: Token.Kind, _ closer: String) throws(Failure) {
    if accept(closing) { return }
    let hint =
      current == .assign
      ? "use '==' to compare or ':=' to assign" : current.beginsExpression ? "add the missing comma" : nil
    throw failUnexpected("',' or \(closer)", hint: hint)
  }

  private mutating func braces(_ start: Int) throws(Failure) -> Expression {
    advance()
    if accept(.rightBrace) { return try node(.dictionary([]), start, over: 0) }
    if current == .doubleStar { return try dictionary([], start, over: 0) }
    let first = try starredOrNamed()
    switch current {
    case .colon: return try dictionary(after: first, start)
    case .for, .async: return try comprehension(.set, first, value: nil, closing: .rightBrace, "'}'", start)
    default: return try set(after: first, start)
    }
  }

  private mutating func set(after first: Expression, _ start: Int) throws(Failure) -> Expression {
    let elements = try elements(after: first, closing: .rightBrace, "'}'")
    return try node(.set(elements), start, over: height)
  }

  /// A dictionary or its comprehension from the colon behind the first key on.
  private mutating func dictionary(after key: Expression, _ start: Int) throws(Failure) -> Expression {
    var inner = height
    advance()
    let value = try expression()
    inner = max(inner, height)
    if current == .for || current == .async {
      height = inner
      return try comprehension(.dictionary, key, value: value, closing: .rightBrace, "'}'", start)
    }
    if current == .comma {
      advance()
      return try dictionary([DictionaryItem(key: key, value: value)], start, over: inner)
    }
    try expectClosing(.rightBrace, "'}'")
    return try node(.dictionary([DictionaryItem(key: key, value: value)]), start, over: inner)
  }

  /// The items of a dictionary from the next one on.
  private mutating func dictionary(
    _ first: [DictionaryItem], _ start: Int, over: Int
  ) throws(Failure) -> Expression {
    var items = first
    var inner = over
    while current != .rightBrace {
      items.append(try dictionaryItem())
      inner = max(inner, height)
      if !accept(.comma) { break }
    }
    try expectClosing(.rightBrace, "'}'")
    return try node(.dictionary(items), start, over: inner)
  }

  private mutating func dictionaryItem() throws(Failure) -> DictionaryItem {
    if accept(.doubleStar) { return DictionaryItem(key: nil, value: try expression(.bitOr)) }
    let key = try expression()
    let inner = height
    try expect(.colon, "':' and the value of this key")
    let value = try expression()
    height = max(inner, height)
    return DictionaryItem(key: key, value: value)
  }

  // MARK: Comprehensions

  /// The clauses of a comprehension and its closing bracket; `height` holds that of the elements before.
  private mutating func comprehension(
    _ kind: ComprehensionKind, _ element: Expression, value: Expression?, closing: Token.Kind,
    _ closer: String,
    _ start: Int
  ) throws(Failure) -> Expression {
    try checkNotStarred(element)
    var inner = height
    let clauses = try comprehensionClauses()
    inner = max(inner, height)
    try expectClosing(closing, closer)
    return try node(
      .comprehension(kind, element: element, value: value, clauses: clauses), start, over: inner)
  }

  private mutating func checkNotStarred(_ element: Expression) throws(Failure) {
    guard case .starred = element.kind else { return }
    throw fail(
      "syntax.expected-expression", "'*' cannot be used in a comprehension", hint: "add a second 'for'",
      at: element.range)
  }

  /// `for … in … if …`, at least once; their height is left in `height`.
  mutating func comprehensionClauses() throws(Failure) -> [ComprehensionClause] {
    var clauses: [ComprehensionClause] = []
    var inner = 0
    while current == .for || current == .async {
      clauses.append(try comprehensionClause())
      inner = max(inner, height)
    }
    height = inner
    return clauses
  }

  private mutating func comprehensionClause() throws(Failure) -> ComprehensionClause {
    let isAsync = accept(.async)
    try expect(.for, "'for'")
    let target = try targetList()
    var inner = height
    try expect(.in, "'in' and what to go through")
    let iterable = try expression(.or)
    inner = max(inner, height)
    var conditions: [Expression] = []
    while accept(.if) {
      conditions.append(try expression(.or))
      inner = max(inner, height)
    }
    if current == .else { throw failElseInComprehension() }
    height = inner
    return ComprehensionClause(target: target, iterable: iterable, conditions: conditions, isAsync: isAsync)
  }

  private mutating func failElseInComprehension() -> Failure {
    fail(
      "syntax.expected-token", "a condition behind 'for' has no 'else'",
      hint: "write 'a if test else b for …' before the 'for'")
  }
}
