import Foundation

/// Runs workers, one after another, keeps what ends them and counts.
struct Supervisor {
  private let options: FuzzOptions
  private let folder: URL
  private var counts = [0, 0, 0, 0, 0]
  private var found: [String: Int] = [:]
  private var done = 0
  private var refusals: [String: Int] = [:]
  private var log = ""
  private var longest = (seconds: 0.0, number: 0)
  private var largest = (mebibytes: 0, number: 0)
  private let start = Date()

  init(_ options: FuzzOptions) throws {
    self.options = options
    folder = URL(filePath: options.findings)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// Tries all programs; gives whether nothing was found.
  mutating func run() throws -> Bool {
    var next = options.first
    let end = options.first + options.count
    while next < end, !isOver { next = try work(from: next, to: min(end, next + 20_000)) }
    report(final: true)
    return found.isEmpty
  }

  private var isOver: Bool { options.seconds.map { Date().timeIntervalSince(start) > $0 } ?? false }

  /// Runs one worker and gives the number of the program to go on with.
  private mutating func work(from first: Int, to end: Int) throws -> Int {
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments =
      [
        "--worker", "--seed", "\(options.seed)", "--first", "\(first)", "--programs", "\(end - first)",
        "--findings",
        options.findings,
      ] + options.folders.flatMap { ["--seeds", $0] }
    let pipe = Pipe()
    let errors = folder.appending(path: "errors-\(options.seed)")
    try Data().write(to: errors)
    process.standardOutput = pipe
    process.standardError = try FileHandle(forWritingTo: errors)
    process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    try process.run()
    var next = first
    var ending = ""
    var rest = ""
    while true {
      let data = pipe.fileHandleForReading.availableData
      if data.isEmpty { break }
      rest += String(decoding: data, as: UTF8.self)
      var lines = rest.split(separator: "\n", omittingEmptySubsequences: false)
      rest = lines.popLast().map(String.init) ?? ""
      for line in lines {
        let words = line.split(separator: " ", maxSplits: 2)
        if words.first == "done", words.count == 3, let number = Int(words[1]) {
          count(number, words[2].split(separator: " "))
          next = number + 1
        } else if words.first == "found", words.count == 3, let number = Int(words[1]) {
          keep(number, String(words[2]))
        } else if words.first == "end" {
          ending = String(line.dropFirst(4))
        }
      }
      if isOver { process.terminate() }
    }
    process.waitUntilExit()
    if process.terminationStatus == 0 || isOver { return next }
    let kind = Ending(rawValue: process.terminationStatus).map { "\($0)" } ?? "crash"
    let message = (try? String(contentsOf: errors, encoding: .utf8)).map { $0.prefix(500) } ?? ""
    keep(next, "\(kind) \(ending) \(message.replacing("\n", with: " ⏎ ")) (\(process.terminationStatus))")
    return next + 1
  }

  private mutating func count(_ number: Int, _ words: [Substring]) {
    done += 1
    guard words.count == 5 else { return }
    refusals[String(words[4]), default: 0] += 1
    for (index, flag) in words[0].enumerated() where flag == "1" && index < counts.count {
      counts[index] += 1
    }
    if let seconds = Double(words[1]), seconds > longest.seconds { longest = (seconds, number) }
    if let size = Int(words[3]), size > largest.mebibytes { largest = (size, number) }
    if done.isMultiple(of: 5_000) { report(final: false) }
  }

  /// Writes a finding to the folder, with its program.
  private mutating func keep(_ number: Int, _ text: String) {
    let kind = String(text.prefix { $0 != " " })
    found[kind, default: 0] += 1
    let file = FuzzFile(
      options.programs().program(seed: options.seed, number: number), seed: options.seed, number: number)
    let path = folder.appending(path: "\(options.seed)-\(number)-\(kind).py")
    try? file.text.write(to: path, atomically: true, encoding: .utf8)
    log += "\(number) \(text)\n"
    try? log.write(
      to: folder.appending(path: "findings-\(options.seed).txt"), atomically: true, encoding: .utf8)
    print("program \(number): \(text)")
  }

  private func report(final: Bool) {
    let seconds = Date().timeIntervalSince(start)
    let names = ["parsed", "compiled", "healed", "written and read back", "rewritten"]
    let shares = zip(names, counts).map { "\($1) \($0)" }.joined(separator: ", ")
    let findings = found.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    print(
      """
      \(final ? "In all" : "So far") \(done) programs in \(Int(seconds)) s, \(Int(Double(done) / max(seconds, 0.001))) a \
      second: \(shares); longest phase \(longest.seconds) s (program \(longest.number)), most memory \
      \(largest.mebibytes) MiB (program \(largest.number)); found: \(findings.isEmpty ? "nothing" : findings)
      """)
    if final {
      let most = refusals.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(12)
      print("refused for: \(most.map { "\($0.key) \($0.value)" }.joined(separator: ", "))")
    }
    fflush(nil)
  }
}
