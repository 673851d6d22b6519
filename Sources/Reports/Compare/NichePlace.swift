import QualityDiversity
import Search

/// An elite by where it is: the niche's cell, and its place among the elites there.
public struct NichePlace: Sendable, Hashable, CustomStringConvertible {
  /// The cell.
  public var cell: Int
  /// The place among the elites of the niche from 1, as the folders of an export have it.
  public var place: Int

  /// The elite of a niche, or a further one where its cell keeps several.
  public init(_ cell: Int, place: Int = 1) {
    self.cell = cell
    self.place = place
  }

  /// The place in such a text as `16`, or `16-2` for the second elite of niche 16; nil where it is something else.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { part in part.allSatisfy(\.isASCIIDigit) ? Int(part) : nil }
    guard (1...2).contains(parts.count), numbers.count == parts.count, numbers.count < 2 || numbers[1] > 0
    else { return nil }
    self.init(numbers[0], place: numbers.count > 1 ? numbers[1] : 1)
  }

  /// The text that it is read from.
  public var description: String { place == 1 ? "\(cell)" : "\(cell)-\(place)" }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}

extension RunSnapshot {
  /// The elite at a place of the run's archive.
  ///
  /// - Throws: where there is no such niche, or it holds nothing there.
  func elite(at place: NichePlace) throws(SearchError) -> RunElite {
    let name = header.name
    let elites = elites.filter { $0.cell == place.cell }
    guard !elites.isEmpty else {
      let cells: Int
      if let last = generations.last {
        cells = last.statistics.cells
      } else {
        cells = try header.configuration.makeArchive().cellCount
      }
      guard place.cell < cells else {
        throw SearchError(
          "There is no niche \(place.cell) in the run '\(name)', which has \(cells), from 0 on; 'niche show \(name)' "
            + "lists the occupied ones.")
      }
      throw SearchError(
        "Niche \(place.cell) of the run '\(name)' is empty; 'niche show \(name)' lists the occupied ones.")
    }
    guard place.place <= elites.count else {
      throw SearchError(
        "Niche \(place.cell) of the run '\(name)' has no \(place), as it holds \(elites.count) "
          + "\(elites.count == 1 ? "elite" : "elites").")
    }
    return elites[place.place - 1]
  }

  /// The fittest of this run's networks in a niche of another one's archive, which is made anew of the log.
  ///
  /// - Throws: where the other has no cells to share, or none of the networks lies there.
  func elite(at place: NichePlace, of other: RunSnapshot) throws(SearchError) -> RunElite {
    let (name, owner) = (header.name, other.header.name)
    let choice = "name a niche of each by two --niche."
    guard [.grid, .cvt].contains(other.header.configuration.archive.kind) else {
      throw SearchError("The archive of '\(owner)' has no cells that '\(name)' could share; \(choice)")
    }
    let configuration = ComparisonFrame(like: other).configuration
    if header.configuration.archiveGeometry == other.header.configuration.archiveGeometry,
      header.configuration.descriptors == configuration.descriptors
    {
      return try elite(at: place)
    }
    guard place.place == 1 else {
      throw SearchError(
        "The cells of '\(owner)' and '\(name)' differ, so of '\(name)' there is only the fittest network in niche "
          + "\(place.cell), and no \(place); \(choice)")
    }
    try checkMeasured(on: configuration)
    let archive = try archive(on: configuration)
    guard let found = archive.elites.first(where: { $0.cell == place.cell }),
      var record = candidate(found.solution)
    else {
      throw SearchError(
        "No network of '\(name)' lies in niche \(place.cell) of '\(owner)', whose cells are others; \(choice)"
      )
    }
    record.fitness = found.objective
    return RunElite(cell: found.cell, record: record)
  }
}
