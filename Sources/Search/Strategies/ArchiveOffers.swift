public import QualityDiversity

extension ArchiveSettings {
  /// Offers a candidate to an archive of these settings: by its fitness, its objectives or all its scores.
  public func offer(
    _ candidate: Int, fitness: Double, objectives: [Double]?, measures: [Double], scores: ScoreTable,
    to archive: inout any Archive<Int>
  ) -> ScoredOffer<Int> {
    guard noise.isOn else {
      let standings = standings(fitness: fitness, objectives: objectives)
      return .decided(archive.add(candidate, objectives: standings, measures: measures))
    }
    return archive.offer(candidate, measures: measures) { other, number in
      number == 0 ? (other == candidate ? fitness : nil) : scores[other, number]
    }
  }

  /// Offers a candidate to an archive that can decide on it.
  ///
  /// - Throws: where scores are missing that it needs.
  public func add(
    _ candidate: Int, fitness: Double, objectives: [Double]?, measures: [Double], scores: ScoreTable,
    to archive: inout any Archive<Int>
  ) throws(SearchError) -> AddOutcome<Int> {
    let offer = offer(
      candidate, fitness: fitness, objectives: objectives, measures: measures, scores: scores, to: &archive)
    switch offer {
    case .decided(let outcome): return outcome
    case .open(let missing):
      let first = missing.first.map { "score \($0.number) of candidate \($0.solution)" } ?? "a score"
      throw SearchError(
        "The run's file lacks \(first), by which the archive decided on candidate \(candidate); the file is damaged, "
          + "so begin a new run.")
    }
  }

  /// The scores that an archive needs before it can take in a generation, each once, in the order of the candidates.
  ///
  /// What is open in one niche does not hold up another.
  func missingScores(
    for records: [CandidateRecord], in archive: any Archive<Int>, scores: ScoreTable
  ) -> [ScoreRequest<Int>] {
    guard noise.isOn else { return [] }
    var archive = archive
    var waiting: Set<Int> = []
    var missing: [ScoreRequest<Int>] = []
    for record in records {
      guard record.isOffered, let fitness = record.fitness, let measures = record.measures,
        let cell = try? archive.cell(of: measures), !waiting.contains(cell)
      else { continue }
      let offer = offer(
        record.id, fitness: fitness, objectives: record.objectives, measures: measures, scores: scores,
        to: &archive)
      guard case .open(let requests) = offer else { continue }
      waiting.insert(cell)
      missing += requests
    }
    return missing
  }
}
