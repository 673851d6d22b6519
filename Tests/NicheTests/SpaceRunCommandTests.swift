import Foundation
import Testing

/// `niche run` of a space, and what other commands say of it, as a user runs them.
@Suite struct SpaceRunCommandTests {
  /// A table of all cells by their numbers, whose values are made up.
  private static func csv() -> String {
    var lines = ["index,c10_val200_nats,c10_test200_nats,c10_val12,c10_test12"]
    for index in 0..<15_625 {
      let value = 60 + 30 * Double(index * 7919 % 15_625) / 15_625
      lines.append("\(index),\(value),\(value - 1),\(value - 20 + Double(index % 7)),\(value - 22)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func run(_ arguments: [String], in project: String, status: Int32 = 0) throws -> Tool.Result {
    let result = try Tool.run(arguments, in: project, environment: ["NICHE_DATA": ""])
    #expect(result.status == status, "\(arguments): \(result.error)")
    return result
  }

  @Test func aSpaceIsSearchedAndReported() throws {
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    let missing = try run(["run", "nas-bench-201"], in: project, status: 1)
    #expect(missing.error.contains("scripts/nas-bench-201"))
    #expect(!FileManager.default.fileExists(atPath: project + "/archives/nas-bench-201"))
    try Self.csv().write(toFile: project + "/cells.csv", atomically: true, encoding: .utf8)
    _ = try run(["data", "import", "cells.csv"], in: project)
    for strategy in ["bohb", "collm-statistics"] {
      let found = try run(
        ["run", "nas-bench-201", "--strategy", strategy, "--evaluations", "40", "--seed", "2"], in: project)
      #expect(found.output.contains("nas-bench-201 by \(strategy): "))
    }
    let names = ["nas-bench-201-bohb", "nas-bench-201-collm-statistics"]
    let verified = try run(["verify", "--quick"] + names, in: project)
    for name in names { #expect(verified.output.contains("\(name) holds.")) }
    #expect(try run(["compare"] + names, in: project).output.contains("25000 validation images"))
    let resumed = try run(["run", "--resume", names[1], "--evaluations", "55"], in: project)
    #expect(
      resumed.output.contains("55.0 of 55 evaluations") || resumed.output.contains("55 of 55 evaluations"))
    #expect(try run(["verify", "--quick", names[1]], in: project).output.contains("holds."))
    let exported = try run(["export", names[1], "--top", "2", "--output", "out"], in: project)
    #expect(exported.output.contains("2 elites are in out") && exported.output.contains("test accuracy"))
    #expect(try run(["show", names[1]], in: project).output.contains("strategy"))
    #expect(try run(["plot", names[1]], in: project).output.contains("report"))
    let model = try run(
      ["run", "nas-bench-201", "--strategy", "collm", "--author", "rewriter"], in: project, status: 1)
    #expect(model.error.contains("asks a language model, and there is none"))
    let other = try run(["run", "smoke", "--strategy", "random"], in: project, status: 1)
    #expect(other.error.contains("search.strategy"))
  }
}
