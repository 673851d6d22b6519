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
    case .function(let function):
      if let attribute = function.attributes[name] { return attribute }
      if name == "__name__" || name == "__qualname__" { return .string(function.name) }
    case .native(let function) where name == "__name__": return .string(function.shortName)
    case .method(let method):
      if name == "__self__" { return method.receiver }
      if name == "__func__" { return method.function }
      return try findAttribute(name, of: method.function)
    case .tuple(let tuple):
      if case .named(let type) = tuple.kind {
        if let index = type.fields.firstIndex(of: name), index < tuple.elements.count {
          return tuple.elements[index]
        }
        if name == "_fields" { return try self.tuple(type.fields.map { .string($0) }) }
        if let member = classMember(name, of: type) { return try bound(member, to: value, type) }
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
      case "func": return partial.function
      case "args": return try tuple(partial.positional)
      default: break
      }
    default: break
    }
    if name == "__class__" { return .type(classOf(value)) }
    guard let key = libraryType(of: value) else { return nil }
    if let getter = library.properties[key]?[name] { return try call(getter, Arguments([value])) }
    if let method = library.methods[key]?[name] { return try makeMethod(.native(method), value) }
    return nil
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
      return try call(descriptor.getter, Arguments([.instance(instance)]))
    }
    if let value = instance.attributes[name] { return value }
    if let member { return try bound(member, to: .instance(instance), instance.type) }
    // PyTorch looks here in `__getattr__`, which comes after the class.
    if let value = instance.module?.value(name) { return value }
    switch name {
    case "__class__": return .type(instance.type)
    case "__dict__":
      let result = try dictionary()
      for key in instance.attributeOrder {
        if let value = instance.attributes[key] { result.set(.string(key), .string(key), value) }
      }
      return .dict(result)
    case "args" where instance.exceptionArguments != nil: return try tuple(instance.exceptionArguments ?? [])
    case "__doc__": return PythonValue.none
    default: break
    }
    // `nn.Module`'s own looks where we have looked.
    if !name.hasPrefix("__"), case .function(let fallback)? = classMember("__getattr__", of: instance.type) {
      return try call(.function(fallback), Arguments([.instance(instance), .string(name)]))
    }
    return nil
  }

  private func bound(
    _ member: PythonValue, to receiver: PythonValue, _ type: PythonClass
  ) throws(Interruption) -> PythonValue {
    switch member {
    case .function, .native: return try makeMethod(member, receiver)
    case .descriptor(let descriptor):
      switch descriptor.kind {
      case .property: return try call(descriptor.getter, Arguments([receiver]))
      case .staticMethod: return descriptor.getter
      case .classMethod: return try makeMethod(descriptor.getter, .type(type))
      }
    default: return member
    }
  }

  private func findAttribute(
    _ name: String, ofClass type: PythonClass
  ) throws(Interruption) -> PythonValue? {
    if let member = classMember(name, of: type) {
      guard case .descriptor(let descriptor) = member else { return member }
      switch descriptor.kind {
      case .property: return member
      case .staticMethod: return descriptor.getter
      case .classMethod: return try makeMethod(descriptor.getter, .type(type))
      }
    }
    switch name {
    case "__name__", "__qualname__": return .string(type.name)
    case "__module__": return .string("network")
    case "__doc__": return PythonValue.none
    case "__bases__": return try tuple(type.bases.map { .type($0) })
    case "__mro__": return try tuple(type.resolutionOrder.map { .type($0) })
    case "__members__" where type.isSubclass(ofNative: "enum.Enum"):
      let members = try dictionary()
      for name in type.assigned {
        if case .instance? = type.members[name] {
          members.set(.string(name), .string(name), type.members[name] ?? .none)
        }
      }
      return .dict(members)
    default: break
    }
    // `str.upper`, `torch.Tensor.relu`: the methods of values as plain functions.
    guard let native = type.nearestNative else { return nil }
    return library.methods[native.name]?[name].map { .native($0) }
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
    if case .instance(let instance) = proxy.receiver, name == "__class__" { return .type(instance.type) }
    return nil
  }

  /// Sets the attribute of a value.
  func setAttribute(_ name: String, of object: PythonValue, _ value: PythonValue) throws(Interruption) {
    switch object {
    case .instance(let instance):
      if case .descriptor(let descriptor)? = classMember(name, of: instance.type),
        descriptor.kind == .property
      {
        guard case .none = descriptor.setter else {
          _ = try call(descriptor.setter, Arguments([object, value]))
          return
        }
        throw raise(.attributeError, "property '\(name)' of '\(instance.type.name)' object has no setter")
      }
      try reserve(1)
      if instance.type.isModule {
        try setModuleAttribute(name, of: instance, value)
      } else {
        instance.set(name, value)
      }
    case .type(let type):
      guard type.native == nil else {
        throw unsupported("changing the library's class \(type.name) is not supported")
      }
      type.members[name] = value
    case .function(let function): function.attributes[name] = value
    case .namespace(let namespace):
      note("python.assignment", "the assignment to \(namespace.name).\(name) is ignored")
    case .opaque(let qualifiedName):
      note("python.assignment", "the assignment to \(qualifiedName).\(name) is ignored")
    case .tensor(let tensor): try setAttribute(name, ofTensor: tensor, value)
    default: throw raise(.attributeError, "\(described(object)) has no attribute '\(name)'")
    }
  }

  func deleteAttribute(_ name: String, of object: PythonValue) throws(Interruption) {
    if case .instance(let instance) = object {
      if instance.attributes.removeValue(forKey: name) != nil {
        instance.attributeOrder.removeAll { $0 == name }
        return
      }
      if let module = instance.module, module.remove(name) { return }
    }
    throw raise(.attributeError, "\(described(object)) has no attribute '\(name)'")
  }

  // MARK: Types

  /// The key of a value's type in the library's tables of methods.
  func libraryType(of value: PythonValue) -> String? {
    switch value {
    case .tensor: "Tensor"
    case .string: "str"
    case .list: "list"
    case .tuple(let tuple): if case .size = tuple.kind { "Size" } else { "tuple" }
    case .dict: "dict"
    case .set: "set"
    case .int, .bool: "int"
    case .float: "float"
    case .descriptor(let descriptor) where descriptor.kind == .property: "property"
    case .device: "device"
    case .dataType: "dtype"
    case .range: "range"
    default: nil
    }
  }

  /// The class of a value.
  func classOf(_ value: PythonValue) -> PythonClass {
    switch value {
    case .instance(let instance): instance.type
    case .type: nativeClass("builtins.type")
    case .tensor(let tensor): nativeClass(tensor.isParameter ? "torch.nn.Parameter" : "torch.Tensor")
    case .string: nativeClass("builtins.str")
    case .list: nativeClass("builtins.list")
    case .tuple(let tuple):
      switch tuple.kind {
      case .plain: nativeClass("builtins.tuple")
      case .size: nativeClass("torch.Size")
      case .named(let type): type
      }
    case .dict(let dictionary):
      switch dictionary.kind {
      case .plain: nativeClass("builtins.dict")
      case .ordered: nativeClass("collections.OrderedDict")
      case .defaulting: nativeClass("collections.defaultdict")
      case .counter: nativeClass("collections.Counter")
      }
    case .set: nativeClass("builtins.set")
    case .bool: nativeClass("builtins.bool")
    case .int: nativeClass("builtins.int")
    case .float: nativeClass("builtins.float")
    case .range: nativeClass("builtins.range")
    case .slice: nativeClass("builtins.slice")
    case .none: nativeClass("types.NoneType")
    case .dataType: nativeClass("torch.dtype")
    case .device: nativeClass("torch.device")
    case .function, .native: nativeClass("types.FunctionType")
    case .method: nativeClass("types.MethodType")
    case .partial: nativeClass("functools.partial")
    default: nativeClass("builtins.object")
    }
  }

  /// The name of a value's type, as Python's messages give it.
  func typeName(_ value: PythonValue) -> String {
    switch value {
    case .ellipsis: "ellipsis"
    case .notImplemented: "NotImplementedType"
    case .namespace: "module"
    case .iterator: "generator"
    case .superclass: "super"
    case .descriptor(let descriptor): descriptor.kind == .property ? "property" : "staticmethod"
    case .opaque(let name): name
    case .function, .native: "function"
    case .method: "method"
    default: classOf(value).name
    }
  }

  private func described(_ value: PythonValue) -> String {
    if case .type(let type) = value { return "type object '\(type.name)'" }
    if case .superclass = value { return "'super' object" }
    return "'\(typeName(value))' object"
  }

  private func attributeNames(of value: PythonValue) -> [String] {
    switch value {
    case .instance(let instance):
      var names = instance.attributeOrder + (instance.module?.names ?? [])
      for type in instance.type.resolutionOrder { names += type.members.keys }
      return names
    default:
      guard let key = libraryType(of: value) else { return [] }
      return Array(library.methods[key, default: [:]].keys)
        + Array(library.properties[key, default: [:]].keys)
    }
  }
}
