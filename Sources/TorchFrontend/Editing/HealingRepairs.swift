import PythonSyntax

/// The repairs that healing knows.
enum HealingRepairs {
  /// Edits of the text that belong together, and what they amount to.
  struct Repair {
    let edits: [TextEdit]
    let fix: HealingFix
  }

  // MARK: Extents

  /// Gives a layer the extent that reaches it.
  static func extent(_ mismatch: ShapeMismatch, _ scan: ClassScan) -> Repair? {
    guard mismatch.constructionCount == 1, mismatch.required > 0 else { return nil }
    let source = scan.source
    guard let layer = scan.layers.first(where: { $0.call.expression.range == mismatch.constructionRange })
    else {
      // Not a call we can read: only its argument may be replaced.
      guard let range = mismatch.argumentRange else { return nil }
      return repair(mismatch, [TextEdit(range, String(mismatch.required))], source)
    }
    let call = layer.call
    var edits: [TextEdit] = []
    if let range = mismatch.argumentRange {
      edits.append(TextEdit(range, String(mismatch.required)))
    } else if let edit = call.setting(mismatch.argumentName, to: String(mismatch.required), in: source) {
      edits.append(edit)
    } else {
      return nil
    }
    if mismatch.argumentName == "in_channels", let groups = call.integer("groups"), groups > 1 {
      let output = call.integer("out_channels")
      if groups == mismatch.constructedWith {
        // One group per channel stays one group per channel.
        edits += [call.setting("groups", to: String(mismatch.required), in: source)].compactMap(\.self)
        if let output, output % groups == 0 {
          let width = mismatch.required * (output / groups)
          edits += [call.setting("out_channels", to: String(width), in: source)].compactMap(\.self)
        }
      } else if mismatch.required % groups != 0 {
        let shared = greatestCommonDivisor(groups, greatestCommonDivisor(mismatch.required, output ?? groups))
        edits += [call.setting("groups", to: String(shared), in: source)].compactMap(\.self)
      }
    }
    // A layer that is added to its own input must yield what it takes.
    if let width = LayerSignature.widthName(of: call.type), isShapeKeeping(layer, scan),
      call.integer(width) == mismatch.constructedWith, call.integer("groups") ?? 1 == 1
    {
      edits += [call.setting(width, to: String(mismatch.required), in: source)].compactMap(\.self)
    }
    return repair(mismatch, edits, source)
  }

  private static func repair(_ mismatch: ShapeMismatch, _ edits: [TextEdit], _ source: SourceText) -> Repair {
    let place = mismatch.argumentRange ?? mismatch.constructionRange
    return Repair(
      edits: edits,
      fix: HealingFix(
        description: "\(mismatch.modulePath): \(mismatch.argumentName) \(mismatch.constructedWith) is now "
          + "\(mismatch.required), which is what reaches it",
        location: source.location(at: place.lower)))
  }

  /// Whether the layer is the only argument of our `Residual`, without a projection.
  private static func isShapeKeeping(_ layer: ScannedLayer, _ scan: ClassScan) -> Bool {
    guard let parent = layer.ancestors.last, case .call(let function, let arguments) = parent.kind,
      arguments.count == 1, let name = function.lastComponent
    else { return false }
    return name.hasPrefix(ResidualBlock.className) && scan.classes.contains { $0.definition.name == name }
  }

