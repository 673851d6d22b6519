import PythonSyntax

extension Library {
  /// `collections`, `typing`, `enum`, `dataclasses`, `copy`, `abc`, `warnings` and others that only need to be there.
  static let standardModules: Family = { library in
    library.namespace(
      "collections", "collections.abc", "typing", "enum", "dataclasses", "copy", "abc", "warnings",
      "functools",
      "itertools", "operator", "sys", "os", "random", "time", "logging", "typing_extensions")

    func dictionaryClass(_ name: String, _ make: @escaping NativeFunction.Body) {
      library.add(
        NativeClass(
          "collections.\(name)", base: "builtins.dict",
          construct: NativeFunction(name, "(*args, **kwargs)", make)))
    }
    dictionaryClass("OrderedDict") { (call) throws(Interruption) in
      .dict(try call.interpreter.makeDictionary(.ordered, call.rest.first, call.restKeywords))
    }
    dictionaryClass("defaultdict") { (call) throws(Interruption) in
      guard let factory = call.rest.first, !call.interpreter.isNone(factory) else {
        return .dict(
          try call.interpreter.makeDictionary(.plain, call.rest.dropFirst().first, call.restKeywords))
      }
      return .dict(
        try call.interpreter.makeDictionary(
          .defaulting(factory), call.rest.dropFirst().first, call.restKeywords))
    }
    dictionaryClass("Counter") { (call) throws(Interruption) in
      let result = try call.interpreter.dictionary(.counter)
      guard let source = call.rest.first else { return .dict(result) }
      if case .dict = source {
        try call.interpreter.update(result, from: source)
        return .dict(result)
      }
      for element in try call.interpreter.elements(of: source) {
        let count = result[try call.interpreter.hashKey(element)] ?? .int(0)
        try call.interpreter.set(element, try call.interpreter.binary(.add, count, .int(1)), in: result)
      }
      return .dict(result)
    }
    library.alias("typing.OrderedDict", of: "collections.OrderedDict")
    library.function("collections.deque", signature: "(iterable=None, maxlen=None)") {
      (call) throws(Interruption) in
      guard call.interpreter.isNone(call["maxlen"]) else {
        throw call.interpreter.unsupported("deque with maxlen is not supported")
      }
      return try call.interpreter.list(
        call.interpreter.isNone(call["iterable"]) ? [] : try call.interpreter.elements(of: call["iterable"]))
    }
    library.function("collections.namedtuple", signature: "(typename, field_names, *, defaults=None)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      var fields: [String] = []
      if case .string(let text) = call["field_names"] {
        fields = text.split { $0 == "," || $0.isWhitespace }.map(String.init)
      } else {
        for case .string(let name) in try interpreter.elements(of: call["field_names"]) {
          fields.append(name)
        }
      }
      let type = interpreter.heap.adopt(
        PythonClass(name: try call.string("typename"), bases: [interpreter.nativeClass("typing.NamedTuple")]))
      _ = type.linearize()
      type.fields = fields
      type.isNamedTuple = true
      if !interpreter.isNone(call["defaults"]) {
        let defaults = try interpreter.elements(of: call["defaults"])
        for (field, value) in zip(fields.suffix(defaults.count), defaults) { type.members[field] = value }
      }
      return .type(type)
    }
    library.add(NativeClass("typing.NamedTuple", base: "builtins.tuple"))

    // Typing: names that may be called or subscripted and mean nothing.
    for name in [
      "List", "Dict", "Tuple", "Set", "Optional", "Union", "Any", "Callable", "Sequence", "Iterable",
      "Iterator",
      "Type", "Literal", "Mapping", "ClassVar", "Final", "Generator", "Collection", "NoReturn", "Protocol",
      "Generic",
      "Text", "FrozenSet", "Annotated", "TypedDict", "Self",
    ] {
      library.add(NativeClass("typing.\(name)", base: "builtins.object"))
      library.alias("typing_extensions.\(name)", of: "typing.\(name)")
    }
    for name in ["Callable", "Iterable", "Sequence", "Mapping", "Iterator", "Sized", "Hashable"] {
      library.add(NativeClass("collections.abc.\(name)", base: "builtins.object"))
    }
    library.constant("typing.TYPE_CHECKING", .bool(false))
    library.function("typing.cast", signature: "(typ, val)") { (call) throws(Interruption) in call["val"] }
    for name in ["typing.TypeVar", "typing.NewType"] {
      library.function(name, signature: "(*args, **kwargs)") { (_) throws(Interruption) in .none }
    }
    for name in ["typing.overload", "typing.final", "abc.abstractmethod", "typing.no_type_check"] {
      library.function(name, signature: "(function)") { (call) throws(Interruption) in call["function"] }
    }
    library.add(NativeClass("abc.ABC", base: "builtins.object"))
    library.add(NativeClass("abc.ABCMeta", base: "builtins.object"))
    for name in ["Enum", "IntEnum", "Flag"] {
      library.add(NativeClass("enum.\(name)", base: name == "Enum" ? "builtins.object" : "enum.Enum"))
    }
    library.function("enum.auto", signature: "()") { (call) throws(Interruption) in
      throw call.interpreter.unsupported("enum.auto() is not supported yet")
    }

    library.function("dataclasses.dataclass", signature: "(cls=None, **kwargs)") {
      (call) throws(Interruption) in
      if case .type(let type) = call["cls"] {
        type.isDataclass = true
        return call["cls"]
      }
      return .native(
        NativeFunction("dataclass", "(cls)") { (call) throws(Interruption) in
          if case .type(let type) = call["cls"] { type.isDataclass = true }
          return call["cls"]
        })
    }
    library.add(NativeClass("dataclasses.Field", base: "builtins.object"))
    library.function("dataclasses.field", signature: "(**kwargs)") { (call) throws(Interruption) in
      let field = try call.interpreter.instance(of: call.interpreter.nativeClass("dataclasses.Field"))
      for (name, value) in call.restKeywords { field.set(name, value) }
      return .instance(field)
    }

    for name in ["copy.copy", "copy.deepcopy"] {
      library.function(name, signature: "(x, memo=None)") { (call) throws(Interruption) in
        var known: [ObjectIdentifier: PythonValue] = [:]
        return try call.interpreter.copy(call["x"], isDeep: name == "copy.deepcopy", &known)
      }
    }
    for name in [
      "warnings.warn", "warnings.filterwarnings", "warnings.simplefilter", "random.seed", "logging.info",
      "logging.warning", "logging.debug", "logging.basicConfig", "numpy.random.seed",
    ] { library.function(name, signature: "(*args, **kwargs)") { (_) throws(Interruption) in .none } }
    library.namespace("numpy.random")
    library.constant("sys.maxsize", .int(.max))
    library.constant("sys.version", .string("3.12.0"))
  }
}

