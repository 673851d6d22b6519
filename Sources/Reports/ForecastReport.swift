public import LanguageModels
public import RunStore
public import Search

extension ForecastHistory {
  /// Adds what a run tells of one with that configuration by an author of those sources; none: the rewriter.
  ///
  /// - Throws: where the run's file cannot be read.
  public mutating func add(
    _ run: RunStore, for configuration: RunConfiguration, sources: [ModelIdentity]
  ) async throws(RunLogError) {
    let earlier = run.header.configuration
    let isRewriters = run.header.authorChoice.hasPrefix(Author.rewriterMark)
    if earlier.data == configuration.data, earlier.training == configuration.training,
      isRewriters == sources.isEmpty
    {
      for candidate in try run.summaries() where candidate.generation > 0 {
        proposed += 1
        guard candidate.verdict.status != .duplicate, let evaluation = candidate.evaluation else { continue }
        evaluated += 1
        trainingSeconds.append(evaluation.seconds)
      }
    }
    guard !sources.isEmpty, !isRewriters else { return }
    let requests = try run.summaries().filter { $0.origin.author == .languageModel }.map {
      $0.origin.request ?? CandidateRequest()
    }
    if earlier.search.repair == configuration.search.repair,
      earlier.search.repairRounds == configuration.search.repairRounds
    {
      repairable += requests.count
      repairRounds += requests.reduce(0) { $0 + $1.repairs.count }
    }
    let repairKeys = Set(requests.flatMap { $0.repairs.map(\.exchange) })
    let promptKeys = Set(requests.compactMap(\.prompt?.exchange))
    for (key, _, exchange) in try await run.keyedExchanges() where sources.contains(exchange.source) {
      if repairKeys.contains(key) {
        repairs.append(exchange)
      } else if promptKeys.contains(key) {
        prompts.append(exchange)
      } else {
        exchanges.append(exchange)
      }
    }
  }
}

extension ChatExchange {
  /// The model that answered, or was asked where none did.
  fileprivate var source: ModelIdentity {
    if case .reply(let reply) = outcome { return reply.source ?? identity }
    return identity
  }
}

extension RunForecast {
  /// The forecast as a table with what it rests on.
  public var text: String {
    var table = TextTable(["", "at least", "expected", "at most"], numbers: [1, 2, 3])
    func row(_ name: String, _ interval: Interval?, _ format: (Double) -> String) {
      guard let interval else { return }
      table.add([name, format(interval.lower), format(interval.expected), format(interval.upper)])
    }
    let whole: (Double) -> String = { Figures.fixed($0, 0) }
    row("trained candidates", evaluations, whole)
    if let chat {
      row("model calls", chat.calls, whole)
      row("prompt tokens", chat.promptTokens, whole)
      row("reply tokens", chat.completionTokens, whole)
      row("US dollars", chat.dollars) { Figures.fixed($0, 2) }
    }
    row("seconds of training", trainingSeconds, whole)
    row("minutes in all", minutes) { Figures.fixed($0, 1) }
    var lines = [
      "author: \(author)", "candidates: \(candidates) at most", "", table.text, "", restsOn,
    ]
    if let chat, chat.dollars == nil { lines.append("The price of a model that may answer is not known.") }
    if minutes == nil {
      lines.append("How long the model takes to answer is not known, so neither is the time in all.")
    }
    return (lines + limits).joined(separator: "\n")
  }

  private var restsOn: String {
    var parts = [
      basis.earlierCandidates > 0
        ? "\(basis.earlierCandidates) candidates of earlier runs like this one"
        : "\(basis.sampleNetworks) rewritings of the initial network, timed here"
    ]
    if let chat {
      parts.append(
        chat.basis > 0
          ? "\(chat.basis) earlier exchanges with the model"
          : "the bytes of requests and the limits of replies, since there are no earlier exchanges with the model"
      )
      if basis.earlierCandidates == 0 {
        parts.append("a guess that half of the replies become new networks")
      }
    }
    return "This rests on \(parts.joined(separator: "; ")). Repetitions and early stops make it less."
  }
}
