/// The continuous QD score: how well an archive serves any place of the measure space, whatever its cells.
///
/// Kent, Branke, Gaier & Mouret 2022, "A discretization-free metric for assessing quality diversity algorithms".
/// For each target point and each penalty θ, the elite counts whose objective less θ times its distance is highest;
/// the score is the sum over targets and penalties. Objective and distance are divided by their ranges as in
/// pyribs, which does not subtract the least objective. Distances are Euclidean in normalised measure space.
public struct ContinuousScore: Sendable, Hashable {
  /// Points of normalised measure space, row by row.
  public let targets: [Double]
  /// How much distance is worth against objective, each from 0 to 1.
  public let penalties: [Double]
  /// The objective's range.
  public let objectiveRange: Double
  /// The distance that counts as 1.
  public let greatestDistance: Double
  private let axisCount: Int

  /// A score over given target points in normalised measure space.
  ///
  /// - Throws: `ArchiveError.outOfRange` if there are no targets or penalties, or more of them together than
  ///   `ArchiveLimits.sampleCoordinates`, a target has not one finite coordinate per axis, a penalty is not in
  ///   `0…1`, or a range is not positive and finite.
  public init(
    targets: [[Double]], penalties: [Double], objectiveRange: Double, greatestDistance: Double
  ) throws(ArchiveError) {
    let axes = targets.first?.count ?? 0
    let limit = Double(ArchiveLimits.sampleCoordinates)
    let size = Double(targets.count) * Double(penalties.count) * Double(max(axes, 1))
    guard !targets.isEmpty, !penalties.isEmpty, size <= limit else {
      throw .outOfRange(parameter: "targets times penalties", value: size, minimum: 1, maximum: limit)
    }
    for target in targets {
      guard target.count == axes, axes > 0, target.allSatisfy(\.isFinite) else {
        throw .outOfRange(
          parameter: "finite coordinates of a target", value: Double(target.count),
          minimum: Double(max(1, axes)),
          maximum: Double(max(1, axes)))
      }
    }
    for penalty in penalties where !(penalty >= 0 && penalty <= 1) {
      throw .outOfRange(parameter: "penalty", value: penalty, minimum: 0, maximum: 1)
    }
    for (name, range) in [("objective range", objectiveRange), ("greatest distance", greatestDistance)]
    where !(range > 0 && range.isFinite) {
      throw .outOfRange(
        parameter: name, value: range, minimum: .leastNormalMagnitude, maximum: .greatestFiniteMagnitude)
    }
    self.targets = targets.flatMap { $0 }
    self.penalties = penalties
    self.objectiveRange = objectiveRange
    self.greatestDistance = greatestDistance
    axisCount = axes
  }

  /// Penalties spread evenly over `0…1`: 0 alone where there is one.
  public static func evenPenalties(_ count: Int) -> [Double] {
    count == 1 ? [0] : (0..<max(0, count)).map { Double($0) / Double(count - 1) }
  }

  /// The score of an archive, or nil where it is empty or has other axes than the targets.
  ///
  /// - Complexity: O(elites × targets × penalties).
  public func score(of archive: some Archive) -> Double? {
    let (columns, axes) = (archive.columns, archive.axes)
    guard !columns.isEmpty, axes.count == axisCount else { return nil }
    let scales = axes.map(\.arithmetic)
    let places = columns.measures.indices.map { scales[$0 % axisCount].normalized(columns.measures[$0]) }
    let values = columns.objectives.map { $0 / objectiveRange }
    var sum = 0.0
    var best = [Double](repeating: 0, count: penalties.count)
    for target in stride(from: 0, to: targets.count, by: axisCount) {
      for index in best.indices { best[index] = -.infinity }
      for row in values.indices {
        var square = 0.0
        for axis in 0..<axisCount {
          let difference = places[row * axisCount + axis] - targets[target + axis]
          square += difference * difference
        }
        let distance = square.squareRoot() / greatestDistance
        for index in best.indices {
          best[index] = max(best[index], values[row] - penalties[index] * distance)
        }
      }
      for value in best { sum += value }
    }
    return sum
  }
}
