import RandomStreams
import Testing

@testable import QualityDiversity

@Suite struct KDTreeTests {
  /// The definition: the first of the nearest in order.
  private func nearest(_ points: [Double], _ dimensions: Int, _ query: [Double]) -> KDTree.Neighbour {
    var best = KDTree.Neighbour(index: -1, squaredDistance: .infinity)
    for index in 0..<points.count / dimensions {
      var sum = 0.0
      for axis in 0..<dimensions {
        let difference = query[axis] - points[index * dimensions + axis]
        sum += difference * difference
      }
      if sum < best.squaredDistance { best = KDTree.Neighbour(index: index, squaredDistance: sum) }
    }
    return best
  }

  @Test(arguments: [1, 2, 3, 7], [1, 2, 8, 9, 100, 701])
  func findsWhatAScanFinds(dimensions: Int, count: Int) {
    var stream = RandomStream(seed: 21).stream("tree", dimensions * 1000 + count)
    let points = (0..<count * dimensions).map { _ in stream.uniform() }
    let tree = KDTree(points: points, dimensions: dimensions)
    for _ in 0..<200 {
      // Queries also come from outside of the cube.
      let query = (0..<dimensions).map { _ in stream.uniform(-0.2, 1.2) }
      #expect(tree.nearest(to: query) == nearest(points, dimensions, query))
    }
  }

  @Test(arguments: [1, 2, 9, 40, 700], [false, true]) func thePlanarLookupFindsWhatAScanFinds(
    count: Int, lattice: Bool
  ) {
    var stream = RandomStream(seed: 26).stream("planar", count)
    func number(_ steps: Int) -> Double {
      lattice ? Double(stream.integer(below: steps + 1)) / Double(steps) : stream.uniform()
    }
    let points = (0..<2 * count).map { _ in number(6) }
    let lookup = PlanarLookup(points: points, tree: KDTree(points: points, dimensions: 2))
    for _ in 0..<500 {
      let query = [number(12), number(12)]
      #expect(Int(lookup.nearest(query[0], query[1])) == nearest(points, 2, query).index)
    }
  }

  @Test(arguments: [1, 2, 3]) func tiesGoToTheLowestIndex(dimensions: Int) {
    var stream = RandomStream(seed: 22).stream("ties", dimensions)
    // Points and queries on a coarse lattice: many coincide, and many more are equally far.
    let points = (0..<400 * dimensions).map { _ in Double(stream.integer(below: 5)) / 4 }
    let tree = KDTree(points: points, dimensions: dimensions)
    for _ in 0..<300 {
      let query = (0..<dimensions).map { _ in Double(stream.integer(below: 9)) / 8 }
      #expect(tree.nearest(to: query) == nearest(points, dimensions, query))
    }
  }

  @Test func pointsThatAllCoincideAreOne() {
    let tree = KDTree(points: [Double](repeating: 0.25, count: 200), dimensions: 2)
    #expect(tree.nearest(to: [1, 1]) == KDTree.Neighbour(index: 0, squaredDistance: 1.125))
  }

  @Test func aHintNeverAltersTheResult() {
    var stream = RandomStream(seed: 23).stream("hints")
    let points = (0..<300).map { _ in Double(stream.integer(below: 12)) / 11 }
    let tree = KDTree(points: points, dimensions: 2)
    for _ in 0..<500 {
      let row = [7.0, 8, 9] + (0..<2).map { _ in Double(stream.integer(below: 23)) / 22 }
      let query = Array(row[3...])
      let index = stream.integer(below: 150)
      let (x, y) = (query[0] - points[2 * index], query[1] - points[2 * index + 1])
      let hint = KDTree.Neighbour(index: index, squaredDistance: x * x + y * y)
      #expect(tree.nearest(to: row, at: 3, hint: hint) == nearest(points, 2, query))
    }
  }
}

@Suite struct OccupancyTreeTests {
  @Test(arguments: [1, 2, 3, 7, 8, 9, 100, 1000]) func findsTheCellOfEachRank(cells: Int) {
    var stream = RandomStream(seed: 24).stream("occupancy", cells)
    var tree = OccupancyTree(cellCount: cells)
    var occupied: Set<Int> = []
    for (step, cell) in stream.permutation(cells).enumerated() {
      tree.occupy(cell)
      occupied.insert(cell)
      if step % 7 == 0 || step == cells - 1 {
        #expect((0..<occupied.count).map(tree.cell(withRank:)) == occupied.sorted())
      }
    }
    #expect(tree.cell(withRank: cells) == cells)
  }
}
