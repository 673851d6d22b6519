import PythonSyntax

extension Library {
  /// `functools`.
  static let functionTools: Family = { library in
    library.namespace("functools")
    library.add(
      NativeClass(
        "functools.partial", base: "builtins.object",
        construct: NativeFunction("partial", "(func, *args, **keywords)") { (call) throws(Interruption) in
          try call.interpreter.reserve(4 + call.rest.count)
          return .partial(
            call.interpreter.heap.adopt(PartialFunction(call["func"], call.rest, call.restKeywords)))
        }))
    library.function("functools.partialmethod", signature: "(func, *args, **keywords)") {
      (call) throws(Interruption) in
      // The arguments come behind the receiver.
      let apply = NativeFunction("partialmethod", "(func, args, keywords, self, *rest, **more)") {
        (call) throws(Interruption) in
        var keywords: [(name: String, value: PythonValue)] = []
        for case (.string(let name), let value) in try call.interpreter.mappingItems(call["keywords"])
        where !call.restKeywords.contains(where: { $0.name == name }) { keywords.append((name, value)) }
        let arguments = [call["self"]] + (try call.interpreter.elements(of: call["args"])) + call.rest
        return try call.interpreter.call(
          call["func"], Arguments(arguments, keywords: keywords + call.restKeywords))
      }
      return try call.interpreter.wrapper(
        apply,
        [
          call["func"], try call.interpreter.tuple(call.rest),
          .dict(try call.interpreter.makeDictionary(.plain, nil, call.restKeywords)),
        ])
    }
    library.function("functools.reduce", signature: "(function, iterable, *initial)") {
      (call) throws(Interruption) in
      let source = try call.interpreter.iterate(call["iterable"])
      var start = call.rest.first
      if start == nil { start = try call.interpreter.next(source) }
      guard var result = start else {
        throw call.interpreter.raise(.typeError, "reduce() of empty iterable with no initial value")
      }
      while let element = try call.interpreter.next(source) {
        result = try call.interpreter.call(call["function"], Arguments([result, element]))
      }
      return result
    }
    let update = NativeFunction("update_wrapper", "(wrapped, wrapper)") { (call) throws(Interruption) in
      guard case .function(let wrapper) = call["wrapper"] else { return call["wrapper"] }
      for name in ["__name__", "__qualname__", "__doc__"] {
        if let value = try call.interpreter.findAttribute(name, of: call["wrapped"]) {
          wrapper.attributes[name] = value
        }
      }
      wrapper.attributes["__wrapped__"] = call["wrapped"]
      return call["wrapper"]
    }
    library.function("functools.wraps", signature: "(wrapped, *args, **kwargs)") {
      (call) throws(Interruption) in
      try call.interpreter.reserve(4)
      return .partial(call.interpreter.heap.adopt(PartialFunction(.native(update), [call["wrapped"]], [])))
    }
    library.function("functools.update_wrapper", signature: "(wrapper, wrapped, *args, **kwargs)") {
      (call) throws(Interruption) in
      try call.interpreter.call(.native(update), Arguments([call["wrapped"], call["wrapper"]]))
    }
    let recall = NativeFunction("cached", "(function, known, *args, **kwargs)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      guard case .dict(let known) = call["known"] else { return .none }
      var parts: [HashKey] = []
      for value in call.rest { parts.append(try interpreter.hashKey(value)) }
      for (name, value) in call.restKeywords {
        parts.append(.tuple([.name(name), try interpreter.hashKey(value)]))
      }
      let key = HashKey.tuple(parts)
      if let value = known[key] { return value }
      let value = try interpreter.call(call["function"], Arguments(call.rest, keywords: call.restKeywords))
      try interpreter.reserve(2 + parts.count)
      known.set(.none, key, value)
      return value
    }
    let cache = NativeFunction("lru_cache", "(function)") { (call) throws(Interruption) in
      let known = PythonValue.dict(try call.interpreter.dictionary())
      return try call.interpreter.wrapper(recall, [call["function"], known])
    }
    library.function("functools.lru_cache", signature: "(maxsize=128, typed=False)") {
      (call) throws(Interruption) in
      if case .function = call["maxsize"] {
        return try call.interpreter.call(.native(cache), Arguments([call["maxsize"]]))
      }
      return .native(cache)
    }
    library.add(cache, as: ["functools.cache"])
    library.add(
      NativeClass(
        "functools.cached_property", base: "builtins.object",
        construct: NativeFunction("cached_property", "(func)") { (call) throws(Interruption) in
          .descriptor(call.interpreter.heap.adopt(Descriptor(.cachedProperty, call["func"])))
        }))
    library.function("functools.total_ordering", signature: "(cls)") { (call) throws(Interruption) in
      guard case .type(let type) = call["cls"] else { return call["cls"] }
      try call.interpreter.completeOrdering(of: type)
      return call["cls"]
    }
    library.function("functools.cmp_to_key", signature: "(mycmp)") { (call) throws(Interruption) in
      try call.interpreter.reserve(4)
      return .partial(
        call.interpreter.heap.adopt(
          PartialFunction(
            .type(call.interpreter.nativeClass("functools._ComparisonKey")), [call["mycmp"]], [])))
    }
    library.add(
      NativeClass(
        "functools._ComparisonKey", base: "builtins.object",
        methods: [
          "__init__": NativeFunction("__init__", "(self, compare, value)") { (call) throws(Interruption) in
            try call.instance().set("compare", call["compare"])
            try call.instance().set("value", call["value"])
            return .none
          },
          "__lt__": NativeFunction("__lt__", "(self, other)") { (call) throws(Interruption) in
            let (left, right) = (try call.instance(), try call.instance("other"))
            let order = try call.interpreter.call(
              left.attributes["compare"] ?? .none,
              Arguments([left.attributes["value"] ?? .none, right.attributes["value"] ?? .none]))
            return .bool(try call.interpreter.isLess(order, .int(0)))
          },
        ]))
    library.addSingleDispatch()
  }

