import PythonSyntax

extension EditDraft {
  mutating func wrap(_ index: Int) throws(EditRefusal) {
    let layer = map.layers[index]
    guard index != map.head else { throw EditRefusal("\(layer.name) yields the classes") }
    guard let input = layer.inputShape, let output = layer.outputShape, layer.isApplied else {
      throw EditRefusal("\(layer.name) is not applied")
    }
    guard input.count >= 2, output.count == input.count else {
      throw EditRefusal("\(layer.name) takes \(input) and yields \(output), which cannot be added")
    }
    var projection: (text: String, summary: String)?
    if !layer.keepsShape {
      guard !layer.isRepeated else {
        throw EditRefusal("\(layer.name) is built \(layer.summaries.count) times and changes the shape")
      }
      projection = try self.projection(from: input, to: output)
    }
    let summary = projection.map { "through \($0.summary)" } ?? "unchanged"
    switch layer.scanned.site {
    case .attribute(let name, let statement) where !applications(of: name, layer).isEmpty:
      try wrapCall(layer, name, statement, projection?.text)
    default:
      try wrapConstructor(layer, projection?.text)
    }
    say("Added the input of \(layer.name), \(summary), to its output.")
    if projection != nil || map.scan.classes.isEmpty { requireImport() }
  }

  /// The layer that brings a tensor of one shape to another: a convolution with as small a window as will do.
  private func projection(
    from input: [Int], to output: [Int]
  ) throws(EditRefusal) -> (text: String, summary: String) {
    let prefix = map.names.layerPrefix
    if input.count != 4 {
      guard let features = input.last, let width = output.last, input.dropLast() == output.dropLast() else {
        throw EditRefusal("\(input) cannot be projected to \(output)")
      }
      return ("\(prefix)Linear(\(features), \(width))", "a Linear \(features)->\(width)")
    }
    let windows = [2, 3].map { axis -> (kernel: Int, stride: Int)? in
      guard output[axis] > 0, input[axis] >= output[axis] else { return nil }
      let stride = max(1, input[axis] / output[axis])
      for candidate in [stride, (input[axis] + output[axis] - 1) / output[axis]] {
        if (input[axis] - 1) / candidate + 1 == output[axis] { return (1, candidate) }
      }
      let kernel = input[axis] - stride * (output[axis] - 1)
      return kernel >= 1 && kernel <= 7 ? (kernel, stride) : nil
    }
    guard let height = windows[0], let width = windows[1], height == width else {
      throw EditRefusal(
        "\(ShapeText.withoutBatch(input)) cannot be projected to \(ShapeText.withoutBatch(output))")
    }
    var text = "\(prefix)Conv2d(\(input[1]), \(output[1]), kernel_size=\(height.kernel)"
    if height.stride != 1 { text += ", stride=\(height.stride)" }
    return (text + ")", "a \(height.kernel)x\(height.kernel) Conv2d \(input[1])->\(output[1])")
  }

  private mutating func wrapCall(
    _ layer: MappedLayer, _ name: String, _ statement: Statement, _ projection: String?
  ) throws(EditRefusal) {
    let uses = applications(of: name, layer)
    guard let use = uses.first, let argument = use.argument else {
      throw EditRefusal("\(name) is applied to more than one thing")
    }
    guard uses.count == 1 || projection == nil else {
      throw EditRefusal("\(name) is applied \(uses.count) times and changes the shape")
    }
    if let parent = use.ancestors.last, case .binary(_, .add, _) = parent.kind {
      throw EditRefusal("\(name) is in a sum already")
    }
    var shortcut: String
    if case .name(let variable) = argument.kind {
      shortcut = variable
    } else {
      guard canHoist(use) else {
        try wrapConstructor(layer, projection)
        return
      }
      shortcut = map.scan.freshName("shortcut")
      let text = source[argument.range]
      let line = text.contains("\n") ? "\(shortcut) = (\(text))" : "\(shortcut) = \(text)"
      try addLine(line, .before, use.statement)
      replace(argument.range, with: shortcut)
    }
    let variable = shortcut
    if let projection {
      let attribute = map.scan.freshName("projection")
      pin(attribute)
      try addLine("self.\(attribute) = \(projection)", .after, statement)
      shortcut = "self.\(attribute)(\(variable))"
    }
    let isFree = use.ancestors.last.map { outer in
      if case .call(_, let arguments) = outer.kind {
        return arguments.contains { $0.value.range == use.call.range }
      }
      return false
    }
    // `a + b` needs parentheses anywhere but as an argument or a whole value.
    let needsParentheses = !(isFree ?? true)
    let range = use.call.range
    replace(SourceRange(range.lower, range.lower), with: (needsParentheses ? "(" : "") + shortcut + " + ")
    if needsParentheses { replace(SourceRange(range.upper, range.upper), with: ")") }
  }

  /// Whether the argument of an application can be computed in a line of its own before the statement.
  func canHoist(_ use: ScannedApplication) -> Bool {
    for outer in use.ancestors {
      switch outer.kind {
      case .call, .attribute, .binary, .unary, .tuple, .list, .subscript: continue
      default: return false
      }
    }
    switch use.statement.kind {
    case .assignment, .return, .expression, .augmentedAssignment:
      return SourceEditor(source.string).standsAlone(use.statement)
    default: return false
    }
  }

  /// Puts the layer into the helper class that adds, where its application is out of reach.
  private mutating func wrapConstructor(_ layer: MappedLayer, _ projection: String?) throws(EditRefusal) {
    if let parent = layer.scanned.ancestors.last, case .call(let function, _) = parent.kind,
      function.lastComponent?.hasPrefix(ResidualBlock.className) == true
    {
      throw EditRefusal("\(layer.name) is in a residual connection already")
    }
    let block = ResidualBlock.provide(map.scan, map.names)
    if let edit = block.edit {
      add(edit)
      requireImport()
    }
    let inner = source[layer.call.expression.range]
    let arguments = projection.map { "\(inner), \($0)" } ?? inner
    replace(layer.call.expression.range, with: "\(block.name)(\(arguments))")
  }
}
