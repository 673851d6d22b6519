public import LanguageModels
public import RandomStreams

/// Writes networks by a language model: whole programs, edits that fill a JSON schema, SEARCH/REPLACE blocks, or a
/// continuation of the parent's text.
public struct ModelWriter: CandidateWriter {
  private let model: LoggedModel
  private let form: CandidateOrigin.Form
  private let search: SearchSettings
  private let screening: Screening
  private let requests: RequestBuilder
  private let interpreter: ReplyInterpreter
  private let costUnit: ModelSettings.BanditCost

  /// A writer that asks the model and keeps every exchange in the log; an exchange that the log holds already
  /// (of a broken generation) is not paid for again.
  ///
  /// - Parameters:
  ///   - search: how often, and when, a model is told that its reply is no network.
  ///   - limits: what a network may cost, beyond which it counts as none.
  ///   - prices: what models cost, which is kept with the exchanges.
  ///   - stopsAtUnknown: whether a request that a recording does not have stops the search.
  public init(
    model: any ChatModel, form: CandidateOrigin.Form, settings: ModelSettings,
    search: SearchSettings = SearchSettings(), limits: LimitSettings = LimitSettings(), task: ImageTask,
    prompts: PromptLibrary, log: any RunLog, stream: RandomStream, prices: PriceTable = PriceTable(),
    stopsAtUnknown: Bool = true
  ) {
    self.model = LoggedModel(model: model, log: log, prices: prices, stopsAtUnknown: stopsAtUnknown)
    self.form = form
    self.search = search
    costUnit = settings.banditCost
    screening = Screening(task: task, limits: limits, descriptors: [], heals: false)
    requests = RequestBuilder(
      form: form, settings: settings, task: task, prompts: prompts, stream: stream,
      continuesText: Self.continuesText(model.identity))
    interpreter = ReplyInterpreter(form: form, options: task.options(batch: 1, isTraining: false))
  }

  /// Whether a model's API continues text and knows no turns.
  static func continuesText(_ identity: ModelIdentity) -> Bool {
    let apis: [ModelAPI] = [.openAICompletions, .llamaCompletion]
    return apis.contains { $0.rawValue == identity.provider }
  }

  /// Asks the model and makes a source of its reply; where that is no network the model is told and asked again, as
  /// often as the settings say.
  public func draft(
    for proposal: Proposal, sources: [String], inspirations: [Inspiration]
  ) async throws(SearchError) -> Draft {
    var draft = Draft(author: .languageModel, form: form)
    var proposal = proposal
    var remark: String?
    if proposal.evolvesPrompt {
      draft.prompt = try await evolvedPrompt(for: proposal, &draft)
      proposal.evolved = draft.prompt ?? proposal.evolved
      if draft.prompt == nil { remark = "The model wrote no prompt, so the old one was used" }
    }
    let request = try requests.request(for: proposal, sources: sources, inspirations: inspirations)
    let exchange = try await ask(request, candidate: proposal.id, &draft)
    draft.exchange = exchange.key
    switch exchange.outcome {
    case .failure(let failure): draft.reason = failure.description
    case .reply(let reply):
      let reading = await read(reply.content, of: sources)
      draft.take(reading)
      try await repair(&draft, reading, reply.content, request, proposal.id, sources)
    }
    if let remark { draft.refusedEdits.append(remark) }
    return draft
  }

  /// Tells the model what is wrong with its reply, until that is a network or all rounds are over.
  private func repair(
    _ draft: inout Draft, _ first: ReplyInterpreter.Reading, _ reply: String, _ request: ChatRequest,
    _ candidate: Int, _ sources: [String]
  ) async throws(SearchError) {
    guard search.repairRounds > 0, let turn = search.repair.firstIndex(of: .model) else { return }
    let healsFirst = search.repair[..<turn].contains(.heal)
    var (reading, reply, request) = (first, reply, request)
    for round in 1...search.repairRounds {
      guard let problem = await problem(with: reading, healsFirst: healsFirst) else { return }
      request = try requests.repair(
        of: request, reply: reply, source: reading.source, problem: problem, candidate: candidate,
        round: round)
      let exchange = try await ask(request, candidate: candidate, &draft)
      draft.repairs.append(Repair(exchange: exchange.key, problem: problem))
      // A request that failed leaves what was there before, which may be healed.
      guard case .reply(let next) = exchange.outcome else { return }
      reply = next.content
      let before = reading.source
      reading = await read(reply, of: sources)
      if reading.source != nil || draft.source == nil { draft.take(reading) }
      reading.source = reading.source ?? (form == .completion ? before : nil)
    }
  }

  /// What is wrong with a reply, for the model; nil where it is a network.
  private func problem(with reading: ReplyInterpreter.Reading, healsFirst: Bool) async -> String? {
    if let reason = reading.reason { return reason }
    guard let source = reading.source else { return nil }
    return await WorkerPool.runOnce { [screening] in
      screening.problem(with: source, healsFirst: healsFirst)
    }
  }

  private func read(_ reply: String, of sources: [String]) async -> ReplyInterpreter.Reading {
    await WorkerPool.runOnce { [interpreter] in interpreter.read(reply, of: sources) }
  }

  /// The prompt that the model writes out of the proposal's; nil where its reply holds none.
  private func evolvedPrompt(
    for proposal: Proposal, _ draft: inout Draft
  ) async throws(SearchError) -> EvolvedPrompt? {
    let exchange = try await ask(try requests.evolution(for: proposal), candidate: proposal.id, &draft)
    guard case .reply(let reply) = exchange.outcome, let text = EvolvedPrompt.instruction(in: reply.content)
    else {
      return nil
    }
    return EvolvedPrompt(
      id: "\(proposal.prompt).\(proposal.id)", parent: proposal.prompt, root: proposal.rootPrompt, text: text,
      exchange: exchange.key)
  }

  // MARK: Asking

  /// The recorded exchange, or what the model says now; its cost is added to the draft's.
  private func ask(
    _ request: ChatRequest, candidate: Int, _ draft: inout Draft
  ) async throws(SearchError) -> ChatExchange {
    let exchange = try await model.exchange(request, candidate: candidate)
    if let cost = costUnit.cost(of: exchange) { draft.cost = (draft.cost ?? 0) + cost }
    return exchange
  }
}

extension ModelSettings.BanditCost {
  /// What an exchange cost; nil where no reply came or the server did not tell.
  fileprivate func cost(of exchange: ChatExchange) -> Double? {
    guard case .reply(let reply) = exchange.outcome else { return nil }
    switch self {
    case .dollars:
      // A kept reply was paid for by another run.
      return reply.isCached == true ? nil : exchange.cost.map(\.dollars)
    case .seconds: return reply.latencySeconds
    case .auto, .tokens:
      guard reply.isUsageReported else { return nil }
      return Double(reply.usage.promptTokens) + Double(reply.usage.completionTokens)
    }
  }
}

extension Draft {
  /// Takes over what a reply says.
  fileprivate mutating func take(_ reading: ReplyInterpreter.Reading) {
    source = reading.source
    form = reading.form
    reason = reading.reason
    applied = reading.applied
    refusedEdits = reading.refused
  }
}
