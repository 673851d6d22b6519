import NetworkGraph
import PythonSyntax

extension Interpreter {
  /// Whether a value counts as true.
  func isTrue(_ value: PythonValue) throws(Interruption) -> Bool {
    switch value {
    case .none: return false
    case .bool(let value): return value
    case .int(let value): return value != 0
    case .float(let value): return value != 0
    case .string(let value): return !value.isEmpty
    case .list(let list): return !list.elements.isEmpty
    case .tuple(let tuple): return !tuple.elements.isEmpty
    case .dict(let dictionary): return dictionary.count > 0
    case .set(let set): return set.count > 0
    case .range(let range): return range.count > 0
    case .tensor(let tensor): return try number(of: tensor, "a condition") != 0
    case .opaque(let name): throw unknown(name)
    case .instance(let instance):
      if let method = classMember("__bool__", of: instance.type) {
        return try isTrue(try call(method, Arguments([value])))
      }
      if classMember("__len__", of: instance.type) != nil { return try length(of: value) > 0 }
      if instance.type.isSubclass(ofNative: "enum.Flag"), let bits = instance.attributes["value"] {
        return try isTrue(bits)
      }
      if instance.type.isEnumeration, instance.payload == nil { return true }
      if let payload = instance.payload { return try isTrue(payload) }
      return true
    default: return true
    }
  }

  // MARK: Arithmetic

