/// What a node does.
///
/// Each case's rules (shapes, cost, gradient) stand together in a file of its own family.
public enum Operation: Sendable, Hashable {
  // MARK: Leaves (no inputs)

  /// Fed on each run.
  case input
  /// Read from the variable of that name.
  case parameter(String)
  /// Read from the variable of that name.
  case buffer(String)
  /// The same on each run.
  case constant(Constant)

  // MARK: Dense products

  /// images `[N, C, H, W]`, weight `[O, C/groups, kh, kw]`, bias `[O]` if `hasBias` → `[N, O, H', W']`.
  case convolution(Convolution)
  /// weight, output gradient → gradient of the images, which have `inputShape`.
  case convolutionInputGradient(Convolution, inputShape: [Int])
  /// images, output gradient → gradient of the weight, which has `weightShape`.
  case convolutionWeightGradient(Convolution, weightShape: [Int])
  /// features `[…, I]`, weight `[O, I]`, bias `[O]` if `hasBias` → `[…, O]`.
  case linear(hasBias: Bool)
  /// `[…, M, K]` · `[…, K, N]` with broadcast leading dimensions; a transposed operand has its last two swapped.
  case matrixMultiply(transposeLeft: Bool, transposeRight: Bool)

  // MARK: Normalisation

  /// x `[N, C, …]`, then weight and bias if affine, then running mean and variance if tracked.
  ///
  /// Training: → y, batch mean `[C]`, batch 1/√(variance + ε) `[C]`, then new running mean and variance if
  /// tracked. Evaluation (needs running statistics): → y.
  case batchNormalization(BatchNormalization)
  /// x, batch mean, batch 1/√(variance + ε), weight if affine, output gradient
  /// → gradient of x, then of weight and bias if affine. Training mode.
  case batchNormalizationGradient(BatchNormalization)

  // MARK: Elementwise

  /// x → y.
  case unary(UnaryFunction)
  /// x, output gradient → gradient of x.
  case unaryGradient(UnaryFunction)
  /// Two operands of one element type with NumPy broadcasting.
  case binary(BinaryFunction)
  /// condition, a, b → a where the condition (float32) is not 0, else b; with NumPy broadcasting.
  ///
  /// What is not taken is not computed with, so that an infinity or NaN there does no harm.
  case select
  /// x → the same numbers in that element type; towards int32 fractions are dropped and what does not fit is clamped.
  case cast(ElementType)
  /// x → y, mask (0 or 1/(1−p), of x's shape): y = x · mask. Training mode only; evaluation drops the node.
  case dropout(Dropout)
  /// Nothing → random numbers, drawn anew at each run.
  case random(RandomTensor)
  /// x → x, of which no gradient is taken.
  case detach

  // MARK: Pooling, over the last two dimensions of `[N, C, H, W]`

  /// x → y, index (int32) of each maximum within its H×W plane.
  case maximumPooling(Pooling)
  /// output gradient, indices → gradient of x. Also serves the adaptive form.
  case maximumPoolingGradient(inputShape: [Int])
  /// x → y.
  case averagePooling(AveragePooling)
  /// output gradient → gradient of x.
  case averagePoolingGradient(AveragePooling, inputShape: [Int])
  /// x → y of that height and width.
  case adaptiveAveragePooling(height: Int, width: Int)
  /// output gradient → gradient of x.
  case adaptiveAveragePoolingGradient(inputShape: [Int])
  /// x → y, index (int32) of each maximum within its H×W plane.
  case adaptiveMaximumPooling(height: Int, width: Int)

  // MARK: Shape

  /// The same elements in the same row-major order.
  case reshape([Int])
  /// Dimension `i` of the result is dimension `permutation[i]` of the operand.
  case transpose([Int])
  /// Broadcasts extents of 1 (and missing leading dimensions) to that shape.
  case expand([Int])
  /// One or more operands, joined along the axis.
  case concatenate(axis: Int)
  /// Part of one axis.
  case slice(Slice)
  /// output gradient → zeros of `inputShape` with the gradient in the slice's places.
  case sliceGradient(Slice, inputShape: [Int])
  /// Adds a border of a constant; one pair per dimension, none negative.
  case pad(before: [Int], after: [Int], value: Float)

  // MARK: Indexing; an index outside the axis ends the run with an error

  /// x, indices (int32, of x's rank and, but for the axis, of no greater extents) → the elements of x at the places
  /// of the indices, whose coordinate along the axis is the index (PyTorch's `gather`).
  case gather(axis: Int)
  /// output gradient, indices → zeros of `inputShape` to which the gradient is added at the places gathered from.
  case gatherGradient(axis: Int, inputShape: [Int])
  /// x, indices (int32, any shape) → x with the axis replaced by the shape of the indices (PyTorch's `embedding` and
  /// `index_select`).
  case take(axis: Int)
  /// output gradient, indices → zeros of `inputShape` to which the gradient is added at the places taken from.
  case takeGradient(axis: Int, inputShape: [Int])

