import QualityDiversity
import Testing
import Training

@testable import Search

@Suite("A search that stops candidates early")
struct StoppingSearchTests {
  /// Two niches, which are soon occupied; half of the curves may surprise.
  private static func configuration(audit: Double = 0) -> RunConfiguration {
    var run = Toy.configuration(generations: 5, batch: 5)
    run.archive.dimensions = [2, 1]
    run.search.initialNetworks = 1
    run.training.epochs = 3
    run.training.learningRate = 0.003
    run.training.fidelities = [1]
    run.training.stopping.errorRate = 0.5
    run.training.stopping.audit = audit
    run.limits.macs = 60_000
    return run
  }

  private func run(_ configuration: RunConfiguration, workers: Int = 2, log: MemoryLog) async throws {
    _ = try await ToyRun(configuration: configuration, workers: workers).run(
      ToyRun.strategy(configuration), model: ScriptedModel(), log: log)
  }

  @Test("Hopeless candidates are stopped, recorded, kept out of the archive, and not paid for twice")
  func stopped() async throws {
    let configuration = Self.configuration()
    let log = MemoryLog()
    try await run(configuration, log: log)
    let now = log.now
    let stopped = now.candidates.values.filter { $0.verdict.status == .stopped }
    #expect(stopped.count > 1, "or the test says little")
    for record in stopped {
      let evaluation = try #require(record.evaluation)
      let judgement = try #require(evaluation.judgement)
      #expect(record.fitness == nil && now.weights[record.id] == nil)
      #expect(evaluation.epochs.count == 1 && evaluation.imagesSeen == 120)
      #expect(evaluation.stopReason == .outclassed(epoch: 1, step: 6))
      #expect(judgement.hopelessAfter == 1 && !judgement.isAudit && judgement.checks.count == 1)
      let check = judgement.checks[0]
      #expect(check.accuracy == evaluation.epochs[0].validationAccuracy)
      #expect(check.bound <= judgement.incumbentFitness)
      #expect(record.verdict.reason?.contains("elite \(judgement.incumbent) has") == true)
      // The elite is that of the candidate's niche when the generation began.
      let before = try #require(now.generations.first { $0.number == record.generation - 1 })
      let archive = try configuration.makeArchive()
      let cell = try archive.cell(of: try #require(record.measures))
      let incumbent = try #require(before.networks.first { $0.cell == cell })
      #expect(incumbent.candidate == judgement.incumbent && incumbent.fitness == judgement.incumbentFitness)
      #expect(now.generations.allSatisfy { !$0.networks.contains { $0.candidate == record.id } })
    }
    // Whoever's niche was empty was trained to the end.
    for record in now.candidates.values where record.evaluation != nil && record.evaluation?.judgement == nil
    {
      #expect(record.verdict.status == .duplicate || record.evaluation?.epochs.count == 3)
    }
  }

  @Test(
    "The number of workers decides nothing, and a run killed at any write goes on as if nothing had happened")
  func repeatable() async throws {
    let configuration = Self.configuration(audit: 0.3)
    let (one, complete) = (MemoryLog(), MemoryLog())
    try await run(configuration, workers: 1, log: one)
    try await run(configuration, workers: 2, log: complete)
    #expect(one.now.generations == complete.now.generations)
    #expect(one.now.repeatable == complete.now.repeatable)
    #expect(one.now.weights == complete.now.weights)
    let judgements = one.now.candidates.values.compactMap { $0.evaluation?.judgement }
    #expect(judgements.contains { $0.isAudit } && judgements.contains { !$0.isAudit })
    for survived in stride(from: 3, to: complete.now.writes, by: 9) {
      let log = MemoryLog().copy(breakingAfter: survived)
      await #expect(throws: SearchError(MemoryLog.failure.description)) {
        try await run(configuration, log: log)
      }
      let resumed = log.copy()
      try await run(configuration, log: resumed)
      #expect(resumed.now.generations == complete.now.generations, "after \(survived) writes")
      #expect(resumed.now.repeatable == complete.now.repeatable, "after \(survived) writes")
      #expect(resumed.now.weights == complete.now.weights, "after \(survived) writes")
    }
  }

  @Test("With all audited nothing changes, and the records say who would have been stopped")
  func audits() async throws {
    let (audited, plain) = (MemoryLog(), MemoryLog())
    try await run(Self.configuration(audit: 1), log: audited)
    var configuration = Self.configuration()
    configuration.training.fidelities = []
    try await run(configuration, log: plain)
    #expect(audited.now.generations == plain.now.generations)
    #expect(audited.now.weights == plain.now.weights)
    let judgements = audited.now.candidates.values.compactMap { $0.evaluation?.judgement }
    #expect(judgements.allSatisfy(\.isAudit) && judgements.contains { $0.hopelessAfter == 1 })
    #expect(plain.now.candidates.values.allSatisfy { $0.evaluation?.judgement == nil })
  }

  @Test(
    "Losses that grow or stay where they are end a training, and the reason is recorded",
    arguments: [true, false])
  func divergedAndStalled(isStalled: Bool) async throws {
    var configuration = Self.configuration()
    configuration.search.generations = 1
    configuration.training.fidelities = []
    if isStalled {
      configuration.training.learningRate = 1e-12
      configuration.training.stopping.stallSteps = 7
    } else {
      configuration.training.stopping.divergenceLoss = 0.001
    }
    let log = MemoryLog()
    try await run(configuration, log: log)
    let trained = log.now.candidates.values.filter { $0.evaluation != nil }
    #expect(!trained.isEmpty)
    for record in trained where record.verdict.status != .duplicate {
      #expect(record.verdict.status == .untrainable && record.fitness == nil)
      if isStalled {
        #expect(record.evaluation?.stopReason == .stalled(epoch: 2, step: 1))
        #expect(
          record.verdict.reason
            == "Its loss was no better than that of a constant answer at step 1 of epoch 2.")
      } else {
        #expect(record.evaluation?.stopReason == .diverged(epoch: 1, step: 6))
        #expect(record.verdict.reason == "Its loss grew too large at step 6 of epoch 1.")
      }
    }
  }
}
