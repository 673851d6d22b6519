import CKernels

/// Optimizer steps over flat arrays of parameters, with PyTorch's arithmetic in float32.
///
/// All pointers are to at least `count` numbers and must not overlap.
public struct OptimizerKernels {
  private let kernels: Kernels

  /// The kernels of an instruction set, by default the preferred one.
  ///
  /// - Throws: `ExecutionError.instructionSet` where the processor lacks it.
  public init(instructionSet: InstructionSet? = nil) throws(ExecutionError) {
    let set = if let instructionSet { instructionSet } else { try InstructionSet.preferred() }
    kernels = try set.kernels()
  }

  /// A step of `torch.optim.SGD` with dampening 0.
  ///
  /// - Parameters:
  ///   - momentumBuffer: begins as 0; nil where momentum is 0.
  ///   - gradients: ∂loss/∂parameter, without weight decay.
  public func sgd(
    _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
    momentumBuffer: UnsafeMutablePointer<Float>?, count: Int, learningRate: Float, momentum: Float = 0,
    weightDecay: Float = 0, nesterov: Bool = false
  ) {
    kernels.pointee.sgd(
      count, learningRate, momentum, weightDecay, nesterov ? 1 : 0, gradients, momentumBuffer, parameters)
  }

  /// A step of `torch.optim.Adam`, or of `torch.optim.AdamW` if the weight decay is decoupled.
  ///
  /// - Parameters:
  ///   - firstMoments: the mean of gradients; begins as 0.
  ///   - secondMoments: the mean of squared gradients; begins as 0.
  ///   - step: counts from 1.
  public func adam(
    _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
    firstMoments: UnsafeMutablePointer<Float>, secondMoments: UnsafeMutablePointer<Float>, count: Int,
    step: Int,
    learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, isDecoupled: Bool = false
  ) {
    kernels.pointee.adam(
      count, learningRate, beta1, beta2, epsilon, weightDecay, isDecoupled ? 1 : 0, Int64(step), gradients,
      firstMoments, secondMoments, parameters)
  }

  /// The sum of squares, in double precision; for gradient norms.
  public func sumOfSquares(_ values: UnsafePointer<Float>, count: Int) -> Double {
    kernels.pointee.sum_of_squares(count, values)
  }

  /// Multiplies all values by a factor.
  public func scale(_ values: UnsafeMutablePointer<Float>, count: Int, by factor: Float) {
    kernels.pointee.scale(count, factor, values)
  }
}
