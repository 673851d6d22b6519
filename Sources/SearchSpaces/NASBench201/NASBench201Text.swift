extension NASBench201Cell {
  /// The longest text that is looked at; an arch string has at most 112 characters.
  private static let longestText = 1_000

  /// The cell that an arch string means.
  ///
  /// White space, capital letters, a missing first or last bar, and the order of a node's edges do not matter.
  ///
  /// - Throws: one sentence saying what is wrong, and where.
  public init(text: String) throws(SearchSpaceError) {
    guard text.utf8.count <= Self.longestText else {
      throw SearchSpaceError(
        "A cell's text has at most \(Self.longestText) characters, and this one has \(text.utf8.count).")
    }
    let bare = text.filter { !$0.isWhitespace }
    guard !bare.isEmpty else {
      throw SearchSpaceError("The text of a cell is empty; one is \(Self.example).")
    }
    let nodes = bare.split(separator: "+", omittingEmptySubsequences: false)
    guard nodes.count == 3 else {
      throw SearchSpaceError(
        "A cell has 3 nodes joined by '+', and here \(nodes.count == 1 ? "is 1" : "are \(nodes.count)"); "
          + "one is \(Self.example).")
    }
    var operations: [NASBench201Operation] = []
    for (node, text) in zip(1..., nodes) {
      operations += try Self.operations(of: node, String(text))
    }
    try self.init(operations)
  }

  private static let example =
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|avg_pool_3x3~1|nor_conv_1x1~2|"

  /// What a node's edges do, by the node that they come from.
  private static func operations(
    of node: Int, _ text: String
  ) throws(SearchSpaceError) -> [NASBench201Operation] {
    let parts = text.split(separator: "|")
    guard parts.count == node else {
      throw SearchSpaceError(
        "Node \(node) takes \(node) \(node == 1 ? "edge" : "edges"), and '\(text)' has \(parts.count).")
    }
    var found = [NASBench201Operation?](repeating: nil, count: node)
    for part in parts {
      let halves = part.split(separator: "~", omittingEmptySubsequences: false)
      guard halves.count == 2 else {
        throw SearchSpaceError("'\(part)' of node \(node) is not an operation, '~' and a node's number.")
      }
      guard let operation = NASBench201Operation(named: halves[0]) else {
        let known = NASBench201Operation.allCases.map(\.name).joined(separator: ", ")
        throw SearchSpaceError("'\(halves[0])' of node \(node) is no operation; there are \(known).")
      }
      guard let source = Int(halves[1]), found.indices.contains(source) else {
        let sources = node == 1 ? "node 0" : "nodes 0 to \(node - 1)"
        throw SearchSpaceError("Node \(node) takes edges from \(sources), and '\(part)' says '\(halves[1])'.")
      }
      guard found[source] == nil else {
        throw SearchSpaceError("Node \(node) has two edges from node \(source); it takes one from each.")
      }
      found[source] = operation
    }
    return found.compactMap(\.self)
  }
}
