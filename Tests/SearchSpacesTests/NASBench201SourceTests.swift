import Execution
import Foundation
import NetworkGraph
import RandomStreams
import Testing
import TorchFrontend
import Training

@testable import SearchSpaces

/// The networks that the space writes, against PyTorch and the benchmark's own form of them.
@Suite struct NASBench201SourceTests {
  private struct Answer: Decodable {
    var parameters: Int
    var names: Bool
    var evaluationDifference: Double
    var trainingDifference: Double
    var macs: Int?
  }

  /// Every operation, dead ends, a node that nothing reaches, and a cell without a path.
  static let cells: [[Int]] = [
    [3, 3, 3, 1, 3, 2], [4, 2, 1, 2, 1, 1], [3, 3, 0, 3, 0, 0], [0, 3, 3, 3, 2, 2], [0, 0, 3, 0, 3, 3],
    [1, 4, 0, 0, 2, 4], [0, 0, 0, 0, 0, 0], [2, 4, 3, 1, 0, 1],
  ]

  private static let python: String? = {
    let candidates = [
      ProcessInfo.processInfo.environment["NICHE_PYTHON"], "/usr/bin/python3", "/usr/local/bin/python3",
    ]
    return candidates.compactMap(\.self).first { path in
      guard FileManager.default.isExecutableFile(atPath: path) else { return false }
      return (try? run(path, ["-c", "import torch"], input: ""))?.status == 0
    }
  }()

