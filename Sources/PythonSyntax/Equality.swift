// What the compiler would derive, in three functions: a debug build gives every case of a function room on the stack,
// and comparing the highest tree that the parser makes would overflow a stack of 512 KB.
extension Expression.Kind {
  /// Whether both are the same expression, ranges included.
  public static func == (left: Expression.Kind, right: Expression.Kind) -> Bool {
    if let isEqual = left.equalsAsLeaf(right) { return isEqual }
    if let isEqual = left.equalsAsOperation(right) { return isEqual }
    return left.equalsAsCompound(right)
  }

  /// Whether both are equal, or nil where this has expressions in it.
  private func equalsAsLeaf(_ other: Expression.Kind) -> Bool? {
    switch (self, other) {
    case (.name(let left), .name(let right)): left == right
    case (.integer(let left), .integer(let right)): left == right
    case (.largeInteger(let left), .largeInteger(let right)): left == right
    case (.float(let left), .float(let right)): left == right
    case (.imaginary(let left), .imaginary(let right)): left == right
    case (.string(let left), .string(let right)): left == right
    case (.bytes(let left), .bytes(let right)): left == right
    case (.boolean(let left), .boolean(let right)): left == right
    case (.none, .none), (.ellipsis, .ellipsis): true
    case (.name, _), (.integer, _), (.largeInteger, _), (.float, _), (.imaginary, _), (.string, _),
      (.bytes, _),
      (.boolean, _), (.none, _), (.ellipsis, _):
      false
    default: nil
    }
  }

  /// Whether both are equal, or nil where this is a display, a lambda, a comprehension or the like.
  private func equalsAsOperation(_ other: Expression.Kind) -> Bool? {
    switch self {
    case .unary(let operation, let operand):
      guard case .unary(operation, let otherOperand) = other else { return false }
      return operand == otherOperand
    case .binary(let left, let operation, let right):
      guard case .binary(let otherLeft, operation, let otherRight) = other else { return false }
      return left == otherLeft && right == otherRight
    case .logical(let operation, let operands):
      guard case .logical(operation, let otherOperands) = other else { return false }
      return operands == otherOperands
    case .comparison(let first, let links):
      guard case .comparison(let otherFirst, let otherLinks) = other else { return false }
      return first == otherFirst && links == otherLinks
    case .conditional(let test, let then, let orElse):
      guard case .conditional(let otherTest, let otherThen, let otherElse) = other else { return false }
      return test == otherTest && then == otherThen && orElse == otherElse
    case .attribute(let value, let name, let range):
      guard case .attribute(let otherValue, name, range) = other else { return false }
      return value == otherValue
    case .subscript(let value, let index):
      guard case .subscript(let otherValue, let otherIndex) = other else { return false }
      return value == otherValue && index == otherIndex
    case .call(let function, let arguments):
      guard case .call(let otherFunction, let otherArguments) = other else { return false }
      return function == otherFunction && arguments == otherArguments
    default: return nil
    }
  }

  private func equalsAsCompound(_ other: Expression.Kind) -> Bool {
    switch (self, other) {
    case (.formattedString(let left), .formattedString(let right)): left == right
    case (.tuple(let left), .tuple(let right)): left == right
    case (.list(let left), .list(let right)): left == right
    case (.set(let left), .set(let right)): left == right
    case (.dictionary(let left), .dictionary(let right)): left == right
    case (.lambda(let left, let body), .lambda(let right, let otherBody)): body == otherBody && left == right
    case (.slice(let lower, let upper, let step), .slice(let otherLower, let otherUpper, let otherStep)):
      lower == otherLower && upper == otherUpper && step == otherStep
    case (.starred(let left), .starred(let right)): left == right
    case (
      .comprehension(let kind, let element, let value, let clauses),
      .comprehension(let otherKind, let otherElement, let otherValue, let otherClauses)
    ):
      kind == otherKind && element == otherElement && value == otherValue && clauses == otherClauses
    case (.named(let name, let value), .named(let otherName, let otherValue)):
      name == otherName && value == otherValue
    case (.await(let left), .await(let right)): left == right
    case (.yield(let left), .yield(let right)): left == right
    case (.yieldFrom(let left), .yieldFrom(let right)): left == right
    default: false
    }
  }
}
