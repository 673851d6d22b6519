import Foundation
import RandomStreams
import Testing

@Suite struct RandomStreamTests {
  @Test func countsAsSplitMix64Does() throws {
    // The published outputs of SplitMix64 from the state 1234567 (Vigna's splitmix64.c). The key of a stream
    // is that state, and can only be given by decoding one.
    var stream = try JSONDecoder().decode(
      RandomStream.self, from: Data(#"{"key": 1234567, "position": 0}"#.utf8))
    let numbers = (0..<5).map { _ in stream.next() }
    #expect(
      numbers == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
    #expect(stream.position == 5)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(stream), as: UTF8.self)
    #expect(text == #"{"key":1234567,"position":5}"#)
  }

  // The constants of the next three tests come from a second implementation, written in Python from the
  // definitions: SplitMix64's finaliser, 64-bit FNV-1a, MurmurHash3's finaliser, Lemire's bounded integers.

  @Test func keysAndFirstNumbersArePinned() {
    let root = RandomStream(seed: 42)
    expect(root, key: 0x5D45_20BE_D6C9_6DB9, first: 0x8CA1_0B1D_BE91_EE23, second: 0xE72A_AC31_2126_9F60)
    expect(
      root.stream("pinned"), key: 0x9953_5F03_9910_4233, first: 0x4A3E_73D7_9711_AC95,
      second: 0x6780_5663_1E99_B889)
    expect(
      root.stream("candidate", 17), key: 0xE625_3266_FAD8_F48B, first: 0x0A1F_DEBD_DF6B_61C7,
      second: 0x673E_5F6B_7CF9_60F1)
    expect(
      root.stream("candidate", -17), key: 0xE538_A170_22FC_AEDD, first: 0x7881_6122_FFDE_71AF,
      second: 0x7E6B_2225_828E_D77B)
  }

  private func expect(_ stream: RandomStream, key: UInt64, first: UInt64, second: UInt64) {
    var stream = stream
    #expect(stream.key == key)
    #expect(stream.next() == first)
    #expect(stream.next() == second)
  }

  @Test func distributionsArePinned() {
    let stream = RandomStream(seed: 42).stream("pinned")
    var uniform = stream
    #expect(uniform.uniform() == 0.290015449652009)
    #expect(uniform.uniform() == 0.40430202407751537)
    var normal = stream
    // To a few units in the last place, as logarithm and cosine are the C library's.
    #expect(abs(normal.normal() - -0.682496256370866) < 1e-14)
    var integers = stream
    #expect((0..<8).map { _ in integers.integer(below: 10) } == [2, 4, 3, 3, 0, 5, 4, 3])
  }

  @Test func namedStreamsAreIndependentOfDrawsElsewhere() {
    let root = RandomStream(seed: 7)
    var drawn = root
    _ = drawn.next()
    #expect(root.stream("a") == drawn.stream("a"))
    #expect(root.stream("a") != root.stream("b"))
    #expect(root.stream("a", 1) != root.stream("a", 2))
    #expect(RandomStream(seed: 8).stream("a") != root.stream("a"))
  }

  @Test func uniformCoversTheUnitIntervalEvenly() {
    var stream = RandomStream(seed: 1).stream("uniform")
    var bins = [Int](repeating: 0, count: 20)
    for _ in 0..<20_000 { bins[Int(stream.uniform() * 20)] += 1 }
    // Chi-square with 19 degrees of freedom: 43.8 is the 99.9 % point.
    let chiSquare = bins.reduce(0.0) { $0 + (Double($1) - 1000) * (Double($1) - 1000) / 1000 }
    #expect(chiSquare < 43.8)
  }

  @Test func normalHasItsMoments() {
    var stream = RandomStream(seed: 2).stream("normal")
    let draws = (0..<50_000).map { _ in stream.normal() }
    let mean = draws.reduce(0, +) / 50_000
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 50_000
    let kurtosis = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) * ($1 - mean) } / 50_000
    #expect(abs(mean) < 0.02)
    #expect(abs(variance - 1) < 0.03)
    #expect(abs(kurtosis - 3) < 0.15)
  }

  @Test(arguments: [0, 1, 2, 17, 1000]) func permutationsHoldEveryNumberOnce(count: Int) {
    var stream = RandomStream(seed: 3).stream("permutation")
    #expect(stream.permutation(count).sorted() == Array(0..<count))
  }

