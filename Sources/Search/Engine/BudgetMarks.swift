import LanguageModels

/// Tells once of half and of four fifths of what a search may train, as a model's budget does of what it may ask.
struct BudgetMarks: Sendable {
  private let limits: BudgetSettings
  private var told: Set<String> = []

  /// The marks of a budget, of which those that are passed already were told.
  init(_ limits: BudgetSettings, known: KnownCandidates) {
    self.limits = limits
    _ = passed(known)
  }

  /// The sentences that are due; of two marks that are passed at once the higher.
  mutating func passed(_ known: KnownCandidates) -> [String] {
    let amounts = [
      ("evaluations", Double(known.trainedCount), Double(limits.evaluations)),
      ("seconds of training", known.trainingSeconds, limits.trainingSeconds),
    ]
    return amounts.compactMap { name, spent, limit in
      guard limit > 0 else { return nil }
      let new = BudgetWarning.percents.filter { percent in
        spent * 100 >= limit * Double(percent) && told.insert("\(name) \(percent)").inserted
      }
      guard let last = new.last else { return nil }
      return "\(last) % of the budget of \(name) is used: \(Int(spent)) of \(Int(limit))"
    }
  }
}

extension KnownCandidates {
  /// How often a candidate was trained, also again or in vain.
  var trainedCount: Int {
    records.values.count {
      $0.generation > 0 && $0.verdict.status != .refused && $0.verdict.status != .duplicate
    } + scores.count
  }

  /// Seconds of training, summed over threads.
  var trainingSeconds: Double {
    records.values.filter { $0.verdict.status != .duplicate }
      .reduce(scores.reduce(0) { $0 + $1.seconds }) { $0 + ($1.evaluation?.seconds ?? 0) }
  }
}
