extension Library {
  /// Python's built-in types, each with what its constructor makes.
  static let builtinTypes: Family = { library in
    func type(
      _ name: String, base: String? = "builtins.object", _ signature: String,
      _ construct: @escaping NativeFunction.Body
    ) {
      library.add(
        NativeClass("builtins.\(name)", base: base, construct: NativeFunction(name, signature, construct)))
    }
    let accepting = NativeFunction("object.__init__", "(self, *args, **kwargs)") {
      (call) throws(Interruption) in
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
            try call.interpreter.setAttribute(try call.string("name"), of: call["self"], call["value"])
            return .none
          },
        ]))
    type("int", "(x=0, base=10)") { (call) throws(Interruption) in try call.interpreter.makeInt(call) }
    type("bool", base: "builtins.int", "(x=False)") { (call) throws(Interruption) in .bool(try call.bool("x"))
    }
    type("float", "(x=0.0)") { (call) throws(Interruption) in
      if case .string(let text) = call["x"] {
        guard let value = Double(text.filter { $0 != "_" && !$0.isWhitespace }) else {
          throw call.interpreter.raise(.valueError, "could not convert string to float: '\(text)'")
        }
        return .float(value)
      }
      return .float(try call.double("x"))
    }
    type("str", "(object='')") { (call) throws(Interruption) in
      try call.interpreter.string(try call.interpreter.text(of: call["object"]))
    }
    type("list", "(iterable=None)") { (call) throws(Interruption) in
      guard call.isGiven[0] else { return try call.interpreter.list([]) }
      return try call.interpreter.list(try call.interpreter.elements(of: call["iterable"]))
    }
    type("tuple", "(iterable=None)") { (call) throws(Interruption) in
      guard call.isGiven[0] else { return try call.interpreter.tuple([]) }
      return try call.interpreter.tuple(try call.interpreter.elements(of: call["iterable"]))
    }
    for name in ["set", "frozenset"] {
      type(name, "(iterable=None)") { (call) throws(Interruption) in
        try call.interpreter.set(of: call.isGiven[0] ? call.interpreter.elements(of: call["iterable"]) : [])
      }
    }
    type("dict", "(*args, **kwargs)") { (call) throws(Interruption) in
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
    type("type", "(object, *args)") { (call) throws(Interruption) in
      guard call.rest.isEmpty else {
        throw call.interpreter.unsupported("type() with three arguments is not supported")
      }
      return .type(call.interpreter.classOf(call["object"]))
    }
    for (name, kind) in [
      ("property", Descriptor.Kind.property), ("staticmethod", .staticMethod), ("classmethod", .classMethod),
    ] {
      type(name, "(fget=None, fset=None, fdel=None, doc=None)") { (call) throws(Interruption) in
        try call.interpreter.reserve(2)
        return .descriptor(call.interpreter.heap.adopt(Descriptor(kind, call["fget"], setter: call["fset"])))
      }
    }
    library.function("property.setter", signature: "(self, function)") { (call) throws(Interruption) in
      guard case .descriptor(let property) = call["self"] else { return .none }
      return .descriptor(
        call.interpreter.heap.adopt(Descriptor(.property, property.getter, setter: call["function"])))
    }
    for name in ["NoneType", "FunctionType", "MethodType", "LambdaType"] {
      library.add(NativeClass("types.\(name)", base: "builtins.object"))
    }
    library.namespace("types", "builtins")
  }

  /// Python's exceptions.
  static let builtinExceptions: Family = { library in
    let initialize = NativeFunction("BaseException.__init__", "(self, *args, **kwargs)") {
      (call) throws(Interruption) in
      try call.instance().exceptionArguments = call.rest
      return .none
    }
    let traceback = NativeFunction("with_traceback", "(self, tb)") { (call) throws(Interruption) in
      call["self"]
    }
    library.add(
      NativeClass(
        "builtins.BaseException", base: "builtins.object",
        methods: ["__init__": initialize, "with_traceback": traceback]))
    for (name, base) in [
      ("Exception", "BaseException"), ("KeyboardInterrupt", "BaseException"), ("SystemExit", "BaseException"),
      ("ArithmeticError", "Exception"), ("ZeroDivisionError", "ArithmeticError"),
      ("OverflowError", "ArithmeticError"),
      ("AssertionError", "Exception"), ("AttributeError", "Exception"), ("ImportError", "Exception"),
      ("ModuleNotFoundError", "ImportError"), ("LookupError", "Exception"), ("IndexError", "LookupError"),
      ("KeyError", "LookupError"), ("NameError", "Exception"), ("UnboundLocalError", "NameError"),
      ("RuntimeError", "Exception"), ("NotImplementedError", "RuntimeError"),
      ("RecursionError", "RuntimeError"),
      ("StopIteration", "Exception"), ("TypeError", "Exception"), ("ValueError", "Exception"),
      ("OSError", "Exception"), ("FileNotFoundError", "OSError"), ("MemoryError", "Exception"),
      ("Warning", "Exception"), ("UserWarning", "Warning"), ("DeprecationWarning", "Warning"),
      ("FutureWarning", "Warning"), ("RuntimeWarning", "Warning"),
    ] { library.add(NativeClass("builtins.\(name)", base: "builtins.\(base)")) }
    library.alias("builtins.IOError", of: "builtins.OSError")
  }
}

