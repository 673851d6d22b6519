import Foundation
import QualityDiversity
import RandomStreams
import Testing

@Suite struct EliteSelectionTests {
  /// Five elites in cells 0, 2, 4, 6, 8 of ten, with objectives 3, 1, 4, 1, 4.
  private func archive() throws -> GridArchive<Int> {
    var archive = try GridArchive<Int>(
      axes: [MeasureAxis(name: "x", lower: 0, upper: 10)], dimensions: [10])
    for (number, objective) in [3.0, 1, 4, 1, 4].enumerated() {
      archive.add(number, objective: objective, measures: [Double(2 * number) + 0.5])
    }
    return archive
  }

  /// How often each elite is chosen in so many draws.
  private func frequencies(
    _ rule: EliteSelection, _ curiosity: CuriosityTable = CuriosityTable(), draws: Int = 6000
  ) throws -> [Double] {
    let archive = try archive()
    var stream = RandomStream(seed: 61).stream("frequencies")
    var counts = [0.0, 0, 0, 0, 0]
    for _ in 0..<draws {
      counts[try #require(try rule.select(from: archive, curiosity: curiosity, using: &stream)).solution] += 1
    }
    return counts.map { $0 / Double(draws) }
  }

  /// Whether the frequencies are the probabilities, within five standard deviations of 6000 draws.
  private func agree(_ frequencies: [Double], _ probabilities: [Double]) -> Bool {
    zip(frequencies, probabilities).allSatisfy {
      abs($0 - $1) <= 5 * ($1 * (1 - $1) / 6000).squareRoot()
    }
  }

  @Test func uniformTakesAllAlike() throws {
    #expect(agree(try frequencies(.uniform), [0.2, 0.2, 0.2, 0.2, 0.2]))
  }

  @Test func bestTakesTheFirstOfTheHighest() throws {
    #expect(try frequencies(.best, draws: 20) == [0, 0, 1, 0, 0])
  }

  @Test func tournamentsTakeTheBestOfTheirEntrants() throws {
    #expect(agree(try frequencies(.tournament(size: 1)), [0.2, 0.2, 0.2, 0.2, 0.2]))
    // With k entrants the highest of all is in with 1 - (3/5)^k; the lowest wins with (2/5)^k.
    for size in [2, 3] {
      let top = (1 - pow(0.6, Double(size))) / 2
      let bottom = pow(0.4, Double(size)) / 2
      let expected = [1 - 2 * top - 2 * bottom, bottom, top, bottom, top]
      #expect(agree(try frequencies(.tournament(size: size)), expected))
    }
  }

  @Test func ofEqualEntrantsTheFirstDrawnWins() throws {
    let archive = try archive()
    let stream = RandomStream(seed: 66)
    for round in 0..<100 {
      let round = stream.stream("round", round)
      var (rules, draws) = (round, round)
      let entrants = (0..<6).compactMap { _ in archive.sample(using: &draws) }
      let highest = entrants.map(\.objective).max()
      let winner = try EliteSelection.tournament(size: 6).select(from: archive, using: &rules)
      #expect(winner == entrants.first { $0.objective == highest })
      #expect(rules == draws)
    }
  }

  @Test func curiosityDecidesTheProbability() throws {
    var curiosity = CuriosityTable()
    curiosity.reward(0, by: 2)
    curiosity.reward(2, by: -5)
    curiosity.reward(4, by: 1)
    // Weights 2, ½, 1, ½, ½ with the floor ½.
    #expect(
      agree(
        try frequencies(.curiosityProportional(floor: 0.5), curiosity),
        [2, 0.5, 1, 0.5, 0.5].map { $0 / 4.5 }))
    // Scores whose sum is beyond a Double still count.
    curiosity.reward(0, by: 1.5e308)
    curiosity.reward(6, by: 1.5e308)
    #expect(agree(try frequencies(.curiosityProportional(floor: 0.5), curiosity), [0.5, 0, 0, 0.5, 0]))
  }

