/// How tightly operators bind, from loosest to tightest (the language reference, 6.17).
enum Precedence: Int, Comparable {
  case yield, named, conditional, or, and, not, comparison, bitOr, bitXor, bitAnd, shift, sum, product, unary,
    power
  case await, primary

  static func < (left: Precedence, right: Precedence) -> Bool { left.rawValue < right.rawValue }

  /// The next tighter one.
  var next: Precedence { Precedence(rawValue: rawValue + 1) ?? .primary }
}

extension BinaryOperator {
  var precedence: Precedence {
    switch self {
    case .bitOr: .bitOr
    case .bitXor: .bitXor
    case .bitAnd: .bitAnd
    case .leftShift, .rightShift: .shift
    case .add, .subtract: .sum
    case .multiply, .divide, .floorDivide, .modulo, .matrixMultiply: .product
    case .power: .power
    }
  }

  init?(_ kind: Token.Kind) {
    switch kind {
    case .plus: self = .add
    case .minus: self = .subtract
    case .star: self = .multiply
    case .slash: self = .divide
    case .doubleSlash: self = .floorDivide
    case .percent: self = .modulo
    case .doubleStar: self = .power
    case .at: self = .matrixMultiply
    case .leftShift: self = .leftShift
    case .rightShift: self = .rightShift
    case .ampersand: self = .bitAnd
    case .bar: self = .bitOr
    case .caret: self = .bitXor
    default: return nil
    }
  }
}

/// Operators and what is made of them.
extension Parser {
  /// An expression whose operators all bind at least that tightly.
  mutating func expression(_ minimum: Precedence = .conditional) throws(Failure) -> Expression {
    try enter()
    let start = start
    var left = try operand(minimum, start)
    while try extend(&left, minimum, start) {}
    leave()
    return left
  }

  /// A node over parts whose trees are at most that high.
  mutating func node(_ kind: Expression.Kind, _ start: Int, over inner: Int) throws(Failure) -> Expression {
    height = inner + 1
    let range = SourceRange(start, end)
    if blockDepth + height > limits.maximumDepth { throw failTooDeep(at: range) }
    return Expression(kind, range)
  }

  /// What stands before the first infix operator.
  private mutating func operand(_ minimum: Precedence, _ start: Int) throws(Failure) -> Expression {
    switch current {
    case .minus: return try prefixed(.negate, .unary, minimum, start)
    case .plus: return try prefixed(.plus, .unary, minimum, start)
    case .tilde: return try prefixed(.invert, .unary, minimum, start)
    case .not: return try prefixed(.not, .not, minimum, start)
    case .lambda where minimum <= .conditional: return try lambda(start)
    case .await: return try awaited(minimum, start)
    default: return try primary(start)
    }
  }

  private mutating func prefixed(
    _ operation: UnaryOperator, _ precedence: Precedence, _ minimum: Precedence, _ start: Int
  ) throws(Failure) -> Expression {
    if minimum > precedence { throw failExpression() }
    advance()
    let inner = try expression(precedence)
    return try node(.unary(operation, inner), start, over: height)
  }

  private mutating func awaited(_ minimum: Precedence, _ start: Int) throws(Failure) -> Expression {
    if minimum > .await { throw failExpression() }
    advance()
    let inner = try expression(.primary)
    return try node(.await(inner), start, over: height)
  }

  private mutating func lambda(_ start: Int) throws(Failure) -> Expression {
    let outerHasYield = hasYield
    defer { hasYield = outerHasYield }
    advance()
    let parameters = try parameters(until: .colon, annotated: false)
    let inner = height
    try expect(.colon, "':' after the parameters of the lambda")
    let body = try expression()
    return try node(.lambda(parameters, body), start, over: max(inner, height))
  }

