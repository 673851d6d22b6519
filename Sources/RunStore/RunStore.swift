import Foundation
import GRDB
public import LanguageModels
public import Search
import Synchronization

/// A run in one SQLite file: every candidate, exchange and evaluation, and both archives.
///
/// The file is in WAL mode: others may read while a run writes, and a process killed at any moment leaves every
/// finished transaction behind.
public final class RunStore: RunLog {
  /// The name of the file within a run's folder.
  public static let fileName = "run.sqlite"

  /// What the run was begun with.
  public let header: RunHeader
  /// The run's folder.
  public let folder: String
  private let database: DatabasePool
  /// What is read from: the database as it is, or as it was at one moment.
  private let reader: any DatabaseReader
  private let rows: CandidateRows
  /// The last generation that this process has seen stored, which the next one's changes are told from.
  private let last = Mutex<GenerationRecord?>(nil)

  private init(
    header: RunHeader, folder: String, database: DatabasePool, reader: (any DatabaseReader)? = nil
  ) {
    self.header = header
    self.folder = folder
    self.database = database
    self.reader = reader ?? database
    let configuration = header.configuration
    rows = CandidateRows(
      axisCount: configuration.descriptors.count, objectiveCount: configuration.archive.objectives.count)
  }

  /// Begins a run in a folder, which is made.
  ///
  /// - Throws: where the folder holds a run already or cannot be written.
  public static func create(in folder: String, header: RunHeader) throws(RunLogError) -> RunStore {
    let path = folder + "/" + fileName
    guard !FileManager.default.fileExists(atPath: path) else {
      throw RunLogError(
        "There is a run in '\(folder)' already; go on with it by --resume, or give this one another --name.")
    }
    return try explained("write", path) {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      // The tables are made beside the final name, so that a run killed here leaves nothing half made.
      let draft = path + ".new"
      try? FileManager.default.removeItem(atPath: draft)
      let queue = try DatabaseQueue(path: draft)
      let text = try RunText.encode(header)
      try queue.write { database in
        let configuration = header.configuration
        try RunSchema.create(
          in: database, axes: configuration.descriptors.map(\.name),
          objectives: configuration.archive.objectives.map(\.name))
        try database.execute(sql: "INSERT INTO run (singleton, header) VALUES (1, ?)", arguments: [text])
      }
      try queue.close()
      try FileManager.default.moveItem(atPath: draft, toPath: path)
      return RunStore(header: header, folder: folder, database: try openPool(path))
    }
  }

  /// Opens the run in a folder.
  ///
  /// - Throws: where there is none, or its file is damaged or from another version.
  public static func open(_ folder: String) throws(RunLogError) -> RunStore {
    try open(folder, pageLimit: nil)
  }

  /// Opens a run whose file may not grow beyond so many pages, as on a full disk.
  static func open(_ folder: String, pageLimit: Int?) throws(RunLogError) -> RunStore {
    let path = folder + "/" + fileName
    guard FileManager.default.fileExists(atPath: path) else {
      throw RunLogError("There is no run in '\(folder)'; 'niche status' lists the runs there are.")
    }
    return try explained("read", path) {
      try RunSchema.check(path)
      let pool = try openPool(path, pageLimit: pageLimit)
      // The first bytes may be older than what the write-ahead log says.
      let version = try pool.read { try Int32.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
      try RunSchema.check(version: version, path)
      if version < RunSchema.version {
        let lock = try RunLock(folder: folder)
        try pool.write { try RunMigration.migrate($0) }
        withExtendedLifetime(lock) {}
      }
      let text = try pool.read { try String.fetchOne($0, sql: "SELECT header FROM run") ?? "" }
      return RunStore(header: try RunText.decode(RunHeader.self, text), folder: folder, database: pool)
    }
  }

  private static func openPool(_ path: String, pageLimit: Int? = nil) throws -> DatabasePool {
    var configuration = Configuration()
    if let pageLimit {
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA max_page_count = \(pageLimit)") }
    }
    configuration.busyMode = .timeout(10)
    configuration.maximumReaderCount = 2
    return try DatabasePool(path: path, configuration: configuration)
  }

  /// The run as it is now, whatever is written to it meanwhile.
  public func atThisMoment() throws(RunLogError) -> RunStore {
    let moment = try Self.explained("read", database.path) { try database.makeSnapshot() }
    return RunStore(header: header, folder: folder, database: database, reader: moment)
  }

  /// Closes the file, which SQLite then tidies up; what is asked of the store afterwards is refused.
  func close() throws(RunLogError) {
    try Self.explained("write", database.path) { try database.close() }
  }

  // MARK: RunLog

  /// The recorded exchange under that key, if there is one.
  public func exchange(forKey key: String) async throws(RunLogError) -> ChatExchange? {
    try await read { database in
      try String.fetchOne(database, sql: "SELECT exchange FROM exchanges WHERE key = ?", arguments: [key])
        .map { try RunText.decode(ChatExchange.self, $0) }
    }
  }

  /// Stores an exchange with a model for the candidate of that number.
  public func record(_ exchange: ChatExchange, candidate: Int) async throws(RunLogError) {
    try await write { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO exchanges (key, candidate, exchange) VALUES (?, ?, ?)",
        arguments: [exchange.key, candidate, try RunText.encode(exchange)])
    }
  }

