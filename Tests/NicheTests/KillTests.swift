import Foundation
import RandomStreams
import Testing

/// A search that is killed at random moments: what it said it had stored is there, the file holds, and in the end the
/// archive is that of a search that nobody disturbed.
///
/// `NICHE_TEST_ALL` kills 100 times, `NICHE_TEST_KILLS` as often as it says, divided among the kinds of searches;
/// otherwise it is eight times.
@Suite("SIGKILL at any moment", .serialized)
struct KillTests {
  /// The searches that are killed.
  enum Kind: String, CaseIterable {
    case plain, fronts, noise, space

    /// What the configuration has in addition.
    fileprivate var archive: String {
      switch self {
      case .plain, .space: "dimensions: [6, 6]"
      case .fronts:
        "dimensions: [3, 3], front: 4, objectives: [{name: macs, worst: 1e6, best: 1e3, scale: log}]"
      case .noise: "dimensions: [2, 2], noise: {scores: 3, deviation: 0.05}"
      }
    }

    /// What begins a search of that name.
    fileprivate func beginning(_ name: String) -> [String] {
      guard self == .space else { return ["run", "kill.yaml", "--name", name] }
      return [
        "run", "nas-bench-201", "--strategy", "regularized-evolution", "--evaluations", "150", "--name", name,
      ]
    }
  }

  private static var kills: Int {
    let environment = ProcessInfo.processInfo.environment
    if let count = environment["NICHE_TEST_KILLS"].flatMap(Int.init) { return count }
    return environment["NICHE_TEST_ALL"] == nil ? 8 : 100
  }

  @Test(arguments: Kind.allCases) func nothingReportedIsLost(kind: Kind) throws {
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    if kind == .space {
      try NASBench201Table.csv().write(
        toFile: project + "/cells.csv", atomically: true, encoding: .utf8)
      #expect(try Self.run(["data", "import", "cells.csv"], in: project).status == 0)
    } else {
      try Self.writeData(to: project + "/data")
      try Self.configuration(project + "/data", archive: kind.archive).write(
        toFile: project + "/kill.yaml", atomically: true, encoding: .utf8)
    }
    let begin = Date()
    let whole = try Self.run(kind.beginning("whole"), in: project)
    #expect(whole.status == 0, "\(whole.error)")
    // Kills fall anywhere between the start of a process and somewhat beyond what a whole search takes.
    let longest = 1.1 * Date().timeIntervalSince(begin)
    let expected = try Self.archive("whole", in: project)

    var random = RandomStream(seed: 20_260_101).stream("kills of \(kind)")
    let share = max(1, Self.kills / Kind.allCases.count)
    var (killed, runs, resumed) = (0, 0, 0)
    while killed < share {
      runs += 1
      let name = "broken-\(runs)"
      var isDone = false
      // Half of the searches are killed again after they were resumed, and so on.
      repeat {
        let isBegun = FileManager.default.fileExists(atPath: project + "/archives/\(name)/run.sqlite")
        resumed += isBegun ? 1 : 0
        let arguments = isBegun ? ["run", "--resume", name] : kind.beginning(name)
        let (process, _, error) = try Tool.start(arguments, in: project, environment: Self.environment)
        usleep(UInt32(random.uniform(0, longest) * 1e6))
        isDone = !process.isRunning
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        killed += isDone ? 0 : 1
        try Self.check(name, kind, reported: error, in: project)
      } while !isDone && killed < share && random.bernoulli(0.5)
      let last =
        FileManager.default.fileExists(atPath: project + "/archives/\(name)/run.sqlite")
        ? ["run", "--resume", name] : kind.beginning(name)
      let result = try Self.run(last, in: project)
      #expect(result.status == 0, "\(result.error)")
      try #require(try Self.archive(name, in: project) == expected, "kill \(killed) of \(name)")
      try FileManager.default.removeItem(atPath: project + "/archives/\(name)")
    }
    print(
      "\(kind): killed \(killed) processes of \(runs) searches, of which \(resumed) were resumed ones: all hold"
    )
  }

  /// No data but those of the project are looked for.
  private static let environment = ["NICHE_DATA": ""]

  private static func run(_ arguments: [String], in project: String) throws -> Tool.Result {
    try Tool.run(arguments, in: project, environment: environment)
  }

  /// What the process wrote to the standard error is a line for each generation that is stored.
  private static func check(
    _ name: String, _ kind: Kind, reported path: String, in project: String
  ) throws {
    guard FileManager.default.fileExists(atPath: project + "/archives/\(name)/run.sqlite") else {
      // It was killed before there was a run, so it cannot have told of any generation.
      #expect(generations(reportedIn: path) == 0)
      return
    }
    let proof = try run(["verify"] + (kind == .space ? ["--quick"] : []) + [name], in: project)
    try #require(proof.status == 0, "\(proof.output) \(proof.error)")
    let status = try run(["status", name, "--json"], in: project)
    let object = try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any]
    let stored = try #require(object?["generations"] as? Int)
    try #require(stored >= generations(reportedIn: path))
  }

  private static func generations(reportedIn path: String) -> Int {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.matches(of: /generation (\d+)\/\d+/).compactMap { Int($0.output.1) }.max() ?? 0
  }

  private static func archive(_ name: String, in project: String) throws -> String {
    let result = try run(["export", name, "--json", "--skip-test"], in: project)
    #expect(result.status == 0, "\(result.error)")
    return result.output
  }

  private static func configuration(_ data: String, archive: String) -> String {
    """
    seed: 3
    data: {name: fashion-mnist, path: "\(data)", validation_share: 0.25}
    training: {epochs: 1, batch_size: 10}
    archive: {kind: grid, \(archive)}
    descriptors:
      - {name: width_depth_ratio, lower: 1, upper: 64, scale: log}
      - {name: parameters, lower: 1000, upper: 1000000, scale: log}
    search: {generations: 6, batch: 4, initial_networks: 2, prompt_cells: 4}
    model: {provider: rewriter}
    limits: {macs: 1000000}

    """
  }

  /// A few random images in the form of Fashion-MNIST's files.
  private static func writeData(to folder: String) throws {
    let place = folder + "/fashion-mnist"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    var random = RandomStream(seed: 1)
    for (prefix, count) in [("train", 60), ("t10k", 10)] {
      func header(_ numbers: [UInt32]) -> [UInt8] {
        numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
      }
      let labels = (0..<count).map { UInt8($0 % 10) }
      let images = (0..<count * 784).map { UInt8(random.integer(below: 100) + $0 / 784 % 10 * 15) }
      try Data(header([0x803, UInt32(count), 28, 28]) + images).write(
        to: URL(fileURLWithPath: "\(place)/\(prefix)-images-idx3-ubyte"))
      try Data(header([0x801, UInt32(count)]) + labels).write(
        to: URL(fileURLWithPath: "\(place)/\(prefix)-labels-idx1-ubyte"))
    }
  }
}
