import PythonSyntax

/// Dataclasses and named tuples: classes that are made of their fields.
extension Interpreter {
  /// Takes up an annotated name of a class body.
  func declare(_ name: String, _ annotation: Expression, _ scope: Scope) {
    guard let type = scope.owner else { return }
    switch Self.annotationName(annotation) {
    case "ClassVar": return
    case "KW_ONLY":
      type.keywordOnlyFrom = type.fields.count
      return
    case "InitVar": type.initOnly.insert(name)
    default: break
    }
    if !type.fields.contains(name) { type.fields.append(name) }
  }

  /// The last name of an annotation, without its subscript: `ClassVar` of `typing.ClassVar[int]`.
  private static func annotationName(_ annotation: Expression) -> String {
    switch annotation.kind {
    case .name(let name): name
    case .attribute(_, let name, _): name
    case .subscript(let base, _): annotationName(base)
    case .string(let text): String(text.split(separator: "[").first?.split(separator: ".").last ?? "")
    default: ""
    }
  }

  // MARK: Dataclasses

  /// What `@dataclass` does.
  func makeDataclass(_ type: PythonClass, _ options: DataclassOptions) throws(Interruption) {
    var options = options
    for (position, name) in type.fields.enumerated() {
      if options.isKeywordOnly || position >= type.keywordOnlyFrom ?? .max {
        options.keywordOnly.insert(name)
      }
      guard let value = type.members[name] else { continue }
      switch value {
      case .list, .dict, .set:
        if case .set(let set) = value, set.isFrozen { continue }
        throw raise(
          .valueError,
          "mutable default \(try representation(of: .type(classOf(value)))) for field \(name) is not allowed: "
            + "use default_factory")
      case .instance(let field) where field.type.native?.qualifiedName == "dataclasses.Field":
        type.fieldObjects[name] = field
        field.set("name", .string(name))
        if case .bool(let isKeywordOnly)? = field.attributes["kw_only"] {
          if isKeywordOnly { options.keywordOnly.insert(name) } else { options.keywordOnly.remove(name) }
        }
        type.members[name] = field.attributes["default"]
      default: break
      }
    }
    type.dataclass = options
    if options.makesInitializer, type.members["__init__"] == nil {
      try reserve(4)
      let initializer = PartialFunction(.native(Self.dataclassInitializer), [.type(type)], [])
      initializer.bindsAsMethod = true
      type.members["__init__"] = .partial(heap.adopt(initializer))
    }
    var hasDefault = false
    for name in dataclassFields(of: type)
    where fieldFlag(name, "init", of: type) && !isKeywordOnly(name, of: type) {
      let isOptional = hasFieldDefault(name, of: type)
      guard isOptional || !hasDefault else {
        throw raise(.typeError, "non-default argument '\(name)' follows default argument")
      }
      hasDefault = hasDefault || isOptional
    }
  }

  private static let dataclassInitializer = NativeFunction("__init__", "(cls, self, *args, **kwargs)") {
    (call) throws(Interruption) in
    guard case .type(let type) = call["cls"] else { return .none }
    try call.interpreter.fillFields(
      of: try call.instance(), by: type, Arguments(call.rest, keywords: call.restKeywords))
    return .none
  }

  /// The fields of a dataclass with those of its bases, in their order.
  func dataclassFields(of type: PythonClass) -> [String] {
    var fields: [String] = []
    for candidate in type.resolutionOrder.reversed() where candidate.dataclass != nil {
      fields += candidate.fields.filter { !fields.contains($0) }
    }
    return fields
  }

  private func isKeywordOnly(_ name: String, of type: PythonClass) -> Bool {
    type.resolutionOrder.first { $0.fields.contains(name) }?.dataclass?.keywordOnly.contains(name) ?? false
  }

  func isInitOnly(_ name: String, of type: PythonClass) -> Bool {
    type.resolutionOrder.contains { $0.initOnly.contains(name) }
  }

  private func fieldObject(_ name: String, of type: PythonClass) -> PythonInstance? {
    type.resolutionOrder.first { $0.dataclass != nil && $0.fields.contains(name) }?.fieldObjects[name]
  }

  /// Whether a field says `init`, `repr`, `compare` or `hash`.
  func fieldFlag(_ name: String, _ flag: String, of type: PythonClass) -> Bool {
    if case .bool(let value)? = fieldObject(name, of: type)?.attributes[flag] { return value }
    return true
  }

  /// Whether a field has a default or a factory of one.
  func hasFieldDefault(_ name: String, of type: PythonClass) -> Bool {
    fieldObject(name, of: type)?.attributes["default_factory"] != nil || classMember(name, of: type) != nil
  }

