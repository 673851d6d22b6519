import Foundation
import QualityDiversity
import RandomStreams
import Reports
import RunStore
import Search

/// Times what is done with a run of 100,000 candidates: seconds of processor time.
///
/// Prints one object of JSON. The candidates are such as a search by table gives: a source of some 1,000 bytes, two
/// measures, no epochs. Each figure is the least of several rounds.
@main struct StoreBenchmark {
  static let count = 100_000
  static let batch = 1000

  static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  static func least(
    _ rounds: Int, isolation: isolated (any Actor)? = #isolation, run: () async throws -> Void
  ) async rethrows -> Double {
    var least = Double.infinity
    for _ in 0..<rounds {
      let start = processorSeconds()
      try await run()
      least = min(least, processorSeconds() - start)
    }
    return least
  }

  static func configuration() -> RunConfiguration {
    var run = RunConfiguration()
    run.name = "benchmark"
    run.archive.kind = .grid
    run.archive.dimensions = [32, 32]
    run.search.generations = count / batch
    run.search.batch = batch
    run.descriptors = [
      DescriptorSettings(name: "width_depth_ratio", lower: 0, upper: 200),
      DescriptorSettings(name: "macs", lower: 1e6, upper: 5e9, scale: .log),
    ]
    return run
  }

  /// As many figures as a network has, those of some kinds of operations among them.
  static func figures(using stream: inout RandomStream) -> [String: Double] {
    let kinds = ["add", "batch_norm", "conv2d", "flatten", "linear", "max_pool2d", "relu"]
    return (NetworkDescription.figureNames + kinds).reduce(into: [:]) {
      $0[$1] = Double(stream.integer(below: 10_000_000))
    }
  }

  static func candidates(seed: UInt64, hasFigures: Bool = true) -> [CandidateRecord] {
    var stream = RandomStream(seed: seed).stream("candidates")
    let digits = Array("0123456789abcdef")
    let layer =
      "        self.conv0 = nn.Conv2d(16, 16, 3, padding=1)  # one of its layers, as sources have them\n"
    return (1...count).map { id in
      let network = NetworkDescription(
        hash: String((0..<32).map { _ in digits[stream.integer(below: 16)] }), className: "Net",
        parameters: 1000 + stream.integer(below: 10_000_000),
        macs: 1_000_000 + stream.integer(below: 4_000_000_000),
        width: 1 + stream.integer(below: 512), depth: 1 + stream.integer(below: 40),
        figures: hasFigures ? figures(using: &stream) : nil)
      return CandidateRecord(
        id: id, generation: 1 + (id - 1) / batch, index: (id - 1) % batch,
        origin: CandidateOrigin(
          step: .mutation, author: .rewriter, form: .rewrite,
          parents: id > batch ? [stream.integer(below: id - batch)] : [0],
          prompt: "add-convolution", temperature: 0.6),
        source: "class Net\(id)(nn.Module):\n" + String(repeating: layer, count: 10),
        verdict: Verdict(.valid),
        description: network,
        measures: [Double(network.width) / Double(network.depth), Double(network.macs)],
        evaluation: TrainingOutcome(epochs: [], imagesSeen: 50_000, seconds: 12.5), fitness: stream.uniform())
    }
  }

  /// Stores a run and gives the seconds that appending its candidates took.
  static func write(_ folder: String, _ candidates: [CandidateRecord]) async throws -> Double {
    let configuration = configuration()
    let store = try RunStore.create(
      in: folder,
      header: RunHeader(
        name: String(folder.suffix(3)), configuration: configuration, authorChoice: "A table.", version: "0",
        machine: "any",
        began: "2026-01-01T00:00:00Z"))
    var archive = try configuration.makeArchive()
    var seconds = 0.0
    for number in 1...count / batch {
      let records = Array(candidates[(number - 1) * batch..<number * batch])
      let start = processorSeconds()
      try await store.record(records)
      seconds += processorSeconds() - start
      for record in records {
        archive.add(record.id, objective: record.fitness ?? 0, measures: record.measures ?? [])
      }
      try await store.commit(
        GenerationRecord(
          number: number, isInitialisation: false, step: .mutation,
          networks: archive.elites.map {
            ArchiveCell(cell: $0.cell, candidate: $0.solution, fitness: $0.objective)
          }, prompts: [], statistics: archive.statistics(),
          bestOfGeneration: records.compactMap(\.fitness).max()))
    }
    return seconds
  }

  static func main() async throws {
    let folder = NSTemporaryDirectory() + "niche-store-benchmark-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var figures: [String: Double] = [:]
    let (one, two) = (candidates(seed: 1), candidates(seed: 2))
    let seconds = min(try await write(folder + "/one", one), try await write(folder + "/two", two))
    figures["appending in batches of 1,000, candidates a second"] = Double(count) / seconds

    // As a search of a table's architectures has them, which nobody compiled.
    let bare = try await write(folder + "/bare", candidates(seed: 3, hasFigures: false))
    figures["appending those without the compiler's figures, candidates a second"] = Double(count) / bare

    figures["opening a run"] = try await least(5) {
      guard try await RunSnapshot(RunStore.read(folder + "/one")).candidates.count == count else {
        throw CocoaError(.coderInvalidValue)
      }
    }
    let first = try await RunSnapshot(RunStore.read(folder + "/one"))
    let second = try await RunSnapshot(RunStore.read(folder + "/two"))
    var other = first.header.configuration
    other.archive.dimensions = [50, 20]
    other.descriptors = [
      DescriptorSettings(name: "parameters", lower: 1e3, upper: 1e7, scale: .log),
      DescriptorSettings(name: "depth", lower: 0, upper: 40),
    ]
    figures["rebuilding with new axes"] = try await least(5) {
      guard try first.archive(on: other).count > 500 else { throw CocoaError(.coderInvalidValue) }
    }
    other.descriptors[0] = DescriptorSettings(
      name: "log10(activation_elements)", lower: 3, upper: 7)
    figures["rebuilding with axes of other figures"] = try await least(5) {
      guard try first.archive(on: other).count > 500 else { throw CocoaError(.coderInvalidValue) }
    }
    let groups = [first, second].enumerated().map {
      ComparisonGroup(name: "\($0)", members: [.run($1)])
    }
    figures["comparing two runs"] = try await least(5) {
      guard try !Comparison(groups).text().isEmpty else { throw CocoaError(.coderInvalidValue) }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    print(String(decoding: try encoder.encode(figures), as: UTF8.self))
  }
}
