import PythonSyntax

/// Enumerations: their members, and flags that are combined.
extension Interpreter {
  /// Makes members of what the body of an enumeration assigns.
  func makeMembers(ofEnumeration type: PythonClass) throws(Interruption) {
    for name in type.assigned {
      guard !name.hasPrefix("__"), !(name.hasPrefix("_") && name.hasSuffix("_")),
        var value = type.members[name]
      else { continue }
      switch value {
      case .function, .descriptor, .native: continue
      case .instance(let member)
      where member.type.native?.qualifiedName == "enum.member"
        || member.type.native?.qualifiedName == "enum.nonmember":
        let inner = member.attributes["value"] ?? .none
        if member.type.native?.qualifiedName == "enum.nonmember" {
          type.members[name] = inner
          continue
        }
        value = inner
      default: break
      }
      if let other = try member(of: type, withValue: value) {
        type.members[name] = .instance(other)
        continue
      }
      type.members[name] = .instance(try makeMember(name, value, of: type))
      type.enumerated.append(name)
    }
  }

  /// What `auto()` stands for in the body of an enumeration.
  func automaticValue(
    _ name: String, of type: PythonClass, _ body: Scope
  ) throws(Interruption) -> PythonValue {
    var values: [PythonValue] = []
    for name in body.order where !name.hasPrefix("_") {
      switch body.variables[name] {
      case nil, .function?, .descriptor?, .native?: continue
      case let value?: values.append(value)
      }
    }
    try spend(values.count)
    if var method = body.variables["_generate_next_value_"] {
      if case .descriptor(let descriptor) = method { method = descriptor.getter }
      return try call(
        method, Arguments([.string(name), .int(1), .int(values.count), try list(values)]))
    }
    for candidate in type.resolutionOrder where candidate.native == nil {
      guard var method = candidate.members["_generate_next_value_"] else { continue }
      if case .descriptor(let descriptor) = method { method = descriptor.getter }
      return try call(
        method, Arguments([.string(name), .int(1), .int(values.count), try list(values)]))
    }
    if type.isSubclass(ofNative: "enum.StrEnum") { return .string(name.lowercased()) }
    var highest: Int?
    for value in values { if let number = integer(value) { highest = max(highest ?? number, number) } }
    guard type.isSubclass(ofNative: "enum.Flag") else { return try binary(.add, .int(highest ?? 0), .int(1)) }
    guard let highest, highest > 0 else { return .int(1) }
    return try binary(.leftShift, .int(1), .int(Int.bitWidth - highest.leadingZeroBitCount))
  }

  private func makeMember(
    _ name: String, _ value: PythonValue, of type: PythonClass
  ) throws(Interruption) -> PythonInstance {
    let arguments: [PythonValue] = if case .tuple(let tuple) = value { tuple.elements } else { [value] }
    var member = try instance(of: type)
    var value = value
    if let constructor = type.constructor {
      let made = try call(constructor, Arguments([.type(type)] + arguments))
      guard case .instance(let instance) = made else {
        throw raise(.typeError, "__new__ of the enumeration \(type.name) must make a member")
      }
      member = instance
      value = instance.attributes["_value_"] ?? value
    } else if let construct = type.extended?.construct {
      member.payload = try call(construct, Arguments(arguments))
      if arguments.count > 1 || !type.isSubclass(ofNative: "enum.Flag") { value = member.payload ?? value }
    }
    for (attribute, content) in [
      ("_name_", PythonValue.string(name)), ("name", .string(name)), ("_value_", value), ("value", value),
    ] { member.set(attribute, content) }
    if let initializer = classMember("__init__", of: type), case .function = initializer {
      _ = try call(initializer, Arguments([.instance(member)] + arguments))
      if let changed = member.attributes["_value_"] { member.set("value", changed) }
    }
    return member
  }

  /// The members of an enumeration, each once.
  func members(ofEnumeration type: PythonClass) -> [PythonValue] {
    type.enumerated.compactMap { type.members[$0] }
  }

  private func member(
    of type: PythonClass, withValue wanted: PythonValue
  ) throws(Interruption) -> PythonInstance? {
    for case .instance(let member) in members(ofEnumeration: type) {
      guard let value = member.attributes["value"] else { continue }
      if try areEqual(value, wanted) { return member }
    }
    return nil
  }

