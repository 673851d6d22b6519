import NetworkGraph
import PythonSyntax
import RandomStreams

/// Makes a third network of two: the beginning of one, then the end of the other.
///
/// Both forward passes are cut where one value alone goes on, also within a chain of calls and within an
/// `nn.Sequential`. The new class has the constructor lines that its forward pass needs, the second parent's
/// names are made different from the first's, and the counts at the seam are healed.
enum Combiner {
  /// How many pairs of cuts are tried.
  private static let maximumTries = 48

  static func combine(
    _ first: NetworkMap, _ second: NetworkMap, _ limits: EditLimits, stream: inout RandomStream
  ) throws(RewriteFailure) -> Rewriting {
    let pair: Pair
    do throws(EditRefusal) {
      pair = try Pair(first, second)
    } catch {
      throw .nothingApplies(instruction: .combine, reasons: [error.reason])
    }
    var reasons: [String] = []
    var tried: Set<[Int]> = []
    for _ in 0..<maximumTries {
      let pick = [stream.integer(below: pair.fronts.count), stream.integer(below: pair.backs.count)]
      guard tried.insert(pick).inserted else { continue }
      do throws(EditRefusal) {
        return try pair.child(pair.fronts[pick[0]], pair.backs[pick[1]], limits)
      } catch {
        if reasons.count < 40 { reasons.append(error.reason) }
      }
    }
    throw .nothingApplies(instruction: .combine, reasons: reasons)
  }

  /// Combines at the layers that are named: the first of the cuts there that gives a network is taken.
  static func combine(
    _ first: NetworkMap, _ second: NetworkMap, at crossover: Crossover, _ limits: EditLimits
  ) throws(EditRefusal) -> Rewriting {
    let pair = try Pair(first, second)
    let fronts = pair.fronts.filter { $0.description == crossover.keepUntil }
    guard !fronts.isEmpty else {
      throw EditRefusal("the first network cannot be cut behind '\(crossover.keepUntil)'")
    }
    let backs = zip(pair.backs, pair.backNames).filter { $0.1 == crossover.takeFrom }.map(\.0)
    guard !backs.isEmpty else {
      throw EditRefusal("the second network cannot be cut before '\(crossover.takeFrom)'")
    }
    var refusal = EditRefusal("the parts do not fit")
    for cut in fronts {
      for rest in backs {
        do throws(EditRefusal) {
          return try pair.child(cut, rest, limits)
        } catch {
          refusal = error
        }
      }
    }
    throw refusal
  }

  /// Two parents whose names do not collide, with their places to cut.
  private struct Pair {
    let first: NetworkMap
    let second: NetworkMap
    let front: CombinerParent
    let back: CombinerParent
    let fronts: [CombinerParent.Cut]
    let backs: [CombinerParent.Cut]
    /// The layers at `backs` by their names in the second parent's own source.
    let backNames: [String]

    init(_ first: NetworkMap, _ second: NetworkMap) throws(EditRefusal) {
      guard
        let front = CombinerParent(
          first.scan, className: first.network.className, headAttribute: first.headAttribute)
      else {
        throw EditRefusal("\(first.network.className) is not a class with __init__ and forward")
      }
      guard let renamed = second.text(renamedApartFrom: front.scan),
        let own = CombinerParent(second.scan, className: second.network.className),
        let back = CombinerParent(
          ClassScan(SourceText(renamed.text), Parser.parse(renamed.text).module),
          className: renamed.names[second.network.className] ?? second.network.className)
      else { throw EditRefusal("\(second.network.className) is not a class with __init__ and forward") }
      self.first = first
      self.second = second
      self.front = front
      self.back = back
      fronts = front.cuts(.prefix)
      backs = back.cuts(.suffix)
      // Renaming keeps the order of the cuts.
      backNames = own.cuts(.suffix).map(\.description)
      guard !fronts.isEmpty, !backs.isEmpty else {
        throw EditRefusal("there is no place where one value alone goes on")
      }
    }

