import LanguageModels
import RunStore
import Search

extension RunVerifier {
  /// The number of finished generations.
  private var finished: Int { run.generations.count }

  // MARK: Candidates

  /// Holds each candidate's number, parents, twin and figures against the others and against the configuration.
  func verifyCandidates(_ counter: inout Counter) throws {
    for (index, generation) in run.generations.enumerated() where generation.number != index + 1 {
      throw Disagreement(
        table: "generations", row: "number \(generation.number)", states: "\(index) generations before it",
        expected: "\(generation.number - 1)")
    }
    let descriptors = try run.header.configuration.makeDescriptors()
    let objectives = try run.header.configuration.makeObjectives()
    let figures = try run.figures(named: descriptors + objectives)
    var firstByHash: [String: Int] = [:]
    var place = 0
    var generation = 0
    for (index, candidate) in run.candidates.enumerated() {
      func fail(_ states: String, _ expected: String) -> Disagreement {
        Disagreement(table: "candidates", row: "id \(candidate.id)", states: states, expected: expected)
      }
      if candidate.generation <= finished, candidate.id != index {
        throw Disagreement(
          table: "candidates", row: "id \(index)", states: "no such row",
          expected: "one, since candidate \(candidate.id) of generation \(candidate.generation) is there")
      }
      if candidate.generation != generation {
        let next = candidate.generation == 0 ? 0 : generation + 1
        guard candidate.generation == next else {
          throw fail("generation \(candidate.generation)", "\(next)")
        }
        (generation, place) = (next, 0)
      }
      if candidate.generation <= finished, candidate.index != place {
        throw fail("place \(candidate.index)", "\(place)")
      }
      guard candidate.generation <= finished + 1 else {
        throw fail("generation \(candidate.generation)", "\(finished + 1) at most")
      }
      guard (candidate.id == 0) == (candidate.generation == 0) else {
        throw fail("generation \(candidate.generation)", "0 for the initial network alone")
      }
      place += 1
      try verifyParents(of: candidate, fail)
      try verifyTwin(of: candidate, firstByHash, fail)
      try verifyFigures(of: candidate, by: descriptors, figures[candidate.id] ?? [:], fail)
      try verifyObjectives(of: candidate, by: objectives, figures[candidate.id] ?? [:], fail)
      if candidate.generation > 0, candidate.verdict.isNetwork, let hash = candidate.description?.hash,
        firstByHash[hash] == nil
      {
        firstByHash[hash] = candidate.id
      }
      try counter.add(of: run.candidates.count)
    }
    if finished > 0, run.candidates.isEmpty {
      throw Disagreement(
        table: "candidates", row: "id 0", states: "no such row", expected: "the initial network")
    }
    try verifyTrainings()
    try verifyScores()
  }

  /// Further scores belong to evaluated candidates, are numbered without gaps, and were taken when it says.
  private func verifyScores() throws {
    var last: CandidateScore?
    for score in run.scores {
      func fail(_ states: String, _ expected: String) -> Disagreement {
        Disagreement(
          table: "candidate_scores", row: "candidate \(score.candidate), number \(score.number)",
          states: states,
          expected: expected)
      }
      guard run.header.configuration.archive.noise.isOn else {
        throw fail("a score", "none, since the run trains nothing again")
      }
      let number = last.flatMap { $0.candidate == score.candidate ? $0.number + 1 : nil } ?? 1
      guard score.number == number else { throw fail("number \(score.number)", "\(number)") }
      guard let candidate = run.candidate(score.candidate), candidate.isOffered else {
        throw fail("a score", "none, since the candidate has no fitness of its own")
      }
      guard (candidate.generation...finished + 1).contains(score.generation) else {
        throw fail(
          "generation \(score.generation)", "one from \(candidate.generation) to \(finished + 1)")
      }
      guard number < run.header.configuration.archive.noise.scores else {
        throw fail("number \(number)", "at most \(run.header.configuration.archive.noise.scores - 1)")
      }
      guard (0...1).contains(score.fitness), score.reason == nil || score.fitness == 0 else {
        throw fail("fitness \(score.fitness)", "a share, and 0 of a training that failed")
      }
      last = score
    }
  }

  private func verifyParents(
    of candidate: CandidateSummary, _ fail: (String, String) -> Disagreement
  ) throws {
    for number in candidate.origin.parents {
      guard let parent = run.candidate(number) else {
        throw fail("parent \(number)", "a candidate that is there")
      }
      guard parent.generation < candidate.generation else {
        throw fail(
          "parent \(number) of generation \(parent.generation)",
          "one of a generation before \(candidate.generation)")
      }
    }
  }

