import QualityDiversity
import RandomStreams

/// Whom the candidates of a generation have to beat.
///
/// All of it is known before the generation begins, so neither threads nor an interruption decide who is stopped.
struct NicheContests: Sendable {
  private let rule: StoppingRule?
  private let audit: Double
  private let stream: RandomStream
  /// An archive of the run's cells, whatever it holds.
  private let archive: any Archive<Int>
  /// The elites' records by cell.
  private let incumbents: [Int: CandidateRecord]

  /// The contests of the generation behind those that are finished.
  init(
    _ configuration: RunConfiguration, archive: any Archive<Int>, known: KnownCandidates, finished: Int,
    elites: [ArchiveCell], validationCount: Int
  ) {
    let records = known.records.values.filter { $0.generation > 0 && $0.generation <= finished }
    rule = StoppingRule(configuration.training, records: records, validationCount: validationCount)
    audit = configuration.training.stopping.audit
    stream = RandomStream(seed: UInt64(bitPattern: Int64(configuration.seed)))
    self.archive = archive
    incumbents = elites.reduce(into: [:]) { $0[$1.cell] = known.records[$1.candidate] }
  }

  /// The record with whether the network is in the niche that was asked for.
  func settled(_ record: CandidateRecord) -> CandidateRecord {
    guard let niche = record.origin.request?.niche, record.verdict.isNetwork, let measures = record.measures
    else { return record }
    var record = record
    record.origin.request?.niche?.isHit = (try? archive.cell(of: measures)) == niche.cell
    return record
  }

  /// The contest of a candidate; nil where its niche is empty or nothing can be said.
  func contest(of candidate: Int, measures: [Double]?) -> NicheContest? {
    guard let rule, let measures, let cell = try? archive.cell(of: measures),
      let incumbent = incumbents[cell],
      let fitness = incumbent.fitness
    else { return nil }
    var draw = stream.stream("audit", candidate)
    return NicheContest(
      rule: rule, incumbent: incumbent.id, incumbentFitness: fitness,
      incumbentCurve: incumbent.evaluation?.epochs.map(\.validationAccuracy) ?? [],
      isAudit: draw.bernoulli(audit))
  }
}
