import ArgumentParser
import Foundation
import Reports
import Search

/// `niche status`: what runs there are, or what one holds.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "List the runs, or say what one run holds and how far it is.")

  @Argument(help: "The run; all runs where none is named.")
  var run: String?

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await explained {
      if let run {
        let snapshot = try await Project.open(run).snapshot
        let status = try RunStatus(snapshot)
        if common.json { try common.print(status) } else { print(status.text) }
        return
      }
      var all: [RunStatus] = []
      for name in try Project.runs() {
        do {
          all.append(try RunStatus(try await Project.open(name).snapshot))
        } catch {
          Terminal.note("\(error)")
        }
      }
      if common.json { return try common.print(all) }
      guard !all.isEmpty else { return print("There are no runs yet; 'niche run quickstart' makes one.") }
      print(RunStatus.table(all))
    }
  }
}
