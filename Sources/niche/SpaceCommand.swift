import ArgumentParser
import Foundation
import Reports
import Scoring
import SearchSpaces

/// `niche space`: NAS-Bench-201, or one of its cells.
struct SpaceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "space",
    abstract:
      "Say what NAS-Bench-201's space is, or what one of its cells costs and is worth; write its network.",
    discussion: """
      A cell is given as an arch string or by its number. With --source its network is printed as a PyTorch module, and \
      nothing else: niche space 6111 --source > cell.py. Accuracies come from the table that niche data import makes.
      """)

  @Argument(help: "The cell: an arch string, or 0 to 15624.")
  var cell: String?

  @Option(help: "The task: cifar-10, cifar-100 or imagenet16-120.")
  var task = "cifar-10"

  @Flag(help: "Print the cell's network as a PyTorch module.")
  var source = false

  @OptionGroup var common: CommonOptions

  private struct SpaceFacts: Encodable {
    var name: String
    var count: Int
    var choices: [Choice]
    var description: String
    var jsonSchema: String
    var jsonGrammar: String
    var textGrammar: String?
  }

  private struct CellFacts: Encodable {
    var index: Int
    var arch: String
    var canonical: String
    var task: String
    var figures: [String: Double]
    var table: [String: Double]?
    var note: String?
  }

  func validate() throws {
    guard NASBench201Task.all.contains(where: { $0.name == task }) else {
      throw ValidationError("--task must be \(NASBench201Task.all.map(\.name).joined(separator: ", ")).")
    }
    guard cell != nil || !source else { throw ValidationError("--source needs a cell.") }
  }

  func run() async throws {
    try await explained {
      let space = NASBench201Space(task: NASBench201Task.all.first { $0.name == task } ?? .cifar10)
      guard let text = cell else { return try describe(space) }
      let genotype = try read(text, space)
      if source { return print(space.source(of: genotype), terminator: "") }
      let facts = facts(of: genotype, space)
      if common.json { return try common.print(facts) }
      print("cell \(facts.index)  \(facts.arch)\nsame as  \(facts.canonical)")
      for (name, value) in facts.figures.sorted(by: { $0.key < $1.key }) {
        print("  \(name)  \(Self.plain(value))")
      }
      for (name, value) in (facts.table ?? [:]).sorted(by: { $0.key < $1.key }) {
        print("  \(name)  \(value.isNaN ? "–" : Figures.fixed(value, 3))")
      }
      if let note = facts.note { Terminal.note(note) }
    }
  }

  /// Counts without decimals.
  private static func plain(_ value: Double) -> String {
    Figures.fixed(value, value == value.rounded() ? 0 : 4)
  }

  private func read(_ text: String, _ space: NASBench201Space) throws -> NASBench201Cell {
    guard let index = Int(text) else { return try space.genotype(from: text) }
    guard let cell = NASBench201Cell(index: index) else {
      throw Failure("There is no cell \(index); they are numbered from 0 to \(NASBench201Cell.count - 1).")
    }
    return cell
  }

  private func describe(_ space: NASBench201Space) throws {
    let facts = SpaceFacts(
      name: space.name, count: NASBench201Cell.count, choices: space.choices,
      description: space.promptDescription, jsonSchema: space.jsonSchema, jsonGrammar: space.jsonGrammar,
      textGrammar: space.textGrammar)
    if common.json { return try common.print(facts) }
    print("\(facts.name): \(facts.count) architectures\n\n\(facts.description)")
  }

  private func facts(of cell: NASBench201Cell, _ space: NASBench201Space) -> CellFacts {
    var facts = CellFacts(
      index: cell.index, arch: cell.description, canonical: space.canonicalText(of: cell), task: task,
      figures: space.figures(of: cell))
    do {
      let table = try BenchmarkCatalog.standard().table(of: space.name, rowCount: NASBench201Cell.count)
      var values: [String: Double] = [:]
      for (number, column) in table.columns.enumerated() where column.task == task {
        let value = table.value(column: number, row: cell.index)
        if !value.isNaN { values[column.name] = value }
      }
      facts.table = values
    } catch {
      facts.note = error.description
    }
    return facts
  }
}
