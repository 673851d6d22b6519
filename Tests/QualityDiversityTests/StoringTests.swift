import Foundation
import QualityDiversity
import RandomStreams
import Testing

/// An archive that is stored and read again is the same and goes on the same.
@Suite struct StoringTests {
  static func encoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return encoder
  }

  private func storedAndRead<Stored: Archive & Codable>(
    _ archive: Stored, then entries: [ArchiveEntry<Int>]
  ) throws where Stored.Solution == Int {
    let bytes = try Self.encoder().encode(archive)
    var (first, second) = (archive, try JSONDecoder().decode(Stored.self, from: bytes))
    try second.checkInvariants()
    #expect(second.elites == first.elites)
    #expect(second.additionCount == first.additionCount && second.clampCounts == first.clampCounts)
    #expect(try Self.encoder().encode(second) == bytes)
    for entry in entries {
      #expect(first.add(contentsOf: [entry]) == second.add(contentsOf: [entry]))
    }
    #expect(second.elites == first.elites)
    var (one, other) = (RandomStream(seed: 5), RandomStream(seed: 5))
    for _ in 0..<20 { #expect(first.sample(using: &one) == second.sample(using: &other)) }
    #expect(try Self.encoder().encode(first) == Self.encoder().encode(second))
  }

  @Test(arguments: ArchiveKind.allCases) func archivesAreReadAsTheyWere(kind: ArchiveKind) throws {
    var stream = RandomStream(seed: 91)
    var archive = try kind.make()
    archive.add(contentsOf: try kind.entries(60, using: &stream))
    guard let stored = archive as? any (Archive<Int> & Codable) else {
      Issue.record("\(kind) cannot be stored")
      return
    }
    try storedAndRead(stored, then: kind.entries(30, using: &stream))
  }

  @Test func archivesWithStatesOfTheirOwnAreReadAsTheyWere() throws {
    var stream = RandomStream(seed: 92)
    let axes = try ArchiveKind.grid.axes
    let entries = try ArchiveKind.grid.entries(200, using: &stream)
    var sliding = try SlidingBoundariesArchive<Int>(
      axes: axes, dimensions: [4, 5], remapFrequency: 9, capacity: 25)
    sliding.add(contentsOf: entries.prefix(100))
    try storedAndRead(sliding, then: Array(entries.suffix(100)))
    var thresholds = try GridArchive<Int>(
      axes: axes, dimensions: [4, 5], thresholds: ThresholdRule(learningRate: 0.2, minimum: -2))
    thresholds.add(contentsOf: entries.prefix(100))
    try storedAndRead(thresholds, then: Array(entries.suffix(100)))
    var deep = try DeepArchive<GridTessellation, Int>(
      GridTessellation(axes: axes, dimensions: [4, 5]), depth: 3)
    deep.add(contentsOf: entries.prefix(100))
    try storedAndRead(deep, then: Array(entries.suffix(100)))
  }

  @Test(arguments: [
    (#""cell":0"#, #""cell":1"#), (#""cell":1"#, #""cell":-1"#),
    (#""additionCount":2"#, #""additionCount":1"#),
    (#""additionCount":2"#, #""additionCount":9223372036854775807"#),
    (#""clampCounts":[0]"#, #""clampCounts":[]"#), (#""clampCounts":[0]"#, #""clampCounts":[-1]"#),
    (#""ordinal":0"#, #""ordinal":5"#), (#""measures":[0.5]"#, #""measures":[0.5,1]"#),
    (#""dimensions":[2]"#, #""dimensions":[-2]"#), (#""thresholds":[0.5,0.5]"#, #""thresholds":[0.5]"#),
    (#""learningRate":0.5"#, #""learningRate":7"#),
  ]) func brokenArchivesAreRefused(good: String, bad: String) throws {
    let text = #"""
      {"additionCount":2,"clampCounts":[0],"elites":[{"cell":0,"measures":[0.25],"objective":1,"ordinal":0,
      "solution":7},{"cell":1,"measures":[0.5],"objective":1,"ordinal":1,"solution":8}],
      "tessellation":{"axes":[{"lower":0,"name":"x","scale":"linear","upper":1}],"dimensions":[2]},
      "thresholdRule":{"learningRate":0.5,"minimum":0},"thresholds":[0.5,0.5]}
      """#
    typealias Stored = GridArchive<Int>
    #expect(try JSONDecoder().decode(Stored.self, from: Data(text.utf8)).count == 2)
    let broken = text.replacingOccurrences(of: good, with: bad)
    #expect(broken != text)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(Stored.self, from: Data(broken.utf8)) }
  }
}
