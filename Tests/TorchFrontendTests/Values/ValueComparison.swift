import Execution
import Foundation
import NetworkGraph
import RandomStreams
import Testing

@testable import TorchFrontend

/// Compares what our engine computes for networks with what PyTorch computes for the same source and weights: names,
/// order and shapes of the state dict, initial values, outputs, gradients and buffers after the run.
enum ValueComparison {
  /// Compares all cases in one process of PyTorch; without one, that they compile and run is all that is checked.
  static func check(_ cases: [ValueCase]) throws {
    var runs: [ValueRun] = []
    for item in cases {
      for isTraining in item.isTraining {
        do {
          runs.append(try ValueRun(item, isTraining: isTraining))
        } catch {
          Issue.record("\(item.name): \(error)")
        }
      }
    }
    guard let python = PyTorch.python else {
      print("notice: no python3 can import torch; the comparison with PyTorch is skipped")
      return
    }
    let reply = try ask(python, runs.map(\.question))
    try #require(reply.answers.count == runs.count)
    var skipped: Set<String> = []
    for (run, answer) in zip(runs, reply.answers) {
      if reply.version.lexicographicallyPrecedes(run.item.minimumVersion) {
        skipped.insert(run.item.name)
      } else {
        run.compare(with: answer)
      }
    }
    if !skipped.isEmpty {
      print("notice: \(skipped.count) cases need a newer PyTorch than \(reply.version) and were skipped")
    }
  }

  private static func ask(_ python: String, _ questions: [ValueRun.Question]) throws -> ValueRun.Reply {
    let script = try #require(Fixture.folder).appendingPathComponent("values.py")
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (asked, answered) = (
      folder.appendingPathComponent("questions.json"), folder.appendingPathComponent("answers.json")
    )
    try JSONEncoder().encode(questions).write(to: asked)
    let result = try PyTorch.run(python, [script.path, asked.path, answered.path], input: "")
    try #require(result.status == 0)
    return try JSONDecoder().decode(ValueRun.Reply.self, from: Data(contentsOf: answered))
  }

  /// Whether two samples, ours and one of which the mean, the deviation and perhaps the extremes are given, could well
  /// be of one distribution: the moments agree within six standard errors, the extremes roughly.
  static func expectSameDistribution(_ values: [Double], _ moments: [Double], _ what: String) {
    let count = Double(values.count)
    guard count > 0, moments.count >= 2 else { return }
    let mean = values.reduce(0, +) / count
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    let isConstant = moments[1] < 1e-12
    #expect(isConstant == (deviation < 1e-7 * max(1, abs(mean))), "\(what): a constant in one")
    let error =
      isConstant ? 1e-6 * max(1, abs(mean)) : 6 * max(deviation, moments[1]) * (2 / count).squareRoot()
    #expect(abs(mean - moments[0]) <= error, "\(what): mean \(mean), PyTorch has \(moments[0])")
    guard isConstant || count >= 16 else { return }
    #expect(
      abs(deviation - moments[1]) <= error, "\(what): deviation \(deviation), PyTorch has \(moments[1])")
    guard moments.count == 4, count >= 1_000, let lowest = values.min(), let highest = values.max() else {
      return
    }
    let width = moments[3] - moments[2]
    #expect(abs(lowest - moments[2]) <= width / 4, "\(what): minimum \(lowest), PyTorch has \(moments[2])")
    #expect(abs(highest - moments[3]) <= width / 4, "\(what): maximum \(highest), PyTorch has \(moments[3])")
  }
}

/// One case in one mode, run by our engine.
struct ValueRun {
  struct Tensor: Encodable {
    var shape: [Int]
    var isInteger: Bool
    var values: [Float]
  }

  struct Question: Encodable {
    var source: String
    var name: String
    var isTraining: Bool
    var inputs: [Tensor]
    var variables: [String: Tensor]
    var weights: [[Float]]
  }

