import LanguageModels
import Synchronization

/// A role's model in a run of a space, whose exchanges are kept in the run's log with the candidate that comes next.
///
/// What the log holds is not asked again, so that a resumed or verified run is told the same. Several roles may share
/// one transcript's place.
final class SpaceTranscript: Sendable {
  private struct State {
    var candidate = 1
    var key: String?
    var error: SearchError?
  }

  private let state = Mutex(State())

  /// No exchanges yet.
  init() {}

  /// That model within this transcript.
  func model(_ model: any ChatModel, log: any RunLog, prices: PriceTable) -> any ChatModel {
    Role(logged: LoggedModel(model: model, log: log, prices: prices), transcript: self)
  }

  /// Says for which candidate the next requests are; there is no last exchange then.
  func begin(candidate: Int) {
    state.withLock { $0 = State(candidate: candidate) }
  }

  /// The key of the last exchange since `begin`; nil where there was none.
  var lastKey: String? { state.withLock { $0.key } }

  /// Why the log or the model could not be used, as it was said; models' failures say it shorter.
  var error: SearchError? { state.withLock { $0.error } }

  private struct Role: ChatModel {
    let logged: LoggedModel
    let transcript: SpaceTranscript

    var identity: ModelIdentity { logged.model.identity }
    var sources: [ModelIdentity] { logged.model.sources }

    func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
      let candidate = transcript.state.withLock { $0.candidate }
      let outcome: ChatExchange.Outcome
      do throws(SearchError) {
        let exchange = try await logged.exchange(request, candidate: candidate)
        transcript.state.withLock { $0.key = exchange.key }
        outcome = exchange.outcome
      } catch {
        if error.isEndOfBudget { throw .budgetExhausted(detail: error.description) }
        transcript.state.withLock { $0.error = error }
        throw .invalidConfiguration(detail: error.description)
      }
      switch outcome {
      case .reply(let reply): return reply
      case .failure(let failure): throw failure
      }
    }
  }
}
