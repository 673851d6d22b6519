import QualityDiversity
import RunStore
import Search

extension RunVerifier {
  // MARK: Replay

  /// Tells the run's strategy the stored candidates again, and holds what it asks for and decides against the file.
  func verifyGenerations(_ beginning: any Strategy, _ counter: inout Counter) throws {
    var strategy = beginning
    for generation in run.generations {
      let proposals = try strategy.ask()
      let records = try store.records(of: proposals.map(\.id))
      var told: [CandidateRecord] = []
      for proposal in proposals {
        guard let record = records[proposal.id] else {
          throw Disagreement(
            table: "candidates", row: "id \(proposal.id)", states: "no such row",
            expected: "one, since generation \(generation.number) is finished")
        }
        try verify(record, against: proposal)
        told.append(record)
      }
      try verify(generation, against: try expected(of: &strategy, told, generation))
      try counter.add(of: run.generations.count)
    }
    // What a broken generation has stored must be what the strategy asks for.
    let begun = run.candidates.filter { $0.generation > run.generations.count }.map(\.id)
    guard !begun.isEmpty else { return }
    let proposals = Dictionary(
      try strategy.ask().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for (number, record) in try store.records(of: begun).sorted(by: { $0.key < $1.key }) {
      guard let proposal = proposals[number] else {
        throw Disagreement(
          table: "candidates", row: "id \(number)", states: "a candidate that was never asked for",
          expected: "none")
      }
      try verify(record, against: proposal)
    }
  }

  /// What the strategy makes of a generation's candidates by the stored scores.
  private func expected(
    of strategy: inout any Strategy, _ told: [CandidateRecord], _ generation: GenerationRecord
  ) throws -> GenerationRecord {
    do {
      return try strategy.tell(told, scores: run.scoreTable)
    } catch {
      guard run.header.configuration.archive.noise.isOn else { throw error }
      throw Disagreement(
        table: "candidate_scores", row: "generation \(generation.number)",
        states: "scores that leave a contest open: \(error)", expected: "all that it was decided by")
    }
  }

  private func verify(_ record: CandidateRecord, against proposal: Proposal) throws {
    func hold<Value: Equatable>(_ name: String, _ states: Value, _ expected: Value) throws {
      guard states != expected else { return }
      throw Disagreement(
        table: "candidates", row: "id \(record.id)", states: "\(name) \(states)",
        expected: "\(expected), as the strategy asked")
    }
    try hold("generation", record.generation, proposal.generation)
    try hold("place", record.index, proposal.index)
    try hold("step", record.origin.step.rawValue, proposal.step.rawValue)
    try hold("parents", record.origin.parents, proposal.parents)
    try hold("prompt", record.origin.prompt ?? "none", proposal.prompt)
    try hold("temperature", record.origin.temperature ?? -1, proposal.temperature)
    let request = record.origin.request ?? CandidateRequest()
    try hold("inspirations", request.inspirations, proposal.inspirations)
    try hold("model", request.model?.model ?? -1, proposal.model ?? -1)
    var niche = request.niche
    niche?.isHit = nil
    try hold("the niche asked for", niche.map(Self.words) ?? "none", proposal.niche.map(Self.words) ?? "none")
    guard let prompt = request.prompt else { return }
    try hold("a prompt written out of", prompt.parent, proposal.prompt)
    try hold("a prompt that goes back to", prompt.root, proposal.rootPrompt)
    try hold("a prompt written for the candidate, which is", proposal.evolvesPrompt, true)
  }

  private static func words(_ niche: NicheRequest) -> String {
    "\(niche.cell) (\(niche.direction), \(niche.isEmpty ? "empty" : "weak"): \(niche.wish))"
  }

  func verify(_ stored: GenerationRecord, against expected: GenerationRecord) throws {
    guard stored != expected else { return }
    let generation = "generation \(stored.number)"
    try verifyCells("network_history", generation, stored.networks, expected.networks, cell: \.cell) {
      "candidate \($0.candidate) with fitness \($0.fitness)"
    }
    try verifyCells("prompt_history", generation, stored.prompts, expected.prompts, cell: \.cell) {
      let individual = $0.individual
      return "prompt '\(individual.prompt)' at \(individual.temperature), score \(individual.score), "
        + "curiosity \(individual.curiosity)"
    }
    func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "none" }
    let (old, new) = (stored.statistics, expected.statistics)
    let parts: [(name: String, states: String, expected: String)] = [
      ("step", stored.step.rawValue, expected.step.rawValue),
      ("initialisation", text(stored.isInitialisation), text(expected.isInitialisation)),
      ("best of generation", text(stored.bestOfGeneration), text(expected.bestOfGeneration)),
      ("elites", text(old.elites), text(new.elites)), ("cells", text(old.cells), text(new.cells)),
      ("coverage", text(old.coverage), text(new.coverage)), ("offset", text(old.offset), text(new.offset)),
      ("QD score", text(old.qdScore), text(new.qdScore)),
      ("normalised QD score", text(old.normalizedQDScore), text(new.normalizedQDScore)),
      ("best", text(old.best), text(new.best)), ("mean", text(old.mean), text(new.mean)),
      ("remembered", text(stored.remembered), text(expected.remembered)),
      ("fronts", text(stored.fronts), text(expected.fronts)),
    ]
    let part = parts.first { $0.states != $0.expected } ?? parts[0]
    throw Disagreement(
      table: "generations", row: "number \(stored.number)", states: "\(part.name) \(part.states)",
      expected: part.expected)
  }

