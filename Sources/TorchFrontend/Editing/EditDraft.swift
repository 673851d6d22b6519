import PythonSyntax

/// The changes of the text that one edit amounts to, before healing.
struct EditDraft {
  /// The changes.
  private(set) var edits: [TextEdit] = []
  /// What is done, as a sentence.
  private(set) var sentence = ""
  /// The attributes whose widths healing must not touch.
  private(set) var pinned: Set<String> = []

  let map: NetworkMap
  let limits: EditLimits

  init(_ edit: NetworkEdit, _ map: NetworkMap, _ limits: EditLimits) throws(EditRefusal) {
    self.map = map
    self.limits = limits
    switch edit {
    case .insert(let after, let layer): try insert(layer, after: after)
    case .replace(let name, let layer): try replace(layerIndex(name), layer)
    case .delete(let name): try delete(layerIndex(name))
    case .setAttribute(let name, let attribute, let value):
      try set(attribute, of: layerIndex(name), to: value)
    case .wrapInResidual(let name): try wrap(layerIndex(name))
    }
  }

  var writer: LayerWriter { LayerWriter(names: map.names, limits: limits) }
  var source: SourceText { map.source }

  private func layerIndex(_ name: String) throws(EditRefusal) -> Int {
    if let index = map.layer(named: name) { return index }
    let known = map.layers.prefix(20).map(\.name).joined(separator: ", ")
    throw EditRefusal("there is no layer '\(name)'" + (known.isEmpty ? "" : "; there are \(known)"))
  }

  // MARK: Changing the text

  mutating func add(_ edit: TextEdit) { edits.append(edit) }
  mutating func replace(_ range: SourceRange, with text: String) { edits.append(TextEdit(range, text)) }
  mutating func say(_ sentence: String) { self.sentence = sentence }
  mutating func pin(_ name: String?) { if let name { pinned.insert(name) } }

  /// Imports `torch.nn` where the text that is written needs it.
  mutating func requireImport() {
    if let edit = map.names.missingImport { edits.append(edit) }
  }

  /// Adds a line before or behind a statement.
  mutating func addLine(_ line: String, _ place: LinePlace, _ statement: Statement) throws(EditRefusal) {
    var editor = SourceEditor(source.string)
    let isDone =
      switch place {
      case .before: editor.insertLines(line, before: statement)
      case .after: editor.insertLines(line, after: statement)
      }
    guard isDone else {
      throw EditRefusal("the statement at line \(lineNumber(of: statement)) shares its line with another")
    }
    edits += editor.edits
  }

  /// Deletes the lines of a statement.
  mutating func deleteLines(of statement: Statement) throws(EditRefusal) {
    var editor = SourceEditor(source.string)
    guard editor.deleteLines(of: statement) else {
      throw EditRefusal("the statement at line \(lineNumber(of: statement)) shares its line with another")
    }
    edits += editor.edits
  }

  private func lineNumber(of statement: Statement) -> Int { source.location(at: statement.range.lower).line }

  /// Before or behind.
  enum LinePlace {
    case before, after
  }

  // MARK: Looking at the text

  /// The calls `self.name(…)` in the class of a layer that is held by that attribute, in the order of the text.
  func applications(of name: String, _ layer: MappedLayer) -> [ScannedApplication] {
    map.scan.applications.filter { $0.name == name && $0.classIndex == layer.scanned.classIndex }
  }

  /// The style of activations at a layer.
  func style(at layer: MappedLayer) -> ActivationStyle {
    ActivationStyle(map.scan, map.names, classIndex: layer.scanned.classIndex)
  }

  /// Whether the call applies an activation, as a function or as a module of the class.
  func isActivation(_ call: Expression, in classIndex: Int?) -> Bool {
    guard case .call(let function, let arguments) = call.kind, !arguments.isEmpty else { return false }
    if let name = function.selfAttribute {
      return map.scan.layers.contains {
        $0.classIndex == classIndex && $0.attributeName == name
          && LayerSignature.activations.contains($0.call.type)
      }
    }
    return ClassScan.isActivationFunction(function)
  }

  /// The innermost calls around an application that are activations of it and of nothing else.
  func activations(around application: ScannedApplication) -> [Expression] {
    var inner = application.call
    var found: [Expression] = []
    for outer in application.ancestors.reversed() {
      guard case .call(_, let arguments) = outer.kind, arguments.first?.value.range == inner.range,
        isActivation(outer, in: application.classIndex)
      else { break }
      found.append(outer)
      inner = outer
    }
    return found
  }

  /// The variable of `x = …self.layer(…)…`, where nothing but activations stands around the application.
  func plainTarget(of application: ScannedApplication) -> String? {
    guard case .assignment(let targets, _) = application.statement.kind, targets.count == 1,
      case .name(let name) = targets[0].kind,
      activations(around: application).count == application.ancestors.count,
      SourceEditor(source.string).standsAlone(application.statement)
    else { return nil }
    return name
  }
}
