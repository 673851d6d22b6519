internal import CKernels
internal import Execution

/// Applies an optimizer to a flat buffer of parameters and keeps what it remembers between steps.
///
/// The arithmetic is that of PyTorch's single-tensor implementations in float32.
struct OptimizerState: ~Copyable {
  private let optimizer: Optimizer
  private let kernels: UnsafePointer<niche_kernels>
  private let parameters: UnsafeMutableBufferPointer<Float>
  /// Momentum, or the mean of gradients.
  private let first: UnsafeMutableBufferPointer<Float>
  /// The mean of squared gradients.
  private let second: UnsafeMutableBufferPointer<Float>
  /// Room for gradients that are scaled.
  private let scaled: UnsafeMutableBufferPointer<Float>
  private var steps = 0

  /// A fresh state; the parameters must outlive it.
  ///
  /// - Throws: `ExecutionError.instructionSet` where the processor lacks the instruction set.
  init(
    _ optimizer: Optimizer, parameters: UnsafeMutableBufferPointer<Float>, scalesGradients: Bool = false,
    instructionSet: InstructionSet
  ) throws(ExecutionError) {
    kernels = try instructionSet.table()
    self.optimizer = optimizer
    self.parameters = parameters
    first = Self.zeros(parameters.count)
    second = Self.zeros(optimizer.hasSecondMoments ? parameters.count : 0)
    scaled = Self.zeros(scalesGradients ? parameters.count : 0)
  }

  /// The bytes that a state for that many parameters takes.
  static func byteCount(_ optimizer: Optimizer, parameters: Int, scalesGradients: Bool) -> Int {
    MemoryLayout<Float>.stride * parameters
      * (1 + (optimizer.hasSecondMoments ? 1 : 0) + (scalesGradients ? 1 : 0))
  }

  deinit {
    first.deallocate()
    second.deallocate()
    scaled.deallocate()
  }

  private static func zeros(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    buffer.initialize(repeating: 0)
    return buffer
  }

  /// Counts a step, before its updates.
  mutating func beginStep() { steps += 1 }

  /// Moves the parameters of a range by their gradients, which are first multiplied by a scale.
  ///
  /// - Precondition: the scale is 1 unless the state was made for scaled gradients.
  func update(
    _ range: Range<Int>, gradient: UnsafeBufferPointer<Float>, learningRate: Double, scale: Float = 1
  ) {
    precondition(range.count == gradient.count && range.upperBound <= parameters.count)
    guard let values = parameters.baseAddress, let means = first.baseAddress,
      var direction = gradient.baseAddress, !range.isEmpty
    else { return }
    let (place, table) = (range.lowerBound, kernels.pointee)
    if scale != 1, let room = scaled.baseAddress {
      precondition(!scaled.isEmpty, "the state was not made for scaled gradients")
      (room + place).update(from: direction, count: range.count)
      table.scale(range.count, scale, room + place)
      direction = UnsafePointer(room + place)
    }
    switch optimizer {
    case .sgd(let settings):
      table.sgd(
        range.count, Float(learningRate), Float(settings.momentum), Float(settings.weightDecay),
        settings.nesterov ? 1 : 0, direction, means + place, values + place)
    case .adam(let settings), .adamW(let settings):
      guard let squares = second.baseAddress else { return }
      let isDecoupled = if case .adamW = optimizer { true } else { false }
      table.adam(
        range.count, learningRate, settings.beta1, settings.beta2, settings.epsilon, settings.weightDecay,
        isDecoupled ? 1 : 0, Int64(steps), direction, means + place, squares + place, values + place)
    }
  }

  /// The sum of the squares of a gradient, in double precision.
  func sumOfSquares(_ gradient: UnsafeBufferPointer<Float>) -> Double {
    guard let base = gradient.baseAddress else { return 0 }
    return kernels.pointee.sum_of_squares(gradient.count, base)
  }
}

extension Optimizer {
  /// Whether it keeps the mean of squared gradients.
  fileprivate var hasSecondMoments: Bool { if case .sgd = self { false } else { true } }
}

extension InstructionSet {
  /// The kernels compiled for this set.
  ///
  /// - Throws: `ExecutionError.instructionSet` where the processor lacks it.
  fileprivate func table() throws(ExecutionError) -> UnsafePointer<niche_kernels> {
    let code =
      switch self {
      case .portable: NICHE_PORTABLE
      case .avx2: NICHE_AVX2
      case .avx512: NICHE_AVX512
      }
    guard let table = niche_kernels_for(Int32(code.rawValue)) else {
      throw .instructionSet("this processor cannot run \(rawValue) kernels")
    }
    return table
  }
}
