/// An expression and where it stands.
public struct Expression: Sendable, Hashable {
  /// What it says.
  public var kind: Kind
  /// Where it stands (parentheses around it are not part of it).
  public var range: SourceRange

  /// An expression of that kind at that place.
  public init(_ kind: Kind, _ range: SourceRange) {
    self.kind = kind
    self.range = range
  }

  /// Python's expressions (the language reference, chapter 6).
  public indirect enum Kind: Sendable, Hashable {
    case name(String)
    case integer(Int)
    /// An integer literal beyond 64 bits, as its decimal, hexadecimal, octal or binary digits.
    case largeInteger(String)
    case float(Double)
    case imaginary(Double)
    /// A string literal's value, adjacent literals joined and escapes resolved.
    case string(String)
    case bytes([UInt8])
    case formattedString([FormattedStringPart])
    case boolean(Bool)
    case none
    case ellipsis
    case tuple([Expression])
    case list([Expression])
    case set([Expression])
    case dictionary([DictionaryItem])
    case unary(UnaryOperator, Expression)
    case binary(Expression, BinaryOperator, Expression)
    /// `a and b and c`, or with `or`.
    case logical(LogicalOperator, [Expression])
    /// `a < b <= c`: the first operand, then operators with their right operands.
    case comparison(Expression, [ComparisonLink])
    case conditional(test: Expression, then: Expression, orElse: Expression)
    case lambda(Parameters, Expression)
    /// `value.name`; the range of `name` alone is last.
    case attribute(Expression, String, SourceRange)
    case `subscript`(Expression, Expression)
    /// Only within a subscript (alone or in its tuple).
    case slice(lower: Expression?, upper: Expression?, step: Expression?)
    case call(Expression, [Argument])
    /// `*value` in a list, tuple, set, target or subscript.
    case starred(Expression)
    case comprehension(
      ComprehensionKind, element: Expression, value: Expression?, clauses: [ComprehensionClause])
    /// `name := value`.
    case named(String, Expression)
    case await(Expression)
    case yield(Expression?)
    case yieldFrom(Expression)
  }
}

/// A part of an f-string.
public enum FormattedStringPart: Sendable, Hashable {
  /// Text as it stands.
  case text(String)
  /// `{value!conversion:format}`; with `=` the text before it is a `.text` part.
  case value(Expression, conversion: Character?, format: [FormattedStringPart])
}

/// `key: value`, or `**value` where the key is nil.
public struct DictionaryItem: Sendable, Hashable {
  /// The key, nil for `**`.
  public var key: Expression?
  /// The value.
  public var value: Expression

  /// An item.
  public init(key: Expression?, value: Expression) {
    self.key = key
    self.value = value
  }
}

/// An argument of a call or class definition.
public struct Argument: Sendable, Hashable {
  /// How it is passed.
  public enum Kind: Sendable, Hashable {
    case positional
    case keyword(String)
    /// `*value`
    case unpackedPositional
    /// `**value`
    case unpackedKeyword
  }

  /// How it is passed.
  public var kind: Kind
  /// Its value.
  public var value: Expression
  /// Where it stands, with its keyword or stars.
  public var range: SourceRange

  /// An argument.
  public init(_ kind: Kind, _ value: Expression, _ range: SourceRange) {
    self.kind = kind
    self.value = value
    self.range = range
  }
}

/// One comparison with its right operand.
public struct ComparisonLink: Sendable, Hashable {
  /// The comparison.
  public var operation: ComparisonOperator
  /// The right operand.
  public var operand: Expression

  /// A link.
  public init(operation: ComparisonOperator, operand: Expression) {
    self.operation = operation
    self.operand = operand
  }
}

/// `for target in iterable if condition …` within a comprehension.
public struct ComprehensionClause: Sendable, Hashable {
  /// What each element is bound to.
  public var target: Expression
  /// Where the elements come from.
  public var iterable: Expression
  /// The conditions behind `if`.
  public var conditions: [Expression]
  /// Whether it is `async for`.
  public var isAsync: Bool

  /// A clause.
  public init(target: Expression, iterable: Expression, conditions: [Expression], isAsync: Bool) {
    self.target = target
    self.iterable = iterable
    self.conditions = conditions
    self.isAsync = isAsync
  }
}

/// What a comprehension makes.
public enum ComprehensionKind: Sendable, Hashable {
  case list, set, dictionary, generator
}

/// `-x`, `+x`, `~x`, `not x`.
public enum UnaryOperator: String, Sendable, Hashable {
  case negate = "-"
  case plus = "+"
  case invert = "~"
  case not = "not"
}

/// Arithmetic, matrix and bit operators, also those of augmented assignments.
public enum BinaryOperator: String, Sendable, Hashable, CaseIterable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case modulo = "%"
  case power = "**"
  case matrixMultiply = "@"
  case leftShift = "<<"
  case rightShift = ">>"
  case bitAnd = "&"
  case bitOr = "|"
  case bitXor = "^"
}

/// `and`, `or`.
public enum LogicalOperator: String, Sendable, Hashable {
  case and, or
}

/// The ten comparisons.
public enum ComparisonOperator: String, Sendable, Hashable, CaseIterable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case `is` = "is"
  case isNot = "is not"
  case `in` = "in"
  case notIn = "not in"
}