  @Test func ranksDecideTheProbability() throws {
    // The objectives 3, 1, 4, 1, 4 have the ranks 3, 1½, 4½, 1½, 4½.
    let ranks = [3, 1.5, 4.5, 1.5, 4.5]
    for exponent in [0, 1, 2] {
      let weights = ranks.map { pow($0, Double(exponent)) }
      #expect(
        agree(
          try frequencies(.rank(exponent: Double(exponent))), weights.map { $0 / weights.reduce(0, +) }))
    }
    #expect(agree(try frequencies(.rank(exponent: 1e300)), [0, 0, 0.5, 0, 0.5]))
  }

  @Test func noveltyDecidesTheProbability() throws {
    // At 0.05, 0.25, … 0.85 of the axis: with two neighbours the outer ones have the mean distance 0.3.
    let novelty = [0.3, 0.2, 0.2, 0.2, 0.3]
    #expect(
      agree(try frequencies(.noveltyProportional(neighbours: 2)), novelty.map { $0 / novelty.reduce(0, +) }))
  }

  @Test func theMostCuriousAreTakenAtRandomFromEquals() throws {
    #expect(agree(try frequencies(.mostCurious), [0.2, 0.2, 0.2, 0.2, 0.2]))
    var curiosity = CuriosityTable()
    curiosity.reward(2, by: 1)
    curiosity.reward(8, by: 1)
    curiosity.reward(4, by: -0.5)
    // An empty cell does not count, however curious.
    curiosity.reward(5, by: 9)
    #expect(agree(try frequencies(.mostCurious, curiosity), [0, 0.5, 0, 0, 0.5]))
    var stream = RandomStream(seed: 62)
    let archive = try archive()
    var firsts: Set<Int> = []
    for _ in 0..<50 {
      let top = archive.mostCurious(4, by: curiosity, using: &stream).map(\.solution)
      #expect(Set(top.prefix(2)) == [1, 4] && Set(top.suffix(2)) == [0, 3])
      firsts.insert(top[0])
    }
    #expect(firsts == [1, 4])
    #expect(archive.mostCurious(9, by: curiosity, using: &stream).map(\.solution).last == 2)
    #expect(archive.mostCurious(-1, by: curiosity, using: &stream).isEmpty)
  }

  private static let rules: [EliteSelection] = [
    .uniform, .best, .tournament(size: 3), .curiosityProportional(floor: 0.1), .mostCurious,
    .rank(exponent: 2), .noveltyProportional(neighbours: 2),
  ]

  @Test(arguments: rules) func emptyArchivesHaveNothingToSelect(rule: EliteSelection) throws {
    var stream = RandomStream(seed: 63)
    let archive = try ArchiveKind.cvt.make()
    #expect(try rule.select(from: archive, using: &stream) == nil)
    #expect(archive.mostCurious(3, by: CuriosityTable(), using: &stream).isEmpty)
  }

  @Test(arguments: rules) func theStreamDecides(rule: EliteSelection) throws {
    let archive = try archive()
    var (first, second) = (RandomStream(seed: 64), RandomStream(seed: 64))
    for _ in 0..<50 {
      let elite = try rule.select(from: archive, using: &first)
      #expect(try rule.select(from: archive, using: &second) == elite)
    }
    #expect(first == second)
    #expect(try JSONDecoder().decode(EliteSelection.self, from: JSONEncoder().encode(rule)) == rule)
  }

  @Test func impossibleParametersAreRefused() throws {
    var stream = RandomStream(seed: 65)
    let archive = try archive()
    for size in [0, -1, Int.min, Int.max] {
      #expect(throws: SelectionError.tournamentSize(size)) {
        try EliteSelection.tournament(size: size).select(from: archive, using: &stream)
      }
    }
    for floor in [0, -1, Double.infinity] {
      #expect(throws: SelectionError.curiosityFloor(floor)) {
        try EliteSelection.curiosityProportional(floor: floor).select(from: archive, using: &stream)
      }
    }
    #expect(throws: SelectionError.self) { try EliteSelection.curiosityProportional(floor: .nan).validate() }
    for exponent in [-1, Double.infinity, .nan] {
      #expect(throws: SelectionError.self) { try EliteSelection.rank(exponent: exponent).validate() }
    }
    for count in [0, -1, Int.max] {
      #expect(throws: SelectionError.noveltyNeighbours(count)) {
        try EliteSelection.noveltyProportional(neighbours: count).validate()
      }
    }
  }
}

@Suite struct CuriosityTableTests {
  @Test func rewardsAddUp() {
    var table = CuriosityTable()
    #expect(table[3] == 0)
    for reward in [1, -0.5, -0.5, -1, 1] { table.reward(3, by: reward) }
    table.reward(1, by: 1)
    table.reward(1, by: .nan)
    table.reward(1, by: .infinity)
    #expect(table[3] == 0 && table[1] == 1)
    #expect(table.cells == [1, 3])
    table.reset(1)
    #expect(table[1] == 0 && table.cells == [3])
  }

  @Test func equalTablesGiveEqualBytes() throws {
    var (first, second) = (CuriosityTable(), CuriosityTable())
    for cell in 0..<50 {
      first.reward(cell, by: Double(cell) / 4)
      second.reward(49 - cell, by: Double(49 - cell) / 4)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(try encoder.encode(first) == encoder.encode(second))
    #expect(try JSONDecoder().decode(CuriosityTable.self, from: encoder.encode(first)) == first)
  }

  @Test(arguments: [
    #"{"cells": [1], "scores": []}"#, #"{"cells": [1, 1], "scores": [1, 2]}"#, #"{"cells": [1]}"#,
  ]) func brokenTablesAreRefused(text: String) {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(CuriosityTable.self, from: Data(text.utf8))
    }
  }
}
