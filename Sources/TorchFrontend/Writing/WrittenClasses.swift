import NetworkGraph

/// Makes classes of the modules and writes the file.
struct WrittenClasses {
  let tree: WrittenTree
  let layers: WrittenLayers
  /// By the first statement of a call of a layer.
  var layerCalls: [Int: WrittenLayers.Call] = [:]
  /// By node: its place among the statements.
  private var positions: [Int: Int] = [:]
  /// By value: whether it is a truth value in PyTorch.
  var truths: [Bool]
  private var classNames: Set<String>

  init(_ tree: WrittenTree, reserved: Set<String>) {
    self.tree = tree
    layers = WrittenLayers(tree)
    classNames = reserved
    truths = Array(repeating: false, count: tree.graph.values.count)
    for (position, node) in tree.statements.enumerated() { positions[node] = position }
    findTruths()
    decide(tree.root)
    tree.root.kind = .block
  }

  private mutating func findTruths() {
    for node in tree.graph.nodes {
      if node.inputs.isEmpty {
        for value in node.outputs where tree.wantsTruth.contains(value) {
          truths[value.index] = isTruth(node)
        }
        continue
      }
      let writer = WrittenOperation(
        tree: tree, node: node, operands: [], truths: node.inputs.map { truths[$0.index] },
        extent: { "\($0)" })
      truths[node.outputs[0].index] = writer.yieldsTruth
    }
  }

  /// Whether a leaf holds nothing but 0 and 1 and may be made of truth values.
  private func isTruth(_ node: Node) -> Bool {
    switch node.operation {
    case .constant(.fill(let number, let type)):
      return type.elementType == .float32 && (number == 0 || number == 1)
    case .constant(.values(let values, _)): return values.allSatisfy { $0 == 0 || $0 == 1 }
    case .buffer(let name):
      switch tree.graph.buffers.first(where: { $0.name == name })?.initializer {
      case .values(let values): return values.allSatisfy { $0 == 0 || $0 == 1 }
      case .constant(let number): return number == 0 || number == 1
      default: return false
      }
    default: return false
    }
  }

  // MARK: Kinds

  private mutating func decide(_ module: WrittenModule) {
    for child in module.children { decide(child) }
    guard module.parent != nil else { return }
    if let calls = layers.calls(of: module) {
      module.kind = .layer(calls[0].construction)
      for call in calls { if let first = call.nodes.first { layerCalls[first] = call } }
      return
    }
    let statements = module.subtree.flatMap(\.nodes).sorted()
    guard let first = statements.first.flatMap({ positions[$0] }),
      let last = statements.last.flatMap({ positions[$0] }), last - first + 1 == statements.count
    else { return }
    if module.children.isEmpty, module.variables.isEmpty, !(module.parent?.isList ?? false) { return }
    if module.isList, isChain(module) {
      module.kind = .sequence
    } else if !module.isList || !module.nodes.isEmpty {
      module.kind = .block
    }
  }

  /// Whether a list's children are called one after the other, each once, on what the one before yields.
  private func isChain(_ module: WrittenModule) -> Bool {
    guard let steps = try? steps(of: module) else { return false }
    guard module.nodes.isEmpty, steps.count == module.children.count else { return false }
    var before: (index: Int, output: ValueID)?
    for step in steps {
      guard let target = step.target, target.parent === module, let index = Int(target.name),
        step.inputs.count == 1, step.outputs.count == 1
      else { return false }
      if let before {
        guard index > before.index, step.inputs[0] == before.output,
          tree.lastReader[before.output.index] <= (step.nodes.last ?? 0)
        else { return false }
      }
      before = (index, step.outputs[0])
    }
    return true
  }

  // MARK: Steps

  /// A statement of a forward pass: an operation, or the call of a module.
  struct Step {
    var target: WrittenModule?
    var nodes: [Int]
    var inputs: [ValueID]
    var outputs: [ValueID]
  }

  /// What the forward pass of a module does.
  func steps(of scope: WrittenModule) throws(GraphError) -> [Step] {
    let statements = scope.subtree.flatMap(\.nodes).sorted()
    var steps: [Step] = []
    var place = 0
    while place < statements.count {
      let index = statements[place]
      var target: WrittenModule?
      var module = tree.homes[index]
      while let current = module, current !== scope {
        if current.isCallable { target = current }
        module = current.parent
      }
      let nodes: [Int]
      let step: Step
      if let target, case .layer = target.kind {
        guard let call = layerCalls[index] else {
          throw GraphError("write.layer", "\(target.path.joined(separator: ".")) is called in part")
        }
        nodes = Array(call.nodes)
        step = Step(target: target, nodes: nodes, inputs: call.inputs, outputs: [call.output])
      } else {
        nodes = target.map { $0.subtree.flatMap(\.nodes).sorted() } ?? [index]
        let (inputs, outputs) = interface(of: nodes, in: target)
        step = Step(target: target, nodes: nodes, inputs: inputs, outputs: outputs)
      }
      steps.append(step)
      place += nodes.count
    }
    return steps
  }

