import Execution
import Foundation
import NetworkGraph
import PythonSyntax
import RandomStreams
import Testing

@testable import TorchFrontend

@Suite struct NetworkWriterTests {
  private func compile(_ source: String, _ inputs: [NetworkInput], _ isTraining: Bool) throws -> Graph {
    let options = CompilationOptions(inputs: inputs, isTraining: isTraining)
    return try NetworkCompiler.compile(source, options: options).graph
  }

  private func variables(_ graph: Graph) -> [String: [Int]] {
    Dictionary(
      (graph.parameters + graph.buffers).map { ($0.name, graph.type(of: $0.value).shape) },
      uniquingKeysWith: { first, _ in first })
  }

  @Test func everyFixtureComesBack() throws {
    for fixture in Fixture.networks {
      for isTraining in [true, false] {
        let inputs = [NetworkInput(.float32, fixture.inputShape)]
        let graph = try compile(fixture.source, inputs, isTraining)
        var text = ""
        do {
          let written = try NetworkWriter.write(graph)
          text = written.source
          if let folder = ProcessInfo.processInfo.environment["NICHE_WRITTEN"], isTraining {
            try text.write(toFile: "\(folder)/\(fixture.name).py", atomically: true, encoding: .utf8)
          }
          #expect(written.renamed.isEmpty, "\(fixture.name)")
          let again = try compile(written.source, inputs, isTraining)
          #expect(variables(again) == variables(graph), "\(fixture.name)")
          #expect(again.canonicalHash == graph.canonicalHash, "\(fixture.name) training \(isTraining)")
          let twice = try compile(try NetworkWriter.write(again).source, inputs, isTraining)
          #expect(twice.canonicalHash == graph.canonicalHash, "\(fixture.name) written twice")
          if !isTraining { try expectEqualNumbers(graph, again, fixture.name) }
        } catch {
          Issue.record("\(fixture.name) training \(isTraining): \(error)\n\(text)")
        }
      }
    }
  }

  /// Our engine on both graphs with the same weights.
  private func expectEqualNumbers(_ first: Graph, _ second: Graph, _ name: String) throws {
    let stream = RandomStream(seed: 3)
    let variables = try VariableStore(graph: first, stream: stream)
    let copies = try VariableStore(graph: second, stream: stream)
    for name in variables.names { try copies.setValues(variables.values(of: name) ?? [], of: name) }
    let executors = [
      try Executor(graph: first, variables: variables), try Executor(graph: second, variables: copies),
    ]
    var drawn = stream.stream("input")
    let count = first.type(of: first.inputs[0].value).elementCount
    let input = (0..<count).map { _ in Float(drawn.normal()) }
    for (executor, graph) in zip(executors, [first, second]) {
      executor.withInput(graph.inputs[0].name) { _ = $0.update(fromContentsOf: input) }
      try executor.run()
    }
    let (expected, actual) = (executors[0].output(0), executors[1].output(0))
    let scale = expected.reduce(1e-6) { max($0, abs($1)) }
    #expect(zip(expected, actual).allSatisfy { abs($0 - $1) <= 1e-5 * scale }, "\(name)")
  }

  /// Every operation of a forward pass comes back alone, but for gradients, which are refused, and for what the
  /// compiler spells in operations of its own.
  @Test func everyOperationComesBack() throws {
    var (kept, respelled): (Int, Set<String>) = (0, [])
    for item in OperationCase.all {
      // Its batch statistics are results here, which PyTorch does not give.
      if case .batchNormalization(let normalization) = item.operation, normalization.isTraining { continue }
      // Its mask is a result here; and the compiler takes no input without dimensions.
      if case .dropout = item.operation { continue }
      // Made of others when a graph is run, after it could be written.
      switch item.operation {
      case .attention, .layerNormalization: continue
      default: break
      }
      if item.operands.isEmpty || item.operands.contains(where: { $0.type.rank == 0 }) { continue }
      let graph = try item.graph()
      let kinds = item.operands.map {
        NetworkInput($0.type.elementType == .int32 ? .int64 : .float32, $0.type.shape)
      }
      do {
        let written = try NetworkWriter.write(graph)
        let again = try compile(written.source, kinds, written.isTraining)
        if again.canonicalHash == graph.canonicalHash {
          kept += 1
        } else {
          respelled.insert(item.operation.name)
        }
      } catch let error as GraphError {
        #expect(error.identifier == "write.operation", "\(item.name)")
        #expect(item.operation.name.hasSuffix("Gradient"), "\(item.name): \(error)")
      } catch let error as CompilationFailure {
        // Read, but by a compiler that has no such function yet: the text itself must be sound.
        #expect(!error.diagnostics.contains { $0.identifier.hasPrefix("syntax") }, "\(item.name): \(error)")
        respelled.insert(item.operation.name)
      }
    }
    #expect(kept > 200)
    let common: Set<String> = [
      "convolution", "linear", "matrixMultiply", "batchNormalization", "relu", "gelu", "silu", "sigmoid",
      "tanh",
      "add", "subtract", "multiply", "divide", "maximumPooling", "averagePooling", "adaptiveAveragePooling",
      "reshape", "transpose", "expand", "concatenate", "slice", "pad", "reduceSum", "reduceMean", "softmax",
      "logSoftmax",
    ]
    #expect(common.isDisjoint(with: respelled), "\(respelled.sorted())")
  }

  @Test func namesThatPyTorchDoesNotAllowAreChanged() throws {
    var builder = GraphBuilder()
    let type = TensorType(.float32, [2, 2])
    var x = builder.input("lambda", type)
    let names = [
      "a", "a.b", "class.weight", "", "..", "x y", "forward", "7", "a.7", "\u{1F600}", "fc.weight", "self",
    ]
    for name in names {
      let value = builder.parameter(name, type, initializer: .constant(0.5))
      x = try builder.apply(.binary(.add), [x, value], label: name)[0]
    }
    builder.setOutputs([x, x])
    let written = try NetworkWriter.write(builder.graph)
    let again = try compile(written.source, [NetworkInput(.float32, [2, 2])], false)
    #expect(again.canonicalHash == builder.graph.canonicalHash)
    #expect(Set(again.parameters.map(\.name)) == Set(names.map { written.renamed[$0] ?? $0 }))
    #expect(written.renamed["fc.weight"] == nil && written.renamed["class.weight"] != nil)
    #expect(throws: GraphError.self) { try NetworkWriter.write(builder.graph, className: "x y") }
  }

  @Test func repeatedBlocksBecomeOneClass() throws {
    let resnet = try #require(Fixture.networks.first { $0.name == "resnet" })
    let graph = try compile(resnet.source, [NetworkInput(.float32, resnet.inputShape)], true)
    let source = try NetworkWriter.write(graph).source
    let classes = source.components(separatedBy: "class ").count - 1
    #expect(classes <= 4, "\(source)")
    #expect(source.contains("(in_channels, out_channels") || source.contains("in_channels"), "\(source)")
  }
}
