/// The nearest of points in the unit square, found by a look at the few that can be nearest anywhere in a bucket.
///
/// The square is cut into about four buckets for each point. With `d` the distance of a bucket's middle to the point
/// nearest to it and `r` from there to its corners, what is nearest to any place in the bucket is within `d + 2r` of
/// its middle. Of equally near points the one with the lowest index is found, as by a scan over all, bit by bit.
struct PlanarLookup: Sendable, Hashable {
  private let side: Int
  private let points: [Double]
  /// Where each bucket's candidates begin, and where the last one's end.
  private var starts: [Int32] = [0]
  /// The candidates' indices, ascending in each bucket.
  private var candidates: [Int32] = []

  /// A look-up among points given row by row, of which there is one at least.
  init(points: [Double], tree: KDTree) {
    self.points = points
    side = max(1, min(256, Int((2 * Double(points.count)).squareRoot().rounded(.up))))
    let radius = 0.5.squareRoot() / Double(side)
    for row in 0..<side {
      for column in 0..<side {
        let middle = [(Double(row) + 0.5) / Double(side), (Double(column) + 0.5) / Double(side)]
        let nearest = tree.nearest(to: middle).squaredDistance.squareRoot()
        // A little more, so that rounding leaves none out.
        let reach = (nearest + 2 * radius) * (1 + 1e-9) + 1e-9
        candidates += tree.within(reach * reach, of: middle).sorted()
        starts.append(Int32(candidates.count))
      }
    }
  }

  /// The index of the point nearest to a place in the unit square.
  func nearest(_ x: Double, _ y: Double) -> Int32 {
    let (row, column) = (min(side - 1, Int(x * Double(side))), min(side - 1, Int(y * Double(side))))
    let bucket = row * side + column
    var best: Int32 = -1
    var least = Double.infinity
    for place in Int(starts[bucket])..<Int(starts[bucket + 1]) {
      let point = candidates[place]
      let (first, second) = (x - points[2 * Int(point)], y - points[2 * Int(point) + 1])
      let sum = first * first + second * second
      best = sum < least ? point : best
      least = sum < least ? sum : least
    }
    return best
  }
}
