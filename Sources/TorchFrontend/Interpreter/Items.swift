import PythonSyntax

extension Interpreter {
  // MARK: Items

  /// The item of a container under a key: `container[key]`.
  func item(_ container: PythonValue, _ key: PythonValue) throws(Interruption) -> PythonValue {
    switch container {
    case .list(let list):
      if case .slice(let slice) = key { return try self.list(try sliced(list.elements, slice)) }
      guard list.kind == .list || list.isDeque else {
        throw raise(
          .typeError, "'\(list.kind.rawValue)' object is not subscriptable", hint: "make a list of it first")
      }
      return list.elements[try index(key, list.elements.count, list.kind.rawValue)]
    case .tuple(let tuple):
      if case .slice(let slice) = key {
        if case .size = tuple.kind { return try self.tuple(try sliced(tuple.elements, slice), .size) }
        return try self.tuple(try sliced(tuple.elements, slice))
      }
      return tuple.elements[try index(key, tuple.elements.count, "tuple")]
    case .string(let text):
      try reserve(text.utf8.count >> 2)
      let scalars = Array(text.unicodeScalars)
      if case .slice(let slice) = key {
        var part = String.UnicodeScalarView()
        part.append(contentsOf: try positions(slice, scalars.count).map { scalars[$0] })
        return try string(String(part))
      }
      return .string(String(scalars[try index(key, scalars.count, "string")]))
    case .range(let range):
      if case .slice(let slice) = key {
        let part = try resolved(slice, range.count)
        // Also where the next element lies beyond what the range may reach, which no element is.
        let (step, isOver) = range.step.multipliedReportingOverflow(by: part.step)
        guard !isOver, step.magnitude <= 1 << 62 else {
          throw exhausted("an integer beyond 64 bits is not supported", "limit.integer")
        }
        return .range(
          PythonRange(
            start: range.start + part.start * range.step, stop: range.start + part.stop * range.step,
            step: step))
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
        throw missingKey(key, hint: hint)
      }
    case .tensor(let tensor): return try item(.tensor(try subscripted(tensor, key)), ofArray: tensor)
    case .instance(let instance):
      if let method = classMember("__getitem__", of: instance.type) {
        return try call(method, Arguments([container, key]))
      }
      if let payload = instance.payload {
        if case .dict(let dictionary) = payload, let method = classMember("__missing__", of: instance.type),
          dictionary[try hashKey(key)] == nil
        {
          return try call(method, Arguments([container, key]))
        }
        return try item(payload, key)
      }
    case .type(let type):
      if type.isEnumeration {
        if case .string(let name) = key, case .instance(let member)? = type.members[name] {
          return .instance(member)
        }
        throw missingKey(key)
      }
      if let method = metaclassMember("__getitem__", of: type) {
        return try call(method, Arguments([container, key]))
      }
      if case .descriptor(let descriptor)? = classMember("__class_getitem__", of: type) {
        return try call(descriptor.getter, Arguments([container, key]))
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
    if case .instance(let instance) = key, instance.payload == nil,
      let method = classMember("__index__", of: instance.type)
    {
      key = try call(method, Arguments([key]))
    }
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
    if case .opaque(let name) = container {
      note("python.assignment", "the assignment to an item of \(name) is ignored")
      return
    }
    switch container {
    case .list(let list):
      guard list.kind == .list || list.isDeque else {
        throw raise(.typeError, "'\(list.kind.rawValue)' object does not support item assignment")
      }
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
      if let method = classMember("__setitem__", of: instance.type) {
        _ = try call(method, Arguments([container, key, value]))
        return
      }
      guard let payload = instance.payload else { fallthrough }
      try setItem(payload, key, value)
    case .tensor, .type, .none:
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
        throw missingKey(key)
      }
    case .instance(let instance):
      if let method = classMember("__delitem__", of: instance.type) {
        _ = try call(method, Arguments([container, key]))
        return
      }
      guard let payload = instance.payload else { fallthrough }
      try deleteItem(payload, key)
    default: throw raise(.typeError, "'\(typeName(container))' object doesn't support item deletion")
    }
  }
}
