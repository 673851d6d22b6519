import Foundation
import QualityDiversity
import RandomStreams
import Search
import Testing

@testable import Reports

@Suite("Comparing groups of seeds")
struct ComparisonSeedsTests {
  /// Runs of a search, one for each seed, whose fitness values lie about a level.
  private func runs(
    _ name: String, level: Double, seeds: ClosedRange<Int>, count: Int = 12
  ) async throws -> [RunSnapshot] {
    var snapshots: [RunSnapshot] = []
    for seed in seeds {
      var stream = RandomStream(seed: UInt64(seed)).stream(name)
      var configuration = SampleRun.grid
      configuration.seed = seed
      configuration.archive.dimensions = [4, 4]
      configuration.search.mutationProbability = level
      let candidates = (0..<count).map { _ in
        SampleRun.Candidate(
          width: stream.integer(below: 100), depth: stream.integer(below: 10),
          fitness: level + 0.02 * stream.uniform())
      }
      snapshots.append(
        try await SampleRun(name: "\(name)-\(seed)", configuration: configuration, candidates: candidates)
          .snapshot())
    }
    return snapshots
  }

  private func compare(_ groups: [ComparisonGroup]) throws -> Comparison {
    try Comparison(groups, frame: nil, noise: .automatic, sampling: Sampling(Bootstrap(resamples: 200)))
  }

  private func group(_ name: String, _ runs: [RunSnapshot]) -> ComparisonGroup {
    ComparisonGroup(name: name, members: runs.map(ComparisonSource.run))
  }

