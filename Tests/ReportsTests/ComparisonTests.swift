import Foundation
import LanguageModels
import QualityDiversity
import RandomStreams
import Search
import Testing

@testable import Reports

@Suite("Comparing runs")
struct ComparisonTests {
  // Cells of the 2×2 grid: 0 narrow and shallow, 1 narrow and deep, 2 wide and shallow, 3 wide and deep.
  static let first = SampleRun(
    name: "one", configuration: SampleRun.grid,
    candidates: [
      .init(width: 10, depth: 2, fitness: 0.5), .init(width: 20, depth: 3, fitness: 0.6),  // cell 0: 0.6
      .init(width: 10, depth: 8, fitness: 0.75),  // cell 1
      .init(width: 90, depth: 2, fitness: 0.25),  // cell 2
      .init(width: 10, depth: 2, status: .refused),
      .init(width: 10, depth: 8, fitness: 0.75, status: .duplicate),
    ])
  static let second = SampleRun(
    name: "two", configuration: SampleRun.grid,
    candidates: [
      .init(width: 30, depth: 4, fitness: 0.5),  // cell 0: lost by the second
      .init(width: 30, depth: 9, fitness: 0.75),  // cell 1: tied
      .init(width: 60, depth: 1, fitness: 0.5),  // cell 2: won by the second
      .init(width: 60, depth: 7, fitness: 0.125, imagesSeen: 350),  // cell 3: only here
    ])

  /// Runs as groups of one.
  static func compare(
    _ runs: RunSnapshot..., frame: ComparisonFrame? = nil, noise: TieRule = .automatic
  ) throws -> Comparison {
    try Comparison(
      runs.map { ComparisonGroup(name: $0.header.name, members: [.run($0)]) }, frame: frame, noise: noise,
      sampling: Sampling(Bootstrap(resamples: 300)))
  }

  @Test("Niches won, lost, tied and only here, worked out by hand")
  func standings() async throws {
    let comparison = try Self.compare(await Self.first.snapshot(), await Self.second.snapshot())
    #expect(comparison.axes == ["width", "depth"] && comparison.cells == 4)
    let pair = try #require(comparison.pairs.first)
    #expect(comparison.pairs.count == 1 && pair.first == "one" && pair.second == "two")
    #expect(pair.niches.map(\.cell) == [0, 1, 2, 3])
    #expect(pair.niches.map(\.standing) == [.won, .tied, .lost, .onlySecond])
    #expect(pair.niches.map(\.centre) == [[25, 2.5], [25, 7.5], [75, 2.5], [75, 7.5]])
    #expect(pair.niches[0].first == NicheContent(fitness: 0.6, runs: 1, candidate: 2, run: "one"))
    #expect(pair.niches[0].second == NicheContent(fitness: 0.5, runs: 1, candidate: 1, run: "two"))
    #expect(pair.niches.map { $0.difference.map { ($0 * 1000).rounded() } } == [100, 0, -250, nil])
    #expect(pair.niches[1].first?.candidate == 3, "the duplicate is not the elite")
    #expect(NicheStanding.allCases.map { pair.count($0) } == [0, 1, 1, 1, 1])

    let members = comparison.groups.flatMap(\.members)
    #expect(members.map(\.statistics.elites) == [3, 4])
    #expect(members[0].statistics.qdScore == 0.6 + 0.75 + 0.25 && members[0].statistics.coverage == 0.75)
    #expect(members.map(\.candidates) == [6, 4])
    #expect(
      members.map { $0.spent["images"] } == [400, 650] && members.map { $0.spent["evaluations"] } == [4, 4])
    #expect(pair.figure(.qdScore)?.difference == 1.6 - 1.875 && pair.figure(.coverage)?.difference == -0.25)

