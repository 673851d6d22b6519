import Foundation
import NetworkGraph
import RandomStreams
import Testing

@testable import Execution

@Suite struct VariableStoreTests {
  private func graph(
    _ variables: [(name: String, shape: [Int], initializer: Initializer, isTrainable: Bool)]
  ) -> Graph {
    var builder = GraphBuilder()
    for variable in variables {
      _ = builder.parameter(
        variable.name, TensorType(.float32, variable.shape), initializer: variable.initializer,
        isTrainable: variable.isTrainable)
    }
    return builder.graph
  }

  private func values(_ initializer: Initializer, count: Int = 20_000, seed: UInt64 = 1) throws -> [Double] {
    let store = try VariableStore(
      graph: graph([("x", [count], initializer, true)]), stream: RandomStream(seed: seed))
    return try #require(store.values(of: "x")).map(Double.init)
  }

  @Test func trainableParametersLieInOrder() throws {
    var builder = GraphBuilder()
    _ = builder.parameter("a", TensorType(.float32, [3]), initializer: .values([1, 2, 3]))
    _ = builder.parameter("frozen", TensorType(.float32, [2]), initializer: .constant(9), isTrainable: false)
    _ = builder.parameter("b", TensorType(.float32, [2, 2]), initializer: .values([4, 5, 6, 7]))
    _ = builder.buffer("statistics", TensorType(.float32, [5]), initializer: .constant(8))
    let store = try VariableStore(graph: builder.graph, stream: RandomStream(seed: 1))
    #expect(store.names == ["a", "frozen", "b", "statistics"])
    #expect(Array(store.flatParameters) == [1, 2, 3, 4, 5, 6, 7])
    #expect(store.range(of: "a") == 0..<3)
    #expect(store.range(of: "b") == 3..<7)
    #expect(store.range(of: "frozen") == nil && store.range(of: "statistics") == nil)
    #expect(store.parameterCount == 9)
    #expect(store.shape(of: "b") == [2, 2])
    #expect(store.values(of: "statistics") == [8, 8, 8, 8, 8])
    #expect(store.values(of: "none") == nil && store.shape(of: "none") == nil)
    #expect(Int(bitPattern: store.flatParameters.baseAddress) % 64 == 0)
    try store.setValues([0, 0, 1, 1], of: "b")
    #expect(Array(store.flatParameters) == [1, 2, 3, 0, 0, 1, 1])
    #expect(throws: ExecutionError.valueCount(name: "a", expected: 3, found: 1)) {
      try store.setValues([1], of: "a")
    }
    #expect(throws: ExecutionError.missingVariable("none")) { try store.setValues([1], of: "none") }
  }

  @Test func valuesDependOnNameAndSeedOnly() throws {
    let normal = Initializer.normal(mean: 0, standardDeviation: 1)
    let stream = RandomStream(seed: 7)
    let alone = try VariableStore(graph: graph([("b", [10], normal, true)]), stream: stream)
    let second = try VariableStore(
      graph: graph([("a", [3], normal, true), ("b", [10], normal, true)]), stream: stream)
    let other = try VariableStore(graph: graph([("b", [10], normal, true)]), stream: RandomStream(seed: 8))
    #expect(alone.values(of: "b") == second.values(of: "b"))
    #expect(alone.values(of: "b") != other.values(of: "b"))
    #expect(second.values(of: "a") != second.values(of: "b").map { Array($0.prefix(3)) })
  }

  @Test func distributionsHaveTheirMoments() throws {
    func moments(_ x: [Double]) -> (mean: Double, deviation: Double) {
      let mean = x.reduce(0, +) / Double(x.count)
      return (mean, (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)).squareRoot())
    }
    let uniform = try values(.uniform(lower: -1, upper: 3))
    #expect(uniform.allSatisfy { $0 >= -1 && $0 <= 3 })
    #expect(
      abs(moments(uniform).mean - 1) < 0.03 && abs(moments(uniform).deviation - 4 / 12.0.squareRoot()) < 0.02)
    let normal = try values(.normal(mean: 2, standardDeviation: 0.5))
    #expect(abs(moments(normal).mean - 2) < 0.015 && abs(moments(normal).deviation - 0.5) < 0.01)
    // Cut to ±2 standard deviations a normal distribution keeps 0.8796 of its deviation.
    let cut = try values(.truncatedNormal(mean: 0, standardDeviation: 0.02, lower: -0.04, upper: 0.04))
    #expect(cut.allSatisfy { abs($0) <= 0.04 })
    #expect(abs(moments(cut).mean) < 5e-4 && abs(moments(cut).deviation - 0.02 * 0.8796) < 4e-4)
    #expect(try values(.constant(0.25), count: 3) == [0.25, 0.25, 0.25])
  }

  @Test func orthogonalMatricesAreOrthogonal() throws {
    for (rows, columns) in [(7, 7), (5, 12), (12, 5), (1, 4), (4, 1)] {
      let matrix = try values(.orthogonal(rows: rows, columns: columns, gain: 2), count: rows * columns)
      for a in 0..<min(rows, columns) {
        for b in 0..<min(rows, columns) {
          let product = (0..<max(rows, columns)).reduce(0.0) { sum, k in
            rows <= columns
              ? sum + matrix[a * columns + k] * matrix[b * columns + k]
              : sum + matrix[k * columns + a] * matrix[k * columns + b]
          }
          #expect(abs(product - (a == b ? 4 : 0)) < 1e-5, "\(rows)x\(columns)")
        }
      }
    }
  }

  @Test func sparseMatricesHaveTheirZeros() throws {
    let matrix = try values(
      .sparse(rows: 20, columns: 6, zerosPerColumn: 13, standardDeviation: 1), count: 120)
    for column in 0..<6 { #expect((0..<20).count { matrix[$0 * 6 + column] == 0 } == 13) }
  }

  @Test func initializersAreMadeOfOthers() throws {
    let region = try #require(
      TensorRegion(shape: [3, 4], starts: [1, 0], counts: [2, 2], steps: [1, 2]))
    #expect(region.offsets == [4, 6, 8, 10])
    #expect(TensorRegion(shape: [3, 4], starts: [1, 0], counts: [2, 3], steps: [1, 2]) == nil)
    let patched = try values(
      .overlaid(.constant(1), by: .values([2, 3, 4, 5]), region: region).scaled(by: 2, plus: 1), count: 12)
    #expect(patched == [3, 3, 3, 3, 5, 3, 7, 3, 9, 3, 11, 3])
    let normal = Initializer.normal(mean: 0, standardDeviation: 1)
    let named = Initializer.drawn(normal, stream: "both")
    let store = try VariableStore(
      graph: graph([
        ("a", [6], named, true), ("b", [6], named, true), ("c", [6], normal, true),
        ("norm", [3], .norms(of: named, shape: [3, 2], axis: 0), true),
        ("columns", [2], .norms(of: named, shape: [3, 2], axis: 1), true),
        ("whole", [1], .norms(of: named, shape: [3, 2], axis: nil), true),
      ]), stream: RandomStream(seed: 2))
    let a = try #require(store.values(of: "a"))
    #expect(store.values(of: "b") == a && store.values(of: "c") != a)
    let squares = a.map { Double($0) * Double($0) }
    let rows = [squares[0] + squares[1], squares[2] + squares[3], squares[4] + squares[5]]
    let columns = [squares[0] + squares[2] + squares[4], squares[1] + squares[3] + squares[5]]
    for (name, sums) in [("norm", rows), ("columns", columns), ("whole", [squares.reduce(0, +)])] {
      let norms = try #require(store.values(of: name))
      #expect(zip(norms, sums).allSatisfy { abs(Double($0) - $1.squareRoot()) < 1e-6 }, "\(name)")
    }
    #expect(throws: ExecutionError.self) {
      _ = try values(.orthogonal(rows: 2, columns: 2, gain: 1), count: 5)
    }
    let decoded = try JSONDecoder().decode(Initializer.self, from: JSONEncoder().encode(named))
    #expect(decoded == named)
  }

  /// Bounds far outside the bulk must neither hang nor leave the interval.
  @Test func truncationFarOutEnds() throws {
    for (lower, upper) in [(8.0, 9.0), (40, 41), (-41, -40), (1, 1), (-.infinity, .infinity)] {
      let drawn = try values(
        .truncatedNormal(mean: 0, standardDeviation: 1, lower: lower, upper: upper), count: 100)
      #expect(drawn.allSatisfy { $0 >= lower && $0 <= upper })
    }
    #expect(throws: ExecutionError.self) {
      _ = try values(.truncatedNormal(mean: 0, standardDeviation: 1, lower: 2, upper: 1), count: 3)
    }
  }

  @Test func quantileInvertsDistribution() {
    for x in stride(from: -6.0, through: 6, by: 0.37) {
      let back = TruncatedNormal.quantile(TruncatedNormal.distribution(x))
      #expect(abs(back - x) < 1e-6 * max(1, abs(x)))
    }
    // Published: the 97.5 % quantile.
    #expect(abs(TruncatedNormal.quantile(0.975) - 1.959963984540054) < 1e-8)
  }

  @Test func mistakesAreNamed() throws {
    let twice = graph([("x", [1], .constant(0), true), ("x", [1], .constant(0), true)])
    #expect(throws: ExecutionError.variable(name: "x", reason: "occurs twice")) {
      try VariableStore(graph: twice, stream: RandomStream(seed: 1))
    }
    let short = graph([("x", [3], .values([1]), true)])
    #expect(throws: ExecutionError.valueCount(name: "x", expected: 3, found: 1)) {
      try VariableStore(graph: short, stream: RandomStream(seed: 1))
    }
    let large = graph([("x", [1 << 20], .constant(0), true)])
    #expect(throws: ExecutionError.memoryLimit(neededBytes: 4 << 20, limitBytes: 1000)) {
      try VariableStore(graph: large, stream: RandomStream(seed: 1), memoryLimit: 1000)
    }
  }
}
