public import TorchFrontend

/// A space whose architectures are networks that can be written down, compiled and trained.
public protocol NetworkSpace: SearchSpace {
  /// The extents of one image: channels, height and width.
  var imageShape: [Int] { get }

  /// How many classes the networks tell apart.
  var classCount: Int { get }

  /// The network as a PyTorch module that needs nothing but PyTorch, for reading, training and taking home.
  func source(of genotype: Genotype) -> String
}

extension NetworkSpace {
  /// The network's graph.
  ///
  /// - Parameters:
  ///   - genotype: which network.
  ///   - batch: how many images it is traced for.
  ///   - isTraining: whether normalisation takes the batch's statistics.
  /// - Throws: `CompilationFailure` where the compiler refuses what the space wrote, such as a batch without images.
  public func network(
    of genotype: Genotype, batch: Int = 1, isTraining: Bool = false
  ) throws(CompilationFailure) -> CompiledNetwork {
    try NetworkCompiler.compile(
      source(of: genotype),
      options: CompilationOptions(
        inputShape: [batch] + imageShape, classCount: classCount, isTraining: isTraining))
  }
}