  /// Stores a candidate and, where it was trained, its weights as safetensors.
  public func record(_ candidate: CandidateRecord, weights: [UInt8]?) async throws(RunLogError) {
    try await write { [rows] database in
      try rows.insert(CollectionOfOne(candidate), in: database)
      guard let weights else { return }
      try database.execute(
        sql: "INSERT INTO weights (candidate, safetensors, crc32) VALUES (?, ?, ?)",
        arguments: [candidate.id, Data(weights), Int(Checksum.crc32(weights))])
    }
  }

  /// Stores many candidates in one transaction, as suits searches that look fitness up in a table: all of them or, where
  /// one does not fit or the process is killed meanwhile, none.
  public func record(_ candidates: [CandidateRecord]) async throws(RunLogError) {
    try await write { [rows] in try rows.insert(candidates, in: $0) }
  }

  /// Stores another score of a candidate.
  public func record(_ score: CandidateScore) async throws(RunLogError) {
    try await write { try ScoreRows.insert(score, in: $0) }
  }

  /// All further scores, by candidate and number.
  public func scores() async throws(RunLogError) -> [CandidateScore] {
    try await read { try ScoreRows.all(in: $0) }
  }

  /// All stored candidates, by number.
  public func candidates() async throws(RunLogError) -> [CandidateRecord] {
    try await read { [rows] in try rows.records(in: $0, of: nil) }
  }

  /// The weights of a candidate as safetensors; nil where none are kept: only elites' outlast a generation.
  public func weights(of candidate: Int) async throws(RunLogError) -> [UInt8]? {
    try await read { database in
      try Data.fetchOne(
        database, sql: "SELECT safetensors FROM weights WHERE candidate = ?", arguments: [candidate]
      )
      .map { [UInt8]($0) }
    }
  }

  /// Stores a finished generation with both archives in one transaction, and forgets the weights of networks
  /// that are neither elites nor remembered any more.
  public func commit(_ generation: GenerationRecord) async throws(RunLogError) {
    try await commit(generation, with: [])
  }

  /// Stores a finished generation with its candidates in one transaction.
  public func commit(
    _ generation: GenerationRecord, with candidates: [CandidateRecord]
  ) async throws(RunLogError) {
    let known = last.withLock { $0 }
    try await write { [rows] database in
      try rows.insert(candidates, in: database)
      let number = try Int.fetchOne(database, sql: "SELECT max(number) FROM generations")
      let before = known?.number == number ? known : try GenerationRows.all(in: database).last
      try GenerationRows.insert(generation, after: before, in: database)
      try database.execute(
        sql: "DELETE FROM weights WHERE candidate NOT IN (SELECT value FROM json_each(?))",
        arguments: [RunText.list(generation.networks.map(\.candidate) + (generation.remembered ?? []))])
    }
    last.withLock { $0 = generation }
  }

  /// The finished generations, in order.
  public func generations() async throws(RunLogError) -> [GenerationRecord] {
    try await read { try GenerationRows.all(in: $0) }
  }

  // MARK: For reports

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
        exchanges.append(
          (try row.text(0), try row.integer(1), try RunText.decode(ChatExchange.self, row.text(2))))
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
    try read { try StoreFault.first(in: $0) }
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

  // MARK: Access

  private func read<Result>(_ body: (Database) throws -> Result) throws(RunLogError) -> Result {
    try Self.explained("read", database.path) { try reader.read(body) }
  }

  private func read<Result: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Result
  ) async throws(RunLogError) -> Result {
    do {
      return try await reader.read(body)
    } catch {
      throw Self.sentence(for: error, doing: "read", database.path)
    }
  }

  private func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws(RunLogError) {
    do {
      try await database.write(body)
    } catch {
      throw Self.sentence(for: error, doing: "write", database.path)
    }
  }

  private static func explained<Result>(
    _ verb: String, _ path: String, _ body: () throws -> Result
  ) throws(RunLogError) -> Result {
    do {
      return try body()
    } catch {
      throw sentence(for: error, doing: verb, path)
    }
  }
}