  /// What calling an enumeration gives: the member with a value.
  func enumerationMember(of type: PythonClass, _ arguments: Arguments) throws(Interruption) -> PythonValue {
    guard let wanted = arguments.positional.first else {
      throw raise(.typeError, "\(type.name)() missing 1 required positional argument: 'value'")
    }
    guard arguments.positional.count == 1 else {
      throw unsupported("making an enumeration by a call is not supported", hint: "write it as a class")
    }
    if case .instance(let instance) = wanted, instance.type === type { return wanted }
    if let member = try member(of: type, withValue: wanted) { return .instance(member) }
    if type.isSubclass(ofNative: "enum.Flag"), let bits = integer(plain(wanted)) {
      return try flag(bits, of: type)
    }
    if let method = classMember("_missing_", of: type), case .descriptor(let descriptor) = method {
      let value = try call(descriptor.getter, Arguments([.type(type), wanted]))
      if case .instance = value { return value }
    }
    throw raise(.valueError, "\(try representation(of: wanted)) is not a valid \(type.name)")
  }

  // MARK: Flags

  private func flag(_ bits: Int, of type: PythonClass) throws(Interruption) -> PythonValue {
    if let known = try member(of: type, withValue: .int(bits)) { return .instance(known) }
    if let known = type.combinedFlags[bits] { return .instance(known) }
    var (rest, names): (Int, [String]) = (bits, [])
    for case .instance(let member) in members(ofEnumeration: type) {
      guard let value = integer(plain(member.attributes["value"] ?? .none)), value != 0,
        bits & value == value,
        value & (value &- 1) == 0, case .string(let name)? = member.attributes["name"]
      else { continue }
      names.append(name)
      rest &= ~value
    }
    guard rest == 0 || type.extended != nil else {
      throw raise(.valueError, "\(bits) is not a valid \(type.name)")
    }
    let combined = try instance(of: type)
    let name: PythonValue = names.isEmpty ? .none : .string(names.joined(separator: "|"))
    for (attribute, content) in [
      ("_name_", name), ("name", name), ("_value_", .int(bits)), ("value", .int(bits)),
    ] { combined.set(attribute, content) }
    if type.extended != nil { combined.payload = .int(bits) }
    type.combinedFlags[bits] = combined
    return .instance(combined)
  }

  private func flagBits(_ value: PythonValue) -> Int? {
    guard case .instance(let instance) = value, instance.type.isSubclass(ofNative: "enum.Flag") else {
      return nil
    }
    return instance.attributes["value"].flatMap { integer($0) }
  }

  /// `a | b` and its kin for flags; nil where the operands are others.
  func flagBinary(
    _ operation: BinaryOperator, _ left: PythonInstance, _ right: PythonValue
  ) throws(Interruption) -> PythonValue? {
    guard let a = flagBits(.instance(left)) else { return nil }
    let b: Int
    if case .instance(let other) = right, other.type === left.type, let bits = flagBits(right) {
      b = bits
    } else if left.type.extended != nil, let bits = integer(plain(right)) {
      b = bits
    } else {
      return nil
    }
    switch operation {
    case .bitOr: return try flag(a | b, of: left.type)
    case .bitAnd: return try flag(a & b, of: left.type)
    case .bitXor: return try flag(a ^ b, of: left.type)
    default: return nil
    }
  }

  /// `~flag`: all other bits that the enumeration names.
  func invertedFlag(_ instance: PythonInstance) throws(Interruption) -> PythonValue? {
    guard let bits = flagBits(.instance(instance)) else { return nil }
    var all = 0
    for member in members(ofEnumeration: instance.type) { all |= flagBits(member) ?? 0 }
    return try flag(all & ~bits, of: instance.type)
  }

  /// Whether a flag has all bits of another; nil where they are no flags.
  func flagContains(_ container: PythonInstance, _ element: PythonValue) -> Bool? {
    guard let a = flagBits(.instance(container)), let b = flagBits(element) else { return nil }
    return a & b == b
  }

  // MARK: Text

  /// Python's `repr` of a member.
  func memberRepresentation(_ member: PythonInstance) throws(Interruption) -> String? {
    guard member.type.isEnumeration, let value = member.attributes["value"] else { return nil }
    let text = try representation(of: value)
    guard case .string(let name)? = member.attributes["name"] else { return "<\(member.type.name): \(text)>" }
    return "<\(member.type.name).\(name): \(text)>"
  }

  /// Python's `str` of a member.
  func memberText(_ member: PythonInstance) throws(Interruption) -> String? {
    guard member.type.isEnumeration, let value = member.attributes["value"] else { return nil }
    let isPlain = ["enum.IntEnum", "enum.StrEnum", "enum.IntFlag"].contains {
      member.type.isSubclass(ofNative: $0)
    }
    if isPlain { return try text(of: value) }
    guard case .string(let name)? = member.attributes["name"] else {
      return "\(member.type.name)(\(try text(of: value)))"
    }
    return "\(member.type.name).\(name)"
  }
}
