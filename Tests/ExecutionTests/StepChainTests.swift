import NetworkGraph
import RandomStreams
import Testing

@testable import Execution

/// Steps that are done for some images of the batch before the others.
@Suite struct StepChainTests {
  /// Convolutions with biases, pooling and a dense layer, without batch normalisation, differentiated.
  private func network(images: Int, channels: Int = 3, size: Int = 12) throws -> Graph {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [images, channels, size, size]))
    func parameter(_ name: String, _ shape: [Int]) -> ValueID {
      builder.parameter(
        name, TensorType(.float32, shape), initializer: .normal(mean: 0, standardDeviation: 0.3))
    }
    var y = x
    let same = Convolution(padding: Size2D(1, 1), hasBias: true)
    let halves = Pooling(kernel: Size2D(2, 2), stride: Size2D(2, 2), padding: Size2D(0, 0))
    for (index, (from, to)) in [(channels, 16), (16, 24)].enumerated() {
      y = try builder.apply(
        .convolution(same), [y, parameter("w\(index)", [to, from, 3, 3]), parameter("b\(index)", [to])])[0]
      y = try builder.apply(.maximumPooling(halves), [try builder.apply(.unary(.relu), [y])[0]])[0]
    }
    let features = 24 * (size / 4) * (size / 4)
    y = try builder.apply(.reshape([images, features]), [y])[0]
    y = try builder.apply(.linear(hasBias: false), [y, parameter("c", [5, features])])[0]
    let loss = try builder.apply(
      .reduce(Reduction(.mean, axes: [0, 1])), [try builder.apply(.unary(.square), [y])[0]])[0]
    builder.setOutputs([loss, y])
    return try builder.graph.gradients(of: loss, withRespectTo: [x] + builder.graph.parameters.map(\.value))
  }

  private func bits(
    _ graph: Graph, _ feeds: [String: [Float]], sectionByteCount: Int?, set: InstructionSet? = nil,
    threads: Int = 1
  ) throws -> (results: [[UInt64]], arenaByteCount: Int) {
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 3))
    let executor = try Executor(
      graph: graph, variables: variables, memoryLimit: nil, instructionSet: set, reusesMemory: true,
      team: threads > 1 ? ThreadTeam(count: threads, leastElements: 1) : nil,
      sectionByteCount: sectionByteCount)
    let first = try executor.results(of: graph, feeds: feeds)
    // Nothing is left behind that a second run would see, but for running statistics.
    if graph.buffers.isEmpty {
      let isSame = try executor.results(of: graph, feeds: feeds) == first
      #expect(isSame)
    }
    return (first.map { $0.map(\.bitPattern) }, executor.arenaByteCount)
  }

  /// Where results first differ, as output and element; nil where they are the same.
  private func firstDifference(_ results: [[UInt64]], _ expected: [[UInt64]]) -> String? {
    for output in expected.indices {
      let pairs = zip(results[output], expected[output])
      if let place = pairs.enumerated().first(where: { $1.0 != $1.1 }) {
        let (actual, expected) = (Double(bitPattern: place.element.0), Double(bitPattern: place.element.1))
        return "output \(output), element \(place.offset): \(actual) instead of \(expected)"
      }
    }
    return nil
  }

  /// How many images are done at a time must not be seen in any result, down to the bit.
  @Test(arguments: 0..<120 as Range<UInt64>)
  func sectionsChangeNoBit(seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let images = [128, 80, 77, 49, 33][stream.integer(below: 5)]
    let size = stream.integer(below: 6) + 1
    let graph = try RandomNetworks.graph(
      seed: seed, images: [images, 8, size, size + stream.integer(below: 3)],
      isTraining: stream.bernoulli(0.8))
    let feeds = RandomNetworks.feeds(graph, seed: seed)
    let expected = try bits(graph, feeds, sectionByteCount: nil).results
    for byteCount in [1, 40_000] {
      #expect(firstDifference(try bits(graph, feeds, sectionByteCount: byteCount).results, expected) == nil)
    }
  }

  @Test(arguments: [128, 100], InstructionSet.supported)
  func networksWithoutNormalizationAreOneChainEachWay(images: Int, set: InstructionSet) throws {
    let graph = try network(images: images)
    let feeds = RandomNetworks.feeds(graph, seed: 1)
    let expected = try bits(graph, feeds, sectionByteCount: nil, set: set)
    let divided = try bits(graph, feeds, sectionByteCount: 1, set: set)
    #expect(firstDifference(divided.results, expected.results) == nil)
    let shared = try bits(graph, feeds, sectionByteCount: 1, set: set, threads: 2)
    #expect(firstDifference(shared.results, expected.results) == nil)
    let plan = try ExecutionPlan(graph, kernels: try set.kernels(), sectionByteCount: 1)
    #expect(plan.chains.count { $0.axis == .images } == 2)
    // Small images' weight gradients are summed over several blocks at once.
    let length = min(4, Layout.blockCount(images: images) / 2 + 1)
    #expect(plan.chains.allSatisfy { $0.sections[0].count <= length && $0.sections.count > 1 })
    let chained = plan.chains.flatMap { plan.steps[$0.steps] }
    #expect(chained.filter { $0.label.name == "convolutionWeightGradient" }.count == 2)
    #expect(chained.filter { $0.label.name.hasPrefix("maximumPooling") }.count == 4)
    // What is read no more behind a chain has room for one section.
    #expect(plan.steps.contains { !$0.local.isEmpty })
  }

  /// What works channel by channel is done so, batch normalisation and its gradient included.
  @Test func channelsAreChained() throws {
    let graph = try RandomNetworks.graph(seed: 5, images: [64, 8, 8, 8])
    let plan = try ExecutionPlan(
      graph, kernels: try InstructionSet.preferred().kernels(), sectionByteCount: 1)
    let chained = plan.chains.filter { $0.axis == .channels }.map { plan.steps[$0.steps].map(\.label.name) }
    #expect(chained.contains { $0.contains { $0.hasPrefix("batchNormalization") } })
    #expect(plan.chains.contains { $0.axis == .images })
  }

  @Test func smallBatchesAreDoneAtOnce() throws {
    let kernels = try InstructionSet.preferred().kernels()
    let one = try ExecutionPlan(network(images: 16), kernels: kernels, sectionByteCount: 1)
    #expect(one.chains.allSatisfy { $0.axis == .channels })
    #expect(try ExecutionPlan(network(images: 128, size: 4), kernels: kernels).chains.isEmpty)
    #expect(try !ExecutionPlan(network(images: 128, size: 64), kernels: kernels).chains.isEmpty)
  }

  /// Blocks that chains made smaller or longer must not overlap.
  @Test(arguments: 0..<60 as Range<UInt64>)
  func placesDoNotOverlap(seed: UInt64) throws {
    let graph = try RandomNetworks.graph(seed: seed, images: [96, 8, 4, 4])
    let kernels = try InstructionSet.preferred().kernels()
    let plan = try ExecutionPlan(graph, kernels: kernels, sectionByteCount: 1)
    for (index, block) in plan.blocks.enumerated() {
      for other in 0..<index where block.overlapsInTime(plan.blocks[other]) {
        let isApart =
          plan.offsets[index] + block.byteCount <= plan.offsets[other]
          || plan.offsets[other] + plan.blocks[other].byteCount <= plan.offsets[index]
        #expect(isApart, "blocks \(index) and \(other)")
      }
    }
  }
}
