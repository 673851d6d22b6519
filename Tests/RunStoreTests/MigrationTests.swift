import Foundation
import GRDB
import LanguageModels
import Search
import Testing

@testable import RunStore

@Suite("A run's file of an earlier format")
final class MigrationTests {
  private let folder = Sample.folder()
  private var path: String { folder + "/" + RunStore.fileName }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// The file as the first version of Niche made it.
  private func write(
    _ candidates: [CandidateRecord], _ generations: [GenerationRecord], header: RunHeader
  ) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let queue = try DatabaseQueue(path: path)
    func text(_ value: some Encodable) throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    try queue.write { database in
      try database.execute(
        sql: """
          PRAGMA application_id = \(0x4E49_4348);
          PRAGMA user_version = 1;
          CREATE TABLE run (
            singleton INTEGER PRIMARY KEY CHECK (singleton = 1), header TEXT NOT NULL,
            name TEXT AS (header ->> '$.name'), began TEXT AS (header ->> '$.began'));
          CREATE TABLE candidates (
            id INTEGER PRIMARY KEY, record TEXT NOT NULL, hash TEXT AS (record ->> '$.description.hash'));
          CREATE INDEX candidates_by_hash ON candidates (hash);
          CREATE TABLE exchanges (key TEXT PRIMARY KEY, candidate INTEGER NOT NULL, exchange TEXT NOT NULL)
            WITHOUT ROWID;
          CREATE TABLE weights (candidate INTEGER PRIMARY KEY, safetensors BLOB NOT NULL);
          CREATE TABLE generations (
            number INTEGER PRIMARY KEY, record TEXT NOT NULL, best REAL AS (record ->> '$.statistics.best'));
          CREATE TABLE network_cells (
            cell INTEGER PRIMARY KEY, candidate INTEGER NOT NULL REFERENCES candidates (id), fitness REAL NOT NULL);
          CREATE TABLE prompt_cells (
            cell INTEGER PRIMARY KEY, prompt TEXT NOT NULL, temperature REAL NOT NULL, score REAL NOT NULL,
            curiosity REAL NOT NULL);
          """)
      try database.execute(
        sql: "INSERT INTO run (singleton, header) VALUES (1, ?)", arguments: [text(header)])
      for candidate in candidates {
        try database.execute(
          sql: "INSERT INTO candidates (id, record) VALUES (?, ?)",
          arguments: [candidate.id, text(candidate)])
      }
      let exchange = Sample.exchange(1)
      try database.execute(
        sql: "INSERT INTO exchanges VALUES (?, 1, ?)", arguments: [exchange.key, text(exchange)])
      try database.execute(sql: "INSERT INTO weights VALUES (2, x'0102')")
      for generation in generations {
        try database.execute(
          sql: "INSERT INTO generations (number, record) VALUES (?, ?)",
          arguments: [generation.number, text(generation)])
      }
      for cell in generations.last?.networks ?? [] {
        try database.execute(
          sql: "INSERT INTO network_cells VALUES (?, ?, ?)",
          arguments: [cell.cell, cell.candidate, cell.fitness])
      }
    }
    try queue.close()
  }

  private let candidates = [Sample.candidate(1, fitness: nil), Sample.candidate(2), Sample.candidate(3)]
  private let generations = [Sample.generation(1, elites: [2]), Sample.generation(2, elites: [2, 3])]

  @Test("It is brought to the present format when it is opened, and nothing is lost")
  func migration() async throws {
    let header = Sample.header()
    try write(candidates, generations, header: header)
    for _ in 0..<2 {
      let store = try RunStore.open(folder)
      #expect(store.header == header)
      #expect(try await store.candidates() == candidates)
      #expect(try await store.generations() == generations)
      #expect(try await store.exchange(forKey: Sample.exchange(1).key) == Sample.exchange(1))
      #expect(try await store.weights(of: 2) == [1, 2])
      #expect(try store.usage().replies == 1)
      #expect(try store.weightChecksum(of: 2) == nil)
      #expect(try await store.scores().isEmpty)
    }
    let store = try RunStore.open(folder)
    try await store.record(Sample.candidate(4), weights: nil)
    try await store.commit(Sample.generation(3, elites: [4]))
    #expect(try await store.generations().count == 3)
    let queue = try DatabaseQueue(path: path)
    #expect(try value(queue, "PRAGMA user_version") == "5")
    #expect(try value(queue, "PRAGMA integrity_check") == "ok")
    #expect(try value(queue, "PRAGMA foreign_key_check") == nil)
    #expect(try value(queue, "SELECT name FROM sqlite_schema WHERE name LIKE 'old%'") == nil)
    #expect(try value(queue, "SELECT count(*) FROM elites") == "1")
  }

  @Test(
    "A file of format 2, which kept nothing of what candidates were asked for with, is brought on when opened"
  )
  func second() async throws {
    var candidate = Sample.candidate(1)
    candidate.origin.request = nil
    let made = try RunStore.create(in: folder, header: Sample.header())
    try await made.record(candidate, weights: nil)
    try made.close()
    let queue = try DatabaseQueue(path: path)
    try await queue.writeWithoutTransaction { database in
      try database.execute(
        sql: """
          DROP TABLE candidate_requests; DROP TABLE candidate_scores; ALTER TABLE weights DROP COLUMN crc32; PRAGMA user_version = 2
          """)
      _ = try database.checkpoint(.truncate)
    }
    try queue.close()
    let store = try RunStore.open(folder)
    #expect(try await store.candidates() == [candidate])
    try await store.record(Sample.candidate(2), weights: Array("123456789".utf8))
    #expect(try await store.candidates().last == Sample.candidate(2))
    #expect(try store.weightChecksum(of: 2) == 0xCBF4_3926, "the check value of CRC-32")
    #expect(try value(DatabaseQueue(path: path), "PRAGMA user_version") == "5")
  }

  @Test("Files of formats 3 and 4 are brought on when opened, with all that they kept", arguments: [3, 4])
  func laterOnes(version: Int) async throws {
    let candidate = Sample.candidate(1)
    #expect(candidate.origin.request != nil)
    let bytes = Array("123456789".utf8)
    let made = try RunStore.create(in: folder, header: Sample.header())
    try await made.record(candidate, weights: bytes)
    try await made.record(Sample.candidate(2), weights: nil)
    try await made.commit(Sample.generation(1, elites: [1]))
    try made.close()
    let queue = try DatabaseQueue(path: path)
    let present = try schema(queue)
    // What came with formats 5 and 4 is taken away again.
    let changes = [
      "DROP TABLE candidate_scores", version < 4 ? "ALTER TABLE weights DROP COLUMN crc32" : nil,
      "PRAGMA user_version = \(version)",
    ]
    try await queue.writeWithoutTransaction { database in
      for change in changes.compactMap({ $0 }) { try database.execute(sql: change) }
      _ = try database.checkpoint(.truncate)
    }
    #expect(try schema(queue) != present)
    try queue.close()
    for _ in 0..<2 {
      let store = try RunStore.open(folder)
      #expect(try await store.candidates() == [candidate, Sample.candidate(2)])
      #expect(try await store.generations() == [Sample.generation(1, elites: [1])])
      #expect(try await store.weights(of: 1) == bytes)
      #expect(try store.weightChecksum(of: 1) == (version < 4 ? nil : 0xCBF4_3926))
      #expect(try await store.scores().isEmpty && store.firstFault() == nil)
      try store.close()
    }
    let store = try RunStore.open(folder)
    let score = CandidateScore(
      candidate: 1, number: 1, generation: 1, fitness: 0.25, imagesSeen: 10, seconds: 1)
    try await store.record(score)
    try await store.record(Sample.candidate(3), weights: bytes)
    #expect(try await store.scores() == [score])
    #expect(try store.weightChecksum(of: 3) == 0xCBF4_3926)
    #expect(try store.firstFault() == nil)
    try store.close()
    #expect(try schema(DatabaseQueue(path: path)) == present)
  }

  /// The columns of all tables and views, and the version.
  private func schema(_ queue: DatabaseQueue) throws -> [String] {
    try queue.read { database in
      try String.fetchAll(
        database,
        sql: """
          SELECT s.name || '.' || c.name || ' ' || c.type FROM sqlite_schema AS s, pragma_table_xinfo(s.name) AS c
            WHERE s.type IN ('table', 'view') ORDER BY 1
          """) + [String.fetchOne(database, sql: "PRAGMA user_version") ?? ""]
    }
  }

  private func value(_ queue: DatabaseQueue, _ sql: String) throws -> String? {
    try queue.read { try String.fetchOne($0, sql: sql) }
  }

  @Test("One that cannot be understood stays as it was, and one that is being written is left alone")
  func refusals() throws {
    try write(candidates, generations, header: Sample.header())
    do {
      let lock = try RunLock(folder: folder)
      let error = #expect(throws: RunLogError.self) { _ = try RunStore.open(folder) }
      #expect(error?.description.contains("Another process is running the search") == true)
      withExtendedLifetime(lock) {}
    }
    let queue = try DatabaseQueue(path: path)
    try queue.write { try $0.execute(sql: "UPDATE candidates SET record = '{}' WHERE id = 3") }
    let error = #expect(throws: RunLogError.self) { _ = try RunStore.open(folder) }
    #expect(error?.description.contains("holds a record that cannot be understood") == true)
    #expect(try value(queue, "PRAGMA user_version") == "1")
    #expect(try value(queue, "SELECT count(*) FROM candidates") == "3")
    #expect(try value(queue, "SELECT count(*) FROM network_cells") == "2")
  }
}
