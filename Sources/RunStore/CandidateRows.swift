import Foundation
import GRDB
import Search
import Training

/// Candidates as rows of the tables `candidate_facts`, `candidate_figures`, `candidate_sources`, `candidate_changes`,
/// `candidate_requests`, `epochs` and `judgements`.
struct CandidateRows: Sendable {
  private static let columns = [
    "id", "generation", "place", "step", "author", "form", "parents", "prompt", "temperature", "exchange",
    "status", "reason", "twin", "hash", "class", "parameters", "macs", "width", "depth", "fitness",
    "images_seen", "seconds", "stop_reason", "stop_epoch", "stop_step", "latency_ms",
  ]

  private let axisCount: Int
  private let objectiveCount: Int
  private let insertion: String
  private let selection: String

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

  // MARK: Writing

  /// Stores new candidates.
  ///
  /// - Throws: where one is stored already, or does not fit the run.
  func insert(_ records: some Sequence<CandidateRecord>, in database: Database) throws {
    let facts = try database.cachedStatement(sql: insertion)
    let figures = try database.cachedStatement(sql: FigureRows.insertion)
    var text = NumberObjectText()
    let sources = try database.cachedStatement(sql: "INSERT INTO candidate_sources VALUES (?, ?)")
    let changes = try database.cachedStatement(sql: "INSERT INTO candidate_changes VALUES (?, ?, ?, ?, ?)")
    let requests = try database.cachedStatement(
      sql: "INSERT INTO candidate_requests (candidate, request) VALUES (?, ?)")
    let epochs = try database.cachedStatement(sql: "INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?)")
    let judgements = try database.cachedStatement(sql: "INSERT INTO judgements VALUES (?, ?, ?, ?, ?, ?, ?)")
    for record in records {
      try check(record)
      do {
        try facts.execute(arguments: StatementArguments(values(of: record)))
      } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_PRIMARYKEY {
        throw RunLogError("Candidate \(record.id) is stored already.")
      }
      if let numbers = record.description?.figures {
        try figures.execute(arguments: [record.id, text.object(numbers)])
      }
      if let source = record.source { try sources.execute(arguments: [record.id, source]) }
      if let request = record.origin.request {
        try requests.execute(arguments: [record.id, RunText.encode(request)])
      }
      let verdict = record.verdict
      let inheritance = record.evaluation?.inheritance
      if inheritance != nil || !(verdict.applied + verdict.refusedEdits + verdict.healed).isEmpty {
        try changes.execute(arguments: [
          record.id, RunText.encode(verdict.applied), RunText.encode(verdict.refusedEdits),
          RunText.encode(verdict.healed), inheritance.map { try RunText.encode($0) },
        ])
      }
      guard let evaluation = record.evaluation else { continue }
      for (index, epoch) in evaluation.epochs.enumerated() {
        try epochs.execute(arguments: [
          record.id, index + 1, epoch.trainingLoss, epoch.trainingAccuracy, epoch.validationLoss,
          epoch.validationAccuracy,
        ])
      }
      if let judgement = evaluation.judgement {
        try judgements.execute(arguments: [
          record.id, judgement.incumbent, judgement.incumbentFitness, judgement.curves, judgement.isAudit,
          judgement.hopelessAfter, RunText.encode(judgement.checks),
        ])
      }
    }
  }

  private func values(of record: CandidateRecord) -> [(any DatabaseValueConvertible)?] {
    let (origin, verdict, network) = (record.origin, record.verdict, record.description)
    let (stop, epoch, step) = record.evaluation?.stopReason.map(\.columns) ?? (nil, nil, nil)
    var values: [(any DatabaseValueConvertible)?] = [
      record.id, record.generation, record.index, origin.step.rawValue, origin.author.rawValue,
      origin.form.rawValue, RunText.list(origin.parents), origin.prompt, origin.temperature, origin.exchange,
      verdict.status.rawValue, verdict.reason, verdict.twin, network?.hash, network?.className,
      network?.parameters, network?.macs, network?.width, network?.depth, record.fitness,
      record.evaluation?.imagesSeen, record.evaluation?.seconds, stop, epoch, step,
      record.evaluation?.latencyMilliseconds,
    ]
    for axis in 0..<axisCount { values.append(record.measures?[axis]) }
    for objective in 0..<objectiveCount { values.append(record.objectives?[objective]) }
    return values
  }

  /// SQLite would keep what is not a number as NULL, so that it came back as something else.
  private func check(_ record: CandidateRecord) throws {
    if let measures = record.measures, measures.count != axisCount {
      throw RunLogError(
        "Candidate \(record.id) has \(measures.count) measures, but the run has \(axisCount) axes.")
    }
    if let objectives = record.objectives, objectives.count != objectiveCount {
      throw RunLogError(
        "Candidate \(record.id) has \(objectives.count) objectives beside fitness, but the run has \(objectiveCount)."
      )
    }
    let evaluation = record.evaluation
    let single = [
      record.fitness, record.origin.temperature, evaluation?.seconds, evaluation?.latencyMilliseconds,
      evaluation?.judgement?.incumbentFitness,
    ]
    // Without gathering them, as there are many in each of many candidates.
    guard single.allSatisfy({ $0?.isFinite ?? true }), record.measures?.allSatisfy(\.isFinite) ?? true,
      record.objectives?.allSatisfy(\.isFinite) ?? true,
      record.description?.figures?.allSatisfy({ $0.value.isFinite }) ?? true,
      evaluation?.epochs.allSatisfy({
        $0.trainingLoss.isFinite && $0.trainingAccuracy.isFinite && $0.validationLoss.isFinite
          && $0.validationAccuracy.isFinite
      }) ?? true
    else {
      throw RunLogError("Candidate \(record.id) has a figure that is no finite number; it was not stored.")
    }
  }

