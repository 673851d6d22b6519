import Foundation
import LanguageModels
import NetworkGraph
import QualityDiversity
import RandomStreams
import RunStore
import Search
import Testing
import TorchFrontend

@testable import Reports

@Suite("Two elites side by side")
struct EliteComparisonTests {
  /// A network with a convolution of so many channels, a window of that side, and more layers in between.
  private static func source(channels: Int, window: Int, extra: String = "") -> String {
    """
    import torch
    import torch.nn as nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, \(channels), \(window), padding=\(window / 2))
            self.pool = nn.MaxPool2d(4)
            self.fc = nn.Linear(\(channels) * 49, 10)

        def forward(self, x):
            x = torch.relu(self.conv(x))
            x = self.pool(x)
    \(extra)        return self.fc(torch.flatten(x, 1))

    """
  }

  private static func graph(_ source: String) throws -> Graph {
    let task = ImageTask(channels: 1, height: 28, width: 28, classes: 10)
    return try NetworkCompiler.compile(source, options: task.options(batch: 2, isTraining: true)).graph
  }

  @Test("Layers that changed, were added and removed are named")
  func layers() throws {
    let old = try Self.graph(Self.source(channels: 16, window: 3, extra: "        x = torch.tanh(x)\n"))
    let new = try Self.graph(
      Self.source(
        channels: 64, window: 5, extra: "        x = nn.functional.dropout(x, 0.25, self.training)\n"))
    let changes = LayerChange.changes(from: old, to: new)
    #expect(
      changes.filter { $0.kind != .same }.map(\.sentence).sorted() == [
        "Conv2d 1→16 3×3 padding 1×1 became 1→64 5×5 padding 2×2 (conv)", "Linear 784→10 became 3136→10 (fc)",
        "added Dropout 0.25", "removed tanh",
      ])
    #expect(changes.filter { $0.kind == .same }.map(\.sentence) == ["relu", "MaxPool 4×4 (pool)"])
    let same = LayerChange.changes(from: old, to: old)
    #expect(same.allSatisfy { $0.kind == .same } && same.count == 5)
    // The other way round, what was added is removed.
    let back = LayerChange.changes(from: new, to: old)
    #expect(back.count { $0.kind == .added } == 1 && back.count { $0.kind == .removed } == 1)
  }

  @Test("Applying a source diff to the first text gives the second, and it is as short as can be")
  func sourceDiff() throws {
    var stream = RandomStream(seed: 8)
    for _ in 0..<150 {
      let old = (0..<stream.integer(below: 30)).map { _ in "line \(stream.integer(below: 12))" }
      var new = old
      for _ in 0..<stream.integer(below: 6) {
        if stream.bernoulli(0.5), !new.isEmpty {
          new.remove(at: stream.integer(below: new.count))
        } else {
          new.insert("line \(stream.integer(below: 12))", at: stream.integer(below: new.count + 1))
        }
      }
      let diff = SourceDiff(old.joined(separator: "\n"), new.joined(separator: "\n"))
      #expect(try Self.applied(diff, to: old) == new, "\(old)\n\(new)\n\(diff.text)")
      let changed = diff.lines.count { $0.kind == .added || $0.kind == .removed }
      #expect(changed == old.count + new.count - 2 * Self.commonLength(old, new))
    }
    #expect(SourceDiff("a\nb\n", "a\nb\n").lines.isEmpty)
    // As diff -u has it.
    let text = SourceDiff("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n", "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\n").text
    #expect(text == "@@ -1,5 +1,5 @@\n a\n-b\n+B\n c\n d\n e\n@@ -9,4 +9,3 @@\n i\n j\n k\n-l")
    #expect(SourceDiff("", "x\ny").text == "@@ -0,0 +1,2 @@\n+x\n+y")
  }

  /// The text with the parts of a unified diff applied, each checked against what stands there.
  private static func applied(_ diff: SourceDiff, to old: [String]) throws -> [String] {
    var (result, place) = ([String](), 0)
    for line in diff.lines {
      let text = String(line.text.dropFirst())
      switch line.kind {
      case .heading:
        let parts = line.text.split(separator: " ")
        let range = parts[1].dropFirst().split(separator: ",").compactMap { Int($0) }
        let start = range.count > 1 && range[1] == 0 ? range[0] : range[0] - 1
        result += old[place..<start]
        place = start
      case .same, .removed:
        try #require(old[place] == text)
        place += 1
        if line.kind == .same { result.append(text) }
      case .added: result.append(text)
      }
    }
    return result + old[place...]
  }

  private static func commonLength(_ one: [String], _ two: [String]) -> Int {
    var row = [Int](repeating: 0, count: two.count + 1)
    for line in one {
      var diagonal = 0
      for column in two.indices {
        let above = row[column + 1]
        row[column + 1] = line == two[column] ? diagonal + 1 : max(above, row[column])
        diagonal = above
      }
    }
    return row[two.count]
  }

  @Test("Texts too long to be aligned are still told apart")
  func longTexts() {
    let old = (0..<2500).map { "a\($0)" }.joined(separator: "\n")
    let new = (0..<2500).map { "b\($0)" }.joined(separator: "\n")
    let diff = SourceDiff("same\n" + old, "same\n" + new)
    #expect(
      diff.lines.count { $0.kind == .removed } == 2500 && diff.lines.count { $0.kind == .added } == 2500)
  }

  /// A run of three candidates, each a network of its own; the third has the first as its parent.
  ///
  /// Its niches are the candidates' numbers, unless its configuration is changed.
  private func run(
    _ name: String, _ change: ((inout RunConfiguration) -> Void)? = nil
  ) async throws -> RunSnapshot {
    let folder = SampleRun.folder()
    var configuration = SampleRun.grid
    change?(&configuration)
    var archive = try configuration.makeArchive()
    let header = RunHeader(
      name: name, configuration: configuration, authorChoice: "", version: "0", machine: "", began: "")
    let store = try RunStore.create(in: folder, header: header)
    let task = ImageTask(channels: 1, height: 28, width: 28, classes: 10)
    let sources = [
      Self.source(channels: 4, window: 3), Self.source(channels: 16, window: 3),
      Self.source(channels: 64, window: 5, extra: "        x = torch.tanh(x)\n"),
    ]
    var cells: [ArchiveCell] = []
    for (id, source) in sources.enumerated() {
      let fitness = 0.5 + 0.1 * Double(id)
      let record = CandidateRecord(
        id: id, generation: min(1, id), index: max(0, id - 1),
        origin: CandidateOrigin(
          step: id == 0 ? .initial : .mutation, author: id == 0 ? .person : .rewriter, form: .rewrite,
          parents: id == 0 ? [] : [0], prompt: id == 0 ? nil : "widen"),
        source: source, verdict: Verdict(.valid), description: try NetworkDescription(of: source, task: task),
        measures: Array([Double(id), 1].prefix(configuration.descriptors.count)),
        evaluation: id == 0 ? nil : TrainingOutcome(epochs: [], imagesSeen: 100, seconds: 2),
        fitness: id == 0 ? nil : fitness)
      try await store.record(record, weights: nil)
      if id > 0 { cells.append(ArchiveCell(cell: id, candidate: id, fitness: fitness)) }
      if id > 0 { archive.add(id, objective: fitness, measures: record.measures ?? []) }
    }
    // On the cells of a test's own choice the elites are those of an archive.
    if change != nil {
      cells = archive.elites.map { ArchiveCell(cell: $0.cell, candidate: $0.solution, fitness: $0.objective) }
    }
    try await store.commit(
      GenerationRecord(
        number: 1, isInitialisation: true, step: .mutation, networks: cells, prompts: [],
        statistics: .init(objectives: cells.map(\.fitness), cells: 4), bestOfGeneration: 0.7))
    return try await RunSnapshot(store)
  }

  @Test("Two niches of a run: scores, cost, layers, source and ancestry")
  func twoNiches() async throws {
    let snapshot = try await run("one")
    defer { try? FileManager.default.removeItem(atPath: snapshot.folder) }
    let comparison = try EliteComparison((snapshot, NichePlace(1)), (snapshot, NichePlace(2)))
    #expect(comparison.first.candidate == 1 && comparison.second.candidate == 2)
    #expect(comparison.first.description.parameters == 16 * 10 + 784 * 10 + 10)
    #expect(comparison.second.peakActivationBytes > comparison.first.peakActivationBytes)
    #expect(comparison.ancestry.common == [0, 0] && comparison.ancestry.steps == [1, 1])
    #expect(comparison.ancestry.first == [1, 0] && comparison.ancestry.second == [2, 0])
    #expect(
      comparison.verdict.hasPrefix("The second is fitter by 10.00 points, more than the noise of measuring"))
    let text = comparison.text()
    #expect(text.contains("~ Conv2d 1→16 3×3 padding 1×1 became 1→64 5×5 padding 2×2 (conv)"))
    #expect(text.contains("  + added tanh") && text.contains("+        x = torch.tanh(x)"))
    #expect(text.contains("Their nearest common ancestor is candidate 0: 1 step to the first (1 ← 0)"))
    #expect(
      !text.contains("\u{1B}")
        && comparison.text(isColourful: true).contains("\u{1B}[32m+        x = torch.tanh(x)"))
    let json = try Exporter.json(comparison)
    #expect(json.contains("\"source_diff\"") && json.contains("\"peak_activation_bytes\""))
    #expect(comparison.html.contains("<span class=\"add\">+        x = torch.tanh(x)</span>"))

    let itself = try EliteComparison((snapshot, NichePlace(2)), (snapshot, NichePlace(2)))
    #expect(itself.sourceDiff.isEmpty && itself.layers.allSatisfy { $0.kind == .same })
    #expect(itself.relation == "They are the same candidate.")
    func refusal(_ place: NichePlace) -> String {
      let error = #expect(throws: SearchError.self) {
        try EliteComparison((snapshot, place), (snapshot, NichePlace(2)))
      }
      return error?.description ?? ""
    }
    #expect(refusal(NichePlace(3)).hasPrefix("Niche 3 of the run 'one' is empty;"))
    #expect(refusal(NichePlace(4)).hasPrefix("There is no niche 4 in the run 'one', which has 4, from 0 on;"))
    #expect(refusal(NichePlace(2, place: 2)) == "Niche 2 of the run 'one' has no 2-2, as it holds 1 elite.")
  }

  @Test("Niches of two runs: ancestors are the same where they compute the same")
  func twoRuns() async throws {
    let (one, two) = (try await run("one"), try await run("two"))
    defer { for snapshot in [one, two] { try? FileManager.default.removeItem(atPath: snapshot.folder) } }
    let comparison = try EliteComparison((one, NichePlace(1)), (two, NichePlace(2)))
    #expect(comparison.ancestry.common == [0, 0] && comparison.ancestry.steps == [1, 1])
    #expect(
      try EliteComparison((one, NichePlace(1)), (two, NichePlace(1))).relation == "They are the same network."
    )
  }

  @Test("A niche of the first run is looked up in the log of a second whose cells are others")
  func otherCells() async throws {
    // Widths 0, 1 and 2 at depth 1: all of them are in the first cell of the second run, two in one of the third.
    let one = try await run("one")
    let wide = try await run("wide") { $0.archive.dimensions = [1, 1] }
    let tall = try await run("tall") { run in
      run.descriptors = [DescriptorSettings(name: "parameters", lower: 0, upper: 1e6, bins: 4)]
      run.archive.dimensions = []
    }
    defer {
      for snapshot in [one, wide, tall] { try? FileManager.default.removeItem(atPath: snapshot.folder) }
    }
    let same = try EliteComparison(one, await run("two"), niche: NichePlace(1))
    #expect(same.notes.isEmpty && same.second.cellsOf == nil && same.second.candidate == 1)
    let other = try EliteComparison(wide, tall, niche: NichePlace(0))
    // Both of the second run's networks are there, and the fitter is shown.
    #expect(other.second.candidate == 2 && other.second.niche == 0 && other.second.cellsOf == "wide")
    #expect(
      other.notes.count == 1 && other.notes[0].hasPrefix("The cells of 'tall' are not those of 'wide';"))
    #expect(other.text().contains("note: The cells of 'tall'") && other.text().contains("0 of wide"))
    #expect(other.html.contains("tall niche 0 of wide"))
    #expect(try Exporter.json(other).contains("\"cells_of\" : \"wide\""))
    func refusal(_ first: RunSnapshot, _ second: RunSnapshot, _ place: NichePlace) -> String {
      let error = #expect(throws: SearchError.self) { try EliteComparison(first, second, niche: place) }
      return error?.description ?? ""
    }
    let sliding = try await run("sliding") { $0.archive.kind = .sliding }
    defer { try? FileManager.default.removeItem(atPath: sliding.folder) }
    #expect(
      refusal(sliding, one, NichePlace(sliding.elites[0].cell)).hasPrefix(
        "The archive of 'sliding' has no cells that 'one' could share;"))
  }

  @Test("A niche is named by its number, and a further elite there by its place")
  func places() {
    #expect(NichePlace("16") == NichePlace(16) && NichePlace("0016-2") == NichePlace(16, place: 2))
    #expect(NichePlace(16, place: 2).description == "16-2" && NichePlace(16).description == "16")
    for text in ["", "-1", "16-", "16-0", "16-2-3", "a", "1.5", "+1", "٣", "99999999999999999999"] {
      #expect(NichePlace(text) == nil, "\(text)")
    }
  }
}
