import Foundation
import GRDB
import LanguageModels
import QualityDiversity
import Testing
import Training

@testable import RunStore
@testable import Search

@Suite("The run's file", .serialized)
final class RunStoreTests {
  private let folder = Sample.folder()
  private var path: String { folder + "/" + RunStore.fileName }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  @Test("Whatever is stored comes back as it was, also by another process")
  func roundTrip() async throws {
    var configuration = RunConfiguration()
    configuration.training.learningRate = 0.1 + 0.2
    configuration.seed = .min
    let header = Sample.header(configuration)
    let store = try RunStore.create(in: folder, header: header)
    #expect(try await store.candidates().isEmpty)
    #expect(try await store.generations().isEmpty)
    #expect(try await store.exchange(forKey: "nothing") == nil)

    let candidates = [Sample.candidate(2), Sample.candidate(1, fitness: nil), Sample.candidate(10)]
    for candidate in candidates { try await store.record(candidate, weights: [UInt8(candidate.id), 0, 255]) }
    let exchange = Sample.exchange(1)
    var failed = Sample.exchange(2)
    failed.outcome = .failure(.timedOut(endpoint: "http://host", seconds: 1.5, attempts: 2))
    try await store.record(exchange, candidate: 1)
    try await store.record(failed, candidate: 2)
    let generation = Sample.generation(1, elites: [1, 2])
    try await store.commit(generation)

    for opened in [store, try RunStore.open(folder)] {
      #expect(opened.header == header && opened.folder == folder)
      #expect(try await opened.candidates() == [candidates[1], candidates[0], candidates[2]], "by number")
      #expect(try await opened.exchange(forKey: exchange.key) == exchange)
      #expect(try await opened.exchanges().map(\.exchange) == [exchange, failed])
      #expect(try await opened.exchanges().map(\.candidate) == [1, 2])
      #expect(try await opened.generations() == [generation])
      #expect(try await opened.weights(of: 1) == [1, 0, 255])
      #expect(try await opened.weights(of: 10) == nil, "no elite, so its weights are not kept")
      #expect(try await opened.weights(of: 99) == nil)
    }
    let bytes =
      try Data(contentsOf: URL(fileURLWithPath: path))
      + (try Data(contentsOf: URL(fileURLWithPath: path + "-wal")))
    #expect(bytes.range(of: Data("s3cret".utf8)) == nil, "no secret of an address reaches the disk")
    #expect(bytes.range(of: Data("https://host/v1".utf8)) != nil)
  }

