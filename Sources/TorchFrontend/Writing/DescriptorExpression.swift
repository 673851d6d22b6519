import Foundation
public import NetworkGraph
public import PythonSyntax

/// A formula over the figures of a network, such as `log10(macs)` or `width / max(1, depth)`.
///
/// The language is Python's: numbers, `+ - * / // % **`, signs, comparisons of two (1 or 0), `a if b else c`, and the
/// functions `log`, `log2`, `log10`, `sqrt`, `exp`, `abs`, `floor`, `ceil`, `round`, `min` and `max`. Names are those of
/// `DescriptorExpression.names`: the figures of `NetworkProfile`, and every kind of operation for how many there
/// are of it (`conv2d + linear`). It is checked when it is made, evaluated in double precision, and can neither
/// loop nor allocate.
public struct DescriptorExpression: Sendable, Hashable {
  /// The text as it was given.
  public let text: String
  private let expression: PythonSyntax.Expression

  /// The longest text, in bytes.
  public static let lengthLimit = 1000

  /// Reads a formula.
  ///
  /// - Throws: a diagnostic with its place in the text: what the parser finds, or `descriptor.length`,
  ///   `descriptor.syntax`, `descriptor.name`, `descriptor.function` or `descriptor.arguments`.
  public init(_ text: String) throws(Diagnostic) {
    self.text = text
    guard text.utf8.count <= Self.lengthLimit else {
      throw Diagnostic(
        .error, "descriptor.length", "the expression is longer than \(Self.lengthLimit) bytes",
        range: SourceRange(0, 0), location: SourceLocation(line: 1, column: 1))
    }
    let parsed = Parser.parse(text)
    let lines = LineTable(text)
    if let error = parsed.diagnostics.first(where: { $0.severity == .error }) { throw error }
    guard parsed.module.body.count == 1, case .expression(let expression) = parsed.module.body[0].kind else {
      throw Diagnostic(
        .error, "descriptor.syntax", "a descriptor is one expression, such as log10(macs)",
        range: SourceRange(0, text.utf8.count), location: SourceLocation(line: 1, column: 1))
    }
    self.expression = expression
    do throws(Diagnostic) {
      try Self.check(expression)
    } catch {
      var located = error
      located.location = error.range.map { lines.location(at: $0.lower) }
      throw located
    }
  }

  /// Every name that may be used, in alphabetical order.
  public static let names: [String] = (Array(figures.keys) + Operation.kinds).sorted()

  /// The value for a network.
  ///
  /// It is not finite where the formula is not: `log10(0)` is −∞, `0 / 0` is not a number. What goes into an
  /// archive must be checked for it.
  public func value(of profile: NetworkProfile) -> Double {
    Self.evaluate(expression) { name in
      Self.figures[name].map { $0(profile) } ?? Double(profile.operations[name] ?? 0)
    }
  }

  private static let figures: [String: @Sendable (NetworkProfile) -> Double] = [
    "parameters": { Double($0.parameters) },
    "trainable_parameters": { Double($0.trainableParameters) },
    "buffer_elements": { Double($0.bufferElements) },
    "macs": { Double($0.macs) },
    "macs_per_example": { Double($0.macsPerExample) },
    "flops": { Double($0.flops) },
    "flops_per_example": { Double($0.flopsPerExample) },
    "fvcore_flops": { Double($0.fvcoreFlops) },
    "activation_elements": { Double($0.activationElements) },
    "activation_bytes": { Double($0.activationBytes) },
    "peak_activation_bytes": { Double($0.peakActivationBytes) },
    "depth": { Double($0.depth) },
    "layers": { Double($0.layers) },
    "width": { Double($0.width) },
    "operation_count": { Double($0.operationCount) },
    "receptive_field": { Double($0.receptiveField.map { max($0.height, $0.width) } ?? 0) },
    "receptive_field_height": { Double($0.receptiveField?.height ?? 0) },
    "receptive_field_width": { Double($0.receptiveField?.width ?? 0) },
  ]

  private static let functions: [String: @Sendable (Double) -> Double] = [
    "log": { log($0) }, "log2": { log2($0) }, "log10": { log10($0) }, "sqrt": { $0.squareRoot() },
    "exp": { exp($0) }, "abs": { abs($0) }, "floor": { $0.rounded(.down) }, "ceil": { $0.rounded(.up) },
    "round": { $0.rounded(.toNearestOrEven) },
  ]

  // MARK: Checking

