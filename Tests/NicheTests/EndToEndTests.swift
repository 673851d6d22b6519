import Foundation
import Testing

private let hasFashionMNIST = FileManager.default.fileExists(
  atPath: "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")

/// A search from the command line to files that PyTorch reads.
@Suite(
  .enabled(if: hasFashionMNIST, "Fashion-MNIST is not installed: scripts/data fashion-mnist"), .serialized)
struct EndToEndTests {
  @Test func aRunIsRepeatedByteForByte() throws {
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    for (name, workers) in [("first", "1"), ("second", "2")] {
      let result = try Tool.run(["run", "smoke", "--name", name, "--workers", workers], in: project)
      #expect(result.status == 0, "\(result.error)")
    }
    let first = try Tool.run(["export", "first", "--json"], in: project)
    let second = try Tool.run(["export", "second", "--json"], in: project)
    #expect(first.status == 0)
    #expect(first.output.contains("\"test_accuracy\""))
    #expect(first.output == second.output)

    let comparison = try Tool.run(["compare", "first", "second", "--json"], in: project)
    #expect(comparison.status == 0)
    #expect(!comparison.output.contains("\"standing\" : \"won\""))
    #expect(comparison.output.contains("\"standing\" : \"tied\""))
  }

  @Test func aKilledRunGoesOnWhereItWas() throws {
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    let whole = try Tool.run(["run", "smoke", "--name", "whole"], in: project)
    #expect(whole.status == 0, "\(whole.error)")

    let (process, _, _) = try Tool.start(["run", "smoke", "--name", "broken", "--workers", "1"], in: project)
    let file = project + "/archives/broken/run.sqlite-wal"
    // The write-ahead log grows with each stored candidate; a few are enough.
    let deadline = Date().addingTimeInterval(120)
    while (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0) ?? 0 < 400_000,
      process.isRunning, Date() < deadline
    {
      usleep(20_000)
    }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()

    let before = try Tool.run(["status", "broken", "--json"], in: project)
    #expect(before.status == 0, "\(before.error)")
    let resumed = try Tool.run(["run", "--resume", "broken"], in: project)
    #expect(resumed.status == 0, "\(resumed.error)")
    let archives = try ["whole", "broken"].map {
      try Tool.run(["export", $0, "--json", "--skip-test"], in: project).output
    }
    #expect(archives[0] == archives[1])
  }

  @Test func aRunOutlivesItsPromptFiles() throws {
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    let own = project + "/own"
    func write(_ text: String) throws {
      try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: URL(fileURLWithPath: own + "/mine.md"))
    }
    func archive(_ name: String) throws -> String {
      try Tool.run(["export", name, "--json", "--skip-test"], in: project).output
    }
    func resume(to generations: Int) throws -> String {
      let resumed = try Tool.run(["run", "--resume", "run", "--generations", "\(generations)"], in: project)
      #expect(resumed.status == 0, "\(resumed.error)")
      let verified = try Tool.run(["verify", "run"], in: project)
      #expect(verified.status == 0, "\(verified.output) \(verified.error)")
      return resumed.error
    }
    try write("---\nid: mine\nkind: mutation\nrewrite: deepen\n---\nMore layers.")
    let arguments = ["run", "smoke", "--prompts", own, "--generations"]
    #expect(try Tool.run(arguments + ["4", "--name", "whole"], in: project).status == 0)
    #expect(try Tool.run(arguments + ["1", "--name", "run"], in: project).status == 0)
    #expect(try !resume(to: 2).contains("prompts that changed"))
    // Another text and place, then no folder at all: a mutation more or less would draw other prompts.
    try write("---\nid: mine\nkind: mutation\norder: 0\nrewrite: shrink\n---\nFewer layers.")
    #expect(
      try resume(to: 3).contains(
        "prompts that changed since the run began: mine; the texts that 'run' keeps are used"))
    try FileManager.default.removeItem(atPath: own)
    #expect(
      try resume(to: 4).contains(
        "cannot be read; 'search.prompts' must be a folder with .md files. So the texts"))
    #expect(try archive("run") == archive("whole"))
  }

  @Test func exportsLoadIntoPyTorch() throws {
    let python = ProcessInfo.processInfo.environment["NICHE_PYTHON"] ?? "/usr/bin/python3"
    guard try shell("\(python) -c 'import torch'").status == 0 else {
      print("note: \(python) cannot import torch, so the export is not loaded into PyTorch")
      return
    }
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    #expect(try Tool.run(["run", "smoke", "--name", "run"], in: project).status == 0)
    #expect(try Tool.run(["export", "run"], in: project).status == 0)
    let check = try shell("\(python) \(Tool.package)/scripts/check-export \(project)/archives/run/export")
    #expect(check.status == 0, "\(check.output)")
    #expect(check.output.contains("largest difference"))
  }

  @Test func plotsAndTablesAreMade() throws {
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    #expect(try Tool.run(["run", "smoke", "--name", "run"], in: project).status == 0)
    #expect(try Tool.run(["plot", "run"], in: project).status == 0)
    for kind in ["map", "curves", "lineage", "success", "funnel"] {
      let picture = try String(contentsOfFile: "\(project)/archives/run/plots/\(kind).svg", encoding: .utf8)
      #expect(picture.hasPrefix("<svg") && picture.contains("</svg>"))
    }
    // Of two axes there are no pairs.
    let refused = try Tool.run(["plot", "run", "--kind", "pairs"], in: project)
    #expect(refused.status == 1 && refused.error.contains("nothing for the picture 'pairs'"))
    let report = try String(contentsOfFile: "\(project)/archives/run/plots/report.html", encoding: .utf8)
    #expect(report.hasPrefix("<!DOCTYPE html>") && report.contains("id=\"candidate-0\""))
    let png = ["plot", "run", "--kind", "map", "--format", "png"]
    let missing = try Tool.run(png, in: project, environment: ["PATH": "/nowhere"])
    #expect(missing.status == 1 && missing.error.contains("librsvg2-bin"))
    if try shell("command -v rsvg-convert").status == 0 {
      #expect(try Tool.run(png, in: project).status == 0)
      let bytes = FileManager.default.contents(atPath: "\(project)/archives/run/plots/map.png") ?? Data()
      #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) && bytes.count > 5000)
    } else {
      print("note: rsvg-convert is not here, so no PNG is made")
    }
    let table = try Tool.run(["show", "run"], in: project)
    #expect(table.output.contains("width_depth_ratio"))
    let candidate = try Tool.run(["show", "run", "1"], in: project)
    #expect(candidate.output.contains("class Net"))
    #expect(try Tool.run(["status"], in: project).output.contains("fashion-mnist"))
  }

  private func shell(_ command: String) throws -> Tool.Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command + " 2>&1"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Tool.Result(
      output: String(decoding: data, as: UTF8.self), error: "", status: process.terminationStatus)
  }
}