  @Test("The columns that SQL sees are those of the records")
  func columns() async throws {
    let store = try RunStore.create(in: folder, header: Sample.header())
    let candidate = Sample.candidate(3)
    try await store.record(candidate, weights: nil)
    try await store.commit(Sample.generation(1, elites: [3]))
    let queue = try DatabaseQueue(path: path)
    for view in ["candidates", "elites"] {
      let row = try #require(try queue.read { try Row.fetchOne($0, sql: "SELECT * FROM \(view)") })
      let texts: [String: String] = [
        "step": "crossover", "author": "language-model", "form": "edits", "prompt": "add-\"layer\"",
        "parents": "[0,1]", "status": "healed", "class": "Net", "stop_reason": "outclassed",
        "source": candidate.source ?? "", "hash": candidate.description?.hash ?? "", "exchange": "key3",
      ]
      for (column, text) in texts { #expect(row[column] as String? == text, "\(column)") }
      #expect(row["id"] as Int? == 3 && row["generation"] as Int? == 1 && row["place"] as Int? == 2)
      #expect(row["macs"] as Int? == Int.max && row["images_seen"] as Int? == 5)
      #expect(row["stop_epoch"] as Int? == 1 && row["stop_step"] as Int? == 9)
      #expect(row["seconds"] as Double? == 0.25)
      #expect(row["fitness"] as Double? == (view == "elites" ? 0.25 : candidate.fitness))
      #expect(row["temperature"] as Double? == candidate.origin.temperature)
      #expect(row["measure_width_depth_ratio"] as Double? == 1e-300)
      #expect(row["measure_macs"] as Double? == 1.7976931348623157e308)
    }
    let cells = try queue.read {
      try Row.fetchAll($0, sql: "SELECT cell, candidate, fitness FROM network_cells")
    }
    #expect(cells.count == 1)
    #expect(cells[0]["candidate"] as Int? == 3)
    #expect(cells[0]["fitness"] as Double? == 0.25)
    let elites = try await queue.read { try Int.fetchOne($0, sql: "SELECT elites FROM generations") }
    #expect(elites == 1)
    #expect(try await queue.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
  }

  @Test("Measures are columns whatever the axes are called")
  func oddAxes() async throws {
    var configuration = RunConfiguration()
    configuration.descriptors = [
      DescriptorSettings(name: "log10(\"macs\") + 1", lower: 0, upper: 1),
      DescriptorSettings(name: "x'; DROP TABLE run; --", lower: 0, upper: 1),
    ]
    let store = try RunStore.create(in: folder, header: Sample.header(configuration))
    try await store.record(Sample.candidate(1), weights: nil)
    let queue = try DatabaseQueue(path: path)
    let row = try #require(try queue.read { try Row.fetchOne($0, sql: "SELECT * FROM candidates") })
    #expect(row["measure_log10(\"macs\") + 1"] as Double? == 1e-300)
    #expect(row["measure_x'; DROP TABLE run; --"] as Double? == 1.7976931348623157e308)
    #expect(try await store.candidates() == [Sample.candidate(1)])
  }

  @Test("Objectives beside fitness are columns of their own")
  func objectives() async throws {
    var configuration = RunConfiguration()
    configuration.archive.objectives = [
      ObjectiveSettings(name: "macs", worst: 1e9, best: 1),
      ObjectiveSettings(name: "a \"b\"", formula: "depth"),
    ]
    let store = try RunStore.create(in: folder, header: Sample.header(configuration))
    var record = Sample.candidate(1)
    record.objectives = [1.0 / 3, -7]
    let without = Sample.candidate(2, fitness: nil)
    try await store.record([record, without])
    #expect(try await store.candidates() == [record, without])
    #expect(try store.summaries() == [CandidateSummary(record), CandidateSummary(without)])
    let queue = try DatabaseQueue(path: path)
    let row = try #require(try queue.read { try Row.fetchOne($0, sql: "SELECT * FROM candidates") })
    #expect(row["objective_macs"] as Double? == 1.0 / 3 && row["objective_a \"b\""] as Double? == -7)
    for objectives in [[1], [1, .infinity]] {
      record.id += 5
      record.objectives = objectives
      await #expect(throws: RunLogError.self) { try await store.record(record, weights: nil) }
    }
  }

  @Test("Further scores of candidates are rows of their own, each stored once")
  func scores() async throws {
    let store = try RunStore.create(in: folder, header: Sample.header())
    try await store.record([Sample.candidate(1), Sample.candidate(2)])
    let scores = [(2, 1), (1, 2), (1, 1)].map { candidate, number in
      CandidateScore(
        candidate: candidate, number: number, generation: 3, fitness: 1.0 / 3, imagesSeen: 40, seconds: 0.1,
        reason: number == 2 ? "Its loss was no finite number." : nil)
    }
    for score in scores { try await store.record(score) }
    let expected = scores.sorted { ($0.candidate, $0.number) < ($1.candidate, $1.number) }
    #expect(try await RunStore.open(folder).scores() == expected)
    await #expect(throws: RunLogError("Score 1 of candidate 2 is stored already.")) {
      try await store.record(scores[0])
    }
    for (candidate, fitness) in [(9, 0.5), (2, .nan)] {
      var score = scores[0]
      (score.candidate, score.number, score.fitness) = (candidate, 7, fitness)
      await #expect(throws: RunLogError.self) { try await store.record(score) }
    }
    let table = ScoreTable(expected)
    #expect(table[1, 2] == 1.0 / 3 && table[1, 3] == nil && table.further(of: 1).count == 2)
    #expect(table.further(of: 9).isEmpty)
  }

  @Test("Summaries, sources, curves and records agree, and the sample leaves no member out")
  func parts() async throws {
    // A member that the sample leaves empty would not be seen to be lost.
    #expect(Sample.emptyMembers(of: Sample.candidate(3)) == ["objectives"])
    #expect(Sample.emptyMembers(of: Sample.candidate(3, fitness: nil)) == ["objectives", "fitness"])
    let store = try RunStore.create(in: folder, header: Sample.header())
    var records = [Sample.candidate(3), Sample.candidate(4, fitness: nil)]
    records.append(
      CandidateRecord(
        id: 5, generation: 1, index: 4,
        origin: CandidateOrigin(step: .initial, author: .person, form: .wholeProgram, parents: []),
        source: nil, verdict: Verdict(.refused, reason: "No reply.")))
    let reasons: [StopReason] = [
      .completed, .nonFiniteLoss(epoch: 1, step: 2), .diverged(epoch: 3, step: 4),
      .stalled(epoch: 5, step: 6),
      .cancelled(epoch: 7, step: 8),
    ]
    for (index, reason) in reasons.enumerated() {
      var record = Sample.candidate(6 + index)
      record.evaluation?.stopReason = reason
      record.verdict = Verdict(.valid)
      record.evaluation?.inheritance = nil
      record.evaluation?.judgement = nil
      records.append(record)
    }
    try await store.record(records)
    #expect(try await store.candidates() == records)
    #expect(try store.summaries() == records.map(CandidateSummary.init))
    let numbers = [3, 5, 99]
    #expect(try store.records(of: numbers) == [3: records[0], 5: records[2]])
    #expect(try store.sources(of: numbers) == [3: records[0].source])
    #expect(try store.curves(of: numbers) == [3: records[0].evaluation?.epochs])
    #expect(try store.records(of: []).isEmpty)
  }

