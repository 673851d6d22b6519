/// A statement or an expression, as a walk meets them.
public enum SyntaxNode: Sendable, Hashable {
  case statement(Statement)
  case expression(Expression)

  /// Where it stands.
  public var range: SourceRange {
    switch self {
    case .statement(let statement): statement.range
    case .expression(let expression): expression.range
    }
  }

  /// The nodes directly within it: of a statement its expressions, then its statements.
  public var children: [SyntaxNode] {
    switch self {
    case .statement(let statement):
      statement.expressions.map { .expression($0) } + statement.children.map { .statement($0) }
    case .expression(let expression):
      expression.children.map { .expression($0) }
    }
  }

  /// Visits this node and all within it, parents first; the height of the tree costs no stack.
  ///
  /// - Parameter visit: Is given each node and says whether to go into it.
  public func walk<Failure: Error>(_ visit: (SyntaxNode) throws(Failure) -> Bool) throws(Failure) {
    try Self.walk([self], visit)
  }

  static func walk<Failure: Error>(
    _ roots: [SyntaxNode], _ visit: (SyntaxNode) throws(Failure) -> Bool
  ) throws(Failure) {
    var pending = Array(roots.reversed())
    while let node = pending.popLast() {
      if try visit(node) { pending.append(contentsOf: node.children.reversed()) }
    }
  }
}

extension Module {
  /// Visits every statement and expression, parents first.
  ///
  /// - Parameter visit: Is given each node and says whether to go into it.
  public func walk<Failure: Error>(_ visit: (SyntaxNode) throws(Failure) -> Bool) throws(Failure) {
    try SyntaxNode.walk(body.map { .statement($0) }, visit)
  }

  /// The innermost statement that covers an offset, with the statements around it, outermost first; empty where
  /// there is none.
  public func statements(at offset: Int) -> [Statement] {
    var path: [Statement] = []
    var candidates = body
    while let next = candidates.first(where: { $0.range.lower <= offset && offset < $0.range.upper }) {
      path.append(next)
      candidates = next.children
    }
    return path
  }
}

extension Expression {
  /// The expressions directly within this one, in the order of their evaluation fields (the order of the text but
  /// for `then if test else orElse`, where the test is first, and comprehensions, where the element is first).
  public var children: [Expression] {
    switch kind {
    case .name, .integer, .largeInteger, .float, .imaginary, .string, .bytes, .boolean, .none, .ellipsis: []
    case .formattedString(let parts): parts.flatMap(\.children)
    case .tuple(let elements), .list(let elements), .set(let elements): elements
    case .dictionary(let items): items.flatMap { item in (item.key.map { [$0] } ?? []) + [item.value] }
    case .unary(_, let operand), .starred(let operand), .named(_, let operand), .await(let operand),
      .yieldFrom(let operand):
      [operand]
    case .yield(let value): value.map { [$0] } ?? []
    case .binary(let left, _, let right): [left, right]
    case .logical(_, let operands): operands
    case .comparison(let first, let links): [first] + links.map(\.operand)
    case .conditional(let test, let then, let orElse): [test, then, orElse]
    case .lambda(let parameters, let body): parameters.children + [body]
    case .attribute(let value, _, _): [value]
    case .subscript(let value, let index): [value, index]
    case .slice(let lower, let upper, let step): [lower, upper, step].compactMap(\.self)
    case .call(let function, let arguments): [function] + arguments.map(\.value)
    case .comprehension(_, let element, let value, let clauses):
      [element] + (value.map { [$0] } ?? []) + clauses.flatMap { [$0.target, $0.iterable] + $0.conditions }
    }
  }
}

extension FormattedStringPart {
  /// The value of a field and those in its format specification.
  public var children: [Expression] {
    switch self {
    case .text: []
    case .value(let value, _, let format): [value] + format.flatMap(\.children)
    }
  }
}

extension Parameters {
  /// The annotations and defaults, in the order of the text.
  public var children: [Expression] {
    parameters.flatMap { [$0.annotation, $0.defaultValue].compactMap(\.self) }
  }
}

extension Statement {
  /// The statements directly within this one, of all its blocks.
  public var children: [Statement] {
    switch kind {
    case .if(_, let body, let orElse), .while(_, let body, let orElse), .for(_, _, let body, let orElse):
      body + orElse
    case .with(_, let body): body
    case .try(let body, let handlers, let orElse, let finally):
      body + handlers.flatMap(\.body) + orElse + finally
    case .match(_, let cases): cases.flatMap(\.body)
    case .function(let definition): definition.body
    case .class(let definition): definition.body
    case .asynchronous(let statement): [statement]
    default: []
    }
  }

  /// The expressions directly within this statement, not those of the statements within it.
  public var expressions: [Expression] {
    switch kind {
    case .expression(let value): [value]
    case .assignment(let targets, let value): targets + [value]
    case .augmentedAssignment(let target, _, let value): [target, value]
    case .annotatedAssignment(let target, let annotation, let value):
      [target, annotation] + (value.map { [$0] } ?? [])
    case .return(let value): value.map { [$0] } ?? []
    case .pass, .break, .continue, .global, .nonlocal, .import, .importFrom, .asynchronous: []
    case .raise(let value, let cause): [value, cause].compactMap(\.self)
    case .assert(let test, let message): [test, message].compactMap(\.self)
    case .delete(let targets): targets
    case .if(let test, _, _), .while(let test, _, _): [test]
    case .for(let target, let iterable, _, _): [target, iterable]
    case .with(let items, _): items.flatMap { [$0.context, $0.target].compactMap(\.self) }
    case .try(_, let handlers, _, _): handlers.compactMap(\.type)
    case .match(let subject, let cases):
      [subject] + cases.flatMap { $0.pattern.expressions + ($0.guardExpression.map { [$0] } ?? []) }
    case .function(let definition):
      definition.decorators + definition.parameters.children + (definition.returns.map { [$0] } ?? [])
    case .class(let definition): definition.decorators + definition.arguments.map(\.value)
    case .typeAlias(_, let value): [value]
    }
  }
}

extension MatchCase.Pattern {
  /// The values, keys and classes in the pattern, in the order of the text (keys before the patterns of a mapping).
  public var expressions: [Expression] {
    switch self {
    case .value(let value): [value]
    case .capture, .star: []
    case .sequence(let patterns), .or(let patterns): patterns.flatMap(\.expressions)
    case .mapping(let keys, let patterns, _): keys + patterns.flatMap(\.expressions)
    case .class(let type, let positional, let keywords):
      [type] + positional.flatMap(\.expressions) + keywords.flatMap(\.pattern.expressions)
    case .as(let pattern, _): pattern.expressions
    }
  }
}