  @Test("Runs that differ in seed and name only form a group")
  func grouping() async throws {
    let low = try await runs("low", level: 0.5, seeds: 1...3)
    let high = try await runs("high", level: 0.7, seeds: 1...2)
    let sources = (low + high).map(ComparisonSource.run)
    let groups = ComparisonGroup.grouping(sources)
    #expect(groups.map(\.name) == ["low", "high"] && groups.map(\.members.count) == [3, 2])
    // Of one search alone each run stands for itself.
    #expect(
      ComparisonGroup.grouping(low.map(ComparisonSource.run)).map(\.name) == ["low-1", "low-2", "low-3"])
    let sentence = "All are runs of one search that differ in the seed only, so what differs is chance."
    #expect(try compare(ComparisonGroup.grouping(low.map(ComparisonSource.run))).notes.contains(sentence))
    #expect(try !compare(groups).notes.contains(sentence))
    // The same run twice is not two samples.
    #expect(
      ComparisonGroup.grouping([.run(low[0]), .run(low[0]), .run(high[0])]).map(\.members.count) == [1, 1, 1])
    #expect(ComparisonGroup.commonName(["llm-s1", "llm-s2"]) == "llm")
    #expect(ComparisonGroup.commonName(["llm_seed1", "llm_seed12"]) == "llm")
    #expect(ComparisonGroup.commonName(["a", "b", "c"]) == "a and 2 more")
    #expect(try compare(groups).notes.contains("low is low-1, low-2, low-3."))
  }

  @Test("Few seeds are tested as independent, with the test's own least probability; many as pairs")
  func tests() async throws {
    let low = try await runs("low", level: 0.5, seeds: 1...7)
    let high = try await runs("high", level: 0.7, seeds: 1...7)
    let few = try compare([group("low", Array(low[..<4])), group("high", Array(high[..<4]))])
    let pair = try #require(few.pairs.first)
    let test = try #require(pair.figure(.mean)?.test)
    // The highest of one is below the lowest of the other: 2 of the 70 ways to deal out 8 runs.
    #expect(!pair.isPaired && test.method == .mannWhitneyExact && abs(test.p - 2.0 / 70) < 1e-12)
    #expect(test.superiority == 0 && test.sizes == [4, 4])
    let figures = pair.figures.filter { $0.test != nil && $0.figure != .qdScore }
    let corrected = RankTests.holm(figures.compactMap { $0.test?.p })
    #expect(figures.compactMap(\.correctedP) == corrected)
    #expect(pair.figure(.qdScore)?.correctedP == pair.figure(.qdScore)?.test?.p)
    #expect(pair.figure(.normalizedQDScore)?.test == nil)
    #expect(few.notes.contains { $0.contains("fewer than 6 pairs") })

    let many = try compare([group("low", low), group("high", high)])
    let paired = try #require(many.pairs.first?.figure(.mean)?.test)
    #expect(many.pairs[0].isPaired && paired.method == .wilcoxonExact && paired.sizes == [7])
    #expect(abs(paired.p - 2.0 / 128) < 1e-12)
    #expect(many.verdict.hasPrefix("high is better: QD score"), "\(many.verdict)")
    let interval = try #require(many.pairs[0].figure(.mean)?.interval)
    #expect(interval.lower < -0.18 && interval.upper > -0.22 && interval.upper < 0)

    let three = try compare([group("low", Array(low[..<3])), group("high", Array(high[..<3]))])
    #expect(three.verdict.hasPrefix("high looks better, but so few runs cannot prove it"), "\(three.verdict)")
    #expect(three.notes.contains { $0.contains("p cannot be below 0.10") })
  }

  @Test("Exchanged groups give the mirrored comparison")
  func mirrored() async throws {
    for seeds in [1...1, 1...4, 1...6] {
      let low = group("low", try await runs("low", level: 0.6, seeds: seeds))
      let high = group("high", try await runs("high", level: 0.605, seeds: seeds, count: 15))
      let (there, back) = (try compare([low, high]), try compare([high, low]))
      let mirror: [NicheStanding: NicheStanding] = [
        .won: .lost, .lost: .won, .tied: .tied, .onlyFirst: .onlySecond, .onlySecond: .onlyFirst,
      ]
      #expect(there.pairs[0].niches.map(\.cell) == back.pairs[0].niches.map(\.cell))
      #expect(there.pairs[0].niches.map { mirror[$0.standing] } == back.pairs[0].niches.map(\.standing))
      #expect(there.pairs[0].niches.map(\.first) == back.pairs[0].niches.map(\.second))
      for (one, other) in zip(there.pairs[0].figures, back.pairs[0].figures) {
        func near(_ left: Double?, _ right: Double?) -> Bool {
          guard let left, let right else { return left == nil && right == nil }
          return abs(left - right) < 1e-9
        }
        #expect(near(one.difference, other.difference.map { -$0 }))
        #expect(near(one.interval?.lower, other.interval.map { -$0.upper }), "\(one) \(other)")
        #expect(near(one.interval?.upper, other.interval.map { -$0.lower }))
        #expect(near(one.correctedP, other.correctedP) && near(one.test?.p, other.test?.p))
        #expect(near(one.test?.superiority, other.test.map { 1 - $0.superiority }))
      }
      #expect(there.verdict == back.verdict)
    }
  }

  @Test("A niche is won where its mean fitness differs by more than the spread over seeds")
  func nichesOfSeeds() async throws {
    func run(_ name: String, seed: Int, _ fitness: Double, _ other: Double) async throws -> RunSnapshot {
      var configuration = SampleRun.grid
      configuration.seed = seed
      configuration.data.validationLimit = 10_000
      return try await SampleRun(
        name: name, configuration: configuration,
        candidates: [
          .init(width: 10, depth: 1, fitness: fitness), .init(width: 90, depth: 1, fitness: other),
        ]
      ).snapshot()
    }
    let first = group(
      "first", [try await run("a", seed: 1, 0.60, 0.70), try await run("b", seed: 2, 0.64, 0.70)])
    let second = group(
      "second", [try await run("c", seed: 1, 0.62, 0.50), try await run("d", seed: 2, 0.66, 0.50)])
    let pair = try compare([first, second]).pairs[0]
    // Pooled variance of each group (0.0008 + 0) / 2 with 2 degrees of freedom, so t = 2.776 of 4: the least
    // difference that counts is 2.776 × √(0.0004 / 2 + 0.0004 / 2) = 0.0555.
    #expect(pair.niches.map(\.standing) == [.tied, .won])
    #expect(
      pair.niches[0].first.map { ($0.fitness * 100).rounded() } == 62 && pair.niches[0].first?.runs == 2)
    #expect(pair.niches[0].first?.candidate == 1 && pair.niches[0].first?.run == "b")
    #expect(pair.noise.contains("Student's t"))
  }

  @Test("Three groups: each against each, a ranking, and who leads where")
  func several() async throws {
    let groups = [
      group("low", try await runs("low", level: 0.5, seeds: 1...4)),
      group("high", try await runs("high", level: 0.7, seeds: 1...4)),
      group("mid", try await runs("mid", level: 0.6, seeds: 1...4)),
    ]
    let comparison = try compare(groups)
    #expect(comparison.pairs.map(\.first) == ["low", "low", "high"])
    #expect(comparison.pairs.map(\.second) == ["high", "mid", "mid"])
    let raw = comparison.pairs.compactMap { $0.figure(.qdScore)?.test?.p }
    #expect(comparison.pairs.compactMap { $0.figure(.qdScore)?.correctedP } == RankTests.holm(raw))
    let text = comparison.text()
    #expect(text.hasPrefix("high has the highest QD score"), "\(text)")
    #expect(text.contains("won-lost=tied"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
    #expect(text.contains("b  high") && text.contains("bbb"))
  }

  @Test(
    "Two groups fit a terminal of 80 columns, and the CQD score is pyribs' divided by targets and penalties")
  func widthAndContinuousScore() async throws {
    let low = try await runs("a-rather-long-name-of-a-search", level: 0.5, seeds: 1...4)
    let high = try await runs("another-rather-long-name", level: 0.7, seeds: 1...4)
    let comparison = try compare([
      group("a-rather-long-name-of-a-search", low), group("another-rather-long-name", high),
    ])
    let text = comparison.text()
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
    #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 45, "\(text)")

    let score = try #require(Sampling().continuousScore(axes: 2, elites: 10, range: 1))
    let frame = ComparisonFrame(like: low[0])
    let binned = try BinnedRun(.run(low[0]), in: frame, empty: frame.archive(), offset: 0)
    // The definition, term by term (Kent et al. 2022).
    var sum = 0.0
    for target in stride(from: 0, to: score.targets.count, by: 2) {
      for penalty in [0, 0.25, 0.5, 0.75, 1.0] {
        sum +=
          binned.archive.elites.map { elite in
            let place = zip(binned.archive.axes, elite.measures).map { $0.normalized($1) }
            let (x, y) = (place[0] - score.targets[target], place[1] - score.targets[target + 1])
            return elite.objective - penalty * ((x * x + y * y) / 2).squareRoot()
          }.max() ?? 0
      }
    }
    let value = try #require(comparison.groups[0].figure(.continuousScore)?.values[0])
    #expect(abs(value - sum / Double(score.targets.count / 2 * 5)) < 1e-12)
  }
}
