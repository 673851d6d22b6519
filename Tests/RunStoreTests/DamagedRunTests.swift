import Foundation
import GRDB
import LanguageModels
import QualityDiversity
import Testing
import Training

@testable import RunStore
@testable import Search

@Suite("A damaged, foreign or occupied run's file", .serialized)
final class DamagedRunTests {
  private let folder = Sample.folder()
  private var path: String { folder + "/" + RunStore.fileName }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// The sentence that opening the folder gives.
  private func refusal() throws -> String {
    let error = #expect(throws: RunLogError.self) { _ = try RunStore.open(folder) }
    let sentence = try #require(error).description
    #expect(sentence.hasSuffix(".") && !sentence.contains("\n") && sentence.contains(folder), "\(sentence)")
    return sentence
  }

  @Test("A run that was killed while it was begun leaves nothing in the way")
  func halfMade() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for rest in ["", "rubbish", String(repeating: "x", count: 5000)] {
      try Data(rest.utf8).write(to: URL(fileURLWithPath: path + ".new"))
      #expect(throws: RunLogError("There is no run in '\(folder)'; 'niche status' lists the runs there are."))
      {
        _ = try RunStore.open(folder)
      }
      _ = try RunStore.create(in: folder, header: Sample.header())
      _ = try RunStore.open(folder)
      for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
        try FileManager.default.removeItem(atPath: folder + "/" + name)
      }
    }
  }

  @Test("Files that are none of ours are refused with a sentence and left as they are")
  func foreignFiles() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let url = URL(fileURLWithPath: path)
    for bytes in [
      Data(), Data("not a database".utf8), Data(repeating: 7, count: 100_000), Data("SQLite format 3\0".utf8),
    ] {
      try bytes.write(to: url)
      #expect(
        try refusal()
          == "'\(path)' is damaged or no run's file at all; restore it from a copy or begin a new run.")
      #expect(try Data(contentsOf: url) == bytes)
    }
    try FileManager.default.removeItem(at: url)
    let foreign = try DatabaseQueue(path: path)
    try foreign.write { try $0.execute(sql: "CREATE TABLE songs (title)") }
    try foreign.close()
    let before = try Data(contentsOf: url)
    #expect(try refusal() == "'\(path)' is an SQLite file but not a run of Niche.")
    #expect(try Data(contentsOf: url) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [RunStore.fileName])

    // A folder in the file's place.
    try FileManager.default.removeItem(at: url)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    _ = try refusal()
  }

  @Test("Another version of the format is named")
  func otherVersion() throws {
    _ = try RunStore.create(in: folder, header: Sample.header())
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA user_version = 99")
      _ = try database.checkpoint(.truncate)
    }
    try queue.close()
    #expect(
      try refusal()
        == "'\(path)' has the format 99, but this Niche reads 1 to 5; use the Niche that wrote it.")
  }

  @Test("A file that is cut off or overwritten never crashes, whatever of it is left", arguments: 0..<12)
  func truncated(step: Int) async throws {
    let store = try RunStore.create(in: folder, header: Sample.header())
    for id in 1...40 {
      try await store.record(Sample.candidate(id), weights: [UInt8](repeating: 9, count: 3000))
    }
    try await store.commit(Sample.generation(1, elites: Array(1...40)))
    try store.close()
    let url = URL(fileURLWithPath: path)
    var bytes = try Data(contentsOf: url)
    #expect(bytes.count > 100_000)
    if step.isMultiple(of: 2) {
      bytes = bytes.prefix(bytes.count * (step + 1) / 13)
    } else {
      let start = bytes.count * step / 13
      bytes.replaceSubrange(start..<start + 4096 * 3, with: Data(repeating: 0xA5, count: 4096 * 3))
    }
    try bytes.write(to: url)
    do {
      let opened = try RunStore.open(folder)
      _ = try await opened.candidates()
      _ = try await opened.generations()
      _ = try await opened.exchanges()
      for id in 1...40 { _ = try await opened.weights(of: id) }
      // Damage within a weight's bytes cannot show here; loading them will tell.
      #expect(!step.isMultiple(of: 2))
    } catch {
      #expect(error.description.hasSuffix(".") && !error.description.contains("\n"), "\(error)")
    }
  }

  @Test(
    "Records that cannot be understood are told as such",
    arguments: [
      "UPDATE candidate_facts SET status = 'odd'", "UPDATE candidate_facts SET parents = '[1,]'",
      "UPDATE candidate_facts SET parents = '[99999999999999999999]'",
      "UPDATE candidate_facts SET class = NULL",
      "UPDATE candidate_facts SET stop_reason = 'tired'", "UPDATE candidate_facts SET stop_step = NULL",
      "UPDATE candidate_facts SET seconds = NULL", "UPDATE candidate_facts SET measure_1 = NULL",
      "UPDATE candidate_changes SET healed = '{}'", "UPDATE candidate_changes SET inheritance = '[]'",
      "UPDATE judgements SET checks = 'null'", "UPDATE generations SET record = '[1]'",
      "UPDATE network_history SET fitness = NULL", "UPDATE prompt_history SET score = NULL",
      "UPDATE exchanges SET exchange = 'null'", "UPDATE candidate_requests SET request = '{}'",
    ])
  func oddRecords(sql: String) async throws {
    let store = try RunStore.create(in: folder, header: Sample.header())
    try await store.record(Sample.candidate(1), weights: nil)
    try await store.record(Sample.exchange(1), candidate: 1)
    try await store.commit(Sample.generation(1, elites: [1]))
    let queue = try DatabaseQueue(path: path)
    try await queue.write { try $0.execute(sql: sql) }
    let error = await #expect(throws: RunLogError.self) {
      _ = try await store.candidates()
      _ = try await store.generations()
      _ = try await store.exchanges()
    }
    let sentence = try #require(error).description
    // The row is named.
    #expect(sentence.hasPrefix("'\(path)' holds a record that cannot be understood ("), "\(sentence)")
    #expect(sentence.hasSuffix("); it is damaged or from another version."), "\(sentence)")
  }

  @Test("A missing or damaged header is a sentence")
  func oddHeader() throws {
    for sql in ["DELETE FROM run", "UPDATE run SET header = '{\"name\": 3}'", "DROP TABLE run"] {
      _ = try RunStore.create(in: folder, header: Sample.header())
      let queue = try DatabaseQueue(path: path)
      try queue.write { try $0.execute(sql: sql) }
      try queue.close()
      _ = try refusal()
      try FileManager.default.removeItem(atPath: folder)
    }
  }

  @Test("A full disk: one sentence, and all from before is there")
  func fullDisk() async throws {
    try await RunStore.create(in: folder, header: Sample.header()).record(Sample.candidate(1), weights: [1])
    let store = try RunStore.open(folder, pageLimit: 60)
    var stored = 1
    let error = await #expect(throws: RunLogError.self) {
      for id in 2...200 {
        try await store.record(Sample.candidate(id), weights: [UInt8](repeating: 7, count: 4000))
        stored = id
      }
    }
    #expect(stored > 2 && stored < 200)
    #expect(
      error?.description
        == "The disk is full, so '\(path)' cannot be written; all up to now is kept: make room, then go on by --resume."
    )
    #expect(try await store.candidates().map(\.id) == Array(1...stored))
    // With room again, it goes on.
    let again = try RunStore.open(folder)
    try await again.record(Sample.candidate(stored + 1), weights: nil)
    #expect(try await again.candidates().count == stored + 1)
  }

  @Test("A file that may not grow: a sentence of the operating system's limit")
  func limitedFileSize() async throws {
    let folder = folder
    try await RunStore.create(in: folder, header: Sample.header()).record(Sample.candidate(1), weights: [1])
    await #expect(processExitsWith: .exitCode(7)) { [folder = folder as String] in
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 200_000, rlim_max: 200_000)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      let store = try RunStore.open(folder)
      do throws(RunLogError) {
        for id in 2...500 {
          try await store.record(Sample.candidate(id), weights: [UInt8](repeating: 7, count: 4000))
        }
      } catch {
        let isSentence = error.description.hasSuffix(".") && error.description.contains("cannot be written")
        exit(isSentence ? 7 : 8)
      }
      exit(9)
    }
    let kept = try await RunStore.open(folder).candidates().map(\.id)
    #expect(kept.count > 1 && kept == Array(1...kept.count))
  }

  @Test("A writer that is killed in the midst of it leaves every finished record behind")
  func killed() async throws {
    let folder = folder
    _ = try RunStore.create(in: folder, header: Sample.header())
    await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
      let store = try RunStore.open(folder)
      for id in 1...23 {
        try await store.record(Sample.candidate(id), weights: [UInt8](repeating: 7, count: 50_000))
        if id.isMultiple(of: 5) { try await store.commit(Sample.generation(id / 5, elites: [id])) }
      }
      // While others are being written.
      Task.detached {
        for id in 24... {
          try await store.record(Sample.candidate(id), weights: [UInt8](repeating: 7, count: 50_000))
        }
      }
      try await Task.sleep(for: .milliseconds(30))
      kill(getpid(), SIGKILL)
    }
    let store = try RunStore.open(folder)
    let candidates = try await store.candidates()
    #expect(candidates.count >= 23 && candidates.map(\.id) == Array(1...candidates.count))
    #expect(try await store.generations().map(\.number) == [1, 2, 3, 4])
    #expect(try await store.weights(of: 20)?.count == 50_000)
    #expect(try await store.weights(of: 15) == nil)
    // The next process goes on writing.
    try await store.commit(Sample.generation(5, elites: [20]))
  }

  @Test("Others may read while a run writes")
  func readersBesideTheWriter() async throws {
    let store = try RunStore.create(in: folder, header: Sample.header())
    let reader = try RunStore.open(folder)
    for id in 1...20 {
      try await store.record(Sample.candidate(id), weights: nil)
      #expect(try await reader.candidates().count == id)
    }
  }

  @Test("One process at a time carries a run on")
  func lock() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    do {
      let first = try RunLock(folder: folder)
      #expect(
        throws: RunLogError(
          "Another process is running the search in '\(folder)'; wait for it, or stop it first.")
      ) { _ = try RunLock(folder: folder) }
      withExtendedLifetime(first) {}
    }
    _ = try RunLock(folder: folder)
    #expect(throws: RunLogError.self) { _ = try RunLock(folder: folder + "/nowhere") }
  }

  @Test("A folder that cannot be written is a sentence")
  func unwritable() throws {
    try Data("a file".utf8).write(to: URL(fileURLWithPath: folder))
    let error = #expect(throws: RunLogError.self) {
      _ = try RunStore.create(in: folder, header: Sample.header())
    }
    #expect(error?.description.contains("cannot be written") == true)
    #expect(error?.description.contains("\n") == false)
  }
}
