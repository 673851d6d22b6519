public import LanguageModels
import RandomStreams
public import Training

/// Forecasts a run: from earlier runs where there are some, else from networks and requests like those to come.
///
/// Those networks are random rewritings of the initial one, timed here for some steps; the requests are those that the
/// run would send about them. Nobody is asked.
public struct RunForecaster {
  /// The chains of rewritings that networks are drawn from.
  static let chains = 16
  /// The rewritings of the longest chain.
  static let longestChain = 8
  /// Seconds after which no further network is timed.
  static let timingSeconds = 6.0

  private let configuration: RunConfiguration
  private let data: DatasetSplit
  private let prompts: PromptLibrary
  private let author: Author
  private let workers: Int
  private let task: ImageTask

  /// A forecaster of a run by that author, whose candidates are trained by so many threads side by side.
  public init(
    configuration: RunConfiguration, data: DatasetSplit, prompts: PromptLibrary, author: Author, workers: Int
  ) {
    self.configuration = configuration
    self.data = data
    self.prompts = prompts
    self.author = author
    self.workers = max(1, workers)
    task = ImageTask(data)
  }

  /// The forecast.
  ///
  /// - Parameters:
  ///   - history: what earlier runs tell.
  ///   - prices: what models cost.
  /// - Throws: where the prompts or the configuration do not fit.
  public func forecast(
    history: ForecastHistory = ForecastHistory(), prices: PriceTable = PriceTable()
  ) async throws(SearchError) -> RunForecast {
    let candidates = configuration.search.generations * configuration.search.batch
    let sample = try await sampleNetworks()
    let evaluations = evaluations(candidates, sample, history)
    let isKnown = history.trainingSeconds.count >= ForecastHistory.fewest
    let times = isKnown ? history.trainingSeconds : try timed(sample.sources)
    let training = Self.product(evaluations, Self.spread(times))
    var chat: ChatForecast?
    if !author.isRewriterAlone {
      chat = try await ChatForecaster(
        configuration: configuration, data: data, prompts: prompts, author: author
      ).forecast(candidates: candidates, sources: sample.sources, history: history, prices: prices)
    }
    return RunForecast(
      author: author.explanation, candidates: candidates, evaluations: evaluations, chat: chat,
      trainingSeconds: training, minutes: minutes(training, chat, history),
      basis: RunForecast.Basis(
        earlierCandidates: isKnown ? history.proposed : 0, sampleNetworks: isKnown ? 0 : times.count,
        exchanges: chat?.basis ?? 0),
      limits: limits(evaluations, training, chat))
  }

  // MARK: Networks

  private struct Sample {
    /// Networks that differ, by their hashes.
    var sources: [String] = []
    /// How many rewritings were asked for.
    var asked = 0
    /// How many of them gave a network that had not been seen.
    var new = 0
  }

  private func sampleNetworks() async throws(SearchError) -> Sample {
    let root = RandomStream(seed: UInt64(bitPattern: Int64(configuration.seed))).stream("forecast")
    let rewriter = RewriterWriter(task: task, prompts: prompts, search: configuration.search, stream: root)
    let screening = Screening(
      task: task, limits: configuration.limits, descriptors: try configuration.makeDescriptors())
    let initial: String
    do {
      initial = try prompts.prompt("initial-network").rendered(task.variables) + "\n"
    } catch {
      throw SearchError(error.description)
    }
    var sample = Sample()
    var seen: Set<String> = []
    for chain in 0..<Self.chains {
      var draw = root.stream("chain", chain)
      var current = initial
      let length = 1 + chain * Self.longestChain / Self.chains
      for step in 0..<min(length, configuration.search.generations) {
        guard let prompt = draw.element(of: prompts.mutations) else { break }
        let proposal = Proposal(
          id: chain * Self.longestChain + step, generation: 1, index: 0, step: .mutation, parents: [0],
          prompt: prompt.id, temperature: configuration.search.initialTemperature, goesToRewriter: true)
        sample.asked += 1
        guard let source = try await rewriter.draft(for: proposal, sources: [current]).source,
          case .passed(let passed) = screening.screen(source)
        else { continue }
        current = passed.source
        if seen.insert(passed.description.hash).inserted { sample.new += 1 }
      }
      if !sample.sources.contains(current) { sample.sources.append(current) }
    }
    return sample
  }

  private func timed(_ sources: [String]) throws(SearchError) -> [Double] {
    let evaluator = try NetworkEvaluator(for: configuration, data: data)
    let begin = ContinuousClock.now
    var times: [Double] = []
    for source in sources {
      if !times.isEmpty, (ContinuousClock.now - begin) / .seconds(1) > Self.timingSeconds { break }
      if let seconds = try? evaluator.estimatedSeconds(of: source) { times.append(seconds) }
    }
    guard !times.isEmpty else {
      throw SearchError(
        "Not one of \(sources.count) rewritings of the initial network could be trained for a step; raise 'limits'."
      )
    }
    return times
  }

  // MARK: Figures

