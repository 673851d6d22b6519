public import QualityDiversity
import SearchSpaces

/// A generation of a run of a space: its candidates in order, and what the archive looks like behind them.
public struct SpaceGeneration: Sendable, Hashable {
  /// The candidates, in the order of their numbers.
  public var records: [CandidateRecord]
  /// The archive and its statistics.
  public var generation: GenerationRecord
}

/// What gives the generations of a run of a space one after the other, from the first.
public protocol SpaceGenerationSource: Sendable {
  /// The next generation; nil where the search is over, or was asked to stop.
  ///
  /// - Parameter size: how many candidates it has, where that is known from a log; else as many as a generation is to
  ///   have, or what a model's reply held.
  /// - Throws: where a model or the log cannot be used.
  mutating func next(size: Int?) async throws(SearchError) -> SpaceGeneration?
}

/// A search of a space cut into the generations of a run.
///
/// It is decided by configuration, table and replies alone. So a run is resumed, and verified, by going through it again:
/// a table is faster than a log.
public struct SpaceRun<Evaluator: SpaceEvaluator>: SpaceGenerationSource {
  /// The search so far.
  public private(set) var search: SpaceSearch<Evaluator>
  /// The archive behind the last generation, of candidates by number.
  public private(set) var archive: any Archive<Int>
  /// How many generations were given.
  public private(set) var generations = 0

  private var strategy: any AsyncSpaceStrategy<Evaluator.Space>
  private var records: SpaceRecords<Evaluator.Space>
  /// The keys of exchanges, and the first result that came of each.
  private var exchanges: [(first: Int, key: String)] = []
  /// How many results the generations so far have.
  private var taken = 0
  private let transcript: SpaceTranscript?
  private let batch: Int
  private let stop: StopFlag

  init(
    _ evaluator: Evaluator, settings: SpaceSearchSettings, strategy: any AsyncSpaceStrategy<Evaluator.Space>,
    records: SpaceRecords<Evaluator.Space>, archive: any Archive<Int>, transcript: SpaceTranscript?,
    batch: Int, stop: StopFlag
  ) throws(SearchError) {
    search = try SpaceSearch(evaluator, settings: settings)
    self.strategy = strategy
    self.records = records
    self.archive = archive
    self.transcript = transcript
    self.batch = max(1, batch)
    self.stop = stop
  }

  /// Why the strategy asks for nothing more: one sentence; nil while it does.
  public var ending: String? { strategy.ending }

  /// Whether that is because a limit on language models is reached.
  public var isOutOfBudget: Bool { strategy.isOutOfBudget }

  /// The next generation; one of a model's replies ends with the reply.
  public mutating func next(size: Int?) async throws(SearchError) -> SpaceGeneration? {
    let wanted = size ?? batch
    while search.results.count - taken < wanted, search.end == nil {
      if size == nil, stop.isRaised { return nil }
      transcript?.begin(candidate: SpaceRecords<Evaluator.Space>.id(search.results.count))
      let first = search.results.count
      do throws(SearchError) {
        try await Self.step(&search, &strategy)
      } catch {
        throw transcript?.error ?? error
      }
      if let key = transcript?.lastKey { exchanges.append((first, key)) }
      if size == nil, transcript != nil, search.results.count > taken, !strategy.isMidGeneration { break }
    }
    let last = min(search.results.count, taken + (size ?? .max - taken))
    guard last > taken else { return nil }
    return generation(to: last)
  }

  private static func step(
    _ search: inout SpaceSearch<Evaluator>, _ strategy: inout some AsyncSpaceStrategy<Evaluator.Space>
  ) async throws(SearchError) {
    strategy.tell(search.take(try await strategy.ask(search.room)))
  }

  private mutating func generation(to last: Int) -> SpaceGeneration {
    generations += 1
    var found: [CandidateRecord] = []
    found.reserveCapacity(last - taken)
    var best: Double?
    var next = exchanges.lastIndex { $0.first <= taken } ?? 0
    var key: String?
    for number in taken..<last {
      while next < exchanges.count, exchanges[next].first <= number {
        key = exchanges[next].key
        next += 1
      }
      let result = search.results[number]
      let record = records.record(
        of: result, among: search.results, generation: generations, index: number - taken,
        exchange: result.proposal.step == .model ? key : nil)
      if let fitness = record.fitness {
        best = max(best ?? fitness, fitness)
        if record.isOffered, let measures = record.measures {
          archive.add(record.id, objective: fitness, measures: measures)
        }
      }
      found.append(record)
    }
    taken = last
    return SpaceGeneration(
      records: found,
      generation: GenerationRecord(
        number: generations, isInitialisation: false, step: found.first?.origin.step ?? .random,
        networks: archive.allElites.map {
          ArchiveCell(cell: $0.cell, candidate: $0.solution, fitness: $0.objective)
        },
        prompts: strategy.promptCells, statistics: archive.statistics(), bestOfGeneration: best))
  }
}
