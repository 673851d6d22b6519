import GRDB
import Search
import Training

/// Reads rows of `candidate_facts`, by number.
struct CandidateReader {
  private let rows: CandidateRows
  private let statement: DirectStatement
  private var step = ChoiceColumn<CandidateOrigin.Step>(3)
  private var author = ChoiceColumn<CandidateOrigin.Author>(4)
  private var form = ChoiceColumn<CandidateOrigin.Form>(5)
  private var status = ChoiceColumn<Verdict.Status>(10)

  /// A reader of some candidates, or of all.
  init(_ rows: CandidateRows, in database: Database, of candidates: [Int]?) throws {
    self.rows = rows
    let list = candidates.map { RunText.list($0) }
    statement = try DirectStatement(
      rows.selection + CandidateRows.condition("id", list) + " ORDER BY id", in: database)
    if let list { statement.bind(list) }
  }

  /// The next candidate; nil where there is none.
  ///
  /// - Throws: where a row holds what none of ours would, which it names.
  mutating func next() throws -> CandidateSummary? {
    guard try statement.next() else { return nil }
    do {
      return try summary()
    } catch is DecodingError {
      throw UnreadableRow(table: "candidates", row: "id \(statement.integerOrNull(0) ?? 0)")
    }
  }

  /// In the order of `CandidateRows.columns`.
  private mutating func summary() throws -> CandidateSummary {
    var network: CandidateSummary.Network?
    if let hash = statement.textOrNull(13) {
      network = CandidateSummary.Network(
        hash: hash, className: try statement.text(14), parameters: try statement.integer(15),
        macs: try statement.integer(16), width: try statement.integer(17), depth: try statement.integer(18))
    }
    var evaluation: CandidateSummary.Evaluation?
    if let images = statement.integerOrNull(20) {
      evaluation = CandidateSummary.Evaluation(
        imagesSeen: images, seconds: try statement.number(21),
        latencyMilliseconds: statement.numberOrNull(25), stopReason: try stopReason())
    }
    let first = CandidateRows.columns.count
    var measures: [Double]?
    if rows.axisCount == 0 ? network != nil : !statement.isNull(first) {
      measures = try numbers(first, count: rows.axisCount)
    }
    var summary = CandidateSummary(
      id: try statement.integer(0), generation: try statement.integer(1), index: try statement.integer(2),
      origin: CandidateOrigin(
        step: try step.choice(in: statement), author: try author.choice(in: statement),
        form: try form.choice(in: statement), parents: try RunText.numbers(statement.text(6)),
        prompt: statement.textOrNull(7), temperature: statement.numberOrNull(8),
        exchange: statement.textOrNull(9)),
      verdict: CandidateSummary.Verdict(
        status: try status.choice(in: statement), reason: statement.textOrNull(11),
        twin: statement.integerOrNull(12)),
      description: network, measures: measures, evaluation: evaluation, fitness: statement.numberOrNull(19))
    if rows.objectiveCount > 0, !statement.isNull(first + rows.axisCount) {
      summary.objectives = try numbers(first + rows.axisCount, count: rows.objectiveCount)
    }
    return summary
  }

  private func stopReason() throws -> StopReason? {
    guard let reason = statement.textOrNull(22) else { return nil }
    return try StopReason(columns: (reason, statement.integerOrNull(23), statement.integerOrNull(24)))
  }

  private func numbers(_ first: Int, count: Int) throws -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(count)
    for column in first..<first + count { values.append(try statement.number(column)) }
    return values
  }
}

/// A column with the name of a choice, which mostly is the row's before.
private struct ChoiceColumn<Choice: RawRepresentable<String>> {
  private let column: Int
  private var last: (name: String, choice: Choice)?

  init(_ column: Int) { self.column = column }

  /// What the present row has chosen.
  mutating func choice(in statement: DirectStatement) throws -> Choice {
    let name = try statement.text(column)
    if let last, last.name == name { return last.choice }
    guard let choice = Choice(rawValue: name) else { throw RunText.unreadable }
    last = (name, choice)
    return choice
  }
}

extension StopReason {
  typealias Columns = (reason: String?, epoch: Int?, step: Int?)

  var columns: Columns {
    switch self {
    case .completed: ("completed", nil, nil)
    case .nonFiniteLoss(let epoch, let step): ("non-finite-loss", epoch, step)
    case .diverged(let epoch, let step): ("diverged", epoch, step)
    case .stalled(let epoch, let step): ("stalled", epoch, step)
    case .outclassed(let epoch, let step): ("outclassed", epoch, step)
    case .cancelled(let epoch, let step): ("cancelled", epoch, step)
    }
  }

  init(columns: Columns) throws {
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
