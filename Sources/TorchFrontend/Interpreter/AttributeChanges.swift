import PythonSyntax

extension Interpreter {
  /// Sets the attribute of a value.
  func setAttribute(_ name: String, of object: PythonValue, _ value: PythonValue) throws(Interruption) {
    switch object {
    case .instance(let instance):
      if let setter = instance.type.attributeSetter {
        _ = try call(setter, Arguments([object, .string(name), value]))
      } else {
        try setPlainAttribute(name, of: instance, value)
      }
    case .type(let type):
      guard type.native == nil else {
        throw unsupported("changing the library's class \(type.name) is not supported")
      }
      type.members[name] = value
    case .function(let function):
      try reserve(2)
      function.attributes[name] = value
    case .method(let method): try setAttribute(name, of: method.function, value)
    case .partial, .native: note("python.assignment", "the assignment to .\(name) of a function is ignored")
    case .namespace(let namespace):
      note("python.assignment", "the assignment to \(namespace.name).\(name) is ignored")
    case .opaque(let qualifiedName):
      note("python.assignment", "the assignment to \(qualifiedName).\(name) is ignored")
    case .tensor(let tensor): try setAttribute(name, ofTensor: tensor, value)
    default: throw raise(.attributeError, "\(described(object)) has no attribute '\(name)'")
    }
  }

  /// What `object.__setattr__` does, or that of a module, which registers parameters and modules.
  func setPlainAttribute(
    _ name: String, of instance: PythonInstance, _ value: PythonValue, registers: Bool = true
  ) throws(Interruption) {
    switch classMember(name, of: instance.type) {
    case .descriptor(let descriptor)? where descriptor.kind == .property:
      guard case .none = descriptor.setter else {
        _ = try call(descriptor.setter, Arguments([.instance(instance), value]))
        return
      }
      throw raise(.attributeError, "property '\(name)' of '\(instance.type.name)' object has no setter")
    case .instance(let descriptor)?:
      if let setter = classMember("__set__", of: descriptor.type) {
        _ = try call(setter, Arguments([.instance(descriptor), .instance(instance), value]))
        return
      }
    default: break
    }
    if registers, instance.type.isFrozen {
      throw raise(.frozenInstanceError, "cannot assign to field '\(name)'")
    }
    try reserve(1)
    if registers, instance.type.isModule {
      if case .opaque(let unknown) = value {
        note(
          "python.unknown",
          "the attribute \(name) of \(instance.type.name) is \(unknown), which is unknown here",
          severity: .warning)
      }
      try setModuleAttribute(name, of: instance, value)
    } else {
      instance.set(name, value)
    }
  }

  func deleteAttribute(_ name: String, of object: PythonValue) throws(Interruption) {
    if case .type(let type) = object, type.native == nil, type.members.removeValue(forKey: name) != nil {
      return
    }
    if case .function(let function) = object, function.attributes.removeValue(forKey: name) != nil { return }
    if case .instance(let instance) = object {
      if let method = classMember("__delattr__", of: instance.type), case .function = method {
        _ = try call(method, Arguments([object, .string(name)]))
        return
      }
      if case .descriptor(let descriptor)? = classMember(name, of: instance.type),
        descriptor.kind == .property,
        !isNone(descriptor.deleter)
      {
        _ = try call(descriptor.deleter, Arguments([object]))
        return
      }
      try deletePlainAttribute(name, of: instance)
      return
    }
    throw raise(.attributeError, "\(described(object)) has no attribute '\(name)'")
  }

  /// What `object.__delattr__` does.
  func deletePlainAttribute(_ name: String, of instance: PythonInstance) throws(Interruption) {
    guard !instance.type.isFrozen else { throw raise(.frozenInstanceError, "cannot delete field '\(name)'") }
    if instance.attributes.removeValue(forKey: name) != nil {
      try spend(instance.attributeOrder.count >> 4)
      instance.attributeOrder.removeAll { $0 == name }
      return
    }
    if let module = instance.module, module.remove(name) { return }
    throw raise(.attributeError, "'\(instance.type.name)' object has no attribute '\(name)'")
  }
}
