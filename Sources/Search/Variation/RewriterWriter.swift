public import RandomStreams
import TorchFrontend

/// Writes networks by the built-in rewriter, which follows the prompt's instruction on the syntax tree.
public struct RewriterWriter: CandidateWriter {
  private let task: ImageTask
  private let prompts: PromptLibrary
  private let stream: RandomStream
  private let mostChanges: Int
  private let mostRandomChanges: Int

  /// A rewriter for the task; `stream` decides what it does, and of `search` how many changes it makes at most.
  public init(
    task: ImageTask, prompts: PromptLibrary, search: SearchSettings = SearchSettings(), stream: RandomStream
  ) {
    self.task = task
    self.prompts = prompts
    self.stream = stream
    (mostChanges, mostRandomChanges) = (max(1, search.rewriterChanges), max(1, search.randomChanges))
  }

  /// Rewrites the first parent, combines all of them, or changes the first several times at random.
  ///
  /// A prompt that says nothing of the rewriter has it do what is likely to help. Where a mutation is of several changes
  /// the prompt's comes first, random ones behind it.
  public func draft(
    for proposal: Proposal, sources: [String], inspirations: [Inspiration]
  ) async throws(SearchError) -> Draft {
    var draft = Draft(author: .rewriter, form: .rewrite)
    let prompt: Prompt
    do {
      prompt = try prompts.prompt(proposal.rootPrompt)
    } catch {
      throw SearchError(error.description)
    }
    guard let source = sources.first else {
      throw SearchError("Candidate \(proposal.id) has no parent to rewrite.")
    }
    var draws = stream.stream("rewriter", proposal.id)
    do {
      var text = source
      if prompt.kind == .generation {
        changeAtRandom(&text, 1 + draws.integer(below: mostRandomChanges), &draft, &draws)
        guard !draft.applied.isEmpty else {
          draft.reason = "None of the random changes could be made."
          return draft
        }
      } else {
        let instruction = Self.instruction(prompt)
        let partners: [String?] = sources.count > 1 ? sources.dropFirst().map(\.self) : [nil]
        for partner in partners {
          let change = try rewrite(text, instruction, partner: partner, &draws)
          text = change.source
          draft.applied.append(change.description)
        }
        if mostChanges > 1, prompt.kind == .mutation {
          changeAtRandom(&text, draws.integer(below: mostChanges), &draft, &draws)
        }
      }
      draft.source = text
    } catch {
      draft.reason = "\(error)"
    }
    return draft
  }

  /// Makes so many changes, each by the instruction of a random mutation.
  private func changeAtRandom(
    _ text: inout String, _ count: Int, _ draft: inout Draft, _ draws: inout RandomStream
  ) {
    let mutations = prompts.mutations.map(Self.instruction)
    for _ in 0..<count {
      guard let instruction = draws.element(of: mutations) else { continue }
      // What one instruction can do nothing with another may.
      guard let change = try? rewrite(text, instruction, partner: nil, &draws) else { continue }
      text = change.source
      draft.applied.append(change.description)
    }
  }

  private static func instruction(_ prompt: Prompt) -> RewriteInstruction {
    prompt.rewrite.flatMap(RewriteInstruction.init(rawValue:))
      ?? (prompt.kind == .crossover ? .combine : .improve)
  }

  private func rewrite(
    _ source: String, _ instruction: RewriteInstruction, partner: String?, _ draws: inout RandomStream
  ) throws -> Rewriting {
    try Rewriter.rewrite(
      source, instruction: instruction, partner: partner, options: task.options(batch: 1, isTraining: false),
      stream: &draws)
  }
}