  private mutating func addSingleDispatch() {
    let dispatch = NativeFunction("singledispatch", "(default, table, *args, **kwargs)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      guard let subject = call.rest.first, case .dict(let table) = call["table"] else {
        throw interpreter.raise(
          .typeError, "a single-dispatch function requires at least 1 positional argument")
      }
      let arguments = Arguments(call.rest, keywords: call.restKeywords)
      for type in interpreter.classOf(subject).resolutionOrder {
        if let function = table[.identity(ObjectIdentifier(type))] {
          return try interpreter.call(function, arguments)
        }
      }
      return try interpreter.call(call["default"], arguments)
    }
    let register = NativeFunction("register", "(table, cls, function=None)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      guard case .dict(let table) = call["table"] else { return .none }
      if case .function(let function) = call["cls"], interpreter.isNone(call["function"]) {
        // The annotation of the first parameter names the class.
        guard let annotation = function.parameters.parameters.first?.annotation, let scope = function.scope,
          case .type(let type) = try interpreter.evaluate(annotation, scope)
        else {
          throw interpreter.raise(
            .typeError,
            "Invalid first argument to `register()`. Use either `@register(some_class)` or plain `@register` "
              + "on an annotated function.")
        }
        try interpreter.set(.type(type), call["cls"], in: table)
        return call["cls"]
      }
      guard case .type = call["cls"] else {
        throw interpreter.unsupported("registering for anything but a class is not supported")
      }
      if interpreter.isNone(call["function"]) {
        let add = NativeFunction("register", "(table, cls, function)") { (call) throws(Interruption) in
          guard case .dict(let table) = call["table"] else { return .none }
          try call.interpreter.set(call["cls"], call["function"], in: table)
          return call["function"]
        }
        return .partial(
          interpreter.heap.adopt(PartialFunction(.native(add), [call["table"], call["cls"]], [])))
      }
      try interpreter.set(call["cls"], call["function"], in: table)
      return call["function"]
    }
    add(
      NativeClass(
        "functools._SingleDispatch", base: "builtins.object",
        methods: [
          "__call__": NativeFunction("__call__", "(self, *args, **kwargs)") { (call) throws(Interruption) in
            let attributes = try call.instance().attributes
            return try call.interpreter.call(
              .native(dispatch),
              Arguments(
                [attributes["default"] ?? .none, attributes["table"] ?? .none] + call.rest,
                keywords: call.restKeywords))
          },
          "register": NativeFunction("register", "(self, cls, func=None)") { (call) throws(Interruption) in
            try call.interpreter.call(
              .native(register),
              Arguments([try call.instance().attributes["table"] ?? .none, call["cls"], call["func"]]))
          },
        ]))
    function("functools.singledispatch", signature: "(func)") { (call) throws(Interruption) in
      let instance = try call.interpreter.instance(
        of: call.interpreter.nativeClass("functools._SingleDispatch"))
      instance.set("default", call["func"])
      instance.set("table", .dict(try call.interpreter.dictionary()))
      return .instance(instance)
    }
  }

  /// `operator`.
  static let operators: Family = { library in
    library.namespace("operator")
    let binaries: [(String, BinaryOperator)] = [
      ("add", .add), ("sub", .subtract), ("mul", .multiply), ("truediv", .divide), ("floordiv", .floorDivide),
      ("mod", .modulo), ("pow", .power), ("matmul", .matrixMultiply), ("and_", .bitAnd), ("or_", .bitOr),
      ("xor", .bitXor), ("lshift", .leftShift), ("rshift", .rightShift), ("concat", .add),
    ]
    for (name, operation) in binaries {
      library.function("operator.\(name)", signature: "(a, b)") { (call) throws(Interruption) in
        try call.interpreter.binary(operation, call["a"], call["b"])
      }
      let short = name.hasSuffix("_") ? String(name.dropLast()) : name
      library.function("operator.i\(short)", signature: "(a, b)") { (call) throws(Interruption) in
        try call.interpreter.inPlace(operation, call["a"], call["b"])
      }
    }
    let comparisons: [(String, ComparisonOperator)] = [
      ("eq", .equal), ("ne", .notEqual), ("lt", .less), ("le", .lessOrEqual), ("gt", .greater),
      ("ge", .greaterOrEqual), ("is_", .is), ("is_not", .isNot),
    ]
    for (name, operation) in comparisons {
      library.function("operator.\(name)", signature: "(a, b)") { (call) throws(Interruption) in
        try call.interpreter.compare(operation, call["a"], call["b"])
      }
    }
    for (name, operation) in [
      ("neg", UnaryOperator.negate), ("pos", .plus), ("invert", .invert), ("not_", .not),
    ] {
      library.function("operator.\(name)", signature: "(a)") { (call) throws(Interruption) in
        try call.interpreter.unary(operation, call["a"])
      }
    }
    library.function("operator.truth", signature: "(a)") { (call) throws(Interruption) in
      .bool(try call.interpreter.isTrue(call["a"]))
    }
    library.function("operator.contains", signature: "(a, b)") { (call) throws(Interruption) in
      .bool(try call.interpreter.contains(call["a"], call["b"]))
    }
    library.function("operator.getitem", signature: "(a, b)") { (call) throws(Interruption) in
      try call.interpreter.item(call["a"], call["b"])
    }
    library.function("operator.setitem", signature: "(a, b, c)") { (call) throws(Interruption) in
      try call.interpreter.setItem(call["a"], call["b"], call["c"])
      return .none
    }
    library.function("operator.index", signature: "(a)") { (call) throws(Interruption) in
      .int(try call.int("a"))
    }
    for name in ["abs", "countOf", "indexOf", "length_hint"] where name == "abs" {
      if case .function(let function)? = library.entry("builtins.abs") {
        library.add(function, as: ["operator.abs"])
      }
    }
    let getItems = NativeFunction("itemgetter", "(items, obj)") { (call) throws(Interruption) in
      var values: [PythonValue] = []
      for key in try call.interpreter.elements(of: call["items"]) {
        values.append(try call.interpreter.item(call["obj"], key))
      }
      return values.count == 1 ? values[0] : try call.interpreter.tuple(values)
    }
    let getAttributes = NativeFunction("attrgetter", "(names, obj)") { (call) throws(Interruption) in
      var values: [PythonValue] = []
      for case .string(let path) in try call.interpreter.elements(of: call["names"]) {
        var value = call["obj"]
        for name in path.split(separator: ".") {
          value = try call.interpreter.attribute(String(name), of: value)
        }
        values.append(value)
      }
      return values.count == 1 ? values[0] : try call.interpreter.tuple(values)
    }
    for (name, function) in [("itemgetter", getItems), ("attrgetter", getAttributes)] {
      library.function("operator.\(name)", signature: "(*items)") { (call) throws(Interruption) in
        try call.interpreter.reserve(4)
        guard !call.rest.isEmpty else {
          throw call.interpreter.raise(.typeError, "\(name) expected at least 1 argument, got 0")
        }
        return .partial(
          call.interpreter.heap.adopt(
            PartialFunction(.native(function), [try call.interpreter.tuple(call.rest)], [])))
      }
    }
    let callMethod = NativeFunction("methodcaller", "(name, args, keywords, obj)") {
      (call) throws(Interruption) in
      var keywords: [(name: String, value: PythonValue)] = []
      for case (.string(let name), let value) in try call.interpreter.mappingItems(call["keywords"]) {
        keywords.append((name, value))
      }
      return try call.interpreter.call(
        try call.interpreter.attribute(try call.string("name"), of: call["obj"]),
        Arguments(try call.interpreter.elements(of: call["args"]), keywords: keywords))
    }
    library.function("operator.methodcaller", signature: "(name, *args, **kwargs)") {
      (call) throws(Interruption) in
      let keywords = try call.interpreter.makeDictionary(.plain, nil, call.restKeywords)
      return .partial(
        call.interpreter.heap.adopt(
          PartialFunction(
            .native(callMethod), [call["name"], try call.interpreter.tuple(call.rest), .dict(keywords)], [])))
    }
  }
}

