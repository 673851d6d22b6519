import LanguageModels
import QualityDiversity
import RandomStreams
import Synchronization
import Testing
import Training

@testable import Search

@Suite("Parts of the engine")
struct EnginePartsTests {
  @Test("A stop flag does what it was told once, at once if late, and not what was taken back")
  func stopFlag() {
    let flag = StopFlag()
    let done = Mutex<[Int]>([])
    let first = flag.whenRaised { done.withLock { $0.append(1) } }
    let second = flag.whenRaised { done.withLock { $0.append(2) } }
    #expect(first != second && !flag.isRaised)
    flag.forget(first)
    flag.raise()
    flag.raise()
    #expect(flag.isRaised && done.withLock { $0 } == [2])
    _ = flag.whenRaised { done.withLock { $0.append(3) } }
    #expect(done.withLock { $0 } == [2, 3])
  }

  @Test("Only failures that concern one request count as a candidate's misfortune")
  func transientFailures() {
    let transient: [ChatFailure] = [
      .timedOut(endpoint: "e", seconds: 1, attempts: 1),
      .serverError(endpoint: "e", status: 500, attempts: 1, detail: ""),
      .declined(endpoint: "e", detail: ""), .malformedReply(endpoint: "e", detail: ""),
      .replyTooLarge(endpoint: "e", limitBytes: 1), .requestRefused(endpoint: "e", status: 400, detail: ""),
    ]
    let fatal: [ChatFailure] = [
      .invalidConfiguration(detail: ""), .unreachable(endpoint: "e", detail: "", attempts: 1),
      .untrusted(endpoint: "e", detail: ""), .authenticationRefused(endpoint: "e", status: 401, detail: ""),
      .modelNotFound(model: "m", endpoint: "e", detail: ""), .quotaExhausted(endpoint: "e", detail: ""),
      .cancelled,
      .budgetExhausted(detail: ""), .notRecorded(key: "", recording: ""), .localModelUnavailable(detail: ""),
      .rateLimited(endpoint: "e", retryAfterSeconds: nil, attempts: 1, detail: ""),
    ]
    #expect(transient.filter { !$0.isTransient }.isEmpty)
    #expect(fatal.filter { $0.isTransient }.isEmpty)
  }

  @Test("What a candidate would cost is looked at before anything is paid")
  func limits() throws {
    // 64·10 + 10 + 10·4 + 4 parameters, 64·10 + 10·4 MACs.
    let source = Toy.program([10])
    let descriptors = try ["macs", "depth"].map {
      try Descriptor(DescriptorSettings(name: $0, lower: 0, upper: 1))
    }
    func outcome(_ change: (inout LimitSettings) -> Void) -> Screening.Outcome {
      var limits = LimitSettings()
      change(&limits)
      return Screening(task: Toy.task, limits: limits, descriptors: descriptors).screen(source)
    }
    guard case .passed(let passed) = outcome({ ($0.parameters, $0.macs) = (694, 680) }) else {
      Issue.record("the network is just within its limits")
      return
    }
    #expect(passed.measures == [680, 2] && passed.healed.isEmpty && passed.source == source)
    guard case .refused(_, let reason, let description, let measures) = outcome({ $0.parameters = 693 })
    else {
      Issue.record("one parameter too many")
      return
    }
    #expect(reason == "The network has 694 parameters; limits.parameters is 693.")
    #expect(description?.parameters == 694 && measures == [680, 2])
    guard case .refused(_, let reason, _, _) = outcome({ $0.macs = 679 }) else {
      Issue.record("one MAC too many")
      return
    }
    #expect(reason == "The network takes 680 MACs an image; limits.macs is 679.")

    let screening = Screening(task: Toy.task, limits: LimitSettings(), descriptors: [])
    let empty = """
      import torch.nn as nn
      class Net(nn.Module):
          def forward(self, x):
              return x.flatten(1)[:, :4]
      """
    guard case .refused(_, let reason, _, _) = screening.screen(empty) else {
      Issue.record("nothing can be trained")
      return
    }
    #expect(reason == "The network has no trainable parameters.")
  }

  @Test("Feature counts that do not fit are healed, and the record says so")
  func healing() async throws {
    let wrong = Toy.program([10]).replacing("nn.Linear(10, 4)", with: "nn.Linear(11, 4)")
    let configuration = Toy.configuration(generations: 1)
    let model = ScriptedModel { (_, _) throws(ChatFailure) in "```\n\(wrong)```" }
    let log = MemoryLog()
    _ = try await ToyRun(configuration: configuration).run(
      ToyRun.strategy(configuration), model: model, log: log)
    let record = try #require(log.now.candidates[1])
    #expect(record.verdict.status == .healed && record.verdict.healed.count == 1)
    #expect(record.source == Toy.program([10]) && record.fitness != nil)
  }