  private static func run(
    _ path: String, _ arguments: [String], input: String
  ) throws -> (status: Int32, output: Data) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let (standardInput, standardOutput) = (Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    process.standardError = FileHandle.nullDevice
    try process.run()
    try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try standardInput.fileHandleForWriting.close()
    let output = standardOutput.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  private static func floats(_ path: String) throws -> [Float] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return stride(from: 0, to: data.count, by: 4).map { place in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(data[place + $1]) << UInt32($1 * 8) })
    }
  }

  @Test func networksAreThoseOfTheBenchmark() throws {
    guard let python = Self.python else {
      print("notice: no python3 can import torch; the networks are not compared with it")
      return
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cells-\(UUID().uuidString)")
      .path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var lines: [String] = []
    var made: [(space: NASBench201Space, cell: NASBench201Cell)] = []
    for (number, options) in Self.cells.enumerated() {
      let space = NASBench201Space(task: NASBench201Task.all[number % 3])
      let cell = try space.genotype(options: options)
      try space.source(of: cell).write(toFile: "\(folder)/\(number).py", atomically: true, encoding: .utf8)
      lines.append("\(folder)/\(number).py\t\(cell)\t\(space.classCount)\t\(space.task.imageSize)\n")
      made.append((space, cell))
    }
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let reference = tests.deletingLastPathComponent()
      .appendingPathComponent("TorchFrontendTests/Fixtures/networks/nasbench201.py")
    let script = tests.appendingPathComponent("Fixtures/nasbench201_networks.py")
    let result = try Self.run(python, [script.path, reference.path, folder], input: lines.joined())
    let answers = result.output.split(separator: UInt8(ascii: "\n"))
    try #require(answers.count == made.count)
    for (number, line) in answers.enumerated() {
      let answer = try JSONDecoder().decode(Answer.self, from: Data(line))
      let (space, cell) = made[number]
      #expect(answer.names, "\(cell)")
      #expect(answer.evaluationDifference < 1e-4, "\(cell)")
      #expect(answer.trainingDifference < 1e-3, "\(cell)")
      #expect(answer.parameters == space.parameters(of: cell), "\(cell)")
      if let macs = answer.macs { #expect(macs == space.macs(of: cell), "\(cell)") }
      let graph = try space.network(of: cell, batch: 2).graph
      let store = try VariableStore(graph: graph, stream: RandomStream(seed: 0))
      try SafeTensors.read("\(folder)/\(number).safetensors").weights.apply(to: store)
      let executor = try Executor(graph: graph, variables: store)
      let input = try Self.floats("\(folder)/\(number).input")
      executor.withInput(try #require(graph.inputs.first?.name)) { buffer in
        for (index, value) in input.enumerated() { buffer[index] = value }
      }
      try executor.run()
      let outputs = try Self.floats("\(folder)/\(number).output")
      // Cells that add their input to itself make large numbers.
      let scale = max(1, outputs.map(abs).max() ?? 0)
      let difference = zip(executor.output(0), outputs).map { abs($0 - $1) }.max()
      #expect(try #require(difference) < 1e-5 * scale, "\(cell)")
    }
  }

  /// An epoch of two batches, also where no image reaches the output.
  @Test func everyKindOfCellTrains() throws {
    let task = try NASBench201Task(name: "toy", classCount: 3, imageSize: 8)
    let space = NASBench201Space(task: task)
    var stream = RandomStream(seed: 5)
    let count = 48
    let images = try ImageDataset(
      name: "toy", channels: 3, height: 8, width: 8, classNames: ["a", "b", "c"],
      images: (0..<count * 192).map { _ in UInt8(truncatingIfNeeded: stream.next()) },
      labels: (0..<count).map { Int32($0 % 3) })
    let data = DatasetSplit(
      training: try DatasetPart(images, indices: Array(0..<32)),
      validation: try DatasetPart(images, indices: Array(32..<48)), test: DatasetPart(images))
    var configuration = NASBench201Protocol.configuration(for: task, epochs: 1)
    (configuration.batchSize, configuration.evaluationBatchSize) = (16, 16)
    let trainer = try Trainer(configuration)
    for options in Self.cells {
      let cell = try space.genotype(options: options)
      let network = TrainableNetwork(
        trainingGraph: try space.network(of: cell, batch: 16, isTraining: true).graph,
        evaluationGraph: try space.network(of: cell, batch: 16).graph)
      let result = try trainer.train(network, data: data, stream: stream)
      #expect(result.stopReason == .completed, "\(cell)")
      #expect(result.validation != nil, "\(cell)")
    }
  }

  /// Table 1 of Dong & Yang (2020), and PyTorch's `CosineAnnealingLR` over 12 epochs.
  @Test func trainingIsAsPublished() throws {
    let configuration = try NASBench201Protocol.configuration(
      for: .cifar10, epochs: NASBench201Protocol.shortEpochs
    ).validated()
    #expect(configuration.epochs == 12 && configuration.batchSize == 256)
    #expect(
      configuration.optimizer
        == .sgd(.init(learningRate: 0.1, momentum: 0.9, weightDecay: 0.0005, nesterov: true)))
    #expect(configuration.augmentation == Augmentation(cropPadding: 4, horizontalFlip: true))
    #expect(configuration.labelSmoothing == 0 && configuration.gradientClipNorm == nil)
    let rates = [0, 3, 6, 11].map { epoch in
      configuration.schedule.learningRate(base: 0.1, epoch: epoch, step: 96, stepsPerEpoch: 97, epochs: 12)
    }
    for (rate, wanted) in zip(rates, [0.1, 0.08535533905932738, 0.05, 0.0017037086855465876]) {
      #expect(abs(rate - wanted) < 1e-12)
    }
    #expect(NASBench201Protocol.configuration(for: .imageNet16).augmentation.cropPadding == 2)
    #expect(NASBench201Protocol.configuration(for: .imageNet16).epochs == 200)
    let mean = try #require(NASBench201Protocol.normalization(for: .cifar10)).mean
    #expect(abs(mean[0] - 0.4914) < 5e-4 && abs(mean[2] - 0.4467) < 5e-4)
    let task = try NASBench201Task(name: "other", classCount: 2, imageSize: 8)
    #expect(NASBench201Protocol.normalization(for: task) == nil)
  }
}

extension NASBench201SourceTests {
  /// What is traced must not grow with the batch: 256 images, and nodes that nothing reaches.
  @Test func networksCompileForLargeBatches() throws {
    for options in Self.cells {
      let space = NASBench201Space()
      let graph = try space.network(of: try space.genotype(options: options), batch: 256, isTraining: true)
        .graph
      #expect(graph.type(of: graph.outputs[0]).shape == [256, 10])
    }
  }
}
