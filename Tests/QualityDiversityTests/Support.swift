import QualityDiversity
import RandomStreams

/// Every kind of archive that the conformance suite runs over.
enum ArchiveKind: CaseIterable, Sendable {
  case line, grid, unevenGrid, logarithmicGrid, cvt, logarithmicCVT, manyAxesCVT, coincidingCentroids
  case categorical, mixedGrid, mixedCVT, sliding, depthOne

  /// Whether each of a batch is held against those before it.
  var addsBatchesOneByOne: Bool { self == .sliding || self == .depthOne }

  var axes: [MeasureAxis] {
    get throws {
      switch self {
      case .line: [try MeasureAxis(name: "depth", lower: 0, upper: 30)]
      case .grid, .cvt, .coincidingCentroids, .sliding, .depthOne:
        [
          try MeasureAxis(name: "ratio", lower: 0, upper: 200),
          try MeasureAxis(name: "temperature", lower: -1, upper: 1),
        ]
      case .unevenGrid:
        [
          try MeasureAxis(name: "a", lower: 0, upper: 1), try MeasureAxis(name: "b", lower: -5, upper: 5),
          try MeasureAxis(name: "c", lower: 1e-3, upper: 2e-3),
        ]
      case .logarithmicGrid, .logarithmicCVT:
        [
          try MeasureAxis(name: "ratio", lower: 0, upper: 200),
          try MeasureAxis(name: "macs", lower: 2e4, upper: 5e9, scale: .logarithmic),
        ]
      case .categorical:
        [
          try MeasureAxis(name: "kind", categories: ["conv", "dense", "attention"]),
          try MeasureAxis(name: "act", categories: ["relu", "gelu"]),
        ]
      case .mixedGrid, .mixedCVT:
        [
          try MeasureAxis(name: "macs", lower: 2e4, upper: 5e9, scale: .logarithmic),
          try MeasureAxis(name: "kind", categories: ["conv", "dense", "attention"]),
          try MeasureAxis(name: "ratio", lower: 0, upper: 200),
        ]
      case .manyAxesCVT:
        try (0..<6).map { try MeasureAxis(name: "m\($0)", lower: 0, upper: Double($0 + 1)) }
      }
    }
  }

  /// An empty archive of whole numbers.
  func make() throws -> any Archive<Int> { try Self.empty[self]!.get() }

  /// Tessellations take their time, so each kind is made once.
  private static let empty = Dictionary(
    uniqueKeysWithValues: allCases.map { kind in (kind, Result { try kind.makeNew() }) })

  private func makeNew() throws -> any Archive<Int> {
    switch self {
    case .line: try GridArchive<Int>(axes: axes, dimensions: [13])
    case .grid: try GridArchive<Int>(axes: axes, dimensions: [10, 10])
    case .unevenGrid: try GridArchive<Int>(axes: axes, dimensions: [3, 1, 7])
    case .logarithmicGrid: try GridArchive<Int>(axes: axes, dimensions: [4, 12])
    case .cvt, .logarithmicCVT: try CVTArchive<Int>(axes: axes, cells: 40, samples: 400, seed: 3)
    case .manyAxesCVT: try CVTArchive<Int>(axes: axes, cells: 25, samples: 200, seed: 4)
    case .categorical: try GridArchive<Int>(axes: axes, dimensions: [3, 2])
    case .mixedGrid: try GridArchive<Int>(axes: axes, dimensions: [5, 3, 4])
    case .mixedCVT: MixedArchive<Int>(try MixedTessellation(axes: axes, cells: 9, samples: 100, seed: 5))
    // The borders stay where they are for as long as these tests add.
    case .sliding:
      try SlidingBoundariesArchive<Int>(
        axes: axes, dimensions: [6, 7], remapFrequency: 1 << 20, capacity: 30)
    case .depthOne:
      try DeepArchive<GridTessellation, Int>(GridTessellation(axes: axes, dimensions: [9, 8]), depth: 1)
    case .coincidingCentroids:
      TessellatedArchive<VoronoiTessellation, Int>(
        try VoronoiTessellation(
          axes: axes, centroids: [[0.5, 0.5], [0.1, 0.2], [0.5, 0.5], [0.1, 0.2], [0.9, 0.4]]))
    }
  }

  /// Random additions: a tenth beyond the range, objectives in few steps so that they tie.
  func entries(_ count: Int, using stream: inout RandomStream) throws -> [ArchiveEntry<Int>] {
    let axes = try self.axes
    return (0..<count).map { Self.entry($0, axes, using: &stream) }
  }

  /// A random addition: a tenth of the measures beyond the range, the objective in few steps.
  static func entry(
    _ number: Int, _ axes: [MeasureAxis], using stream: inout RandomStream
  ) -> ArchiveEntry<Int> {
    let measures = axes.map { axis in
      let value = axis.denormalized(stream.uniform())
      let isBeyond = stream.bernoulli(0.1) && !axis.isCategorical
      return isBeyond ? value + (stream.bernoulli(0.5) ? 2 : -2) * axis.upper : value
    }
    return ArchiveEntry(number, objective: Double(stream.integer(below: 40)) / 8 - 2, measures: measures)
  }
}