  // MARK: Reading

  /// What reports need of all candidates, by number.
  func summaries(in database: Database) throws -> [CandidateSummary] {
    let judgements = try judgements(in: database, of: nil)
    let requests = try requests(in: database, of: nil)
    var summaries: [CandidateSummary] = []
    summaries.reserveCapacity(
      try Int.fetchOne(database, sql: "SELECT count(*) FROM candidate_facts") ?? 0)
    let rows = try Row.fetchCursor(database, sql: selection + " ORDER BY id")
    while let row = try rows.next() {
      var summary = try named(row)
      if !requests.isEmpty { summary.origin.request = requests[summary.id] }
      if !judgements.isEmpty { summary.evaluation?.judgement = judgements[summary.id] }
      summaries.append(summary)
    }
    return summaries
  }

  /// The whole records of some candidates, or of all, by number.
  func records(in database: Database, of candidates: [Int]?) throws -> [CandidateRecord] {
    let list = candidates.map { RunText.list($0) }
    let sources = try sources(in: database, of: candidates)
    let figures = try figures(in: database, of: candidates)
    let changes = try changes(in: database, of: candidates)
    let curves = try curves(in: database, of: candidates)
    let judgements = try judgements(in: database, of: candidates)
    let requests = try requests(in: database, of: candidates)
    let rows = try Row.fetchCursor(
      database, sql: selection + Self.condition("id", list) + " ORDER BY id", arguments: Self.arguments(list))
    var records: [CandidateRecord] = []
    while let row = try rows.next() {
      var summary = try named(row)
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

  private static func condition(_ column: String, _ list: String?) -> String {
    list == nil ? "" : " WHERE \(column) IN (SELECT value FROM json_each(?))"
  }

  private static func arguments(_ list: String?) -> StatementArguments { list.map { [$0] } ?? [] }

  private func named(_ row: Row) throws -> CandidateSummary {
    try UnreadableRow.named("candidates", "id \((row[0] as Int?) ?? 0)") { try summary(row) }
  }

  private func summary(_ row: Row) throws -> CandidateSummary {
    var network: CandidateSummary.Network?
    if let hash = row[13] as String? {
      network = CandidateSummary.Network(
        hash: hash, className: try row.text(14), parameters: try row.integer(15), macs: try row.integer(16),
        width: try row.integer(17), depth: try row.integer(18))
    }
    var evaluation: CandidateSummary.Evaluation?
    if let images = row[20] as Int? {
      evaluation = CandidateSummary.Evaluation(imagesSeen: images, seconds: try row.number(21))
      evaluation?.latencyMilliseconds = row[25]
      if let reason = row[22] as String? {
        evaluation?.stopReason = try StopReason(columns: (reason, row[23], row[24]))
      }
    }
    var measures: [Double]?
    if axisCount == 0 ? network != nil : !row.hasNull(atIndex: 26) {
      measures = try row.numbers(26, count: axisCount)
    }
    var summary = CandidateSummary(
      id: try row.integer(0), generation: try row.integer(1), index: try row.integer(2),
      origin: CandidateOrigin(
        step: try row.choice(3), author: try row.choice(4), form: try row.choice(5),
        parents: try RunText.numbers(row.text(6)), prompt: row[7], temperature: row[8], exchange: row[9]),
      verdict: CandidateSummary.Verdict(status: try row.choice(10), reason: row[11], twin: row[12]),
      description: network, measures: measures, evaluation: evaluation, fitness: row[19])
    if objectiveCount > 0, !row.hasNull(atIndex: 26 + axisCount) {
      summary.objectives = try row.numbers(26 + axisCount, count: objectiveCount)
    }
    return summary
  }
}

extension StopReason {
  fileprivate typealias Columns = (reason: String?, epoch: Int?, step: Int?)

  fileprivate var columns: Columns {
    switch self {
    case .completed: ("completed", nil, nil)
    case .nonFiniteLoss(let epoch, let step): ("non-finite-loss", epoch, step)
    case .diverged(let epoch, let step): ("diverged", epoch, step)
    case .stalled(let epoch, let step): ("stalled", epoch, step)
    case .outclassed(let epoch, let step): ("outclassed", epoch, step)
    case .cancelled(let epoch, let step): ("cancelled", epoch, step)
    }
  }

  fileprivate init(columns: Columns) throws {
    guard columns.reason != "completed" else {
      self = .completed
      return
    }
    guard let epoch = columns.epoch, let step = columns.step else { throw RunText.unreadable }
    switch columns.reason {
    case "non-finite-loss": self = .nonFiniteLoss(epoch: epoch, step: step)
    case "diverged": self = .diverged(epoch: epoch, step: step)
    case "stalled": self = .stalled(epoch: epoch, step: step)
    case "outclassed": self = .outclassed(epoch: epoch, step: step)
    case "cancelled": self = .cancelled(epoch: epoch, step: step)
    default: throw RunText.unreadable
    }
  }
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

  /// The numbers in columns one behind the other.
  fileprivate func numbers(_ first: Int, count: Int) throws -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(count)
    for column in first..<first + count { values.append(try number(column)) }
    return values
  }

  /// The text in a column.
  func text(_ column: Int) throws -> String {
    guard let value = self[column] as String? else { throw RunText.unreadable }
    return value
  }

  fileprivate func choice<Choice: RawRepresentable<String>>(_ column: Int) throws -> Choice {
    guard let choice = Choice(rawValue: try text(column)) else { throw RunText.unreadable }
    return choice
  }
}
