import Foundation
import RandomStreams
import Testing

@testable import QualityDiversity

@Suite struct NoisyArchiveTests {
  private func archive(_ rule: NoiseRule) throws -> NoisyArchive<GridTessellation, Int> {
    NoisyArchive(
      try GridTessellation(axes: [MeasureAxis(name: "x", lower: 0, upper: 1)], dimensions: [4]), rule: rule)
  }

  @Test func boundsAreTheirDefinition() throws {
    let rule = try NoiseRule(confidence: 2, assumedDeviation: 0.5, maximumScores: 9)
    #expect(rule.bounds([3]) == MeasureInterval(lower: 2, upper: 4))
    // s² = (0.25 + 0.5) / 2.
    let margin = 2 * (0.375 / 2).squareRoot()
    let bounds = rule.bounds([1, 2])
    #expect(abs(bounds.lower - (1.5 - margin)) < 1e-12 && abs(bounds.upper - (1.5 + margin)) < 1e-12)
    #expect(throws: ArchiveError.self) {
      try NoiseRule(confidence: -1, assumedDeviation: 1, maximumScores: 1)
    }
    #expect(throws: ArchiveError.self) {
      try NoiseRule(confidence: 1, assumedDeviation: .nan, maximumScores: 1)
    }
    #expect(throws: ArchiveError.self) { try NoiseRule(confidence: 1, assumedDeviation: 1, maximumScores: 0) }
  }

  @Test func overlappingBoundsAskForScores() throws {
    var archive = try archive(NoiseRule(confidence: 1, assumedDeviation: 1, maximumScores: 3))
    #expect(archive.challenge(1, scores: [5], measures: [0.1]) == .new(cell: 0))
    let elite = try #require(archive.elite(at: 0))
    #expect(archive.challenge(2, scores: [2], measures: [0.1]) == .rejected(cell: 0))
    #expect(archive.challenge(3, scores: [8], measures: [0.1]) == .improved(cell: 0, displaced: elite))
    let second = try #require(archive.elite(at: 0))
    #expect(
      archive.challenge(4, scores: [8.5], measures: [0.1])
        == .undecided(cell: 0, elite: second, scoresOfElite: 1, scoresOfChallenger: 1))
    #expect(archive.elite(at: 0) == second)
    // A lucky elite falls when it is scored again.
    #expect(archive.record([4], of: second.ordinal, at: 0) == true)
    #expect(archive.record([4], of: 0, at: 0) == false)
    #expect(archive.record([.nan], of: second.ordinal, at: 0) == false)
    guard case .undecided(_, let elite, 0, 1) = archive.challenge(4, scores: [8.5], measures: [0.1]) else {
      Issue.record("the one with fewer scores is scored")
      return
    }
    #expect(elite.scores == [8, 4])
    guard case .undecided(_, _, 1, 1) = archive.challenge(4, scores: [8.5, 7], measures: [0.1]) else {
      Issue.record("bounds still overlap")
      return
    }
    #expect(archive.record([6], of: second.ordinal, at: 0) == true)
    guard case .improved(0, let gone) = archive.challenge(4, scores: [8.5, 7, 8.5], measures: [0.1]) else {
      Issue.record("the challenger is better")
      return
    }
    #expect(gone.scores == [8, 4, 6] && archive.elite(at: 0)?.solution == 4)
    #expect(archive.statistics().qdScore == 8 && archive.statistics(ofLowerBounds: true).qdScore < 8)
    try archive.checkInvariants()
    #expect(archive.challenge(5, scores: [], measures: [0.1]) == .refused(.objectiveNotFinite))
    #expect(archive.challenge(5, scores: [1, .nan], measures: [0.1]) == .refused(.objectiveNotFinite))
    typealias Stored = NoisyArchive<GridTessellation, Int>
    let read = try JSONDecoder().decode(Stored.self, from: JSONEncoder().encode(archive))
    #expect(read.elites == archive.elites && read.challengeCount == archive.challengeCount)
  }

  /// Under noise the archive ends with truly better elites than one that believes every score.
  @Test func luckDoesNotLast() throws {
    var noisy = try archive(NoiseRule(confidence: 1.5, assumedDeviation: 1, maximumScores: 12))
    var naive = try GridArchive<Int>(axes: noisy.axes, dimensions: [4])
    var stream = RandomStream(seed: 141).stream("luck")
    let truths = (0..<400).map { _ in stream.uniform() }
    for (solution, truth) in truths.enumerated() {
      let measures = [stream.uniform()]
      var scores = [truth + stream.normal()]
      naive.add(solution, objective: scores[0], measures: measures)
      for _ in 0..<100 {
        let outcome = noisy.challenge(solution, scores: scores, measures: measures)
        try noisy.checkInvariants()
        guard case .undecided(let cell, let elite, let ofElite, let ofChallenger) = outcome else { break }
        #expect(ofElite + ofChallenger > 0)
        let more = (0..<ofElite).map { _ in truths[elite.solution] + stream.normal() }
        if ofElite > 0 { #expect(noisy.record(more, of: elite.ordinal, at: cell) == true) }
        scores += (0..<ofChallenger).map { _ in truth + stream.normal() }
      }
      #expect(scores.count <= 12)
    }
    let ours = noisy.elites.map { truths[$0.solution] }.reduce(0, +) / 4
    let theirs = naive.elites.map { truths[$0.solution] }.reduce(0, +) / 4
    #expect(ours > theirs)
    // The naive archive believes far more than is true, the other one hardly.
    let believed = naive.objectives.reduce(0, +) / 4 - theirs
    #expect(abs(noisy.statistics().qdScore / 4 - ours) < believed / 3)
  }

  /// A solution with the scores that it would have.
  private struct Contender: CustomStringConvertible {
    var scores: [Double]
    var measure: Double
    var description: String { "(\(scores), \(measure))" }
  }

  /// Behind the common protocol contests are those of a plain model, whether scores are there beforehand or are asked for.
  @Test func contestsAreAnArchive() throws {
    let axes = [try MeasureAxis(name: "x", lower: 0, upper: 1)]
    let (confidence, deviation, most) = (1.0, 1.0, 4)
    let rule = try NoiseRule(confidence: confidence, assumedDeviation: deviation, maximumScores: most)
    let empty = try ArchiveGeometry.grid(dimensions: [3]).makeContestedArchive(
      axes: axes, of: Int.self, rule: rule)
    func bounds(_ scores: [Double]) -> (lower: Double, upper: Double) {
      let count = Double(scores.count)
      let mean = scores.reduce(0, +) / count
      let variance = (deviation * deviation + scores.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)) / count
      let reach = confidence * (variance / count).squareRoot()
      return (mean - reach, mean + reach)
    }
    let property = Property(seed: 151) { stream in
      let truth = stream.uniform(0, 2)
      return Contender(scores: (0..<4).map { _ in truth + stream.normal() }, measure: stream.uniform())
    }
    property.check { contenders in
      // The model: who has each cell, and how many scores of each have been looked at.
      var holder: [Int: Int] = [:]
      var looked = [Int](repeating: 1, count: contenders.count)
      var (whole, asking) = (empty, empty)
      var revealed = contenders.map { [$0.scores[0]] }
      for (number, contender) in contenders.enumerated() {
        let cell = min(2, Int(contender.measure * 3 + 1e-6))
        func known(_ who: Int) -> [Double] { Array(contenders[who].scores[..<looked[who]]) }
        if let elite = holder[cell] {
          var wins: Bool?
          while wins == nil {
            let (own, theirs) = (bounds(known(number)), bounds(known(elite)))
            if own.upper <= theirs.lower {
              wins = false
            } else if own.lower > theirs.upper {
              wins = true
            } else {
              let fewest = min(looked[number], looked[elite])
              if fewest == most {
                wins = own.lower > theirs.lower
              } else {
                let both = [number, elite].filter { looked[$0] == fewest }
                for who in both { looked[who] += 1 }
              }
            }
          }
          if wins == true { holder[cell] = number }
        } else {
          holder[cell] = number
        }
        let outcome = whole.offer(number, measures: [contender.measure]) { who, index in
          contenders[who].scores[index]
        }
        guard case .decided(let decided) = outcome else { throw Broken(description: "undecided") }
        try same(decided.cell, cell, "cell")
        try same(decided.status != .rejected, holder[cell] == number, "who has it")
        // The same with scores that are taken when they are asked for.
        var rounds = 0
        while true {
          let before = asking.elites
          let outcome = asking.offer(number, measures: [contender.measure]) { who, index in
            revealed[who].indices.contains(index) ? revealed[who][index] : nil
          }
          guard case .open(let missing) = outcome else { break }
          rounds += 1
          try same(asking.elites, before, "an open contest changes nothing")
          try same(missing.isEmpty || rounds > 9, false, "scores are asked for")
          for request in missing {
            try same(request.number, revealed[request.solution].count, "the next score")
            revealed[request.solution].append(contenders[request.solution].scores[request.number])
          }
        }
        try whole.checkInvariants()
        try same(asking.elites, whole.elites, "elites")
      }
      try same(revealed.map(\.count), looked, "no score is taken in vain")
      try same(whole.elites.map(\.solution), holder.sorted { $0.key < $1.key }.map(\.value), "holders")
      for elite in whole.elites {
        let scores = contenders[elite.solution].scores[..<looked[elite.solution]]
        try close(elite.objective, scores.reduce(0, +) / Double(scores.count), "mean")
      }
      try same(whole.additionCount, contenders.count, "additions")
    }
  }

  @Test func withoutFurtherScoresTheLowerBoundDecides() throws {
    let axes = [try MeasureAxis(name: "x", lower: 0, upper: 1)]
    var archive = try ArchiveGeometry.grid(dimensions: [1]).makeContestedArchive(
      axes: axes, of: Int.self, rule: NoiseRule(confidence: 1, assumedDeviation: 1, maximumScores: 3))
    #expect(archive.add(1, objective: 5, measures: [0.5]).status == .new)
    #expect(archive.add(2, objective: 5, measures: [0.5]).status == .rejected)
    #expect(archive.add(3, objective: 5.5, measures: [2]).status == .improved)
    #expect(archive.add(4, objective: .nan, measures: [0.5]).rejection == .objectiveNotFinite)
    #expect(archive.add(5, objective: 9, measures: [.nan]).rejection == .measures(.notFinite(axis: "x")))
    #expect(archive.best?.solution == 3 && archive.clampCounts == [1] && archive.additionCount == 5)
    try archive.checkInvariants()
    #expect(throws: ArchiveError.noDepthOrThresholds) {
      _ = try ArchiveGeometry.dominatedNovelty(capacity: 3, neighbours: 1)
        .makeContestedArchive(
          axes: axes, of: Int.self, rule: NoiseRule(confidence: 1, assumedDeviation: 1, maximumScores: 3))
    }
  }
}
