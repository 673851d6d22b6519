import NetworkGraph

/// A step of a network that people call a layer: what it is, and its figures in words.
struct NetworkLayer: Sendable, Hashable {
  /// What it is, such as `Conv2d`.
  var kind: String
  /// Its figures, such as `16→32 3×3 stride 2`.
  var figures: String
  /// What the source calls it, such as `features.0`; empty where it has no name.
  var name: String

  /// Kind and figures.
  var text: String { figures.isEmpty ? kind : "\(kind) \(figures)" }

  /// The layers of a graph in the order in which they are computed; shapes are moved about in none.
  static func layers(of graph: Graph) -> [NetworkLayer] {
    graph.nodes.compactMap { node in
      guard let words = words(node, graph) else { return nil }
      return NetworkLayer(kind: words.kind, figures: words.figures, name: node.label)
    }
  }

  private static func words(_ node: Node, _ graph: Graph) -> (kind: String, figures: String)? {
    func shape(_ input: Int) -> [Int] {
      node.inputs.indices.contains(input) ? graph.type(of: node.inputs[input]).shape : []
    }
    let result = node.outputs.first.map { graph.type(of: $0).shape } ?? []
    switch node.operation {
    case .input, .parameter, .buffer, .constant, .reshape, .transpose, .expand, .cast, .detach, .slice:
      return nil
    case .convolution(let convolution):
      let (images, weight) = (shape(0), shape(1))
      guard images.count == 4, weight.count == 4 else { return ("Conv2d", node.operation.attributes) }
      var figures = "\(images[1])→\(weight[0]) \(times(weight[2], weight[3]))"
      if convolution.stride != Size2D(1, 1) { figures += " stride \(times(convolution.stride))" }
      if convolution.padding != Size2D(0, 0) { figures += " padding \(times(convolution.padding))" }
      if convolution.dilation != Size2D(1, 1) { figures += " dilation \(times(convolution.dilation))" }
      if convolution.groups > 1 { figures += " groups \(convolution.groups)" }
      return ("Conv2d", figures + (convolution.hasBias ? "" : " no bias"))
    case .linear(let hasBias):
      let weight = shape(1)
      guard weight.count == 2 else { return ("Linear", "") }
      return ("Linear", "\(weight[1])→\(weight[0])" + (hasBias ? "" : " no bias"))
    case .batchNormalization: return ("BatchNorm", result.count > 1 ? "\(result[1])" : "")
    case .layerNormalization: return ("LayerNorm", result.last.map { "\($0)" } ?? "")
    case .maximumPooling(let pooling): return ("MaxPool", window(pooling))
    case .averagePooling(let pooling): return ("AvgPool", window(pooling.window))
    case .adaptiveAveragePooling(let height, let width):
      return ("AdaptiveAvgPool", "to \(times(height, width))")
    case .adaptiveMaximumPooling(let height, let width):
      return ("AdaptiveMaxPool", "to \(times(height, width))")
    case .dropout(let dropout): return ("Dropout", "\(dropout.probability)")
    case .concatenate: return ("concatenate", "\(node.inputs.count) to \(times(result.dropFirst()))")
    case .matrixMultiply: return ("matrix product", "to \(times(result.dropFirst()))")
    default: return (node.operation.name, node.operation.attributes)
    }
  }

  private static func window(_ pooling: Pooling) -> String {
    times(pooling.kernel) + (pooling.stride == pooling.kernel ? "" : " stride \(times(pooling.stride))")
      + (pooling.padding == Size2D(0, 0) ? "" : " padding \(times(pooling.padding))")
  }

  private static func times(_ size: Size2D) -> String { times(size.height, size.width) }
  private static func times(_ extents: Int...) -> String { times(extents[...]) }
  private static func times(_ extents: ArraySlice<Int>) -> String {
    extents.map(String.init).joined(separator: "×")
  }
}

/// What became of a layer from one network to another.
public struct LayerChange: Codable, Sendable, Hashable {
  /// The kinds of change.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    case same, changed, added, removed
  }

  /// The kind of change.
  public var kind: Kind
  /// The layer of the first network in words, such as `Conv2d 16→32 3×3`; nil where it was added.
  public var first: String?
  /// The layer of the second network; nil where it was removed.
  public var second: String?
  /// What the second network's source calls it, or the first's where it was removed.
  public var name: String

  /// The changes from one graph to another, in the order of the layers.
  ///
  /// Layers are aligned in order: equal ones first of all, then those of one kind, preferably of one name.
  static func changes(from first: Graph, to second: Graph) -> [LayerChange] {
    let (old, new) = (NetworkLayer.layers(of: first), NetworkLayer.layers(of: second))
    // Equal layers outweigh any number of changed ones that would stand in their way.
    let pairs = SequenceAlignment.align(old.count, new.count) {
      old[$0] == new[$1]
    } score: { one, two in
      guard old[one].kind == new[two].kind else { return 0 }
      let isNamed = old[one].name == new[two].name ? 1 : 0
      return old[one].figures == new[two].figures ? 8 + isNamed : 2 + isNamed
    }
    return pairs.compactMap { pair in
      switch (pair.first.map { old[$0] }, pair.second.map { new[$0] }) {
      case (let one?, let two?):
        LayerChange(
          kind: one.text == two.text ? .same : .changed, first: one.text, second: two.text, name: two.name)
      case (let one?, nil): LayerChange(kind: .removed, first: one.text, second: nil, name: one.name)
      case (nil, let two?): LayerChange(kind: .added, first: nil, second: two.text, name: two.name)
      case (nil, nil): nil
      }
    }
  }

  /// The change in words, such as `Conv2d 16→32 3×3 became 16→64 5×5`.
  var sentence: String {
    let place = name.isEmpty ? "" : " (\(name))"
    switch (kind, first, second) {
    case (.changed, let first?, let second?):
      let kind = first.prefix { $0 != " " }
      let figures = second.hasPrefix(kind + " ") ? String(second.dropFirst(kind.count + 1)) : second
      return "\(first) became \(figures)\(place)"
    case (.added, _, let second?): return "added \(second)\(place)"
    case (.removed, let first?, _): return "removed \(first)\(place)"
    default: return "\(second ?? first ?? "")\(place)"
    }
  }
}
