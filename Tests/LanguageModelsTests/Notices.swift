import Synchronization

/// Keeps what it is told.
final class Notices: Sendable {
  private let texts = Mutex<[String]>([])

  var all: [String] { texts.withLock { $0 } }

  @Sendable func add(_ text: String) { texts.withLock { $0.append(text) } }
}
