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
