/// What Pareto fronts are compared by; all objectives are maximised.
enum Pareto {
  /// Whether `first` is as good in every objective and better in one.
  static func dominates(_ first: [Double], _ second: [Double]) -> Bool {
    var isBetter = false
    for index in first.indices {
      if first[index] < second[index] { return false }
      if first[index] > second[index] { isBetter = true }
    }
    return isBetter
  }

  /// The volume that the points dominate above a reference point (Zitzler & Thiele 1998), found slice by slice.
  ///
  /// A point that is not above the reference in every objective adds nothing.
  static func hypervolume(_ points: [[Double]], above reference: [Double]) -> Double {
    volume(points.filter { zip($0, reference).allSatisfy { $0 > $1 } }, above: reference, reference.count)
  }

  /// The volume in the first `count` objectives.
  private static func volume(_ points: [[Double]], above reference: [Double], _ count: Int) -> Double {
    guard count > 1 else { return (points.map { $0[0] }.max() ?? reference[0]) - reference[0] }
    let last = count - 1
    let ordered = points.sorted { $0[last] > $1[last] }
    var sum = 0.0
    // In two objectives the front's highest so far says it all.
    var highest = reference[0]
    for index in ordered.indices {
      highest = max(highest, ordered[index][0])
      let floor = index + 1 < ordered.count ? ordered[index + 1][last] : reference[last]
      let thickness = ordered[index][last] - floor
      guard thickness > 0 else { continue }
      let area =
        count == 2 ? highest - reference[0] : volume(Array(ordered[...index]), above: reference, last)
      sum += area * thickness
    }
    return sum
  }

  /// How far apart the neighbours of each point are along the front.
  ///
  /// This is the crowding distance of NSGA-II (Deb, Pratap, Agarwal & Meyarivan 2002).
  /// The differences of the neighbours in each objective, as shares of the front's extent, are summed; points at
  /// an end of the front in any objective have an infinite distance.
  static func crowding(_ points: [[Double]]) -> [Double] {
    var distances = [Double](repeating: 0, count: points.count)
    for objective in points.first?.indices ?? 0..<0 {
      let order = points.indices.sorted { points[$0][objective] < points[$1][objective] }
      let (lowest, highest) = (points[order[0]][objective], points[order[order.count - 1]][objective])
      distances[order[0]] = .infinity
      distances[order[order.count - 1]] = .infinity
      guard highest > lowest, order.count > 2 else { continue }
      for place in 1..<order.count - 1 {
        // Halves, so that an extent beyond a Double does no harm.
        let gap = points[order[place + 1]][objective] / 2 - points[order[place - 1]][objective] / 2
        distances[order[place]] += gap / (highest / 2 - lowest / 2)
      }
    }
    return distances
  }
}
