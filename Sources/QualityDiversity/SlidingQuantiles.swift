/// The values of recent additions on each axis in order, brought up to date when they are asked for.
struct SlidingQuantiles: Sendable {
  private var sorted: [[Double]]
  private var arrived: [[Double]]
  private var left: [[Double]]

  init(axisCount: Int) {
    sorted = Array(repeating: [], count: axisCount)
    arrived = sorted
    left = sorted
  }

  /// How many values there are on each axis.
  var count: Int { (sorted.first?.count ?? 0) + (arrived.first?.count ?? 0) - (left.first?.count ?? 0) }

  /// Takes in a row of measures and lets go of another.
  mutating func replace(_ old: [Double]?, with new: [Double]) {
    for axis in new.indices {
      arrived[axis].append(new[axis])
      if let old { left[axis].append(old[axis]) }
    }
  }

  /// The borders that leave as many values in each cell: of `n` values the `⌊j n / cells⌋`-th, and the greatest.
  mutating func borders(of axis: Int, cells: Int) -> [Double] {
    update(axis)
    let values = sorted[axis]
    return (0..<cells).map { values[$0 * values.count / cells] } + [values[values.count - 1]]
  }

  /// Merges what arrived and left into the order, in time linear in the values.
  private mutating func update(_ axis: Int) {
    let (former, new, gone) = (sorted[axis], arrived[axis].sorted(), left[axis].sorted())
    var merged: [Double] = []
    merged.reserveCapacity(former.count + new.count - gone.count)
    var (next, place, leaving) = (0, 0, 0)
    while place < former.count || next < new.count {
      let isNew = place == former.count || (next < new.count && new[next] < former[place])
      let value = isNew ? new[next] : former[place]
      if isNew { next += 1 } else { place += 1 }
      // What arrived and left meanwhile goes the same way.
      if leaving < gone.count, gone[leaving] == value { leaving += 1 } else { merged.append(value) }
    }
    sorted[axis] = merged
    arrived[axis].removeAll(keepingCapacity: true)
    left[axis].removeAll(keepingCapacity: true)
  }
}
