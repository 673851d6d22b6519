import PythonSyntax

extension Interpreter {
  /// What a class or its bases define under a name.
  func classMember(_ name: String, of type: PythonClass) -> PythonValue? {
    for candidate in type.resolutionOrder {
      if let value = candidate.members[name] { return value }
    }
    return nil
  }

  /// The attribute of a value.
  func attribute(_ name: String, of value: PythonValue) throws(Interruption) -> PythonValue {
    if let found = try findAttribute(name, of: value) { return found }
    throw raise(
      .attributeError, "\(described(value)) has no attribute '\(name)'",
      hint: suggestion(for: name, among: attributeNames(of: value)))
  }

  /// The attribute of a value, or nil where it has none of that name.
  func findAttribute(_ name: String, of value: PythonValue) throws(Interruption) -> PythonValue? {
    switch value {
    case .instance(let instance): return try findAttribute(name, ofInstance: instance)
    case .namespace(let namespace): return try attribute(name, ofNamespace: namespace)
    case .type(let type): return try findAttribute(name, ofClass: type)
    case .superclass(let proxy): return try findAttribute(name, ofSuper: proxy)
    case .opaque(let qualifiedName):
      try reserve(qualifiedName.utf8.count >> 3 + 1)
      return .opaque("\(qualifiedName).\(name)")
    case .function(let function): if let found = try attribute(name, ofFunction: function) { return found }
    case .native(let function):
      if name == "__name__" || name == "__qualname__" { return .string(function.shortName) }
      // `itertools.chain.from_iterable`
      if let entry = library.entry("\(function.name).\(name)") { return self.value(of: entry) }
    case .descriptor(let descriptor):
      switch name {
      case "fget", "func", "__func__", "__wrapped__": return descriptor.getter
      case "fset": return descriptor.setter
      default: break
      }
    case .iterator(let iterator):
      if name == "__next__" || name == "__iter__" { return try makeMethod(protocolMethod(name), value) }
      if name == "gi_frame", case .generator(let generator) = iterator.source {
        return generator.isFinished ? PythonValue.none : .opaque("frame")
      }
    case .method(let method):
      if name == "__self__" { return method.receiver }
      if name == "__func__" { return method.function }
      return try findAttribute(name, of: method.function)
    case .tuple(let tuple):
      if case .named(let type) = tuple.kind {
        if let index = type.fields.firstIndex(of: name), index < tuple.elements.count {
          return tuple.elements[index]
        }
        if let member = classMember(name, of: type) { return try bound(member, to: value, type) }
        if name == "_fields" { return try self.tuple(type.fields.map { .string($0) }) }
      }
    case .slice(let slice):
      switch name {
      case "start": return slice.start
      case "stop": return slice.stop
      case "step": return slice.step
      default: break
      }
    case .range(let range):
      switch name {
      case "start": return .int(range.start)
      case "stop": return .int(range.stop)
      case "step": return .int(range.step)
      default: break
      }
    case .partial(let partial):
      switch name {
      case "func", "__wrapped__":
        return partial.bindsAsMethod ? try findAttribute(name, of: partial.function) : partial.function
      case "args": return try tuple(partial.positional)
      case "keywords":
        let result = try dictionary()
        for (name, value) in partial.keywords { try set(.string(name), value, in: result) }
        return .dict(result)
      default:
        if partial.bindsAsMethod { return try findAttribute(name, of: partial.positional.first ?? .none) }
      }
    default: break
    }
    if name == "__class__" { return .type(classOf(value)) }
    guard let key = libraryType(of: value) else { return nil }
    if case .dict(let dictionary) = value, case .counter = dictionary.kind,
      let method = library.methods["Counter"]?[name]
    {
      return try makeMethod(.native(method), value)
    }
    if case .tensor(let tensor) = value, tensor.isArray {
      if let getter = library.properties["ndarray"]?[name] { return try call(getter, Arguments([value])) }
      if let method = library.methods["ndarray"]?[name] { return try makeMethod(.native(method), value) }
    }
    if let getter = library.properties[key]?[name] { return try call(getter, Arguments([value])) }
    if let method = library.methods[key]?[name] { return try makeMethod(.native(method), value) }
    if name.hasPrefix("__"), let method = library.protocolMethods[name] {
      return try makeMethod(.native(method), value)
    }
    return nil
  }

  /// A method of Python's data model for values that are no instances of the source's classes.
  private func protocolMethod(_ name: String) -> PythonValue {
    library.protocolMethods[name].map { .native($0) } ?? .none
  }

