import RandomStreams

/// What archives of several solutions per cell have in common: which cells have members, and their members.
struct CellPopulations<Member: Sendable>: Sendable {
  /// The members of the occupied cells at their places.
  private(set) var members: [[Member]] = []
  private var cells: [Int32] = []
  private var places: [Int32]
  private var occupancy: OccupancyTree

  init(cellCount: Int) {
    places = [Int32](repeating: -1, count: cellCount)
    occupancy = OccupancyTree(cellCount: cellCount)
  }

  /// How many cells have members.
  var count: Int { members.count }

  /// The members of a cell; none where it is empty or there is no such cell.
  subscript(cell: Int) -> [Member] {
    guard places.indices.contains(cell), places[cell] >= 0 else { return [] }
    return members[Int(places[cell])]
  }

  /// Lets `body` change the members of a cell, of which it must leave at least one.
  mutating func update(_ cell: Int, _ body: (inout [Member]) -> Void) {
    if places[cell] < 0 {
      places[cell] = Int32(members.count)
      cells.append(Int32(cell))
      members.append([])
      occupancy.occupy(cell)
    }
    body(&members[Int(places[cell])])
  }

  /// The occupied cells in ascending order.
  var occupied: [Int] { places.indices.filter { places[$0] >= 0 } }

  /// The members in the order of their cells.
  var inOrder: [[Member]] { places.compactMap { $0 < 0 ? nil : members[Int($0)] } }

  /// An occupied cell drawn with equal probability from all, or nil where there is none.
  func sampleCell(using stream: inout RandomStream) -> Int? {
    members.isEmpty ? nil : occupancy.cell(withRank: stream.integer(below: members.count))
  }

  /// Checks that the tables agree and no occupied cell is without members.
  func checkInvariants() throws(ArchiveInvariantViolation) {
    for (place, cell) in cells.enumerated() where Int(places[Int(cell)]) != place || members[place].isEmpty {
      throw ArchiveInvariantViolation("cell \(cell) does not lead to its members, or has none")
    }
    try occupancy.checkInvariants(occupied, elites: members.count)
  }
}

/// How many additions there were, and how many measures lay beyond their axes' ranges.
struct AdditionCounts: Sendable, Codable, Hashable {
  private(set) var additions = 0
  private(set) var clamps: [Int]

  init(axisCount: Int) { clamps = [Int](repeating: 0, count: axisCount) }

  /// Counts an addition and gives its ordinal.
  mutating func add() -> Int {
    additions += 1
    return additions - 1
  }

  /// Counts the measures beyond their axes' ranges.
  mutating func countClamps(_ measures: [Double], _ axes: [MeasureAxis]) {
    for index in measures.indices where !axes[index].contains(measures[index]) { clamps[index] += 1 }
  }

  /// Checks that there are counts for the axes, and none that cannot be.
  func checkInvariants(axisCount: Int, ordinals: some Sequence<Int>) throws(ArchiveInvariantViolation) {
    let limit = 1 << 62
    guard clamps.count == axisCount, clamps.allSatisfy({ $0 >= 0 && $0 < limit }), additions >= 0,
      additions < limit
    else { throw ArchiveInvariantViolation("the archive has impossible counts of additions or clampings") }
    for ordinal in ordinals where !(0..<additions).contains(ordinal) {
      throw ArchiveInvariantViolation("an elite has the impossible ordinal \(ordinal)")
    }
  }
}
