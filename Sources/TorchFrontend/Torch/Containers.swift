import NetworkGraph

extension Library {
  /// `Sequential`, `ModuleList` and `ModuleDict`; those of parameters are in a family of their own.
  static let containers: Family = { library in
    var sequential = sequence
    sequential["forward"] = NativeFunction("Sequential.forward", "(self, input)") {
      (call) throws(Interruption) in
      var value = call["input"]
      for child in try call.instance().childValues {
        try call.interpreter.spend(1)
        value = try call.interpreter.call(child, Arguments([value]))
      }
      return value
    }
    library.module(
      "Sequential", "(*args)",
      { (call, module) throws(Interruption) in
        if call.rest.count == 1, case .dict(let dictionary) = call.rest[0], case .ordered = dictionary.kind {
          for entry in dictionary.items {
            try call.interpreter.add(
              entry.value, named: try call.interpreter.moduleName(entry.key), to: module)
          }
          return
        }
        for (index, value) in call.rest.enumerated() {
          if call.interpreter.isList(value) {
            throw call.interpreter.raise(
              .typeError, "list is not a Module subclass", hint: "unpack the list: nn.Sequential(*layers)")
          }
          try call.interpreter.add(value, named: String(index), to: module)
        }
      }, methods: sequential)
    library.module(
      "ModuleList", "(modules=None)",
      { (call, module) throws(Interruption) in
        guard !call.interpreter.isNone(call["modules"]) else { return }
        for (index, value) in try call.interpreter.elements(of: call["modules"]).enumerated() {
          try call.interpreter.add(value, named: String(index), to: module)
        }
      }, methods: sequence)
    library.module(
      "ModuleDict", "(modules=None)",
      { (call, module) throws(Interruption) in
        if !call.interpreter.isNone(call["modules"]) { try call.interpreter.update(module, call["modules"]) }
      }, methods: mapping)
    for name in ["DataParallel", "parallel.DataParallel", "parallel.DistributedDataParallel"] {
      library.module(
        name, "(module, *args, **kwargs)",
        { (call, wrapper) throws(Interruption) in
          wrapper.attributes["module"] = nil
          wrapper.attributeOrder.removeAll { $0 == "module" }
          try call.interpreter.add(call["module"], named: "module", to: wrapper)
        },
        methods: [
          "forward": NativeFunction("DataParallel.forward", "(self, *inputs, **kwargs)") {
            (call) throws(Interruption) in
            try call.interpreter.call(
              try call.interpreter.attribute("module", of: call["self"]),
              Arguments(call.rest, keywords: call.restKeywords))
          }
        ])
    }
    library.namespace("torch.nn.parallel")
  }

  // MARK: Numbered modules

  private static let sequence: [String: NativeFunction] = [
    "__len__": method("__len__", "(self)") { (_, module) throws(Interruption) in
      .int(module.module?.modules.count ?? 0)
    },
    "__iter__": method("__iter__", "(self)") { (call, module) throws(Interruption) in
      try call.interpreter.iterator(.elements(module.childValues))
    },
    "__getitem__": method("__getitem__", "(self, index)") { (call, module) throws(Interruption) in
      try call.interpreter.child(of: module, at: call["index"])
    },
    "__setitem__": method("__setitem__", "(self, index, module)") { (call, module) throws(Interruption) in
      let names = module.module?.modules.names ?? []
      let place = try call.interpreter.index(call["index"], names.count, "index")
      try call.interpreter.setAttribute(names[place], of: call["self"], call["module"])
      return .none
    },
    "__delitem__": method("__delitem__", "(self, index)") { (call, module) throws(Interruption) in
      try call.interpreter.removeChildren(of: module, at: call["index"])
      return .none
    },
    "pop": method("pop", "(self, key=-1)") { (call, module) throws(Interruption) in
      let child = try call.interpreter.child(of: module, at: call["key"])
      try call.interpreter.removeChildren(of: module, at: call["key"])
      return child
    },
    "append": method("append", "(self, module)") { (call, module) throws(Interruption) in
      try call.interpreter.append([call["module"]], to: module)
      return call["self"]
    },
    "extend": extend, "__iadd__": extend,
    "insert": method("insert", "(self, index, module)") { (call, module) throws(Interruption) in
      try call.interpreter.insert(call["module"], at: try call.int("index"), in: module)
      return call["self"]
    },
    "__add__": method("__add__", "(self, modules)") { (call, module) throws(Interruption) in
      let isList = module.type.isSubclass(ofNative: "torch.nn.ModuleList")
      if !isList {
        guard case .instance(let other) = call["modules"],
          other.type.isSubclass(ofNative: "torch.nn.Sequential")
        else {
          throw call.interpreter.raise(
            .valueError,
            "add operator supports only objects of Sequential class, but "
              + "\(call.interpreter.typeName(call["modules"])) is given.")
        }
      }
      let result = try call.interpreter.makeModule(isList ? "ModuleList" : "Sequential", [])
      try call.interpreter.append(
        module.childValues + call.interpreter.elements(of: call["modules"]), to: result)
      return .instance(result)
    },
    "__mul__": multiply, "__rmul__": multiply,
    "__imul__": method("__imul__", "(self, other)") { (call, module) throws(Interruption) in
      let children = module.childValues
      for _ in 1..<(try call.interpreter.repetitions(call["other"])) {
        try call.interpreter.append(children, to: module)
      }
      return call["self"]
    },
  ]