extension Interpreter {
  /// A library function with its first arguments that becomes a method where a class defines it.
  fileprivate func wrapper(
    _ function: NativeFunction, _ arguments: [PythonValue]
  ) throws(Interruption) -> PythonValue {
    try reserve(4 + arguments.count)
    let result = PartialFunction(.native(function), arguments, [])
    result.bindsAsMethod = true
    return .partial(heap.adopt(result))
  }

  /// `total_ordering`: the comparisons that a class lacks, made of the one it has.
  fileprivate func completeOrdering(of type: PythonClass) throws(Interruption) {
    let names = ["__lt__", "__gt__", "__le__", "__ge__"]
    guard let root = names.first(where: { type.members[$0] != nil }), let method = type.members[root] else {
      throw raise(.valueError, "must define at least one ordering operation: < > <= >=")
    }
    for name in names where type.members[name] == nil {
      let derived = NativeFunction(name, "(root, self, other)") { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let isLess: Bool
        let isEqual = try interpreter.areEqual(call["self"], call["other"])
        let answer = try interpreter.isTrue(
          try interpreter.call(call["root"], Arguments([call["self"], call["other"]])))
        switch root {
        case "__lt__": isLess = answer
        case "__le__": isLess = answer && !isEqual
        case "__gt__": isLess = !answer && !isEqual
        default: isLess = !answer
        }
        switch name {
        case "__lt__": return .bool(isLess)
        case "__le__": return .bool(isLess || isEqual)
        case "__gt__": return .bool(!isLess && !isEqual)
        default: return .bool(!isLess)
        }
      }
      type.members[name] = try wrapper(derived, [method])
    }
  }
}
