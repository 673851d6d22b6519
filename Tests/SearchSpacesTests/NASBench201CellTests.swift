import Foundation
import RandomStreams
import Testing

@testable import SearchSpaces

@Suite struct NASBench201CellTests {
  private let space = NASBench201Space()

  /// The first three are asserted by the benchmark's own generator, the others named in papers that used its tables.
  private static let published = [
    (0, "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"),
    (9, "|avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"),
    (123, "|avg_pool_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|"),
    (857, "|nor_conv_1x1~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"),
    (6111, "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"),
    (9930, "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"),
  ]

  @Test func publishedCellsHaveTheirNumbers() throws {
    for (index, text) in Self.published {
      let cell = try space.genotype(from: text)
      #expect(cell.index == index)
      #expect(NASBench201Cell(index: index) == cell)
      #expect(space.text(of: cell) == text)
    }
    #expect(NASBench201Cell(index: -1) == nil)
    #expect(NASBench201Cell(index: 15_625) == nil)
  }

  /// What CPython says to `random.seed(88)` and `random.getrandbits(32)`.
  @Test func theGeneratorIsPythons() {
    var generator = MersenneTwister(seed: 88)
    #expect(
      (0..<4).map { _ in generator.next() } == [1_707_201_716, 4_182_107_318, 813_946_014, 1_429_399_738])
  }

  @Test func everyCellIsReadAndWrittenAndHasANumberOfItsOwn() throws {
    #expect(space.count == 15_625)
    let cells = space.all
    #expect(Set(cells).count == 15_625)
    for (index, cell) in cells.enumerated() {
      #expect(cell.index == index)
      #expect(try space.genotype(from: cell.description) == cell)
      #expect(try space.genotype(options: space.options(of: cell)) == cell)
    }
  }

  @Test func cellsAreCodedAsTheirText() throws {
    let cell = try #require(NASBench201Cell(index: 6111))
    let data = try JSONEncoder().encode([cell])
    #expect(String(decoding: data, as: UTF8.self) == "[\"\(cell)\"]")
    #expect(try JSONDecoder().decode([NASBench201Cell].self, from: data) == [cell])
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([NASBench201Cell].self, from: Data("[\"|none~0|\"]".utf8))
    }
  }

  @Test func textsAreReadWithPatience() throws {
    let cell = try #require(NASBench201Cell(index: 1))
    for text in [
      " |nor_conv_3x3~0| + |nor_conv_3x3~0|avg_pool_3x3~1|\n+ |skip_connect~0|nor_conv_3x3 ~ 1|skip_connect~2|\t",
      "nor_conv_3x3~0+nor_conv_3x3~0|avg_pool_3x3~1+skip_connect~0|nor_conv_3x3~1|skip_connect~2",
      "|NOR_CONV_3x3~0|+|avg_pool_3x3~1|nor_conv_3x3~0|+|skip_connect~2|nor_conv_3x3~1|skip_connect~0|",
    ] {
      #expect(try space.genotype(from: text) == cell)
    }
  }

  @Test(arguments: [
    ("", "is empty"), (" \n ", "is empty"),
    ("|none~0|", "3 nodes joined by '+', and here is 1"),
    ("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|+", "here are 4"),
    ("|none~0|+|none~0|+|none~0|none~1|none~2|", "Node 2 takes 2 edges, and '|none~0|' has 1"),
    ("||+|none~0|none~1|+|none~0|none~1|none~2|", "Node 1 takes 1 edge, and '||' has 0"),
    ("|none|+|none~0|none~1|+|none~0|none~1|none~2|", "'none' of node 1 is not an operation, '~'"),
    ("|none~0~0|+|none~0|none~1|+|none~0|none~1|none~2|", "'none~0~0' of node 1"),
    (
      "|conv~0|+|none~0|none~1|+|none~0|none~1|none~2|",
      "'conv' of node 1 is no operation; there are none, skip"
    ),
    (
      "|none~1|+|none~0|none~1|+|none~0|none~1|none~2|",
      "Node 1 takes edges from node 0, and 'none~1' says '1'"
    ),
    ("|none~0|+|none~0|none~1|+|none~0|none~1|none~3|", "Node 3 takes edges from nodes 0 to 2"),
    ("|none~0|+|none~0|none~x|+|none~0|none~1|none~2|", "says 'x'"),
    ("|none~0|+|none~0|none~99999999999999999999|+|none~0|none~1|none~2|", "says '99999999999999999999'"),
    ("|none~0|+|none~0|skip_connect~0|+|none~0|none~1|none~2|", "Node 2 has two edges from node 0"),
  ])
  func mistakesAreExplained(text: String, says: String) {
    let error = #expect(throws: SearchSpaceError.self) { try space.genotype(from: text) }
    #expect(error?.description.contains(says) == true, "\(String(describing: error))")
  }

  @Test func aBookIsNoCell() {
    let error = #expect(throws: SearchSpaceError.self) {
      try space.genotype(from: String(repeating: "|none~0|+", count: 100_000))
    }
    #expect(error?.description == "A cell's text has at most 1000 characters, and this one has 900000.")
  }

  @Test func optionsThatAreNoneAreRefused() {
    #expect(throws: SearchSpaceError("A cell has 6 operations, and here are 2.")) {
      try space.genotype(options: [1, 2])
    }
    #expect(throws: SearchSpaceError("Edge 1 has 5 operations, numbered from 0, and not number 5.")) {
      try space.genotype(options: [1, 5, 0, 0, 0, 0])
    }
    #expect(throws: SearchSpaceError.self) { try space.genotype(options: [-1, 0, 0, 0, 0, 0]) }
  }

  @Test func neighboursAreAllThatDifferInOneOperation() {
    var stream = RandomStream(seed: 4)
    for _ in 0..<50 {
      let cell = space.random(using: &stream)
      let neighbours = space.neighbours(of: cell)
      #expect(neighbours.count == 24)
      #expect(Set(neighbours).count == 24)
      for neighbour in neighbours {
        #expect(zip(space.options(of: cell), space.options(of: neighbour)).count { $0 != $1 } == 1)
      }
    }
  }

  /// Each of the 24 neighbours comes up a twenty-fourth of the time: χ² of 23 degrees, 99.99 % below 60.
  @Test func mutationsAreNeighboursAndAllAlikeFrequent() {
    var stream = RandomStream(seed: 7)
    let cell = space.random(using: &stream)
    let neighbours = space.neighbours(of: cell)
    var counts: [NASBench201Cell: Int] = [:]
    let draws = 24_000
    for _ in 0..<draws { counts[space.mutation(of: cell, using: &stream), default: 0] += 1 }
    #expect(Set(counts.keys) == Set(neighbours))
    let expected = Double(draws) / 24
    let chiSquare = counts.values.reduce(0) {
      $0 + (Double($1) - expected) * (Double($1) - expected) / expected
    }
    #expect(chiSquare < 60)
  }

  /// Uniform drawing: χ² over the 625 first-four-edge patterns, 624 degrees of freedom, 99.99 % below 765.
  @Test func drawingIsUniform() {
    var stream = RandomStream(seed: 8)
    var counts = [Int](repeating: 0, count: 625)
    let draws = 62_500
    for _ in 0..<draws { counts[Int(space.random(using: &stream).code) / 25] += 1 }
    let chiSquare = counts.reduce(0) { $0 + Double(($1 - 100) * ($1 - 100)) / 100 }
    #expect(chiSquare < 765)
  }

  @Test func aChildHasOperationsOfItsParents() throws {
    var stream = RandomStream(seed: 9)
    let first = try space.genotype(options: [0, 0, 0, 0, 0, 0])
    let second = try space.genotype(options: [4, 4, 4, 4, 4, 4])
    var children: Set<NASBench201Cell> = []
    var ofSecond = [Int](repeating: 0, count: 6)
    for _ in 0..<4_000 {
      let child = space.crossover(of: first, and: second, using: &stream)
      children.insert(child)
      for (edge, option) in space.options(of: child).enumerated() {
        #expect(option == 0 || option == 4)
        ofSecond[edge] += option == 4 ? 1 : 0
      }
    }
    #expect(children.count == 64)
    #expect(ofSecond.allSatisfy { abs($0 - 2_000) < 150 })
    #expect(space.crossover(of: first, and: first, using: &stream) == first)
  }

  @Test(arguments: NASBench201Isomorphism.allCases)
  func kindsOfCellsAreAsManyAsPublished(isomorphism: NASBench201Isomorphism) {
    #expect(Set(space.all.map { $0.canonicalText(isomorphism) }).count == isomorphism.count)
  }

  @Test func equalNetworksHaveEqualCanonicalTexts() throws {
    // Node 1 is the input, so the two edges into node 2 trade places.
    let first = try space.genotype(
      from: "|skip_connect~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|none~1|skip_connect~2|")
    let second = try space.genotype(
      from: "|skip_connect~0|+|avg_pool_3x3~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|")
    #expect(space.canonicalText(of: first) == space.canonicalText(of: second))
    #expect(space.canonicalText(of: first) == "#+#+(0)@avg_pool_3x3+(0)@nor_conv_3x3")
    #expect(first.canonicalText(.sums) == "(0)@avg_pool_3x3+(0)@nor_conv_3x3")
  }
}
