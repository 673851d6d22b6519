/// Order and running sums along an axis, by the plainest way.
enum ReferenceOrder {
  /// The first index that no other is before.
  static func first(
    _ x: ReferenceTensor, _ axis: Int, _ shape: [Int], isBefore: (Double, Double) -> Bool
  ) -> ReferenceTensor {
    ReferenceTensor(shape) { place in
      let row = self.row(x, axis, Array(place[..<axis] + [0] + place[axis...]))
      let best = row.indices.first { index in !row.contains { isBefore($0, row[index]) } }
      return Double(best ?? -1)
    }
  }

  static func sort(_ x: ReferenceTensor, _ axis: Int, _ isDescending: Bool) -> [ReferenceTensor] {
    let indices = ReferenceTensor(x.shape) { place in
      let row = self.row(x, axis, place)
      // An element's rank is the number of those before it: no sorting algorithm is needed.
      let ranks = row.indices.map { index in
        row.indices.count { other in
          let isBefore = isDescending ? row[other] > row[index] : row[other] < row[index]
          return isBefore || (row[other] == row[index] && other < index)
        }
      }
      return Double(ranks.firstIndex(of: place[axis]) ?? -1)
    }
    return [ReferenceIndexing.gather(x, indices, axis), indices]
  }

  static func cumulativeSum(_ x: ReferenceTensor, _ axis: Int, _ isReversed: Bool) -> ReferenceTensor {
    ReferenceTensor(x.shape) { place in
      let row = self.row(x, axis, place)
      return (isReversed ? row[place[axis]...] : row[...place[axis]]).reduce(0, +)
    }
  }

  private static func row(_ x: ReferenceTensor, _ axis: Int, _ place: [Int]) -> [Double] {
    (0..<x.shape[axis]).map { index in
      var other = place
      other[axis] = index
      return x[other]
    }
  }
}
