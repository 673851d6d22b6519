import ArgumentParser
import Foundation
import Reports
import Search

/// `niche show`: the elites of a run, or one candidate with its ancestry and exchange.
struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a run's elites, or one candidate with source, ancestry and exchange."
  )

  @Argument(help: "The run.")
  var run: String

  @Argument(help: "A candidate's number; with --niche, a niche's cell.")
  var number: Int?

  @Flag(help: "The number is a niche's cell: show its elite.")
  var niche = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await explained {
      let (store, snapshot) = try await Project.open(run)
      guard let number else {
        let table = EliteTable(snapshot)
        if common.json { try common.print(table) } else { print(table.text) }
        return
      }
      let view = try await CandidateView(number, isNiche: niche, of: snapshot, store: store)
      if common.json { try common.print(view) } else { print(view.text) }
    }
  }
}
