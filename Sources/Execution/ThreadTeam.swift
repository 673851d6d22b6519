import Foundation
import Synchronization

/// Threads that do the parts of one step at a time, together with the thread that calls.
///
/// A step takes microseconds to milliseconds, so that members wait for the next one awake for a while before they
/// sleep. (Dispatch's `concurrentPerform` leaves parts as short as these to the calling thread.) A team serves one
/// caller at a time; executors that run in turns may share one.
public final class ThreadTeam {
  /// How many parts are done at once, the caller's included.
  public let count: Int

  /// Operations on fewer elements, or of less work that is worth as much, are left to the caller, as the others would
  /// take longer to wake: some fifty microseconds' worth.
  let leastElements: Int

  private let work: TeamWork

  /// A team of `count` threads, the caller's included: one less is started.
  public convenience init(count: Int) { self.init(count: count, leastElements: 1 << 18) }

  init(count: Int, leastElements: Int) {
    self.count = max(1, count)
    self.leastElements = leastElements
    work = TeamWork(members: self.count - 1)
    for number in 1..<max(2, self.count) where number < self.count {
      let thread = Thread { [work] in work.serve(number) }
      thread.name = "niche.team.\(number)"
      thread.start()
    }
  }

  deinit { work.dismiss() }

  /// Does `body(0)` … `body(count - 1)`, one on each thread, and returns when all are done.
  func perform(_ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { job in
        work.begin(job)
        body(0)
        work.waitForMembers()
      }
    }
  }
}

/// What a team's threads share.
private final class TeamWork: Sendable {
  typealias Body = (Int) -> Void

  /// One of the started threads.
  private final class Member: Sendable {
    let isAsleep = Atomic(false)
    let wakeUp = DispatchSemaphore(value: 0)
  }

  /// How often a thread looks before it sleeps: some tens of microseconds.
  private static let patience = 20_000

  private let members: [Member]
  /// Counts the steps.
  private let generation = Atomic(0)
  /// How many members still work on the step.
  private let working = Atomic(0)
  /// The address of the step's body, which lives as long as the step.
  private let body = Atomic<UInt>(0)
  private let isDismissed = Atomic(false)

  init(members: Int) { self.members = (0..<members).map { _ in Member() } }

  func begin(_ job: UnsafePointer<Body>) {
    body.store(UInt(bitPattern: job), ordering: .relaxed)
    working.store(members.count, ordering: .relaxed)
    advance()
  }

  func waitForMembers() {
    var looks = 0
    while working.load(ordering: .acquiring) > 0 {
      looks += 1
      if looks > Self.patience { sched_yield() }
    }
  }

  func dismiss() {
    isDismissed.store(true, ordering: .relaxed)
    advance()
  }

  /// The life of a member.
  func serve(_ number: Int) {
    var seen = 0
    while true {
      seen = nextGeneration(after: seen, members[number - 1])
      if isDismissed.load(ordering: .relaxed) { return }
      if let job = UnsafePointer<Body>(bitPattern: body.load(ordering: .relaxed)) { job.pointee(number) }
      working.subtract(1, ordering: .releasing)
    }
  }

  private func advance() {
    generation.add(1, ordering: .sequentiallyConsistent)
    for member in members where member.isAsleep.exchange(false, ordering: .sequentiallyConsistent) {
      member.wakeUp.signal()
    }
  }

  private func nextGeneration(after seen: Int, _ member: Member) -> Int {
    var looks = 0
    while true {
      let current = generation.load(ordering: .acquiring)
      if current != seen { return current }
      looks += 1
      guard looks > Self.patience else { continue }
      member.isAsleep.store(true, ordering: .sequentiallyConsistent)
      // What began meanwhile may have seen this member awake; who takes the mark back says whether a signal comes.
      let isAwaited = generation.load(ordering: .sequentiallyConsistent) != seen
      if !isAwaited || !member.isAsleep.exchange(false, ordering: .sequentiallyConsistent) {
        member.wakeUp.wait()
      }
      looks = 0
    }
  }
}
