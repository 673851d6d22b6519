/// Functions, classes, parameters and decorators.
extension Parser {
  mutating func decorated() throws(Failure) -> Statement.Kind {
    var decorators: [Expression] = []
    while accept(.at) {
      decorators.append(try named())
      try expect(.newline, "the end of the line after the decorator")
    }
    switch current {
    case .def: return try function(decorators: decorators, isAsync: false)
    case .class: return try classDefinition(decorators: decorators)
    case .async where following == .def:
      advance()
      return try function(decorators: decorators, isAsync: true)
    default: throw failUnexpected("a function or class after the decorator")
    }
  }

  mutating func function(decorators: [Expression], isAsync: Bool) throws(Failure) -> Statement.Kind {
    let start = start
    advance()
    let nameRange = token.range
    let name = try name("the name of the function")
    try skipTypeParameters()
    try expect(.leftParenthesis, "'(' and the parameters of the function")
    let parameters = try parameters(until: .rightParenthesis, annotated: true)
    try expect(.rightParenthesis, "',' or ')'")
    let returns = accept(.arrow) ? try expression() : nil
    let outerHasYield = hasYield
    hasYield = false
    defer { hasYield = outerHasYield }
    let body = try block("the function definition", from: start)
    return .function(
      FunctionDefinition(
        name: name, parameters: parameters, returns: returns, body: body, decorators: decorators,
        isAsync: isAsync, isGenerator: hasYield, nameRange: nameRange))
  }

  mutating func classDefinition(decorators: [Expression]) throws(Failure) -> Statement.Kind {
    let start = start
    advance()
    let nameRange = token.range
    let name = try name("the name of the class")
    try skipTypeParameters()
    let arguments = accept(.leftParenthesis) ? try arguments() : []
    let body = try block("the class definition", from: start)
    return .class(
      ClassDefinition(
        name: name, arguments: arguments, body: body, decorators: decorators, nameRange: nameRange))
  }

  /// `[T: bound, *Ts, **P]` with defaults (PEP 695, 696): read, and dropped.
  mutating func skipTypeParameters() throws(Failure) {
    guard accept(.leftBracket) else { return }
    var isFirst = true
    repeat {
      if current == .rightBracket, !isFirst { break }
      isFirst = false
      if !accept(.star) { accept(.doubleStar) }
      _ = try name("the name of a type parameter")
      if accept(.colon) { _ = try expression() }
      if accept(.assign) { _ = try starredOrExpression() }
    } while accept(.comma)
    try expect(.rightBracket, "',' or ']'")
  }

  // MARK: Parameters

  /// Parameters up to, and not with, the closing token; the height of what they hold is left in `height`.
  mutating func parameters(until closing: Token.Kind, annotated: Bool) throws(Failure) -> Parameters {
    var list = ParameterList()
    var inner = 0
    while current != closing {
      let start = start
      if let kind = try parameterKind(&list, until: closing) {
        let parameter = try parameter(kind, start, annotated: annotated)
        inner = max(inner, height)
        try check(parameter, in: &list)
      }
      if !accept(.comma) { break }
    }
    if list.endsWithStar { throw fail("syntax.parameters", "named parameters must follow '*'") }
    height = inner
    return Parameters(list.parameters)
  }

  /// Parameters read so far, and what may follow them.
  private struct ParameterList {
    var parameters: [Parameters.Parameter] = []
    var kind = Parameters.Parameter.Kind.positionalOrKeyword
    var endsWithStar = false
    var hasDefault = false
    var hasSlash = false
    var hasKeywords = false
  }

  /// The kind of the next parameter, its stars passed; nil where `/` or `*` stood alone.
  private mutating func parameterKind(
    _ list: inout ParameterList, until closing: Token.Kind
  ) throws(Failure) -> Parameters.Parameter.Kind? {
    let range = token.range
    if list.hasKeywords {
      throw fail("syntax.parameters", "nothing can follow the '**' parameter", at: range)
    }
    switch current {
    case .slash:
      if list.parameters.isEmpty || list.hasSlash || list.kind != .positionalOrKeyword {
        throw fail("syntax.parameters", "'/' must stand once, behind a parameter and before '*'", at: range)
      }
      advance()
      list.hasSlash = true
      for index in list.parameters.indices { list.parameters[index].kind = .positionalOnly }
      return nil
    case .doubleStar:
      advance()
      list.hasKeywords = true
      return .variadicKeyword
    case .star:
      if list.kind == .keywordOnly {
        throw fail("syntax.parameters", "'*' can stand only once among the parameters", at: range)
      }
      advance()
      list.kind = .keywordOnly
      list.endsWithStar = current == .comma || current == closing
      return list.endsWithStar ? nil : .variadicPositional
    default:
      return list.kind
    }
  }

  private mutating func check(
    _ parameter: Parameters.Parameter, in list: inout ParameterList
  ) throws(Failure) {
    if parameter.defaultValue == nil, list.hasDefault, parameter.kind == .positionalOrKeyword {
      throw fail(
        "syntax.parameters", "the parameter '\(parameter.name)' without a default follows one with a default",
        hint: "give it a default, or move it to the front", at: parameter.range)
    }
    list.hasDefault = list.hasDefault || parameter.defaultValue != nil
    if parameter.kind == .keywordOnly { list.endsWithStar = false }
    list.parameters.append(parameter)
  }

  private mutating func parameter(
    _ kind: Parameters.Parameter.Kind, _ start: Int, annotated: Bool
  ) throws(Failure) -> Parameters.Parameter {
    let name = try parameterName()
    var inner = 0
    var annotation: Expression?
    var defaultValue: Expression?
    if annotated, accept(.colon) {
      annotation = kind == .variadicPositional ? try starredOrExpression() : try expression()
      inner = height
    }
    if current == .assign {
      try checkDefault(kind)
      advance()
      defaultValue = try expression()
      inner = max(inner, height)
    }
    height = inner
    return Parameters.Parameter(
      name: name, kind: kind, annotation: annotation, defaultValue: defaultValue,
      range: SourceRange(start, end))
  }

  private mutating func parameterName() throws(Failure) -> String {
    if current == .leftParenthesis {
      throw fail(
        "syntax.python2", "a parameter cannot be a tuple", hint: "name it, and take it apart in the function")
    }
    return try name("the name of a parameter")
  }

  private mutating func checkDefault(_ kind: Parameters.Parameter.Kind) throws(Failure) {
    if kind == .variadicPositional || kind == .variadicKeyword {
      throw fail("syntax.parameters", "a parameter with stars cannot have a default")
    }
  }
}
