import Execution
import Foundation
import NetworkGraph
import RandomStreams
import Testing

extension Executor {
  /// Fills the inputs, runs once and gives all outputs as doubles.
  func results(of graph: Graph, feeds: [String: [Float]], stream: RandomStream? = nil) throws -> [[Double]] {
    for input in graph.inputs {
      let values = try #require(feeds[input.name])
      switch graph.type(of: input.value).elementType {
      case .float32: withInput(input.name) { _ = $0.update(fromContentsOf: values) }
      case .int32: withIntegerInput(input.name) { _ = $0.update(fromContentsOf: values.map { Int32($0) }) }
      }
    }
    try run(dropout: stream)
    return graph.outputs.indices.map { index in
      switch graph.type(of: graph.outputs[index]).elementType {
      case .float32: output(index).map(Double.init)
      case .int32: integerOutput(index).map(Double.init)
      }
    }
  }
}

/// Runs a graph without variables once.
func run(
  _ graph: Graph, _ feeds: [String: [Float]], on set: InstructionSet? = nil, stream: RandomStream? = nil
) throws -> [[Double]] {
  let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
  let executor = try Executor(graph: graph, variables: variables, instructionSet: set)
  return try executor.results(of: graph, feeds: feeds, stream: stream)
}

/// The largest difference relative to the expected number, or absolute below 1; infinite where sizes differ or only
/// one side is a number.
func difference(_ actual: [Double], _ expected: [Double]) -> Double {
  guard actual.count == expected.count else { return .infinity }
  return zip(actual, expected).reduce(0) { worst, pair in
    if pair.0 == pair.1 || (pair.0.isNaN && pair.1.isNaN) { return worst }
    let difference = abs(pair.0 - pair.1) / max(1, abs(pair.1))
    return difference.isNaN ? .infinity : max(worst, difference)
  }
}

extension OperationCase {
  /// Operands by input name.
  func feeds(seed: UInt64) -> [String: [Float]] {
    Dictionary(uniqueKeysWithValues: values(seed: seed).enumerated().map { ("x\($0)", $1) })
  }

  /// Whether results depend on random draws.
  var isRandom: Bool {
    switch operation {
    case .dropout(let dropout): dropout.probability > 0 && dropout.probability < 1
    case .random: torch == nil
    default: false
    }
  }

  /// Whether the first result consists of whole numbers, of which there is no gradient.
  var hasIntegerResult: Bool {
    guard let graph = try? graph(), let first = graph.outputs.first else { return false }
    return graph.type(of: first).elementType == .int32
  }

  /// Only some gradient operations can be differentiated once more; comparisons have no gradient.
  var hasGradient: Bool {
    switch operation {
    case .unaryGradient, .attentionGradient, .batchNormalizationGradient, .layerNormalizationGradient,
      .maximumPoolingGradient,
      .crossEntropyGradient:
      false
    case .binary(let function) where function.isComparison: false
    case .unary(let function) where function.isPredicate: false
    default: operands.contains(where: \.isDifferentiable) && !hasIntegerResult
    }
  }
}

/// A case made a scalar: Σ first result · weights, with the gradients of its differentiable operands.
struct ScalarProblem {
  /// Outputs: the loss, then the gradients.
  let graph: Graph
  /// The operands with gradients, in the order of the outputs behind the loss.
  let targets: [Int]
  let feeds: [String: [Float]]

  var weights: [Float] { feeds["weights"] ?? [] }

  init(_ test: OperationCase, seed: UInt64, targets: [Int]? = nil) throws {
    var builder = GraphBuilder()
    let inputs = test.operands.enumerated().map { builder.input("x\($0)", $1.type) }
    // Whole numbers become floating point for the sum; they have no gradient.
    let result = try builder.apply(.cast(.float32), [try builder.apply(test.operation, inputs)[0]])[0]
    let type = builder.type(of: result)
    let weights = builder.input("weights", type)
    let product = try builder.apply(.binary(.multiply), [result, weights])[0]
    let axes = Array(type.shape.indices)
    let loss = try builder.apply(.reduce(Reduction(.sum, axes: axes)), [product])[0]
    builder.setOutputs([loss])
    self.targets =
      targets
      ?? test.operands.indices.filter {
        test.operands[$0].isDifferentiable && test.operands[$0].type.elementType == .float32
      }
    graph = try builder.graph.gradients(of: loss, withRespectTo: self.targets.map { inputs[$0] })
    var stream = RandomStream(seed: seed).stream("weights of \(test.name)")
    feeds = test.feeds(seed: seed).merging(
      ["weights": (0..<type.elementCount).map { _ in Float(stream.normal()) }]) { old, _ in old }
  }
}
