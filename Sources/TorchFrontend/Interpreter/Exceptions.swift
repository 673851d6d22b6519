import PythonSyntax

extension Interpreter {
  // MARK: Exceptions

  func raised(
    _ expression: Expression?, _ cause: Expression?, _ range: SourceRange, _ scope: Scope
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
    if case .opaque(let name) = value { return raise(.runtimeError, name) }
    guard case .instance(let instance) = value, instance.exceptionArguments != nil else {
      return raise(.typeError, "exceptions must derive from BaseException")
    }
    if let cause { instance.set("__cause__", try evaluate(cause, scope)) }
    if let context = handled.last, context.instance !== instance {
      instance.set("__context__", .instance(context.instance))
    }
    let kind = instance.type.nearestNative.flatMap { ExceptionKind(rawValue: $0.name) }
    return .raised(
      RaisedException(
        instance, range: preludeSite ?? range, identifier: kind?.identifier ?? "python.exception"))
  }

  func runAssert(
    _ test: Expression, _ message: Expression?, _ range: SourceRange, _ scope: Scope
  ) throws(Interruption) {
    if try isTrue(try evaluate(test, scope)) { return }
    let text = try message.map { (expression) throws(Interruption) in
      try self.text(of: try evaluate(expression, scope))
    }
    currentRange = range
    throw raise(.assertionError, text ?? "")
  }

  func runTry(
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
    // Where a package may be missing, one that we do not have is.
    let isGuarded = try guardsImports(handlers, scope)
    let guards = handlers.isEmpty ? 0 : 1
    guardedImports += isGuarded ? 1 : 0
    guardedDepth += guards
    do throws(Interruption) {
      defer {
        guardedImports -= isGuarded ? 1 : 0
        guardedDepth -= guards
      }
      flow = try run(body, scope)
    } catch {
      guard case .raised(let exception) = error,
        let handler = try handler(of: exception, among: handlers, scope)
      else { throw error }
      handled.append(exception)
      defer { handled.removeLast() }
      guard let name = handler.name else { return try run(handler.body, scope) }
      bind(name, .instance(exception.instance), scope)
      let result = try run(handler.body, scope)
      scope.variables[name] = nil
      return result
    }
    if case .normal = flow { return try run(orElse, scope) }
    return flow
  }

  /// The `except` clause that catches an exception; nil where none does.
  func handler(
    of exception: RaisedException, among handlers: [ExceptionHandler], _ scope: Scope
  ) throws(Interruption) -> ExceptionHandler? {
    for handler in handlers {
      guard !handler.isGroup else {
        currentRange = handler.type?.range
        throw unsupported("except* is not supported")
      }
      guard let type = handler.type else { return handler }
      let value = try evaluate(type, scope)
      currentRange = type.range
      if try catches(value, exception.instance) { return handler }
    }
    return nil
  }

  private func catches(_ value: PythonValue, _ instance: PythonInstance) throws(Interruption) -> Bool {
    switch value {
    case .type(let type): return instance.type.isSubclass(of: type)
    case .tuple(let tuple):
      for element in tuple.elements where try catches(element, instance) { return true }
      return false
    // An exception class of a package we do not have is none that we raise.
    case .opaque: return false
    default:
      throw raise(
        .typeError, "catching classes that do not inherit from BaseException is not allowed")
    }
  }

  /// Whether one of the clauses is written for a package that is not installed.
  private func guardsImports(_ handlers: [ExceptionHandler], _ scope: Scope) throws(Interruption) -> Bool {
    for handler in handlers {
      guard let type = handler.type else { return true }
      let names: [Expression] = if case .tuple(let types) = type.kind { types } else { [type] }
      for case .name(let name) in names.map(\.kind)
      where ["ImportError", "ModuleNotFoundError", "Exception", "BaseException"].contains(name) {
        return true
      }
    }
    return false
  }

  // MARK: with

  func runWith(
    _ items: ArraySlice<WithItem>, _ body: [Statement], _ scope: Scope
  ) throws(Interruption) -> Flow {
    guard let item = items.first else { return try run(body, scope) }
    let manager = try enter(item, scope)
    let flow: Flow
    do throws(Interruption) {
      flow = try runWith(items.dropFirst(), body, scope)
    } catch {
      if try leave(manager, after: error) { return .normal }
      throw error
    }
    try leave(manager)
    return flow
  }

  /// Enters the context of a `with` item and binds its target.
  func enter(_ item: WithItem, _ scope: Scope) throws(Interruption) -> ContextManager {
    let value = try evaluate(item.context, scope)
    currentRange = item.context.range
    var entered = value
    var exit: PythonValue?
    switch value {
    case .instance(let instance):
      guard let enter = classMember("__enter__", of: instance.type),
        let leave = classMember("__exit__", of: instance.type)
      else {
        throw raise(
          .typeError, "'\(instance.type.name)' object does not support the context manager protocol")
      }
      exit = leave
      entered = try call(enter, Arguments([value]))
    case .opaque(let name): note("python.with", "the context \(name) is unknown and does nothing here")
    default:
      throw raise(.typeError, "'\(typeName(value))' object does not support the context manager protocol")
    }
    if let target = item.target { try assign(target, entered, scope) }
    return ContextManager(value: value, exit: exit)
  }

  /// Leaves a context whose body came to its end.
  func leave(_ manager: ContextManager) throws(Interruption) {
    guard let exit = manager.exit else { return }
    _ = try call(exit, Arguments([manager.value, .none, .none, .none]))
  }

  /// Leaves a context whose body failed; true where it swallows the exception.
  func leave(_ manager: ContextManager, after failure: Interruption) throws(Interruption) -> Bool {
    guard let exit = manager.exit, case .raised(let exception) = failure else { return false }
    raisedInContext.append(exception)
    defer { raisedInContext.removeLast() }
    let arguments: [PythonValue] = [
      manager.value, .type(exception.instance.type), .instance(exception.instance), .none,
    ]
    return try isTrue(try call(exit, Arguments(arguments)))
  }
}

/// A context that was entered.
struct ContextManager {
  var value: PythonValue
  /// Its `__exit__`; nil where there is nothing to do.
  var exit: PythonValue?
}
