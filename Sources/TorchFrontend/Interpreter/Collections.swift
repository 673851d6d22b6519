import PythonSyntax

extension Interpreter {
  // MARK: Iteration

  /// An iterator over a value.
  func iterate(_ value: PythonValue) throws(Interruption) -> PythonIterator {
    switch value {
    case .iterator(let iterator): return iterator
    case .list(let list): return try make(.list(list))
    case .tuple(let tuple): return try make(.elements(tuple.elements))
    case .range(let range): return try make(.range(range))
    case .dict(let dictionary):
      try spend(dictionary.count)
      return try make(.elements(dictionary.keys))
    case .set(let set):
      try spend(set.count)
      return try make(.elements(set.elements))
    case .string(let text):
      try reserve(text.utf8.count)
      return try make(.elements(text.unicodeScalars.map { .string(String($0)) }))
    case .tensor(let tensor):
      var parts: [PythonValue] = []
      for part in try unbind(tensor, 0) { parts.append(try item(.tensor(part), ofArray: tensor)) }
      return try make(.elements(parts))
    case .type(let type) where type.isEnumeration:
      return try make(.elements(members(ofEnumeration: type)))
    case .type(let type):
      if let method = metaclassMember("__iter__", of: type) {
        return try iterate(try call(method, Arguments([value])))
      }
    case .opaque(let name): throw unknown(name)
    case .instance(let instance):
      if let method = classMember("__iter__", of: instance.type) {
        return try iterate(try call(method, Arguments([value])), from: instance)
      }
      if classMember("__next__", of: instance.type) != nil { return try make(.object(instance)) }
      if classMember("__getitem__", of: instance.type) != nil,
        classMember("__len__", of: instance.type) != nil
      {
        var elements: [PythonValue] = []
        for index in 0..<(try length(of: value)) { elements.append(try item(value, .int(index))) }
        return try make(.elements(elements))
      }
      if let payload = instance.payload { return try iterate(payload) }
      if let method = classMember("__getitem__", of: instance.type) {
        // The old protocol: items from 0 on until there is none.
        var index = 0
        return try make(
          .computed { [self] () throws(Interruption) in
            index += 1
            do throws(Interruption) {
              return try call(method, Arguments([value, .int(index - 1)]))
            } catch {
              guard case .raised(let exception) = error,
                exception.instance.type.isSubclass(ofNative: "builtins.IndexError")
              else { throw error }
              return nil
            }
          })
      }
    default: break
    }
    throw raise(.typeError, "'\(typeName(value))' object is not iterable")
  }

  private func iterate(
    _ result: PythonValue, from instance: PythonInstance
  ) throws(Interruption) -> PythonIterator {
    if case .instance(let other) = result {
      guard classMember("__next__", of: other.type) != nil else {
        throw raise(.typeError, "iter() returned non-iterator of type '\(other.type.name)'")
      }
      return try make(.object(other))
    }
    return try iterate(result)
  }

  private func make(_ source: PythonIterator.Source) throws(Interruption) -> PythonIterator {
    try reserve(2)
    return heap.adopt(PythonIterator(source))
  }

  /// The next element, or nil at the end.
  func next(_ iterator: PythonIterator) throws(Interruption) -> PythonValue? {
    try spend(1)
    let position = iterator.position
    switch iterator.source {
    case .elements(let elements):
      guard position < elements.count else { return nil }
      iterator.position += 1
      return elements[position]
    case .list(let list):
      guard position < list.elements.count else { return nil }
      iterator.position += 1
      return list.elements[position]
    case .range(let range):
      guard position < range.count else { return nil }
      iterator.position += 1
      return .int(range[position])
    case .count(let start, let step):
      iterator.position += 1
      return .int(start &+ position &* step)
    case .cycle(let elements):
      guard !elements.isEmpty else { return nil }
      iterator.position = (position + 1) % elements.count
      return elements[position]
    case .repeat(let value): return value
    case .computed(let compute):
      try enter()
      defer { leave() }
      return try compute()
    case .generator(let generator):
      try enter()
      defer { leave() }
      return try generator.next(self)
    case .object(let instance):
      guard let method = classMember("__next__", of: instance.type) else { return nil }
      do throws(Interruption) {
        return try call(method, Arguments([.instance(instance)]))
      } catch {
        if case .raised(let exception) = error,
          exception.instance.type.isSubclass(ofNative: "builtins.StopIteration")
        {
          return nil
        }
        throw error
      }
    }
  }

