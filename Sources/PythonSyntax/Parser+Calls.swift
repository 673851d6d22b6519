/// Arguments and subscripts.
extension Parser {
  /// The arguments of a call or class up to and with the closing parenthesis; their height is left in `height`.
  mutating func arguments() throws(Failure) -> [Argument] {
    let opening = Int(tokens[max(0, position - 1)].lower)
    var arguments: [Argument] = []
    var inner = 0
    while current != .rightParenthesis {
      arguments.append(try argument(opening: opening, isFirst: arguments.isEmpty))
      inner = max(inner, height)
      if !accept(.comma) { break }
    }
    try expectClosing(.rightParenthesis, "')'")
    try check(arguments)
    height = inner
    return arguments
  }

  /// Refuses arguments in an order that Python does not allow, and repeated keywords.
  private mutating func check(_ arguments: [Argument]) throws(Failure) {
    var keywords: Set<String> = []
    var hasUnpackedKeyword = false
    for argument in arguments {
      switch argument.kind {
      case .positional:
        if hasUnpackedKeyword || !keywords.isEmpty {
          throw fail(
            "syntax.arguments", "a positional argument follows a keyword argument",
            hint: "move it before the keyword arguments, or name it", at: argument.range)
        }
      case .unpackedPositional:
        if hasUnpackedKeyword {
          throw fail(
            "syntax.arguments", "'*' unpacking follows '**' unpacking", hint: "move it before",
            at: argument.range)
        }
      case .keyword(let name):
        if !keywords.insert(name).inserted {
          throw fail("syntax.arguments", "the keyword argument '\(name)' is repeated", at: argument.range)
        }
      case .unpackedKeyword:
        hasUnpackedKeyword = true
      }
    }
  }

  private mutating func argument(opening: Int, isFirst: Bool) throws(Failure) -> Argument {
    switch current {
    case .star: return try signedArgument(.unpackedPositional)
    case .doubleStar: return try signedArgument(.unpackedKeyword)
    case .name where following == .assign: return try keywordArgument()
    default: return try positionalArgument(opening: opening, isFirst: isFirst)
    }
  }

  private mutating func signedArgument(_ kind: Argument.Kind) throws(Failure) -> Argument {
    let start = start
    advance()
    return Argument(kind, try expression(), SourceRange(start, end))
  }

  private mutating func keywordArgument() throws(Failure) -> Argument {
    let start = start
    let name = nameAndSign()
    return Argument(.keyword(name), try expression(), SourceRange(start, end))
  }

  private mutating func positionalArgument(opening: Int, isFirst: Bool) throws(Failure) -> Argument {
    let start = start
    let value = try named()
    if current == .for || current == .async {
      return try generatorArgument(value, opening: opening, isFirst: isFirst)
    }
    return Argument(.positional, value, SourceRange(start, end))
  }

  /// `f(x for x in y)`: the parentheses of the call are the generator's too, and belong to its range.
  private mutating func generatorArgument(
    _ element: Expression, opening: Int, isFirst: Bool
  ) throws(Failure) -> Argument {
    var inner = height
    let clauses = try comprehensionClauses()
    inner = max(inner, height)
    guard isFirst, current == .rightParenthesis else {
      throw fail(
        "syntax.arguments", "a generator among other arguments needs parentheses of its own",
        at: SourceRange(element.range.lower, end))
    }
    let kind = Expression.Kind.comprehension(.generator, element: element, value: nil, clauses: clauses)
    var value = try node(kind, opening, over: inner)
    value.range.upper = Int(token.upper)
    return Argument(.positional, value, value.range)
  }

  /// What stands in the brackets of a subscript: slices, expressions, or several of them as a tuple.
  mutating func subscriptIndex() throws(Failure) -> Expression {
    let start = start
    let first = try subscriptElement()
    if current == .comma { return try subscriptTuple(first, start) }
    if case .starred = first.kind { return try node(.tuple([first]), start, over: height) }
    return first
  }

  private mutating func subscriptTuple(_ first: Expression, _ start: Int) throws(Failure) -> Expression {
    var elements = [first]
    var inner = height
    while accept(.comma), current != .rightBracket {
      elements.append(try subscriptElement())
      inner = max(inner, height)
    }
    return try node(.tuple(elements), start, over: inner)
  }

  private mutating func subscriptElement() throws(Failure) -> Expression {
    let start = start
    switch current {
    case .star: return try starred()
    case .colon: return try slice(from: nil, start, over: 0)
    default:
      let value = try named()
      return current == .colon ? try slice(from: value, start, over: height) : value
    }
  }

  private mutating func slice(
    from lower: Expression?, _ start: Int, over: Int
  ) throws(Failure) -> Expression {
    var inner = over
    advance()
    let upper = try bound()
    inner = max(inner, height)
    let step = accept(.colon) ? try bound() : nil
    return try node(.slice(lower: lower, upper: upper, step: step), start, over: max(inner, height))
  }

  /// A bound of a slice, where there is one; without one `height` is zero.
  private mutating func bound() throws(Failure) -> Expression? {
    if current.beginsExpression { return try expression() }
    height = 0
    return nil
  }
}
