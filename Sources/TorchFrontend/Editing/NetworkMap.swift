import NetworkGraph
import PythonSyntax

/// A source together with the network it compiles to: which text builds which layers, and what reaches them.
struct NetworkMap {
  let source: SourceText
  let scan: ClassScan
  let names: ModuleNames
  let network: CompiledNetwork
  let options: CompilationOptions
  /// The layers in the order in which the forward pass applies them.
  let layers: [MappedLayer]
  /// The layer that yields the class logits, as an index into `layers`.
  let head: Int?

  init(_ text: String, options: CompilationOptions) throws(CompilationFailure) {
    self.init(text, try NetworkCompiler.compile(text, options: options), options: options)
  }

  init(_ text: String, _ network: CompiledNetwork, options: CompilationOptions) {
    let source = SourceText(text)
    let scan = ClassScan(source, Parser.parse(text).module)
    self.source = source
    self.scan = scan
    self.network = network
    self.options = options
    names = ModuleNames(scan.module)
    layers = Self.map(scan, network)
    head = Self.head(of: layers, classCount: network.outputShape.dropFirst().first)
  }

  /// The last weighted layer that is applied, if it yields as many numbers as there are classes.
  private static func head(of layers: [MappedLayer], classCount: Int?) -> Int? {
    let last = layers.lastIndex { $0.isApplied && LayerSignature.weighted.contains($0.type) }
    guard let last, layers[last].outputWidth == classCount else { return nil }
    return last
  }

  /// The layer of that name: a path, or `Class.attribute` for one within a block.
  func layer(named name: String) -> Int? {
    if let index = layers.firstIndex(where: { $0.paths.contains(name) }) { return index }
    return layers.firstIndex { $0.qualifiedName == name }
  }

  /// The shape of what is fed.
  var inputShape: [Int] { options.inputShape }

  private static func map(_ scan: ClassScan, _ network: CompiledNetwork) -> [MappedLayer] {
    let places = places(in: network.graph)
    var groups: [SourceRange: [LayerSummary]] = [:]
    for summary in network.layers {
      if let range = summary.constructionRange { groups[range, default: []].append(summary) }
    }
    var lastOrder = -1
    var orders: [String: Int] = [:]
    for summary in network.layers {
      // What leaves no node in the graph, such as dropout in evaluation, keeps its place behind its predecessor.
      lastOrder = places[summary.path]?.order ?? lastOrder
      orders[summary.path] = lastOrder
    }
    var mapped: [MappedLayer] = []
    for (position, scanned) in scan.layers.enumerated() {
      guard let group = groups[scanned.call.expression.range], let first = group.first else { continue }
      let className = scanned.classIndex.map { scan.classes[$0].definition.name }
      let input = places[first.path]?.inputShape
      let isShapeless = places[first.path] == nil && !LayerSignature.weighted.contains(first.type)
      mapped.append(
        MappedLayer(
          scanned: scanned, summaries: group, position: position,
          order: group.map { orders[$0.path] ?? -1 }.min() ?? -1,
          inputShape: input ?? (isShapeless ? first.outputShape : nil),
          inputShapes: group.map { places[$0.path]?.inputShape ?? [] },
          qualifiedName: className.flatMap { name in scanned.localPath.map { "\(name).\($0)" } }))
    }
    return mapped.sorted {
      ($0.order, $0.registration(in: network)) < ($1.order, $1.registration(in: network))
    }
  }

  /// For each module path its first node: where it comes and what it reads.
  private static func places(in graph: Graph) -> [String: (order: Int, inputShape: [Int]?)] {
    var places: [String: (order: Int, inputShape: [Int]?)] = [:]
    for (order, node) in graph.nodes.enumerated() where !node.label.isEmpty && places[node.label] == nil {
      switch node.operation {
      case .input, .parameter, .buffer, .constant: continue
      default: places[node.label] = (order, node.inputs.first.map { graph.type(of: $0).shape })
      }
    }
    return places
  }
}

/// A constructor call with the layers it builds; several where it stands in a block or loop.
struct MappedLayer {
  let scanned: ScannedLayer
  /// The layers it builds, in the order of registration; at least one.
  let summaries: [LayerSummary]
  /// Where the call stands among the calls of the text.
  let position: Int
  /// Where the first of the layers comes in the forward pass.
  let order: Int
  /// The shape that reaches the first of the layers, with the batch.
  let inputShape: [Int]?
  /// The shapes that reach each of the layers, empty where unknown.
  let inputShapes: [[Int]]
  /// `Class.attribute`, where the text tells it.
  let qualifiedName: String?

  var call: ConstructorCall { scanned.call }
  var type: String { call.type }
  var name: String { summaries.first?.path ?? "" }
  var paths: [String] { summaries.map(\.path) }
  var isRepeated: Bool { summaries.count > 1 }
  var isApplied: Bool { summaries.contains(where: \.isApplied) }
  var outputWidth: Int? { summaries.first?.outputWidth }

  /// The shape the first of the layers yields, nil where it is not applied.
  var outputShape: [Int]? { summaries.first.flatMap { $0.outputShape.isEmpty ? nil : $0.outputShape } }

  /// Whether all the layers that the call builds yield the same channels.
  var hasUniformOutput: Bool {
    let widths = Set(summaries.map { $0.outputShape.count > 1 ? $0.outputShape[1] : -1 })
    let ranks = Set(summaries.map(\.outputShape.count))
    return widths.count == 1 && ranks.count == 1
  }

  /// Whether each of the layers yields the shape that reaches it.
  var keepsShape: Bool {
    zip(summaries, inputShapes).allSatisfy { !$0.outputShape.isEmpty && $0.outputShape == $1 }
  }

  fileprivate func registration(in network: CompiledNetwork) -> Int {
    network.layers.firstIndex { $0.path == name } ?? position
  }
}
