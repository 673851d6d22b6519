import Foundation
import RunStore
import Search
import Testing

@testable import Reports

/// Exports of runs that keep several elites in a niche, as `load.py` reads them.
@Suite("What an export's loader finds")
struct ExportLoadingTests {
  enum Kind: String, CaseIterable {
    case deep, fronts

    /// The folder of such a run with many crossovers, whose networks have classes of another name.
    func run() async throws -> String {
      let folder = SampleRun.folder()
      TemporaryFolders.removeAtExit(folder)
      let run = try SmallRun { run in
        run.search.mutationProbability = 0.3
        switch self {
        case .deep: (run.archive.dimensions, run.archive.depth) = ([2, 1], 12)
        case .fronts: SmallRun.fronts(&run)
        }
      }
      try await run.search(in: RunStore.create(in: folder, header: run.header), by: run.makeStrategy())
      return folder
    }
  }

  private struct File: Decodable {
    struct Elite: Decodable {
      struct Description: Decodable {
        var className: String
        var parameters: Int
      }

      var folder: String
      var niche: Int
      var description: Description
    }

    var elites: [Elite]
  }

  /// The folder of an export of such a run, and what its `elites.json` says.
  private func export(_ kind: Kind) async throws -> (folder: String, elites: [File.Elite]) {
    let folder = SampleRun.folder()
    TemporaryFolders.removeAtExit(folder)
    let store = try await RunStore.open(kind.run())
    let exporter = try await Exporter(RunSnapshot(store), store: store)
    try await exporter.write(exporter.archive(testedBy: nil), to: folder)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/elites.json"))
    return (folder, try decoder.decode(File.self, from: data).elites)
  }

  @Test(
    "Every elite has a folder of its own, whose source has the class that is named", arguments: Kind.allCases)
  func folders(kind: Kind) async throws {
    let (folder, elites) = try await export(kind)
    let found = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("niche-") }
    #expect(Set(elites.map(\.folder)) == Set(found) && elites.count == found.count)
    #expect(Set(elites.map(\.niche)).count < elites.count, "several elites in a niche")
    #expect(Set(elites.map(\.description.className)).count > 1, "classes that can be mistaken for each other")
    for elite in elites {
      let source = try String(contentsOfFile: "\(folder)/\(elite.folder)/network.py", encoding: .utf8)
      #expect(source.contains("class \(elite.description.className)("))
    }
  }

  @Test(
    "PyTorch loads every elite by its folder",
    .enabled(if: PyTorch.path != nil, "no Python here can import torch (NICHE_PYTHON names one)"),
    arguments: Kind.allCases)
  func torch(kind: Kind) async throws {
    let (folder, elites) = try await export(kind)
    let script = """
      import json, os, sys
      sys.path.insert(0, sys.argv[1])
      from load import load
      for elite in json.load(open(sys.argv[1] + "/elites.json"))["elites"]:
          for name in [elite["folder"], os.path.join(sys.argv[1], elite["folder"]) + "/"]:
              network = load(name)
          print(elite["folder"], type(network).__name__, sum(p.numel() for p in network.parameters()))
      try:
          load("niche-9999")
      except ValueError as error:
          print(error)
      """
    let output = try PyTorch.run(["-c", script, folder])
    let expected = elites.map { "\($0.folder) \($0.description.className) \($0.description.parameters)\n" }
    #expect(
      output == expected.joined()
        + "'niche-9999' is no elite's folder of this export; elites.csv lists them by 'folder'\n")
  }
}

/// A Python with PyTorch.
private enum PyTorch {
  struct Failure: Error { let text: String }

  /// `NICHE_PYTHON`, or a `python3` that can import torch; nil where none can.
  static let path: String? = [
    ProcessInfo.processInfo.environment["NICHE_PYTHON"], "/usr/bin/python3", "/usr/local/bin/python3",
  ].compactMap(\.self).first { path in
    FileManager.default.isExecutableFile(atPath: path) && (try? run(path, ["-c", "import torch"])) != nil
  }

  /// What it prints.
  static func run(_ arguments: [String]) throws -> String { try run(try #require(path), arguments) }

  private static func run(_ path: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(text: String(decoding: complaint, as: UTF8.self))
    }
    return String(decoding: text, as: UTF8.self)
  }
}
