import Execution
import NetworkGraph
import ONNX
import RandomStreams
import Testing
import TorchFrontend

/// Files run in onnxruntime give what the engine gives.
@Suite(
  .enabled(if: Runtime.isAvailable, "no Python here has onnxruntime (NICHE_PEERS_PYTHON names one)"))
struct RuntimeParityTests {
  static let tolerance = 1e-4

  /// What a network in evaluation mode does not have, the one operation that ONNX lacks, and those that are only run.
  static let refused: Set<String> = [
    "batchNormalizationGradient", "convolutionWeightGradient", "maximumPoolingGradient",
    "averagePoolingGradient", "adaptiveAveragePoolingGradient", "sliceGradient", "takeGradient",
    "crossEntropy", "crossEntropyGradient", "dropout", "uniform", "normal", "bernoulli", "random",
    "arcTangent2", "attention", "layerNormalization",
  ]

  /// Every operation of the registry.
  @Test func operationsAgree() throws {
    var asked: [(test: OperationCase, expected: [[Double]])] = []
    var questions: [Runtime.Question] = []
    for test in OperationCase.all {
      let graph = try Self.graph(test)
      let file: ONNXFile
      do {
        file = try ONNXFile(graph, name: test.name) { _ in nil }
      } catch {
        let name = test.operation.name
        #expect(Self.refused.contains(name) || name.hasSuffix("Gradient"), "\(test): \(error)")
        continue
      }
      let values = test.values(seed: 5)
      var inputs: [String: Runtime.Tensor] = [:]
      for (index, operand) in test.operands.enumerated() {
        inputs["x\(index)"] = Runtime.Tensor(
          shape: operand.type.shape, isInteger: operand.type.elementType == .int32, values: values[index])
      }
      questions.append(Runtime.Question(file: file.bytes, inputs: inputs))
      asked.append((test, try Self.run(graph, inputs.mapValues(\.values))))
    }
    #expect(asked.count > 250)
    for ((test, expected), answer) in zip(asked, try Runtime.ask(questions)) {
      guard let outputs = answer.outputs else {
        Issue.record("\(test): \(answer.error ?? "no answer")")
        continue
      }
      for (ours, theirs) in zip(expected, outputs) {
        #expect(Self.difference(ours, theirs) < Self.tolerance, "\(test)")
      }
      #expect(outputs.count == expected.count, "\(test)")
    }
  }

  /// Networks, written at one batch and run at another.
  @Test func networksAgreeAtAnyBatch() throws {
    var questions: [Runtime.Question] = []
    var expected: [[Double]] = []
    for source in Networks.all {
      let traces = try [2, 3, 5].map { batch in
        try NetworkCompiler.compile(
          source,
          options: CompilationOptions(inputs: [NetworkInput(.float32, [batch, 3, 16, 16])], classCount: 10)
        ).graph
      }
      var stream = RandomStream(seed: 3)
      var weights: [String: [Float]] = [:]
      for variable in traces[0].parameters + traces[0].buffers {
        let count = traces[0].type(of: variable.value).elementCount
        let isVariance = variable.name.hasSuffix("running_var")
        weights[variable.name] = (0..<count).map { _ in
          isVariance ? Float(stream.uniform(0.5, 2)) : Float(stream.normal()) * 0.3
        }
      }
      let file = try ONNXFile(traces[0], comparedWith: traces[1], name: "network") { weights[$0] }
      #expect(file.takesAnyBatch)
      #expect(
        try ONNXFile(traces[0], comparedWith: traces[1], name: "network") { weights[$0] }.bytes == file.bytes)
      let images = (0..<5 * 3 * 256).map { _ in Float(stream.normal()) }
      let name = traces[2].inputs[0].name
      questions.append(
        Runtime.Question(
          file: file.bytes, inputs: [name: Runtime.Tensor(shape: [5, 3, 16, 16], values: images)]))
      expected.append(try Self.run(traces[2], [name: images], weights)[0])
    }
    for (index, (ours, answer)) in zip(expected, try Runtime.ask(questions)).enumerated() {
      guard let outputs = answer.outputs else {
        Issue.record("network \(index): \(answer.error ?? "no answer")")
        continue
      }
      #expect(answer.shapes?.first == [5, 10])
      #expect(Self.difference(ours, outputs[0]) < Self.tolerance, "network \(index)")
    }
  }

  /// The operation alone, with those of its results that a network in evaluation mode may read.
  private static func graph(_ test: OperationCase) throws -> Graph {
    var builder = GraphBuilder()
    let inputs = test.operands.enumerated().map { builder.input("x\($0)", $1.type) }
    let results = try builder.apply(test.operation, inputs, label: test.name)
    switch test.operation {
    case .maximumPooling, .adaptiveMaximumPooling: builder.setOutputs([results[0]])
    case .batchNormalization: builder.setOutputs(Array(results.prefix(3)))
    default: builder.setOutputs(results)
    }
    return builder.graph
  }

  private static func run(
    _ graph: Graph, _ feeds: [String: [Float]], _ weights: [String: [Float]] = [:]
  ) throws -> [[Double]] {
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
    for (name, values) in weights { try variables.setValues(values, of: name) }
    let executor = try Executor(graph: graph, variables: variables)
    for input in graph.inputs {
      let values = try #require(feeds[input.name])
      switch graph.type(of: input.value).elementType {
      case .float32: executor.withInput(input.name) { _ = $0.update(fromContentsOf: values) }
      case .int32:
        executor.withIntegerInput(input.name) { _ = $0.update(fromContentsOf: values.map { Int32($0) }) }
      }
    }
    try executor.run(dropout: RandomStream(seed: 1))
    return graph.outputs.indices.map { index in
      switch graph.type(of: graph.outputs[index]).elementType {
      case .float32: executor.output(index).map(Double.init)
      case .int32: executor.integerOutput(index).map(Double.init)
      }
    }
  }

  private static func difference(_ ours: [Double], _ theirs: [Double]) -> Double {
    guard ours.count == theirs.count else { return .infinity }
    return zip(ours, theirs).reduce(0) { worst, pair in
      if pair.0 == pair.1 || (pair.0.isNaN && pair.1.isNaN) { return worst }
      let difference = abs(pair.0 - pair.1) / max(1, abs(pair.0))
      return difference.isNaN ? .infinity : max(worst, difference)
    }
  }
}
