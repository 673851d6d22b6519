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
    case .annotatedAssignment(let target, _, let value):
      if scope.kind == .classBody, case .name(let name) = target.kind { scope.owner?.fields.append(name) }
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
    case .function(let definition): try define(definition, statement.range, scope)
    case .class(let definition): try define(definition, scope)
    case .import(let names): try runImport(names, scope)
    case .importFrom(let module, let names, let level):
      currentRange = statement.range
      try runImport(from: module, names, level: level, scope)
    case .raise(let exception, _): throw try raised(exception, statement.range, scope)
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

  // MARK: Exceptions

  private func raised(
    _ expression: Expression?, _ range: SourceRange, _ scope: Scope
  ) throws(Interruption) -> Interruption {
    guard let expression else {
      currentRange = range
      if let current = handled.last { return .raised(current) }
      return raise(.runtimeError, "No active exception to reraise")
    }
    var value = try evaluate(expression, scope)
    currentRange = range
    if case .type(let type) = value, type.isSubclass(ofNative: "builtins.BaseException") {
      value = try call(value, Arguments())
    }
    guard case .instance(let instance) = value, instance.exceptionArguments != nil else {
      return raise(.typeError, "exceptions must derive from BaseException")
    }
    let kind = instance.type.nearestNative.flatMap { ExceptionKind(rawValue: $0.name) }
    return .raised(
      RaisedException(instance, range: range, identifier: kind?.identifier ?? "python.exception"))
  }

  private func runAssert(
    _ test: Expression, _ message: Expression?, _ range: SourceRange, _ scope: Scope
  ) throws(Interruption) {
    if try isTrue(try evaluate(test, scope)) { return }
    let text = try message.map { (expression) throws(Interruption) in
      try self.text(of: try evaluate(expression, scope))
    }
    currentRange = range
    throw raise(.assertionError, text ?? "")
  }

  private func runTry(
    _ body: [Statement], _ handlers: [ExceptionHandler], _ orElse: [Statement], _ finally: [Statement],
    _ scope: Scope
  ) throws(Interruption) -> Flow {
    let outcome: Result<Flow, Interruption>
    do throws(Interruption) {
      outcome = .success(try runHandled(body, handlers, orElse, scope))
    } catch {
      outcome = .failure(error)
    }
    if case .failure(.refused) = outcome { return try outcome.get() }
    let flow = try run(finally, scope)
    if case .normal = flow { return try outcome.get() }
    return flow
  }

  private func runHandled(
    _ body: [Statement], _ handlers: [ExceptionHandler], _ orElse: [Statement], _ scope: Scope
  ) throws(Interruption) -> Flow {
    let flow: Flow
    let guards = handlers.isEmpty ? 0 : 1
    guardedDepth += guards
    do throws(Interruption) {
      flow = try run(body, scope)
      guardedDepth -= guards
    } catch {
      guardedDepth -= guards
      guard case .raised(let exception) = error else { throw error }
      for handler in handlers where try matches(exception, handler, scope) {
        handled.append(exception)
        defer { handled.removeLast() }
        if let name = handler.name { bind(name, .instance(exception.instance), scope) }
        return try run(handler.body, scope)
      }
      throw error
    }
    if case .normal = flow { return try run(orElse, scope) }
    return flow
  }

  private func matches(
    _ exception: RaisedException, _ handler: ExceptionHandler, _ scope: Scope
  ) throws(Interruption) -> Bool {
    guard let type = handler.type else { return true }
    let value = try evaluate(type, scope)
    let candidates: [PythonValue] = if case .tuple(let tuple) = value { tuple.elements } else { [value] }
    for case .type(let candidate) in candidates where exception.instance.type.isSubclass(of: candidate) {
      return true
    }
    return false
  }

  private func runWith(
    _ items: ArraySlice<WithItem>, _ body: [Statement], _ scope: Scope
  ) throws(Interruption) -> Flow {
    guard let item = items.first else { return try run(body, scope) }
    let manager = try evaluate(item.context, scope)
    currentRange = item.context.range
    var entered = manager
    var exit: PythonValue?
    if case .instance(let instance) = manager {
      guard let enter = classMember("__enter__", of: instance.type) else {
        throw raise(
          .typeError, "'\(instance.type.name)' object does not support the context manager protocol")
      }
      exit = classMember("__exit__", of: instance.type)
      entered = try call(enter, Arguments([manager]))
    } else if case .opaque(let name) = manager {
      throw unsupported("\(name) is not supported")
    }
    if let target = item.target { try assign(target, entered, scope) }
    let flow = try runWith(items.dropFirst(), body, scope)
    if let exit { _ = try call(exit, Arguments([manager, .none, .none, .none])) }
    return flow
  }

  // MARK: Targets

  /// Binds a target: a name, attribute, subscript or a list of targets.
  func assign(_ target: Expression, _ value: PythonValue, _ scope: Scope) throws(Interruption) {
    switch target.kind {
    case .name(let name): bind(name, value, scope)
    case .attribute(let base, let name, _):
      let object = try evaluate(base, scope)
      currentRange = target.range
      try setAttribute(name, of: object, value)
    case .subscript(let base, let index):
      let object = try evaluate(base, scope)
      let key = try evaluate(index, scope)
      currentRange = target.range
      try setItem(object, key, value)
    case .tuple(let targets), .list(let targets):
      currentRange = target.range
      try unpack(targets, value, scope)
    case .starred(let inner): try assign(inner, value, scope)
    default:
      currentRange = target.range
      throw raise(.typeError, "cannot assign to this expression")
    }
  }

  private func unpack(_ targets: [Expression], _ value: PythonValue, _ scope: Scope) throws(Interruption) {
    let values = try elements(of: value)
    let star = targets.firstIndex { if case .starred = $0.kind { true } else { false } }
    let needed = star == nil ? targets.count : targets.count - 1
    guard values.count >= needed else {
      throw raise(
        .valueError,
        "not enough values to unpack (expected \(star == nil ? "" : "at least ")\(needed), got \(values.count))"
      )
    }
    guard let star else {
      guard values.count == needed else {
        throw raise(
          .valueError, "too many values to unpack (expected \(needed))",
          hint: "the right side has \(values.count) values")
      }
      for (target, element) in zip(targets, values) { try assign(target, element, scope) }
      return
    }
    let behind = targets.count - star - 1
    for index in 0..<star { try assign(targets[index], values[index], scope) }
    try assign(targets[star], try list(Array(values[star..<(values.count - behind)])), scope)
    for index in 0..<behind {
      try assign(targets[star + 1 + index], values[values.count - behind + index], scope)
    }
  }

  private func assign(
    _ target: Expression, _ operation: BinaryOperator, _ value: PythonValue, _ range: SourceRange,
    _ scope: Scope
  ) throws(Interruption) {
    switch target.kind {
    case .name(let name):
      currentRange = target.range
      let old = try lookUp(name, scope)
      currentRange = range
      bind(name, try inPlace(operation, old, value), scope)
    case .attribute(let base, let name, _):
      let object = try evaluate(base, scope)
      currentRange = range
      try setAttribute(name, of: object, try inPlace(operation, try attribute(name, of: object), value))
    case .subscript(let base, let index):
      let object = try evaluate(base, scope)
      let key = try evaluate(index, scope)
      currentRange = range
      try setItem(object, key, try inPlace(operation, try item(object, key), value))
    default:
      currentRange = range
      throw raise(.typeError, "illegal expression for augmented assignment")
    }
  }

  private func delete(_ target: Expression, _ scope: Scope) throws(Interruption) {
    currentRange = target.range
    switch target.kind {
    case .name(let name):
      let owner = scope.globals.contains(name) ? globals : scope
      guard owner.variables.removeValue(forKey: name) != nil else {
        throw raise(.nameError, "name '\(name)' is not defined")
      }
    case .attribute(let base, let name, _): try deleteAttribute(name, of: try evaluate(base, scope))
    case .subscript(let base, let index):
      try deleteItem(try evaluate(base, scope), try evaluate(index, scope))
    case .tuple(let targets), .list(let targets): for target in targets { try delete(target, scope) }
    default: throw raise(.typeError, "cannot delete this expression")
    }
  }
}
