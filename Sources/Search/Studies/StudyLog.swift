import Foundation
import Synchronization

/// The finished searches of a study in a file, a line of JSON each; a process that is killed loses what was under way.
public final class StudyLog: Sendable {
  /// The name of the file within a study's folder.
  public static let fileName = "study.jsonl"

  private let path: String?
  private let state: Mutex<State>

  private struct State {
    var cells: [String: StudyCell] = [:]
    var handle: FileHandle?
  }

  /// A log in memory alone.
  public init() {
    path = nil
    state = Mutex(State())
  }

  /// The log in a folder, which is made; what it holds already is read.
  ///
  /// A last line that a killed process left half written is dropped.
  ///
  /// - Throws: where the file cannot be read or written, or holds something else.
  public init(folder: String) throws(SearchError) {
    let path = folder + "/" + Self.fileName
    self.path = path
    var cells: [String: StudyCell] = [:]
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      if !FileManager.default.fileExists(atPath: path) {
        try Data().write(to: URL(fileURLWithPath: path))
      }
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      var end = 0
      let decoder = JSONDecoder()
      while let newline = data[end...].firstIndex(of: UInt8(ascii: "\n")) {
        let cell = try decoder.decode(StudyCell.self, from: data[end..<newline])
        cells[cell.key] = cell
        end = newline + 1
      }
      try handle.truncate(atOffset: UInt64(end))
      try handle.seekToEnd()
      state = Mutex(State(cells: cells, handle: handle))
    } catch is DecodingError {
      throw SearchError(
        "'\(path)' has a line that is no search of a study; move the file away to begin anew.")
    } catch {
      throw SearchError("'\(path)' cannot be used: \(error.localizedDescription)")
    }
  }

  /// The searches by their keys.
  public var cells: [String: StudyCell] { state.withLock { $0.cells } }

  /// Keeps a search.
  ///
  /// - Throws: where it cannot be written, as on a full disk.
  public func append(_ cell: StudyCell) throws(SearchError) {
    let failure: String? = state.withLock { state in
      do {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try state.handle?.write(contentsOf: try encoder.encode(cell) + Data([UInt8(ascii: "\n")]))
        state.cells[cell.key] = cell
        return nil
      } catch {
        return error.localizedDescription
      }
    }
    if let failure { throw SearchError("'\(path ?? "")' cannot be written: \(failure)") }
  }
}
