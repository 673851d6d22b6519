/// Why a benchmark table cannot be used; each description is one sentence for the user.
public enum BenchmarkError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The table is in none of the places searched; `remedy` says how to get it.
  case missing(space: String, searched: [String], remedy: String)
  /// A file cannot be read or written.
  case file(path: String, reason: String)
  /// A file is no table, or was changed.
  case corrupt(path: String, reason: String)
  /// A CSV file has something in a place that it must not have.
  case invalidText(path: String, line: Int, reason: String)
  /// The table does not have a column.
  case noColumn(wanted: String, known: [String])

  /// One sentence that says what is wrong and, where that is known, what to do.
  public var description: String {
    switch self {
    case .missing(let space, let searched, let remedy):
      "The table of \(space) was not found in \(searched.joined(separator: ", ")): \(remedy)."
    case .file(let path, let reason): "\(path): \(reason)."
    case .corrupt(let path, let reason): "\(path) is damaged or no benchmark table: \(reason)."
    case .invalidText(let path, let line, let reason): "\(path), line \(line): \(reason)."
    case .noColumn(let wanted, let known):
      "The table has no column with \(wanted); it has \(known.joined(separator: ", "))."
    }
  }
}
