import PythonSyntax

/// Where a layer's constructor call stands, which decides how edits reach it.
enum LayerSite {
  /// `self.name = nn.Conv2d(…)`, alone in its statement.
  case attribute(name: String, statement: Statement)
  /// An element of `nn.Sequential(…)` or of a list.
  case element(container: Expression, elements: [Expression], index: Int)
  /// Anywhere else: in an expression, as an argument, in a tuple of an `OrderedDict`, …
  case expression
}

/// A constructor call of a leaf module in the text.
struct ScannedLayer {
  let call: ConstructorCall
  let site: LayerSite
  /// The class it stands in, as an index into `ClassScan.classes`.
  let classIndex: Int?
  /// The path from the module of that class, such as `features.3`, where the text alone tells it.
  let localPath: String?
  /// The calls around it, outermost first.
  let ancestors: [Expression]
}

/// A call `self.name(…)` in a method.
struct ScannedApplication {
  let name: String
  let call: Expression
  let arguments: [Argument]
  let classIndex: Int
  /// The statement it stands in.
  let statement: Statement
  /// The expressions around it within that statement, outermost first.
  let ancestors: [Expression]

  /// What the layer is applied to, if it is applied to one thing.
  var argument: Expression? {
    guard arguments.count == 1, let only = arguments.first else { return nil }
    switch only.kind {
    case .positional, .keyword: return only.value
    case .unpackedPositional, .unpackedKeyword: return nil
    }
  }
}

/// A class at the top level.
struct ScannedClass {
  let definition: ClassDefinition
  let statement: Statement

  func method(_ name: String) -> FunctionDefinition? {
    for statement in definition.body {
      if case .function(let function) = statement.kind, function.name == name { return function }
    }
    return nil
  }

  /// Whether a base is called `Module` or is another class of the source.
  var hasBases: Bool { definition.arguments.contains { $0.kind == .positional } }
}

/// The classes, constructor calls and applications of a source, found by reading its tree.
struct ClassScan {
  let source: SourceText
  let module: Module
  private(set) var classes: [ScannedClass] = []
  private(set) var layers: [ScannedLayer] = []
  private(set) var applications: [ScannedApplication] = []
  /// Every name and attribute in the source.
  private(set) var words: Set<String> = []
  /// How often each activation function is called in a class, by its text.
  private(set) var activationCalls: [Int: [String: Int]] = [:]
  /// What `sequentialElements` gave for the expressions of those ranges.
  private var sequences: [SourceRange: [Expression]?] = [:]

  init(_ source: SourceText, _ module: Module) {
    self.source = source
    self.module = module
    for statement in module.body {
      if case .class(let definition) = statement.kind {
        classes.append(ScannedClass(definition: definition, statement: statement))
        let index = classes.count - 1
        for inner in definition.body { scan(inner, in: index) }
      } else {
        scan(statement, in: nil)
      }
    }
  }

  /// The class that is most likely the network: the last one no other class uses.
  var mainClass: Int? {
    let candidates = classes.indices.filter { classes[$0].hasBases }
    // By name, the first two classes that use it.
    var users: [String: [Int]] = [:]
    for index in candidates {
      SyntaxNode.statement(classes[index].statement).walk { node in
        if case .expression(let expression) = node, case .name(let name) = expression.kind,
          users[name]?.contains(index) != true, users[name, default: []].count < 2
        {
          users[name, default: []].append(index)
        }
        return true
      }
    }
    let unused = candidates.filter { index in
      users[classes[index].definition.name]?.allSatisfy { $0 == index } ?? true
    }
    return unused.last ?? candidates.last
  }

  /// A name with a number that occurs nowhere in the source: `conv1`, `conv2`, ….
  func freshName(_ base: String) -> String {
    var number = 1
    while words.contains("\(base)\(number)") { number += 1 }
    return "\(base)\(number)"
  }

  // MARK: The walk

