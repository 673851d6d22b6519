public import NetworkGraph

/// What a network may take over from the trained one that it was made from.
public enum InheritanceRule: String, Sendable, Codable, CaseIterable {
  /// Nothing: all values are drawn anew.
  case none
  /// Each parameter and buffer whose name and shape agree, but for those that neither training nor chance changes.
  case matching
  /// Those, and layers that were widened or added such that the network computes what its parent does (Chen,
  /// Goodfellow & Shlens 2016, "Net2Net", arXiv:1511.05641).
  case net2net
}

/// A trained network that another one may begin from.
public struct TrainedParent: Sendable {
  /// Traced in evaluation mode, with the batch size of the child's evaluation.
  public var evaluationGraph: Graph
  /// Its weights.
  public var weights: WeightSet

  /// A network with its weights.
  public init(evaluationGraph: Graph, weights: WeightSet) {
    self.evaluationGraph = evaluationGraph
    self.weights = weights
  }
}

/// Where the first values of a network's parameters and buffers come from; each is in one of the four lists.
public struct InheritanceAccount: Sendable, Hashable, Codable {
  /// Taken over as they are: name and shape agree.
  public var matching: [String] = []
  /// Made from the parent's by replicating units, or by dividing what reads replicated units.
  public var widened: [String] = []
  /// Of added layers that begin as the identity.
  public var deepened: [String] = []
  /// Drawn by the network's own initialisers.
  public var fresh: [String] = []
  /// The largest difference between an output of the network and of its parent over the parent's largest output;
  /// nil where there was nothing to widen or to add, or an output was no finite number.
  public var difference: Double?
  /// Why widened or added layers were given up: one sentence.
  public var refusal: String?

  /// An account of nothing.
  public init() {}

  /// How many parameters and buffers come from the parent.
  public var inheritedCount: Int { matching.count + widened.count + deepened.count }
}

/// The weights that a network begins with.
public struct InheritedWeights: Sendable {
  /// All of them, fresh ones included.
  public var weights: WeightSet
  /// Where they come from.
  public var account: InheritanceAccount
}
