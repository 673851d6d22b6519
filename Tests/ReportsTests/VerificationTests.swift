import Foundation
import GRDB
import LanguageModels
import QualityDiversity
import RunStore
import Search
import Testing

@testable import Reports

@Suite("Verifying a run", .serialized)
final class VerificationTests {
  private let folder = SampleRun.folder()

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func copy() async throws -> String {
    try FileManager.default.copyItem(atPath: await SmallRun.finished.value, toPath: folder)
    return folder + "/" + RunStore.fileName
  }

  private func verify(_ folder: String, quick: Bool = false) async throws -> RunVerification {
    let store = try RunStore.read(folder)
    return try await RunVerifier(store, replay: .strategy(SmallRun.strategy.get()), isQuick: quick).verify()
  }

  @Test("A sound run holds, and everything in it was looked at")
  func sound() async throws {
    let path = try await copy()
    let result = try await verify(folder)
    #expect(result.holds && result.disagreement == nil && result.notes.isEmpty, "\(result.text)")
    let counts = Dictionary(uniqueKeysWithValues: result.checks.map { ($0.part, $0.count) })
    #expect(result.checks.map(\.part) == RunVerification.Part.allCases)
    #expect(counts[.candidates] == 21 && counts[.generations] == 4)
    let queue = try DatabaseQueue(path: path)
    let networks = try await queue.read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM candidates WHERE hash IS NOT NULL")
    }
    #expect(counts[.networks] == networks)
    let elites = try await queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM elites") }
    #expect(counts[.weights] == elites && (elites ?? 0) > 1)
    #expect(result.text.hasSuffix("small holds."))
    let quick = try await verify(folder, quick: true)
    #expect(quick.holds && quick.notes.count == 1 && !quick.checks.map(\.part).contains(.networks))
  }

  @Test("A run under way holds wherever it was broken off", arguments: [0, 1, 3, 5, 8, 12])
  func underWay(candidates: Int) async throws {
    let run = try SmallRun()
    let store = try RunStore.create(in: folder, header: run.header)
    if candidates > 0 { try await run.search(in: store, by: SmallRun.strategy.get(), candidates: candidates) }
    let result = try await verify(folder)
    #expect(result.holds, "\(result.text)")
  }

  /// A change of the file, and what must be said of it.
  struct Tampering: CustomTestStringConvertible, Sendable {
    var name: String
    var sql: String
    var table: String
    var row: String
    var part: RunVerification.Part
    var testDescription: String { name }
  }

  // X stands for an elite's number, C for its cell.
  static let tamperings: [Tampering] = [
    Tampering(
      name: "a candidate that is gone",
      sql: """
        PRAGMA foreign_keys = OFF; DELETE FROM epochs WHERE candidate = 3; DELETE FROM candidate_changes WHERE candidate = 3;
        DELETE FROM candidate_sources WHERE candidate = 3; DELETE FROM candidate_figures WHERE candidate = 3;
        DELETE FROM weights WHERE candidate = 3;
        DELETE FROM network_history WHERE candidate = 3; DELETE FROM candidate_facts WHERE id = 3
        """, table: "candidates", row: "id 3", part: .candidates),
    Tampering(
      name: "a source without its candidate",
      sql: "PRAGMA foreign_keys = OFF; INSERT INTO candidate_sources VALUES (999, 'x')",
      table: "candidate_sources", row: "row 999", part: .file),
    Tampering(
      name: "an epoch that is gone", sql: "DELETE FROM epochs WHERE candidate = X AND epoch = 1",
      table: "epochs", row: "candidate X", part: .file),
    Tampering(
      name: "all epochs gone", sql: "DELETE FROM epochs WHERE candidate = X", table: "epochs",
      row: "candidate X", part: .candidates),
    Tampering(
      name: "the last epoch gone",
      sql: """
        DELETE FROM epochs WHERE candidate = X AND epoch = 2;
        UPDATE candidate_facts SET fitness = (SELECT validation_accuracy FROM epochs WHERE candidate = X) WHERE id = X
        """, table: "epochs", row: "candidate X", part: .candidates),
    Tampering(
      name: "negative seconds", sql: "UPDATE candidate_facts SET seconds = -1 WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "part of a batch", sql: "UPDATE candidate_facts SET images_seen = images_seen + 1 WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "fewer images than others", sql: "UPDATE candidate_facts SET images_seen = 0 WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "a figure that no axis names",
      sql: "UPDATE candidate_figures SET figures = json_set(figures, '$.linear', 99) WHERE candidate = X",
      table: "candidate_figures", row: "candidate X", part: .networks),
    Tampering(
      name: "a view that is gone",
      sql: "DROP VIEW elites; UPDATE candidate_facts SET seconds = seconds + 1 WHERE id = X", table: "elites",
      row: "the view", part: .file),
    Tampering(
      name: "a view of something else",
      sql: """
        DROP VIEW elites; CREATE VIEW elites AS SELECT id AS niche, id, fitness FROM candidate_facts;
        UPDATE candidate_facts SET seconds = seconds + 1 WHERE id = X
        """, table: "elites", row: "the view", part: .file),
    Tampering(
      name: "an elite that is no candidate",
      sql: "PRAGMA foreign_keys = OFF; UPDATE network_history SET candidate = 999 WHERE candidate = X",
      table: "network_history", row: "generation ", part: .file),
    Tampering(
      name: "another place", sql: "UPDATE candidate_facts SET place = 7 WHERE id = 4",
      table: "candidates", row: "id 4", part: .candidates),
    Tampering(
      name: "another generation", sql: "UPDATE candidate_facts SET generation = 3 WHERE id = 6",
      table: "candidates", row: "id 6", part: .candidates),
    Tampering(
      name: "a parent that is none", sql: "UPDATE candidate_facts SET parents = '[99]' WHERE id = 7",
      table: "candidates", row: "id 7", part: .candidates),
    Tampering(
      name: "a parent of the same generation", sql: "UPDATE candidate_facts SET parents = '[6]' WHERE id = 8",
      table: "candidates", row: "id 8", part: .candidates),
    Tampering(
      name: "another parent", sql: "UPDATE candidate_facts SET parents = '[5]' WHERE id = 2",
      table: "candidates", row: "id 2", part: .candidates),
    Tampering(
      name: "a parent the strategy did not choose",
      sql:
        "UPDATE candidate_facts SET parents = CASE parents WHEN '[0]' THEN '[1]' ELSE '[0]' END WHERE id = 16",
      table: "candidates", row: "id 16", part: .generations),
    Tampering(
      name: "another prompt", sql: "UPDATE candidate_facts SET prompt = 'nonsense' WHERE id = 2",
      table: "candidates", row: "id 2", part: .generations),
    Tampering(
      name: "another temperature", sql: "UPDATE candidate_facts SET temperature = 0.125 WHERE id = 2",
      table: "candidates", row: "id 2", part: .generations),
    Tampering(
      name: "a twin of itself", sql: "UPDATE candidate_facts SET twin = 1, status = 'duplicate' WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "a hash",
      sql: "UPDATE candidate_facts SET hash = '00000000000000000000000000000000' WHERE id = X",
      table: "candidates", row: "id X", part: .networks),
    Tampering(
      name: "the parameters", sql: "UPDATE candidate_facts SET parameters = parameters + 1 WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "the MACs, which are no measure", sql: "UPDATE candidate_facts SET macs = macs + 1 WHERE id = X",
      table: "candidates", row: "id X", part: .networks),
    Tampering(
      name: "a measure", sql: "UPDATE candidate_facts SET measure_0 = measure_0 + 1e-9 WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "a fitness", sql: "UPDATE candidate_facts SET fitness = 0.99 WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "a fitness with its epoch",
      sql: """
        UPDATE candidate_facts SET fitness = 0.99 WHERE id = X;
        UPDATE epochs SET validation_accuracy = 0.99 WHERE candidate = X AND epoch = 2
        """, table: "network_history", row: "generation ", part: .generations),
    Tampering(
      name: "a source that computes something else",
      sql:
        "UPDATE candidate_sources SET source = (SELECT source FROM candidate_sources WHERE candidate = 0) WHERE candidate = X",
      table: "candidates", row: "id X", part: .networks),
    Tampering(
      name: "a source that is none",
      sql: "UPDATE candidate_sources SET source = 'import os' WHERE candidate = X",
      table: "candidates", row: "id X", part: .networks),
    Tampering(
      name: "a source that is gone", sql: "DELETE FROM candidate_sources WHERE candidate = X",
      table: "candidate_sources", row: "candidate X", part: .networks),
    Tampering(
      name: "another elite", sql: "UPDATE network_history SET candidate = 0 WHERE candidate = X",
      table: "network_history", row: "generation ", part: .generations),
    Tampering(
      name: "an elite's fitness",
      sql: "UPDATE network_history SET fitness = fitness + 1e-12 WHERE candidate = X",
      table: "network_history", row: "generation ", part: .generations),
    Tampering(
      name: "an elite that is gone", sql: "DELETE FROM network_history WHERE candidate = X",
      table: "network_history", row: "generation ", part: .generations),
    Tampering(
      name: "a prompt's score", sql: "UPDATE prompt_history SET score = score + 1",
      table: "prompt_history", row: "generation 1, cell ", part: .generations),
    Tampering(
      name: "the QD score",
      sql: "UPDATE generations SET record = json_set(record, '$.statistics.qdScore', 99.5) WHERE number = 2",
      table: "generations", row: "number 2", part: .generations),
    Tampering(
      name: "the coverage alone",
      sql: "UPDATE generations SET record = json_set(record, '$.statistics.coverage', 0.5) WHERE number = 2",
      table: "generations", row: "number 2", part: .generations),
    Tampering(
      name: "a generation that is gone",
      sql: "PRAGMA foreign_keys = OFF; DELETE FROM generations WHERE number = 2", table: "prompt_history",
      row: "", part: .file),
    Tampering(
      name: "the last generation's history and itself gone",
      sql: """
        DELETE FROM network_history WHERE generation = 4; DELETE FROM prompt_history WHERE generation = 4;
        DELETE FROM generations WHERE number = 4; UPDATE candidate_facts SET generation = 9 WHERE id = 20
        """, table: "candidates", row: "id 20", part: .candidates),
    Tampering(
      name: "weights of nobody's", sql: "INSERT INTO weights VALUES (0, x'00', NULL)", table: "weights",
      row: "candidate 0", part: .weights),
    Tampering(
      name: "weights that are gone", sql: "DELETE FROM weights WHERE candidate = X", table: "weights",
      row: "candidate X", part: .weights),
    Tampering(
      name: "weights cut off",
      sql: "UPDATE weights SET safetensors = substr(safetensors, 1, 50) WHERE candidate = X",
      table: "weights", row: "candidate X", part: .weights),
    Tampering(
      name: "one bit of a weight",
      sql: """
        UPDATE weights SET safetensors = CAST(substr(safetensors, 1, length(safetensors) - 1) || CASE
          substr(safetensors, -1) WHEN x'00' THEN x'01' ELSE x'00' END AS BLOB) WHERE candidate = X
        """, table: "weights", row: "candidate X", part: .weights),
    Tampering(
      name: "a checksum", sql: "UPDATE weights SET crc32 = crc32 + 1 WHERE candidate = X", table: "weights",
      row: "candidate X", part: .weights),
    Tampering(
      name: "weights of another shape",
      // {"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}
      sql:
        "UPDATE weights SET crc32 = NULL, safetensors = x'36000000000000007b2277223a7b226474797065223a22463332222c227368617065223a5b305d2c22646174615f6f666673657473223a5b302c305d7d7d' WHERE candidate = X",
      table: "weights", row: "candidate X", part: .weights),
    Tampering(
      name: "a candidate of an exchange that is none",
      sql: "UPDATE candidate_facts SET exchange = 'k' WHERE id = 1",
      table: "candidates", row: "id 1", part: .exchanges),
  ]

  @Test("What does not hold is named", arguments: tamperings)
  func tampered(_ tampering: Tampering) async throws {
    let path = try await copy()
    let queue = try DatabaseQueue(path: path)
    // The last elite that no candidate repeats, so that the row itself is the first to disagree.
    let elite = try await queue.read {
      try Int.fetchOne(
        $0,
        sql: "SELECT max(id) FROM elites WHERE id NOT IN (SELECT twin FROM candidates WHERE twin IS NOT NULL)"
      )
    }
    let number = String(try #require(elite))
    @Sendable func filled(_ text: String) -> String {
      text.replacingOccurrences(of: "\\bX\\b", with: number, options: .regularExpression)
    }
    let changes = try await queue.writeWithoutTransaction { database in
      try database.execute(sql: filled(tampering.sql))
      return database.totalChangesCount
    }
    #expect(changes > 0)
    try queue.close()
    // Compiling is left out where it has no say.
    let result = try await verify(folder, quick: ![.networks, .weights].contains(tampering.part))
    #expect(!result.holds)
    let found = try #require(result.disagreement)
    #expect(found.table == tampering.table && found.row.hasPrefix(filled(tampering.row)), "\(found)")
    #expect(result.checks.last?.part == tampering.part, "\(found)")
    #expect(found.description.hasSuffix(".") && !found.description.contains("\n"), "\(found)")
  }

  @Test("An exchange under another key, or of a candidate that is none")
  func exchanges() async throws {
    let path = try await copy()
    let exchange = ChatExchange(
      identity: ModelIdentity(provider: "p", model: "m"), request: ChatRequest(messages: [.user("please")]),
      outcome: .failure(.declined(endpoint: "e", detail: "")))
    try await RunStore.open(folder).record(exchange, candidate: 3)
    #expect(try await verify(folder).holds)
    let queue = try DatabaseQueue(path: path)
    try await queue.write { try $0.execute(sql: "UPDATE exchanges SET candidate = -1") }
    #expect(
      try await verify(folder).disagreement?.description
        == "exchanges, key \(exchange.key): there is candidate -1, but it should be a candidate that is there."
    )
    try await queue.write { try $0.execute(sql: "UPDATE exchanges SET candidate = 3, key = 'k'") }
    #expect(
      try await verify(folder).disagreement?.description
        == "exchanges, key k: there is the request whose key is \(exchange.key), but it should be that of its own key."
    )
  }

  @Test("A page that was overwritten is found, or the file cannot be read at all", arguments: 1..<16)
  func damage(place: Int) async throws {
    let path = try await copy()
    let queue = try DatabaseQueue(path: path)
    try await queue.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    try queue.close()
    let whole = try RunStore.open(await SmallRun.finished.value)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let page = bytes.count / 4096 * place / 16
    bytes.replaceSubrange(page * 4096..<(page + 1) * 4096, with: Data(repeating: 0x5A, count: 4096))
    try bytes.write(to: URL(fileURLWithPath: path))
    do {
      // Pages may be free, but no record may have changed, and no weight.
      if try await verify(folder).holds {
        let store = try RunStore.open(folder)
        #expect(try await store.candidates() == whole.candidates())
        #expect(try await store.generations() == whole.generations())
        for candidate in try whole.weightCandidates() {
          #expect(try await store.weights(of: candidate) == whole.weights(of: candidate))
        }
      }
    } catch {
      #expect("\(error)".hasSuffix("."), "\(error)")
    }
  }

  @Test("Weights of earlier versions have no checksum, which is said")
  func withoutChecksums() async throws {
    let path = try await copy()
    let queue = try DatabaseQueue(path: path)
    let count = try await queue.write { database in
      try database.execute(sql: "UPDATE weights SET crc32 = NULL")
      return database.changesCount
    }
    let result = try await verify(folder)
    #expect(result.holds && result.notes.count == 1, "\(result.text)")
    #expect(
      result.notes.first?.hasPrefix("Of the weights of \(count) candidates no checksum is recorded") == true)
  }

  /// Searches by other strategies and on other archives than LLMatic's own.
  static let others: [(name: String, change: @Sendable (inout RunConfiguration) -> Void)] = [
    ("random", { $0.search.strategy = .random }),
    (
      "regularized",
      { ($0.search.strategy, $0.search.population, $0.search.tournamentSize) = (.regularized, 6, 3) }
    ),
    ("network archive only", { ($0.search.promptArchive, $0.search.population) = (false, 6) }),
    ("prompt archive only", { ($0.search.networkArchive, $0.search.population) = (false, 6) }),
    ("mutation only", { $0.search.mutationProbability = 1 }),
    ("crossover only", { $0.search.mutationProbability = 0 }),
    ("depth", { $0.archive.depth = 2 }),
    ("sliding", { ($0.archive.kind, $0.archive.remapFrequency) = (.sliding, 4) }),
    ("fronts", SmallRun.fronts), ("noise", SmallRun.noise),
  ]

  @Test(
    "Runs of every strategy, ablation and kind hold, and a changed elite of theirs is found",
    arguments: 0..<10
  )
  func others(_ index: Int) async throws {
    let (name, change) = Self.others[index]
    let run = try SmallRun(generations: 2, change)
    let store = try RunStore.create(in: folder, header: run.header)
    let strategy = try run.makeStrategy()
    try await run.search(in: store, by: strategy)
    func verified() async throws -> RunVerification {
      try await RunVerifier(RunStore.open(folder), replay: .strategy(strategy), isQuick: true).verify()
    }
    let sound = try await verified()
    #expect(sound.holds, "\(name): \(sound.text)")
    let queue = try DatabaseQueue(path: folder + "/" + RunStore.fileName)
    try await queue.write {
      try $0.execute(
        sql:
          "UPDATE network_history SET fitness = fitness + 1e-9 WHERE candidate = (SELECT min(id) FROM elites)"
      )
    }
    let changed = try await verified()
    #expect(!changed.holds && changed.disagreement?.table == "network_history", "\(name): \(changed.text)")
  }

  @Test(
    "Of fronts, an objective, a member and the volumes are held against the candidates",
    arguments: [
      ("UPDATE candidate_facts SET objective_0 = objective_0 + 1 WHERE id = X", "candidates", "candidates"),
      (
        "UPDATE candidate_facts SET objective_1 = NULL, objective_0 = NULL WHERE id = X", "candidates",
        "candidates"
      ),
      (
        "UPDATE network_history SET fitness = fitness + 1e-9 WHERE candidate = X", "network_history",
        "generations"
      ),
      (
        "UPDATE generations SET record = json_set(record, '$.fronts.moqdScore', 9.5) WHERE number = 2",
        "generations",
        "generations"
      ),
    ])
  func fronts(_ sql: String, _ table: String, _ part: String) async throws {
    try FileManager.default.copyItem(atPath: await SmallRun.finishedFronts.value, toPath: folder)
    let queue = try DatabaseQueue(path: folder + "/" + RunStore.fileName)
    let changes = try await queue.write { database in
      let number = try Int.fetchOne(
        database,
        sql: "SELECT max(id) FROM elites WHERE id NOT IN (SELECT twin FROM candidates WHERE twin IS NOT NULL)"
      )
      try database.execute(sql: sql.replacing("X", with: "\(number ?? -1)"))
      return database.changesCount
    }
    #expect(changes > 0)
    let run = try SmallRun(generations: 3, SmallRun.fronts)
    let result = try await RunVerifier(
      RunStore.open(folder), replay: .strategy(run.makeStrategy()), isQuick: true
    )
    .verify()
    #expect(!result.holds && result.disagreement?.table == table, "\(result.text)")
    #expect(result.checks.last?.part.rawValue == part, "\(result.text)")
  }

  @Test(
    "A run that trains contested networks again is proved by its scores, which reports count",
    arguments: [
      // Another winner, or a contest that these scores leave open.
      (
        "UPDATE candidate_scores SET fitness = fitness / 2 + 0.01", "network_history candidate_scores",
        "generations"
      ),
      ("UPDATE candidate_scores SET number = 3 WHERE number = 1", "candidate_scores", "candidates"),
      ("UPDATE candidate_scores SET generation = 9", "candidate_scores", "candidates"),
      ("UPDATE candidate_scores SET fitness = 2", "candidate_scores", "candidates"), ("", "", ""),
    ])
  func noise(_ sql: String, _ table: String, _ part: String) async throws {
    try FileManager.default.copyItem(atPath: await SmallRun.finishedNoise.value, toPath: folder)
    let run = try SmallRun(generations: 3, SmallRun.noise)
    if !sql.isEmpty {
      let queue = try DatabaseQueue(path: folder + "/" + RunStore.fileName)
      try await queue.write { try $0.execute(sql: sql) }
    }
    let store = try RunStore.open(folder)
    let result = try await RunVerifier(store, replay: .strategy(run.makeStrategy()), isQuick: true)
      .verify()
    #expect(result.holds == sql.isEmpty, "\(result.text)")
    if !sql.isEmpty {
      #expect(
        table.split(separator: " ").contains { $0 == result.disagreement?.table ?? "" }
          && result.checks.last?.part.rawValue == part, "\(result.text)")
      return
    }
    let snapshot = try await RunSnapshot(store)
    #expect(snapshot.scores.count > 2)
    let last = try #require(snapshot.generations.last)
    #expect(try RunFacts(snapshot).archive.statistics() == last.statistics)
    #expect(snapshot.elites.map(\.record.fitness) == last.networks.map(\.fitness))
    let own = try snapshot.archive(on: snapshot.header.configuration)
    #expect(own.elites.map(\.solution) == last.networks.map(\.candidate))
    let status = try RunStatus(snapshot)
    #expect(status.contests?.trainings == snapshot.scores.count && status.text.contains("trained again: "))
    let score = snapshot.scores[0]
    let view = try await CandidateView(score.candidate, isNiche: false, of: snapshot, store: store)
    #expect(view.scores?.first == score && view.text.contains("trained again, with other random numbers:"))
    let trained = snapshot.candidates.count {
      $0.generation > 0 && $0.evaluation != nil && $0.verdict.status != .duplicate
    }
    let frame = ComparisonFrame(like: snapshot)
    let binned = try BinnedRun(.run(snapshot), in: frame, empty: frame.archive(), offset: 0)
    #expect(binned.history?.total(.evaluations) == Double(trained + snapshot.scores.count))
  }

  @Test("Somebody who stops it learns nothing wrong")
  func stopped() async throws {
    _ = try await copy()
    let stop = StopFlag()
    stop.raise()
    let verifier = try await RunVerifier(
      RunStore.open(folder), replay: .strategy(SmallRun.strategy.get()), stop: stop)
    await #expect(throws: RunVerifier.Stopped.self) { _ = try await verifier.verify() }
  }
}
