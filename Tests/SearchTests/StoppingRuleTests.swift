import RandomStreams
import Testing
import Training

@testable import Search

@Suite("The stopping rule")
struct StoppingRuleTests {
  /// A learning curve of three epochs: worse networks begin lower, and all lose some of their errors, unequally much.
  private func curve(_ draws: inout RandomStream) -> [Double] {
    let first = 0.3 + 0.6 * draws.uniform()
    let second = 1 - (1 - first) * (0.5 + 0.5 * draws.uniform())
    let third = 1 - (1 - second) * (0.6 + 0.45 * draws.uniform() * draws.uniform())
    return [first, second, third]
  }

  private struct Tally {
    var trials = 0
    /// Curves that ended above what they were expected to reach at some checkpoint.
    var surprises = 0
    /// Curves that would have beaten the incumbent, and how many of all were stopped, and stopped although they would.
    var stopped = 0
    var wrong = 0
  }

  private func simulate(curves: Int, checkpoints: [Int], errorRate: Double, trials: Int) throws -> Tally {
    var tally = Tally()
    for trial in 0..<trials {
      var draws = RandomStream(seed: UInt64(trial)).stream("curves", curves)
      let others = (0..<curves).map { _ in curve(&draws) }
      // So many validation images that the standard error hides nothing of the quantile.
      let rule = try #require(
        StoppingRule(
          checkpoints: checkpoints, errorRate: errorRate, curves: others, validationCount: .max / 2))
      let (incumbent, candidate) = (curve(&draws), curve(&draws))
      let contest = NicheContest(
        rule: rule, incumbent: 1, incumbentFitness: incumbent[2], incumbentCurve: incumbent, isAudit: false)
      var judgement: NicheJudgement? = contest.judgement
      for epoch in 1...2 { contest.look(after: epoch, accuracy: candidate[epoch - 1], into: &judgement) }
      let checks = try #require(judgement).checks
      #expect(checks.map(\.epoch) == checkpoints)
      tally.trials += 1
      if checks.contains(where: { candidate[2] > $0.bound + 1e-9 }) { tally.surprises += 1 }
      guard judgement?.hopelessAfter != nil else { continue }
      tally.stopped += 1
      if candidate[2] > incumbent[2] { tally.wrong += 1 }
    }
    return tally
  }

  /// Four standard deviations of a count of that probability.
  private func tolerance(_ probability: Double, _ trials: Int) -> Double {
    4 * (probability * (1 - probability) * Double(trials)).squareRoot()
  }

  @Test(
    "At one checkpoint exactly the stated share of curves ends above the bound", arguments: [19, 20, 45, 99])
  func coverage(curves: Int) throws {
    let trials = 3000
    let tally = try simulate(curves: curves, checkpoints: [1], errorRate: 0.05, trials: trials)
    // Scores are continuous, so the rank of the candidate's is uniform.
    let expected = Double(Int(0.05 * Double(curves + 1) + 1e-9)) / Double(curves + 1)
    #expect(abs(Double(tally.surprises) - expected * Double(trials)) < tolerance(expected, trials))
    #expect(tally.wrong <= tally.surprises)
    #expect(tally.stopped > trials / 10, "or it says little")
  }

  @Test("Over all checkpoints no more than the stated share is stopped wrongly", arguments: [0.05, 0.2])
  func severalCheckpoints(errorRate: Double) throws {
    let trials = 3000
    let tally = try simulate(curves: 60, checkpoints: [1, 2], errorRate: errorRate, trials: trials)
    let limit = errorRate * Double(trials) + tolerance(errorRate, trials)
    #expect(Double(tally.surprises) < limit && Double(tally.wrong) < limit)
    #expect(tally.surprises > 0 && tally.stopped > trials / 10, "or it says little")
  }

  @Test(
    "With fewer curves than the error rate needs nothing can be said",
    arguments: [
      ([1], 0.05, 19), ([1, 2], 0.05, 39), ([2], 0.1, 9), ([1, 2, 3], 0.1, 29), ([1], 0.5, 1),
    ])
  func enoughCurves(checkpoints: [Int], errorRate: Double, needed: Int) {
    func rule(_ count: Int) -> StoppingRule? {
      StoppingRule(
        checkpoints: checkpoints, errorRate: errorRate,
        curves: (0..<count).map { [0.1, 0.2, 0.3, 0.4 + Double($0) / 1000] }, validationCount: 100)
    }
    #expect(rule(needed - 1) == nil)
    #expect(rule(needed)?.curveCount == needed)
    #expect(rule(0) == nil)
  }

  @Test("The bound, worked out by hand")
  func bound() throws {
    // Of the errors after the first epoch a half, four fifths and all are left; the rate asks for the smallest.
    let curves = [[0.6, 0.8], [0.5, 0.6], [0.7, 0.7]]
    let rule = try #require(
      StoppingRule(checkpoints: [1], errorRate: 0.25, curves: curves, validationCount: 400))
    // 0.4 errors, of which 0.2 would be left, ± √(0.8 · 0.2 / 400).
    #expect(abs(try #require(rule.bound(after: 1, accuracy: 0.6)) - 0.82) < 1e-12)
    #expect(rule.bound(after: 2, accuracy: 0.6) == nil && rule.bound(after: 1, accuracy: 1) == nil)
    // A half of all curves may surprise: then the second smallest.
    let bold = try #require(
      StoppingRule(checkpoints: [1], errorRate: 0.5, curves: curves, validationCount: 400))
    #expect(abs(try #require(bold.bound(after: 1, accuracy: 0.6)) - (0.68 + 0.0233238)) < 1e-6)
    // Curves that only fall promise nothing, yet a candidate keeps what it has.
    let falling = try #require(
      StoppingRule(checkpoints: [1], errorRate: 0.5, curves: [[0.6, 0.5]], validationCount: .max / 2))
    #expect(abs(try #require(falling.bound(after: 1, accuracy: 0.6)) - 0.6) < 1e-6)
  }

  @Test(
    "Who is ahead of the incumbent at the same epoch is never hopeless, nor is one that can still tie and more"
  )
  func incumbentCurve() throws {
    let curves = [[0.5, 0.6], [0.5, 0.6], [0.5, 0.6]]
    let rule = try #require(
      StoppingRule(checkpoints: [1], errorRate: 0.25, curves: curves, validationCount: .max / 2))
    func isHopeless(_ accuracy: Double, against curve: [Double], fitness: Double) -> Bool {
      let contest = NicheContest(
        rule: rule, incumbent: 4, incumbentFitness: fitness, incumbentCurve: curve, isAudit: false)
      var judgement: NicheJudgement? = contest.judgement
      contest.look(after: 1, accuracy: accuracy, into: &judgement)
      return judgement?.hopelessAfter != nil
    }
    #expect(isHopeless(0.5, against: [0.7, 0.9], fitness: 0.9))
    #expect(!isHopeless(0.5, against: [0.4, 0.9], fitness: 0.9))
    #expect(!isHopeless(0.5, against: [0.5, 0.9], fitness: 0.9))
    #expect(!isHopeless(0.5, against: [0.7, 0.59], fitness: 0.59))
    // An incumbent whose curve is not known counts by its fitness.
    #expect(isHopeless(0.5, against: [], fitness: 0.9))
  }

  @Test("Only curves that the rule had no hand in count")
  func calibration() throws {
    var settings = TrainingSettings()
    settings.epochs = 2
    settings.fidelities = [1, 2]
    settings.stopping.errorRate = 0.5
    func record(_ id: Int, _ change: (inout CandidateRecord) -> Void = { _ in }) -> CandidateRecord {
      func epoch(_ accuracy: Double) -> TrainingOutcome.Epoch {
        .init(trainingLoss: 1, trainingAccuracy: 0.5, validationLoss: 1, validationAccuracy: accuracy)
      }
      var record = CandidateRecord(
        id: id, generation: 1, index: id,
        origin: .init(step: .mutation, author: .rewriter, form: .rewrite, parents: []),
        source: "", verdict: Verdict(.valid),
        evaluation: TrainingOutcome(epochs: [epoch(0.5), epoch(0.6)], imagesSeen: 2, seconds: 1), fitness: 0.6
      )
      change(&record)
      return record
    }
    func count(_ records: CandidateRecord...) -> Int? {
      StoppingRule(settings, records: records, validationCount: 10)?.curveCount
    }
    let judged = NicheJudgement(incumbent: 1, incumbentFitness: 0.5, curves: 1, isAudit: false)
    let audited = NicheJudgement(incumbent: 1, incumbentFitness: 0.5, curves: 1, isAudit: true)
    #expect(count() == nil)
    #expect(count(record(1)) == 1)
    #expect(count(record(1), record(2) { $0.evaluation?.judgement = judged }) == 1)
    #expect(count(record(1), record(2) { $0.evaluation?.judgement = audited }) == 2)
    #expect(count(record(1), record(2) { $0.verdict.status = .duplicate }) == 1)
    #expect(count(record(1), record(2) { $0.fitness = nil }) == 1)
    #expect(count(record(1), record(2) { $0.evaluation?.epochs.removeLast() }) == 1)
    settings.fidelities = [2]
    #expect(count(record(1), record(2)) == nil, "after the last epoch there is nothing to decide")
  }
}
