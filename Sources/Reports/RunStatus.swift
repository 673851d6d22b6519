public import QualityDiversity
public import RunStore
public import Search

/// What a run holds and how far it is.
public struct RunStatus: Codable, Sendable {
  /// Its name.
  public var name: String
  /// When it began, ISO 8601.
  public var began: String
  /// The data set.
  public var data: String
  /// Its seed.
  public var seed: Int
  /// Finished generations.
  public var generations: Int
  /// Generations of a complete run.
  public var plannedGenerations: Int
  /// The archive's statistics; nil before the first generation is finished.
  public var statistics: ArchiveStatistics?
  /// What there is to say of the Pareto fronts; nil where cells have none, or before the first generation is finished.
  public var fronts: ParetoStatistics?
  /// Candidates by verdict.
  public var verdicts: [String: Int]
  /// Candidates by author.
  public var authors: [String: Int]
  /// Elites by author.
  public var eliteAuthors: [String: Int]
  /// Who wrote the networks, and why.
  public var author: String
  /// What the language model took.
  public var usage: ModelUsage
  /// What stopping candidates early came to; nil where the run stops none.
  public var stopping: Stopping?
  /// What training contested networks again took; nil where the run does not do that.
  public var contests: Contests?
  /// What telling the model of its mistakes came to; nil where it was told of none.
  public var repairs: Repairs?
  /// What asking for niches came to; nil where none was asked for.
  public var nicheRequests: NicheRequests?
  /// What a bandit over several models knows of them; nil where nothing chose.
  public var models: [ModelStanding]?
  /// What a search of a space came to; nil of runs that write networks as code.
  public var space: Space?
  /// What the QD score comes to for what the run cost; nil before the first generation is finished.
  public var qdScorePer: Efficiency?
  /// Seconds of training, summed over the threads; of a table what it says of them.
  public var trainingSeconds: Double
  /// Trained candidates beyond the axes' ranges, which count as the range's ends; axes without any are left out.
  public var outOfRange: [OutOfRange]
  /// The best elite's number and validation accuracy.
  public var best: Best?

  /// How many candidates lie beyond an axis.
  public struct OutOfRange: Codable, Sendable, Hashable {
    /// The axis.
    public var axis: String
    /// Below its lower bound, or before the first category.
    public var below = 0
    /// Above its upper bound, or behind the last category.
    public var above = 0
  }

  /// What stopping candidates early came to.
  public struct Stopping: Codable, Sendable {
    /// Candidates that were stopped since they could not be expected to win their niche.
    public var stopped = 0
    /// Epochs that they were not trained for.
    public var epochsSaved = 0
    /// Candidates that were judged, yet trained to the end in any case.
    public var audits = 0
    /// How many of these would have been stopped.
    public var auditsHopeless = 0
    /// How many of these beat the elite nevertheless: stopping them would have been wrong.
    public var auditsWrong = 0
  }

  /// What training contested networks again took.
  public struct Contests: Codable, Sendable, Hashable {
    /// Networks that were trained again.
    public var candidates: Int
    /// Trainings beyond the first.
    public var trainings: Int
    /// Those that failed, which count as an accuracy of 0.
    public var failures: Int
    /// Seconds of these trainings, which are among the run's.
    public var seconds: Double
    /// The mean absolute difference of a later accuracy to the first; nil where there is none.
    public var meanDifference: Double?
  }

  /// What telling the model of its mistakes came to.
  public struct Repairs: Codable, Sendable, Hashable {
    /// Candidates whose first reply was no network.
    public var candidates = 0
    /// Requests that told so.
    public var rounds = 0
    /// Those candidates that became networks.
    public var networks = 0
  }

  /// What asking for niches in words came to.
  public struct NicheRequests: Codable, Sendable, Hashable {
    /// How the requests in one direction fared.
    public struct Direction: Codable, Sendable, Hashable {
      /// The axis, and `higher` or `lower`.
      public var direction: String
      /// Requests.
      public var asked = 0
      /// Networks in the niche that was asked for, repetitions left out.
      public var hits = 0
    }

    /// By direction, in alphabetical order.
    public var directions: [Direction]
    /// All requests.
    public var asked: Int { directions.reduce(0) { $0 + $1.asked } }
    /// All hits.
    public var hits: Int { directions.reduce(0) { $0 + $1.hits } }
  }