  /// A repetition has all figures of the first candidate that is the same network.
  private func verifyTwin(
    of candidate: CandidateSummary, _ firstByHash: [String: Int],
    _ fail: (String, String) -> Disagreement
  ) throws {
    let isDuplicate = candidate.verdict.status == .duplicate
    guard isDuplicate == (candidate.verdict.twin != nil) else {
      throw fail(
        candidate.verdict.twin.map { "twin \($0) and status \(candidate.verdict.status.rawValue)" }
          ?? "no twin",
        isDuplicate ? "one, since it is a duplicate" : "no twin")
    }
    let first = candidate.description.flatMap { firstByHash[$0.hash] }
    guard isDuplicate else {
      if let first, candidate.generation > 0, candidate.verdict.isNetwork {
        throw fail(
          "status \(candidate.verdict.status.rawValue)",
          "duplicate, since candidate \(first) has the same hash")
      }
      return
    }
    guard let number = candidate.verdict.twin, let first, number == first, let twin = run.candidate(first)
    else {
      throw fail(
        "twin \(candidate.verdict.twin ?? 0)",
        first.map { "\($0), the first candidate of that hash" } ?? "an earlier candidate of that hash")
    }
    var (own, its) = (candidate.description, twin.description)
    // A class has a name of its own in each source.
    own?.className = ""
    its?.className = ""
    guard own == its, candidate.measures == twin.measures, candidate.fitness == twin.fitness,
      candidate.objectives == twin.objectives,
      candidate.evaluation == twin.evaluation
    else { throw fail("figures of its own", "those of its twin \(twin.id)") }
  }

  private func verifyFigures(
    of candidate: CandidateSummary, by descriptors: [Descriptor], _ figures: [String: Double],
    _ fail: (String, String) -> Disagreement
  ) throws {
    let status = candidate.verdict.status
    if let fitness = candidate.fitness {
      guard [.valid, .healed, .duplicate].contains(status), candidate.generation > 0 else {
        throw fail("fitness \(fitness) and status \(status.rawValue)", "no fitness")
      }
    } else if [.valid, .healed].contains(status), candidate.generation > 0 {
      throw fail("status \(status.rawValue) and no fitness", "a fitness")
    }
    guard candidate.description != nil || candidate.measures == nil else {
      throw fail("measures", "measures of networks alone")
    }
    guard let measures = candidate.measures else {
      if candidate.fitness != nil { throw fail("a fitness and no measures", "both") }
      return
    }
    for (descriptor, measure) in zip(descriptors, measures) {
      // A candidate without fitness may lack what an axis names.
      guard let value = descriptor.value({ candidate.figure(named: $0) ?? figures[$0] }) else { continue }
      if value != measure { throw fail("measure_\(descriptor.name) \(measure)", "\(value)") }
    }
  }

  /// What is ranked by several objectives has all of them, as its figures give them.
  private func verifyObjectives(
    of candidate: CandidateSummary, by descriptors: [Descriptor], _ figures: [String: Double],
    _ fail: (String, String) -> Disagreement
  ) throws {
    guard !descriptors.isEmpty else { return }
    guard let objectives = candidate.objectives else {
      if candidate.fitness != nil { throw fail("a fitness and no objectives", "both") }
      return
    }
    for (descriptor, objective) in zip(descriptors, objectives) {
      let value = descriptor.value { candidate.figure(named: $0) ?? figures[$0] }
      guard value != objective else { continue }
      throw fail(
        "objective_\(descriptor.name) \(objective)",
        value.map { "\($0)" } ?? "none, since its figures do not give it")
    }
  }

  // MARK: Exchanges

  /// Holds keys against requests, and candidates against the exchanges that they name.
  func verifyExchanges(_ counter: inout Counter) async throws {
    let exchanges = try await store.keyedExchanges()
    let last = run.candidates.last { $0.generation <= finished }?.id ?? 0
    var keys: Set<String> = []
    for (key, candidate, exchange) in exchanges {
      guard key == exchange.key else {
        throw Disagreement(
          table: "exchanges", row: "key \(key)", states: "the request whose key is \(exchange.key)",
          expected: "that of its own key")
      }
      // One in flight has an exchange before it is stored itself.
      guard candidate > last || run.candidate(candidate) != nil else {
        throw Disagreement(
          table: "exchanges", row: "key \(key)", states: "candidate \(candidate)",
          expected: "a candidate that is there")
      }
      keys.insert(key)
      try counter.add(of: exchanges.count)
    }
    for candidate in run.candidates {
      let origin = candidate.origin
      let named = [origin.exchange].compactMap(\.self) + (origin.request?.exchanges ?? [])
      guard let key = named.first(where: { !keys.contains($0) }) else { continue }
      throw Disagreement(
        table: "candidates", row: "id \(candidate.id)", states: "exchange \(key)",
        expected: "one that is there")
    }
  }
}
