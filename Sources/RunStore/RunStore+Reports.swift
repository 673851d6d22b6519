import GRDB
public import LanguageModels
public import Search

/// What reports and verification ask for.
extension RunStore {
  /// All exchanges with models, with the candidate each was for, by candidate.
  public func exchanges() async throws(RunLogError) -> [(candidate: Int, exchange: ChatExchange)] {
    try await keyedExchanges().map { (candidate: $0.candidate, exchange: $0.exchange) }
  }

  /// All exchanges with models, with the keys they are stored under and the candidate each was for, by candidate.
  public func keyedExchanges() async throws(RunLogError) -> [(
    key: String, candidate: Int, exchange: ChatExchange
  )] {
    try await read { database in
      let rows = try Row.fetchCursor(
        database, sql: "SELECT key, candidate, exchange FROM exchanges ORDER BY candidate, key")
      var exchanges: [(key: String, candidate: Int, exchange: ChatExchange)] = []
      while let row = try rows.next() {
        let key = try row.text(0)
        let exchange = try UnreadableRow.named("exchanges", "key \(key)") {
          try RunText.decode(ChatExchange.self, row.text(2))
        }
        exchanges.append((key, try row.integer(1), exchange))
      }
      return exchanges
    }
  }

  /// Which candidates have weights, in ascending order.
  public func weightCandidates() throws(RunLogError) -> [Int] {
    try read { try Int.fetchAll($0, sql: "SELECT candidate FROM weights ORDER BY candidate") }
  }

  /// The CRC-32 of a candidate's weights as it was when they were stored; nil where a run of an earlier version stored them.
  public func weightChecksum(of candidate: Int) throws(RunLogError) -> Int? {
    try read {
      try Int.fetchOne($0, sql: "SELECT crc32 FROM weights WHERE candidate = ?", arguments: [candidate])
    }
  }

  /// The first thing that is wrong with the file itself: what SQLite finds, rows that belong to nothing, lists with gaps.
  public func firstFault() throws(RunLogError) -> StoreFault? {
    let empty = try Self.explained("read", path) {
      let queue = try DatabaseQueue()
      try queue.write { try RunSchema.create(in: $0, of: header) }
      return queue
    }
    return try read { database in
      try empty.read { try StoreFault.first(in: database, expected: $0) }
    }
  }

  /// What the exchanges of a run add up to.
  public func usage() throws(RunLogError) -> ModelUsage {
    try read { database in
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT count(*), count(*) FILTER (WHERE outcome = 'reply'), total(prompt_tokens), total(completion_tokens),
            total(seconds), sum(exchange ->> '$.cost'), \(Self.answering) FROM exchanges GROUP BY 7 ORDER BY 7
          """)
      var (sum, models) = (ModelUsage(), [String: ModelUsage]())
      while let row = try rows.next() {
        let replies = try row.integer(1)
        // Sums of hostile numbers may be beyond what an Int holds.
        let usage = ModelUsage(
          replies: replies, failures: try row.integer(0) - replies,
          promptTokens: Int(exactly: try row.number(2)) ?? .max,
          completionTokens: Int(exactly: try row.number(3)) ?? .max, seconds: try row.number(4),
          dollars: row[5] as Double?)
        sum.add(usage)
        models[try row.text(6)] = usage
      }
      if models.count > 1 { sum.models = models }
      return sum
    }
  }

  /// The model of an exchange: of several that answer as one the one that did.
  private static let answering = "coalesce(exchange ->> '$.outcome.reply._0.source.model', model)"

  /// What reports need of all candidates, by number.
  public func summaries() throws(RunLogError) -> [CandidateSummary] {
    try read { try rows.summaries(in: $0) }
  }

  /// The whole records of some candidates, by number; those that are not stored are left out.
  public func records(of candidates: some Sequence<Int>) throws(RunLogError) -> [Int: CandidateRecord] {
    try read { database in
      let records = try rows.records(in: database, of: Array(candidates))
      return Dictionary(records.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// The sources of some candidates, by number; those that have none are left out.
  public func sources(of candidates: some Sequence<Int>) throws(RunLogError) -> [Int: String] {
    try read { try rows.sources(in: $0, of: Array(candidates)) }
  }

  /// The epochs of some candidates, by number; those that were not trained are left out.
  public func curves(of candidates: some Sequence<Int>) throws(RunLogError) -> [Int: [TrainingOutcome.Epoch]]
  {
    try read { try rows.curves(in: $0, of: Array(candidates)) }
  }

  /// What descriptors name beside `CandidateSummary.figureNames` of each candidate that has a fitness: figures of the
  /// compiler and the training by name.
  ///
  /// Those that a candidate's record does not have are left out.
  public func figures(_ names: Set<String>) throws(RunLogError) -> [Int: [String: Double]] {
    try read { try FigureRows.figures(names, in: $0) }
  }

  /// All figures of some networks by name, by candidate; those that have none are left out.
  public func networkFigures(
    of candidates: some Sequence<Int>
  ) throws(RunLogError) -> [Int: [String: Double]] {
    try read { try rows.figures(in: $0, of: Array(candidates)) }
  }

  /// The candidates of which no source came, such as those whose exchange failed.
  public func candidatesWithoutSource() throws(RunLogError) -> Set<Int> {
    try read {
      try Int.fetchSet(
        $0, sql: "SELECT id FROM candidate_facts WHERE id NOT IN (SELECT candidate FROM candidate_sources)")
    }
  }

  /// The candidates whose source healing changed, whatever became of them then.
  public func healedCandidates() throws(RunLogError) -> Set<Int> {
    try read {
      try Int.fetchSet(
        $0, sql: "SELECT candidate FROM candidate_changes WHERE json_array_length(healed) > 0")
    }
  }

  /// What all exchanges with models took, without what was said, by candidate.
  public func exchangeFigures() throws(RunLogError) -> [ExchangeFigures] {
    try read { database in
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT candidate, \(Self.answering), outcome = 'reply', total(prompt_tokens) + total(completion_tokens)
            FROM exchanges GROUP BY key ORDER BY candidate, key
          """)
      var figures: [ExchangeFigures] = []
      while let row = try rows.next() {
        figures.append(
          ExchangeFigures(
            candidate: try row.integer(0), model: try row.text(1), isReply: try row.integer(2) != 0,
            tokens: Int(exactly: try row.number(3)) ?? .max))
      }
      return figures
    }
  }
}
