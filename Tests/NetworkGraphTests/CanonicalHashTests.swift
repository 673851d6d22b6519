import RandomStreams
import Testing

@testable import NetworkGraph

@Suite struct CanonicalHashTests {
  @Test(arguments: 0..<150)
  func ignoresHowANetworkIsWritten(seed: Int) throws {
    let graph = try RandomGraphs.graph(seed: UInt64(seed))
    for variant in 0..<3 {
      let other = try Mangler.mangled(graph, seed: UInt64(1000 * seed + variant), respells: variant > 0)
      try other.verify()
      #expect(other.canonicalText == graph.canonicalText)
      #expect(other.canonicalHash == graph.canonicalHash)
    }
  }

  @Test func ignoresItInWholeNetworksAndTrainingGraphs() throws {
    let small = try SampleNetworks.small()
    let loss = try small.addingCrossEntropy(labelSmoothing: 0)
    let training = try loss.differentiated(loss: loss.outputs[0]).graph
    for graph in [small, loss, training, try SampleNetworks.resNet18(batch: 1, size: 32, classes: 10)] {
      #expect(try Mangler.mangled(graph, seed: 4).canonicalHash == graph.canonicalHash)
      #expect(try Mangler.mangled(graph, seed: 5, respells: true).canonicalHash == graph.canonicalHash)
    }
  }

