import NetworkGraph
public import PythonSyntax
import RandomStreams
public import Search
import TorchFrontend
public import Training

/// What the training of one network came to, or why it cannot be trained.
public struct TrainReport: Encodable, Sendable {
  /// Whether all epochs were done.
  public var ok: Bool
  /// The class (or function, or variable) that was built.
  public var network: String?
  /// The accuracy on the validation part after the last epoch, 0…1: what a search takes as fitness.
  public var validationAccuracy: Double?
  /// The accuracy on the test images, where that was asked for.
  public var testAccuracy: Double?
  /// The finished epochs.
  public var epochs: [EpochRecord] = []
  /// Training images seen, repeats counted.
  public var imagesSeen: Int?
  /// The seconds it took.
  public var seconds: Double?
  /// Why it ended before the last epoch: one sentence.
  public var stopped: String?
  /// What healing changed.
  public var healed: [String] = []
  /// Errors, warnings and notes of the compiler.
  public var diagnostics: [Diagnostic] = []
  /// The weights at the end, whatever ended it.
  public var weights: WeightSet?

  private enum CodingKeys: CodingKey {
    case ok, network, validationAccuracy, testAccuracy, epochs, imagesSeen, seconds, stopped, healed
    case diagnostics
  }

  /// Trains a network by the data and training settings of a search's configuration.
  ///
  /// The class count is that of the data. Initial weights, the order of images and dropout follow from the
  /// configuration's seed.
  ///
  /// - Parameters:
  ///   - initialWeights: weights to begin with.
  ///   - tests: whether the test images are looked at, too.
  ///   - threads: how many threads share the work; the results are the same for any number.
  ///   - progress: told of every step; training stops when it says false.
  /// - Throws: `ReportError` where data and network do not go together.
  public init(
    _ request: NetworkRequest, _ configuration: RunConfiguration, initialWeights: WeightSet?, tests: Bool,
    threads: Int = 1,
    progress: (TrainingProgress) -> Bool
  ) throws(ReportError) {
    ok = false
    do {
      let data = try configuration.loadData()
      let dataset = data.training.dataset
      var request = request
      request.classes = request.classes ?? dataset.classCount
      let settings = configuration.training.configuration(memoryLimit: configuration.limits.memory << 20)
      func compiled(batch: Int, isTraining: Bool) throws(CompilationFailure) -> HealedNetwork {
        let shape = [batch, dataset.channels, dataset.height, dataset.width]
        return try request.compile([NetworkInput(.float32, shape)], isTraining: isTraining)
      }
      let training = try compiled(batch: settings.batchSize, isTraining: true)
      let evaluation = try compiled(batch: settings.evaluationBatchSize, isTraining: false)
      network = training.network.className
      healed = training.fixes.map { "\($0)" }
      diagnostics = training.network.notes
      let trainable = TrainableNetwork(
        trainingGraph: training.network.graph, evaluationGraph: evaluation.network.graph)
      let trainer = try Trainer(settings, threads: threads)
      let stream = RandomStream(seed: UInt64(bitPattern: Int64(configuration.seed))).stream("training")
      let result = try trainer.train(
        trainable, data: data, stream: stream,
        initialWeights: initialWeights?.without(training.network.state.aliases), progress: progress)
      take(result)
      if tests, ok {
        testAccuracy =
          try trainer.evaluate(
            trainable, weights: result.weights, on: data.test, normalization: data.normalization
          )
          .accuracy
      }
    } catch let failure as CompilationFailure {
      diagnostics = failure.diagnostics
    } catch {
      throw ReportError(error)
    }
  }

  private mutating func take(_ result: TrainingResult) {
    epochs = result.history
    (imagesSeen, seconds, weights) = (result.imagesSeen, result.seconds, result.weights)
    validationAccuracy = result.validation?.accuracy
    switch result.stopReason {
    case .completed: ok = true
    case .nonFiniteLoss(let epoch, let step):
      stopped = "The loss was no finite number at step \(step) of epoch \(epoch)."
    case .diverged(let epoch, let step):
      stopped = "The loss grew too large at step \(step) of epoch \(epoch)."
    case .stalled(let epoch, let step):
      stopped = "The loss was no better than that of a constant answer at step \(step) of epoch \(epoch)."
    case .outclassed(let epoch, let step), .cancelled(let epoch, let step):
      stopped = "It was stopped at step \(step) of epoch \(epoch)."
    }
  }

  /// The figures in words.
  public var text: String {
    var lines = diagnostics.map(\.rendered) + healed.map { "healed: \($0)" }
    var table = TextTable([
      "epoch", "training loss", "training acc.", "validation loss", "validation acc.", "s",
    ])
    for epoch in epochs {
      table.add([
        "\(epoch.epoch)", Figures.fixed(epoch.trainingLoss, 4),
        Figures.percent(epoch.trainingAccuracy, decimals: 2),
        epoch.validation.map { Figures.fixed($0.loss, 4) } ?? "–",
        epoch.validation.map { Figures.percent($0.accuracy, decimals: 2) } ?? "–",
        Figures.fixed(epoch.seconds, 1),
      ])
    }
    if !epochs.isEmpty { lines.append(table.text) }
    if let stopped { lines.append(stopped) }
    if let testAccuracy { lines.append("test accuracy \(Figures.percent(testAccuracy, decimals: 2))") }
    return lines.joined(separator: "\n")
  }
}
