import Foundation

/// What came out of a text: the statements that could be read, and what is wrong with the others.
public struct ParseResult: Sendable {
  /// The module; statements with errors are left out of it.
  public var module: Module
  /// What was found wrong, in the order of the text, each with its location.
  public var diagnostics: [Diagnostic]

  /// A result of that module and those diagnostics.
  public init(module: Module, diagnostics: [Diagnostic]) {
    self.module = module
    self.diagnostics = diagnostics
  }

  /// Whether there is an error among the diagnostics.
  public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}

/// Reads Python 3.12 source text into a syntax tree.
///
/// Statements are read by recursive descent, expressions by precedence climbing (Pratt 1973, "Top down operator
/// precedence"). An error gives up on its statement and reading goes on with the next line, so that one parse
/// finds all errors of a text. The grammar is that of CPython's `ast.parse`; what CPython checks only later
/// (`return` outside a function, repeated parameters) is not checked here,
/// except that repeated keyword arguments are refused. Type parameters are read and dropped.
///
/// The words used within: `current` is the kind of the next token, `advance` passes it, `accept` passes it if it is
/// of that kind, `expect` demands it. Every function that reads an expression leaves the height of its tree in
/// `height`.
public struct Parser {
  /// Bounds that keep hostile text from exhausting memory, stack or patience.
  public struct Limits: Sendable, Hashable {
    /// The longest text that is read, in bytes.
    public var maximumBytes: Int
    /// How deep expressions and blocks may nest, and how high the tree may grow.
    ///
    /// Whoever walks the tree recursively relies on it too. A chain such as `a + b + c` or of `elif` grows with
    /// each link, and a block counts for two.
    public var maximumDepth: Int
    /// After how many errors no more are reported.
    public var maximumDiagnostics: Int

    /// Those bounds; by default 1 MB, 100 levels and 100 errors.
    public init(maximumBytes: Int = 1 << 20, maximumDepth: Int = 84, maximumDiagnostics: Int = 100) {
      self.maximumBytes = maximumBytes
      self.maximumDepth = maximumDepth
      self.maximumDiagnostics = maximumDiagnostics
    }

    /// The bounds for text that somebody else wrote; a stack of 512 KB is enough for them.
    public static let standard = Limits()
  }

  /// Thrown where a statement cannot be read on; the diagnostic has been recorded.
  struct Failure: Error {}

  let limits: Limits
  let bytes: [UInt8]
  let tokens: [Token]
  let lines: LineTable
  var diagnostics: [Diagnostic] = []
  /// The index of the next token; `move` changes it.
  private(set) var position = 0
  // Stored, not computed: a debug build copies the whole parser to the stack for each call of a getter, which would
  // make the deepest nesting allowed overflow it.
  /// The kind of the next token.
  private(set) var current = Token.Kind.endOfFile
  /// The kind of the token behind it.
  private(set) var following = Token.Kind.endOfFile
  /// Where the next token begins.
  private(set) var start = 0
  /// Behind the last token passed that is not layout.
  var end = 0
  /// How many recursive calls are under way.
  var depth = 0
  /// Twice the number of blocks around the statement being read: statements take more stack than expressions.
  var blockDepth = 0
  /// The height of the tree of the expression read last.
  var height = 0
  /// Whether a `yield` was read in the function being read.
  var hasYield = false

  private init(_ source: String, _ limits: Limits) {
    var lexer = Lexer(Array(source.utf8), maximumDiagnostics: limits.maximumDiagnostics)
    lexer.run()
    self.limits = limits
    bytes = lexer.bytes
    tokens = lexer.tokens
    lines = lexer.lines
    diagnostics = lexer.diagnostics
    move(to: 0)
  }

  /// Reads a module.
  ///
  /// It never fails: see the result's diagnostics.
  public static func parse(_ source: String, limits: Limits = .standard) -> ParseResult {
    if let diagnostic = tooLarge(source, limits) {
      return ParseResult(module: Module(source: source, body: []), diagnostics: [diagnostic])
    }
    var parser = Parser(source, limits)
    var body: [Statement] = []
    while parser.current != .endOfFile {
      parser.statements(into: &body)
      // A dedent without its indent cannot come from the lexer, but must not stop us either.
      if parser.current == .dedent { parser.advance() }
    }
    return ParseResult(module: Module(source: source, body: body), diagnostics: parser.finishedDiagnostics())
  }

  /// Reads a text that is one expression, such as `nn.Conv2d(3, 16, 3)` or `a, b`.
  ///
  /// - Throws: The first error of the text.
  public static func parseExpression(
    _ source: String, limits: Limits = .standard
  ) throws(Diagnostic) -> Expression {
    if let diagnostic = tooLarge(source, limits) { throw diagnostic }
    var parser = Parser(source, limits)
    parser.accept(.indent)
    var expression: Expression?
    do throws(Failure) {
      expression = try parser.expressionList()
      parser.accept(.newline)
      if parser.current == .dedent { parser.advance() }
      if parser.current != .endOfFile { throw parser.failUnexpected("the end of the expression") }
    } catch {}
    if let diagnostic = parser.finishedDiagnostics().first(where: { $0.severity == .error }) {
      throw diagnostic
    }
    guard let expression else {
      throw Diagnostic(.error, "syntax.expected-expression", "expected an expression")
    }
    return expression
  }

