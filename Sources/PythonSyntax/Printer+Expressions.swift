/// Expressions, with the parentheses that their places ask for.
extension Printer {
  /// Writes an expression where operators must bind at least that tightly.
  mutating func write(_ expression: Expression, _ minimum: Precedence = .conditional) {
    guard expression.kind.precedence < minimum else {
      writeBare(expression.kind)
      return
    }
    output += "("
    writeBare(expression.kind)
    output += ")"
  }

  /// Writes an expression where a tuple needs no parentheses, as behind `return` and `in`.
  mutating func writeOpen(_ expression: Expression) {
    if case .tuple(let elements) = expression.kind, !elements.isEmpty {
      writeElements(elements, .conditional)
    } else {
      write(expression)
    }
  }

  /// Writes an expression where neither a tuple nor `yield` needs parentheses, as behind `=` or alone.
  mutating func writeValue(_ expression: Expression) {
    switch expression.kind {
    case .yield, .yieldFrom: writeBare(expression.kind)
    default: writeOpen(expression)
    }
  }

  private mutating func writeElements(_ elements: [Expression], _ minimum: Precedence) {
    writeList(elements) { $0.write($1, minimum) }
    if elements.count == 1 { output += "," }
  }

  private mutating func writeBare(_ kind: Expression.Kind) {
    switch kind {
    case .name(let name): output += name
    case .integer(let value): output += String(value)
    case .largeInteger(let digits): output += digits
    case .float(let value): output += value.spelled
    case .imaginary(let value): output += value.spelled + "j"
    case .string(let text): writeString(text)
    case .bytes(let bytes): writeBytes(bytes)
    case .formattedString(let parts): writeFormatted(parts)
    case .boolean(let value): output += value ? "True" : "False"
    case .none: output += "None"
    case .ellipsis: output += "..."
    case .tuple, .list, .set, .dictionary, .comprehension: writeDisplay(kind)
    case .unary, .binary, .logical, .comparison, .conditional: writeOperation(kind)
    default: writeOther(kind)
    }
  }

  private mutating func writeOperation(_ kind: Expression.Kind) {
    switch kind {
    case .unary(let operation, let operand):
      output += operation == .not ? "not " : operation.rawValue
      write(operand, kind.precedence)
    case .binary(let left, let operation, let right):
      let precedence = operation.precedence
      // `**` binds to the right, and a sign on its right less tightly.
      write(left, operation == .power ? .await : precedence)
      output += " \(operation.rawValue) "
      write(right, operation == .power ? .unary : precedence.next)
    case .logical(let operation, let operands):
      writeList(operands, separator: " \(operation.rawValue) ") { $0.write($1, kind.precedence.next) }
    case .comparison(let first, let links):
      write(first, .bitOr)
      for link in links {
        output += " \(link.operation.rawValue) "
        write(link.operand, .bitOr)
      }
    case .conditional(let test, let then, let orElse):
      write(then, .or)
      output += " if "
      write(test, .or)
      output += " else "
      write(orElse)
    default: break
    }
  }

  private mutating func writeOther(_ kind: Expression.Kind) {
    switch kind {
    case .lambda(let parameters, let body):
      output += parameters.parameters.isEmpty ? "lambda" : "lambda "
      write(parameters)
      output += ": "
      write(body)
    case .attribute(let value, let name, _):
      writePrimary(value)
      output += "." + name
    case .subscript(let value, let index):
      writePrimary(value)
      output += "["
      writeIndex(index)
      output += "]"
    case .slice(let lower, let upper, let step):
      if let lower { write(lower) }
      output += ":"
      if let upper { write(upper) }
      if let step {
        output += ":"
        write(step)
      }
    case .call(let function, let arguments):
      writePrimary(function)
      writeArguments(arguments)
    case .starred(let value):
      output += "*"
      write(value, .bitOr)
    case .named(let name, let value):
      output += "\(name) := "
      write(value)
    case .await(let value):
      output += "await "
      write(value, .primary)
    case .yield(let value):
      output += "yield"
      if let value {
        output += " "
        writeOpen(value)
      }
    case .yieldFrom(let value):
      output += "yield from "
      write(value)
    default: break
    }
  }

