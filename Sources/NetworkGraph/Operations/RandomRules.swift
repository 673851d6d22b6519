/// Random numbers of a shape, in float32.
public struct RandomTensor: Sendable, Hashable {
  /// What is drawn.
  public enum Distribution: Sendable, Hashable {
    /// Uniform over 0 ..< 1, in steps of 2⁻²⁴.
    case uniform
    /// Normal with mean 0 and standard deviation 1.
    case normal
    /// 1 with the probability, else 0.
    case bernoulli(probability: Double)
  }

  /// What is drawn.
  public var distribution: Distribution
  /// How many.
  public var shape: [Int]

  /// A random tensor.
  public init(_ distribution: Distribution, shape: [Int]) {
    self.distribution = distribution
    self.shape = shape
  }
}

extension RandomTensor: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("random", inputs, 0)
    if case .bernoulli(let probability) = distribution {
      guard probability >= 0, probability <= 1 else {
        throw GraphError(
          "shape.random.probability", "probability has to be between 0 and 1, but got \(probability)")
      }
    }
    return [TensorType(.float32, shape)]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] { [] }
}