  static func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
    var (left, right) = (abs(first), abs(second))
    while right != 0 { (left, right) = (right, left % right) }
    return max(left, 1)
  }

  // MARK: Summands

  /// Makes one summand's last layer as wide as the other summand, where a sum's channels differ.
  static func summands(
    at range: SourceRange, _ message: String, _ scan: ClassScan, pinned: Set<String>
  ) -> [Repair] {
    guard let sizes = sizes(in: message) else { return [] }
    guard let found = sum(at: range, scan) else { return [] }
    var repairs: [Repair] = []
    let sides = [(found.left, sizes.first, sizes.second), (found.right, sizes.second, sizes.first)]
    // The narrower side follows the wider one first, unless it is the one that was just changed.
    for (side, size, other) in sides.sorted(by: { $0.1 < $1.1 }) {
      guard let layer = lastLayer(of: side, before: found.statement, in: found.classIndex, scan),
        case .attribute(let name, _) = layer.site, !pinned.contains(name),
        let width = LayerSignature.widthName(of: layer.call.type), layer.call.integer(width) == size
      else { continue }
      var edits = [layer.call.setting(width, to: String(other), in: scan.source)].compactMap(\.self)
      if let groups = layer.call.integer("groups"), groups > 1, other % groups != 0 { continue }
      // A normalisation behind it is healed as an extent in the next round.
      edits = edits.filter { $0.replacement != scan.source[$0.range] }
      guard !edits.isEmpty else { continue }
      repairs.append(
        Repair(
          edits: edits,
          fix: HealingFix(
            description: "\(name): \(width) \(size) is now \(other), so that it can be added",
            location: scan.source.location(at: layer.call.expression.range.lower))))
    }
    return repairs
  }

  /// The two sizes of "the size of tensor a (16) must match the size of tensor b (32)".
  private static func sizes(in message: String) -> (first: Int, second: Int)? {
    guard message.contains("must match the size of tensor"), message.contains("dimension 1") else {
      return nil
    }
    let numbers = message.split(separator: "(").dropFirst().compactMap { part in
      Int(part.prefix { $0.isNumber })
    }
    guard numbers.count >= 2, numbers[0] > 0, numbers[1] > 0 else { return nil }
    return (numbers[0], numbers[1])
  }

  private struct Sum {
    let left: Expression
    let right: Expression
    let statement: Statement
    let classIndex: Int
  }

  private static func sum(at range: SourceRange, _ scan: ClassScan) -> Sum? {
    for (index, entry) in scan.classes.enumerated() where entry.statement.range.covers(range) {
      guard let statement = scan.module.statements(at: range.lower).last else { return nil }
      if case .augmentedAssignment(let target, .add, let value) = statement.kind {
        return Sum(left: target, right: value, statement: statement, classIndex: index)
      }
      var best: Expression?
      SyntaxNode.statement(statement).walk { node in
        guard node.range.covers(range) else { return false }
        if case .expression(let expression) = node, case .binary(_, .add, _) = expression.kind {
          best = expression
        }
        return true
      }
      if let best, case .binary(let left, .add, let right) = best.kind {
        return Sum(left: left, right: right, statement: statement, classIndex: index)
      }
    }
    return nil
  }

  /// The layer with a width of its own whose result the expression is, seen through what keeps the channels.
  private static func lastLayer(
    of expression: Expression, before statement: Statement, in classIndex: Int, _ scan: ClassScan
  ) -> ScannedLayer? {
    var current = expression
    var bound = statement.range.lower
    for _ in 0..<100 {
      switch current.kind {
      case .call(let function, let arguments):
        if let name = function.selfAttribute,
          let layer = scan.layers.first(where: {
            if case .attribute(name, _) = $0.site { return $0.classIndex == classIndex }
            return false
          }), LayerSignature.widthName(of: layer.call.type) != nil
        {
          return layer
        }
        guard let first = arguments.first, first.kind == .positional else { return nil }
        current = first.value
      case .name(let name):
        // What was last assigned to it above.
        guard let assigned = assignment(to: name, before: bound, in: classIndex, scan) else { return nil }
        current = assigned.value
        bound = assigned.place
      case .binary(_, .add, let right): current = right
      default: return nil
      }
    }
    return nil
  }

  private static func assignment(
    to name: String, before bound: Int, in classIndex: Int, _ scan: ClassScan
  ) -> (value: Expression, place: Int)? {
    var last: (value: Expression, place: Int)?
    SyntaxNode.statement(scan.classes[classIndex].statement).walk { node in
      guard node.range.lower < bound else { return false }
      if case .statement(let candidate) = node, case .assignment(let targets, let assigned) = candidate.kind,
        targets.count == 1, case .name(name) = targets[0].kind
      {
        last = (assigned, candidate.range.lower)
      }
      return true
    }
    return last
  }

  // MARK: Views

  /// Turns every `x.view(-1, 784)` and `x.view(x.size(0), 784)` into `x.flatten(1)`.
  static func views(_ scan: ClassScan) -> Repair? {
    var edits: [TextEdit] = []
    var place: Int?
    scan.module.walk { node in
      guard case .expression(let expression) = node, let receiver = fixedView(expression) else { return true }
      place = place ?? expression.range.lower
      edits.append(TextEdit(SourceRange(receiver.range.upper, expression.range.upper), ".flatten(1)"))
      return true
    }
    guard let place else { return nil }
    return Repair(
      edits: edits,
      fix: HealingFix(
        description: "a view with a fixed number of features is now flatten(1)",
        location: scan.source.location(at: place)))
  }

  private static func fixedView(_ expression: Expression) -> Expression? {
    guard case .call(let function, let arguments) = expression.kind, arguments.count == 2,
      arguments.allSatisfy({ $0.kind == .positional }),
      case .attribute(let receiver, let name, _) = function.kind, name == "view" || name == "reshape",
      receiver.isPrimary, receiver.dottedName != "torch",
      isFeatureCount(arguments[1].value), isBatch(arguments[0].value)
    else { return nil }
    return receiver
  }

  private static func isFeatureCount(_ expression: Expression) -> Bool {
    switch expression.kind {
    case .integer(let value): value > 0
    case .binary(let left, .multiply, let right): isFeatureCount(left) && isFeatureCount(right)
    case .attribute: expression.selfAttribute != nil
    default: false
    }
  }

  private static func isBatch(_ expression: Expression) -> Bool {
    switch expression.kind {
    case .unary(.negate, let operand): return operand.integerValue == 1
    case .integer(let value): return value == -1
    case .call(let function, let arguments):
      guard case .attribute(_, "size", _) = function.kind, arguments.count == 1 else { return false }
      return arguments[0].value.integerValue == 0
    case .subscript(let value, let index):
      guard case .attribute(_, "shape", _) = value.kind else { return false }
      return index.integerValue == 0
    default: return false
    }
  }
}

extension SourceRange {
  /// Whether the other range lies within this one.
  func covers(_ other: SourceRange) -> Bool { lower <= other.lower && other.upper <= upper }
}