  func binary(
    _ operation: BinaryOperator, _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> PythonValue {
    switch (left, right) {
    case (.int(let a), .int(let b)): return try arithmetic(operation, a, b)
    case (.float(let a), .float(let b)): return try arithmetic(operation, a, b)
    case (.int(let a), .float(let b)): return try arithmetic(operation, Double(a), b)
    case (.float(let a), .int(let b)): return try arithmetic(operation, a, Double(b))
    case (.bool(let a), .bool(let b)):
      switch operation {
      case .bitAnd: return .bool(a && b)
      case .bitOr: return .bool(a || b)
      case .bitXor: return .bool(a != b)
      default: return try arithmetic(operation, a ? 1 : 0, b ? 1 : 0)
      }
    case (.bool(let a), .int), (.bool(let a), .float): return try binary(operation, .int(a ? 1 : 0), right)
    case (.int, .bool(let b)), (.float, .bool(let b)): return try binary(operation, left, .int(b ? 1 : 0))
    case (.opaque(let name), _), (_, .opaque(let name)): throw unknown(name)
    case (.tensor, _), (_, .tensor): return try tensorBinary(operation, left, right)
    default: break
    }
    if let value = try sequenceBinary(operation, left, right) { return value }
    if let value = try instanceBinary(operation, left, right) { return value }
    switch (plain(left), plain(right)) {
    case (.instance, _), (_, .instance): break
    case (let a, let b):
      if case .instance = left { return try binary(operation, a, b) }
      if case .instance = right { return try binary(operation, a, b) }
    }
    switch (operation, left, right) {
    case (.add, .string, _), (.add, .list, _), (.add, .tuple, _):
      let type = typeName(left)
      let other = type == "str" ? "\"\(typeName(right))\"" : "\"\(typeName(right))\""
      throw raise(.typeError, "can only concatenate \(type) (not \(other)) to \(type)")
    case (.multiply, .string, _), (.multiply, .list, _), (.multiply, .tuple, _):
      throw raise(.typeError, "can't multiply sequence by non-int of type '\(typeName(right))'")
    case (.multiply, _, .string), (.multiply, _, .list), (.multiply, _, .tuple):
      throw raise(.typeError, "can't multiply sequence by non-int of type '\(typeName(left))'")
    default: break
    }
    let symbol = operation == .power ? "** or pow()" : operation.rawValue
    throw raise(
      .typeError,
      "unsupported operand type(s) for \(symbol): '\(typeName(left))' and '\(typeName(right))'")
  }

  private func sequenceBinary(
    _ operation: BinaryOperator, _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> PythonValue? {
    // The keys of a dict are a set too.
    switch (left, right) {
    case (.list(let a), _) where a.isSetLike:
      guard [.bitOr, .bitAnd, .bitXor, .subtract].contains(operation) else { return nil }
      return try binary(operation, try set(of: a.elements), try set(of: try elements(of: right)))
    case (.set, .list(let b)) where b.isSetLike:
      return try binary(operation, left, try set(of: b.elements))
    default: break
    }
    switch (operation, left, right) {
    case (.add, .string(let a), .string(let b)):
      try spend((a.utf8.count + b.utf8.count) >> 6)
      return try string(a + b)
    case (.add, .list(let a), .list(let b)): return try list(a.elements + b.elements)
    case (.add, .tuple(let a), .tuple(let b)):
      if case .size = a.kind { return try tuple(a.elements + b.elements, .size) }
      return try tuple(a.elements + b.elements)
    case (.multiply, .bool(let flag), .string), (.multiply, .bool(let flag), .list),
      (.multiply, .bool(let flag), .tuple):
      return try sequenceBinary(operation, .int(flag ? 1 : 0), right)
    case (.multiply, .string, .bool(let flag)), (.multiply, .list, .bool(let flag)),
      (.multiply, .tuple, .bool(let flag)):
      return try sequenceBinary(operation, left, .int(flag ? 1 : 0))
    case (.multiply, .string(let text), .int(let count)), (.multiply, .int(let count), .string(let text)):
      let (size, overflow) = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
      guard !overflow, size <= limits.collectionSize else {
        throw exhausted("the repeated string is too large", "limit.collection")
      }
      // Repeating nothing takes as many steps as repeating something.
      return try string(text.isEmpty ? "" : String(repeating: text, count: max(0, count)))
    case (.multiply, .list(let source), .int(let count)), (.multiply, .int(let count), .list(let source)):
      return try list(try repeated(source.elements, count))
    case (.multiply, .tuple(let source), .int(let count)), (.multiply, .int(let count), .tuple(let source)):
      return try tuple(try repeated(source.elements, count))
    case (.modulo, .string(let format), _): return try string(try percentFormat(format, right))
    case (.bitOr, .dict(let a), .dict(let b)):
      let result = try dictionary(a.kind)
      try reserveKeys(a.count + b.count)
      for item in a.items { result.set(item.key, item.hash, item.value) }
      for item in b.items { result.set(item.key, item.hash, item.value) }
      return .dict(result)
    case (.add, .dict(let a), .dict(let b)), (.subtract, .dict(let a), .dict(let b)),
      (.bitAnd, .dict(let a), .dict(let b)):
      return try counterBinary(operation, a, b).map { .dict($0) }
    case (.bitOr, .set(let a), .set(let b)):
      return try set(of: a.elements + b.elements, isFrozen: a.isFrozen)
    case (.bitAnd, .set(let a), .set(let b)):
      return try set(of: a.items.filter { b.contains($0.hash) }.map(\.key), isFrozen: a.isFrozen)
    case (.subtract, .set(let a), .set(let b)):
      return try set(of: a.items.filter { !b.contains($0.hash) }.map(\.key), isFrozen: a.isFrozen)
    case (.bitXor, .set(let a), .set(let b)):
      return try set(
        of: a.items.filter { !b.contains($0.hash) }.map(\.key)
          + b.items.filter { !a.contains($0.hash) }.map(\.key), isFrozen: a.isFrozen)
    // `int | None` in annotations that are evaluated.
    case (.bitOr, .type, _), (.bitOr, .none, .type), (.bitOr, .tuple, .type), (.bitOr, .tuple, .none):
      // `isinstance` takes a union as it takes a tuple.
      let parts: [PythonValue] = if case .tuple(let tuple) = left { tuple.elements } else { [left] }
      let none = PythonValue.type(nativeClass("types.NoneType"))
      return try tuple((parts + [right]).map { isNone($0) ? none : $0 })
    default: return nil
    }
  }

  /// The sum, difference or intersection of two counters; nil where they are others.
  private func counterBinary(
    _ operation: BinaryOperator, _ a: PythonDictionary, _ b: PythonDictionary
  ) throws(Interruption) -> PythonDictionary? {
    guard case .counter = a.kind, case .counter = b.kind else { return nil }
    let result = try dictionary(.counter)
    try reserveKeys(a.count + b.count)
    for item in a.items + b.items where result[item.hash] == nil {
      let (x, y) = (a[item.hash] ?? .int(0), b[item.hash] ?? .int(0))
      let value = try operation == .bitAnd ? (isLess(x, y) ? x : y) : binary(operation, x, y)
      if try isLess(.int(0), value) { result.set(item.key, item.hash, value) }
    }
    return result
  }

  private func repeated(_ elements: [PythonValue], _ count: Int) throws(Interruption) -> [PythonValue] {
    guard count > 0, !elements.isEmpty else { return [] }
    let (size, overflow) = elements.count.multipliedReportingOverflow(by: count)
    guard !overflow, size <= limits.collectionSize else {
      throw exhausted("the repeated collection is too large", "limit.collection")
    }
    try reserve(size)
    var result: [PythonValue] = []
    result.reserveCapacity(size)
    for _ in 0..<count { result += elements }
    return result
  }

  private static let methodNames: [BinaryOperator: String] = [
    .add: "add", .subtract: "sub", .multiply: "mul", .divide: "truediv", .floorDivide: "floordiv",
    .modulo: "mod", .power: "pow", .matrixMultiply: "matmul", .bitAnd: "and", .bitOr: "or", .bitXor: "xor",
    .leftShift: "lshift", .rightShift: "rshift",
  ]

  private func instanceBinary(
    _ operation: BinaryOperator, _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> PythonValue? {
    guard let name = Self.methodNames[operation] else { return nil }
    // The reflected method of a more derived class goes first.
    if case .instance(let a) = left, case .instance(let b) = right, a.type !== b.type,
      b.type.isSubclass(of: a.type), let method = classMember("__r\(name)__", of: b.type)
    {
      let result = try call(method, Arguments([right, left]))
      if case .notImplemented = result {} else { return result }
    }
    if case .instance(let instance) = left, instance.type.isEnumeration,
      let value = try flagBinary(operation, instance, right)
    {
      return value
    }
    if case .type(let type) = left, let method = metaclassMember("__\(name)__", of: type) {
      return try call(method, Arguments([left, right]))
    }
    if case .instance(let instance) = left, let method = classMember("__\(name)__", of: instance.type) {
      let result = try call(method, Arguments([left, right]))
      if case .notImplemented = result {} else { return result }
    }
    if case .instance(let instance) = right, let method = classMember("__r\(name)__", of: instance.type) {
      let result = try call(method, Arguments([right, left]))
      if case .notImplemented = result {} else { return result }
    }
    return nil
  }

  /// `left op= right`: in place for lists, dicts, sets and tensors.
  func inPlace(
    _ operation: BinaryOperator, _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> PythonValue {
    switch (operation, left, right) {
    case (.add, .list(let target), _):
      let more = try elements(of: right)
      try reserve(more.count)
      target.elements += more
      guard target.elements.count <= limits.collectionSize else {
        throw exhausted("a list is too large", "limit.collection")
      }
      return left
    case (.multiply, .list(let target), .int(let count)):
      target.elements = try repeated(target.elements, count)
      return left
    case (.bitOr, .set(let target), .set(let other)) where !target.isFrozen:
      try reserveKeys(other.count)
      for item in other.items { target.insert(item.key, item.hash) }
      return left
    case (.bitAnd, .set(let target), .set(let other)) where !target.isFrozen:
      try spend(target.count)
      for item in target.items where !other.contains(item.hash) { _ = target.remove(item.hash) }
      return left
    case (.subtract, .set(let target), .set(let other)) where !target.isFrozen:
      try spend(other.count)
      for item in other.items { _ = target.remove(item.hash) }
      return left
    case (.bitOr, .dict(let target), .dict(let other)):
      try reserveKeys(other.count)
      for item in other.items { target.set(item.key, item.hash, item.value) }
      return left
    case (_, .tensor(let tensor), _):
      let result = try tensorBinary(operation, left, right)
      guard case .tensor(let value) = result else { return result }
      return .tensor(try write(value, into: tensor))
    case (_, .instance(let instance), _):
      if let name = Self.methodNames[operation],
        let method = classMember("__i\(name)__", of: instance.type)
      {
        return try call(method, Arguments([left, right]))
      }
      if let payload = instance.payload,
        classMember("__\(Self.methodNames[operation] ?? "")__", of: instance.type) == nil
      {
        switch payload {
        case .list, .dict, .set:
          _ = try inPlace(operation, payload, right)
          return left
        default: break
        }
      }
      return try binary(operation, left, right)
    default: return try binary(operation, left, right)
    }
  }

  private func arithmetic(
    _ operation: BinaryOperator, _ a: Int, _ b: Int
  ) throws(Interruption) -> PythonValue {
    let result: (partialValue: Int, overflow: Bool)
    switch operation {
    case .add: result = a.addingReportingOverflow(b)
    case .subtract: result = a.subtractingReportingOverflow(b)
    case .multiply: result = a.multipliedReportingOverflow(by: b)
    case .divide:
      guard b != 0 else { throw raise(.zeroDivisionError, "division by zero") }
      return .float(Double(a) / Double(b))
    case .floorDivide, .modulo:
      guard b != 0 else {
        throw raise(
          .zeroDivisionError,
          operation == .modulo ? "integer modulo by zero" : "integer division or modulo by zero")
      }
      let (quotient, overflow) = a.dividedReportingOverflow(by: b)
      if overflow { result = (0, operation == .floorDivide); break }
      let remainder = a - quotient * b
      let isUneven = remainder != 0 && (remainder < 0) != (b < 0)
      result = (operation == .modulo ? remainder + (isUneven ? b : 0) : quotient - (isUneven ? 1 : 0), false)
    case .power: return try power(a, b)
    case .leftShift:
      guard b >= 0 else { throw raise(.valueError, "negative shift count") }
      if a == 0 { return .int(0) }
      guard b < 62 else { throw overflow() }
      result = a.multipliedReportingOverflow(by: 1 << b)
    case .rightShift:
      guard b >= 0 else { throw raise(.valueError, "negative shift count") }
      result = (a >> min(b, 63), false)
    case .bitAnd: result = (a & b, false)
    case .bitOr: result = (a | b, false)
    case .bitXor: result = (a ^ b, false)
    case .matrixMultiply: throw raise(.typeError, "unsupported operand type(s) for @: 'int' and 'int'")
    }
    guard !result.overflow else { throw overflow() }
    return .int(result.partialValue)
  }

  private func overflow() -> Interruption {
    exhausted("an integer beyond 64 bits is not supported", "limit.integer")
  }

  private func power(_ base: Int, _ exponent: Int) throws(Interruption) -> PythonValue {
    if exponent < 0 {
      guard base != 0 else { throw raise(.zeroDivisionError, "0.0 cannot be raised to a negative power") }
      return .float(Numerics.power(Double(base), Double(exponent)))
    }
    if base == 0 || base == 1 { return .int(exponent == 0 ? 1 : base) }
    if base == -1 { return .int(exponent.isMultiple(of: 2) ? 1 : -1) }
    guard exponent < 64 else { throw overflow() }
    var result = 1
    for _ in 0..<exponent {
      let (product, isOver) = result.multipliedReportingOverflow(by: base)
      guard !isOver else { throw overflow() }
      result = product
    }
    return .int(result)
  }

  private func arithmetic(
    _ operation: BinaryOperator, _ a: Double, _ b: Double
  ) throws(Interruption) -> PythonValue {
    switch operation {
    case .add: return .float(a + b)
    case .subtract: return .float(a - b)
    case .multiply: return .float(a * b)
    case .divide:
      guard b != 0 else { throw raise(.zeroDivisionError, "float division by zero") }
      return .float(a / b)
    case .floorDivide:
      guard b != 0 else { throw raise(.zeroDivisionError, "float floor division by zero") }
      return .float((a / b).rounded(.down))
    case .modulo:
      guard b != 0 else { throw raise(.zeroDivisionError, "float modulo") }
      let remainder = a.truncatingRemainder(dividingBy: b)
      return .float(remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder)
    case .power:
      if a < 0, b != b.rounded() { throw unsupported("complex numbers are not supported") }
      if a == 0, b < 0 { throw raise(.zeroDivisionError, "0.0 cannot be raised to a negative power") }
      return .float(Numerics.power(a, b))
    default:
      throw raise(.typeError, "unsupported operand type(s) for \(operation.rawValue): 'float' and 'float'")
    }
  }

  func unary(_ operation: UnaryOperator, _ value: PythonValue) throws(Interruption) -> PythonValue {
    if operation == .not { return .bool(try !isTrue(value)) }
    switch (operation, value) {
    case (.negate, .int(let number)):
      let (result, isOver) = (0).subtractingReportingOverflow(number)
      guard !isOver else { throw overflow() }
      return .int(result)
    case (.negate, .float(let number)): return .float(-number)
    case (.negate, .bool(let number)): return .int(number ? -1 : 0)
    case (.plus, .int), (.plus, .float), (.plus, .tensor): return value
    case (.plus, .bool(let number)): return .int(number ? 1 : 0)
    case (.invert, .int(let number)): return .int(~number)
    case (.invert, .bool(let number)): return .int(number ? -2 : -1)
    case (.negate, .tensor(let tensor)): return try item(.tensor(try negated(tensor)), ofArray: tensor)
    case (.invert, .tensor(let tensor)): return try item(.tensor(try logicalNot(tensor)), ofArray: tensor)
    case (_, .instance(let instance)):
      let name = operation == .negate ? "__neg__" : operation == .plus ? "__pos__" : "__invert__"
      if let method = classMember(name, of: instance.type) { return try call(method, Arguments([value])) }
      if operation == .invert, let flag = try invertedFlag(instance) { return flag }
      if let payload = instance.payload { return try unary(operation, payload) }
    case (_, .opaque(let name)): throw unknown(name)
    default: break
    }
    throw raise(.typeError, "bad operand type for unary \(operation.rawValue): '\(typeName(value))'")
  }
}
