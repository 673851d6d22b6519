import PythonSyntax

extension EditDraft {
  // MARK: Replace

  mutating func replace(_ index: Int, _ layer: LayerSpecification) throws(EditRefusal) {
    let old = map.layers[index]
    let isHead = index == map.head
    var layer = layer
    if isHead {
      guard layer.kind == .linear && old.type == "Linear" || layer.kind == .conv && old.type == "Conv2d"
      else {
        throw EditRefusal("\(old.name) yields the classes and can only be replaced by its own kind")
      }
      layer.width = old.outputWidth
    }
    guard let shape = old.inputShape else { throw EditRefusal("\(old.name) is not applied") }
    var channels: String?
    if old.isRepeated, layer.kind.isWeighted || layer.kind == .batchNorm,
      Set(old.inputShapes.map { $0.count > 1 ? $0[1] : -1 }).count > 1
    {
      let input = LayerSignature.inputName(of: old.type).flatMap { old.call.argument($0) }
      guard let input, input.value.integerValue == nil else {
        throw EditRefusal("\(old.name) is built \(old.summaries.count) times with different channels")
      }
      channels = source[input.value.range]
    }
    let fallback = old.outputWidth ?? (layer.kind == .linear ? 128 : max(16, shape.count > 1 ? shape[1] : 16))
    let written = try writer.write(layer, for: shape, defaultWidth: fallback, channels: channels)
    guard written.text != source[old.call.expression.range] else {
      throw EditRefusal("\(old.name) is that already")
    }
    replace(old.call.expression.range, with: written.text)
    say("Replaced \(old.name) (\(LayerDescription.of(old.call, source))) by \(written.summary).")
    if let name = old.scanned.attributeName {
      pin(name)
      rename(name, to: written.attribute, old)
    }
    requireImport()
  }

  /// Gives an attribute a name that says what it now is, unless its name says so already or nothing in particular.
  private mutating func rename(_ name: String, to base: String, _ layer: MappedLayer) {
    let stem = String(name.prefix { !$0.isNumber })
    let known: Set<String> = [
      "conv", "depthwise", "fc", "bn", "pool", "dropout", "relu", "gelu", "silu", "tanh", "sigmoid",
    ]
    guard stem != base, known.contains(stem), let classIndex = layer.scanned.classIndex else { return }
    let fresh = map.scan.freshName(base)
    SyntaxNode.statement(map.scan.classes[classIndex].statement).walk { node in
      if case .expression(let expression) = node, case .attribute(_, name, let range) = expression.kind,
        expression.selfAttribute == name
      {
        add(TextEdit(range, fresh))
      }
      return true
    }
    pin(fresh)
  }

  // MARK: Delete

  mutating func delete(_ index: Int) throws(EditRefusal) {
    let layer = map.layers[index]
    guard index != map.head else { throw EditRefusal("\(layer.name) yields the classes and must stay") }
    say("Deleted \(layer.name) (\(LayerDescription.of(layer.call, source))).")
    switch layer.scanned.site {
    case .attribute(let name, let statement) where !layer.isApplied || !applications(of: name, layer).isEmpty:
      for use in applications(of: name, layer) {
        try deleteCall(use, LayerSignature.weighted.contains(layer.type))
      }
      try deleteLines(of: statement)
    case .element(let container, let elements, let place):
      deleteElement(layer, container, elements, place)
    case .attribute, .expression:
      guard layer.type != "Identity" else { throw EditRefusal("\(layer.name) does nothing already") }
      replace(layer.call.expression.range, with: "\(map.names.layerPrefix)Identity()")
      requireImport()
    }
  }

  private mutating func deleteCall(_ use: ScannedApplication, _ isWeighted: Bool) throws(EditRefusal) {
    guard let argument = use.argument else {
      throw EditRefusal("\(use.name) is applied to more than one thing")
    }
    let inner = argument.isPrimary ? source[argument.range] : "(\(source[argument.range]))"
    let around = activations(around: use)
    if let sum = use.ancestors.last, case .binary(let left, .add, let right) = sum.kind {
      let other = left.range == use.call.range ? right : left
      if source[other.range] == source[argument.range] {
        // Of `x + self.layer(x)` nothing is left to add.
        replace(sum.range, with: inner)
        return
      }
    }
    if case .name(let variable) = argument.kind, plainTarget(of: use) == variable,
      isWeighted || around.isEmpty, isStatementRemovable(use.statement, use.classIndex)
    {
      try deleteLines(of: use.statement)
    } else if isWeighted, let outer = around.last, isActivation(argument, in: use.classIndex) {
      // Its activation goes with it where what is left has one.
      replace(outer.range, with: inner)
    } else {
      replace(use.call.range, with: inner)
    }
  }

  /// Whether the block of a statement has another one.
  private func isStatementRemovable(_ statement: Statement, _ classIndex: Int) -> Bool {
    let path = map.scan.module.statements(at: statement.range.lower)
    guard path.count >= 2 else { return false }
    return path[path.count - 2].children.count > 1
  }

