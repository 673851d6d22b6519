import Foundation
import GRDB
import Search

extension RunStore {
  /// One sentence for whatever SQLite, the file system or the decoder says.
  static func sentence(for error: any Error, doing verb: String, _ path: String) -> RunLogError {
    if let known = error as? RunLogError { return known }
    if let failure = error as? DatabaseError {
      switch failure.resultCode {
      case .SQLITE_FULL:
        return RunLogError(
          "The disk is full, so '\(path)' cannot be written; all up to now is kept: make room, then go on by --resume."
        )
      case .SQLITE_CORRUPT, .SQLITE_NOTADB:
        return RunLogError(
          "'\(path)' is damaged or no run's file at all; restore it from a copy or begin a new run.")
      case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
        return RunLogError("'\(path)' cannot be opened for writing; check its permissions and its folder's.")
      case .SQLITE_BUSY, .SQLITE_LOCKED:
        return RunLogError("'\(path)' is in use by another process; wait for it or stop it.")
      case .SQLITE_IOERR:
        return RunLogError(
          "'\(path)' cannot be \(verb == "read" ? "read" : "written"): the disk reports an error.")
      default:
        return RunLogError(
          "'\(path)' cannot be \(verb == "read" ? "read" : "written"): \(failure.message ?? "SQLite error").")
      }
    }
    if let row = error as? UnreadableRow {
      return RunLogError(
        "'\(path)' holds a record that cannot be understood (\(row.table), \(row.row)); it is damaged or from another version."
      )
    }
    if error is DecodingError || error is EncodingError {
      return RunLogError(
        "'\(path)' holds a record that cannot be understood; it is damaged or from another version.")
    }
    return RunLogError(
      "'\(path)' cannot be \(verb == "read" ? "read" : "written"): \(error.localizedDescription)")
  }
}
