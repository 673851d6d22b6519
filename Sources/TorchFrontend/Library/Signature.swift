/// The parameters of a library function, read from their Python notation.
///
/// `(input, kernel_size, stride=None, *, padding=0)`: literals are `None`, `True`, `False`, numbers and
/// single-quoted strings; `*name` and `**name` take the rest, a lone `*` begins the keyword-only ones.
struct Signature: Sendable {
  enum Literal: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)

    var value: PythonValue {
      switch self {
      case .none: .none
      case .bool(let value): .bool(value)
      case .int(let value): .int(value)
      case .float(let value): .float(value)
      case .string(let value): .string(value)
      }
    }
  }

  struct Parameter: Sendable {
    var name: String
    var defaultValue: Literal?
    var isKeywordOnly: Bool
  }

  /// All parameters but `*args` and `**kwargs`.
  private(set) var parameters: [Parameter] = []
  /// Whether further positional arguments are taken.
  private(set) var takesPositional = false
  /// Whether further keyword arguments are taken.
  private(set) var takesKeywords = false
  /// How many parameters can be passed by position.
  private(set) var positionalCount = 0

  init(_ text: String) {
    // Bytes, since the library's 2,000 signatures are read when the tool begins.
    let bytes = Array(text.utf8)
    var isKeywordOnly = false
    let start = bytes.first == UInt8(ascii: "(") ? 1 : 0
    let end = bytes.firstIndex(of: UInt8(ascii: ")")) ?? bytes.count
    for piece in bytes[start..<end].split(separator: UInt8(ascii: ",")) {
      let piece = piece.drop { $0 == UInt8(ascii: " ") }
      let stars = piece.prefix { $0 == UInt8(ascii: "*") }.count
      switch stars {
      case 2: takesKeywords = true
      case 1:
        takesPositional = takesPositional || piece.count > 1
        isKeywordOnly = true
      default:
        let equals = piece.firstIndex(of: UInt8(ascii: "=")) ?? piece.endIndex
        let name = String(decoding: piece[..<equals], as: UTF8.self)
        let literal =
          equals < piece.endIndex
          ? Self.literal(String(decoding: piece[(equals + 1)...], as: UTF8.self)) : nil
        parameters.append(Parameter(name: name, defaultValue: literal, isKeywordOnly: isKeywordOnly))
        if !isKeywordOnly { positionalCount += 1 }
      }
    }
  }

  private static func literal(_ text: String) -> Literal {
    switch text {
    case "None": return .none
    case "True": return .bool(true)
    case "False": return .bool(false)
    default:
      if text.hasPrefix("'") { return .string(String(text.dropFirst().dropLast())) }
      if let int = Int(text) { return .int(int) }
      if let double = Double(text) { return .float(double) }
      preconditionFailure("a signature of the library has the default \(text)")
    }
  }

  func index(of name: String) -> Int? { parameters.firstIndex { $0.name == name } }

  /// Other spellings that PyTorch takes for NumPy's sake.
  static let aliases = ["axis": "dim", "keepdims": "keepdim"]
}
