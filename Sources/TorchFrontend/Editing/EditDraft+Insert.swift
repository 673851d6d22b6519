import PythonSyntax

extension EditDraft {
  /// A place for a new layer: behind or before a layer, or at the very beginning.
  enum Place {
    case start
    case before(Int)
    case after(Int)
  }

  mutating func insert(_ layer: LayerSpecification, after name: String) throws(EditRefusal) {
    let wanted: Place
    if name == NetworkEdit.inputName {
      wanted = .start
    } else if let index = map.layer(named: name) {
      wanted = .after(index)
    } else {
      let known = map.layers.prefix(20).map(\.name).joined(separator: ", ")
      throw EditRefusal("there is no layer '\(name)'" + (known.isEmpty ? "" : "; there are \(known)"))
    }
    let candidates = places(from: wanted, for: layer.kind)
    guard !candidates.isEmpty else {
      throw EditRefusal(
        "\(layer.kind.rawValue) needs \(LayerWriter.need(of: layer.kind)), and there is none before the last layer"
      )
    }
    var firstRefusal: EditRefusal?
    for (rank, candidate) in candidates.prefix(4).enumerated() {
      var attempt = self
      do throws(EditRefusal) {
        try attempt.insert(layer, at: candidate.place, isMoved: candidate.isMoved || rank > 0)
        self = attempt
        return
      } catch {
        firstRefusal = firstRefusal ?? error
      }
    }
    throw firstRefusal ?? EditRefusal("there is no place for it")
  }

  /// The places where a layer of that kind can stand, nearest first; never behind the layer of the logits.
  private func places(from wanted: Place, for kind: LayerKind) -> [(place: Place, isMoved: Bool)] {
    let end = map.head ?? map.layers.count
    // Place 2i is before layer i, 2i + 1 behind it; -1 is the beginning.
    let origin =
      switch wanted {
      case .start: -1
      case .before(let index): 2 * index
      case .after(let index): 2 * index + 1
      }
    var found: [(place: Place, distance: Int, number: Int)] = []
    for number in -1...(2 * max(map.layers.count, 1)) {
      let place: Place
      let shape: [Int]?
      if number == -1 {
        place = .start
        shape = map.inputShape
      } else {
        let index = number / 2
        let isBefore = number % 2 == 0
        guard index < map.layers.count, index < end || (index == end && isBefore) else { continue }
        guard map.layers[index].isApplied else { continue }
        place = isBefore ? .before(index) : .after(index)
        shape = isBefore ? map.layers[index].inputShape : map.layers[index].outputShape
      }
      guard let shape, LayerWriter.fits(kind, rank: shape.count) else { continue }
      found.append((place, abs(number - origin), number))
    }
    found.sort { ($0.distance, $0.number) < ($1.distance, $1.number) }
    return found.map { ($0.place, $0.distance != 0) }
  }

  private mutating func insert(
    _ layer: LayerSpecification, at place: Place, isMoved: Bool
  ) throws(EditRefusal) {
    let note = isMoved ? ", the nearest place where it fits" : ""
    switch place {
    case .start:
      let written = try writer.write(
        layer, for: map.inputShape, defaultWidth: defaultWidth(layer, map.inputShape))
      try insertAtStart(written, isWeighted: layer.kind.isWeighted)
      say("Inserted \(written.summary) after the input\(note).")
    case .before(let index):
      let anchor = map.layers[index]
      let written = try write(layer, for: anchor.inputShape, of: anchor, isBefore: true)
      try insert(written, layer, anchor, isBefore: true)
      say("Inserted \(written.summary) before \(anchor.name)\(note).")
    case .after(let index):
      let anchor = map.layers[index]
      let written = try write(layer, for: anchor.outputShape, of: anchor, isBefore: false)
      try insert(written, layer, anchor, isBefore: false)
      say("Inserted \(written.summary) after \(anchor.name)\(note).")
    }
    requireImport()
  }

