public import QualityDiversity
public import RunStore
public import Search

/// What reports need of a run, read at one moment; what is long (sources, curves, exchanges) is read when asked for.
public struct RunSnapshot: Sendable {
  /// The run's file, for what is not held here.
  public let store: RunStore
  /// All candidates, by number.
  public let candidates: [CandidateSummary]
  /// The finished generations.
  public let generations: [GenerationRecord]
  /// What training candidates again gave, by candidate and number.
  public let scores: [CandidateScore]
  /// The same by candidate.
  public let scoreTable: ScoreTable
  /// Exchanges with models, and the tokens they took.
  public let usage: ModelUsage
  /// The elites of the last finished generation, by cell.
  public let elites: [RunElite]

  /// Reads a run.
  public init(_ store: RunStore) async throws(RunLogError) {
    self.store = store
    // Generations first: a run under way stores candidates before the generation that lists them.
    generations = try await store.generations()
    candidates = try store.summaries()
    scores = try await store.scores()
    scoreTable = ScoreTable(scores)
    usage = try store.usage()
    elites = Self.elites(generations.last?.networks ?? [], among: candidates)
  }

  private static func elites(_ cells: [ArchiveCell], among candidates: [CandidateSummary]) -> [RunElite] {
    cells.compactMap { cell in
      candidates.place(of: cell.candidate).map { place in
        var record = candidates[place]
        // Of an elite that was trained several times the mean, which is what the archive goes by.
        record.fitness = cell.fitness
        return RunElite(cell: cell.cell, record: record)
      }
    }
  }

  /// The run's folder.
  public var folder: String { store.folder }

  /// What it was begun with.
  public var header: RunHeader { store.header }

  /// The candidate of that number; nil where there is none.
  public func candidate(_ number: Int) -> CandidateSummary? {
    candidates.place(of: number).map { candidates[$0] }
  }

  /// The first parent of a candidate, that one's and so on, the nearest first.
  func firstParents(of number: Int, atMost limit: Int) -> [CandidateSummary] {
    var line: [CandidateSummary] = []
    // A damaged log may hold a circle.
    var seen: Set = [number]
    var parent = candidate(number)?.origin.parents.first
    while let next = parent, seen.insert(next).inserted, line.count < limit, let record = candidate(next) {
      line.append(record)
      parent = record.origin.parents.first
    }
    return line
  }

  /// The best elite; of equals the one with the lowest number.
  public var best: RunElite? {
    elites.max { left, right in
      (left.record.fitness ?? 0, -left.record.id) < (right.record.fitness ?? 0, -right.record.id)
    }
  }

  /// How many candidates have each verdict; the initial network does not count.
  public var verdicts: [(status: Verdict.Status, count: Int)] {
    let counted = candidates.filter { $0.generation > 0 }
    return Verdict.Status.allCases.map { status in
      (status: status, count: counted.count { $0.verdict.status == status })
    }
  }

  /// Candidates by who wrote them and what became of them.
  public func count(author: CandidateOrigin.Author, entered: Bool? = nil) -> Int {
    let elites = Set(self.elites.map(\.record.id))
    return candidates.count { candidate in
      candidate.origin.author == author && (entered.map { $0 == elites.contains(candidate.id) } ?? true)
    }
  }

  /// The candidates of the finished generations; the initial network does not count.
  var finished: [CandidateSummary] {
    candidates.filter { $0.generation > 0 && $0.generation <= generations.count }
  }

  /// The archive that the evaluated candidates of the finished generations give on a run's axes, by candidate
  /// number; on the run's own axes it is the stored one.
  ///
  /// Candidates for which a formula has no finite number are left out.
  ///
  /// - Throws: where the configuration's axes cannot be made, or the run's file cannot be read.
  public func archive(on configuration: RunConfiguration) throws(SearchError) -> any Archive<Int> {
    var configuration = configuration
    // What another run ranks by is not known of these candidates.
    if configuration.archive.objectives != header.configuration.archive.objectives {
      configuration.archive.objectives = []
    }
    // On other cells other networks would have been contested, so there each counts with its mean.
    let isOwn =
      configuration.archiveGeometry == header.configuration.archiveGeometry
      && configuration.descriptors == header.configuration.descriptors
    if !isOwn || configuration.archive.noise != header.configuration.archive.noise {
      configuration.archive.noise = NoiseSettings()
    }
    var archive = try configuration.makeArchive()
    for (candidate, measures) in try measures(on: configuration) {
      let fitness =
        configuration.archive.noise.isOn ? candidate.fitness ?? .nan : meanFitness(of: candidate) ?? .nan
      _ = try configuration.archive.add(
        candidate.id, fitness: fitness, objectives: candidate.objectives, measures: measures,
        scores: scoreTable, to: &archive)
    }
    return archive
  }

  /// The mean of all trainings of a candidate; nil where it has no fitness.
  func meanFitness(of candidate: CandidateSummary) -> Double? {
    candidate.fitness.map { fitness in
      let all = [fitness] + scoreTable.further(of: candidate.id)
      return all.reduce(0, +) / Double(all.count)
    }
  }

  /// The candidates of the finished generations that are offered to archives, with their measures on a run's axes, in
  /// the order of their numbers.
  ///
  /// - Throws: where the configuration's axes cannot be made, or the run's file cannot be read.
  func measures(
    on configuration: RunConfiguration
  ) throws(SearchError) -> [(candidate: CandidateSummary, measures: [Double])] {
    let offered = finished.filter(\.isOffered)
    // A run's own measures were stored, and those that were measured are not to be had otherwise.
    if configuration.descriptors == header.configuration.descriptors {
      return offered.compactMap { candidate in candidate.measures.map { (candidate, $0) } }
    }
    let descriptors = try configuration.makeDescriptors()
    let figures = try figures(named: descriptors)
    return offered.compactMap { candidate in
      descriptors.measures { candidate.figure(named: $0) ?? figures[candidate.id]?[$0] }
        .map { (candidate, $0) }
    }
  }

  /// The figures that descriptors name by candidate; none where the summaries have them all.
  ///
  /// - Throws: where the run's file cannot be read.
  func figures(named descriptors: [Descriptor]) throws(SearchError) -> [Int: [String: Double]] {
    let names = descriptors.reduce(into: Set()) { $0.formUnion($1.figureNames) }
    return try figures(names)
  }

  /// Figures of the candidates that have a fitness, by name; none where the summaries have them all.
  ///
  /// - Throws: where the run's file cannot be read.
  func figures(_ names: Set<String>) throws(SearchError) -> [Int: [String: Double]] {
    guard !names.isSubset(of: CandidateSummary.figureNames) else { return [:] }
    do { return try store.figures(names) } catch { throw SearchError(error.description) }
  }
}

extension [CandidateSummary] {
  /// The place of the candidate of that number; they stand in the order of their numbers.
  fileprivate func place(of number: Int) -> Int? {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].id < number { low = middle + 1 } else { high = middle }
    }
    return low < endIndex && self[low].id == number ? low : nil
  }
}

/// An elite of a run: the best network found for a niche.
public struct RunElite: Sendable, Hashable {
  /// The niche's cell.
  public var cell: Int
  /// The network.
  public var record: CandidateSummary
}
