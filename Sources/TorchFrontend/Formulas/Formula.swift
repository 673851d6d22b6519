import Foundation
public import PythonSyntax

/// A formula over named figures, such as `log10(macs)` or `parameters < 1e6 and niche.macs < 5e7`.
///
/// The language is Python's: numbers, `+ - * / // % **`, signs, comparisons, `and`, `or`, `not` (also written `&&`,
/// `||`, `!(…)`), `a if b else c`, the functions `log`, `log2`, `log10`, `sqrt`, `exp`, `abs`, `floor`, `ceil`, `round`, `min`
/// and `max`, and `count("conv")`, the sum of the figures of a family whose names hold the text. What is true is 1, what
/// is false 0. It is checked when it is made, evaluated in double precision, and can neither loop nor allocate.
public struct Formula: Sendable, Hashable {
  /// The names that a formula may use.
  public struct Vocabulary: Sendable {
    /// The figures, possibly with dots (`niche.macs`).
    public var figures: Set<String>
    /// Names that stand for a count each, over which `count` sums; they may be used alone, too.
    public var counts: Set<String>

    /// A vocabulary.
    public init(figures: Set<String>, counts: Set<String> = []) {
      self.figures = figures
      self.counts = counts
    }

    /// Whether a formula may use that name.
    public func contains(_ name: String) -> Bool { figures.contains(name) || counts.contains(name) }
  }

  /// The text as it was given.
  public let text: String
  /// The figures and counts that it reads.
  public let names: Set<String>
  private let term: Term

  /// The longest text, in bytes.
  public static let lengthLimit = 1000

  /// Reads a formula.
  ///
  /// - Throws: a diagnostic with its place in the text: what the parser finds, or `formula.length`, `formula.syntax`,
  ///   `formula.name`, `formula.function` or `formula.arguments`.
  public init(_ text: String, _ vocabulary: Vocabulary) throws(Diagnostic) {
    self.text = text
    guard text.utf8.count <= Self.lengthLimit else {
      throw Diagnostic(
        .error, "formula.length", "the expression is longer than \(Self.lengthLimit) bytes",
        range: SourceRange(0, 0), location: SourceLocation(line: 1, column: 1))
    }
    let source = Self.inPython(text)
    let parsed = Parser.parse(source)
    if let error = parsed.diagnostics.first(where: { $0.severity == .error }) { throw error }
    guard parsed.module.body.count == 1, case .expression(let expression) = parsed.module.body[0].kind else {
      throw Diagnostic(
        .error, "formula.syntax", "this must be one expression, such as log10(macs)",
        range: SourceRange(0, source.utf8.count), location: SourceLocation(line: 1, column: 1))
    }
    var reader = TermReader(vocabulary: vocabulary)
    do throws(Diagnostic) {
      term = try reader.term(expression)
    } catch {
      var located = error
      located.location = error.range.map { LineTable(source).location(at: $0.lower) }
      throw located
    }
    names = reader.names
  }

  /// The value, given those of figures and counts.
  ///
  /// It is not finite where the formula is not: `log10(0)` is −∞, `0 / 0` is not a number.
  public func value(_ figure: (String) -> Double) -> Double { term.value(figure) }

  /// Whether it is true: a number other than 0.
  public func holds(_ figure: (String) -> Double) -> Bool {
    let value = value(figure)
    return value != 0 && !value.isNaN
  }

  /// C's logical operators as Python's.
  private static func inPython(_ text: String) -> String {
    text.replacingOccurrences(of: "&&", with: " and ").replacingOccurrences(of: "||", with: " or ")
      .replacingOccurrences(of: "!(", with: " not (")
  }
}

/// A formula as it is evaluated.
private indirect enum Term: Sendable, Hashable {
  case number(Double)
  case figure(String)
  case sum([String])
  case negated(Term)
  case opposite(Term)
  case arithmetic(BinaryOperator, Term, Term)
  /// Each with the one before it.
  case comparison(Term, [Link])
  case all([Term])
  case any([Term])
  case choice(test: Term, then: Term, orElse: Term)
  case function(String, Term)
  case least([Term])
  case greatest([Term])

  struct Link: Hashable {
    var operation: ComparisonOperator
    var term: Term
  }

  func value(_ figure: (String) -> Double) -> Double {
    switch self {
    case .number(let number): number
    case .figure(let name): figure(name)
    case .sum(let names): names.reduce(0) { $0 + figure($1) }
    case .negated(let term): -term.value(figure)
    case .opposite(let term): term.value(figure) == 0 ? 1 : 0
    case .arithmetic(let operation, let left, let right):
      operation.arithmetic?(left.value(figure), right.value(figure)) ?? .nan
    case .comparison(let first, let links): Self.compare(first.value(figure), links, figure) ? 1 : 0
    case .all(let terms): terms.allSatisfy { $0.value(figure) != 0 } ? 1 : 0
    case .any(let terms): terms.contains { $0.value(figure) != 0 } ? 1 : 0
    case .choice(let test, let then, let orElse):
      test.value(figure) != 0 ? then.value(figure) : orElse.value(figure)
    case .function(let name, let term): TermReader.functions[name]?(term.value(figure)) ?? .nan
    case .least(let terms): Self.extremum(terms.map { $0.value(figure) }) { $0.min() }
    case .greatest(let terms): Self.extremum(terms.map { $0.value(figure) }) { $0.max() }
    }
  }

  private static func compare(_ first: Double, _ links: [Link], _ figure: (String) -> Double) -> Bool {
    var left = first
    for link in links {
      let right = link.term.value(figure)
      guard link.operation.comparison?(left, right) == true else { return false }
      left = right
    }
    return true
  }

  /// As IEEE 754: what is not a number stays one.
  private static func extremum(_ values: [Double], _ extremum: ([Double]) -> Double?) -> Double {
    values.contains(where: \.isNaN) ? .nan : extremum(values) ?? .nan
  }
}

