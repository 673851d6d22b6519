import LanguageModels
public import QualityDiversity
public import RunStore
public import Search

/// All that reports need of a run, read at one moment.
public struct RunSnapshot: Sendable {
  /// The run's folder.
  public let folder: String
  /// What it was begun with.
  public let header: RunHeader
  /// All candidates, by number.
  public let candidates: [CandidateRecord]
  /// The finished generations.
  public let generations: [GenerationRecord]
  /// Exchanges with models, and the tokens they took.
  public let usage: ModelUsage

  /// What the exchanges of a run add up to.
  public struct ModelUsage: Codable, Sendable, Hashable {
    /// Exchanges that gave a reply.
    public var replies = 0
    /// Exchanges that failed.
    public var failures = 0
    /// Tokens sent.
    public var promptTokens = 0
    /// Tokens received.
    public var completionTokens = 0
    /// Seconds spent waiting.
    public var seconds = 0.0
  }

  /// Reads a run.
  public init(_ store: RunStore) async throws(RunLogError) {
    folder = store.folder
    header = store.header
    // Generations first: a run under way stores candidates before the generation that lists them.
    generations = try await store.generations()
    candidates = try await store.candidates()
    var usage = ModelUsage()
    for (_, exchange) in try await store.exchanges() {
      guard case .reply(let reply) = exchange.outcome else {
        usage.failures += 1
        continue
      }
      usage.replies += 1
      usage.promptTokens += reply.usage.promptTokens
      usage.completionTokens += reply.usage.completionTokens
      usage.seconds += reply.latencySeconds
    }
    self.usage = usage
  }

  /// The elites of the last finished generation, by cell.
  public var elites: [RunElite] {
    let byNumber = Dictionary(candidates.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    return (generations.last?.networks ?? []).compactMap { cell in
      byNumber[cell.candidate].map { RunElite(cell: cell.cell, record: $0) }
    }
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
  var finished: [CandidateRecord] {
    candidates.filter { $0.generation > 0 && $0.generation <= generations.count }
  }

  /// The archive that the evaluated candidates of the finished generations give on a run's axes, by candidate
  /// number; on the run's own axes it is the stored one.
  ///
  /// - Throws: where the configuration's axes cannot be made.
  public func archive(on configuration: RunConfiguration) throws(SearchError) -> any Archive<Int> {
    var archive = try configuration.makeArchive()
    let descriptors = configuration.descriptors.compactMap { Descriptor(rawValue: $0.name) }
    for candidate in finished {
      guard let fitness = candidate.fitness, let description = candidate.description else { continue }
      _ = archive.add(
        candidate.id, objective: fitness, measures: descriptors.map { $0.value(of: description) })
    }
    return archive
  }
}

/// An elite of a run: the best network found for a niche.
public struct RunElite: Sendable, Hashable {
  /// The niche's cell.
  public var cell: Int
  /// The network.
  public var record: CandidateRecord
}