  private static let extend = method("extend", "(self, modules)") { (call, module) throws(Interruption) in
    try call.interpreter.append(try call.interpreter.elements(of: call["modules"]), to: module)
    return call["self"]
  }

  private static let multiply = method("__mul__", "(self, other)") { (call, module) throws(Interruption) in
    let result = try call.interpreter.makeModule("Sequential", [])
    for _ in 0..<(try call.interpreter.repetitions(call["other"])) {
      try call.interpreter.append(module.childValues, to: result)
    }
    return .instance(result)
  }

  private static func method(
    _ name: String, _ signature: String,
    _ body: @escaping @Sendable (NativeCall, PythonInstance) throws(Interruption) -> PythonValue
  ) -> NativeFunction {
    NativeFunction(name, signature) { (call) throws(Interruption) in try body(call, try call.instance()) }
  }

  // MARK: Named modules

  private static let mapping: [String: NativeFunction] = [
    "__len__": method("__len__", "(self)") { (_, module) throws(Interruption) in
      .int(module.module?.modules.count ?? 0)
    },
    "__iter__": method("__iter__", "(self)") { (call, module) throws(Interruption) in
      try call.interpreter.iterator(.elements((module.module?.modules.names ?? []).map { .string($0) }))
    },
    "__contains__": method("__contains__", "(self, key)") { (call, module) throws(Interruption) in
      guard case .string(let key) = call["key"] else { return .bool(false) }
      return .bool(module.module?.modules[key] != nil)
    },
    "__getitem__": method("__getitem__", "(self, key)") { (call, module) throws(Interruption) in
      let key = try call.interpreter.moduleName(call["key"])
      guard let child = module.module?.modules[key] else {
        throw call.interpreter.raise(
          .keyError, key,
          hint: call.interpreter.suggestion(for: key, among: module.module?.modules.names ?? []))
      }
      return child.map { .instance($0) } ?? PythonValue.none
    },
    "__setitem__": method("__setitem__", "(self, key, module)") { (call, module) throws(Interruption) in
      try call.interpreter.add(
        call["module"], named: try call.interpreter.moduleName(call["key"]), to: module)
      return .none
    },
    "__delitem__": method("__delitem__", "(self, key)") { (call, module) throws(Interruption) in
      let key = try call.interpreter.moduleName(call["key"])
      guard module.module?.modules.remove(key) ?? false else {
        throw call.interpreter.raise(.keyError, key)
      }
      return .none
    },
    "pop": method("pop", "(self, key)") { (call, module) throws(Interruption) in
      let key = try call.interpreter.moduleName(call["key"])
      guard let child = module.module?.modules[key] else {
        throw call.interpreter.raise(.keyError, key)
      }
      _ = module.module?.modules.remove(key)
      return child.map { .instance($0) } ?? PythonValue.none
    },
    "clear": method("clear", "(self)") { (_, module) throws(Interruption) in
      module.module?.modules.dictionary.removeAll()
      return .none
    },
    "keys": method("keys", "(self)") { (call, module) throws(Interruption) in
      try call.interpreter.list((module.module?.modules.names ?? []).map { .string($0) })
    },
    "values": method("values", "(self)") { (call, module) throws(Interruption) in
      try call.interpreter.list(module.childValues)
    },
    "items": method("items", "(self)") { (call, module) throws(Interruption) in
      var pairs: [PythonValue] = []
      for (name, value) in zip(module.module?.modules.names ?? [], module.childValues) {
        pairs.append(try call.interpreter.tuple([.string(name), value]))
      }
      return try call.interpreter.list(pairs)
    },
    "update": method("update", "(self, modules)") { (call, module) throws(Interruption) in
      try call.interpreter.update(module, call["modules"])
      return .none
    },
  ]
}

extension PythonInstance {
  /// The children of a container in order.
  fileprivate var childValues: [PythonValue] {
    (module?.modules.items ?? []).map { $0.value.map { .instance($0) } ?? PythonValue.none }
  }
}