    let text = comparison.text(listsNiches: true)
    #expect(text.contains("one run each"))
    #expect(
      comparison.verdict.contains(
        "Of 3 shared niches two wins 1, loses 1 and ties 1; 1 only two has, 0 only one."),
      "\(text)")
    #expect(
      text.contains("aaaaaaaaa") == false && text.contains("===BBB") && text.contains("aaabbb"), "\(text)")
    #expect(text.contains("only-second"))
  }

  @Test("Only differences beyond noise count")
  func noise() async throws {
    var (one, two) = (Self.first, Self.second)
    one.configuration.data.validationLimit = 1000
    two.configuration.data.validationLimit = 1000
    one.candidates = [
      .init(width: 10, depth: 1, fitness: 0.9), .init(width: 90, depth: 1, fitness: 0.9),
      .init(width: 10, depth: 9, fitness: 0.9),
    ]
    // Against 0.9 of 1,000 images z is 1.29, 2.10 and 0.
    two.candidates = [
      .init(width: 10, depth: 1, fitness: 0.882), .init(width: 90, depth: 1, fitness: 0.87),
      .init(width: 10, depth: 9, fitness: 0.9),
    ]
    let (left, right) = (try await one.snapshot(), try await two.snapshot())
    let standings = { (noise: TieRule) in
      try Self.compare(left, right, noise: noise).pairs[0].niches.map(\.standing)
    }
    #expect(try standings(.automatic) == [.tied, .tied, .won])
    #expect(try standings(.margin(0)) == [.won, .tied, .won])
    #expect(try standings(.margin(0.02)) == [.tied, .tied, .won])
    #expect(try standings(.margin(0.1)) == [.tied, .tied, .tied])
    #expect(try Self.compare(left, right).pairs[0].noise.contains("1000 validation images"))
    // The standard error of a sum of accuracies, by hand.
    let interval = try #require(try Self.compare(left, right).groups[0].figure(.qdScore)?.interval)
    let reach = 1.959963984540054 * (3 * 0.9 * 0.1 / 1000).squareRoot()
    #expect(abs(interval.lower - (2.7 - reach)) < 1e-12 && abs(interval.upper - (2.7 + reach)) < 1e-12)
  }

  @Test("The second run's networks are placed on the first one's axes, or on given ones")
  func otherAxes() async throws {
    var other = SampleRun.grid
    other.archive.dimensions = [3]
    other.descriptors = [DescriptorSettings(name: "parameters", lower: 0, upper: 1e6)]
    other.training.epochs = 3
    let two = SampleRun(
      name: "two", configuration: other,
      candidates: [
        // Both in one cell of the second run's own archive, in two of the first's.
        .init(width: 30, depth: 4, fitness: 0.5), .init(width: 60, depth: 7, fitness: 0.4),
      ])
    let (left, right) = (try await Self.first.snapshot(), try await two.snapshot())
    let comparison = try Self.compare(left, right)
    #expect(comparison.pairs[0].niches.map(\.standing) == [.won, .onlyFirst, .onlyFirst, .onlySecond])
    #expect(comparison.groups[1].members[0].statistics.cells == 4)
    #expect(
      comparison.notes.contains {
        $0.hasPrefix("Axes or cells differ; all are placed anew on those of 'one'")
      })
    #expect(comparison.notes.contains { $0.hasPrefix("They differ in data or training") })

    let reverse = try Self.compare(right, left)
    #expect(reverse.axes == ["parameters"] && reverse.pairs[0].niches.map(\.standing) == [.lost])
    let like = try Self.compare(left, right, frame: ComparisonFrame(like: right))
    #expect(like.axes == ["parameters"] && like.cells == 3)

    let given = try Self.compare(left, right, frame: ComparisonFrame(axes: "depth=3:7:2, width=10:100:3:log"))
    #expect(given.axes == ["depth", "width"] && given.cells == 6)
    // Depths 2, 2, 8, 8 and 2 of the first, clamped but for one that repeats another; 4 and 7 of the second are within.
    #expect(given.groups[0].members[0].clamped == ["depth": 3])
    #expect(given.groups[1].members[0].clamped.isEmpty)
    #expect(given.notes.contains { $0.contains("one 3 on depth") })
  }

  @Test("Formulas are axes, too")
  func formulas() async throws {
    let (left, right) = (try await Self.first.snapshot(), try await Self.second.snapshot())
    let frame = try ComparisonFrame(axes: "log10(macs)=2.5:3.5:2,width / depth=0:20:4")
    #expect(frame.names == ["log10(macs)", "width / depth"])
    let comparison = try Self.compare(left, right, frame: frame)
    // MACs are 500 times the candidate's number: 500 and 1,000 of both are below 10³, which itself is above the border.
    #expect(comparison.cells == 8 && comparison.groups[0].members[0].unplaced == 0)
    let cells = comparison.pairs[0].niches.filter { $0.first?.candidate == 1 || $0.second?.candidate == 1 }
    #expect(cells.allSatisfy { $0.cell < 4 } && !cells.isEmpty)
    #expect(comparison.pairs[0].niches.filter { $0.second?.candidate == 2 }.map(\.cell) == [4])
  }

  @Test(
    "Archives without cells of their own are compared on a grid over their axes",
    arguments: [ArchiveSettings.Kind.sliding, .proximity, .dominatedNovelty])
  func otherKinds(kind: ArchiveSettings.Kind) async throws {
    var run = Self.first
    run.name = "other"
    let (left, right) = (try await Self.first.snapshot(), try await Self.second.snapshot())
    run.configuration.archive.kind = kind
    run.generations = 0
    let other = try await run.snapshot()
    let frame = ComparisonFrame(like: other)
    #expect(try frame.archive() is GridArchive<Int> && frame.archive().cellCount == 4)
    let comparison = try Self.compare(left, right, frame: frame)
    #expect(comparison.pairs[0].niches.map(\.standing) == [.won, .tied, .lost, .onlySecond])
    #expect(comparison.frame.hasPrefix("a grid over the axes of 'other'"))
    #expect(try Self.compare(left, other).notes.contains { $0.hasPrefix("Axes or cells differ") })
  }

  @Test(
    "Axes that make no sense are refused",
    arguments: [
      "", "depth", "depth=1:2", "depth=1:x:3", "depth=5:1:3", "depth=0:5:3:log", "dept=0:5:3", "depth=0:5:0",
      "depth=0:5:3,depth=0:6:2", "depth=0:5:99999999999999999999", "=0:1:2", "depth=0:5:3:cubic",
      "depth=0:inf:3",
    ])
  func malformedAxes(text: String) {
    #expect(throws: SearchError.self) { try ComparisonFrame(axes: text) }
  }

  @Test("A run against one that repeats it: all ties, all differences 0")
  func itself() async throws {
    let comparison = try Self.compare(await Self.first.snapshot(), await Self.first.snapshot())
    #expect(comparison.groups.map(\.name) == ["one", "one (2)"])
    #expect(comparison.pairs[0].niches.map(\.standing) == [.tied, .tied, .tied])
    #expect(comparison.pairs[0].figures.allSatisfy { $0.difference == 0 })
    #expect(comparison.verdict.hasPrefix("No difference: one and one (2) have the same niches"))
  }

  @Test("The archive made anew from the log on a run's own axes is the stored one")
  func rebuilt() async throws {
    for kind in [ArchiveSettings.Kind.grid, .cvt] {
      var run = Self.first
      run.configuration.archive.kind = kind
      run.configuration.archive.cells = 7
      run.candidates += (0..<30).map { index in
        .init(width: index * 37 % 120, depth: index * 5 % 12, fitness: Double(index * 7 % 11) / 16)
      }
      let snapshot = try await run.snapshot()
      let frame = ComparisonFrame(like: snapshot)
      let binned = try BinnedRun(.run(snapshot), in: frame, empty: frame.archive(), offset: 0)
      #expect(binned.elites == snapshot.generations.last?.networks)
      #expect(binned.statistics == snapshot.generations.last?.statistics)
      #expect(snapshot.elites.map(\.record.id) == binned.elites.map(\.candidate))
      let history = try #require(binned.history)
      #expect(abs(history.value(.qdScore, at: .infinity, of: .images) - binned.statistics.qdScore) < 1e-12)
      #expect(history.value(.coverage, at: .infinity, of: .images) == binned.statistics.coverage)
      #expect(history.value(.best, at: .infinity, of: .images) == binned.statistics.best)
    }
  }

  @Test("Only finished generations count, so that a run under way shows what is stored of it")
  func unfinishedGeneration() async throws {
    var running = Self.first
    running.candidates.append(.init(generation: 2, width: 90, depth: 9, fitness: 0.9))
    let snapshot = try await running.snapshot()
    let comparison = try Self.compare(snapshot, await running.snapshot())
    #expect(comparison.pairs[0].niches.count == 3 && comparison.groups[0].members[0].candidates == 6)
    #expect(comparison.groups[0].members[0].statistics == snapshot.generations.last?.statistics)
  }

  @Test("Curves and areas under them, worked out by hand")
  func curves() async throws {
    let snapshot = try await Self.second.snapshot()
    let frame = ComparisonFrame(like: snapshot)
    let history = try #require(
      try BinnedRun(.run(snapshot), in: frame, empty: frame.archive(), offset: 0).history)
    #expect(SpendingKind.allCases.map { history.total($0) } == [4, 650, 8, 0])
    #expect(
      [0, 1, 2, 3.5, 9].map { history.value(.qdScore, at: $0, of: .evaluations) } == [
        0, 0.5, 1.25, 1.75, 1.875,
      ])
    #expect([50, 100, 299, 650].map { history.value(.coverage, at: $0, of: .images) } == [0, 0.25, 0.5, 1])
    #expect(
      history.value(.best, at: 200, of: .images) == 0.75 && history.value(.best, at: 99, of: .images) == 0)
    // 0 up to the first network, then 0.5, 1.25 and 1.75 for one each.
    #expect(history.average(.qdScore, upTo: 4, of: .evaluations) == (0.5 + 1.25 + 1.75) / 4)
    #expect(history.average(.qdScore, upTo: 2.5, of: .evaluations) == (0.5 + 0.5 * 1.25) / 2.5)
    #expect(history.average(.qdScore, upTo: 0, of: .evaluations) == 0)

    let comparison = try Self.compare(await Self.first.snapshot(), snapshot)
    let budget = try #require(comparison.budgets.first { $0.kind == .images })
    #expect(budget.amount == 400 && !budget.isWhole)
    #expect(budget.groups.map(\.qdScore) == [0.6 + 0.75 + 0.25, 1.75])
    #expect(comparison.budgets.first { $0.kind == .evaluations }?.isWhole == true)
    #expect(comparison.groups[1].figure(.budgetQDScore) == nil, "the budgets are equal")
    let curve = try #require(comparison.groups[1].curves.first { $0.kind == .evaluations })
    #expect(curve.at == [1, 2, 3, 4] && curve.bands[0].mean == [0.5, 1.25, 1.75, 1.875])
  }

  @Test("A lead that comes of a larger budget is said to, and one that turns at equal budgets as well")
  func budgetsInWords() async throws {
    var (short, long) = (Self.second, Self.second)
    (short.name, long.name) = ("short", "long")
    short.candidates.removeLast(2)
    let (few, many) = (try await short.snapshot(), try await long.snapshot())
    let larger =
      "at 2 networks trained each it is 1.25 against 1.25, so most of the difference at the end comes of long's"
    #expect(try Self.compare(few, many).verdict.contains(larger))
    #expect(try Self.compare(many, few).verdict.contains(larger))
    short.candidates[0].fitness = 0.6
    let verdict = try Self.compare(await short.snapshot(), many).verdict
    #expect(verdict.contains("it is 1.35 against 1.25 and short that leads, not as at the end"), "\(verdict)")
  }

  @Test("Tokens count for the candidate that they were spent on")
  func tokens() async throws {
    var run = Self.second
    run.exchanges = [(30, 12), (5, 1)].map { sent, received in
      ChatExchange(
        identity: ModelIdentity(provider: "p", model: "m"),
        request: ChatRequest(messages: [.user("\(sent)")]),
        outcome: .reply(
          ChatReply(
            content: "", model: "m", usage: TokenUsage(promptTokens: sent, completionTokens: received))))
    }
    let snapshot = try await run.snapshot()
    let frame = ComparisonFrame(like: snapshot)
    let history = try #require(
      try BinnedRun(.run(snapshot), in: frame, empty: frame.archive(), offset: 0).history)
    #expect(history.total(.tokens) == 48)
    #expect([41, 42, 47, 48].map { history.value(.qdScore, at: $0, of: .tokens) } == [0, 0.5, 0.5, 1.875])
    #expect(
      try Self.compare(snapshot, await run.snapshot()).groups[0].curves.map(\.kind) == SpendingKind.allCases)
  }

  @Test("Runs without anything, or with one candidate, and equal fitness everywhere")
  func awkward() async throws {
    let without = SampleRun(name: "empty", configuration: SampleRun.grid, candidates: [], generations: 0)
    let nothing = try await without.snapshot()
    let comparison = try Self.compare(nothing, await without.snapshot())
    #expect(comparison.pairs[0].niches.isEmpty && comparison.groups[0].figure(.best)?.mean == nil)
    #expect(comparison.verdict.hasPrefix("Neither empty nor empty (2) has an elite."))
    #expect(comparison.text().contains("–"))
    #expect(nothing.best == nil && nothing.elites.isEmpty)
    #expect(EliteTable(nothing).text == "The archive is empty.")
    #expect(try RunStatus(nothing).text.contains("generations: 0 of 20"))

    var single = Self.first
    single.candidates = [.init(width: 10, depth: 2, fitness: 0.5)]
    let one = try await single.snapshot()
    #expect(try Self.compare(one, nothing).verdict.hasPrefix("empty has no elite"))
    #expect(try Self.compare(one, await single.snapshot(), nothing).pairs.count == 3)
    #expect(
      try Self.compare(one, await Self.second.snapshot()).pairs[0].niches.map(\.standing) == [
        .tied, .onlySecond, .onlySecond, .onlySecond,
      ])

    for runs in [[nothing, one], [one, nothing, try await without.snapshot()]] {
      let json = try Exporter.json(Comparison(runs.map { ComparisonGroup(name: "g", members: [.run($0)]) }))
      #expect(!json.lowercased().contains("nan") && !json.contains("inf"))
    }
    #expect(throws: SearchError.self) { try Self.compare(one) }
  }

  @Test("Other data sets are refused")
  func otherData() async throws {
    var other = Self.second
    other.configuration.data.name = "mnist"
    let (left, right) = (try await Self.first.snapshot(), try await other.snapshot())
    let error = #expect(throws: SearchError.self) { try Self.compare(left, right) }
    #expect(error?.description.contains("'one' was measured on fashion-mnist and 'two' on mnist") == true)

    // An export says what it was measured on, too.
    let folder = SampleRun.folder()
    TemporaryFolders.removeAtExit(folder)
    let store = try await other.store(in: folder)
    let exporter = try await Exporter(RunSnapshot(store), store: store)
    try await exporter.write(exporter.archive(testedBy: nil), to: folder + "/export")
    let saved = ComparisonSource.archive(try SavedArchive(contentsOf: folder + "/export/elites.json"))
    let refusal = #expect(throws: SearchError.self) {
      try Comparison(ComparisonGroup.grouping([.run(left), saved]))
    }
    #expect(refusal?.description.contains("'one' was measured on fashion-mnist and") == true)
    #expect(try Comparison(ComparisonGroup.grouping([.run(right), saved])).pairs[0].count(.tied) == 4)
  }

  @Test("Saved archives are placed by the measures they hold")
  func savedArchives() async throws {
    let run = try await Self.first.snapshot()
    let folder = SampleRun.folder()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let table = folder + "/theirs.csv"
    try Data("solution_0,objective,measures_0,measures_1,index\n1,0.5,30,4,0\n2,0.75,30,9,1\n".utf8)
      .write(to: URL(fileURLWithPath: table))
    let saved = ComparisonSource.archive(try SavedArchive(contentsOf: table))
    let groups = ComparisonGroup.grouping([.run(run), saved])
    #expect(groups.map(\.name) == ["one", "theirs"])
    let comparison = try Comparison(groups)
    #expect(comparison.pairs[0].niches.map(\.standing) == [.won, .tied, .onlyFirst])
    #expect(
      comparison.notes.contains {
        $0.contains("theirs have no names and are taken in the order of the axes: width, depth")
      })
    #expect(comparison.budgets.isEmpty && comparison.groups[1].curves.isEmpty)

    // Exports of ours say what their cells are.
    let store = try await Self.first.store(in: folder + "/run")
    let exporter = try await Exporter(RunSnapshot(store), store: store)
    try await exporter.write(exporter.archive(testedBy: nil), to: folder + "/export")
    let export = ComparisonSource.archive(try SavedArchive(contentsOf: folder + "/export/elites.json"))
    let alone = try Comparison(ComparisonGroup.grouping([export, saved]))
    #expect(alone.pairs[0].niches.map(\.standing) == [.won, .tied, .onlyFirst])
    #expect(alone.frame.contains("those of '"), "\(alone.frame)")

    // On axes that the file does not hold, and without any run.
    let frame = try ComparisonFrame(axes: "width=0:1:2")
    #expect(throws: SearchError.self) { try Comparison(groups, frame: frame) }
    #expect(throws: SearchError.self) { try Comparison(ComparisonGroup.grouping([saved, saved])) }
  }
}
