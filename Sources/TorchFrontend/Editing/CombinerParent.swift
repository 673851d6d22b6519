import PythonSyntax

/// A parent of a combination: its class taken apart, and the places where its forward pass can be cut.
struct CombinerParent {
  let scan: ClassScan
  let className: String
  let entry: ScannedClass
  let constructor: FunctionDefinition
  let forward: FunctionDefinition
  /// The statements of the forward pass without its docstring.
  let statements: [Statement]
  /// The name of the forward pass's input.
  let input: String
  /// The attribute that holds the layer of the logits, alone or among others.
  let headAttribute: String?

  /// Which part of the forward pass is taken.
  enum Side {
    case prefix, suffix
  }

  /// A place to cut: at the value of an expression within a statement.
  struct Cut {
    /// The statement, as an index into `statements`.
    let index: Int
    /// The expression whose value goes over the cut.
    let value: Expression
    /// The variable in which it is handed over.
    let variable: String
    /// Elements of an `nn.Sequential` that are left out.
    let trimming: [TextEdit]
    /// Where it is, in words.
    let description: String
  }

  init?(_ scan: ClassScan, className: String, headAttribute: String? = nil) {
    guard let entry = scan.classes.first(where: { $0.definition.name == className }),
      entry.definition.arguments.contains(where: { $0.value.lastComponent == "Module" }),
      let constructor = entry.method("__init__"), let forward = entry.method("forward"),
      constructor.parameters.parameters.first?.name == "self",
      forward.parameters.parameters.count >= 2, forward.parameters.parameters[0].name == "self"
    else { return nil }
    self.scan = scan
    self.className = className
    self.headAttribute = headAttribute
    self.entry = entry
    self.constructor = constructor
    self.forward = forward
    input = forward.parameters.parameters[1].name
    statements = forward.body.filter { statement in
      if case .expression(let value) = statement.kind, case .string = value.kind { return false }
      return true
    }
  }

  // MARK: Cuts

  func cuts(_ side: Side) -> [Cut] {
    var cuts: [Cut] = []
    for (index, statement) in statements.enumerated() {
      guard let whole = Self.value(of: statement) else { continue }
      for value in chain(from: whole) {
        switch side {
        case .prefix: cuts += prefixCuts(index, value)
        case .suffix: cuts += suffixCuts(index, value)
        }
      }
    }
    return cuts
  }

  /// The value of `x = value` or `return value`.
  private static func value(of statement: Statement) -> Expression? {
    switch statement.kind {
    case .assignment(let targets, let value):
      if targets.count == 1, case .name = targets[0].kind { value } else { nil }
    case .return(let value): value
    default: nil
    }
  }

  /// An expression and what it is computed from, call by call: `f(g(x), 1)`, `g(x)`, `x`.
  private func chain(from whole: Expression) -> [Expression] {
    var found = [whole]
    var current = whole
    while case .call(let function, let arguments) = current.kind {
      if case .attribute(let receiver, _, _) = function.kind, receiver.dottedName.map(isLocal) ?? true,
        receiver.selfAttribute == nil
      {
        current = receiver
      } else if let first = arguments.first, first.kind == .positional {
        current = first.value
      } else {
        break
      }
      found.append(current)
    }
    return found
  }

  private func isLocal(_ name: String) -> Bool {
    name == input || statements.contains { $0.assignedNames.contains(name) }
  }

  /// The cuts behind a value; at least one layer must be applied before or in it.
  private func prefixCuts(_ index: Int, _ value: Expression) -> [Cut] {
    let lower = statements.first?.range.lower ?? 0
    let inside = applications { range in
      range.upper <= statements[index].range.lower && range.lower >= lower || value.range.covers(range)
    }
    // Within one expression the text has the outer call first.
    let within = inside.first { value.range.covers($0.call.range) }
    guard let last = within ?? inside.last else { return [] }
    let variable = variableName(at: index, value)
    var cuts: [Cut] = []
    // The first parent's logits are no place to go on from.
    if !inside.contains(where: { $0.name == headAttribute }) {
      cuts.append(Cut(index: index, value: value, variable: variable, trimming: [], description: last.name))
    }
    if value.range == last.call.range, let sequence = sequence(last.name) {
      for count in 1..<sequence.elements.count {
        let rest = SourceRange(
          sequence.elements[count - 1].range.upper, sequence.elements[sequence.elements.count - 1].range.upper
        )
        cuts.append(
          Cut(
            index: index, value: value, variable: variable, trimming: [TextEdit(rest, "")],
            description: "\(last.name).\(count - 1)"))
      }
    }
    return cuts
  }

