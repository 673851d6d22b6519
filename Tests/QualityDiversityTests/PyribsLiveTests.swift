import Foundation
import QualityDiversity
import RandomStreams
import Testing

/// Agreement with pyribs itself, addition by addition, where a Python has it.
///
/// `NICHE_PYRIBS_ADDITIONS` says how many additions there are per archive (5,000; a tenth with sliding borders, at
/// which pyribs is slow).
@Suite(.enabled(if: Pyribs.python != nil, "no Python here can import ribs (NICHE_PEERS_PYTHON names one)"))
struct PyribsLiveTests {
  private static func axes(_ count: Int) throws -> [MeasureAxis] {
    try (0..<count).map { try MeasureAxis(name: "m\($0)", lower: 0, upper: 1) }
  }

  /// Adds in batches here and there, and compares everything either says.
  private func compare<Kept: Archive<Int>>(
    _ archive: Kept, _ settings: [String: any Sendable], batch: Int, additions: Int = Pyribs.additions,
    isUnstructured: Bool = false, hasValues: Bool = true, centroids: [[Double]] = [],
    thresholds: ((Kept, Int) -> Double?)? = nil, seed: UInt64
  ) throws {
    var archive = archive
    let width = archive.axes.count
    var stream = RandomStream(seed: seed).stream("pyribs")
    let objectives = (0..<additions).map { _ in stream.normal() }
    let measures = (0..<additions * width).map { index in
      // More in the middle than at the borders.
      archive.axes[index % width].denormalized((stream.uniform() + stream.uniform()) / 2)
    }
    let targets = (0..<20 * width).map { _ in stream.uniform() }
    var settings = settings
    settings["axes"] = width
    settings["batch"] = batch
    settings["offset"] = -3.0
    settings["targets"] = !archive.axes.contains(where: \.isCategorical)
    let theirs = try Pyribs.run(
      settings,
      [
        "objectives": objectives, "measures": measures, "targets": targets,
        "centroids": centroids.flatMap { $0 },
      ])
    var (statuses, values): ([Double], [Double]) = ([], [])
    for start in stride(from: 0, to: additions, by: batch) {
      let rows = start..<min(additions, start + batch)
      let outcome: BatchOutcome
      if batch == 1 {
        let one = archive.add(
          start, objective: objectives[start], measures: Array(measures[start * width..<(start + 1) * width]))
        statuses.append([.rejected: 0, .improved: 1, .new: 2][one.status]!)
        values.append(one.improvement ?? 0)
      } else {
        outcome = try archive.add(
          solutions: Array(rows), objectives: Array(objectives[rows]),
          measures: Array(measures[rows.lowerBound * width..<rows.upperBound * width]))
        statuses += outcome.statuses.map { [.rejected: 0, .improved: 1, .new: 2][$0]! }
        values += outcome.improvements
      }
    }
    try archive.checkInvariants()
    #expect(statuses == theirs["statuses"])
    if hasValues {
      let pairs = zip(values, try #require(theirs["values"]))
      #expect(values.count == additions && pairs.allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($1)) })
    }
    let columns = archive.columns
    if isUnstructured {
      #expect(columns.solutions.sorted().map(Double.init) == theirs["solutions"])
      #expect(columns.solutions.sorted().map { objectives[$0] } == theirs["elite-objectives"])
    } else {
      #expect(columns.cells.map(Double.init) == theirs["cells"])
      #expect(columns.solutions.map(Double.init) == theirs["solutions"])
      #expect(columns.objectives == theirs["elite-objectives"])
    }
    #expect(columns.count > 10)
    if let thresholds {
      let ours = columns.cells.map { thresholds(archive, $0) ?? .nan }
      let expected = try #require(theirs["thresholds"])
      #expect(zip(ours, expected).allSatisfy { abs($0 - $1) <= 1e-9 * max(1, abs($1)) })
    }
    let statistics = archive.statistics(offset: -3)
    let expected = try #require(theirs["statistics"])
    var figures = [
      Double(statistics.elites), statistics.coverage, statistics.qdScore, statistics.normalizedQDScore,
      try #require(statistics.best), try #require(statistics.mean),
    ]
    // Where a worse elite may replace a better, pyribs still gives the best there ever was.
    if thresholds != nil { figures[4] = expected[4] }
    // pyribs keeps running sums, which gather rounding over the additions.
    #expect(
      zip(figures, expected).allSatisfy { abs($0 - $1) <= 1e-9 * max(1, abs($1)) }, "\(figures) \(expected)")
    if let score = theirs["cqd"]?.first {
      let ours = try ContinuousScore(
        targets: stride(from: 0, to: targets.count, by: width).map { Array(targets[$0..<$0 + width]) },
        penalties: ContinuousScore.evenPenalties(5), objectiveRange: 5,
        greatestDistance: Double(width).squareRoot()
      ).score(of: archive)
      #expect(abs(try #require(ours) - score) <= 1e-9 * abs(score))
    }
  }

