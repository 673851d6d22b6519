/// Statements that have blocks.
extension Parser {
  /// A compound statement, or nil where a simple one follows.
  mutating func compoundStatement() throws(Failure) -> Statement? {
    let start = start
    let kind: Statement.Kind
    switch current {
    case .if: kind = try conditional()
    case .while: kind = try whileLoop()
    case .for: kind = try forLoop()
    case .with: kind = try with()
    case .try: kind = try tryStatement()
    case .def: kind = try function(decorators: [], isAsync: false)
    case .class: kind = try classDefinition(decorators: [])
    case .at: kind = try decorated()
    case .async: kind = try asynchronous()
    case .elif, .else, .except, .finally:
      throw fail(
        "syntax.indentation", "'\(text(token.range))' has no statement before it that it could belong to",
        hint: "indent it like that statement, and leave no other statement between them")
    case .name where beginsMatch: kind = try match()
    default: return nil
    }
    return Statement(kind, SourceRange(start, end))
  }

  /// The `:` and statements of a block; `owner` says of what.
  mutating func block(_ owner: String, from start: Int) throws(Failure) -> [Statement] {
    if !accept(.colon) {
      guard current == .newline else { throw failUnexpected("':' after \(owner)") }
      report(
        "syntax.missing-colon", "expected ':' after \(owner)", hint: "add ':' at the end of the line",
        at: SourceRange(end, end))
    }
    var body: [Statement] = []
    guard accept(.newline) else {
      blockDepth += 2
      try simpleLine(into: &body)
      blockDepth -= 2
      return body
    }
    guard current == .indent else {
      let line = lines.line(at: start)
      report(
        "syntax.indentation", "expected an indented block after \(owner) on line \(line)",
        hint: "indent the lines that belong to it; 'pass' stands for nothing to do", at: token.range)
      return body
    }
    advance()
    try indented(into: &body)
    return body
  }

  private mutating func indented(into body: inout [Statement]) throws(Failure) {
    try enterBlock()
    statements(into: &body)
    blockDepth -= 2
    if current == .dedent { advance() }
  }

  private mutating func enterBlock() throws(Failure) {
    if depth + blockDepth + 2 >= limits.maximumDepth {
      // Back to before the block, which recovery then skips.
      move(to: position - 1)
      throw failTooDeep()
    }
    blockDepth += 2
  }

  private mutating func orElse(_ owner: String) throws(Failure) -> [Statement] {
    let start = start
    guard accept(.else) else { return [] }
    if current == .if {
      throw fail("syntax.expected-token", "'else if' is not Python", hint: "write 'elif'")
    }
    return try block(owner, from: start)
  }

  private mutating func conditional() throws(Failure) -> Statement.Kind {
    struct Branch {
      var test: Expression
      var body: [Statement]
      var start: Int
    }
    var branches: [Branch] = []
    let outerBlockDepth = blockDepth
    repeat {
      if !branches.isEmpty {  // each `elif` makes the tree one higher
        if depth + blockDepth + 2 >= limits.maximumDepth { throw failTooDeep() }
        blockDepth += 2
      }
      let start = start
      let owner = current == .if ? "the 'if' statement" : "the 'elif' statement"
      advance()
      let test = try condition()
      branches.append(Branch(test: test, body: try block(owner, from: start), start: start))
    } while current == .elif
    var rest = try orElse("the 'else'")
    blockDepth = outerBlockDepth
    while let branch = branches.popLast() {
      let kind = Statement.Kind.if(test: branch.test, body: branch.body, orElse: rest)
      if branches.isEmpty { return kind }
      rest = [Statement(kind, SourceRange(branch.start, end))]
    }
    return .pass
  }

  /// The condition of `if` or `while`.
  private mutating func condition() throws(Failure) -> Expression {
    let test = try named()
    if current == .assign {
      throw fail(
        "syntax.expected-token", "'=' assigns and cannot stand in a condition", hint: "use '==' to compare")
    }
    return test
  }

