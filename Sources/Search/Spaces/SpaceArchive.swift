import PythonSyntax
public import QualityDiversity
import RandomStreams
public import SearchSpaces
import TorchFrontend

/// Where architectures of a space are archived: axes over their figures, and how these are divided.
///
/// It is shared by all strategies, so that what they found can be compared niche by niche.
public struct SpaceArchive: Sendable {
  /// The axes.
  public let axes: [MeasureAxis]
  /// How the space of measures is divided.
  public let geometry: ArchiveGeometry
  /// What a configuration says of the axes and of the archive.
  let descriptorSettings: [DescriptorSettings], settings: ArchiveSettings
  private let descriptors: [Descriptor]

  /// An archive over those descriptors, whose formulas may use the space's figures.
  ///
  /// - Parameter dimensions: how many cells there are along each axis.
  /// - Throws: where a formula cannot be read or names what the space has no figure for, or a range is none.
  public init(
    descriptors settings: [DescriptorSettings], dimensions: [Int], figureNames: some Collection<String>
  ) throws(SearchError) {
    let vocabulary = Formula.Vocabulary(figures: Set(figureNames))
    var (descriptors, axes) = ([Descriptor](), [MeasureAxis]())
    for axis in settings {
      do {
        descriptors.append(try Descriptor(axis, vocabulary: vocabulary))
      } catch {
        throw SearchError(
          "Descriptor '\(axis.name)': \(error.message).\(error.hint.map { " " + $0 + "." } ?? "")")
      }
      do {
        axes.append(try axis.axis())
      } catch {
        throw SearchError("Descriptor '\(axis.name)': \(error).")
      }
    }
    self.descriptors = descriptors
    self.axes = axes
    geometry = .grid(dimensions: dimensions)
    var grid = ArchiveSettings()
    (grid.kind, grid.dimensions) = (.grid, dimensions)
    descriptorSettings = zip(settings, dimensions).map { axis, bins in
      var axis = axis
      axis.bins = bins
      return axis
    }
    self.settings = grid
    _ = try make()
  }

  /// The archive of a run.
  ///
  /// - Throws: where its axes cannot be made.
  public init(_ configuration: RunConfiguration) throws(SearchError) {
    descriptors = try configuration.makeDescriptors()
    axes = try configuration.measureAxes()
    geometry = configuration.archiveGeometry
    (descriptorSettings, settings) = (configuration.descriptors, configuration.archive)
    _ = try make()
  }

  /// An empty archive, of results by their numbers.
  public func make() throws(SearchError) -> any Archive<Int> {
    do {
      return try geometry.makeArchive(axes: axes, of: Int.self)
    } catch {
      throw SearchError("The archive cannot be made: \(error).")
    }
  }

  /// The place of an architecture with those figures; nil where a formula gives no finite number.
  public func measures(of figures: [String: Double]) -> [Double]? { descriptors.measures { figures[$0] } }
}

extension SearchSpace {
  /// The names of what is measured of its architectures, in alphabetical order.
  public var figureNames: [String] {
    var stream = RandomStream(seed: 0)
    return figures(of: random(using: &stream)).keys.sorted()
  }
}
