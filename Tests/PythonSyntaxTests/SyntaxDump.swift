import PythonSyntax

/// Writes a tree as `Fixtures/dump_ast.py` writes CPython's, to compare the two.
struct SyntaxDump {
  private var isRanged = true

  static func dump(_ module: Module) -> String {
    var dump = SyntaxDump()
    return dump.several(module.body) { $0.statement($1) }
  }

  static func dump(_ expression: Expression) -> String {
    var dump = SyntaxDump()
    dump.isRanged = false
    return dump.expression(expression)
  }

  private func node(_ kind: String, _ range: SourceRange, _ parts: String..., start: Bool = true) -> String {
    let place = isRanged ? "@\(start ? String(range.lower) : "")-\(range.upper)" : ""
    return "(" + ([kind + place] + parts).joined(separator: " ") + ")"
  }

  private mutating func several<Element>(
    _ elements: [Element], _ dump: (inout SyntaxDump, Element) -> String
  ) -> String {
    "[" + elements.map { dump(&self, $0) }.joined(separator: " ") + "]"
  }

  private mutating func expressions(_ elements: [Expression]) -> String {
    several(elements) { $0.expression($1) }
  }

  private mutating func optional(_ value: Expression?) -> String { value.map { expression($0) } ?? "_" }

  private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    "<" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + ">"
  }

  // MARK: Statements

  private mutating func block(_ body: [Statement]) -> String { several(body) { $0.statement($1) } }

  private mutating func statement(
    _ statement: Statement, prefix: String = "", range outer: SourceRange? = nil
  )
    -> String
  {
    let range = outer ?? statement.range
    switch statement.kind {
    case .expression(let value): return node("expression", range, expression(value))
    case .assignment(let targets, let value):
      return node("assign", range, expressions(targets), expression(value))
    case .augmentedAssignment(let target, let operation, let value):
      return node("augmented", range, expression(target), operation.rawValue, expression(value))
    case .annotatedAssignment(let target, let annotation, let value):
      return node("annotated", range, expression(target), expression(annotation), optional(value))
    case .return(let value): return node("return", range, optional(value))
    case .pass: return node("pass", range)
    case .break: return node("break", range)
    case .continue: return node("continue", range)
    case .raise(let value, let cause): return node("raise", range, optional(value), optional(cause))
    case .assert(let test, let message): return node("assert", range, expression(test), optional(message))
    case .delete(let targets): return node("delete", range, expressions(targets))
    case .global(let names): return node("global", range, names.joined(separator: " "))
    case .nonlocal(let names): return node("nonlocal", range, names.joined(separator: " "))
    case .import(let names): return node("import", range, imported(names))
    case .importFrom(let module, let names, let level):
      return node("from", range, module.isEmpty ? "_" : module, imported(names), String(level))
    case .typeAlias(let name, let value): return node("type", range, name, expression(value))
    case .asynchronous(let inner): return self.statement(inner, prefix: "async-", range: range)
    case .if(let test, let body, let orElse):
      return node("if", range, expression(test), block(body), block(orElse))
    case .while(let test, let body, let orElse):
      return node("while", range, expression(test), block(body), block(orElse))
    case .for(let target, let iterable, let body, let orElse):
      return node(prefix + "for", range, expression(target), expression(iterable), block(body), block(orElse))
    case .with(let items, let body):
      let dumped = several(items) { "(\($0.expression($1.context)) \($0.optional($1.target)))" }
      return node(prefix + "with", range, dumped, block(body))
    case .try(let body, let handlers, let orElse, let finally):
      let dumped = several(handlers) {
        "(\($1.isGroup ? "except*" : "except") \($0.optional($1.type)) \($1.name ?? "_") \($0.block($1.body)))"
      }
      return node("try", range, block(body), dumped, block(orElse), block(finally))
    case .match(let subject, let cases):
      let dumped = several(cases) {
        "(case \($0.pattern($1.pattern)) \($0.optional($1.guardExpression)) \($0.block($1.body)))"
      }
      return node("match", range, expression(subject), dumped)
    case .function(let definition):
      return node(
        definition.isAsync ? "async-def" : "def", range, definition.name, parameters(definition.parameters),
        optional(definition.returns), expressions(definition.decorators), block(definition.body),
        start: definition.decorators.isEmpty)
    case .class(let definition):
      return node(
        "class", range, definition.name, arguments(definition.arguments), expressions(definition.decorators),
        block(definition.body), start: definition.decorators.isEmpty)
    }
  }

  private mutating func imported(_ names: [ImportedName]) -> String {
    several(names) { $0.node("name", $1.range, $1.name, $1.alias ?? "_") }
  }

  private mutating func parameters(_ parameters: Parameters) -> String {
    several(parameters.parameters) {
      let kind =
        switch $1.kind {
        case .positionalOnly: "positional-only"
        case .positionalOrKeyword: "ordinary"
        case .variadicPositional: "variadic"
        case .keywordOnly: "keyword-only"
        case .variadicKeyword: "keywords"
        }
      return "(\(kind) \($1.name) \($0.optional($1.annotation)) \($0.optional($1.defaultValue)))"
    }
  }

  /// Positional arguments, then keywords, as CPython keeps them.
  private mutating func arguments(_ arguments: [Argument]) -> String {
    var positional: [String] = []
    var keywords: [String] = []
    for argument in arguments {
      switch argument.kind {
      case .positional: positional.append(expression(argument.value))
      case .unpackedPositional: positional.append(node("starred", argument.range, expression(argument.value)))
      case .keyword(let name):
        keywords.append(node("keyword", argument.range, name, expression(argument.value)))
      case .unpackedKeyword:
        keywords.append(node("keyword", argument.range, "**", expression(argument.value)))
      }
    }
    return "[\(positional.joined(separator: " "))] [\(keywords.joined(separator: " "))]"
  }

  // MARK: Patterns

  private mutating func pattern(_ pattern: MatchCase.Pattern) -> String {
    switch pattern {
    case .value(let value):
      switch value.kind {
      case .none: return "(value None)"
      case .boolean(let flag): return "(value \(flag ? "True" : "False"))"
      default: return "(value \(expression(value)))"
      }
    case .capture(let name): return "(capture \(name ?? "_"))"
    case .star(let name): return "(star \(name ?? "_"))"
    case .sequence(let patterns): return "(sequence \(several(patterns) { $0.pattern($1) }))"
    case .or(let patterns): return "(or \(several(patterns) { $0.pattern($1) }))"
    case .as(let inner, let name): return "(as \(self.pattern(inner)) \(name))"
    case .mapping(let keys, let patterns, let rest):
      return
        "(mapping \(keys.isEmpty ? "[]" : mappingKeys(keys)) \(several(patterns) { $0.pattern($1) }) \(rest ?? "_"))"
    case .class(let type, let positional, let keywords):
      let dumped = several(keywords) { "(\($1.name) \($0.pattern($1.pattern)))" }
      return "(class \(expression(type)) \(several(positional) { $0.pattern($1) }) \(dumped))"
    }
  }

  private mutating func mappingKeys(_ keys: [Expression]) -> String { expressions(keys) }

  // MARK: Expressions

  private mutating func expression(_ expression: Expression) -> String {
    let range = expression.range
    switch expression.kind {
    case .name(let name): return node("name", range, name)
    case .integer(let value): return node("integer", range, String(value, radix: 16))
    case .largeInteger(let digits): return node("integer", range, Self.hexadecimal(literal: digits))
    case .float(let value): return node("float", range, String(value.bitPattern, radix: 16))
    case .imaginary(let value): return node("imaginary", range, String(value.bitPattern, radix: 16))
    case .string(let text): return node("string", range, hexadecimal(text.utf8))
    case .bytes(let bytes): return node("bytes", range, hexadecimal(bytes))
    case .formattedString(let values):
      let outer = isRanged
      isRanged = false
      let dumped = parts(values)
      isRanged = outer
      return node("formatted", range, dumped)
    case .boolean(let value): return node(value ? "True" : "False", range)
    case .none: return node("None", range)
    case .ellipsis: return node("...", range)
    case .tuple(let elements): return node("tuple", range, expressions(elements))
    case .list(let elements): return node("list", range, expressions(elements))
    case .set(let elements): return node("set", range, expressions(elements))
    case .dictionary(let items):
      return node(
        "dictionary", range, several(items) { "(\($0.optional($1.key)) \($0.expression($1.value)))" })
    case .unary(let operation, let operand):
      return node("unary", range, operation.rawValue, self.expression(operand))
    case .binary(let left, let operation, let right):
      return node("binary", range, self.expression(left), operation.rawValue, self.expression(right))
    case .logical(let operation, let operands): return node(operation.rawValue, range, expressions(operands))
    case .comparison(let first, let links):
      let dumped = several(links) { "(\($1.operation.rawValue) \($0.expression($1.operand)))" }
      return node("compare", range, self.expression(first), dumped)
    case .conditional(let test, let then, let orElse):
      return node("conditional", range, self.expression(test), self.expression(then), self.expression(orElse))
    case .lambda(let list, let body): return node("lambda", range, parameters(list), self.expression(body))
    case .attribute(let value, let name, _): return node("attribute", range, self.expression(value), name)
    case .subscript(let value, let index):
      return node("subscript", range, self.expression(value), self.expression(index))
    case .slice(let lower, let upper, let step):
      return node("slice", range, optional(lower), optional(upper), optional(step))
    case .call(let function, let list):
      return node("call", range, self.expression(function), arguments(list))
    case .starred(let value): return node("starred", range, self.expression(value))
    case .comprehension(let kind, let element, let value, let clauses):
      let dumped = several(clauses) {
        "(\($1.isAsync ? "async-for" : "for") \($0.expression($1.target)) \($0.expression($1.iterable)) "
          + "\($0.expressions($1.conditions)))"
      }
      return node("comprehension", range, "\(kind)", self.expression(element), optional(value), dumped)
    case .named(let name, let value): return node("named", range, name, self.expression(value))
    case .await(let value): return node("await", range, self.expression(value))
    case .yield(let value): return node("yield", range, optional(value))
    case .yieldFrom(let value): return node("yield-from", range, self.expression(value))
    }
  }

  private mutating func parts(_ parts: [FormattedStringPart]) -> String {
    several(parts) { dump, part in
      switch part {
      case .text(let text): "(text \(dump.hexadecimal(text.utf8)))"
      case .value(let value, let conversion, let format):
        "(field \(dump.expression(value)) \(conversion.map(String.init) ?? "_") \(dump.parts(format)))"
      }
    }
  }

  /// The hexadecimal digits of an integer literal of any size, by schoolbook arithmetic.
  static func hexadecimal(literal: String) -> String {
    let radix = literal.hasPrefix("0x") || literal.hasPrefix("0X") ? 16 : literal.hasPrefix("0") ? nil : 10
    let base = radix ?? (literal.lowercased().hasPrefix("0o") ? 8 : 2)
    var digits = [0]  // base 16, least first
    for character in base == 10 ? Substring(literal) : literal.dropFirst(2) {
      var carry = character.hexDigitValue ?? 0
      for index in digits.indices {
        carry += digits[index] * base
        digits[index] = carry & 15
        carry >>= 4
      }
      while carry > 0 {
        digits.append(carry & 15)
        carry >>= 4
      }
    }
    while digits.count > 1, digits.last == 0 { digits.removeLast() }
    return digits.reversed().map { String($0, radix: 16) }.joined()
  }
}
