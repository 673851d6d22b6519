import GRDB

/// Something that is wrong with a run's file as such.
public struct StoreFault: Sendable, Hashable {
  /// The table.
  public var table: String
  /// Which row.
  public var row: String
  /// What is there.
  public var states: String
  /// What should be.
  public var expected: String

  /// The first fault: SQLite's own checks, foreign keys, then numbers that must go up by one.
  static func first(in database: Database) throws -> StoreFault? {
    if let text = try String.fetchOne(database, sql: "PRAGMA integrity_check(1)"), text != "ok" {
      return StoreFault(
        table: "the file", row: "page or index", states: text, expected: "what SQLite wrote (integrity_check)"
      )
    }
    if let row = try Row.fetchOne(database, sql: "PRAGMA foreign_key_check") {
      let (table, parent) = (try row.text(0), try row.text(2))
      // Tables without row numbers have none to tell.
      let place = (row[1] as Int?).map { "row \($0)" } ?? "some row"
      return StoreFault(
        table: table, row: place, states: "a reference to a row of \(parent) that is not there",
        expected: "a row that is there")
    }
    for (table, key, number, start) in [
      ("epochs", "candidate", "epoch", 1), ("network_history", "generation, cell", "place", 0),
      ("prompt_history", "generation, cell", "place", 0),
    ] {
      let gap = try Row.fetchOne(
        database,
        sql: """
          SELECT count(*), min(\(number)), max(\(number)), \(key) FROM \(table) GROUP BY \(key)
          HAVING min(\(number)) != \(start) OR max(\(number)) != \(start) + count(*) - 1 LIMIT 1
          """)
      guard let gap else { continue }
      let names = key.split(separator: ", ").enumerated().map { "\($1) \(gap[3 + $0] as Int? ?? 0)" }
      let count = try gap.integer(0)
      return StoreFault(
        table: table, row: names.joined(separator: ", "),
        states: "\(count) rows with \(number) from \(try gap.integer(1)) to \(try gap.integer(2))",
        expected: "\(number) from \(start) to \(start + count - 1)")
    }
    return nil
  }
}
