import NetworkGraph

/// A module of the written network.
final class WrittenModule {
  /// What it becomes.
  enum Kind {
    /// A module of PyTorch, built by that expression.
    case layer([WrittenPiece])
    /// `nn.Sequential` of its children.
    case sequence
    /// A class of its own, called once.
    case block
    /// A mere place for its children and variables, whose operations stand in the forward pass of what holds it.
    case holder
  }

  let name: String
  let path: [String]
  unowned let parent: WrittenModule?
  /// In the order of their first appearance.
  private(set) var children: [WrittenModule] = []
  private var places: [String: Int] = [:]
  /// Parameters and buffers that it holds itself.
  var variables: [WrittenVariable] = []
  /// The statements that are its own, as indices into the graph's nodes.
  var nodes: [Int] = []
  var kind = Kind.holder
  /// For a block: the class and the arguments that it is built with.
  var construction: [WrittenPiece] = []

  init(_ name: String, parent: WrittenModule?) {
    self.name = name
    self.parent = parent
    path = (parent?.path ?? []) + (parent == nil ? [] : [name])
  }

  func child(_ name: String) -> WrittenModule? { places[name].map { children[$0] } }

  func makeChild(_ name: String) -> WrittenModule {
    if let known = child(name) { return known }
    let made = WrittenModule(name, parent: self)
    places[name] = children.count
    children.append(made)
    return made
  }

  /// Whether it is a list: its children are numbered without great gaps, and it has no class of its own.
  var isList: Bool {
    guard !isBlock, !children.isEmpty, variables.isEmpty,
      children.allSatisfy({ PythonNames.isIndex($0.name) })
    else {
      return false
    }
    return children.compactMap { Int($0.name) }.max() ?? 0 < 4 * children.count + 16
  }

  /// Whether it holds nothing but numbered parameters, so that it is a list of them.
  var isParameterList: Bool {
    !isBlock && !variables.isEmpty && children.isEmpty
      && variables.enumerated().allSatisfy { $1.isParameter && $1.name == "\($0)" }
  }

  /// Whether it has a class of its own.
  private var isBlock: Bool {
    if case .block = kind { return true }
    return false
  }

  /// Whether it can be called.
  var isCallable: Bool {
    if case .holder = kind { return false }
    return true
  }

  /// All of it, itself first.
  var subtree: [WrittenModule] {
    var all = [self]
    var next = 0
    while next < all.count {
      all += all[next].children
      next += 1
    }
    return all
  }
}

/// A parameter or buffer in its place.
struct WrittenVariable {
  var name: String
  var variable: Variable
  var isParameter: Bool
}

/// The modules of a graph, by the names of its variables and the labels of its nodes.
struct WrittenTree {
  let graph: Graph
  let className: String
  let root = WrittenModule("", parent: nil)
  /// By name in the graph: other names in the state dict.
  private(set) var renamed: [String: String] = [:]
  /// By value: what holds the variable, and under which name.
  private(set) var owners: [ValueID: (module: WrittenModule, name: String)] = [:]
  /// By node: the module that it belongs to; nil for leaves.
  private(set) var homes: [WrittenModule?]
  /// Nodes that become statements, in order.
  let statements: [Int]
  let isTraining: Bool
  /// By value: the buffer it is the content of, through updates by batch normalisation.
  private(set) var bufferOf: [ValueID: ValueID] = [:]
  /// The first extent of the first input, where it can be told from others.
  let batch: Int?
  let isWeight: [Bool]
  /// By value: the last statement that reads it, by its place among all nodes; `Int.max` for outputs.
  let lastReader: [Int]
  /// Constants and buffers that must be truth values.
  let wantsTruth: Set<ValueID>

  /// The deepest nesting of modules.
  private static let depthLimit = 40

