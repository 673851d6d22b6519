import Foundation
import Search

/// Turns Ctrl-C and a polite kill into a wish to stop; the second one ends the process at once.
final class Interruption {
  private let sources: [any DispatchSourceSignal]

  init(stop: StopFlag) {
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if stop.isRaised { Foundation.exit(130) }
        Terminal.write("\n")
        Terminal.note("stopping after the step under way; once more ends at once")
        stop.raise()
      }
      source.resume()
      return source
    }
  }
}
