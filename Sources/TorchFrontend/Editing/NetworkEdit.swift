/// The kinds of layer that an edit can add; the raw values are the words a language model writes.
public enum LayerKind: String, CaseIterable, Sendable, Hashable, Codable {
  /// `nn.Conv2d` with an activation.
  case conv
  /// `nn.Conv2d` with one group per channel, with an activation.
  case depthwiseConv = "depthwise_conv"
  /// `nn.Linear` with an activation.
  case linear
  /// `nn.BatchNorm2d` on images, `nn.BatchNorm1d` on features.
  case batchNorm = "batch_norm"
  case relu
  case gelu
  case silu
  case leakyReLU = "leaky_relu"
  case tanh
  case sigmoid
  case maxPool = "max_pool"
  case avgPool = "avg_pool"
  case dropout

  /// Whether it holds a weight that mixes channels or features, and so wants an activation behind it.
  public var isWeighted: Bool {
    switch self {
    case .conv, .depthwiseConv, .linear: true
    default: false
    }
  }

  /// Whether it is an activation function.
  public var isActivation: Bool {
    switch self {
    case .relu, .gelu, .silu, .leakyReLU, .tanh, .sigmoid: true
    default: false
    }
  }
}

/// A layer as an edit asks for it; what is nil is chosen to fit the place.
public struct LayerSpecification: Sendable, Hashable, Codable {
  /// What it is.
  public var kind: LayerKind
  /// Its output channels or features.
  public var width: Int?
  /// The side of its window.
  public var kernelSize: Int?
  /// The step of its window.
  public var stride: Int?
  /// The probability of a dropout.
  public var probability: Double?

  /// A layer of that kind.
  public init(
    _ kind: LayerKind, width: Int? = nil, kernelSize: Int? = nil, stride: Int? = nil,
    probability: Double? = nil
  ) {
    self.kind = kind
    self.width = width
    self.kernelSize = kernelSize
    self.stride = stride
    self.probability = probability
  }
}

/// One change to a network's source.
///
/// Layers go by the names of `NetworkOutline`, such as `conv1` or `features.3`.
public enum NetworkEdit: Sendable, Hashable, Codable {
  /// A new layer behind the layer of that name, or behind `input`.
  case insert(after: String, LayerSpecification)
  /// Another layer in the place of this one.
  case replace(layer: String, LayerSpecification)
  /// The layer goes away.
  case delete(layer: String)
  /// One of the layer's constructor arguments changes; `width` means `out_channels` or `out_features`.
  case setAttribute(layer: String, name: String, value: Double)
  /// The layer's input is added to its output, through a projection where their shapes differ.
  case wrapInResidual(layer: String)

  /// The name by which edits call the place before the first layer.
  public static let inputName = "input"

  /// The name of the layer it is about.
  public var layer: String {
    switch self {
    case .insert(let after, _): after
    case .replace(let layer, _), .delete(let layer), .setAttribute(let layer, _, _),
      .wrapInResidual(let layer):
      layer
    }
  }
}

extension NetworkEdit: CustomStringConvertible {
  /// The edit in a few words, such as `insert conv after conv1`.
  public var description: String {
    switch self {
    case .insert(let after, let layer): "insert \(layer.kind.rawValue) after \(after)"
    case .replace(let layer, let other): "replace \(layer) by \(other.kind.rawValue)"
    case .delete(let layer): "delete \(layer)"
    case .setAttribute(let layer, let name, let value): "set \(name) of \(layer) to \(NumberText.of(value))"
    case .wrapInResidual(let layer): "wrap \(layer) in a residual"
    }
  }
}

/// Bounds on what edits may make of a network.
public struct EditLimits: Sendable, Hashable, Codable {
  /// The most output channels or features of a layer.
  public var maximumWidth: Int
  /// The most trainable numbers of a network.
  public var maximumParameters: Int
  /// The most multiply-accumulates of a forward pass of one example.
  public var maximumMACs: Int
  /// The most leaf modules of a network.
  public var maximumLayers: Int
  /// The most bytes of source.
  public var maximumSourceBytes: Int

  /// Those bounds.
  public init(
    maximumWidth: Int = 1024, maximumParameters: Int = 20_000_000, maximumMACs: Int = 5_000_000_000,
    maximumLayers: Int = 200, maximumSourceBytes: Int = 1 << 16
  ) {
    self.maximumWidth = maximumWidth
    self.maximumParameters = maximumParameters
    self.maximumMACs = maximumMACs
    self.maximumLayers = maximumLayers
    self.maximumSourceBytes = maximumSourceBytes
  }

  /// Width 1024, 20 million parameters, 5 billion multiply-accumulates, 200 layers, 64 KiB of source.
  public static let standard = EditLimits()
}

/// What came of a list of edits.
public struct EditOutcome: Sendable, Hashable {
  /// The source with the edits that could be applied; it compiles if the parent did.
  public var source: String
  /// What was done, one sentence each.
  public var applied: [String]
  /// What was not done, each with its reason.
  public var refused: [String]

  /// An outcome.
  public init(source: String, applied: [String], refused: [String]) {
    self.source = source
    self.applied = applied
    self.refused = refused
  }
}

/// Why a reply holds no edits.
public enum EditError: Error, Sendable, Hashable {
  /// There is no JSON object in the reply.
  case noObject
  /// The reply is longer than is read.
  case tooLong(bytes: Int, limit: Int)
  /// Objects were there, but none was an edit; each with what is wrong with it.
  case noEdit([String])
}

extension EditError: CustomStringConvertible {
  /// One sentence for a person.
  public var description: String {
    switch self {
    case .noObject: "the reply holds no JSON object"
    case .tooLong(let bytes, let limit): "the reply has \(bytes) bytes, more than the \(limit) that are read"
    case .noEdit(let reasons): "the reply holds no edit: " + reasons.joined(separator: "; ")
    }
  }
}
