/// `isinstance` and `issubclass`, also for the abstract classes of `collections.abc`, `typing` and `numbers`.
extension Interpreter {
  func isInstance(_ value: PythonValue, _ classes: PythonValue) throws(Interruption) -> Bool {
    try enter()
    defer { leave() }
    switch classes {
    case .type(let type):
      if case .opaque(let name) = value { throw unknown(name) }
      if let name = type.native?.abstractName { return try isAbstractInstance(value, name, type) }
      if let method = metaclassMember("__instancecheck__", of: type) {
        return try isTrue(try call(method, Arguments([classes, value])))
      }
      if type.isProtocol { return try followsProtocol(value, type) }
      return classOf(value).isSubclass(of: type)
    case .tuple(let tuple):
      for type in tuple.elements where try isInstance(value, type) { return true }
      return false
    case .none: return isNone(value)
    // What an unknown package defines, nothing here is made of.
    case .opaque: return false
    default: throw raise(.typeError, "isinstance() arg 2 must be a type, a tuple of types, or a union")
    }
  }

  func isSubclass(_ type: PythonClass, _ classes: PythonValue) throws(Interruption) -> Bool {
    try enter()
    defer { leave() }
    switch classes {
    case .type(let other): return type.isSubclass(of: other)
    case .tuple(let tuple):
      for other in tuple.elements where try isSubclass(type, other) { return true }
      return false
    case .opaque: return false
    default: throw raise(.typeError, "issubclass() arg 2 must be a class or a tuple of classes")
    }
  }

  /// Whether a value has all members of a protocol of the source that is checked when the program runs.
  private func followsProtocol(_ value: PythonValue, _ type: PythonClass) throws(Interruption) -> Bool {
    guard type.resolutionOrder.contains(where: { $0.members["_is_runtime_protocol"] != nil }) else {
      throw raise(
        .typeError,
        "Instance and class checks can only be used with @runtime_checkable protocols")
    }
    let valueType = classOf(value)
    if valueType.isSubclass(of: type) { return true }
    for candidate in type.resolutionOrder where candidate.isProtocol {
      try spend(candidate.members.count)
      for name in candidate.members.keys + candidate.fields where name != "_is_runtime_protocol" {
        guard !["__init__", "__doc__", "__module__", "__slots__", "__annotations__"].contains(name) else {
          continue
        }
        if classMember(name, of: valueType) != nil { continue }
        guard case .instance(let instance) = value,
          instance.attributes[name] ?? instance.module?.value(name) != nil
        else { return false }
      }
    }
    return true
  }

  private func isAbstractInstance(
    _ value: PythonValue, _ name: String, _ type: PythonClass
  ) throws(Interruption) -> Bool {
    if classOf(value).isSubclass(of: type) { return true }
    if case .instance(let instance) = value {
      let methods = Self.abstractMethods[name] ?? []
      if !methods.isEmpty, methods.allSatisfy({ classMember($0, of: instance.type) != nil }) { return true }
      return try instance.payload.map { (payload) throws(Interruption) in
        try isAbstractInstance(payload, name, type)
      } ?? (name == "Hashable" || name == "Any")
    }
    let isMutable: Bool
    switch value {
    case .list, .dict: isMutable = true
    case .set(let set): isMutable = !set.isFrozen
    default: isMutable = false
    }
    let kinds: Set<String>
    switch value {
    case .list:
      kinds = [
        "Iterable", "Sequence", "MutableSequence", "Collection", "Sized", "Container", "Reversible", "List",
      ]
    case .tuple:
      kinds = ["Iterable", "Sequence", "Collection", "Sized", "Container", "Reversible", "Hashable", "Tuple"]
    case .range, .string:
      kinds = ["Iterable", "Sequence", "Collection", "Sized", "Container", "Reversible", "Hashable"]
    case .dict:
      kinds = [
        "Iterable", "Mapping", "MutableMapping", "Collection", "Sized", "Container", "Reversible", "Dict",
      ]
    case .set: kinds = ["Iterable", "Set", "MutableSet", "AbstractSet", "Collection", "Sized", "Container"]
    case .tensor: kinds = ["Iterable", "Sized", "Container", "Hashable"]
    case .iterator(let iterator):
      if case .generator = iterator.source {
        return ["Iterable", "Iterator", "Generator", "Hashable"].contains(name)
      }
      kinds = ["Iterable", "Iterator", "Hashable"]
    case .native, .function, .method, .partial: kinds = ["Callable", "Hashable"]
    case .type(let type):
      kinds =
        type.isEnumeration
        ? ["Callable", "Hashable", "Iterable", "Sized"] : ["Callable", "Hashable", "Type"]
    case .int, .bool:
      kinds = [
        "Hashable", "Number", "Complex", "Real", "Rational", "Integral", "SupportsInt", "SupportsFloat",
      ]
    case .float: kinds = ["Hashable", "Number", "Complex", "Real", "SupportsInt", "SupportsFloat"]
    default: kinds = ["Hashable"]
    }
    if name == "MutableSet" { return isMutable && kinds.contains(name) }
    return name == "Any" || kinds.contains(name)
  }

  /// The methods that make a class one of the abstract ones.
  private static let abstractMethods: [String: [String]] = [
    "Iterable": ["__iter__"], "Iterator": ["__iter__", "__next__"], "Sized": ["__len__"],
    "Container": ["__contains__"], "Callable": ["__call__"],
    "Collection": ["__len__", "__iter__", "__contains__"],
  ]

  /// Iterators over each of several values.
  func iterators(_ values: [PythonValue]) throws(Interruption) -> [PythonIterator] {
    var sources: [PythonIterator] = []
    for value in values { sources.append(try iterate(value)) }
    return sources
  }

  func unevenZip(_ index: Int, _ comparison: String) -> Interruption {
    let others = index == 1 ? "argument 1" : "arguments 1-\(index)"
    return raise(.valueError, "zip() argument \(index + 1) is \(comparison) than \(others)")
  }

  /// The elements for which a function says true, or false.
  func filtered(
    _ function: PythonValue, _ iterable: PythonValue, keeping wanted: Bool
  ) throws(Interruption) -> PythonValue {
    let source = try iterate(iterable)
    return try iterator(
      .computed { [self] () throws(Interruption) in
        while let element = try next(source) {
          let test = try isNone(function) ? element : call(function, Arguments([element]))
          if try isTrue(test) == wanted { return element }
        }
        return nil
      })
  }

  /// An integer rounded to tens, hundreds and so on, halves to even.
  static func rounded(_ value: Int, _ digits: Int) -> Int {
    guard digits < 0 else { return value }
    guard digits > -19 else { return 0 }
    var unit = 1
    for _ in 0..<(-digits) { unit *= 10 }
    let (quotient, remainder) = (value / unit, value % unit)
    let double = remainder.magnitude.multipliedReportingOverflow(by: 2)
    let isUp =
      double.overflow || double.partialValue > UInt(unit)
      || (double.partialValue == UInt(unit) && !quotient.isMultiple(of: 2))
    return (quotient + (isUp ? value.signum() : 0)).multipliedReportingOverflow(by: unit).partialValue
  }
}

extension NativeClass {
  /// Its name, where values are instances by what they can do.
  fileprivate var abstractName: String? {
    for module in ["collections.abc.", "typing.", "numbers."] where qualifiedName.hasPrefix(module) {
      let name = String(qualifiedName.dropFirst(module.count))
      return ["NamedTuple", "TypedDict", "Protocol", "Generic"].contains(name) ? nil : name
    }
    return nil
  }
}
