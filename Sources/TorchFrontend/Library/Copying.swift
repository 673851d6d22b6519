extension Library {
  /// `copy`.
  static let copying: Family = { library in
    library.namespace("copy")
    for name in ["copy.copy", "copy.deepcopy"] {
      library.function(name, signature: "(x, memo=None)") { (call) throws(Interruption) in
        var known: [ObjectIdentifier: PythonValue] = [:]
        return try call.interpreter.copy(call["x"], isDeep: name == "copy.deepcopy", &known)
      }
    }
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
      let result = try deque([], like: source)
      known[ObjectIdentifier(source)] = result
      let elements = try inner(source.elements)
      try reserve(elements.count)
      if case .list(let target) = result { target.elements = elements }
      return result
    case .tuple(let source): return try isDeep ? tuple(try inner(source.elements), source.kind) : value
    case .dict(let source):
      if let done = known[ObjectIdentifier(source)] { return done }
      let result = try dictionary(source.kind)
      known[ObjectIdentifier(source)] = .dict(result)
      for item in source.items {
        try reserveKeys(1)
        result.set(item.key, item.hash, try isDeep ? copy(item.value, isDeep: true, &known) : item.value)
      }
      return .dict(result)
    case .set(let source): return try set(of: source.elements, isFrozen: source.isFrozen)
    case .method(let method):
      // A module's bound method belongs to the copy.
      guard isDeep, case .instance = method.receiver else { return value }
      return try makeMethod(method.function, try copy(method.receiver, isDeep: true, &known))
    case .partial(let source):
      guard isDeep else { return value }
      try reserve(4 + source.positional.count)
      var keywords: [(name: String, value: PythonValue)] = []
      for (name, value) in source.keywords { keywords.append((name, try copy(value, isDeep: true, &known))) }
      let result = PartialFunction(source.function, try inner(source.positional), keywords)
      result.bindsAsMethod = source.bindsAsMethod
      return .partial(heap.adopt(result))
    case .instance(let source):
      if let done = known[ObjectIdentifier(source)] { return done }
      if source.type.isEnumeration { return value }
      let hook = isDeep ? "__deepcopy__" : "__copy__"
      if let method = classMember(hook, of: source.type) {
        return try call(method, Arguments(isDeep ? [value, .dict(try dictionary())] : [value]))
      }
      let result = try instance(of: source.type)
      known[ObjectIdentifier(source)] = .instance(result)
      for name in source.attributeOrder {
        guard let attribute = source.attributes[name] else { continue }
        try reserve(1)
        result.set(name, try isDeep ? copy(attribute, isDeep: true, &known) : attribute)
      }
      result.exceptionArguments = source.exceptionArguments
      if let payload = source.payload { result.payload = try copy(payload, isDeep: isDeep, &known) }
      if let module = source.module {
        result.module = try copy(module, isDeep: isDeep, &known)
      }
      return .instance(result)
    case .tensor(let source):
      if let done = known[ObjectIdentifier(source)] { return done }
      if isDeep, case .graph = try content(source) {
        throw notLeaf()
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

  private func notLeaf() -> Interruption {
    raise(
      .runtimeError,
      "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment"
    )
  }

  private func copy(
    _ source: ModuleState, isDeep: Bool, _ known: inout [ObjectIdentifier: PythonValue]
  ) throws(Interruption) -> ModuleState {
    // The older weight_norm keeps the weight it has made.
    if isDeep, source.computed.contains(where: { source.parameters["\($0.name)_g"] != nil }) {
      throw notLeaf()
    }
    let result = ModuleState()
    result.transient = source.transient
    result.computed = source.computed
    result.hooksBefore = source.hooksBefore
    result.hooksBehind = source.hooksBehind
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
