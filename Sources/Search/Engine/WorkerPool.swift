import Foundation
import Synchronization

/// Threads of our own for long computations, so that they do not block Swift's few cooperative threads.
final class WorkerPool: Sendable {
  private struct State {
    var jobs: [@Sendable () -> Void] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let threads: Int
  private let wakeUp = DispatchSemaphore(value: 0)

  /// A pool of that many threads, with stacks deep enough for recursive descent over hostile sources.
  init(threads: Int) {
    self.threads = max(1, threads)
    for number in 0..<self.threads {
      let thread = Thread { [self] in work() }
      thread.name = "niche.worker.\(number)"
      thread.stackSize = Self.stackSize
      thread.start()
    }
  }

  /// Runs the work on one of the threads, first come first served.
  func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
      state.withLock { $0.jobs.append { continuation.resume(returning: work()) } }
      wakeUp.signal()
    }
  }

  /// Waits on one of the threads for asynchronous work, such as a read from the log; they are no cooperative ones, so
  /// that they may wait.
  static func wait<Result: Sendable>(for work: @escaping @Sendable () async -> Result) -> Result? {
    let promise = Promise<Result>()
    Task { promise.fulfil(await work()) }
    return promise.value()
  }

  /// Runs the work on a thread of its own with such a stack, where there is no pool.
  static func runOnce<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
      let thread = Thread { continuation.resume(returning: work()) }
      thread.name = "niche.reader"
      thread.stackSize = stackSize
      thread.start()
    }
  }

  private static let stackSize = 16 << 20

  /// Lets the threads end once the queue is empty.
  func close() {
    state.withLock { $0.isClosed = true }
    for _ in 0..<threads { wakeUp.signal() }
  }

  private func work() {
    while true {
      wakeUp.wait()
      let job: (@Sendable () -> Void)? = state.withLock { state in
        state.jobs.isEmpty ? nil : state.jobs.removeFirst()
      }
      if let job {
        job()
      } else if state.withLock({ $0.isClosed }) {
        return
      }
    }
  }
}

/// A value that one thread waits for until another has it.
private final class Promise<Value: Sendable>: Sendable {
  private let result = Mutex<Value?>(nil)
  private let isFulfilled = DispatchSemaphore(value: 0)

  func fulfil(_ value: Value) {
    result.withLock { $0 = value }
    isFulfilled.signal()
  }

  func value() -> Value? {
    isFulfilled.wait()
    return result.withLock { $0 }
  }
}
