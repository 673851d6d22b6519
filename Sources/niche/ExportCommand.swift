import ArgumentParser
import Foundation
import QualityDiversity
import Reports
import Search
import SearchSpaces

/// `niche export`: the elites as files for PyTorch, spreadsheets and scripts.
struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract:
      "Write elites as PyTorch source with weights, ONNX, cards, CSV and JSON, with their test accuracy.",
    discussion: """
      All elites, or some: --niche, then --where, --pareto, --diverse and --top are applied in this order. Conditions \
      are formulas over fitness, parameters (or params), macs, flops, width, depth, width_depth_ratio, generation, \
      candidate, niche, seconds and the measures on the archive's axes (niche.macs). With --json nothing is written: \
      the archive goes to the standard output.
      """)

  @Argument(help: "The run.")
  var run: String

  @Option(name: [.short, .long], help: "The folder to write to; default: export within the run's folder.")
  var output: String?

  @Option(help: "Only so many of the fittest elites.")
  var top: Int?

  @Option(help: "Only the elite of this niche.")
  var niche: Int?

  @Option(
    name: .customLong("where"), help: "Only elites of which this holds: 'params < 1e6 && niche.macs < 5e7'.")
  var condition: String?

  @Option(
    help:
      "Only elites that none beats in fitness and these figures, which should be small: 'parameters,macs'.")
  var pareto: String?

  @Option(help: "Only so many elites that are unlike each other, the fittest first.")
  var diverse: Int?

  @Option(
    help: "Unlike in what: descriptor (the archive's axes) or graph (what the networks are made of).",
    transform: Self.choice)
  var space = ExportSelection.Space.descriptor

  @Option(
    help: "How unlike ones are chosen: max-min or dpp (which weighs fitness, too).", transform: Self.choice)
  var rule = DiverseSubset.maxMin

  @Flag(help: "Leave out the test accuracy; the test set is not touched.")
  var skipTest = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    for (name, value) in [("top", top), ("diverse", diverse)] {
      if let value, value < 1 { throw ValidationError("--\(name) must be at least 1.") }
    }
    if let pareto, ExportSelection.formulas(pareto).isEmpty {
      throw ValidationError("--pareto must name figures, such as 'parameters,macs'.")
    }
  }

  func run() async throws {
    try await explained {
      let (store, snapshot) = try await Project.open(run)
      guard !snapshot.elites.isEmpty else {
        throw Failure(
          "The run '\(snapshot.header.name)' has no elites yet; it must finish a generation first.")
      }
      let folder = output ?? snapshot.folder + "/export"
      // Before the test set is gone through.
      if !common.json { try Exporter.check(folder) }
      let exporter = Exporter(snapshot, store: store)
      let archive = try await exporter.archive(
        testedBy: skipTest ? nil : evaluator(for: snapshot),
        lookedUp: skipTest ? nil : testAccuracies(for: snapshot), selection: selection
      ) { done, total in
        if Terminal.isInteractive { Terminal.write("\r\u{1B}[2Ktesting elite \(done) of \(total)") }
      }
      if Terminal.isInteractive { Terminal.write("\r\u{1B}[2K") }
      if common.json { return try common.print(archive) }
      guard !archive.elites.isEmpty else {
        throw Failure(
          "No elite of the run '\(snapshot.header.name)' is among those asked for; nothing was written.")
      }
      for note in try await exporter.write(archive, to: folder) { Terminal.note("\(note)") }
      print(
        "\(archive.elites.count) elites are in \(folder): a folder each, elites.csv, elites.json, archive.csv, archive.npz "
          + "and load.py."
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

  private static func choice<Choice: RawRepresentable & CaseIterable>(
    _ text: String
  ) throws -> Choice where Choice.RawValue == String {
    guard let choice = Choice(rawValue: text) else {
      throw ValidationError(
        "'\(text)' is none of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    return choice
  }

  private var selection: ExportSelection {
    ExportSelection(
      niche: niche, condition: condition,
      pareto: pareto.map(ExportSelection.formulas) ?? [],
      diversity: diverse.map { ExportSelection.Diversity(count: $0, space: space, rule: rule) }, top: top)
  }

  private func evaluator(for snapshot: RunSnapshot) throws -> NetworkEvaluator? {
    let configuration = snapshot.header.configuration
    guard !configuration.isOfSpace else { return nil }
    do {
      return try NetworkEvaluator(
        for: configuration, data: configuration.loadData(),
        threads: ProcessInfo.processInfo.activeProcessorCount)
    } catch {
      Terminal.note("the test accuracy is left out: \(error)")
      return nil
    }
  }

  /// What the table says of the test accuracy of a run's architectures; nil where there is no table.
  private func testAccuracies(for snapshot: RunSnapshot) -> ((String) -> Double?)? {
    let configuration = snapshot.header.configuration
    guard configuration.isOfSpace else { return nil }
    do {
      let figures = try configuration.nasBench201Figures(Project.table(of: configuration))
      return { text in
        (try? figures.evaluator.space.genotype(from: text)).flatMap(figures.evaluator.place)
          .map { figures.test[$0] }
      }
    } catch {
      Terminal.note("the test accuracy is left out: \(error)")
      return nil
    }
  }
}
