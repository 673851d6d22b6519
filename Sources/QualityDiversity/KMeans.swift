import RandomStreams

/// Centroids of a tessellation: k-means over points spread uniformly over the unit cube.
///
/// Seeded by k-means++ (Arthur & Vassilvitskii 2007) and refined by Lloyd's iterations, which ends as
/// scikit-learn does: when the centroids' squared moves sum to less than 10⁻⁴ of a coordinate's variance.
struct KMeans {
  static let maximumIterations = 100
  static let tolerance = 1e-4 / 12

  private let dimensions: Int
  private let sampleCount: Int
  /// The samples' coordinates, row by row.
  private var samples: [Double]
  /// The centroid that each sample is nearest to.
  private var owners: [Int]
  /// The centroids' coordinates, row by row.
  private var centroids: [Double] = []

  /// The coordinates of `count` centroids, row by row.
  ///
  /// - Precondition: all counts are positive, and there are at least as many samples as centroids.
  static func centroids(
    _ count: Int, dimensions: Int, samples: Int, using stream: RandomStream
  ) -> [Double] {
    precondition(count > 0 && dimensions > 0 && samples >= count)
    var points = stream.stream("samples")
    var choices = stream.stream("seeds")
    var solver = KMeans(
      dimensions: dimensions, sampleCount: samples,
      samples: (0..<samples * dimensions).map { _ in points.uniform() },
      owners: [Int](repeating: 0, count: samples))
    solver.seed(count, using: &choices)
    for _ in 0..<maximumIterations {
      if solver.iterate() <= tolerance { break }
    }
    return solver.centroids
  }

  /// Chooses the first centroids among the samples, each with probability proportional to its squared distance
  /// from the nearest of those before.
  private mutating func seed(_ count: Int, using stream: inout RandomStream) {
    var nearest = [Double](repeating: .infinity, count: sampleCount)
    var choice = stream.integer(below: sampleCount)
    for centroid in 0..<count {
      let row = Array(samples[choice * dimensions..<(choice + 1) * dimensions])
      centroids.append(contentsOf: row)
      let total = update(&nearest, with: row, centroid)
      // Where all samples are centroids already, any will do.
      guard total > 0 else {
        choice = stream.integer(below: sampleCount)
        continue
      }
      var rest = stream.uniform() * total
      choice = sampleCount - 1
      for sample in 0..<sampleCount {
        rest -= nearest[sample]
        if rest < 0 {
          choice = sample
          break
        }
      }
    }
  }

  /// Takes a new centroid into the samples' squared distances from the nearest, and returns their sum.
  private mutating func update(_ nearest: inout [Double], with row: [Double], _ centroid: Int) -> Double {
    var total = 0.0
    for sample in 0..<sampleCount {
      var sum = 0.0
      for axis in 0..<dimensions {
        let difference = samples[sample * dimensions + axis] - row[axis]
        sum += difference * difference
      }
      if sum < nearest[sample] {
        nearest[sample] = sum
        owners[sample] = centroid
      }
      total += nearest[sample]
    }
    return total
  }

  /// Moves every centroid to the mean of the samples nearest to it, and returns the sum of the squared moves.
  ///
  /// A centroid without samples stays where it is.
  private mutating func iterate() -> Double {
    let tree = KDTree(points: centroids, dimensions: dimensions)
    var sums = [Double](repeating: 0, count: centroids.count)
    var counts = [Int](repeating: 0, count: centroids.count / dimensions)
    for sample in 0..<sampleCount {
      let row = sample * dimensions
      let owner = tree.nearest(to: samples, at: row, hint: hint(sample)).index
      owners[sample] = owner
      counts[owner] += 1
      for axis in 0..<dimensions { sums[owner * dimensions + axis] += samples[row + axis] }
    }
    var moved = 0.0
    for centroid in counts.indices where counts[centroid] > 0 {
      for axis in 0..<dimensions {
        let place = centroid * dimensions + axis
        let mean = sums[place] / Double(counts[centroid])
        moved += (mean - centroids[place]) * (mean - centroids[place])
        centroids[place] = mean
      }
    }
    return moved
  }

  /// The centroid that the sample was nearest to before the last move, with its distance now.
  private func hint(_ sample: Int) -> KDTree.Neighbour {
    let owner = owners[sample]
    var sum = 0.0
    for axis in 0..<dimensions {
      let difference = samples[sample * dimensions + axis] - centroids[owner * dimensions + axis]
      sum += difference * difference
    }
    return KDTree.Neighbour(index: owner, squaredDistance: sum)
  }
}
