import PythonSyntax

/// The text of a network that is made of two.
struct CombinedSource {
  let text: String
  let className: String

  init?(
    _ front: CombinerParent, _ cut: CombinerParent.Cut, _ back: CombinerParent, _ rest: CombinerParent.Cut
  ) {
    var number = 1
    let taken = front.scan.words.union(back.scan.words)
    while taken.contains(number == 1 ? "Combined" : "Combined\(number)") { number += 1 }
    className = number == 1 ? "Combined" : "Combined\(number)"

    let first = Part(front, edits: cut.trimming)
    let second = Part(back, edits: rest.trimming)
    guard let forward = Self.forward(first, cut, second, rest) else { return nil }
    var live = forward.names
    let backMethods = second.methods(live: &live)
    let frontMethods = first.methods(live: &live)
    let backLines = second.constructorLines(live: &live)
    let frontLines = first.constructorLines(live: &live)
    guard let parameters = Self.parameters(front, back, live) else { return nil }

    var body = ["    def __init__(self\(parameters)):", "        super().__init__()"]
    body += frontLines + backLines
    for method in frontMethods + backMethods { body += [""] + method }
    body += ["", "    def forward(self, \(front.input)):"] + forward.lines

    let names = ModuleNames(front.scan.module)
    var classNames = live
    classNames.formUnion(["nn", "torch", "F"])
    let backGlobals = second.globals(live: &classNames)
    let frontGlobals = first.globals(live: &classNames)
    var seen: Set<String> = []
    var imports: [String] = []
    var bound: Set<String> = []
    for (line, bindings) in first.imports + second.imports where !bindings.isSubset(of: bound) {
      bound.formUnion(bindings)
      imports.append(line)
    }
    var definitions: [String] = []
    for definition in frontGlobals + backGlobals where seen.insert(definition).inserted {
      definitions.append(definition)
    }
    let header = imports.isEmpty ? "" : imports.joined(separator: "\n") + "\n\n\n"
    let helpers = definitions.map { $0 + "\n\n\n" }.joined()
    text =
      header + helpers + "class \(className)(\(names.layerPrefix)Module):\n" + body.joined(separator: "\n")
      + "\n"
  }

  // MARK: The forward pass

  private static func forward(
    _ first: Part, _ cut: CombinerParent.Cut, _ second: Part, _ rest: CombinerParent.Cut
  ) -> (lines: [String], names: Set<String>)? {
    let (front, back) = (first.parent, second.parent)
    var lines: [String] = []
    var names: Set<String> = []
    for statement in front.statements[..<cut.index] {
      lines += first.lines(of: statement, indentation: 8)
      names.formUnion(Part.mentions(.statement(statement)))
    }
    names.formUnion(Part.mentions(.expression(cut.value)))
    let value = first.source[cut.value.range]
    if value != rest.variable {
      lines.append("        \(rest.variable) = " + (value.contains("\n") ? "(\(value))" : value))
    }
    let hole = TextEdit(rest.value.range, rest.variable)
    for (offset, statement) in back.statements[rest.index...].enumerated() {
      let edits = offset == 0 ? [hole] : []
      let text = second.lines(of: statement, indentation: 8, edits)
      guard !text.isEmpty else { return nil }
      // A cut behind a whole assignment leaves `x = x`.
      if text.count == 1, text[0] == "        \(rest.variable) = \(rest.variable)" { continue }
      lines += text
      SyntaxNode.statement(statement).walk { node in
        if offset == 0, node.range == rest.value.range { return false }
        if case .expression(let expression) = node { names.formUnion(Part.names(in: expression)) }
        return true
      }
    }
    return lines.isEmpty ? nil : (lines, names)
  }

  // MARK: Parameters of the constructor

  private static func parameters(
    _ front: CombinerParent, _ back: CombinerParent, _ live: Set<String>
  ) -> String? {
    var required: [String] = []
    var optional: [String] = []
    var seen: Set<String> = ["self"]
    for parent in [front, back] {
      for parameter in parent.constructor.parameters.parameters where live.contains(parameter.name) {
        guard seen.insert(parameter.name).inserted else { continue }
        switch parameter.kind {
        case .variadicPositional, .variadicKeyword: return nil
        default: break
        }
        let text = parent.scan.source[parameter.range]
        if parameter.defaultValue == nil { required.append(text) } else { optional.append(text) }
      }
    }
    return (required + optional).map { ", \($0)" }.joined()
  }
}

/// One parent's statements, with some elements left out.
private struct Part {
  let parent: CombinerParent
  let edits: [TextEdit]
  var source: SourceText { parent.scan.source }

  init(_ parent: CombinerParent, edits: [TextEdit]) {
    self.parent = parent
    self.edits = edits
  }

