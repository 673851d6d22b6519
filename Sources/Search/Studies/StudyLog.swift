import Synchronization

/// The finished searches of a study in a file, a line of JSON each; a process that is killed loses what was under way.
public final class StudyLog: Sendable {
  /// The name of the file within a study's folder.
  public static let fileName = "study.jsonl"

  private let state: Mutex<State>

  private struct State {
    var cells: [String: StudyCell] = [:]
    var file: JSONLines?
  }

  /// A log in memory alone.
  public init() { state = Mutex(State()) }

  /// What a log in a folder holds, which is left as it is.
  ///
  /// - Throws: where the file cannot be read, or holds something else.
  public init(reading folder: String) throws(SearchError) {
    let found = try JSONLines.read(folder + "/" + Self.fileName, of: StudyCell.self, kind: Self.kind)
    state = Mutex(State(cells: Self.byKey(found)))
  }

  /// The log in a folder, which is made; what it holds already is read.
  ///
  /// A last line that a killed process left half written is dropped.
  ///
  /// - Throws: where the file cannot be read or written, or holds something else.
  public init(folder: String) throws(SearchError) {
    let (file, found) = try JSONLines.open(
      folder + "/" + Self.fileName, of: StudyCell.self, kind: Self.kind)
    state = Mutex(State(cells: Self.byKey(found), file: file))
  }

  private static let kind = "search of a study"

  private static func byKey(_ cells: [StudyCell]) -> [String: StudyCell] {
    Dictionary(cells.map { ($0.key, $0) }, uniquingKeysWith: { _, last in last })
  }

  /// The searches by their keys.
  public var cells: [String: StudyCell] { state.withLock { $0.cells } }

  /// Keeps a search.
  ///
  /// - Throws: where it cannot be written, as on a full disk.
  public func append(_ cell: StudyCell) throws(SearchError) {
    let failure = state.withLock { state -> SearchError? in
      do throws(SearchError) {
        try state.file?.append(cell)
        state.cells[cell.key] = cell
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }
}
