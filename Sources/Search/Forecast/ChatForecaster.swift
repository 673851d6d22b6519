import LanguageModels
import RandomStreams
import Synchronization
import Training

/// Forecasts what a run takes of its language model: for networks, for the rounds in which it mends replies that are
/// none, and for prompts that it writes.
struct ChatForecaster {
  let configuration: RunConfiguration
  let data: DatasetSplit
  let prompts: PromptLibrary
  let author: Author

  /// The forecast for so many candidates, made of networks like those given.
  ///
  /// How often a model has to be asked again is known from earlier runs with as many rounds. Without them half of its
  /// replies are taken for networks, and half of those to each further round; it may be none or all.
  ///
  /// - Throws: where the prompts or the configuration do not fit.
  func forecast(
    candidates: Int, sources: [String], history: ForecastHistory, prices: PriceTable
  ) async throws(SearchError) -> ChatForecast {
    let search = configuration.search
    let written = Double(candidates) * (1 - search.rewriterShare)
    let sample = try await sample(sources)
    func forecast(
      _ calls: ChatForecast.Interval, _ samples: [ChatRequest], _ exchanges: [ChatExchange]
    ) -> ChatForecast {
      ChatForecast(
        calls: calls, samples: samples, history: exchanges, sources: author.sources, prices: prices)
    }
    var total = forecast(.init(Int(written.rounded(.up))), sample.networks, history.exchanges)
    if evolves {
      // Beside what is drawn, how many generations mutate, and how many candidates the initialisation takes.
      let share = search.promptEvolution * written
      total =
        total
        + forecast(
          .init(lower: 0, expected: share * mutationShare, upper: share.rounded(.up)),
          sample.prompts, history.prompts)
    }
    if repairs {
      let most = written * Double(search.repairRounds)
      let guess = (1...search.repairRounds).reduce(0.0) { sum, _ in (sum + 1) / 2 } * written
      let rounds =
        history.repairable >= ForecastHistory.fewest
        ? RunForecaster.share(
          history.repairRounds, of: history.repairable * search.repairRounds, times: most)
        : ChatForecast.Interval(lower: 0, expected: guess, upper: most)
      total = total + forecast(rounds, sample.repairs, history.repairs)
    }
    return total
  }

  /// The share of generations that mutate; what a bandit will make of it is not known.
  private var mutationShare: Double {
    configuration.search.operatorChoice == .bandit ? 0.5 : configuration.search.mutationProbability
  }

  /// Whether the model writes prompts.
  private var evolves: Bool {
    configuration.search.promptEvolution > 0 && configuration.search.strategy == .llmatic
  }

  /// Whether the model is told of its mistakes.
  private var repairs: Bool {
    configuration.search.repairRounds > 0 && configuration.search.repair.contains(.model)
  }

  /// The requests that the run would send about some networks, by kind.
  private struct Sample {
    var networks: [ChatRequest] = []
    var prompts: [ChatRequest] = []
    var repairs: [ChatRequest] = []
  }

  private func sample(_ sources: [String]) async throws(SearchError) -> Sample {
    let collector = RequestCollector(identity: author.sources.first)
    let writer = author.asking(collector).writer(configuration, data: data, prompts: prompts, log: NoLog())
    var sample = Sample()
    for (index, source) in sources.enumerated() {
      var draw = RandomStream(seed: UInt64(index)).stream("forecast")
      let isMutation = draw.bernoulli(mutationShare) || sources.count < 2
      guard let prompt = draw.element(of: prompts.mutations) else { break }
      var proposal = Proposal(
        id: index, generation: 1, index: index, step: isMutation ? .mutation : .crossover,
        parents: isMutation ? [0] : [0, 1], prompt: isMutation ? prompt.id : "crossover",
        temperature: configuration.search.initialTemperature, goesToRewriter: false)
      proposal.evolvesPrompt = evolves && isMutation
      let partner = sources[(index + 1) % sources.count]
      // A network with an error, as long as what a model would write; edits are shorter.
      collector.begin(answering: source, isShort: author.writesEdits)
      _ = try await writer.draft(for: proposal, sources: isMutation ? [source] : [source, partner])
      var requests = collector.requests
      if proposal.evolvesPrompt, !requests.isEmpty { sample.prompts.append(requests.removeFirst()) }
      if !requests.isEmpty { sample.networks.append(requests.removeFirst()) }
      sample.repairs += requests
    }
    return sample
  }
}

/// Keeps what it is asked, and answers with what is no network.
private final class RequestCollector: ChatModel {
  let identity: ModelIdentity
  private let state = Mutex<(requests: [ChatRequest], answer: String)>(([], ""))

  init(identity: ModelIdentity?) {
    self.identity = identity ?? ModelIdentity(provider: "none", model: "none")
  }

  /// The requests since the answer was given.
  var requests: [ChatRequest] { state.withLock(\.requests) }

  func begin(answering source: String, isShort: Bool) {
    let answer =
      isShort
      ? "{\"edits\": [{\"action\": \"none\"}]}"
      // A name that nobody knows cannot be healed.
      : "```python\n\(source.replacing("return ", with: "return nothing_known + "))\n```"
    state.withLock { $0 = ([], answer) }
  }

  func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let answer = state.withLock { state in
      state.requests.append(request)
      return state.answer
    }
    return ChatReply(
      content: answer, model: identity.model, usage: TokenUsage(promptTokens: 0, completionTokens: 0))
  }
}

/// Keeps nothing.
private struct NoLog: RunLog {
  func exchange(forKey key: String) async throws(RunLogError) -> ChatExchange? { nil }
  func record(_ exchange: ChatExchange, candidate: Int) async throws(RunLogError) {}
  func record(_ candidate: CandidateRecord, weights: [UInt8]?) async throws(RunLogError) {}
  func record(_ score: CandidateScore) async throws(RunLogError) {}
  func scores() async throws(RunLogError) -> [CandidateScore] { [] }
  func candidates() async throws(RunLogError) -> [CandidateRecord] { [] }
  func weights(of candidate: Int) async throws(RunLogError) -> [UInt8]? { nil }
  func commit(_ generation: GenerationRecord) async throws(RunLogError) {}
  func generations() async throws(RunLogError) -> [GenerationRecord] { [] }
}
