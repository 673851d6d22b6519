/// What is taken for the same cell, in three steps that published counts of NAS-Bench-201 differ by.
public enum NASBench201Isomorphism: Sendable, Hashable, CaseIterable {
  /// An edge that skips is its node: 12,751 kinds of cells.
  case skips
  /// And an edge that does nothing, or comes from node 1 where nothing reaches that, is nothing: 6,466 kinds, the
  /// figure that the benchmark's paper gives.
  case skipsAndZeros
  /// And a sum leaves nothing out of account: 5,390 kinds.
  case sums

  /// How many kinds of cells there are.
  public var count: Int {
    switch self {
    case .skips: 12_751
    case .skipsAndZeros: 6_466
    case .sums: 5_390
    }
  }
}

extension NASBench201Cell {
  /// A text that cells of the same kind have in common: the output as a sum over `0`, the input, with `#` for nothing.
  ///
  /// All kinds treat a convolution over nothing as nothing, as the benchmark's authors do, although its normalisation
  /// still adds a bias; and none of them says that networks train equally well, since a seed meets other weights.
  public func canonicalText(_ isomorphism: NASBench201Isomorphism = .skipsAndZeros) -> String {
    let zero = "#"
    var nodes = ["0"]
    var terms: [String] = []
    for (edge, ends) in Self.edges.enumerated() {
      let (operation, source) = (self[edge], nodes[ends.source])
      if isomorphism != .skips, operation == .none || source == zero {
        terms.append(zero)
      } else if operation == .skipConnection {
        terms.append(source)
      } else {
        terms.append("(\(source))@\(operation.name)")
      }
      // The edge from the node just before is a node's last.
      guard ends.source == ends.target - 1 else { continue }
      if isomorphism == .sums { terms.removeAll { $0 == zero } }
      nodes.append(terms.isEmpty ? zero : terms.sorted().joined(separator: "+"))
      terms = []
    }
    return nodes[nodes.count - 1]
  }
}
