public import QualityDiversity

/// What a search reports while it runs, for progress bars and logs.
public enum SearchEvent: Sendable {
  /// A generation was asked for, of so many candidates.
  case generationBegan(number: Int, step: CandidateOrigin.Step, candidates: Int)
  /// A candidate was finished: number of finished ones and of all within the generation.
  case candidateFinished(CandidateRecord, finished: Int, of: Int)
  /// A candidate's training went on by a step: share of it that is done.
  case trainingAdvanced(candidate: Int, share: Double)
  /// A search of a space has paid for so many evaluations in all.
  case evaluationsPaid(Double)
  /// A generation was finished and stored.
  case generationFinished(GenerationRecord)
  /// Something a person should know, such as work that a resumed run found done.
  case notice(String)
}

/// How a search ended.
public struct SearchSummary: Sendable, Hashable {
  /// Why it ended.
  public enum End: String, Sendable, Codable {
    /// All generations are done.
    case completed
    /// Somebody asked it to stop; it can be resumed.
    case stopped
    /// The next generation would not have ended within `search.minutes`; it can be resumed.
    case outOfTime = "out-of-time"
    /// One of the limits of `budget` is used up; it can be resumed with a larger one.
    case outOfBudget = "out-of-budget"
  }

  /// Why it ended.
  public var end: End
  /// Which limit is used up, or why a search of a space ended before its evaluations did: one sentence.
  public var reason: String?
  /// Finished generations.
  public var generations: Int
  /// The archive's statistics.
  public var statistics: ArchiveStatistics
  /// How many candidates have each verdict.
  public var verdicts: [Verdict.Status: Int]
}
