import Foundation

/// Writing to the standard error stream.
enum Terminal {
  /// Whether people watch: the stream is a terminal.
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// Whether colour is wanted (https://no-color.org).
  static let isColourful = isInteractive && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

  /// Whether colour is wanted on the standard output stream.
  static let isColourfulOutput =
    isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

  /// How many characters a line has.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 100 }
    return Int(size.ws_col)
  }

  static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  static func error(_ sentence: String) {
    write((isColourful ? "\u{1B}[1;31merror:\u{1B}[0m " : "error: ") + sentence + "\n")
  }

  static func note(_ sentence: String) { write("note: \(sentence)\n") }
}
