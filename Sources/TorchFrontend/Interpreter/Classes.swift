import PythonSyntax

extension Interpreter {
  /// Runs a class definition and binds its name.
  func define(_ definition: ClassDefinition, _ scope: Scope) throws(Interruption) {
    var bases: [PythonClass] = []
    var metaclass: PythonClass?
    var keywords: [(name: String, value: PythonValue)] = []
    for argument in definition.arguments {
      let value = try evaluate(argument.value, scope)
      currentRange = argument.value.range
      switch argument.kind {
      case .positional:
        guard let base = try base(value, of: definition, scope) else { return }
        bases.append(base)
      case .unpackedPositional:
        for value in try elements(of: value) {
          guard let base = try base(value, of: definition, scope) else { return }
          bases.append(base)
        }
      case .keyword("metaclass"): if case .type(let type) = value { metaclass = type }
      case .keyword(let name): keywords.append((name, value))
      case .unpackedKeyword:
        for case (.string(let name), let value) in try mappingItems(value) { keywords.append((name, value)) }
      }
    }
    currentRange = definition.nameRange
    let type = try makeClass(definition.name, bases, definition.nameRange)
    let body = Scope(
      .classBody, parent: scope.kind == .module ? nil : scope, owner: type, module: scope.module)
    body.variables["__module__"] = .string("network")
    body.variables["__qualname__"] = .string(definition.name)
    if let first = definition.body.first, case .expression(let text) = first.kind,
      case .string(let text) = text.kind
    {
      body.variables["__doc__"] = .string(text)
    }
    _ = try run(definition.body, body)
    body.variables["__module__"] = nil
    body.variables["__qualname__"] = nil
    type.members = body.variables
    type.assigned = body.order
    currentRange = definition.nameRange
    let inherited = type.resolutionOrder.dropFirst().lazy.compactMap(\.metaclass).first
    type.checksAbstract = metaclass?.isSubclass(ofNative: "abc.ABCMeta") ?? false
    type.metaclass = metaclass.flatMap { $0.native == nil ? $0 : nil } ?? inherited
    try complete(type, keywords)
    var value = PythonValue.type(type)
    if let metaclass = type.metaclass { value = try initialize(type, by: metaclass, keywords) }
    for decorator in definition.decorators.reversed() { value = try decorate(value, decorator, scope) }
    bind(definition.name, value, scope)
  }

  /// A class with those bases, without members yet.
  func makeClass(
    _ name: String, _ bases: [PythonClass], _ nameRange: SourceRange? = nil
  ) throws(Interruption) -> PythonClass {
    try spend(64)
    try reserve(64)
    let type = heap.adopt(
      PythonClass(
        name: name, bases: bases.isEmpty ? [nativeClass("builtins.object")] : bases, nameRange: nameRange))
    guard type.linearize() else {
      throw raise(
        .typeError, "Cannot create a consistent method resolution order (MRO) for bases of \(name)")
    }
    for native in type.resolutionOrder.lazy.compactMap(\.native) where native.construct != nil {
      guard
        type.extended != nil || type.isSubclass(ofNative: "typing.NamedTuple")
          || native.qualifiedName == "builtins.type"
      else { throw unsupported("a class derived from \(native.name) is not supported") }
    }
    return type
  }

  /// What remains to be done for a class whose members are there.
  private func complete(
    _ type: PythonClass, _ keywords: [(name: String, value: PythonValue)]
  ) throws(Interruption) {
    if type.members["__getattribute__"] != nil {
      throw unsupported("a class with a __getattribute__ of its own is not supported")
    }
    if type.bases.contains(where: { $0.native?.qualifiedName == "typing.NamedTuple" }) {
      type.isNamedTuple = true
    } else if let base = type.bases.first(where: \.isNamedTuple) {
      type.isNamedTuple = true
      type.fields = base.fields
    } else if type.isEnumeration {
      try makeMembers(ofEnumeration: type)
    }
    for name in type.assigned {
      guard case .instance(let instance)? = type.members[name],
        let method = classMember("__set_name__", of: instance.type)
      else { continue }
      _ = try call(method, Arguments([.instance(instance), .type(type), .string(name)]))
    }
    collectAbstract(type)
    if let hook = inheritedMember("__init_subclass__", of: type) {
      _ = try call(hook, Arguments([], keywords: keywords))
    }
  }

