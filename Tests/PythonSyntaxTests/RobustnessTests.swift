import Foundation
import PythonSyntax
import Synchronization
import Testing

/// Hostile and broken text ends in a diagnostic, never in a trap, a hang or an overflow of the stack.
@Suite("Robustness")
struct RobustnessTests {
  /// A small generator of its own, so that every run tries the same cases.
  private struct Random {
    var state: UInt64
    mutating func next(below bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
  }

  /// What must hold for every text: all ranges lie within it, and what was read can be printed and read again.
  private func check(_ bytes: [UInt8]) {
    let source = String(decoding: bytes, as: UTF8.self)
    let count = source.utf8.count
    let result = Parser.parse(source)
    for diagnostic in result.diagnostics {
      guard let range = diagnostic.range, let location = diagnostic.location else {
        Issue.record("a diagnostic without a place: \(diagnostic)")
        continue
      }
      #expect(range.lower >= 0 && range.lower <= range.upper && range.upper <= count)
      #expect(location.line >= 1 && location.column >= 1)
    }
    #expect(result.diagnostics.count <= 100)
    var isWithin = true
    result.module.walk { node in
      isWithin =
        isWithin && node.range.lower >= 0 && node.range.lower <= node.range.upper && node.range.upper <= count
      return true
    }
    #expect(isWithin)
    if !result.hasErrors {
      let again = Parser.parse(Printer.print(result.module))
      #expect(
        !again.hasErrors && again.module.isStructurallyEqual(to: result.module), "\(source.debugDescription)")
    }
  }

  @Test("Truncated fixtures", arguments: Fixtures.sources.map(\.name))
  func truncations(_ name: String) throws {
    let bytes = try Array(#require(Fixtures.sources.first { $0.name == name }).text.utf8)
    var random = Random(state: 1)
    for _ in 0..<60 { check(Array(bytes[..<random.next(below: bytes.count)])) }
    // From the end too, and pieces from within.
    for _ in 0..<60 {
      let lower = random.next(below: bytes.count)
      check(Array(bytes[lower..<min(bytes.count, lower + random.next(below: 300))]))
    }
  }

  @Test("Mutated fixtures", arguments: Fixtures.sources.map(\.name))
  func mutations(_ name: String) throws {
    let bytes = try Array(#require(Fixtures.sources.first { $0.name == name }).text.utf8)
    let pieces: [[UInt8]] = [
      "(", ")", "[", "]", "{", "}", "'", "\"", "\"\"\"", "f'", "f\"{", "\\", "\n", "\r", "\t", "    ", ":",
      "=",
      ":=", "!", "*", "**", ",", ".", "0x", "1e", "#", "@", "lambda ", " if ", " else ", " for ", " in ",
      "match x:",
      "case ", "async ", "await ", "def f", "class ", "\0", "\u{FEFF}", "\u{301}", "é", "🎉", "\\N{",
      "\\ud800", ";",
    ].map { Array($0.utf8) }
    var random = Random(state: 2)
    for _ in 0..<120 {
      // A window keeps a case short, so that there can be many.
      let lower = random.next(below: bytes.count)
      var text = Array(bytes[lower..<min(bytes.count, lower + 600)])
      for _ in 0...random.next(below: 4) where !text.isEmpty {
        let index = random.next(below: text.count)
        switch random.next(below: 4) {
        case 0: text[index] = UInt8(random.next(below: 256))
        case 1: text.remove(at: index)
        case 2: text.insert(contentsOf: pieces[random.next(below: pieces.count)], at: index)
        default:
          let other = random.next(below: text.count)
          text.swapAt(index, other)
        }
      }
      check(text)
    }
  }

  @Test("Random bytes and random tokens")
  func noise() {
    let words = [
      "x", "1", "'s'", "f'{x}'", "(", ")", "[", "]", "{", "}", ":", ",", "=", "\n", "\n    ", "\n        ",
      "if",
      "else", "for", "in", "not", "is", "lambda", "def", "class", "match", "case", "_", "*", "**", ".",
      "async", "await",
      "yield", "from", "import", "with", "as", "try", "except", "return", "+", "-", "@", "->", ":=", "~",
      "type",
    ]
    var random = Random(state: 3)
    for _ in 0..<400 {
      check((0..<random.next(below: 80)).map { _ in UInt8(random.next(below: 256)) })
      let text = (0..<random.next(below: 30)).map { _ in words[random.next(below: words.count)] }
      check(Array(text.joined(separator: " ").utf8))
    }
  }

  // MARK: Depth

  private final class Box<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
  }

  /// Runs on a thread with the stack of a task: 512 KB.
  private func onSmallStack<Result: Sendable>(_ body: @escaping @Sendable () -> Result) throws -> Result {
    let box = Box<Result>()
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      let result = body()
      box.value.withLock { $0 = result }
      done.signal()
    }
    thread.stackSize = 512 << 10
    thread.start()
    done.wait()
    return try #require(box.value.withLock { $0 })
  }

