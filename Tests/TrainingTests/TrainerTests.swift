import Execution
import Foundation
import NetworkGraph
import RandomStreams
import Testing

@testable import Training

@Suite struct TrainerTests {
  private func configuration(
    epochs: Int = 8, optimizer: Optimizer = .sgd(.init(learningRate: 0.05))
  ) -> TrainingConfiguration {
    TrainingConfiguration(epochs: epochs, batchSize: 16, evaluationBatchSize: 24, optimizer: optimizer)
  }

  /// The figures of a history that do not depend on the clock.
  private func figures(_ result: TrainingResult) -> [EpochRecord] {
    result.history.map { record in
      var record = record
      record.seconds = 0
      return record
    }
  }

  @Test(arguments: [
    Optimizer.sgd(.init(learningRate: 0.05)), .adam(.init(learningRate: 0.01)),
    .adamW(.init(learningRate: 0.01)),
  ])
  func learnsSeparableClasses(optimizer: Optimizer) throws {
    let data = try Toy.split()
    var configuration = configuration(optimizer: optimizer)
    configuration.labelSmoothing = 0.05
    let network = try Toy.convolutional(data, configuration)
    let trainer = try Trainer(configuration)
    let result = try trainer.train(network, data: data, stream: RandomStream(seed: 1))
    #expect(result.stopReason == .completed)
    #expect(try #require(result.validation).accuracy > 0.95)
    #expect(result.history.map(\.epoch) == Array(1...8))
    #expect(result.steps == 8 * 15)
    #expect(result.imagesSeen == 8 * 240)
    #expect(result.history.allSatisfy { $0.validation?.count == 80 && $0.seconds > 0 })
    #expect(try #require(result.history.last).trainingAccuracy > 0.95)
    #expect(try #require(result.history.first).trainingLoss > #require(result.history.last).trainingLoss)
    let test = try trainer.evaluate(
      network, weights: result.weights, on: data.test, normalization: data.normalization)
    #expect(test.accuracy > 0.95 && test.count == 101)
    // The weights are those that validation was measured with.
    let again = try trainer.evaluate(
      network, weights: result.weights, on: data.validation, normalization: data.normalization)
    #expect(again == result.validation)
  }

  @Test func theSameSeedGivesTheSameBits() async throws {
    let data = try Toy.split(channels: 2)
    var configuration = configuration(epochs: 2)
    configuration.augmentation = Augmentation(cropPadding: 1, horizontalFlip: true)
    let network = try Toy.perceptron(data, configuration, dropout: 0.3)
    let trainer = try Trainer(configuration)
    let first = try trainer.train(network, data: data, stream: RandomStream(seed: 4))
    // Side by side in two threads.
    async let left = trainer.train(network, data: data, stream: RandomStream(seed: 4))
    async let right = trainer.train(network, data: data, stream: RandomStream(seed: 4))
    for other in [try await left, try await right] {
      #expect(figures(other) == figures(first))
      #expect(try SafeTensors.encode(other.weights) == SafeTensors.encode(first.weights))
    }
    let shared = try Trainer(configuration, threads: 3).train(
      network, data: data, stream: RandomStream(seed: 4))
    #expect(try SafeTensors.encode(shared.weights) == SafeTensors.encode(first.weights))
    let different = try trainer.train(network, data: data, stream: RandomStream(seed: 5))
    #expect(different.weights != first.weights)
  }

  @Test func infiniteLossesStop() throws {
    let data = try Toy.split()
    let configuration = configuration(optimizer: .sgd(.init(learningRate: 1e8, momentum: 0, nesterov: false)))
    let network = try Toy.perceptron(data, configuration)
    let result = try Trainer(configuration).train(network, data: data, stream: RandomStream(seed: 1))
    guard case .nonFiniteLoss(let epoch, let step) = result.stopReason else {
      Issue.record("stopped by \(result.stopReason)")
      return
    }
    #expect(result.steps == (epoch - 1) * 15 + step - 1)
    #expect(result.history.count == epoch - 1)
  }

  @Test func divergingLossesStopWhereAskedFor() throws {
    let data = try Toy.split()
    var configuration = configuration(optimizer: .sgd(.init(learningRate: 1e-5)))
    configuration.divergenceLoss = 0.1
    let network = try Toy.perceptron(data, configuration)
    let result = try Trainer(configuration).train(network, data: data, stream: RandomStream(seed: 1))
    #expect(result.stopReason == .diverged(epoch: 1, step: 10))
    #expect(result.history.isEmpty && result.validation == nil)
  }

