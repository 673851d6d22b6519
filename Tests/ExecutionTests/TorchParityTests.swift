import Execution
import Foundation
import NetworkGraph
import RandomStreams
import Testing

/// The engine against PyTorch in float32: every operation forward and backward, and trainings step by step.
@Suite(.enabled(if: Torch.isAvailable, "no Python here can import torch (NICHE_PYTHON names one)"))
struct TorchParityTests {
  static let tolerance = 1e-4

  @Test func operationsAndTrainingsAgree() throws {
    let cases = OperationCase.all.filter { $0.torch != nil }
    let problems = try cases.map { try ScalarProblem($0, seed: 5, targets: $0.torchTargets) }
    let trainings = [
      Training(
        optimizer: "SGD", settings: ["lr": 0.05, "momentum": 0.9, "weight_decay": 5e-4, "nesterov": 1]),
      Training(optimizer: "SGD", settings: ["lr": 0.05, "momentum": 0.9, "nesterov": 0]),
      Training(optimizer: "Adam", settings: ["lr": 0.01, "weight_decay": 0.01]),
      Training(optimizer: "AdamW", settings: ["lr": 0.01, "weight_decay": 0.1]),
    ]
    let answers = try Torch.ask(
      Torch.Questions(
        preamble: OperationCase.torchPreamble,
        cases: zip(cases, problems).map { Torch.Case($0, $1) },
        trainings: try trainings.map { try $0.question() }))
    try #require(answers.cases.count == cases.count && answers.trainings.count == trainings.count)
    var compared = 0
    for ((test, problem), answer) in zip(zip(cases, problems), answers.cases) {
      guard let outputs = answer.outputs, let gradients = answer.gradients else {
        Issue.record("\(test): \(answer.error ?? "no answer")")
        continue
      }
      expectClose(try run(try test.graph(), problem.feeds, stream: RandomStream(seed: 1)), outputs, "\(test)")
      guard !problem.targets.isEmpty else { continue }
      let ours = try run(problem.graph, problem.feeds, stream: RandomStream(seed: 1)).dropFirst()
      expectClose(Array(ours), gradients, "gradients of \(test)")
      compared += 1
    }
    #expect(compared > 150)
    for (training, answer) in zip(trainings, answers.trainings) {
      let (losses, variables) = try training.run()
      expectClose([losses], [answer.losses], "losses by \(training.optimizer)")
      #expect(variables.count == answer.variables.count)
      for (name, values) in variables {
        expectClose([values], [answer.variables[name] ?? []], "\(name) after \(training.optimizer)")
      }
    }
  }

  private func expectClose(_ ours: [[Double]], _ theirs: [[Double]], _ label: String) {
    #expect(ours.count == theirs.count, "\(label)")
    for (index, (a, b)) in zip(ours, theirs).enumerated() {
      let worst = difference(a, b)
      #expect(worst < Self.tolerance, "\(label), \(index)")
    }
  }
}

extension OperationCase {
  /// The operands whose gradients PyTorch can tell: none where the expression cuts the graph, and no statistics.
  fileprivate var torchTargets: [Int] {
    guard hasGradient, torch?.contains("vjp") == false else { return [] }
    var targets = operands.indices.filter { operands[$0].isDifferentiable }
    if case .batchNormalization(let normalization) = operation, normalization.tracksRunningStatistics {
      targets.removeAll { $0 >= operands.count - 2 }
    }
    return targets
  }
}

/// A few steps of training on one batch.
private struct Training {
  static let steps = 5
  static let smoothing = 0.1
  var optimizer: String
  var settings: [String: Double]

  private func graph() throws -> (DifferentiatedGraph, [String: [Float]]) {
    let network = try Networks.network(batch: 6, isTraining: true, hasDropout: false)
    let graph = try network.addingCrossEntropy(labelSmoothing: Self.smoothing)
    let differentiated = try graph.differentiated(loss: graph.outputs[0])
    return (differentiated, Networks.feeds(differentiated.graph, seed: 8))
  }

