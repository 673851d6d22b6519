extension Library {
  /// Methods of dicts.
  static let dictionaryMethods: Family = { library in
    library.function("dict.keys", signature: "(self)") { (call) throws(Interruption) in
      try call.interpreter.view(try call.dictionary().keys, .keys)
    }
    library.function("dict.move_to_end", signature: "(self, key, last=True)") { (call) throws(Interruption) in
      let dictionary = try call.dictionary()
      let hash = try call.interpreter.hashKey(call["key"])
      guard dictionary[hash] != nil else { throw call.interpreter.missingKey(call["key"]) }
      try call.interpreter.spend(dictionary.count)
      dictionary.move(hash, toEnd: try call.bool("last"))
      return .none
    }
    library.function("dict.values", signature: "(self)") { (call) throws(Interruption) in
      try call.interpreter.view(try call.dictionary().values, .values)
    }
    library.function("dict.items", signature: "(self)") { (call) throws(Interruption) in
      var pairs: [PythonValue] = []
      for item in try call.dictionary().items {
        pairs.append(try call.interpreter.tuple([item.key, item.value]))
      }
      return try call.interpreter.view(pairs, .items)
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
        throw call.interpreter.missingKey(call["key"])
      }
      return fallback
    }
    library.function("dict.popitem", signature: "(self, last=True)") { (call) throws(Interruption) in
      let dictionary = try call.dictionary()
      try call.interpreter.spend(dictionary.count >> 3)
      guard let item = try call.bool("last") ? dictionary.items.last : dictionary.items.first else {
        throw call.interpreter.raise(.keyError, "popitem(): dictionary is empty")
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
  func list() throws(Interruption) -> PythonList {
    guard case .list(let list) = interpreter.plain(self["self"]) else {
      throw interpreter.raise(.typeError, "expected a list, not \(interpreter.typeName(self["self"]))")
    }
    return list
  }

  func set() throws(Interruption) -> PythonSet {
    guard case .set(let set) = interpreter.plain(self["self"]) else {
      throw interpreter.raise(.typeError, "expected a set, not \(interpreter.typeName(self["self"]))")
    }
    return set
  }

  func dictionary() throws(Interruption) -> PythonDictionary {
    guard case .dict(let dictionary) = interpreter.plain(self["self"]) else {
      throw interpreter.raise(.typeError, "expected a dict, not \(interpreter.typeName(self["self"]))")
    }
    return dictionary
  }
}
