import ArgumentParser
import Foundation
import NetworkGraph
import TorchFrontend

/// Times the network compiler: from source text to graph, canonical hash, cost and descriptors.
@main struct CompilerBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compiler-benchmark",
    abstract: "Times the compilation of network sources; prints one line of JSON for each.")

  @Argument(help: "Files of network code, each a case; see networks/.") var files: [String]
  @Option(help: "The shape of one example.") var input = "3x32x32"
  @Option(help: "An expression that builds the network.") var call: String?
  @Option(help: "Seconds to repeat each case for.") var seconds = 1.0
  @Flag(help: "Only the first compilation, which builds the library's tables.") var cold = false

  func run() throws {
    let shape = input.split(separator: "x").compactMap { Int($0) }
    for file in files {
      let source = try String(contentsOfFile: file, encoding: .utf8)
      // A batch of two in training mode, as a search hashes candidates.
      var options = CompilationOptions(inputShape: [2] + shape)
      options.isTraining = true
      options.call = call
      let result = try Measurement(source, options, seconds: cold ? 0 : seconds, warmUp: cold ? 0 : 3)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      print(
        String(
          decoding: try encoder.encode(
            Line(name: URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent, result)),
          as: UTF8.self))
    }
  }

  /// What is printed of a case.
  struct Line: Encodable {
    var name: String
    var repetitions: Int
    var medianMilliseconds: Double
    var minimumMilliseconds: Double
    var perSecond: Double
    var operations: Int
    var parameters: Int
    var layers: Int
    var hash: String

    enum CodingKeys: String, CodingKey {
      case name, repetitions, operations, parameters, layers, hash
      case medianMilliseconds = "median_ms"
      case minimumMilliseconds = "min_ms"
      case perSecond = "per_second"
    }

    init(name: String, _ measurement: Measurement) {
      self.name = name
      let times = measurement.times.sorted()
      repetitions = times.count
      medianMilliseconds = times[times.count / 2]
      minimumMilliseconds = times[0]
      perSecond = 1000 / medianMilliseconds
      operations = measurement.operations
      parameters = measurement.parameters
      layers = measurement.layers
      hash = measurement.hash
    }
  }
}

/// Repeated compilations of one source.
struct Measurement {
  /// Milliseconds of wall time of each.
  private(set) var times: [Double] = []
  private(set) var operations = 0
  private(set) var parameters = 0
  private(set) var layers = 0
  private(set) var hash = ""

  init(_ source: String, _ options: CompilationOptions, seconds: Double, warmUp: Int) throws {
    let clock = ContinuousClock()
    for _ in 0..<warmUp { try compile(source, options) }
    let start = clock.now
    repeat {
      let time = try clock.measure { try compile(source, options) }
      times.append(time / .milliseconds(1))
    } while clock.now - start < .seconds(seconds)
  }

  /// All that a search wants to know of a source.
  private mutating func compile(_ source: String, _ options: CompilationOptions) throws {
    let network = try NetworkCompiler.compile(source, options: options)
    let profile = network.profile
    hash = network.graph.canonicalHash
    operations = network.graph.nodes.count
    parameters = profile.parameters
    layers = network.layers.count
  }
}
