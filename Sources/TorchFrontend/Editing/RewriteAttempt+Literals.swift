import NetworkGraph
import PythonSyntax
import RandomStreams

extension RewriteAttempt {
  /// How numbers in the text of blocks and loops are changed, where no single layer can be.
  enum LiteralChange {
    /// Numbers of at least 8, which are mostly widths, times a factor.
    case widths(Double)
    /// Numbers from 1 to 8 in lists and arguments, which are mostly repetitions, plus a step.
    case repeats(Int)
  }

  /// Changes one number of the text, or all that are equal to it, so that another network comes out.
  mutating func mutateLiterals(_ change: LiteralChange, _ stream: inout RandomStream) {
    let found = literals(change)
    var candidates: [(edits: [TextEdit], sentence: String)] = []
    let values = Set(found.map(\.value)).sorted()
    for value in shuffled(values, &stream) {
      let places = found.filter { $0.value == value }.map(\.range)
      guard let new = changed(value, change), new != value else { continue }
      let all = places.map { TextEdit($0, String(new)) }
      candidates.append((all, "Changed every \(value) in the text to \(new)."))
      if all.count > 1, let one = stream.element(of: all) {
        candidates.append(([one], "Changed a \(value) to \(new)."))
      }
    }
    if case .widths = change, !found.isEmpty {
      // All widths together keep their proportions, and with them most sums of branches.
      let all = found.compactMap { place in
        changed(place.value, change).map { TextEdit(place.range, String($0)) }
      }
      candidates.insert((all, "Scaled all widths."), at: 0)
    }
    for candidate in candidates.prefix(16) {
      guard let text = try? map.source.string.applying(candidate.edits) else { continue }
      if step(text, candidate.sentence) { return }
    }
  }

  private func changed(_ value: Int, _ change: LiteralChange) -> Int? {
    switch change {
    case .widths(let factor):
      let scaled = (Double(value) * factor).rounded()
      guard scaled >= 1, scaled <= Double(limits.maximumWidth) else { return nil }
      return scaled >= 16 ? Int((scaled / 8).rounded()) * 8 : Int(scaled)
    case .repeats(let step): return value + step >= 1 ? value + step : nil
    }
  }

  /// The whole numbers in classes, functions and constants that the change is meant for, but for the number of
  /// classes.
  private func literals(_ change: LiteralChange) -> [(value: Int, range: SourceRange)] {
    let classCount = map.network.outputShape.dropFirst().first
    var found: [(value: Int, range: SourceRange)] = []
    func add(_ place: Expression) {
      guard let value = place.integerValue, value != classCount else { return }
      switch change {
      case .widths: if value >= 8, value <= limits.maximumWidth { found.append((value, place.range)) }
      case .repeats: if value >= 1, value <= 8 { found.append((value, place.range)) }
      }
    }
    for statement in map.scan.module.body where !statement.definedNames.isEmpty {
      SyntaxNode.statement(statement).walk { node in
        switch node {
        case .statement(let inner):
          if case .function(let definition) = inner.kind {
            for parameter in definition.parameters.parameters { parameter.defaultValue.map(add) }
          }
        case .expression(let expression):
          switch expression.kind {
          case .call(_, let arguments):
            // Windows, steps and the like of layers are numbers of another kind.
            if let call = ConstructorCall(expression) {
              guard case .widths = change else { break }
              for name in [LayerSignature.widthName(of: call.type), LayerSignature.inputName(of: call.type)] {
                if let name, let argument = call.argument(name) { add(argument.value) }
              }
            } else {
              for argument in arguments { add(argument.value) }
            }
          case .list(let elements), .tuple(let elements): for element in elements { add(element) }
          default: break
          }
        }
        return true
      }
    }
    var seen: Set<SourceRange> = []
    return found.filter { seen.insert($0.range).inserted }
  }
}
