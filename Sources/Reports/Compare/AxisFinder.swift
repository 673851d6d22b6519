import QualityDiversity
import Search

/// Makes axes of what a user gave and what the compared say of themselves.
struct AxisFinder {
  private let sources: [ComparisonSource]
  /// Whether all are saved archives, whose measures may have any names.
  let isOfArchives: Bool

  init(_ sources: [ComparisonSource]) {
    self.sources = sources
    isOfArchives =
      !sources.isEmpty
      && sources.allSatisfy { source in
        if case .archive = source { true } else { false }
      }
  }

  /// So many cells there are at most where nobody says how many.
  private static let mostCells = 1000

  /// The axes, how many cells each has, and the names of those whose range is what saved archives hold.
  ///
  /// - Throws: where an axis has no range, or what is compared does not agree in what it measures.
  func settings(
    _ given: [GivenAxes.Axis]
  ) throws(SearchError) -> (axes: [DescriptorSettings], cells: [Int], found: [String]) {
    var axes: [DescriptorSettings] = []
    var found: [String] = []
    let names = given.map(\.name)
    for (place, axis) in given.enumerated() {
      let known = try definition(of: axis)
      var settings = known ?? DescriptorSettings(name: axis.name, lower: 0, upper: 1)
      if let range = axis.range {
        (settings.lower, settings.upper, settings.scale) = (range.lower, range.upper, axis.scale)
        settings.categories = []
      } else if known == nil {
        guard isOfArchives else {
          throw SearchError(
            "The axis '\(axis.name)' has no range; write \(axis.name)=LOWER:UPPER:CELLS, or give a run's own axis by "
              + "its name.")
        }
        try widen(&settings, at: place, of: names)
        found.append(axis.name)
      }
      if axis.cells != nil || axis.range != nil { settings.bins = 0 }
      axes.append(settings)
    }
    let open = given.indices.filter { place in
      given[place].cells == nil && axes[place].bins == 0 && axes[place].categories.isEmpty
    }
    let side = try Self.side(of: open.count)
    let cells = given.indices.map { place in
      let own = axes[place].categories.isEmpty ? axes[place].bins : axes[place].categories.count
      return own > 0 ? own : given[place].cells ?? side
    }
    return (axes, cells, found)
  }

  /// Ten cells along each axis, and fewer where that would be too many.
  private static func side(of axes: Int) throws(SearchError) -> Int {
    var side = 10
    while side > 1, (0..<axes).reduce(1.0, { product, _ in product * Double(side) }) > Double(mostCells) {
      side -= 1
    }
    guard side > 1 else {
      throw SearchError(
        "There are \(axes) axes, too many to be compared on; choose some by --axes \"NAME=LOWER:UPPER:CELLS,…\"."
      )
    }
    return side
  }

  /// What those that are compared mean by an axis; nil where none has one of that name.
  private func definition(of axis: GivenAxes.Axis) throws(SearchError) -> DescriptorSettings? {
    var first: (owner: String, settings: DescriptorSettings)?
    for source in sources {
      guard let own = source.descriptors.first(where: { $0.name == axis.name }) else { continue }
      guard let known = first else {
        first = (source.name, own)
        continue
      }
      guard known.settings.measured == own.measured else {
        throw SearchError(
          "'\(known.owner)' and '\(source.name)' do not mean the same by '\(axis.name)': \(known.settings.measured) and "
            + "\(own.measured); give the formula in the place of the name.")
      }
      guard axis.range != nil || known.settings.categories == own.categories else {
        throw SearchError(
          "'\(known.owner)' and '\(source.name)' have other categories of '\(axis.name)'; give a range of numbers, "
            + "\(axis.name)=LOWER:UPPER:CELLS.")
      }
    }
    return first?.settings
  }

  /// Lets an axis go from the least to the greatest measure of all archives, or take the categories of all.
  private func widen(
    _ settings: inout DescriptorSettings, at place: Int, of names: [String]
  ) throws(SearchError) {
    var categories: Set<String> = []
    var bounds: (lower: Double, upper: Double)?
    var owners: (text: String?, numbers: String?) = (nil, nil)
    for case .archive(let archive) in sources {
      let column = try archive.columns(named: names)[place]
      if let own = archive.axes[column].categories {
        categories.formUnion(own)
        owners.text = archive.name
        continue
      }
      for row in archive.rows {
        owners.numbers = archive.name
        let value = row.measures[column]
        bounds = (min(bounds?.lower ?? value, value), max(bounds?.upper ?? value, value))
      }
    }
    if let text = owners.text, let numbers = owners.numbers {
      throw SearchError(
        "'\(settings.name)' is text in '\(text)' and numbers in '\(numbers)'; compare archives with the same measures."
      )
    }
    settings.categories = categories.sorted()
    (settings.lower, settings.upper) = SavedArchive.range(bounds)
  }
}

extension ComparisonSource {
  /// The axes that it says the meaning of.
  fileprivate var descriptors: [DescriptorSettings] {
    switch self {
    case .run(let run): run.header.configuration.descriptors
    case .archive(let archive): archive.configuration?.descriptors ?? []
    }
  }
}

extension DescriptorSettings {
  /// The formula, which is the name where none is given.
  var measured: String { formula.isEmpty ? name : formula }
}
