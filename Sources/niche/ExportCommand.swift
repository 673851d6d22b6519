import ArgumentParser
import Foundation
import Reports
import Search

/// `niche export`: the elites as files for PyTorch, spreadsheets and scripts.
struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the elites as PyTorch source with weights, CSV and JSON, with their test accuracy.",
    discussion: "With --json nothing is written: the archive goes to the standard output.")

  @Argument(help: "The run.")
  var run: String

  @Option(name: [.short, .long], help: "The folder to write to; default: export within the run's folder.")
  var output: String?

  @Option(help: "Only so many of the fittest elites.")
  var top: Int?

  @Flag(help: "Leave out the test accuracy; the test set is not touched.")
  var skipTest = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top must be at least 1.") }
  }

  func run() async throws {
    try await explained {
      let (store, snapshot) = try await Project.open(run)
      guard !snapshot.elites.isEmpty else {
        throw Failure(
          "The run '\(snapshot.header.name)' has no elites yet; it must finish a generation first.")
      }
      let exporter = Exporter(snapshot, store: store)
      let archive = try await exporter.archive(testedBy: skipTest ? nil : evaluator(for: snapshot), top: top)
      {
        done, total in
        if Terminal.isInteractive { Terminal.write("\r\u{1B}[2Ktesting elite \(done) of \(total)") }
      }
      if Terminal.isInteractive { Terminal.write("\r\u{1B}[2K") }
      if common.json { return try common.print(archive) }
      let folder = output ?? snapshot.folder + "/export"
      try await exporter.write(archive, to: folder)
      print(
        "\(archive.elites.count) elites are in \(folder): a folder each, elites.csv, elites.json and load.py."
      )
      let best = archive.elites.first { $0.candidate == snapshot.best?.record.id }
      if let best, let accuracy = best.testAccuracy {
        print(
          "The best elite, candidate \(best.candidate) in niche \(best.niche), has a validation accuracy of "
            + "\(Figures.percent(best.fitness, decimals: 2)) and a test accuracy of "
            + "\(Figures.percent(accuracy, decimals: 2)).")
      }
    }
  }

  private func evaluator(for snapshot: RunSnapshot) throws -> NetworkEvaluator? {
    let configuration = snapshot.header.configuration
    do {
      return try NetworkEvaluator(
        for: configuration, data: configuration.loadData(),
        threads: ProcessInfo.processInfo.activeProcessorCount)
    } catch {
      Terminal.note("the test accuracy is left out: \(error)")
      return nil
    }
  }
}
