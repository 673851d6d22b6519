/// Statements that have blocks, parameters and patterns.
extension Printer {
  /// Writes a compound statement; false where it is a simple one.
  mutating func writeCompound(_ statement: Statement) -> Bool {
    switch statement.kind {
    case .if(let test, let body, let orElse): writeConditional(test, body, orElse)
    case .while(let test, let body, let orElse):
      beginLine("while ")
      write(test, .named)
      writeBlock(body)
      writeOptionalBlock("else", orElse)
    case .for(let target, let iterable, let body, let orElse):
      beginLine("for ")
      writeOpen(target)
      output += " in "
      writeOpen(iterable)
      writeBlock(body)
      writeOptionalBlock("else", orElse)
    case .with(let items, let body): writeWith(items, body)
    case .try(let body, let handlers, let orElse, let finally):
      beginLine("try")
      writeBlock(body)
      for handler in handlers { writeHandler(handler) }
      writeOptionalBlock("else", orElse)
      writeOptionalBlock("finally", finally)
    case .match(let subject, let cases): writeMatch(subject, cases)
    case .function(let definition): writeFunction(definition)
    case .class(let definition): writeClass(definition)
    default: return false
    }
    return true
  }

  private mutating func writeConditional(_ test: Expression, _ body: [Statement], _ orElse: [Statement]) {
    beginLine("if ")
    write(test, .named)
    writeBlock(body)
    var rest = orElse
    while rest.count == 1, case .if(let test, let body, let orElse) = rest[0].kind {
      beginLine("elif ")
      write(test, .named)
      writeBlock(body)
      rest = orElse
    }
    writeOptionalBlock("else", rest)
  }

  private mutating func writeWith(_ items: [WithItem], _ body: [Statement]) {
    beginLine("with ")
    // `with (a, b):` has two items; a tuple as the only one needs parentheses of its own.
    if items.count == 1, items[0].target == nil, case .tuple = items[0].context.kind {
      output += "("
      write(items[0].context)
      output += ")"
    } else {
      writeList(items) { printer, item in
        printer.write(item.context)
        guard let target = item.target else { return }
        printer.output += " as "
        printer.write(target)
      }
    }
    writeBlock(body)
  }

  private mutating func writeHandler(_ handler: ExceptionHandler) {
    beginLine(handler.isGroup ? "except*" : "except")
    if let type = handler.type {
      output += " "
      write(type)
    }
    if let name = handler.name { output += " as \(name)" }
    writeBlock(handler.body)
  }

  private mutating func writeMatch(_ subject: Expression, _ cases: [MatchCase]) {
    beginLine("match ")
    write(subject, .named)
    writeCases(cases)
  }

  private mutating func writeFunction(_ definition: FunctionDefinition) {
    writeDecorators(definition.decorators)
    beginLine(definition.isAsync ? "async def " : "def ")
    output += definition.name + "("
    write(definition.parameters)
    output += ")"
    if let returns = definition.returns {
      output += " -> "
      write(returns)
    }
    writeBlock(definition.body)
  }

  private mutating func writeClass(_ definition: ClassDefinition) {
    writeDecorators(definition.decorators)
    beginLine("class " + definition.name)
    if !definition.arguments.isEmpty { writeArguments(definition.arguments) }
    writeBlock(definition.body)
  }

  private mutating func writeDecorators(_ decorators: [Expression]) {
    for decorator in decorators {
      beginLine("@")
      write(decorator, .named)
      output += "\n"
    }
  }

  // MARK: Parameters

  /// Parameters with the `/` and `*` that their kinds ask for.
  mutating func write(_ parameters: Parameters) {
    let list = parameters.parameters
    var hasStar = false
    for (index, parameter) in list.enumerated() {
      if index > 0 { output += ", " }
      switch parameter.kind {
      case .positionalOnly, .positionalOrKeyword: break
      case .variadicPositional:
        hasStar = true
        output += "*"
      case .keywordOnly:
        if !hasStar { output += "*, " }
        hasStar = true
      case .variadicKeyword: output += "**"
      }
      output += parameter.name
      if let annotation = parameter.annotation {
        output += ": "
        write(annotation)
      }
      if let value = parameter.defaultValue {
        output += parameter.annotation == nil ? "=" : " = "
        write(value)
      }
      let isLastPositionalOnly =
        parameter.kind == .positionalOnly
        && (index + 1 == list.count || list[index + 1].kind != .positionalOnly)
      if isLastPositionalOnly { output += ", /" }
    }
  }

  // MARK: Patterns

  mutating func write(_ pattern: MatchCase.Pattern) {
    switch pattern {
    case .value(let value): write(value)
    case .capture(let name): output += name ?? "_"
    case .star(let name): output += "*" + (name ?? "_")
    case .sequence(let patterns):
      output += "["
      writeList(patterns) { $0.write($1) }
      output += "]"
    case .or(let alternatives):
      writeList(alternatives, separator: " | ") { $0.writeClosed($1) }
    case .as(let inner, let name):
      if case .as = inner { writeClosed(inner) } else { write(inner) }
      output += " as \(name)"
    case .mapping, .class: writeParts(of: pattern)
    }
  }

  /// A pattern within `|` or before `as`, where some need parentheses.
  private mutating func writeClosed(_ pattern: MatchCase.Pattern) {
    switch pattern {
    case .or, .as:
      output += "("
      write(pattern)
      output += ")"
    default: write(pattern)
    }
  }

  private mutating func writeParts(of pattern: MatchCase.Pattern) {
    switch pattern {
    case .mapping(let keys, let patterns, let rest):
      output += "{"
      writeList(Array(zip(keys, patterns))) { printer, item in
        printer.write(item.0)
        printer.output += ": "
        printer.write(item.1)
      }
      if let rest { output += (keys.isEmpty ? "**" : ", **") + rest }
      output += "}"
    case .class(let type, let positional, let keywords):
      write(type)
      output += "("
      writeList(positional) { $0.write($1) }
      if !positional.isEmpty, !keywords.isEmpty { output += ", " }
      writeList(keywords) { printer, keyword in
        printer.output += keyword.name + "="
        printer.write(keyword.pattern)
      }
      output += ")"
    default: break
    }
  }
}
