import PythonSyntax

/// Finds names that nothing in a source can define, so that all of them are reported at once.
///
/// It errs on the side of silence: a name that is bound anywhere, or stands in an annotation, counts as defined
/// everywhere.
struct UndefinedNames {
  private let module: Module
  private let interpreter: Interpreter
  private var bound: Set<String>
  /// Whether something may bind names that the text does not show.
  private var isOpen = false

  init(_ module: Module, _ interpreter: Interpreter) {
    self.module = module
    self.interpreter = interpreter
    bound = Set(interpreter.globals.variables.keys)
    var open: [Expression] = []
    for statement in module.body {
      SyntaxNode.statement(statement).walk { node in
        switch node {
        case .statement(let statement): open += bind(statement)
        case .expression(let expression): open += bind(expression)
        }
        return true
      }
    }
    for expression in open {
      SyntaxNode.expression(expression).walk { node in
        if case .expression(let inner) = node, case .name(let name) = inner.kind { bound.insert(name) }
        return true
      }
    }
  }

  /// Takes in what a statement binds, and gives the expressions whose names are not asked for.
  private mutating func bind(_ statement: Statement) -> [Expression] {
    switch statement.kind {
    case .assignment(let targets, _): bound.formUnion(targets.flatMap(\.targetNames))
    case .annotatedAssignment(let target, let annotation, _):

      bound.formUnion(target.targetNames)
      return [annotation]
    case .augmentedAssignment(let target, _, _): bound.formUnion(target.targetNames)
    case .for(let target, _, _, _): bound.formUnion(target.targetNames)
    case .with(let items, _): bound.formUnion(items.compactMap(\.target).flatMap(\.targetNames))
    case .try(_, let handlers, _, _): bound.formUnion(handlers.compactMap(\.name))
    case .function(let definition):
      bound.insert(definition.name)
      return bind(definition.parameters) + (definition.returns.map { [$0] } ?? [])
    case .class(let definition): bound.insert(definition.name)
    case .import(let names):
      for name in names { bound.insert(name.alias ?? String(name.name.prefix { $0 != "." })) }
    case .importFrom(_, let names, _):
      isOpen = isOpen || names.isEmpty
      for name in names { bound.insert(name.alias ?? name.name) }
    case .global(let names), .nonlocal(let names): bound.formUnion(names)
    case .match: isOpen = true
    default: break
    }
    return []
  }

  private mutating func bind(_ expression: Expression) -> [Expression] {
    switch expression.kind {
    case .lambda(let parameters, _): return bind(parameters)
    case .named(let name, _): bound.insert(name)
    case .comprehension(_, _, _, let clauses): bound.formUnion(clauses.flatMap(\.target.targetNames))
    default: break
    }
    return []
  }

  private mutating func bind(_ parameters: Parameters) -> [Expression] {
    bound.formUnion(parameters.parameters.map(\.name))
    return parameters.parameters.compactMap(\.annotation)
  }

  /// The first use of each name that is not defined, but for those already reported.
  func diagnostics(besides known: [Diagnostic]) -> [Diagnostic] {
    guard !isOpen else { return [] }
    var found: [Diagnostic] = []
    var seen: Set<String> = ["super"]
    for statement in module.body {
      SyntaxNode.statement(statement).walk { node in
        guard case .expression(let expression) = node, case .name(let name) = expression.kind,
          !bound.contains(name), !name.hasPrefix("__"), seen.insert(name).inserted, found.count < 16,
          interpreter.library.entry("builtins." + name) == nil,
          !known.contains(where: { $0.message.contains("'\(name)'") })
        else { return true }
        let usual = Interpreter.usualImports[name]
        found.append(
          Diagnostic(
            .error, "python.name-error", "NameError: name '\(name)' is not defined",
            hint: usual.map { "add the line: \($0)" }, range: expression.range))
        return true
      }
    }
    return found
  }
}
