import Foundation
public import LanguageModels
import Synchronization

/// What a study's arms asked a language model, in a file with an exchange a line.
///
/// A search that was broken off asks again from the beginning and gets what is recorded, so that nothing is paid for
/// twice; with the file alone a study is repeated without the model.
public final class StudyExchanges: Sendable {
  /// The name of the file within a study's folder.
  public static let fileName = "exchanges.jsonl"

  /// The exchanges that were there at the beginning.
  public let exchanges: [ChatExchange]
  private let path: String
  private let state: Mutex<(handle: FileHandle, error: String?)>

  /// The file in a folder, which is made; a last line that a killed process left half written is dropped.
  ///
  /// - Throws: where the file cannot be read or written, or holds something else.
  public init(folder: String) throws(SearchError) {
    path = folder + "/" + Self.fileName
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      if !FileManager.default.fileExists(atPath: path) {
        try Data().write(to: URL(fileURLWithPath: path))
      }
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      var found: [ChatExchange] = []
      var end = 0
      let decoder = JSONDecoder()
      while let newline = data[end...].firstIndex(of: UInt8(ascii: "\n")) {
        found.append(try decoder.decode(ChatExchange.self, from: data[end..<newline]))
        end = newline + 1
      }
      try handle.truncate(atOffset: UInt64(end))
      try handle.seekToEnd()
      exchanges = found
      state = Mutex((handle, nil))
    } catch is DecodingError {
      throw SearchError("'\(path)' has a line that is no exchange; move the file away to begin anew.")
    } catch {
      throw SearchError("'\(path)' cannot be used: \(error.localizedDescription)")
    }
  }

  /// A model that says again what is recorded, and asks another one, if there is one, what is not.
  ///
  /// - Throws: where there is neither a record nor a model.
  public func model(asking other: (any ChatModel)?, prices: PriceTable) throws(SearchError) -> any ChatModel {
    guard let identity = other?.identity ?? exchanges.first?.identity else {
      throw SearchError(
        "The study asks a language model, and there is none; 'niche models' says which can be reached.")
    }
    return RecordedModel(
      identity: identity, recording: path, exchanges: exchanges,
      other: other.map { RecordingModel($0, prices: prices) { self.append($0) } })
  }

  /// Keeps an exchange; of failures only such as belong to their request, and not to limits, keys or networks.
  private func append(_ exchange: ChatExchange) {
    if case .failure(let failure) = exchange.outcome, !failure.isTransient { return }
    state.withLock { state in
      do {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try state.handle.write(contentsOf: try encoder.encode(exchange) + Data([UInt8(ascii: "\n")]))
      } catch {
        state.error = state.error ?? error.localizedDescription
      }
    }
  }

  /// Says whether all exchanges could be kept.
  ///
  /// - Throws: where one could not, as on a full disk.
  public func check() throws(SearchError) {
    if let error = state.withLock({ $0.error }) {
      throw SearchError("'\(path)' cannot be written: \(error)")
    }
  }
}
