/// What a proxy came to on one network.
public struct ProxyScore: Sendable, Hashable {
  /// Which proxy.
  public var proxy: Proxy
  /// The score, a finite number, or why there is none.
  public var result: Result<Double, ProxyFailure>
  /// The processor time it took, in seconds; what several proxies share counts for the first of them.
  public var seconds: Double

  /// A score.
  public init(proxy: Proxy, result: Result<Double, ProxyFailure>, seconds: Double) {
    self.proxy = proxy
    self.result = result
    self.seconds = seconds
  }

  /// The score; nil where there is none.
  public var value: Double? { try? result.get() }
}

/// Why a proxy has no score on a network; each description is one sentence without its full stop.
public enum ProxyFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// No convolution or linear layer has weights.
  case noWeights
  /// There is no ReLU, ReLU6 or leaky ReLU.
  case noRectifiers
  /// No operation yields feature maps `[N, C, H, W]`.
  case noFeatureMaps
  /// The output does not change with the images.
  case disconnected
  /// All images are alike to the rectifiers, so that a determinant is 0.
  case indistinct
  /// An intermediate result is infinite or no number.
  case notFinite
  /// It needs that many different batches.
  case tooFewBatches(needed: Int)
  /// No class has two images in the batch.
  case tooFewImages
  /// The network has fewer than three blocks that all paths lead through.
  case tooFewBlocks
  /// It is not defined for such a network: why.
  case unsupported(String)
  /// It cannot be run, for instance within the memory limit: why.
  case cannotRun(String)
  /// It was not begun, for the caller said stop.
  case cancelled

  /// What is wrong.
  public var description: String {
    switch self {
    case .noWeights: "the network has no convolution and no linear layer"
    case .noRectifiers: "the network has no ReLU"
    case .noFeatureMaps: "the network has no feature maps"
    case .disconnected: "the output does not depend on the images"
    case .indistinct: "the rectifiers tell none of some images apart"
    case .notFinite: "an intermediate result is infinite or no number"
    case .tooFewBatches(let needed): "it needs \(needed) batches"
    case .tooFewImages: "no class has two images in the batch"
    case .tooFewBlocks: "the network has fewer than three blocks in a row"
    case .unsupported(let why), .cannotRun(let why): why
    case .cancelled: "it was stopped"
    }
  }
}
