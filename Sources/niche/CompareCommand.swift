import ArgumentParser
import Reports
import Search

/// `niche compare`: two runs niche by niche.
struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compare two runs: niches won, lost, tied, and found by one only.")

  @Argument(help: "The first run; its axes are used.")
  var first: String

  @Argument(help: "The second run.")
  var second: String

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await explained {
      let left = try await Project.open(first).snapshot
      let right = try await Project.open(second).snapshot
      let comparison = try Comparison(left, right)
      if common.json { try common.print(comparison) } else { print(comparison.text) }
    }
  }
}
