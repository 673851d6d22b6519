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
    var isKeywordOnly = false
    let inner = text.drop { $0 == "(" }.prefix { $0 != ")" }
    for piece in inner.split(separator: ",") {
      let piece = piece.drop { $0 == " " }
      if piece.hasPrefix("**") {
        takesKeywords = true
      } else if piece.hasPrefix("*") {
        takesPositional = takesPositional || piece.count > 1
        isKeywordOnly = true
      } else {
        let halves = piece.split(separator: "=", maxSplits: 1)
        let name = String(halves.first ?? "")
        let literal = halves.count == 2 ? Self.literal(halves[1]) : nil
        parameters.append(Parameter(name: name, defaultValue: literal, isKeywordOnly: isKeywordOnly))
        if !isKeywordOnly { positionalCount += 1 }
      }
    }
  }

  private static func literal(_ text: Substring) -> Literal {
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
