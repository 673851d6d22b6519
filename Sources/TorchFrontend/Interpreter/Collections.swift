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
    case .tensor(let tensor): return try make(.elements(try unbind(tensor, 0).map { .tensor($0) }))
    case .type(let type) where type.isSubclass(ofNative: "enum.Enum"):
      var members: [PythonValue] = []
      for name in type.assigned {
        if case .instance(let member)? = type.members[name] { members.append(.instance(member)) }
      }
      return try make(.elements(members))
    case .opaque(let name): throw unsupported("\(name) is not supported")
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
    if case .instance(let instance) = value, let keys = classMember("keys", of: instance.type) {
      var result: [(key: PythonValue, value: PythonValue)] = []
      for key in try elements(of: try call(keys, Arguments([value]))) {
        result.append((key, try item(value, key)))
      }
      return result
    }
    throw raise(.typeError, "'\(typeName(value))' object is not a mapping")
  }

  func set(of elements: [PythonValue]) throws(Interruption) -> PythonValue {
    try reserve(elements.count + 4)
    let result = heap.adopt(PythonSet())
    for element in elements { result.insert(element, try hashKey(element)) }
    return .set(result)
  }

  /// Puts an item into a dict.
  func set(
    _ key: PythonValue, _ value: PythonValue, in dictionary: PythonDictionary
  ) throws(Interruption) {
    try reserve(1)
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
    case .opaque(let name): throw unsupported("\(name) is not supported")
    case .type(let type) where type.isSubclass(ofNative: "enum.Enum"):
      return try elements(of: value).count
    case .instance(let instance):
      if let method = classMember("__len__", of: instance.type) {
        guard let count = integer(try call(method, Arguments([value]))), count >= 0 else {
          throw raise(.valueError, "__len__() should return >= 0")
        }
        return count
      }
    default: break
    }
    throw raise(.typeError, "object of type '\(typeName(value))' has no len()")
  }

  // MARK: Items

  /// The item of a container under a key: `container[key]`.
  func item(_ container: PythonValue, _ key: PythonValue) throws(Interruption) -> PythonValue {
    switch container {
    case .list(let list):
      if case .slice(let slice) = key { return try self.list(try sliced(list.elements, slice)) }
      return list.elements[try index(key, list.elements.count, "list")]
    case .tuple(let tuple):
      if case .slice(let slice) = key {
        if case .size = tuple.kind { return try self.tuple(try sliced(tuple.elements, slice), .size) }
        return try self.tuple(try sliced(tuple.elements, slice))
      }
      return tuple.elements[try index(key, tuple.elements.count, "tuple")]
    case .string(let text):
      try reserve(text.utf8.count >> 2)
      let scalars = text.unicodeScalars.map { String($0) }
      if case .slice(let slice) = key {
        return try string(try positions(slice, scalars.count).map { scalars[$0] }.joined())
      }
      return .string(scalars[try index(key, scalars.count, "string")])
    case .range(let range):
      if case .slice(let slice) = key {
        return try list(try positions(slice, range.count).map { .int(range[$0]) })
      }
      return .int(range[try index(key, range.count, "range object")])
    case .dict(let dictionary):
      let hash = try hashKey(key)
      if let value = dictionary[hash] { return value }
      switch dictionary.kind {
      case .defaulting(let factory):
        let value = try call(factory, Arguments())
        try set(key, value, in: dictionary)
        return value
      case .counter: return .int(0)
      default:
        var names: [String] = []
        if dictionary.count <= 16 {
          for case .string(let name) in dictionary.keys { names.append(name) }
        }
        var hint: String?
        if case .string(let name) = key {
          hint = suggestion(for: name, among: names)
        }
        throw raise(.keyError, try representation(of: key), hint: hint)
      }
    case .tensor(let tensor): return .tensor(try subscripted(tensor, key))
    case .instance(let instance):
      if let method = classMember("__getitem__", of: instance.type) {
        return try call(method, Arguments([container, key]))
      }
    case .type(let type):
      if type.isSubclass(ofNative: "enum.Enum"), case .string(let name) = key, let member = type.members[name]
      {
        return member
      }
      // `list[int]`, `Generic[T]`: annotations mean nothing here.
      return container
    case .opaque(let name): return .opaque(name)
    default: break
    }
    throw raise(.typeError, "'\(typeName(container))' object is not subscriptable")
  }

  /// A Python index as an offset within `0 ..< count`.
  func index(_ key: PythonValue, _ count: Int, _ type: String) throws(Interruption) -> Int {
    var key = key
    if case .tensor(let tensor) = key { key = .int(try integer(of: tensor, "an index")) }
    guard let index = integer(key) else {
      throw raise(.typeError, "\(type) indices must be integers or slices, not \(typeName(key))")
    }
    let offset = index < 0 ? index &+ count : index
    guard offset >= 0, offset < count else { throw raise(.indexError, "\(type) index out of range") }
    return offset
  }

  /// The offsets that a slice selects out of `count`.
  func positions(_ slice: PythonSlice, _ count: Int) throws(Interruption) -> [Int] {
    let range = try resolved(slice, count)
    try reserve(range.count)
    return (0..<range.count).map { range[$0] }
  }

  /// The offsets that a slice selects out of `count`, as `slice.indices` gives them.
  func resolved(_ slice: PythonSlice, _ count: Int) throws(Interruption) -> PythonRange {
    let step = try bound(slice.step) ?? 1
    guard step != 0 else { throw raise(.valueError, "slice step cannot be zero") }
    let low = step > 0 ? 0 : -1
    let high = step > 0 ? count : count - 1
    func clamp(_ value: Int) -> Int {
      let offset = value < 0 ? value &+ count : value
      return min(max(offset, low), high)
    }
    let start = try bound(slice.start).map(clamp) ?? (step > 0 ? 0 : count - 1)
    let stop = try bound(slice.stop).map(clamp) ?? (step > 0 ? count : -1)
    return PythonRange(start: start, stop: stop, step: min(max(step, -(1 << 40)), 1 << 40))
  }

  private func bound(_ value: PythonValue) throws(Interruption) -> Int? {
    if isNone(value) { return nil }
    if case .tensor(let tensor) = value { return try integer(of: tensor, "a slice bound") }
    guard let bound = integer(value) else {
      throw raise(.typeError, "slice indices must be integers or None or have an __index__ method")
    }
    return min(max(bound, -(1 << 60)), 1 << 60)
  }

  private func sliced(_ elements: [PythonValue], _ slice: PythonSlice) throws(Interruption) -> [PythonValue] {
    try positions(slice, elements.count).map { elements[$0] }
  }

  /// Sets the item of a container under a key: `container[key] = value`.
  func setItem(_ container: PythonValue, _ key: PythonValue, _ value: PythonValue) throws(Interruption) {
    switch container {
    case .list(let list):
      guard case .slice(let slice) = key else {
        list.elements[try index(key, list.elements.count, "list assignment")] = value
        return
      }
      let range = try resolved(slice, list.elements.count)
      let values = try elements(of: value)
      try reserve(values.count)
      if range.step == 1 {
        list.elements.replaceSubrange(range.start..<max(range.start, range.stop), with: values)
      } else {
        guard values.count == range.count else {
          throw raise(
            .valueError,
            "attempt to assign sequence of size \(values.count) to extended slice of size \(range.count)")
        }
        for (index, value) in values.enumerated() { list.elements[range[index]] = value }
      }
      guard list.elements.count <= limits.collectionSize else {
        throw exhausted("a list is too large", "limit.collection")
      }
    case .dict(let dictionary): try set(key, value, in: dictionary)
    case .instance(let instance):
      guard let method = classMember("__setitem__", of: instance.type) else { fallthrough }
      _ = try call(method, Arguments([container, key, value]))
    case .tensor, .type, .opaque, .none:
      if case .tensor(let tensor) = container {
        try setItem(tensor, key, value)
        return
      }
      fallthrough
    default: throw raise(.typeError, "'\(typeName(container))' object does not support item assignment")
    }
  }

  func deleteItem(_ container: PythonValue, _ key: PythonValue) throws(Interruption) {
    switch container {
    case .list(let list):
      guard case .slice(let slice) = key else {
        list.elements.remove(at: try index(key, list.elements.count, "list assignment"))
        return
      }
      try spend(list.elements.count >> 3)
      let dropped = Set(try positions(slice, list.elements.count))
      list.elements = list.elements.enumerated().filter { !dropped.contains($0.offset) }.map(\.element)
    case .dict(let dictionary):
      guard dictionary.remove(try hashKey(key)) != nil else {
        throw raise(.keyError, try representation(of: key))
      }
    case .instance(let instance):
      guard let method = classMember("__delitem__", of: instance.type) else { fallthrough }
      _ = try call(method, Arguments([container, key]))
    default: throw raise(.typeError, "'\(typeName(container))' object doesn't support item deletion")
    }
  }
}
