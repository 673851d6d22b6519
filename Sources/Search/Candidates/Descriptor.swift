/// What of a network can be an axis of the archive.
public enum Descriptor: String, CaseIterable, Sendable {
  /// The most output features of a layer over the number of layers (LLMatic's first descriptor).
  case widthDepthRatio = "width_depth_ratio"
  /// The most output features of a layer.
  case width
  /// The number of layers.
  case depth
  /// Multiply-accumulates of one example (LLMatic's second descriptor, which it calls FLOPs).
  case macs
  /// Twice the multiply-accumulates.
  case flops
  /// Trainable parameters.
  case parameters

  /// Its value for a network.
  public func value(of network: NetworkDescription) -> Double {
    switch self {
    case .widthDepthRatio: Double(network.width) / Double(max(1, network.depth))
    case .width: Double(network.width)
    case .depth: Double(network.depth)
    case .macs: Double(network.macs)
    case .flops: 2 * Double(network.macs)
    case .parameters: Double(network.parameters)
    }
  }
}
