import QualityDiversity
import RandomStreams
public import Training

/// Drives a strategy: has its proposals written, screened, trained and stored, and tells it what became of them.
public struct SearchEngine: Sendable {
  let configuration: RunConfiguration
  let writer: any CandidateWriter
  let rewriter: any CandidateWriter
  let log: any RunLog
  let evaluator: NetworkEvaluator
  let screening: Screening
  /// Scores candidates before they are trained; nil where nothing names a proxy.
  let proxies: ProxyMeasures?
  let workers: Int
  let draftsAtOnce: Int
  let stop: StopFlag
  let report: @Sendable (SearchEvent) -> Void
  private let initialSource: String

  /// An engine for a run.
  ///
  /// - Parameters:
  ///   - data: what networks are trained on; its test set is never touched here.
  ///   - writer: who writes networks.
  ///   - draftsAtOnce: how many candidates may be written at the same time.
  ///   - workers: how many threads train: one candidate each, or several a candidate where a generation has fewer.
  /// - Throws: where the prompts or the configuration do not fit.
  public init(
    configuration: RunConfiguration, data: DatasetSplit, prompts: PromptLibrary, writer: any CandidateWriter,
    log: any RunLog, draftsAtOnce: Int, workers: Int, stop: StopFlag,
    report: @escaping @Sendable (SearchEvent) -> Void
  ) throws(SearchError) {
    self.configuration = configuration
    self.log = log
    self.writer = writer
    self.workers = max(1, workers)
    self.draftsAtOnce = max(1, draftsAtOnce)
    self.stop = stop
    self.report = report
    let root = RandomStream(seed: UInt64(bitPattern: Int64(configuration.seed)))
    let task = ImageTask(data)
    rewriter = RewriterWriter(task: task, prompts: prompts, search: configuration.search, stream: root)
    screening = try Screening(configuration, task: task)
    proxies = try ProxyMeasures(configuration, data: data)
    let sideBySide = min(self.workers, max(1, configuration.search.batch))
    evaluator = try NetworkEvaluator(for: configuration, data: data, threads: self.workers / sideBySide)
    initialSource = try Self.initialSource(prompts, task)
  }

  /// Screens the initial network, so that a search that cannot begin is known before there is a run of it.
  ///
  /// - Throws: why it would not begin.
  public static func checkInitialNetwork(
    of configuration: RunConfiguration, data: DatasetSplit, prompts: PromptLibrary
  ) throws(SearchError) {
    let task = ImageTask(data)
    let screening = try Screening(configuration, task: task)
    if case .refused(_, let reason, _, _) = screening.screen(try initialSource(prompts, task)) {
      throw refusal(of: reason)
    }
  }

  private static func initialSource(_ prompts: PromptLibrary, _ task: ImageTask) throws(SearchError) -> String
  {
    do {
      return try prompts.prompt("initial-network").rendered(task.variables) + "\n"
    } catch {
      throw SearchError(error.description)
    }
  }

  private static func refusal(of reason: String) -> SearchError {
    SearchError(
      "The network that the search begins with (prompts/initial-network) is refused, so change the configuration or it: "
        + reason)
  }

  /// Runs the search from wherever the log has it to its end, or until somebody asks to stop.
  ///
  /// - Throws: where the log is broken or cannot be written, or no author can be had.
  public func run(_ beginning: some Strategy) async throws(SearchError) -> SearchSummary {
    var strategy = beginning
    var known: KnownCandidates
    let done: [GenerationRecord]
    do {
      known = KnownCandidates(try await log.candidates(), scores: try await log.scores())
      done = try await log.generations()
    } catch {
      throw SearchError(error.description)
    }
    try retell(done, to: &strategy, known: known)
    try await storeInitialNetwork(&known)

    let archive = try configuration.makeArchive()
    var statistics = done.last?.statistics ?? archive.statistics()
    var elites = done.last?.networks ?? []
    let generations = Dictionary(grouping: known.records.values, by: \.generation)
    var barren = done.reversed().prefix { Self.isBarren(generations[$0.number] ?? []) }.count
    var finished = done.count
    var clock = TimeBudget(minutes: configuration.search.minutes)
    var endOfBudget: String?
    var marks = BudgetMarks(configuration.budget, known: known)
    while finished < configuration.search.generations, !stop.isRaised, clock.allowsAnother {
      let proposals = try strategy.ask()
      guard let first = proposals.first else { break }
      report(.generationBegan(number: first.generation, step: first.step, candidates: proposals.count))
      let contests = NicheContests(
        configuration, archive: archive, known: known, finished: finished, elites: elites,
        validationCount: evaluator.validationCount)
      let evaluated: [CandidateRecord]?
      do throws(SearchError) {
        try checkTrainingSeconds(known)
        var records = try await evaluate(proposals, in: contests, known: &known)
        if let complete = records,
          try await !takeScores(for: complete, in: strategy.networks, known: &known)
        {
          records = nil
        }
        evaluated = records
      } catch {
        guard error.isEndOfBudget else { throw error }
        endOfBudget = error.description
        break
      }
      guard let records = evaluated else { break }
      let generation = try strategy.tell(records, scores: known.scoreTable)
      do {
        try await log.commit(generation)
      } catch {
        throw SearchError(error.description)
      }
      statistics = generation.statistics
      elites = generation.networks
      finished += 1
      report(.generationFinished(generation))
      for mark in marks.passed(known) { report(.notice(mark)) }
      clock.lap()
      barren = Self.isBarren(records) ? barren + 1 : 0
      if barren >= configuration.search.patience { throw Self.barren(barren, records) }
    }
    let end: SearchSummary.End =
      finished >= configuration.search.generations
      ? .completed : stop.isRaised ? .stopped : endOfBudget != nil ? .outOfBudget : .outOfTime
    return SearchSummary(
      end: end, reason: endOfBudget, generations: finished, statistics: statistics, verdicts: known.verdicts)
  }

