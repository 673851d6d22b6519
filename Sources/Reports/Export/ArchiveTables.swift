import Foundation
import Search

/// The tables of an export.
struct ArchiveTables {
  let archive: ExportedArchive

  /// One row for each elite, with a title line; categories by their names.
  var elites: String {
    let names = archive.axes.map(\.name)
    var titles = ["niche", "candidate", "generation", "fitness", "test_accuracy"]
    let objectives = archive.archive?.objectives.map(\.name) ?? []
    titles += ["parameters", "macs", "width", "depth"] + names.map { "measure_\($0)" }
    titles += objectives.map { "objective_\($0)" }
    titles += [
      "status", "author", "models", "prompt", "images_seen", "prompt_tokens", "completion_tokens", "hash",
      "folder",
    ]
    var rows = [titles]
    for elite in archive.elites {
      let network = elite.description
      var cells: [String] = [
        "\(elite.niche)", "\(elite.candidate)", "\(elite.generation)", "\(elite.fitness)",
      ]
      cells.append(elite.testAccuracy.map { "\($0)" } ?? "")
      cells += [network.parameters, network.macs, network.width, network.depth].map { "\($0)" }
      cells += archive.axes.map { axis in
        elite.measures[axis.name].map { axis.category(of: $0) ?? "\($0)" } ?? ""
      }
      cells += objectives.map { name in elite.objectives?[name].map { "\($0)" } ?? "" }
      cells += [elite.verdict.status.rawValue, elite.origin.author.rawValue]
      cells += [elite.models?.joined(separator: ", ") ?? "", elite.origin.prompt ?? ""]
      cells += [elite.imagesSeen, elite.promptTokens, elite.completionTokens].map {
        $0.map(String.init) ?? ""
      }
      cells += [network.hash, elite.folder]
      rows.append(cells)
    }
    return Self.text(rows)
  }

  /// The columns of pyribs' `ArchiveDataFrame`, all of them numbers, categories too; a solution is the candidate's number.
  var pyribs: String {
    let names = archive.axes.map(\.name)
    var rows = [["solution_0", "objective"] + names.indices.map { "measures_\($0)" } + ["index"]]
    for elite in archive.elites {
      rows.append(
        ["\(elite.candidate)", "\(elite.fitness)"] + names.map { elite.measures[$0].map { "\($0)" } ?? "" }
          + ["\(elite.niche)"])
    }
    return Self.text(rows)
  }

  static func text(_ rows: [[String]]) -> String {
    rows.map { $0.map(quoted).joined(separator: ",") }.joined(separator: "\n") + "\n"
  }

  /// A cell as RFC 4180 has it.
  private static func quoted(_ cell: String) -> String {
    guard cell.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return cell }
    return "\"" + cell.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}
