import CCurl
import CCurlShims
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What callers leave for the driver's thread to pick up.
final class CurlMailbox: Sendable {
  /// One request and whoever waits for it.
  struct Submission: Sendable {
    let id: UInt64
    let request: HTTPRequest
    let waiter: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>
  }

  /// Everything that was left since the last look.
  struct Contents {
    var submissions: [Submission] = []
    var cancellations: [UInt64] = []
    var isStopping = false
  }

  private struct State {
    var contents = Contents()
    var nextID: UInt64 = 0
    /// Requests that were cancelled before they were submitted.
    var cancelledEarly: Set<UInt64> = []
    var submitted: Set<UInt64> = []
    var isClosed = false
    var active = 0
  }

  private let state = Mutex(State())

  /// How many transfers are under way.
  var active: Int { state.withLock { $0.active } }

  /// Notes how many transfers the driver has now.
  func note(active: Int) { state.withLock { $0.active = active } }

  /// A number for a request to come.
  func newID() -> UInt64 {
    state.withLock {
      $0.nextID += 1
      return $0.nextID
    }
  }

  /// Leaves a request for the driver, or answers at once where it was cancelled before or nobody drives.
  func submit(_ submission: Submission) {
    let failure: HTTPFailure? = state.withLock {
      guard !$0.isClosed else { return .setUp("the HTTP client was shut down") }
      guard $0.cancelledEarly.remove(submission.id) == nil else { return .cancelled }
      $0.submitted.insert(submission.id)
      $0.contents.submissions.append(submission)
      return nil
    }
    if let failure { submission.waiter.resume(returning: .failure(failure)) }
  }

  /// Asks for a request to be given up, whether it was submitted already or not yet.
  func cancel(_ id: UInt64) {
    state.withLock {
      if $0.submitted.contains(id) {
        $0.contents.cancellations.append(id)
      } else {
        $0.cancelledEarly.insert(id)
      }
    }
  }

  /// Forgets a request that has its answer.
  func forget(_ id: UInt64) {
    state.withLock {
      $0.submitted.remove(id)
      $0.cancelledEarly.remove(id)
    }
  }

  /// Asks the driver to end, and wakes it before it can see that and free the handle.
  func stop(waking multi: CurlMultiHandle) {
    state.withLock {
      $0.contents.isStopping = true
      multi.wake()
    }
  }

  /// Takes no further requests and returns those that were left.
  func close() -> [Submission] {
    state.withLock { state in
      state.isClosed = true
      defer { state.contents = Contents() }
      return state.contents.submissions
    }
  }

  /// Everything that was left since the last call.
  func take() -> Contents {
    state.withLock { state in
      defer { state.contents = Contents() }
      return state.contents
    }
  }
}

/// A curl multi handle that callers may wake.
// Unchecked: curl lets every thread call `curl_multi_wakeup`; all else happens on the driver's thread.
struct CurlMultiHandle: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer

  func wake() { niche_curl_multi_wakeup(pointer) }
}

/// Drives all transfers of a client on one thread of its own.
final class CurlDriver {
  private let mailbox: CurlMailbox
  private let multi: CurlMultiHandle
  private var transfers: [UnsafeMutableRawPointer: CurlTransfer] = [:]
  private var handles: [UInt64: UnsafeMutableRawPointer] = [:]

