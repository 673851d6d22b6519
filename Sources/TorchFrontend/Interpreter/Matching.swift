import PythonSyntax

extension Interpreter {
  func runMatch(_ subject: Expression, _ cases: [MatchCase], _ scope: Scope) throws(Interruption) -> Flow {
    let value = try evaluate(subject, scope)
    guard let chosen = try chosen(value, cases, scope) else { return .normal }
    return try run(chosen.body, scope)
  }

  /// The case that a value matches; nil where there is none.
  func chosen(
    _ value: PythonValue, _ cases: [MatchCase], _ scope: Scope
  ) throws(Interruption) -> MatchCase? {
    for candidate in cases {
      guard try matches(value, candidate.pattern, scope) else { continue }
      if let guardExpression = candidate.guardExpression,
        try !isTrue(try evaluate(guardExpression, scope))
      {
        continue
      }
      return candidate
    }
    return nil
  }

  private func matches(
    _ value: PythonValue, _ pattern: MatchCase.Pattern, _ scope: Scope
  ) throws(Interruption) -> Bool {
    try enter()
    defer { leave() }
    switch pattern {
    case .value(let expression):
      let wanted = try evaluate(expression, scope)
      switch expression.kind {
      case .none, .boolean: return isSame(value, wanted)
      default: return try areEqual(value, wanted)
      }
    case .capture(let name), .star(let name):
      if let name { bind(name, value, scope) }
      return true
    case .or(let patterns):
      for pattern in patterns where try matches(value, pattern, scope) { return true }
      return false
    case .as(let pattern, let name):
      guard try matches(value, pattern, scope) else { return false }
      bind(name, value, scope)
      return true
    case .sequence(let patterns): return try matches(value, sequence: patterns, scope)
    case .mapping(let keys, let patterns, let rest):
      guard case .dict(let dictionary) = plain(value) else { return false }
      var used: Set<HashKey> = []
      for (key, pattern) in zip(keys, patterns) {
        let hash = try hashKey(try evaluate(key, scope))
        guard let item = dictionary[hash], try matches(item, pattern, scope) else { return false }
        used.insert(hash)
      }
      if let rest {
        let remaining = try self.dictionary()
        for item in dictionary.items where !used.contains(item.hash) {
          try set(item.key, item.value, in: remaining)
        }
        bind(rest, .dict(remaining), scope)
      }
      return true
    case .class(let expression, let positional, let keywords):
      guard case .type(let type) = try evaluate(expression, scope) else {
        throw raise(.typeError, "called match pattern must be a class")
      }
      guard try isInstance(value, .type(type)) else { return false }
      if let native = type.native, native.construct != nil, positional.count == 1, keywords.isEmpty {
        return try matches(value, positional[0], scope)
      }
      var fields = type.dataclass == nil ? type.fields : dataclassFields(of: type)
      if let names = classMember("__match_args__", of: type) {
        fields = try elements(of: names).map { if case .string(let name) = $0 { name } else { "" } }
      }
      guard positional.count <= fields.count else {
        throw raise(
          .typeError,
          "\(type.name)() accepts \(fields.count) positional sub-patterns (\(positional.count) given)")
      }
      let named = zip(fields, positional).map { ($0, $1) } + keywords.map { ($0.name, $0.pattern) }
      for (name, pattern) in named {
        guard let item = try findAttribute(name, of: value), try matches(item, pattern, scope) else {
          return false
        }
      }
      return true
    }
  }

  private func matches(
    _ value: PythonValue, sequence patterns: [MatchCase.Pattern], _ scope: Scope
  ) throws(Interruption) -> Bool {
    let elements: [PythonValue]
    switch value {
    case .list(let list): elements = list.elements
    case .tuple(let tuple): elements = tuple.elements
    default: return false
    }
    let star = patterns.firstIndex { if case .star = $0 { true } else { false } }
    guard let star else {
      guard elements.count == patterns.count else { return false }
      for (element, pattern) in zip(elements, patterns) where try !matches(element, pattern, scope) {
        return false
      }
      return true
    }
    let behind = patterns.count - star - 1
    guard elements.count >= star + behind else { return false }
    for index in 0..<star where try !matches(elements[index], patterns[index], scope) { return false }
    let middle = try list(Array(elements[star..<(elements.count - behind)]))
    guard try matches(middle, patterns[star], scope) else { return false }
    for index in 0..<behind
    where try !matches(elements[elements.count - behind + index], patterns[star + 1 + index], scope) {
      return false
    }
    return true
  }
}
