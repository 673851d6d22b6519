public import LanguageModels
public import RunStore
public import Search
import Training

/// One candidate with its ancestry and the exchange that it came of.
public struct CandidateView: Codable, Sendable {
  /// The candidate.
  public var candidate: CandidateRecord
  /// The niche it is the elite of; nil where it is none.
  public var niche: Int?
  /// What training it again gave; nil where it was trained once.
  public var scores: [CandidateScore]?
  /// Its ancestors by first parents, the nearest first.
  public var ancestry: [Ancestor]
  /// The exchange with the model.
  public var exchange: ChatExchange?
  /// The exchanges in which the model was told that its reply is no network, in order.
  public var repairs: [ChatExchange] = []

  /// The names of the run's objectives beside fitness.
  public var objectiveNames: [String]

  /// An ancestor.
  public struct Ancestor: Codable, Sendable {
    /// Its number.
    public var candidate: Int
    /// The prompt it came of.
    public var prompt: String?
    /// Its validation accuracy.
    public var fitness: Double?
  }

  /// The view of a candidate, or of the elite of a niche.
  ///
  /// - Throws: where there is none.
  public init(_ number: Int, isNiche: Bool, of run: RunSnapshot, store: RunStore) async throws(SearchError) {
    let chosen = isNiche ? try run.elite(at: NichePlace(number)).record.id : number
    let found: CandidateRecord?
    do {
      found = try store.records(of: [chosen])[chosen]
    } catch {
      throw SearchError(error.description)
    }
    guard let found else {
      throw SearchError(
        "The run '\(run.header.name)' has no candidate \(chosen); they go from 0 to \(run.candidates.last?.id ?? 0)."
      )
    }
    candidate = found
    niche = run.elites.first { $0.record.id == found.id }?.cell
    let further = run.scores.filter { $0.candidate == found.id }
    scores = further.isEmpty ? nil : further
    objectiveNames = run.header.configuration.archive.objectives.map(\.name)
    ancestry = run.firstParents(of: found.id, atMost: 1000).map {
      Ancestor(candidate: $0.id, prompt: $0.origin.prompt, fitness: $0.fitness)
    }
    do {
      if let key = found.origin.exchange { exchange = try await store.exchange(forKey: key) }
      for repair in found.origin.request?.repairs ?? [] {
        if let exchange = try await store.exchange(forKey: repair.exchange) { repairs.append(exchange) }
      }
    } catch {
      throw SearchError(error.description)
    }
  }

  /// The view for the terminal.
  public var text: String {
    let origin = candidate.origin
    var lines = [
      "candidate \(candidate.id)" + (niche.map { ", elite of niche \($0)" } ?? ""),
      "came of: \(origin.step.rawValue) by \(origin.author.rawValue) (\(origin.form.rawValue))"
        + (origin.prompt.map { ", prompt '\($0)'" } ?? "")
        + (origin.temperature.map { ", temperature \(Figures.fixed($0, 3))" } ?? ""),
      "verdict: \(candidate.verdict.status.rawValue)" + (candidate.verdict.twin.map { " of \($0)" } ?? "")
        + (candidate.verdict.reason.map { ": \($0)" } ?? ""),
    ]
    lines += origin.request.map(Self.lines) ?? []
    lines += candidate.verdict.applied.map { "  applied: \($0)" }
    lines += candidate.verdict.refusedEdits.map { "  refused: \($0)" }
    lines += candidate.verdict.healed.map { "  healed: \($0)" }
    if let network = candidate.description {
      lines.append(
        "network: \(network.parameters) parameters, \(network.macs) MACs, width \(network.width), depth "
          + "\(network.depth), hash \(network.hash)")
    }
    if let objectives = candidate.objectives {
      let values = zip(objectiveNames, objectives).map { "\($0) \(Figures.short($1))" }
      lines.append("objectives beside accuracy: " + values.joined(separator: ", "))
    }
    if candidate.origin.form == .genotype, let fitness = candidate.fitness {
      lines.append("validation accuracy: \(Figures.percent(fitness, decimals: 2))")
    }
    if let evaluation = candidate.evaluation {
      lines += evaluation.inheritance.map(Self.lines) ?? []
      for (index, epoch) in evaluation.epochs.enumerated() {
        lines.append(
          "  epoch \(index + 1): training loss \(Figures.fixed(epoch.trainingLoss, 4)), validation loss "
            + "\(Figures.fixed(epoch.validationLoss, 4)), validation accuracy "
            + Figures.percent(epoch.validationAccuracy, decimals: 2))
      }
      lines += evaluation.judgement.map(Self.lines) ?? []
    }
    if let scores {
      lines.append("trained again, with other random numbers:")
      lines += scores.map { score in
        "  score \(score.number + 1), generation \(score.generation): validation accuracy "
          + Figures.percent(score.fitness, decimals: 2) + (score.reason.map { " (\($0))" } ?? "")
      }
      let all = [candidate.fitness ?? 0] + scores.map(\.fitness)
      lines.append(
        "  mean of \(all.count): " + Figures.percent(all.reduce(0, +) / Double(all.count), decimals: 2))
    }
    if !ancestry.isEmpty {
      let chain = ancestry.map { ancestor in
        "\(ancestor.candidate)" + (ancestor.fitness.map { " (\(Figures.percent($0)))" } ?? "")
      }
      lines.append("ancestry: " + chain.joined(separator: " ← "))
    }
    if let exchange {
      lines.append("")
      lines += exchange.request.messages.map { "[\($0.role.rawValue)]\n\($0.content)" }
      lines.append(Self.outcome(of: exchange))
      for repair in repairs {
        // What was said before stands above.
        lines += repair.request.messages.suffix(1).map { "[\($0.role.rawValue)]\n\($0.content)" }
        lines.append(Self.outcome(of: repair))
      }
    }
    if let source = candidate.source { lines += ["", source] }
    return Self.printable(lines.joined(separator: "\n"))
  }