  @Test func lossesThatDoNotFallStopWhereAskedFor() throws {
    let data = try Toy.split()
    // Nothing is learnt at a rate of 0, so each window of 12 steps is as bad as a guess: the first one ends it.
    var still = configuration(optimizer: .sgd(.init(learningRate: 0)))
    let network = try Toy.perceptron(data, still)
    let calm = try Trainer(still).train(network, data: data, stream: RandomStream(seed: 1))
    #expect(calm.stopReason == .completed)
    #expect(calm.history.allSatisfy { $0.trainingLoss > 0.99 * log(4) })
    still.stallSteps = 12
    let stalled = try Trainer(still).train(network, data: data, stream: RandomStream(seed: 1))
    #expect(stalled.stopReason == .stalled(epoch: 1, step: 12))
    // Windows go on from one epoch to the next, of 15 steps each.
    still.stallSteps = 20
    let later = try Trainer(still).train(network, data: data, stream: RandomStream(seed: 1))
    #expect(later.stopReason == .stalled(epoch: 2, step: 5))

    var learning = configuration(optimizer: .sgd(.init(learningRate: 0.05)))
    learning.stallSteps = 12
    let result = try Trainer(learning).train(network, data: data, stream: RandomStream(seed: 1))
    #expect(result.stopReason == .completed)
  }

  @Test func theCallerCanGiveATrainingUpAfterAnyEpochButTheLast() throws {
    let data = try Toy.split()
    let configuration = configuration()
    let network = try Toy.perceptron(data, configuration)
    let trainer = try Trainer(configuration)
    let whole = try trainer.train(network, data: data, stream: RandomStream(seed: 1))
    var asked: [Int] = []
    let result = try trainer.train(
      network, data: data, stream: RandomStream(seed: 1),
      isHopeless: { record in
        asked.append(record.epoch)
        return record.epoch == 2
      })
    #expect(asked == [1, 2] && result.history.count == 2)
    #expect(result.stopReason == .outclassed(epoch: 2, step: 15))
    #expect(result.history.map(\.validation) == whole.history.prefix(2).map(\.validation))
    asked = []
    _ = try trainer.train(
      network, data: data, stream: RandomStream(seed: 1),
      isHopeless: { record in
        asked.append(record.epoch)
        return false
      })
    #expect(asked == Array(1..<configuration.epochs))
  }

  @Test func theCallerCanStopAtAnyStep() throws {
    let data = try Toy.split()
    let configuration = configuration()
    let network = try Toy.perceptron(data, configuration)
    var calls: [TrainingProgress] = []
    let result = try Trainer(configuration).train(network, data: data, stream: RandomStream(seed: 1)) {
      calls.append($0)
      return !($0.epoch == 2 && $0.step == 3)
    }
    #expect(result.stopReason == .cancelled(epoch: 2, step: 3))
    #expect(result.steps == 18 && result.history.count == 1)
    #expect(calls.last?.loss.isFinite == true)
    #expect(calls.compactMap(\.record).map(\.epoch) == [1])
    #expect(zip(calls, calls.dropFirst()).allSatisfy { $0.fraction <= $1.fraction })
    #expect(calls.first?.fraction == 1.0 / 120)
    // Stopped within validation.
    var validationCalls = 0
    let second = try Trainer(configuration).train(network, data: data, stream: RandomStream(seed: 1)) {
      if $0.step == 15 { validationCalls += 1 }
      return validationCalls < 3
    }
    #expect(second.stopReason == .cancelled(epoch: 1, step: 15))
    #expect(second.history.isEmpty)
  }

  @Test func cancelledTasksStop() async throws {
    let data = try Toy.split()
    let configuration = configuration(epochs: 1_000_000)
    let network = try Toy.perceptron(data, configuration)
    let trainer = try Trainer(configuration)
    let task = Task { try trainer.train(network, data: data, stream: RandomStream(seed: 1)) }
    try await Task.sleep(for: .milliseconds(50))
    task.cancel()
    guard case .cancelled = try await task.value.stopReason else {
      Issue.record("went on")
      return
    }
  }

  @Test func validationCanBeRarer() throws {
    let data = try Toy.split()
    var configuration = configuration(epochs: 5)
    configuration.validationInterval = 2
    let result = try Trainer(configuration).train(
      Toy.perceptron(data, configuration), data: data, stream: RandomStream(seed: 1))
    #expect(result.history.map { $0.validation != nil } == [false, true, false, true, true])
  }

