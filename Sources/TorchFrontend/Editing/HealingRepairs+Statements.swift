import PythonSyntax

extension HealingRepairs {
  // MARK: Imports

  /// Adds the import of a name that is not defined.
  static func missingImport(_ diagnostic: Diagnostic, _ scan: ClassScan) -> Repair? {
    guard diagnostic.identifier == "python.name-error", let range = diagnostic.range,
      let statement = Interpreter.usualImports[scan.source[range]]
    else { return nil }
    // Behind the docstring and what must stand first.
    var place = 0
    for first in scan.module.body {
      if case .expression(let expression) = first.kind, case .string = expression.kind {
        place = scan.source.wholeLines(first.range).upper
      } else if case .importFrom("__future__", _, _) = first.kind {
        place = scan.source.wholeLines(first.range).upper
      } else {
        break
      }
    }
    return Repair(
      edits: [TextEdit(SourceRange(place, place), statement + "\n")],
      fix: HealingFix(
        description: "the line '\(statement)' is now there", location: scan.source.location(at: place)))
  }

  // MARK: super().__init__()

  /// Begins the constructor of a module class with `super().__init__()`, where that is missing or comes too late.
  static func missingSuper(_ diagnostic: Diagnostic, _ scan: ClassScan) -> Repair? {
    guard diagnostic.identifier == "python.attribute-error",
      diagnostic.hint == "begin __init__ with super().__init__()", let range = diagnostic.range
    else { return nil }
    let lacking = scan.classes.filter { candidate in
      guard candidate.hasBases, let method = candidate.method("__init__") else { return false }
      return !isInitialized(method.body.first(where: { !isDocstring($0) }))
    }
    guard let entry = lacking.first(where: { $0.statement.range.covers(range) }) ?? lacking.first,
      let method = entry.method("__init__"), let first = method.body.first(where: { !isDocstring($0) }),
      let indentation = scan.source.indentationIfFirst(at: first.range.lower)
    else { return nil }
    let place = first.range.lower
    var edits = [TextEdit(SourceRange(place, place), "super().__init__()\n\(indentation)")]
    for later in method.body where isInitialized(later) {
      edits.append(TextEdit(scan.source.wholeLines(later.range), ""))
    }
    return Repair(
      edits: edits,
      fix: HealingFix(
        description: "\(entry.definition.name).__init__ now begins with super().__init__()",
        location: scan.source.location(at: place)))
  }

  private static func isDocstring(_ statement: Statement) -> Bool {
    if case .expression(let expression) = statement.kind, case .string = expression.kind {
      true
    } else {
      false
    }
  }

  /// Whether a statement is `super().__init__(…)`, `super(Net, self).__init__(…)` or `Base.__init__(self)`.
  private static func isInitialized(_ statement: Statement?) -> Bool {
    guard case .expression(let expression)? = statement?.kind, case .call(let function, _) = expression.kind,
      case .attribute(_, "__init__", _) = function.kind
    else { return false }
    return true
  }

  // MARK: Flattening

  /// Flattens what reaches a linear layer that was built for all of it.
  static func missingFlatten(_ diagnostic: Diagnostic, _ scan: ClassScan) -> Repair? {
    guard diagnostic.identifier == "torch.shape", let hint = diagnostic.hint, hint.hasPrefix("flatten ["),
      let range = diagnostic.range, let before = hint.firstRange(of: " before ")
    else { return nil }
    let path = String(hint[before.upperBound...].prefix { $0 != " " })
    var edit: TextEdit?
    for layer in scan.layers where layer.localPath == path {
      if case .element(_, _, let index) = layer.site, index > 0 {
        let place = layer.call.expression.range.lower
        edit = TextEdit(SourceRange(place, place), "nn.Flatten(), ")
      }
    }
    if edit == nil {
      scan.module.walk { node in
        guard case .expression(let expression) = node, expression.range == range,
          case .call(_, let arguments) = expression.kind, arguments.count == 1,
          arguments[0].kind == .positional
        else { return node.range.covers(range) }
        let value = arguments[0].value
        let text = scan.source[value.range]
        edit = TextEdit(value.range, value.isPrimary ? "\(text).flatten(1)" : "(\(text)).flatten(1)")
        return false
      }
    }
    guard let edit else { return nil }
    return Repair(
      edits: [edit],
      fix: HealingFix(
        description: "\(path): what reaches it is now flattened",
        location: scan.source.location(at: edit.range.lower)))
  }

  // MARK: What reaches several layers

  /// Gives the only layer of that width the one that all layers behind it were built for.
  static func producer(_ mismatches: [ShapeMismatch], _ scan: ClassScan) -> Repair? {
    guard let first = mismatches.first, mismatches.count > 1,
      mismatches.allSatisfy({ $0.constructedWith == first.constructedWith && $0.required == first.required })
    else { return nil }
    let layers = scan.layers.filter { layer in
      LayerSignature.widthName(of: layer.call.type).flatMap { layer.call.integer($0) } == first.required
    }
    guard layers.count == 1, let layer = layers.first,
      let name = LayerSignature.widthName(of: layer.call.type),
      let edit = layer.call.setting(name, to: String(first.constructedWith), in: scan.source)
    else { return nil }
    return Repair(
      edits: [edit],
      fix: HealingFix(
        description: "\(layer.localPath ?? layer.call.type): \(name) \(first.required) is now "
          + "\(first.constructedWith), which is what the layers behind it were built for",
        location: scan.source.location(at: edit.range.lower)))
  }

  /// Changes the number that a block was built with, where a layer within takes its extent from that.
  static func outerArgument(_ mismatch: ShapeMismatch, _ scan: ClassScan) -> Repair? {
    guard let range = mismatch.argumentRange,
      let entry = scan.classes.first(where: { $0.statement.range.covers(range) }),
      let parameters = entry.method("__init__")?.parameters.parameters,
      let place = parameters.firstIndex(where: { $0.name == scan.source[range] }), place > 0
    else { return nil }
    var values: [Expression?] = []
    scan.module.walk { node in
      if case .expression(let expression) = node, case .call(let function, let arguments) = expression.kind,
        case .name(entry.definition.name) = function.kind
      {
        let positional = arguments.prefix { $0.kind == .positional }
        let keyword = arguments.first { $0.kind == .keyword(parameters[place].name) }
        values.append(keyword?.value ?? (place - 1 < positional.count ? positional[place - 1].value : nil))
      }
      return true
    }
    guard values.count == 1, let value = values[0], value.integerValue == mismatch.constructedWith else {
      return nil
    }
    return Repair(
      edits: [TextEdit(value.range, String(mismatch.required))],
      fix: HealingFix(
        description: "\(entry.definition.name): \(parameters[place].name) \(mismatch.constructedWith) is now "
          + "\(mismatch.required), which is what reaches \(mismatch.modulePath)",
        location: scan.source.location(at: value.range.lower)))
  }
}
