import NetworkGraph
import RandomStreams
import Testing

@testable import Execution

@Suite struct ExecutorTests {
  @Test func sameRunsGiveSameBits() throws {
    let graph = try Networks.differentiated(batch: 4)
    let feeds = Networks.feeds(graph, seed: 2)
    func trained() throws -> [[UInt64]] {
      let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 3))
      let executor = try Executor(graph: graph, variables: variables)
      let stream = RandomStream(seed: 4)
      _ = try executor.results(of: graph, feeds: feeds, stream: stream.stream("step", 0))
      return try executor.results(of: graph, feeds: feeds, stream: stream.stream("step", 1)).map {
        $0.map(\.bitPattern)
      }
    }
    let first = try trained()
    #expect(try first == trained())
    #expect(first.joined().contains { Double(bitPattern: $0) != 0 })
  }

  @Test func threadsDoNotDisturbEachOther() async throws {
    let graph = try Networks.differentiated(batch: 4)
    let results = await withTaskGroup(of: [[Double]].self) { group in
      for _ in 0..<4 {
        group.addTask {
          guard let variables = try? VariableStore(graph: graph, stream: RandomStream(seed: 3)),
            let executor = try? Executor(graph: graph, variables: variables)
          else { return [] }
          var results: [[Double]] = []
          for step in 0..<10 {
            results =
              (try? executor.results(
                of: graph, feeds: Networks.feeds(graph, seed: 2),
                stream: RandomStream(seed: 4).stream("step", step))) ?? []
          }
          return results
        }
      }
      var all: [[[Double]]] = []
      for await result in group { all.append(result) }
      return all
    }
    #expect(results.count == 4 && results[0].count == graph.outputs.count)
    #expect(results.allSatisfy { $0 == results[0] })
  }

  @Test func anotherBatchSizeSharesVariables() throws {
    let training = try Networks.network(batch: 8, isTraining: true)
    let evaluation = try Networks.network(batch: 3, isTraining: false)
    let variables = try VariableStore(graph: training, stream: RandomStream(seed: 3))
    let trainer = try Executor(graph: training, variables: variables)
    let evaluator = try Executor(graph: evaluation, variables: variables)
    let feeds = Networks.feeds(evaluation, seed: 1)
    let before = try evaluator.results(of: evaluation, feeds: feeds)
    _ = try trainer.results(
      of: training, feeds: Networks.feeds(training, seed: 2), stream: RandomStream(seed: 5))
    let after = try evaluator.results(of: evaluation, feeds: feeds)
    // Training has moved the running statistics, which evaluation reads.
    #expect(before != after)
    var reference = feeds.mapValues { $0.map(Double.init) }
    for name in variables.names { reference[name] = variables.values(of: name)?.map(Double.init) }
    let expected = ReferenceEvaluator.run(evaluation, reference)[0].elements
    #expect(difference(after[0], expected) < 1e-5)
  }

  /// What rests on variables alone is done once, with the same bits, until the executor hears that they changed.
  @Test(arguments: 0..<6 as Range<UInt64>)
  func keptVariablesAreTakenAnewWhenTold(seed: UInt64) throws {
    let graph = try RandomNetworks.graph(seed: seed, images: [16, 4, 5, 3], isTraining: false)
    let feeds = RandomNetworks.feeds(graph, seed: seed)
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: seed))
    let plain = try Executor(graph: graph, variables: variables)
    let keeping = try Executor(graph: graph, variables: variables, keepsVariables: true)
    let first = try plain.results(of: graph, feeds: feeds)
    for _ in 0..<2 { #expect(try keeping.results(of: graph, feeds: feeds) == first) }
    for name in variables.names {
      variables.withValues(of: name) { for place in $0.indices { $0[place] *= 1.5 } }
    }
    let second = try plain.results(of: graph, feeds: feeds)
    #expect(second != first)
    keeping.variablesChanged()
    for _ in 0..<2 { #expect(try keeping.results(of: graph, feeds: feeds) == second) }
  }

  /// Weights are packed, sums of variables taken, and normalisations folded once; what draws numbers is not.
  @Test func whatRestsOnVariablesAloneIsDoneOnce() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [16, 4, 3, 3]))
    func parameter(_ name: String, _ shape: [Int]) -> ValueID {
      builder.parameter(
        name, TensorType(.float32, shape), initializer: .uniform(lower: 0.5, upper: 1.5))
    }
    let sum = try builder.apply(
      .binary(.add), [parameter("a", [5, 4, 1, 1]), parameter("b", [5, 4, 1, 1])])[0]
    let images = try builder.apply(
      .convolution(Convolution(padding: Size2D(0, 0), hasBias: false)), [x, sum])[0]
    let normalized = try builder.apply(
      .batchNormalization(BatchNormalization(isTraining: false)),
      [images] + ["c", "d", "e", "f"].map { parameter($0, [5]) })[0]
    let features = try builder.apply(.reshape([16, 45]), [normalized])[0]
    let y = try builder.apply(
      .linear(hasBias: true), [features, parameter("g", [7, 45]), parameter("h", [7])])[0]
    builder.setOutputs([y])
    let graph = builder.graph
    let kernels = try InstructionSet.preferred().kernels()
    let plan = try ExecutionPlan(graph, kernels: kernels, keepsVariables: true)
    #expect(plan.fixedStepCount == 1)
    #expect(plan.steps[0].label.name == "add")
    let kept = plan.steps.filter { $0.kept != nil }.map(\.label.name)
    #expect(kept == ["convolution+batchNormalization", "linear"])
    #expect(try ExecutionPlan(graph, kernels: kernels).steps.allSatisfy { $0.kept == nil })
  }

  @Test func runningStatisticsAreUpdatedOnce() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [2, 1]))
    let mean = builder.buffer("mean", TensorType(.float32, [1]), initializer: .constant(0))
    let variance = builder.buffer("variance", TensorType(.float32, [1]), initializer: .constant(1))
    let normalization = BatchNormalization(momentum: 0.5, isAffine: false, isTraining: true)
    let results = try builder.apply(.batchNormalization(normalization), [x, mean, variance])
    builder.update(buffer: mean, to: results[3])
    builder.update(buffer: variance, to: results[4])
    builder.setOutputs([results[0], mean])
    let variables = try VariableStore(graph: builder.graph, stream: RandomStream(seed: 1))
    let executor = try Executor(graph: builder.graph, variables: variables)
    let outputs = try executor.results(of: builder.graph, feeds: ["x": [1, 5]])
    // Mean 3, unbiased variance 8.
    #expect(variables.values(of: "mean") == [1.5])
    #expect(variables.values(of: "variance") == [4.5])
    // The buffer as an output is what the run read, not what it became.
    #expect(outputs[1] == [0])
    try executor.run()
    #expect(variables.values(of: "mean") == [2.25])
  }

  @Test func buffersCanSwapPlaces() throws {
    var builder = GraphBuilder()
    let type = TensorType(.float32, [2])
    let a = builder.buffer("a", type, initializer: .values([1, 2]))
    let b = builder.buffer("b", type, initializer: .values([3, 4]))
    builder.update(buffer: a, to: b)
    builder.update(buffer: b, to: a)
    builder.setOutputs([a])
    let variables = try VariableStore(graph: builder.graph, stream: RandomStream(seed: 1))
    let executor = try Executor(graph: builder.graph, variables: variables)
    try executor.run()
    #expect(variables.values(of: "a") == [3, 4])
    #expect(variables.values(of: "b") == [1, 2])
    #expect(executor.output(0) == [1, 2])
  }

  @Test func mistakesAreNamed() throws {
    let graph = try Networks.network(batch: 2, isTraining: true)
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
    #expect(throws: ExecutionError.missingRandomStream) {
      try Executor(graph: graph, variables: variables).run()
    }
    var builder = GraphBuilder()
    let weight = builder.parameter("fc.weight", TensorType(.float32, [3]), initializer: .constant(0))
    builder.setOutputs([weight])
    let other = builder.graph
    #expect(throws: ExecutionError.variableShape(name: "fc.weight", expected: [3], found: [10, 64])) {
      try Executor(graph: other, variables: variables)
    }
    let few = try VariableStore(graph: other, stream: RandomStream(seed: 1))
    #expect(throws: ExecutionError.missingVariable("conv.weight")) {
      try Executor(graph: graph, variables: few)
    }
  }

  @Test func memoryLimitIsCheckedBeforeAllocation() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [1 << 15, 1 << 15]))
    builder.setOutputs([try builder.apply(.transpose([1, 0]), [x])[0]])
    let graph = builder.graph
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
    let needed = 2 * 4 << 30
    let error = #expect(throws: ExecutionError.memoryLimit(neededBytes: needed, limitBytes: 1_000_000)) {
      try Executor(graph: graph, variables: variables, memoryLimit: 1_000_000)
    }
    #expect(error?.description == "the network needs 8.5 GB of memory, and the limit is 1.0 MB")
  }

  @Test func absurdSizesAreRefused() throws {
    var builder = GraphBuilder()
    let weight = builder.parameter(
      "weight", TensorType(.float32, [1 << 40, 1 << 40]), initializer: .constant(0))
    builder.setOutputs([weight])
    let graph = builder.graph
    #expect(throws: ExecutionError.self) { try VariableStore(graph: graph, stream: RandomStream(seed: 1)) }
    var wide = GraphBuilder()
    let column = wide.input("column", TensorType(.float32, [1 << 31, 1]))
    let one = wide.input("one", TensorType(.float32, [1, 1]))
    let product = Operation.matrixMultiply(transposeLeft: false, transposeRight: false)
    wide.setOutputs(try wide.apply(product, [column, one]))
    let long = wide.graph
    let none = try VariableStore(graph: long, stream: RandomStream(seed: 1))
    #expect(throws: ExecutionError.tooLarge("a matrix with an extent of 2147483648")) {
      try Executor(graph: long, variables: none)
    }
    // A column matrix of 2^31 · 2^31 numbers.
    var deep = GraphBuilder()
    let image = deep.input("image", TensorType(.float32, [1, 1 << 15, 1, 1 << 16]))
    let kernel = deep.input("kernel", TensorType(.float32, [1, 1 << 15, 1, 1 << 16]))
    let padded = Convolution(padding: Size2D(0, 1 << 29), hasBias: false)
    deep.setOutputs(try deep.apply(.convolution(padded), [image, kernel]))
    let immense = deep.graph
    #expect(throws: ExecutionError.self) {
      try Executor(graph: immense, variables: none, memoryLimit: 1 << 40)
    }
    var huge = GraphBuilder()
    var x = huge.input("x", TensorType(.float32, [1 << 15, 1 << 15]))
    for _ in 0..<3 { x = try huge.apply(.transpose([1, 0]), [x])[0] }
    let y = huge.constant(.fill(0, TensorType(.float32, [1 << 30])))
    huge.setOutputs([x, y])
    let large = huge.graph
    let variables = try VariableStore(graph: large, stream: RandomStream(seed: 1))
    #expect(throws: ExecutionError.self) {
      try Executor(graph: large, variables: variables, memoryLimit: 1 << 30)
    }
  }

  @Test func labelsThatAreNoClasses() throws {
    var builder = GraphBuilder()
    let logits = builder.input("logits", TensorType(.float32, [3, 4]))
    let labels = builder.input("labels", TensorType(.int32, [3]))
    let loss = try builder.apply(.crossEntropy(labelSmoothing: 0.1), [logits, labels])[0]
    builder.setOutputs([loss] + (try builder.gradients(of: loss, withRespectTo: [logits])))
    let values: [Float] = [1, 2, 3, 4, 0, 0, 1, 0, 5, 1, 1, 1]
    // A row with label −100 counts for nothing, as in PyTorch.
    let ignored = try run(builder.graph, ["logits": values, "labels": [3, -100, 0]])
    #expect(ignored[0][0].isFinite)
    #expect(ignored[1][4..<8].allSatisfy { $0 == 0 })
    var pair = GraphBuilder()
    let fewer = pair.input("logits", TensorType(.float32, [2, 4]))
    let two = pair.input("labels", TensorType(.int32, [2]))
    pair.setOutputs(try pair.apply(.crossEntropy(labelSmoothing: 0.1), [fewer, two]))
    let rest = Array(values[..<4] + values[8...])
    let expected = try run(pair.graph, ["logits": rest, "labels": [3, 0]])
    #expect(abs(ignored[0][0] - expected[0][0]) < 1e-6)
    // Any other label outside is an error that shows as NaN and touches no memory.
    for label: Float in [4, -1, 1e9] {
      let wrong = try run(builder.graph, ["logits": values, "labels": [3, label, 0]])
      #expect(wrong[0][0].isNaN)
    }
  }
}