  /// Takes an infix operator and its right operand into `left`; false where none follows that binds tightly enough.
  private mutating func extend(
    _ left: inout Expression, _ minimum: Precedence, _ start: Int
  ) throws(Failure) -> Bool {
    if let operation = BinaryOperator(current) {
      if operation.precedence < minimum { return false }
      try extendBinary(&left, operation, start)
      return true
    }
    switch current {
    case .less, .greater, .lessOrEqual, .greaterOrEqual, .equal, .notEqual, .in, .is:
      if minimum > .comparison { return false }
      try extendComparison(&left, start)
    case .not:
      if minimum > .comparison || following != .in { return false }
      try extendComparison(&left, start)
    case .and:
      if minimum > .and { return false }
      try extendLogical(&left, .and, .and, start)
    case .or:
      if minimum > .or { return false }
      try extendLogical(&left, .or, .or, start)
    case .if:
      if minimum > .conditional { return false }
      try extendConditional(&left, start)
    default:
      return false
    }
    return true
  }

  private mutating func extendBinary(
    _ left: inout Expression, _ operation: BinaryOperator, _ start: Int
  ) throws(Failure) {
    let inner = height
    advance()
    // `**` binds to the right, and less tightly than a sign on its right.
    let right = try expression(operation == .power ? .unary : operation.precedence.next)
    left = try node(.binary(left, operation, right), start, over: max(inner, height))
  }

  private mutating func extendComparison(_ left: inout Expression, _ start: Int) throws(Failure) {
    var inner = height
    var links: [ComparisonLink] = []
    while let operation = comparisonOperator() {
      let operand = try expression(.bitOr)
      inner = max(inner, height)
      links.append(ComparisonLink(operation: operation, operand: operand))
    }
    left = try node(.comparison(left, links), start, over: inner)
  }

  /// Passes a comparison operator, of one word or two.
  private mutating func comparisonOperator() -> ComparisonOperator? {
    let operation: ComparisonOperator
    switch current {
    case .less: operation = .less
    case .greater: operation = .greater
    case .lessOrEqual: operation = .lessOrEqual
    case .greaterOrEqual: operation = .greaterOrEqual
    case .equal: operation = .equal
    case .notEqual: operation = .notEqual
    case .in: operation = .in
    case .is:
      advance()
      return accept(.not) ? .isNot : .is
    case .not where following == .in:
      advance()
      operation = .notIn
    default: return nil
    }
    advance()
    return operation
  }

  private mutating func extendLogical(
    _ left: inout Expression, _ kind: Token.Kind, _ operation: LogicalOperator, _ start: Int
  ) throws(Failure) {
    var operands = [left]
    var inner = height
    while accept(kind) {
      operands.append(try expression(operation == .and ? .not : .and))
      inner = max(inner, height)
    }
    left = try node(.logical(operation, operands), start, over: inner)
  }

  private mutating func extendConditional(_ left: inout Expression, _ start: Int) throws(Failure) {
    var inner = height
    advance()
    let test = try expression(.or)
    inner = max(inner, height)
    try expect(.else, "'else' and the value for when the condition is false")
    let orElse = try expression()
    left = try node(.conditional(test: test, then: left, orElse: orElse), start, over: max(inner, height))
  }
}

/// Lists of expressions and the places where `:=`, `*` and `yield` may stand.
extension Parser {
  /// `a`, `a, b` or `*a, b`: several make a tuple.
  mutating func expressionList() throws(Failure) -> Expression {
    let start = start
    let first = try starredOrExpression()
    guard current == .comma else { return first }
    return try tuple(from: first, start)
  }

  private mutating func tuple(from first: Expression, _ start: Int) throws(Failure) -> Expression {
    var elements = [first]
    var inner = height
    while accept(.comma), current.beginsExpression || current == .star {
      elements.append(try starredOrExpression())
      inner = max(inner, height)
    }
    return try node(.tuple(elements), start, over: inner)
  }

  /// `yield …` or a list of expressions.
  mutating func yieldOrList() throws(Failure) -> Expression {
    current == .yield ? try yield() : try expressionList()
  }

