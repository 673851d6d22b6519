import Foundation
import LanguageModels
import QualityDiversity
import RunStore
import Search
import Testing

@testable import Reports

@Suite("What a user takes home", .serialized)
final class ExportTests {
  private let folder = SampleRun.folder()
  private var output: String { folder + "-export" }
  private let run = SampleRun(
    configuration: SampleRun.grid,
    candidates: [
      .init(width: 10, depth: 2, fitness: 0.5),
      .init(width: 10, depth: 8, fitness: 0.75, status: .healed, prompt: "a,\"b\""),
      .init(width: 10, depth: 2, status: .refused),
      .init(width: 90, depth: 2, fitness: 0.625, author: .rewriter),
      .init(width: 11, depth: 2, fitness: 0.25), .init(width: 90, depth: 9, status: .untrainable),
    ])

  deinit {
    for place in [folder, output] { try? FileManager.default.removeItem(atPath: place) }
  }

  private func file(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: output + "/" + name)), as: UTF8.self)
  }

  private func files() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: output).sorted()
  }

  private func exporter() async throws -> Exporter {
    let store = try await run.store(in: folder)
    return try await Exporter(RunSnapshot(store), store: store)
  }

  @Test("A folder per elite, and the tables")
  func layout() async throws {
    let exporter = try await exporter()
    let archive = try await exporter.archive(testedBy: nil)
    #expect(archive.elites.map(\.candidate) == [1, 2, 4] && archive.elites.map(\.niche) == [0, 1, 2])
    #expect(archive.niches == 4 && archive.qdScore == 0.5 + 0.75 + 0.625)
    #expect(archive.elites[1].measures == ["width": 10, "depth": 8])
    #expect(archive.elites.allSatisfy { $0.testAccuracy == nil })
    // The samples are no networks, so that there is no ONNX of them; that is said.
    let notes = try await exporter.write(archive, to: output)
    #expect(notes.count == 3 && notes[0].description.hasPrefix("niche-0000 has no network.onnx: "))
    #expect(
      try files() == [
        "archive.csv", "archive.npz", "elites.csv", "elites.json", "load.py", "niche-0000",
        "niche-0000/card.md",
        "niche-0000/network.py", "niche-0000/weights.safetensors", "niche-0001", "niche-0001/card.md",
        "niche-0001/network.py", "niche-0001/weights.safetensors", "niche-0002", "niche-0002/card.md",
        "niche-0002/network.py", "niche-0002/weights.safetensors",
      ])
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: output + "/niche-0002/weights.safetensors")) == Data([4]))

    let source = try file("niche-0001/network.py")
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(
      lines.prefix { $0.hasPrefix("# ") }.count == 6,
      "one comment a line, whatever line ends are in the names")
    #expect(source.hasSuffix("\n\nclass Net:\n    number = 2\n"))
    #expect(lines[0] == "# Candidate 2 of the run 'sample', elite of niche 1 (width 10, depth 8).")
    #expect(lines[1] == "# Validation accuracy 75.00 % on fashion-mnist.")
    #expect(
      lines[3]
        == "# By language-model (whole-program): mutation of candidate 1, prompt 'a,\"b\"', temperature 0.60."
    )
    #expect(lines[4] == "# Author: A model writes." && lines[5] == "# Healed: fc1 takes 12 features")

    let rows = try file("elites.csv").split(separator: "\n").map(String.init)
    #expect(
      rows[0] == "niche,candidate,generation,fitness,test_accuracy,parameters,macs,width,depth,measure_width,"
        + "measure_depth,status,author,models,prompt,images_seen,prompt_tokens,completion_tokens,hash,folder")
    #expect(
      rows[2] == "1,2,1,0.75,,2000,1000,10,8,10.0,8.0,healed,language-model,,\"a,\"\"b\"\"\",100,,,"
        + String(repeating: "0", count: 31) + "2,niche-0001")
    #expect(rows.count == 4)
  }

  @Test("Who wrote an elite, out of what, and what that took")
  func effort() async throws {
    func reply(_ text: String, by model: String, answered source: String? = nil) -> ChatExchange {
      ChatExchange(
        identity: ModelIdentity(provider: "p", model: model),
        request: ChatRequest(messages: [.user(text)]),
        outcome: .reply(
          ChatReply(
            content: "class", model: model, usage: TokenUsage(promptTokens: 70, completionTokens: 5),
            source: source.map { ModelIdentity(provider: "p", model: $0) })))
    }
    var run = run
    let failure = ChatExchange(
      identity: ModelIdentity(provider: "p", model: "small"),
      request: ChatRequest(messages: [.user("first")]),
      outcome: .failure(.declined(endpoint: "e", detail: "")))
    run.exchanges = [failure, reply("second", by: "several", answered: "large")]
    run.repairs = [reply("mend", by: "small"), reply("prompt", by: "scribe")]
    var request = CandidateRequest()
    request.repairs = [Repair(exchange: run.repairs[0].key, problem: "No class.")]
    request.prompt = EvolvedPrompt(
      id: "a.2", parent: "a", root: "a", text: "Widen.", exchange: run.repairs[1].key)
    run.candidates[1].request = request
    let store = try await run.store(in: folder)
    try await store.record(
      CandidateScore(candidate: 4, number: 1, generation: 1, fitness: 0.6, imagesSeen: 50, seconds: 1.25))
    let exporter = try await Exporter(RunSnapshot(store), store: store)
    let archive = try await exporter.archive(testedBy: nil)
    #expect(archive.elites.map(\.models) == [nil, ["large", "small"], nil])
    #expect(archive.elites.map(\.promptTokens) == [0, 210, nil])
    #expect(archive.elites.map(\.completionTokens) == [0, 15, nil])
    #expect(archive.elites.map(\.ancestry) == [[0], [1, 0], [3, 2, 1, 0]])
    #expect(archive.elites.map(\.imagesSeen) == [100, 100, 150])
    try await exporter.write(archive, to: output)
    let cards = try archive.elites.map { try file($0.folder + "/card.md") }
    #expect(cards[1].contains("| Model | large, small |\n| Ancestry | 2 ← 1 ← 0 |\n"))
    #expect(
      cards[1].contains("| Training took | 2.00 s on one thread, 100 images |\n| Tokens | 210 in, 15 out |"))
    #expect(cards[2].contains("| Ancestry | 4 ← 3 ← 2 ← 1 ← 0 |\n"))
    #expect(cards[2].contains("| Training took | 3.25 s on one thread, 150 images in 2 trainings |\n"))
    #expect(!cards[2].contains("| Model |") && !cards[2].contains("| Tokens |"))
    #expect(
      try file("elites.csv").contains(",language-model,\"large, small\",\"a,\"\"b\"\"\",100,210,15,0000"))
  }

  @Test("A long line of ancestors is cut on the card")
  func longAncestry() async throws {
    var run = run
    run.candidates = (0..<120).map { .init(width: 10, depth: 2, fitness: 0.5 + Double($0) / 1000) }
    let store = try await run.store(in: folder)
    let exporter = try await Exporter(RunSnapshot(store), store: store)
    let archive = try await exporter.archive(testedBy: nil)
    #expect(archive.elites.map(\.ancestry) == [(20..<120).reversed()])
    try await exporter.write(archive, to: output)
    #expect(try file("niche-0000/card.md").contains("| Ancestry | 120 ← 119 ← 118 ← "))
    #expect(try file("niche-0000/card.md").contains(" ← 97 ← 96 ← … |"))
  }

  @Test("Categories have their names where people read, and their numbers where programs reckon")
  func categories() async throws {
    var run = run
    run.configuration.archive.dimensions = []
    run.configuration.descriptors[1] = DescriptorSettings(
      name: "depth", categories: ["none", "one", "two, \"2\"", "3", "4", "5", "6", "7", "a|b", "nine"])
    let store = try await run.store(in: folder)
    let snapshot = try await RunSnapshot(store)
    let exporter = Exporter(snapshot, store: store)
    let archive = try await exporter.archive(testedBy: nil)
    try await exporter.write(archive, to: output)
    #expect(archive.elites.map(\.candidate) == [1, 2, 5, 4])
    let folder = archive.elites[1].folder
    #expect(try file(folder + "/network.py").contains(" (width 10, depth a|b).\n"))
    #expect(try file(folder + "/card.md").contains("| Measure depth | a\\|b |\n| Canonical"))
    #expect(try file(folder + "/card.md").contains("| Measure width | 10.0 |\n"))
    let rows = try file("elites.csv").split(separator: "\n")
    #expect(rows[1].contains(",10.0,\"two, \"\"2\"\"\",valid") && rows[2].contains(",10.0,a|b,healed"))
    // pyribs and comparisons take numbers.
    #expect(try file("archive.csv").split(separator: "\n")[2].hasPrefix("2,0.75,10.0,8.0,"))
    #expect(archive.elites[1].measures == ["width": 10, "depth": 8])
    let saved = try SavedArchive(contentsOf: output + "/elites.json")
    #expect(saved.rows.map { $0.measures[1] } == [2, 8, 2, 2] && saved.axes[1].category(of: 8) == "a|b")
    #expect(
      try SavedArchive(contentsOf: output + "/archive.csv").rows.map { $0.measures[1] } == [2, 8, 2, 2])
    let table = EliteTable(snapshot)
    #expect(table.text.contains("  a|b ") && !table.text.contains("  8 "))
    #expect(table.elites[1].measures == [10, 8] && table.categories?["depth"]?[8] == "a|b")
    #expect(table.categories?["width"] == nil)
  }

  @Test("JSON: sorted keys in snake case, the same bytes for the same archive whatever time and place")
  func json() async throws {
    let exporter = try await exporter()
    let text = try Exporter.json(try await exporter.archive(testedBy: nil))
    let other = SampleRun.folder()
    defer { try? FileManager.default.removeItem(atPath: other) }
    var later = run
    later.name = "another-name"
    let store = try await later.store(in: other)
    #expect(
      try await Exporter.json(Exporter(RunSnapshot(store), store: store).archive(testedBy: nil)) == text)

    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(
      Set(object.keys) == ["format", "seed", "data", "axes", "archive", "niches", "qd_score", "elites"])
    let elites = try #require(object["elites"] as? [[String: Any]])
    #expect(elites.count == 3 && elites[1]["fitness"] as? Double == 0.75)
    #expect((elites[0]["description"] as? [String: Any])?["class_name"] as? String == "Net")
    #expect(text.hasSuffix("}\n"))
  }

  @Test("The fittest few, by niche")
  func top() async throws {
    let exporter = try await exporter()
    #expect(
      try await exporter.archive(testedBy: nil, selection: ExportSelection(top: 2)).elites.map(\.candidate)
        == [2, 4])
    #expect(try await exporter.archive(testedBy: nil, selection: ExportSelection(top: 99)).elites.count == 3)
  }

  @Test("An export is made anew over an older one, but never over files that are not its own")
  func overwriting() async throws {
    let exporter = try await exporter()
    let archive = try await exporter.archive(testedBy: nil)
    try await exporter.write(archive, to: output)
    var fewer = archive
    fewer.elites.removeLast()
    try await exporter.write(fewer, to: output)
    #expect(try !files().contains("niche-0002"))
    // What an interrupted export left does not stand in the way.
    try FileManager.default.removeItem(atPath: output + "/elites.json")
    try await exporter.write(archive, to: output)
    #expect(try files().count == 17)

    try Data("mine".utf8).write(to: URL(fileURLWithPath: output + "/notes.txt"))
    let before = try files()
    await #expect(
      throws: SearchError(
        "'\(output)' holds 'notes.txt', which is no part of an export; name another folder by --output.")
    ) { try await exporter.write(archive, to: output) }
    #expect(try files() == before)
    try FileManager.default.removeItem(atPath: output)
    try Data("a file".utf8).write(to: URL(fileURLWithPath: output))
    let isFile = "'\(output)' is a file, but an export is a folder; name another one by --output."
    await #expect(throws: SearchError(isFile)) { try await exporter.write(archive, to: output) }
    let isBelow =
      "'\(output)/a/b' cannot be written: '\(output)' is a file and no folder; name another place by --output."
    await #expect(throws: SearchError(isBelow)) { try await exporter.write(archive, to: output + "/a/b") }
    #expect(try String(contentsOfFile: output, encoding: .utf8) == "a file")
    let nowhere =
      "'/proc/none/export' cannot be written: no such file or directory; name another place by --output."
    await #expect(throws: SearchError(nowhere)) { try await exporter.write(archive, to: "/proc/none/export") }
    let error = #expect(throws: (any Error).self) {
      try Data("a page".utf8).write(to: URL(fileURLWithPath: "/proc/none/page.html"))
    }
    let sentence = OutputPlace.sentence(
      for: try #require(error), writing: "/proc/none/page.html", option: "--html")
    #expect(
      sentence
        == "'/proc/none/page.html' cannot be written: no such file or directory; name another place by --html."
    )
  }

  @Test("An elite without weights is an error, not a folder without them")
  func missingWeights() async throws {
    let store = try await run.store(in: folder)
    let snapshot = try await RunSnapshot(store)
    let exporter = Exporter(snapshot, store: store)
    let archive = try await exporter.archive(testedBy: nil)
    // The run goes on: candidate 1 loses its niche.
    var next = try #require(snapshot.generations.last)
    next.number = 2
    next.networks.removeFirst()
    try await store.commit(next)
    let error = await #expect(throws: SearchError.self) { try await exporter.write(archive, to: output) }
    #expect(error?.description.hasPrefix("The weights of candidate 1 are not in the run's file") == true)
  }

  @Test("Status, elites and candidates in words")
  func words() async throws {
    var run = run
    run.exchanges = [
      ChatExchange(
        identity: ModelIdentity(provider: "p", model: "m"),
        request: ChatRequest(messages: [.user("please\u{1B}[2J")], temperature: 0.5),
        outcome: .reply(
          ChatReply(
            content: "reply\u{7}\r\n\u{9B}31m", model: "m",
            usage: TokenUsage(promptTokens: 7, completionTokens: 5),
            latencySeconds: 1.5))),
      ChatExchange(
        identity: ModelIdentity(provider: "p", model: "m"), request: ChatRequest(messages: [.user("again")]),
        outcome: .failure(.declined(endpoint: "e", detail: ""))),
    ]
    let store = try await run.store(in: folder)
    let snapshot = try await RunSnapshot(store)
    let status = try RunStatus(snapshot)
    #expect(
      status.verdicts == [
        "valid": 3, "healed": 1, "duplicate": 0, "refused": 1, "untrainable": 1, "stopped": 0,
      ])
    #expect(status.authors == ["language-model": 5, "rewriter": 1])
    #expect(status.eliteAuthors == ["language-model": 2, "rewriter": 1])
    #expect(status.best?.candidate == 2 && status.best?.niche == 1 && status.best?.fitness == 0.75)
    #expect(status.usage.replies == 1 && status.usage.failures == 1 && status.usage.promptTokens == 7)
    #expect(status.usage.completionTokens == 5 && status.usage.seconds == 1.5)
    let per = try #require(status.qdScorePer)
    let score = try #require(status.statistics?.qdScore)
    #expect(per.thousandTokens.map { abs($0 - score / 0.012) < 1e-9 } == true)
    #expect(per.trainingSecond.map { abs($0 - score / status.trainingSeconds) < 1e-9 } == true)
    #expect(per.dollar == nil && status.usage.dollars == nil && per.evaluation != nil)
    #expect(status.text.contains("QD score per network trained "))
    #expect(status.trainingSeconds == 8)
    #expect(status.text.contains("archive: 3 of 4 niches (75.0 %), QD score 1.875, mean 62.50 %"))
    #expect(status.text.contains("candidates: 3 valid, 1 healed, 1 refused, 1 untrainable"))
    #expect(
      status.text.contains(
        "written by: 5 language-model, 1 rewriter; elites by: 2 language-model, 1 rewriter"))
    #expect(RunStatus.table([status]).split(separator: "\n").count == 2)
    #expect(EliteTable(snapshot).text.split(separator: "\n").count == 4)

    let elite = try await CandidateView(1, isNiche: true, of: snapshot, store: store)
    #expect(elite.candidate.id == 2 && elite.niche == 1 && elite.ancestry.map(\.candidate) == [1, 0])
    #expect(elite.text.contains("ancestry: 1 (50.0 %) ← 0"))
    let first = try await CandidateView(1, isNiche: false, of: snapshot, store: store)
    #expect(first.exchange == run.exchanges[0])
    // Line ends stay; whatever else would command the terminal does not.
    let controls = first.text.unicodeScalars.filter {
      $0.properties.generalCategory == .control && $0 != "\n"
    }
    #expect(controls.isEmpty)
    await #expect(
      throws: SearchError(
        "Niche 3 of the run 'sample' is empty; 'niche show sample' lists the occupied ones.")
    ) {
      _ = try await CandidateView(3, isNiche: true, of: snapshot, store: store)
    }
    await #expect(throws: SearchError("The run 'sample' has no candidate 99; they go from 0 to 6.")) {
      _ = try await CandidateView(99, isNiche: false, of: snapshot, store: store)
    }
  }

  @Test("Parents that form a circle do not hang the view")
  func circularParents() async throws {
    let store = try await run.store(in: folder)
    for (id, parent) in [(101, 102), (102, 101)] {
      var record = try #require(try await store.candidates().first)
      (record.id, record.origin.parents) = (id, [parent])
      try await store.record(record, weights: nil)
    }
    let view = try await CandidateView(101, isNiche: false, of: RunSnapshot(store), store: store)
    #expect(view.ancestry.count <= 1000 && !view.ancestry.isEmpty)
  }
}

