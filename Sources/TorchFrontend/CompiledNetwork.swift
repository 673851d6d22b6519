public import NetworkGraph
public import PythonSyntax

/// A network that was read, built and traced.
public struct CompiledNetwork: Sendable {
  /// The class (or factory function, or global variable) that was built.
  public var className: String
  /// What the forward pass computes; `outputs[0]` is the result.
  public var graph: Graph
  /// What the forward pass returns, in the order of the graph's outputs.
  public var outputs: [NetworkOutput]
  /// PyTorch's state dict, in its order.
  public var state: [StateEntry]
  /// The leaf modules in the order of their registration.
  public var layers: [LayerSummary]
  /// Warnings and notes: what was ignored, and why.
  public var notes: [Diagnostic]

  /// A compiled network.
  public init(
    className: String, graph: Graph, outputs: [NetworkOutput], state: [StateEntry], layers: [LayerSummary],
    notes: [Diagnostic]
  ) {
    self.className = className
    self.graph = graph
    self.outputs = outputs
    self.state = state
    self.layers = layers
    self.notes = notes
  }
}

extension CompiledNetwork {
  /// The number of leaf modules, with normalisations, dropouts and activations that are modules, as LLMatic's
  /// reference implementation counts it.
  public var depth: Int { layers.count }

  /// The largest number of output channels or features of a leaf module, which is LLMatic's width; 0 if none
  /// has any.
  public var width: Int { layers.compactMap(\.outputWidth).max() ?? 0 }

  /// Width over depth, LLMatic's first descriptor; 0 for a network without leaf modules.
  public var widthDepthRatio: Double { depth == 0 ? 0 : Double(width) / Double(depth) }

  /// The extents of the result.
  public var outputShape: [Int] { graph.outputs.first.map { graph.type(of: $0).shape } ?? [] }
}

/// One tensor of what a network returns.
public struct NetworkOutput: Sendable, Hashable {
  /// Where it stands in the result: `output` for a result that is a tensor, else the way to it, such as `0` in a
  /// tuple, `logits` in a dict or dataclass, and `aux.0` in a tuple within one.
  public var name: String
  /// Its extents.
  public var shape: [Int]

  /// An output.
  public init(name: String, shape: [Int]) {
    self.name = name
    self.shape = shape
  }
}

/// One entry of a network's state dict.
public struct StateEntry: Sendable, Hashable {
  /// Its key, such as `features.0.weight`.
  public var name: String
  /// Its extents.
  public var shape: [Int]
  /// The graph's parameter or buffer that it is: of another name where weights are shared; nil for a buffer of whole
  /// numbers, which is a constant of the graph.
  public var variable: String?
  /// The elements of such a constant, row-major; nil where there are more than 65,536 or they are not known.
  public var constant: [Int]?

  /// An entry.
  public init(name: String, shape: [Int], variable: String?, constant: [Int]? = nil) {
    self.name = name
    self.shape = shape
    self.variable = variable
    self.constant = constant
  }
}

/// A leaf module of a network: one that holds no other module.
public struct LayerSummary: Sendable, Hashable {
  /// Where it stands among the modules, such as `features.0`.
  public var path: String
  /// Its class, such as `Conv2d`.
  public var type: String
  /// Its `out_channels` or `out_features`, where it has one.
  public var outputWidth: Int?
  /// The extents of what it yielded when it was last applied; empty where it was not, or yielded no tensor.
  public var outputShape: [Int]
  /// The call that built it.
  public var constructionRange: SourceRange?
  /// Whether the forward pass used it.
  public var isApplied: Bool

  /// A summary.
  public init(
    path: String, type: String, outputWidth: Int?, outputShape: [Int], constructionRange: SourceRange?,
    isApplied: Bool
  ) {
    self.path = path
    self.type = type
    self.outputWidth = outputWidth
    self.outputShape = outputShape
    self.constructionRange = constructionRange
    self.isApplied = isApplied
  }
}
