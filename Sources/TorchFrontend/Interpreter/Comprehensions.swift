import PythonSyntax

extension Interpreter {
  /// The value of a list, set or dict comprehension, or a generator expression.
  func evaluateComprehension(
    _ kind: ComprehensionKind, _ element: Expression, _ value: Expression?, _ clauses: [ComprehensionClause],
    _ scope: Scope
  ) throws(Interruption) -> PythonValue {
    guard let first = clauses.first else { return .none }
    if let clause = clauses.first(where: \.isAsync) {
      currentRange = clause.target.range
      throw unsupported("asynchronous code is not supported")
    }
    let iterable = try evaluate(first.iterable, scope)
    currentRange = first.iterable.range
    let source = try iterate(iterable)
    var parent: Scope? = scope.kind == .module ? nil : scope
    // Within a class body, only the first iterable sees the body's names.
    if scope.kind == .classBody { parent = scope.parent }
    let inner = Scope(.comprehension, parent: parent, owner: scope.owner, module: scope.module)
    inner.receiver = scope.receiver
    let cursor = ComprehensionCursor(clauses, source, inner)
    switch kind {
    case .list: return try list(try elements(of: element, cursor))
    case .set: return try set(of: try elements(of: element, cursor))
    case .dictionary:
      let mapping = try dictionary()
      while try cursor.advance(self) {
        let key = try evaluate(element, inner)
        let item = try value.map { (expression) throws(Interruption) in try evaluate(expression, inner) }
        try set(key, item ?? .none, in: mapping)
      }
      return .dict(mapping)
    case .generator:
      try reserve(8)
      return try iterator(
        .computed { [self] () throws(Interruption) in
          try cursor.advance(self) ? try evaluate(element, inner) : nil
        })
    }
  }

  private func elements(
    of element: Expression, _ cursor: ComprehensionCursor
  ) throws(Interruption) -> [PythonValue] {
    var results: [PythonValue] = []
    while try cursor.advance(self) {
      try reserve(1)
      results.append(try evaluate(element, cursor.scope))
    }
    return results
  }
}

/// Where a comprehension stands within its `for` clauses.
final class ComprehensionCursor {
  let scope: Scope
  private let clauses: [ComprehensionClause]
  /// One iterator per clause entered.
  private var iterators: [PythonIterator]

  init(_ clauses: [ComprehensionClause], _ source: PythonIterator, _ scope: Scope) {
    self.clauses = clauses
    self.scope = scope
    iterators = [source]
  }

  /// Binds the targets to the next elements that meet the conditions; false at the end.
  func advance(_ interpreter: Interpreter) throws(Interruption) -> Bool {
    search: while let iterator = iterators.last {
      let clause = clauses[iterators.count - 1]
      guard let element = try interpreter.next(iterator) else {
        iterators.removeLast()
        continue
      }
      try interpreter.spend(1)
      try interpreter.assign(clause.target, element, scope)
      for condition in clause.conditions {
        guard try interpreter.isTrue(try interpreter.evaluate(condition, scope)) else { continue search }
      }
      guard iterators.count < clauses.count else { return true }
      let following = clauses[iterators.count].iterable
      iterators.append(try interpreter.iterate(try interpreter.evaluate(following, scope)))
    }
    return false
  }
}
