import Foundation
import Synchronization
import TorchFrontend

/// How a worker ends that found something it cannot go on after.
enum Ending: Int32 {
  case hang = 71
  case memory = 72
}

/// Tries programs one after another in a process of its own, and tells its standard output how it goes.
///
/// A file holds the program under way, for when one ends the process.
struct Worker {
  /// What is under way.
  private struct State {
    var phase = "begin"
    /// The process's processor time when the phase began.
    var start = 0.0
    /// The longest that a phase of this program took, and which.
    var longest = (seconds: 0.0, phase: "")
  }

  private let options: FuzzOptions

  init(_ options: FuzzOptions) { self.options = options }

  /// The processor time of the process in seconds.
  private static func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static func status(_ name: String) -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return (line?.split { !$0.isNumber }.first.flatMap { Int($0) } ?? 0) << 10
  }

  private static let state = Mutex(State())

  private static func enter(_ phase: String) {
    let now = processorTime()
    state.withLock {
      if now - $0.start > $0.longest.seconds { $0.longest = (now - $0.start, $0.phase) }
      $0.phase = phase
      $0.start = now
    }
  }

  /// Ends the process where a phase takes twenty times its limit or the memory is used up.
  private static func watch() {
    var limit = rlimit(rlim_cur: rlim_t(6 << 30), rlim_max: rlim_t(6 << 30))
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    Thread.detachNewThread {
      while true {
        usleep(20_000)
        let (phase, start) = state.withLock { ($0.phase, $0.start) }
        if phase != "idle", processorTime() - start > 20 * FuzzOptions.phaseLimit {
          say("end \(phase) takes more than \(20 * FuzzOptions.phaseLimit) s")
          _exit(Ending.hang.rawValue)
        }
        if status("VmRSS") > FuzzOptions.memoryLimit {
          say("end \(phase) takes more than 1 GiB")
          _exit(Ending.memory.rawValue)
        }
      }
    }
  }

  private static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

  /// Tries a program and gives what it violates, with what is slow or large of it.
  private static func run(_ program: FuzzProgram) -> (outcome: FuzzCheck.Outcome, complaints: [String]) {
    // Sets the peak back.
    try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
    state.withLock { $0 = State(phase: "begin", start: processorTime()) }
    let outcome = FuzzCheck.run(program) { enter($0.rawValue) }
    enter("idle")
    var complaints = outcome.violations.map { "violation \($0)" }
    let longest = state.withLock { $0.longest }
    if longest.seconds > FuzzOptions.phaseLimit {
      complaints.append("slow \(longest.phase) takes \(String(format: "%.2f", longest.seconds)) s")
    }
    let peak = status("VmHWM")
    if peak > FuzzOptions.memoryLimit { complaints.append("memory the peak is \(peak >> 20) MiB") }
    return (outcome, complaints)
  }

  func run() {
    Self.watch()
    let programs = options.programs()
    let current = URL(filePath: options.findings).appending(path: "current-\(options.seed)")
    for number in options.first..<(options.first + options.count) {
      let program = programs.program(seed: options.seed, number: number)
      try? Data(FuzzFile(program, seed: options.seed, number: number).text.utf8).write(to: current)
      let start = Date()
      let (outcome, complaints) = Self.run(program)
      let counts = [
        outcome.isParsed, outcome.isCompiled, outcome.isHealed, outcome.isWritten, outcome.isRewritten,
      ]
      let longest = Self.state.withLock { $0.longest.seconds }
      let figures = [longest, Date().timeIntervalSince(start)].map { String(format: "%.4f", $0) }
      Self.say(
        "done \(number) \(counts.map { $0 ? "1" : "0" }.joined()) \(figures.joined(separator: " ")) "
          + "\(Self.status("VmHWM") >> 20) \(outcome.refusal)")
      for complaint in complaints {
        Self.say("found \(number) \(complaint.replacing("\n", with: " ⏎ ").prefix(2_000))")
      }
    }
  }

  /// Tries the program of a file; gives what the process should end with.
  static func once(_ path: String) throws -> Int32 {
    let file = try FuzzFile(path: path)
    watch()
    let (outcome, complaints) = run(file.program)
    for complaint in complaints { say("found 0 " + complaint) }
    if !outcome.written.isEmpty { say(outcome.written) }
    return complaints.isEmpty ? 0 : 1
  }
}

/// A program with what it is compiled for in its first line, as a file.
struct FuzzFile {
  var program: FuzzProgram
  var text: String

  init(_ program: FuzzProgram, seed: UInt64, number: Int) {
    self.program = program
    let inputs = program.inputs.map { input in
      "\(input.kind.rawValue):" + input.shape.map(String.init).joined(separator: "x")
    }
    let words =
      ["#fuzz", "\(seed)", "\(number)", program.isTraining ? "train" : "eval", "\(program.classCount ?? 0)"]
      + inputs
    text = words.joined(separator: " ") + "\n" + program.source + Self.separator + program.partner
  }

  private static let separator = "\n#fuzz partner\n"

  init(path: String) throws {
    text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    let end = text.firstIndex(of: "\n") ?? text.endIndex
    let words = text[..<end].split(separator: " ")
    guard words.count >= 6, words[0] == "#fuzz", let seed = UInt64(words[1]), let number = Int(words[2])
    else {
      throw UsageError(description: "\(path) does not begin as a finding does")
    }
    let inputs = words[5...].compactMap { word -> NetworkInput? in
      let parts = word.split(separator: ":")
      guard parts.count == 2, let kind = NetworkInput.Kind(rawValue: String(parts[0])) else { return nil }
      return NetworkInput(kind, parts[1].split(separator: "x").compactMap { Int($0) })
    }
    let body = text[text.index(after: end)...]
    let cut = body.ranges(of: Self.separator).last
    let count = Int(words[4]) ?? 0
    program = FuzzProgram(
      source: String(cut.map { body[..<$0.lowerBound] } ?? body),
      partner: cut.map { String(body[$0.upperBound...]) } ?? "", inputs: inputs,
      classCount: count == 0 ? nil : count, isTraining: words[3] == "train",
      stream: FuzzPrograms.checks(seed: seed, number: number))
  }
}
