import Foundation
import Testing

/// The built `niche` program, run as a user runs it.
enum Tool {
  /// What a command printed, and how it ended.
  struct Result {
    var output: String
    var error: String
    var status: Int32
  }

  /// The folder of the package.
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// The program beside the test bundle.
  static let program: String = {
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let places = [bundle.path, package + "/.build/debug"]
    return places.map { $0 + "/niche" }.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "niche"
  }()

  /// A folder that holds prompts and no runs, as a project does.
  static func project() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("niche-\(UUID().uuidString)")
      .path
    try FileManager.default.createDirectory(atPath: folder + "/archives", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/prompts", withDestinationPath: package + "/prompts")
    return folder
  }

  /// Begins a command in a project.
  static func start(
    _ arguments: [String], in project: String, environment: [String: String] = [:]
  ) throws -> (process: Process, output: String, error: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    var variables = ProcessInfo.processInfo.environment
    for name in variables.keys where name.hasPrefix("OPENAI_") { variables[name] = nil }
    variables["NICHE_HOME"] = project
    variables["NICHE_CACHE"] = project + "/cache"
    variables.merge(environment) { _, new in new }
    process.environment = variables
    process.currentDirectoryURL = URL(fileURLWithPath: project)
    // Files, not pipes: a pipe that nobody reads stops the program.
    let stem = project + "/" + UUID().uuidString
    for suffix in [".out", ".err"] { try Data().write(to: URL(fileURLWithPath: stem + suffix)) }
    process.standardOutput = FileHandle(forWritingAtPath: stem + ".out")
    process.standardError = FileHandle(forWritingAtPath: stem + ".err")
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return (process, stem + ".out", stem + ".err")
  }

  /// Runs a command to its end.
  static func run(
    _ arguments: [String], in project: String, environment: [String: String] = [:]
  ) throws -> Result {
    let (process, output, error) = try start(arguments, in: project, environment: environment)
    process.waitUntilExit()
    return Result(
      output: (try? String(contentsOfFile: output, encoding: .utf8)) ?? "",
      error: (try? String(contentsOfFile: error, encoding: .utf8)) ?? "", status: process.terminationStatus)
  }

  /// A server in Python on this machine, which prints its port first, for as long as the body runs.
  static func withServer(_ source: String, _ body: (Int) throws -> Void) throws {
    let python = Process()
    python.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    python.arguments = ["-c", source]
    let pipe = Pipe()
    python.standardOutput = pipe
    try python.run()
    defer {
      // A signal that can be refused would leave it behind.
      kill(python.processIdentifier, SIGKILL)
      python.waitUntilExit()
    }
    let line = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
    try body(try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines))))
  }
}

/// A table of the space NAS-Bench-201 for tests.
enum NASBench201Table {
  /// All cells by their numbers, with values that are made up.
  static func csv() -> String {
    var lines = ["index,c10_val200_nats,c10_test200_nats,c10_val12,c10_test12"]
    for index in 0..<15_625 {
      let value = 60 + 30 * Double(index * 7919 % 15_625) / 15_625
      lines.append("\(index),\(value),\(value - 1),\(value - 20 + Double(index % 7)),\(value - 22)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