  /// A number, or NaN as text.
  struct Number: Decodable {
    var value: Double

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      value = (try? container.decode(Double.self)) ?? .nan
    }
  }

  struct Answer: Decodable {
    var error: String?
    var parameters: [TorchVariable]?
    var buffers: [TorchVariable]?
    var moments: [String: [Number]]?
    var shapes: [[Int]]?
    var outputs: [[Number]]?
    var gradients: [String: [Number]]?
    var after: [String: [Number]]?
  }

  struct Reply: Decodable {
    var version: [Int]
    var answers: [Answer]
  }

  let item: ValueCase
  let isTraining: Bool
  let question: Question
  private let graph: Graph
  private let initial: [String: [Double]]
  private let outputs: [[Double]]
  private let gradients: [String: [Double]]
  private let after: [String: [Double]]

  init(_ item: ValueCase, isTraining: Bool) throws {
    self.item = item
    self.isTraining = isTraining
    let options = CompilationOptions(
      inputs: item.inputs.map { NetworkInput($0.bound == nil ? .float32 : .int64, $0.shape) },
      isTraining: isTraining, className: "Net")
    let graph = try NetworkCompiler.compile(item.source, options: options).graph
    try graph.verify()
    self.graph = graph

    let seeds = RandomStream(seed: 3).stream(item.name)
    let store = try VariableStore(graph: graph, stream: seeds)
    var initial: [String: [Double]] = [:]
    var variables: [String: Tensor] = [:]
    for variable in graph.parameters + graph.buffers {
      let values = try #require(store.values(of: variable.name))
      initial[variable.name] = values.map(Double.init)
      // Constants would hide errors, a variance must stay positive.
      var stream = seeds.stream("noise of \(variable.name)")
      let noisy = values.map { $0 + Float(stream.uniform(0.05, 0.25)) }
      variables[variable.name] = Tensor(
        shape: graph.type(of: variable.value).shape, isInteger: false, values: noisy)
      try store.setValues(noisy, of: variable.name)
    }
    self.initial = initial

    // The loss: all floating-point outputs times weights.
    var builder = GraphBuilder(continuing: graph)
    var weights: [[Float]] = []
    var loss: ValueID?
    for (index, output) in graph.outputs.enumerated() {
      let type = graph.type(of: output)
      var stream = seeds.stream("weights of \(index)")
      let numbers = (0..<type.elementCount).map { _ in Float(stream.normal()) }
      weights.append(numbers)
      guard type.elementType == .float32 else { continue }
      let factors = builder.constant(.values(numbers, shape: type.shape))
      let product = try builder.apply(.binary(.multiply), [output, factors])[0]
      let sum = try builder.apply(.reduce(Reduction(.sum, axes: Array(type.shape.indices))), [product])[0]
      loss = try loss.map { try builder.apply(.binary(.add), [$0, sum])[0] } ?? sum
    }
    var targets = graph.parameters.filter(\.isTrainable).map { ($0.name, $0.value) }
    for (index, input) in graph.inputs.enumerated() where graph.type(of: input.value).elementType == .float32
    {
      targets.append(("input \(index)", input.value))
    }
    let differentiated = try loss.map {
      try builder.graph.gradients(of: $0, withRespectTo: targets.map(\.1))
    }
    try differentiated?.verify()

    let executor = try Executor(graph: differentiated ?? graph, variables: store)
    let values = item.inputValues
    var inputs: [Tensor] = []
    for (index, input) in graph.inputs.enumerated() {
      let type = graph.type(of: input.value)
      inputs.append(
        Tensor(shape: type.shape, isInteger: item.inputs[index].bound != nil, values: values[index]))
      switch type.elementType {
      case .float32: executor.withInput(input.name) { _ = $0.update(fromContentsOf: values[index]) }
      case .int32:
        executor.withIntegerInput(input.name) {
          _ = $0.update(fromContentsOf: values[index].map { Int32($0) })
        }
      }
    }
    try executor.run(dropout: RandomStream(seed: 1))
    func output(_ index: Int, _ value: ValueID) -> [Double] {
      switch graph.type(of: value).elementType {
      case .float32: executor.output(index).map(Double.init)
      case .int32: executor.integerOutput(index).map(Double.init)
      }
    }
    outputs = graph.outputs.enumerated().map { output($0.offset, $0.element) }
    var gradients: [String: [Double]] = [:]
    for (index, target) in targets.enumerated() where differentiated != nil {
      gradients[target.0] = executor.output(graph.outputs.count + index).map(Double.init)
    }
    self.gradients = gradients
    var after: [String: [Double]] = [:]
    for buffer in graph.buffers { after[buffer.name] = store.values(of: buffer.name)?.map(Double.init) }
    self.after = after
    question = Question(
      source: item.source, name: "Net", isTraining: isTraining, inputs: inputs, variables: variables,
      weights: weights)
  }

  func compare(with answer: Answer) {
    let name = "\(item.name) (\(isTraining ? "training" : "evaluation"))"
    if let error = answer.error {
      Issue.record("\(name): PyTorch says \(error)")
      return
    }
    let parameters = graph.parameters.map {
      TorchVariable($0.name, graph.type(of: $0.value).shape, $0.isTrainable)
    }
    #expect(parameters == answer.parameters, "\(name)")
    let buffers = graph.buffers.map { TorchVariable($0.name, graph.type(of: $0.value).shape, false) }
    #expect(buffers == answer.buffers, "\(name)")
    #expect(graph.outputs.map { graph.type(of: $0).shape } == answer.shapes, "\(name)")
    for (index, expected) in (answer.outputs ?? []).enumerated() where index < outputs.count {
      expectClose(outputs[index], expected, item.tolerance, "\(name): output \(index)")
    }
    for (variable, expected) in (answer.gradients ?? [:]).sorted(by: { $0.key < $1.key }) {
      let actual = gradients[variable] ?? []
      expectClose(actual, expected, 10 * item.tolerance, "\(name): gradient of \(variable)")
    }
    for (buffer, expected) in (answer.after ?? [:]).sorted(by: { $0.key < $1.key }) {
      expectClose(after[buffer] ?? [], expected, item.tolerance, "\(name): \(buffer) after the run")
    }
    guard item.comparesInitialValues else { return }
    for (parameter, moments) in (answer.moments ?? [:]).sorted(by: { $0.key < $1.key }) {
      ValueComparison.expectSameDistribution(
        initial[parameter] ?? [], moments.map(\.value), "\(name): \(parameter)")
    }
  }

  /// Whether all differ by less than the tolerance, relative to the largest expected number, or to 1.
  private func expectClose(
    _ actual: [Double], _ expected: [Number], _ tolerance: Double, _ what: String
  ) {
    guard actual.count == expected.count else {
      Issue.record("\(what): \(actual.count) elements, PyTorch has \(expected.count)")
      return
    }
    let scale = expected.reduce(1) { abs($1.value) < 1e200 ? max($0, abs($1.value)) : $0 }
    for (index, pair) in zip(actual, expected).enumerated() {
      let (a, b) = (max(-1e300, min(1e300, pair.0)), pair.1.value)
      if a.isNaN, b.isNaN { continue }
      guard abs(a - b) <= tolerance * scale else {
        Issue.record("\(what): element \(index) is \(pair.0), PyTorch has \(b)")
        return
      }
    }
  }
}

/// A parameter or buffer of a state dict: name, shape, whether it is trained.
struct TorchVariable: Decodable, Equatable {
  var name: String
  var shape: [Int]
  var isTrainable: Bool

  init(_ name: String, _ shape: [Int], _ isTrainable: Bool) {
    (self.name, self.shape, self.isTrainable) = (name, shape, isTrainable)
  }

  init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    name = try container.decode(String.self)
    shape = try container.decode([Int].self)
    isTrainable = container.isAtEnd ? false : try container.decode(Bool.self)
  }
}
