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

  /// Rewrites the first parent, or combines both.
  public func draft(for proposal: Proposal, sources: [String]) async throws(SearchError) -> Draft {
    var draft = Draft(author: .rewriter, form: .rewrite)
    let prompt: Prompt
    do {
      prompt = try prompts.prompt(proposal.prompt)
    } catch {
      throw SearchError(error.description)
    }
    guard let name = prompt.rewrite, let instruction = RewriteInstruction(rawValue: name) else {
      let known = RewriteInstruction.allCases.map(\.rawValue).joined(separator: ", ")
      throw SearchError("prompts/\(prompt.id): 'rewrite' must name what the rewriter does: \(known).")
    }
    guard let source = sources.first else {
      throw SearchError("Candidate \(proposal.id) has no parent to rewrite.")
    }
    var draws = stream.stream("rewriter", proposal.id)
    do {
      let rewriting = try Rewriter.rewrite(
        source, instruction: instruction, partner: sources.count > 1 ? sources[1] : nil,
        options: task.options(batch: 1, isTraining: false), stream: &draws)
      draft.source = rewriting.source
      draft.applied = [rewriting.description]
    } catch {
      draft.reason = "\(error)"
    }
    return draft
  }
}
