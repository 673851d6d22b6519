import QualityDiversity
import RunStore
import Search

extension RunStatus.Stopping {
  /// What it came to among those candidates; nil where the run stops none.
  init?(_ candidates: [CandidateSummary], _ training: TrainingSettings) {
    guard training.fidelities.contains(where: { $0 < training.epochs }) else { return nil }
    for candidate in candidates where candidate.verdict.status != .duplicate {
      guard let evaluation = candidate.evaluation, let judgement = evaluation.judgement else { continue }
      if candidate.verdict.status == .stopped {
        stopped += 1
        epochsSaved += training.epochs - (judgement.hopelessAfter ?? training.epochs)
      }
      guard judgement.isAudit, let fitness = candidate.fitness else { continue }
      audits += 1
      guard judgement.hopelessAfter != nil else { continue }
      auditsHopeless += 1
      if fitness > judgement.incumbentFitness { auditsWrong += 1 }
    }
  }
}

extension RunStatus.ModelStanding {
  /// What the bandit knows of a run's models after its finished generations; nil where nothing chooses among them.
  static func all(of run: RunSnapshot) -> [RunStatus.ModelStanding]? {
    let configuration = run.header.configuration
    guard configuration.model.combination == .bandit,
      run.candidates.contains(where: { $0.origin.request?.model != nil })
    else { return nil }
    let ledger = ModelLedger(configuration, candidates: run.candidates, generations: run.generations)
    let unit = configuration.model.banditCost
    return zip(configuration.models, ledger.entries).map { model, entry in
      RunStatus.ModelStanding(
        name: model.name.isEmpty ? model.provider.rawValue : model.name, pulls: entry.pulls,
        value: entry.value,
        cost: entry.cost, unit: (unit == .auto ? .tokens : unit).rawValue, valuePerCost: entry.valuePerCost)
    }
  }

  /// The standing in a line.
  var text: String {
    let each = value > 0 ? ", \(amount(cost / value)) for each of these" : ""
    return
      "chosen for \(pulls) candidates, of which \(Figures.short(value)) were worth it; \(amount(cost))\(each)"
  }

  /// A cost in its unit.
  func amount(_ cost: Double) -> String {
    switch unit {
    case "dollars": "$\(Figures.fixed(cost, 4))"
    case "seconds": "\(Figures.fixed(cost, 1)) s"
    default: "\(Figures.short(cost)) tokens"
    }
  }
}

extension RunStatus.Contests {
  /// What training again came to.
  init(_ run: RunSnapshot) {
    candidates = Set(run.scores.map(\.candidate)).count
    trainings = run.scores.count
    failures = run.scores.count { $0.reason != nil }
    seconds = run.scores.reduce(0) { $0 + $1.seconds }
    let differences = run.scores.compactMap { score in
      run.candidate(score.candidate)?.fitness.map { abs(score.fitness - $0) }
    }
    meanDifference = differences.isEmpty ? nil : differences.reduce(0, +) / Double(differences.count)
  }
}

extension RunStatus.Space {
  /// How far a run is; nil of runs that write networks as code.
  init?(_ candidates: [CandidateSummary], _ configuration: RunConfiguration) {
    guard configuration.isOfSpace else { return nil }
    (name, strategy) = (configuration.space.name.rawValue, configuration.space.search.strategy.rawValue)
    planned = 0
    for candidate in candidates where candidate.evaluation != nil && candidate.verdict.status != .duplicate {
      let fidelity = candidate.origin.request?.fidelity
      evaluations += fidelity.map { Double($0.cost) / Double($0.fullCost) } ?? 1
    }
    // A resumed run may have had more.
    planned = max(configuration.budget.evaluations, Int(evaluations.rounded(.up)))
  }
}

extension RunStatus.Repairs {
  /// What it came to among those candidates; nil where there was nothing of the kind.
  init?(_ candidates: [CandidateSummary]) {
    for candidate in candidates {
      guard let rounds = candidate.origin.request?.repairs.count, rounds > 0 else { continue }
      self.candidates += 1
      self.rounds += rounds
      if candidate.verdict.isNetwork { networks += 1 }
    }
    if self.candidates == 0 { return nil }
  }
}

extension RunStatus.NicheRequests {
  /// What it came to among those candidates; nil where there was nothing of the kind.
  init?(_ candidates: [CandidateSummary]) {
    var counts: [String: Direction] = [:]
    for candidate in candidates {
      guard let niche = candidate.origin.request?.niche else { continue }
      var count = counts[niche.direction] ?? Direction(direction: niche.direction)
      count.asked += 1
      if niche.isHit == true, candidate.verdict.status != .duplicate { count.hits += 1 }
      counts[niche.direction] = count
    }
    guard !counts.isEmpty else { return nil }
    directions = counts.values.sorted { $0.direction < $1.direction }
  }
}

extension RunStatus.Efficiency {
  /// What a run's archive comes to; nil before its first generation is finished.
  init?(_ run: RunSnapshot, trainingSeconds: Double) {
    guard let score = run.generations.last?.statistics.qdScore else { return nil }
    let trained = run.candidates.count {
      $0.generation > 0 && $0.evaluation != nil && $0.verdict.status != .duplicate
    }
    func per(_ amount: Double?) -> Double? { amount.flatMap { $0 > 0 ? score / $0 : nil } }
    let tokens = Double(run.usage.promptTokens) + Double(run.usage.completionTokens)
    self.init(
      evaluation: per(Double(trained)), trainingSecond: per(trainingSeconds),
      thousandTokens: per(tokens / 1000), dollar: per(run.usage.dollars))
  }

  /// The figures in a line; nil where there are none.
  ///
  /// - Parameter isLookedUp: whether nothing was trained, but looked up in a table.
  func text(isLookedUp: Bool) -> String? {
    let parts = [
      (isLookedUp ? "network looked up" : "network trained", evaluation),
      (isLookedUp ? "second of training by the table" : "second of training", trainingSecond),
      ("1,000 tokens", thousandTokens), ("dollar", dollar),
    ].compactMap { name, value in value.map { "\(name) \(Figures.fixed($0, 3))" } }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}

extension ModelUsage {
  /// What it adds up to in a line.
  var text: String {
    "\(replies) replies, \(failures) failures, \(promptTokens) tokens in, \(completionTokens) out, "
      + "\(Figures.fixed(seconds, 0)) s waited" + (dollars.map { ", $\(Figures.fixed($0, 4))" } ?? "")
  }
}