  @Test func evaluationAgreesWithItsDefinition() throws {
    let data = try Toy.split(channels: 2)
    var losses: [Double] = []
    // Batches that divide the 101 test images, that do not, and that are larger.
    for batch in [1, 7, 101, 128] {
      var configuration = configuration()
      configuration.evaluationBatchSize = batch
      let network = try Toy.perceptron(data, configuration)
      let variables = try VariableStore(graph: network.evaluationGraph, stream: RandomStream(seed: 3))
      let evaluation = try Evaluator(graph: network.evaluationGraph, variables: variables)
        .evaluate(on: data.test, normalization: data.normalization)
      let weights = WeightSet(variables)
      func values(_ name: String) -> [Double] {
        guard case .float32(let values)? = weights[name]?.values else { return [] }
        return values.map(Double.init)
      }
      func layer(_ name: String, _ x: [Double]) -> [Double] {
        let (weight, bias) = (values(name + ".weight"), values(name + ".bias"))
        return bias.indices.map { row in
          zip(x, weight[row * x.count..<(row + 1) * x.count]).reduce(bias[row]) { $0 + $1.0 * $1.1 }
        }
      }
      let (images, labels) = try data.test.batch(
        at: Array(0..<data.test.count), normalization: data.normalization)
      var (loss, correct) = (0.0, 0)
      for (index, label) in labels.enumerated() {
        let image = images[index * 32..<(index + 1) * 32].map(Double.init)
        let logits = layer("fc2", layer("fc1", image).map { max(0, $0) })
        loss -= logits[Int(label)] - logSumExp(logits)
        if logits.indices.max(by: { logits[$0] < logits[$1] }) == Int(label) { correct += 1 }
      }
      #expect(abs(evaluation.loss - loss / 101) < 1e-5)
      #expect(evaluation.accuracy == Double(correct) / 101)
      losses.append(evaluation.loss)
    }
    #expect(losses.allSatisfy { abs($0 - losses[0]) < 1e-6 })
  }