  private static func check(_ expression: PythonSyntax.Expression) throws(Diagnostic) {
    switch expression.kind {
    case .integer, .float: return
    case .name(let name):
      guard figures[name] != nil || Operation.kinds.contains(name) else {
        throw Diagnostic(
          .error, "descriptor.name", "there is no figure called '\(name)'",
          hint: "there are \(figures.keys.sorted().joined(separator: ", ")), and kinds of operations",
          range: expression.range)
      }
    case .unary(let sign, let operand) where sign == .negate || sign == .plus: try check(operand)
    case .binary(let left, let operation, let right) where arithmetic(operation) != nil:
      try check(left)
      try check(right)
    case .comparison(let left, let links) where links.count == 1 && comparison(links[0].operation) != nil:
      try check(left)
      try check(links[0].operand)
    case .conditional(let test, let then, let orElse):
      for part in [test, then, orElse] { try check(part) }
    case .call(let callee, let arguments): try checkCall(callee, arguments, expression.range)
    default:
      throw Diagnostic(
        .error, "descriptor.syntax", "this is no arithmetic over figures",
        hint: "use numbers, names, + - * / // % **, comparisons and functions such as log10 and max",
        range: expression.range)
    }
  }

  private static func checkCall(
    _ callee: PythonSyntax.Expression, _ arguments: [Argument], _ range: SourceRange
  ) throws(Diagnostic) {
    let known = (Array(functions.keys) + ["min", "max"]).sorted().joined(separator: ", ")
    guard case .name(let name) = callee.kind, functions[name] != nil || name == "min" || name == "max" else {
      throw Diagnostic(
        .error, "descriptor.function", "there is no such function", hint: "there are \(known)",
        range: callee.range)
    }
    let isList = functions[name] == nil
    guard arguments.allSatisfy({ $0.kind == .positional }),
      isList ? arguments.count >= 2 : arguments.count == 1
    else {
      throw Diagnostic(
        .error, "descriptor.arguments", "\(name) takes \(isList ? "two or more numbers" : "one number")",
        range: range)
    }
    for argument in arguments { try check(argument.value) }
  }

  // MARK: Evaluation

  /// The value of a checked expression.
  private static func evaluate(
    _ expression: PythonSyntax.Expression, _ figure: (String) -> Double
  ) -> Double {
    switch expression.kind {
    case .integer(let value): return Double(value)
    case .float(let value): return value
    case .name(let name): return figure(name)
    case .unary(let sign, let operand):
      let value = evaluate(operand, figure)
      return sign == .negate ? -value : value
    case .binary(let left, let operation, let right):
      return arithmetic(operation)?(evaluate(left, figure), evaluate(right, figure)) ?? .nan
    case .comparison(let left, let links):
      guard let link = links.first, let holds = comparison(link.operation) else { return .nan }
      return holds(evaluate(left, figure), evaluate(link.operand, figure)) ? 1 : 0
    case .conditional(let test, let then, let orElse):
      let value = evaluate(test, figure)
      return evaluate(value != 0 ? then : orElse, figure)
    case .call(let callee, let arguments):
      guard case .name(let name) = callee.kind else { return .nan }
      let values = arguments.map { evaluate($0.value, figure) }
      if let function = functions[name], let value = values.first { return function(value) }
      // As IEEE 754: what is not a number stays one.
      if values.contains(where: { $0.isNaN }) { return .nan }
      return (name == "min" ? values.min() : values.max()) ?? .nan
    default: return .nan
    }
  }

  private static func arithmetic(_ operation: BinaryOperator) -> ((Double, Double) -> Double)? {
    switch operation {
    case .add: { $0 + $1 }
    case .subtract: { $0 - $1 }
    case .multiply: { $0 * $1 }
    case .divide: { $0 / $1 }
    case .floorDivide: { ($0 / $1).rounded(.down) }
    case .modulo: { $0 - $1 * ($0 / $1).rounded(.down) }
    case .power: { pow($0, $1) }
    default: nil
    }
  }

  private static func comparison(_ operation: ComparisonOperator) -> ((Double, Double) -> Bool)? {
    switch operation {
    case .equal: { $0 == $1 }
    case .notEqual: { $0 != $1 }
    case .less: { $0 < $1 }
    case .lessOrEqual: { $0 <= $1 }
    case .greater: { $0 > $1 }
    case .greaterOrEqual: { $0 >= $1 }
    default: nil
    }
  }
}
