import Foundation
import LanguageModels
import RandomStreams
import SearchSpaces

/// What is said to models of a space: the prompts of `prompts/collm-*`, filled in.
struct SpaceTexts<Space: ChoiceSpace>: Sendable {
  typealias Result = SpaceResult<Space.Genotype>

  let vocabulary: SpaceVocabulary
  let mission: String
  let measure: String
  private let space: Space
  private let figures: [String]
  private let prompts: PromptLibrary
  private let knowledge: String
  private let example: String

  /// - Throws: where a prompt is missing, or the constraint names options whose names are hidden.
  init(
    space: Space, vocabulary: SpaceVocabulary, settings: CoLLMSettings, prompts: PromptLibrary
  ) throws(SearchError) {
    self.space = space
    self.vocabulary = vocabulary
    self.prompts = prompts
    measure = settings.measure
    let isOpen = vocabulary.naming == .original
    let originals = vocabulary.originals
    func speaks(_ text: String) -> Bool { isOpen || !originals.contains { text.contains($0) } }
    guard speaks(settings.constraint) else {
      throw SearchError(
        "The constraint '\(settings.constraint)' names operations, whose names are hidden from the models.")
    }
    let known = Set(space.figureNames)
    figures = settings.figures.filter { known.contains($0) && speaks($0) }
    mission = try Self.mission(settings, prompts)
    example = vocabulary.json(Self.example(space)).encoded()
    var values = ["choices": vocabulary.list, "example": example, "options": "", "structure": ""]
    // What is known of a space beyond its choices has a prompt of its own, by the space's name.
    for name in ["options", "structure"] where name != "options" || isOpen {
      if let prompt = prompts.prompts["collm-\(name)-\(space.name)"] {
        values[name] = "\n\(prompt.template)\n"
      }
    }
    guard isOpen || speaks(values["structure"] ?? "") else {
      throw SearchError(
        "prompts/collm-structure-\(space.name) names operations; only its options' prompt may.")
    }
    knowledge = try Self.rendered("collm-knowledge", values, prompts)
  }

  private static func mission(
    _ settings: CoLLMSettings, _ prompts: PromptLibrary
  ) throws(SearchError) -> String {
    var values = ["measure": settings.measure, "constraint": settings.constraint]
    var parts = ["collm-mission-open"]
    if let target = settings.target {
      values["target"] = number(target).encoded()
      parts = ["collm-mission-target"]
    }
    if !settings.constraint.isEmpty { parts.append("collm-mission-limit") }
    var texts: [String] = []
    for part in parts { texts.append(try rendered(part, values, prompts)) }
    return texts.joined(separator: " ")
  }

  /// An architecture that shows as many options as it can, and is nobody's favourite.
  private static func example(_ space: Space) -> [Int] {
    let options = space.choices.enumerated().map { $0 % max(1, $1.options.count) }
    if (try? space.genotype(options: options)) != nil { return options }
    var stream = RandomStream(seed: 0)
    return space.options(of: space.random(using: &stream))
  }

  // MARK: Prompts

  /// A prompt with the variables that all may use, and others.
  func text(_ id: String, _ values: [String: String] = [:]) throws(SearchError) -> String {
    let common = ["mission": mission, "knowledge": knowledge, "example": example, "measure": measure]
    return try Self.rendered(id, common.merging(values) { _, new in new }, prompts)
  }

  private static func rendered(
    _ id: String, _ values: [String: String], _ prompts: PromptLibrary
  ) throws(SearchError) -> String {
    do {
      return try prompts.prompt(id).rendered(values)
    } catch {
      throw SearchError(error.description)
    }
  }

  // MARK: Results

  /// Evaluated architectures as models see them, one JSON object a line: `Arch`, its figures, and the measure.
  func records(_ results: some Sequence<Result>) -> String {
    results.compactMap { result in
      result.genotype.map { record($0, result).encoded() }
    }.joined(separator: "\n")
  }

  private func record(_ genotype: Space.Genotype, _ result: Result) -> JSONValue {
    var members = [JSONValue.Member("Arch", vocabulary.json(space.options(of: genotype)))]
    for name in figures { members.append(.init(name, Self.number(result.figures[name] ?? .nan))) }
    members.append(.init(measure, result.fitness.map(Self.number) ?? "failed"))
    return .object(members)
  }