extension Interpreter {
  fileprivate func makeInt(_ call: NativeCall) throws(Interruption) -> PythonValue {
    switch call["x"] {
    case .string(let text):
      let cleaned = text.filter { $0 != "_" && !$0.isWhitespace }
      let base = try call.int("base")
      guard base >= 2, base <= 36, let value = Int(cleaned, radix: base) else {
        throw raise(.valueError, "invalid literal for int() with base \(base): '\(text)'")
      }
      return .int(value)
    case .tensor(let tensor):
      let number = try number(of: tensor, "a Python number").rounded(.towardZero)
      guard let value = Int(exactly: number) else {
        throw raise(.valueError, "cannot convert float NaN to integer")
      }
      return .int(value)
    case .instance(let instance):
      if let method = classMember("__int__", of: instance.type) {
        return try self.call(method, Arguments([call["x"]]))
      }
      throw raise(.typeError, "int() argument must be a string or a real number, not '\(instance.type.name)'")
    default:
      guard let number = double(call["x"]) else {
        throw raise(
          .typeError, "int() argument must be a string or a real number, not '\(typeName(call["x"]))'")
      }
      if let exact = integer(call["x"]) { return .int(exact) }
      guard number.isFinite else {
        throw raise(
          number.isNaN ? .valueError : .overflowError,
          "cannot convert float \(number.isNaN ? "NaN" : "infinity") to integer")
      }
      guard let value = Int(exactly: number.rounded(.towardZero)) else {
        throw exhausted("an integer beyond 64 bits is not supported", "limit.integer")
      }
      return .int(value)
    }
  }

  /// A dict of a mapping or pairs, and keywords.
  func makeDictionary(
    _ kind: PythonDictionary.Kind, _ source: PythonValue?,
    _ keywords: [(name: String, value: PythonValue)]
  ) throws(Interruption) -> PythonDictionary {
    let result = try dictionary(kind)
    if let source { try update(result, from: source) }
    for (name, value) in keywords { try set(.string(name), value, in: result) }
    return result
  }

  /// Adds the items of a mapping or of pairs.
  func update(_ target: PythonDictionary, from source: PythonValue) throws(Interruption) {
    switch source {
    case .dict: for (key, value) in try mappingItems(source) { try set(key, value, in: target) }
    case .instance(let instance) where classMember("keys", of: instance.type) != nil:
      for (key, value) in try mappingItems(source) { try set(key, value, in: target) }
    default:
      for pair in try elements(of: source) {
        let parts = try elements(of: pair)
        guard parts.count == 2 else {
          throw raise(
            .valueError, "dictionary update sequence element has length \(parts.count); 2 is required")
        }
        try set(parts[0], parts[1], in: target)
      }
    }
  }
}