  private mutating func deleteElement(
    _ layer: MappedLayer, _ container: Expression, _ elements: [Expression], _ index: Int
  ) {
    var last = index
    func type(_ place: Int) -> String? {
      elements.indices.contains(place) ? ConstructorCall(elements[place])?.type : nil
    }
    if LayerSignature.weighted.contains(layer.type), let before = type(index - 1),
      let after = type(index + 1),
      LayerSignature.activations.contains(before), LayerSignature.activations.contains(after)
    {
      last = index + 1
    }
    let range = elements[index].range.union(elements[last].range)
    if let lines = source.ownLines(of: range) {
      replace(lines, with: "")
    } else if last + 1 < elements.count {
      replace(SourceRange(range.lower, elements[last + 1].range.lower), with: "")
    } else if index > 0 {
      let lower = source.skippingClosers(from: elements[index - 1].range.upper, before: container.range.upper)
      replace(SourceRange(lower, range.upper), with: "")
    } else {
      replace(range, with: "")
    }
  }

  // MARK: Set

  mutating func set(_ attribute: String, of index: Int, to value: Double) throws(EditRefusal) {
    let layer = map.layers[index]
    let type = layer.type
    let name: String
    switch attribute {
    case "width", "channels", "features", "out", "out_channels", "out_features":
      guard let width = LayerSignature.widthName(of: type) else {
        throw EditRefusal("a \(type) has no width")
      }
      name = width
    case "kernel", "kernel_size": name = "kernel_size"
    case "p", "probability": name = "p"
    default: name = attribute
    }
    guard LayerSignature.parameters[type]?.contains(name) == true else {
      throw EditRefusal("a \(type) has no '\(attribute)'")
    }
    guard let range = Self.ranges[name] else {
      throw EditRefusal("'\(attribute)' is not one that edits can set")
    }
    guard value.isFinite, range.values.contains(value) else {
      throw EditRefusal(
        "\(name) \(NumberText.of(value)) is not within \(NumberText.of(range.values.lowerBound)) to "
          + NumberText.of(range.values.upperBound))
    }
    guard !range.isWhole || value == value.rounded() else {
      throw EditRefusal("\(name) must be a whole number, and \(NumberText.of(value)) is not")
    }
    let isWidth = name == "out_channels" || name == "out_features"
    if isWidth {
      guard index != map.head else {
        throw EditRefusal("\(layer.name) yields the classes and keeps its width")
      }
      guard value <= Double(limits.maximumWidth) else {
        throw EditRefusal("\(name) may be at most \(limits.maximumWidth)")
      }
    }
    let text = range.isWhole ? String(Int(value)) : NumberText.of(value)
    let old = layer.call.argument(name).map { source[$0.value.range] }
    guard old != text else { throw EditRefusal("\(name) of \(layer.name) is \(text) already") }
    guard let edit = layer.call.setting(name, to: text, in: source) else {
      throw EditRefusal("the arguments of \(layer.name) cannot be read")
    }
    add(edit)
    if name == "kernel_size" { keepPadding(layer, Int(value)) }
    if isWidth { keepDepthwise(layer, Int(value)) }
    pin(layer.scanned.attributeName)
    say("Set \(name) of \(layer.name)\(old.map { " from \($0)" } ?? "") to \(text).")
  }

  /// What can be set, and to what.
  private static let ranges: [String: (values: ClosedRange<Double>, isWhole: Bool)] = [
    "out_channels": (1...65536, true), "out_features": (1...65536, true), "kernel_size": (1...15, true),
    "stride": (1...8, true), "padding": (0...8, true), "dilation": (1...8, true), "groups": (1...4096, true),
    "p": (0...0.95, false), "negative_slope": (0...1, false), "eps": (1e-8...1, false),
    "momentum": (0...1, false),
    "alpha": (0.01...10, false),
  ]

  /// A convolution that kept the size of its images keeps it with another kernel.
  private mutating func keepPadding(_ layer: MappedLayer, _ kernel: Int) {
    guard LayerSignature.parameters[layer.type]?.contains("out_channels") == true,
      let old = layer.call.integer("kernel_size"), old % 2 == 1,
      layer.call.integer("padding") ?? 0 == old / 2,
      let edit = layer.call.setting("padding", to: String(kernel / 2), in: source)
    else { return }
    // Two keywords added at one place would need a comma between them in the right order.
    add(edit)
  }

  /// A depthwise convolution has as many groups as channels: another width must be a multiple of them.
  private mutating func keepDepthwise(_ layer: MappedLayer, _ width: Int) {
    guard let groups = layer.call.integer("groups"), groups > 1, width % groups != 0 else { return }
    let input = layer.call.integer("in_channels") ?? groups
    let shared = HealingRepairs.greatestCommonDivisor(
      HealingRepairs.greatestCommonDivisor(groups, width), input)
    if let edit = layer.call.setting("groups", to: String(shared), in: source) { add(edit) }
  }
}