  private func verifyCells<Content: Hashable>(
    _ table: String, _ generation: String, _ stored: [Content], _ expected: [Content],
    cell: (Content) -> Int, text: (Content) -> String
  ) throws {
    guard stored != expected else { return }
    let (old, new) = (Dictionary(grouping: stored, by: cell), Dictionary(grouping: expected, by: cell))
    for number in Set(old.keys).union(new.keys).sorted() where old[number] != new[number] {
      func words(_ contents: [Content]?) -> String {
        contents.map { $0.map(text).joined(separator: "; ") } ?? "nothing"
      }
      throw Disagreement(
        table: table, row: "\(generation), cell \(number)", states: words(old[number]),
        expected: words(new[number]))
    }
  }

  // MARK: Elites and statistics

  /// Looks for the best candidates of each cell among all evaluated ones, and works the statistics out by their
  /// definition, generation by generation.
  func verifyElites(_ counter: inout Counter, notes: inout [String]) throws {
    let configuration = run.header.configuration
    let cells = try configuration.makeArchive()
    // The other kinds let elites go for other reasons, which the replay has gone through.
    let isNoisy = configuration.archive.noise.isOn
    let keepsBest = !isNoisy && [ArchiveSettings.Kind.cvt, .grid].contains(configuration.archive.kind)
    if isNoisy {
      notes.append(
        "Who has a niche was decided by several trainings, so the elites were verified by replay: each contest was held "
          + "again on the stored scores.")
    } else if !keepsBest {
      notes.append(
        "A \(configuration.archive.kind.rawValue) archive keeps more than each cell's best, so its elites were verified "
          + "by replay alone.")
    }
    let depth = max(1, configuration.archive.depth)
    var fronts = configuration.archive.hasFronts ? FrontCheck(configuration.archive) : nil
    let byGeneration = Dictionary(grouping: run.candidates, by: \.generation)
    var best: [Int: [ArchiveCell]] = [:]
    for generation in run.generations {
      let candidates = byGeneration[generation.number] ?? []
      for candidate in candidates {
        guard let niche = candidate.origin.request?.niche, let isHit = niche.isHit else { continue }
        let isThere = candidate.measures.flatMap { try? cells.cell(of: $0) } == niche.cell
        guard isHit != isThere else { continue }
        throw Disagreement(
          table: "candidate_requests", row: "candidate \(candidate.id)",
          states: "niche \(niche.cell) \(isHit ? "hit" : "missed")", expected: isThere ? "hit" : "missed")
      }
      for candidate in candidates where keepsBest && candidate.isOffered {
        guard let fitness = candidate.fitness, let measures = candidate.measures,
          let cell = try? cells.cell(of: measures)
        else { continue }
        fronts?.add(candidate, fitness: fitness, cell: cell)
        // Of equals the first ones have the cell.
        var contents = best[cell] ?? []
        let place = contents.firstIndex { $0.fitness < fitness } ?? contents.endIndex
        contents.insert(ArchiveCell(cell: cell, candidate: candidate.id, fitness: fitness), at: place)
        best[cell] = Array(contents.prefix(depth))
      }
      if let fronts {
        // All candidates are compared with each other at the end; before that the replay has shown it.
        if generation.number == run.generations.last?.number {
          try verifyBest(of: generation, fronts.comparable(generation.networks), fronts.expected)
        }
        try verifyFronts(of: generation)
      } else if keepsBest {
        try verifyBest(of: generation, generation.networks, Array(best.values.joined()))
      }
      try verifyStatistics(of: generation, cells: keepsBest ? cells.cellCount : nil, candidates)
      try counter.add(max(1, generation.networks.count), of: 0)
    }
    if let crowded = fronts?.crowded.count, crowded > 0 {
      notes.append(
        "The fronts of \(crowded) niches were over capacity at some time, so of these only the fittest were looked for "
          + "among all candidates; the rest was verified by replay.")
    }
  }

