/// A figure of an untrained network that is meant to go along with what training would make of it.
///
/// The raw values are the names that NAS-Bench-Suite-Zero (Krishnakumar et al., arXiv:2210.03230) uses, and for what
/// it has not those of the papers. A proxy is worth what it adds to `params` and `macs`, which cost nothing.
public enum Proxy: String, Sendable, Hashable, Codable, CaseIterable {
  /// Elements of all parameters.
  case parameters = "params"
  /// Multiply-accumulates of one example.
  case macs
  /// The sum over layers of the Euclidean norm of their initial weights.
  case weightNorm = "l2_norm"
  /// The sum over layers of the Euclidean norm of the loss's gradient for their weights.
  case gradientNorm = "grad_norm"
  /// The sum of weight times gradient, with its sign (Mozer & Smolensky 1988).
  case plain
  /// The sum of |weight times gradient| (Lee et al., arXiv:1810.02340).
  case snip
  /// The sum of −weight · (Hessian times gradient) (Wang et al., arXiv:2002.07376), with the sign of Abdelfattah et al.
  case grasp
  /// The sum over channels of the squared product of activation and gradient (Turner et al., arXiv:1906.04113).
  case fisher
  /// The logarithm of the sum of |weight times gradient of the network's flow| (Tanaka et al., arXiv:2006.05467).
  case synapticFlow = "synflow"
  /// How little the Jacobians of different images resemble each other (Mellor et al., arXiv:2006.04647v1).
  case jacobianCovariance = "jacov"
  /// How the Jacobians of images of one class resemble each other (Lopes et al., arXiv:2102.08099).
  case classJacobian = "epe_nas"
  /// How different the patterns of active rectifiers are (Mellor et al., arXiv:2006.04647).
  case activationOverlap = "nwot"
  /// How many different patterns over the batch the rectifiers have (Peng et al., arXiv:2403.04161).
  case activationPatterns = "swap"
  /// How far the features go apart for slightly changed noise (Lin et al., arXiv:2102.01063).
  case zen
  /// How large gradients are against their spread over batches (Li et al., arXiv:2301.11300).
  case gradientVariation = "zico"
  /// The sum over layers of the least eigenvalue of the correlation of channels (Jiang et al., NeurIPS 2023).
  case channelCorrelation = "meco"
  /// Entropy of the principal components of block outputs, summed (AZ-NAS; Lee & Ham, arXiv:2403.19232).
  case expressivity = "az_expressivity"
  /// The least growth of that entropy from block to block (AZ-NAS).
  case progressivity = "az_progressivity"
  /// How little blocks stretch or shrink gradients (AZ-NAS).
  case trainability = "az_trainability"

  /// Other names under which papers and programs know proxies.
  static let aliases: [String: Proxy] = [
    "parameters": .parameters, "flops": .macs, "l2": .weightNorm, "jacob_cov": .jacobianCovariance,
    "jacobian": .jacobianCovariance, "naswot": .activationOverlap, "epenas": .classJacobian,
  ]

  /// The proxy of that name, or of one of its other names; nil where there is none.
  public init?(named name: String) {
    guard let proxy = Proxy(rawValue: name) ?? Self.aliases[name] else { return nil }
    self = proxy
  }

  /// Which of two scores promises the better network; that of `plain` correlates negatively with accuracy.
  public var direction: ScoreDirection { self == .plain ? .lowerIsBetter : .higherIsBetter }
}