extension Interpreter {
  /// `copy.copy` and `copy.deepcopy`.
  func copy(
    _ value: PythonValue, isDeep: Bool, _ known: inout [ObjectIdentifier: PythonValue]
  ) throws(Interruption) -> PythonValue {
    try enter()
    defer { leave() }
    try spend(1)
    func inner(_ values: [PythonValue]) throws(Interruption) -> [PythonValue] {
      guard isDeep else { return values }
      var result: [PythonValue] = []
      for value in values { result.append(try copy(value, isDeep: true, &known)) }
      return result
    }
    switch value {
    case .list(let source):
      if let done = known[ObjectIdentifier(source)] { return done }
      let result = try list([])
      known[ObjectIdentifier(source)] = result
      let elements = try inner(source.elements)
      try reserve(elements.count)
      if case .list(let target) = result { target.elements = elements }
      return result
    case .tuple(let source): return try tuple(try inner(source.elements), source.kind)
    case .dict(let source):
      if let done = known[ObjectIdentifier(source)] { return done }
      let result = try dictionary(source.kind)
      known[ObjectIdentifier(source)] = .dict(result)
      for item in source.items {
        try reserve(1)
        result.set(item.key, item.hash, try isDeep ? copy(item.value, isDeep: true, &known) : item.value)
      }
      return .dict(result)
    case .set(let source): return try set(of: source.elements)
    case .instance(let source):
      if let done = known[ObjectIdentifier(source)] { return done }
      let result = try instance(of: source.type)
      known[ObjectIdentifier(source)] = .instance(result)
      for name in source.attributeOrder {
        guard let attribute = source.attributes[name] else { continue }
        try reserve(1)
        result.set(name, try isDeep ? copy(attribute, isDeep: true, &known) : attribute)
      }
      result.exceptionArguments = source.exceptionArguments
      if let module = source.module {
        result.module = try copy(module, isDeep: isDeep, &known)
      }
      return .instance(result)
    case .tensor(let source):
      if let done = known[ObjectIdentifier(source)] { return done }
      if isDeep, case .graph = try content(source) {
        throw raise(
          .runtimeError,
          "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment"
        )
      }
      try reserve(4)
      // A deep copy begins with equal numbers.
      shareDraws(source)
      let result = PythonValue.tensor(
        heap.adopt(
          TracedTensor(
            try content(source), source.shape, source.dataType, isParameter: source.isParameter,
            requiresGradient: source.requiresGradient)))
      known[ObjectIdentifier(source)] = result
      return result
    default: return value
    }
  }

  private func copy(
    _ source: ModuleState, isDeep: Bool, _ known: inout [ObjectIdentifier: PythonValue]
  ) throws(Interruption) -> ModuleState {
    let result = ModuleState()
    result.transient = source.transient
    result.construction = source.construction
    result.constructionRange = source.constructionRange
    for (name, tensor) in source.parameters.items {
      guard isDeep, let tensor, case .tensor(let copied) = try copy(.tensor(tensor), isDeep: true, &known)
      else {
        result.parameters.set(name, tensor)
        continue
      }
      result.parameters.set(name, copied)
    }
    for (name, tensor) in source.buffers.items {
      guard isDeep, let tensor, case .tensor(let copied) = try copy(.tensor(tensor), isDeep: true, &known)
      else {
        result.buffers.set(name, tensor)
        continue
      }
      result.buffers.set(name, copied)
    }
    for (name, child) in source.modules.items {
      guard isDeep, let child, case .instance(let copied) = try copy(.instance(child), isDeep: true, &known)
      else {
        result.modules.set(name, child)
        continue
      }
      result.modules.set(name, copied)
    }
    return result
  }
}
