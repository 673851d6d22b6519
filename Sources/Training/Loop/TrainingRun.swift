import Execution
import NetworkGraph
import RandomStreams

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One training, from plan to result.
final class TrainingRun {
  private let configuration: TrainingConfiguration
  private let data: DatasetSplit
  private let stream: RandomStream
  private let initialWeights: WeightSet?
  private let variables: VariableStore
  private let executor: Executor
  private let evaluator: Evaluator
  private let signature: NetworkSignature
  /// Where each parameter's gradient comes out, and its place in the flat parameters.
  private let gradients: [(output: Int, range: Range<Int>)]
  private let assembler: BatchAssembler
  private let memoryByteCount: Int
  private var optimizer: OptimizerState
  private let begin = ContinuousClock.now
  /// Forward passes in training mode, which is what batch normalisations count.
  private var passes = 0
  private var steps = 0
  private var history: [EpochRecord] = []
  /// The losses since the last look for a stall.
  private var recentLoss = (sum: 0.0, steps: 0)

  init(
    _ configuration: TrainingConfiguration, _ network: TrainableNetwork, _ data: DatasetSplit,
    _ stream: RandomStream, _ initialWeights: WeightSet?, _ team: ThreadTeam?
  ) throws(TrainingError) {
    self.configuration = configuration
    self.data = data
    self.stream = stream
    self.initialWeights = initialWeights
    signature = try Self.signature(network, configuration)
    try signature.check(data.training, data.normalization)
    try signature.check(data.validation, data.normalization)
    guard data.training.count >= configuration.batchSize else {
      throw .unsuitableData(
        "\(data.training.count) training images do not fill one batch of \(configuration.batchSize)")
    }
    let differentiated = try Self.differentiated(network, configuration)
    var budget = MemoryBudget(limit: configuration.memoryLimit)
    let scalesGradients = configuration.gradientClipNorm != nil
    do {
      variables = try VariableStore(
        graph: network.trainingGraph, stream: stream.stream("initialization"), memoryLimit: budget.rest)
      let parameters = variables.flatParameters.count
      budget.spend(variables.byteCount)
      try budget.spend(
        checking: OptimizerState.byteCount(
          configuration.optimizer, parameters: parameters, scalesGradients: scalesGradients))
      executor = try Executor(
        graph: differentiated.graph, variables: variables, memoryLimit: budget.rest, team: team)
      budget.spend(executor.arenaByteCount)
      optimizer = try OptimizerState(
        configuration.optimizer, parameters: variables.flatParameters, scalesGradients: scalesGradients,
        instructionSet: executor.instructionSet)
    } catch {
      throw .execution(budget.whole(error))
    }
    if let initialWeights {
      do { try initialWeights.apply(to: variables) } catch { throw .weights(error) }
    }
    do {
      evaluator = try Evaluator(
        graph: network.evaluationGraph, variables: variables, memoryLimit: budget.rest, team: team)
    } catch .execution(let error) {
      throw .execution(budget.whole(error))
    }
    budget.spend(evaluator.arenaByteCount)
    memoryByteCount = budget.spent
    var gradients: [(output: Int, range: Range<Int>)] = []
    for gradient in differentiated.gradients {
      guard let range = variables.range(of: gradient.parameter) else {
        throw .unsuitableNetwork("its parameter \(gradient.parameter) has no place among the trainable ones")
      }
      gradients.append((gradient.output, range))
    }
    self.gradients = gradients
    assembler = BatchAssembler(data.training.dataset, data.normalization)
  }

  /// The training graph with its loss and gradients.
  private static func differentiated(
    _ network: TrainableNetwork, _ configuration: TrainingConfiguration
  ) throws(TrainingError) -> DifferentiatedGraph {
    let result: DifferentiatedGraph
    do {
      let graph = try network.trainingGraph.addingCrossEntropy(labelSmoothing: configuration.labelSmoothing)
      result = try graph.differentiated(loss: graph.outputs[0])
    } catch {
      throw .graph(error)
    }
    guard !result.gradients.isEmpty else { throw .unsuitableNetwork("it has no parameters to train") }
    return result
  }