  /// What a bandit knows of one of several models.
  public struct ModelStanding: Codable, Sendable, Hashable {
    /// Its name in the configuration, or by which API it is asked.
    public var name: String
    /// The candidates of finished generations that it was chosen for.
    public var pulls: Int
    /// How many of them were worth something (`model.bandit_value`).
    public var value: Double
    /// What those candidates cost, as far as it is known.
    public var cost: Double
    /// What the cost is counted in: `dollars`, `tokens` or `seconds`.
    public var unit: String
    /// The value for a unit of cost; nil where either is unknown or nothing was paid.
    public var valuePerCost: Double?
  }

  /// How far a search of a space is.
  public struct Space: Codable, Sendable, Hashable {
    /// The space.
    public var name: String
    /// The strategy.
    public var strategy: String
    /// Evaluations that were paid for; cheaper ones count by their share.
    public var evaluations = 0.0
    /// How many there may be.
    public var planned: Int
  }

  /// The archive's QD score for a unit of each thing that a run takes; nil where none of it was taken or it is not known.
  public struct Efficiency: Codable, Sendable, Hashable {
    /// For a network that was trained.
    public var evaluation: Double?
    /// For a second of training, summed over the threads.
    public var trainingSecond: Double?
    /// For a thousand tokens of prompts and replies.
    public var thousandTokens: Double?
    /// For a dollar.
    public var dollar: Double?
  }

  /// The best elite.
  public struct Best: Codable, Sendable {
    /// Its number.
    public var candidate: Int
    /// Its niche.
    public var niche: Int
    /// Its validation accuracy, 0…1.
    public var fitness: Double
  }

  /// The status of a run.
  ///
  /// - Throws: where the run's file cannot be read.
  public init(_ run: RunSnapshot) throws(SearchError) {
    let header = run.header
    let proposed = run.candidates.filter { $0.generation > 0 }
    name = header.name
    began = header.began
    data = header.configuration.measurement
    seed = header.configuration.seed
    generations = run.generations.count
    plannedGenerations =
      header.configuration.isOfSpace ? generations : header.configuration.search.generations
    space = Space(proposed, header.configuration)
    statistics = run.generations.last?.statistics
    fronts = run.generations.last?.fronts
    verdicts = Dictionary(uniqueKeysWithValues: run.verdicts.map { ($0.status.rawValue, $0.count) })
    authors = Dictionary(proposed.map { ($0.origin.author.rawValue, 1) }, uniquingKeysWith: +)
    eliteAuthors = Dictionary(run.elites.map { ($0.record.origin.author.rawValue, 1) }, uniquingKeysWith: +)
    author = header.authorChoice
    usage = run.usage
    trainingSeconds =
      proposed.filter { $0.verdict.status != .duplicate }.reduce(run.scores.reduce(0) { $0 + $1.seconds }) {
        $0 + ($1.evaluation?.seconds ?? 0)
      }
    outOfRange = try Self.outOfRange(run)
    stopping = Stopping(proposed, header.configuration.training)
    contests = header.configuration.archive.noise.isOn ? Contests(run) : nil
    repairs = Repairs(proposed)
    nicheRequests = NicheRequests(proposed)
    models = ModelStanding.all(of: run)
    qdScorePer = Efficiency(run, trainingSeconds: trainingSeconds)
    best = run.best.map { Best(candidate: $0.record.id, niche: $0.cell, fitness: $0.record.fitness ?? 0) }
  }

