/// A k-d tree that grows and shrinks, and finds the exact nearest few of its points.
///
/// A leaf that overflows is split at the middle of its widest axis. Where points came in an order that made the tree
/// deep it is built anew, as in scapegoat trees (Galperin & Rivest 1993), so that its depth stays logarithmic.
struct DynamicKDTree: Sendable {
  /// A point and its squared distance from what was asked for.
  typealias Neighbour = KDTree.Neighbour

  private struct Node: Sendable {
    /// The axis that is split, or -1 for a leaf.
    var axis = -1
    /// Points before it on that axis are on the left, others on the right.
    var split = 0.0
    var left = -1
    var right = -1
    /// The leaf's points.
    var points: [Int32] = []
  }

  private static let leafSize = 16

  private let dimensions: Int
  /// The coordinates of all points there ever were, row by row.
  private(set) var coordinates: [Double] = []
  private var nodes = [Node()]
  private var isPresent: [Bool] = []
  /// How many points there are.
  private(set) var count = 0

  init(dimensions: Int) {
    self.dimensions = dimensions
  }

  /// Adds a point and gives its index: how many were added before.
  mutating func insert(_ points: [Double], row: Int = 0) -> Int {
    let index = isPresent.count
    for axis in 0..<dimensions { coordinates.append(points[row * dimensions + axis]) }
    isPresent.append(true)
    count += 1
    place(index)
    return index
  }

  /// Puts a point elsewhere under the same index.
  mutating func move(_ index: Int, to points: [Double], row: Int = 0) {
    remove(index)
    for axis in 0..<dimensions {
      coordinates[index * dimensions + axis] = points[row * dimensions + axis]
    }
    isPresent[index] = true
    count += 1
    place(index)
  }

  /// Takes a point away; its index is not given again.
  mutating func remove(_ index: Int) {
    guard isPresent[index] else { return }
    let leaf = leaf(of: index).node
    nodes[leaf].points.removeAll { Int($0) == index }
    isPresent[index] = false
    count -= 1
  }

  /// Whether a point of that index is there and is found there.
  func contains(_ index: Int, at point: [Double]) -> Bool {
    guard isPresent.indices.contains(index), isPresent[index] else { return false }
    return (0..<dimensions).allSatisfy { coordinates[index * dimensions + $0] == point[$0] }
      && nodes[leaf(of: index).node].points.contains(Int32(index))
  }

  /// How many splits lie above the deepest leaf.
  var depth: Int {
    var greatest = 0
    var open = [(node: 0, depth: 0)]
    while let (node, depth) = open.popLast() {
      greatest = max(greatest, depth)
      guard nodes[node].axis >= 0 else { continue }
      open.append((nodes[node].left, depth + 1))
      open.append((nodes[node].right, depth + 1))
    }
    return greatest
  }

  private func leaf(of index: Int) -> (node: Int, depth: Int) {
    var (node, depth) = (0, 0)
    while nodes[node].axis >= 0 {
      let isLeft = coordinates[index * dimensions + nodes[node].axis] < nodes[node].split
      node = isLeft ? nodes[node].left : nodes[node].right
      depth += 1
    }
    return (node, depth)
  }

  private mutating func place(_ index: Int) {
    let (leaf, depth) = leaf(of: index)
    nodes[leaf].points.append(Int32(index))
    guard nodes[leaf].points.count > Self.leafSize else { return }
    // Three times the depth of a balanced tree.
    let bits = Int.bitWidth - (count / Self.leafSize + 1).leadingZeroBitCount
    if depth > 3 * bits + 4 {
      rebuild()
    } else {
      split(leaf)
    }
  }

  /// Splits a leaf once, unless its points all coincide; whether it did.
  @discardableResult
  private mutating func split(_ leaf: Int) -> Bool {
    let points = nodes[leaf].points
    var (axis, widest) = (0, 0.0)
    for candidate in 0..<dimensions {
      var (least, greatest) = (Double.infinity, -Double.infinity)
      for point in points {
        let value = coordinates[Int(point) * dimensions + candidate]
        least = min(least, value)
        greatest = max(greatest, value)
      }
      if greatest - least > widest { (axis, widest) = (candidate, greatest - least) }
    }
    guard widest > 0 else { return false }
    let values = points.map { coordinates[Int($0) * dimensions + axis] }.sorted()
    // Not the least value, so that neither side is empty.
    guard let split = values[(values.count / 2)...].first(where: { $0 > values[0] }) else { return false }
    nodes[leaf].axis = axis
    nodes[leaf].split = split
    nodes[leaf].points = []
    nodes[leaf].left = nodes.count
    nodes[leaf].right = nodes.count + 1
    nodes.append(Node())
    nodes.append(Node())
    for point in points {
      let isLeft = coordinates[Int(point) * dimensions + axis] < split
      nodes[isLeft ? nodes[leaf].left : nodes[leaf].right].points.append(point)
    }
    return true
  }

  private mutating func rebuild() {
    nodes = [Node()]
    nodes[0].points = isPresent.indices.filter { isPresent[$0] }.map(Int32.init)
    var open = [0]
    while let node = open.popLast() {
      guard nodes[node].points.count > Self.leafSize, split(node) else { continue }
      open.append(nodes[node].left)
      open.append(nodes[node].right)
    }
  }

  /// The points nearest to one, nearest first, of equally near those of lower index; all where there are fewer.
  ///
  /// `found` is emptied first; a caller that asks often keeps its memory.
  func nearest(_ wanted: Int, to query: [Double], row: Int = 0, into found: inout [Neighbour]) {
    found.removeAll(keepingCapacity: true)
    guard wanted > 0, count > 0 else { return }
    search(0, query, row * dimensions, wanted, &found)
  }

  private func search(
    _ node: Int, _ query: [Double], _ offset: Int, _ wanted: Int, _ found: inout [Neighbour]
  ) {
    let axis = nodes[node].axis
    guard axis >= 0 else {
      for point in nodes[node].points {
        var sum = 0.0
        for axis in 0..<dimensions {
          let difference = query[offset + axis] - coordinates[Int(point) * dimensions + axis]
          sum += difference * difference
        }
        offer(Neighbour(index: Int(point), squaredDistance: sum), wanted, &found)
      }
      return
    }
    let difference = query[offset + axis] - nodes[node].split
    let (near, far) =
      difference < 0 ? (nodes[node].left, nodes[node].right) : (nodes[node].right, nodes[node].left)
    search(near, query, offset, wanted, &found)
    // Not strictly: at the same distance a lower index may wait on the other side.
    if found.count < wanted || difference * difference <= found[found.count - 1].squaredDistance {
      search(far, query, offset, wanted, &found)
    }
  }

  /// Puts a neighbour in its place among those found, and lets the last go where there are too many.
  private func offer(_ neighbour: Neighbour, _ wanted: Int, _ found: inout [Neighbour]) {
    if found.count == wanted {
      let last = found[wanted - 1]
      guard (neighbour.squaredDistance, neighbour.index) < (last.squaredDistance, last.index) else { return }
      found.removeLast()
    }
    var place = found.count
    found.append(neighbour)
    while place > 0,
      (neighbour.squaredDistance, neighbour.index) < (
        found[place - 1].squaredDistance, found[place - 1].index
      )
    {
      found[place] = found[place - 1]
      place -= 1
    }
    found[place] = neighbour
  }
}
