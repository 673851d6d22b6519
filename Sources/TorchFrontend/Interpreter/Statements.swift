import PythonSyntax

extension Interpreter {
  /// Runs statements until one leaves the block.
  func run(_ statements: [Statement], _ scope: Scope) throws(Interruption) -> Flow {
    try enter()
    defer { leave() }
    for statement in statements {
      let flow = try run(statement, scope)
      if case .normal = flow { continue }
      return flow
    }
    return .normal
  }

  /// Runs one statement.
  func run(_ statement: Statement, _ scope: Scope) throws(Interruption) -> Flow {
    try spend(1)
    switch statement.kind {
    case .expression(let expression):
      if case .string = expression.kind { return .normal }
      _ = try evaluate(expression, scope)
    case .assignment(let targets, let value):
      let value = try evaluate(value, scope)
      for target in targets { try assign(target, value, scope) }
    case .augmentedAssignment(let target, let operation, let value):
      try assign(target, operation, try evaluate(value, scope), statement.range, scope)
    case .annotatedAssignment(let target, let annotation, let value):
      if scope.kind == .classBody, case .name(let name) = target.kind { declare(name, annotation, scope) }
      if let value { try assign(target, try evaluate(value, scope), scope) }
    case .return(let value):
      guard let value else { return .return(.none) }
      return .return(try evaluate(value, scope))
    case .pass, .typeAlias: break
    case .break: return .break
    case .continue: return .continue
    case .if(let test, let body, let orElse):
      let value = try evaluate(test, scope)
      currentRange = test.range
      return try run(try isTrue(value) ? body : orElse, scope)
    case .for(let target, let iterable, let body, let orElse):
      return try runFor(target, iterable, body, orElse, scope)
    case .while(let test, let body, let orElse): return try runWhile(test, body, orElse, scope)
    case .function(let definition): try define(definition, scope)
    case .class(let definition): try define(definition, scope)
    case .import(let names): try runImport(names, scope)
    case .importFrom(let module, let names, let level):
      currentRange = statement.range
      try runImport(from: module, names, level: level, scope)
    case .raise(let exception, let cause): throw try raised(exception, cause, statement.range, scope)
    case .assert(let test, let message): try runAssert(test, message, statement.range, scope)
    case .delete(let targets): for target in targets { try delete(target, scope) }
    case .global(let names): scope.globals.formUnion(names)
    case .nonlocal(let names): scope.nonlocals.formUnion(names)
    case .with(let items, let body): return try runWith(items[...], body, scope)
    case .try(let body, let handlers, let orElse, let finally):
      return try runTry(body, handlers, orElse, finally, scope)
    case .match(let subject, let cases): return try runMatch(subject, cases, scope)
    case .asynchronous:
      currentRange = statement.range
      throw unsupported("asynchronous code is not supported")
    }
    return .normal
  }

  // MARK: Loops

  private func runFor(
    _ target: Expression, _ iterable: Expression, _ body: [Statement], _ orElse: [Statement], _ scope: Scope
  ) throws(Interruption) -> Flow {
    let value = try evaluate(iterable, scope)
    currentRange = iterable.range
    let source = try iterate(value)
    while let element = try next(source) {
      try spend(1)
      try assign(target, element, scope)
      let flow = try run(body, scope)
      switch flow {
      case .normal, .continue: continue
      case .break: return .normal
      case .return: return flow
      }
    }
    return try run(orElse, scope)
  }

  private func runWhile(
    _ test: Expression, _ body: [Statement], _ orElse: [Statement], _ scope: Scope
  ) throws(Interruption) -> Flow {
    while true {
      let value = try evaluate(test, scope)
      currentRange = test.range
      guard try isTrue(value) else { break }
      let flow = try run(body, scope)
      switch flow {
      case .normal, .continue: continue
      case .break: return .normal
      case .return: return flow
      }
    }
    return try run(orElse, scope)
  }
}
