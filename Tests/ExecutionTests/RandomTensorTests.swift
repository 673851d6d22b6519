import Execution
import NetworkGraph
import RandomStreams
import Testing

@Suite struct RandomTensorTests {
  private func draws(
    _ distribution: RandomTensor.Distribution, _ count: Int, on set: InstructionSet? = nil, seed: UInt64 = 5
  ) throws -> [[Double]] {
    var builder = GraphBuilder()
    let random = Operation.random(RandomTensor(distribution, shape: [count]))
    builder.setOutputs(try builder.apply(random, []) + (try builder.apply(random, [])))
    return try run(builder.graph, [:], on: set, stream: RandomStream(seed: seed))
  }

  /// Mean and variance within four standard deviations, and the share below every tenth of the distribution.
  @Test(arguments: InstructionSet.supported)
  func followTheirDistribution(on set: InstructionSet) throws {
    let count = 40_000
    let root = Double(count).squareRoot()
    let uniform = try draws(.uniform, count, on: set)[0]
    #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
    for tenth in 1...9 {
      let share = Double(uniform.count { $0 < Double(tenth) / 10 }) / Double(count)
      #expect(abs(share - Double(tenth) / 10) < 4 * 0.5 / root)
    }
    let normal = try draws(.normal, count, on: set)[0]
    #expect(abs(normal.reduce(0, +) / Double(count)) < 4 / root)
    #expect(abs(normal.reduce(0) { $0 + $1 * $1 } / Double(count) - 1) < 4 * 2.0.squareRoot() / root)
    // Published quantiles of the standard normal distribution.
    for (place, expected) in [
      (-1.644854, 0.05), (-0.674490, 0.25), (0, 0.5), (1.281552, 0.9), (2.326348, 0.99),
    ] {
      let share = Double(normal.count { $0 < place }) / Double(count)
      #expect(abs(share - expected) < 4 * 0.5 / root)
    }
    let bernoulli = try draws(.bernoulli(probability: 0.3), count, on: set)[0]
    #expect(bernoulli.allSatisfy { $0 == 0 || $0 == 1 })
    #expect(abs(bernoulli.reduce(0, +) / Double(count) - 0.3) < 4 * 0.5 / root)
  }

  @Test(arguments: [RandomTensor.Distribution.uniform, .normal])
  func drawsAreIndependent(_ distribution: RandomTensor.Distribution) throws {
    let both = try draws(distribution, 40_000)
    func correlation(_ a: some Sequence<Double>, _ b: some Sequence<Double>) -> Double {
      let pairs = Array(zip(a, b))
      let count = Double(pairs.count)
      let (x, y) = (pairs.reduce(0) { $0 + $1.0 } / count, pairs.reduce(0) { $0 + $1.1 } / count)
      func moment(_ f: ((Double, Double)) -> Double) -> Double { pairs.reduce(0) { $0 + f($1) } / count }
      let deviations = moment { ($0.0 - x) * ($0.0 - x) } * moment { ($0.1 - y) * ($0.1 - y) }
      return moment { ($0.0 - x) * ($0.1 - y) } / deviations.squareRoot()
    }
    // Two tensors of one run, and neighbours.
    #expect(abs(correlation(both[0], both[1])) < 0.02)
    #expect(abs(correlation(both[0], both[0].dropFirst())) < 0.02)
  }

  @Test func streamDecides() throws {
    #expect(try draws(.normal, 64) == draws(.normal, 64))
    #expect(try draws(.normal, 64) != draws(.normal, 64, seed: 6))
  }

  @Test func withoutStreamTheRunIsRefused() throws {
    #expect(throws: ExecutionError.missingRandomStream) {
      var builder = GraphBuilder()
      builder.setOutputs(try builder.apply(.random(RandomTensor(.uniform, shape: [4])), []))
      _ = try run(builder.graph, [:])
    }
  }
}
