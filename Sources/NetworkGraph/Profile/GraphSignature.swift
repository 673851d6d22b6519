import RandomStreams

/// What a graph is made of, for telling how unlike two networks are.
///
/// A multiset of neighbourhoods: each live operation counts once alone, once with the shape it gives, and once each
/// with its operands up to one and two steps away (the subtree kernel of Shervashidze et al. 2011,
/// "Weisfeiler-Lehman Graph Kernels"). Names, weights and the batch do not count.
public struct GraphSignature: Sendable, Hashable {
  /// How often each neighbourhood is there.
  private var counts: [UInt64: Int] = [:]
  private static let steps = 2

  /// The signature of a forward graph.
  public init(_ graph: Graph) {
    let live = graph.eliminatingDeadCode()
    var labels = [UInt64](repeating: 0, count: live.values.count)
    for node in live.nodes {
      let kind = Self.hash(live.kind(of: node))
      for (place, output) in node.outputs.enumerated() {
        labels[output.index] = kind &+ UInt64(place)
      }
      guard !node.operation.isLeaf else { continue }
      count(kind)
      let shapes = node.outputs.map { "\(live.type(of: $0).shape.dropFirst())" }
      count(Self.hash("\(kind) \(shapes)"))
    }
    for _ in 0..<Self.steps {
      var next = labels
      for node in live.nodes where !node.operation.isLeaf {
        let operands = node.inputs.map { labels[$0.index] }.sorted()
        for output in node.outputs {
          next[output.index] = Self.hash("\(labels[output.index]) \(operands)")
        }
        if let output = node.outputs.first { count(next[output.index]) }
      }
      labels = next
    }
  }

  private static func hash(_ text: String) -> UInt64 {
    var hash = StableHash()
    hash.combine(text)
    return hash.value
  }

  private mutating func count(_ neighbourhood: UInt64) { counts[neighbourhood, default: 0] += 1 }

  /// How unlike two graphs are, 0…1: one less the share of the neighbourhoods of either that both have.
  public func distance(to other: GraphSignature) -> Double {
    var (shared, all) = (0, 0)
    for (neighbourhood, count) in counts {
      let others = other.counts[neighbourhood] ?? 0
      shared += min(count, others)
      all += max(count, others)
    }
    for (neighbourhood, count) in other.counts where counts[neighbourhood] == nil { all += count }
    return all == 0 ? 0 : 1 - Double(shared) / Double(all)
  }
}
