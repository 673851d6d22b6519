/// Says how far a candidate can be expected to get, from how far others got that were trained to the end.
///
/// The score of a curve at a checkpoint is the share of the errors made there that is left after the last epoch,
/// (1 − final accuracy) / (1 − accuracy at the checkpoint). A candidate's score is as likely to have any rank among those
/// of n other curves as any other rank, if they are exchangeable: then it is below the j-th smallest of them with a
/// probability of at most j / (n + 1) (split conformal prediction: Vovk, Gammerman & Shafer 2005; Lei et al. 2018,
/// arXiv:1604.04173). Each of the checkpoints gets an equal part of the error rate, so a candidate that ends above what
/// it was expected to reach at any of them comes with at most that probability; only such a one can be stopped wrongly.
/// One standard error of the validation accuracy is added, since curves of earlier generations are not quite exchangeable
/// with those of later ones. With fewer curves than checkpoints / error rate − 1 nothing can be said.
///
/// Only curves that the rule had no hand in count: of candidates whose niche was empty, that came before there were
/// enough curves, or that were audited. Those that survived it are a selection.
struct StoppingRule: Sendable {
  /// The epochs after which a candidate is judged.
  let checkpoints: [Int]
  /// How many curves it rests on.
  let curveCount: Int
  private let validationCount: Int
  /// By checkpoint: the score that a candidate's is below with at most its part of the error rate.
  private let scores: [Int: Double]

  /// The rule of a run, by its candidates of finished generations; nil where it has no checkpoints or too few curves.
  ///
  /// - Parameters:
  ///   - records: the candidates.
  ///   - validationCount: how many images validation accuracies are measured on.
  init?(_ settings: TrainingSettings, records: some Sequence<CandidateRecord>, validationCount: Int) {
    self.init(
      checkpoints: settings.fidelities.filter { $0 < settings.epochs },
      errorRate: settings.stopping.errorRate,
      curves: records.compactMap { record in
        guard let evaluation = record.evaluation, record.verdict.status != .duplicate, record.fitness != nil,
          evaluation.judgement?.isAudit ?? true, evaluation.epochs.count == settings.epochs
        else { return nil }
        return evaluation.epochs.map(\.validationAccuracy)
      }, validationCount: validationCount)
  }

  /// The rule of those curves: validation accuracies by epoch, all of one length.
  init?(checkpoints: [Int], errorRate: Double, curves: [[Double]], validationCount: Int) {
    guard !checkpoints.isEmpty else { return nil }
    let part = errorRate / Double(checkpoints.count)
    // What rounding takes from a whole number is given back.
    let rank = Int((part * Double(curves.count + 1) + 1e-9).rounded(.down))
    guard rank >= 1, rank <= curves.count else { return nil }
    var scores: [Int: Double] = [:]
    for checkpoint in checkpoints {
      scores[checkpoint] = curves.map { Self.score($0, at: checkpoint) }.sorted()[rank - 1]
    }
    self.checkpoints = checkpoints
    self.scores = scores
    self.validationCount = max(1, validationCount)
    curveCount = curves.count
  }

  private static func score(_ curve: [Double], at checkpoint: Int) -> Double {
    guard let last = curve.last, checkpoint >= 1, checkpoint <= curve.count, curve[checkpoint - 1] < 1 else {
      return .infinity
    }
    return (1 - last) / (1 - curve[checkpoint - 1])
  }

  /// The validation accuracy that a candidate is not expected to be above after its last epoch; nil where the epoch is
  /// no checkpoint or nothing can be said.
  func bound(after epoch: Int, accuracy: Double) -> Double? {
    guard let score = scores[epoch], accuracy < 1, score.isFinite else { return nil }
    let reached = 1 - (1 - accuracy) * min(1, score)
    return min(1, reached + (reached * (1 - reached) / Double(validationCount)).squareRoot())
  }
}

/// The elite that a candidate has to beat, and what says when it cannot.
struct NicheContest: Sendable {
  let rule: StoppingRule
  /// The elite when the generation began.
  let incumbent: Int
  /// Its validation accuracy after the last epoch.
  let incumbentFitness: Double
  /// Its validation accuracy after each epoch.
  let incumbentCurve: [Double]
  /// Whether the candidate is trained to the end whatever the rule says.
  let isAudit: Bool

  /// What is recorded before the first checkpoint.
  var judgement: NicheJudgement {
    NicheJudgement(
      incumbent: incumbent, incumbentFitness: incumbentFitness, curves: rule.curveCount, isAudit: isAudit)
  }

  /// Looks at a candidate after an epoch, which is nothing but at a checkpoint.
  ///
  /// One that is not behind the incumbent at the same epoch is never held to be hopeless.
  func look(after epoch: Int, accuracy: Double, into judgement: inout NicheJudgement?) {
    guard let bound = rule.bound(after: epoch, accuracy: accuracy) else { return }
    let theirs = epoch <= incumbentCurve.count ? incumbentCurve[epoch - 1] : nil
    judgement?.checks.append(
      .init(epoch: epoch, accuracy: accuracy, incumbentAccuracy: theirs, bound: bound))
    if judgement?.hopelessAfter == nil, bound <= incumbentFitness, accuracy < theirs ?? incumbentFitness {
      judgement?.hopelessAfter = epoch
    }
  }
}

extension NicheJudgement {
  /// Why the candidate could not be expected to win; nil where it could.
  var sentence: String? {
    guard let epoch = hopelessAfter, let check = checks.first(where: { $0.epoch == epoch }) else {
      return nil
    }
    func percent(_ share: Double) -> String {
      let thousandths = Int((share * 1000).rounded())
      return "\(thousandths / 10).\(thousandths % 10) %"
    }
    return "With \(percent(check.accuracy)) after epoch \(epoch) it was not expected to get beyond "
      + "\(percent(check.bound)), and its niche's elite \(incumbent) has \(percent(incumbentFitness))."
  }
}