  /// What the Navigator sees of an iteration, with a short form.
  func feedback(
    _ results: [Result], best: Double?, mistakes: String
  ) throws(SearchError) -> ModelConversation.Question {
    let values = [
      "best": best.map { Self.number($0).encoded() } ?? "none", "mistakes": mistakes,
      "results": results.isEmpty ? try text("collm-results-none") : records(results),
    ]
    let full = try text("collm-navigator-next", values)
    let ranked = results.enumerated().sorted {
      ($1.element.fitness ?? -.infinity, $0.offset) < ($0.element.fitness ?? -.infinity, $1.offset)
    }
    let short = try text(
      "collm-results-short",
      ["count": String(results.count), "results": records(ranked.prefix(3).map(\.element))])
    return ModelConversation.Question(text: full, short: results.count > 3 ? short : nil)
  }

  /// What is told of proposals that were not evaluated; empty where there are none.
  func mistakes(_ results: [Result]) throws(SearchError) -> String {
    var reasons: [String] = []
    var (illegal, repeated) = (0, 0)
    for result in results {
      switch result.verdict {
      case .illegal(let reason):
        illegal += 1
        let line = "- not valid: \(reason)"
        if reasons.count < 10, !reasons.contains(line) { reasons.append(line) }
      case .repeated:
        repeated += 1
        if reasons.count < 10, let genotype = result.genotype {
          reasons.append("- known: \(vocabulary.json(space.options(of: genotype)).encoded())")
        }
      case .evaluated, .failed: break
      }
    }
    guard illegal + repeated > 0 else { return "" }
    return "\n"
      + (try text(
        "collm-mistakes",
        [
          "illegal": String(illegal), "repeated": String(repeated),
          "reasons": reasons.joined(separator: "\n"),
        ])) + "\n"
  }

  // MARK: Replies

  /// What a reply proposes: the architectures in it, and in words what was meant to be one.
  ///
  /// Where it has no JSON that means any and options have their own names, words and lines are taken that the space
  /// reads as an architecture's text.
  func proposals(in reply: String) -> [SpaceProposal<Space.Genotype>] {
    let readings = vocabulary.readings(in: reply)
    if readings.isEmpty, vocabulary.naming == .original {
      return texts(in: reply).map { SpaceProposal($0, step: .model) }
    }
    return readings.map { reading in
      switch reading {
      case .mistake(let problem): return SpaceProposal(.unreadable(problem), step: .model)
      case .options(let options):
        do throws(SearchSpaceError) {
          return SpaceProposal(try space.genotype(options: options), step: .model)
        } catch {
          // The space's own words might tell what operations are called.
          let reason =
            vocabulary.naming == .original ? error.description : "the choices do not go together"
          return SpaceProposal(.unreadable(reason), step: .model)
        }
      }
    }
  }

  private func texts(in reply: String) -> [Space.Genotype] {
    let marks = CharacterSet(charactersIn: " \t`\"',;*-")
    var found: [Space.Genotype] = []
    for line in reply.prefix(1 << 16).split(whereSeparator: \.isNewline).prefix(1000) {
      // A line's words, for an architecture that stands in a sentence; then the line, for one that has spaces.
      let parts = line.split(separator: " ").map(String.init)
      let words = parts.compactMap { try? space.genotype(from: $0.trimmingCharacters(in: marks)) }
      if !words.isEmpty {
        found += words
      } else if parts.count > 1 {
        // Behind the number or the dash of a list's item.
        let item = line.trimmingCharacters(in: marks).drop { $0.isNumber }.drop { ".)".contains($0) }
        if let whole = try? space.genotype(from: item.trimmingCharacters(in: marks)) { found.append(whole) }
      }
    }
    return found
  }

  /// A number as models see it: five digits, whole where it is large.
  static func number(_ value: Double) -> JSONValue {
    guard value.isFinite else { return .null }
    if abs(value) >= 1e5 {
      let scale = pow(10, (log10(abs(value))).rounded(.down) - 4)
      let rounded = (value / scale).rounded() * scale
      return Int(exactly: rounded.rounded()).map(JSONValue.integer) ?? .number(rounded)
    }
    return .number(Double(String(format: "%.5g", value)) ?? value)
  }
}
