import NetworkGraph
import RandomStreams
import Testing
import TorchFrontend

/// Derives texts from a grammar in llama.cpp's notation, as far as the network grammar uses it.
private struct GrammarSampler {
  private indirect enum Part {
    case text(String)
    case letters([Character])
    case rule(String)
    case choice([[Part]])
    case optional(Part)
  }

  private var rules: [String: [[Part]]] = [:]

  init(_ grammar: String) throws {
    for line in grammar.split(separator: "\n") {
      let sides = try #require(line.firstRange(of: " ::= "))
      var rest = line[sides.upperBound...]
      let name = String(line[..<sides.lowerBound])
      try #require(rules[name] == nil, "\(name) twice")
      rules[name] = try Self.alternatives(&rest)
      try #require(rest.isEmpty, "\(name): \(rest)")
    }
  }

  private static func alternatives(_ rest: inout Substring) throws -> [[Part]] {
    var result: [[Part]] = [[]]
    while let next = rest.first, next != ")" {
      switch next {
      case " ": rest.removeFirst()
      case "|":
        rest.removeFirst()
        result.append([])
      default:
        var part = try part(&rest)
        if rest.first == "?" {
          rest.removeFirst()
          part = .optional(part)
        }
        result[result.count - 1].append(part)
      }
    }
    return result
  }

  private static func part(_ rest: inout Substring) throws -> Part {
    switch rest.removeFirst() {
    case "(":
      let choice = try alternatives(&rest)
      try #require(rest.first == ")")
      rest.removeFirst()
      return .choice(choice)
    case "\"":
      var text = ""
      while let letter = rest.popFirst(), letter != "\"" {
        if letter == "\\", let escaped = rest.popFirst() {
          text.append(escaped == "n" ? "\n" : escaped)
        } else {
          text.append(letter)
        }
      }
      return .text(text)
    case "[":
      let range = Array(rest.prefix(4))
      rest = rest.dropFirst(4)
      try #require(range.count == 4 && range[1] == "-" && range[3] == "]")
      let (lower, upper) = (try #require(range[0].wholeNumberValue), try #require(range[2].wholeNumberValue))
      return .letters((lower...upper).map { Character("\($0)") })
    case let letter:
      var name = String(letter)
      while let letter = rest.first, letter.isLetter || letter.isNumber {
        name.append(rest.removeFirst())
      }
      return .rule(name)
    }
  }

  func sample(_ name: String = "root", using draws: inout RandomStream) throws -> String {
    let alternatives = try #require(rules[name], "no rule \(name)")
    return try derive(.choice(alternatives), &draws)
  }

  private func derive(_ part: Part, _ draws: inout RandomStream) throws -> String {
    switch part {
    case .text(let text): return text
    case .letters(let letters):
      let letter = draws.element(of: letters)
      return String(try #require(letter))
    case .rule(let name): return try sample(name, using: &draws)
    case .optional(let part): return draws.bernoulli(0.25) ? try derive(part, &draws) : ""
    case .choice(let choices):
      let choice = draws.element(of: choices)
      return try #require(choice).map { try derive($0, &draws) }.joined()
    }
  }

  var names: Set<String> { Set(rules.keys) }
}

@Suite struct NetworkGrammarTests {
  @Test(arguments: [(3, 32, 10), (1, 28, 10), (3, 4, 100), (1, 1, 2)])
  func whatItDerivesCompilesAsItIs(channels: Int, size: Int, classes: Int) throws {
    let grammar = NetworkGrammar.gbnf(channels: channels, size: size, classes: classes)
    let sampler = try GrammarSampler(grammar)
    var draws = RandomStream(seed: UInt64(channels * 100 + size))
    let options = CompilationOptions(
      inputShape: [2, channels, size, size], classCount: classes, isTraining: true)
    var sources: Set<String> = []
    var depths: Set<Int> = []
    for _ in 0..<60 {
      let source = try sampler.sample(using: &draws)
      sources.insert(source)
      let network = try NetworkCompiler.compile(source, options: options)
      depths.insert(network.graph.parameters.count)
      #expect(network.graph.outputs.count == 1)
    }
    #expect(sources.count == 60 && depths.count > 8)
  }

  @Test func itIsSmallEnoughToBeSentWithEachRequest() {
    #expect(NetworkGrammar.gbnf(channels: 3, size: 32, classes: 10).utf8.count < 60_000)
  }
}
