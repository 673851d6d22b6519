/// The network around the cells: a stem of 16 channels, and three stages of five cells with 16, 32 and 64 channels.
///
/// Between stages a residual block halves the image. Behind the last come batch normalisation, ReLU, the mean over
/// the image and a dense layer. What it costs is worked out here for any cell without a graph.
struct NASBench201Skeleton {
  static let channels = [16, 32, 64]
  static let cellsPerStage = 5
  static let imageChannels = 3

  /// Parameters of everything but the cells' convolutions.
  private(set) var fixedParameters: Int
  /// Multiply-accumulates of everything but the cells' convolutions, for one image.
  private(set) var fixedMACs: Int
  /// By window side (1 or 3): parameters of one edge with that convolution, in all cells.
  private(set) var edgeParameters: [Int: Int] = [:]
  /// By window side: multiply-accumulates of one edge with that convolution, in all cells, for one image.
  private(set) var edgeMACs: [Int: Int] = [:]

  init(task: NASBench201Task) {
    func area(_ stage: Int) -> Int { (task.imageSize >> stage) * (task.imageSize >> stage) }
    let (first, last) = (Self.channels[0], Self.channels[Self.channels.count - 1])
    let stem = 9 * Self.imageChannels * first
    (fixedParameters, fixedMACs) = (stem + 2 * first, stem * area(0))
    for (stage, (before, after)) in zip(1..., zip(Self.channels, Self.channels.dropFirst())) {
      // Two 3 × 3 convolutions with normalisation, and a 1 × 1 one without on the shortcut.
      let weights = 9 * before * after + 9 * after * after + before * after
      fixedParameters += weights + 4 * after
      fixedMACs += weights * area(stage)
    }
    fixedParameters += 2 * last + (last + 1) * task.classCount
    fixedMACs += last * task.classCount
    for window in [1, 3] {
      for (stage, channels) in Self.channels.enumerated() {
        let weights = window * window * channels * channels
        edgeParameters[window, default: 0] += Self.cellsPerStage * (weights + 2 * channels)
        edgeMACs[window, default: 0] += Self.cellsPerStage * weights * area(stage)
      }
    }
  }
}
