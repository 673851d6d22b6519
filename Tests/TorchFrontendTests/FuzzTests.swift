import Foundation
import NetworkGraph
import PythonSyntax
import RandomStreams
import Testing
import TorchFrontend

/// Mutated networks compile or fail with a diagnostic; nothing else may happen.
@Suite struct FuzzTests {
  /// Numbers and pieces that mutations put in the place of others.
  private static let pieces = [
    "0", "-1", "1", "2", "7", "2**62", "-2**63", "9223372036854775807", "1e308", "float('nan')",
    "float('inf')", "None",
    "True", "''", "'a'", "[]", "()", "{}", "x", "self", "nn", "torch", "F", "lambda: 0", "[1, 2]", "(3,)",
    "range(3)", "...",
    "slice(None)", "torch.zeros(2)", "nn.ReLU", "nn.ReLU()", "super()", "*[1]", "**{}", "1:2", "not x",
    "x.shape", "x.size(0)",
    "1 << 40", "type", "object", "print", "len", "self.__dict__", "Exception", "yield", "await x", "x[0]",
    "x[..., None]",
    "torch.randn(3)", "nn.Parameter(torch.ones(1))", "x.data", "-x", "x @ x", "x == x", "f'{x}'", "'%d' % 3",
    "0.5", "torch.Size",
  ]

  private static func mutated(_ source: String, _ other: String, _ stream: inout RandomStream) -> String {
    var lines = source.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for _ in 0..<Int.random(in: 1...4, using: &stream) {
      let place = Int.random(in: 0..<lines.count, using: &stream)
      switch Int.random(in: 0..<7, using: &stream) {
      case 0: lines.remove(at: place)
      case 1: lines.insert(lines[Int.random(in: 0..<lines.count, using: &stream)], at: place)
      case 2: lines.swapAt(place, Int.random(in: 0..<lines.count, using: &stream))
      case 3:
        let foreign = other.split(separator: "\n")
        lines.insert(String(foreign[Int.random(in: 0..<foreign.count, using: &stream)]), at: place)
      case 4:
        var bytes = Array(lines[place].utf8)
        guard !bytes.isEmpty else { continue }
        bytes[Int.random(in: 0..<bytes.count, using: &stream)] = UInt8.random(in: 32...126, using: &stream)
        lines[place] = String(decoding: bytes, as: UTF8.self)
      default: lines[place] = withPiece(lines[place], &stream)
      }
      if lines.isEmpty { lines = [""] }
    }
    return lines.joined(separator: "\n")
  }

  /// The line with one of its words or numbers replaced.
  private static func withPiece(_ line: String, _ stream: inout RandomStream) -> String {
    var words: [Range<String.Index>] = []
    var start: String.Index?
    for index in line.indices {
      let isWord = line[index].isLetter || line[index].isNumber || line[index] == "_"
      if isWord, start == nil { start = index }
      if !isWord, let begin = start {
        words.append(begin..<index)
        start = nil
      }
    }
    guard let word = words.randomElement(using: &stream), let piece = pieces.randomElement(using: &stream)
    else {
      return line
    }
    return line.replacingCharacters(in: word, with: piece)
  }

  /// Compiles mutants and gives how many compiled.
  static func run(_ count: Int, seed: UInt64) -> Int {
    var stream = RandomStream(seed: seed)
    let fixtures = Fixture.networks
    let limits = CompilationLimits(
      steps: 200_000, totalCollectionSize: 2_000_000, nodes: 5_000, parameters: 100_000_000)
    var compiled = 0
    for _ in 0..<count {
      guard let fixture = fixtures.randomElement(using: &stream),
        let other = fixtures.randomElement(using: &stream)
      else { return 0 }
      let source = mutated(fixture.source, other.source, &stream)
      let options = CompilationOptions(
        inputShape: fixture.inputShape, classCount: Bool.random(using: &stream) ? 10 : nil,
        isTraining: Bool.random(using: &stream), limits: limits)
      do throws(CompilationFailure) {
        let network = try NetworkCompiler.compile(source, options: options)
        compiled += 1
        #expect(throws: Never.self, "\(source)") { try network.graph.verify() }
      } catch {
        #expect(error.diagnostics.contains { $0.severity == .error && $0.location != nil }, "\(source)")
      }
    }
    return compiled
  }

  /// `NICHE_FUZZ` sets how many mutants, `NICHE_FUZZ_SEED` which.
  @Test func mutantsCompileOrExplainThemselves() {
    let environment = ProcessInfo.processInfo.environment
    let count = environment["NICHE_FUZZ"].flatMap { Int($0) } ?? 400
    let compiled = Self.run(count, seed: environment["NICHE_FUZZ_SEED"].flatMap { UInt64($0) } ?? 7)
    // Comments, training code and unused lines are mutated too.
    #expect(compiled > count / 20 && compiled < count - count / 20)
  }
}
