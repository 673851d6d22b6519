import QualityDiversity
import RunStore
import Search

/// What pictures tell of a run, worked out once: its archive and how it came to be, candidate by candidate.
struct RunFacts: Sendable {
  /// The archive after a candidate.
  struct Moment: Sendable {
    /// Networks trained until then, repetitions not counted.
    var trained: Int
    /// Seconds of training until then, summed over the threads.
    var seconds: Double
    /// Tokens of all exchanges until then.
    var tokens: Int
    /// The archive's statistics.
    var statistics: ArchiveStatistics
  }

  /// What is known of a candidate's exchanges with models.
  struct Talk: Sendable {
    var replies = 0
    var failures = 0
    var tokens = 0
    var models: Set<String> = []
  }

  /// The run.
  let run: RunSnapshot
  /// The archive of the finished generations.
  let archive: any Archive<Int>
  /// How the archive grew; of very long runs some hundred moments.
  private(set) var moments: [Moment] = []
  /// The moments at which generations ended, with the statistics that were stored then.
  private(set) var generations: [Moment] = []
  /// What the archive said of each candidate that was offered to it.
  private(set) var outcomes: [Int: AddStatus] = [:]
  /// The exchanges that each candidate took.
  private(set) var talks: [Int: Talk] = [:]
  /// The candidates of which no source came.
  let withoutSource: Set<Int>
  /// The candidates whose source was made to compile.
  let healed: Set<Int>

  /// More moments than a curve of this many cannot be told apart.
  private static let resolution = 600

  /// The facts of a run.
  ///
  /// - Throws: where its file cannot be read or its configuration makes no archive.
  init(_ run: RunSnapshot) throws(SearchError) {
    self.run = run
    let exchanges: [ExchangeFigures]
    do throws(RunLogError) {
      exchanges = try run.store.exchangeFigures()
      withoutSource = try run.store.candidatesWithoutSource()
      healed = try run.store.healedCandidates()
    } catch {
      throw SearchError(error.description)
    }
    for exchange in exchanges {
      var talk = talks[exchange.candidate] ?? Talk()
      talk.models.insert(exchange.model)
      if exchange.isReply { talk.replies += 1 } else { talk.failures += 1 }
      let (tokens, overflows) = talk.tokens.addingReportingOverflow(exchange.tokens)
      talk.tokens = overflows ? .max : tokens
      talks[exchange.candidate] = talk
    }
    var archive = try run.header.configuration.makeArchive()
    let finished = run.finished
    let stride = max(1, finished.count { $0.evaluation != nil } / Self.resolution)
    var now = Moment(trained: 0, seconds: 0, tokens: 0, statistics: archive.statistics())
    moments = [now]
    var hasChanged = false
    let rescored = Dictionary(grouping: run.scores, by: \.generation)
    for (index, candidate) in finished.enumerated() {
      let (tokens, overflows) = now.tokens.addingReportingOverflow(talks[candidate.id]?.tokens ?? 0)
      now.tokens = overflows ? .max : tokens
      if let evaluation = candidate.evaluation, candidate.verdict.status != .duplicate {
        now.trained += 1
        now.seconds += evaluation.seconds
      }
      if candidate.isOffered, let fitness = candidate.fitness, let measures = candidate.measures {
        let outcome = try run.header.configuration.archive.add(
          candidate.id, fitness: fitness, objectives: candidate.objectives, measures: measures,
          scores: run.scoreTable, to: &archive)
        outcomes[candidate.id] = outcome.status
        hasChanged = hasChanged || outcome.status != .rejected
      }
      let isLast = index + 1 == finished.count
      if isLast || (hasChanged && now.trained - (moments.last?.trained ?? 0) >= stride) {
        now.statistics = archive.statistics()
        moments.append(now)
        hasChanged = false
      }
      if isLast || finished[index + 1].generation != candidate.generation,
        run.generations.indices.contains(candidate.generation - 1)
      {
        // Contested networks are trained again at the end of a generation.
        let scores = rescored[candidate.generation] ?? []
        for score in scores {
          now.trained += 1
          now.seconds += score.seconds
        }
        // No candidate comes behind these whose moment would have them.
        if isLast, !scores.isEmpty { moments.append(now) }
        var end = now
        end.statistics = run.generations[candidate.generation - 1].statistics
        generations.append(end)
      }
    }
    self.archive = archive
  }

  /// Whether the archive has cells; else each elite is a niche of its own, and coverage says nothing.
  var hasCells: Bool {
    switch run.header.configuration.archive.kind {
    case .cvt, .grid, .sliding: true
    case .proximity, .dominatedNovelty: false
    }
  }

  /// Whether networks were looked up in a space's table, so that nothing was trained.
  var isLookedUp: Bool { run.header.configuration.isOfSpace }

  /// Whether a model was asked for candidates, so that replies can be counted.
  var hasReplies: Bool { run.finished.contains { $0.origin.author == .languageModel } }

  /// What a title says of the run: data, seed, how far it got.
  var particulars: String {
    let configuration = run.header.configuration
    let generations = run.generations.count
    return "\(run.header.name) · \(configuration.measurement), seed \(configuration.seed) · \(generations) "
      + "\(generations == 1 ? "generation" : "generations"), \(run.finished.count) candidates"
  }
}
