/// Blocks and simple statements.
extension Parser {
  /// Statements up to the end of the block or text.
  ///
  /// What cannot be read is reported and skipped.
  mutating func statements(into body: inout [Statement]) {
    let (outerDepth, outerBlockDepth) = (depth, blockDepth)
    while true {
      switch current {
      case .endOfFile, .dedent:
        return
      case .newline:
        advance()
      case .indent:
        report(
          "syntax.indentation", "unexpected indent", hint: "indent this line like the one before it",
          at: tokens[position].range)
        advance()
        indentedStatements(into: &body)
      default:
        let before = position
        do throws(Failure) {
          try statement(into: &body)
        } catch {
          (depth, blockDepth) = (outerDepth, outerBlockDepth)
          recover()
        }
        if position == before { advance() }
      }
    }
  }

  /// The statements behind an `.indent`, and its `.dedent`; too deep a block is skipped.
  private mutating func indentedStatements(into body: inout [Statement]) {
    if depth + blockDepth + 2 >= limits.maximumDepth {
      skipBlock()  // whoever opened it has reported it
    } else {
      blockDepth += 2
      statements(into: &body)
      blockDepth -= 2
      if current == .dedent { advance() }
    }
  }

  /// Skips to the `.dedent` of the block that the parser is in, and over it.
  private mutating func skipBlock() {
    var level = 1
    while level > 0, current != .endOfFile {
      if current == .indent { level += 1 }
      if current == .dedent { level -= 1 }
      advance()
    }
  }

  /// Skips the rest of the line; a block that hangs on it is read for its errors and dropped.
  mutating func recover() {
    while current != .newline, current != .endOfFile, current != .dedent, current != .indent { advance() }
    if current == .newline { advance() }
    if current == .indent {
      advance()
      var dropped: [Statement] = []
      indentedStatements(into: &dropped)
    }
  }

  private mutating func statement(into body: inout [Statement]) throws(Failure) {
    if let statement = try compoundStatement() {
      body.append(statement)
    } else {
      try simpleLine(into: &body)
    }
  }

  /// Simple statements with semicolons between them, up to the end of the line.
  mutating func simpleLine(into body: inout [Statement]) throws(Failure) {
    repeat {
      body.append(try simpleStatement())
    } while accept(.semicolon) && current != .newline && current != .endOfFile
    if current == .newline {
      advance()
    } else if current != .endOfFile {
      throw failEndOfStatement(after: body.last)
    }
  }

  private mutating func failEndOfStatement(after statement: Statement?) -> Failure {
    if case .expression(let expression)? = statement?.kind, case .name(let name) = expression.kind,
      current.beginsExpression
    {
      if name == "print" || name == "exec" {
        return fail(
          "syntax.python2", "missing parentheses in the call of '\(name)'", hint: "write \(name)(…)",
          at: expression.range)
      }
      return fail(
        "syntax.expected-token", "'\(name)' does not begin a statement, yet \(described(token)) follows it",
        hint: "if this is prose, make it a comment; if it is a call, add parentheses", at: expression.range)
    }
    let hint: String? =
      switch current {
      case .colon: "a block begins with a keyword such as 'if', 'for' or 'def'"
      case .assign: "only names, attributes and subscripts can be assigned to"
      case .leftBrace: "Python has no blocks in braces; use ':' and indentation"
      case _ where current.beginsExpression: "an operator, comma or line break may be missing"
      default: nil
      }
    return failUnexpected("the end of the statement", hint: hint)
  }

  private mutating func simpleStatement() throws(Failure) -> Statement {
    let start = start
    let kind: Statement.Kind
    switch current {
    case .pass: kind = word(.pass)
    case .break: kind = word(.break)
    case .continue: kind = word(.continue)
    case .return:
      advance()
      kind = .return(hasOperand ? try expressionList() : nil)
    case .raise: kind = try raise()
    case .assert: kind = try assertion()
    case .del: kind = try deletion()
    case .global:
      advance()
      kind = .global(try names("a global name"))
    case .nonlocal:
      advance()
      kind = .nonlocal(try names("the name of an outer variable"))
    case .import:
      advance()
      kind = .import(try importedNames())
    case .from: kind = try importFrom()
    default:
      kind = isTypeAlias ? try typeAlias() : try expressionStatement()
    }
    return Statement(kind, SourceRange(start, end))
  }

  private mutating func word(_ kind: Statement.Kind) -> Statement.Kind {
    advance()
    return kind
  }

  /// Whether an operand follows a keyword such as `return`.
  private var hasOperand: Bool {
    switch current {
    case .newline, .semicolon, .endOfFile: false
    default: true
    }
  }

