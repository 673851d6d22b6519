public import QualityDiversity
import RandomStreams

/// Another strategy's search in which each proposal goes to one of several models, by what their networks were worth
/// for what they cost (`ModelLedger`).
///
/// The choice is made when a network is proposed, out of what finished generations told, so that a resumed, replayed or
/// verified run makes it again.
public struct ModelChoosing: Strategy {
  private var base: any Strategy
  /// What is known of the models.
  public private(set) var ledger: ModelLedger
  private let stream: RandomStream

  /// A search that has not begun.
  public init(_ base: any Strategy, configuration: RunConfiguration) {
    self.base = base
    ledger = ModelLedger(configuration)
    stream = RandomStream(seed: UInt64(bitPattern: Int64(configuration.seed))).stream("models")
  }

  /// The network archive as it is now.
  public var networks: any Archive<Int> { base.networks }

  /// The candidates of the next generation, each with its model; those of the rewriter have none.
  public func ask() throws(SearchError) -> [Proposal] {
    var proposals = try base.ask()
    var asked = ledger
    for place in proposals.indices where !proposals[place].goesToRewriter {
      var draw = stream.stream("generation", proposals[place].generation)
        .stream("proposal", proposals[place].index)
      let model = asked.choose(using: &draw)
      asked.ask(model)
      proposals[place].model = model
    }
    return proposals
  }

  /// Takes in what became of a generation, in the order asked.
  public mutating func tell(
    _ records: [CandidateRecord], scores: ScoreTable
  ) throws(SearchError) -> GenerationRecord {
    let finished = try base.tell(records, scores: scores)
    let elites = Set(finished.networks.map(\.candidate))
    for record in records {
      guard let use = record.origin.request?.model else { continue }
      ledger.learn(
        use, isElite: elites.contains(record.id),
        isNew: record.isTrainable && record.verdict.status != .duplicate)
    }
    return finished
  }
}

extension ModelLedger {
  /// The ledger of a run's models before its first generation.
  public init(_ configuration: RunConfiguration) {
    self.init(
      models: configuration.models.count, worth: configuration.model.banditValue,
      exploration: configuration.search.exploration)
  }

  /// What is known of a run's models after its finished generations.
  public init(
    _ configuration: RunConfiguration, candidates: some Sequence<CandidateSummary>,
    generations: [GenerationRecord]
  ) {
    self.init(configuration)
    let elites = generations.map { Set($0.networks.map(\.candidate)) }
    for candidate in candidates where elites.indices.contains(candidate.generation - 1) {
      guard let use = candidate.origin.request?.model else { continue }
      learn(
        use, isElite: elites[candidate.generation - 1].contains(candidate.id),
        isNew: candidate.isTrainable && candidate.verdict.status != .duplicate)
    }
  }
}
