import NetworkGraph
public import PythonSyntax
import Scoring
public import TorchFrontend

/// An axis of the archive: a formula over what the compiler and the training report of a network.
///
/// Formulas are those of `Formula`, such as `log10(macs)`, `width / depth` or `count("conv")`; `vocabulary` has the names.
public struct Descriptor: Sendable, Hashable {
  /// The axis's name.
  public let name: String
  /// Whether it names a figure that only training gives.
  public let needsTraining: Bool
  /// Whether it names a figure that the compiler alone does not give: one of training or a proxy.
  public let isKnownLate: Bool
  /// How many categories there are, where the axis is a list of them.
  public let categoryCount: Int?
  private let formula: Formula

  /// Every name that a descriptor's formula may use.
  public static let vocabulary = Formula.Vocabulary(
    figures: Set(NetworkDescription.figureNames).union(TrainingOutcome.figureNames).union(Proxy.figureNames),
    counts: Operation.kinds)

  /// The descriptor that a configuration asks for.
  ///
  /// - Throws: a diagnostic with its place in the formula, as `Formula` does.
  public init(_ settings: DescriptorSettings) throws(Diagnostic) {
    try self.init(settings, vocabulary: Self.vocabulary)
  }

  /// The descriptor that a configuration asks for, over the names of a vocabulary, such as the figures of a search space.
  ///
  /// - Throws: a diagnostic with its place in the formula, as `Formula` does.
  public init(_ settings: DescriptorSettings, vocabulary: Formula.Vocabulary) throws(Diagnostic) {
    formula = try Formula(settings.formula.isEmpty ? settings.name : settings.formula, vocabulary)
    name = settings.name
    needsTraining = !formula.names.isDisjoint(with: TrainingOutcome.figureNames)
    isKnownLate = needsTraining || !formula.names.isDisjoint(with: Proxy.figureNames)
    categoryCount = settings.categories.isEmpty ? nil : settings.categories.count
  }

  /// The figures that the formula names.
  public var figureNames: Set<String> { formula.names }

  /// What the formula gives, which may be no finite number; nil where a figure is not known.
  public func rawValue(_ figure: (String) -> Double?) -> Double? {
    var isKnown = true
    let value = formula.value { name in
      guard let figure = figure(name) else {
        isKnown = false
        return .nan
      }
      return figure
    }
    return isKnown ? value : nil
  }

  /// The measure: what the formula gives, and for a list of categories the number of one: the value rounded down, or
  /// the first or last category where it lies beyond.
  public func value(_ figure: (String) -> Double?) -> Double? {
    guard let value = rawValue(figure) else { return nil }
    guard let categoryCount, !value.isNaN else { return value }
    return min(Double(categoryCount - 1), max(0, value.rounded(.down)))
  }

  /// The measure of a network.
  ///
  /// - Parameter training: what training gave; nil where the network was not trained (yet).
  public func value(of network: NetworkDescription, training: TrainingOutcome?) -> Double? {
    value { network.figure(named: $0) ?? training?.figure(named: $0) }
  }
}

extension [Descriptor] {
  /// The measures that figures give; nil where one is not known or no finite number.
  public func measures(_ figure: (String) -> Double?) -> [Double]? {
    var measures: [Double] = []
    measures.reserveCapacity(count)
    for descriptor in self {
      guard let value = descriptor.value(figure), value.isFinite else { return nil }
      measures.append(value)
    }
    return measures
  }

  /// The measures of a network; nil where one is not known or no finite number.
  public func measures(of network: NetworkDescription, training: TrainingOutcome?) -> [Double]? {
    measures { network.figure(named: $0) ?? training?.figure(named: $0) }
  }

  /// The measures of a candidate from what the log has of it; nil where it did not compile or has none.
  public func measures(of candidate: CandidateRecord) -> [Double]? {
    candidate.description.flatMap { measures(of: $0, training: candidate.evaluation) }
  }

  /// The first that gives no finite number for a network, as a sentence; nil where all are finite or not known yet.
  func objection(to network: NetworkDescription, training: TrainingOutcome?) -> String? {
    for descriptor in self {
      let value = descriptor.rawValue { network.figure(named: $0) ?? training?.figure(named: $0) }
      guard let value, !value.isFinite else { continue }
      return
        "Its measure '\(descriptor.name)' is \(value.isNaN ? "not a number" : "\(value)"), so that it has no niche."
    }
    return nil
  }
}

extension NetworkDescription {
  /// The names of the figures but for the kinds of operations, in alphabetical order.
  ///
  /// Those of `NetworkProfile` for one example in evaluation mode, and LLMatic's `width`, `depth` and `width_depth_ratio`
  /// (the most output features of a layer over the number of layers).
  public static let figureNames =
    (NetworkProfile.figureNames + ["params", "width", "depth", "width_depth_ratio"])
    .sorted()

  /// The names of what `figures` may hold: the compiler's figures, kinds of operations and proxies.
  public static let keptFigureNames = Operation.kinds.union(NetworkProfile.figureNames)
    .union(Proxy.figureNames)

  /// A figure by name; nil where there is none of that name.
  public func figure(named name: String) -> Double? {
    switch name {
    case "width_depth_ratio": Double(width) / Double(max(1, depth))
    case "width": Double(width)
    case "depth": Double(depth)
    case "macs", "macs_per_example": Double(macs)
    case "flops", "flops_per_example": 2 * Double(macs)
    case "parameters", "params": Double(parameters)
    // A kind of operation that the network has none of has no entry.
    default: figures.flatMap { $0[name] ?? (Operation.kinds.contains(name) ? 0 : nil) }
    }
  }
}

extension TrainingOutcome {
  /// The names of the figures, in alphabetical order.
  public static let figureNames = [
    "images_seen", "latency_ms", "training_accuracy", "training_loss", "training_seconds", "validation_loss",
  ]

  /// A figure by name, of the last epoch; nil where there is none of that name or it was not measured.
  public func figure(named name: String) -> Double? {
    switch name {
    case "images_seen": Double(imagesSeen)
    case "latency_ms": latencyMilliseconds
    case "training_accuracy": epochs.last?.trainingAccuracy
    case "training_loss": epochs.last?.trainingLoss
    case "training_seconds": seconds
    case "validation_loss": epochs.last?.validationLoss
    default: nil
    }
  }
}
