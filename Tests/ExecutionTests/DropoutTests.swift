import Execution
import NetworkGraph
import RandomStreams
import Testing

@Suite struct DropoutTests {
  private func graph(_ shape: [Int], _ probability: Double, isPerChannel: Bool = false) throws -> Graph {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, shape))
    let dropout = Operation.dropout(Dropout(probability: probability, isPerChannel: isPerChannel))
    builder.setOutputs(try builder.apply(dropout, [x]) + (try builder.apply(dropout, [x])))
    return builder.graph
  }

  @Test(arguments: InstructionSet.supported)
  func maskHasItsShareAndScale(on set: InstructionSet) throws {
    let count = 40_000
    let x = (0..<count).map { Float($0 % 7) + 1 }
    let results = try run(try graph([count], 0.3), ["x": x], on: set, stream: RandomStream(seed: 5))
    let (y, mask) = (results[0], results[1])
    let kept = Double(Float(1 / 0.7))
    #expect(mask.allSatisfy { $0 == 0 || $0 == kept })
    let share = Double(mask.count { $0 == 0 }) / Double(count)
    // Four standard deviations.
    #expect(abs(share - 0.3) < 4 * (0.3 * 0.7 / Double(count)).squareRoot())
    #expect(zip(y, zip(x, mask)).allSatisfy { $0 == Double($1.0 * Float($1.1)) })
    // Neighbours are independent, and so are two dropouts of one run.
    let pairs = zip(mask, mask.dropFirst()).count { $0 == 0 && $1 == 0 }
    #expect(abs(Double(pairs) / Double(count) - 0.09) < 0.007)
    let both = zip(mask, results[3]).count { $0 == 0 && $1 == 0 }
    #expect(abs(Double(both) / Double(count) - 0.09) < 0.007)
  }

  @Test func streamDecides() throws {
    let graph = try graph([64], 0.5)
    let feeds = ["x": [Float](repeating: 1, count: 64)]
    let root = RandomStream(seed: 5)
    let first = try run(graph, feeds, stream: root.stream("step", 1))
    #expect(try first == run(graph, feeds, stream: root.stream("step", 1)))
    #expect(try first != run(graph, feeds, stream: root.stream("step", 2)))
  }

  @Test func channelsGoTogether() throws {
    let feeds = ["x": [Float](repeating: 1, count: 8 * 50 * 4)]
    let mask = try run(
      try graph([8, 50, 2, 2], 0.5, isPerChannel: true), feeds, stream: RandomStream(seed: 1))[1]
    let planes = stride(from: 0, to: mask.count, by: 4).map { Array(mask[$0..<$0 + 4]) }
    #expect(planes.allSatisfy { plane in plane.allSatisfy { $0 == plane[0] } })
    let zeros = planes.count { $0[0] == 0 }
    #expect(zeros > 150 && zeros < 250)
  }
}