/// Makes a term of a syntax tree, or says what is wrong with it.
private struct TermReader {
  static let functions: [String: @Sendable (Double) -> Double] = [
    "log": { log($0) }, "log2": { log2($0) }, "log10": { log10($0) }, "sqrt": { $0.squareRoot() },
    "exp": { exp($0) }, "abs": { abs($0) }, "floor": { $0.rounded(.down) }, "ceil": { $0.rounded(.up) },
    "round": { $0.rounded(.toNearestOrEven) },
  ]

  let vocabulary: Formula.Vocabulary
  private(set) var names: Set<String> = []

  init(vocabulary: Formula.Vocabulary) { self.vocabulary = vocabulary }

  mutating func term(_ expression: PythonSyntax.Expression) throws(Diagnostic) -> Term {
    switch expression.kind {
    case .integer(let value): return .number(Double(value))
    case .float(let value): return .number(value)
    case .boolean(let value): return .number(value ? 1 : 0)
    case .name, .attribute:
      if let name = dotted(expression) { return .figure(try known(name, expression.range)) }
    case .unary(let sign, let operand):
      switch sign {
      case .negate: return .negated(try term(operand))
      case .plus: return try term(operand)
      case .not: return .opposite(try term(operand))
      default: break
      }
    case .binary(let left, let operation, let right) where operation.arithmetic != nil:
      return .arithmetic(operation, try term(left), try term(right))
    case .logical(let operation, let operands):
      let terms = try terms(operands)
      return operation == .and ? .all(terms) : .any(terms)
    case .comparison(let first, let links) where links.allSatisfy({ $0.operation.comparison != nil }):
      let left = try term(first)
      var chain: [Term.Link] = []
      for link in links { chain.append(Term.Link(operation: link.operation, term: try term(link.operand))) }
      return .comparison(left, chain)
    case .conditional(let test, let then, let orElse):
      return .choice(test: try term(test), then: try term(then), orElse: try term(orElse))
    case .call(let callee, let arguments): return try call(callee, arguments, expression.range)
    default: break
    }
    throw Diagnostic(
      .error, "formula.syntax", "this is no arithmetic over figures",
      hint:
        "use numbers, names, + - * / // % **, comparisons, and, or, not, and functions such as log10 and max",
      range: expression.range)
  }

  private mutating func terms(_ expressions: [PythonSyntax.Expression]) throws(Diagnostic) -> [Term] {
    var result: [Term] = []
    for expression in expressions { result.append(try term(expression)) }
    return result
  }

  private func dotted(_ expression: PythonSyntax.Expression) -> String? {
    switch expression.kind {
    case .name(let name): name
    case .attribute(let owner, let name, _): dotted(owner).map { "\($0).\(name)" }
    default: nil
    }
  }

  private mutating func known(_ name: String, _ range: SourceRange) throws(Diagnostic) -> String {
    guard vocabulary.contains(name) else {
      throw Diagnostic(
        .error, "formula.name", "there is no figure called '\(name)'",
        hint: "there are \(vocabulary.figures.sorted().joined(separator: ", "))"
          + (vocabulary.counts.isEmpty ? "" : ", and kinds of operations"),
        range: range)
    }
    names.insert(name)
    return name
  }

  private mutating func call(
    _ callee: PythonSyntax.Expression, _ arguments: [Argument], _ range: SourceRange
  ) throws(Diagnostic) -> Term {
    var known = Array(Self.functions.keys) + ["min", "max"]
    if !vocabulary.counts.isEmpty { known.append("count") }
    guard case .name(let name) = callee.kind, known.contains(name) else {
      throw Diagnostic(
        .error, "formula.function", "there is no such function",
        hint: "there are \(known.sorted().joined(separator: ", "))", range: callee.range)
    }
    if name == "count" { return try count(arguments, range) }
    let isList = Self.functions[name] == nil
    guard arguments.allSatisfy({ $0.kind == .positional }),
      isList ? arguments.count >= 2 : arguments.count == 1
    else {
      throw Diagnostic(
        .error, "formula.arguments", "\(name) takes \(isList ? "two or more numbers" : "one number")",
        range: range)
    }
    let values = try terms(arguments.map(\.value))
    return switch name {
    case "min": .least(values)
    case "max": .greatest(values)
    default: .function(name, values[0])
    }
  }

  private mutating func count(_ arguments: [Argument], _ range: SourceRange) throws(Diagnostic) -> Term {
    guard arguments.count == 1, arguments[0].kind == .positional,
      case .string(let text) = arguments[0].value.kind, !text.isEmpty
    else {
      throw Diagnostic(
        .error, "formula.arguments", "count takes a text, such as count(\"conv\")", range: range)
    }
    let kinds = vocabulary.counts.filter { $0.contains(text) }.sorted()
    guard !kinds.isEmpty else {
      throw Diagnostic(
        .error, "formula.name", "no kind of operation is called anything with '\(text)'",
        hint: "there are \(vocabulary.counts.sorted().joined(separator: ", "))", range: arguments[0].range)
    }
    names.formUnion(kinds)
    return .sum(kinds)
  }
}

extension BinaryOperator {
  fileprivate var arithmetic: ((Double, Double) -> Double)? {
    switch self {
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
}

extension ComparisonOperator {
  fileprivate var comparison: ((Double, Double) -> Bool)? {
    switch self {
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