  /// The status in a few lines.
  public var text: String {
    var lines = [
      "\(name): \(data), seed \(seed), began \(began)",
      "author: \(author)",
      space.map(progress)
        ?? "generations: \(generations) of \(plannedGenerations)"
        + (generations < plannedGenerations ? " (go on with: niche run --resume \(name))" : ""),
    ]
    if let statistics {
      lines.append(
        "archive: \(statistics.elites) of \(statistics.cells) niches (\(Figures.percent(statistics.coverage))), "
          + "QD score \(Figures.fixed(statistics.qdScore, 3)), mean "
          + (statistics.mean.map { Figures.percent($0, decimals: 2) } ?? "–"))
    }
    if let fronts {
      lines.append(
        "fronts: \(fronts.elites) elites on \(fronts.occupied) fronts, MOQD score "
          + "\(Figures.fixed(fronts.moqdScore, 3)), hypervolume of the front of all "
          + Figures.fixed(fronts.globalHypervolume, 3))
    }
    if let best {
      lines.append(
        "best: candidate \(best.candidate) in niche \(best.niche), validation accuracy "
          + Figures.percent(best.fitness, decimals: 2))
    }
    lines.append("candidates: " + Self.counts(verdicts))
    lines.append("written by: " + Self.counts(authors) + "; elites by: " + Self.counts(eliteAuthors))
    for axis in outOfRange {
      lines.append(
        "beyond '\(axis.axis)': \(axis.below) below and \(axis.above) above; they count as the range's ends")
    }
    if let stopping {
      lines.append(
        "stopped early: \(stopping.stopped), \(stopping.epochsSaved) epochs saved; audited: \(stopping.audits), of which "
          + "\(stopping.auditsHopeless) would have been stopped and \(stopping.auditsWrong) of these won")
    }
    if let contests {
      let difference = contests.meanDifference.map {
        ", on average \(Figures.percent($0, decimals: 2)) off the first"
      }
      lines.append(
        "trained again: \(contests.candidates) contested networks \(contests.trainings) times, "
          + "\(contests.failures) failed, \(Figures.fixed(contests.seconds, 0)) s\(difference ?? "")")
    }
    if let repairs {
      lines.append(
        "asked again: \(repairs.candidates) candidates in \(repairs.rounds) rounds, \(repairs.networks) became networks"
      )
    }
    if let nicheRequests {
      let directions = nicheRequests.directions.map { "\($0.direction) \($0.hits)/\($0.asked)" }
      lines.append(
        "asked for niches: \(nicheRequests.hits) of \(nicheRequests.asked) hit ("
          + directions.joined(separator: ", ") + ")")
    }
    if let text = qdScorePer?.text(isLookedUp: space != nil) { lines.append("QD score per " + text) }
    for model in models ?? [] { lines.append("model \(model.name): \(model.text)") }
    if usage.replies + usage.failures > 0 {
      lines.append("language model: " + usage.text)
      for (name, usage) in (usage.models ?? [:]).sorted(by: { $0.key < $1.key }) {
        lines.append("  \(name): \(usage.text)")
      }
    }
    if space == nil { lines.append("training: \(Figures.fixed(trainingSeconds, 0)) s summed over threads") }
    return lines.joined(separator: "\n")
  }

  private func progress(_ space: Space) -> String {
    "\(space.name) by \(space.strategy): \(Figures.short(space.evaluations)) of \(space.planned) evaluations in "
      + "\(generations) generations"
  }

  /// - Throws: where the run's file cannot be read.
  private static func outOfRange(_ run: RunSnapshot) throws(SearchError) -> [OutOfRange] {
    let configuration = run.header.configuration
    let descriptors = try configuration.makeDescriptors()
    let offered = run.candidates.filter { $0.generation > 0 && $0.isOffered }
    // Measures are stored as they were but for categories.
    let figures = try run.figures(named: descriptors.filter { $0.categoryCount != nil })
    var counts: [OutOfRange] = []
    for (axis, (descriptor, settings)) in zip(descriptors, configuration.descriptors).enumerated() {
      var count = OutOfRange(axis: settings.name)
      for candidate in offered {
        if let categories = descriptor.categoryCount {
          guard let value = descriptor.rawValue({ candidate.figure(named: $0) ?? figures[candidate.id]?[$0] })
          else { continue }
          if value < 0 { count.below += 1 }
          if value >= Double(categories) { count.above += 1 }
        } else if let measures = candidate.measures, measures.indices.contains(axis) {
          if measures[axis] < settings.lower { count.below += 1 }
          if measures[axis] > settings.upper { count.above += 1 }
        }
      }
      if count.below + count.above > 0 { counts.append(count) }
    }
    return counts
  }

  /// Several runs, a line each.
  public static func table(_ runs: [RunStatus]) -> String {
    var table = TextTable(
      ["run", "data", "seed", "generations", "niches", "QD score", "best", "began"], numbers: [2, 3, 4, 5, 6])
    for run in runs {
      table.add([
        run.name, run.data, "\(run.seed)", "\(run.generations)/\(run.plannedGenerations)",
        run.statistics.map { "\($0.elites)/\($0.cells)" } ?? "–",
        run.statistics.map { Figures.fixed($0.qdScore, 2) } ?? "–",
        run.best.map { Figures.percent($0.fitness, decimals: 2) } ?? "–", run.began,
      ])
    }
    return table.text
  }

  private static func counts(_ counts: [String: Int]) -> String {
    let parts = counts.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return parts.isEmpty ? "none" : parts.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
  }
}
