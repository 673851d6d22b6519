internal import NetworkGraph

/// Layers that a network has and its parent has not, and that can begin as the identity.
///
/// They are convolutions and linear layers that keep the shape, and batch normalisations (Net2DeeperNet: Chen et al. 2016,
/// section 2.3). Whether the network then computes what its parent does depends on what stands behind them: an identity
/// with a ReLU is none unless what it reads was never negative. That is judged by running both.
struct AddedLayers {
  /// An added batch normalisation, which is the identity once it undoes what its statistics do.
  struct Normalization {
    /// What it normalises.
    var input: ValueID
    /// What it adds to the variance.
    var epsilon: Double
    /// Its weight, bias, running mean and running variance.
    var names: [String]
  }

  /// The first results of the layers.
  private(set) var outputs: Set<ValueID> = []
  /// The values of convolutions and linear layers, by name.
  private(set) var values: [String: [Float]] = [:]
  /// The batch normalisations.
  private(set) var normalizations: [Normalization] = []

  /// The added layers of a network.
  ///
  /// - Parameters:
  ///   - graph: the network in evaluation mode, without dead code.
  ///   - parent: the parent's weights by name.
  init(_ graph: Graph, parent: [String: WeightTensor]) {
    let trainable = Set(graph.parameters.filter(\.isTrainable).map(\.name))
    for node in graph.nodes {
      guard let output = node.outputs.first else { continue }
      let names = node.inputs.dropFirst().compactMap { graph.variableName(of: $0) }
      guard names.count + 1 == node.inputs.count, !names.isEmpty, names.allSatisfy({ parent[$0] == nil })
      else { continue }
      switch node.operation {
      case .batchNormalization(let batch):
        guard batch.isAffine, batch.tracksRunningStatistics, names.count == 4,
          trainable.isSuperset(of: names.prefix(2))
        else { continue }
        normalizations.append(
          Normalization(input: node.inputs[0], epsilon: batch.epsilon, names: names))
      case .convolution, .linear:
        guard trainable.isSuperset(of: names), graph.type(of: output) == graph.type(of: node.inputs[0]),
          let weight = Self.identity(node.operation, shape: graph.type(of: node.inputs[1]).shape)
        else { continue }
        values[names[0]] = weight
        if names.count > 1 {
          values[names[1]] = [Float](repeating: 0, count: graph.type(of: node.inputs[2]).elementCount)
        }
      default: continue
      }
      outputs.insert(output)
    }
  }

  /// The weight with which a layer that keeps the shape hands its input on; nil where there is none.
  private static func identity(_ operation: Operation, shape: [Int]) -> [Float]? {
    var groups = 1
    var (row, column, height, width) = (0, 0, 1, 1)
    if case .convolution(let convolution) = operation {
      guard convolution.stride == Size2D(1, 1), convolution.dilation.height > 0,
        convolution.dilation.width > 0,
        convolution.padding.height.isMultiple(of: convolution.dilation.height),
        convolution.padding.width.isMultiple(of: convolution.dilation.width)
      else { return nil }
      groups = convolution.groups
      row = convolution.padding.height / convolution.dilation.height
      column = convolution.padding.width / convolution.dilation.width
      (height, width) = (shape[2], shape[3])
    }
    guard row < height, column < width, groups > 0, shape[0] == shape[1] * groups else { return nil }
    var weight = [Float](repeating: 0, count: shape.reduce(1, *))
    for unit in 0..<shape[0] {
      let input = unit % shape[1]
      weight[((unit * shape[1] + input) * height + row) * width + column] = 1
    }
    return weight
  }

  /// The values of a batch normalisation that hands on what it reads and whose statistics are those of a batch.
  ///
  /// - Parameters:
  ///   - values: what it reads, of that shape `[N, C, …]`.
  ///   - weights: what the names stand for is written here.
  static func undo(
    _ normalization: Normalization, values: [Float], shape: [Int], into weights: inout [String: [Float]]
  ) {
    let channels = shape[1]
    let places = shape.dropFirst(2).reduce(1, *)
    let count = Double(shape[0] * places)
    var (gains, means, variances) = ([Float](), [Float](), [Float]())
    for channel in 0..<channels {
      func sum(_ term: (Double) -> Double) -> Double {
        var total = 0.0
        for image in 0..<shape[0] {
          let first = (image * channels + channel) * places
          for value in values[first..<first + places] { total += term(Double(value)) }
        }
        return total
      }
      let mean = sum { $0 } / count
      // PyTorch's running variance is the unbiased one.
      let variance = Float(sum { ($0 - mean) * ($0 - mean) } / max(1, count - 1))
      means.append(Float(mean))
      variances.append(variance)
      gains.append(Float((Double(variance) + normalization.epsilon).squareRoot()))
    }
    for (name, values) in zip(normalization.names, [gains, means, means, variances]) {
      weights[name] = values
    }
  }
}

extension Graph {
  /// The name of the parameter or buffer that a value is; nil for others.
  func variableName(of value: ValueID) -> String? {
    switch producer(of: value).operation {
    case .parameter(let name), .buffer(let name): name
    default: nil
    }
  }
}