  /// Sums and products in any order and grouping are one; of other terms they are another.
  @Test(arguments: [BinaryFunction.add, .multiply])
  func ignoresGrouping(function: BinaryFunction) throws {
    func graph(_ seed: UInt64, terms: Int = 6) throws -> Graph {
      var stream = RandomStream(seed: seed)
      var builder = GraphBuilder()
      let type = TensorType(.float32, [3])
      let x = builder.input("x", type)
      let functions: [UnaryFunction] = [.sine, .cosine, .tanh, .exponential, .sigmoid, .absolute]
      var values = try functions.prefix(terms).map { try builder.apply(.unary($0), [x])[0] }
      while values.count > 1 {
        let first = values.remove(at: stream.integer(below: values.count))
        let second = values.remove(at: stream.integer(below: values.count))
        values.append(try builder.apply(.binary(function), [first, second])[0])
      }
      builder.setOutputs(values)
      return builder.graph
    }
    let hash = try graph(0).canonicalHash
    for seed in 1..<40 { #expect(try graph(UInt64(seed)).canonicalHash == hash) }
    #expect(try graph(0, terms: 5).canonicalHash != hash)
  }

  /// A constant of equal elements is the same however it is held, but not with another element or sign of zero.
  @Test func equalElementsAreOneNumber() {
    func hash(_ constant: Constant) -> String {
      var builder = GraphBuilder()
      builder.setOutputs([builder.constant(constant)])
      return builder.graph.canonicalHash
    }
    let type = TensorType(.float32, [3])
    #expect(hash(.values([0.1, 0.1, 0.1], shape: [3])) == hash(.fill(0.1, type)))
    #expect(hash(.values([.nan, .nan, .nan], shape: [3])) == hash(.fill(.nan, type)))
    #expect(hash(.integers([7, 7, 7], shape: [3])) == hash(.fill(7, TensorType(.int32, [3]))))
    #expect(hash(.values([0.1, 0.1, 0.2], shape: [3])) != hash(.fill(0.1, type)))
    #expect(hash(.values([0, -0.0, 0], shape: [3])) != hash(.fill(0, type)))
    #expect(hash(.values([-0.0, -0.0, -0.0], shape: [3])) != hash(.fill(0, type)))
    #expect(hash(.integers([7, 7, 8], shape: [3])) != hash(.integers([7, 7, 7], shape: [3])))
    #expect(hash(.values([7, 7, 7], shape: [3])) != hash(.integers([7, 7, 7], shape: [3])))
  }

  @Test func respellingKeepsTheFunction() throws {
    for seed in 0..<100 {
      let graph = try Mangler.mangled(
        try RandomGraphs.graph(seed: UInt64(seed)), seed: UInt64(seed), respells: true)
      let feeds = SampleNetworks.feeds(graph)
      let result = graph.canonicalized()
      try result.verify()
      for (left, right) in zip(ReferenceEvaluator.run(graph, feeds), ReferenceEvaluator.run(result, feeds)) {
        #expect(zip(left.elements, right.elements).allSatisfy { abs($0 - $1) <= 1e-9 * max(1, abs($0)) })
      }
    }
  }

  /// Random graphs that hash alike are the same function: with equal hashes, brute-force evaluation agrees.
  @Test func equalHashesMeanEqualFunctions() throws {
    var byHash: [String: [Graph]] = [:]
    for seed in 0..<3000 {
      let graph = try RandomGraphs.graph(seed: UInt64(seed))
      byHash[graph.canonicalHash, default: []].append(graph)
    }
    let shared = byHash.values.filter { $0.count > 1 }
    // There must be repeats, or the check below says nothing.
    #expect(shared.count > 20)
    for graphs in shared {
      for other in graphs.dropFirst() {
        #expect(Self.canAgree(graphs[0], other))
      }
    }
  }

  /// Whether two graphs agree on random inputs for some assignment of parameters to parameters.
  private static func canAgree(_ first: Graph, _ second: Graph) -> Bool {
    func live(_ graph: Graph) -> [Variable] {
      let isLive = graph.liveNodes()
      return graph.parameters.filter { isLive[graph.values[$0.value.index].producer] }
    }
    let (ours, theirs) = (live(first), live(second))
    guard ours.count == theirs.count else { return false }
    let feeds = SampleNetworks.feeds(first)
    let expected = ReferenceEvaluator.run(first, feeds)
    func search(_ index: Int, _ rest: [Variable], _ assigned: [String: [Double]]) -> Bool {
      guard index < ours.count else {
        var all = assigned
        for parameter in second.parameters where all[parameter.name] == nil {
          all[parameter.name] = [0, 0, 0, 0]
        }
        for input in second.inputs { all[input.name] = feeds[input.name] ?? [0, 0, 0, 0] }
        let actual = ReferenceEvaluator.run(second, all)
        guard actual.count == expected.count else { return false }
        return zip(expected, actual).allSatisfy { a, b in
          zip(a.elements, b.elements).allSatisfy { abs($0 - $1) <= 1e-9 * max(1, abs($0)) }
        }
      }
      for (position, candidate) in rest.enumerated() where candidate.initializer == ours[index].initializer {
        var others = rest
        others.remove(at: position)
        var more = assigned
        more[candidate.name] = feeds[ours[index].name]
        if search(index + 1, others, more) { return true }
      }
      return false
    }
    return search(0, theirs, [:])
  }

  /// Every change of what is computed, begun with, trained or shared shows.
  @Test func seesEveryChange() throws {
    var hashes: [String: String] = [:]
    func add(_ name: String, _ make: (inout Variant) -> Void) throws {
      var variant = Variant()
      make(&variant)
      let hash = try variant.graph().canonicalHash
      if let other = hashes[hash] { Issue.record("\(name) hashes as \(other)") }
      hashes[hash] = name
    }
    try add("plain") { _ in }
    try add("batch") { $0.batch = 3 }
    try add("channels") { $0.channels = 8 }
    try add("stride") { $0.convolution.stride = Size2D(2, 2) }
    try add("stride of one side") { $0.convolution.stride = Size2D(1, 2) }
    try add("padding") { $0.convolution.padding = Size2D(0, 1) }
    try add("padding behind") { $0.convolution.paddingAfter = Size2D(0, 1) }
    try add("dilation") { $0.convolution.dilation = Size2D(2, 1) }
    try add("groups") { $0.convolution.groups = 2 }
    try add("activation") { $0.activation = .relu6 }
    try add("slope") { $0.activation = .leakyReLU(slope: 0.1) }
    try add("other slope") { $0.activation = .leakyReLU(slope: 0.1.nextUp) }
    try add("epsilon") { $0.normalization.epsilon = 1e-3 }
    try add("momentum") { $0.normalization.momentum = 0.2 }
    try add("update left out") { $0.updates = false }
    try add("initialisation") { $0.initializer = .constant(0.5) }
    try add("other scheme") { $0.initializer = .normal(mean: 0, standardDeviation: 0.5) }
    try add("frozen") { $0.isTrainable = false }
    try add("shared weight") { $0.sharesWeight = true }
    try add("outputs swapped") { $0.swapsOutputs = true }
    try add("operands swapped") { $0.swapsOperands = true }
    try add("constant") { $0.constant = 2 }
    try add("constant below zero") { $0.constant = -1 }
    try add("dropout") { $0.dropout = 0.5 }
    try add("other dropout") { $0.dropout = 0.25 }
    try add("inputs swapped") { $0.swapsInputs = true }
  }

  /// Every attribute of every operation tells in the text, so equal texts mean equal operations.
  @Test func seesEveryAttribute() throws {
    var texts: [String: OperationCase] = [:]
    for test in OperationCase.all {
      let graph = try test.graph()
      let text = graph.canonicalText
      guard let other = texts.updateValue(test, forKey: text) else { continue }
      let isSame =
        other.operation == test.operation && other.operands.map(\.type) == test.operands.map(\.type)
      // Some operations say the same as others: they are the same node once canonicalised.
      let isRespelled = graph.canonicalized().nodes != graph.eliminatingDeadCode().nodes
      // Simplification may find that neither does anything.
      let isTrivial = graph.simplified().eliminatingDeadCode().nodes.allSatisfy { $0.operation == .input }
      let isOtherRespelled = try Self.isRespelled(other)
      #expect(isSame || isTrivial || isRespelled || isOtherRespelled, "\(test) hashes as \(other)")
    }
  }

  private static func isRespelled(_ test: OperationCase) throws -> Bool {
    let graph = try test.graph()
    return graph.canonicalized().nodes != graph.eliminatingDeadCode().nodes
  }

  private struct Variant {
    var batch = 2
    var channels = 4
    var convolution = Convolution(hasBias: false)
    var activation = UnaryFunction.relu
    var normalization = BatchNormalization(isAffine: false, isTraining: true)
    var updates = true
    var initializer = Initializer.uniform(lower: -0.5, upper: 0.5)
    var isTrainable = true
    var sharesWeight = false
    var swapsOutputs = false
    var swapsOperands = false
    var swapsInputs = false
    var constant = 1.0
    var dropout: Double?

    func graph() throws -> Graph {
      var builder = GraphBuilder()
      let type = TensorType(.float32, [batch, 4, 8, 8])
      let (a, b) = (builder.input("a", type), builder.input("b", type))
      let images = swapsInputs ? [b, a] : [a, b]
      let weightType = TensorType(.float32, [channels, 4 / convolution.groups, 3, 3])
      var weights = [
        builder.parameter("w", weightType, initializer: initializer, isTrainable: isTrainable),
        builder.parameter("v", weightType, initializer: .uniform(lower: -0.5, upper: 0.5)),
      ]
      if sharesWeight { weights[1] = weights[0] }
      var x = try builder.apply(.convolution(convolution), [images[0], weights[0]])[0]
      let y = try builder.apply(.convolution(convolution), [images[1], weights[1]])[0]
      let statistics = TensorType(.float32, [channels])
      let mean = builder.buffer("mean", statistics, initializer: .constant(0))
      let variance = builder.buffer("variance", statistics, initializer: .constant(1))
      let results = try builder.apply(.batchNormalization(normalization), [x, mean, variance])
      if updates {
        builder.update(buffer: mean, to: results[3])
        builder.update(buffer: variance, to: results[4])
      }
      x = try builder.apply(.unary(activation), [results[0]])[0]
      let number = builder.constant(.fill(constant, TensorType(.float32, [])))
      x = try builder.apply(.binary(.multiply), [x, number])[0]
      x = try builder.apply(.binary(.subtract), swapsOperands ? [y, x] : [x, y])[0]
      if let dropout {
        x = try builder.apply(.dropout(Dropout(probability: dropout, isPerChannel: false)), [x])[0]
      }
      builder.setOutputs(swapsOutputs ? [y, x] : [x, y])
      return builder.graph
    }
  }

  /// Six parameters in two rings of three or one of six look alike to plain refinement.
  @Test func tellsRingsApart() throws {
    func ring(_ next: [Int], _ order: [Int]) throws -> Graph {
      var builder = GraphBuilder()
      let type = TensorType(.float32, [2, 2])
      let x = builder.input("x", type)
      let parameters = order.map { ($0, builder.parameter("p\($0)", type, initializer: .constant(1))) }
      let byNumber = Dictionary(uniqueKeysWithValues: parameters)
      var links: [ValueID] = []
      for index in order {
        let a = try builder.apply(.binary(.subtract), [x, byNumber[index]!])[0]
        links += try builder.apply(.binary(.power), [a, byNumber[next[index]]!])
      }
      // Side by side, so that nothing but the parameters orders the links.
      for link in links {
        builder.update(buffer: builder.buffer("b\(link.index)", type, initializer: .constant(0)), to: link)
      }
      builder.setOutputs([x])
      return builder.graph
    }
    let triangles = try ring([1, 2, 0, 4, 5, 3], [0, 1, 2, 3, 4, 5])
    let hexagon = try ring([1, 2, 3, 4, 5, 0], [0, 1, 2, 3, 4, 5])
    #expect(triangles.canonicalHash != hexagon.canonicalHash)
    for seed in 0..<20 {
      var stream = RandomStream(seed: UInt64(seed))
      let order = stream.permutation(6)
      #expect(try ring([1, 2, 0, 4, 5, 3], order).canonicalHash == triangles.canonicalHash)
      #expect(try ring([1, 2, 3, 4, 5, 0], order).canonicalHash == hexagon.canonicalHash)
    }
  }

  /// The hash of contents is that of their bits as hexadecimal numbers, each with a space behind it.
  @Test func contentsAreHashedByTheirBits() {
    let bits: [UInt32] = [0, 1, 9, 10, 15, 16, 255, 256, 0x1234_5678, 0x7FC0_0000, 0xFFFF_FFFF, 0x3F80_0000]
    let text = bits.map { String($0, radix: 16) + " " }.joined()
    #expect(contentHash(of: bits.map { Float(bitPattern: $0) }) == StableHash.hexadecimal128(text))
    #expect(contentHash(of: bits.map { Int32(bitPattern: $0) }) == StableHash.hexadecimal128(text))
  }

  /// Stored hashes must stay valid, so the text under them is pinned.
  @Test func theTextIsPinned() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [2, 3]))
    let y = try SampleNetworks.linear(&builder, x, "fc", features: 1)
    builder.setOutputs([try builder.apply(.unary(.relu), [y])[0]])
    #expect(
      builder.graph.canonicalText == """
        input 0 : float32[2, 3] <-
        parameter uniform(-0.5773502691896258, 0.5773502691896258) trainable : float32[1, 3] <-
        parameter uniform(-0.5773502691896258, 0.5773502691896258) trainable : float32[1] <-
        linear(bias) : float32[2, 1] <- 0.0 1.0 2.0
        relu : float32[2, 1] <- 3.0
        updates <-
        root <- 4.0 5.0
        """)
    #expect(builder.graph.canonicalHash == StableHash.hexadecimal128(builder.graph.canonicalText))
  }

  @Test func deepAndWideGraphsTakeLittleTime() throws {
    var builder = GraphBuilder()
    var x = builder.input("x", TensorType(.float32, [2]))
    for _ in 0..<5000 { x = try builder.apply(.unary(.sine), [x])[0] }
    builder.setOutputs([x])
    #expect(builder.graph.canonicalHash.count == 32)
    var wide = GraphBuilder()
    let type = TensorType(.float32, [2])
    let start = wide.input("x", type)
    // Many alike pairs: more ties than are broken, though here any order of the rest gives the same text.
    for index in 0..<(CanonicalForm.tieLimit + 20) {
      let pair = try (0..<2).map { side in
        let weight = wide.parameter("\(index).\(side)", type, initializer: .constant(1))
        return try wide.apply(.binary(.subtract), [start, weight])[0]
      }
      let buffer = wide.buffer("b\(index)", type, initializer: .constant(0))
      wide.update(buffer: buffer, to: try wide.apply(.binary(.add), pair)[0])
    }
    wide.setOutputs([start])
    #expect(try Mangler.mangled(wide.graph, seed: 1).canonicalHash == wide.graph.canonicalHash)
  }
}
