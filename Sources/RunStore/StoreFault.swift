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

  /// The first fault: SQLite's own checks, tables and views, foreign keys, then numbers that must go up by one.
  ///
  /// - Parameter expected: an empty run's database, with the same axes and objectives.
  static func first(in database: Database, expected: Database) throws -> StoreFault? {
    if let text = try String.fetchOne(database, sql: "PRAGMA integrity_check(1)"), text != "ok" {
      return StoreFault(
        table: "the file", row: "page or index", states: text, expected: "what SQLite wrote (integrity_check)"
      )
    }
    if let fault = try ofLayout(database, expected) ?? ofReferences(database) { return fault }
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
  /// A table or view that is not as it was made; people and programs read these by name.
  private static func ofLayout(_ database: Database, _ expected: Database) throws -> StoreFault? {
    let names = "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
    for row in try Row.fetchAll(expected, sql: names) {
      let (name, type) = (try row.text(0), try row.text(1))
      let found = try Row.fetchOne(
        database, sql: "SELECT sql FROM sqlite_master WHERE name = ? AND type = ?", arguments: [name, type])
      guard let found else {
        return StoreFault(table: name, row: "the \(type)", states: "no such \(type)", expected: "one")
      }
      // Tables that older formats brought along say the same in other words.
      let columns = { (database: Database) in
        try Row.fetchAll(database, sql: "PRAGMA table_xinfo(\(RunSchema.identifier(name)))")
          .map { try $0.text(1) }
      }
      guard type == "view" else {
        let (states, wanted) = try (columns(database), columns(expected))
        if let missing = wanted.first(where: { !states.contains($0) }) {
          return StoreFault(table: name, row: "its columns", states: "no \(missing)", expected: "one")
        }
        continue
      }
      if try found.text(0) != row.text(2) {
        return StoreFault(
          table: name, row: "the view", states: "another definition", expected: "that of the format")
      }
    }
    return nil
  }

  /// A row that refers to one that is not there, by its number or else by its key.
  private static func ofReferences(_ database: Database) throws -> StoreFault? {
    guard let row = try Row.fetchOne(database, sql: "PRAGMA foreign_key_check") else { return nil }
    let (table, parent) = (try row.text(0), try row.text(2))
    func fault(at place: String) -> StoreFault {
      StoreFault(
        table: table, row: place, states: "a reference to a row of \(parent) that is not there",
        expected: "a row that is there")
    }
    if let number = row[1] as Int? { return fault(at: "row \(number)") }
    let name = RunSchema.identifier(table)
    let keys = try Row.fetchAll(database, sql: "PRAGMA table_xinfo(\(name))").filter { try $0.integer(5) > 0 }
      .map { try $0.text(1) }
    let reference = try Row.fetchAll(database, sql: "PRAGMA foreign_key_list(\(name))").first {
      try $0.integer(0) == row.integer(3)
    }
    guard let reference else { return fault(at: "some row") }
    let (from, to) = (
      RunSchema.identifier(try reference.text(3)), RunSchema.identifier(try reference.text(4))
    )
    let stray = try Row.fetchOne(
      database,
      sql: "SELECT \(keys.map(RunSchema.identifier).joined(separator: ", ")) FROM \(name) "
        + "WHERE \(from) IS NOT NULL AND \(from) NOT IN (SELECT \(to) FROM \(RunSchema.identifier(parent)))")
    let values = try stray.map { stray in try keys.indices.map { try stray.integer($0) } } ?? []
    return fault(at: zip(keys, values).map { "\($0) \($1)" }.joined(separator: ", "))
  }
}