  private static func tooLarge(_ source: String, _ limits: Limits) -> Diagnostic? {
    let count = source.utf8.count
    let maximum = min(limits.maximumBytes, Int(Int32.max) - 8)
    guard count > maximum else { return nil }
    return Diagnostic(
      .error, "syntax.too-large", "the text has \(count) bytes, more than the \(maximum) that are read",
      hint: "shorten it", range: SourceRange(0, count), location: SourceLocation(line: 1, column: 1))
  }

  private func finishedDiagnostics() -> [Diagnostic] {
    let inOrder = diagnostics.enumerated().sorted { first, second in
      let lower = (first.element.range?.lower ?? 0, second.element.range?.lower ?? 0)
      return lower.0 == lower.1 ? first.offset < second.offset : lower.0 < lower.1
    }
    return inOrder.prefix(max(1, limits.maximumDiagnostics)).map { item in
      var diagnostic = item.element
      diagnostic.locate(in: lines)
      return diagnostic
    }
  }
}

// MARK: - Tokens

extension Parser {
  var token: Token { tokens[position] }

  /// Makes the token of that index the next one.
  mutating func move(to index: Int) {
    position = index
    current = tokens[index].kind
    start = Int(tokens[index].lower)
    following = index + 1 < tokens.count ? tokens[index + 1].kind : .endOfFile
  }

  mutating func advance() {
    switch current {
    case .endOfFile: return
    case .newline, .indent, .dedent: break
    default: end = Int(tokens[position].upper)
    }
    move(to: position + 1)
  }

  @discardableResult
  mutating func accept(_ kind: Token.Kind) -> Bool {
    guard current == kind else { return false }
    advance()
    return true
  }

  mutating func expect(_ kind: Token.Kind, _ description: String, hint: String? = nil) throws(Failure) {
    if !accept(kind) { throw failUnexpected(description, hint: hint) }
  }

  func text(_ range: SourceRange) -> String {
    String(decoding: bytes[range.lower..<range.upper], as: UTF8.self)
  }

  /// A name as Python sees it: spellings that Unicode calls compatible are one (PEP 3131).
  func identifier(_ range: SourceRange) -> String {
    let name = text(range)
    return name.utf8.allSatisfy { $0 < 0x80 } ? name : name.precomposedStringWithCompatibilityMapping
  }

  /// Whether the token at that position is this word, as soft keywords are.
  func isWord(_ word: StaticString, at index: Int) -> Bool {
    guard index < tokens.count, tokens[index].kind == .name else { return false }
    let token = tokens[index]
    guard Int(token.upper - token.lower) == word.utf8CodeUnitCount else { return false }
    return text(token.range) == "\(word)"
  }

  /// Passes a name and returns it.
  mutating func name(_ description: String) throws(Failure) -> String {
    guard current == .name else {
      if current.isKeyword {
        let word = text(token.range)
        throw fail(
          "syntax.expected-name", "expected \(description), but '\(word)' is a keyword of Python",
          hint: "choose another name")
      }
      throw failUnexpected(description, identifier: "syntax.expected-name")
    }
    let name = identifier(token.range)
    advance()
    return name
  }
}

// MARK: - Failing

extension Parser {
  /// Records an error at the next token or at a range, unless the lexer has found one in the same statement: one
  /// mistake is then reported once.
  mutating func fail(
    _ identifier: String, _ message: String, hint: String? = nil, at range: SourceRange? = nil
  ) -> Failure {
    if !lexerHasSpoken { report(identifier, message, hint: hint, at: range ?? token.range) }
    return Failure()
  }

  /// Whether an `.error` token stands before the end of the line.
  private var lexerHasSpoken: Bool {
    for token in tokens[position...] {
      switch token.kind {
      case .error: return true
      case .newline, .endOfFile: return false
      default: continue
      }
    }
    return false
  }

  /// Records an error; reading goes on.
  mutating func report(_ identifier: String, _ message: String, hint: String? = nil, at range: SourceRange) {
    guard diagnostics.count < 2 * limits.maximumDiagnostics else { return }
    diagnostics.append(Diagnostic(.error, identifier, message, hint: hint, range: range))
  }

  /// Records that the next token is not what was expected.
  mutating func failUnexpected(
    _ expected: String, hint: String? = nil, identifier: String = "syntax.expected-token"
  ) -> Failure {
    fail(identifier, "expected \(expected), found \(described(token))", hint: hint)
  }

  /// A token in a sentence.
  func described(_ token: Token) -> String {
    switch token.kind {
    case .endOfFile: return "the end of the text"
    case .newline: return "the end of the line"
    case .indent: return "an indented line"
    case .dedent: return "the end of the block"
    case .formattedStart: return "an f-string"
    case .string: return "a string"
    default:
      let text = text(token.range)
      return text.count <= 30 ? "'\(text)'" : "'\(text.prefix(30))…'"
    }
  }

  mutating func failTooDeep(at range: SourceRange? = nil) -> Failure {
    fail(
      "syntax.nesting", "this nests more than \(limits.maximumDepth) levels deep",
      hint: "give the inner parts names of their own", at: range)
  }

  /// Counts a recursive call; `leave` ends it.
  mutating func enter() throws(Failure) {
    if depth + blockDepth >= limits.maximumDepth { throw failTooDeep() }
    depth += 1
  }

  mutating func leave() { depth -= 1 }
}
