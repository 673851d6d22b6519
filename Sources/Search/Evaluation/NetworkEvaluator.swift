import Foundation
import NetworkGraph
public import RandomStreams
import TorchFrontend
public import Training

/// Trains a network on the training part and measures it on the validation part.
public struct NetworkEvaluator: Sendable {
  /// What came of a training.
  public struct Outcome: Sendable {
    /// What it gave; nil where it could not begin.
    public var evaluation: TrainingOutcome?
    /// The validation accuracy after the last epoch, 0…1; nil where it failed.
    public var fitness: Double?
    /// The trained weights as safetensors; nil where it failed.
    public var weights: [UInt8]?
    /// Why it failed, or was stopped: one sentence.
    public var failure: String?
    /// Whether it was stopped since it could not be expected to become the elite of its niche.
    public var isOutclassed = false
  }

  /// The network that a candidate was made from.
  struct Parent: Sendable {
    /// Its number.
    var candidate: Int
    /// Its source; nil where there is none.
    var source: String?
    /// Its weights as safetensors; nil where none are kept.
    var weights: [UInt8]?
  }

  private let task: ImageTask
  private let data: DatasetSplit
  private let trainer: Trainer
  private let inheritance: InheritanceRule
  private let stream: RandomStream
  private let measuresLatency: Bool

  /// How images are normalised.
  public var normalization: Normalization { data.normalization }

  /// An evaluator; a network's initial weights and the order of images follow from the stream and its hash.
  ///
  /// - Parameters:
  ///   - memoryLimit: the bytes that one candidate's training may take.
  ///   - threads: how many threads share the work of one network.
  ///   - measuresLatency: whether to time a forward pass of what was trained.
  /// - Throws: where the training settings make no sense.
  public init(
    task: ImageTask, data: DatasetSplit, settings: TrainingSettings, memoryLimit: Int, stream: RandomStream,
    threads: Int = 1, measuresLatency: Bool = false
  ) throws(SearchError) {
    self.task = task
    self.data = data
    self.stream = stream
    self.measuresLatency = measuresLatency
    inheritance = settings.inheritance
    do {
      trainer = try Trainer(settings.configuration(memoryLimit: memoryLimit), threads: threads)
    } catch {
      throw SearchError("The training settings cannot be used: \(error)")
    }
  }

  /// An evaluator as a run with that configuration uses it.
  ///
  /// - Parameter threads: how many threads share the work of one network.
  /// - Throws: where the training settings make no sense.
  public init(for configuration: RunConfiguration, data: DatasetSplit, threads: Int = 1) throws(SearchError) {
    try self.init(
      task: ImageTask(data), data: data, settings: configuration.training,
      memoryLimit: configuration.limits.memory << 20,
      stream: RandomStream(seed: UInt64(bitPattern: Int64(configuration.seed))).stream("training"),
      threads: threads,
      measuresLatency: configuration.makeDescriptors().contains { $0.figureNames.contains("latency_ms") })
  }

  /// How many images fitness is measured on.
  var validationCount: Int { data.validation.count }

  /// Whether a parent's weights are of use.
  var inherits: Bool { inheritance != .none }

  /// Trains the network of a source, or gives nil where somebody asked to stop.
  ///
  /// - Parameter score: which training of the network it is; each has random numbers of its own.
  func evaluate(
    _ source: String, hash: String, score: Int = 0, parent: Parent? = nil, contest: NicheContest? = nil,
    stop: StopFlag,
    progress: (Double) -> Void
  ) -> Outcome? {
    do {
      let network = try trainable(source)
      let own = stream.stream(hash)
      let stream = score == 0 ? own : own.stream("score", score)
      let begin = ContinuousClock.now
      let inherited = try inherited(by: network, from: parent, stream: stream)
      let inheritanceTime = (ContinuousClock.now - begin) / .seconds(1)
      var judgement = contest?.judgement
      let result = try trainer.train(
        network, data: data, stream: stream, initialWeights: inherited?.weights,
        progress: { step in
          progress(step.fraction)
          return !stop.isRaised
        },
        isHopeless: { record in
          guard let contest, let accuracy = record.validation?.accuracy else { return false }
          contest.look(after: record.epoch, accuracy: accuracy, into: &judgement)
          return !contest.isAudit && judgement?.hopelessAfter != nil
        })
      var outcome = TrainingOutcome(result)
      outcome.inheritance = inherited?.record
      outcome.judgement = judgement
      outcome.seconds += inheritanceTime
      switch result.stopReason {
      case .completed:
        guard let validation = result.validation else {
          return Outcome(evaluation: outcome, failure: "Its training ended without a validation.")
        }
        if measuresLatency, score == 0 { outcome.latencyMilliseconds = try latency(of: source) * 1000 }
        return Outcome(
          evaluation: outcome, fitness: validation.accuracy, weights: try SafeTensors.encode(result.weights))
      case .nonFiniteLoss(let epoch, let step):
        return Outcome(
          evaluation: outcome, failure: "Its loss was no finite number at step \(step) of epoch \(epoch).")
      case .diverged(let epoch, let step):
        return Outcome(
          evaluation: outcome, failure: "Its loss grew too large at step \(step) of epoch \(epoch).")
      case .stalled(let epoch, let step):
        return Outcome(
          evaluation: outcome,
          failure: "Its loss was no better than that of a constant answer at step \(step) of epoch \(epoch).")
      case .outclassed:
        return Outcome(evaluation: outcome, failure: judgement?.sentence, isOutclassed: true)
      case .cancelled: return nil
      }
    } catch {
      if stop.isRaised { return nil }
      return Outcome(failure: "It could not be trained: \(error)")
    }
  }

