import Foundation
import GRDB
public import LanguageModels
public import Search

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

  private init(header: RunHeader, folder: String, database: DatabasePool) {
    self.header = header
    self.folder = folder
    self.database = database
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
      let text = try encode(header)
      try queue.write { database in
        try RunSchema.create(in: database)
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
      let text = try pool.read { try String.fetchOne($0, sql: "SELECT header FROM run") ?? "" }
      return RunStore(header: try decode(RunHeader.self, text), folder: folder, database: pool)
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

  /// Closes the file, which SQLite then tidies up; what is asked of the store afterwards is refused.
  func close() throws(RunLogError) {
    try Self.explained("write", database.path) { try database.close() }
  }

  // MARK: RunLog

  /// The recorded exchange under that key, if there is one.
  public func exchange(forKey key: String) async throws(RunLogError) -> ChatExchange? {
    try await read { database in
      try String.fetchOne(database, sql: "SELECT exchange FROM exchanges WHERE key = ?", arguments: [key])
        .map { try Self.decode(ChatExchange.self, $0) }
    }
  }

  /// Stores an exchange with a model for the candidate of that number.
  public func record(_ exchange: ChatExchange, candidate: Int) async throws(RunLogError) {
    try await write { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO exchanges (key, candidate, exchange) VALUES (?, ?, ?)",
        arguments: [exchange.key, candidate, try Self.encode(exchange)])
    }
  }

  /// Stores a candidate and, where it was trained, its weights as safetensors.
  public func record(_ candidate: CandidateRecord, weights: [UInt8]?) async throws(RunLogError) {
    try await write { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO candidates (id, record) VALUES (?, ?)",
        arguments: [candidate.id, try Self.encode(candidate)])
      guard let weights else { return }
      try database.execute(
        sql: "INSERT OR REPLACE INTO weights (candidate, safetensors) VALUES (?, ?)",
        arguments: [candidate.id, Data(weights)])
    }
  }

  /// All stored candidates, by number.
  public func candidates() async throws(RunLogError) -> [CandidateRecord] {
    try await read { database in
      try String.fetchAll(database, sql: "SELECT record FROM candidates ORDER BY id")
        .map { try Self.decode(CandidateRecord.self, $0) }
    }
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
  /// that are no elites any more.
  public func commit(_ generation: GenerationRecord) async throws(RunLogError) {
    try await write { database in
      try database.execute(
        sql: "INSERT INTO generations (number, record) VALUES (?, ?)",
        arguments: [generation.number, try Self.encode(generation)])
      try database.execute(sql: "DELETE FROM network_cells; DELETE FROM prompt_cells")
      for cell in generation.networks {
        try database.execute(
          sql: "INSERT INTO network_cells (cell, candidate, fitness) VALUES (?, ?, ?)",
          arguments: [cell.cell, cell.candidate, cell.fitness])
      }
      for cell in generation.prompts {
        let individual = cell.individual
        try database.execute(
          sql:
            "INSERT INTO prompt_cells (cell, prompt, temperature, score, curiosity) VALUES (?, ?, ?, ?, ?)",
          arguments: [
            cell.cell, individual.prompt, individual.temperature, individual.score, individual.curiosity,
          ])
      }
      try database.execute(
        sql: "DELETE FROM weights WHERE candidate NOT IN (SELECT candidate FROM network_cells)")
    }
  }

  /// The finished generations, in order.
  public func generations() async throws(RunLogError) -> [GenerationRecord] {
    try await read { database in
      try String.fetchAll(database, sql: "SELECT record FROM generations ORDER BY number")
        .map { try Self.decode(GenerationRecord.self, $0) }
    }
  }

  // MARK: For reports

  /// All exchanges with models, with the candidate each was for, by candidate.
  public func exchanges() async throws(RunLogError) -> [(candidate: Int, exchange: ChatExchange)] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT candidate, exchange FROM exchanges ORDER BY candidate, key")
        .map { row in
          // A subscript that converts would end the process where a damaged file holds another type.
          let values: (DatabaseValue, DatabaseValue) = (row["candidate"], row["exchange"])
          guard let candidate = Int.fromDatabaseValue(values.0), let text = String.fromDatabaseValue(values.1)
          else {
            throw DecodingError.dataCorrupted(
              .init(codingPath: [], debugDescription: "an exchange of another type"))
          }
          return (candidate: candidate, exchange: try Self.decode(ChatExchange.self, text))
        }
    }
  }

  /// What reports need of all candidates, by number.
  public func summaries() throws(RunLogError) -> [CandidateSummary] {
    try read { database in
      try String.fetchAll(database, sql: "SELECT record FROM candidates ORDER BY id")
        .map { CandidateSummary(try Self.decode(CandidateRecord.self, $0)) }
    }
  }

  /// The whole records of some candidates, by number; those that are not stored are left out.
  public func records(of candidates: some Sequence<Int>) throws(RunLogError) -> [Int: CandidateRecord] {
    let list = Self.list(candidates)
    return try read { database in
      let records = try String.fetchAll(
        database, sql: "SELECT record FROM candidates WHERE id IN (SELECT value FROM json_each(?))",
        arguments: [list]
      ).map { try Self.decode(CandidateRecord.self, $0) }
      return Dictionary(records.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// The sources of some candidates, by number; those that have none are left out.
  public func sources(of candidates: some Sequence<Int>) throws(RunLogError) -> [Int: String] {
    try records(of: candidates).compactMapValues(\.source)
  }

  /// The epochs of some candidates, by number; those that were not trained are left out.
  public func curves(of candidates: some Sequence<Int>) throws(RunLogError) -> [Int: [TrainingOutcome.Epoch]]
  {
    try records(of: candidates).compactMapValues { $0.evaluation?.epochs }
  }

  /// Numbers as SQLite's `json_each` takes them.
  private static func list(_ numbers: some Sequence<Int>) -> String {
    "[" + numbers.map(String.init).joined(separator: ",") + "]"
  }

  // MARK: Access

  private func read<Result>(_ body: (Database) throws -> Result) throws(RunLogError) -> Result {
    try Self.explained("read", database.path) { try database.read(body) }
  }

  private func read<Result: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Result
  ) async throws(RunLogError) -> Result {
    do {
      return try await database.read(body)
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

  /// One sentence for whatever SQLite, the file system or the decoder says.
  private static func sentence(for error: any Error, doing verb: String, _ path: String) -> RunLogError {
    if let known = error as? RunLogError { return known }
    if let failure = error as? DatabaseError {
      switch failure.resultCode {
      case .SQLITE_FULL:
        return RunLogError(
          "The disk is full, so '\(path)' cannot be written; all up to now is kept: make room, then go on by --resume."
        )
      case .SQLITE_CORRUPT, .SQLITE_NOTADB:
        return RunLogError(
          "'\(path)' is damaged or no run's file at all; restore it from a copy or begin a new run.")
      case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
        return RunLogError("'\(path)' cannot be opened for writing; check its permissions and its folder's.")
      case .SQLITE_BUSY, .SQLITE_LOCKED:
        return RunLogError("'\(path)' is in use by another process; wait for it or stop it.")
      case .SQLITE_IOERR:
        return RunLogError(
          "'\(path)' cannot be \(verb == "read" ? "read" : "written"): the disk reports an error.")
      default:
        return RunLogError(
          "'\(path)' cannot be \(verb == "read" ? "read" : "written"): \(failure.message ?? "SQLite error").")
      }
    }
    if error is DecodingError || error is EncodingError {
      return RunLogError(
        "'\(path)' holds a record that cannot be understood; it is damaged or from another version.")
    }
    return RunLogError(
      "'\(path)' cannot be \(verb == "read" ? "read" : "written"): \(error.localizedDescription)")
  }

  // MARK: Records as text

  private static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }
}
