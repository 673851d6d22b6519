import Foundation

/// Makes the program of a finding smaller as long as it is found for the same: lines first, then words.
struct Reducer {
  private let path: String
  private var file: FuzzFile
  private let trial: String

  init(_ path: String) throws {
    self.path = path
    file = try FuzzFile(path: path)
    trial = path + ".trial"
  }

  mutating func run() throws {
    defer { try? FileManager.default.removeItem(atPath: trial) }
    let wanted = try complaint(file.program)
    guard !wanted.isEmpty else { throw UsageError(description: "nothing is found for \(path)") }
    print("reducing: \(wanted)")
    try reduce(
      wanted, pieces: { $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) },
      glue: "\n")
    try reduce(wanted, pieces: { Self.words($0) }, glue: "")
    let header = file.text.prefix { $0 != "\n" }
    let output = path + ".reduced"
    try (header + "\n" + file.program.source).write(toFile: output, atomically: true, encoding: .utf8)
    print("\(output): \(file.program.source.utf8.count) bytes\n\(file.program.source)")
  }

  /// The words, numbers and single characters of a text.
  private static func words(_ text: String) -> [String] {
    var pieces: [String] = []
    for character in text {
      let isWord = character.isLetter || character.isNumber || character == "_"
      if isWord, let last = pieces.last?.last, last.isLetter || last.isNumber || last == "_" {
        pieces[pieces.count - 1].append(character)
      } else {
        pieces.append(String(character))
      }
    }
    return pieces
  }

  /// Delta debugging (Zeller & Hildebrandt 2002): ever smaller runs of pieces are left out.
  private mutating func reduce(_ wanted: String, pieces: (String) -> [String], glue: String) throws {
    var kept = pieces(file.program.source)
    var size = max(1, kept.count / 2)
    let deadline = Date().addingTimeInterval(120)
    while Date() < deadline {
      var start = 0
      var isSmaller = false
      while start < kept.count, Date() < deadline {
        var shorter = kept
        shorter.removeSubrange(start..<min(kept.count, start + size))
        var program = file.program
        program.source = shorter.joined(separator: glue)
        if try complaint(program) == wanted {
          kept = shorter
          file.program = program
          isSmaller = true
        } else {
          start += size
        }
      }
      if size == 1, !isSmaller { break }
      if !isSmaller || size > kept.count { size = max(1, size / 2) }
    }
  }

  /// The kind and the phase of the first thing that is found for a program; empty for none.
  private func complaint(_ program: FuzzProgram) throws -> String {
    let words = file.text.prefix { $0 != "\n" }.split(separator: " ")
    var copy = FuzzFile(program, seed: UInt64(words[1]) ?? 0, number: Int(words[2]) ?? 0)
    copy.program = program
    try copy.text.write(toFile: trial, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["--once", trial]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    switch process.terminationStatus {
    case 0: return ""
    case 1:
      let words = text.split(separator: " ").dropFirst(2).prefix(3)
      return words.joined(separator: " ")
    case let status: return "ends with \(status)"
    }
  }
}