  private static func signature(
    _ network: TrainableNetwork, _ configuration: TrainingConfiguration
  ) throws(TrainingError) -> NetworkSignature {
    let training = try NetworkSignature(network.trainingGraph, name: "training")
    let evaluation = try NetworkSignature(network.evaluationGraph, name: "evaluation")
    guard training.shape[1...] == evaluation.shape[1...], training.classCount == evaluation.classCount else {
      throw .unsuitableNetwork("its two traces differ in image shape or classes")
    }
    guard training.batchSize == configuration.batchSize else {
      throw .unsuitableNetwork(
        "it was traced for batches of \(training.batchSize), and batchSize is \(configuration.batchSize)")
    }
    guard evaluation.batchSize == configuration.evaluationBatchSize else {
      throw .unsuitableNetwork(
        "its evaluation was traced for batches of \(evaluation.batchSize), "
          + "and evaluationBatchSize is \(configuration.evaluationBatchSize)")
    }
    return training
  }

  private var stepsPerEpoch: Int { data.training.count / configuration.batchSize }

  func train(
    isHopeless: (EpochRecord) -> Bool, _ progress: (TrainingProgress) -> Bool
  ) throws(TrainingError) -> TrainingResult {
    for epoch in 1...configuration.epochs {
      if let reason = try train(epoch: epoch, progress) { return result(reason) }
      if epoch < configuration.epochs, let record = history.last, isHopeless(record) {
        return result(.outclassed(epoch: epoch, step: stepsPerEpoch))
      }
    }
    return result(.completed)
  }

  /// Whether the steps since the last look, once there are enough of them, were no better than one and the same answer
  /// for all images.
  private func isStalled(after loss: Double) -> Bool {
    guard let limit = configuration.stallSteps, data.training.dataset.classCount > 1 else { return false }
    recentLoss = (recentLoss.sum + loss, recentLoss.steps + 1)
    guard recentLoss.steps >= limit else { return false }
    defer { recentLoss = (0, 0) }
    // A hundredth less: the classes of the images drawn are never quite equally many.
    let constant = log(Double(data.training.dataset.classCount))
    return recentLoss.sum / Double(recentLoss.steps) >= 0.99 * constant
  }

  /// Trains for an epoch; a reason to stop, or nil to go on.
  private func train(
    epoch: Int, _ progress: (TrainingProgress) -> Bool
  ) throws(TrainingError) -> StopReason? {
    let start = ContinuousClock.now
    var random = stream.stream("order", epoch)
    let order = random.permutation(data.training.count)
    let augmentations = stream.stream("augmentation")
    var report = TrainingProgress(
      epoch: epoch, epochs: configuration.epochs, step: 0, stepsPerEpoch: stepsPerEpoch, loss: 0, record: nil)
    var lossSum = 0.0
    var correct = 0
    var rate = 0.0
    for step in 1...stepsPerEpoch {
      if Task.isCancelled { return .cancelled(epoch: epoch, step: step) }
      rate = configuration.schedule.learningRate(
        base: configuration.optimizer.learningRate, epoch: epoch - 1, step: step - 1,
        stepsPerEpoch: stepsPerEpoch, epochs: configuration.epochs)
      let first = (step - 1) * configuration.batchSize
      let batch = order[first..<first + configuration.batchSize].map { data.training.indices[$0] }
      let outcome = try forwardAndBackward(batch, epoch, augmentations)
      guard outcome.loss.isFinite else { return .nonFiniteLoss(epoch: epoch, step: step) }
      updateParameters(learningRate: rate)
      steps += 1
      lossSum += outcome.loss
      correct += outcome.correct
      if let limit = configuration.divergenceLoss, step >= min(10, stepsPerEpoch),
        lossSum / Double(step) > limit
      {
        return .diverged(epoch: epoch, step: step)
      }
      if isStalled(after: outcome.loss) { return .stalled(epoch: epoch, step: step) }
      report.step = step
      report.loss = outcome.loss
      guard progress(report) else { return .cancelled(epoch: epoch, step: step) }
    }
    let validation: Evaluation?
    do {
      validation = try validate(epoch: epoch, report, progress)
    } catch .cancelled {
      return .cancelled(epoch: epoch, step: stepsPerEpoch)
    }
    if let validation, !validation.loss.isFinite { return .nonFiniteLoss(epoch: epoch, step: stepsPerEpoch) }
    let record = EpochRecord(
      epoch: epoch, trainingLoss: lossSum / Double(stepsPerEpoch),
      trainingAccuracy: Double(correct) / Double(stepsPerEpoch * configuration.batchSize),
      validation: validation, learningRate: rate, seconds: Self.seconds(since: start))
    history.append(record)
    report.record = record
    let goesOn = progress(report)
    return goesOn || epoch == configuration.epochs ? nil : .cancelled(epoch: epoch, step: stepsPerEpoch)
  }