  private static let nestings: [(String, @Sendable (Int) -> String)] = [
    ("parentheses", { String(repeating: "(", count: $0) + "x" + String(repeating: ")", count: $0) }),
    ("lists", { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }),
    ("open brackets", { String(repeating: "[(", count: $0) }),
    ("tuples", { String(repeating: "(", count: $0) + "x" + String(repeating: ",)", count: $0) }),
    ("dictionaries", { String(repeating: "{1:", count: $0) + "1" + String(repeating: "}", count: $0) }),
    ("calls", { String(repeating: "f(", count: $0) + String(repeating: ")", count: $0) }),
    ("keywords", { String(repeating: "f(a=", count: $0) + "1" + String(repeating: ")", count: $0) }),
    ("subscripts", { String(repeating: "a[", count: $0) + "1" + String(repeating: "]", count: $0) }),
    ("slices", { String(repeating: "a[:", count: $0) + "1" + String(repeating: "]", count: $0) }),
    ("chained calls", { "f" + String(repeating: "()", count: $0) }),
    ("attributes", { "a" + String(repeating: ".b", count: $0) }),
    ("sums", { "a" + String(repeating: " + b", count: $0) }),
    ("powers", { "a" + String(repeating: " ** b", count: $0) }),
    ("signs", { String(repeating: "-", count: $0) + "1" }),
    ("nots", { String(repeating: "not ", count: $0) + "1" }),
    (
      "awaits",
      {
        "async def f(): " + String(repeating: "await (", count: $0) + "1" + String(repeating: ")", count: $0)
      }
    ),
    ("lambdas", { String(repeating: "lambda: ", count: $0) + "1" }),
    (
      "lambda defaults",
      { String(repeating: "lambda a=", count: $0) + "1" + String(repeating: ": 1", count: $0) }
    ),
    ("conditionals", { String(repeating: "a if b else ", count: $0) + "1" }),
    ("comparisons", { String(repeating: "a < (", count: $0) + "1" + String(repeating: ")", count: $0) }),
    ("logic", { String(repeating: "a and (b or ", count: $0) + "1" + String(repeating: ")", count: $0) }),
    (
      "comprehensions",
      { String(repeating: "[a for b in ", count: $0) + "c" + String(repeating: "]", count: $0) }
    ),
    ("elements", { String(repeating: "[", count: $0) + "c" + String(repeating: " for b in a]", count: $0) }),
    ("walrus", { String(repeating: "(a := ", count: $0) + "1" + String(repeating: ")", count: $0) }),
    ("stars", { String(repeating: "[*", count: $0) + "a" + String(repeating: "]", count: $0) }),
    ("yields", { "def f(): " + String(repeating: "(yield ", count: $0) + String(repeating: ")", count: $0) }),
    ("f-strings", { String(repeating: "f'{", count: $0) + "1" + String(repeating: "}'", count: $0) }),
    (
      "specifications",
      { "f'" + String(repeating: "{a:", count: $0) + String(repeating: "}", count: $0) + "'" }
    ),
    ("targets", { String(repeating: "[", count: $0) + "a" + String(repeating: "]", count: $0) + " = 1" }),
    (
      "patterns",
      { "match x:\n case " + String(repeating: "[", count: $0) + String(repeating: "]", count: $0) + ": 1" }
    ),
    (
      "class patterns",
      {
        "match x:\n case " + String(repeating: "A(b=", count: $0) + "1" + String(repeating: ")", count: $0)
          + ": 1"
      }
    ),
    (
      "parameters",
      { "def f(a: " + String(repeating: "(", count: $0) + "1" + String(repeating: ")", count: $0) + "): 1" }
    ),
    ("elifs", { "if a: b\n" + String(repeating: "elif a: b\n", count: $0) + "else: c" }),
    (
      "blocks",
      { count in
        (0..<count).map { String(repeating: " ", count: $0) + "if a:\n" }.joined()
          + String(repeating: " ", count: count) + "b"
      }
    ),
    (
      "functions",
      { count in
        (0..<count).map { String(repeating: " ", count: $0) + "def f():\n" }.joined()
          + String(repeating: " ", count: count) + "b"
      }
    ),
    (
      "tries",
      { count in
        (0..<count).map { String(repeating: " ", count: $0) + "try:\n" }.joined()
          + String(repeating: " ", count: count) + "b\n"
          + (0..<count).reversed().map { String(repeating: " ", count: $0) + "finally: c\n" }.joined()
      }
    ),
    (
      "matches",
      { count in
        (0..<count).map {
          String(repeating: "  ", count: $0) + "match a:\n" + String(repeating: "  ", count: $0)
            + " case 1:\n"
        }.joined() + String(repeating: "  ", count: count) + "b"
      }
    ),
    ("indents", { count in (0..<count).map { String(repeating: " ", count: $0) + "a\n" }.joined() }),
    (
      "blocks and brackets",
      { count in
        (0..<(count / 2)).map { String(repeating: " ", count: $0) + "if a:\n" }.joined()
          + String(repeating: " ", count: count / 2) + String(repeating: "f(", count: count / 2)
          + String(repeating: ")", count: count / 2)
      }
    ),
  ]

