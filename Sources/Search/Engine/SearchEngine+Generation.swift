import Synchronization

extension SearchEngine {
  /// Where a candidate of the generation under way stands.
  private enum Slot {
    case finished(CandidateRecord)
    case training(Task<Result<CandidateRecord?, SearchError>, Never>)
    /// The same network as an earlier candidate, which may still be in training.
    case repetition(CandidateRecord, of: Int)
  }

  /// The records of all proposals in order, or nil where somebody asked to stop.
  ///
  /// Writing and training overlap, yet candidates are taken up in the order of their numbers, so duplicates are
  /// found the same way on every machine and the result does not depend on which thread was first.
  func evaluate(
    _ proposals: [Proposal], in contests: NicheContests, known: inout KnownCandidates
  ) async throws(SearchError) -> [CandidateRecord]? {
    let pool = WorkerPool(threads: workers)
    let earlier = known.records
    let queue = DraftQueue(proposals.filter { known.records[$0.id] == nil }) { [writer, rewriter] proposal in
      let parents = proposal.parents.compactMap { earlier[$0]?.source }
      let inspirations = proposal.inspirations.compactMap { earlier[$0].flatMap(Inspiration.init) }
      do throws(SearchError) {
        return .success(
          try await (proposal.goesToRewriter ? rewriter : writer).draft(
            for: proposal, sources: parents, inspirations: inspirations))
      } catch {
        return .failure(error)
      }
    }
    await queue.start(lanes: draftsAtOnce)
    let registration = stop.whenRaised { Task { await queue.close() } }
    defer { stop.forget(registration) }
    let progress = GenerationProgress(total: proposals.count, report: report)

    var slots: [Slot] = []
    var evaluations = EvaluationCount(known)
    var failure: SearchError?
    do throws(SearchError) {
      for proposal in proposals {
        guard
          let slot = try await takeUp(
            proposal, in: contests, from: queue, known: &known, evaluations: &evaluations, pool: pool,
            progress: progress)
        else {
          break
        }
        slots.append(slot)
      }
    } catch {
      failure = error
    }
    await queue.close()
    let records = await settle(slots, in: contests, known: &known, progress: progress, failure: &failure)
    pool.close()
    if let failure, !stop.isRaised { throw failure }
    return records.count == proposals.count ? records : nil
  }

  /// Waits for a proposal's draft and sends it on its way; nil where somebody asked to stop.
  private func takeUp(
    _ proposal: Proposal, in contests: NicheContests, from queue: DraftQueue, known: inout KnownCandidates,
    evaluations: inout EvaluationCount, pool: WorkerPool, progress: GenerationProgress
  ) async throws(SearchError) -> Slot? {
    if let stored = known.records[proposal.id] {
      progress.finish(stored)
      return .finished(stored)
    }
    guard let draft = try await queue.draft(for: proposal.id) else { return nil }
    let screened = await pool.run { [screening] in draft.source.map { screening.screen($0) } }
    let record = CandidateRecord(proposal, draft: draft, screened: screened)
    guard case .passed(let passed)? = screened else {
      try await store(record, weights: nil)
      progress.finish(record)
      return .finished(record)
    }
    if let twin = known.firstByHash[passed.description.hash] { return .repetition(record, of: twin) }
    try evaluations.take(of: configuration.budget.evaluations)
    known.claim(passed.description.hash, for: proposal.id)
    let contest = contests.contest(of: proposal.id, measures: passed.measures)
    let parentSource = proposal.parents.first.flatMap { known.source(of: $0) }
    let training = Task { () async -> Result<CandidateRecord?, SearchError> in
      let scored = await pool.run { [self] in record.scored(passed.source, by: proxies, for: screening) }
      let result = await pool.run { [self] () -> Result<NetworkEvaluator.Outcome?, SearchError> in
        if let reason = scored.verdict.reason { return .success(NetworkEvaluator.Outcome(failure: reason)) }
        do throws(SearchError) {
          let parent = try parent(of: proposal, source: parentSource)
          return .success(
            evaluator.evaluate(
              passed.source, hash: passed.description.hash, parent: parent, contest: contest, stop: stop
            ) { share in
              report(.trainingAdvanced(candidate: proposal.id, share: share))
            })
        } catch {
          return .failure(error)
        }
      }
      do throws(SearchError) {
        guard let outcome = try result.get() else { return .success(nil) }
        let trained = contests.settled(scored.trained(outcome, by: screening))
        try await store(trained, weights: outcome.weights)
        progress.finish(trained)
        return .success(trained)
      } catch {
        return .failure(error)
      }
    }
    return .training(training)
  }

  /// The network that a proposal inherits from: its first parent, with the weights that the log has of it.
  ///
  /// Parents are elites of the last finished generation, whose weights stay in the log until the next one is committed,
  /// so a resumed generation finds the same ones. They are read by the worker that needs them, so that only as many
  /// are in memory as there are workers.
  private func parent(
    of proposal: Proposal, source: String?
  ) throws(SearchError) -> NetworkEvaluator.Parent? {
    guard evaluator.inherits, let candidate = proposal.parents.first else { return nil }
    let weights = WorkerPool.wait { [log] () async -> Result<[UInt8]?, RunLogError> in
      do throws(RunLogError) {
        return .success(try await log.weights(of: candidate))
      } catch {
        return .failure(error)
      }
    }
    do {
      return NetworkEvaluator.Parent(candidate: candidate, source: source, weights: try weights?.get())
    } catch {
      throw SearchError(error.description)
    }
  }

  /// Waits for all trainings, then gives repetitions the figures of their twins.
  private func settle(
    _ slots: [Slot], in contests: NicheContests, known: inout KnownCandidates, progress: GenerationProgress,
    failure: inout SearchError?
  ) async -> [CandidateRecord] {
    var records: [CandidateRecord] = []
    for slot in slots {
      switch slot {
      case .finished(let record):
        known.add(record)
        records.append(record)
      case .training(let training):
        switch await training.value {
        case .success(let record?):
          known.add(record)
          records.append(record)
        case .success(nil): break
        case .failure(let error): failure = failure ?? error
        }
      case .repetition(let record, let twin):
        guard failure == nil, let original = known.records[twin] else { continue }
        let repetition = contests.settled(record.duplicate(of: original))
        do throws(SearchError) {
          try await store(repetition, weights: nil)
        } catch {
          failure = error
          continue
        }
        known.add(repetition)
        progress.finish(repetition)
        records.append(repetition)
      }
    }
    return records
  }
}

/// Counts the candidates that are trained, those under way and those that training could do nothing with included.
struct EvaluationCount {
  private var count: Int

  init(_ known: KnownCandidates) { count = known.trainedCount }

  /// Counts another one.
  ///
  /// - Throws: where the limit, if it is not 0, allows none.
  mutating func take(of limit: Int) throws(SearchError) {
    guard limit == 0 || count < limit else {
      throw SearchError(
        "The budget of \(limit) evaluations is used up (budget.evaluations).", isEndOfBudget: true)
    }
    count += 1
  }
}

/// Counts the finished candidates of a generation for whoever watches.
private final class GenerationProgress: Sendable {
  private let finished = Mutex(0)
  private let total: Int
  private let report: @Sendable (SearchEvent) -> Void

  init(total: Int, report: @escaping @Sendable (SearchEvent) -> Void) {
    self.total = total
    self.report = report
  }

  func finish(_ record: CandidateRecord) {
    let count = finished.withLock { count in
      count += 1
      return count
    }
    report(.candidateFinished(record, finished: count, of: total))
  }
}
