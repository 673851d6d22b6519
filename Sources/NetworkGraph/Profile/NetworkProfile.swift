/// All figures of a network: what it costs, how it is shaped and what it is made of.
///
/// Sums are over the traced batch unless a name says otherwise and stop at `Int.max`. The keys are stable: they are
/// those of `niche compile --json` and, numbers only, the names that `figures` has. What each counts, with
/// its source, is in docs/descriptors.md.
public struct NetworkProfile: Sendable, Hashable, Codable {
  /// Elements of all parameters, used or not.
  public var parameters: Int
  /// Elements of the parameters that are trained.
  public var trainableParameters: Int
  /// Elements of all buffers.
  public var bufferElements: Int
  /// Multiply-accumulates of convolutions, linear layers and matrix products.
  public var macs: Int
  /// Multiply-accumulates per example, rounded down.
  public var macsPerExample: Int
  /// Twice the multiply-accumulates.
  public var flops: Int
  /// Twice the multiply-accumulates per example.
  public var flopsPerExample: Int
  /// What fvcore's `FlopCountAnalysis` totals: the products and its estimates for normalisation and resampling.
  public var fvcoreFlops: Int
  /// Elements of all values that operations define.
  public var activationElements: Int
  /// The bytes of those elements.
  public var activationBytes: Int
  /// The most bytes of inputs and activations that are needed at one time in the order of the graph.
  public var peakActivationBytes: Int
  /// The most operations with weights on a path, convolutions, linear layers and products with a parameter.
  public var longestPath: Int
  /// Leaf modules as LLMatic's reference counts them; 0 where the graph does not come from source.
  public var modules: Int
  /// The most output channels or features of a leaf module, as LLMatic's reference counts; of an operation where the
  /// graph does not come from source.
  public var moduleWidth: Int
  /// How many operations outputs or buffer updates depend on; variables and constants do not count.
  public var operationCount: Int
  /// How many operations there are of each kind, by `Operation.kind`.
  public var operations: [String: Int]
  /// The share in all parameters of those that an operation of each kind reads first, 0…1; `unused` for the rest.
  public var parameterShares: [String: Double]
  /// What an element of the last feature map sees of the first input; nil where there is no feature map.
  public var receptiveField: ReceptiveField?
  /// The extents of every input.
  public var inputShapes: [[Int]]
  /// The extents of every output.
  public var outputShapes: [[Int]]

  /// The names of the figures in JSON.
  public enum CodingKeys: String, CodingKey, CaseIterable, Sendable {
    case parameters
    case trainableParameters = "trainable_parameters"
    case bufferElements = "buffer_elements"
    case macs
    case macsPerExample = "macs_per_example"
    case flops
    case flopsPerExample = "flops_per_example"
    case fvcoreFlops = "fvcore_flops"
    case activationElements = "activation_elements"
    case activationBytes = "activation_bytes"
    case peakActivationBytes = "peak_activation_bytes"
    case longestPath = "longest_path"
    case modules
    case moduleWidth = "module_width"
    case operationCount = "operation_count"
    case operations
    case parameterShares = "parameter_shares"
    case receptiveField = "receptive_field"
    case inputShapes = "input_shapes"
    case outputShapes = "output_shapes"
  }

  /// The figures of a graph.
  ///
  /// - Parameters:
  ///   - graph: a forward graph; dead code is left out of everything but the parameters.
  ///   - layers: how many leaf modules the network has, and the width of the widest, where that is known.
  public init(_ graph: Graph, layers: (count: Int, width: Int)? = nil) {
    let live = graph.eliminatingDeadCode()
    let costs = live.costs
    parameters = costs.parameters
    trainableParameters = costs.trainableParameters
    bufferElements = costs.bufferElements
    macs = costs.macs
    macsPerExample = costs.macsPerExample
    flops = costs.macs.addingClamped(costs.macs)
    flopsPerExample = costs.macsPerExample.addingClamped(costs.macsPerExample)
    fvcoreFlops = live.fvcoreFlops
    activationElements = costs.activationElements
    activationBytes = costs.activationBytes
    peakActivationBytes = live.peakActivationBytes
    longestPath = live.weightedDepth
    modules = layers?.count ?? 0
    moduleWidth = layers?.width ?? live.weightedWidth
    operationCount = costs.perNode.count
    operations = [:]
    var owned: [String: Int] = [:]
    var unused = costs.parameters
    for cost in costs.perNode {
      let kind = live.kind(of: live.nodes[cost.node])
      operations[kind, default: 0] += 1
      if cost.parameters > 0 {
        owned[kind] = (owned[kind] ?? 0).addingClamped(cost.parameters)
        unused -= min(unused, cost.parameters)
      }
    }
    if unused > 0 { owned["unused"] = unused }
    parameterShares = owned.mapValues { Double($0) / Double(max(1, costs.parameters)) }
    receptiveField = live.receptiveField
    inputShapes = live.inputs.map { live.type(of: $0.value).shape }
    outputShapes = live.outputs.map { live.type(of: $0).shape }
  }
}

extension Graph {
  /// The figures of the graph; LLMatic's counts of leaf modules are 0, for a graph has none.
  public var profile: NetworkProfile { NetworkProfile(self) }
}
