import Foundation
import Search
import Testing

@testable import Reports

@Suite("The page of a comparison")
struct ComparisonPageTests {
  @Test("It is well-formed, loads nothing, and escapes names")
  func page() async throws {
    let one = try await SampleRun(
      name: "one", configuration: SampleRun.grid,
      candidates: [.init(width: 10, depth: 2, fitness: 0.5), .init(width: 90, depth: 8, fitness: 0.6)]
    ).snapshot()
    let two = try await SampleRun(
      name: "two", configuration: SampleRun.grid,
      candidates: [.init(width: 10, depth: 2, fitness: 0.7), .init(width: 90, depth: 2, fitness: 0.6)]
    ).snapshot()
    let comparison = try Comparison(
      [
        ComparisonGroup(name: "<b>one</b>", members: [.run(one)]),
        ComparisonGroup(name: "two", members: [.run(two)]),
      ])
    let page = comparison.html
    #expect(!page.contains("<b>one</b>") && page.contains("&lt;b&gt;one&lt;/b&gt;"))
    #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("src="))
    for name in ["verdict", "maps", "curves", "niches", "notes"] {
      #expect(page.contains("<section id=\"\(name)\""))
    }
    // Four niches, of which one is shared: two maps, and curves over three kinds of spending.
    #expect(page.components(separatedBy: "<svg").count - 1 == 2 + 3 + 2)
    #expect(page.contains("only two") && page.contains("two fitter"))
  }

  @Test("Three groups, three axes, and saved archives without curves have pages, too")
  func otherPages() async throws {
    var configuration = SampleRun.grid
    configuration.descriptors.append(DescriptorSettings(name: "parameters", lower: 0, upper: 10_000))
    configuration.archive.dimensions = [2, 2, 3]
    var groups: [ComparisonGroup] = []
    for name in ["a", "b", "c"] {
      let run = try await SampleRun(
        name: name, configuration: configuration,
        candidates: (0..<8).map { .init(width: $0 * 12, depth: 9 - $0, fitness: Double($0) / 10) }
      )
      .snapshot()
      groups.append(ComparisonGroup(name: name, members: [.run(run)]))
    }
    let page = try Comparison(groups).html
    #expect(page.components(separatedBy: "<svg").count - 1 == 3 * 2 + 3 + 2)
  }
}