  /// Starts a thread that serves the mailbox until it is stopped.
  ///
  /// - Throws: `HTTPFailure.setUp` where there is no curl, or the system has no thread to give.
  static func start(serving mailbox: CurlMailbox) throws(HTTPFailure) -> CurlMultiHandle {
    if let reason = niche_curl_load() {
      throw .setUp("libcurl cannot be loaded: \(String(cString: reason)); install it (Debian: libcurl4)")
    }
    guard let pointer = niche_curl_multi_init() else { throw .setUp("curl could not make a handle") }
    // Connections that are kept for later requests; curl's own choice shrinks with the transfers under way.
    _ = niche_curl_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, 128)
    let multi = CurlMultiHandle(pointer: pointer)
    let context = Unmanaged.passRetained(CurlDriver(mailbox: mailbox, multi: multi))
    #if canImport(Darwin)
      var thread: pthread_t?
      let code = pthread_create(&thread, nil, { CurlDriver.main($0) }, context.toOpaque())
    #else
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil, { context in context.flatMap { CurlDriver.main($0) } }, context.toOpaque())
    #endif
    guard code == 0 else {
      context.release()
      niche_curl_multi_cleanup(pointer)
      throw .setUp("the system has no thread for curl")
    }
    #if canImport(Darwin)
      if let thread { pthread_detach(thread) }
    #else
      pthread_detach(thread)
    #endif
    return multi
  }

  private init(mailbox: CurlMailbox, multi: CurlMultiHandle) {
    self.mailbox = mailbox
    self.multi = multi
  }

  private static func main(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    // Signals are for other threads; a broken pipe below TLS must not end the program.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    Unmanaged<CurlDriver>.fromOpaque(context).takeRetainedValue().run()
    return nil
  }

  private func run() {
    while true {
      let contents = mailbox.take()
      for submission in contents.submissions { begin(submission) }
      for id in contents.cancellations {
        if let easy = handles[id] { end(easy, .failure(.cancelled)) }
      }
      if contents.isStopping { break }
      var running: CInt = 0
      var code = niche_curl_multi_perform(multi.pointer, &running)
      collect()
      let wait = endOverdue()
      if code == CURLM_OK { code = niche_curl_multi_poll(multi.pointer, wait) }
      if code != CURLM_OK {
        endAll(.setUp(String(cString: niche_curl_multi_strerror(code))))
        usleep(10_000)  // so that a lasting failure does not keep a core busy
      }
    }
    for submission in mailbox.close() { submission.waiter.resume(returning: .failure(.cancelled)) }
    endAll(.cancelled)
    niche_curl_multi_cleanup(multi.pointer)
  }

  private func begin(_ submission: CurlMailbox.Submission) {
    switch CurlTransfer.make(submission) {
    case .failure(let failure):
      submission.waiter.resume(returning: .failure(failure))
    case .success(let transfer):
      let code = niche_curl_multi_add_handle(multi.pointer, transfer.easy)
      guard code == CURLM_OK else {
        transfer.close()
        let reason = String(cString: niche_curl_multi_strerror(code))
        submission.waiter.resume(returning: .failure(.setUp(reason)))
        return
      }
      transfers[transfer.easy] = transfer
      handles[submission.id] = transfer.easy
      mailbox.note(active: transfers.count)
    }
  }

  private func collect() {
    var waiting: CInt = 0
    while let message = niche_curl_multi_info_read(multi.pointer, &waiting) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
        let transfer = transfers[easy]
      else { continue }
      end(easy, transfer.outcome(of: message.pointee.data.result))
    }
  }

  /// Gives up the transfers whose streams have stalled; returns the milliseconds until one may be next.
  private func endOverdue() -> CInt {
    let now = ContinuousClock.now
    var wait: CInt = 60_000
    for (easy, transfer) in transfers {
      guard let deadline = transfer.deadline else { continue }
      if deadline <= now {
        end(easy, transfer.outcomeAtDeadline)
      } else {
        let milliseconds = ((deadline - now) / .milliseconds(1)).rounded(.up)
        wait = min(wait, CInt(min(milliseconds, 60_000)))
      }
    }
    return wait
  }

  private func end(_ easy: UnsafeMutableRawPointer, _ outcome: Result<HTTPResponse, HTTPFailure>) {
    guard let transfer = transfers.removeValue(forKey: easy) else { return }
    handles[transfer.submission.id] = nil
    niche_curl_multi_remove_handle(multi.pointer, easy)
    transfer.close()
    mailbox.note(active: transfers.count)
    transfer.submission.waiter.resume(returning: outcome)
  }

  private func endAll(_ failure: HTTPFailure) {
    for easy in Array(transfers.keys) { end(easy, .failure(failure)) }
  }
}