  private func checkTrainingSeconds(_ known: KnownCandidates) throws(SearchError) {
    let limit = configuration.budget.trainingSeconds
    guard limit > 0 else { return }
    guard known.trainingSeconds >= limit else { return }
    throw SearchError(
      "The budget of \(Int(limit)) seconds of training is used up (budget.training_seconds).",
      isEndOfBudget: true)
  }

  /// Brings the strategy to where the log ends, and proves that the log's archives are what its records give.
  private func retell(
    _ done: [GenerationRecord], to strategy: inout some Strategy, known: KnownCandidates
  ) throws(SearchError) {
    guard !done.isEmpty else { return }
    for generation in done {
      let proposals = try strategy.ask()
      var records: [CandidateRecord] = []
      for proposal in proposals {
        guard let record = known.records[proposal.id] else {
          throw SearchError(
            "The run's file lacks candidate \(proposal.id) of generation \(generation.number), which it says is "
              + "finished; the file is damaged, so begin a new run.")
        }
        records.append(record)
      }
      guard try strategy.tell(records, scores: known.scoreTable) == generation else {
        throw SearchError(
          "The archive stored for generation \(generation.number) is not the one its candidates give; the file or "
            + "its configuration was changed, or another version of Niche wrote it, so begin a new run.")
      }
    }
    report(.notice("resuming after generation \(done.count)"))
  }

  private func storeInitialNetwork(_ known: inout KnownCandidates) async throws(SearchError) {
    guard known.records[0] == nil else { return }
    let proposal = Proposal(
      id: 0, generation: 0, index: 0, step: .initial, parents: [], prompt: "initial-network", temperature: 0,
      goesToRewriter: false)
    let draft = Draft(source: initialSource, author: .person, form: .wholeProgram)
    var record = CandidateRecord(proposal, draft: draft, screened: screening.screen(initialSource))
    (record.origin.prompt, record.origin.temperature) = (nil, nil)
    if let reason = record.verdict.reason { throw Self.refusal(of: reason) }
    try await store(record, weights: nil)
    known.add(record)
  }

  /// Stores a record.
  func store(_ record: CandidateRecord, weights: [UInt8]?) async throws(SearchError) {
    do {
      try await log.record(record, weights: weights)
    } catch {
      throw SearchError(error.description)
    }
  }

  /// Whether a generation gave no trained network, or the language model none; the rewriter's do not hide that.
  private static func isBarren(_ records: [CandidateRecord]) -> Bool {
    let written = records.filter { $0.origin.author == .languageModel }
    return (written.isEmpty ? records : written).allSatisfy { !$0.isTrainable }
  }

  private static func barren(_ generations: Int, _ records: [CandidateRecord]) -> SearchError {
    let written = records.filter { $0.origin.author == .languageModel }
    let author = written.isEmpty ? "candidates" : "candidates that the language model wrote"
    let reason = (written.isEmpty ? records : written).compactMap(\.verdict.reason).last
    return SearchError(
      "For \(generations) generations none of the \(author) became a trained network, the last one because: "
        + "\(reason ?? "No reason was given.") All is kept in the run's file; try another model or form (see "
        + "'model:' in the configuration).")
  }
}
