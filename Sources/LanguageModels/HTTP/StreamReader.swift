import Synchronization

/// What the bytes of a stream brought.
enum StreamNews: Sendable, Hashable {
  /// Nothing that a reader waits for: comments, pings, half an event.
  case none
  /// A piece of the answer.
  case some
  /// The answer's end.
  case end
  /// Something after which there is no answer.
  case failure
}

/// Reads a stream while it comes in, on the thread that drives the transfers.
final class StreamReader: Sendable {
  private struct State {
    var parser: EventStreamParser
    var answer = StreamedAnswer()
  }

  private let dialect: any Dialect
  private let state: Mutex<State>

  init(_ dialect: any Dialect) {
    self.dialect = dialect
    state = Mutex(State(parser: EventStreamParser(dialect.framing)))
  }

  /// Reads further bytes.
  func take(_ bytes: some Sequence<UInt8>) -> StreamNews {
    state.withLock { state in
      state.answer.hasNews = false
      for event in state.parser.take(bytes) { state.answer.take(event, of: dialect) }
      if state.answer.problem != nil { return .failure }
      if state.answer.isFinished { return .end }
      return state.answer.hasNews ? .some : .none
    }
  }

  /// Whether the answer is there although the stream's end is not: its reason has come.
  var hasAnswer: Bool { state.withLock { $0.answer.problem == nil && $0.answer.finishReason != nil } }

  /// The answer, the stream having ended.
  ///
  /// An event that the stream's end cut in two is left out, so that what broke off is not called malformed.
  func finish() -> StreamedAnswer {
    state.withLock { state in
      guard state.answer.problem == nil, !state.answer.isFinished else { return state.answer }
      for event in state.parser.finish() {
        let before = state.answer
        state.answer.take(event, of: dialect)
        if case .malformed? = state.answer.problem { state.answer = before }
      }
      return state.answer
    }
  }
}