/// A small network with everything that has state: variables, statistics, dropout.
enum Networks {
  static func network(batch: Int, isTraining: Bool, hasDropout: Bool = true) throws -> Graph {
    var builder = GraphBuilder()
    let x = builder.input("images", TensorType(.float32, [batch, 2, 8, 8]))
    // No bias: before batch normalisation its gradient is rounding noise, which Adam would blow up.
    var y = try SampleNetworks.convolution(&builder, x, "conv", channels: 4, kernel: 3, padding: 1)
    y = try SampleNetworks.normalization(&builder, y, "bn", isTraining: isTraining)
    y = try builder.apply(.unary(.relu), [y])[0]
    if isTraining, hasDropout {
      y = try builder.apply(.dropout(Dropout(probability: 0.3, isPerChannel: false)), [y])[0]
    }
    let pooling = Pooling(kernel: Size2D(2, 2), stride: Size2D(2, 2))
    y = try builder.apply(.maximumPooling(pooling), [y])[0]
    y = try builder.apply(.reshape([batch, 64]), [y])[0]
    builder.setOutputs([try SampleNetworks.linear(&builder, y, "fc", features: 10)])
    return builder.graph
  }

  static func differentiated(batch: Int) throws -> Graph {
    let graph = try network(batch: batch, isTraining: true).addingCrossEntropy(labelSmoothing: 0.1)
    return try graph.differentiated(loss: graph.outputs[0]).graph
  }

  static func feeds(_ graph: Graph, seed: UInt64) -> [String: [Float]] {
    var stream = RandomStream(seed: seed)
    return Dictionary(
      uniqueKeysWithValues: graph.inputs.map { input in
        let type = graph.type(of: input.value)
        let values = (0..<type.elementCount).map { _ in
          type.elementType == .int32 ? Float(stream.integer(below: 10)) : Float(stream.normal())
        }
        return (input.name, values)
      })
  }
}