  @Test(arguments: [36, 1]) func gridsAgree(batch: Int) throws {
    let archive = try GridArchive<Int>(axes: Self.axes(2), dimensions: [64, 48])
    try compare(
      archive, ["kind": "grid", "dimensions": [64, 48]], batch: batch,
      additions: batch == 1 ? Pyribs.additions / 10 : Pyribs.additions, seed: 1)
  }

  @Test(arguments: [(500, 0.01), (500, 1), (1, 0.5)]) func thresholdsAgree(batch: Int, rate: Double) throws {
    let rule = try ThresholdRule(learningRate: rate, minimum: -1)
    let archive = try GridArchive<Int>(axes: Self.axes(3), dimensions: [5, 6, 7], thresholds: rule)
    try compare(
      archive, ["kind": "grid", "dimensions": [5, 6, 7], "learningRate": rate, "minimum": -1.0], batch: batch,
      additions: batch == 1 ? Pyribs.additions / 10 : Pyribs.additions, thresholds: { $0.threshold(of: $1) },
      seed: 2)
  }

  @Test func voronoiCellsAgree() throws {
    let cells = try VoronoiTessellation(axes: Self.axes(3), cells: 300, samples: 2000, seed: 7)
    try compare(
      TessellatedArchive<VoronoiTessellation, Int>(cells), ["kind": "cvt"], batch: 1000,
      centroids: cells.centroids, seed: 3)
  }

  @Test func categoriesAgree() throws {
    let axes = try [7, 5, 9].enumerated().map { axis, count in
      try MeasureAxis(name: "m\(axis)", categories: (0..<count).map { "c\($0)" })
    }
    let archive = try GridArchive<Int>(axes: axes, dimensions: [7, 5, 9])
    try compare(archive, ["kind": "categorical", "dimensions": [7, 5, 9]], batch: 1000, seed: 4)
  }

  @Test(arguments: [false, true]) func unstructuredArchivesAgree(competition: Bool) throws {
    let archive = try ProximityArchive<Int>(
      axes: Self.axes(2), neighbourCount: 5, noveltyThreshold: 0.03, localCompetition: competition)
    // Without competition pyribs tells the novelty and no improvement.
    try compare(
      archive,
      ["kind": "proximity", "neighbours": 5, "novelty": 0.03, "localCompetition": competition], batch: 100,
      isUnstructured: true, hasValues: competition, seed: 6)
  }

  @Test func dominatedNoveltyAgrees() throws {
    let archive = try DominatedNoveltyArchive<Int>(axes: Self.axes(2), capacity: 100, neighbourCount: 4)
    try compare(
      archive, ["kind": "dns", "capacity": 100, "neighbours": 4], batch: 50, isUnstructured: true,
      hasValues: false, seed: 7)
  }

  @Test func slidingBordersAgree() throws {
    let archive = try SlidingBoundariesArchive<Int>(
      axes: Self.axes(2), dimensions: [10, 20], remapFrequency: 100, capacity: 500)
    try compare(
      archive,
      ["kind": "sliding", "dimensions": [10, 20], "remapFrequency": 100, "capacity": 500], batch: 100,
      additions: Pyribs.additions / 10, seed: 5)
  }
}

/// A Python with pyribs, and what is said to it in files of a folder.
enum Pyribs {
  static let additions =
    ProcessInfo.processInfo.environment["NICHE_PYRIBS_ADDITIONS"].flatMap { Int($0) } ?? 5000

  /// The interpreter, or nil where none can import ribs.
  static let python: String? = {
    let environment = ProcessInfo.processInfo.environment
    let named = [environment["NICHE_PEERS_PYTHON"], environment["NICHE_PYTHON"]].compactMap(\.self)
    return (named + ["/usr/bin/python3", "/usr/local/bin/python3"]).first { path in
      FileManager.default.isExecutableFile(atPath: path) && (try? status(path, ["-c", "import ribs"])) == 0
    }
  }()

  private static func status(_ path: String, _ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  static func run(
    _ settings: [String: any Sendable], _ inputs: [String: [Double]]
  ) throws -> [String: [Double]] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pyribs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try JSONSerialization.data(withJSONObject: settings).write(to: folder.appending(path: "settings.json"))
    for (name, numbers) in inputs {
      try numbers.withUnsafeBytes { Data($0) }.write(to: folder.appending(path: name))
    }
    let script = try #require(
      Bundle.module.url(forResource: "pyribs", withExtension: "py", subdirectory: "Fixtures"))
    #expect(try status(#require(python), [script.path, folder.path]) == 0)
    var outputs: [String: [Double]] = [:]
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    where file.pathExtension != "json" {
      let data = try Data(contentsOf: file)
      outputs[file.lastPathComponent] = data.withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
    }
    return outputs
  }
}
