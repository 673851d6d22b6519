/// Writes a syntax tree as Python source text.
///
/// With four spaces of indentation, no more parentheses than needed, and blank lines around definitions as PEP 8 has
/// them. Comments and type parameters are not in the tree and are lost. Reading the text again gives the same tree
/// but for ranges. Quotes within f-strings are chosen so that Python before 3.12 reads them too, where that is possible.
public struct Printer {
  var output = ""
  private var level = 0
  /// Whether an f-string is being written, where string literals prefer the other quote.
  var isWithinFormatted = false

  init() {}

  /// The text of a module.
  public static func print(_ module: Module) -> String { print(module.body) }

  /// The text of statements, the first line indented by that many levels, with a line end behind each.
  public static func print(_ statements: [Statement], level: Int = 0) -> String {
    var printer = Printer()
    printer.level = max(0, level)
    printer.write(statements)
    return printer.output
  }

  /// The text of a statement without indentation, with a line end behind it.
  public static func print(_ statement: Statement) -> String { print([statement]) }

  /// The text of an expression.
  public static func print(_ expression: Expression) -> String {
    var printer = Printer()
    printer.write(expression)
    return printer.output
  }

  // MARK: Lines

  mutating func beginLine(_ text: String = "") {
    for _ in 0..<level { output += "    " }
    output += text
  }

  mutating func write(_ statements: [Statement]) {
    var previous: Statement?
    for statement in statements {
      if let previous, previous.isDefinition || statement.isDefinition {
        output += level == 0 ? "\n\n" : "\n"
      }
      write(statement)
      previous = statement
    }
  }

  /// `:` and an indented block.
  mutating func writeBlock(_ body: [Statement]) {
    output += ":\n"
    level += 1
    if body.isEmpty {
      beginLine("pass\n")
    } else {
      write(body)
    }
    level -= 1
  }

  /// `:` and the cases of a `match`, a level deeper.
  mutating func writeCases(_ cases: [MatchCase]) {
    output += ":\n"
    level += 1
    for item in cases {
      beginLine("case ")
      write(item.pattern)
      if let condition = item.guardExpression {
        output += " if "
        write(condition, .named)
      }
      writeBlock(item.body)
    }
    level -= 1
  }

  mutating func writeOptionalBlock(_ keyword: String, _ body: [Statement]) {
    if body.isEmpty { return }
    beginLine(keyword)
    writeBlock(body)
  }

  // MARK: Simple statements

  private mutating func write(_ statement: Statement) {
    if case .asynchronous(let inner) = statement.kind {
      // Only the first line changes: write it, and put `async` behind the indentation.
      var printer = Printer()
      printer.level = level
      printer.write(inner)
      let indentation = String(repeating: "    ", count: level)
      output += indentation + "async " + printer.output.dropFirst(indentation.count)
    } else if !writeCompound(statement) {
      beginLine()
      writeSimple(statement.kind)
      output += "\n"
    }
  }

  private mutating func writeSimple(_ kind: Statement.Kind) {
    switch kind {
    case .expression(let value): writeStatement(of: value)
    case .assignment(let targets, let value):
      for target in targets {
        writeOpen(target)
        output += " = "
      }
      writeValue(value)
    case .augmentedAssignment(let target, let operation, let value):
      write(target)
      output += " \(operation.rawValue)= "
      writeValue(value)
    case .annotatedAssignment(let target, let annotation, let value):
      write(target)
      output += ": "
      write(annotation)
      if let value {
        output += " = "
        writeValue(value)
      }
    case .return(let value):
      output += "return"
      writeOperand(value)
    case .pass: output += "pass"
    case .break: output += "break"
    case .continue: output += "continue"
    default: writeRareSimple(kind)
    }
  }

  private mutating func writeOperand(_ value: Expression?) {
    guard let value else { return }
    output += " "
    writeOpen(value)
  }

  private mutating func writeRareSimple(_ kind: Statement.Kind) {
    switch kind {
    case .raise(let value, let cause):
      output += "raise"
      if let value {
        output += " "
        write(value)
      }
      if let cause {
        output += " from "
        write(cause)
      }
    case .assert(let test, let message):
      output += "assert "
      write(test)
      if let message {
        output += ", "
        write(message)
      }
    case .delete(let targets):
      output += "del "
      writeList(targets) { $0.write($1) }
    case .global(let names): output += "global " + names.joined(separator: ", ")
    case .nonlocal(let names): output += "nonlocal " + names.joined(separator: ", ")
    case .import(let names): output += "import " + names.map(\.spelled).joined(separator: ", ")
    case .importFrom(let module, let names, let level):
      let dots = String(repeating: ".", count: max(0, level))
      let list = names.isEmpty ? "*" : names.map(\.spelled).joined(separator: ", ")
      output += "from \(dots)\(module) import \(list)"
    case .typeAlias(let name, let value):
      output += "type \(name) = "
      write(value)
    default: break  // compound statements are written elsewhere
    }
  }

  /// An expression as a statement; a documentation string keeps its lines.
  private mutating func writeStatement(of value: Expression) {
    if case .string(let text) = value.kind, text.contains("\n"), text.canStandInTripleQuotes {
      output += "\"\"\"\(text)\"\"\""
    } else {
      writeValue(value)
    }
  }

  mutating func writeList<Element>(
    _ elements: [Element], separator: String = ", ", _ write: (inout Printer, Element) -> Void
  ) {
    for (index, element) in elements.enumerated() {
      if index > 0 { output += separator }
      write(&self, element)
    }
  }
}

extension ImportedName {
  fileprivate var spelled: String { alias.map { "\(name) as \($0)" } ?? name }
}

extension Statement {
  fileprivate var isDefinition: Bool {
    switch kind {
    case .function, .class: true
    default: false
    }
  }
}

extension String {
  /// Whether `"""` around this text gives it back: no backslash, no quotes that end it, no other control characters.
  fileprivate var canStandInTripleQuotes: Bool {
    utf8.last != 0x22 && !utf8.contains(sequence: "\"\"\"")
      && unicodeScalars.allSatisfy {
        $0 != "\\" && ($0 == "\n" || $0 == "\t" || $0.value >= 0x20) && $0.value != 0x7F
      }
  }
}

extension String.UTF8View {
  /// Whether the bytes hold those of another text; unlike `String.contains` a combining mark hides nothing.
  func contains(sequence: String) -> Bool {
    let other = Array(sequence.utf8)
    return indices.contains { self[$0...].starts(with: other) }
  }
}
