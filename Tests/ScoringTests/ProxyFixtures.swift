import Execution
import Foundation
import NetworkGraph
import RandomStreams
import Testing
import TorchFrontend
import Training

@testable import Scoring

/// A network of the Fixtures folder with weights, two batches and noise, all drawn from one seed.
struct ProxyFixture {
  static let names = ["cell", "residual", "perceptron", "smooth", "depthwise", "deep"]
  static let folder = Bundle.module.url(forResource: "Fixtures", withExtension: nil)
  static let shape = [3, 16, 16]

  let path: String
  let network: ProxyNetwork
  let batches: [ProxyBatch]
  let weights: WeightSet
  /// In place of what a session draws.
  let given: [String: [Float]]

  init(_ name: String, batch: Int) throws {
    let folder = try #require(Self.folder)
    path = folder.appendingPathComponent("networks/\(name).py").path
    network = try Self.network(try String(contentsOfFile: path, encoding: .utf8), batch: batch)
    let stream = RandomStream(seed: 7).stream(name)
    batches = ProxyBatch.noise(2, of: batch, elements: 768, classes: 5, stream: stream)
    weights = try Self.weights(network.batch, stream)
    var numbers = stream.stream("numbers")
    func normal(_ count: Int) -> [Float] { (0..<count).map { _ in Float(numbers.normal()) } }
    var given = [
      "zen.input": normal(batch * 768), "zen.change": normal(batch * 768), "az.input": normal(batch * 768),
      "meco": normal(768),
    ]
    for layer in network.batch.weightLayers() {
      given["zen.\(layer.name)"] = normal(layer.count)
      given["az.\(layer.name)"] = normal(layer.count)
    }
    for (index, end) in network.batch.blockOutputs().enumerated().dropFirst() {
      given["az.signs.\(index)"] = normal(network.batch.type(of: end).elementCount).map { $0 < 0 ? -1 : 1 }
    }
    self.given = given
  }

  static func network(_ source: String, batch: Int, shape: [Int] = shape) throws -> ProxyNetwork {
    try ProxyNetwork(batchSize: batch) { (examples, isTraining) throws(CompilationFailure) in
      try NetworkCompiler.compile(
        source, options: CompilationOptions(inputShape: [examples] + shape, isTraining: isTraining)
      ).graph
    }
  }

  /// Initial values, but for those of normalisations and biases, which are away from 0 and 1.
  private static func weights(_ graph: Graph, _ stream: RandomStream) throws -> WeightSet {
    let store = try VariableStore(graph: graph, stream: stream)
    var tensors: [WeightTensor] = []
    for name in store.names {
      let shape = store.shape(of: name) ?? []
      var values = store.values(of: name) ?? []
      var random = stream.stream("away from 1").stream(name)
      if name.hasSuffix("bias") { values = values.map { _ in Float(random.uniform(-0.3, 0.3)) } }
      if name.hasSuffix("weight"), shape.count == 1 {
        values = values.map { _ in Float(random.uniform(0.5, 1.5)) }
      }
      tensors.append(WeightTensor(name: name, shape: shape, values: .float32(values)))
    }
    return try WeightSet(tensors)
  }

  func session() throws -> ProxySession {
    try ProxySession(
      network, batches: batches, stream: RandomStream(seed: 1), weights: weights, gradientBatches: 2,
      memoryLimit: nil, given: given)
  }

  /// By proxy; nil where there is no score.
  func scores() throws -> [String: Double?] {
    let session = try session()
    var scores: [String: Double?] = [:]
    for proxy in Proxy.allCases where proxy != .macs {
      scores[proxy.rawValue] = .some(try? session.score(proxy))
    }
    return scores
  }

  /// What the script `proxies.py` says of it.
  func reference(_ python: String) throws -> [String: Double?] {
    var tensors = weights.tensors
    for (number, batch) in batches.enumerated() {
      tensors.append(
        WeightTensor(
          name: "images.\(number)", shape: [batch.labels.count] + Self.shape, values: .float32(batch.images)))
      tensors.append(
        WeightTensor(
          name: "labels.\(number)", shape: [batch.labels.count],
          values: .int64(batch.labels.map(Int64.init))))
    }
    for (name, values) in given {
      tensors.append(WeightTensor(name: name, shape: [values.count], values: .float32(values)))
    }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(
      "proxies-\(UUID().uuidString).safetensors")
    try SafeTensors.write(try WeightSet(tensors), to: file.path)
    defer { try? FileManager.default.removeItem(at: file) }
    let script = try #require(Self.folder).appendingPathComponent("proxies.py").path
    let output = try Self.run(python, [script, path, file.path])
    return try JSONDecoder().decode([String: Double?].self, from: output)
  }

  // MARK: Python

  /// `NICHE_PYTHON`, or a `python3` that can import torch; nil where none can.
  static let python: String? = [
    ProcessInfo.processInfo.environment["NICHE_PYTHON"], "/usr/bin/python3", "/usr/local/bin/python3",
  ].compactMap(\.self).first { path in
    FileManager.default.isExecutableFile(atPath: path) && (try? run(path, ["-c", "import torch"])) != nil
  }

  struct ScriptFailure: Error { let text: String }

  private static func run(_ path: String, _ arguments: [String]) throws -> Data {
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
      throw ScriptFailure(text: String(decoding: complaint, as: UTF8.self))
    }
    return text
  }
}