  @Test("Deep nesting ends in a diagnostic", arguments: nestings.map(\.0))
  func deep(_ name: String) throws {
    let make = try #require(Self.nestings.first { $0.0 == name }).1
    let source = make(600)
    let diagnostics = try onSmallStack {
      let result = Parser.parse(source)
      _ = Printer.print(result.module)
      return result.diagnostics
    }
    #expect(diagnostics.contains { $0.severity == .error })
    // In these something else is wrong too, and said instead.
    if !["indents", "open brackets"].contains(name) {
      #expect(diagnostics.contains { $0.identifier == "syntax.nesting" })
    }
  }

  @Test("The deepest tree allowed fits a small stack", arguments: nestings.map(\.0))
  func deepest(_ name: String) throws {
    let make = try #require(Self.nestings.first { $0.0 == name }).1
    let (accepted, isSame) = try onSmallStack {
      var (accepted, refused) = (0, 600)
      while refused - accepted > 1 {
        let middle = (accepted + refused) / 2
        if Parser.parse(make(middle)).hasErrors { refused = middle } else { accepted = middle }
      }
      let module = Parser.parse(make(accepted)).module
      let again = Parser.parse(Printer.print(module)).module
      var hasher = Hasher()
      hasher.combine(module.body)
      module.walk { _ in true }
      _ = hasher.finalize()
      return (accepted, again.isStructurallyEqual(to: module))
    }
    #expect(isSame)
    // Open brackets and stray indents are errors at any depth.
    let minimum = ["indents", "open brackets"].contains(name) ? 0 : 20
    #expect(accepted >= minimum, "only \(accepted) levels")
  }

  // MARK: Size

  @Test("A text that is too long is refused")
  func tooLong() {
    let source = String(repeating: "x = 1\n", count: 200_000)
    let result = Parser.parse(source)
    #expect(result.diagnostics.map(\.identifier) == ["syntax.too-large"])
    #expect(result.module.body.isEmpty)
    #expect(!Parser.parse(source, limits: .init(maximumBytes: 1 << 21)).hasErrors)
  }

  @Test(
    "Long texts of one kind take linear time",
    arguments: [
      "$", "(", ")", "'", "f'{", "f'{x:", "\\", "\n", " ", "\n ", "x ", "x,", "lambda:", "not ", "0_",
      "\u{301}", "[x,",
      "match x:\n case ", "\\N{", "'\\N{x}'", "if x:\n", "with (a, ", "with (\n", "a=", "x.y=(\n", "\"\"\"",
      "else:\n",
    ])
  func long(_ piece: String) {
    let count = 100_000 / piece.utf8.count
    // The thread's own time, which does not depend on what else the machine does.
    let start = threadSeconds()
    let result = Parser.parse(String(repeating: piece, count: count))
    #expect(result.diagnostics.count <= 100)
    // A debug build needs about a tenth of a second; anything quadratic would need minutes.
    #expect(threadSeconds() - start < 20)
  }
}

/// Seconds that this thread has run.
private func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
