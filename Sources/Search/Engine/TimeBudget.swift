/// Minutes that a search may take, looked at between generations so that each one is whole and repeatable.
struct TimeBudget {
  private let limit: Duration?
  private let began = ContinuousClock.now
  private var lapBegan = ContinuousClock.now
  private var longestLap = Duration.zero

  /// A budget that begins now; 0 minutes: no limit.
  init(minutes: Double) {
    limit = minutes > 0 ? .seconds(minutes * 60) : nil
  }

  /// Whether a generation as long as the longest so far would still end in time.
  var allowsAnother: Bool {
    guard let limit else { return true }
    return began.duration(to: .now) + longestLap < limit
  }

  /// Says that a generation has ended.
  mutating func lap() {
    let now = ContinuousClock.now
    longestLap = max(longestLap, lapBegan.duration(to: now))
    lapBegan = now
  }
}
