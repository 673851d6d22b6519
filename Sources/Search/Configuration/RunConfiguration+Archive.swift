import PythonSyntax
public import QualityDiversity
import SearchSpaces
import TorchFrontend

extension RunConfiguration {
  /// Every name that a descriptor's formula may use.
  var vocabulary: Formula.Vocabulary {
    switch space.name {
    case .none: Descriptor.vocabulary
    case .nasBench201:
      Formula.Vocabulary(figures: SpaceScore.trainingFigureNames.union(NASBench201Space().figureNames))
    }
  }

  /// What the archive's axes measure.
  ///
  /// - Throws: where a formula cannot be read or names what is not known.
  public func makeDescriptors() throws(SearchError) -> [Descriptor] {
    try Self.descriptors(descriptors, "Descriptor", vocabulary)
  }

  static func descriptors(
    _ settings: [DescriptorSettings], _ kind: String,
    _ vocabulary: Formula.Vocabulary = Descriptor.vocabulary
  ) throws(SearchError) -> [Descriptor] {
    var made: [Descriptor] = []
    for settings in settings {
      do {
        made.append(try Descriptor(settings, vocabulary: vocabulary))
      } catch {
        throw SearchError(
          "\(kind) '\(settings.name)': \(error.message).\(error.hint.map { " " + $0 } ?? "")")
      }
    }
    return made
  }

  /// The axes of the network archive.
  public func measureAxes() throws(SearchError) -> [MeasureAxis] {
    var axes: [MeasureAxis] = []
    for descriptor in descriptors {
      do {
        axes.append(try descriptor.axis())
      } catch {
        throw SearchError("Descriptor '\(descriptor.name)': \(error).")
      }
    }
    return axes
  }

  /// How the network archive divides its measure space.
  public var archiveGeometry: ArchiveGeometry {
    switch archive.kind {
    case .cvt:
      .cvt(cells: archive.cells, samples: samples, seed: UInt64(bitPattern: Int64(seed)))
    case .grid: .grid(dimensions: gridDimensions)
    case .sliding:
      .slidingGrid(
        dimensions: gridDimensions, remapFrequency: archive.remapFrequency, capacity: archive.remapMemory)
    case .proximity:
      .proximity(
        neighbours: archive.neighbours, threshold: archive.noveltyThreshold,
        localCompetition: archive.localCompetition)
    case .dominatedNovelty: .dominatedNovelty(capacity: archive.cells, neighbours: archive.neighbours)
    }
  }

  /// How many points a tessellation is made of; of very many cells no more than it may take.
  private var samples: Int {
    let most = min(
      ArchiveLimits.sampleDistances / max(1, archive.cells),
      ArchiveLimits.sampleCoordinates / max(1, descriptors.count))
    return min(max(25_000, 20 * archive.cells), most)
  }

  /// How many cells a grid has along each axis.
  private var gridDimensions: [Int] {
    let continuous = descriptors.count { $0.categories.isEmpty }
    let side = max(1, Int(Double(archive.cells).rootExtracted(max(1, continuous)).rounded()))
    return descriptors.enumerated().map { index, descriptor in
      if !descriptor.categories.isEmpty { return descriptor.categories.count }
      if descriptor.bins > 0 { return descriptor.bins }
      return archive.dimensions.indices.contains(index) ? archive.dimensions[index] : side
    }
  }

  /// Whether parents come from an archive with thresholds beside the one of the elites.
  public var hasThresholds: Bool { archive.thresholdRate < 1 }

  /// An empty network archive: what the search found best, by candidate number.
  ///
  /// It is offered networks by `ArchiveSettings.add`.
  public func makeArchive() throws(SearchError) -> any Archive<Int> {
    guard archive.hasFronts || archive.noise.isOn else {
      return try makeArchive(depth: archive.depth, thresholds: nil)
    }
    let axes = try measureAxes()
    do {
      if archive.noise.isOn {
        let noise = archive.noise
        return try archiveGeometry.makeContestedArchive(
          axes: axes, of: Int.self,
          rule: NoiseRule(
            confidence: noise.confidence, assumedDeviation: noise.deviation, maximumScores: noise.scores))
      }
      return try archiveGeometry.makeFrontArchive(
        axes: axes, of: Int.self, reference: [Double](repeating: 0, count: 1 + archive.objectives.count),
        capacity: archive.front)
    } catch {
      throw SearchError("The archive cannot be made: \(error).")
    }
  }

  /// An empty archive with thresholds (CMA-MAE), from which parents are chosen; nil where the run has none.
  public func makeThresholdArchive() throws(SearchError) -> (any Archive<Int>)? {
    guard hasThresholds else { return nil }
    do {
      return try makeArchive(
        depth: 1,
        thresholds: ThresholdRule(learningRate: archive.thresholdRate, minimum: archive.thresholdMinimum))
    } catch let error as SearchError {
      throw error
    } catch {
      throw SearchError("The archive cannot be made: \(error).")
    }
  }

  private func makeArchive(depth: Int, thresholds: ThresholdRule?) throws(SearchError) -> any Archive<Int> {
    let axes = try measureAxes()
    do {
      return try archiveGeometry.makeArchive(axes: axes, of: Int.self, depth: depth, thresholds: thresholds)
    } catch {
      throw SearchError("The archive cannot be made: \(error).")
    }
  }
}

extension DescriptorSettings {
  /// The axis that it describes.
  func axis() throws(MeasureAxisError) -> MeasureAxis {
    guard categories.isEmpty else { return try MeasureAxis(name: name, categories: categories) }
    return try MeasureAxis(
      name: name, lower: lower, upper: upper, scale: scale == .log ? .logarithmic : .linear)
  }
}

extension Double {
  /// The number whose `degree`-th power this is, by Newton's method, so that no platform's `pow` decides a grid.
  fileprivate func rootExtracted(_ degree: Int) -> Double {
    guard degree > 1, self > 0 else { return self }
    var root = 1.0
    for _ in 0..<200 {
      let power = (0..<(degree - 1)).reduce(1.0) { result, _ in result * root }
      root += (self / power - root) / Double(degree)
    }
    return root
  }
}