  private func forwardAndBackward(
    _ batch: [Int], _ epoch: Int, _ augmentations: RandomStream
  ) throws(TrainingError) -> (loss: Double, correct: Int) {
    let dataset = data.training.dataset
    executor.withInput(signature.input) { images in
      for (row, example) in batch.enumerated() {
        let draw = configuration.augmentation.draw(epoch: epoch, example: example, stream: augmentations)
        assembler.copy(example, draw, to: signature.image(row, of: images))
      }
    }
    executor.withIntegerInput("labels") { labels in
      for (row, example) in batch.enumerated() { labels[row] = dataset.labels[example] }
    }
    do {
      try executor.run(dropout: stream.stream("dropout", passes))
    } catch {
      throw .execution(error)
    }
    passes += 1
    var loss = 0.0
    executor.withOutput(0) { loss = Double($0[0]) }
    var correct = 0
    executor.withOutput(1) { logits in
      for (row, example) in batch.enumerated()
      where signature.logits(row, of: logits).largestIndex == Int(dataset.labels[example]) {
        correct += 1
      }
    }
    return (loss, correct)
  }

  private func updateParameters(learningRate: Double) {
    var scale: Float = 1
    if let limit = configuration.gradientClipNorm {
      var sum = 0.0
      for (output, _) in gradients { executor.withOutput(output) { sum += optimizer.sumOfSquares($0) } }
      // As torch.nn.utils.clip_grad_norm_.
      scale = Float(min(1, limit / (sum.squareRoot() + 1e-6)))
    }
    optimizer.beginStep()
    for (output, range) in gradients {
      executor.withOutput(output) { gradient in
        optimizer.update(range, gradient: gradient, learningRate: learningRate, scale: scale)
      }
    }
  }

  private func validate(
    epoch: Int, _ report: TrainingProgress, _ progress: (TrainingProgress) -> Bool
  ) throws(TrainingError) -> Evaluation? {
    guard epoch == configuration.epochs || epoch.isMultiple(of: configuration.validationInterval) else {
      return nil
    }
    return try evaluator.evaluate(on: data.validation, normalization: data.normalization) { progress(report) }
  }

  private func result(_ reason: StopReason) -> TrainingResult {
    TrainingResult(
      history: history,
      weights: WeightSet(variables, batchesTracked: passes, continuing: initialWeights),
      imagesSeen: steps * configuration.batchSize, steps: steps, stopReason: reason,
      seconds: Self.seconds(since: begin), memoryByteCount: memoryByteCount)
  }

  private static func seconds(since start: ContinuousClock.Instant) -> Double {
    let duration = ContinuousClock.now - start
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}
