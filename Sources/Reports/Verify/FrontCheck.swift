import Search

/// Works each cell's Pareto front out by comparing all offered candidates with each other.
///
/// Where a front ever was over capacity, what it holds depends on who had to go, which only the replay can tell; what
/// can be said of it then is that it has the fittest.
struct FrontCheck: Sendable {
  private struct Entry {
    var cell: ArchiveCell
    var standings: [Double]
  }

  private let settings: ArchiveSettings
  /// All candidates of each cell, in the order of their numbers.
  private var offered: [Int: [Entry]] = [:]
  /// The fronts as they would be without a capacity.
  private var fronts: [Int: [Entry]] = [:]
  /// The cells of whose fronts somebody had to go.
  private(set) var crowded: Set<Int> = []

  init(_ settings: ArchiveSettings) { self.settings = settings }

  /// Takes in a candidate that was offered.
  mutating func add(_ candidate: CandidateSummary, fitness: Double, cell: Int) {
    let entry = Entry(
      cell: ArchiveCell(cell: cell, candidate: candidate.id, fitness: fitness),
      standings: settings.standings(fitness: fitness, objectives: candidate.objectives))
    guard entry.standings.allSatisfy(\.isFinite) else { return }
    offered[cell, default: []].append(entry)
    var front = fronts[cell] ?? []
    guard !front.contains(where: { Self.isAsGood($0, entry) }) else { return }
    front.removeAll { Self.isAsGood(entry, $0) }
    front.append(entry)
    fronts[cell] = front
    if front.count > settings.front { crowded.insert(cell) }
  }

  /// The fronts, from all candidates anew; of crowded ones the fittest alone.
  var expected: [ArchiveCell] {
    offered.flatMap { number, entries -> [ArchiveCell] in
      let best = entries.indices.filter { place in
        // Of equals the first is kept.
        !entries.indices.contains { other in
          other != place && Self.isAsGood(entries[other], entries[place])
            && (other < place || entries[other].standings != entries[place].standings)
        }
      }
      let front = best.map { entries[$0].cell }
      guard crowded.contains(number) else { return front }
      return front.max { ($0.fitness, $1.candidate) < ($1.fitness, $0.candidate) }.map { [$0] } ?? []
    }
  }

  /// What is stored, of crowded fronts the fittest alone, and no candidate that was not offered.
  func comparable(_ stored: [ArchiveCell]) -> [ArchiveCell] {
    Dictionary(grouping: stored, by: \.cell).flatMap { number, cells -> [ArchiveCell] in
      guard crowded.contains(number) else { return cells }
      return cells.max { ($0.fitness, $1.candidate) < ($1.fitness, $0.candidate) }.map { [$0] } ?? []
    }
  }

  private static func isAsGood(_ first: Entry, _ second: Entry) -> Bool {
    zip(first.standings, second.standings).allSatisfy { $0 >= $1 }
  }
}