@Suite("Which elites are exported")
final class ExportSelectionTests {
  private let folder = SampleRun.folder()
  /// Niches 0…3 of the sample's grid over width and depth: candidates 1, 2, 3 and 4.
  private let run = SampleRun(
    configuration: SampleRun.grid,
    candidates: [
      .init(width: 10, depth: 2, fitness: 0.5), .init(width: 10, depth: 8, fitness: 0.75),
      .init(width: 90, depth: 2, fitness: 0.625), .init(width: 90, depth: 9, fitness: 0.6),
    ])

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  @Test("By niche, condition, Pareto front, diversity and rank, in this order")
  func rules() async throws {
    let snapshot = try await RunSnapshot(run.store(in: folder))
    func chosen(_ selection: ExportSelection) throws -> [Int] {
      try selection.elites(of: snapshot).map(\.record.id)
    }
    #expect(try chosen(ExportSelection()) == [1, 2, 3, 4])
    #expect(try chosen(ExportSelection(niche: 2)) == [3])
    #expect(try chosen(ExportSelection(niche: 9)) == [])
    #expect(try chosen(ExportSelection(condition: "fitness > 0.55 && width < 50")) == [2])
    #expect(try chosen(ExportSelection(condition: "niche.width >= 90 or fitness == 0.5")) == [1, 3, 4])
    #expect(try chosen(ExportSelection(condition: "params < 0")) == [])
    // The fittest beats all that are not smaller; of the width-90 ones 3 beats 4 where depth counts.
    #expect(try chosen(ExportSelection(pareto: ["width"])) == [2])
    #expect(try chosen(ExportSelection(pareto: ["depth"])) == [2, 3])
    #expect(try chosen(ExportSelection(condition: "width > 50", pareto: ["depth", "width"])) == [3])
    // Blanks around formulas say nothing, and not every comma is between two.
    #expect(try chosen(ExportSelection(condition: " width > 50 ", pareto: [" depth", "width "])) == [3])
    #expect(
      ExportSelection.formulas(" niche.macs, max(depth, 3) ,,width") == [
        "niche.macs", "max(depth, 3)", "width",
      ])
    #expect(ExportSelection.formulas(" , ").isEmpty)
    // The fittest, then the farthest from it.
    #expect(try chosen(ExportSelection(diversity: .init(count: 2))) == [2, 3])
    #expect(try chosen(ExportSelection(diversity: .init(count: 3, rule: .determinantal))).count == 3)
    #expect(try chosen(ExportSelection(diversity: .init(count: 3), top: 1)) == [2])
  }

  @Test("What cannot be read is refused with what there is")
  func mistakes() async throws {
    let snapshot = try await RunSnapshot(run.store(in: folder))
    let error = #expect(throws: SearchError.self) {
      _ = try ExportSelection(condition: "widht < 3").elites(of: snapshot)
    }
    #expect(error?.description.contains("no figure called 'widht'") == true)
    #expect(error?.description.contains("niche.width") == true)
    #expect(throws: SearchError.self) { _ = try ExportSelection(pareto: ["import os"]).elites(of: snapshot) }
    let graphs = #expect(throws: SearchError.self) {
      _ = try ExportSelection(diversity: .init(count: 2, space: .graph)).elites(of: snapshot)
    }
    #expect(graphs?.description.contains("does not compile") == true)
  }
}
