import PythonSyntax

/// A call of a function that yields: it runs from one `yield` to the next as its values are asked for.
///
/// The statements around a `yield` are kept as frames rather than on the stack. A `yield` may be a statement, the
/// right side of an assignment, or what is returned; within a larger expression it is refused.
final class Generator: HeapObject {
  /// How a block ends.
  enum Completion {
    case flow(Flow)
    case failure(Interruption)
  }

  /// A statement under way whose inner statements may yield.
  enum Frame {
    case block([Statement], next: Int)
    case `for`(PythonIterator, target: Expression, body: [Statement], orElse: [Statement])
    case `while`(Expression, body: [Statement], orElse: [Statement])
    case `try`([ExceptionHandler], orElse: [Statement], finally: [Statement])
    /// `except` or `else` of a `try` is being run.
    case handling(RaisedException?, finally: [Statement])
    case finally(Completion)
    case with(ContextManager)
    /// `yield from`, and where its result goes.
    case delegating(PythonIterator, targets: [Expression], returns: Bool)
  }

  private(set) var scope: Scope?
  private var frames: [Frame]
  private var isRunning = false
  /// Which statements have a `yield`, by where they stand.
  private var yielding: [SourceRange: Bool] = [:]
  /// What waits for the value that `yield` gives, which is None without `send`.
  private var targets: [Expression] = []
  private var returnsValue = false
  private var sent = PythonValue.none
  /// What the function returned.
  private(set) var result = PythonValue.none

  init(_ body: [Statement], _ scope: Scope) {
    self.scope = scope
    frames = [.block(body, next: 0)]
  }

  func clear() {
    scope = nil
    frames = []
    (targets, sent, result) = ([], .none, .none)
  }

  /// Whether nothing is left to run.
  var isFinished: Bool { frames.isEmpty }

  /// Runs to the next `yield` and gives its value; nil at the end.
  func next(
    _ interpreter: Interpreter, sending value: PythonValue = .none
  ) throws(Interruption) -> PythonValue? {
    sent = value
    return try resume(interpreter) { (scope) throws(Interruption) in
      if self.returnsValue {
        self.returnsValue = false
        try self.unwind(.flow(.return(self.sent)), interpreter, scope)
      }
      for target in self.targets { try interpreter.assign(target, self.sent, scope) }
      self.targets = []
    }
  }

  /// Raises an exception where the generator stands, as a `with` does that a generator manages.
  func `throw`(_ failure: Interruption, _ interpreter: Interpreter) throws(Interruption) -> PythonValue? {
    guard !frames.isEmpty else { throw failure }
    return try resume(interpreter) { (_) throws(Interruption) in throw failure }
  }

  private func resume(
    _ interpreter: Interpreter, _ begin: @escaping (Scope) throws(Interruption) -> Void
  ) throws(Interruption) -> PythonValue? {
    guard let scope, !frames.isEmpty else { return nil }
    guard !isRunning else { throw interpreter.raise(.valueError, "generator already executing") }
    guard interpreter.callDepth < interpreter.limits.recursionDepth else {
      throw interpreter.exhausted("maximum recursion depth exceeded", "limit.recursion")
    }
    let (place, handled) = (interpreter.currentRange, interpreter.handled)
    isRunning = true
    interpreter.callDepth += 1
    defer {
      isRunning = false
      interpreter.callDepth -= 1
      interpreter.currentRange = place
      interpreter.handled = handled
    }
    for case .handling(let exception?, _) in frames { interpreter.handled.append(exception) }
    var start: ((Scope) throws(Interruption) -> Void)? = begin
    while !frames.isEmpty {
      do throws(Interruption) {
        if let action = start {
          start = nil
          try action(scope)
        }
        if let value = try step(interpreter, scope) { return value }
      } catch {
        try unwind(.failure(error), interpreter, scope)
      }
    }
    return nil
  }

  /// Runs one statement, or begins or ends one.
  private func step(_ interpreter: Interpreter, _ scope: Scope) throws(Interruption) -> PythonValue? {
    try interpreter.spend(1)
    guard let frame = frames.last else { return nil }
    switch frame {
    case .block(let statements, let position):
      guard position < statements.count else {
        frames.removeLast()
        return nil
      }
      frames[frames.count - 1] = .block(statements, next: position + 1)
      return try run(statements[position], interpreter, scope)
    case .for(let iterator, let target, let body, let orElse):
      if let element = try interpreter.next(iterator) {
        try interpreter.assign(target, element, scope)
        push(body)
      } else {
        frames.removeLast()
        push(orElse)
      }
    case .while(let test, let body, let orElse):
      if try interpreter.isTrue(try interpreter.evaluate(test, scope)) {
        push(body)
      } else {
        frames.removeLast()
        push(orElse)
      }
    case .try(_, let orElse, let finally):
      frames[frames.count - 1] = .handling(nil, finally: finally)
      push(orElse)
    case .handling(let exception, let finally):
      if exception != nil { interpreter.handled.removeLast() }
      frames[frames.count - 1] = .finally(.flow(.normal))
      push(finally)
    case .finally(let completion):
      frames.removeLast()
      try resolve(completion, interpreter, scope)
    case .with(let manager):
      frames.removeLast()
      try interpreter.leave(manager)
    case .delegating(let iterator, let targets, let returns):
      if let element = try interpreter.next(iterator) { return element }
      frames.removeLast()
      var value = PythonValue.none
      if case .generator(let inner) = iterator.source { value = inner.result }
      for target in targets { try interpreter.assign(target, value, scope) }
      if returns { try unwind(.flow(.return(value)), interpreter, scope) }
    }
    return nil
  }

