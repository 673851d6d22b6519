import QualityDiversity

/// Drives a search of a space as a run: generations are stored with their candidates, and a resumed run goes through
/// what is stored again before it goes on.
public struct SpaceEngine<Evaluator: SpaceEvaluator>: Sendable {
  private let beginning: SpaceRun<Evaluator>
  private let configuration: RunConfiguration
  private let log: any RunLog
  private let stop: StopFlag
  private let report: @Sendable (SearchEvent) -> Void

  /// An engine for a run.
  public init(
    _ run: SpaceRun<Evaluator>, configuration: RunConfiguration, log: any RunLog, stop: StopFlag,
    report: @escaping @Sendable (SearchEvent) -> Void
  ) {
    beginning = run
    self.configuration = configuration
    self.log = log
    self.stop = stop
    self.report = report
  }

  /// Runs the search from wherever the log has it to its end, or until somebody asks to stop.
  ///
  /// - Throws: where the log is broken, is another search's or cannot be written, or a model cannot be asked.
  public func run() async throws(SearchError) -> SearchSummary {
    var run = beginning
    try await retell(&run)
    var clock = TimeBudget(minutes: configuration.search.minutes)
    while !stop.isRaised, clock.allowsAnother, let found = try await run.next(size: nil) {
      do {
        try await log.commit(found.generation, with: found.records)
      } catch {
        throw SearchError(error.description)
      }
      report(.evaluationsPaid(Double(run.search.spent) / Double(run.search.unit)))
      report(.generationFinished(found.generation))
      clock.lap()
    }
    var verdicts: [Verdict.Status: Int] = [:]
    let counts = run.search.counts
    verdicts[.valid] = counts.full - counts.failed
    verdicts[.stopped] = counts.evaluated - counts.full
    verdicts[.untrainable] = counts.failed
    verdicts[.duplicate] = counts.repeated
    verdicts[.refused] = counts.illegal
    return SearchSummary(
      end: end(of: run), reason: reason(run), generations: run.generations,
      statistics: run.archive.statistics(), verdicts: verdicts)
  }

  private func end(of run: SpaceRun<Evaluator>) -> SearchSummary.End {
    guard run.search.end != nil else { return stop.isRaised ? .stopped : .outOfTime }
    return run.isOutOfBudget ? .outOfBudget : .completed
  }

  /// Why a search is over before its evaluations are.
  private func reason(_ run: SpaceRun<Evaluator>) -> String? {
    switch run.search.end {
    case nil, .outOfBudget: nil
    case .reachedTarget: "The target \(configuration.space.target) is reached."
    case .finished: run.ending ?? "The strategy has nothing more to ask for."
    case .stalled: "The last \(run.search.settings.patience) proposals were repetitions or no architectures."
    }
  }

  /// Goes through the stored generations again, and proves that they are what this search gives.
  private func retell(_ run: inout SpaceRun<Evaluator>) async throws(SearchError) {
    let stored: [Int: [CandidateRecord]]
    let done: [GenerationRecord]
    do {
      done = try await log.generations()
      stored = done.isEmpty ? [:] : Dictionary(grouping: try await log.candidates(), by: \.generation)
    } catch {
      throw SearchError(error.description)
    }
    for generation in done {
      let records = stored[generation.number] ?? []
      guard let found = try await run.next(size: max(1, records.count)), found.records == records,
        found.generation == generation
      else {
        throw SearchError(
          run.search.end == .outOfBudget && run.search.results.count < records.last?.id ?? 0
            ? "The run has had more evaluations than \(run.search.settings.evaluations); give it as many or more."
            : "Generation \(generation.number) of the run's file is not what its configuration, table and replies give; "
              + "one of them was changed, or another version of Niche wrote it, so begin a new run.")
      }
    }
    if !done.isEmpty { report(.notice("resuming after generation \(done.count)")) }
  }
}
