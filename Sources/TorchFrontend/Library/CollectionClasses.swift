import PythonSyntax

extension Library {
  /// `collections`.
  static let collectionClasses: Family = { library in
    library.namespace("collections")
    func dictionaryClass(_ name: String, _ make: @escaping NativeFunction.Body) {
      library.add(
        NativeClass(
          "collections.\(name)", base: "builtins.dict", methods: containerMethods,
          construct: NativeFunction(name, "(*args, **kwargs)", make)))
    }
    dictionaryClass("OrderedDict") { (call) throws(Interruption) in
      .dict(try call.interpreter.makeDictionary(.ordered, call.rest.first, call.restKeywords))
    }
    dictionaryClass("UserDict") { (call) throws(Interruption) in
      .dict(try call.interpreter.makeDictionary(.plain, call.rest.first, call.restKeywords))
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
      try call.interpreter.count(call.rest.first, in: result)
      for (name, value) in call.restKeywords { try call.interpreter.set(.string(name), value, in: result) }
      return .dict(result)
    }
    for (name, isSubtracted) in [("update", false), ("subtract", true)] {
      library.function("Counter.\(name)", signature: "(self, iterable=None, **kwargs)") {
        (call) throws(Interruption) in
        let counter = try call.counter()
        if call.isGiven("iterable") {
          try call.interpreter.count(call["iterable"], in: counter, isSubtracted: isSubtracted)
        }
        if !call.restKeywords.isEmpty {
          let more = try call.interpreter.makeDictionary(.plain, nil, call.restKeywords)
          try call.interpreter.count(.dict(more), in: counter, isSubtracted: isSubtracted)
        }
        return .none
      }
    }
    library.function("Counter.most_common", signature: "(self, n=None)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var pairs: [PythonValue] = []
      for item in try call.counter().items { pairs.append(try interpreter.tuple([item.key, item.value])) }
      let second = PythonValue.native(
        NativeFunction("count", "(pair)") { (call) throws(Interruption) in
          try call.interpreter.item(call["pair"], .int(1))
        })
      let sorted = try interpreter.sorted(pairs, key: second, isReversed: true)
      return try interpreter.list(Array(sorted.prefix(max(0, try call.optionalInt("n") ?? sorted.count))))
    }
    library.function("Counter.elements", signature: "(self)") { (call) throws(Interruption) in
      var result: [PythonValue] = []
      for item in try call.counter().items {
        let count = max(0, try call.int(item.value, "count"))
        try call.interpreter.reserve(count)
        result += [PythonValue](repeating: item.key, count: count)
      }
      return try call.interpreter.iterator(.elements(result))
    }
    library.function("Counter.total", signature: "(self)") { (call) throws(Interruption) in
      var sum = PythonValue.int(0)
      for item in try call.counter().items { sum = try call.interpreter.binary(.add, sum, item.value) }
      return sum
    }
    library.function("collections.ChainMap", signature: "(*maps)") { (call) throws(Interruption) in
      let result = try call.interpreter.dictionary()
      for map in call.rest.reversed() { try call.interpreter.update(result, from: map) }
      return .dict(result)
    }
    library.add(
      NativeClass(
        "collections.deque", base: "builtins.object", methods: containerMethods,
        construct: NativeFunction("deque", "(iterable=None, maxlen=None)") { (call) throws(Interruption) in
          let maximum = try call.optionalInt("maxlen")
          let elements =
            call.interpreter.isNone(call["iterable"])
            ? [] : try call.interpreter.elements(of: call["iterable"])
          try call.interpreter.reserve(elements.count + 2)
          return .list(
            call.interpreter.heap.adopt(
              PythonList(
                Array(elements.suffix(max(0, maximum ?? elements.count))), .deque,
                maximumLength: maximum.map { max(0, $0) })))
        }))
    library.addDequeMethods()
    library.function(
      "collections.namedtuple",
      signature: "(typename, field_names, *, rename=False, defaults=None, module=None)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var fields: [String] = []
      if case .string(let text) = interpreter.plain(call["field_names"]) {
        try interpreter.reserve(text.utf8.count)
        fields = text.split { $0 == "," || $0.isWhitespace }.map(String.init)
      } else {
        for element in try interpreter.elements(of: call["field_names"]) {
          guard case .string(let name) = interpreter.plain(element) else {
            throw interpreter.raise(.typeError, "Type names and field names must be strings")
          }
          fields.append(name)
        }
      }
      let defaults =
        interpreter.isNone(call["defaults"]) ? [] : try interpreter.elements(of: call["defaults"])
      return try interpreter.makeNamedTupleClass(try call.string("typename"), fields, defaults)
    }
    library.add(
      NativeClass(
        "typing.NamedTuple", base: "builtins.tuple",
        construct: NativeFunction("NamedTuple", "(typename, fields=None, **kwargs)") {
          (call) throws(Interruption) in
          var fields = call.restKeywords.map(\.name)
          if call.isGiven("fields") {
            for pair in try call.interpreter.elements(of: call["fields"]) {
              guard case .string(let name) = try call.interpreter.item(pair, .int(0)) else {
                throw call.interpreter.raise(.typeError, "Type names and field names must be strings")
              }
              fields.append(name)
            }
          }
          return try call.interpreter.makeNamedTupleClass(try call.string("typename"), fields, [])
        }))
  }