  private mutating func whileLoop() throws(Failure) -> Statement.Kind {
    let start = start
    advance()
    let test = try condition()
    let body = try block("the 'while' statement", from: start)
    return .while(test: test, body: body, orElse: try orElse("the 'else'"))
  }

  private mutating func forLoop() throws(Failure) -> Statement.Kind {
    let start = start
    advance()
    let target = try targetList()
    try expect(.in, "'in' and what to go through")
    let iterable = try expressionList()
    let body = try block("the 'for' statement", from: start)
    return .for(target: target, iterable: iterable, body: body, orElse: try orElse("the 'else'"))
  }

  private mutating func asynchronous() throws(Failure) -> Statement.Kind {
    advance()
    let start = start
    let kind: Statement.Kind
    switch current {
    case .def: return try function(decorators: [], isAsync: true)
    case .for: kind = try forLoop()
    case .with: kind = try with()
    default: throw failUnexpected("'def', 'for' or 'with' after 'async'")
    }
    return .asynchronous(Statement(kind, SourceRange(start, end)))
  }

  // MARK: With

  private mutating func with() throws(Failure) -> Statement.Kind {
    let start = start
    advance()
    let parenthesized = parenthesizedWithItems()
    let items = if let parenthesized { parenthesized } else { try withItems(closing: nil) }
    return .with(items: items, body: try block("the 'with' statement", from: start))
  }

  /// `(a as b, c as d)` before the colon; nil where the parentheses are part of an expression.
  private mutating func parenthesizedWithItems() -> [WithItem]? {
    guard current == .leftParenthesis else { return nil }
    let before = (position, end, depth, diagnostics.count)
    do throws(Failure) {
      advance()
      let items = try withItems(closing: .rightParenthesis)
      if accept(.rightParenthesis), current == .colon { return items }
    } catch {}
    move(to: before.0)
    (end, depth) = (before.1, before.2)
    diagnostics.removeSubrange(before.3...)
    return nil
  }

  private mutating func withItems(closing: Token.Kind?) throws(Failure) -> [WithItem] {
    var items: [WithItem] = []
    repeat {
      if let closing, current == closing, !items.isEmpty { break }
      let context = try expression()
      var target: Expression?
      if accept(.as) {
        let name = try expression(.bitOr)
        try check(target: name, "assign to")
        target = name
      }
      items.append(WithItem(context: context, target: target))
    } while accept(.comma)
    return items
  }

  // MARK: Try

  private mutating func tryStatement() throws(Failure) -> Statement.Kind {
    let start = start
    advance()
    let body = try block("the 'try' statement", from: start)
    var handlers: [ExceptionHandler] = []
    while current == .except { handlers.append(try handler()) }
    let otherwise = handlers.isEmpty ? [] : try orElse("the 'else'")
    let last = self.start
    let finally = accept(.finally) ? try block("the 'finally'", from: last) : []
    if handlers.isEmpty, finally.isEmpty {
      report(
        "syntax.expected-token", "'try' needs an 'except' or a 'finally'", hint: "add one",
        at: SourceRange(start, start + 3))
    }
    if handlers.contains(where: { $0.isGroup != handlers.first?.isGroup }) {
      report(
        "syntax.expected-token", "'except' and 'except*' cannot be mixed in one 'try'",
        at: SourceRange(start, start + 3))
    }
    return .try(body: body, handlers: handlers, orElse: otherwise, finally: finally)
  }

  private mutating func handler() throws(Failure) -> ExceptionHandler {
    let start = start
    advance()
    let isGroup = accept(.star)
    var type: Expression?
    var name: String?
    if isGroup || (current != .colon && current != .newline) {
      type = try expression()
      if current == .comma {
        throw fail(
          "syntax.python2", "several exceptions need parentheses",
          hint: "write 'except (A, B):', or 'except A as e:'")
      }
      if accept(.as) { name = try self.name("a name behind 'as'") }
    }
    let body = try block("the 'except' clause", from: start)
    return ExceptionHandler(type: type, name: name, body: body, isGroup: isGroup)
  }
}
