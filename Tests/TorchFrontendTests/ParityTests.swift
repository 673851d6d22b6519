import Execution
import Foundation
import NetworkGraph
import RandomStreams
import Testing

@testable import TorchFrontend

/// What PyTorch says of a network.
private struct Reference: Decodable {
  var error: String?
  var parameters: [TorchVariable]?
  var buffers: [TorchVariable]?
  var statistics: [[Double]]?
  var leaves: [String]?
  var output: [Int]?
}

@Suite struct ParityTests {
  @Test func everyFixtureCompilesInBothModes() throws {
    #expect(Fixture.networks.count >= 25)
    for fixture in Fixture.networks {
      for isTraining in [false, true] {
        do {
          let network = try NetworkCompiler.compile(
            fixture.source,
            options: CompilationOptions(
              inputShape: fixture.inputShape, classCount: 10, isTraining: isTraining))
          #expect(network.outputShape == [fixture.inputShape[0], 10], "\(fixture.name)")
          try network.graph.verify()
        } catch {
          Issue.record("\(fixture.name): \(error)")
        }
      }
    }
  }

  @Test func stateDictsAndShapesAreThoseOfPyTorch() throws {
    guard let python = PyTorch.python, let folder = Fixture.folder else {
      print("notice: no python3 can import torch; the comparison with PyTorch is skipped")
      return
    }
    var networks: [(fixture: Fixture, network: CompiledNetwork)] = []
    for fixture in Fixture.networks {
      let options = CompilationOptions(inputShape: fixture.inputShape, classCount: 10)
      networks.append((fixture, try NetworkCompiler.compile(fixture.source, options: options)))
    }
    let input = networks.map { fixture, network in
      "\(fixture.path)\t\(network.className)\t\(fixture.inputShape.map(String.init).joined(separator: ","))\n"
    }
    let result = try PyTorch.run(
      python, [folder.appendingPathComponent("parity.py").path], input: input.joined())
    let lines = result.output.split(separator: UInt8(ascii: "\n"))
    try #require(lines.count == networks.count)
    for (line, item) in zip(lines, networks) {
      let reference = try JSONDecoder().decode(Reference.self, from: Data(line))
      let (name, graph) = (item.fixture.name, item.network.graph)
      #expect(reference.error == nil, "\(name)")
      let parameters = graph.parameters.map {
        TorchVariable($0.name, graph.type(of: $0.value).shape, $0.isTrainable)
      }
      #expect(parameters == reference.parameters, "\(name)")
      let buffers = graph.buffers.map { TorchVariable($0.name, graph.type(of: $0.value).shape, false) }
      #expect(buffers == reference.buffers, "\(name)")
      #expect(item.network.layers.map(\.path) == reference.leaves, "\(name)")
      #expect(item.network.outputShape == reference.output, "\(name)")
      let store = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
      for (variable, moments) in zip(graph.parameters, reference.statistics ?? []) {
        let values = try #require(store.values(of: variable.name)).map(Double.init)
        ValueComparison.expectSameDistribution(values, moments, "\(name): \(variable.name)")
      }
    }
  }
}
