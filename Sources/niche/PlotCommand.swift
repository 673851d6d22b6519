import ArgumentParser
import Foundation
import Reports
import Search

/// `niche plot`: the archive as a picture.
struct PlotCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot", abstract: "Draw a run's archive as a heat map (SVG).")

  @Argument(help: "The run.")
  var run: String

  @Option(name: [.short, .long], help: "The file to write; default: map.svg within the run's folder.")
  var output: String?

  @OptionGroup var common: CommonOptions

  private struct Result: Encodable {
    var picture: String
  }

  func run() async throws {
    try await explained {
      let (store, snapshot) = try await Project.open(run)
      let path = output ?? snapshot.folder + "/map.svg"
      let picture = try await RunPictures(snapshot, store: store).picture(.map)?.svg ?? ""
      do {
        try Data(picture.utf8).write(to: URL(fileURLWithPath: path))
      } catch {
        throw Failure("'\(path)' cannot be written: \(error.localizedDescription)")
      }
      if common.json { try common.print(Result(picture: path)) } else { print("The heat map is in \(path).") }
    }
  }
}
