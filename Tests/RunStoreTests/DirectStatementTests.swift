import Foundation
import GRDB
import Testing

@testable import RunStore

@Suite("Statements without GRDB's boxes")
struct DirectStatementTests {
  private func database() throws -> DatabaseQueue {
    let queue = try DatabaseQueue()
    try queue.write {
      try $0.execute(sql: "CREATE TABLE t (whole INTEGER PRIMARY KEY, number REAL, text TEXT) STRICT")
    }
    return queue
  }

  @Test("What is bound comes back as it was, by this and by GRDB")
  func roundTrip() throws {
    let rows: [(Int, Double?, String?)] = [
      (.min, 0.1, ""), (-1, nil, nil), (0, .leastNonzeroMagnitude, "a"),
      (1, -.greatestFiniteMagnitude, "fifteen letters"),
      (2, 1 / 3, "sixteen letters!"), (3, 0, "schön 🦜 \u{301}"),
      (.max, 1e300, String(repeating: "long ", count: 50_000)),
    ]
    try database().write { database in
      let insertion = try DirectStatement("INSERT INTO t VALUES (?, ?, ?)", in: database)
      for (whole, number, text) in rows {
        insertion.bind(whole)
        insertion.bind(number)
        insertion.bind(text)
        try insertion.execute()
      }
      let selection = try DirectStatement("SELECT whole, number, text FROM t ORDER BY whole", in: database)
      let known = try Row.fetchAll(database, sql: "SELECT whole, number, text FROM t ORDER BY whole")
      for (row, theirs) in zip(rows, known) {
        #expect(try selection.next())
        #expect(try selection.integer(0) == row.0 && theirs[0] == row.0)
        #expect(selection.numberOrNull(1)?.bitPattern == row.1?.bitPattern)
        #expect((theirs[1] as Double?)?.bitPattern == row.1?.bitPattern)
        #expect(selection.textOrNull(2) == row.2 && theirs[2] == row.2)
        #expect(selection.isNull(1) == (row.1 == nil) && selection.isNull(2) == (row.2 == nil))
      }
      #expect(try !selection.next() && known.count == rows.count)
    }
  }

  @Test("Text is whole also behind a byte that ends it in C")
  func zeroByte() throws {
    try database().write { database in
      let insertion = try DirectStatement("INSERT INTO t VALUES (?, ?, ?)", in: database)
      insertion.bind(1)
      insertion.bind(nil as Double?)
      insertion.bind("before\0after")
      try insertion.execute()
      let selection = try DirectStatement("SELECT text FROM t WHERE whole = ?", in: database)
      selection.bind(1)
      #expect(try selection.next())
      #expect(try selection.text(0) == "before\0after")
    }
  }

  @Test("Errors are GRDB's, and the statement can be used again")
  func errors() throws {
    try database().write { database in
      let insertion = try DirectStatement("INSERT INTO t VALUES (?, 1, 'a')", in: database)
      insertion.bind(7)
      try insertion.execute()
      insertion.bind(7)
      let error = #expect(throws: DatabaseError.self) { try insertion.execute() }
      #expect(error?.extendedResultCode == .SQLITE_CONSTRAINT_PRIMARYKEY)
      #expect(error?.message?.contains("t.whole") == true, "\(error?.message ?? "")")
      insertion.bind(8)
      try insertion.execute()
      #expect(try Int.fetchAll(database, sql: "SELECT whole FROM t ORDER BY whole") == [7, 8])
    }
  }

  @Test("Values that were forgotten are not those of the row before")
  func forgotten() throws {
    try database().write { database in
      let insertion = try DirectStatement("INSERT INTO t VALUES (?, ?, 'a')", in: database)
      insertion.bind(1)
      insertion.bind(0.5)
      try insertion.execute()
      insertion.bind(2)
      let error = #expect(throws: DatabaseError.self) { try insertion.execute() }
      #expect(error?.message == "1 of 2 values")
      #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM t") == 1)
    }
  }

  @Test("NULL where a run has a value is unreadable")
  func unexpectedNull() throws {
    try database().write { database in
      let selection = try DirectStatement("SELECT NULL, 2, 'x'", in: database)
      #expect(try selection.next())
      #expect(selection.integerOrNull(0) == nil && selection.numberOrNull(0) == nil)
      #expect(throws: DecodingError.self) { try selection.integer(0) }
      #expect(throws: DecodingError.self) { try selection.number(0) }
      #expect(throws: DecodingError.self) { try selection.text(0) }
      #expect(try selection.integer(1) == 2)
    }
  }
}
