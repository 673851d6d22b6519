import ArgumentParser
import Foundation
import Reports
import RunStore
import Scoring
import Search

/// `niche verify`: recomputes a run from its log and proves that its file agrees with that.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove that a run's file agrees with itself: elites, statistics, hashes, weights.",
    discussion: """
      Everything is recomputed from the log: sources are compiled, the strategy is told the candidates again, and each \
      niche's elite is looked for among all candidates. The first row that disagrees is named. A run under way may be \
      verified, too. The exit code is 1 where a run does not hold.
      """)

  @Argument(help: "The runs.")
  var runs: [String]

  @Flag(help: "Compile no sources, so that neither hashes nor the shapes of weights are verified.")
  var quick = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await explained {
      let stop = StopFlag()
      let signals = Interruption(stop: stop)
      defer { withExtendedLifetime(signals) {} }
      var results: [RunVerification] = []
      for name in runs {
        let store = try RunStore.read(Project.folder(of: name))
        let bar = VerificationBar(store.header.name)
        let verifier = try await RunVerifier(
          store, replay: replay(of: store), isQuick: quick, stop: stop, report: bar.take)
        let result: RunVerification
        do {
          result = try await verifier.verify()
        } catch is RunVerifier.Stopped {
          bar.finish()
          throw Failure("Stopped; nothing was changed, and whether the run holds is not known.")
        }
        bar.finish()
        results.append(result)
        if !common.json { print(result.text) }
      }
      if common.json { try common.print(results) }
      if !results.allSatisfy(\.holds) { throw ExitCode(1) }
    }
  }
}

extension VerifyCommand {
  private func replay(of store: RunStore) async throws -> RunVerifier.Replay {
    let configuration = store.header.configuration
    if configuration.isOfSpace {
      let table = try Project.table(of: configuration)
      guard table.provenance.hash == store.header.table else {
        throw Failure(
          "The run '\(store.header.name)' was begun with another table of \(table.space); import that one again."
        )
      }
      return .space(try await Project.replay(of: store, table: table))
    }
    let prompts = try Project.prompts(keptBy: store.header, for: configuration)
    return .strategy(
      try configuration.makeStrategy(
        prompts: prompts, isRewriterAlone: store.header.authorChoice.hasPrefix(Author.rewriterMark)))
  }
}

/// Shows how far verifying is, where people watch.
private struct VerificationBar: Sendable {
  private let name: String
  init(_ name: String) { self.name = name }

  func take(_ progress: RunVerifier.Progress) {
    guard Terminal.isInteractive else { return }
    let share = progress.total > 0 ? " of \(progress.total)" : ""
    Terminal.write("\r\u{1B}[2K\(name): \(progress.part.rawValue) \(progress.done)\(share)")
  }

  func finish() { if Terminal.isInteractive { Terminal.write("\r\u{1B}[2K") } }
}
