internal import NetworkGraph
internal import RandomStreams

/// Which layers of a network are wider than its parent's, and how their units come from the parent's.
///
/// This is Net2WiderNet (Chen et al. 2016, section 2.2).
/// A layer with more outputs than the parent's of that name gets copies of random units. Its outputs are followed
/// through what treats every unit alike (activations, batch normalisation, pooling, depthwise convolutions, flattening)
/// to the convolutions and linear layers that read them, which are given shares of their weights. Where they reach
/// anything else (another branch, an output of the network) the layer is not widened.
struct WidenedLayers {
  /// How a variable is made from the parent's of the same name.
  struct UnitMapping: Equatable {
    /// For each place of the first axis, the parent's; nil where they agree.
    var outputs: [Int]?
    /// For each place of the second axis, the parent's; nil where they agree.
    var inputs: [Int]?
  }

  /// The variables to make, by name.
  private(set) var mappings: [String: UnitMapping] = [:]

  /// A value whose units are copies of the parent's.
  private struct Growth: Equatable {
    /// The weight of the layer that was widened.
    var origin: String
    /// The axis of the units.
    var axis: Int
    /// For each unit, the parent's.
    var sources: [Int]
    /// How many units the parent has.
    var parentCount: Int
  }

  /// Thrown where copies of units reach what cannot read them.
  private struct Refusal: Error { var origin: String }

  private let graph: Graph
  private let parent: [String: WeightTensor]
  private let added: Set<ValueID>
  private let stream: RandomStream
  private var useCounts: [ValueID: Int] = [:]
  private var refused: Set<String> = []
  private var growths: [ValueID: Growth] = [:]

  /// The widened layers of a network.
  ///
  /// - Parameters:
  ///   - graph: the network in evaluation mode, without dead code.
  ///   - parent: the parent's weights by name.
  ///   - added: outputs of layers that begin as the identity, which hand copies on.
  ///   - stream: where the choice of the units to copy comes from.
  init(_ graph: Graph, parent: [String: WeightTensor], added: Set<ValueID>, stream: RandomStream) {
    self.graph = graph
    self.parent = parent
    self.added = added
    self.stream = stream
    for node in graph.nodes { for input in node.inputs { useCounts[input, default: 0] += 1 } }
    // Each refusal gives up one more layer, so this ends.
    while true {
      do throws(Refusal) {
        try follow()
        return
      } catch {
        refused.insert(error.origin)
      }
    }
  }

  private mutating func follow() throws(Refusal) {
    mappings = [:]
    growths = [:]
    for node in graph.nodes {
      guard let output = node.outputs.first else { continue }
      let growth =
        switch node.operation {
        case .convolution(let convolution) where convolution.groups > 1:
          try perChannel(node, growths[node.inputs[0]], convolution.groups)
        case .convolution: try layer(node, unitAxis: 1)
        case .linear: try layer(node, unitAxis: graph.type(of: output).rank - 1)
        default: try passed(node)
        }
      growths[output] = growth
    }
    for output in graph.outputs { if let growth = growths[output] { throw Refusal(origin: growth.origin) } }
  }

  // MARK: Layers

  /// A layer that mixes its inputs: reads copies, and may have more outputs than the parent's.
  private mutating func layer(_ node: Node, unitAxis: Int) throws(Refusal) -> Growth? {
    let growth = growths[node.inputs[0]]
    if added.contains(node.outputs[0]) { return growth }
    try refuseOthers(node.inputs.dropFirst())
    guard let name = variable(node.inputs[1]), let theirs = parent[name] else { return try end(growth) }
    let shape = graph.type(of: node.inputs[1]).shape
    guard theirs.shape.count == shape.count, theirs.shape[2...] == shape[2...],
      theirs.shape[1] == growth?.parentCount ?? shape[1], theirs.shape[0] > 0,
      theirs.shape[0] <= shape[0], growth == nil || growth?.axis == unitAxis
    else { return try end(growth) }
    var mapping = UnitMapping(inputs: growth?.sources)
    guard shape[0] > theirs.shape[0] else {
      if growth != nil { mappings[name] = mapping }
      return nil
    }
    let bias = node.inputs.count > 2 ? variable(node.inputs[2]) : nil
    let hasBias = node.inputs.count > 2
    guard !refused.contains(name), !hasBias || bias.map({ parent[$0]?.shape == [theirs.shape[0]] }) ?? false
    else { return try end(growth) }
    var draws = stream.stream(name)
    let extra = (theirs.shape[0]..<shape[0]).map { _ in draws.integer(below: theirs.shape[0]) }
    let sources = Array(0..<theirs.shape[0]) + extra
    mapping.outputs = sources
    mappings[name] = mapping
    if let bias { mappings[bias] = UnitMapping(outputs: sources) }
    return Growth(origin: name, axis: unitAxis, sources: sources, parentCount: theirs.shape[0])
  }

