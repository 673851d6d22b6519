import GRDB
import Search

/// Finished generations as rows: what was decided as JSON, and of both archives the cells that changed.
///
/// A generation that lists a cell tells all that is in it, in order; one row without content says that it is empty now.
enum GenerationRows {
  /// Stores a generation behind the last one.
  static func insert(
    _ generation: GenerationRecord, after last: GenerationRecord?, in database: Database
  ) throws {
    var frame = generation
    (frame.networks, frame.prompts) = ([], [])
    try database.execute(
      sql: "INSERT INTO generations (number, record) VALUES (?, ?)",
      arguments: [generation.number, try RunText.encode(frame)])
    let networks = try changes(from: last?.networks ?? [], to: generation.networks, cell: \.cell)
    let history = try database.cachedStatement(sql: "INSERT INTO network_history VALUES (?, ?, ?, ?, ?)")
    for (cell, contents) in networks {
      for (place, content) in contents.enumerated() {
        try history.execute(arguments: [generation.number, cell, place, content.candidate, content.fitness])
      }
      if contents.isEmpty { try history.execute(arguments: [generation.number, cell, 0, nil, nil]) }
    }
    let prompts = try changes(from: last?.prompts ?? [], to: generation.prompts, cell: \.cell)
    let promptHistory = try database.cachedStatement(
      sql: "INSERT INTO prompt_history VALUES (?, ?, ?, ?, ?, ?, ?)")
    for (cell, contents) in prompts {
      for (place, content) in contents.enumerated() {
        let individual = content.individual
        try promptHistory.execute(arguments: [
          generation.number, cell, place, individual.prompt, individual.temperature, individual.score,
          individual.curiosity,
        ])
      }
      if contents.isEmpty {
        try promptHistory.execute(arguments: [generation.number, cell, 0, nil, nil, nil, nil])
      }
    }
  }

  /// The cells that differ, with all that is in them now.
  private static func changes<Content: Hashable>(
    from old: [Content], to new: [Content], cell: (Content) -> Int
  ) throws -> [(cell: Int, contents: [Content])] {
    guard zip(new, new.dropFirst()).allSatisfy({ cell($0) <= cell($1) }) else {
      throw RunLogError("The archive of a generation is not in the order of its cells; it was not stored.")
    }
    let before = Dictionary(grouping: old, by: cell)
    let after = Dictionary(grouping: new, by: cell)
    return Set(before.keys).union(after.keys).sorted().compactMap { number in
      let contents = after[number] ?? []
      return contents == before[number] ?? [] ? nil : (number, contents)
    }
  }

  /// The finished generations, in order.
  static func all(in database: Database) throws -> [GenerationRecord] {
    var networks = History<ArchiveCell>()
    var rows = try Row.fetchCursor(
      database,
      sql: "SELECT generation, cell, candidate, fitness FROM network_history ORDER BY generation, cell, place"
    )
    while let row = try rows.next() {
      let cell = try row.integer(1)
      let content = try (row[2] as Int?).map { candidate in
        let fitness = try Self.named("network_history", row) { try row.number(3) }
        return ArchiveCell(cell: cell, candidate: candidate, fitness: fitness)
      }
      networks.add(content, to: cell, in: try row.integer(0))
    }
    var prompts = History<PromptCell>()
    rows = try Row.fetchCursor(
      database,
      sql: "SELECT generation, cell, prompt, temperature, score, curiosity FROM prompt_history "
        + "ORDER BY generation, cell, place")
    while let row = try rows.next() {
      let cell = try row.integer(1)
      let content = try (row[2] as String?).map { prompt in
        let individual = try Self.named("prompt_history", row) {
          PromptIndividual(
            prompt: prompt, temperature: try row.number(3), score: try row.number(4),
            curiosity: try row.number(5))
        }
        return PromptCell(cell: cell, individual: individual)
      }
      prompts.add(content, to: cell, in: try row.integer(0))
    }
    let records = try Row.fetchAll(database, sql: "SELECT number, record FROM generations ORDER BY number")
    return try records.map { row in
      var record = try UnreadableRow.named("generations", "number \(try row.integer(0))") {
        try RunText.decode(GenerationRecord.self, row.text(1))
      }
      record.networks = networks.advanced(to: record.number)
      record.prompts = prompts.advanced(to: record.number)
      return record
    }
  }

  private static func named<Value>(_ table: String, _ row: Row, _ value: () throws -> Value) throws -> Value {
    try UnreadableRow.named(
      table, "generation \(try row.integer(0)), cell \(try row.integer(1))", value)
  }

  /// The changes of an archive, generation by generation, and what they add up to.
  private struct History<Content> {
    private var changes: [(generation: Int, cell: Int, contents: [Content])] = []
    private var next = 0
    private var cells: [Int: [Content]] = [:]
    private var archive: [Content] = []

    /// Adds a row of the table, in its order.
    mutating func add(_ content: Content?, to cell: Int, in generation: Int) {
      if changes.last.map({ ($0.generation, $0.cell) != (generation, cell) }) ?? true {
        changes.append((generation, cell, []))
      }
      if let content { changes[changes.count - 1].contents.append(content) }
    }

    /// The archive behind that generation, in the order of its cells; generations are asked for in order.
    mutating func advanced(to generation: Int) -> [Content] {
      let first = next
      while next < changes.count, changes[next].generation <= generation {
        cells[changes[next].cell] = changes[next].contents
        next += 1
      }
      // An archive that did not change shares its storage with the last one.
      if next > first { archive = cells.sorted { $0.key < $1.key }.flatMap(\.value) }
      return archive
    }
  }
}
