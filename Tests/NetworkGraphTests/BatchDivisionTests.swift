import NetworkGraph
import Testing

@Suite struct BatchDivisionTests {
  private func graph(
    _ shape: [Int] = [6, 4, 5, 5], _ body: (inout GraphBuilder, ValueID) throws -> [ValueID]
  ) throws -> Graph {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, shape))
    builder.setOutputs(try body(&builder, x))
    return builder.graph
  }

  private static func constant(_ builder: inout GraphBuilder, _ shape: [Int]) -> ValueID {
    builder.constant(.fill(0.5, TensorType(.float32, shape)))
  }

  /// Operations that treat each example by itself.
  @Test func examplesAreCountedAnew() throws {
    let graph = try graph { builder, x in
      let weight = builder.parameter("w", TensorType(.float32, [6, 4, 3, 3]), initializer: .constant(1))
      var y = try builder.apply(.convolution(Convolution(hasBias: false)), [x, weight])[0]
      y = try builder.apply(.unary(.relu), [y])[0]
      y = try builder.apply(.binary(.add), [y, Self.constant(&builder, [6, 1, 1])])[0]
      y = try builder.apply(.concatenate(axis: 1), [y, y])[0]
      y = try builder.apply(.transpose([0, 2, 3, 1]), [y])[0]
      y = try builder.apply(.reshape([6, 9, 12]), [y])[0]
      let token = try builder.apply(.expand([6, 1, 12]), [Self.constant(&builder, [1, 1, 12])])[0]
      y = try builder.apply(.concatenate(axis: 1), [token, y])[0]
      y = try builder.apply(.attention(Attention(scale: 1)), [y, y, y])[0]
      y = try builder.apply(.matrixMultiply(transposeLeft: false, transposeRight: true), [y, y])[0]
      y = try builder.apply(.softmax(axis: 2), [y])[0]
      return [try builder.apply(.reduce(Reduction(.mean, axes: [1, 2])), [y])[0]]
    }
    let divided = try #require(graph.withExamples(2))
    try divided.verify()
    #expect(divided.nodes.count == graph.nodes.count)
    #expect(divided.type(of: divided.inputs[0].value).shape == [2, 4, 5, 5])
    #expect(divided.type(of: divided.outputs[0]).shape == [2])
    #expect(divided.parameters.map(\.name) == ["w"])
    #expect(graph.withExamples(6)?.nodes.map(\.operation) == graph.nodes.map(\.operation))
    #expect(graph.withExamples(0) == nil)
  }

  /// Where examples meet, or where it cannot be seen that they do not, there is no such graph.
  @Test func examplesThatMeetStayTogether() throws {
    let meeting: [(String, (inout GraphBuilder, ValueID) throws -> [ValueID])] = [
      ("a sum over examples", { [try $0.apply(.reduce(Reduction(.sum, axes: [0])), [$1])[0]] }),
      ("a softmax over examples", { [try $0.apply(.softmax(axis: 0), [$1])[0]] }),
      ("examples in reverse places", { [try $0.apply(.transpose([1, 0, 2, 3]), [$1])[0]] }),
      (
        "a square transpose",
        { builder, x in
          let y = try builder.apply(.reshape([6, 100]), [x])[0]
          let z = try builder.apply(.slice(Slice(axis: 1, start: 0, end: 6)), [y])[0]
          return [try builder.apply(.transpose([1, 0]), [z])[0]]
        }
      ),
      ("a reshape", { [try $0.apply(.reshape([24, 25]), [$1])[0]] }),
      (
        "two reshapes",
        { builder, x in
          let y = try builder.apply(.reshape([4, 6, 25]), [x])[0]
          return [try builder.apply(.reshape([6, 100]), [y])[0]]
        }
      ),
      ("a part of the examples", { [try $0.apply(.slice(Slice(axis: 0, start: 0, end: 3)), [$1])[0]] }),
      (
        "a number for each example",
        { builder, x in
          [try builder.apply(.binary(.add), [x, Self.constant(&builder, [6, 1, 1, 1])])[0]]
        }
      ),
      (
        "examples beside others",
        { builder, x in
          let y = try builder.apply(.reshape([6, 100]), [x])[0]
          return [try builder.apply(.matrixMultiply(transposeLeft: false, transposeRight: true), [y, y])[0]]
        }
      ),
      (
        "statistics of the batch",
        { builder, x in
          let normalization = BatchNormalization(
            isAffine: false, tracksRunningStatistics: false, isTraining: true)
          return [try builder.apply(.batchNormalization(normalization), [x])[0]]
        }
      ),
      (
        "random numbers",
        { builder, x in
          let dropout = Dropout(probability: 0.5, isPerChannel: false)
          return [try builder.apply(.dropout(dropout), [x])[0]]
        }
      ),
      ("a result of no example", { builder, _ in [Self.constant(&builder, [6])] }),
      ("a broadcast to a new first axis", { [try $0.apply(.expand([6, 6, 4, 5, 5]), [$1])[0]] }),
    ]
    for (name, body) in meeting {
      let graph = try graph([6, 4, 5, 5], body)
      #expect(graph.withExamples(2) == nil, "\(name)")
    }
  }
}
