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
  /// What is read from where that is the database as it was at one moment; closed before the database.
  private let moment: DatabaseSnapshot?
  private let database: any DatabaseWriter
  /// What the database is a copy in, where the run itself may not be written.
  private let copy: RunCopy?
  private let isReadOnly: Bool
  let rows: CandidateRows
  /// The last generation that this process has seen stored, which the next one's changes are told from.
  private let last = Mutex<GenerationRecord?>(nil)

  private init(
    header: RunHeader, folder: String, database: any DatabaseWriter, moment: DatabaseSnapshot? = nil,
    isReadOnly: Bool = false, copy: RunCopy? = nil
  ) {
    self.header = header
    self.folder = folder
    self.database = database
    self.moment = moment
    self.isReadOnly = isReadOnly
    self.copy = copy
    let configuration = header.configuration
    rows = CandidateRows(
      axisCount: configuration.descriptors.count, objectiveCount: configuration.archive.objectives.count)
  }

  /// The store of an open database.
  convenience init(
    folder: String, database: any DatabaseWriter, isReadOnly: Bool = false, copy: RunCopy? = nil
  ) throws {
    let text = try database.read { try String.fetchOne($0, sql: "SELECT header FROM run") ?? "" }
    self.init(
      header: try RunText.decode(RunHeader.self, text), folder: folder, database: database,
      isReadOnly: isReadOnly, copy: copy)
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
      var configuration = Configuration()
      // A candidate's source and figures take about two thousand bytes; smaller pages are written one by one.
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA page_size = 8192") }
      let queue = try DatabaseQueue(path: draft, configuration: configuration)
      let text = try RunText.encode(header)
      try queue.write { database in
        try RunSchema.create(in: database, of: header)
        try database.execute(sql: "INSERT INTO run (singleton, header) VALUES (1, ?)", arguments: [text])
      }
      try queue.close()
      try FileManager.default.moveItem(atPath: draft, toPath: path)
      return RunStore(header: header, folder: folder, database: try openPool(path))
    }
  }

  /// Opens the run in a folder to go on with it; `read` is for those who look at it.
  ///
  /// - Throws: where there is none, or its file is damaged or from another version.
  public static func open(_ folder: String) throws(RunLogError) -> RunStore {
    try open(folder, pageLimit: nil)
  }

  /// Opens a run whose file may not grow beyond so many pages, as on a full disk.
  static func open(_ folder: String, pageLimit: Int?) throws(RunLogError) -> RunStore {
    let path = folder + "/" + fileName
    guard FileManager.default.fileExists(atPath: path) else { throw nothing(in: folder) }
    return try explained("read", path) {
      _ = try RunSchema.check(path)
      let pool = try openPool(path, pageLimit: pageLimit)
      // The first bytes may be older than what the write-ahead log says.
      let version = try pool.read { try Int32.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
      try RunSchema.check(version: version, path)
      if version < RunSchema.version {
        let lock = try RunLock(folder: folder)
        try pool.write { try RunMigration.migrate($0) }
        withExtendedLifetime(lock) {}
      }
      return try RunStore(folder: folder, database: pool)
    }
  }

  /// What is said of a folder without a run.
  static func nothing(in folder: String) -> RunLogError {
    RunLogError("There is no run in '\(folder)'; 'niche status' lists the runs there are.")
  }

  /// How every connection waits.
  static var connection: Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.maximumReaderCount = 2
    return configuration
  }

  private static func openPool(_ path: String, pageLimit: Int? = nil) throws -> DatabasePool {
    var configuration = connection
    if let pageLimit {
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA max_page_count = \(pageLimit)") }
    }
    return try DatabasePool(path: path, configuration: configuration)
  }

  /// The run as it is now, whatever is written to it meanwhile.
  public func atThisMoment() throws(RunLogError) -> RunStore {
    let moment = try Self.explained("read", path) {
      if let pool = database as? DatabasePool { return try pool.makeSnapshot() }
      var configuration = Self.connection
      configuration.readonly = true
      return try DatabasePool(path: database.path, configuration: configuration).makeSnapshot()
    }
    return RunStore(
      header: header, folder: folder, database: database, moment: moment, isReadOnly: true, copy: copy)
  }

  /// Closes the file, which SQLite then tidies up; what is asked of the store afterwards is refused.
  func close() throws(RunLogError) {
    try Self.explained("write", path) { try database.close() }
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

  // MARK: Access

  private var reader: any DatabaseReader { moment ?? database }

  var path: String { folder + "/" + Self.fileName }

  func read<Result>(_ body: (Database) throws -> Result) throws(RunLogError) -> Result {
    try Self.explained("read", path) { try reader.read(body) }
  }

  func read<Result: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Result
  ) async throws(RunLogError) -> Result {
    do {
      return try await reader.read(body)
    } catch {
      throw Self.sentence(for: error, doing: "read", path)
    }
  }

  private func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws(RunLogError) {
    guard !isReadOnly else {
      throw RunLogError("'\(path)' was opened to be read, so nothing is stored in it.")
    }
    do {
      try await database.write(body)
    } catch {
      throw Self.sentence(for: error, doing: "write", path)
    }
  }

  static func explained<Result>(
    _ verb: String, _ path: String, _ body: () throws -> Result
  ) throws(RunLogError) -> Result {
    do {
      return try body()
    } catch {
      throw sentence(for: error, doing: verb, path)
    }
  }
}