  private mutating func yield() throws(Failure) -> Expression {
    let start = start
    advance()
    hasYield = true
    if accept(.from) { return try yieldFrom(start) }
    guard current.beginsExpression || current == .star else { return try node(.yield(nil), start, over: 0) }
    let value = try expressionList()
    return try node(.yield(value), start, over: height)
  }

  private mutating func yieldFrom(_ start: Int) throws(Failure) -> Expression {
    let value = try expression()
    return try node(.yieldFrom(value), start, over: height)
  }

  mutating func starredOrExpression() throws(Failure) -> Expression {
    current == .star ? try starred() : try expression()
  }

  mutating func starredOrNamed() throws(Failure) -> Expression {
    current == .star ? try starred() : try named()
  }

  mutating func starred() throws(Failure) -> Expression {
    let start = start
    advance()
    let value = try expression(.bitOr)
    return try node(.starred(value), start, over: height)
  }

  /// An expression that may be `name := value`.
  mutating func named() throws(Failure) -> Expression {
    current == .name && following == .walrus ? try walrus() : try expression()
  }

  private mutating func walrus() throws(Failure) -> Expression {
    let start = start
    let name = nameAndSign()
    let value = try expression()
    return try node(.named(name, value), start, over: height)
  }

  /// Passes a name and the `=` or `:=` behind it.
  mutating func nameAndSign() -> String {
    let name = identifier(token.range)
    advance()
    advance()
    return name
  }

  /// What is bound by `for`: names, attributes, subscripts, and tuples and lists of them.
  mutating func targetList() throws(Failure) -> Expression {
    let start = start
    let first = try targetElement()
    let target = current == .comma ? try targetTuple(first, start) : first
    try check(target: target, "assign to")
    return target
  }

  private mutating func targetTuple(_ first: Expression, _ start: Int) throws(Failure) -> Expression {
    var elements = [first]
    var inner = height
    while accept(.comma), current.beginsExpression || current == .star {
      elements.append(try targetElement())
      inner = max(inner, height)
    }
    return try node(.tuple(elements), start, over: inner)
  }

  private mutating func targetElement() throws(Failure) -> Expression {
    current == .star ? try starred() : try expression(.bitOr)
  }

  /// Refuses what cannot be assigned to or deleted.
  mutating func check(target: Expression, _ verb: String) throws(Failure) {
    switch target.kind {
    case .name, .attribute, .subscript: return
    case .tuple(let elements), .list(let elements):
      for element in elements { try check(target: element, verb) }
    case .starred(let inner) where verb != "delete":
      try check(target: inner, verb)
    default: throw failTarget(target, verb)
    }
  }

  private mutating func failTarget(_ target: Expression, _ verb: String) -> Failure {
    let isComparable = current == .assign && verb == "assign to"
    return fail(
      "syntax.invalid-target", "cannot \(verb) \(target.kind.described)",
      hint: isComparable ? "use '==' to compare" : nil, at: target.range)
  }
}

extension Expression.Kind {
  /// What this is, in a sentence.
  var described: String {
    switch self {
    case .name: "a name"
    case .integer, .largeInteger, .float, .imaginary: "a number"
    case .string, .bytes: "a string"
    case .formattedString: "an f-string"
    case .boolean(let value): value ? "True" : "False"
    case .none: "None"
    case .ellipsis: "'...'"
    case .tuple: "a tuple"
    case .list: "a list"
    case .set: "a set"
    case .dictionary: "a dictionary"
    case .unary, .binary, .logical, .await: "an expression"
    case .comparison: "a comparison"
    case .conditional: "a conditional expression"
    case .lambda: "a lambda"
    case .attribute: "an attribute"
    case .subscript: "a subscript"
    case .slice: "a slice"
    case .call: "a function call"
    case .starred: "a starred expression"
    case .comprehension: "a comprehension"
    case .named: "an assignment expression"
    case .yield, .yieldFrom: "a yield expression"
    }
  }
}