  // MARK: Order

  /// x → the index (int32) of the first maximum along the axis, which goes; NaN counts as the greatest.
  case argumentOfMaximum(axis: Int)
  /// x → the index (int32) of the first minimum along the axis, which goes; NaN counts as the least.
  case argumentOfMinimum(axis: Int)
  /// x → x in order along the axis, and the indices (int32) it was taken from; equal elements keep their order.
  ///
  /// NaN counts as the greatest.
  case sort(axis: Int, isDescending: Bool)

  // MARK: Reductions and losses

  /// x → y; of whole numbers all but the mean.
  case reduce(Reduction)
  /// x → the sums of all elements up to each one along the axis, or from it on if reversed.
  case cumulativeSum(axis: Int, isReversed: Bool)
  /// x → probabilities along the axis.
  case softmax(axis: Int)
  /// x → log-probabilities along the axis.
  case logSoftmax(axis: Int)
  /// logits `[N, C]`, labels int32 `[N]` → mean loss, a scalar (PyTorch's label smoothing).
  case crossEntropy(labelSmoothing: Double)
  /// logits, labels, gradient of the loss → gradient of the logits.
  case crossEntropyGradient(labelSmoothing: Double)
}

/// A tensor known when the graph is built.
public enum Constant: Sendable, Hashable {
  case fill(Double, TensorType)
  case values([Float], shape: [Int])
  case integers([Int32], shape: [Int])
}

/// A pair of numbers for height and width.
public struct Size2D: Sendable, Hashable, Codable {
  /// For the height.
  public var height: Int
  /// For the width.
  public var width: Int

  /// Those numbers.
  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }
}

/// A two-dimensional convolution (cross-correlation), as PyTorch's `conv2d`, with zero padding.
public struct Convolution: Sendable, Hashable {
  /// The step between output places.
  public var stride: Size2D
  /// Rows and columns of zeros before the image.
  public var padding: Size2D
  /// Rows and columns of zeros behind it; differs from `padding` for `padding="same"` with an even kernel.
  public var paddingAfter: Size2D
  /// The distance of kernel taps.
  public var dilation: Size2D
  /// Into how many independent groups the channels fall.
  public var groups: Int
  /// Whether a bias is the third input.
  public var hasBias: Bool

  /// A convolution; `paddingAfter` defaults to `padding`.
  public init(
    stride: Size2D = Size2D(1, 1), padding: Size2D = Size2D(0, 0), paddingAfter: Size2D? = nil,
    dilation: Size2D = Size2D(1, 1), groups: Int = 1, hasBias: Bool
  ) {
    self.stride = stride
    self.padding = padding
    self.paddingAfter = paddingAfter ?? padding
    self.dilation = dilation
    self.groups = groups
    self.hasBias = hasBias
  }
}

/// Batch normalisation, as PyTorch's `batch_norm`.
public struct BatchNormalization: Sendable, Hashable {
  /// What is added to the variance.
  public var epsilon: Double
  /// The share of the new statistics in the running ones.
  public var momentum: Double
  /// Whether weight and bias are inputs.
  public var isAffine: Bool
  /// Whether running mean and variance are inputs.
  public var tracksRunningStatistics: Bool
  /// Whether batch statistics are used (and running ones updated), or the running ones.
  public var isTraining: Bool

  /// A batch normalisation.
  public init(
    epsilon: Double = 1e-5, momentum: Double = 0.1, isAffine: Bool = true,
    tracksRunningStatistics: Bool = true, isTraining: Bool
  ) {
    self.epsilon = epsilon
    self.momentum = momentum
    self.isAffine = isAffine
    self.tracksRunningStatistics = tracksRunningStatistics
    self.isTraining = isTraining
  }
}

