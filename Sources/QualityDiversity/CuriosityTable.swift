/// How promising the elite of each cell has been as a parent.
///
/// After Cully & Demiris 2018, "Quality and diversity optimization: a unifying modular framework": the score rises
/// when an offspring enters the archive and falls when it does not. How much is up to the search, as is what
/// happens when an elite is replaced.
public struct CuriosityTable: Sendable, Hashable {
  private var scores: [Int: Double] = [:]

  /// A table in which every cell has the score 0.
  public init() {}

  /// The score of a cell; 0 where nothing was said about it.
  public subscript(cell: Int) -> Double {
    scores[cell] ?? 0
  }

  /// The cells that something was said about, in ascending order.
  public var cells: [Int] { scores.keys.sorted() }

  /// Raises the score of a cell, or lowers it by a negative reward.
  ///
  /// A reward that is not finite is ignored, as it would make the score useless for good.
  public mutating func reward(_ cell: Int, by reward: Double) {
    let score = self[cell] + reward
    guard score.isFinite else { return }
    scores[cell] = score
  }

  /// Sets the score of a cell back to 0, as for a new elite.
  public mutating func reset(_ cell: Int) {
    scores[cell] = nil
  }
}

extension CuriosityTable: Codable {
  private enum CodingKeys: String, CodingKey {
    case cells, scores
  }

  /// Reads a table; cells must be different and scores finite.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let cells = try container.decode([Int].self, forKey: .cells)
    let values = try container.decode([Double].self, forKey: .scores)
    guard cells.count == values.count, values.allSatisfy(\.isFinite), Set(cells).count == cells.count else {
      throw DecodingError.dataCorruptedError(
        forKey: .scores, in: container, debugDescription: "a curiosity table needs one finite score per cell")
    }
    scores = Dictionary(uniqueKeysWithValues: zip(cells, values))
  }

  /// Writes cells and scores in ascending order of the cells, so that equal tables give equal bytes.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(cells, forKey: .cells)
    try container.encode(cells.map { self[$0] }, forKey: .scores)
  }
}