  /// What statements read from outside and yield to it; variables of the module and constants do not count.
  private func interface(
    of nodes: [Int], in module: WrittenModule?
  ) -> (inputs: [ValueID], outputs: [ValueID]) {
    let graph = tree.graph
    let inside = Set(nodes)
    let last = nodes.last ?? 0
    var inputs: [ValueID] = []
    var outputs: [ValueID] = []
    for index in nodes {
      for input in graph.nodes[index].inputs where !inputs.contains(input) {
        if inside.contains(graph.values[input.index].producer) { continue }
        if module != nil {
          if case .constant = graph.producer(of: input).operation { continue }
          if let owner = tree.owners[tree.bufferOf[input] ?? input],
            owner.module.path.starts(with: module?.path ?? [])
          {
            continue
          }
        }
        inputs.append(input)
      }
      for output in graph.nodes[index].outputs where !isState(output) {
        if tree.lastReader[output.index] > last || (module == nil && tree.lastReader[output.index] >= 0) {
          outputs.append(output)
        }
      }
    }
    return (inputs, outputs)
  }

  /// Whether a value is the new content of a buffer that batch normalisation itself stores.
  func isState(_ value: ValueID) -> Bool {
    guard let buffer = tree.bufferOf[value], buffer != value else { return false }
    return !tree.graph.outputs.contains(value)
  }

  // MARK: Classes

  /// The text of the file.
  mutating func source() throws(GraphError) -> String {
    var byHeight: [Int: [WrittenModule]] = [:]
    _ = collect(tree.root, &byHeight)
    var texts: [String] = []
    for height in byHeight.keys.sorted() {
      var groups: [(key: [String], members: [(module: WrittenModule, body: WrittenBody)])] = []
      var places: [[String]: Int] = [:]
      for module in byHeight[height] ?? [] {
        var scope = WrittenScope(self, module)
        let body = try scope.body()
        let key = body.pattern
        if let place = places[key] {
          groups[place].members.append((module, body))
        } else {
          places[key] = groups.count
          groups.append((key, [(module, body)]))
        }
      }
      for group in groups { texts.append(define(group.members)) }
    }
    let all = texts.joined(separator: "\n\n\n")
    var imports = ["import torch", "import torch.nn as nn"]
    if all.contains("F.") { imports.append("import torch.nn.functional as F") }
    return imports.joined(separator: "\n") + "\n\n\n" + all + "\n"
  }

  /// Sorts blocks by how deep blocks nest within them; gives the height of a module.
  private func collect(_ module: WrittenModule, _ byHeight: inout [Int: [WrittenModule]]) -> Int {
    var height = 0
    for child in module.children { height = max(height, collect(child, &byHeight)) }
    if case .block = module.kind {
      height += 1
      byHeight[height, default: []].append(module)
    }
    return height
  }

  /// One class for modules that differ in numbers only; says how each is built.
  private mutating func define(_ members: [(module: WrittenModule, body: WrittenBody)]) -> String {
    let first = members[0]
    let name = first.module.parent == nil ? tree.className : className(members.map(\.module))
    var parameters: [(name: String, values: [String])] = []
    var lines: [String] = []
    for (index, line) in first.body.construction.enumerated() {
      var replaced: [Int: String] = [:]
      for (place, piece) in line.pieces.enumerated() where piece.value != nil {
        let values = members.compactMap { $0.body.construction[index].pieces[place].value }
        guard values.contains(where: { $0 != values[0] }) else { continue }
        if let known = parameters.first(where: { $0.values == values }) {
          replaced[place] = known.name
        } else {
          var name = piece.role
          var number = 2
          while parameters.contains(where: { $0.name == name }) {
            name = "\(piece.role)_\(number)"
            number += 1
          }
          parameters.append((name, values))
          replaced[place] = name
        }
      }
      lines.append(line.rendered { replaced[$0] })
    }
    for (index, member) in members.enumerated() {
      var pieces: [WrittenPiece] = [.text("\(name)(")]
      for (place, parameter) in parameters.enumerated() {
        if place > 0 { pieces.append(.text(", ")) }
        pieces.append(.literal(parameter.values[index], role: parameter.name))
      }
      member.module.construction = pieces + [.text(")")]
    }
    let arguments = (["self"] + parameters.map(\.name)).joined(separator: ", ")
    var text = "class \(name)(nn.Module):\n    def __init__(\(arguments)):\n        super().__init__()\n"
    for line in lines { text += "        \(line)\n" }
    let inputs = (["self"] + first.body.arguments).joined(separator: ", ")
    text += "\n    def forward(\(inputs)):\n"
    for line in first.body.forward { text += "        \(line)\n" }
    return String(text.dropLast())
  }

  /// A name in capitals for what modules have in common.
  private mutating func className(_ modules: [WrittenModule]) -> String {
    let path = modules[0].path
    let word = path.last(where: { !PythonNames.isIndex($0) }) ?? "part"
    var name = word.split(separator: "_").map { part in
      part.prefix(1).uppercased() + part.dropFirst()
    }.joined()
    while let last = name.last, last.isNumber { name.removeLast() }
    if name.isEmpty { name = "Part" }
    if !name.hasSuffix("Block") { name += "Block" }
    if name.hasSuffix("BlocksBlock") { name = String(name.dropLast(6)) }
    var unique = name
    var number = 2
    while !classNames.insert(unique).inserted || !PythonNames.isIdentifier(unique) {
      unique = "\(name)\(number)"
      number += 1
    }
    return unique
  }
}

/// The two functions of a class.
struct WrittenBody {
  var construction: [WrittenLine]
  var arguments: [String]
  var forward: [String]

  /// Equal for bodies that differ in numbers of the constructor only.
  var pattern: [String] {
    construction.map { $0.pieces.map(\.pattern).joined(separator: "\u{1}") } + arguments + forward
  }
}