/// Functions of one number, elementwise.
public enum UnaryFunction: Sendable, Hashable {
  case relu
  case relu6
  case leakyReLU(slope: Double)
  case elu(alpha: Double)
  /// x·Φ(x) by the error function.
  case gelu
  /// The tanh approximation of GELU.
  case geluTanh
  case silu
  case sigmoid
  case tanh
  case hardSigmoid
  case hardSwish
  case softplus
  case mish
  case exponential
  case logarithm
  case squareRoot
  case reciprocal
  case negate
  case absolute
  case square
  case sine
  case cosine
  case tangent
  case arcSine
  case arcCosine
  case arcTangent
  case hyperbolicSine
  case hyperbolicCosine
  case inverseHyperbolicSine
  case inverseHyperbolicCosine
  case inverseHyperbolicTangent
  case errorFunction
  /// 1 − erf(x).
  case complementaryErrorFunction
  /// log(1 + x), exact near 0.
  case logarithmPlus1
  /// exp(x) − 1, exact near 0.
  case exponentialMinus1
  case logarithm2
  case logarithm10
  /// 1/√x.
  case reciprocalSquareRoot
  /// log(sigmoid(x)).
  case logSigmoid
  /// x/(1 + |x|).
  case softsign
  /// The number, or the bound beyond which it lies; the gradient passes on the bounds (PyTorch's `clamp`).
  case clamp(lower: Double, upper: Double)
  /// The same with no gradient on the bounds (PyTorch's `hardtanh`).
  case hardTanh(lower: Double, upper: Double)
  case floor
  case ceiling
  /// To the nearest whole number, halves to the even one.
  case round
  /// Towards zero.
  case truncate
  /// −1, 0 or 1.
  case sign
  /// 1 or 0.
  case isNaN
  /// 1 or 0.
  case isInfinite
  /// 1 or 0.
  case isFinite
}

/// Functions of two numbers, elementwise with broadcasting.
///
/// Comparisons give 1 or 0 in the operands' type and have no gradient. `divide`, `power` and `arcTangent2` take
/// floating point alone; whole numbers wrap, and a division of them by 0 ends the run with an error.
public enum BinaryFunction: String, Sendable, Hashable, Codable, CaseIterable {
  case add, subtract, multiply, divide, power, maximum, minimum
  case equal, notEqual, less, lessOrEqual
  /// a − b·⌊a/b⌋, of the sign of b (PyTorch's `remainder`, Python's `%`).
  case remainder
  /// a − b·trunc(a/b), of the sign of a (PyTorch's and C's `fmod`).
  case truncatedRemainder
  /// ⌊a/b⌋ (Python's `//`); no gradient.
  case floorDivide
  /// The angle of the point (b, a) (PyTorch's and C's `atan2`).
  case arcTangent2
}

/// Dropout by a probability.
public struct Dropout: Sendable, Hashable {
  /// The probability of zeroing.
  public var probability: Double
  /// Whether whole channels of `[N, C, …]` are zeroed together (Dropout2d).
  public var isPerChannel: Bool

  /// A dropout.
  public init(probability: Double, isPerChannel: Bool) {
    self.probability = probability
    self.isPerChannel = isPerChannel
  }
}

/// A window that slides over height and width.
public struct Pooling: Sendable, Hashable {
  /// The window.
  public var kernel: Size2D
  /// The step between windows.
  public var stride: Size2D
  /// The border on every side (−∞ for the maximum, 0 for the average).
  public var padding: Size2D
  /// The distance of window taps.
  public var dilation: Size2D
  /// Whether a last window that is only partly inside counts (PyTorch's `ceil_mode`).
  public var roundsUp: Bool

  /// A window.
  public init(
    kernel: Size2D, stride: Size2D, padding: Size2D = Size2D(0, 0), dilation: Size2D = Size2D(1, 1),
    roundsUp: Bool = false
  ) {
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.roundsUp = roundsUp
  }
}

/// Average pooling, as PyTorch's `avg_pool2d`.
public struct AveragePooling: Sendable, Hashable {
  /// The window; its dilation is 1.
  public var window: Pooling
  /// Whether padding counts in the divisor.
  public var countsPadding: Bool
  /// A divisor to use in place of the count.
  public var divisor: Int?

  /// An average pooling.
  public init(window: Pooling, countsPadding: Bool = true, divisor: Int? = nil) {
    self.window = window
    self.countsPadding = countsPadding
    self.divisor = divisor
  }
}

/// `start, start + step, …` below `end` along one axis; `0 ≤ start ≤ end ≤ extent`, `step ≥ 1`.
public struct Slice: Sendable, Hashable {
  /// The axis.
  public var axis: Int
  /// The first index.
  public var start: Int
  /// The index behind the last.
  public var end: Int
  /// The distance.
  public var step: Int

  /// A slice.
  public init(axis: Int, start: Int, end: Int, step: Int = 1) {
    self.axis = axis
    self.start = start
    self.end = end
    self.step = step
  }
}

/// A reduction over axes.
public struct Reduction: Sendable, Hashable {
  /// What is made of the elements.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    case sum, mean, maximum, minimum, product
  }

  /// What is made of the elements.
  public var kind: Kind
  /// The axes, ascending and distinct.
  public var axes: [Int]
  /// Whether they stay with extent 1.
  public var keepsDimensions: Bool

  /// A reduction.
  public init(_ kind: Kind, axes: [Int], keepsDimensions: Bool = false) {
    self.kind = kind
    self.axes = axes
    self.keepsDimensions = keepsDimensions
  }
}