    /// The network of the first parent up to one place and the second from another.
    func child(
      _ cut: CombinerParent.Cut, _ rest: CombinerParent.Cut, _ limits: EditLimits
    ) throws(EditRefusal) -> Rewriting {
      guard let child = CombinedSource(front, cut, back, rest) else {
        throw EditRefusal("the parts cannot be joined there")
      }
      var options = first.options
      options.className = first.options.className.map { _ in child.className }
      let healed = try NetworkEditor.check(child.text, first.compiledFor(options), limits)
      let made = NetworkMap(healed.source, healed.network, options: options)
      guard made.identity != first.identity, made.identity != second.identity else {
        throw EditRefusal("it is one of its parents")
      }
      let what =
        "Combined \(first.network.className) up to \(cut.description) "
        + "with \(second.network.className) from \(rest.description) on."
      return Rewriting(source: healed.source, description: what, fixes: healed.fixes)
    }
  }
}

extension NetworkMap {
  /// The first part of the path of the layer of the logits.
  fileprivate var headAttribute: String? {
    head.flatMap { layers[$0].name.split(separator: ".").first.map(String.init) }
  }

  /// The same with other options, to hold another source against.
  fileprivate func compiledFor(_ options: CompilationOptions) -> NetworkMap {
    NetworkMap(source.string, network, options: options)
  }

  /// The text with every attribute of the main class, class, function and constant renamed that the other source
  /// has too but means something else by.
  fileprivate func text(renamedApartFrom other: ClassScan) -> (text: String, names: [String: String])? {
    guard let main = scan.classes.first(where: { $0.definition.name == network.className }) else {
      return nil
    }
    var taken = scan.words.union(other.words)
    func fresh(_ name: String) -> String {
      var stem = name
      while let last = stem.last, last.isNumber { stem.removeLast() }
      if stem.isEmpty { stem = "layer" }
      var number = 2
      while taken.contains("\(stem)\(number)") { number += 1 }
      taken.insert("\(stem)\(number)")
      return "\(stem)\(number)"
    }
    var attributes: [String: String] = [:]
    SyntaxNode.statement(main.statement).walk { node in
      if case .expression(let expression) = node, let name = expression.selfAttribute,
        other.words.contains(name),
        attributes[name] == nil, !Self.moduleMembers.contains(name)
      {
        attributes[name] = fresh(name)
      }
      return true
    }
    var globals: [String: String] = [:]
    for statement in scan.module.body {
      for name in statement.definedNames where other.words.contains(name) {
        let same = other.module.body.first { $0.definedNames.contains(name) }
        let isSame = same.map { other.source[$0.range] == source[statement.range] } ?? false
        if !isSame || name == network.className { globals[name] = globals[name] ?? fresh(name) }
      }
    }
    var edits: [TextEdit] = []
    scan.module.walk { node in
      switch node {
      case .expression(let expression):
        if case .name(let name) = expression.kind, let new = globals[name] {
          edits.append(TextEdit(expression.range, new))
        }
        if case .attribute(_, let name, let range) = expression.kind, expression.selfAttribute != nil,
          let new = attributes[name], main.statement.range.covers(expression.range)
        {
          edits.append(TextEdit(range, new))
        }
      case .statement(let statement):
        switch statement.kind {
        case .class(let definition):
          if let new = globals[definition.name] { edits.append(TextEdit(definition.nameRange, new)) }
        case .function(let definition):
          let isMethod = main.definition.body.contains { $0.range == statement.range }
          let isGlobal = scan.module.body.contains { $0.range == statement.range }
          if let new = isMethod ? attributes[definition.name] : isGlobal ? globals[definition.name] : nil {
            edits.append(TextEdit(definition.nameRange, new))
          }
        default: break
        }
      }
      return true
    }
    return (try? source.string.applying(edits)).map { ($0, globals) }
  }

  /// What every module has, which keeps its name.
  static let moduleMembers: Set<String> = [
    "forward", "__init__", "modules", "children", "named_modules", "named_children", "parameters",
    "named_parameters",
    "apply", "add_module", "register_buffer", "register_parameter", "training", "eval", "train", "to",
    "_modules",
  ]
}

extension Statement {
  /// The names that a statement at the top level defines.
  var definedNames: [String] {
    switch kind {
    case .class(let definition): [definition.name]
    case .function(let definition): [definition.name]
    case .assignment(let targets, _):
      targets.compactMap { target in
        if case .name(let name) = target.kind { name } else { nil }
      }
    default: []
    }
  }
}