  private mutating func scan(_ statement: Statement, in classIndex: Int?) {
    if case .function(let function) = statement.kind {
      words.insert(function.name)
      words.formUnion(function.parameters.parameters.map(\.name))
    }
    if case .class(let definition) = statement.kind { words.insert(definition.name) }
    for expression in statement.expressions {
      scan(expression, [], statement, classIndex)
    }
    for child in statement.children { scan(child, in: classIndex) }
  }

  private mutating func scan(
    _ expression: Expression, _ ancestors: [Expression], _ statement: Statement, _ classIndex: Int?
  ) {
    switch expression.kind {
    case .name(let name): words.insert(name)
    case .attribute(_, let name, _): words.insert(name)
    case .string(let text): if text.utf8.count < 64 { words.insert(text) }
    case .call(let function, let arguments):
      if let classIndex {
        if let name = function.selfAttribute {
          applications.append(
            ScannedApplication(
              name: name, call: expression, arguments: arguments, classIndex: classIndex,
              statement: statement,
              ancestors: ancestors))
        }
        if Self.isActivationFunction(function), let name = function.dottedName, !name.hasPrefix("self.") {
          activationCalls[classIndex, default: [:]][name, default: 0] += 1
        }
      }
      if let call = ConstructorCall(expression) {
        let (site, path) = site(of: expression, ancestors, statement)
        layers.append(
          ScannedLayer(call: call, site: site, classIndex: classIndex, localPath: path, ancestors: ancestors))
      }
    default: break
    }
    let children = expression.children
    guard !children.isEmpty else { return }
    let deeper = ancestors + [expression]
    for child in children { scan(child, deeper, statement, classIndex) }
  }

  /// Whether it names an activation function, such as `F.relu` or `torch.tanh`.
  static func isActivationFunction(_ function: Expression) -> Bool {
    guard let name = function.lastComponent, LayerSignature.activationFunctions.contains(name) else {
      return false
    }
    if case .attribute(let value, _, _) = function.kind { return value.dottedName != nil }
    return true
  }

  private mutating func site(
    of call: Expression, _ ancestors: [Expression], _ statement: Statement
  ) -> (LayerSite, String?) {
    var target: String?
    if case .assignment(let targets, let value) = statement.kind, targets.count == 1,
      value.range == (ancestors.first ?? call).range
    {
      target = targets[0].selfAttribute
    }
    guard let parent = ancestors.last else {
      return target.map { (.attribute(name: $0, statement: statement), $0) } ?? (.expression, nil)
    }
    guard let elements = sequence(parent) ?? Self.listElements(parent),
      let index = Self.place(of: call, in: elements)
    else { return (.expression, nil) }
    var path: String? = target
    for (outer, inner) in zip(ancestors, ancestors.dropFirst() + [call]) {
      guard let known = path, let places = sequence(outer), let place = Self.place(of: inner, in: places)
      else {
        path = nil
        break
      }
      path = "\(known).\(place)"
    }
    return (.element(container: parent, elements: elements, index: index), path)
  }

  /// `sequentialElements`, kept for the next element of the same expression.
  private mutating func sequence(_ expression: Expression) -> [Expression]? {
    if let known = sequences[expression.range] { return known }
    let elements = Self.sequentialElements(expression)
    sequences[expression.range] = .some(elements)
    return elements
  }

  /// The place of an expression among elements, which are in the order of the source.
  private static func place(of expression: Expression, in elements: [Expression]) -> Int? {
    var (lower, upper) = (0, elements.count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if elements[middle].range.lower < expression.range.lower { lower = middle + 1 } else { upper = middle }
    }
    return lower < elements.count && elements[lower].range == expression.range ? lower : nil
  }

  /// The arguments of `nn.Sequential(a, b, …)`, if all are positional.
  static func sequentialElements(_ expression: Expression) -> [Expression]? {
    guard case .call(let function, let arguments) = expression.kind, function.lastComponent == "Sequential",
      arguments.allSatisfy({ $0.kind == .positional })
    else { return nil }
    return arguments.map(\.value)
  }

  private static func listElements(_ expression: Expression) -> [Expression]? {
    if case .list(let elements) = expression.kind { elements } else { nil }
  }
}