  /// The figures of the fronts are those that the stored elites give, whatever brought them there.
  private func verifyFronts(of generation: GenerationRecord) throws {
    let configuration = run.header.configuration
    var archive = try configuration.makeArchive()
    for elite in generation.networks {
      guard let candidate = run.candidate(elite.candidate), let measures = candidate.measures else {
        continue
      }
      archive.add(
        candidate.id,
        objectives: configuration.archive.standings(
          fitness: elite.fitness, objectives: candidate.objectives), measures: measures)
    }
    guard let stored = generation.fronts, let expected = archive.frontStatistics else {
      throw Disagreement(
        table: "generations", row: "number \(generation.number)", states: "no figures of fronts",
        expected: "some, since the run has several objectives")
    }
    func words(_ fronts: ParetoStatistics) -> String {
      "\(fronts.elites) elites on \(fronts.occupied) fronts of \(fronts.cells), MOQD score \(fronts.moqdScore), "
        + "hypervolume \(fronts.globalHypervolume)"
    }
    func isNear(_ one: Double, _ other: Double) -> Bool { abs(one - other) <= 1e-9 * max(1, abs(other)) }
    guard stored.elites == expected.elites, stored.occupied == expected.occupied,
      stored.cells == expected.cells, isNear(stored.coverage, expected.coverage),
      isNear(stored.moqdScore, expected.moqdScore),
      isNear(stored.globalHypervolume, expected.globalHypervolume)
    else {
      throw Disagreement(
        table: "generations", row: "number \(generation.number)", states: words(stored),
        expected: words(expected))
    }
  }

  /// Of several in a cell the order says nothing, so they are compared by rank.
  private func verifyBest(
    of generation: GenerationRecord, _ stored: [ArchiveCell], _ best: [ArchiveCell]
  ) throws {
    func ranked(_ cells: [ArchiveCell]) -> [ArchiveCell] {
      cells.sorted { ($0.cell, $1.fitness, $0.candidate) < ($1.cell, $0.fitness, $1.candidate) }
    }
    try verifyCells(
      "network_history", "generation \(generation.number)", ranked(stored), ranked(best),
      cell: \.cell
    ) { "candidate \($0.candidate) with fitness \($0.fitness)" }
  }

  /// Whether an elite's figure is the mean of its first trainings, as many as there were then.
  private func isMeanOfTrainings(_ elite: ArchiveCell, _ fitness: Double) -> Bool {
    guard run.header.configuration.archive.noise.isOn else { return false }
    let all = [fitness] + run.scoreTable.further(of: elite.candidate)
    return all.indices.contains { all[...$0].reduce(0, +) / Double($0 + 1) == elite.fitness }
  }

  private func verifyStatistics(
    of generation: GenerationRecord, cells: Int?, _ candidates: [CandidateSummary]
  ) throws {
    func hold(_ name: String, _ states: Double?, _ expected: Double?) throws {
      if states == expected { return }
      // A sum may be taken in another order.
      if let states, let expected, abs(states - expected) <= 1e-9 * max(1, abs(expected)) { return }
      throw Disagreement(
        table: "generations", row: "number \(generation.number)",
        states: "\(name) \(states.map { "\($0)" } ?? "none")", expected: expected.map { "\($0)" } ?? "none")
    }
    let statistics = generation.statistics
    // Each cell counts with its best.
    let bestOfCells = Dictionary(generation.networks.map { ($0.cell, $0.fitness) }, uniquingKeysWith: max)
    let values = bestOfCells.sorted { $0.key < $1.key }.map(\.value)
    let count = Double(values.count)
    // Where each elite is a cell there are as many as elites.
    let cells = Double(cells ?? statistics.cells)
    var (score, sum) = (0.0, 0.0)
    for value in values {
      score += value - statistics.offset
      sum += value
    }
    try hold("elites", Double(statistics.elites), count)
    try hold("cells", Double(statistics.cells), cells)
    try hold("coverage", statistics.coverage, count / cells)
    try hold("QD score", statistics.qdScore, score)
    try hold("normalised QD score", statistics.normalizedQDScore, score / cells)
    try hold("best", statistics.best, values.sorted().last)
    try hold("mean", statistics.mean, values.isEmpty ? nil : sum / count)
    try hold(
      "best of generation", generation.bestOfGeneration, candidates.compactMap(\.fitness).sorted().last)
    for elite in generation.networks {
      guard let fitness = run.candidate(elite.candidate)?.fitness, fitness != elite.fitness,
        !isMeanOfTrainings(elite, fitness)
      else { continue }
      throw Disagreement(
        table: "network_history", row: "generation \(generation.number), cell \(elite.cell)",
        states: "fitness \(elite.fitness) of candidate \(elite.candidate)", expected: "\(fitness)")
    }
  }
}
