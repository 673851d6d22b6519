import PythonSyntax

extension Interpreter {
  func compare(
    _ operation: ComparisonOperator, _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> PythonValue {
    switch operation {
    case .is: return .bool(isSame(left, right))
    case .isNot: return .bool(!isSame(left, right))
    case .in: return .bool(try contains(right, left))
    case .notIn: return .bool(try !contains(right, left))
    default: break
    }
    switch (left, right) {
    case (.tensor, .none), (.none, .tensor): break
    case (.tensor, _), (_, .tensor): return try tensorComparison(operation, left, right)
    default: break
    }
    switch operation {
    case .equal: return .bool(try areEqual(left, right))
    case .notEqual: return .bool(try !areEqual(left, right))
    case .less: return .bool(try isLess(left, right, "<"))
    case .greater: return .bool(try isLess(right, left, ">"))
    case .lessOrEqual: return .bool(try isLessOrEqual(left, right, "<="))
    default: return .bool(try isLessOrEqual(right, left, ">="))
    }
  }

  private func isLessOrEqual(
    _ left: PythonValue, _ right: PythonValue, _ symbol: String
  ) throws(Interruption) -> Bool {
    if let (a, b) = numbers(left, right) { return a <= b }
    if case .int(let a) = left, case .int(let b) = right { return a <= b }
    let (own, reflected) = symbol == ">=" ? ("__ge__", "__le__") : ("__le__", "__ge__")
    if let result = try ordered(symbol == ">=" ? right : left, symbol == ">=" ? left : right, own, reflected)
    {
      return result
    }
    if case .set(let a) = left, case .set(let b) = right {
      try spend(a.count)
      return a.count <= b.count && a.items.allSatisfy { b.contains($0.hash) }
    }
    if try isLess(left, right, symbol) { return true }
    return try areEqual(left, right)
  }

  /// What the operands' own comparison says; nil where they have none.
  private func ordered(
    _ left: PythonValue, _ right: PythonValue, _ own: String, _ reflected: String
  ) throws(Interruption) -> Bool? {
    if case .instance(let instance) = left {
      if let method = classMember(own, of: instance.type) {
        let result = try call(method, Arguments([left, right]))
        if case .notImplemented = result {} else { return try isTrue(result) }
      }
      if instance.type.dataclass?.isOrdered ?? false, let (a, b) = try comparedFields(instance, right) {
        let (x, y) = (try tuple(a), try tuple(b))
        switch own {
        case "__lt__": return try isLess(x, y)
        case "__gt__": return try isLess(y, x)
        case "__le__": return try !isLess(y, x)
        default: return try !isLess(x, y)
        }
      }
    }
    if case .instance(let instance) = right, let method = classMember(reflected, of: instance.type) {
      let result = try call(method, Arguments([right, left]))
      if case .notImplemented = result {} else { return try isTrue(result) }
    }
    return nil
  }

  /// Both as floats, where at least one is and both are numbers.
  private func numbers(_ left: PythonValue, _ right: PythonValue) -> (Double, Double)? {
    guard let a = double(left), let b = double(right) else { return nil }
    if case .float = left { return (a, b) }
    if case .float = right { return (a, b) }
    return nil
  }

  /// A number's value as a float; nil for what is no number.
  func double(_ value: PythonValue) -> Double? {
    switch value {
    case .int(let value): Double(value)
    case .float(let value): value
    case .bool(let value): value ? 1 : 0
    case .instance(let instance): instance.payload.flatMap { double($0) }
    default: nil
    }
  }

  /// An integer's value; nil for what is no integer.
  func integer(_ value: PythonValue) -> Int? {
    switch value {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    case .instance(let instance): instance.payload.flatMap { integer($0) }
    default: nil
    }
  }

  /// Whether `left` sorts before `right`.
  func isLess(
    _ left: PythonValue, _ right: PythonValue, _ symbol: String = "<"
  ) throws(Interruption) -> Bool {
    if let (a, b) = numbers(left, right) { return a < b }
    if let a = integer(left), let b = integer(right) { return a < b }
    switch (left, right) {
    case (.string(let a), .string(let b)):
      try spend(min(a.utf8.count, b.utf8.count) >> 5)
      return a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
    case (.tensor, _), (_, .tensor): return try isTrue(try tensorComparison(.less, left, right))
    case (.list(let a), .list(let b)): return try isLess(a.elements, b.elements, symbol)
    case (.tuple(let a), .tuple(let b)): return try isLess(a.elements, b.elements, symbol)
    case (.set(let a), .set(let b)):
      try spend(a.count)
      return a.count < b.count && a.items.allSatisfy { b.contains($0.hash) }
    case (.opaque(let name), _), (_, .opaque(let name)): throw unknown(name)
    case (.instance, _), (_, .instance):
      let result =
        try symbol.hasPrefix(">")
        ? ordered(right, left, "__gt__", "__lt__") : ordered(left, right, "__lt__", "__gt__")
      if let result { return result }
      let (a, b) = (plain(left), plain(right))
      switch (a, b) {
      case (.instance, _), (_, .instance): break
      default: return try isLess(a, b, symbol)
      }
    default: break
    }
    throw raise(
      .typeError,
      "'\(symbol)' not supported between instances of '\(typeName(left))' and '\(typeName(right))'")
  }

  private func isLess(
    _ left: [PythonValue], _ right: [PythonValue], _ symbol: String
  ) throws(Interruption) -> Bool {
    try enter()
    defer { leave() }
    for (a, b) in zip(left, right) where try !areEqual(a, b) { return try isLess(a, b, symbol) }
    return left.count < right.count
  }

  /// Python's `is`.
  func isSame(_ left: PythonValue, _ right: PythonValue) -> Bool {
    switch (left, right) {
    case (.none, .none), (.ellipsis, .ellipsis), (.notImplemented, .notImplemented): true
    case (.bool(let a), .bool(let b)): a == b
    case (.int(let a), .int(let b)): a == b
    case (.float(let a), .float(let b)): a == b
    case (.string(let a), .string(let b)): a.isIdentical(b)
    case (.list(let a), .list(let b)): a === b
    case (.tuple(let a), .tuple(let b)): a === b
    case (.dict(let a), .dict(let b)): a === b
    case (.set(let a), .set(let b)): a === b
    case (.function(let a), .function(let b)): a === b
    case (.native(let a), .native(let b)): a === b
    case (.type(let a), .type(let b)): a === b
    case (.instance(let a), .instance(let b)): a === b
    case (.tensor(let a), .tensor(let b)): a === b
    case (.namespace(let a), .namespace(let b)): a.name == b.name
    case (.iterator(let a), .iterator(let b)): a === b
    case (.dataType(let a), .dataType(let b)): a == b
    case (.opaque(let a), .opaque(let b)): a == b
    case (.range(let a), .range(let b)): a == b
    default: false
    }
  }

  /// Python's `==`, but for tensors.
  func areEqual(_ left: PythonValue, _ right: PythonValue) throws(Interruption) -> Bool {
    try spend(1)
    if let a = double(left), let b = double(right) {
      if let x = integer(left), let y = integer(right) { return x == y }
      return a == b
    }
    switch (left, right) {
    case (.string(let a), .string(let b)):
      try spend(min(a.utf8.count, b.utf8.count) >> 5)
      return a.isIdentical(b)
    case (.list(let a), .list(let b)):
      if a.isSetLike, b.isSetLike { return try areEqual(try set(of: a.elements), try set(of: b.elements)) }
      guard a.kind == b.kind else { return false }
      return try areEqual(a.elements, b.elements)
    case (.list(let a), .set) where a.isSetLike: return try areEqual(try set(of: a.elements), right)
    case (.set, .list(let b)) where b.isSetLike: return try areEqual(left, try set(of: b.elements))
    case (.tuple(let a), .tuple(let b)): return try areEqual(a.elements, b.elements)
    case (.set(let a), .set(let b)):
      try spend(a.count)
      return a.count == b.count && a.items.allSatisfy { b.contains($0.hash) }
    case (.dict(let a), .dict(let b)):
      guard a.count == b.count else { return false }
      try enter()
      defer { leave() }
      try spend(a.count)
      for item in a.items {
        guard let other = b[item.hash], try areEqual(item.value, other) else { return false }
      }
      return true
    case (.device(let a), .device(let b)): return a == b
    case (.device(let a), .string(let b)), (.string(let b), .device(let a)): return a == b
    case (.method(let a), .method(let b)):
      return isSame(a.receiver, b.receiver) && isSame(a.function, b.function)
    case (.instance(let instance), _):
      if let method = classMember("__eq__", of: instance.type) {
        let result = try call(method, Arguments([left, right]))
        if case .notImplemented = result {} else { return try isTrue(result) }
        return isSame(left, right)
      }
      if let (a, b) = try comparedFields(instance, right) { return try areEqual(a, b) }
      if case .instance(let other) = right, classMember("__eq__", of: other.type) != nil {
        return try areEqual(right, left)
      }
      if let payload = instance.payload { return try areEqual(payload, plain(right)) }
      return isSame(left, right)
    case (_, .instance): return try areEqual(right, left)
    case (.opaque(let name), .opaque(let other)) where name == other: return true
    case (.opaque(let name), _) where !isNone(right): throw unknown(name)
    case (_, .opaque(let name)) where !isNone(left): throw unknown(name)
    case (.iterator, _), (_, .iterator): return isSame(left, right)
    default: return isSame(left, right)
    }
  }

  private func areEqual(_ left: [PythonValue], _ right: [PythonValue]) throws(Interruption) -> Bool {
    guard left.count == right.count else { return false }
    try enter()
    defer { leave() }
    for (a, b) in zip(left, right) {
      try spend(1)
      if isSame(a, b) { continue }
      guard try areEqual(a, b) else { return false }
    }
    return true
  }

  func isNone(_ value: PythonValue) -> Bool { if case .none = value { true } else { false } }

  /// Python's `element in container`.
  func contains(_ container: PythonValue, _ element: PythonValue) throws(Interruption) -> Bool {
    switch container {
    case .dict(let dictionary): return dictionary[try hashKey(element)] != nil
    case .set(let set): return set.contains(try hashKey(element))
    case .string(let text):
      guard case .string(let part) = plain(element) else {
        throw raise(
          .typeError, "'in <string>' requires string as left operand, not \(typeName(element))")
      }
      return try offset(of: part, in: text) != nil
    case .range(let range):
      guard let number = integer(element), range.count > 0 else { return false }
      let low = min(range.start, range[range.count - 1])
      let high = max(range.start, range[range.count - 1])
      return number >= low && number <= high && (number - range.start) % range.step == 0
    case .instance(let instance):
      if let method = classMember("__contains__", of: instance.type) {
        return try isTrue(try call(method, Arguments([container, element])))
      }
      if let answer = flagContains(instance, element) { return answer }
      if let payload = instance.payload, classMember("__iter__", of: instance.type) == nil {
        return try contains(payload, element)
      }
    case .type(let type) where type.isEnumeration:
      if case .instance(let member) = element { return member.type === type }
    case .type(let type):
      if let method = metaclassMember("__contains__", of: type) {
        return try isTrue(try call(method, Arguments([container, element])))
      }
    case .iterator(let iterator):
      while let candidate = try next(iterator) {
        if isSame(candidate, element) { return true }
        if try areEqual(candidate, element) { return true }
      }
      return false
    default: break
    }
    for candidate in try elements(of: container) {
      if isSame(candidate, element) { return true }
      if try areEqual(candidate, element) { return true }
    }
    return false
  }

  /// What makes a value the same key as another.
  func hashKey(_ value: PythonValue) throws(Interruption) -> HashKey {
    switch value {
    case .none: return .none
    case .ellipsis: return .ellipsis
    case .bool(let value): return .int(value ? 1 : 0)
    case .int(let value): return .int(value)
    case .float(let value): return Int(exactly: value).map { .int($0) } ?? .float(value)
    case .string(let value):
      try spend(value.utf8.count >> 5)
      return .string(value)
    case .tuple(let tuple):
      try enter()
      defer { leave() }
      var keys: [HashKey] = []
      for element in tuple.elements { keys.append(try hashKey(element)) }
      try spend(keys.count)
      return .tuple(keys)
    case .function(let object): return .identity(ObjectIdentifier(object))
    case .native(let object): return .identity(ObjectIdentifier(object))
    case .type(let object): return .identity(ObjectIdentifier(object))
    case .instance(let object): return try hashKey(ofInstance: object)
    case .set(let set) where set.isFrozen:
      try spend(set.count)
      return .set(Set(set.items.map(\.hash)))
    case .method(let method):
      return .tuple([try hashKey(method.receiver), try hashKey(method.function)])
    case .iterator(let object): return .identity(ObjectIdentifier(object))
    case .partial(let object): return .identity(ObjectIdentifier(object))
    case .descriptor(let object): return .identity(ObjectIdentifier(object))
    case .notImplemented: return .name("NotImplemented")
    case .tensor(let object): return .identity(ObjectIdentifier(object))
    case .namespace(let object): return .name("module " + object.name)
    case .dataType(let type): return .name("dtype " + type.rawValue)
    case .device(let name): return .name("device " + name)
    case .opaque(let name): return .name("opaque " + name)
    case .range(let range): return .tuple([.int(range.start), .int(range.stop), .int(range.step)])
    default: throw raise(.typeError, "unhashable type: '\(typeName(value))'")
    }
  }

  private func hashKey(ofInstance instance: PythonInstance) throws(Interruption) -> HashKey {
    let equality = classMember("__eq__", of: instance.type)
    if let method = classMember("__hash__", of: instance.type), !isNone(method) {
      guard let hash = integer(try call(method, Arguments([.instance(instance)]))) else {
        throw raise(.typeError, "__hash__ method should return an integer")
      }
      guard equality != nil || instance.payload != nil else { return .identity(ObjectIdentifier(instance)) }
      for known in equatableKeys[hash] ?? [] {
        try spend(1)
        if known === instance { return .identity(ObjectIdentifier(known)) }
        if try areEqual(.instance(known), .instance(instance)) { return .identity(ObjectIdentifier(known)) }
      }
      try reserve(4)
      equatableKeys[hash, default: []].append(instance)
      return .identity(ObjectIdentifier(instance))
    }
    if let options = instance.type.dataclass, options.isComparable, equality == nil {
      guard options.isFrozen, let (fields, _) = try comparedFields(instance, .instance(instance)) else {
        throw raise(.typeError, "unhashable type: '\(instance.type.name)'")
      }
      try enter()
      defer { leave() }
      var keys: [HashKey] = [.identity(ObjectIdentifier(instance.type))]
      for field in fields { keys.append(try hashKey(field)) }
      return .tuple(keys)
    }
    guard equality == nil || instance.type.isModule else {
      throw raise(.typeError, "unhashable type: '\(instance.type.name)'")
    }
    if let payload = instance.payload { return try hashKey(payload) }
    return .identity(ObjectIdentifier(instance))
  }

  /// The offset in bytes at which a text first occurs in another at or behind `start`.
  func offset(of part: String, in text: String, from start: Int = 0) throws(Interruption) -> Int? {
    try spend((text.utf8.count * (part.utf8.count + 1)) >> 6)
    let text = Array(text.utf8)
    let wanted = Array(part.utf8)
    guard let first = wanted.first else { return start <= text.count ? start : nil }
    guard text.count >= wanted.count, start >= 0, start <= text.count - wanted.count else { return nil }
    return (start...(text.count - wanted.count)).first { offset in
      text[offset] == first && text[offset..<(offset + wanted.count)].elementsEqual(wanted)
    }
  }
}

extension String {
  /// Whether both have the same code points, as Python compares; Swift's `==` takes canonically equivalent
  /// text for equal.
  fileprivate func isIdentical(_ other: String) -> Bool {
    utf8.count == other.utf8.count && self == other && utf8.elementsEqual(other.utf8)
  }
}
