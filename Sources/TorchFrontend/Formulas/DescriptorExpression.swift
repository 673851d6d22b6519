public import NetworkGraph
public import PythonSyntax

/// A formula over the figures of a network, such as `log10(macs)` or `width / max(1, depth)`.
///
/// Its names are those of `DescriptorExpression.names`: the figures of `NetworkProfile`, and every kind of operation for
/// how many there are of it (`conv2d + linear`).
public struct DescriptorExpression: Sendable, Hashable {
  private let formula: Formula

  /// The text as it was given.
  public var text: String { formula.text }

  /// Reads a formula.
  ///
  /// - Throws: a diagnostic, as `Formula` does.
  public init(_ text: String) throws(Diagnostic) {
    formula = try Formula(text, Self.vocabulary)
  }

  /// What its formulas may name.
  public static let vocabulary = Formula.Vocabulary(figures: Set(figures.keys), counts: Operation.kinds)

  /// Every name that may be used, in alphabetical order.
  public static let names: [String] = (Array(figures.keys) + Operation.kinds).sorted()

  /// The value for a network.
  ///
  /// It is not finite where the formula is not: `log10(0)` is −∞, `0 / 0` is not a number. What goes into an
  /// archive must be checked for it.
  public func value(of profile: NetworkProfile) -> Double {
    formula.value { name in Self.figures[name].map { $0(profile) } ?? Double(profile.operations[name] ?? 0) }
  }

  private static let figures: [String: @Sendable (NetworkProfile) -> Double] = [
    "parameters": { Double($0.parameters) },
    "trainable_parameters": { Double($0.trainableParameters) },
    "buffer_elements": { Double($0.bufferElements) },
    "macs": { Double($0.macs) },
    "macs_per_example": { Double($0.macsPerExample) },
    "flops": { Double($0.flops) },
    "flops_per_example": { Double($0.flopsPerExample) },
    "fvcore_flops": { Double($0.fvcoreFlops) },
    "activation_elements": { Double($0.activationElements) },
    "activation_bytes": { Double($0.activationBytes) },
    "peak_activation_bytes": { Double($0.peakActivationBytes) },
    "depth": { Double($0.depth) },
    "layers": { Double($0.layers) },
    "width": { Double($0.width) },
    "operation_count": { Double($0.operationCount) },
    "receptive_field": { Double($0.receptiveField.map { max($0.height, $0.width) } ?? 0) },
    "receptive_field_height": { Double($0.receptiveField?.height ?? 0) },
    "receptive_field_width": { Double($0.receptiveField?.width ?? 0) },
  ]
}
