extension Library {
  /// `dataclasses` and `enum`.
  static let dataclasses: Family = { library in
    library.namespace("dataclasses", "enum")
    let flags = [
      "init", "repr", "eq", "order", "unsafe_hash", "frozen", "match_args", "kw_only", "slots",
      "weakref_slot",
    ]
    let decorate = NativeFunction("dataclass", "(options, cls)") { (call) throws(Interruption) in
      guard case .type(let type) = call["cls"] else { return call["cls"] }
      var options = DataclassOptions()
      for (key, value) in try call.interpreter.mappingItems(call["options"]) {
        let flag = try call.interpreter.isTrue(value)
        switch key {
        case .string("init"): options.makesInitializer = flag
        case .string("repr"): options.makesRepresentation = flag
        case .string("eq"): options.isComparable = flag
        case .string("order"): options.isOrdered = flag
        case .string("frozen"): options.isFrozen = flag
        case .string("kw_only"): options.isKeywordOnly = flag
        default: break
        }
      }
      try call.interpreter.makeDataclass(type, options)
      return call["cls"]
    }
    library.function("dataclasses.dataclass", signature: "(cls=None, **kwargs)") {
      (call) throws(Interruption) in
      if let unknown = call.restKeywords.first(where: { !flags.contains($0.name) }) {
        throw call.interpreter.raise(
          .typeError, "dataclass() got an unexpected keyword argument '\(unknown.name)'")
      }
      let options = try call.interpreter.makeDictionary(.plain, nil, call.restKeywords)
      if case .type = call["cls"] {
        return try call.interpreter.call(.native(decorate), Arguments([.dict(options), call["cls"]]))
      }
      try call.interpreter.reserve(4)
      return .partial(call.interpreter.heap.adopt(PartialFunction(.native(decorate), [.dict(options)], [])))
    }
    library.add(NativeClass("dataclasses.Field", base: "builtins.object"))
    library.add(NativeClass("dataclasses.InitVar", base: "builtins.object"))
    library.add(NativeClass("dataclasses.KW_ONLY", base: "builtins.object"))
    library.add(NativeClass("dataclasses.MISSING", base: "builtins.object"))
    library.function("dataclasses.field", signature: "(**kwargs)") { (call) throws(Interruption) in
      let field = try call.interpreter.instance(of: call.interpreter.nativeClass("dataclasses.Field"))
      let known = ["default", "default_factory", "init", "repr", "hash", "compare", "metadata", "kw_only"]
      for (name, value) in call.restKeywords {
        guard known.contains(name) else {
          throw call.interpreter.raise(.typeError, "field() got an unexpected keyword argument '\(name)'")
        }
        if case .type(let type) = value, type.native?.qualifiedName == "dataclasses.MISSING" { continue }
        field.set(name, value)
      }
      return .instance(field)
    }
    library.function("dataclasses.fields", signature: "(class_or_instance)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let type = try call.dataclass("class_or_instance")
      var fields: [PythonValue] = []
      for name in interpreter.dataclassFields(of: type) where !interpreter.isInitOnly(name, of: type) {
        let field = try interpreter.instance(of: interpreter.nativeClass("dataclasses.Field"))
        let missing = PythonValue.type(interpreter.nativeClass("dataclasses.MISSING"))
        let known = type.resolutionOrder.lazy.compactMap { $0.fieldObjects[name] }.first
        for key in ["default_factory", "metadata", "init", "repr", "compare"] {
          let preset: PythonValue = key == "default_factory" ? missing : .bool(true)
          field.set(key, known?.attributes[key] ?? preset)
        }
        field.set("name", .string(name))
        field.set("default", interpreter.classMember(name, of: type) ?? missing)
        field.set("type", .type(interpreter.nativeClass("typing.Any")))
        fields.append(.instance(field))
      }
      return try interpreter.tuple(fields)
    }
    for (name, isTuple) in [("asdict", false), ("astuple", true)] {
      library.function("dataclasses.\(name)", signature: "(obj, *, dict_factory=None)") {
        (call) throws(Interruption) in
        guard case .instance(let instance) = call["obj"] else {
          throw call.interpreter.raise(.typeError, "\(name)() should be called on dataclass instances")
        }
        _ = try call.dataclass("obj")
        return try call.interpreter.unfolded(instance, isTuple: isTuple)
      }
    }
    library.function("dataclasses.replace", signature: "(obj, **changes)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let type = try call.dataclass("obj")
      var keywords = call.restKeywords
      for name in interpreter.dataclassFields(of: type)
      where interpreter.fieldFlag(name, "init", of: type) && !keywords.contains(where: { $0.name == name }) {
        keywords.append((name, try interpreter.attribute(name, of: call["obj"])))
      }
      return try interpreter.call(.type(type), Arguments([], keywords: keywords))
    }
    library.function("dataclasses.is_dataclass", signature: "(obj)") { (call) throws(Interruption) in
      switch call["obj"] {
      case .type(let type): .bool(type.resolutionOrder.contains { $0.dataclass != nil })
      case .instance(let instance): .bool(instance.type.resolutionOrder.contains { $0.dataclass != nil })
      default: .bool(false)
      }
    }

    let ignoring = NativeFunction("Enum.__init__", "(self, *args, **kwargs)") { (_) throws(Interruption) in
      .none
    }
    library.add(NativeClass("enum.Enum", base: "builtins.object", methods: ["__init__": ignoring]))
    library.add(NativeClass("enum.Flag", base: "enum.Enum"))
    library.add(NativeClass("enum.IntEnum", base: "builtins.int", mixins: ["enum.Enum"]))
    library.add(NativeClass("enum.StrEnum", base: "builtins.str", mixins: ["enum.Enum"]))
    library.add(NativeClass("enum.IntFlag", base: "builtins.int", mixins: ["enum.Flag"]))
    library.add(NativeClass("enum.EnumMeta", base: "builtins.type"))
    library.alias("enum.EnumType", of: "enum.EnumMeta")
    library.add(NativeClass("enum.auto", base: "builtins.object"))
    for name in ["member", "nonmember"] {
      library.add(
        NativeClass(
          "enum.\(name)", base: "builtins.object",
          methods: [
            "__init__": NativeFunction(name, "(self, value)") { (call) throws(Interruption) in
              try call.instance().set("value", call["value"])
              return .none
            }
          ]))
    }
    for name in ["unique", "verify", "global_enum"] {
      library.function("enum.\(name)", signature: "(enumeration)") { (call) throws(Interruption) in
        call["enumeration"]
      }
    }
  }
}

