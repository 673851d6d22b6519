import NetworkGraph
import PythonSyntax

/// Reads arguments as what a function takes, with PyTorch's complaints where they are something else.
extension NativeCall {
  private func mismatch(_ name: String, _ expected: String, _ value: PythonValue) -> Interruption {
    var hint: String?
    if case .float = value, expected.hasPrefix("int") || expected.hasPrefix("tuple of ints") {
      hint = "divide with // to get an int"
    }
    if case .opaque(let unknown) = value {
      return interpreter.unknown(unknown)
    }
    return interpreter.raise(
      .typeError,
      "\(function.shortName)(): argument '\(name)' must be \(expected), not \(interpreter.typeName(value))",
      hint: hint)
  }

  func int(_ name: String) throws(Interruption) -> Int {
    try int(self[name], name)
  }

  func int(_ value: PythonValue, _ name: String) throws(Interruption) -> Int {
    if case .tensor(let tensor) = value {
      return try interpreter.integer(of: tensor, "the argument '\(name)'")
    }
    guard let number = interpreter.integer(value) else { throw mismatch(name, "int", value) }
    return number
  }

  func optionalInt(_ name: String) throws(Interruption) -> Int? {
    let value = self[name]
    return interpreter.isNone(value) ? nil : try int(value, name)
  }

  func double(_ name: String) throws(Interruption) -> Double {
    let value = self[name]
    if case .tensor(let tensor) = value {
      return try interpreter.number(of: tensor, "the argument '\(name)'")
    }
    guard let number = interpreter.double(value) else { throw mismatch(name, "float", value) }
    return number
  }

  func optionalDouble(_ name: String) throws(Interruption) -> Double? {
    interpreter.isNone(self[name]) ? nil : try double(name)
  }

  func bool(_ name: String) throws(Interruption) -> Bool { try interpreter.isTrue(self[name]) }

  func string(_ name: String) throws(Interruption) -> String {
    guard case .string(let text) = interpreter.plain(self[name]) else {
      throw mismatch(name, "str", self[name])
    }
    return text
  }

  func tensor(_ name: String) throws(Interruption) -> TracedTensor {
    guard case .tensor(let tensor) = self[name] else { throw mismatch(name, "Tensor", self[name]) }
    return tensor
  }

  func optionalTensor(_ name: String) throws(Interruption) -> TracedTensor? {
    interpreter.isNone(self[name]) ? nil : try tensor(name)
  }

  /// The instance that a method was called on.
  func instance(_ name: String = "self") throws(Interruption) -> PythonInstance {
    guard case .instance(let instance) = self[name] else { throw mismatch(name, "Module", self[name]) }
    return instance
  }

  /// An int or a pair of them, as `kernel_size` and its kin take it.
  func pair(_ name: String) throws(Interruption) -> Size2D {
    let numbers = try ints(self[name], name)
    switch numbers.count {
    case 1: return Size2D(numbers[0], numbers[0])
    case 2: return Size2D(numbers[0], numbers[1])
    default: throw mismatch(name, "int or a tuple of 2 ints", self[name])
    }
  }

  func optionalPair(_ name: String) throws(Interruption) -> Size2D? {
    interpreter.isNone(self[name]) ? nil : try pair(name)
  }

  /// An int or a sequence of them.
  func ints(_ name: String) throws(Interruption) -> [Int] { try ints(self[name], name) }

  func ints(_ value: PythonValue, _ name: String) throws(Interruption) -> [Int] {
    switch interpreter.plain(value) {
    case .list, .tuple, .range:
      var numbers: [Int] = []
      for element in try interpreter.elements(of: value) {
        switch element {
        case .tensor, .int, .bool, .instance: numbers.append(try int(element, name))
        default: throw mismatch(name, "tuple of ints", element)
        }
      }
      return numbers
    default: return [try int(value, name)]
    }
  }

  func optionalInts(_ name: String) throws(Interruption) -> [Int]? {
    interpreter.isNone(self[name]) ? nil : try ints(name)
  }

  /// The floats of a sequence.
  func doubles(_ name: String) throws(Interruption) -> [Double] {
    var numbers: [Double] = []
    for element in try interpreter.elements(of: self[name]) {
      guard let number = interpreter.double(element) else { throw mismatch(name, "list of floats", element) }
      numbers.append(number)
    }
    return numbers
  }

  /// The numbers behind the named parameters: `f(x, 2, 3)`, `f(x, (2, 3))`.
  func restInts(_ name: String) throws(Interruption) -> [Int] {
    if rest.count == 1 { return try ints(rest[0], name) }
    var numbers: [Int] = []
    for value in rest { numbers.append(try int(value, name)) }
    if rest.isEmpty, let keyword = restKeywords.first(where: { $0.name == name }) {
      return try ints(keyword.value, name)
    }
    guard !rest.isEmpty else {
      throw interpreter.raise(.typeError, "\(function.shortName)() missing required argument: '\(name)'")
    }
    return numbers
  }

  /// The tensors of a list or tuple.
  func tensors(_ name: String) throws(Interruption) -> [TracedTensor] {
    var result: [TracedTensor] = []
    if case .tensor = self[name] { throw mismatch(name, "tuple of Tensors", self[name]) }
    for element in try interpreter.elements(of: self[name]) {
      guard case .tensor(let tensor) = element else {
        throw mismatch(name, "tuple of Tensors", element)
      }
      result.append(tensor)
    }
    return result
  }

  /// A data type; nil for None.
  func dataType(_ name: String) throws(Interruption) -> DataType? {
    switch self[name] {
    case .none: return nil
    case .dataType(let type): return type
    case .type(let type) where type.name == "float": return .float32
    case .type(let type) where type.name == "int": return .int64
    case .type(let type) where type.name == "bool": return .bool
    default: throw mismatch(name, "torch.dtype", self[name])
    }
  }
}
