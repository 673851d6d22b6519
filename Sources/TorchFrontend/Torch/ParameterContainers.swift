import NetworkGraph

/// A method of a container of parameters.
private func method(
  _ name: String, _ signature: String,
  _ body: @escaping @Sendable (NativeCall, PythonInstance) throws(Interruption) -> PythonValue
) -> (String, NativeFunction) {
  (
    name,
    NativeFunction(name, signature) { (call) throws(Interruption) in try body(call, try call.instance()) }
  )
}

extension Library {
  /// `ParameterList` and `ParameterDict`, whose elements are attributes: tensors become parameters.
  static let parameterContainers: Family = { library in
    library.module(
      "ParameterList", "(values=None)",
      { (call, module) throws(Interruption) in
        module.attributes["values"] = nil
        module.attributeOrder.removeAll { $0 == "values" }
        module.set("_size", .int(0))
        guard !call.interpreter.isNone(call["values"]) else { return }
        try call.interpreter.extend(module, call["values"])
      }, methods: Dictionary(uniqueKeysWithValues: list))
    library.module(
      "ParameterDict", "(parameters=None)",
      { (call, module) throws(Interruption) in
        module.attributes["parameters"] = nil
        module.attributeOrder.removeAll { $0 == "parameters" }
        module.set("_keys", .dict(try call.interpreter.dictionary()))
        guard !call.interpreter.isNone(call["parameters"]) else { return }
        try call.interpreter.update(module, with: call["parameters"])
      }, methods: Dictionary(uniqueKeysWithValues: mapping))
  }

  private static let list = [
    method("__len__", "(self)") { (_, module) throws(Interruption) in .int(module.parameterCount) },
    method("__iter__", "(self)") { (call, module) throws(Interruption) in
      try call.interpreter.iterator(.elements(try call.interpreter.elements(ofParameterList: module)))
    },
    method("__getitem__", "(self, index)") { (call, module) throws(Interruption) in
      let interpreter = call.interpreter
      let elements = try interpreter.elements(ofParameterList: module)
      guard case .slice(let slice) = call["index"] else {
        return elements[try interpreter.index(call["index"], elements.count, "index")]
      }
      let part = try interpreter.positions(slice, elements.count).map { elements[$0] }
      return try interpreter.call(.type(module.type), Arguments([try interpreter.list(part)]))
    },
    method("__setitem__", "(self, index, value)") { (call, module) throws(Interruption) in
      let place = try call.interpreter.index(call["index"], module.parameterCount, "index")
      try call.interpreter.setElement(String(place), of: module, call["value"])
      return .none
    },
    method("append", "(self, value)") { (call, module) throws(Interruption) in
      try call.interpreter.append(call["value"], to: module)
      return call["self"]
    },
    method("extend", "(self, values)") { (call, module) throws(Interruption) in
      try call.interpreter.extend(module, call["values"])
      return call["self"]
    },
    method("__iadd__", "(self, values)") { (call, module) throws(Interruption) in
      try call.interpreter.extend(module, call["values"])
      return call["self"]
    },
    method("pop", "(self, index=-1)") { (call, module) throws(Interruption) in
      let interpreter = call.interpreter
      let count = module.parameterCount
      let place = try interpreter.index(call["index"], count, "index")
      var elements = try interpreter.elements(ofParameterList: module)
      let value = elements.remove(at: place)
      for index in place..<count {
        try interpreter.deleteAttribute(String(index), of: .instance(module))
      }
      for index in place..<elements.count {
        try interpreter.setElement(String(index), of: module, elements[index])
      }
      module.set("_size", .int(elements.count))
      return value
    },
  ]

  private static let mapping = [
    method("__len__", "(self)") { (_, module) throws(Interruption) in
      .int(module.parameterKeys?.count ?? 0)
    },
    method("__iter__", "(self)") { (call, module) throws(Interruption) in
      try call.interpreter.iterator(.elements(module.parameterKeys?.keys ?? []))
    },
    method("__contains__", "(self, key)") { (call, module) throws(Interruption) in
      guard case .string(let key) = call["key"] else { return .bool(false) }
      return .bool(module.parameterKeys?[.string(key)] != nil)
    },
    method("__getitem__", "(self, key)") { (call, module) throws(Interruption) in
      try call.interpreter.attribute(try call.interpreter.parameterKey(call["key"]), of: .instance(module))
    },
    method("__setitem__", "(self, key, value)") { (call, module) throws(Interruption) in
      try call.interpreter.store(call["key"], call["value"], in: module)
      return .none
    },
    method("__delitem__", "(self, key)") { (call, module) throws(Interruption) in
      try call.interpreter.removeKey(call["key"], from: module)
      return .none
    },
    method("pop", "(self, key)") { (call, module) throws(Interruption) in
      let value = try call.interpreter.attribute(
        try call.interpreter.parameterKey(call["key"]), of: .instance(module))
      try call.interpreter.removeKey(call["key"], from: module)
      return value
    },
    method("get", "(self, key, default=None)") { (call, module) throws(Interruption) in
      guard case .string(let key) = call["key"], module.parameterKeys?[.string(key)] != nil else {
        return call["default"]
      }
      return try call.interpreter.attribute(key, of: .instance(module))
    },
    method("clear", "(self)") { (call, module) throws(Interruption) in
      for key in module.parameterKeys?.keys ?? [] { try call.interpreter.removeKey(key, from: module) }
      return .none
    },
    method("update", "(self, parameters)") { (call, module) throws(Interruption) in
      try call.interpreter.update(module, with: call["parameters"])
      return .none
    },
    method("keys", "(self)") { (call, module) throws(Interruption) in
      try call.interpreter.list(module.parameterKeys?.keys ?? [])
    },
    method("values", "(self)") { (call, module) throws(Interruption) in
      try call.interpreter.list(try call.interpreter.parameterItems(module).map(\.value))
    },
    method("items", "(self)") { (call, module) throws(Interruption) in
      var pairs: [PythonValue] = []
      for (key, value) in try call.interpreter.parameterItems(module) {
        pairs.append(try call.interpreter.tuple([key, value]))
      }
      return try call.interpreter.list(pairs)
    },
  ]
}

