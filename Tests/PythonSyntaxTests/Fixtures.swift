import Foundation
import PythonSyntax
import Testing

/// The source files in `Fixtures`.
enum Fixtures {
  static var directory: URL {
    get throws { try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures") }
  }

  /// The Python sources but the dump script, by name.
  static let sources: [(name: String, text: String)] = {
    guard let directory = try? directory,
      let files = try? FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
    else { return [] }
    return files.filter { $0.pathExtension == "py" && $0.lastPathComponent != "dump_ast.py" }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
      .compactMap { file in
        (try? Data(contentsOf: file)).map { (file.lastPathComponent, String(decoding: $0, as: UTF8.self)) }
      }
  }()
}

/// The `python3` of the machine, if there is one.
enum Python {
  /// Runs `python3` and returns what it wrote.
  static func run(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "python3 \(arguments.first ?? "") failed")
    return String(decoding: data, as: UTF8.self)
  }

  static let isPresent = (try? run(["-c", "import ast, sysconfig"])) != nil
}

/// Bounds for code written by people, which is long but not hostile.
let generous = Parser.Limits(maximumBytes: 1 << 24, maximumDepth: 1000)

/// A place where two dumps part, with what stands around it.
func difference(_ mine: String, _ theirs: String) -> String? {
  if mine == theirs { return nil }
  let (first, second) = (Array(mine.utf8), Array(theirs.utf8))
  let common = zip(first, second).prefix { $0 == $1 }.count
  let start = max(0, common - 120)
  func excerpt(_ bytes: [UInt8]) -> String {
    String(decoding: bytes[start..<min(bytes.count, common + 80)], as: UTF8.self)
  }
  return "\n  ours:    …\(excerpt(first))…\n  CPython: …\(excerpt(second))…"
}
