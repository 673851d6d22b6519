import Foundation
import QualityDiversity
import RunStore
import Search
import Testing
import Training

@testable import Reports

@Suite("What is said of candidates that were stopped, and of weights that were taken over")
struct StoppingReportTests {
  private static func judgement(isAudit: Bool, hopelessAfter: Int?) -> NicheJudgement {
    var judgement = NicheJudgement(incumbent: 1, incumbentFitness: 0.5, curves: 21, isAudit: isAudit)
    judgement.checks = [.init(epoch: 1, accuracy: 0.25, incumbentAccuracy: 0.375, bound: 0.4375)]
    judgement.hopelessAfter = hopelessAfter
    return judgement
  }

  private let run: SampleRun

  init() {
    var configuration = SampleRun.grid
    configuration.training.epochs = 9
    configuration.training.fidelities = [1, 3, 9]
    run = SampleRun(
      configuration: configuration,
      candidates: [
        .init(width: 10, depth: 2, fitness: 0.5),
        .init(
          width: 10, depth: 2, status: .stopped, partial: 0.25,
          judgement: Self.judgement(isAudit: false, hopelessAfter: 1)),
        .init(
          width: 10, depth: 2, status: .stopped, partial: 0.25,
          judgement: Self.judgement(isAudit: false, hopelessAfter: 3)),
        .init(
          width: 11, depth: 2, fitness: 0.375, judgement: Self.judgement(isAudit: false, hopelessAfter: nil)),
        .init(
          width: 11, depth: 2, fitness: 0.375, judgement: Self.judgement(isAudit: true, hopelessAfter: nil)),
        .init(
          width: 11, depth: 2, fitness: 0.375, judgement: Self.judgement(isAudit: true, hopelessAfter: 1)),
        .init(
          width: 11, depth: 2, fitness: 0.625, judgement: Self.judgement(isAudit: true, hopelessAfter: 1)),
        .init(
          width: 10, depth: 2, status: .duplicate, partial: 0.25,
          judgement: Self.judgement(isAudit: false, hopelessAfter: 1)),
      ])
  }

  @Test("The status counts stopped candidates, epochs saved, and what the audits found")
  func status() async throws {
    let status = try RunStatus(try await run.snapshot())
    let stopping = try #require(status.stopping)
    #expect(stopping.stopped == 2 && stopping.epochsSaved == 8 + 6)
    #expect(stopping.audits == 3 && stopping.auditsHopeless == 2 && stopping.auditsWrong == 1)
    #expect(status.verdicts["stopped"] == 2)
    #expect(
      status.text.contains(
        "stopped early: 2, 14 epochs saved; audited: 3, of which 2 would have been stopped and 1 of these won"
      ))
    var without = run
    without.configuration.training.fidelities = [9]
    #expect(try RunStatus(try await without.snapshot()).stopping == nil)
  }

  @Test("A stopped candidate is in no archive, also on other axes")
  func archives() async throws {
    let snapshot = try await run.snapshot()
    var other = run.configuration
    other.archive.dimensions = [100, 1]
    let elites = try snapshot.archive(on: other).elites.map(\.solution)
    #expect(elites.allSatisfy { ![2, 3, 8].contains($0) } && !elites.isEmpty)
  }

  @Test("Runs that differ only in who is stopped measure the same")
  func comparison() async throws {
    var plain = run
    plain.configuration.training.fidelities = []
    let (first, second) = (try await run.snapshot(), try await plain.snapshot())
    let note = "They differ in data or training, so their fitness values measure different things."
    #expect(try !ComparisonTests.compare(first, second).notes.contains(note))
    plain.configuration.training.inheritance = .net2net
    #expect(try await ComparisonTests.compare(first, plain.snapshot()).notes.contains(note))
  }

  @Test("A candidate's page tells of its contest and of its parent's weights")
  func page() async throws {
    let folder = SampleRun.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try await run.store(in: folder)
    var record = try #require(try await store.candidates().first { $0.id == 2 })
    var account = InheritanceAccount()
    account.matching = (0..<9).map { "layer\($0)" }
    account.widened = ["fc.weight"]
    account.refusal = "It was refused."
    record.id = 101
    record.evaluation?.inheritance = Inheritance(parent: 1, account: account)
    try await store.record(record, weights: nil)
    let text = try await CandidateView(101, isNiche: false, of: RunSnapshot(store), store: store).text
    for line in [
      "contest: against candidate 1 with 50.00 %, by 21 curves",
      "  after epoch 1: 25.00 % against 37.50 %, expected to reach 43.75 % at most",
      "  hopeless after epoch 1",
      "weights of candidate 1:", "  1 widened: fc.weight", "  It was refused.",
      "  9 as they are: layer0, layer1, layer2, layer3, layer4, layer5, layer6, layer7, …",
    ] {
      #expect(text.components(separatedBy: "\n").contains(line), "\(line)")
    }
    record.id = 102
    record.evaluation?.inheritance = Inheritance(parent: 0, reason: "No weights of its parent are kept.")
    try await store.record(record, weights: nil)
    let other = try await CandidateView(102, isNiche: false, of: RunSnapshot(store), store: store).text
    #expect(other.contains("weights of candidate 0: none; No weights of its parent are kept."))
  }
}
