import Foundation
import Testing

/// What a user does wrong gets one clear sentence and exit code 1, never a trace.
@Suite struct MistakeTests {
  struct Mistake: CustomTestStringConvertible, Sendable {
    var arguments: [String]
    var says: [String]
    var environment: [String: String] = [:]

    var testDescription: String { arguments.joined(separator: " ") }
  }

  static let mistakes: [Mistake] =
    [
      Mistake(
        arguments: ["run", "quickstrat"], says: ["quickstrat", "Did you mean the preset 'quickstart'?"]),
      Mistake(
        arguments: ["run", "unknown-key.yaml"], says: ["Line 2", "trainig", "did you mean 'training'?"]),
      Mistake(
        arguments: ["run", "wrong-type.yaml"], says: ["search.generations", "must be a whole number"]),
      Mistake(
        arguments: ["run", "no-data.yaml"], says: ["cifar-10", "not found"], environment: ["NICHE_DATA": ""]),
      Mistake(arguments: ["run", "descriptor.yaml"], says: ["widht", "Did you mean 'width'?"]),
      Mistake(
        arguments: ["run", "unreachable.yaml"], says: ["127.0.0.1:9"],
        environment: ["OPENAI_API_KEY": "sk-secret-1234567"]),
      Mistake(arguments: ["show", "nothing"], says: ["There is no run 'nothing'"]),
      Mistake(arguments: ["status", "damaged"], says: ["damaged"]),
      Mistake(arguments: ["verify", "study"], says: ["a study and no run", "niche study FILE --verify"]),
      Mistake(arguments: ["show", "archives/study"], says: ["a study and no run"]),
      Mistake(arguments: ["export", "/no/such/run"], says: ["There is no run '/no/such/run'"]),
    ]
    // Outside of a project what is wrong is still the run.
    + [
      ["export"], ["verify"], ["show"], ["status"], ["plot"], ["compare", "/no/such"], ["run", "--resume"],
    ].map {
      Mistake(
        arguments: $0 + ["/no/such/run"], says: ["There is no run '/no/such"],
        environment: ["NICHE_HOME": "/nowhere"])
    } + [
      Mistake(arguments: ["compile", "missing.py"], says: ["missing.py", "cannot be read"]),
      Mistake(arguments: ["compare", "one"], says: ["second"]),
      Mistake(arguments: ["compare", "one", "--niche", "3"], says: ["--niche"]),
      Mistake(
        arguments: ["compare", "one", "--niche", "3", "--niche", "x"], says: ["'x' is no niche"]),
      Mistake(arguments: ["compare", "one", "--group", "two"], says: ["NAME=RUN"]),
      Mistake(
        arguments: ["compare", "--group", "a=one", "--group", "a=two"], says: ["Two groups are called 'a'"]),
      Mistake(
        arguments: ["compare", "one", "two", "--like", "one", "--axes", "a=0:1:2"],
        says: ["--like and --axes"]),
      Mistake(arguments: ["export", "x", "--top", "0"], says: ["--top"]),
      Mistake(arguments: ["frobnicate"], says: ["frobnicate"]),
    ]

  @Test(arguments: mistakes) func getsOneSentence(_ mistake: Mistake) throws {
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    try write("preset: smoke\ntrainig: {epochs: 1}\n", project + "/unknown-key.yaml")
    try write("preset: smoke\nsearch: {generations: many}\n", project + "/wrong-type.yaml")
    try write("preset: smoke\ndata: {name: cifar-10}\n", project + "/no-data.yaml")
    try write(
      "preset: smoke\ndescriptors: [{name: widht, lower: 0, upper: 9}]\n", project + "/descriptor.yaml")
    try write(
      "preset: smoke\nmodel: {provider: openai, endpoint: \"http://127.0.0.1:9/v1\", name: m}\n",
      project + "/unreachable.yaml")
    try FileManager.default.createDirectory(
      atPath: project + "/archives/damaged", withIntermediateDirectories: true)
    try write(String(repeating: "no database ", count: 500), project + "/archives/damaged/run.sqlite")

    try FileManager.default.createDirectory(
      atPath: project + "/archives/study", withIntermediateDirectories: true)
    try write("", project + "/archives/study/study.jsonl")

    let result = try Tool.run(mistake.arguments, in: project, environment: mistake.environment)
    #expect(result.status == 1, "\(result.error)")
    for part in mistake.says { #expect(result.error.contains(part), "\(result.error)") }
    #expect(!result.error.contains("Fatal error") && !result.error.contains("Stack dump"))
    #expect(!(result.error + result.output).contains("sk-secret"))
    let errors = result.error.split(separator: "\n").filter { $0.hasPrefix("error: ") }
    #expect(errors.count == 1, "\(result.error)")
  }

  @Test func aFileThatDoesNotCompileIsExplained() throws {
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    let source = """
      import torch.nn as nn
      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.conv = nn.Conv2d(4, 8, 3)
          def forward(self, x):
              return self.conv(x)
      """
    try write(source, project + "/net.py")
    let result = try Tool.run(["compile", "net.py"], in: project)
    #expect(result.status == 1)
    #expect(result.output.contains("net.py:") && result.output.contains("error: "), "\(result.output)")
  }

  private func write(_ text: String, _ path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }
}
