import GRDB
import Search

/// What training candidates again gave, as rows of `candidate_scores`.
enum ScoreRows {
  /// Stores a score.
  ///
  /// - Throws: where it is stored already, belongs to no candidate or is no number.
  static func insert(_ score: CandidateScore, in database: Database) throws {
    guard score.fitness.isFinite, score.seconds.isFinite else {
      throw RunLogError(
        "Score \(score.number) of candidate \(score.candidate) is no finite number; it was not stored.")
    }
    do {
      try database.cachedStatement(sql: "INSERT INTO candidate_scores VALUES (?, ?, ?, ?, ?, ?, ?)").execute(
        arguments: [
          score.candidate, score.number, score.generation, score.fitness, score.imagesSeen, score.seconds,
          score.reason,
        ])
    } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_PRIMARYKEY {
      throw RunLogError("Score \(score.number) of candidate \(score.candidate) is stored already.")
    }
  }

  /// All scores, by candidate and number.
  static func all(in database: Database) throws -> [CandidateScore] {
    let rows = try Row.fetchCursor(
      database,
      sql:
        "SELECT candidate, number, generation, fitness, images_seen, seconds, reason FROM candidate_scores "
        + "ORDER BY candidate, number")
    var scores: [CandidateScore] = []
    while let row = try rows.next() {
      scores.append(
        CandidateScore(
          candidate: try row.integer(0), number: try row.integer(1), generation: try row.integer(2),
          fitness: try row.number(3), imagesSeen: try row.integer(4), seconds: try row.number(5),
          reason: row[6]))
    }
    return scores
  }
}