  init(_ graph: Graph, className: String) throws(GraphError) {
    self.graph = graph
    self.className = className
    isWeight = graph.weightValues()
    let size = graph.inputs.first.flatMap { graph.type(of: $0.value).shape.first } ?? 1
    batch = size > 1 ? size : nil
    isTraining = graph.nodes.contains { node in
      switch node.operation {
      case .dropout: true
      case .batchNormalization(let normalization):
        normalization.isTraining && normalization.tracksRunningStatistics
      default: false
      }
    }
    statements = graph.nodes.indices.filter { index in
      switch graph.nodes[index].operation {
      case .input, .parameter, .buffer, .constant: false
      default: true
      }
    }
    homes = Array(repeating: nil, count: graph.nodes.count)
    lastReader = Self.lastReaders(graph)
    wantsTruth = Self.truths(graph)
    for buffer in graph.buffers { bufferOf[buffer.value] = buffer.value }
    for node in graph.nodes {
      guard case .batchNormalization(let normalization) = node.operation, node.outputs.count == 5 else {
        continue
      }
      let first = normalization.isAffine ? 3 : 1
      for side in 0..<2 { bufferOf[node.outputs[3 + side]] = bufferOf[node.inputs[first + side]] }
    }
    placeVariables()
    try placeNodes()
  }

  private static func lastReaders(_ graph: Graph) -> [Int] {
    var last = [Int](repeating: -1, count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() { for input in node.inputs { last[input.index] = index } }
    for output in graph.outputs + graph.bufferUpdates.map(\.value) { last[output.index] = .max }
    return last
  }

  /// Leaves that conditions are made of, through views and joins.
  private static func truths(_ graph: Graph) -> Set<ValueID> {
    var wanted: Set<ValueID> = []
    for node in graph.nodes.reversed() {
      switch node.operation {
      case .select: wanted.insert(node.inputs[0])
      case .reshape, .transpose, .expand, .slice, .concatenate:
        if wanted.contains(node.outputs[0]) { wanted.formUnion(node.inputs) }
      default: continue
      }
    }
    return wanted
  }

  // MARK: Places

  private mutating func placeVariables() {
    var taken: Set<String> = []
    var prefixes: Set<String> = []
    for (variables, isParameter) in [(graph.parameters, true), (graph.buffers, false)] {
      for variable in variables {
        let parts = variable.name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        var isValid = parts.count <= Self.depthLimit && parts.allSatisfy(PythonNames.isComponent)
        var prefix = ""
        for part in parts.dropLast() {
          prefix += prefix.isEmpty ? part : ".\(part)"
          if taken.contains(prefix) { isValid = false }
        }
        if prefixes.contains(variable.name) || taken.contains(variable.name) { isValid = false }
        if parts.count == 1 || !isParameter, parts.last.map(PythonNames.isIndex) ?? true { isValid = false }
        var path = parts
        if !isValid {
          var number = 1
          while taken.contains("\(isParameter ? "parameter" : "buffer")_\(number)")
            || prefixes.contains("\(isParameter ? "parameter" : "buffer")_\(number)")
          {
            number += 1
          }
          path = ["\(isParameter ? "parameter" : "buffer")_\(number)"]
          renamed[variable.name] = path[0]
        }
        taken.insert(path.joined(separator: "."))
        for count in 1..<max(2, path.count) where count < path.count {
          prefixes.insert(path.prefix(count).joined(separator: "."))
        }
        let module = path.dropLast().reduce(root) { $0.makeChild($1) }
        let name = path.last ?? ""
        module.variables.append(WrittenVariable(name: name, variable: variable, isParameter: isParameter))
        owners[variable.value] = (module, name)
      }
    }
  }

  private mutating func placeNodes() throws(GraphError) {
    for index in statements {
      var module = root
      for part in graph.nodes[index].label.split(separator: ".").prefix(Self.depthLimit).map(String.init) {
        let isVariable = module.variables.contains { $0.name == part }
        guard PythonNames.isComponent(part), !isVariable else { break }
        // A numbered child would make a list of a module that has variables of its own.
        if PythonNames.isIndex(part), module.child(part) == nil, !(module.isList || module.children.isEmpty) {
          break
        }
        module = module.makeChild(part)
      }
      homes[index] = module
      module.nodes.append(index)
    }
  }
}