  /// The lines of a statement, indented by so many blanks.
  func lines(of statement: Statement, indentation: Int, _ more: [TextEdit] = []) -> [String] {
    let range = SourceRange(start(of: statement), statement.range.upper)
    let own = (edits + more).filter { range.covers($0.range) }.map { edit in
      TextEdit(SourceRange(edit.range.lower - range.lower, edit.range.upper - range.lower), edit.replacement)
    }
    guard let text = try? source[range].applying(own) else { return [] }
    let depth = source.indentationIfFirst(at: range.lower)?.utf8.count ?? 0
    let margin = String(repeating: " ", count: indentation)
    return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
      if index == 0 { return margin + line }
      let blanks = line.utf8.prefix { $0 == 0x20 || $0 == 0x09 }.count
      let rest = String(line.dropFirst(min(blanks, depth)))
      return rest.isEmpty ? "" : margin + rest
    }
  }

  /// Where a statement begins with its decorators.
  private func start(of statement: Statement) -> Int {
    var decorators: [Expression] = []
    switch statement.kind {
    case .function(let definition): decorators = definition.decorators
    case .class(let definition): decorators = definition.decorators
    default: break
    }
    guard let first = decorators.first, first.range.lower <= statement.range.lower else {
      return statement.range.lower
    }
    let line = source.lineStart(of: first.range.lower)
    return line + (source.indentationIfFirst(at: first.range.lower - 1)?.utf8.count ?? 0)
  }

  // MARK: What is needed

  /// The names in an expression itself; attributes of `self` as `self.name`.
  static func names(in expression: Expression) -> Set<String> {
    switch expression.kind {
    case .name(let name): return [name]
    case .attribute: return expression.selfAttribute.map { ["self.\($0)"] } ?? []
    default: return []
    }
  }

  static func mentions(_ node: SyntaxNode) -> Set<String> {
    var names: Set<String> = []
    node.walk { inner in
      if case .expression(let expression) = inner { names.formUnion(Self.names(in: expression)) }
      return true
    }
    return names
  }

  /// The methods that are needed, besides the constructor and the forward pass.
  func methods(live: inout Set<String>) -> [[String]] {
    var pending = parent.entry.definition.body.filter { statement in
      guard case .function(let function) = statement.kind else { return false }
      return function.name != "__init__" && function.name != "forward"
    }
    live.formUnion(constructorMentions(live))
    var kept: [Statement] = []
    var isGrowing = true
    while isGrowing {
      isGrowing = false
      for (index, statement) in pending.enumerated().reversed() {
        guard case .function(let function) = statement.kind, live.contains("self.\(function.name)") else {
          continue
        }
        kept.append(pending.remove(at: index))
        live.formUnion(Self.mentions(.statement(statement)))
        isGrowing = true
      }
    }
    return kept.sorted { $0.range.lower < $1.range.lower }.map { lines(of: $0, indentation: 4) }
  }

  /// What the constructor lines that will be kept mention.
  private func constructorMentions(_ live: Set<String>) -> Set<String> {
    var copy = live
    _ = constructorLines(live: &copy)
    return copy
  }

  /// The constructor's statements that something live depends on.
  func constructorLines(live: inout Set<String>) -> [String] {
    var kept: [[String]] = []
    for statement in parent.constructor.body.reversed() where isNeeded(statement, live) {
      live.formUnion(Self.mentions(.statement(statement)))
      kept.append(lines(of: statement, indentation: 8))
    }
    return kept.reversed().flatMap(\.self)
  }

  private func isNeeded(_ statement: Statement, _ live: Set<String>) -> Bool {
    if case .expression(let value) = statement.kind, case .call(let function, _) = value.kind,
      case .attribute(_, "__init__", _) = function.kind
    {
      return false
    }
    if !Self.effects(of: statement).isDisjoint(with: live) { return true }
    // What goes through all modules, such as an initialisation, concerns the live ones too.
    return !Self.mentions(.statement(statement)).isDisjoint(with: Self.everything)
  }

  private static let everything = Set(NetworkMap.moduleMembers.map { "self.\($0)" })

  /// What a statement, or one within it, assigns or changes.
  private static func effects(of statement: Statement) -> Set<String> {
    var names: Set<String> = []
    SyntaxNode.statement(statement).walk { node in
      guard case .statement(let inner) = node else { return false }
      switch inner.kind {
      case .assignment(let targets, _):
        for target in targets { names.formUnion(mentions(.expression(target))) }
      case .augmentedAssignment(let target, _, _), .annotatedAssignment(let target, _, _):
        names.formUnion(mentions(.expression(target)))
      case .expression(let value):
        guard case .call(let function, let arguments) = value.kind else { break }
        names.formUnion(mentions(.expression(function)))
        // A function of its own, or one such as `nn.init.zeros_`, may change what it is given.
        let isChanging = function.lastComponent?.hasSuffix("_") == true
        if case .name = function.kind {} else if !isChanging { break }
        for argument in arguments { names.formUnion(mentions(.expression(argument.value))) }
      default: break
      }
      return true
    }
    return names.subtracting(common)
  }

  /// Names that say nothing about a dependence.
  private static let common: Set<String> = ["self", "nn", "torch", "F", "range", "len", "super", "int"]

  // MARK: The rest of the source

  /// The import statements, each with what it binds to which name.
  var imports: [(text: String, bindings: Set<String>)] {
    parent.scan.module.body.compactMap { statement in
      switch statement.kind {
      case .import(let names):
        let bindings = names.map { name in
          name.alias.map { "\($0)=\(name.name)" } ?? "\(name.name)=\(name.name)"
        }
        return (source[statement.range], Set(bindings))
      case .importFrom(let module, let names, _):
        let bindings = names.map { "\($0.alias ?? $0.name)=\(module).\($0.name)" }
        return (source[statement.range], names.isEmpty ? ["*=\(module)"] : Set(bindings))
      default: return nil
      }
    }
  }

  /// The classes, functions and constants at the top level that something live depends on.
  func globals(live: inout Set<String>) -> [String] {
    var kept: [Statement] = []
    var pending = parent.scan.module.body.filter {
      !$0.definedNames.isEmpty && $0.range != parent.entry.statement.range
    }
    var isGrowing = true
    while isGrowing {
      isGrowing = false
      for (index, statement) in pending.enumerated().reversed() {
        guard statement.definedNames.contains(where: live.contains) else { continue }
        kept.append(pending.remove(at: index))
        live.formUnion(Self.mentions(.statement(statement)))
        isGrowing = true
      }
    }
    return kept.sorted { $0.range.lower < $1.range.lower }.map {
      lines(of: $0, indentation: 0).joined(separator: "\n")
    }
  }
}