extension NativeCall {
  /// The dataclass that an argument is, or is an instance of.
  fileprivate func dataclass(_ name: String) throws(Interruption) -> PythonClass {
    let type: PythonClass? =
      switch self[name] {
      case .type(let type): type
      case .instance(let instance): instance.type
      default: nil
      }
    guard let type, type.resolutionOrder.contains(where: { $0.dataclass != nil }) else {
      throw interpreter.raise(.typeError, "must be called with a dataclass type or instance")
    }
    return type
  }
}

extension Interpreter {
  /// `asdict` and `astuple`: fields that are dataclasses are taken apart too.
  fileprivate func unfolded(_ instance: PythonInstance, isTuple: Bool) throws(Interruption) -> PythonValue {
    try enter()
    defer { leave() }
    var items: [(String, PythonValue)] = []
    for name in dataclassFields(of: instance.type) where !isInitOnly(name, of: instance.type) {
      items.append((name, try unfoldedValue(try attribute(name, of: .instance(instance)), isTuple: isTuple)))
    }
    if isTuple { return try tuple(items.map(\.1)) }
    let result = try dictionary()
    for (name, value) in items { try set(.string(name), value, in: result) }
    return .dict(result)
  }

  private func unfoldedValue(_ value: PythonValue, isTuple: Bool) throws(Interruption) -> PythonValue {
    try enter()
    defer { leave() }
    try spend(1)
    func all(_ values: [PythonValue]) throws(Interruption) -> [PythonValue] {
      var result: [PythonValue] = []
      for value in values { result.append(try unfoldedValue(value, isTuple: isTuple)) }
      return result
    }
    switch value {
    case .instance(let instance):
      if instance.type.resolutionOrder.contains(where: { $0.dataclass != nil }) {
        return try unfolded(instance, isTuple: isTuple)
      }
      return value
    case .list(let source): return try list(try all(source.elements))
    case .tuple(let source): return try tuple(try all(source.elements), source.kind)
    case .dict(let source):
      let result = try dictionary(source.kind)
      for item in source.items {
        try set(item.key, try unfoldedValue(item.value, isTuple: isTuple), in: result)
      }
      return .dict(result)
    default: return value
    }
  }
}
