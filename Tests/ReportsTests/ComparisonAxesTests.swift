import Foundation
import QualityDiversity
import Search
import Testing

@testable import Reports

@Suite("Axes of comparisons")
final class ComparisonAxesTests {
  private let folder = SampleRun.folder()

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func table(_ name: String, _ text: String, columns: [String] = []) throws -> ComparisonSource {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let path = "\(folder)/\(name).csv"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return .archive(try SavedArchive(contentsOf: path, columns: columns))
  }

  private func compare(_ sources: [ComparisonSource], axes: String? = nil) throws -> Comparison {
    let frame = try axes.map { text throws(SearchError) in try ComparisonFrame(axes: text, for: sources) }
    return try Comparison(ComparisonGroup.grouping(sources), frame: frame)
  }

  private func refusal(_ sources: [ComparisonSource], axes: String? = nil) -> String {
    let error = #expect(throws: SearchError.self) { try compare(sources, axes: axes) }
    return error?.description ?? ""
  }

  /// A run whose axis 'size' measures a formula.
  private func run(
    _ name: String, size formula: String, categories: [String] = []
  ) async throws -> ComparisonSource {
    var configuration = SampleRun.grid
    configuration.descriptors[0] =
      categories.isEmpty
      ? DescriptorSettings(name: "size", formula: formula, lower: 0, upper: 200, bins: 4)
      : DescriptorSettings(name: "size", formula: formula, categories: categories)
    configuration.archive.dimensions = []
    let run = SampleRun(
      name: name, configuration: configuration,
      candidates: [.init(width: 10, depth: 2, fitness: 0.5), .init(width: 90, depth: 8, fitness: 0.75)])
    return .run(try await run.snapshot())
  }

  @Test("Tables alone are compared on what all of them span, or on their own columns")
  func tables() throws {
    let one = try table("one", "objective,measures_0,measures_1\n1,-1,0\n2,3,5\n")
    let two = try table("two", "objective,measures_0,measures_1\n1.5,-0.9,0.2\n2,9,10\n")
    let found = try compare([one, two])
    #expect(found.axes == ["measures_0", "measures_1"] && found.cells == 100)
    #expect(found.space.axes.map(\.lower) == [-1, 0] && found.space.axes.map(\.upper) == [9, 10])
    #expect(found.frame == "a grid over what these archives hold")
    #expect(found.notes.contains { $0.hasPrefix("Nobody says the range of measures_0, measures_1") })
    #expect(!found.notes.contains { $0.contains("have no names") })
    // Tables do not say how exact fitness is, so there are no intervals to be explained.
    #expect(found.notes.contains { $0.hasPrefix("One run each, so nothing tells") })
    #expect(found.pairs[0].niches.map(\.standing) == [.lost, .onlyFirst, .onlySecond])

    let given = try compare([one, two], axes: "measures_1=0:10:2,measures_0=4")
    #expect(given.axes == ["measures_1", "measures_0"] && given.cells == 8)
    #expect(given.space.axes.map(\.lower) == [0, -1] && given.space.axes.map(\.upper) == [10, 9])
    #expect(given.notes.contains { $0.hasPrefix("Nobody says the range of measures_0, so") })
    // Under other names they are still taken in their order.
    let renamed = try compare([one, two], axes: "width=-1:9:10,depth=0:10:10")
    #expect(renamed.pairs[0].niches.map(\.cell) == found.pairs[0].niches.map(\.cell))
    #expect(renamed.notes.contains { $0.contains("one have no names and are taken in the order") })

    let named = "objective,width,breadth\n1,2,3\n4,5,6\n"
    let sources = try ["a", "b"].map { try table($0, named, columns: ["breadth", "width"]) }
    #expect(try compare(sources, axes: "breadth=0:10:5,width").axes == ["breadth", "width"])
    #expect(refusal(sources, axes: "depth=0:1:2").contains("holds breadth, width and not 'depth'"))
    let three = try table("three", "objective,measures_0\n1,2\n")
    #expect(refusal([one, three]).hasPrefix("'one' holds measures_0, measures_1, but 'three' measures_0;"))
    for (axes, words) in [
      ("measures_0=0:1:0", "has 0 cells"), ("measures_0=1:0:5", "measures_0"),
      ("measures_0,measures_0", "twice"),
      ("measures_0=0:1:5:log", "measures_0"), ("measures_0=0:1:9999,measures_1=0:1:9999", "cannot be made"),
    ] {
      #expect(refusal([one, two], axes: axes).contains(words), "\(axes)")
    }
    let empty = try ["e", "f"].map { try table($0, "objective,measures_0\n") }
    #expect(try compare(empty).verdict.hasPrefix("Neither e nor f has an elite"))
  }

