/// How an archive's statistics went over the evaluations of a search.
public struct ArchiveHistory: Sendable, Hashable, Codable {
  /// The archive after so many evaluations.
  public struct Point: Sendable, Hashable, Codable {
    /// How many evaluations there had been.
    public let evaluations: Int
    /// The statistics then.
    public let statistics: ArchiveStatistics
  }

  /// The points in ascending order of their evaluations, each different.
  public private(set) var points: [Point] = []

  /// A history without points.
  public init() {}

  /// Adds a point, or replaces the last one if it has as many evaluations.
  ///
  /// A point of fewer evaluations than the last is ignored, since a history does not go back.
  public mutating func record(_ statistics: ArchiveStatistics, evaluations: Int) {
    if let last = points.last {
      guard evaluations >= last.evaluations else { return }
      if evaluations == last.evaluations { points.removeLast() }
    }
    points.append(Point(evaluations: evaluations, statistics: statistics))
  }

  /// The statistics after so many evaluations: those of the last point not behind them, nil before the first.
  public func statistics(after evaluations: Int) -> ArchiveStatistics? {
    var (lower, upper) = (0, points.count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if points[middle].evaluations <= evaluations { lower = middle + 1 } else { upper = middle }
    }
    return lower == 0 ? nil : points[lower - 1].statistics
  }

  /// The mean over the evaluations from the first point to the last of a figure that stays until the next point.
  ///
  /// Nil where there are fewer than two points. Of the QD score it is what anytime performance is compared by.
  public func mean(of figure: (ArchiveStatistics) -> Double) -> Double? {
    guard let first = points.first, let last = points.last, last.evaluations > first.evaluations else {
      return nil
    }
    var sum = 0.0
    for (point, next) in zip(points, points.dropFirst()) {
      sum += figure(point.statistics) * Double(next.evaluations - point.evaluations)
    }
    return sum / Double(last.evaluations - first.evaluations)
  }
}