  @Test("A repetition takes over all of its twin's figures, so that it lands in its twin's niche")
  func duplicates() {
    func record(_ id: Int, depth: Int, name: String) -> CandidateRecord {
      CandidateRecord(
        id: id, generation: 1, index: id,
        origin: .init(step: .mutation, author: .rewriter, form: .rewrite, parents: []),
        source: "source \(id)", verdict: Verdict(.healed, healed: ["x"]),
        description: .init(hash: "h", className: name, parameters: 1, macs: 2, width: 3, depth: depth),
        measures: [Double(depth)])
    }
    var twin = record(1, depth: 2, name: "A")
    twin.fitness = 0.5
    twin.evaluation = TrainingOutcome(epochs: [], imagesSeen: 9, seconds: 1)
    let copy = record(2, depth: 3, name: "B").duplicate(of: twin)
    #expect(copy.verdict.status == .duplicate && copy.verdict.twin == 1 && copy.verdict.healed == ["x"])
    #expect(copy.measures == [2] && copy.description?.depth == 2 && copy.description?.className == "B")
    #expect(copy.fitness == 0.5 && copy.evaluation == twin.evaluation && copy.source == "source 2")

    twin.verdict = Verdict(.untrainable, reason: "Its loss was no number.")
    twin.fitness = nil
    let failed = record(3, depth: 2, name: "C").duplicate(of: twin)
    #expect(failed.verdict.status == .duplicate && failed.verdict.reason == "Its loss was no number.")
    #expect(failed.fitness == nil)
  }

  @Test("Networks that cannot be trained say why, once for all their repetitions")
  func untrainable() async throws {
    var configuration = Toy.configuration(generations: 1)
    configuration.training.optimizer = .sgd
    configuration.training.learningRate = 1e6
    configuration.training.epochs = 3
    let model = ScriptedModel { (_, _) throws(ChatFailure) in "```\n\(Toy.program([16, 16, 16]))```" }
    let log = MemoryLog()
    let run = ToyRun(configuration: configuration)
    let summary = try await run.run(ToyRun.strategy(configuration), model: model, log: log)
    #expect(summary.verdicts == [.untrainable: 1, .duplicate: 4] && run.events.trained == [1])
    let first = try #require(log.now.candidates[1])
    #expect(first.verdict.reason?.hasPrefix("Its loss was no finite number at step ") == true)
    #expect(first.fitness == nil && log.now.weights.isEmpty)
    #expect(log.now.candidates[5]?.verdict.reason == first.verdict.reason)
    #expect(log.now.generations[0].networks.isEmpty && log.now.generations[0].bestOfGeneration == nil)
    // Every failure counts −1 for its prompt.
    #expect(log.now.generations[0].prompts.allSatisfy { $0.individual.curiosity <= -1 })
  }

  @Test("Memory beyond its limit makes a network untrainable and harms nothing else")
  func memoryLimit() throws {
    var settings = TrainingSettings()
    (settings.epochs, settings.batchSize) = (1, 20)
    func outcome(_ bytes: Int) throws -> NetworkEvaluator.Outcome? {
      try NetworkEvaluator(
        task: Toy.task, data: Toy.data, settings: settings, memoryLimit: bytes, stream: RandomStream(seed: 1)
      ).evaluate(Toy.program([10]), hash: "h", stop: StopFlag()) { _ in }
    }
    let small = try #require(try outcome(1000))
    #expect(small.fitness == nil && small.weights == nil && small.failure?.isEmpty == false)
    let enough = try #require(try outcome(1 << 30))
    #expect(enough.failure == nil && enough.fitness != nil && enough.weights?.isEmpty == false)
  }

  @Test("Settings that make no sense together are a sentence before anything begins")
  func badTraining() throws {
    var configuration = Toy.configuration()
    configuration.training.optimizer = .sgd
    configuration.training.nesterov = true
    configuration.training.momentum = 0
    let error = #expect(throws: SearchError.self) {
      _ = try NetworkEvaluator(for: configuration, data: Toy.data)
    }
    #expect(error?.description.hasPrefix("The training settings cannot be used: ") == true)
  }

  @Test("A network that learns: the toy classes are told apart, and stored weights give the same accuracy")
  func learning() async throws {
    let data = DatasetSplit(
      training: Toy.data.training, validation: Toy.data.validation, test: Toy.data.validation)
    var settings = TrainingSettings()
    (settings.epochs, settings.batchSize, settings.optimizer, settings.learningRate) = (8, 20, .adam, 0.01)
    let evaluator = try NetworkEvaluator(
      task: Toy.task, data: data, settings: settings, memoryLimit: 1 << 30, stream: RandomStream(seed: 1))
    let source = Toy.program([16])
    let outcome = try #require(evaluator.evaluate(source, hash: "h", stop: StopFlag()) { _ in })
    let fitness = try #require(outcome.fitness)
    #expect(fitness > 0.9)
    #expect(outcome.evaluation?.epochs.count == 8 && outcome.evaluation?.imagesSeen == 960)
    let weights = try #require(outcome.weights)
    #expect(try evaluator.testAccuracy(of: source, weights: weights) == fitness)
    // The same stream and hash give the same bits, another hash does not.
    #expect(evaluator.evaluate(source, hash: "h", stop: StopFlag()) { _ in }?.weights == weights)
    #expect(evaluator.evaluate(source, hash: "i", stop: StopFlag()) { _ in }?.weights != weights)
    // Weights of another network, or none at all, are an error.
    #expect(throws: SearchError.self) { try evaluator.testAccuracy(of: Toy.program([17]), weights: weights) }
    #expect(throws: SearchError.self) { try evaluator.testAccuracy(of: source, weights: [1, 2, 3]) }
    #expect(throws: SearchError.self) { try evaluator.testAccuracy(of: "no network", weights: weights) }
  }
}
