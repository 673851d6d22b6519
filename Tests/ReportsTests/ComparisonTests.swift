import Foundation
import QualityDiversity
import Search
import Testing

@testable import Reports

@Suite("Comparing two runs")
struct ComparisonTests {
  // Cells of the 2×2 grid: 0 narrow and shallow, 1 narrow and deep, 2 wide and shallow, 3 wide and deep.
  private let first = SampleRun(
    name: "one", configuration: SampleRun.grid,
    candidates: [
      .init(width: 10, depth: 2, fitness: 0.5), .init(width: 20, depth: 3, fitness: 0.6),  // cell 0: 0.6
      .init(width: 10, depth: 8, fitness: 0.75),  // cell 1
      .init(width: 90, depth: 2, fitness: 0.25),  // cell 2
      .init(width: 10, depth: 2, status: .refused),
      .init(width: 10, depth: 8, fitness: 0.75, status: .duplicate),
    ])

  @Test("Niches won, lost, tied and only here, worked out by hand")
  func standings() async throws {
    let second = SampleRun(
      name: "two", configuration: SampleRun.grid,
      candidates: [
        .init(width: 30, depth: 4, fitness: 0.5),  // cell 0: lost by the second
        .init(width: 30, depth: 9, fitness: 0.75),  // cell 1: tied
        .init(width: 60, depth: 1, fitness: 0.5),  // cell 2: won by the second
        .init(width: 60, depth: 7, fitness: 0.125, imagesSeen: 350),  // cell 3: only here
      ])
    let comparison = try Comparison(await first.snapshot(), await second.snapshot())
    #expect(comparison.axes == ["width", "depth"])
    #expect(comparison.niches.map(\.cell) == [0, 1, 2, 3])
    #expect(comparison.niches.map(\.standing) == [.won, .tied, .lost, .onlySecond])
    #expect(comparison.niches.map(\.centre) == [[25, 2.5], [25, 7.5], [75, 2.5], [75, 7.5]])
    #expect(comparison.niches[0].first == ArchiveCell(cell: 0, candidate: 2, fitness: 0.6))
    #expect(comparison.niches[0].second == ArchiveCell(cell: 0, candidate: 1, fitness: 0.5))
    #expect(comparison.niches[1].first?.candidate == 3, "the duplicate is not the elite")
    #expect(comparison.niches[3].first == nil)
    let counts = Comparison.Standing.allCases.map { comparison.count($0) }
    #expect(counts == [0, 1, 1, 1, 1])

    #expect(comparison.first.statistics.elites == 3 && comparison.second.statistics.elites == 4)
    #expect(comparison.first.statistics.qdScore == 0.6 + 0.75 + 0.25)
    #expect(comparison.first.statistics.coverage == 0.75)
    #expect(
      comparison.first.candidates == 6 && comparison.first.trained == 4 && comparison.first.imagesSeen == 400)
    #expect(comparison.second.candidates == 4 && comparison.second.imagesSeen == 650)
    #expect(comparison.notes.count == 2)
    #expect(comparison.notes[0] == "The budgets differ: 400 against 650 images trained on.")
    #expect(comparison.notes[1].hasPrefix("One run each"))

    let lines = comparison.text.split(separator: "\n").map(String.init)
    #expect(lines.contains("QD score             1.600    1.875"))
    #expect(lines.contains("niches occupied     3 of 4   4 of 4"))
    #expect(lines.contains { $0.hasPrefix("    3     75   7.50        –  12.50 %  only-second") })
    #expect(lines.contains("niches: only-first 0, only-second 1, won 1, lost 1, tied 1"))
  }

  @Test("The second run's networks are placed on the first one's axes")
  func otherAxes() async throws {
    var other = SampleRun.grid
    other.archive.dimensions = [3]
    other.descriptors = [DescriptorSettings(name: "parameters", lower: 0, upper: 1e6)]
    other.training.epochs = 3
    let second = SampleRun(
      name: "two", configuration: other,
      candidates: [
        // Both in one cell of the second run's own archive, in two of the first's.
        .init(width: 30, depth: 4, fitness: 0.5), .init(width: 60, depth: 7, fitness: 0.4),
      ])
    let comparison = try Comparison(await first.snapshot(), await second.snapshot())
    #expect(comparison.niches.map(\.standing) == [.won, .onlyFirst, .onlyFirst, .onlySecond])
    #expect(comparison.second.statistics.elites == 2 && comparison.second.statistics.cells == 4)
    #expect(comparison.notes.contains("The runs have other axes or cells; both are shown on those of one."))
    #expect(comparison.notes.contains { $0.hasPrefix("The runs differ in data or training") })

    let reverse = try Comparison(await second.snapshot(), await first.snapshot())
    #expect(reverse.axes == ["parameters"] && reverse.niches.count == 1)
    #expect(reverse.niches[0].standing == .lost)
  }

  @Test("Only finished generations count, so that a run under way shows what is stored of it")
  func unfinishedGeneration() async throws {
    var running = first
    running.candidates.append(.init(generation: 2, width: 90, depth: 9, fitness: 0.9))
    let snapshot = try await running.snapshot()
    let comparison = try Comparison(snapshot, snapshot)
    #expect(comparison.niches.map(\.standing) == [.tied, .tied, .tied])
    #expect(comparison.first.candidates == 6 && comparison.first.imagesSeen == 400)
    #expect(comparison.first.statistics == snapshot.generations.last?.statistics)
  }

  @Test("The archive made anew from the log is the stored one", arguments: [ArchiveSettings.Kind.grid, .cvt])
  func rebuilt(kind: ArchiveSettings.Kind) async throws {
    var run = first
    run.configuration.archive.kind = kind
    run.configuration.archive.cells = 7
    run.candidates += (0..<30).map { index in
      .init(width: index * 37 % 120, depth: index * 5 % 12, fitness: Double(index * 7 % 11) / 16)
    }
    let snapshot = try await run.snapshot()
    let archive = try snapshot.archive(on: snapshot.header.configuration)
    let cells = archive.elites.map {
      ArchiveCell(cell: $0.cell, candidate: $0.solution, fitness: $0.objective)
    }
    #expect(cells == snapshot.generations.last?.networks)
    #expect(snapshot.elites.map(\.record.id) == cells.map(\.candidate))
  }

  @Test("Runs without anything")
  func empty() async throws {
    let nothing = try await SampleRun(configuration: SampleRun.grid, candidates: [], generations: 0)
      .snapshot()
    let comparison = try Comparison(nothing, nothing)
    #expect(comparison.niches.isEmpty && comparison.first.statistics.best == nil)
    #expect(comparison.text.contains("–"))
    #expect(nothing.best == nil && nothing.elites.isEmpty)
    #expect(EliteTable(nothing).text == "The archive is empty.")
    #expect(RunStatus(nothing).text.contains("generations: 0 of 20 (go on with: niche run --resume sample)"))
  }
}
