import GRDB
import Search
import Training

/// Stores candidates, a row of `candidate_facts` each and rows of the other tables for what they have beside it.
struct CandidateWriter {
  private let rows: CandidateRows
  private let facts: DirectStatement
  private let figures: DirectStatement
  private let sources: DirectStatement
  private let changes: DirectStatement
  private let requests: DirectStatement
  private let epochs: DirectStatement
  private let judgements: DirectStatement
  private var text = NumberObjectText()

  /// A writer of candidates with those columns.
  init(_ rows: CandidateRows, in database: Database) throws {
    self.rows = rows
    facts = try DirectStatement(rows.insertion, in: database)
    figures = try DirectStatement("INSERT INTO candidate_figures VALUES (?, ?)", in: database)
    sources = try DirectStatement("INSERT INTO candidate_sources VALUES (?, ?)", in: database)
    changes = try DirectStatement("INSERT INTO candidate_changes VALUES (?, ?, ?, ?, ?)", in: database)
    requests = try DirectStatement(
      "INSERT INTO candidate_requests (candidate, request) VALUES (?, ?)", in: database)
    epochs = try DirectStatement("INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?)", in: database)
    judgements = try DirectStatement("INSERT INTO judgements VALUES (?, ?, ?, ?, ?, ?, ?)", in: database)
  }

  /// Stores a new candidate.
  ///
  /// - Throws: where it is stored already, or does not fit the run.
  mutating func insert(_ record: CandidateRecord) throws {
    try check(record)
    do {
      try insertFacts(of: record)
    } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_PRIMARYKEY {
      throw RunLogError("Candidate \(record.id) is stored already.")
    }
    if let numbers = record.description?.figures {
      guard let object = try text.object(numbers) else { throw Self.notFinite(record) }
      figures.bind(record.id)
      figures.bind(object)
      try figures.execute()
    }
    if let source = record.source {
      sources.bind(record.id)
      sources.bind(source)
      try sources.execute()
    }
    if let request = record.origin.request {
      requests.bind(record.id)
      requests.bind(try RunText.encode(request))
      try requests.execute()
    }
    try insertChanges(of: record)
    guard let evaluation = record.evaluation else { return }
    for (index, epoch) in evaluation.epochs.enumerated() {
      epochs.bind(record.id)
      epochs.bind(index + 1)
      epochs.bind(epoch.trainingLoss)
      epochs.bind(epoch.trainingAccuracy)
      epochs.bind(epoch.validationLoss)
      epochs.bind(epoch.validationAccuracy)
      try epochs.execute()
    }
    if let judgement = evaluation.judgement {
      judgements.bind(record.id)
      judgements.bind(judgement.incumbent)
      judgements.bind(judgement.incumbentFitness)
      judgements.bind(judgement.curves)
      judgements.bind(judgement.isAudit ? 1 : 0)
      judgements.bind(judgement.hopelessAfter)
      judgements.bind(try RunText.encode(judgement.checks))
      try judgements.execute()
    }
  }

  /// In the order of `CandidateRows.columns`.
  private func insertFacts(of record: CandidateRecord) throws {
    facts.bind(record.id)
    facts.bind(record.generation)
    facts.bind(record.index)
    facts.bind(record.origin.step.rawValue)
    facts.bind(record.origin.author.rawValue)
    facts.bind(record.origin.form.rawValue)
    facts.bind(RunText.list(record.origin.parents))
    facts.bind(record.origin.prompt)
    facts.bind(record.origin.temperature)
    facts.bind(record.origin.exchange)
    facts.bind(record.verdict.status.rawValue)
    facts.bind(record.verdict.reason)
    facts.bind(record.verdict.twin)
    facts.bind(record.description?.hash)
    facts.bind(record.description?.className)
    facts.bind(record.description?.parameters)
    facts.bind(record.description?.macs)
    facts.bind(record.description?.width)
    facts.bind(record.description?.depth)
    facts.bind(record.fitness)
    facts.bind(record.evaluation?.imagesSeen)
    facts.bind(record.evaluation?.seconds)
    let stop = record.evaluation?.stopReason?.columns
    facts.bind(stop?.reason)
    facts.bind(stop?.epoch)
    facts.bind(stop?.step)
    facts.bind(record.evaluation?.latencyMilliseconds)
    for axis in 0..<rows.axisCount { facts.bind(record.measures?[axis]) }
    for objective in 0..<rows.objectiveCount { facts.bind(record.objectives?[objective]) }
    try facts.execute()
  }

  private func insertChanges(of record: CandidateRecord) throws {
    let verdict = record.verdict
    let inheritance = record.evaluation?.inheritance
    guard
      inheritance != nil || !verdict.applied.isEmpty || !verdict.refusedEdits.isEmpty
        || !verdict.healed.isEmpty
    else { return }
    changes.bind(record.id)
    changes.bind(try RunText.encode(verdict.applied))
    changes.bind(try RunText.encode(verdict.refusedEdits))
    changes.bind(try RunText.encode(verdict.healed))
    changes.bind(try inheritance.map { try RunText.encode($0) })
    try changes.execute()
  }

  /// SQLite would keep what is not a number as NULL, so that it came back as something else.
  private func check(_ record: CandidateRecord) throws {
    if let measures = record.measures, measures.count != rows.axisCount {
      throw RunLogError(
        "Candidate \(record.id) has \(measures.count) measures, but the run has \(rows.axisCount) axes.")
    }
    if let objectives = record.objectives, objectives.count != rows.objectiveCount {
      throw RunLogError(
        "Candidate \(record.id) has \(objectives.count) objectives beside fitness, but the run has \(rows.objectiveCount)."
      )
    }
    let evaluation = record.evaluation
    let single = [
      record.fitness, record.origin.temperature, evaluation?.seconds, evaluation?.latencyMilliseconds,
      evaluation?.judgement?.incumbentFitness,
    ]
    guard single.allSatisfy({ $0?.isFinite ?? true }), record.measures?.allSatisfy(\.isFinite) ?? true,
      record.objectives?.allSatisfy(\.isFinite) ?? true,
      evaluation?.epochs.allSatisfy({
        $0.trainingLoss.isFinite && $0.trainingAccuracy.isFinite && $0.validationLoss.isFinite
          && $0.validationAccuracy.isFinite
      }) ?? true
    else { throw Self.notFinite(record) }
  }

  private static func notFinite(_ record: CandidateRecord) -> RunLogError {
    RunLogError("Candidate \(record.id) has a figure that is no finite number; it was not stored.")
  }
}
