import Foundation
import TorchFrontend

/// What is wrong with how the tool was called.
struct UsageError: Error, CustomStringConvertible {
  var description: String
}

/// What the command line asks for.
struct FuzzOptions {
  enum Action {
    case help, supervise, work
    case once(String)
    case reduce(String)
    case show(Int)
  }

  /// What one program may take of the processor in one phase, in seconds.
  static let phaseLimit = 1.0
  /// What a process may hold in memory, in bytes.
  static let memoryLimit = 1 << 30

  var action = Action.supervise
  var count = 10_000
  var seed: UInt64 = 1
  var seconds: Double?
  var first = 0
  var folders: [String] = []
  var findings = "fuzz-findings"
  /// The repository, where the fixtures are.
  let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
    .standardizedFileURL

  init(_ words: some Sequence<String>) throws(UsageError) {
    var words = Array(words)[...]
    func number<Number: LosslessStringConvertible>(_ name: String) throws(UsageError) -> Number {
      guard let text = words.popFirst(), let value = Number(text) else {
        throw UsageError(description: "\(name) wants a number")
      }
      return value
    }
    func text(_ name: String) throws(UsageError) -> String {
      guard let text = words.popFirst() else { throw UsageError(description: "\(name) wants a name") }
      return text
    }
    while let word = words.popFirst() {
      switch word {
      case "--help", "-h": action = .help
      case "--programs": count = max(0, try number(word))
      case "--seed": seed = try number(word)
      case "--seconds": seconds = try number(word)
      case "--first": first = max(0, try number(word))
      case "--seeds": folders.append(try text(word))
      case "--findings": findings = try text(word)
      case "--worker": action = .work
      case "--once": action = .once(try text(word))
      case "--reduce": action = .reduce(try text(word))
      case "--show": action = .show(try number(word))
      default: throw UsageError(description: "'\(word)' is no option")
      }
    }
  }

  /// The programs made of the fixtures and of what the folders hold.
  func programs() -> FuzzPrograms {
    var files: [URL] = []
    let folders =
      [root.appending(path: "Tests/TorchFrontendTests/Fixtures/networks")] + folders.map { URL(filePath: $0) }
    for folder in folders {
      let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
      files += (found?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "py" }
    }
    return FuzzPrograms(
      seeds: files.sorted { $0.path < $1.path }.compactMap { file in
        guard let source = try? String(contentsOf: file, encoding: .utf8), source.utf8.count < 40_000 else {
          return nil
        }
        let line = source.prefix { $0 != "\n" }.split(separator: " ").last ?? ""
        let shape = line.split(separator: "x").map { Int($0) ?? 0 }
        let isShape = shape.count > 1 && shape.allSatisfy { $0 > 0 }
        return FuzzSeed(source: source, inputShape: isShape ? shape : [2, 3, 32, 32])
      })
  }
}
