import QualityDiversity

extension SearchEngine {
  /// Trains contested networks again with other random numbers until the archive can take in a generation.
  ///
  /// Which scores are needed follows from those that there are, so an interrupted run goes on to the same.
  ///
  /// - Returns: false where somebody asked to stop.
  /// - Throws: where the budget is used up or the log cannot be written.
  func takeScores(
    for records: [CandidateRecord], in archive: any Archive<Int>, known: inout KnownCandidates
  ) async throws(SearchError) -> Bool {
    guard configuration.archive.noise.isOn, let generation = records.first?.generation else { return true }
    while true {
      let missing = configuration.archive.missingScores(for: records, in: archive, scores: known.scoreTable)
      if missing.isEmpty { return true }
      var evaluations = EvaluationCount(known)
      var affordable: [ScoreRequest<Int>] = []
      var end: SearchError?
      for request in missing {
        do throws(SearchError) {
          try evaluations.take(of: configuration.budget.evaluations)
          affordable.append(request)
        } catch {
          end = error
          break
        }
      }
      guard let taken = try await take(affordable, generation: generation, known: known) else { return false }
      for score in taken { known.add(score) }
      if let end { throw end }
    }
  }

  /// Trains networks side by side, and stores what that gave; nil where somebody asked to stop.
  private func take(
    _ requests: [ScoreRequest<Int>], generation: Int, known: KnownCandidates
  ) async throws(SearchError) -> [CandidateScore]? {
    let pool = WorkerPool(threads: workers)
    var trainings: [Task<Result<CandidateScore?, SearchError>, Never>] = []
    for request in requests {
      guard let record = known.records[request.solution], let source = record.source,
        let hash = record.description?.hash
      else {
        pool.close()
        throw SearchError(
          "The run's file lacks the source of candidate \(request.solution), which is an elite; the file is damaged, so "
            + "begin a new run.")
      }
      trainings.append(
        Task { () async -> Result<CandidateScore?, SearchError> in
          let outcome = await pool.run { [self] in
            evaluator.evaluate(source, hash: hash, score: request.number, stop: stop) { share in
              report(.trainingAdvanced(candidate: record.id, share: share))
            }
          }
          guard let outcome else { return .success(nil) }
          let score = CandidateScore(
            candidate: record.id, number: request.number, generation: generation,
            fitness: outcome.fitness ?? 0, imagesSeen: outcome.evaluation?.imagesSeen ?? 0,
            seconds: outcome.evaluation?.seconds ?? 0, reason: outcome.failure)
          do throws(RunLogError) {
            try await log.record(score)
            return .success(score)
          } catch {
            return .failure(SearchError(error.description))
          }
        })
    }
    var taken: [CandidateScore] = []
    var failure: SearchError?
    for training in trainings {
      switch await training.value {
      case .success(let score?): taken.append(score)
      case .success(nil): break
      case .failure(let error): failure = failure ?? error
      }
    }
    pool.close()
    if let failure, !stop.isRaised { throw failure }
    return taken.count == requests.count ? taken : nil
  }
}
