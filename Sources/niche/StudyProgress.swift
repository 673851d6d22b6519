import Foundation
import Synchronization

/// Shows how far a study is: a line that changes where people watch, a line each tenth elsewhere.
final class StudyProgress: Sendable {
  private struct State {
    var start: (finished: Int, time: Date)?
    var shown = Date.distantPast
    var tenth = -1
    var isDrawn = false
  }

  private let state = Mutex(State())

  /// Shows that so many searches are finished.
  func show(_ finished: Int, of total: Int) {
    state.withLock { state in
      let now = Date()
      let start = state.start ?? (finished, now)
      state.start = start
      let tenth = total > 0 ? 10 * finished / total : 10
      let isDue = Terminal.isInteractive ? now.timeIntervalSince(state.shown) > 0.1 : tenth > state.tenth
      guard isDue || finished == total else { return }
      (state.shown, state.tenth) = (now, tenth)
      var text = "\(finished) of \(total) searches"
      let seconds = now.timeIntervalSince(start.time)
      if finished > start.finished, finished < total {
        let left = seconds / Double(finished - start.finished) * Double(total - finished)
        text += ", \(Int(left.rounded())) s left"
      }
      guard Terminal.isInteractive else { return Terminal.write(text + "\n") }
      Terminal.write("\r\u{1B}[2K" + text)
      state.isDrawn = true
    }
  }

  /// Ends the line, so that the next text stands on one of its own.
  func finish() {
    state.withLock { state in
      if state.isDrawn { Terminal.write("\n") }
      state.isDrawn = false
    }
  }
}
