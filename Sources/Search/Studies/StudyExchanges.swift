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
  private let state: Mutex<(file: JSONLines, error: SearchError?)>

  /// The file in a folder, which is made; a last line that a killed process left half written is dropped.
  ///
  /// - Throws: where the file cannot be read or written, or holds something else.
  public init(folder: String) throws(SearchError) {
    path = folder + "/" + Self.fileName
    let (file, found) = try JSONLines.open(path, of: ChatExchange.self, kind: "exchange")
    exchanges = found
    state = Mutex((file, nil))
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
      do throws(SearchError) {
        try state.file.append(exchange)
      } catch {
        state.error = state.error ?? error
      }
    }
  }

  /// Says whether all exchanges could be kept.
  ///
  /// - Throws: where one could not, as on a full disk.
  public func check() throws(SearchError) {
    if let error = state.withLock({ $0.error }) { throw error }
  }
}
