import Foundation
import GRDB
import Search
import Testing

@testable import RunStore

@Suite("Looking at a run")
final class ReadingTests {
  private let folder = Sample.folder()
  private var path: String { folder + "/" + RunStore.fileName }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func made() async throws {
    let store = try RunStore.create(in: folder, header: Sample.header())
    try await store.record(Sample.candidate(1), weights: [1, 2])
    try await store.commit(Sample.generation(1, elites: [1]))
    try store.close()
  }

  private func look(isWritable: Bool) async throws {
    let store = try RunStore.read(folder, isWritable: isWritable)
    #expect(try await store.candidates() == [Sample.candidate(1)] && store.folder == folder)
    let moment = try store.atThisMoment()
    #expect(try await moment.generations() == [Sample.generation(1, elites: [1])])
    #expect(try await moment.weights(of: 1) == [1, 2] && moment.firstFault() == nil)
    let error = await #expect(throws: RunLogError.self) {
      try await store.record(Sample.candidate(2), weights: nil)
    }
    #expect(error?.description.contains(folder) == true, "\(error?.description ?? "")")
  }

  @Test("No byte of it changes, and nothing is left beside it", arguments: [true, false])
  func leavesNothing(isWritable: Bool) async throws {
    try await made()
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    for _ in 0..<2 { try await look(isWritable: isWritable) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == names)
  }

  @Test("What a killed process left in the write-ahead log is seen", arguments: [true, false])
  func afterKill(isWritable: Bool) async throws {
    try await made()
    let whole = folder + "-whole"
    defer { try? FileManager.default.removeItem(atPath: whole) }
    let store = try RunStore.open(folder)
    try await store.record(Sample.candidate(7), weights: nil)
    // As the files are at this moment, with nobody to close them.
    try FileManager.default.createDirectory(atPath: whole, withIntermediateDirectories: true)
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(
        atPath: path + suffix, toPath: whole + "/" + RunStore.fileName + suffix)
    }
    try store.close()
    let found = try RunStore.read(whole, isWritable: isWritable)
    #expect(try await found.candidates().map(\.id) == [1, 7])
  }

  @Test("A run under way is read while it is written; where one may not write it is left alone")
  func underWay() async throws {
    try await made()
    let lock = try RunLock(folder: folder)
    let writer = try RunStore.open(folder)
    let reader = try RunStore.read(folder, isWritable: true)
    let moment = try reader.atThisMoment()
    try await writer.record(Sample.candidate(2), weights: nil)
    #expect(try await reader.candidates().count == 2)
    #expect(try await moment.candidates().count == 1)
    let error = #expect(throws: RunLogError.self) { _ = try RunStore.read(folder, isWritable: false) }
    #expect(error?.description.contains("A search is writing") == true)
    withExtendedLifetime(lock) {}
  }

  @Test("An older file that may not be written is read in the present format", arguments: [true, false])
  func older(isWritable: Bool) async throws {
    try await made()
    let queue = try DatabaseQueue(path: path)
    try await queue.writeWithoutTransaction { database in
      try database.execute(sql: "DROP TABLE candidate_scores; PRAGMA user_version = 4")
      _ = try database.checkpoint(.truncate)
    }
    try queue.close()
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    try await look(isWritable: isWritable)
    #expect((try Data(contentsOf: URL(fileURLWithPath: path)) == before) == !isWritable)
  }

  @Test("A row that cannot be understood is named")
  func unreadable() async throws {
    try await made()
    for (sql, row) in [
      ("UPDATE candidate_figures SET figures = '{' WHERE candidate = 1", "candidate_figures, candidate 1"),
      ("UPDATE candidate_facts SET status = 'odd' WHERE id = 1", "candidates, id 1"),
      ("UPDATE generations SET record = json_remove(record, '$.step')", "generations, number 1"),
    ] {
      let copy = folder + "-copy"
      defer { try? FileManager.default.removeItem(atPath: copy) }
      try FileManager.default.copyItem(atPath: folder, toPath: copy)
      let queue = try DatabaseQueue(path: copy + "/" + RunStore.fileName)
      try await queue.write { try $0.execute(sql: sql) }
      try queue.close()
      let store = try RunStore.read(copy)
      let error = await #expect(throws: RunLogError.self) {
        _ = try await (store.candidates(), store.generations())
      }
      #expect(error?.description.contains("(\(row))") == true, "\(error?.description ?? "")")
    }
  }
}
