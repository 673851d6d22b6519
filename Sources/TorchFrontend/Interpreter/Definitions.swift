import PythonSyntax

extension Interpreter {
  // MARK: Functions

  func makeFunction(
    name: String, parameters: Parameters, body: FunctionBody, isGenerator: Bool, locals: Set<String>,
    _ scope: Scope
  ) throws(Interruption) -> PythonFunction {
    var defaults: [PythonValue?] = []
    defaults.reserveCapacity(parameters.parameters.count)
    for parameter in parameters.parameters {
      if let expression = parameter.defaultValue {
        defaults.append(try evaluate(expression, scope))
      } else {
        defaults.append(nil)
      }
    }
    try reserve(8)
    // Functions do not see the names of the class body they stand in.
    var enclosing = scope
    while enclosing.kind == .classBody, let parent = enclosing.parent { enclosing = parent }
    if enclosing.kind == .classBody { enclosing = enclosing.module }
    let function = heap.adopt(
      PythonFunction(
        name: name, parameters: parameters, body: body, isGenerator: isGenerator, locals: locals,
        defaults: defaults, scope: enclosing))
    function.owner = scope.owner
    return function
  }

  func define(_ definition: FunctionDefinition, _ scope: Scope) throws(Interruption) {
    var names = BoundNames()
    names.collect(definition.body)
    try spend(names.visited)
    let function = try makeFunction(
      name: definition.name, parameters: definition.parameters, body: .statements(definition.body),
      isGenerator: definition.isGenerator, locals: names.locals, scope)
    function.isAsync = definition.isAsync
    var value = PythonValue.function(function)
    for decorator in definition.decorators.reversed() { value = try decorate(value, decorator, scope) }
    if case .classBody = scope.kind, case .function = value,
      ["__init_subclass__", "__class_getitem__"].contains(definition.name)
    {
      value = .descriptor(heap.adopt(Descriptor(.classMethod, value)))
    }
    bind(definition.name, value, scope)
  }

  func decorate(
    _ value: PythonValue, _ decorator: Expression, _ scope: Scope
  ) throws(Interruption) -> PythonValue {
    if let name = try unknownDecorator(decorator, scope) {
      currentRange = decorator.range
      note("python.decorator", "the decorator \(name) is ignored")
      return value
    }
    let decoration = try evaluate(decorator, scope)
    currentRange = decorator.range
    if case .opaque(let name) = decoration {
      note("python.decorator", "the decorator \(name) is ignored")
      return value
    }
    return try call(decoration, Arguments([value]))
  }

  /// What a decorator is called, or nil where it is one that we know.
  private func unknownDecorator(_ decorator: Expression, _ scope: Scope) throws(Interruption) -> String? {
    guard case .call(let callee, _) = decorator.kind else { return nil }
    switch callee.kind {
    case .name, .attribute:
      if case .opaque(let name) = try evaluate(callee, scope) { return name }
      return nil
    default: return nil
    }
  }
}

/// The names that a function's own statements bind.
struct BoundNames {
  private(set) var locals: Set<String> = []
  /// How many statements were looked at.
  private(set) var visited = 0
  private var declared: Set<String> = []

  mutating func collect(_ statements: [Statement]) {
    visit(statements)
    locals.subtract(declared)
  }

  private mutating func visit(_ statements: [Statement]) {
    for statement in statements { visit(statement) }
  }

  private mutating func visit(_ statement: Statement) {
    visited += 1
    switch statement.kind {
    case .assignment(let targets, _):
      targets.forEach { bind($0) }
    case .augmentedAssignment(let target, _, _): bind(target)
    case .annotatedAssignment(let target, _, _): bind(target)
    case .for(let target, _, let body, let orElse):
      bind(target)
      visit(body)
      visit(orElse)
    case .while(_, let body, let orElse), .if(_, let body, let orElse):
      visit(body)
      visit(orElse)
    case .with(let items, let body):
      for item in items { if let target = item.target { bind(target) } }
      visit(body)
    case .try(let body, let handlers, let orElse, let finally):
      visit(body)
      for handler in handlers {
        if let name = handler.name { locals.insert(name) }
        visit(handler.body)
      }
      visit(orElse)
      visit(finally)
    case .match(_, let cases): for item in cases { visit(item.body) }
    case .function(let definition): locals.insert(definition.name)
    case .class(let definition): locals.insert(definition.name)
    case .import(let names):
      for name in names { locals.insert(name.alias ?? String(name.name.prefix { $0 != "." })) }
    case .importFrom(_, let names, _): for name in names { locals.insert(name.alias ?? name.name) }
    case .global(let names), .nonlocal(let names): declared.formUnion(names)
    case .asynchronous(let inner): visit(inner)
    case .expression, .return, .pass, .break, .continue, .raise, .assert, .delete, .typeAlias: break
    }
  }

  private mutating func bind(_ target: Expression) {
    switch target.kind {
    case .name(let name): locals.insert(name)
    case .tuple(let targets), .list(let targets): targets.forEach { bind($0) }
    case .starred(let inner): bind(inner)
    default: break
    }
  }
}