  private func push(_ statements: [Statement]) {
    if !statements.isEmpty { frames.append(.block(statements, next: 0)) }
  }

  private func run(
    _ statement: Statement, _ interpreter: Interpreter, _ scope: Scope
  ) throws(Interruption) -> PythonValue? {
    let isGuarded = frames.contains {
      if case .try(let handlers, _, _) = $0 { !handlers.isEmpty } else { false }
    }
    interpreter.guardedDepth += isGuarded ? 1 : 0
    defer { interpreter.guardedDepth -= isGuarded ? 1 : 0 }
    guard try yields(statement, interpreter) else {
      try resolve(.flow(try interpreter.run(statement, scope)), interpreter, scope)
      return nil
    }
    switch statement.kind {
    case .expression(let expression): return try yield(expression, [], false, interpreter, scope)
    case .assignment(let targets, let value): return try yield(value, targets, false, interpreter, scope)
    case .annotatedAssignment(let target, _, let value?):
      return try yield(value, [target], false, interpreter, scope)
    case .return(let value?): return try yield(value, [], true, interpreter, scope)
    case .if(let test, let body, let orElse):
      push(try interpreter.isTrue(try interpreter.evaluate(test, scope)) ? body : orElse)
    case .for(let target, let iterable, let body, let orElse):
      let iterator = try interpreter.iterate(try interpreter.evaluate(iterable, scope))
      frames.append(.for(iterator, target: target, body: body, orElse: orElse))
    case .while(let test, let body, let orElse): frames.append(.while(test, body: body, orElse: orElse))
    case .try(let body, let handlers, let orElse, let finally):
      frames.append(.try(handlers, orElse: orElse, finally: finally))
      push(body)
    case .with(let items, let body):
      for item in items { frames.append(.with(try interpreter.enter(item, scope))) }
      push(body)
    case .match(let subject, let cases):
      let value = try interpreter.evaluate(subject, scope)
      if let chosen = try interpreter.chosen(value, cases, scope) { push(chosen.body) }
    default:
      interpreter.currentRange = statement.range
      throw interpreter.unsupported("yield within this statement is not supported")
    }
    return nil
  }

  private func yield(
    _ expression: Expression, _ targets: [Expression], _ returns: Bool, _ interpreter: Interpreter,
    _ scope: Scope
  ) throws(Interruption) -> PythonValue? {
    switch expression.kind {
    case .yield(let operand):
      let value = try operand.map { (operand) throws(Interruption) in try interpreter.evaluate(operand, scope)
      }
      (self.targets, returnsValue) = (targets, returns)
      return value ?? PythonValue.none
    case .yieldFrom(let operand):
      let iterator = try interpreter.iterate(try interpreter.evaluate(operand, scope))
      frames.append(.delegating(iterator, targets: targets, returns: returns))
      return nil
    default:
      interpreter.currentRange = expression.range
      throw interpreter.unsupported(
        "yield within a larger expression is not supported", hint: "assign what it yields to a name first")
    }
  }

  private func resolve(
    _ completion: Completion, _ interpreter: Interpreter, _ scope: Scope
  ) throws(Interruption) {
    if case .flow(.normal) = completion { return }
    try unwind(completion, interpreter, scope)
  }

  /// Leaves frames until one takes up what happened.
  private func unwind(
    _ completion: Completion, _ interpreter: Interpreter, _ scope: Scope
  ) throws(Interruption) {
    var completion = completion
    if case .failure(.refused(let refusal)) = completion {
      frames = []
      throw .refused(refusal)
    }
    while let frame = frames.popLast() {
      switch (frame, completion) {
      case (.for, .flow(.break)), (.while, .flow(.break)): return
      case (.for, .flow(.continue)), (.while, .flow(.continue)):
        frames.append(frame)
        return
      case (.try(let handlers, _, let finally), .failure(.raised(let exception))):
        if let handler = try interpreter.handler(of: exception, among: handlers, scope) {
          interpreter.handled.append(exception)
          frames.append(.handling(exception, finally: finally))
          if let name = handler.name { interpreter.bind(name, .instance(exception.instance), scope) }
          push(handler.body)
          return
        }
        frames.append(.finally(completion))
        push(finally)
        return
      case (.try(_, _, let finally), _), (.handling(nil, let finally), _):
        frames.append(.finally(completion))
        push(finally)
        return
      case (.handling(_?, let finally), _):
        if !interpreter.handled.isEmpty { interpreter.handled.removeLast() }
        frames.append(.finally(completion))
        push(finally)
        return
      case (.with(let manager), .failure(let failure)):
        do throws(Interruption) {
          if try interpreter.leave(manager, after: failure) { return }
        } catch {
          completion = .failure(error)
        }
      case (.with(let manager), _):
        do throws(Interruption) { try interpreter.leave(manager) } catch { completion = .failure(error) }
      default: break
      }
    }
    switch completion {
    case .failure(let failure): throw failure
    case .flow(.return(let value)): result = value
    case .flow: break
    }
  }

  /// Whether a `yield` of this function stands within a statement.
  private func yields(_ statement: Statement, _ interpreter: Interpreter) throws(Interruption) -> Bool {
    if let known = yielding[statement.range] { return known }
    var found = false
    var visited = 0
    SyntaxNode.statement(statement).walk { node in
      visited += 1
      switch node {
      case .statement(let inner):
        switch inner.kind {
        case .function, .class: return false
        default: return !found
        }
      case .expression(let expression):
        switch expression.kind {
        case .yield, .yieldFrom: found = true
        case .lambda: return false
        default: break
        }
        return !found
      }
    }
    try interpreter.spend(visited)
    try interpreter.reserve(4)
    yielding[statement.range] = found
    return found
  }
}
