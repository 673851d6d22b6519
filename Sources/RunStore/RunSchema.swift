import Foundation
import GRDB
import Search

/// The tables of a run's file.
///
/// Each fact stands once, in a column of its own wherever it is one value. What is long (sources, curves, lists of
/// changes) has tables of its own, so that a look at all candidates reads a few hundred bytes of each.
enum RunSchema {
  /// "NICH": tells a run's file from other SQLite files (`PRAGMA application_id`).
  static let applicationID: Int32 = 0x4E49_4348
  /// The version of the tables (`PRAGMA user_version`).
  static let version: Int32 = 5
  /// The oldest version that is brought to the present one when a file is opened.
  static let oldestVersion: Int32 = 1

  /// Looks at the first bytes of a file before SQLite may touch it: opening a stranger's database as ours would
  /// already change its journal mode.
  ///
  /// - Returns: the version that the first bytes tell, which a write-ahead log may know better.
  /// - Throws: where the file is no run, or one of another version.
  static func check(_ path: String) throws -> Int32 {
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
    try check(version: number(at: 60), path)
    return number(at: 60)
  }

  /// Refuses versions that this Niche does not read.
  static func check(version found: Int32, _ path: String) throws {
    guard (oldestVersion...version).contains(found) else {
      throw RunLogError(
        "'\(path)' has the format \(found), but this Niche reads \(oldestVersion) to \(version); use the Niche that "
          + "wrote it.")
    }
  }

  /// Makes the tables and views of a run.
  static func create(in database: Database, of header: RunHeader) throws {
    try database.execute(sql: "PRAGMA application_id = \(applicationID)")
    try database.execute(sql: "PRAGMA user_version = \(version)")
    let (axes, objectives) = names(header)
    try database.execute(sql: tables(axes: axes, objectives: objectives))
    try database.execute(sql: views(axes: axes, objectives: objectives))
  }

  /// Makes the views of a run anew, as this format has them.
  static func createViews(in database: Database, of header: RunHeader) throws {
    for name in ["candidates", "elites", "network_cells", "prompt_cells"] {
      try database.execute(sql: "DROP VIEW IF EXISTS \(name)")
    }
    let (axes, objectives) = names(header)
    try database.execute(sql: views(axes: axes, objectives: objectives))
  }

  /// What the archive's axes and its objectives beside fitness are called.
  private static func names(_ header: RunHeader) -> (axes: [String], objectives: [String]) {
    let configuration = header.configuration
    return (configuration.descriptors.map(\.name), configuration.archive.objectives.map(\.name))
  }

  private static func tables(axes: [String], objectives: [String]) -> String {
    let figures = axes.indices.map { "measure_\($0)" } + objectives.indices.map { "objective_\($0)" }
    return """
      CREATE TABLE run (
        singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
        header TEXT NOT NULL,
        name TEXT AS (header ->> '$.name'),
        began TEXT AS (header ->> '$.began')
      ) STRICT;
      CREATE TABLE candidate_facts (
        id INTEGER PRIMARY KEY,
        generation INTEGER NOT NULL,
        place INTEGER NOT NULL,
        step TEXT NOT NULL,
        author TEXT NOT NULL,
        form TEXT NOT NULL,
        parents TEXT NOT NULL,
        prompt TEXT,
        temperature REAL,
        exchange TEXT,
        status TEXT NOT NULL,
        reason TEXT,
        twin INTEGER,
        hash TEXT,
        class TEXT,
        parameters INTEGER,
        macs INTEGER,
        width INTEGER,
        depth INTEGER,
        fitness REAL,
        images_seen INTEGER,
        seconds REAL,
        stop_reason TEXT,
        stop_epoch INTEGER,
        stop_step INTEGER,
        latency_ms REAL\(figures.map { ",\n  \($0) REAL" }.joined())
      ) STRICT;
      CREATE TABLE candidate_figures (
        candidate INTEGER PRIMARY KEY REFERENCES candidate_facts (id),
        figures TEXT NOT NULL
      ) STRICT;
      CREATE TABLE candidate_sources (
        candidate INTEGER PRIMARY KEY REFERENCES candidate_facts (id),
        source TEXT NOT NULL
      ) STRICT;
      CREATE TABLE candidate_changes (
        candidate INTEGER PRIMARY KEY REFERENCES candidate_facts (id),
        applied TEXT NOT NULL,
        refused_edits TEXT NOT NULL,
        healed TEXT NOT NULL,
        inheritance TEXT
      ) STRICT;
      \(requests)
      \(scores)
      CREATE TABLE epochs (
        candidate INTEGER NOT NULL REFERENCES candidate_facts (id),
        epoch INTEGER NOT NULL,
        training_loss REAL NOT NULL,
        training_accuracy REAL NOT NULL,
        validation_loss REAL NOT NULL,
        validation_accuracy REAL NOT NULL,
        PRIMARY KEY (candidate, epoch)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE judgements (
        candidate INTEGER PRIMARY KEY REFERENCES candidate_facts (id),
        incumbent INTEGER NOT NULL,
        incumbent_fitness REAL NOT NULL,
        curves INTEGER NOT NULL,
        is_audit INTEGER NOT NULL,
        hopeless_after INTEGER,
        checks TEXT NOT NULL
      ) STRICT;
      CREATE TABLE exchanges (
        key TEXT PRIMARY KEY,
        candidate INTEGER NOT NULL,
        provider TEXT AS (exchange ->> '$.identity.provider') STORED,
        model TEXT AS (exchange ->> '$.identity.model') STORED,
        temperature REAL AS (exchange ->> '$.request.temperature') STORED,
        outcome TEXT AS (CASE WHEN exchange -> '$.outcome.reply' IS NULL THEN 'failure' ELSE 'reply' END) STORED,
        prompt_tokens INTEGER AS (exchange ->> '$.outcome.reply._0.usage.promptTokens') STORED,
        completion_tokens INTEGER AS (exchange ->> '$.outcome.reply._0.usage.completionTokens') STORED,
        seconds REAL AS (exchange ->> '$.outcome.reply._0.latencySeconds') STORED,
        reply TEXT AS (exchange ->> '$.outcome.reply._0.content'),
        exchange TEXT NOT NULL
      ) STRICT;
      CREATE TABLE weights (
        candidate INTEGER PRIMARY KEY REFERENCES candidate_facts (id),
        safetensors BLOB NOT NULL,
        crc32 INTEGER
      ) STRICT;
      CREATE TABLE generations (
        number INTEGER PRIMARY KEY,
        record TEXT NOT NULL,
        elites INTEGER AS (record ->> '$.statistics.elites'),
        coverage REAL AS (record ->> '$.statistics.coverage'),
        qd_score REAL AS (record ->> '$.statistics.qdScore'),
        best REAL AS (record ->> '$.statistics.best'),
        best_of_generation REAL AS (record ->> '$.bestOfGeneration')
      ) STRICT;
      CREATE TABLE network_history (
        generation INTEGER NOT NULL REFERENCES generations (number),
        cell INTEGER NOT NULL,
        place INTEGER NOT NULL,
        candidate INTEGER REFERENCES candidate_facts (id),
        fitness REAL,
        PRIMARY KEY (generation, cell, place)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE prompt_history (
        generation INTEGER NOT NULL REFERENCES generations (number),
        cell INTEGER NOT NULL,
        place INTEGER NOT NULL,
        prompt TEXT,
        temperature REAL,
        score REAL,
        curiosity REAL,
        PRIMARY KEY (generation, cell, place)
      ) STRICT, WITHOUT ROWID;
      """
  }

