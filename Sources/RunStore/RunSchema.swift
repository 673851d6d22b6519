import Foundation
import GRDB
import Search

/// The tables of a run's file.
///
/// Each row keeps its record as JSON, once; the other columns are generated from it, so that SQL can be asked
/// about them and nothing can disagree.
enum RunSchema {
  /// "NICH": tells a run's file from other SQLite files (`PRAGMA application_id`).
  static let applicationID: Int32 = 0x4E49_4348
  /// The version of the tables (`PRAGMA user_version`).
  static let version = 1

  /// Looks at the first bytes of a file before SQLite may touch it: opening a stranger's database as ours would
  /// already change its journal mode.
  ///
  /// - Throws: where the file is no run, or one of another version.
  static func check(_ path: String) throws {
    let bytes: [UInt8]
    do {
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      bytes = [UInt8](try file.read(upToCount: 100) ?? Data())
      try file.close()
    } catch {
      throw RunLogError("'\(path)' cannot be read; check that it is a file and that you may read it.")
    }
    // https://www.sqlite.org/fileformat.html#the_database_header: numbers are big-endian.
    guard bytes.count == 100, bytes.starts(with: Array("SQLite format 3\0".utf8)) else {
      throw RunLogError(
        "'\(path)' is damaged or no run's file at all; restore it from a copy or begin a new run.")
    }
    func number(at offset: Int) -> Int32 {
      Int32(bitPattern: bytes[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
    guard number(at: 68) == applicationID else {
      throw RunLogError("'\(path)' is an SQLite file but not a run of Niche.")
    }
    guard number(at: 60) == version else {
      throw RunLogError(
        "'\(path)' has the format \(number(at: 60)), but this Niche reads \(version); use the Niche that wrote it."
      )
    }
  }

  static func create(in database: Database) throws {
    try database.execute(sql: "PRAGMA application_id = \(applicationID)")
    try database.execute(sql: "PRAGMA user_version = \(version)")
    try database.execute(
      sql: """
        CREATE TABLE run (
          singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
          header TEXT NOT NULL,
          name TEXT AS (header ->> '$.name'),
          began TEXT AS (header ->> '$.began')
        );
        CREATE TABLE candidates (
          id INTEGER PRIMARY KEY,
          record TEXT NOT NULL,
          generation INTEGER AS (record ->> '$.generation'),
          step TEXT AS (record ->> '$.origin.step'),
          author TEXT AS (record ->> '$.origin.author'),
          form TEXT AS (record ->> '$.origin.form'),
          prompt TEXT AS (record ->> '$.origin.prompt'),
          temperature REAL AS (record ->> '$.origin.temperature'),
          status TEXT AS (record ->> '$.verdict.status'),
          reason TEXT AS (record ->> '$.verdict.reason'),
          hash TEXT AS (record ->> '$.description.hash'),
          parameters INTEGER AS (record ->> '$.description.parameters'),
          macs INTEGER AS (record ->> '$.description.macs'),
          width INTEGER AS (record ->> '$.description.width'),
          depth INTEGER AS (record ->> '$.description.depth'),
          fitness REAL AS (record ->> '$.fitness'),
          source TEXT AS (record ->> '$.source')
        );
        CREATE INDEX candidates_by_hash ON candidates (hash);
        CREATE TABLE exchanges (
          key TEXT PRIMARY KEY,
          candidate INTEGER NOT NULL,
          exchange TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE weights (
          candidate INTEGER PRIMARY KEY,
          safetensors BLOB NOT NULL
        );
        CREATE TABLE generations (
          number INTEGER PRIMARY KEY,
          record TEXT NOT NULL,
          elites INTEGER AS (record ->> '$.statistics.elites'),
          qd_score REAL AS (record ->> '$.statistics.qdScore'),
          best REAL AS (record ->> '$.statistics.best')
        );
        CREATE TABLE network_cells (
          cell INTEGER PRIMARY KEY,
          candidate INTEGER NOT NULL REFERENCES candidates (id),
          fitness REAL NOT NULL
        );
        CREATE TABLE prompt_cells (
          cell INTEGER PRIMARY KEY,
          prompt TEXT NOT NULL,
          temperature REAL NOT NULL,
          score REAL NOT NULL,
          curiosity REAL NOT NULL
        );
        """)
  }
}
