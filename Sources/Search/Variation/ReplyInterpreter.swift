import TorchFrontend

/// Makes a network's source of a model's reply.
///
/// A reply in another form than was asked for is read nevertheless where it can be told apart: a program in place of
/// edits or blocks, blocks in place of a program.
struct ReplyInterpreter: Sendable {
  /// What a reply says.
  struct Reading: Sendable, Hashable {
    /// The source; nil where there is none.
    var source: String?
    /// In which form it was given.
    var form: CandidateOrigin.Form
    /// Why there is none: one sentence.
    var reason: String?
    /// The edits or blocks that were applied, a sentence each.
    var applied: [String] = []
    /// Those that were refused, a sentence each.
    var refused: [String] = []
  }

  let form: CandidateOrigin.Form
  let options: CompilationOptions

  /// What a reply says of the networks that it was shown.
  func read(_ reply: String, of sources: [String]) -> Reading {
    let words = ReplyReader.answer(in: reply)
    switch form {
    case .edits: return edits(words, of: sources)
    case .completion:
      if SearchReplaceBlocks.begins(in: words) { return blocks(words, of: sources) }
      let program = CompletionReader.program(in: words, after: sources)
      return Reading(
        source: program, form: .completion,
        reason: program == nil ? "The model's continuation defines no class." : nil)
    case .blocks, .wholeProgram, .rewrite, .genotype:
      if let other = other(words, of: sources) { return other }
      return Reading(
        form: form,
        reason: form == .blocks
          ? "The model's reply holds neither a SEARCH/REPLACE block nor a program with a class."
          : "The model's reply holds no program with a class.")
    }
  }

  /// Blocks or a program; nil where there is neither.
  private func other(_ words: String, of sources: [String]) -> Reading? {
    if SearchReplaceBlocks.begins(in: words) { return blocks(words, of: sources) }
    return ReplyReader.program(in: words).map { Reading(source: $0, form: .wholeProgram) }
  }

  private func blocks(_ words: String, of sources: [String]) -> Reading {
    let outcome = BlockEditor.apply(words, to: sources.first ?? "")
    var reading = Reading(form: .blocks, applied: outcome.applied, refused: outcome.refused)
    if outcome.applied.isEmpty {
      reading.reason = "No block of the reply could be applied: \(outcome.refused.joined(separator: "; "))."
    } else {
      reading.source = outcome.source
    }
    return reading
  }

  private func edits(_ words: String, of sources: [String]) -> Reading {
    let outcome: EditOutcome
    do {
      if sources.count > 1 {
        let crossover = try EditSchema.decodeCrossover(words)
        outcome = NetworkEditor.cross(sources[0], with: sources[1], at: crossover, options: options)
      } else {
        outcome = NetworkEditor.apply(try EditSchema.decode(words), to: sources.first ?? "", options: options)
      }
    } catch {
      return other(words, of: sources)
        ?? Reading(form: .edits, reason: "The model's reply holds no edits: \(error)")
    }
    var reading = Reading(form: .edits, applied: outcome.applied, refused: outcome.refused)
    if sources.count > 2 {
      reading.applied.append("edits cross two networks, so the other \(sources.count - 2) were not used")
    }
    if outcome.applied.isEmpty {
      reading.reason = "No edit of the reply could be applied: \(outcome.refused.joined(separator: "; "))."
    } else {
      reading.source = outcome.source
    }
    return reading
  }
}

extension EvolvedPrompt {
  /// The instruction in a model's reply: its first paragraph without fences, quotation marks and a heading; nil where
  /// it is too short or too long to be one.
  static func instruction(in reply: String) -> String? {
    let lines = SearchReplaceBlocks.lines(of: ReplyReader.answer(in: reply))
      .filter { !$0.drop { $0 == " " }.hasPrefix("```") }
    let paragraphs = lines.split { $0.allSatisfy(\.isWhitespace) }
      .map { $0.map { $0.trimmingSpace() }.joined(separator: " ") }
    // A first line such as "Instruction:" announces what follows.
    guard var text = paragraphs.first(where: { !$0.hasSuffix(":") }) else { return nil }
    for heading in ["Instruction:", "New instruction:", "Better instruction:"] where text.hasPrefix(heading) {
      text = text.dropFirst(heading.count).trimmingSpace()
    }
    while text.count > 1, let first = text.first, let last = text.last, "\"'“*`".contains(first),
      "\"'”*`".contains(last)
    {
      text = text.dropFirst().dropLast().trimmingSpace()
    }
    guard (10...600).contains(text.count), !text.contains("{{"), !text.contains("}}") else { return nil }
    // What a network should be like may follow.
    return text.last?.isLetter == true ? text + "." : text
  }
}
