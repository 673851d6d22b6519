import LanguageModels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A model whose exchanges are kept in a run's log; what the log holds already is not asked again.
struct LoggedModel: Sendable {
  /// Who is asked.
  let model: any ChatModel
  let log: any RunLog
  /// What models cost, which is kept with the exchanges.
  var prices = PriceTable()
  /// Whether a request that a recording does not have stops the search.
  var stopsAtUnknown = true

  /// The recorded exchange of a request for a candidate, or that with the model now.
  ///
  /// - Throws: failures that would meet every request, with `isEndOfBudget` where no more may be asked; those that are
  ///   this one request's misfortune are outcomes, and kept.
  func exchange(_ request: ChatRequest, candidate: Int) async throws(SearchError) -> ChatExchange {
    do {
      if let recorded = try await log.exchange(forKey: request.key(model: model.identity.model)) {
        return recorded
      }
    } catch {
      throw SearchError(error.description)
    }
    let outcome: ChatExchange.Outcome
    do {
      outcome = .reply(try await model.reply(to: request))
    } catch {
      // Only what may pass by itself is a candidate's misfortune; the rest stops the run, which can be resumed.
      if case .budgetExhausted = error { throw SearchError(error.description, isEndOfBudget: true) }
      var isTransient = error.isTransient
      if case .notRecorded = error { isTransient = !stopsAtUnknown }
      guard isTransient else { throw SearchError(error.description) }
      outcome = .failure(error)
    }
    do {
      let exchange = ChatExchange(
        identity: model.identity, request: request, outcome: outcome, prices: prices, time: Double(time(nil)))
      try await log.record(exchange, candidate: candidate)
      return exchange
    } catch {
      throw SearchError(error.description)
    }
  }
}

extension ChatFailure {
  /// Whether the failure may be this one request's misfortune; all others will meet every request, so they stop
  /// the run.
  var isTransient: Bool {
    switch self {
    case .timedOut, .serverError, .declined, .malformedReply, .replyTooLarge, .requestRefused: true
    default: false
    }
  }
}