  /// `__init_subclass__` of the bases, bound to the class.
  private func inheritedMember(_ name: String, of type: PythonClass) -> PythonValue? {
    for candidate in type.resolutionOrder.dropFirst() where candidate.native == nil {
      guard let member = candidate.members[name] else { continue }
      if case .descriptor(let descriptor) = member {
        return .method(heap.adopt(BoundMethod(descriptor.getter, .type(type))))
      }
    }
    return nil
  }

  private func initialize(
    _ type: PythonClass, by metaclass: PythonClass, _ keywords: [(name: String, value: PythonValue)]
  ) throws(Interruption) -> PythonValue {
    let members = try dictionary()
    for name in type.assigned {
      if let value = type.members[name] { try set(.string(name), value, in: members) }
    }
    let arguments: [PythonValue] = [
      .string(type.name), try tuple(type.bases.map { .type($0) }), .dict(members),
    ]
    if let constructor = metaclass.constructor {
      // What it passes on to `type.__new__` is the class that was just defined.
      let outer = definedClass
      definedClass = type
      defer { definedClass = outer }
      let made = try call(constructor, Arguments([.type(metaclass)] + arguments, keywords: keywords))
      guard case .type(let result) = made, result === type else {
        throw unsupported("a metaclass whose __new__ gives another class is not supported")
      }
    }
    for candidate in metaclass.resolutionOrder where candidate.native == nil {
      guard let initializer = candidate.members["__init__"] else { continue }
      _ = try call(initializer, Arguments([.type(type)] + arguments, keywords: keywords))
      break
    }
    return .type(type)
  }

  /// `type.__new__`, which a metaclass calls: the class that is being defined, with the members given.
  func newClass(_ metaclass: PythonClass, _ arguments: [PythonValue]) throws(Interruption) -> PythonValue {
    guard let type = definedClass, arguments.count == 3, case .string(let name) = arguments[0],
      name == type.name,
      case .tuple(let bases) = arguments[1], case .dict(let members) = arguments[2],
      try areEqual(.tuple(bases), tuple(type.bases.map { .type($0) }))
    else {
      throw unsupported("a metaclass whose __new__ makes another class than the one defined is not supported")
    }
    try spend(members.count)
    var kept: [String: PythonValue] = [:]
    for case (.string(let name), _, let value) in members.items { kept[name] = value }
    type.members = type.members.filter { kept[$0.key] != nil || !type.assigned.contains($0.key) }
    type.members.merge(kept) { $1 }
    return .type(type)
  }

  /// The names that must be overridden before the class can be called.
  private func collectAbstract(_ type: PythonClass) {
    type.checksAbstract =
      type.checksAbstract || type.isSubclass(ofNative: "abc.ABC")
      || type.bases.contains(where: \.checksAbstract)
    guard type.checksAbstract else { return }
    var names = Set(type.bases.flatMap(\.abstractNames)).filter { name in
      classMember(name, of: type).map(isAbstract) ?? false
    }
    for (name, member) in type.members where isAbstract(member) { names.insert(name) }
    type.abstractNames = names.sorted()
  }

  private func isAbstract(_ member: PythonValue) -> Bool {
    switch member {
    case .function(let function):
      if case .bool(true)? = function.attributes["__isabstractmethod__"] { true } else { false }
    case .descriptor(let descriptor): isAbstract(descriptor.getter)
    default: false
    }
  }

  /// What a base stands for; nil where the class was left out for its sake.
  private func base(
    _ value: PythonValue, of definition: ClassDefinition, _ scope: Scope
  ) throws(Interruption) -> PythonClass? {
    switch value {
    case .type(let base): return base
    case .native(let function) where function.name == "typing.NamedTuple":
      return nativeClass("typing.NamedTuple")
    case .opaque(let name):
      guard !name.hasPrefix("torch.nn.") else {
        throw raise(
          .attributeError, "module 'torch.nn' has no attribute '\(name.dropFirst("torch.nn.".count))'",
          hint: suggestion(
            for: String(name.dropFirst("torch.nn.".count)), among: library.names(in: "torch.nn")))
      }
      note(
        "python.class",
        "the class \(definition.name) is left out because its base \(name) is unknown here")
      unknownImports[definition.name] = unknownImports[String(name.prefix { $0 != "." })]
      bind(definition.name, .opaque(definition.name), scope)
      return nil
    default: throw raise(.typeError, "the base of class \(definition.name) is not a class")
    }
  }
}