extension PythonInstance {
  /// The length of a `ParameterList`, whatever the source made of it.
  fileprivate var parameterCount: Int { min(max(0, int("_size")), 1 << 40) }

  /// The keys of a `ParameterDict` in order.
  fileprivate var parameterKeys: PythonDictionary? {
    if case .dict(let keys)? = attributes["_keys"] { keys } else { nil }
  }
}

extension Interpreter {
  /// Sets an element, of which a plain tensor becomes a parameter.
  fileprivate func setElement(
    _ name: String, of module: PythonInstance, _ value: PythonValue
  ) throws(Interruption) {
    guard case .tensor(let tensor) = value, !tensor.isParameter else {
      return try setAttribute(name, of: .instance(module), value)
    }
    try reserve(4)
    let parameter = TracedTensor(aliasing: tensor, isParameter: true, requiresGradient: true)
    try setAttribute(name, of: .instance(module), .tensor(heap.adopt(parameter)))
  }

  fileprivate func append(_ value: PythonValue, to module: PythonInstance) throws(Interruption) {
    let count = module.parameterCount
    try setElement(String(count), of: module, value)
    module.set("_size", .int(count + 1))
  }

  fileprivate func extend(_ module: PythonInstance, _ values: PythonValue) throws(Interruption) {
    if case .tensor = values {
      throw raise(
        .typeError, "ParameterList.extend should be called with an iterable, but got \(typeName(values))")
    }
    for value in try elements(of: values) { try append(value, to: module) }
  }

  fileprivate func elements(ofParameterList module: PythonInstance) throws(Interruption) -> [PythonValue] {
    var result: [PythonValue] = []
    for index in 0..<module.parameterCount {
      result.append(try attribute(String(index), of: .instance(module)))
    }
    return result
  }

  fileprivate func parameterKey(_ value: PythonValue) throws(Interruption) -> String {
    guard case .string(let key) = value else {
      throw raise(
        .typeError,
        "Index given to ParameterDict cannot be used as a key as it is not a string (type is '\(typeName(value))')."
      )
    }
    return key
  }

  fileprivate func store(
    _ key: PythonValue, _ value: PythonValue, in module: PythonInstance
  ) throws(Interruption) {
    let name = try parameterKey(key)
    try reserve(2)
    module.parameterKeys?.set(key, .string(name), .none)
    try setElement(name, of: module, value)
  }

  fileprivate func removeKey(_ key: PythonValue, from module: PythonInstance) throws(Interruption) {
    let name = try parameterKey(key)
    guard module.parameterKeys?.remove(.string(name)) != nil else { throw raise(.keyError, name) }
    try deleteAttribute(name, of: .instance(module))
  }

  fileprivate func parameterItems(
    _ module: PythonInstance
  ) throws(Interruption) -> [(key: PythonValue, value: PythonValue)] {
    var result: [(key: PythonValue, value: PythonValue)] = []
    for key in module.parameterKeys?.keys ?? [] {
      result.append((key, try attribute(try parameterKey(key), of: .instance(module))))
    }
    return result
  }

  fileprivate func update(_ module: PythonInstance, with source: PythonValue) throws(Interruption) {
    if case .instance(let other) = source, other.type.isSubclass(ofNative: "torch.nn.ParameterDict") {
      for (key, value) in try parameterItems(other) { try store(key, value, in: module) }
      return
    }
    var items = try pairs(of: source, "ParameterDict")
    // The keys of a plain dict are sorted, as in PyTorch.
    if case .dict(let dictionary) = source, case .plain = dictionary.kind {
      var names: [(name: String, item: (key: PythonValue, value: PythonValue))] = []
      for item in items { names.append((try parameterKey(item.key), item)) }
      try spend(items.count)
      items = names.sorted { Array($0.name.unicodeScalars).lexicographicallyPrecedes($1.name.unicodeScalars) }
        .map(\.item)
    }
    for (key, value) in items { try store(key, value, in: module) }
  }
}
