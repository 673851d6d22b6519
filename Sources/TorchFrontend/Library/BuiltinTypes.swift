extension Library {
  /// Python's built-in types, each with what its constructor makes.
  static let builtinTypes: Family = { library in
    // Immutable values are made by `__new__`; whatever a class derived from theirs passes on, it is ignored.
    let ignoring = [
      "__init__": NativeFunction("value.__init__", "(self, *args, **kwargs)") {
        (_) throws(Interruption) in .none
      }
    ]
    func type(
      _ name: String, base: String? = "builtins.object", methods: [String: NativeFunction]? = nil,
      _ signature: String, _ construct: @escaping NativeFunction.Body
    ) {
      library.add(
        NativeClass(
          "builtins.\(name)", base: base, methods: methods ?? ignoring,
          construct: NativeFunction(name, signature, construct)))
    }
    let accepting = NativeFunction("object.__init__", "(self, *args, **kwargs)") {
      (call) throws(Interruption) in
      // A class with a `__new__` of its own has taken what there is.
      if case .instance(let instance) = call["self"], instance.type.constructor != nil { return .none }
      guard call.rest.isEmpty, call.restKeywords.isEmpty else {
        throw call.interpreter.raise(
          .typeError,
          "\(call.interpreter.typeName(call["self"])).__init__() takes exactly one argument (the instance to initialize)"
        )
      }
      return .none
    }
    library.add(
      NativeClass(
        "builtins.object", base: nil,
        methods: [
          "__init__": accepting,
          "__setattr__": NativeFunction("__setattr__", "(self, name, value)") { (call) throws(Interruption) in
            if case .instance(let instance) = call["self"] {
              // Called by its name on a module, it goes past the registration of parameters and modules.
              try call.interpreter.setPlainAttribute(
                try call.string("name"), of: instance, call["value"], registers: false)
            } else {
              try call.interpreter.setAttribute(try call.string("name"), of: call["self"], call["value"])
            }
            return .none
          },
        ]))
    type("int", "(x=0, base=10)") { (call) throws(Interruption) in try call.interpreter.makeInt(call) }
    type("bool", base: "builtins.int", "(x=False)") { (call) throws(Interruption) in .bool(try call.bool("x"))
    }
    type("float", "(x=0.0)") { (call) throws(Interruption) in
      if case .string(let text) = call.interpreter.plain(call["x"]) {
        try call.interpreter.spend(text.utf8.count)
        guard let value = Interpreter.float(of: text) else {
          throw call.interpreter.raise(
            .valueError,
            "could not convert string to float: \(try call.interpreter.representation(of: .string(text)))")
        }
        return .float(value)
      }
      if case .instance(let instance) = call["x"], instance.payload == nil,
        let method = call.interpreter.classMember("__float__", of: instance.type)
      {
        return try call.interpreter.call(method, Arguments([call["x"]]))
      }
      return .float(try call.double("x"))
    }
    type("str", "(object='', encoding='utf-8', errors='strict')") { (call) throws(Interruption) in
      try call.interpreter.string(try call.interpreter.text(of: call["object"]))
    }
    type("list", methods: containerMethods, "(iterable=None)") { (call) throws(Interruption) in
      guard call.isGiven[0] else { return try call.interpreter.list([]) }
      return try call.interpreter.list(try call.interpreter.elements(of: call["iterable"]))
    }
    for name in ["dict_keys", "dict_values", "dict_items"] {
      library.add(NativeClass("builtins.\(name)", base: "builtins.object"))
    }
    type("tuple", "(iterable=None)") { (call) throws(Interruption) in
      guard call.isGiven[0] else { return try call.interpreter.tuple([]) }
      return try call.interpreter.tuple(try call.interpreter.elements(of: call["iterable"]))
    }
    for name in ["set", "frozenset"] {
      let isFrozen = name == "frozenset"
      type(name, methods: isFrozen ? nil : containerMethods, "(iterable=None)") {
        (call) throws(Interruption) in
        try call.interpreter.set(
          of: call.isGiven[0] ? call.interpreter.elements(of: call["iterable"]) : [], isFrozen: isFrozen)
      }
    }
    type("dict", methods: containerMethods, "(*args, **kwargs)") { (call) throws(Interruption) in
      .dict(try call.interpreter.makeDictionary(.plain, call.rest.first, call.restKeywords))
    }
    type("range", "(start, stop=None, step=1)") { (call) throws(Interruption) in
      let first = try call.int("start")
      let stop = try call.optionalInt("stop")
      let step = try call.int("step")
      guard step != 0 else { throw call.interpreter.raise(.valueError, "range() arg 3 must not be zero") }
      let bounds = [first, stop ?? 0, step]
      guard bounds.allSatisfy({ $0.magnitude < 1 << 61 }) else {
        throw call.interpreter.exhausted("a range this long is not supported", "limit.integer")
      }
      return .range(PythonRange(start: stop == nil ? 0 : first, stop: stop ?? first, step: step))
    }
    type("slice", "(start, stop=None, step=None)") { (call) throws(Interruption) in
      let hasStop = call.isGiven("stop")
      try call.interpreter.reserve(2)
      return .slice(
        call.interpreter.heap.adopt(
          PythonSlice(
            start: hasStop ? call["start"] : .none, stop: hasStop ? call["stop"] : call["start"],
            step: call["step"])))
    }
    type("type", "(object, *args, **kwargs)") { (call) throws(Interruption) in
      if call.rest.count == 2, case .string(let name) = call["object"] {
        return try call.interpreter.makeClass(name, call.rest[0], call.rest[1])
      }
      guard call.rest.isEmpty else {
        throw call.interpreter.raise(.typeError, "type() takes 1 or 3 arguments")
      }
      return .type(call.interpreter.classOf(call["object"]))
    }
    for (name, kind) in [
      ("property", Descriptor.Kind.property), ("staticmethod", .staticMethod), ("classmethod", .classMethod),
    ] {
      type(name, "(fget=None, fset=None, fdel=None, doc=None)") { (call) throws(Interruption) in
        try call.interpreter.reserve(2)
        return .descriptor(
          call.interpreter.heap.adopt(
            Descriptor(kind, call["fget"], setter: call["fset"], deleter: call["fdel"])))
      }
    }
    for name in ["getter", "setter", "deleter"] {
      library.function("property.\(name)", signature: "(self, function)") { (call) throws(Interruption) in
        guard case .descriptor(let property) = call["self"] else { return .none }
        let function = call["function"]
        return .descriptor(
          call.interpreter.heap.adopt(
            Descriptor(
              .property, name == "getter" ? function : property.getter,
              setter: name == "setter" ? function : property.setter,
              deleter: name == "deleter" ? function : property.deleter)))
      }
    }
    for name in [
      "NoneType", "FunctionType", "MethodType", "GeneratorType", "ModuleType", "BuiltinFunctionType",
    ] {
      library.add(NativeClass("types.\(name)", base: "builtins.object"))
    }
    library.alias("types.LambdaType", of: "types.FunctionType")
    library.alias("types.BuiltinMethodType", of: "types.BuiltinFunctionType")
    library.function("types.SimpleNamespace", signature: "(**kwargs)") { (call) throws(Interruption) in
      let result = try call.interpreter.instance(of: call.interpreter.nativeClass("types._SimpleNamespace"))
      for (name, value) in call.restKeywords { result.set(name, value) }
      return .instance(result)
    }
    library.add(NativeClass("types._SimpleNamespace", base: "builtins.object"))
    library.function("types.MappingProxyType", signature: "(mapping)") { (call) throws(Interruption) in
      call["mapping"]
    }
    library.namespace("types", "builtins")
  }
}

extension Library {
  /// What fills a container of a class derived from a built-in one.
  static let containerMethods = [
    "__init__": NativeFunction("container.__init__", "(self, *args, **kwargs)") {
      (call) throws(Interruption) in
      try call.interpreter.fill(call["self"], call.rest, call.restKeywords)
      return .none
    }
  ]
}
