import PythonSyntax

extension Library {
  /// Methods of Python's data model, as `super().__getitem__(key)` and `x.__len__()` reach them.
  static let objectProtocol: Family = { library in
    let operations: [(String, BinaryOperator)] = [
      ("add", .add), ("sub", .subtract), ("mul", .multiply), ("truediv", .divide), ("floordiv", .floorDivide),
      ("mod", .modulo), ("pow", .power), ("matmul", .matrixMultiply), ("and", .bitAnd), ("or", .bitOr),
      ("xor", .bitXor), ("lshift", .leftShift), ("rshift", .rightShift),
    ]
    for (name, operation) in operations {
      library.protocolMethod("__\(name)__", "(self, other)") { (call) throws(Interruption) in
        try call.interpreter.binary(operation, call.interpreter.plain(call["self"]), call["other"])
      }
      library.protocolMethod("__r\(name)__", "(self, other)") { (call) throws(Interruption) in
        try call.interpreter.binary(operation, call["other"], call.interpreter.plain(call["self"]))
      }
      library.protocolMethod("__i\(name)__", "(self, other)") { (call) throws(Interruption) in
        try call.interpreter.inPlace(operation, call.interpreter.plain(call["self"]), call["other"])
      }
    }
    let comparisons: [(String, ComparisonOperator)] = [
      ("lt", .less), ("le", .lessOrEqual), ("gt", .greater), ("ge", .greaterOrEqual),
    ]
    for (name, operation) in comparisons {
      library.protocolMethod("__\(name)__", "(self, other)") { (call) throws(Interruption) in
        let value = call.interpreter.plain(call["self"])
        if case .instance = value { return .notImplemented }
        return try call.interpreter.compare(operation, value, call["other"])
      }
    }
    for (name, isEqual) in [("__eq__", true), ("__ne__", false)] {
      library.protocolMethod(name, "(self, other)") { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let value = interpreter.plain(call["self"])
        guard case .instance(let instance) = value else {
          return .bool(try interpreter.areEqual(value, interpreter.plain(call["other"])) == isEqual)
        }
        if let (a, b) = try interpreter.comparedFields(instance, call["other"]) {
          return .bool(
            try interpreter.areEqual(try interpreter.tuple(a), try interpreter.tuple(b)) == isEqual)
        }
        return interpreter.isSame(value, call["other"]) ? .bool(isEqual) : .notImplemented
      }
    }
    library.protocolMethod("__len__", "(self)") { (call) throws(Interruption) in
      .int(try call.interpreter.length(of: call.interpreter.plain(call["self"])))
    }
    library.protocolMethod("__getitem__", "(self, key)") { (call) throws(Interruption) in
      try call.interpreter.item(call.interpreter.plain(call["self"]), call["key"])
    }
    library.protocolMethod("__setitem__", "(self, key, value)") { (call) throws(Interruption) in
      try call.interpreter.setItem(call.interpreter.plain(call["self"]), call["key"], call["value"])
      return .none
    }
    library.protocolMethod("__delitem__", "(self, key)") { (call) throws(Interruption) in
      try call.interpreter.deleteItem(call.interpreter.plain(call["self"]), call["key"])
      return .none
    }
    library.protocolMethod("__contains__", "(self, key)") { (call) throws(Interruption) in
      .bool(try call.interpreter.contains(call.interpreter.plain(call["self"]), call["key"]))
    }
    library.protocolMethod("__iter__", "(self)") { (call) throws(Interruption) in
      .iterator(try call.interpreter.iterate(call.interpreter.plain(call["self"])))
    }
    library.protocolMethod("__reversed__", "(self)") { (call) throws(Interruption) in
      try call.interpreter.iterator(
        .elements(try call.interpreter.elements(of: call.interpreter.plain(call["self"])).reversed()))
    }
    library.protocolMethod("__next__", "(self)") { (call) throws(Interruption) in
      guard case .iterator(let iterator) = call["self"] else {
        throw call.interpreter.raise(.typeError, "the object is not an iterator")
      }
      if let value = try call.interpreter.next(iterator) { return value }
      throw call.interpreter.raise(.stopIteration, "")
    }
    for (name, operation) in [
      ("__neg__", UnaryOperator.negate), ("__pos__", .plus), ("__invert__", .invert),
    ] {
      library.protocolMethod(name, "(self)") { (call) throws(Interruption) in
        try call.interpreter.unary(operation, call.interpreter.plain(call["self"]))
      }
    }
    library.protocolMethod("__bool__", "(self)") { (call) throws(Interruption) in
      .bool(try call.interpreter.isTrue(call.interpreter.plain(call["self"])))
    }
    library.protocolMethod("__hash__", "(self)") { (call) throws(Interruption) in
      let value = call.interpreter.plain(call["self"])
      if case .instance(let instance) = value { return .int(call.interpreter.identity(of: instance)) }
      return .int(Interpreter.hash(of: try call.interpreter.hashKey(value)))
    }
    library.protocolMethod("__repr__", "(self)") { (call) throws(Interruption) in
      guard case .instance(let instance) = call["self"] else {
        return try call.interpreter.string(try call.interpreter.representation(of: call["self"]))
      }
      return try call.interpreter.string(try call.interpreter.plainRepresentation(of: instance))
    }
    library.protocolMethod("__str__", "(self)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      guard case .instance(let instance) = call["self"] else {
        return try interpreter.string(try interpreter.text(of: call["self"]))
      }
      if instance.exceptionArguments != nil {
        return try interpreter.string(interpreter.exceptionText(instance))
      }
      if let text = try interpreter.memberText(instance) { return try interpreter.string(text) }
      if let payload = instance.payload { return try interpreter.string(try interpreter.text(of: payload)) }
      return try interpreter.string(try interpreter.plainRepresentation(of: instance))
    }
    library.protocolMethod("__format__", "(self, format_spec)") { (call) throws(Interruption) in
      let value = call.interpreter.plain(call["self"])
      if case .instance = value { return try call.interpreter.string(try call.interpreter.text(of: value)) }
      return try call.interpreter.string(try call.interpreter.format(value, try call.string("format_spec")))
    }
    library.protocolMethod("__setattr__", "(self, name, value)") { (call) throws(Interruption) in
      if case .instance(let instance) = call["self"] {
        try call.interpreter.setPlainAttribute(try call.string("name"), of: instance, call["value"])
      } else {
        try call.interpreter.setAttribute(try call.string("name"), of: call["self"], call["value"])
      }
      return .none
    }
    library.protocolMethod("__delattr__", "(self, name)") { (call) throws(Interruption) in
      guard case .instance(let instance) = call["self"] else {
        throw call.interpreter.raise(.attributeError, try call.string("name"))
      }
      try call.interpreter.deletePlainAttribute(try call.string("name"), of: instance)
      return .none
    }
    for name in ["__getattribute__", "__getattr__"] {
      library.protocolMethod(name, "(self, name)") { (call) throws(Interruption) in
        let attribute = try call.string("name")
        if case .instance(let instance) = call["self"] {
          if let value = instance.attributes[attribute] ?? instance.module?.value(attribute) { return value }
          if name == "__getattr__" {
            throw call.interpreter.raise(
              .attributeError, "'\(instance.type.name)' object has no attribute '\(attribute)'")
          }
        }
        return try call.interpreter.attribute(attribute, of: call["self"])
      }
    }
    library.protocolMethod("__get__", "(self, instance, owner=None)") { (call) throws(Interruption) in
      call.interpreter.isNone(call["instance"])
        ? call["self"] : try call.interpreter.makeMethod(call["self"], call["instance"])
    }
    library.protocolMethod("__dir__", "(self)") { (call) throws(Interruption) in
      try call.interpreter.list(
        call.interpreter.attributeNames(of: call["self"]).sorted().map { .string($0) })
    }
    library.protocolMethod("__new__", "(cls, *args, **kwargs)") { (call) throws(Interruption) in
      guard case .type(let type) = call["cls"] else {
        throw call.interpreter.raise(.typeError, "__new__(X): X is not a type object")
      }
      let arguments = Arguments(call.rest, keywords: call.restKeywords)
      if type.isNamedTuple { return try call.interpreter.makeNamedTuple(type, arguments) }
      if type.isSubclass(ofNative: "builtins.type") { return try call.interpreter.newClass(type, call.rest) }
      return .instance(try call.interpreter.newInstance(of: type, arguments))
    }
    library.protocolMethod("__init__", "(self, *args, **kwargs)") { (_) throws(Interruption) in .none }
    library.protocolMethod("__init_subclass__", "(self, **kwargs)") { (_) throws(Interruption) in .none }
    library.protocolMethod("__post_init__", "(self, *args, **kwargs)") { (_) throws(Interruption) in .none }
    library.protocolMethod("__call__", "(self, *args, **kwargs)") { (call) throws(Interruption) in
      let arguments = Arguments(call.rest, keywords: call.restKeywords)
      if case .type(let type) = call["self"], type.native == nil {
        return try call.interpreter.make(type, arguments)
      }
      return try call.interpreter.call(call["self"], arguments)
    }
    library.protocolMethod("mro", "(self)") { (call) throws(Interruption) in
      guard case .type(let type) = call["self"] else { return .none }
      return try call.interpreter.list(type.resolutionOrder.map { .type($0) })
    }
    library.protocolMethod("__subclasses__", "(self)") { (call) throws(Interruption) in
      throw call.interpreter.unsupported("__subclasses__ is not supported")
    }
  }
}

extension Interpreter {
  /// What `id` gives: the same number for the same object in each run.
  func identity(of object: AnyObject) -> Int {
    let key = ObjectIdentifier(object)
    if let known = identities[key] { return known }
    let number = 0x7f00_0000_0000 + 64 * identities.count
    identities[key] = number
    return number
  }

  /// What `hash` gives: the same number in each run.
  static func hash(of key: HashKey) -> Int {
    switch key {
    case .int(let value): return value % ((1 << 61) - 1)
    case .float(let value):
      return Int(truncatingIfNeeded: value.bitPattern.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15).high)
    case .tuple(let keys):
      var result = 0x345678
      for key in keys { result = (result &* 1_000_003) ^ hash(of: key) }
      return result & Int.max
    case .set(let keys): return keys.reduce(0) { $0 ^ hash(of: $1) } & Int.max
    case .string(let text), .name(let text):
      var result: UInt64 = 0xcbf2_9ce4_8422_2325
      for byte in text.utf8 { result = (result ^ UInt64(byte)) &* 0x100_0000_01b3 }
      return Int(truncatingIfNeeded: result >> 1)
    case .none: return 0
    case .ellipsis: return 1
    case .identity: return 2
    }
  }
}
