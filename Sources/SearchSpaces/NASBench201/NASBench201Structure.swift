/// Which edges of a cell matter, and how long its paths are.
///
/// An edge is *live* where its operation is not `none` and its result reaches the output. A live edge may come from a
/// node that nothing reaches and that is the input times 0; a convolution there is not idle, since its normalisation
/// adds a learned bias to every place.
struct NASBench201Structure {
  /// By edge: whether it is live.
  private(set) var isLive: [Bool]
  /// How many paths lead from the input to the output.
  private(set) var pathCount: Int

  init(_ cell: NASBench201Cell) {
    let edges = NASBench201Cell.edges
    isLive = [false, false, false, false, false, false]
    // Node by node: how many paths lead to the node, and whether it reaches the output.
    var paths = [1, 0, 0, 0]
    var reaches = [false, false, false, true]
    for edge in edges.indices where cell.digit(edge) != 0 {
      paths[edges[edge].target] += paths[edges[edge].source]
    }
    for edge in edges.indices.reversed() where cell.digit(edge) != 0 && reaches[edges[edge].target] {
      isLive[edge] = true
      reaches[edges[edge].source] = true
    }
    pathCount = paths[3]
  }

  /// The most convolutions on a path to the output, behind so many in front of the cell; a node that nothing reaches
  /// is as deep as the input.
  func depth(of cell: NASBench201Cell, behind depth: Int) -> Int {
    let edges = NASBench201Cell.edges
    var depths = [depth, depth, depth, depth]
    for edge in edges.indices where isLive[edge] {
      let (source, target) = edges[edge]
      depths[target] = max(depths[target], depths[source] + (cell[edge].window == nil ? 0 : 1))
    }
    return depths[3]
  }

  /// The most convolutions on a path from the input to the output; 0 where there is no path.
  func connectedDepth(of cell: NASBench201Cell) -> Int {
    let edges = NASBench201Cell.edges
    var depths: [Int?] = [0, nil, nil, nil]
    for edge in edges.indices where isLive[edge] {
      let (source, target) = edges[edge]
      guard let depth = depths[source] else { continue }
      depths[target] = max(depths[target] ?? 0, depth + (cell[edge].window == nil ? 0 : 1))
    }
    return depths[3] ?? 0
  }
}
