extension NetworkProfile {
  /// The names of the figures that are single numbers, in alphabetical order; what each counts is in
  /// docs/descriptors.md.
  public static let figureNames: [String] = numbers.keys.sorted()

  /// The figures that are single numbers by name, and under each kind of operation how many there are of it.
  public var figures: [String: Double] {
    operations.mapValues(Double.init).merging(Self.numbers.mapValues { $0(self) }) { _, figure in figure }
  }

  private static let numbers: [String: @Sendable (NetworkProfile) -> Double] = [
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
    "longest_path": { Double($0.longestPath) },
    "modules": { Double($0.modules) },
    "module_width": { Double($0.moduleWidth) },
    "operation_count": { Double($0.operationCount) },
    "receptive_field": { Double($0.receptiveField.map { max($0.height, $0.width) } ?? 0) },
    "receptive_field_height": { Double($0.receptiveField?.height ?? 0) },
    "receptive_field_width": { Double($0.receptiveField?.width ?? 0) },
  ]
}
