/// Writes drafts in the order of their proposals, several at once, and hands them out by number.
actor DraftQueue {
  private let proposals: [Proposal]
  private let write: @Sendable (Proposal) async -> Result<Draft, SearchError>
  private var next = 0
  private var results: [Int: Result<Draft, SearchError>] = [:]
  private var waiting: [Int: CheckedContinuation<Result<Draft, SearchError>?, Never>] = [:]
  private var lanes: [Task<Void, Never>] = []
  private var isClosed = false

  init(
    _ proposals: [Proposal], write: @escaping @Sendable (Proposal) async -> Result<Draft, SearchError>
  ) {
    self.proposals = proposals
    self.write = write
  }

  /// Begins to write, so many at once.
  func start(lanes count: Int) {
    lanes = (0..<min(count, proposals.count)).map { _ in Task { await self.work() } }
  }

  /// The draft for the proposal of that number, or nil where the queue was closed before it was written.
  func draft(for id: Int) async throws(SearchError) -> Draft? {
    let result: Result<Draft, SearchError>?
    if let ready = results[id] {
      result = ready
    } else if isClosed {
      result = nil
    } else {
      result = await withCheckedContinuation { waiting[id] = $0 }
    }
    return try result?.get()
  }

  /// Gives up what is not written yet; whoever waits gets nil.
  func close() {
    isClosed = true
    for lane in lanes { lane.cancel() }
    for continuation in waiting.values { continuation.resume(returning: nil) }
    waiting = [:]
  }

  private func work() async {
    while !isClosed, next < proposals.count {
      let proposal = proposals[next]
      next += 1
      let result = await write(proposal)
      if isClosed { return }
      results[proposal.id] = result
      waiting.removeValue(forKey: proposal.id)?.resume(returning: result)
    }
  }
}
