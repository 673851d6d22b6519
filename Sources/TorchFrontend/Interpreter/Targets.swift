import PythonSyntax

extension Interpreter {
  // MARK: Targets

  /// Binds a target: a name, attribute, subscript or a list of targets.
  func assign(_ target: Expression, _ value: PythonValue, _ scope: Scope) throws(Interruption) {
    switch target.kind {
    case .name(let name):
      guard scope.kind == .classBody, let owner = scope.owner, owner.isEnumeration,
        case .instance(let automatic) = value, automatic.type.native?.qualifiedName == "enum.auto"
      else { return bind(name, value, scope) }
      bind(name, try automaticValue(name, of: owner, scope), scope)
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

  func assign(
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

  func delete(_ target: Expression, _ scope: Scope) throws(Interruption) {
    currentRange = target.range
    switch target.kind {
    case .name(let name):
      let owner = scope.globals.contains(name) ? scope.module : scope
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