  /// A layer that has some weights for each unit and does not mix units: batch normalisation, depthwise convolution.
  private mutating func perChannel(
    _ node: Node, _ growth: Growth?, _ count: Int
  ) throws(Refusal) -> Growth? {
    try refuseOthers(node.inputs.dropFirst())
    guard let growth, !added.contains(node.outputs[0]) else { return growth }
    for input in node.inputs.dropFirst() {
      let shape = graph.type(of: input).shape
      guard growth.axis == 1, let name = variable(input), let theirs = parent[name],
        shape.first == growth.sources.count, count == growth.sources.count,
        theirs.shape.first == growth.parentCount, theirs.shape.dropFirst() == shape.dropFirst()
      else { throw Refusal(origin: growth.origin) }
      mappings[name] = UnitMapping(outputs: growth.sources)
    }
    return growth
  }

  /// The name of the variable that a value is, if nothing else reads it.
  private func variable(_ value: ValueID) -> String? {
    useCounts[value] == 1 ? graph.variableName(of: value) : nil
  }

  private func refuseOthers(_ values: some Sequence<ValueID>) throws(Refusal) {
    for value in values { try end(growths[value]) }
  }

  @discardableResult
  private func end(_ growth: Growth?) throws(Refusal) -> Growth? {
    if let growth { throw Refusal(origin: growth.origin) }
    return nil
  }

  // MARK: What hands units on

  private mutating func passed(_ node: Node) throws(Refusal) -> Growth? {
    guard var growth = node.inputs.compactMap({ growths[$0] }).first else { return nil }
    let (input, output) = (node.inputs[0], node.outputs[0])
    switch node.operation {
    case .batchNormalization: return try perChannel(node, growth, growth.sources.count)
    case .unary, .dropout, .detach, .cast: return growth
    case .binary:
      // A number for all units, or another value with the same copies.
      let isAlike = node.inputs.allSatisfy { value in
        growths[value] == growth || graph.type(of: value).elementCount == 1
      }
      guard isAlike, graph.type(of: output).rank == rank(of: growth, in: node) else { break }
      return growth
    case .maximumPooling, .averagePooling, .adaptiveAveragePooling, .adaptiveMaximumPooling:
      // They work on the last two axes.
      if growth.axis < graph.type(of: input).rank - 2 { return growth }
    case .reduce(let reduction) where !reduction.axes.contains(growth.axis):
      if !reduction.keepsDimensions { growth.axis -= reduction.axes.count { $0 < growth.axis } }
      return growth
    case .transpose(let permutation):
      guard let axis = permutation.firstIndex(of: growth.axis) else { break }
      growth.axis = axis
      return growth
    case .slice(let slice) where slice.axis != growth.axis: return growth
    case .pad(let before, let after, _) where before[growth.axis] == 0 && after[growth.axis] == 0:
      return growth
    case .reshape(let shape):
      if let reshaped = reshaped(growth, from: graph.type(of: input).shape, to: shape) { return reshaped }
    default: break
    }
    throw Refusal(origin: growth.origin)
  }

  private func rank(of growth: Growth, in node: Node) -> Int? {
    node.inputs.first { growths[$0] == growth }.map { graph.type(of: $0).rank }
  }

  /// The units behind a reshape that leaves the axes before theirs alone: each becomes as many neighbours as places of
  /// the axes behind it are drawn into its axis, as in flattening `[N, C, H, W]` to `[N, C·H·W]`.
  private func reshaped(_ growth: Growth, from: [Int], to: [Int]) -> Growth? {
    let before = from[..<growth.axis].reduce(1, *)
    let units = growth.sources.count
    var count = 1
    for (axis, extent) in to.enumerated() {
      if count == before, extent.isMultiple(of: units), from[growth.axis] == units {
        let parts = extent / units
        var result = growth
        result.axis = axis
        result.parentCount *= parts
        result.sources = growth.sources.flatMap { source in (0..<parts).map { source * parts + $0 } }
        return result
      }
      count *= extent
    }
    return nil
  }
}

extension WidenedLayers.UnitMapping {
  /// The values of a variable made from the parent's.
  ///
  /// What reads several copies of a unit gets random shares of its weight, which add up to it: halves exactly would
  /// keep the copies equal for ever where nothing else in the training is random.
  func values(of theirs: WeightTensor, _ values: [Float], shape: [Int], stream: RandomStream) -> [Float] {
    var draws = stream
    let rows = shape[0]
    let columns = shape.count > 1 ? shape[1] : 1
    let theirColumns = shape.count > 1 ? theirs.shape[1] : 1
    let taps = shape.dropFirst(2).reduce(1, *)
    var result: [Float] = []
    result.reserveCapacity(rows * columns * taps)
    for row in 0..<rows {
      let base = (outputs?[row] ?? row) * theirColumns
      var shares = [Double](repeating: 1, count: columns)
      if let inputs {
        var sums = [Double](repeating: 0, count: theirColumns)
        for column in 0..<columns {
          shares[column] = draws.uniform(0.5, 1.5)
          sums[inputs[column]] += shares[column]
        }
        for column in 0..<columns { shares[column] /= sums[inputs[column]] }
      }
      for column in 0..<columns {
        let place = (base + (inputs?[column] ?? column)) * taps
        let share = Float(shares[column])
        for value in values[place..<place + taps] { result.append(value * share) }
      }
    }
    return result
  }
}