  /// The cuts before which a value stands; at least one layer must be applied behind it.
  private func suffixCuts(_ index: Int, _ value: Expression) -> [Cut] {
    let statement = statements[index]
    let outside = applications { $0.lower >= statement.range.lower && !value.range.covers($0) }
    let direct = outside.first { $0.argument?.range == value.range }
    guard let first = direct ?? outside.first else { return [] }
    guard let free = freeVariables(from: index, without: value), free.count <= 1 else { return [] }
    let variable = free.first ?? variableName(at: index, value)
    var cuts = [
      Cut(index: index, value: value, variable: variable, trimming: [], description: first.name)
    ]
    if let applied = direct, let sequence = sequence(applied.name) {
      for count in 1..<sequence.elements.count {
        let start = SourceRange(sequence.elements[0].range.lower, sequence.elements[count].range.lower)
        cuts.append(
          Cut(
            index: index, value: value, variable: variable, trimming: [TextEdit(start, "")],
            description: "\(applied.name).\(count)"))
      }
    }
    return cuts
  }

  private func applications(where isWanted: (SourceRange) -> Bool) -> [ScannedApplication] {
    scan.applications.filter { use in
      forward.body.contains { $0.range.covers(use.call.range) }
        && scan.classes[use.classIndex].definition.name == className && isWanted(use.call.range)
    }
  }

  /// The elements of an `nn.Sequential` that is held by an attribute, if there are several.
  private func sequence(_ name: String) -> (container: Expression, elements: [Expression])? {
    for statement in constructor.body {
      guard case .assignment(let targets, let value) = statement.kind, targets.count == 1,
        targets[0].selfAttribute == name, let elements = ClassScan.sequentialElements(value),
        elements.count >= 2,
        !elements.contains(where: { if case .starred = $0.kind { true } else { false } })
      else { continue }
      return (value, elements)
    }
    return nil
  }

  /// The variable a value is handed over in: the one it is computed from.
  private func variableName(at index: Int, _ value: Expression) -> String {
    if let inner = chain(from: value).last, case .name(let name) = inner.kind, name != "self" { return name }
    if case .assignment(let targets, _) = statements[index].kind, let target = targets.first,
      case .name(let name) = target.kind
    {
      return name
    }
    return input
  }

  /// The local variables that the statements from one on read before they assign them, the value itself left out;
  /// nil where that cannot be told.
  private func freeVariables(from index: Int, without value: Expression) -> Set<String>? {
    var assigned: Set<String> = []
    var free: Set<String> = []
    let locals = Set(statements.flatMap(\.assignedNames) + forward.parameters.parameters.map(\.name))
      .subtracting(["self"])
    for statement in statements[index...] {
      var read: Set<String> = []
      SyntaxNode.statement(statement).walk { node in
        guard case .expression(let expression) = node else { return true }
        if expression.range == value.range, statement.range == statements[index].range { return false }
        if case .name(let name) = expression.kind, locals.contains(name) { read.insert(name) }
        return true
      }
      if case .assignment(let targets, let right) = statement.kind, targets.count == 1,
        case .name(let target) = targets[0].kind
      {
        // The target itself is not read.
        if !reads(target, right, without: value) { read.remove(target) }
      }
      free.formUnion(read.subtracting(assigned))
      assigned.formUnion(statement.assignedNames)
    }
    return free
  }

  private func reads(_ name: String, _ expression: Expression, without value: Expression) -> Bool {
    var found = false
    SyntaxNode.expression(expression).walk { node in
      if node.range == value.range { return false }
      if case .expression(let inner) = node, case .name(name) = inner.kind { found = true }
      return !found
    }
    return found
  }
}

extension Statement {
  /// The variables that it, or a statement within it, assigns.
  var assignedNames: [String] {
    var names: [String] = []
    SyntaxNode.statement(self).walk { node in
      guard case .statement(let statement) = node else {
        if case .expression(let expression) = node, case .named(let name, _) = expression.kind {
          names.append(name)
        }
        return true
      }
      switch statement.kind {
      case .assignment(let targets, _): for target in targets { names += target.targetNames }
      case .augmentedAssignment(let target, _, _), .annotatedAssignment(let target, _, _),
        .for(let target, _, _, _):
        names += target.targetNames
      case .with(let items, _): for item in items { names += item.target?.targetNames ?? [] }
      default: break
      }
      return true
    }
    return names
  }
}

extension Expression {
  /// The variables of an assignment's target.
  var targetNames: [String] {
    switch kind {
    case .name(let name): [name]
    case .tuple(let elements), .list(let elements): elements.flatMap(\.targetNames)
    case .starred(let inner): inner.targetNames
    default: []
    }
  }
}
