import LanguageModels
import RandomStreams
import TorchFrontend

/// Makes the requests that a model is sent, out of the prompts' files.
///
/// What all requests of a run share stands first (who the model is, the task, how to answer), then the network to work
/// on, and what changes from one candidate to the next last, so that servers which keep prompts they have read before
/// find most of each.
struct RequestBuilder: Sendable {
  let form: CandidateOrigin.Form
  let settings: ModelSettings
  let task: ImageTask
  let prompts: PromptLibrary
  let stream: RandomStream
  /// Whether the model continues text and knows no turns.
  let continuesText: Bool

  /// The files' suffix.
  private var suffix: String {
    switch form {
    case .edits: "edits"
    case .blocks: "blocks"
    case .completion: "completion"
    case .wholeProgram, .rewrite, .genotype: "program"
    }
  }

  /// What parts the sections of a frame.
  private var separator: String { form == .edits ? "\n" : "\n\n" }

  private var maximumTokens: Int {
    if settings.maximumTokens > 0 { return settings.maximumTokens }
    return switch form {
    case .edits: 256
    case .completion: 1024
    case .blocks: 2048
    case .wholeProgram, .rewrite, .genotype: 4096
    }
  }

  // MARK: Networks

  /// The request for a candidate's network.
  func request(
    for proposal: Proposal, sources: [String], inspirations: [Inspiration]
  ) throws(SearchError) -> ChatRequest {
    guard let source = sources.first else {
      throw SearchError("Candidate \(proposal.id) has no parent to show.")
    }
    do {
      var values = task.variables
      values["source"] = source
      values["outline"] = outline(of: source)
      values["instruction"] = try instruction(of: proposal, values)
      values["partners"] = try partners(sources, values)
      values["inspirations"] = try self.inspirations(inspirations, values)
      values["wish"] = ""
      if let niche = proposal.niche {
        let wish = try prompts.prompt("section-wish").rendered(
          values.merging(["wish": niche.wish]) { _, new in new })
        values["wish"] = " " + wish
      }
      let frame = sources.count > 1 ? "frame-crossover-\(suffix)" : "frame-\(suffix)"
      try check(frame, shows: inspirations.isEmpty ? nil : "inspirations")
      try check(frame, shows: proposal.niche == nil ? nil : "wish")
      let message = try prompts.prompt(frame).rendered(values) + (form == .completion ? "\n" : "")
      var draws = stream.stream("request", proposal.id)
      var request = ChatRequest(
        messages: try system(values) + [.user(message)], temperature: proposal.temperature,
        maximumTokens: maximumTokens, seed: draws.integer(below: 1 << 31),
        // What follows the network would be another docstring or a main program.
        stop: form == .completion ? ["\n\"\"\"", "\nif __name__"] : [],
        responseSchema: form == .edits ? try schema(for: source, partner: sources.dropFirst().first) : nil,
        grammar: form == .wholeProgram && settings.grammar ? task.grammar : nil)
      request.recipient = proposal.model
      return request
    } catch let error as PromptError {
      throw SearchError(error.description)
    } catch let error as SearchError {
      throw error
    } catch {
      throw SearchError("\(error)")
    }
  }

  /// A user's frame may lack what the settings ask for.
  private func check(_ frame: String, shows variable: String?) throws(PromptError) {
    guard let variable, try !prompts.prompt(frame).usedVariables.contains(variable) else { return }
    throw PromptError(
      "prompts/\(frame) does not use '{{\(variable)}}', which "
        + (variable == "wish" ? "'search.ask_for_niche'" : "'search.inspirations'") + " needs.")
  }

  private func system(_ values: [String: String]) throws(PromptError) -> [ChatMessage] {
    if form == .completion, continuesText { return [] }
    return [.system(try prompts.prompt("system-\(suffix)").rendered(values))]
  }

  /// The instruction of the proposal's prompt; within a docstring it must not end it.
  private func instruction(
    of proposal: Proposal, _ values: [String: String]
  ) throws(PromptError) -> String {
    let text = try plainInstruction(of: proposal, values)
    return form == .completion ? text.replacing("\"\"\"", with: "'''") : text
  }

  private func plainInstruction(
    of proposal: Proposal, _ values: [String: String]
  ) throws(PromptError) -> String {
    if let evolved = proposal.evolved { return evolved.text }
    return try prompts.prompt(proposal.prompt).rendered(values)
  }

  private func partners(_ sources: [String], _ values: [String: String]) throws(PromptError) -> String {
    let section = try prompts.prompt("section-partner-\(suffix)")
    var text = ""
    // Edits name places in two networks.
    for (index, source) in sources.enumerated().dropFirst().prefix(form == .edits ? 1 : .max) {
      var values = values
      values["ordinal"] = Self.ordinal(index)
      values["source"] = source
      values["outline"] = outline(of: source)
      text += try section.rendered(values) + separator
    }
    return text
  }

  private func inspirations(
    _ inspirations: [Inspiration], _ values: [String: String]
  ) throws(PromptError) -> String {
    let section = try prompts.prompt("section-inspiration-\(suffix)")
    var text = ""
    for inspiration in inspirations {
      var values = values
      values["figures"] = inspiration.figures
      values["source"] = inspiration.source
      values["outline"] = outline(of: inspiration.source)
      values["commented"] = SearchReplaceBlocks.lines(of: inspiration.source)
        .map { $0.allSatisfy(\.isWhitespace) ? "#" : "# " + $0 }.joined(separator: "\n")
      text += try section.rendered(values) + separator
    }
    return text
  }

  static func ordinal(_ index: Int) -> String {
    let words = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"]
    return words.indices.contains(index) ? words[index] : "\(index + 1)th"
  }

  /// The layers in a line, with their shapes where the source compiles (it does, unless a file was changed).
  private func outline(of source: String) -> String {
    // Most frames do not show it, and finding the shapes takes a compilation.
    guard form == .edits else { return NetworkOutline.reading(source).summary }
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

  // MARK: Repairs and prompts

  /// The request that tells a model what was wrong with its reply.
  ///
  /// - Parameters:
  ///   - source: what the reply was read as, where it was.
  ///   - round: from 1.
  func repair(
    of request: ChatRequest, reply: String, source: String?, problem: String, candidate: Int, round: Int
  ) throws(SearchError) -> ChatRequest {
    var next = request
    var draws = stream.stream("request", candidate).stream("repair", round)
    next.seed = draws.integer(below: 1 << 31)
    var values = task.variables
    values["problem"] = form == .completion ? problem.replacing("\"\"\"", with: "'''") : problem
    values["source"] = source ?? reply
    do {
      let text = try prompts.prompt("repair-\(suffix)").rendered(values)
      if form == .completion {
        next.messages = request.messages.filter { $0.role == .system } + [.user(text + "\n")]
      } else {
        next.messages += [.assistant(reply), .user(text)]
      }
    } catch {
      throw SearchError(error.description)
    }
    return next
  }

  /// The request for another prompt out of the proposal's.
  func evolution(for proposal: Proposal) throws(SearchError) -> ChatRequest {
    var draws = stream.stream("request", proposal.id).stream("prompt")
    do {
      var values = task.variables
      values["source"] = ""
      values["outline"] = ""
      values["instruction"] = try plainInstruction(of: proposal, values)
      let text = try prompts.prompt("evolve-prompt").rendered(values)
      var request = ChatRequest(
        messages: [.user(text)], temperature: proposal.temperature, maximumTokens: 256,
        seed: draws.integer(below: 1 << 31))
      request.recipient = proposal.model
      return request
    } catch {
      throw SearchError(error.description)
    }
  }
}
