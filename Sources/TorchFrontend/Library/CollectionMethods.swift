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
        NativeFunction("\(type).index", "(self, value, start=0, stop=None)") { (call) throws(Interruption) in
          let elements = try call.interpreter.elements(of: call["self"])
          func place(_ value: Int) -> Int {
            min(max(value < 0 ? value &+ elements.count : value, 0), elements.count)
          }
          let start = place(try call.int("start"))
          let stop = place(try call.optionalInt("stop") ?? elements.count)
          for place in start..<max(start, stop)
          where try call.interpreter.areEqual(elements[place], call["value"]) { return .int(place) }
          throw call.interpreter.raise(
            .valueError,
            type == "list"
              ? "\(try call.interpreter.representation(of: call["value"])) is not in list"
              : "tuple.index(x): x not in tuple")
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
      try call.interpreter.reserveKeys(1)
      try call.set().insert(call["element"], try call.interpreter.hashKey(call["element"]))
      return .none
    }
    library.function("set.update", signature: "(self, *iterables)") { (call) throws(Interruption) in
      let set = try call.set()
      for iterable in call.rest {
        for element in try call.interpreter.elements(of: iterable) {
          try call.interpreter.reserveKeys(1)
          set.insert(element, try call.interpreter.hashKey(element))
        }
      }
      return .none
    }
    library.function("set.pop", signature: "(self)") { (call) throws(Interruption) in
      let set = try call.set()
      try call.interpreter.spend(set.count >> 3)
      guard let first = set.items.first, set.remove(first.hash) else {
        throw call.interpreter.raise(.keyError, "pop from an empty set")
      }
      return first.key
    }
    library.function("set.clear", signature: "(self)") { (call) throws(Interruption) in
      let set = try call.set()
      for item in set.items { _ = set.remove(item.hash) }
      return .none
    }
    for name in ["discard", "remove"] {
      library.function("set.\(name)", signature: "(self, element)") { (call) throws(Interruption) in
        let found = try call.set().remove(try call.interpreter.hashKey(call["element"]))
        guard found || name == "discard" else {
          throw call.interpreter.missingKey(call["element"])
        }
        return .none
      }
    }
    for (name, operation) in [
      ("union", BinaryOperator.bitOr), ("intersection", .bitAnd), ("difference", .subtract),
      ("symmetric_difference", .bitXor),
    ] {
      library.function("set.\(name)", signature: "(self, *others)") { (call) throws(Interruption) in
        var result = try call.interpreter.set(of: try call.set().elements, isFrozen: try call.set().isFrozen)
        for other in call.rest {
          let set = try call.interpreter.set(of: try call.interpreter.elements(of: other))
          result = try call.interpreter.binary(operation, result, set)
        }
        return result
      }
      guard name != "union" else { continue }
      library.function("set.\(name)_update", signature: "(self, *others)") { (call) throws(Interruption) in
        for other in call.rest {
          let set = try call.interpreter.set(of: try call.interpreter.elements(of: other))
          let result = try call.interpreter.binary(operation, call.interpreter.plain(call["self"]), set)
          let target = try call.set()
          for item in target.items { _ = target.remove(item.hash) }
          for element in try call.interpreter.elements(of: result) {
            target.insert(element, try call.interpreter.hashKey(element))
          }
        }
        return .none
      }
    }
    for name in ["issubset", "issuperset", "isdisjoint"] {
      library.function("set.\(name)", signature: "(self, other)") { (call) throws(Interruption) in
        let own = try call.set()
        guard
          case .set(let other) = try call.interpreter.set(
            of: try call.interpreter.elements(of: call["other"]))
        else { return .none }
        try call.interpreter.spend(own.count + other.count)
        switch name {
        case "issubset": return .bool(own.items.allSatisfy { other.contains($0.hash) })
        case "issuperset": return .bool(other.items.allSatisfy { own.contains($0.hash) })
        default: return .bool(!own.items.contains { other.contains($0.hash) })
        }
      }
    }
    library.function("set.copy", signature: "(self)") { (call) throws(Interruption) in
      try call.interpreter.set(of: try call.set().elements, isFrozen: try call.set().isFrozen)
    }
    library.function("tuple._replace", signature: "(self, **changes)") { (call) throws(Interruption) in
      guard case .tuple(let tuple) = call["self"], case .named(let type) = tuple.kind else {
        throw call.interpreter.raise(.attributeError, "'tuple' object has no attribute '_replace'")
      }
      var elements = tuple.elements
      for (name, value) in call.restKeywords {
        guard let place = type.fields.firstIndex(of: name), place < elements.count else {
          throw call.interpreter.raise(.valueError, "Got unexpected field names: ['\(name)']")
        }
        elements[place] = value
      }
      return try call.interpreter.tuple(elements, .named(type))
    }
    library.function("tuple._make", signature: "(cls, iterable)") { (call) throws(Interruption) in
      try call.interpreter.call(
        call["cls"], Arguments(try call.interpreter.elements(of: call["iterable"])))
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
}