  /// What stands before `.`, `[` or `(`; a number there would swallow the point.
  private mutating func writePrimary(_ value: Expression) {
    switch value.kind {
    case .integer, .largeInteger, .float, .imaginary:
      output += "("
      writeBare(value.kind)
      output += ")"
    default: write(value, .primary)
    }
  }

  private mutating func writeIndex(_ index: Expression) {
    if case .tuple(let elements) = index.kind, !elements.isEmpty {
      writeElements(elements, .conditional)
    } else {
      write(index, .named)
    }
  }

  /// Arguments in their parentheses.
  mutating func writeArguments(_ arguments: [Argument]) {
    // A generator alone shares the parentheses of the call.
    if arguments.count == 1, arguments[0].kind == .positional,
      case .comprehension(.generator, _, _, _) = arguments[0].value.kind
    {
      writeBare(arguments[0].value.kind)
      return
    }
    output += "("
    writeList(arguments) { printer, argument in
      switch argument.kind {
      case .positional: printer.write(argument.value, .named)
      case .keyword(let name):
        printer.output += name + "="
        printer.write(argument.value)
      case .unpackedPositional:
        printer.output += "*"
        printer.write(argument.value)
      case .unpackedKeyword:
        printer.output += "**"
        printer.write(argument.value)
      }
    }
    output += ")"
  }

  // MARK: Displays

  private mutating func writeDisplay(_ kind: Expression.Kind) {
    switch kind {
    case .tuple(let elements):
      output += "("
      writeElements(elements, .named)
      output += ")"
    case .list(let elements):
      output += "["
      writeList(elements) { $0.write($1, .named) }
      output += "]"
    case .set(let elements):
      output += "{"
      if elements.isEmpty { output += "*()" }  // `{}` is a dictionary
      writeList(elements) { $0.write($1, .named) }
      output += "}"
    case .dictionary(let items):
      output += "{"
      writeList(items) { printer, item in
        if let key = item.key {
          printer.write(key)
          printer.output += ": "
          printer.write(item.value)
        } else {
          printer.output += "**"
          printer.write(item.value, .bitOr)
        }
      }
      output += "}"
    case .comprehension(let kind, let element, let value, let clauses):
      writeComprehension(kind, element, value, clauses)
    default: break
    }
  }

  private mutating func writeComprehension(
    _ kind: ComprehensionKind, _ element: Expression, _ value: Expression?, _ clauses: [ComprehensionClause]
  ) {
    output += kind == .list ? "[" : kind == .generator ? "(" : "{"
    write(element, value == nil ? .named : .conditional)
    if let value {
      output += ": "
      write(value)
    }
    for clause in clauses {
      output += clause.isAsync ? " async for " : " for "
      writeOpen(clause.target)
      output += " in "
      write(clause.iterable, .or)
      for condition in clause.conditions {
        output += " if "
        write(condition, .or)
      }
    }
    output += kind == .list ? "]" : kind == .generator ? ")" : "}"
  }
}

extension Expression.Kind {
  /// How tightly the expression's outermost operator binds; where less than its place asks for, it takes parentheses.
  fileprivate var precedence: Precedence {
    switch self {
    case .yield, .yieldFrom: .yield
    case .named: .named
    case .lambda, .conditional: .conditional
    case .logical(let operation, _): operation == .or ? .or : .and
    case .unary(let operation, _): operation == .not ? .not : .unary
    case .comparison: .comparison
    case .binary(_, let operation, _): operation.precedence
    case .await: .await
    // Trees made by programs may hold negative numbers.
    case .integer(let value): value < 0 ? .unary : .primary
    case .float(let value), .imaginary(let value): value.sign == .minus ? .unary : .primary
    default: .primary
    }
  }
}

extension Double {
  /// The shortest text that Python reads as this number; what is not a number becomes a call.
  fileprivate var spelled: String {
    if isNaN { return "float('nan')" }
    if isInfinite { return self < 0 ? "-1e999" : "1e999" }
    return description
  }
}