  @Test func weightedIndexFollowsTheWeights() {
    var stream = RandomStream(seed: 4).stream("weights")
    var counts = [0, 0, 0, 0]
    for _ in 0..<10_000 { counts[stream.weightedIndex([1, 0, 3, -2]) ?? 3] += 1 }
    #expect(counts[1] == 0 && counts[3] == 0)
    #expect(abs(Double(counts[2]) / 10_000 - 0.75) < 0.02)
    #expect(stream.weightedIndex([0, 0]) == nil)
    #expect(stream.weightedIndex([]) == nil)
  }

  @Test func weightsThatAreNotNumbersAreNeverDrawn() {
    var stream = RandomStream(seed: 4).stream("weights")
    for _ in 0..<200 { #expect(stream.weightedIndex([.nan, 1, -.infinity]) == 1) }
    #expect(stream.weightedIndex([.nan]) == nil)
    #expect(stream.weightedIndex([1, .infinity]) == nil)
  }

  @Test(arguments: [1, 2, 3, 7, 1000]) func integersCoverTheirRangeEvenly(bound: Int) {
    var stream = RandomStream(seed: 6).stream("integers", bound)
    var counts = [Int](repeating: 0, count: bound)
    let draws = 50 * bound
    for _ in 0..<draws { counts[stream.integer(below: bound)] += 1 }
    let chiSquare = counts.reduce(0.0) { $0 + (Double($1) - 50) * (Double($1) - 50) / 50 }
    // The 99.9 % point of chi-square by Wilson and Hilferty's approximation, one step up for few degrees.
    let freedom = Double(bound - 1)
    let root = 1 - 2 / (9 * max(1, freedom)) + 3.1 * (2 / (9 * max(1, freedom))).squareRoot()
    #expect(chiSquare <= max(1, freedom) * root * root * root + 1)
  }

  @Test func elementsAndCoinsFollowTheirProbabilities() {
    var stream = RandomStream(seed: 9).stream("elements")
    #expect(stream.element(of: [Int]()) == nil)
    var drawn: Set<Int> = []
    for _ in 0..<200 { if let element = stream.element(of: 10..<15) { drawn.insert(element) } }
    #expect(drawn == Set(10..<15))
    let heads = (0..<10_000).count { _ in stream.bernoulli(0.3) }
    // Four standard deviations.
    #expect(abs(heads - 3000) < 184)
    #expect((0..<1000).allSatisfy { _ in !stream.bernoulli(0) })
    #expect((0..<1000).allSatisfy { _ in stream.bernoulli(1) })
  }

  @Test func permutationsAreAllEquallyLikely() {
    var stream = RandomStream(seed: 10).stream("orders")
    var counts: [[Int]: Int] = [:]
    for _ in 0..<6000 { counts[stream.permutation(3), default: 0] += 1 }
    #expect(counts.count == 6)
    // Chi-square with 5 degrees of freedom: 20.5 is the 99.9 % point.
    let chiSquare = counts.values.reduce(0.0) { $0 + (Double($1) - 1000) * (Double($1) - 1000) / 1000 }
    #expect(chiSquare < 20.5)
  }

  @Test func aStreamContinuesFromWhatWasStored() throws {
    var stream = RandomStream(seed: 5).stream("stored")
    _ = stream.next()
    let stored = try JSONEncoder().encode(stream)
    var continued = try JSONDecoder().decode(RandomStream.self, from: stored)
    #expect(continued == stream)
    #expect((0..<10).map { _ in continued.next() } == (0..<10).map { _ in stream.next() })
  }
}

@Suite struct StableHashTests {
  @Test func isPinnedAcrossVersions() {
    // From the same second implementation; before the finaliser it gives the published FNV-1a values
    // 0xAF63DC4C8601EC8C for "a" and 0x85944171F73967E8 for "foobar".
    #expect(StableHash().value == 0xEFD0_1F60_BA99_2926)
    var letter = StableHash()
    letter.combine(byte: UInt8(ascii: "a"))
    #expect(letter.value == 0x82A2_A958_A9BE_CE5B)
    var number = StableHash()
    number.combine(0x0123_4567_89AB_CDEF as UInt64)
    #expect(number.value == 0xF1B1_F737_8097_A748)
    #expect(StableHash.hexadecimal128("niche") == "86403287f910a7f0708907cb4fc680c3")
    #expect(StableHash.hexadecimal128("") == "7bd3144f29c0cc9ea260f716567bf1df")
    #expect(StableHash.hexadecimal128("Größe") == "6d1dcda585968360be901a16cd13254a")
  }

  @Test func boundariesCount() {
    var first = StableHash()
    first.combine("ab")
    first.combine("c")
    var second = StableHash()
    second.combine("a")
    second.combine("bc")
    #expect(first.value != second.value)
  }
}
