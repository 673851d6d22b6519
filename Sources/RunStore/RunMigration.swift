import GRDB
import Search

/// Brings a file of an older format to the present one, within the caller's transaction.
enum RunMigration {
  static func migrate(_ database: Database) throws {
    let version = try Int32.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    guard version > 1 else { return try migrateFromFirst(database) }
    // Format 2 kept nothing of what candidates were asked for with.
    if version < 3 { try database.execute(sql: RunSchema.requests) }
    // Format 3 had no checksums of weights; those of weights that are there already are not known to be sound.
    if version < 4 { try database.execute(sql: "ALTER TABLE weights ADD COLUMN crc32 INTEGER") }
    // Up to format 4 nothing was trained twice.
    if version < 5 { try database.execute(sql: RunSchema.scores) }
    try RunSchema.createViews(in: database, of: header(in: database))
    try database.execute(sql: "PRAGMA user_version = \(RunSchema.version)")
  }

  private static func header(in database: Database) throws -> RunHeader {
    try RunText.decode(
      RunHeader.self, String.fetchOne(database, sql: "SELECT header FROM run") ?? "")
  }

  /// Format 1 kept each candidate and generation as one JSON text in `candidates.record` and `generations.record`.
  private static func migrateFromFirst(_ database: Database) throws {
    let header = try header(in: database)
    let candidates = try String.fetchAll(database, sql: "SELECT record FROM candidates ORDER BY id")
      .map { try RunText.decode(CandidateRecord.self, $0) }
    let generations = try String.fetchAll(database, sql: "SELECT record FROM generations ORDER BY number")
      .map { try RunText.decode(GenerationRecord.self, $0) }
    try database.execute(
      sql: """
        DROP TABLE network_cells;
        DROP TABLE prompt_cells;
        DROP TABLE candidates;
        DROP TABLE generations;
        ALTER TABLE run RENAME TO old_run;
        ALTER TABLE exchanges RENAME TO old_exchanges;
        ALTER TABLE weights RENAME TO old_weights;
        """)
    try RunSchema.create(in: database, of: header)
    try database.execute(
      sql: """
        INSERT INTO run (singleton, header) SELECT singleton, header FROM old_run;
        INSERT INTO exchanges (key, candidate, exchange) SELECT key, candidate, exchange FROM old_exchanges;
        """)
    // No run of that format had objectives beside fitness.
    try CandidateRows(axisCount: header.configuration.descriptors.count, objectiveCount: 0).insert(
      candidates, in: database)
    try database.execute(
      sql: """
        INSERT INTO weights (candidate, safetensors) SELECT candidate, safetensors FROM old_weights;
        DROP TABLE old_run;
        DROP TABLE old_exchanges;
        DROP TABLE old_weights;
        """)
    var last: GenerationRecord?
    for generation in generations {
      try GenerationRows.insert(generation, after: last, in: database)
      last = generation
    }
  }
}
