import GRDB
import Search
import Training

/// Candidates as rows of the tables `candidate_facts`, `candidate_figures`, `candidate_sources`, `candidate_changes`,
/// `candidate_requests`, `epochs` and `judgements`.
struct CandidateRows: Sendable {
  /// The columns of `candidate_facts` that every run has; measures and objectives follow.
  static let columns = [
    "id", "generation", "place", "step", "author", "form", "parents", "prompt", "temperature", "exchange",
    "status", "reason", "twin", "hash", "class", "parameters", "macs", "width", "depth", "fitness",
    "images_seen", "seconds", "stop_reason", "stop_epoch", "stop_step", "latency_ms",
  ]

  let axisCount: Int
  let objectiveCount: Int
  /// What stores a row of `candidate_facts`, and what reads them.
  let insertion: String
  let selection: String

  /// The rows of a run whose archive has so many axes and objectives beside fitness.
  init(axisCount: Int, objectiveCount: Int) {
    self.axisCount = axisCount
    self.objectiveCount = objectiveCount
    let names =
      Self.columns + (0..<axisCount).map { "measure_\($0)" } + (0..<objectiveCount).map { "objective_\($0)" }
    let marks = [String](repeating: "?", count: names.count).joined(separator: ", ")
    insertion = "INSERT INTO candidate_facts (\(names.joined(separator: ", "))) VALUES (\(marks))"
    selection = "SELECT \(names.joined(separator: ", ")) FROM candidate_facts"
  }

  /// Stores new candidates.
  ///
  /// - Throws: where one is stored already, or does not fit the run.
  func insert(_ records: some Sequence<CandidateRecord>, in database: Database) throws {
    var writer = try CandidateWriter(self, in: database)
    for record in records { try writer.insert(record) }
  }

  // MARK: Reading

  /// What reports need of all candidates, by number.
  func summaries(in database: Database) throws -> [CandidateSummary] {
    let judgements = try judgements(in: database, of: nil)
    let requests = try requests(in: database, of: nil)
    var summaries: [CandidateSummary] = []
    // Numbers have no gaps in a run of ours; a damaged one may tell any.
    let last = try Int.fetchOne(database, sql: "SELECT max(id) FROM candidate_facts") ?? 0
    summaries.reserveCapacity(min(max(last, 0), 1_000_000) + 1)
    var reader = try CandidateReader(self, in: database, of: nil)
    while var summary = try reader.next() {
      if !requests.isEmpty { summary.origin.request = requests[summary.id] }
      if !judgements.isEmpty { summary.evaluation?.judgement = judgements[summary.id] }
      summaries.append(summary)
    }
    return summaries
  }

  /// The whole records of some candidates, or of all, by number.
  func records(in database: Database, of candidates: [Int]?) throws -> [CandidateRecord] {
    let sources = try sources(in: database, of: candidates)
    let figures = try figures(in: database, of: candidates)
    let changes = try changes(in: database, of: candidates)
    let curves = try curves(in: database, of: candidates)
    let judgements = try judgements(in: database, of: candidates)
    let requests = try requests(in: database, of: candidates)
    var reader = try CandidateReader(self, in: database, of: candidates)
    var records: [CandidateRecord] = []
    while var summary = try reader.next() {
      summary.origin.request = requests[summary.id]
      let change = changes[summary.id]
      let description = summary.description.map { network in
        NetworkDescription(
          hash: network.hash, className: network.className, parameters: network.parameters,
          macs: network.macs, width: network.width, depth: network.depth, figures: figures[summary.id])
      }
      var evaluation = summary.evaluation.map {
        TrainingOutcome(
          epochs: curves[summary.id] ?? [], imagesSeen: $0.imagesSeen, seconds: $0.seconds,
          inheritance: change?.inheritance)
      }
      evaluation?.stopReason = summary.evaluation?.stopReason
      evaluation?.judgement = judgements[summary.id]
      evaluation?.latencyMilliseconds = summary.evaluation?.latencyMilliseconds
      var record = CandidateRecord(
        id: summary.id, generation: summary.generation, index: summary.index, origin: summary.origin,
        source: sources[summary.id],
        verdict: Verdict(
          summary.verdict.status, reason: summary.verdict.reason, twin: summary.verdict.twin,
          applied: change?.applied ?? [], refusedEdits: change?.refusedEdits ?? [],
          healed: change?.healed ?? []),
        description: description, measures: summary.measures, evaluation: evaluation,
        fitness: summary.fitness)
      record.objectives = summary.objectives
      records.append(record)
    }
    return records
  }

