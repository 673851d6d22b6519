public import NetworkGraph

extension CompiledNetwork {
  /// All figures of the network, with LLMatic's counts of leaf modules.
  public var profile: NetworkProfile { NetworkProfile(graph, layers: (depth, width)) }
}
