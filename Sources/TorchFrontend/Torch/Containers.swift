import NetworkGraph

extension Library {
  /// `Sequential`, `ModuleList`, `ModuleDict` and `ParameterList`.
  static let containers: Family = { library in
    let length = NativeFunction("__len__", "(self)") { (call) throws(Interruption) in
      .int(try call.instance().module?.modules.count ?? 0)
    }
    let iterate = NativeFunction("__iter__", "(self)") { (call) throws(Interruption) in
      try call.interpreter.iterator(.elements(try call.instance().childValues))
    }
    let item = NativeFunction("__getitem__", "(self, index)") { (call) throws(Interruption) in
      try call.interpreter.child(of: try call.instance(), at: call["index"])
    }
    let replace = NativeFunction("__setitem__", "(self, index, module)") { (call) throws(Interruption) in
      let module = try call.instance()
      let names = module.module?.modules.names ?? []
      let place = try call.interpreter.index(call["index"], names.count, "index")
      try call.interpreter.add(call["module"], named: names[place], to: module)
      return .none
    }
    let append = NativeFunction("append", "(self, module)") { (call) throws(Interruption) in
      let module = try call.instance()
      try call.interpreter.add(call["module"], named: String(module.module?.modules.count ?? 0), to: module)
      return call["self"]
    }
    let extend = NativeFunction("extend", "(self, modules)") { (call) throws(Interruption) in
      let module = try call.instance()
      for value in try call.interpreter.elements(of: call["modules"]) {
        try call.interpreter.add(value, named: String(module.module?.modules.count ?? 0), to: module)
      }
      return call["self"]
    }
    let remove = NativeFunction("__delitem__", "(self, index)") { (call) throws(Interruption) in
      let module = try call.instance()
      let names = module.module?.modules.names ?? []
      let place = try call.interpreter.index(call["index"], names.count, "index")
      let children = (module.module?.modules.items ?? []).map(\.value)
      for name in names { _ = module.module?.modules.remove(name) }
      // PyTorch numbers the rest anew.
      for (index, child) in children.enumerated() where index != place {
        module.module?.modules.set(String(index < place ? index : index - 1), child)
      }
      return .none
    }
    let insert = NativeFunction("insert", "(self, index, module)") { (call) throws(Interruption) in
      let module = try call.instance()
      var values = module.childValues
      let index = try call.int("index")
      values.insert(call["module"], at: min(max(0, index < 0 ? index + values.count : index), values.count))
      for (place, value) in values.enumerated() {
        try call.interpreter.add(value, named: String(place), to: module)
      }
      return call["self"]
    }
    let join = NativeFunction("__add__", "(self, modules)") { (call) throws(Interruption) in
      let module = try call.instance()
      let result = try call.interpreter.instance(
        of: call.interpreter.nativeClass(module.type.nearestNative?.qualifiedName ?? "torch.nn.ModuleList"))
      call.interpreter.initializeModule(result)
      let values = try module.childValues + call.interpreter.elements(of: call["modules"])
      for (index, value) in values.enumerated() {
        try call.interpreter.add(value, named: String(index), to: result)
      }
      return .instance(result)
    }
    let sequence = [
      "__add__": join, "__iadd__": extend, "__len__": length, "__iter__": iterate, "__getitem__": item,
      "__setitem__": replace, "append": append,
      "extend": extend, "insert": insert, "__delitem__": remove,
    ]

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
        if call.rest.count == 1, case .dict(let dictionary) = call.rest[0] {
          for entry in dictionary.items {
            guard case .string(let name) = entry.key else {
              throw call.interpreter.raise(.typeError, "module name should be a string")
            }
            try call.interpreter.add(entry.value, named: name, to: module)
          }
          return
        }
        for (index, value) in call.rest.enumerated() {
          guard case .instance(let child) = value, child.type.isModule else {
            throw call.interpreter.raise(
              .typeError, "\(call.interpreter.typeName(value)) is not a Module subclass",
              hint: call.interpreter.isList(value) ? "unpack the list: nn.Sequential(*layers)" : nil)
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

    let keys = NativeFunction("keys", "(self)") { (call) throws(Interruption) in
      try call.interpreter.list((try call.instance().module?.modules.names ?? []).map { .string($0) })
    }
    let values = NativeFunction("values", "(self)") { (call) throws(Interruption) in
      try call.interpreter.list(try call.instance().childValues)
    }
    let items = NativeFunction("items", "(self)") { (call) throws(Interruption) in
      let module = try call.instance()
      var pairs: [PythonValue] = []
      for (name, value) in zip(module.module?.modules.names ?? [], module.childValues) {
        pairs.append(try call.interpreter.tuple([.string(name), value]))
      }
      return try call.interpreter.list(pairs)
    }
    let named = NativeFunction("__getitem__", "(self, key)") { (call) throws(Interruption) in
      let key = try call.string("key")
      guard let child = try call.instance().module?.modules[key] ?? nil else {
        throw call.interpreter.raise(.keyError, "'\(key)'")
      }
      return .instance(child)
    }
    let store = NativeFunction("__setitem__", "(self, key, module)") { (call) throws(Interruption) in
      try call.interpreter.add(call["module"], named: try call.string("key"), to: try call.instance())
      return .none
    }
    let contains = NativeFunction("__contains__", "(self, key)") { (call) throws(Interruption) in
      .bool(try call.instance().module?.modules[try call.string("key")] != nil)
    }
    let update: @Sendable (NativeCall, PythonInstance, PythonValue) throws(Interruption) -> Void = {
      (call, module, source) throws(Interruption) in
      var pairs: [(key: PythonValue, value: PythonValue)] = []
      if case .dict = source {
        pairs = try call.interpreter.mappingItems(source)
      } else {
        for pair in try call.interpreter.elements(of: source) {
          let parts = try call.interpreter.elements(of: pair)
          guard parts.count == 2 else {
            throw call.interpreter.raise(
              .valueError, "ModuleDict update sequence element has length \(parts.count); 2 is required")
          }
          pairs.append((parts[0], parts[1]))
        }
      }
      for (key, value) in pairs {
        guard case .string(let name) = key else {
          throw call.interpreter.raise(.typeError, "module name should be a string")
        }
        try call.interpreter.add(value, named: name, to: module)
      }
    }
    library.module(
      "ModuleDict", "(modules=None)",
      { (call, module) throws(Interruption) in
        if !call.interpreter.isNone(call["modules"]) { try update(call, module, call["modules"]) }
      },
      methods: [
        "__len__": length, "__getitem__": named, "__setitem__": store, "__contains__": contains, "keys": keys,
        "values": values, "items": items,
        "__iter__": NativeFunction("__iter__", "(self)") { (call) throws(Interruption) in
          try call.interpreter.iterator(
            .elements((try call.instance().module?.modules.names ?? []).map { .string($0) }))
        },
        "update": NativeFunction("update", "(self, modules)") { (call) throws(Interruption) in
          try update(call, try call.instance(), call["modules"])
          return .none
        },
      ])
    library.module(
      "ParameterList", "(values=None)",
      { (call, module) throws(Interruption) in
        guard !call.interpreter.isNone(call["values"]) else { return }
        for (index, value) in try call.interpreter.elements(of: call["values"]).enumerated() {
          try call.interpreter.append(value, at: index, to: module)
        }
      },
      methods: [
        "__len__": NativeFunction("__len__", "(self)") { (call) throws(Interruption) in
          .int(try call.instance().module?.parameters.count ?? 0)
        },
        "__getitem__": NativeFunction("__getitem__", "(self, index)") { (call) throws(Interruption) in
          let tensors = (try call.instance().module?.parameters.items ?? []).compactMap(\.value)
          return .tensor(tensors[try call.interpreter.index(call["index"], tensors.count, "index")])
        },
        "__iter__": NativeFunction("__iter__", "(self)") { (call) throws(Interruption) in
          try call.interpreter.iterator(
            .elements(
              (try call.instance().module?.parameters.items ?? []).compactMap { $0.value.map { .tensor($0) } }
            ))
        },
        "append": NativeFunction("append", "(self, value)") { (call) throws(Interruption) in
          let module = try call.instance()
          try call.interpreter.append(call["value"], at: module.module?.parameters.count ?? 0, to: module)
          return call["self"]
        },
      ])
  }
}

extension PythonInstance {
  /// The children of a container in order.
  fileprivate var childValues: [PythonValue] {
    (module?.modules.items ?? []).map { $0.value.map { .instance($0) } ?? PythonValue.none }
  }
}

extension Interpreter {
  func isList(_ value: PythonValue) -> Bool { if case .list = value { true } else { false } }

  fileprivate func append(
    _ value: PythonValue, at index: Int, to module: PythonInstance
  ) throws(Interruption) {
    guard case .tensor(let tensor) = value else {
      throw raise(.typeError, "ParameterList takes tensors, not \(typeName(value))")
    }
    try reserve(4)
    // A plain tensor becomes a parameter.
    let parameter =
      tensor.isParameter
      ? tensor : heap.adopt(TracedTensor(aliasing: tensor, isParameter: true, requiresGradient: true))
    module.module?.parameters.set(String(index), parameter)
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
    let result = try instance(
      of: nativeClass(container.type.nearestNative?.qualifiedName ?? "torch.nn.Sequential"))
    initializeModule(result)
    for (place, position) in try positions(slice, items.count).enumerated() {
      // A part of a Sequential keeps its names, a part of a ModuleList is numbered anew.
      let name = result.type.name == "Sequential" ? items[position].name : String(place)
      result.module?.modules.set(name, items[position].value)
    }
    return .instance(result)
  }
}
