import QualityDiversity
import Search

/// When a difference within a niche counts.
public enum TieRule: Sendable, Hashable {
  /// By what is known: the spread over seeds, else the number of images that fitness was measured on.
  case automatic
  /// Differences up to this much are ties; 0 takes every difference.
  case margin(Double)
}

/// How a niche stands between two groups.
public enum NicheStanding: String, Codable, Sendable, CaseIterable {
  case onlyFirst = "only-first"
  case onlySecond = "only-second"
  /// The first's elites are fitter.
  case won
  /// The second's elites are fitter.
  case lost
  /// The elites are as fit as each other, or differ by no more than noise.
  case tied
}

/// What a group holds in a niche.
public struct NicheContent: Codable, Sendable, Hashable {
  /// The mean fitness of its runs' elites.
  public var fitness: Double
  /// How many of its runs have an elite there.
  public var runs: Int
  /// The fittest of these elites by candidate number.
  public var candidate: Int
  /// The run of that candidate.
  public var run: String
}

/// One niche that at least one of two groups occupies.
public struct NicheComparison: Codable, Sendable {
  /// The cell.
  public var cell: Int
  /// The measures at the cell's centre.
  public var centre: [Double]
  /// How it stands.
  public var standing: NicheStanding
  /// What the first group holds there.
  public var first: NicheContent?
  /// What the second group holds there.
  public var second: NicheContent?
  /// The first's mean fitness less the second's; nil where only one is there.
  public var difference: Double?
}

/// A group's niches, and how much its fitness values vary by chance.
struct GroupNiches: Sendable {
  /// The elites in each cell, one of each run that has some, by cell.
  let cells: [(cell: Int, content: NicheContent)]
  /// The variance of fitness over seeds within a niche, pooled over the niches; nil where no niche has two runs.
  let seedVariance: Double?
  /// The degrees of freedom of that variance.
  let freedom: Double
  /// The number of images fitness was measured on; nil where it is not known or not the same.
  let images: Int?
  let isGroup: Bool

  init(_ runs: [BinnedRun]) {
    isGroup = runs.count > 1
    let counts = Set(runs.map(\.validationImages))
    images = counts.count == 1 ? counts.first ?? nil : nil
    // Elites are in the order of their cells, so all runs are gone through side by side.
    var places = [Int](repeating: 0, count: runs.count)
    var cells: [(cell: Int, content: NicheContent)] = []
    var (squares, freedom) = (0.0, 0.0)
    while true {
      var next: Int?
      for (run, place) in zip(runs, places) where place < run.elites.count {
        next = min(next ?? .max, run.elites[place].cell)
      }
      guard let cell = next else { break }
      var (sum, values) = (0.0, [Double]())
      var best: (fitness: Double, candidate: Int, run: String)?
      for index in runs.indices {
        let elites = runs[index].elites
        guard places[index] < elites.count, elites[places[index]].cell == cell else { continue }
        let elite = elites[places[index]]
        places[index] += 1
        sum += elite.fitness
        if isGroup { values.append(elite.fitness) }
        if elite.fitness > best?.fitness ?? -.infinity {
          best = (elite.fitness, elite.candidate, runs[index].name)
        }
      }
      let count = isGroup ? values.count : 1
      let mean = sum / Double(count)
      if count > 1 {
        squares += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        freedom += Double(count - 1)
      }
      cells.append(
        (
          cell,
          NicheContent(fitness: mean, runs: count, candidate: best?.candidate ?? 0, run: best?.run ?? "")
        ))
    }
    self.cells = cells
    self.freedom = freedom
    seedVariance = freedom > 0 ? squares / freedom : nil
  }

  /// The variance of a niche's mean fitness: of the spread over seeds and the noise of counting, the greater.
  ///
  /// A single run takes over the other group's spread.
  func variance(_ content: NicheContent, other: GroupNiches) -> Double {
    let share = min(1, max(0, content.fitness))
    let counting = images.map { share * (1 - share) / Double($0) } ?? 0
    return max(seedVariance ?? other.seedVariance ?? 0, counting) / Double(content.runs)
  }
}

/// Decides whether two elites, or two groups' elites, of a niche differ.
struct NicheJudge: Sendable {
  enum Rule: Sendable {
    case margin(Double)
    /// Two-proportion z at 95 %.
    case counts(Int, Int)
    /// Student's t at 95 % with variances pooled over niches.
    case spread(quantile: Double)
    /// Nothing is known of noise.
    case raw
  }

  let rule: Rule

  init(_ rule: TieRule, _ first: GroupNiches, _ second: GroupNiches) {
    switch rule {
    case .margin(let margin): self.rule = .margin(margin)
    case .automatic:
      let freedom = first.freedom + second.freedom
      if freedom > 0 {
        self.rule = .spread(quantile: StudentDistribution.quantile(0.975, freedom: freedom))
      } else if let left = first.images, let right = second.images {
        self.rule = .counts(left, right)
      } else {
        self.rule = .raw
      }
    }
  }

  /// What counts as a tie, for people.
  var sentence: String {
    switch rule {
    case .margin(let margin) where margin > 0:
      "Niches are tied where fitness differs by no more than \(Figures.significant(margin))."
    case .margin: "Every difference counts, as asked for; tied niches have the same fitness."
    case .counts(let left, let right):
      "Niches are tied where accuracies do not differ at 95 % by a two-proportion z test ("
        + (left == right ? "\(left)" : "\(left) and \(right)") + " validation images)."
    case .spread:
      "Niches are tied where mean fitness does not differ at 95 % by the spread over seeds, pooled over niches "
        + "(Student's t), nor by the noise of the validation images."
    case .raw:
      "Nothing is known of the noise of fitness, so every difference counts; --noise sets what is a tie."
    }
  }

  func differ(
    _ left: NicheContent, _ right: NicheContent, _ first: GroupNiches, _ second: GroupNiches
  ) -> Bool {
    let difference = abs(left.fitness - right.fitness)
    switch rule {
    case .margin(let margin): return difference > margin
    case .raw: return difference > 0
    case .counts(let one, let two):
      return TwoProportions.differ(left.fitness, of: one, right.fitness, of: two)
    case .spread(let quantile):
      let variance = first.variance(left, other: second) + second.variance(right, other: first)
      return difference > quantile * variance.squareRoot()
    }
  }

  /// The niches that at least one occupies, by cell.
  func niches(
    _ first: GroupNiches, _ second: GroupNiches, centre: (Int) -> [Double]
  ) -> [NicheComparison] {
    var result: [NicheComparison] = []
    var (left, right) = (0, 0)
    while left < first.cells.count || right < second.cells.count {
      let one = left < first.cells.count ? first.cells[left] : nil
      let two = right < second.cells.count ? second.cells[right] : nil
      let cell = min(one?.cell ?? .max, two?.cell ?? .max)
      let mine = one?.cell == cell ? one?.content : nil
      let theirs = two?.cell == cell ? two?.content : nil
      if mine != nil { left += 1 }
      if theirs != nil { right += 1 }
      var difference: Double?
      let standing: NicheStanding
      switch (mine, theirs) {
      case (let mine?, let theirs?):
        difference = mine.fitness - theirs.fitness
        standing =
          !differ(mine, theirs, first, second) ? .tied : mine.fitness > theirs.fitness ? .won : .lost
      case (_?, nil): standing = .onlyFirst
      case (nil, _): standing = .onlySecond
      }
      result.append(
        NicheComparison(
          cell: cell, centre: centre(cell), standing: standing, first: mine, second: theirs,
          difference: difference))
    }
    return result
  }
}