  private func attribute(
    _ name: String, ofFunction function: PythonFunction
  ) throws(Interruption) -> PythonValue? {
    if let attribute = function.attributes[name] { return attribute }
    switch name {
    case "__name__", "__qualname__": return .string(function.name)
    case "__module__": return .string("network")
    case "__doc__":
      if case .statements(let statements) = function.body,
        case .expression(let first)? = statements.first?.kind,
        case .string(let text) = first.kind
      {
        return .string(text)
      }
      return PythonValue.none
    case "__dict__":
      let result = try dictionary()
      for (name, value) in function.attributes.sorted(by: { $0.key < $1.key }) {
        try set(.string(name), value, in: result)
      }
      return .dict(result)
    case "__defaults__":
      let defaults = zip(function.parameters.parameters, function.defaults)
        .filter { $0.0.kind != .keywordOnly }.compactMap(\.1)
      return try defaults.isEmpty ? PythonValue.none : tuple(defaults)
    case "__annotations__": return .dict(try dictionary())
    case "__code__": return .opaque("\(function.name).__code__")
    case "__get__": return try makeMethod(protocolMethod("__get__"), .function(function))
    default: return nil
    }
  }

  func makeMethod(_ function: PythonValue, _ receiver: PythonValue) throws(Interruption) -> PythonValue {
    try reserve(2)
    return .method(heap.adopt(BoundMethod(function, receiver)))
  }

  private func findAttribute(
    _ name: String, ofInstance instance: PythonInstance
  ) throws(Interruption) -> PythonValue? {
    let member = classMember(name, of: instance.type)
    if case .descriptor(let descriptor)? = member, descriptor.kind == .property {
      guard let fallback = ownGetAttribute(of: instance.type), preludeSite == nil else {
        return try call(descriptor.getter, Arguments([.instance(instance)]))
      }
      // As in Python, an AttributeError within a property falls back on __getattr__.
      do throws(Interruption) {
        return try call(descriptor.getter, Arguments([.instance(instance)]))
      } catch {
        guard case .raised(let exception) = error, exception.instance.type.name == "AttributeError" else {
          throw error
        }
        return try call(fallback, Arguments([.instance(instance), .string(name)]))
      }
    }
    if let value = instance.attributes[name] { return value }
    if case .instance(let descriptor)? = member, let getter = classMember("__get__", of: descriptor.type) {
      return try call(getter, Arguments([.instance(descriptor), .instance(instance), .type(instance.type)]))
    }
    if case .descriptor(let descriptor)? = member, descriptor.kind == .cachedProperty {
      let value = try call(descriptor.getter, Arguments([.instance(instance)]))
      try reserve(1)
      instance.set(name, value)
      return value
    }
    if let member { return try bound(member, to: .instance(instance), instance.type) }
    // PyTorch looks here in `__getattr__`, which comes after the class.
    if let value = instance.module?.value(name) { return value }
    if let computed = instance.module?.computed, let tensor = computed.first(where: { $0.name == name }) {
      return try call(tensor.function, Arguments([.instance(instance)]))
    }
    switch name {
    case "__class__": return .type(instance.type)
    case "__dict__":
      let result = try dictionary()
      for key in instance.attributeOrder {
        if let value = instance.attributes[key] { result.set(.string(key), .string(key), value) }
      }
      result.owner = instance
      return .dict(result)
    case "args" where instance.exceptionArguments != nil: return try tuple(instance.exceptionArguments ?? [])
    case "__cause__", "__context__", "__traceback__":
      if instance.exceptionArguments != nil { return PythonValue.none }
    case "__doc__", "__module__", "__annotations__":
      return try findAttribute(name, ofClass: instance.type)
    default: break
    }
    if let payload = instance.payload, let value = try findAttribute(name, of: payload) { return value }
    if let fallback = ownGetAttribute(of: instance.type) {
      return try call(fallback, Arguments([.instance(instance), .string(name)]))
    }
    if name.hasPrefix("__"), let method = library.protocolMethods[name], isImplemented(name, by: instance) {
      return try makeMethod(.native(method), .instance(instance))
    }
    return nil
  }

  /// The source's own `__getattr__`, which is asked last.
  private func ownGetAttribute(of type: PythonClass) -> PythonValue? {
    for candidate in type.resolutionOrder where candidate.native == nil {
      if let method = candidate.members["__getattr__"] { return method }
    }
    return nil
  }

  /// Whether every object has that method of the data model.
  private func isImplemented(_ name: String, by instance: PythonInstance) -> Bool {
    [
      "__eq__", "__ne__", "__repr__", "__str__", "__hash__", "__setattr__", "__delattr__", "__getattribute__",
      "__format__", "__dir__",
    ].contains(name)
  }

