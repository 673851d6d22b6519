/// Sends HTTP requests, many at once, over connections that are kept open.
///
/// All transfers of a client run on one thread, which ends with the client.
final class HTTPClient: Sendable {
  /// The client that all models share, so that they share its connections.
  static let shared = HTTPClient()

  private let mailbox = CurlMailbox()
  private let multi: Result<CurlMultiHandle, HTTPFailure>

  init() {
    let mailbox = mailbox
    multi = Result { () throws(HTTPFailure) in try CurlDriver.start(serving: mailbox) }
  }

  deinit {
    if case .success(let multi) = multi { mailbox.stop(waking: multi) }
  }

  /// How many transfers are under way.
  var activeTransfers: Int { mailbox.active }

  /// The response to a request, whatever its status.
  ///
  /// Cancelling the task closes the connection.
  func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    let multi = try multi.get()
    let id = mailbox.newID()
    defer { mailbox.forget(id) }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        mailbox.submit(CurlMailbox.Submission(id: id, request: request, waiter: waiter))
        multi.wake()
      }
    } onCancel: {
      mailbox.cancel(id)
      multi.wake()
    }
    return try outcome.get()
  }
}

extension StringProtocol {
  /// The text without white space at its ends.
  func trimmingSpace() -> String {
    let isSpace: (Character) -> Bool = { $0.isWhitespace || $0.isNewline }
    guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) })
    else {
      return ""
    }
    return String(self[first...last])
  }
}