  private static func outcome(of exchange: ChatExchange) -> String {
    switch exchange.outcome {
    case .reply(let reply): "[reply of \(reply.model)]\n\(reply.content)"
    case .failure(let failure): "[failure] \(failure.description)"
    }
  }

  /// What else the candidate was asked for with.
  private static func lines(_ request: CandidateRequest) -> [String] {
    var lines: [String] = []
    if let fidelity = request.fidelity {
      lines.append(
        "evaluated at: \(fidelity.name)"
          + (fidelity.accuracy.map { ", validation accuracy \(Figures.percent($0, decimals: 2))" } ?? ""))
    }
    if !request.inspirations.isEmpty {
      lines.append("shown: candidates " + request.inspirations.map(String.init).joined(separator: ", "))
    }
    if let niche = request.niche {
      lines.append(
        "asked for niche \(niche.cell) (\(niche.direction), \(niche.isEmpty ? "empty" : "weak")): \(niche.wish)"
          + (niche.isHit.map { $0 ? "; it is there" : "; it is elsewhere" } ?? ""))
    }
    if let prompt = request.prompt {
      lines.append("prompt '\(prompt.id)', written out of '\(prompt.parent)': \(prompt.text)")
    }
    if !request.repairs.isEmpty { lines.append("asked again: \(request.repairs.count) times") }
    return lines
  }

  /// How the candidate stood against the elite of its niche.
  private static func lines(_ judgement: NicheJudgement) -> [String] {
    func percent(_ share: Double) -> String { Figures.percent(share, decimals: 2) }
    var lines = [
      "contest: against candidate \(judgement.incumbent) with \(percent(judgement.incumbentFitness)), "
        + "by \(judgement.curves) curves"
        + (judgement.isAudit ? "; audited: trained to the end in any case" : "")
    ]
    lines += judgement.checks.map { check in
      "  after epoch \(check.epoch): \(percent(check.accuracy))"
        + (check.incumbentAccuracy.map { " against \(percent($0))" } ?? "")
        + ", expected to reach \(percent(check.bound)) at most"
    }
    if let epoch = judgement.hopelessAfter { lines.append("  hopeless after epoch \(epoch)") }
    return lines
  }

  /// What was taken over of the parent's weights; of many names the first.
  private static func lines(_ inheritance: Inheritance) -> [String] {
    let parent = inheritance.parent.map { " of candidate \($0)" } ?? ""
    guard let account = inheritance.account else {
      return ["weights\(parent): none; \(inheritance.reason ?? "the reason is not known")"]
    }
    let kinds = [
      ("as they are", account.matching), ("widened", account.widened), ("of added layers", account.deepened),
      ("fresh", account.fresh),
    ]
    var lines = kinds.filter { !$0.1.isEmpty }.map { kind, names in
      "  \(names.count) \(kind): " + names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    }
    if let refusal = account.refusal { lines.append("  \(refusal)") }
    return ["weights\(parent):"] + lines
  }

  /// The text without what a terminal takes for commands; a model may write anything.
  static func printable(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isCommand = scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
      result.append(isCommand ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }
}
