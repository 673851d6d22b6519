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
    if enclosing.kind == .classBody { enclosing = globals }
    let function = heap.adopt(
      PythonFunction(
        name: name, parameters: parameters, body: body, isGenerator: isGenerator, locals: locals,
        defaults: defaults, scope: enclosing))
    function.owner = scope.owner
    return function
  }

  func define(
    _ definition: FunctionDefinition, _ range: SourceRange, _ scope: Scope
  ) throws(Interruption) {
    var names = BoundNames()
    names.collect(definition.body)
    try spend(names.visited)
    let function = try makeFunction(
      name: definition.name, parameters: definition.parameters, body: .statements(definition.body),
      isGenerator: names.hasYield, locals: names.locals, scope)
    var value = PythonValue.function(function)
    for decorator in definition.decorators.reversed() { value = try decorate(value, decorator, scope) }
    if definition.isAsync {
      value = .opaque(definition.name)
    }
    bind(definition.name, value, scope)
  }

  private func decorate(
    _ value: PythonValue, _ decorator: Expression, _ scope: Scope
  ) throws(Interruption) -> PythonValue {
    let decoration = try evaluate(decorator, scope)
    currentRange = decorator.range
    if case .opaque(let name) = decoration {
      note("python.decorator", "the decorator \(name) is ignored")
      return value
    }
    return try call(decoration, Arguments([value]))
  }

  // MARK: Classes

  func define(_ definition: ClassDefinition, _ scope: Scope) throws(Interruption) {
    var bases: [PythonClass] = []
    for argument in definition.arguments {
      guard case .positional = argument.kind else { continue }
      let value = try evaluate(argument.value, scope)
      currentRange = argument.value.range
      switch value {
      case .type(let base): bases.append(base)
      case .native(let function) where function.name == "typing.NamedTuple":
        bases.append(nativeClass("typing.NamedTuple"))
      case .opaque(let name):
        guard !name.hasPrefix("torch.nn.") else {
          throw raise(
            .attributeError, "module 'torch.nn' has no attribute '\(name.dropFirst("torch.nn.".count))'",
            hint: suggestion(
              for: String(name.dropFirst("torch.nn.".count)), among: library.names(in: "torch.nn")))
        }
        note(
          "python.class", "the class \(definition.name) is ignored because its base \(name) is not supported")
        bind(definition.name, .opaque(definition.name), scope)
        return
      default:
        throw raise(.typeError, "the base of class \(definition.name) is not a class")
      }
    }
    if bases.isEmpty { bases = [nativeClass("builtins.object")] }
    try spend(64)
    try reserve(64)
    let type = heap.adopt(
      PythonClass(name: definition.name, bases: bases, nameRange: definition.nameRange))
    guard type.linearize() else {
      throw raise(
        .typeError, "Cannot create a consistent method resolution order (MRO) for bases of \(definition.name)"
      )
    }
    if let native = type.nearestNative, native.construct != nil, native.qualifiedName != "typing.NamedTuple" {
      throw unsupported("a class derived from \(native.name) is not supported")
    }
    let body = Scope(.classBody, parent: scope.kind == .module ? nil : scope, owner: type)
    _ = try run(definition.body, body)
    type.members = body.variables
    type.assigned = body.order
    if type.isSubclass(ofNative: "typing.NamedTuple") {
      type.isNamedTuple = true
    } else if type.isSubclass(ofNative: "enum.Enum") {
      try makeMembers(ofEnumeration: type)
    }
    var value = PythonValue.type(type)
    for decorator in definition.decorators.reversed() { value = try decorate(value, decorator, scope) }
    bind(definition.name, value, scope)
  }

  private func makeMembers(ofEnumeration type: PythonClass) throws(Interruption) {
    for name in type.assigned where !name.hasPrefix("_") {
      guard let value = type.members[name] else { continue }
      switch value {
      case .function, .descriptor, .native: continue
      default: break
      }
      let member = try instance(of: type)
      member.set("name", .string(name))
      member.set("value", value)
      type.members[name] = .instance(member)
    }
  }
}

/// The names that a function's own statements bind, and whether one yields.
struct BoundNames {
  private(set) var locals: Set<String> = []
  private(set) var hasYield = false
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
    case .expression(let value): look(value)
    case .assignment(let targets, let value):
      targets.forEach { bind($0) }
      look(value)
    case .augmentedAssignment(let target, _, let value):
      bind(target)
      look(value)
    case .annotatedAssignment(let target, _, let value):
      bind(target)
      if let value { look(value) }
    case .return(let value): if let value { look(value) }
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
    case .pass, .break, .continue, .raise, .assert, .delete, .typeAlias: break
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

  private mutating func look(_ expression: Expression) {
    switch expression.kind {
    case .yield, .yieldFrom: hasYield = true
    case .call(_, let arguments):
      for argument in arguments { look(argument.value) }
    default: break
    }
  }
}