  private func bound(
    _ member: PythonValue, to receiver: PythonValue, _ type: PythonClass
  ) throws(Interruption) -> PythonValue {
    switch member {
    case .function, .native: return try makeMethod(member, receiver)
    case .descriptor(let descriptor):
      switch descriptor.kind {
      case .property, .cachedProperty: return try call(descriptor.getter, Arguments([receiver]))
      case .staticMethod: return descriptor.getter
      case .classMethod: return try makeMethod(descriptor.getter, .type(type))
      }
    case .partial(let partial) where partial.bindsAsMethod: return try makeMethod(member, receiver)
    default: return member
    }
  }

  private func findAttribute(
    _ name: String, ofClass type: PythonClass
  ) throws(Interruption) -> PythonValue? {
    if let member = classMember(name, of: type) {
      if case .instance(let descriptor) = member, let getter = classMember("__get__", of: descriptor.type) {
        return try call(getter, Arguments([member, .none, .type(type)]))
      }
      guard case .descriptor(let descriptor) = member else { return member }
      switch descriptor.kind {
      case .property, .cachedProperty: return member
      case .staticMethod: return descriptor.getter
      case .classMethod: return try makeMethod(descriptor.getter, .type(type))
      }
    }
    if let metaclass = type.metaclass {
      for candidate in metaclass.resolutionOrder where candidate.native == nil {
        if let member = candidate.members[name] { return try bound(member, to: .type(type), metaclass) }
      }
    }
    switch name {
    case "__name__", "__qualname__": return .string(Self.typeNames[type.name] ?? type.name)
    case "__module__": return .string("network")
    case "__doc__": return PythonValue.none
    case "__dict__":
      let result = try dictionary()
      for (name, value) in type.members.sorted(by: { $0.key < $1.key }) {
        try set(.string(name), value, in: result)
      }
      return .dict(result)
    case "__annotations__":
      let result = try dictionary()
      for name in type.fields { try set(.string(name), .type(nativeClass("builtins.object")), in: result) }
      return .dict(result)
    case "_fields" where type.isNamedTuple: return try tuple(type.fields.map { .string($0) })
    case "_make" where type.isNamedTuple, "_field_defaults" where type.isNamedTuple:
      guard name == "_make" else {
        let result = try dictionary()
        for name in type.fields {
          if let value = type.members[name] { try set(.string(name), value, in: result) }
        }
        return .dict(result)
      }
      return library.methods["tuple"]?["_make"].map {
        .method(heap.adopt(BoundMethod(.native($0), .type(type))))
      }
    case "__dataclass_fields__" where type.dataclass != nil:
      let result = try dictionary()
      for name in dataclassFields(of: type) { try set(.string(name), .string(name), in: result) }
      return .dict(result)
    case "__class__": return .type(nativeClass("builtins.type"))
    case "__bases__": return try tuple(type.bases.map { .type($0) })
    case "__mro__": return try tuple(type.resolutionOrder.map { .type($0) })
    case "__members__" where type.isEnumeration:
      let members = try dictionary()
      for name in type.assigned {
        if case .instance(let member)? = type.members[name], member.type === type {
          members.set(.string(name), .string(name), .instance(member))
        }
      }
      return .dict(members)
    default: break
    }
    // `str.upper`, `torch.Tensor.relu`: the methods of values as plain functions.
    for native in type.resolutionOrder.lazy.compactMap(\.native) {
      if let method = library.methods[native.name]?[name] { return .native(method) }
    }
    guard let method = library.protocolMethods[name] else { return nil }
    return try ["mro", "__subclasses__", "__call__"].contains(name)
      ? makeMethod(.native(method), .type(type)) : .native(method)
  }

  private func findAttribute(
    _ name: String, ofSuper proxy: SuperProxy
  ) throws(Interruption) -> PythonValue? {
    var type = classOf(proxy.receiver)
    if case .type(let itself) = proxy.receiver, itself.isSubclass(of: proxy.owner) { type = itself }
    guard let place = type.resolutionOrder.firstIndex(where: { $0 === proxy.owner }) else { return nil }
    for candidate in type.resolutionOrder[(place + 1)...] {
      if let member = candidate.members[name] { return try bound(member, to: proxy.receiver, type) }
    }
    switch (name, proxy.receiver) {
    case ("__class__", .instance(let instance)): return .type(instance.type)
    case ("__new__", _): return library.protocolMethods["__new__"].map { .native($0) }
    case (_, .instance(let instance)):
      if let payload = instance.payload, let value = try findAttribute(name, of: payload) { return value }
      return try library.protocolMethods[name].map { (method) throws(Interruption) in
        try makeMethod(.native(method), proxy.receiver)
      }
    case (_, .type):
      return try library.protocolMethods[name].map { (method) throws(Interruption) in
        try makeMethod(.native(method), proxy.receiver)
      }
    case (_, .tuple(let tuple)):
      if case .named = tuple.kind { return try findAttribute(name, of: .tuple(PythonTuple(tuple.elements))) }
    default: break
    }
    return nil
  }
}
