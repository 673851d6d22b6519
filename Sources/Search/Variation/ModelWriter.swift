public import LanguageModels
public import RandomStreams
import TorchFrontend

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes networks by a language model: whole programs, or edits that fill a JSON schema.
public struct ModelWriter: CandidateWriter {
  private let model: any ChatModel
  private let form: CandidateOrigin.Form
  private let settings: ModelSettings
  private let task: ImageTask
  private let prompts: PromptLibrary
  private let log: any RunLog
  private let stream: RandomStream
  private let prices: PriceTable
  private let stopsAtUnknown: Bool

  /// A writer that asks the model and keeps every exchange in the log; an exchange that the log holds already
  /// (of a broken generation) is not paid for again.
  ///
  /// - Parameters:
  ///   - prices: what models cost, which is kept with the exchanges.
  ///   - stopsAtUnknown: whether a request that a recording does not have stops the search.
  public init(
    model: any ChatModel, form: CandidateOrigin.Form, settings: ModelSettings, task: ImageTask,
    prompts: PromptLibrary, log: any RunLog, stream: RandomStream, prices: PriceTable = PriceTable(),
    stopsAtUnknown: Bool = true
  ) {
    self.prices = prices
    self.stopsAtUnknown = stopsAtUnknown
    self.model = model
    self.form = form
    self.settings = settings
    self.task = task
    self.prompts = prompts
    self.log = log
    self.stream = stream
  }

  /// Asks the model and makes a source of its reply.
  public func draft(for proposal: Proposal, sources: [String]) async throws(SearchError) -> Draft {
    let request = try request(for: proposal, sources: sources)
    let key = request.key(model: model.identity.model)
    var draft = Draft(author: .languageModel, form: form, exchange: key)
    let outcome = try await exchange(request, key: key, candidate: proposal.id)
    guard case .reply(let reply) = outcome else {
      if case .failure(let failure) = outcome { draft.reason = failure.description }
      return draft
    }
    if form == .edits {
      apply(reply.content, to: sources, draft: &draft)
    } else if let program = ReplyReader.program(in: reply.content) {
      draft.source = program
    } else {
      draft.reason = "The model's reply holds no program with a class."
    }
    return draft
  }

  // MARK: Asking

  private func request(for proposal: Proposal, sources: [String]) throws(SearchError) -> ChatRequest {
    guard let source = sources.first else {
      throw SearchError("Candidate \(proposal.id) has no parent to show.")
    }
    let partner = sources.count > 1 ? sources[1] : nil
    let isEdits = form == .edits
    var values = task.variables
    values["source"] = source
    if isEdits { values["outline"] = outline(of: source) }
    if let partner {
      values["partner"] = isEdits ? outline(of: partner) : partner
    }
    let suffix = isEdits ? "edits" : "program"
    do {
      values["instruction"] = try prompts.prompt(proposal.prompt).rendered(values)
      let system = try prompts.prompt("system-\(suffix)").rendered(values)
      let frame = partner == nil ? "frame-\(suffix)" : "frame-crossover-\(suffix)"
      let message = try prompts.prompt(frame).rendered(values)
      var draws = stream.stream("request", proposal.id)
      return ChatRequest(
        messages: [.system(system), .user(message)], temperature: proposal.temperature,
        maximumTokens: settings.maximumTokens > 0 ? settings.maximumTokens : isEdits ? 256 : 4096,
        seed: draws.integer(below: 1 << 31),
        responseSchema: isEdits ? try schema(for: source, partner: partner) : nil,
        grammar: form == .wholeProgram && settings.grammar ? task.grammar : nil)
    } catch let error as PromptError {
      throw SearchError(error.description)
    } catch let error as SearchError {
      throw error
    } catch {
      throw SearchError("\(error)")
    }
  }

  /// The layers in a line, with their shapes where the source compiles (it does, unless a file was changed).
  private func outline(of source: String) -> String {
    let compiled = try? NetworkOutline(source, options: task.options(batch: 1, isTraining: false))
    return (compiled ?? NetworkOutline.reading(source)).summary
  }

  private func schema(for source: String, partner: String?) throws(SearchError) -> JSONSchema {
    let text =
      partner.map { EditSchema.json(crossing: source, with: $0) }
      ?? EditSchema.json(for: source, maximumEdits: settings.maximumEdits)
    do {
      return JSONSchema(name: partner == nil ? "edits" : "crossover", schema: try JSONValue(parsing: text))
    } catch {
      throw SearchError("The schema of edits is not valid JSON: \(error).")
    }
  }

  /// The recorded outcome, or what the model says now.
  private func exchange(
    _ request: ChatRequest, key: String, candidate: Int
  ) async throws(SearchError) -> ChatExchange.Outcome {
    do {
      if let recorded = try await log.exchange(forKey: key) { return recorded.outcome }
    } catch {
      throw SearchError(error.description)
    }
    let outcome: ChatExchange.Outcome
    do {
      outcome = .reply(try await model.reply(to: request))
    } catch {
      // Only what may pass by itself is a candidate's misfortune; the rest stops the run, which can be resumed.
      if case .budgetExhausted = error { throw SearchError(error.description, isEndOfBudget: true) }
      var isTransient = error.isTransient
      if case .notRecorded = error { isTransient = !stopsAtUnknown }
      guard isTransient else { throw SearchError(error.description) }
      outcome = .failure(error)
    }
    do {
      let exchange = ChatExchange(
        identity: model.identity, request: request, outcome: outcome, prices: prices, time: Double(time(nil)))
      try await log.record(exchange, candidate: candidate)
    } catch {
      throw SearchError(error.description)
    }
    return outcome
  }

  // MARK: Reading

  private func apply(_ reply: String, to sources: [String], draft: inout Draft) {
    let options = task.options(batch: 1, isTraining: false)
    let outcome: EditOutcome
    do {
      if sources.count > 1 {
        let crossover = try EditSchema.decodeCrossover(reply)
        outcome = NetworkEditor.cross(sources[0], with: sources[1], at: crossover, options: options)
      } else {
        outcome = NetworkEditor.apply(try EditSchema.decode(reply), to: sources[0], options: options)
      }
    } catch {
      draft.reason = "The model's reply holds no edits: \(error)"
      return
    }
    draft.applied = outcome.applied
    draft.refusedEdits = outcome.refused
    if outcome.applied.isEmpty {
      draft.reason = "No edit of the reply could be applied: \(outcome.refused.joined(separator: "; "))."
    } else {
      draft.source = outcome.source
    }
  }
}

extension ChatFailure {
  /// Whether the failure may be this one request's misfortune; all others will meet every request, so they stop
  /// the run.
  var isTransient: Bool {
    switch self {
    case .timedOut, .serverError, .declined, .malformedReply, .replyTooLarge, .requestRefused: true
    default: false
    }
  }
}
