public import RandomStreams
import TorchFrontend

/// Writes networks by the built-in rewriter, which follows the prompt's instruction on the syntax tree.
public struct RewriterWriter: CandidateWriter {
  private let task: ImageTask
  private let prompts: PromptLibrary
  private let stream: RandomStream

  /// A rewriter for the task; `stream` decides what it does.
  public init(task: ImageTask, prompts: PromptLibrary, stream: RandomStream) {
    self.task = task
    self.prompts = prompts
    self.stream = stream
  }

  /// The most changes that make a random network of the initial one.
  static let mostRandomChanges = 8

  /// Rewrites the first parent, combines all of them, or changes the first several times at random.
  ///
  /// A prompt that says nothing of the rewriter has it do what is likely to help.
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
        let mutations = prompts.mutations.map(Self.instruction)
        for _ in 0...draws.integer(below: Self.mostRandomChanges) {
          guard let instruction = draws.element(of: mutations) else { continue }
          // What one instruction can do nothing with another may.
          guard let change = try? rewrite(text, instruction, partner: nil, &draws) else { continue }
          text = change.source
          draft.applied.append(change.description)
        }
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
      }
      draft.source = text
    } catch {
      draft.reason = "\(error)"
    }
    return draft
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