  private func fieldDefault(_ name: String, of type: PythonClass) throws(Interruption) -> PythonValue? {
    if let factory = fieldObject(name, of: type)?.attributes["default_factory"] {
      return try call(factory, Arguments())
    }
    return classMember(name, of: type)
  }

  /// What the `__init__` of a dataclass does.
  func fillFields(
    of instance: PythonInstance, by type: PythonClass, _ arguments: Arguments
  ) throws(Interruption) {
    let fields = dataclassFields(of: type)
    let written = fields.filter { fieldFlag($0, "init", of: type) }
    let positional =
      written.filter { !isKeywordOnly($0, of: type) } + written.filter { isKeywordOnly($0, of: type) }
    let values = try fieldValues(
      positional, positionalCount: written.count { !isKeywordOnly($0, of: type) }, of: type, arguments)
    var late: [PythonValue] = []
    for field in fields {
      let value: PythonValue
      if let place = positional.firstIndex(of: field) {
        value = values[place]
      } else if let preset = try fieldDefault(field, of: type) {
        value = preset
      } else {
        continue
      }
      if isInitOnly(field, of: type) { late.append(value) } else { try setField(field, of: instance, value) }
    }
    if let method = classMember("__post_init__", of: instance.type) {
      _ = try call(method, Arguments([.instance(instance)] + late))
    }
  }

  private func setField(
    _ name: String, of instance: PythonInstance, _ value: PythonValue
  ) throws(Interruption) {
    try reserve(1)
    if instance.type.isModule {
      try setModuleAttribute(name, of: instance, value)
    } else {
      instance.set(name, value)
    }
  }

  /// The values of the compared fields, where both are instances of one dataclass that compares.
  func comparedFields(
    _ left: PythonInstance, _ right: PythonValue
  ) throws(Interruption) -> ([PythonValue], [PythonValue])? {
    guard left.type.dataclass?.isComparable ?? false, case .instance(let right) = right,
      right.type === left.type
    else { return nil }
    let fields = dataclassFields(of: left.type).filter { fieldFlag($0, "compare", of: left.type) }
    try spend(fields.count)
    return (
      fields.map { left.attributes[$0] ?? .none }, fields.map { right.attributes[$0] ?? .none }
    )
  }

  /// Python's `repr` of a dataclass's instance; nil where it makes none.
  func dataclassRepresentation(_ instance: PythonInstance) throws(Interruption) -> String? {
    guard
      let type = instance.type.resolutionOrder.first(where: { $0.dataclass?.makesRepresentation ?? false })
    else { return nil }
    try enter()
    defer { leave() }
    var parts: [String] = []
    for field in dataclassFields(of: type)
    where fieldFlag(field, "repr", of: type) && !isInitOnly(field, of: type) {
      let value = try attribute(field, of: .instance(instance))
      parts.append("\(field)=\(try representation(of: value))")
      try reserve((parts.last?.utf8.count ?? 0) >> 3)
    }
    return "\(instance.type.name)(\(parts.joined(separator: ", ")))"
  }

  // MARK: Named tuples

  /// An instance of a named tuple's class.
  func makeNamedTuple(_ type: PythonClass, _ arguments: Arguments) throws(Interruption) -> PythonValue {
    let values = try fieldValues(type.fields, positionalCount: type.fields.count, of: type, arguments)
    return try tuple(values, .named(type))
  }

  private func fieldValues(
    _ fields: [String], positionalCount: Int, of type: PythonClass, _ arguments: Arguments
  ) throws(Interruption) -> [PythonValue] {
    guard arguments.positional.count <= positionalCount else {
      throw raise(
        .typeError,
        "\(type.name).__init__() takes \(positionalCount + 1) positional arguments but "
          + "\(arguments.positional.count + 1) were given")
    }
    if let unknown = arguments.keywords.first(where: { !fields.contains($0.name) }) {
      throw raise(
        .typeError, "\(type.name).__init__() got an unexpected keyword argument '\(unknown.name)'",
        hint: suggestion(for: unknown.name, among: fields))
    }
    var values: [PythonValue] = []
    var missing: [String] = []
    for (index, field) in fields.enumerated() {
      let keyword = arguments.keywords.first { $0.name == field }
      if index < arguments.positional.count {
        guard keyword == nil else {
          throw raise(.typeError, "\(type.name).__init__() got multiple values for argument '\(field)'")
        }
        values.append(arguments.positional[index])
      } else if let keyword {
        values.append(keyword.value)
      } else if let value = try fieldDefault(field, of: type) {
        values.append(value)
      } else {
        missing.append(field)
      }
    }
    if !missing.isEmpty { throw missingArguments(missing, of: "\(type.name).__init__") }
    return values
  }
}
