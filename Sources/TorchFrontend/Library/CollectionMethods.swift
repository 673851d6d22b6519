import PythonSyntax

extension Library {
  /// Methods of lists, tuples, sets and iterators.
  static let sequenceMethods: Family = { library in
    library.function("list.append", signature: "(self, object)") { (call) throws(Interruption) in
      let list = try call.list()
      try call.interpreter.reserve(1)
      list.elements.append(call["object"])
      guard list.elements.count <= call.interpreter.limits.collectionSize else {
        throw call.interpreter.exhausted("a list is too large", "limit.collection")
      }
      return .none
    }
    library.function("list.extend", signature: "(self, iterable)") { (call) throws(Interruption) in
      _ = try call.interpreter.inPlace(.add, call["self"], call["iterable"])
      return .none
    }
    library.function("list.insert", signature: "(self, index, object)") { (call) throws(Interruption) in
      let list = try call.list()
      let index = try call.int("index")
      let count = list.elements.count
      try call.interpreter.reserve(1)
      try call.interpreter.spend(count >> 4)
      list.elements.insert(call["object"], at: min(max(0, index < 0 ? index &+ count : index), count))
      guard count < call.interpreter.limits.collectionSize else {
        throw call.interpreter.exhausted("a list is too large", "limit.collection")
      }
      return .none
    }
    library.function("list.pop", signature: "(self, index=-1)") { (call) throws(Interruption) in
      let list = try call.list()
      guard !list.elements.isEmpty else { throw call.interpreter.raise(.indexError, "pop from empty list") }
      let place = try call.interpreter.index(call["index"], list.elements.count, "pop")
      try call.interpreter.spend((list.elements.count - place) >> 4)
      return list.elements.remove(at: place)
    }
    library.function("list.remove", signature: "(self, value)") { (call) throws(Interruption) in
      let list = try call.list()
      for (place, element) in list.elements.enumerated()
      where try call.interpreter.areEqual(element, call["value"]) {
        list.elements.remove(at: place)
        return .none
      }
      throw call.interpreter.raise(.valueError, "list.remove(x): x not in list")
    }
    library.function("list.clear", signature: "(self)") { (call) throws(Interruption) in
      try call.list().elements = []
      return .none
    }
    library.function("list.reverse", signature: "(self)") { (call) throws(Interruption) in
      let list = try call.list()
      try call.interpreter.spend(list.elements.count >> 3)
      list.elements.reverse()
      return .none
    }
    library.function("list.copy", signature: "(self)") { (call) throws(Interruption) in
      try call.interpreter.list(try call.list().elements)
    }
    library.function("list.sort", signature: "(self, *, key=None, reverse=False)") {
      (call) throws(Interruption) in
      let list = try call.list()
      list.elements = try call.interpreter.sorted(
        list.elements, key: call["key"], isReversed: try call.bool("reverse"))
      return .none
    }
    for type in ["list", "tuple", "Size"] {
      library.add(
        NativeFunction("\(type).index", "(self, value)") { (call) throws(Interruption) in
          for (place, element) in try call.interpreter.elements(of: call["self"]).enumerated()
          where try call.interpreter.areEqual(element, call["value"]) { return .int(place) }
          throw call.interpreter.raise(.valueError, "\(type).index(x): x not in \(type)")
        }, as: ["\(type).index"])
      library.add(
        NativeFunction("\(type).count", "(self, value)") { (call) throws(Interruption) in
          var count = 0
          for element in try call.interpreter.elements(of: call["self"])
          where try call.interpreter.areEqual(element, call["value"]) { count += 1 }
          return .int(count)
        }, as: ["\(type).count"])
    }
    library.function("set.add", signature: "(self, element)") { (call) throws(Interruption) in
      try call.interpreter.reserve(1)
      try call.set().insert(call["element"], try call.interpreter.hashKey(call["element"]))
      return .none
    }
    library.function("set.update", signature: "(self, iterable)") { (call) throws(Interruption) in
      let set = try call.set()
      for element in try call.interpreter.elements(of: call["iterable"]) {
        try call.interpreter.reserve(1)
        set.insert(element, try call.interpreter.hashKey(element))
      }
      return .none
    }
    for name in ["discard", "remove"] {
      library.function("set.\(name)", signature: "(self, element)") { (call) throws(Interruption) in
        let found = try call.set().remove(try call.interpreter.hashKey(call["element"]))
        guard found || name == "discard" else {
          throw call.interpreter.raise(.keyError, try call.interpreter.representation(of: call["element"]))
        }
        return .none
      }
    }
    library.function("set.union", signature: "(self, other)") { (call) throws(Interruption) in
      try call.interpreter.set(of: try call.set().elements + call.interpreter.elements(of: call["other"]))
    }
    library.function("set.intersection", signature: "(self, other)") { (call) throws(Interruption) in
      let other = try call.interpreter.set(of: try call.interpreter.elements(of: call["other"]))
      return try call.interpreter.binary(.bitAnd, call["self"], other)
    }
    library.function("set.difference", signature: "(self, other)") { (call) throws(Interruption) in
      let other = try call.interpreter.set(of: try call.interpreter.elements(of: call["other"]))
      return try call.interpreter.binary(.subtract, call["self"], other)
    }
    library.function("set.copy", signature: "(self)") { (call) throws(Interruption) in
      try call.interpreter.set(of: try call.set().elements)
    }
    library.function("tuple._asdict", signature: "(self)") { (call) throws(Interruption) in
      let result = try call.interpreter.dictionary()
      guard case .tuple(let tuple) = call["self"], case .named(let type) = tuple.kind else {
        throw call.interpreter.raise(.attributeError, "'tuple' object has no attribute '_asdict'")
      }
      for (name, value) in zip(type.fields, tuple.elements) {
        try call.interpreter.set(.string(name), value, in: result)
      }
      return .dict(result)
    }
  }

