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

/// Layer normalisation over the last axes, as PyTorch's `layer_norm`.
public struct LayerNormalization: Sendable, Hashable {
  /// What is added to the variance.
  public var epsilon: Double
  /// Over how many of the last axes mean and variance are taken.
  public var axisCount: Int
  /// Whether a weight of the extents of those axes is an input.
  public var hasWeight: Bool
  /// Whether a bias of the extents of those axes is an input.
  public var hasBias: Bool

  /// A layer normalisation.
  public init(epsilon: Double = 1e-5, axisCount: Int = 1, hasWeight: Bool = true, hasBias: Bool = true) {
    self.epsilon = epsilon
    self.axisCount = axisCount
    self.hasWeight = hasWeight
    self.hasBias = hasBias
  }
}

/// Scaled dot-product attention.
public struct Attention: Sendable, Hashable {
  /// What scores are multiplied by.
  public var scale: Double
  /// Whether a mask that is added to the scores is an input.
  public var hasMask: Bool

  /// An attention.
  public init(scale: Double, hasMask: Bool = false) {
    self.scale = scale
    self.hasMask = hasMask
  }
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
