/// What came of verifying a run: how much was checked, and the first thing that does not hold.
public struct RunVerification: Codable, Sendable, Hashable {
  /// The parts that are verified, in their order.
  public enum Part: String, Codable, Sendable, Hashable, CaseIterable {
    /// SQLite's own check, foreign keys, numbers without gaps.
    case file
    /// Numbers, parents, twins, figures and measures.
    case candidates
    /// Figures and hashes, from the sources compiled anew.
    case networks
    /// Keys, and whom they belong to.
    case exchanges
    /// What the strategy asked for and decided, told the stored candidates again.
    case generations
    /// Each cell's elite against all evaluated candidates, and the statistics against their definition.
    case elites
    /// Whose they are, and their names and shapes.
    case weights
  }

  /// How much of a part was checked.
  public struct Check: Codable, Sendable, Hashable {
    /// The part.
    public var part: Part
    /// How many rows, or pairs of rows that must agree, were looked at.
    public var count: Int
  }

  /// A row that says something else than it should.
  public struct Disagreement: Error, Codable, Sendable, Hashable, CustomStringConvertible {
    /// The table.
    public var table: String
    /// Which row.
    public var row: String
    /// What it says.
    public var states: String
    /// What it should say.
    public var expected: String

    /// A sentence.
    public var description: String { "\(table), \(row): there is \(states), but it should be \(expected)." }
  }

  /// The run's name.
  public var run: String
  /// Whether the run's file agrees with itself.
  public var holds: Bool
  /// What was checked, in order; the last one may have ended early.
  public var checks: [Check]
  /// The first row that disagrees.
  public var disagreement: Disagreement?
  /// What was left out, and why.
  public var notes: [String]

  /// The outcome for the terminal.
  public var text: String {
    var table = TextTable(["checked", "rows"], numbers: [1])
    for check in checks { table.add([check.part.rawValue, "\(check.count)"]) }
    let outcome = disagreement.map { "\(run) does not hold: \($0)" } ?? "\(run) holds."
    return ([table.text] + notes.map { "note: \($0)" } + [outcome]).joined(separator: "\n")
  }
}
