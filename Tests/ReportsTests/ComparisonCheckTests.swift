import Foundation
import QualityDiversity
import RunStore
import Search
import Testing

@testable import Reports

@Suite("What can be compared, and what scores are sums of")
struct ComparisonCheckTests {
  private let first = ComparisonTests.first
  private let second = ComparisonTests.second

  @Test("A run counts once, wherever it is named")
  func namedTwice() async throws {
    let (one, two) = (try await first.snapshot(), try await second.snapshot())
    func refusal(_ groups: [(String, [RunSnapshot])]) -> String {
      let error = #expect(throws: SearchError.self) {
        try Comparison(
          groups.map { ComparisonGroup(name: $0.0, members: $0.1.map(ComparisonSource.run)) })
      }
      return error?.description ?? ""
    }
    #expect(refusal([("one", [one]), ("again", [one])]).hasSuffix("is named twice; name it once."))
    #expect(refusal([("a", [one, one]), ("b", [two])]).contains("is twice in the group 'a'"))
    #expect(refusal([("a", [one, two]), ("b", [two])]).contains("is in both 'a' and 'b'"))
    // Named by a link.
    let link = SampleRun.folder()
    TemporaryFolders.removeAtExit(link)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: one.folder)
    let linked = try await RunSnapshot(RunStore.open(link))
    #expect(refusal([("one", [one]), ("linked", [linked])]).hasSuffix("is named twice; name it once."))
    // The same search with the same seed, run again.
    let again = try await first.snapshot()
    #expect(
      refusal([("a", [one, again]), ("b", [two])]).hasPrefix(
        "'one' and 'one' of the group 'a' are one search with one seed, 4, which is one sample and not two;"))
    var seeded = first
    seeded.configuration.seed = 5
    let other = try await seeded.snapshot()
    let groups = [("a", [one, other]), ("b", [two])].map { name, runs in
      ComparisonGroup(name: name, members: runs.map(ComparisonSource.run))
    }
    #expect(try Comparison(groups).groups[0].members.count == 2)
  }

  @Test("What QD scores subtract is said: 0, the least objective, or what is asked for")
  func offsets() async throws {
    let (left, right) = (try await first.snapshot(), try await second.snapshot())
    let groups = ComparisonGroup.grouping([.run(left), .run(right)])
    let plain = try Comparison(groups)
    #expect(plain.offset == 0 && !plain.notes.contains { $0.hasPrefix("QD scores are sums") })
    // Fitness 0.6, 0.75 and 0.25.
    let raised = try Comparison(groups, offset: 0.5)
    let score = try #require(raised.groups[0].figure(.qdScore)?.mean)
    #expect(abs(score - (1.6 - 3 * 0.5)) < 1e-12 && raised.offset == 0.5)
    #expect(
      raised.notes.contains(
        "QD scores are sums of what elites are above 0.50, as asked for; 2 elites are below it and count negative."
      ))
    #expect(raised.verdict.contains("%") == plain.verdict.contains("%") && raised.isShare)
    #expect(try Exporter.json(raised).contains("\"offset\" : 0.5"))
    for offset in [Double.nan, .infinity, -1e101] {
      #expect(throws: SearchError.self) { try Comparison(groups, offset: offset) }
    }

    let folder = SampleRun.folder()
    TemporaryFolders.removeAtExit(folder)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data("objective,measures_0,measures_1\n-9.5,30,4\n2,30,9\n".utf8)
      .write(to: URL(fileURLWithPath: folder + "/theirs.csv"))
    let saved = ComparisonSource.archive(try SavedArchive(contentsOf: folder + "/theirs.csv"))
    let mixed = try Comparison(ComparisonGroup.grouping([.run(left), saved]))
    #expect(mixed.offset == -9.5 && !mixed.isShare)
    #expect(mixed.groups.map { $0.figure(.qdScore)?.mean } == [1.6 + 3 * 9.5, 11.5])
    #expect(
      mixed.notes.contains {
        $0.hasPrefix("QD scores are sums of what elites are above -9.50, the least objective of all")
      })
  }

  @Test("Axes of figures that a run did not measure are refused, and so are formulas without a value")
  func unmeasured() async throws {
    let (left, right) = (try await first.snapshot(), try await second.snapshot())
    func refusal(_ axes: String) -> String {
      let error = #expect(throws: SearchError.self) {
        try ComparisonTests.compare(left, right, frame: ComparisonFrame(axes: axes))
      }
      return error?.description ?? ""
    }
    #expect(
      refusal("depth=0:9:2,proxy.synflow=0:100:4")
        == "'one' did not measure proxy.synflow; choose axes that all runs have the figures of, by --axes or --like."
    )
    #expect(refusal("log10(depth - width)=0:1:2").hasPrefix("'log10(depth - width)' is no finite number for"))
    // Of some candidates it is one.
    let frame = try ComparisonFrame(axes: "log10(60 - width)=0:3:2")
    #expect(try ComparisonTests.compare(left, right, frame: frame).groups[1].members[0].unplaced == 2)
  }
}
