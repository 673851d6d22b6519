/// What the engine remembers of a run: all records, their sources, and which network was met first where.
struct KnownCandidates: Sendable {
  private(set) var records: [Int: CandidateRecord] = [:]
  /// The first candidate, by number, that is the network of that canonical hash.
  private(set) var firstByHash: [String: Int] = [:]

  /// What training candidates again gave.
  private(set) var scores: [CandidateScore] = []
  private(set) var scoreTable = ScoreTable()

  init(_ records: [CandidateRecord], scores: [CandidateScore] = []) {
    for record in records { add(record) }
    for score in scores { add(score) }
  }

  mutating func add(_ score: CandidateScore) {
    scores.append(score)
    scoreTable.add(score)
  }

  /// The source of a candidate.
  func source(of candidate: Int) -> String? { records[candidate]?.source }

  mutating func add(_ record: CandidateRecord) {
    records[record.id] = record
    // The initial network is not trained, so it is nobody's twin.
    if record.generation > 0, record.verdict.status != .refused, let hash = record.description?.hash {
      claim(hash, for: record.id)
    }
  }

  /// Says that the candidate is the network of that hash, unless an earlier one is.
  mutating func claim(_ hash: String, for candidate: Int) {
    firstByHash[hash] = min(firstByHash[hash] ?? candidate, candidate)
  }

  var verdicts: [Verdict.Status: Int] {
    records.values.filter { $0.generation > 0 }.reduce(into: [:]) { $0[$1.verdict.status, default: 0] += 1 }
  }
}

extension CandidateRecord {
  /// The record of a proposal once its draft was screened: complete where it was refused, else to be trained.
  init(_ proposal: Proposal, draft: Draft, screened: Screening.Outcome?) {
    var request = CandidateRequest()
    request.inspirations = proposal.inspirations
    request.niche = proposal.niche
    request.prompt = draft.prompt
    request.repairs = draft.repairs
    request.model = proposal.model.map { ModelUse(model: $0, cost: draft.cost) }
    let origin = CandidateOrigin(
      step: proposal.step, author: draft.author, form: draft.form, parents: proposal.parents,
      prompt: proposal.prompt, temperature: proposal.temperature, exchange: draft.exchange,
      request: request.isEmpty ? nil : request)
    var verdict = Verdict(
      .refused, reason: draft.reason, applied: draft.applied, refusedEdits: draft.refusedEdits)
    var source = draft.source
    var description: NetworkDescription?
    var measures: [Double]?
    switch screened {
    case .passed(let passed):
      verdict.status = passed.healed.isEmpty ? .valid : .healed
      verdict.healed = passed.healed
      (source, description, measures) = (passed.source, passed.description, passed.measures)
    case .refused(let text, let reason, let known, let values):
      verdict.reason = reason
      (source, description, measures) = (text, known, values)
    case nil: break
    }
    self.init(
      id: proposal.id, generation: proposal.generation, index: proposal.index, origin: origin, source: source,
      verdict: verdict, description: description, measures: measures)
  }

  /// The record with the proxies of its network and the measures that name them; with a reason where it needs no training,
  /// since a proxy has no score or gives it no niche.
  func scored(_ source: String, by proxies: ProxyMeasures?, for screening: Screening) -> CandidateRecord {
    guard let proxies, var network = description else { return self }
    var record = self
    do throws(SearchError) {
      try proxies.score(source, &network)
    } catch {
      (record.verdict.status, record.verdict.reason) = (.untrainable, error.description)
      return record
    }
    record.description = network
    record.measures = screening.descriptors.measures(of: network, training: nil)
    let objection =
      screening.descriptors.objection(to: network, training: nil)
      ?? screening.objectives.objection(to: network, training: nil)
    if let objection { (record.verdict.status, record.verdict.reason) = (.untrainable, objection) }
    return record
  }

  /// The record with what training gave, and with the measures that need it.
  func trained(_ outcome: NetworkEvaluator.Outcome, by screening: Screening) -> CandidateRecord {
    let descriptors = screening.descriptors
    var record = self
    record.evaluation = outcome.evaluation
    record.fitness = outcome.fitness
    if let failure = outcome.failure {
      record.verdict.status = outcome.isOutclassed ? .stopped : .untrainable
      record.verdict.reason = failure
    } else if measures == nil, let description {
      record.measures = descriptors.measures(of: description, training: outcome.evaluation)
      if let objection = descriptors.objection(to: description, training: outcome.evaluation) {
        (record.verdict.status, record.verdict.reason, record.fitness) = (.untrainable, objection, nil)
      }
    }
    guard record.fitness != nil, let description else { return record }
    if let objection = screening.objectives.objection(to: description, training: outcome.evaluation) {
      (record.verdict.status, record.verdict.reason, record.fitness) = (.untrainable, objection, nil)
    } else {
      record.objectives = screening.objectives.values(of: description, training: outcome.evaluation)
    }
    return record
  }

  /// The record as a repetition of an earlier candidate, whose figures it takes over.
  ///
  /// All of them, so that it lands in its twin's niche and cannot be an elite without weights of its own: what
  /// the hash looks past, such as a layer that is never applied, may still count in its own width or depth.
  func duplicate(of twin: CandidateRecord) -> CandidateRecord {
    var record = self
    record.verdict.status = .duplicate
    record.verdict.twin = twin.id
    record.verdict.reason = twin.fitness == nil ? twin.verdict.reason : nil
    record.description = twin.description
    if let className = description?.className { record.description?.className = className }
    (record.measures, record.objectives) = (twin.measures, twin.objectives)
    record.evaluation = twin.evaluation
    record.fitness = twin.fitness
    return record
  }
}