  /// What candidates were asked for with; since format 3.
  static let requests = """
    CREATE TABLE candidate_requests (
      candidate INTEGER PRIMARY KEY REFERENCES candidate_facts (id),
      repairs INTEGER AS (json_array_length(request -> '$.repairs')),
      niche INTEGER AS (request ->> '$.niche.cell'),
      is_hit INTEGER AS (request ->> '$.niche.isHit'),
      evolved_prompt TEXT AS (request ->> '$.prompt.id'),
      request TEXT NOT NULL
    ) STRICT;
    """

  /// What training candidates again gave; since format 5.
  static let scores = """
    CREATE TABLE candidate_scores (
      candidate INTEGER NOT NULL REFERENCES candidate_facts (id),
      number INTEGER NOT NULL CHECK (number > 0),
      generation INTEGER NOT NULL,
      fitness REAL NOT NULL,
      images_seen INTEGER NOT NULL,
      seconds REAL NOT NULL,
      reason TEXT,
      PRIMARY KEY (candidate, number)
    ) STRICT, WITHOUT ROWID;
    """

  private static func views(axes: [String], objectives: [String]) -> String {
    func columns(_ kind: String, _ names: [String]) -> String {
      names.enumerated().map { "f.\(kind)_\($0) AS \(identifier("\(kind)_\($1)")), " }.joined()
    }
    let measures = columns("measure", axes) + columns("objective", objectives)
    let columns = """
      f.generation, f.place, f.step, f.author, f.form, f.parents, f.prompt, f.temperature, f.exchange, f.status,
        f.reason, f.twin, f.hash, f.class, f.parameters, f.macs, f.width, f.depth, \(measures)f.images_seen, f.seconds,
        f.stop_reason, f.stop_epoch, f.stop_step, f.latency_ms, s.source
      """
    func current(_ table: String, _ values: String) -> String {
      """
      SELECT h.cell, \(values) FROM \(table) h
        JOIN (SELECT cell, max(generation) AS generation FROM \(table) GROUP BY cell) USING (cell, generation)
      """
    }
    return """
      CREATE VIEW candidates AS SELECT f.id, f.fitness, \(columns)
        FROM candidate_facts f LEFT JOIN candidate_sources s ON s.candidate = f.id;
      CREATE VIEW network_cells AS \(current("network_history", "h.candidate, h.fitness"))
        WHERE h.candidate IS NOT NULL ORDER BY h.cell, h.place;
      CREATE VIEW prompt_cells AS \(current("prompt_history", "h.prompt, h.temperature, h.score, h.curiosity"))
        WHERE h.prompt IS NOT NULL ORDER BY h.cell, h.place;
      CREATE VIEW elites AS SELECT n.cell AS niche, f.id, n.fitness, \(columns)
        FROM network_cells n JOIN candidate_facts f ON f.id = n.candidate
        LEFT JOIN candidate_sources s ON s.candidate = f.id;
      """
  }

  /// A name as SQL quotes it.
  static func identifier(_ name: String) -> String {
    "\"" + name.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}