  /// All elements of an iterable.
  func elements(of value: PythonValue) throws(Interruption) -> [PythonValue] {
    switch value {
    case .list(let list): return list.elements
    case .tuple(let tuple): return tuple.elements
    case .range(let range):
      try reserve(range.count)
      return (0..<range.count).map { .int(range[$0]) }
    default:
      let source = try iterate(value)
      var result: [PythonValue] = []
      while let element = try next(source) {
        result.append(element)
        if result.count & 1023 == 0 { try reserve(1024) }
        guard result.count <= limits.collectionSize else {
          throw exhausted("an iterable has too many elements", "limit.collection")
        }
      }
      return result
    }
  }

  /// The keys and values of a mapping.
  func mappingItems(
    _ value: PythonValue
  ) throws(Interruption) -> [(key: PythonValue, value: PythonValue)] {
    if case .dict(let dictionary) = value {
      try spend(dictionary.count)
      return dictionary.items.map { ($0.key, $0.value) }
    }
    if case .instance(let instance) = value, instance.payload != nil,
      classMember("keys", of: instance.type) == nil
    {
      return try mappingItems(plain(value))
    }
    if case .opaque(let name) = value { throw unknown(name) }
    if case .instance(let instance) = value, let keys = classMember("keys", of: instance.type) {
      var result: [(key: PythonValue, value: PythonValue)] = []
      for key in try elements(of: try call(keys, Arguments([value]))) {
        result.append((key, try item(value, key)))
      }
      return result
    }
    throw raise(.typeError, "'\(typeName(value))' object is not a mapping")
  }

  func set(of elements: [PythonValue], isFrozen: Bool = false) throws(Interruption) -> PythonValue {
    try reserve(4)
    try reserveKeys(elements.count)
    let result = heap.adopt(PythonSet(isFrozen: isFrozen))
    for element in elements { result.insert(element, try hashKey(element)) }
    return .set(result)
  }

  /// Puts an item into a dict.
  func set(
    _ key: PythonValue, _ value: PythonValue, in dictionary: PythonDictionary
  ) throws(Interruption) {
    try reserveKeys(1)
    dictionary.set(key, try hashKey(key), value)
  }

  func length(of value: PythonValue) throws(Interruption) -> Int {
    switch value {
    case .list(let list): return list.elements.count
    case .tuple(let tuple): return tuple.elements.count
    case .dict(let dictionary): return dictionary.count
    case .set(let set): return set.count
    case .range(let range): return range.count
    case .string(let text):
      try spend(text.utf8.count >> 5)
      return text.unicodeScalars.count
    case .tensor(let tensor):
      guard let first = tensor.shape.first else { throw raise(.typeError, "len() of a 0-d tensor") }
      return first
    case .opaque(let name): throw unknown(name)
    case .type(let type) where type.isEnumeration: return type.enumerated.count
    case .type(let type):
      if let method = metaclassMember("__len__", of: type) {
        return integer(try call(method, Arguments([value]))) ?? 0
      }
    case .instance(let instance):
      if let method = classMember("__len__", of: instance.type) {
        guard let count = integer(try call(method, Arguments([value]))), count >= 0 else {
          throw raise(.valueError, "__len__() should return >= 0")
        }
        return count
      }
      if let payload = instance.payload { return try length(of: payload) }
    default: break
    }
    throw raise(.typeError, "object of type '\(typeName(value))' has no len()")
  }

  /// What the source's own metaclass of a class defines under a name.
  func metaclassMember(_ name: String, of type: PythonClass) -> PythonValue? {
    for candidate in type.metaclass?.resolutionOrder ?? [] where candidate.native == nil {
      if let member = candidate.members[name] { return member }
    }
    return nil
  }
}