  @Test("Texts are categories, told apart by what they say and not by their numbers")
  func categories() throws {
    let one = try table("one", "objective,measures_0,measures_1\n1,b,1\n2,c,2\n")
    let two = try table("two", "objective,measures_0,measures_1\n1.5,b,1\n2,a,2\n")
    let comparison = try compare([one, two])
    #expect(comparison.space.axes[0].categories == ["a", "b", "c"] && comparison.cells == 30)
    #expect(
      comparison.pairs[0].niches.map { [$0.first?.fitness, $0.second?.fitness] } == [
        [nil, 2], [1, 1.5], [2, nil],
      ])
    #expect(comparison.notes.contains("Each text in measures_0 is a category."))
    #expect(!comparison.html.isEmpty && comparison.text().contains("a, b, c"))
    #expect(
      refusal([one, two], axes: "measures_0=0:1:2,measures_1").contains(
        "has categories in 'measures_0' ('b', 'c')"))
    let numbers = try table("numbers", "objective,measures_0,measures_1\n1,1,1\n")
    #expect(refusal([one, numbers]).contains("'measures_0' is text in 'one' and numbers in 'numbers'"))
  }

  @Test("An axis of a run is known by its name, where all runs mean the same by it")
  func ownAxes() async throws {
    let one = try await run("one", size: "2 * width")
    let plain = ComparisonSource.run(
      try await SampleRun(
        name: "plain", configuration: SampleRun.grid, candidates: [.init(width: 10, depth: 2, fitness: 0.25)]
      ).snapshot())
    let given = try compare([plain, one], axes: "size=0:200:10")
    #expect(given.axes == ["size"] && given.pairs[0].niches.map(\.cell) == [1, 9])
    #expect(given.pairs[0].niches.map(\.standing) == [.lost, .onlySecond])
    // Alone, with the range and cells of the run.
    let own = try compare([plain, one], axes: "size,depth=5")
    #expect(own.cells == 20 && own.space.axes.map(\.upper) == [200, 10])
    #expect(
      refusal([plain, one], axes: "macs").hasPrefix(
        "The axis 'macs' has no range; write macs=LOWER:UPPER:CELLS"))
    let other = try await run("other", size: "width + 1")
    #expect(
      refusal([one, plain, other], axes: "size=0:200:10")
        == "'one' and 'other' do not mean the same by 'size': 2 * width and width + 1; give the formula in the place of "
        + "the name.")
    let kinds = try await run("kinds", size: "0 if width < 50 else 1", categories: ["narrow", "wide"])
    let categorical = try compare([plain, kinds], axes: "size")
    #expect(categorical.space.axes[0].categories == ["narrow", "wide"])
    #expect(categorical.pairs[0].niches.map(\.standing) == [.lost, .onlySecond])
    // A table may hold such an axis by its name, in numbers or in words.
    let words = try table("words", "objective,size\n0.625,wide\n0.25,narrow\n", columns: ["size"])
    #expect(try compare([kinds, words], axes: "size").pairs[0].niches.map(\.difference) == [0.25, 0.125])
    let strange = try table("strange", "objective,size\n0.625,huge\n", columns: ["size"])
    #expect(
      refusal([kinds, strange], axes: "size")
        == "'strange' has the category 'huge' in 'size', which the axis 'size' lacks; it has 'narrow', 'wide'."
    )
  }

  @Test("An export means by an axis what its run does")
  func exportedAxes() async throws {
    let (one, other) = (try await run("one", size: "2 * width"), try await run("other", size: "width + 1"))
    guard case .run(let snapshot) = other else { return }
    let exporter = Exporter(snapshot, store: snapshot.store)
    try await exporter.write(exporter.archive(testedBy: nil), to: folder)
    let saved = ComparisonSource.archive(try SavedArchive(contentsOf: folder + "/elites.json"))
    #expect(refusal([one, saved]).contains("means width + 1 by 'size', but the axis is 2 * width;"))
    #expect(try compare([other, saved]).pairs[0].count(.tied) == 2)
    #expect(refusal([one, saved], axes: "size").contains("do not mean the same by 'size'"))
  }
}