  private func evaluations(
    _ candidates: Int, _ sample: Sample, _ history: ForecastHistory
  ) -> RunForecast.Interval {
    let all = Double(candidates)
    var interval: RunForecast.Interval
    if history.proposed >= ForecastHistory.fewest {
      interval = Self.share(history.evaluated, of: history.proposed, times: all)
    } else if author.isRewriterAlone {
      interval = Self.share(sample.new, of: sample.asked, times: all)
      // Rewritings of the same few networks repeat each other the more, the longer a search takes.
      interval.lower = 0
    } else {
      interval = RunForecast.Interval(lower: 0, expected: all / 2, upper: all)
    }
    let limit = configuration.budget.evaluations
    guard limit > 0 else { return interval }
    return RunForecast.Interval(
      lower: min(interval.lower, Double(limit)), expected: min(interval.expected, Double(limit)),
      upper: min(interval.upper, Double(limit)))
  }

  private func minutes(
    _ training: RunForecast.Interval, _ chat: ChatForecast?, _ history: ForecastHistory
  ) -> RunForecast.Interval? {
    let workers = Double(workers)
    var waiting = RunForecast.Interval(lower: 0, expected: 0, upper: 0)
    if let chat, chat.calls.upper > 0 {
      let latencies = (history.exchanges + history.repairs + history.prompts).compactMap {
        exchange -> Double? in
        guard case .reply(let reply) = exchange.outcome, reply.latencySeconds > 0 else { return nil }
        return reply.latencySeconds
      }
      guard latencies.count >= 4 else { return nil }
      let lanes = Double(max(1, author.concurrency))
      waiting = Self.product(
        RunForecast.Interval(
          lower: chat.calls.lower / lanes, expected: chat.calls.expected / lanes,
          upper: chat.calls.upper / lanes), Self.spread(latencies))
    }
    // Writing and training overlap: at best wholly, at worst not at all.
    var minutes = RunForecast.Interval(
      lower: max(training.lower / workers, waiting.lower) / 60,
      expected: max(training.expected / workers, waiting.expected) / 60,
      upper: (training.upper / workers + waiting.upper) / 60)
    if configuration.search.minutes > 0 {
      minutes.lower = min(minutes.lower, configuration.search.minutes)
      minutes.expected = min(minutes.expected, configuration.search.minutes)
      minutes.upper = min(minutes.upper, configuration.search.minutes)
    }
    return minutes
  }

  private func limits(
    _ evaluations: RunForecast.Interval, _ training: RunForecast.Interval, _ chat: ChatForecast?
  ) -> [String] {
    let budget = configuration.budget
    var sentences: [String] = []
    func look(_ name: String, _ limit: Double, _ amount: RunForecast.Interval?) {
      guard limit > 0, let amount, amount.upper >= limit else { return }
      let word = amount.lower >= limit ? "will" : amount.expected >= limit ? "will probably" : "may"
      sentences.append("\(name) \(word) end the run before its last generation.")
    }
    look("budget.evaluations", Double(budget.evaluations), evaluations)
    look("budget.training_seconds", budget.trainingSeconds, training)
    look("budget.dollars", budget.dollars, chat?.dollars)
    look("budget.prompt_tokens", Double(budget.promptTokens), chat?.promptTokens)
    look("budget.completion_tokens", Double(budget.completionTokens), chat?.completionTokens)
    // As many calls as are allowed end nothing.
    look("budget.calls", budget.calls > 0 ? Double(budget.calls) + 1 : 0, chat?.calls)
    return sentences
  }

  /// The Wilson interval of a share, times a number (Wilson 1927; 95 %).
  static func share(_ count: Int, of total: Int, times number: Double) -> RunForecast.Interval {
    let (size, z) = (Double(max(1, total)), 1.96)
    let share = Double(count) / size
    let middle = (share + z * z / (2 * size)) / (1 + z * z / size)
    let reach = z * (share * (1 - share) / size + z * z / (4 * size * size)).squareRoot() / (1 + z * z / size)
    return RunForecast.Interval(
      lower: max(0, middle - reach) * number, expected: share * number, upper: min(1, middle + reach) * number
    )
  }

  /// The mean between the cheapest and the dearest tenth.
  static func spread(_ values: [Double]) -> RunForecast.Interval {
    let sorted = values.sorted()
    guard let last = sorted.indices.last else { return .init(lower: 0, expected: 0, upper: 0) }
    let mean = sorted.reduce(0, +) / Double(sorted.count)
    let low = sorted[Int((Double(last) * 0.1).rounded(.down))]
    let high = sorted[Int((Double(last) * 0.9).rounded(.up))]
    return RunForecast.Interval(lower: min(low, mean), expected: mean, upper: max(high, mean))
  }

  private static func product(
    _ first: RunForecast.Interval, _ second: RunForecast.Interval
  ) -> RunForecast.Interval {
    RunForecast.Interval(
      lower: first.lower * second.lower, expected: first.expected * second.expected,
      upper: first.upper * second.upper)
  }
}
