import QualityDiversity
import Search

/// How often what was asked for came to something, by what asked and who wrote.
struct SuccessCounts: Sendable {
  /// What counts of one prompt, operator, author, form or model.
  struct Row: Sendable, Hashable {
    var name: String
    /// Candidates asked for.
    var asked = 0
    /// Those that an author answered.
    var replies = 0
    /// Those that compiled, as written or healed.
    var valid = 0
    /// Those that became the elite of a niche, empty before or not.
    var entered = 0
    /// Those that replaced an elite.
    var improved = 0
  }

  /// The rows of one kind.
  struct Group: Sendable, Hashable {
    var name: String
    var rows: [Row]
  }

  /// The kinds that tell anything, rows in the order of their names.
  let groups: [Group]

  /// The counts of a run's finished generations.
  init(_ facts: RunFacts) {
    let kinds: [(name: String, key: (CandidateSummary) -> String?)] = [
      ("Prompt", { $0.origin.prompt }), ("Operator", { $0.origin.step.rawValue }),
      ("Author", { $0.origin.author.rawValue.replacing("-", with: " ") }),
      ("Form", { $0.origin.form.rawValue.replacing("-", with: " ") }),
      ("Model", { facts.talks[$0.id]?.models.sorted().joined(separator: ", ") }),
    ]
    let finished = facts.run.finished
    groups = kinds.compactMap { name, key in
      var rows: [String: Row] = [:]
      for candidate in finished {
        guard let value = key(candidate) else { continue }
        rows[value, default: Row(name: value)].count(candidate, facts)
      }
      return rows.isEmpty ? nil : Group(name: name, rows: rows.values.sorted { $0.name < $1.name })
    }
  }
}

extension SuccessCounts.Row {
  fileprivate mutating func count(_ candidate: CandidateSummary, _ facts: RunFacts) {
    asked += 1
    if facts.isAnswered(candidate) { replies += 1 }
    if candidate.verdict.isNetwork { valid += 1 }
    switch facts.outcomes[candidate.id] {
    case .new: entered += 1
    case .improved:
      entered += 1
      improved += 1
    case .rejected, nil: break
    }
  }
}

extension RunFacts {
  /// Whether an author answered: the rewriter always does, a model where an exchange has a reply.
  func isAnswered(_ candidate: CandidateSummary) -> Bool {
    guard candidate.origin.author == .languageModel else { return true }
    guard let talk = talks[candidate.id] else { return !withoutSource.contains(candidate.id) }
    return talk.replies > 0
  }
}