  private mutating func addDequeMethods() {
    // A deque has most methods of a list.
    for name in ["insert", "remove", "clear", "reverse", "copy", "index", "count"] {
      if let method = methods["list"]?[name] { add(method, as: ["deque.\(name)"]) }
    }
    func method(
      _ name: String, _ signature: String,
      _ body: @escaping @Sendable (NativeCall, PythonList) throws(Interruption) -> PythonValue
    ) {
      function("deque.\(name)", signature: signature) { (call) throws(Interruption) in
        guard case .list(let deque) = call.interpreter.plain(call["self"]) else {
          throw call.interpreter.raise(.typeError, "expected a deque")
        }
        return try body(call, deque)
      }
    }
    for (name, isLeft) in [("append", false), ("appendleft", true)] {
      method(name, "(self, x)") { (call, deque) throws(Interruption) in
        try call.interpreter.extend(deque, [call["x"]], isLeft: isLeft)
        return .none
      }
    }
    for (name, isLeft) in [("extend", false), ("extendleft", true)] {
      method(name, "(self, iterable)") { (call, deque) throws(Interruption) in
        let elements = try call.interpreter.elements(of: call["iterable"])
        try call.interpreter.extend(deque, isLeft ? elements.reversed() : elements, isLeft: isLeft)
        return .none
      }
    }
    for (name, isLeft) in [("pop", false), ("popleft", true)] {
      method(name, "(self)") { (call, deque) throws(Interruption) in
        try call.interpreter.spend(deque.elements.count >> 4)
        guard !deque.elements.isEmpty else {
          throw call.interpreter.raise(.indexError, "pop from an empty deque")
        }
        return isLeft ? deque.elements.removeFirst() : deque.elements.removeLast()
      }
    }
    method("rotate", "(self, n=1)") { (call, deque) throws(Interruption) in
      let count = deque.elements.count
      try call.interpreter.spend(count >> 3)
      guard count > 0 else { return .none }
      let shift = ((try call.int("n") % count) + count) % count
      deque.elements = Array(deque.elements.suffix(shift) + deque.elements.prefix(count - shift))
      return .none
    }
    property("deque", "maxlen") { (call) throws(Interruption) in
      guard case .list(let deque) = call["self"] else { return .none }
      return deque.maximumLength.map { .int($0) } ?? .none
    }
  }
}

extension NativeCall {
  fileprivate func counter() throws(Interruption) -> PythonDictionary {
    guard case .dict(let dictionary) = interpreter.plain(self["self"]) else {
      throw interpreter.raise(.typeError, "expected a Counter")
    }
    return dictionary
  }
}

extension Interpreter {
  /// Adds elements to a deque, which drops those at its other end.
  fileprivate func extend(
    _ deque: PythonList, _ elements: [PythonValue], isLeft: Bool
  ) throws(Interruption) {
    try reserve(elements.count)
    try spend(isLeft ? deque.elements.count >> 4 : 0)
    deque.elements = isLeft ? elements + deque.elements : deque.elements + elements
    if let maximum = deque.maximumLength, deque.elements.count > maximum {
      let excess = deque.elements.count - maximum
      if isLeft { deque.elements.removeLast(excess) } else { deque.elements.removeFirst(excess) }
    }
    guard deque.elements.count <= limits.collectionSize else {
      throw exhausted("a deque is too large", "limit.collection")
    }
  }

  /// What a dict's `keys`, `values` or `items` gives.
  func view(_ elements: [PythonValue], _ kind: PythonList.Kind) throws(Interruption) -> PythonValue {
    try reserve(elements.count + 2)
    return .list(heap.adopt(PythonList(elements, kind)))
  }

  /// A list, or a deque where the other is one.
  func deque(_ elements: [PythonValue], like other: PythonList) throws(Interruption) -> PythonValue {
    guard other.isDeque else { return try list(elements) }
    try reserve(elements.count + 2)
    return .list(heap.adopt(PythonList(elements, .deque, maximumLength: other.maximumLength)))
  }

  /// The class that `namedtuple` makes.
  fileprivate func makeNamedTupleClass(
    _ name: String, _ fields: [String], _ defaults: [PythonValue]
  ) throws(Interruption) -> PythonValue {
    try reserve(16 + fields.count)
    guard Set(fields).count == fields.count else {
      throw raise(.valueError, "Encountered duplicate field name")
    }
    guard defaults.count <= fields.count else {
      throw raise(.typeError, "Got more default values than field names")
    }
    let type = heap.adopt(PythonClass(name: name, bases: [nativeClass("typing.NamedTuple")]))
    guard type.linearize() else { throw raise(.typeError, "Cannot create \(name)") }
    type.fields = fields
    type.isNamedTuple = true
    for (field, value) in zip(fields.suffix(defaults.count), defaults) { type.members[field] = value }
    return .type(type)
  }
}