  /// The share of the test images that a network with these weights classifies right, 0…1.
  ///
  /// - Parameter weights: safetensors, as a search stored them.
  /// - Throws: where the source does not compile or the weights are not its own.
  public func testAccuracy(of source: String, weights: [UInt8]) throws(SearchError) -> Double {
    do {
      let set = try SafeTensors.decode(weights).weights
      return try trainer.evaluate(
        trainable(source), weights: set, on: data.test, normalization: data.normalization
      )
      .accuracy
    } catch {
      throw SearchError("The network cannot be tested: \(error)")
    }
  }

  /// The seconds of the shortest of twenty forward passes of one image in evaluation mode, on one thread.
  ///
  /// The shortest, since other candidates are trained beside it.
  private func latency(of source: String) throws -> Double {
    let trace = try NetworkCompiler.compile(source, options: task.options(batch: 1, isTraining: false)).graph
    let timer = try StepTimer(trace, isTraining: false)
    try timer.step()
    var shortest = Double.infinity
    for _ in 0..<20 {
      let begin = ContinuousClock.now
      try timer.step()
      shortest = min(shortest, (ContinuousClock.now - begin) / .seconds(1))
    }
    return shortest
  }

  /// The seconds that training a network and measuring its fitness would about take on one thread, from some steps of it.
  ///
  /// - Throws: where it does not compile or cannot be trained.
  func estimatedSeconds(of source: String) throws -> Double {
    func shortestStep(_ graph: Graph, isTraining: Bool) throws -> Double {
      let timer = try StepTimer(graph, isTraining: isTraining)
      try timer.step()
      var shortest = Double.infinity
      for _ in 0..<2 {
        let begin = ContinuousClock.now
        try timer.step()
        shortest = min(shortest, (ContinuousClock.now - begin) / .seconds(1))
      }
      return shortest
    }
    let settings = trainer.configuration
    let network = try trainable(source)
    let steps = Double(data.training.count) / Double(settings.batchSize)
    let validation = Double(data.validation.count) / Double(settings.evaluationBatchSize)
    let epoch =
      try steps.rounded(.up) * shortestStep(network.trainingGraph, isTraining: true)
      + validation.rounded(.up) * shortestStep(network.evaluationGraph, isTraining: false)
    return epoch * Double(settings.epochs)
  }

  /// What a network begins with of its parent's weights; nil where the run inherits nothing.
  private func inherited(
    by network: TrainableNetwork, from parent: Parent?, stream: RandomStream
  ) throws -> (weights: WeightSet?, record: Inheritance)? {
    guard inherits else { return nil }
    guard let parent else { return (nil, Inheritance(parent: nil, reason: "It has no parent.")) }
    guard let source = parent.source, let bytes = parent.weights else {
      let reason = "No weights of its parent are kept."
      return (nil, Inheritance(parent: parent.candidate, reason: reason))
    }
    let trained: TrainedParent
    do {
      trained = TrainedParent(
        evaluationGraph: try evaluationGraph(source), weights: try SafeTensors.decode(bytes).weights)
    } catch {
      let reason = "The weights of its parent cannot be used: \(error)"
      return (nil, Inheritance(parent: parent.candidate, reason: reason))
    }
    let result = try trainer.inherit(from: trained, by: inheritance, for: network, data: data, stream: stream)
    return (result.weights, Inheritance(parent: parent.candidate, account: result.account))
  }

  private func trainable(_ source: String) throws -> TrainableNetwork {
    let settings = trainer.configuration
    let training = try NetworkCompiler.compile(
      source, options: task.options(batch: settings.batchSize, isTraining: true))
    return TrainableNetwork(trainingGraph: training.graph, evaluationGraph: try evaluationGraph(source))
  }

  private func evaluationGraph(_ source: String) throws -> Graph {
    let batch = trainer.configuration.evaluationBatchSize
    return try NetworkCompiler.compile(source, options: task.options(batch: batch, isTraining: false)).graph
  }
}

extension TrainingOutcome {
  init(_ result: TrainingResult) {
    self.init(
      // An epoch that ended without finite figures is told by the verdict.
      epochs: result.history.compactMap { epoch in
        guard let validation = epoch.validation, epoch.trainingLoss.isFinite, validation.loss.isFinite else {
          return nil
        }
        return Epoch(
          trainingLoss: epoch.trainingLoss, trainingAccuracy: epoch.trainingAccuracy,
          validationLoss: validation.loss, validationAccuracy: validation.accuracy)
      }, imagesSeen: result.imagesSeen, seconds: result.seconds)
    stopReason = result.stopReason
  }
}

extension ImageTask {
  /// The task that a data set poses.
  init(_ data: DatasetSplit) {
    let dataset = data.training.dataset
    self.init(
      channels: dataset.channels, height: dataset.height, width: dataset.width, classes: dataset.classCount)
  }
}

extension RunConfiguration {
  /// The data set, divided by the run's seed.
  ///
  /// - Throws: where it is missing (with how to get it) or damaged.
  public func loadData() throws(SearchError) -> DatasetSplit {
    do {
      let catalog = DatasetCatalog.standard(path: data.path.isEmpty ? nil : data.path)
      return try DatasetSplit(
        catalog.load(DatasetName(named: data.name)),
        configuration: SplitConfiguration(
          validationFraction: data.validationShare,
          trainingLimit: data.trainingLimit > 0 ? data.trainingLimit : nil,
          validationLimit: data.validationLimit > 0 ? data.validationLimit : nil),
        stream: RandomStream(seed: UInt64(bitPattern: Int64(seed))).stream("split"))
    } catch {
      throw SearchError("\(error)")
    }
  }
}