extension Interpreter {
  func isList(_ value: PythonValue) -> Bool { if case .list = value { true } else { false } }

  fileprivate func moduleName(_ value: PythonValue) throws(Interruption) -> String {
    guard case .string(let name) = value else {
      throw raise(.typeError, "module name should be a string. Got \(typeName(value))")
    }
    return name
  }

  fileprivate func repetitions(_ value: PythonValue) throws(Interruption) -> Int {
    guard let count = integer(value) else {
      throw raise(
        .typeError, "unsupported operand type(s) for *: 'Sequential' and '\(typeName(value))'")
    }
    guard count > 0 else {
      throw raise(
        .valueError, "Non-positive multiplication factor \(count) for <class 'torch.nn.Sequential'>")
    }
    return count
  }

  fileprivate func append(_ values: [PythonValue], to container: PythonInstance) throws(Interruption) {
    // Nothing appended ever so often takes steps too.
    try spend(values.count + 1)
    for value in values {
      try add(value, named: String(container.module?.modules.count ?? 0), to: container)
    }
  }

  /// A child of a list by index, or a new container of a slice's children.
  fileprivate func child(
    of container: PythonInstance, at key: PythonValue
  ) throws(Interruption) -> PythonValue {
    let items = container.module?.modules.items ?? []
    guard case .slice(let slice) = key else {
      let place = try index(key, items.count, "index")
      return items[place].value.map { .instance($0) } ?? PythonValue.none
    }
    let chosen = try positions(slice, items.count).map { items[$0] }
    // A part of a Sequential keeps its names, a part of a ModuleList is numbered anew.
    if container.type.isSubclass(ofNative: "torch.nn.Sequential") {
      let names = try dictionary(.ordered)
      for (name, child) in chosen {
        names.set(.string(name), .string(name), child.map { .instance($0) } ?? PythonValue.none)
      }
      return try call(.type(container.type), Arguments([.dict(names)]))
    }
    let children = try list(chosen.map { $0.value.map { .instance($0) } ?? PythonValue.none })
    return try call(.type(container.type), Arguments([children]))
  }

  /// Takes out a child or a slice's children; the rest is numbered anew.
  fileprivate func removeChildren(
    of container: PythonInstance, at key: PythonValue
  ) throws(Interruption) {
    guard let table = container.module?.modules else { return }
    let items = table.items
    var removed: Set<Int> = []
    if case .slice(let slice) = key {
      removed = Set(try positions(slice, items.count))
    } else {
      removed = [try index(key, items.count, "index")]
    }
    try spend(items.count)
    table.dictionary.removeAll()
    for (_, child) in items.indices.filter({ !removed.contains($0) }).map({ items[$0] }) {
      table.set(String(table.count), child)
    }
  }

  fileprivate func insert(
    _ value: PythonValue, at index: Int, in container: PythonInstance
  ) throws(Interruption) {
    guard case .instance(let child) = value, child.type.isModule, let table = container.module?.modules else {
      throw raise(.assertionError, "module should be of type: <class 'torch.nn.modules.module.Module'>")
    }
    let count = table.count
    guard index >= -count, index <= count else {
      throw raise(.indexError, "Index out of range: \(index)")
    }
    var children = table.items.map(\.value)
    children.insert(child, at: index < 0 ? index + count : index)
    try spend(count)
    try reserve(2)
    // PyTorch numbers them; a name that is no number stays where it is, and then the numbers do not fit.
    guard table.names == (0..<count).map(String.init) else {
      throw unsupported("insert into a Sequential with names is not supported")
    }
    for (place, child) in children.enumerated() { table.set(String(place), child) }
  }

  fileprivate func update(_ container: PythonInstance, _ source: PythonValue) throws(Interruption) {
    if case .instance(let other) = source, other.type.isSubclass(ofNative: "torch.nn.ModuleDict") {
      for (name, child) in other.module?.modules.items ?? [] {
        try add(child.map { .instance($0) } ?? .none, named: name, to: container)
      }
      return
    }
    for (key, value) in try pairs(of: source, "ModuleDict") {
      try add(value, named: try moduleName(key), to: container)
    }
  }

  /// The items of a dict, or of an iterable of pairs.
  func pairs(
    of source: PythonValue, _ type: String
  ) throws(Interruption) -> [(key: PythonValue, value: PythonValue)] {
    if case .dict = source { return try mappingItems(source) }
    var result: [(key: PythonValue, value: PythonValue)] = []
    for pair in try elements(of: source) {
      let parts = try elements(of: pair)
      guard parts.count == 2 else {
        throw raise(
          .valueError, "\(type) update sequence element has length \(parts.count); 2 is required")
      }
      result.append((parts[0], parts[1]))
    }
    return result
  }
}
