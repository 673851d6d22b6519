import NetworkGraph
public import TorchFrontend

/// What the compiler says of a network.
///
/// Width and depth are taken from what the network computes, not from how its source is written: a module that is
/// never applied does not count, and an activation counts neither as a module nor as a function (the reference
/// implementation of LLMatic counts modules, so that an unused one moves a network to another niche).
public struct NetworkDescription: Codable, Sendable, Hashable {
  /// The canonical hash of the graph in training mode, which tells dropout apart: 32 hexadecimal digits.
  public var hash: String
  /// The class that was built.
  public var className: String
  /// Trainable parameters.
  public var parameters: Int
  /// Multiply-accumulates of one example's forward pass, without what nothing depends on.
  public var macs: Int
  /// The most output channels or features of an applied convolution or dense layer.
  public var width: Int
  /// The number of applied layers: convolutions, dense layers, matrix products, normalisations, poolings, dropouts.
  public var depth: Int
  /// All other figures by name, as `NetworkProfile.figures` has them for one example in evaluation mode; nil in runs of
  /// earlier versions.
  ///
  /// They are kept so that an archive can be made anew with any descriptors without compiling all candidates again.
  public var figures: [String: Double]?

  /// A description.
  public init(
    hash: String, className: String, parameters: Int, macs: Int, width: Int, depth: Int,
    figures: [String: Double]? = nil
  ) {
    self.hash = hash
    self.className = className
    self.parameters = parameters
    self.macs = macs
    self.width = width
    self.depth = depth
    self.figures = figures
  }

  /// The description of the network in a source.
  ///
  /// - Throws: where it does not compile in training or in evaluation mode.
  public init(of source: String, task: ImageTask) throws(CompilationFailure) {
    // Two examples, since batch statistics of a single value do not exist.
    let training = try NetworkCompiler.compile(source, options: task.options(batch: 2, isTraining: true))
    let evaluation = try NetworkCompiler.compile(source, options: task.options(batch: 1, isTraining: false))
    let profile = evaluation.profile
    let live = training.graph.eliminatingDeadCode()
    let layers = live.nodes.filter(\.operation.isLayer)
    self.init(
      hash: training.graph.canonicalHash, className: training.className, parameters: profile.parameters,
      macs: profile.macsPerExample, width: layers.compactMap { Self.width(of: $0, in: live) }.max() ?? 0,
      depth: layers.count, figures: profile.figures)
  }

  private static func width(of layer: Node, in graph: Graph) -> Int? {
    guard let output = layer.outputs.first else { return nil }
    let shape = graph.type(of: output).shape
    return switch layer.operation {
    case .convolution: shape[1]
    case .linear: shape.last
    default: nil
    }
  }
}

extension Operation {
  /// Whether it counts in a network's depth.
  fileprivate var isLayer: Bool {
    switch self {
    case .convolution, .linear, .matrixMultiply, .batchNormalization, .dropout, .maximumPooling,
      .averagePooling,
      .adaptiveAveragePooling, .adaptiveMaximumPooling:
      true
    default: false
    }
  }
}
