/// A part of a written line; numbers are kept apart, so that classes that differ in them alone can become one.
enum WrittenPiece: Hashable {
  case text(String)
  /// A literal, and what a constructor's parameter for it would be called.
  case literal(String, role: String)
  /// `, name=value`, left out where the value is the default.
  case option(String, value: String, standard: String)

  /// What must be equal for two pieces to be the same but for numbers.
  var pattern: String {
    switch self {
    case .text(let text): "t\(text)"
    case .literal: "l"
    case .option(let name, _, let standard): "o\(name)=\(standard)"
    }
  }

  /// The literal that may vary.
  var value: String? {
    switch self {
    case .text: nil
    case .literal(let value, _), .option(_, let value, _): value
    }
  }

  var role: String {
    switch self {
    case .text: ""
    case .literal(_, let role): role
    case .option(let name, _, _): name
    }
  }
}

/// A line of a function's body, of pieces.
struct WrittenLine: Hashable {
  var pieces: [WrittenPiece]

  init(_ pieces: [WrittenPiece]) { self.pieces = pieces }

  init(_ text: String) { pieces = [.text(text)] }

  /// The text with other texts for the pieces that vary, by their place.
  func rendered(_ replacement: (Int) -> String? = { _ in nil }) -> String {
    pieces.enumerated().map { index, piece in
      switch piece {
      case .text(let text): return text
      case .literal(let value, _): return replacement(index) ?? value
      case .option(let name, let value, let standard):
        if let other = replacement(index) { return ", \(name)=\(other)" }
        return value == standard ? "" : ", \(name)=\(value)"
      }
    }.joined()
  }
}

/// Python text for numbers and tuples.
enum WrittenText {
  /// A number as a Python expression that gives exactly it.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "float(\"nan\")" }
    if value.isInfinite { return value < 0 ? "float(\"-inf\")" : "float(\"inf\")" }
    return "\(value)"
  }

  /// The shortest text that gives the same 32-bit number.
  static func number(_ value: Float) -> String {
    guard value.isFinite else { return number(Double(value)) }
    let text = "\(value)"
    return Double(text).map { Float($0) == value } ?? false ? text : number(Double(value))
  }

  static func tuple(_ numbers: [Int]) -> String {
    numbers.count == 1 ? "(\(numbers[0]),)" : "(" + numbers.map { "\($0)" }.joined(separator: ", ") + ")"
  }

  /// One number where all are equal, else a tuple.
  static func extents(_ numbers: [Int]) -> String {
    if let first = numbers.first, numbers.allSatisfy({ $0 == first }) { return "\(first)" }
    return tuple(numbers)
  }
}