  func question() throws -> Torch.Training {
    let (differentiated, feeds) = try graph()
    let graph = differentiated.graph
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 6))
    let tensors = variables.names.map { name in
      (
        name,
        Torch.Tensor(
          shape: variables.shape(of: name) ?? [], isInteger: false, values: variables.values(of: name) ?? [])
      )
    }
    func input(_ name: String) throws -> Torch.Tensor {
      let input = try #require(graph.inputs.first { $0.name == name })
      let type = graph.type(of: input.value)
      return Torch.Tensor(shape: type.shape, isInteger: type.elementType == .int32, values: feeds[name] ?? [])
    }
    return Torch.Training(
      optimizer: optimizer, settings: settings, steps: Self.steps, labelSmoothing: Self.smoothing,
      variables: Dictionary(uniqueKeysWithValues: tensors), images: try input("images"),
      labels: try input("labels"))
  }

  func run() throws -> (losses: [Double], variables: [String: [Double]]) {
    let (differentiated, feeds) = try graph()
    let variables = try VariableStore(graph: differentiated.graph, stream: RandomStream(seed: 6))
    let executor = try Executor(graph: differentiated.graph, variables: variables)
    let kernels = try OptimizerKernels()
    var first = [Float](repeating: 0, count: variables.flatParameters.count)
    var second = first
    var losses: [Double] = []
    for step in 1...Self.steps {
      losses.append(try executor.results(of: differentiated.graph, feeds: feeds)[0][0])
      for gradient in differentiated.gradients {
        let range = try #require(variables.range(of: gradient.parameter))
        let parameters = try #require(variables.flatParameters.baseAddress) + range.lowerBound
        try executor.withOutput(gradient.output) { gradients in
          let gradients = try #require(gradients.baseAddress)
          first.withUnsafeMutableBufferPointer { first in
            second.withUnsafeMutableBufferPointer { second in
              update(
                kernels, parameters, gradients, first.baseAddress! + range.lowerBound,
                second.baseAddress! + range.lowerBound, range.count, step)
            }
          }
        }
      }
    }
    var values: [String: [Double]] = [:]
    for name in variables.names { values[name] = variables.values(of: name)?.map(Double.init) }
    return (losses, values)
  }

  private func update(
    _ kernels: OptimizerKernels, _ parameters: UnsafeMutablePointer<Float>, _ gradients: UnsafePointer<Float>,
    _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>, _ count: Int, _ step: Int
  ) {
    let (rate, decay) = (settings["lr"] ?? 0, settings["weight_decay"] ?? 0)
    if optimizer == "SGD" {
      kernels.sgd(
        parameters, gradients: gradients, momentumBuffer: first, count: count, learningRate: Float(rate),
        momentum: Float(settings["momentum"] ?? 0), weightDecay: Float(decay),
        nesterov: settings["nesterov"] == 1)
    } else {
      kernels.adam(
        parameters, gradients: gradients, firstMoments: first, secondMoments: second, count: count,
        step: step,
        learningRate: rate, weightDecay: decay, isDecoupled: optimizer == "AdamW")
    }
  }
}

/// Asks PyTorch through the script in Fixtures.
private enum Torch {
  struct Tensor: Encodable {
    var shape: [Int]
    var isInteger: Bool
    var values: [Float]
  }

  struct Case: Encodable {
    var expression: String
    var operands: [Tensor]
    var weights: [Float]
    var targets: [Int]

    init(_ test: OperationCase, _ problem: ScalarProblem) {
      expression = test.torch ?? ""
      operands = test.operands.enumerated().map { index, operand in
        Tensor(
          shape: operand.type.shape, isInteger: operand.type.elementType == .int32,
          values: problem.feeds["x\(index)"] ?? [])
      }
      weights = problem.weights
      targets = problem.targets
    }
  }

  struct Training: Encodable {
    var optimizer: String
    var settings: [String: Double]
    var steps: Int
    var labelSmoothing: Double
    var variables: [String: Tensor]
    var images: Tensor
    var labels: Tensor
  }

  struct Questions: Encodable {
    var preamble: String
    var cases: [Case]
    var trainings: [Training]
  }

  struct Answers: Decodable {
    struct Case: Decodable {
      var outputs: [[Double]]?
      var gradients: [[Double]]?
      var error: String?
    }
    struct Training: Decodable {
      var losses: [Double]
      var variables: [String: [Double]]
    }
    var cases: [Case]
    var trainings: [Training]
  }

  /// The Python that `NICHE_PYTHON` names, or the first that has PyTorch; Debian's package is only seen by the
  /// system's own.
  static let python: String? = {
    let named = ProcessInfo.processInfo.environment["NICHE_PYTHON"].map { [$0] }
    return (named ?? ["python3", "/usr/bin/python3"]).first {
      run($0, ["-c", "import torch"], isQuiet: true) == 0
    }
  }()

  static var isAvailable: Bool { python != nil }

  static func ask(_ questions: Questions) throws -> Answers {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (asked, answered) = (
      folder.appendingPathComponent("questions.json"), folder.appendingPathComponent("answers.json")
    )
    try JSONEncoder().encode(questions).write(to: asked)
    let script = try #require(
      Bundle.module.url(forResource: "torch_parity", withExtension: "py", subdirectory: "Fixtures"))
    try #require(run(try #require(python), [script.path, asked.path, answered.path]) == 0)
    return try JSONDecoder().decode(Answers.self, from: Data(contentsOf: answered))
  }

  private static func run(_ python: String, _ arguments: [String], isQuiet: Bool = false) -> Int32? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python] + arguments
    process.standardOutput = FileHandle.nullDevice
    if isQuiet { process.standardError = FileHandle.nullDevice }
    guard (try? process.run()) != nil else { return nil }
    process.waitUntilExit()
    return process.terminationStatus
  }
}
