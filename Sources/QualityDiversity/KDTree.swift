/// A balanced k-d tree that finds the exact nearest of a set of points.
///
/// Bentley 1975, "Multidimensional binary search trees used for associative searching". Of equally near points
/// the one with the lowest index is found, so the answer is that of a scan over all points, bit by bit: the
/// distances are summed in the same order, and a branch is left out only if it lies strictly farther away.
struct KDTree: Sendable, Hashable {
  /// A point and its squared distance from what was asked for.
  struct Neighbour: Equatable {
    var index: Int
    var squaredDistance: Double
  }

  private struct Node: Hashable {
    /// The range of places that the node covers.
    var lower: Int32
    var upper: Int32
    /// The axis that is split, or -1 for a leaf.
    var axis: Int32
    /// Where the right child is; the left one follows its parent.
    var right: Int32
    /// Points before it on that axis are on the left, points behind it on the right, equal ones on either.
    var split: Double
  }

  private static let leafSize = 8

  private let dimensions: Int
  private var nodes: [Node] = []
  /// The index of the point at each place of the tree's order.
  private var indices: [Int]
  /// The coordinates in the tree's order, row by row.
  private var coordinates: [Double]

  /// A tree over points given row by row.
  ///
  /// - Precondition: there is at least one point, and `points` holds whole rows of `dimensions` coordinates.
  init(points: [Double], dimensions: Int) {
    precondition(dimensions > 0 && !points.isEmpty && points.count % dimensions == 0)
    self.dimensions = dimensions
    let count = points.count / dimensions
    indices = Array(0..<count)
    coordinates = []
    build(0, count, points)
    coordinates.reserveCapacity(points.count)
    for index in indices {
      coordinates.append(contentsOf: points[index * dimensions..<(index + 1) * dimensions])
    }
  }

  /// Lays out the subtree over places `lower ..< upper`.
  ///
  /// The depth is logarithmic, as each split halves.
  private mutating func build(_ lower: Int, _ upper: Int, _ points: [Double]) {
    let node = nodes.count
    nodes.append(Node(lower: Int32(lower), upper: Int32(upper), axis: -1, right: -1, split: 0))
    guard upper - lower > Self.leafSize else { return }
    let dimensions = self.dimensions
    var axis = 0
    var widest = 0.0
    for candidate in 0..<dimensions {
      var (least, greatest) = (Double.infinity, -Double.infinity)
      for index in indices[lower..<upper] {
        let value = points[index * dimensions + candidate]
        least = min(least, value)
        greatest = max(greatest, value)
      }
      if greatest - least > widest { (axis, widest) = (candidate, greatest - least) }
    }
    // Points that all coincide cannot be split.
    guard widest > 0 else { return }
    indices[lower..<upper].sort {
      let (first, second) = (points[$0 * dimensions + axis], points[$1 * dimensions + axis])
      return first < second || (first == second && $0 < $1)
    }
    let middle = (lower + upper) / 2
    nodes[node].axis = Int32(axis)
    nodes[node].split = points[indices[middle] * dimensions + axis]
    build(lower, middle, points)
    nodes[node].right = Int32(nodes.count)
    build(middle, upper, points)
  }

  /// The point nearest to the one whose coordinates begin at an offset of an array.
  ///
  /// A `hint` is a point with its true distance; a good one saves most of the work and never alters the result.
  func nearest(to query: [Double], at offset: Int = 0, hint: Neighbour? = nil) -> Neighbour {
    var best = hint ?? Neighbour(index: Int.max, squaredDistance: .infinity)
    if dimensions == 2 {
      search(0, query[offset], query[offset + 1], &best)
    } else {
      search(0, query, offset, &best)
    }
    return best
  }

  /// The indices of the points no farther than a squared distance, in no order.
  func within(_ squaredDistance: Double, of query: [Double]) -> [Int32] {
    var found: [Int32] = []
    var open = [0]
    while let next = open.popLast() {
      let node = nodes[next]
      guard node.axis >= 0 else {
        for place in Int(node.lower)..<Int(node.upper) {
          var sum = 0.0
          for axis in 0..<dimensions {
            let difference = query[axis] - coordinates[place * dimensions + axis]
            sum += difference * difference
          }
          if sum <= squaredDistance { found.append(Int32(indices[place])) }
        }
        continue
      }
      let difference = query[Int(node.axis)] - node.split
      let isNear = difference * difference <= squaredDistance
      if difference < 0 || isNear { open.append(next + 1) }
      if difference >= 0 || isNear { open.append(Int(node.right)) }
    }
    return found
  }

  /// The same search in the plane, where most archives are, with the query in registers.
  private func search(_ start: Int, _ x: Double, _ y: Double, _ best: inout Neighbour) {
    let node = nodes[start]
    guard node.axis >= 0 else {
      for place in Int(node.lower)..<Int(node.upper) {
        let (first, second) = (x - coordinates[2 * place], y - coordinates[2 * place + 1])
        let sum = first * first + second * second
        if sum <= best.squaredDistance, sum < best.squaredDistance || indices[place] < best.index {
          best = Neighbour(index: indices[place], squaredDistance: sum)
        }
      }
      return
    }
    let difference = (node.axis == 0 ? x : y) - node.split
    let (left, right) = (start + 1, Int(node.right))
    search(difference < 0 ? left : right, x, y, &best)
    if difference * difference <= best.squaredDistance {
      search(difference < 0 ? right : left, x, y, &best)
    }
  }

  private func search(_ start: Int, _ query: [Double], _ offset: Int, _ best: inout Neighbour) {
    let node = nodes[start]
    guard node.axis >= 0 else {
      for place in Int(node.lower)..<Int(node.upper) {
        var sum = 0.0
        for axis in 0..<dimensions {
          let difference = query[offset + axis] - coordinates[place * dimensions + axis]
          sum += difference * difference
        }
        if sum < best.squaredDistance || (sum == best.squaredDistance && indices[place] < best.index) {
          best = Neighbour(index: indices[place], squaredDistance: sum)
        }
      }
      return
    }
    let difference = query[offset + Int(node.axis)] - node.split
    search(difference < 0 ? start + 1 : Int(node.right), query, offset, &best)
    // Not strictly: at the same distance a lower index may wait on the other side.
    if difference * difference <= best.squaredDistance {
      search(difference < 0 ? Int(node.right) : start + 1, query, offset, &best)
    }
  }
}
