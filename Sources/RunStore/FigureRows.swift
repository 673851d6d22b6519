import GRDB
import NetworkGraph
import Search

/// The figures of networks, as rows of `candidate_figures` with a JSON object each.
enum FigureRows {
  private static let ofTraining = ["training_loss", "training_accuracy", "validation_loss"]

  /// Those figures of each candidate that has a fitness, without decoding all the others.
  static func figures(_ names: Set<String>, in database: Database) throws -> [Int: [String: Double]] {
    var figures: [Int: [String: Double]] = [:]
    // A kind of operation that a network has none of has no entry.
    // Names are words with a dot at most, of which a path in JSON can be made; a space may have any.
    let ofNetworks = names.subtracting(CandidateSummary.figureNames).subtracting(ofTraining).filter { name in
      name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
    }.sorted()
    if !ofNetworks.isEmpty {
      let columns = ofNetworks.map { "figures ->> '$.\"\($0)\"'" }.joined(separator: ", ")
      let rows = try Row.fetchCursor(
        database,
        sql: "SELECT candidate, \(columns) FROM candidate_figures JOIN candidate_facts ON id = candidate "
          + "WHERE fitness IS NOT NULL")
      while let row = try rows.next() {
        var values: [String: Double] = [:]
        for (column, name) in ofNetworks.enumerated() {
          values[name] = row[column + 1] as Double? ?? (Operation.kinds.contains(name) ? 0 : nil)
        }
        figures[try row.integer(0)] = values
      }
    }
    let columns = ofTraining.filter(names.contains)
    guard !columns.isEmpty else { return figures }
    let rows = try Row.fetchCursor(
      database,
      sql: "SELECT candidate, max(epoch), \(columns.joined(separator: ", ")) FROM epochs "
        + "JOIN candidate_facts ON id = candidate WHERE fitness IS NOT NULL GROUP BY candidate")
    while let row = try rows.next() {
      for (column, name) in columns.enumerated() {
        figures[try row.integer(0), default: [:]][name] = row[column + 2]
      }
    }
    return figures
  }
}