  private func write(
    _ layer: LayerSpecification, for shape: [Int]?, of anchor: MappedLayer, isBefore: Bool
  ) throws(EditRefusal) -> LayerWriter.Written {
    guard let shape else { throw EditRefusal("\(anchor.name) is not applied") }
    var channels: String?
    if anchor.isRepeated, layer.kind.isWeighted || layer.kind == .batchNorm {
      // A block that is built several times: its channels are written as they are there.
      let shapes = isBefore ? anchor.inputShapes : anchor.summaries.map(\.outputShape)
      let extents = Set(shapes.map { $0.count > 1 ? (layer.kind == .linear ? $0[$0.count - 1] : $0[1]) : -1 })
      if extents.count > 1 {
        let name =
          isBefore ? LayerSignature.inputName(of: anchor.type) : LayerSignature.widthName(of: anchor.type)
        let argument = (name ?? LayerSignature.inputName(of: anchor.type)).flatMap {
          anchor.call.argument($0)
        }
        guard let argument, argument.value.integerValue == nil else {
          throw EditRefusal("\(anchor.name) is built \(anchor.summaries.count) times with different channels")
        }
        channels = source[argument.value.range]
      }
    }
    var layer = layer
    if anchor.isRepeated, layer.kind.isWeighted {
      // What follows is written once for all of them, so the shape must stay.
      layer.width = layer.kind == .linear ? shape.last : shape[1]
      layer.stride = nil
    }
    return try writer.write(layer, for: shape, defaultWidth: defaultWidth(layer, shape), channels: channels)
  }

  private func defaultWidth(_ layer: LayerSpecification, _ shape: [Int]) -> Int {
    if layer.kind == .linear { return min(128, max(16, (shape.last ?? 16) / 2)) }
    return shape.count > 1 ? max(16, shape[1]) : 16
  }

  // MARK: At a layer

  private mutating func insert(
    _ written: LayerWriter.Written, _ layer: LayerSpecification, _ anchor: MappedLayer, isBefore: Bool
  ) throws(EditRefusal) {
    switch anchor.scanned.site {
    case .attribute(let name, let statement) where !applications(of: name, anchor).isEmpty:
      try insertCall(written, layer, anchor, name, statement, isBefore: isBefore)
    case .element(let container, let elements, let index):
      insertElement(written, layer, anchor, container, elements, index, isBefore: isBefore)
    default:
      let old = source[anchor.call.expression.range]
      let activation = layer.kind.isWeighted ? [style(at: anchor).constructor] : []
      let parts = isBefore ? [written.text] + activation + [old] : [old] + activation + [written.text]
      let text = "\(map.names.layerPrefix)Sequential(\(parts.joined(separator: ", ")))"
      replace(anchor.call.expression.range, with: text)
    }
  }

  /// A new attribute beside the anchor's, applied in the text of the forward pass.
  private mutating func insertCall(
    _ written: LayerWriter.Written, _ layer: LayerSpecification, _ anchor: MappedLayer, _ name: String,
    _ statement: Statement, isBefore: Bool
  ) throws(EditRefusal) {
    let attribute = map.scan.freshName(written.attribute)
    pin(attribute)
    try addLine("self.\(attribute) = \(written.text)", isBefore ? .before : .after, statement)
    let uses = applications(of: name, anchor)
    guard let use = isBefore ? uses.first : uses.last else { throw EditRefusal("\(name) is not applied") }
    let style = style(at: anchor)
    let isWeighted = layer.kind.isWeighted
    func applied(_ inner: String) -> String {
      isWeighted ? style.call("self.\(attribute)(\(inner))") : "self.\(attribute)(\(inner))"
    }
    if isBefore {
      guard let argument = use.argument else {
        throw EditRefusal("\(name) is applied to more than one thing")
      }
      if case .name(let variable) = argument.kind, plainTarget(of: use) == variable || isReturned(use) {
        try addLine("\(variable) = \(applied(variable))", .before, use.statement)
      } else {
        replace(argument.range, with: applied(source[argument.range]))
      }
      return
    }
    if layer.kind != .batchNorm, !layer.kind.isActivation, let variable = plainTarget(of: use) {
      try addLine("\(variable) = \(applied(variable))", .after, use.statement)
      return
    }
    let old = source[use.call.range]
    if layer.kind != .batchNorm, !layer.kind.isActivation, let variable = reusableVariable(of: use) {
      // A line of its own for the old layer keeps calls from nesting ever deeper.
      let isMixing = LayerSignature.weighted.contains(anchor.type)
      try addLine("\(variable) = \(isMixing ? style.call(old) : old)", .before, use.statement)
      let isLeft = isMixing || !activations(around: use).isEmpty
      replace(use.call.range, with: isLeft ? "self.\(attribute)(\(variable))" : applied(variable))
      return
    }
    let isActivated = !activations(around: use).isEmpty
    if isWeighted, LayerSignature.weighted.contains(anchor.type) {
      // The activation that stands around the old layer serves the new one; the old one gets its own.
      let inner = "self.\(attribute)(\(style.call(old)))"
      replace(use.call.range, with: inner)
    } else {
      replace(use.call.range, with: isActivated ? "self.\(attribute)(\(old))" : applied(old))
    }
  }