  /// Methods of dicts.
  static let dictionaryMethods: Family = { library in
    library.function("dict.keys", signature: "(self)") { (call) throws(Interruption) in
      try call.interpreter.list(try call.dictionary().keys)
    }
    library.function("dict.values", signature: "(self)") { (call) throws(Interruption) in
      try call.interpreter.list(try call.dictionary().values)
    }
    library.function("dict.items", signature: "(self)") { (call) throws(Interruption) in
      var pairs: [PythonValue] = []
      for item in try call.dictionary().items {
        pairs.append(try call.interpreter.tuple([item.key, item.value]))
      }
      return try call.interpreter.list(pairs)
    }
    library.function("dict.get", signature: "(self, key, default=None)") { (call) throws(Interruption) in
      try call.dictionary()[try call.interpreter.hashKey(call["key"])] ?? call["default"]
    }
    library.function("dict.setdefault", signature: "(self, key, default=None)") {
      (call) throws(Interruption) in
      let dictionary = try call.dictionary()
      if let value = dictionary[try call.interpreter.hashKey(call["key"])] { return value }
      try call.interpreter.set(call["key"], call["default"], in: dictionary)
      return call["default"]
    }
    library.function("dict.update", signature: "(self, *args, **kwargs)") { (call) throws(Interruption) in
      let dictionary = try call.dictionary()
      if let source = call.rest.first { try call.interpreter.update(dictionary, from: source) }
      for (name, value) in call.restKeywords {
        try call.interpreter.set(.string(name), value, in: dictionary)
      }
      return .none
    }
    library.function("dict.pop", signature: "(self, key, *default)") { (call) throws(Interruption) in
      if let value = try call.dictionary().remove(try call.interpreter.hashKey(call["key"])) { return value }
      guard let fallback = call.rest.first else {
        throw call.interpreter.raise(.keyError, try call.interpreter.representation(of: call["key"]))
      }
      return fallback
    }
    library.function("dict.popitem", signature: "(self, last=True)") { (call) throws(Interruption) in
      let dictionary = try call.dictionary()
      try call.interpreter.spend(dictionary.count >> 3)
      guard let item = try call.bool("last") ? dictionary.items.last : dictionary.items.first else {
        throw call.interpreter.raise(.keyError, "'popitem(): dictionary is empty'")
      }
      _ = dictionary.remove(item.hash)
      return try call.interpreter.tuple([item.key, item.value])
    }
    library.function("dict.clear", signature: "(self)") { (call) throws(Interruption) in
      try call.dictionary().removeAll()
      return .none
    }
    library.function("dict.copy", signature: "(self)") { (call) throws(Interruption) in
      let source = try call.dictionary()
      return .dict(try call.interpreter.makeDictionary(source.kind, call["self"], []))
    }
    library.function("dict.fromkeys", signature: "(iterable, value=None)") { (call) throws(Interruption) in
      let result = try call.interpreter.dictionary()
      for key in try call.interpreter.elements(of: call["iterable"]) {
        try call.interpreter.set(key, call["value"], in: result)
      }
      return .dict(result)
    }
  }
}

extension NativeCall {
  fileprivate func list() throws(Interruption) -> PythonList {
    guard case .list(let list) = self["self"] else {
      throw interpreter.raise(.typeError, "expected a list, not \(interpreter.typeName(self["self"]))")
    }
    return list
  }

  fileprivate func set() throws(Interruption) -> PythonSet {
    guard case .set(let set) = self["self"] else {
      throw interpreter.raise(.typeError, "expected a set, not \(interpreter.typeName(self["self"]))")
    }
    return set
  }

  fileprivate func dictionary() throws(Interruption) -> PythonDictionary {
    guard case .dict(let dictionary) = self["self"] else {
      throw interpreter.raise(.typeError, "expected a dict, not \(interpreter.typeName(self["self"]))")
    }
    return dictionary
  }
}