  @Test("Figures that formulas name are those of the whole record, for every name there is")
  func figures() async throws {
    let store = try RunStore.create(in: folder, header: Sample.header())
    var bare = Sample.candidate(5)
    bare.description?.figures = nil
    let records = [Sample.candidate(3), Sample.candidate(4, fitness: nil), bare]
    try await store.record(records)
    let names = Set(NetworkDescription.figureNames + TrainingOutcome.figureNames + ["conv2d", "max_pool2d"])
    let figures = try store.figures(names)
    #expect(figures[4] == nil)
    for record in [records[0], bare] {
      let summary = CandidateSummary(record)
      for name in names {
        let whole = record.description?.figure(named: name) ?? record.evaluation?.figure(named: name)
        #expect(summary.figure(named: name) ?? figures[record.id]?[name] == whole, "\(name)")
        #expect(
          CandidateSummary.figureNames.contains(name) == (summary.figure(named: name) != nil), "\(name)")
      }
    }
    #expect(figures[3]?["longest_path"] == 1.0 / 3 && figures[3]?["max_pool2d"] == 0)
    #expect(figures[3]?["training_loss"] == 2 && figures[5]?["validation_loss"] == 3)
  }

  @Test("A batch is stored whole or not at all, and nothing twice")
  func batches() async throws {
    let store = try RunStore.create(in: folder, header: Sample.header())
    try await store.record((1...5).map { Sample.candidate($0) })
    await #expect(throws: RunLogError("Candidate 3 is stored already.")) {
      try await store.record([Sample.candidate(9), Sample.candidate(3)])
    }
    await #expect(throws: RunLogError("Candidate 5 is stored already.")) {
      try await store.record(Sample.candidate(5), weights: nil)
    }
    #expect(try await store.candidates().map(\.id) == Array(1...5))
    func refusal(_ change: (inout CandidateRecord) -> Void) async -> String? {
      var record = Sample.candidate(6)
      change(&record)
      do throws(RunLogError) {
        try await store.record([Sample.candidate(7), record])
        return nil
      } catch {
        return error.description
      }
    }
    let short = await refusal { $0.measures = [1] }
    #expect(short == "Candidate 6 has 1 measures, but the run has 2 axes.")
    let sentence = "Candidate 6 has a figure that is no finite number; it was not stored."
    for number in [Double.nan, .infinity] {
      #expect(await refusal { $0.fitness = number } == sentence)
      #expect(await refusal { $0.measures = [1, number] } == sentence)
      #expect(await refusal { $0.evaluation?.seconds = number } == sentence)
      #expect(await refusal { $0.origin.temperature = number } == sentence)
      #expect(await refusal { $0.evaluation?.epochs[0].trainingLoss = number } == sentence)
      #expect(await refusal { $0.evaluation?.judgement?.incumbentFitness = number } == sentence)
    }
    #expect(try await store.candidates().count == 5)
  }

  @Test("Archives come back generation by generation, several elites in a cell in their order")
  func histories() async throws {
    let store = try RunStore.create(in: folder, header: Sample.header())
    try await store.record((1...9).map { Sample.candidate($0) })
    func generation(_ number: Int, _ cells: [(Int, Int)], prompts: [Int]) -> GenerationRecord {
      var record = Sample.generation(number, elites: [])
      record.networks = cells.map { ArchiveCell(cell: $0.0, candidate: $0.1, fitness: Double($0.1) / 16) }
      record.prompts = prompts.map {
        PromptCell(
          cell: $0,
          individual: PromptIndividual(
            prompt: "p\($0)", temperature: 0.5, score: Double(number), curiosity: 1))
      }
      return record
    }
    let expected = [
      generation(1, [(2, 1)], prompts: [4]),
      generation(2, [(0, 2), (2, 5), (2, 1), (2, 3)], prompts: [1, 4]),
      generation(3, [(0, 2), (2, 5), (2, 1), (2, 3)], prompts: []), generation(4, [], prompts: []),
      generation(5, [(2, 3), (2, 5), (7, 9)], prompts: [4]),
    ]
    for (index, generation) in expected.enumerated() {
      // Every other one is stored by a store that has not seen the last one.
      let writer = index.isMultiple(of: 2) ? store : try RunStore.open(folder)
      try await writer.commit(generation)
      #expect(try await store.generations() == Array(expected.prefix(index + 1)))
    }
    let queue = try DatabaseQueue(path: path)
    let cells = try await queue.read {
      try Row.fetchAll($0, sql: "SELECT cell, candidate FROM network_cells").map { [$0[0] as Int, $0[1]] }
    }
    #expect(cells == [[2, 3], [2, 5], [7, 9]])
    let prompts = try await queue.read { try Int.fetchAll($0, sql: "SELECT cell FROM prompt_cells") }
    #expect(prompts == [4])
    await #expect(throws: RunLogError.self) {
      try await store.commit(generation(6, [(7, 1), (2, 1)], prompts: []))
    }
    // An archive that did not change costs no rows.
    #expect(
      try await queue.read {
        try Int.fetchOne($0, sql: "SELECT count(*) FROM network_history WHERE generation = 3")
      } == 0)
  }

  @Test("What the exchanges add up to")
  func usage() async throws {
    let store = try RunStore.create(in: folder, header: Sample.header())
    #expect(try store.usage() == ModelUsage())
    var failed = Sample.exchange(2)
    failed.outcome = .failure(.timedOut(endpoint: "http://host", seconds: 1.5, attempts: 2))
    for exchange in [Sample.exchange(1), failed, Sample.exchange(3)] {
      try await store.record(exchange, candidate: 1)
    }
    var usage = ModelUsage(replies: 2, failures: 1, promptTokens: 14, completionTokens: 10)
    #expect(try store.usage() == usage)
    // Of replies without a price nothing is known.
    for (number, cost) in [(4, 2_500_000_000), (5, 0)] {
      var exchange = Sample.exchange(number)
      exchange.cost = Money(picodollars: cost)
      try await store.record(exchange, candidate: 1)
    }
    (usage.replies, usage.promptTokens, usage.completionTokens, usage.dollars) = (4, 28, 20, 0.0025)
    #expect(try store.usage() == usage)
    // Of several models each has its own; where they answer as one, the one that did.
    var other = Sample.exchange(6)
    guard case .reply(var reply) = other.outcome else { return }
    reply.source = ModelIdentity(provider: "scripted", model: "another")
    other.outcome = .reply(reply)
    try await store.record(other, candidate: 1)
    let both = try store.usage()
    #expect(both.replies == 5 && both.promptTokens == 35 && both.dollars == 0.0025)
    #expect(
      both.models == [
        other.identity.model: usage, "another": ModelUsage(replies: 1, promptTokens: 7, completionTokens: 5),
      ])
    #expect(try Set(store.exchangeFigures().map(\.model)) == [other.identity.model, "another"])
  }

  @Test("A generation is stored whole or not at all, and once")
  func transactions() async throws {
    let store = try RunStore.create(in: folder, header: Sample.header())
    try await store.record(Sample.candidate(1), weights: [1])
    try await store.record(Sample.candidate(2), weights: [2])
    try await store.commit(Sample.generation(1, elites: [1]))
    // An elite that is not stored breaks the transaction.
    await #expect(throws: RunLogError.self) { try await store.commit(Sample.generation(2, elites: [1, 77])) }
    // The same number again breaks it too.
    await #expect(throws: RunLogError.self) { try await store.commit(Sample.generation(1, elites: [])) }
    #expect(try await store.generations() == [Sample.generation(1, elites: [1])])
    #expect(try await store.weights(of: 1) == [1])
    let queue = try DatabaseQueue(path: path)
    #expect(try await queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM network_cells") } == 1)
  }

  @Test("The weights of displaced elites go")
  func displacedWeights() async throws {
    let store = try RunStore.create(in: folder, header: Sample.header())
    for id in 1...4 { try await store.record(Sample.candidate(id), weights: [UInt8(id)]) }
    try await store.commit(Sample.generation(1, elites: [1, 2]))
    try await store.record(Sample.candidate(5), weights: [5])
    #expect(try await store.weights(of: 5) == [5], "those of a generation under way stay")
    try await store.commit(Sample.generation(2, elites: [2, 5]))
    var kept: [[UInt8]?] = []
    for id in 1...5 { kept.append(try await store.weights(of: id)) }
    #expect(kept == [nil, [2], nil, nil, [5]])
    #expect(try await store.candidates().count == 5, "the candidates themselves stay")
  }

  @Test("A second run does not overwrite the first")
  func createTwice() async throws {
    let store = try RunStore.create(in: folder, header: Sample.header())
    try await store.record(Sample.candidate(1), weights: nil)
    #expect(
      throws: RunLogError(
        "There is a run in '\(folder)' already; go on with it by --resume, or give this one another --name.")
    ) { _ = try RunStore.create(in: folder, header: Sample.header()) }
    #expect(try await store.candidates().count == 1)
  }
}
