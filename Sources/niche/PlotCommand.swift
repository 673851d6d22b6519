import ArgumentParser
import Foundation
import Reports
import Search

/// `niche plot`: a run in pictures.
struct PlotCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract:
      "Draw a run: maps, curves, prompts, lineage, success, funnel (SVG or PNG), and a report (HTML).",
    discussion: """
      Without --kind all pictures that the run has and the report are written into the folder plots within the run's. \
      The report is one file that loads nothing; a click on a cell of its map opens the network there.
      """)

  /// What is written.
  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case map, pairs, axes, fronts, curves, prompts, lineage, success, funnel, report

    var picture: PictureKind? { PictureKind(rawValue: rawValue) }

    func fileName(_ format: Format) -> String {
      self == .report ? "report.html" : "\(rawValue).\(format.rawValue)"
    }
  }

  enum Format: String, CaseIterable, ExpressibleByArgument { case svg, png }

  enum Theme: String, CaseIterable, ExpressibleByArgument { case light, dark }

  @Argument(help: "The run.")
  var run: String

  @Option(help: ArgumentHelp("Only this; may be given several times.", valueName: "kind"))
  var kind: [Kind] = []

  @Option(help: "The pictures' format; PNG needs rsvg-convert.")
  var format = Format.svg

  @Option(help: "Dark on white, or light on dark.")
  var theme = Theme.light

  @Option(help: "The candidate whose lineage is drawn; default: the best elite.")
  var elite: Int?

  @Option(
    name: [.short, .long],
    help: "The file to write where --kind names one picture; else, or where it is a folder, the folder.")
  var output: String?

  @OptionGroup var common: CommonOptions

  private struct Result: Encodable {
    struct Picture: Encodable {
      var kind: String
      var file: String
    }

    var pictures: [Picture]
  }

  func run() async throws {
    try await explained {
      let snapshot = try await Project.open(run).snapshot
      let pictures = try RunPictures(snapshot)
      let kinds = kind.isEmpty ? Kind.allCases : kind
      var written: [Result.Picture] = []
      for kind in kinds {
        let path = path(for: kind, in: snapshot.folder)
        if kind == .report {
          try write(Data(try await RunReport(snapshot).html.utf8), to: path)
          written.append(.init(kind: kind.rawValue, file: path))
          continue
        }
        guard let wanted = kind.picture,
          let picture = try pictures.picture(wanted, isDark: theme == .dark, candidate: elite)
        else {
          guard self.kind.isEmpty else {
            throw Failure("The run '\(snapshot.header.name)' has nothing for the picture '\(kind.rawValue)'.")
          }
          continue
        }
        switch format {
        case .svg: try write(Data(picture.svg.utf8), to: path)
        case .png: try write(try PictureConverter.png(picture.svg), to: path)
        }
        written.append(.init(kind: kind.rawValue, file: path))
      }
      if common.json { return try common.print(Result(pictures: written)) }
      for picture in written { print("\(picture.kind): \(picture.file)") }
    }
  }

  private func path(for kind: Kind, in folder: String) -> String {
    var isFolder = ObjCBool(false)
    let exists = output.map { FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) } ?? false
    if let output, self.kind.count == 1, !(exists && isFolder.boolValue) { return output }
    return "\(output ?? folder + "/plots")/\(kind.fileName(format))"
  }

  private func write(_ data: Data, to path: String) throws {
    let url = URL(fileURLWithPath: path)
    do {
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: url)
    } catch {
      throw Failure(OutputPlace.sentence(for: error, writing: path))
    }
  }
}