  /// The figures of some networks, or of all, by number.
  func figures(in database: Database, of candidates: [Int]?) throws -> [Int: [String: Double]] {
    try Self.read("figures", "candidate_figures", candidates, database) {
      try RunText.decode([String: Double].self, $0.text(1))
    }
  }

  /// The sources of some candidates, or of all, by number.
  func sources(in database: Database, of candidates: [Int]?) throws -> [Int: String] {
    try Self.read("source", "candidate_sources", candidates, database) { try $0.text(1) }
  }

  /// The epochs of some candidates, or of all, by number.
  func curves(in database: Database, of candidates: [Int]?) throws -> [Int: [TrainingOutcome.Epoch]] {
    let list = candidates.map { RunText.list($0) }
    let rows = try Row.fetchCursor(
      database,
      sql:
        "SELECT candidate, training_loss, training_accuracy, validation_loss, validation_accuracy FROM epochs"
        + Self.condition("candidate", list) + " ORDER BY candidate, epoch",
      arguments: Self.arguments(list))
    var curves: [Int: [TrainingOutcome.Epoch]] = [:]
    while let row = try rows.next() {
      curves[try row.integer(0), default: []].append(
        TrainingOutcome.Epoch(
          trainingLoss: try row.number(1), trainingAccuracy: try row.number(2),
          validationLoss: try row.number(3), validationAccuracy: try row.number(4)))
    }
    return curves
  }

  private struct Change {
    var applied: [String]
    var refusedEdits: [String]
    var healed: [String]
    var inheritance: Inheritance?
  }

  private func changes(in database: Database, of candidates: [Int]?) throws -> [Int: Change] {
    try Self.read("applied, refused_edits, healed, inheritance", "candidate_changes", candidates, database) {
      Change(
        applied: try RunText.decode([String].self, $0.text(1)),
        refusedEdits: try RunText.decode([String].self, $0.text(2)),
        healed: try RunText.decode([String].self, $0.text(3)),
        inheritance: try ($0[4] as String?).map { try RunText.decode(Inheritance.self, $0) })
    }
  }

  private func requests(in database: Database, of candidates: [Int]?) throws -> [Int: CandidateRequest] {
    try Self.read("request", "candidate_requests", candidates, database) {
      try RunText.decode(CandidateRequest.self, $0.text(1))
    }
  }

  private func judgements(in database: Database, of candidates: [Int]?) throws -> [Int: NicheJudgement] {
    let columns = "incumbent, incumbent_fitness, curves, is_audit, hopeless_after, checks"
    return try Self.read(columns, "judgements", candidates, database) { row in
      var judgement = NicheJudgement(
        incumbent: try row.integer(1), incumbentFitness: try row.number(2), curves: try row.integer(3),
        isAudit: try row.integer(4) != 0)
      judgement.hopelessAfter = row[5]
      judgement.checks = try RunText.decode([NicheJudgement.Check].self, row.text(6))
      return judgement
    }
  }

  private static func read<Value>(
    _ columns: String, _ table: String, _ candidates: [Int]?, _ database: Database,
    _ value: (Row) throws -> Value
  ) throws -> [Int: Value] {
    let list = candidates.map { RunText.list($0) }
    let rows = try Row.fetchCursor(
      database, sql: "SELECT candidate, \(columns) FROM \(table)" + condition("candidate", list),
      arguments: arguments(list))
    var values: [Int: Value] = [:]
    while let row = try rows.next() {
      let number = try row.integer(0)
      values[number] = try UnreadableRow.named(table, "candidate \(number)") { try value(row) }
    }
    return values
  }

  static func condition(_ column: String, _ list: String?) -> String {
    list == nil ? "" : " WHERE \(column) IN (SELECT value FROM json_each(?))"
  }

  private static func arguments(_ list: String?) -> StatementArguments { list.map { [$0] } ?? [] }
}

extension Row {
  // A subscript that must convert would end the process where a damaged file holds NULL.

  /// The whole number in a column.
  func integer(_ column: Int) throws -> Int {
    guard let value = self[column] as Int? else { throw RunText.unreadable }
    return value
  }

  /// The number in a column.
  func number(_ column: Int) throws -> Double {
    guard let value = self[column] as Double? else { throw RunText.unreadable }
    return value
  }

  /// The text in a column.
  func text(_ column: Int) throws -> String {
    guard let value = self[column] as String? else { throw RunText.unreadable }
    return value
  }
}