  private func logSumExp(_ values: [Double]) -> Double {
    // By the series of exp and bisection of its inverse, so as to need no other library.
    func exponential(_ x: Double) -> Double {
      let reduced = x / 1024
      var (term, sum) = (1.0, 1.0)
      for n in 1..<12 {
        term *= reduced / Double(n)
        sum += term
      }
      return (0..<10).reduce(sum) { value, _ in value * value }
    }
    let total = values.reduce(0) { $0 + exponential($1) }
    var (low, high) = (-50.0, 50.0)
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if exponential(middle) < total { low = middle } else { high = middle }
    }
    return low
  }

  @Test func weightsGoOutAndIn() throws {
    let data = try Toy.split()
    let configuration = configuration(epochs: 1)
    let network = try Toy.convolutional(data, configuration)
    let trainer = try Trainer(configuration)
    let first = try trainer.train(network, data: data, stream: RandomStream(seed: 1))
    #expect(
      Set(first.weights.tensors.map(\.name)) == [
        "conv.weight", "conv.bias", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var",
        "bn.num_batches_tracked", "fc.weight", "fc.bias",
      ])
    #expect(first.weights["bn.num_batches_tracked"]?.values == .int64([15]))
    #expect(first.weights["bn.running_var"]?.values != .float32([1, 1, 1, 1]))
    let read = try SafeTensors.decode(SafeTensors.encode(first.weights)).weights
    let second = try trainer.train(
      network, data: data, stream: RandomStream(seed: 2), initialWeights: read)
    #expect(second.weights["bn.num_batches_tracked"]?.values == .int64([30]))
    #expect(try #require(second.history.first).trainingLoss < #require(first.history.first).trainingLoss)
    // A learning rate of 0 shows that training began with the given weights.
    var still = configuration
    still.optimizer = .sgd(.init(learningRate: 0))
    let unmoved = try Trainer(still).train(
      network, data: data, stream: RandomStream(seed: 2), initialWeights: read)
    for name in ["conv.weight", "conv.bias", "bn.weight", "bn.bias", "fc.weight", "fc.bias"] {
      #expect(unmoved.weights[name] == first.weights[name])
    }
  }

  @Test(arguments: [Optimizer.sgd(.init()), .adam(.init())]) func memoryIsLimitedToTheByte(
    optimizer: Optimizer
  ) throws {
    let data = try Toy.split()
    var configuration = configuration(epochs: 1, optimizer: optimizer)
    configuration.gradientClipNorm = 1
    let network = try Toy.convolutional(data, configuration)
    func run(_ limit: Int?) throws -> TrainingResult {
      configuration.memoryLimit = limit
      return try Trainer(configuration).train(network, data: data, stream: RandomStream(seed: 1))
    }
    let needed = try run(nil).memoryByteCount
    #expect(try run(needed).memoryByteCount == needed)
    for limit in [1, 100, needed / 2, needed - 1] {
      do {
        _ = try run(limit)
        Issue.record("\(limit) of \(needed) bytes were enough")
      } catch TrainingError.execution(.memoryLimit(let claimed, let stated)) {
        #expect(stated == limit && claimed > limit && claimed <= needed)
      }
    }
  }

  @Test func weightsThatDoNotFitAreRefused() throws {
    let data = try Toy.split()
    let configuration = configuration(epochs: 1)
    let network = try Toy.convolutional(data, configuration)
    let variables = try VariableStore(graph: network.evaluationGraph, stream: RandomStream(seed: 1))
    let good = WeightSet(variables)
    func changed(_ change: (inout [WeightTensor]) -> Void) throws -> WeightSet {
      var tensors = good.tensors
      change(&tensors)
      return try WeightSet(tensors)
    }
    let wrong = [
      try changed { $0.removeAll { $0.name == "fc.bias" } },
      try changed { $0.append(WeightTensor(name: "more", shape: [1], values: .float32([1]))) },
      try changed {
        $0.removeAll { $0.name == "fc.bias" }
        $0.append(WeightTensor(name: "fc.bias", shape: [5], values: .float32([1, 2, 3, 4, 5])))
      },
      try changed {
        $0.removeAll { $0.name == "fc.bias" }
        $0.append(WeightTensor(name: "fc.bias", shape: [4], values: .int64([1, 2, 3, 4])))
      },
    ]
    for weights in wrong {
      #expect(throws: WeightError.self) { try weights.apply(to: variables) }
      #expect(WeightSet(variables) == good)
      #expect(throws: TrainingError.self) {
        try Trainer(configuration).train(
          network, data: data, stream: RandomStream(seed: 1), initialWeights: weights)
      }
    }
    // PyTorch's counter may be missing, as in files of other programs.
    try changed { $0.removeAll { $0.name == "bn.num_batches_tracked" } }.apply(to: variables)
  }

  @Test func whatDoesNotGoTogetherIsRefused() throws {
    let data = try Toy.split()
    let configuration = configuration()
    let network = try Toy.perceptron(data, configuration)
    func refuse(
      _ network: TrainableNetwork, _ data: DatasetSplit, _ change: (inout TrainingConfiguration) -> Void
    ) {
      var configuration = configuration
      change(&configuration)
      #expect(throws: TrainingError.self) {
        try Trainer(configuration).train(network, data: data, stream: RandomStream(seed: 1))
      }
    }
    refuse(network, data) { $0.batchSize = 15 }
    refuse(network, data) { $0.evaluationBatchSize = 25 }
    refuse(network, data) { $0.memoryLimit = 100 }
    refuse(network, try Toy.split(channels: 2)) { _ in }
    refuse(network, try Toy.split(16)) { _ in }
    refuse(network, data) { $0.epochs = 0 }
    // Three logits for four classes, no parameters, no logits at all.
    let three = TrainableNetwork(
      trainingGraph: try Toy.perceptron([16, 1, 4, 4], classes: 3, isTraining: true),
      evaluationGraph: try Toy.perceptron([24, 1, 4, 4], classes: 3, isTraining: false))
    refuse(three, data) { _ in }
    func bare(_ batch: Int, _ shape: [Int]) throws -> Graph {
      var builder = GraphBuilder()
      let x = builder.input("x", TensorType(.float32, [batch, 1, 4, 4]))
      builder.setOutputs([try builder.apply(.reshape([batch] + shape), [x])[0]])
      return builder.graph
    }
    func refuse(_ training: Graph, _ evaluation: Graph) {
      refuse(TrainableNetwork(trainingGraph: training, evaluationGraph: evaluation), data) { _ in }
    }
    refuse(try bare(16, [16]), try bare(24, [16]))
    refuse(try bare(16, [4, 4]), try bare(24, [4, 4]))
    refuse(GraphBuilder().graph, GraphBuilder().graph)
    // Logits that are parameters and nothing else.
    func blind(_ batch: Int) -> Graph {
      var builder = GraphBuilder()
      _ = builder.input("x", TensorType(.float32, [batch, 1, 4, 4]))
      builder.setOutputs([
        builder.parameter("p", TensorType(.float32, [batch, 4]), initializer: .constant(0))
      ])
      return builder.graph
    }
    refuse(blind(16), blind(24))
  }
}