  /// The variable that an application reads, where its statement reads it nowhere else and gives it a new value or
  /// ends the forward pass.
  private func reusableVariable(of use: ScannedApplication) -> String? {
    guard !use.ancestors.isEmpty, canHoist(use), case .name(let variable)? = use.argument?.kind else {
      return nil
    }
    let value: Expression
    switch use.statement.kind {
    case .assignment(let targets, let right):
      guard targets.count == 1, case .name(variable) = targets[0].kind else { return nil }
      value = right
    case .return(let result?): value = result
    default: return nil
    }
    var count = 0
    SyntaxNode.expression(value).walk { node in
      if case .expression(let expression) = node, case .name(variable) = expression.kind { count += 1 }
      return true
    }
    return count == 1 ? variable : nil
  }

  private func isReturned(_ use: ScannedApplication) -> Bool {
    if case .return = use.statement.kind {
      return use.ancestors.isEmpty && SourceEditor(source.string).standsAlone(use.statement)
    }
    return false
  }

  /// A new element of a `nn.Sequential` or list.
  private mutating func insertElement(
    _ written: LayerWriter.Written, _ layer: LayerSpecification, _ anchor: MappedLayer,
    _ container: Expression,
    _ elements: [Expression], _ index: Int, isBefore: Bool
  ) {
    var parts = [written.text]
    if layer.kind.isWeighted {
      let activation = style(at: anchor).constructor
      if isBefore {
        parts = [written.text, activation]
      } else if LayerSignature.weighted.contains(anchor.type) {
        parts = [activation, written.text]
      } else {
        let next = index + 1 < elements.count ? ConstructorCall(elements[index + 1])?.type : nil
        parts = next.map(LayerSignature.activations.contains) == true ? parts : [written.text, activation]
      }
    }
    let element = elements[index]
    let following = isBefore ? element : (index + 1 < elements.count ? elements[index + 1] : nil)
    if let following {
      let separator = source.indentationIfFirst(at: following.range.lower).map { ",\n\($0)" } ?? ", "
      let text = parts.map { $0 + separator }.joined()
      replace(SourceRange(following.range.lower, following.range.lower), with: text)
    } else {
      let separator = source.indentationIfFirst(at: element.range.lower).map { ",\n\($0)" } ?? ", "
      let place = source.skippingClosers(from: element.range.upper, before: container.range.upper)
      replace(SourceRange(place, place), with: parts.map { separator + $0 }.joined())
    }
  }

  // MARK: At the beginning

  private mutating func insertAtStart(_ written: LayerWriter.Written, isWeighted: Bool) throws(EditRefusal) {
    guard
      let classIndex = map.scan.classes.firstIndex(where: { $0.definition.name == map.network.className }),
      let forward = map.scan.classes[classIndex].method("forward"),
      let constructor = map.scan.classes[classIndex].method("__init__")
    else { throw EditRefusal("\(map.network.className) has no __init__ and forward to add to") }
    guard let first = forward.body.first(where: { !Self.isDocumentation($0) }),
      forward.parameters.parameters.count >= 2
    else { throw EditRefusal("forward has no statements") }
    let attribute = map.scan.freshName(written.attribute)
    pin(attribute)
    let variable = forward.parameters.parameters[1].name
    let line = "self.\(attribute) = \(written.text)"
    if let anchor = constructor.body.first(where: Self.callsSuper) {
      try addLine(line, .after, anchor)
    } else if let anchor = constructor.body.first(where: { !Self.isDocumentation($0) }) {
      try addLine(line, .before, anchor)
    } else {
      throw EditRefusal("__init__ has no statements")
    }
    let call = "self.\(attribute)(\(variable))"
    let style = ActivationStyle(map.scan, map.names, classIndex: classIndex)
    try addLine("\(variable) = \(isWeighted ? style.call(call) : call)", .before, first)
  }

  private static func isDocumentation(_ statement: Statement) -> Bool {
    if case .expression(let value) = statement.kind, case .string = value.kind { return true }
    return false
  }

  private static func callsSuper(_ statement: Statement) -> Bool {
    guard case .expression(let value) = statement.kind, case .call(let function, _) = value.kind,
      case .attribute(let base, "__init__", _) = function.kind
    else { return false }
    if case .call(let callee, _) = base.kind { return callee.lastComponent == "super" }
    return base.dottedName?.hasSuffix("Module") == true
  }
}
