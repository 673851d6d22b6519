import Execution
import NetworkGraph
import RandomStreams
import Testing

/// Every case of the registry against plain loops in double precision, for every instruction set.
@Suite struct OperationTests {
  static let deterministic = OperationCase.all.filter { !$0.isRandom }

  /// By deterministic case.
  private static let expectedResults = Result {
    try deterministic.map { test in
      ReferenceEvaluator.run(try test.graph(), test.feeds(seed: 5).mapValues { $0.map(Double.init) })
        .map(\.elements)
    }
  }

  /// The cases with gradients, with the loss and the gradients in double precision.
  private static let expectedGradients = Result {
    try deterministic.filter(\.hasGradient).map { test in
      let problem = try ScalarProblem(test, seed: 5)
      let results = ReferenceEvaluator.run(problem.graph, problem.feeds.mapValues { $0.map(Double.init) })
      return (test, problem, results.map(\.elements))
    }
  }

  @Test(arguments: InstructionSet.supported)
  func resultsAgreeWithReference(on set: InstructionSet) throws {
    for (test, expected) in zip(Self.deterministic, try Self.expectedResults.get()) {
      let actual = try run(
        try test.graph(), test.feeds(seed: 5), on: set, stream: RandomStream(seed: 2))
      try #require(actual.count == expected.count)
      for (index, (ours, theirs)) in zip(actual, expected).enumerated() {
        let worst = difference(ours, theirs)
        #expect(worst < 1e-5, "\(test), result \(index)")
      }
    }
  }

  @Test(arguments: InstructionSet.supported)
  func gradientsAgreeWithReference(on set: InstructionSet) throws {
    var compared = 0
    for (test, problem, expected) in try Self.expectedGradients.get() {
      let actual = try run(problem.graph, problem.feeds, on: set, stream: RandomStream(seed: 2))
      try #require(actual.count == expected.count)
      for index in problem.targets.indices {
        let worst = difference(actual[index + 1], expected[index + 1])
        #expect(worst < 1e-4, "\(test), gradient of operand \(problem.targets[index])")
        compared += 1
      }
    }
    #expect(compared > 200)
  }

  /// Gradients of rectifiers are taken from the result where the result's sign is the operand's, and only there.
  @Test(arguments: [-0.5, 0, 0.2])
  func rectifierGradientsHoldForEverySlope(slope: Double) throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [6]))
    let y = try builder.apply(.unary(.leakyReLU(slope: slope)), [x])[0]
    let loss = try builder.apply(.reduce(Reduction(.sum, axes: [0])), [y])[0]
    builder.setOutputs(try builder.gradients(of: loss, withRespectTo: [x]))
    let gradient = try run(builder.graph, ["x": [-3, -1, -0.1, 0.1, 1, 3]])[0]
    #expect(difference(gradient, [slope, slope, slope, 1, 1, 1]) < 1e-7)
  }

  /// The engine's gradients against central differences of the engine's own results, summed in double precision.
  ///
  /// Single precision leaves about 1e-7/step of noise in each difference, so the bound is 5e-3.
  @Test func gradientsAgreeWithFiniteDifferences() throws {
    var compared = 0
    for test in Self.deterministic where test.hasGradient {
      let problem = try ScalarProblem(test, seed: 9)
      let gradients = try run(problem.graph, problem.feeds, stream: RandomStream(seed: 2))
      let forward = try test.graph()
      let variables = try VariableStore(graph: forward, stream: RandomStream(seed: 1))
      let executor = try Executor(graph: forward, variables: variables)
      var stream = RandomStream(seed: 11).stream(test.name)
      for (index, target) in problem.targets.enumerated() {
        let point = try #require(problem.feeds["x\(target)"])
        let direction = point.map { _ in stream.bernoulli(0.5) ? 1.0 : -1.0 }
        let step = 2e-3
        var losses: [Double] = []
        for signed in [step, -step] {
          var feeds = problem.feeds
          feeds["x\(target)"] = zip(point, direction).map { Float(Double($0) + signed * $1) }
          let result = try executor.results(of: forward, feeds: feeds, stream: RandomStream(seed: 2))[0]
          losses.append(zip(result, problem.weights).reduce(0) { $0 + $1.0 * Double($1.1) })
        }
        let expected = (losses[0] - losses[1]) / (2 * step)
        let actual = zip(gradients[index + 1], direction).reduce(0) { $0 + $1.0 * $1.1 }
        let scale = gradients[index + 1].reduce(1) { max($0, abs($1)) }
        #expect(
          abs(actual - expected) < 5e-3 * max(scale, abs(expected)),
          "\(test), operand \(target): \(actual) instead of \(expected)")
        compared += 1
      }
    }
    #expect(compared > 200)
  }
}