  private mutating func raise() throws(Failure) -> Statement.Kind {
    advance()
    guard hasOperand else { return .raise(nil, cause: nil) }
    let value = try expression()
    if current == .comma {
      throw fail("syntax.python2", "'raise E, value' is Python 2", hint: "write raise E(value)")
    }
    return .raise(value, cause: accept(.from) ? try expression() : nil)
  }

  private mutating func assertion() throws(Failure) -> Statement.Kind {
    advance()
    let test = try expression()
    return .assert(test, message: accept(.comma) ? try expression() : nil)
  }

  private mutating func deletion() throws(Failure) -> Statement.Kind {
    advance()
    var targets: [Expression] = []
    repeat {
      let target = try expression(.bitOr)
      try check(target: target, "delete")
      targets.append(target)
    } while accept(.comma) && current.beginsExpression
    return .delete(targets)
  }

  private mutating func names(_ description: String) throws(Failure) -> [String] {
    var names: [String] = []
    repeat {
      names.append(try name(description))
    } while accept(.comma)
    return names
  }

  // MARK: Imports

  private mutating func dottedName() throws(Failure) -> String {
    var dotted = try name("the name of a module")
    while accept(.dot) { dotted += "." + (try name("a name behind '.'")) }
    return dotted
  }

  private mutating func importedNames() throws(Failure) -> [ImportedName] {
    var names: [ImportedName] = []
    repeat {
      let start = start
      let dotted = try dottedName()
      let alias = accept(.as) ? try name("a name behind 'as'") : nil
      names.append(ImportedName(name: dotted, alias: alias, range: SourceRange(start, end)))
    } while accept(.comma)
    return names
  }

  private mutating func importFrom() throws(Failure) -> Statement.Kind {
    advance()
    var level = 0
    while current == .dot || current == .ellipsis {
      level += current == .dot ? 1 : 3
      advance()
    }
    let module = level > 0 && current == .import ? "" : try dottedName()
    try expect(.import, "'import'")
    if accept(.star) { return .importFrom(module: module, names: [], level: level) }
    let hasParentheses = accept(.leftParenthesis)
    var names: [ImportedName] = []
    repeat {
      if hasParentheses, current == .rightParenthesis, !names.isEmpty { break }
      let start = start
      let imported = try name("a name to import")
      let alias = accept(.as) ? try name("a name behind 'as'") : nil
      names.append(ImportedName(name: imported, alias: alias, range: SourceRange(start, end)))
    } while accept(.comma)
    if hasParentheses { try expect(.rightParenthesis, "',' or ')'") }
    return .importFrom(module: module, names: names, level: level)
  }

  // MARK: Expressions and assignments

  /// `type` is a soft keyword: it begins an alias only before a name.
  private var isTypeAlias: Bool { current == .name && following == .name && isWord("type", at: position) }

  private mutating func typeAlias() throws(Failure) -> Statement.Kind {
    advance()
    let name = try name("the name of a type")
    try skipTypeParameters()
    try expect(.assign, "'='")
    return .typeAlias(name, try expression())
  }

  private mutating func expressionStatement() throws(Failure) -> Statement.Kind {
    let first = try yieldOrList()
    if current == .assign { return try assignment(to: first) }
    if let operation = current.augmentedOperator {
      try checkSingle(first, "augmented assignment works on")
      advance()
      return .augmentedAssignment(target: first, operation: operation, value: try yieldOrList())
    }
    if current == .colon { return try annotatedAssignment(to: first) }
    if current == .walrus {
      throw fail("syntax.invalid-target", "':=' at the top of a statement", hint: "write '='")
    }
    return .expression(first)
  }

  private mutating func assignment(to first: Expression) throws(Failure) -> Statement.Kind {
    var values = [first]
    while current == .assign {
      if let target = values.last { try check(target: target, "assign to") }
      advance()
      values.append(try yieldOrList())
    }
    let value = values.removeLast()
    return .assignment(targets: values, value: value)
  }

  private mutating func annotatedAssignment(to target: Expression) throws(Failure) -> Statement.Kind {
    switch target.kind {
    case .name, .attribute, .subscript: break
    default: throw failEndOfStatement(after: nil)
    }
    advance()
    if current == .newline {
      throw fail(
        "syntax.expected-token", "':' ends this line, but no statement that has a block begins it",
        hint: "a block begins with a keyword such as 'if', 'for', 'while' or 'def'")
    }
    let annotation = try expression()
    let value = accept(.assign) ? try yieldOrList() : nil
    return .annotatedAssignment(target: target, annotation: annotation, value: value)
  }

  private mutating func checkSingle(_ target: Expression, _ message: String) throws(Failure) {
    switch target.kind {
    case .name, .attribute, .subscript: return
    default:
      throw fail(
        "syntax.invalid-target",
        "\(message) a single name, attribute or subscript, not on \(target.kind.described)", at: target.range)
    }
  }
}
