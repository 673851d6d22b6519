import Foundation
import RandomStreams
import Testing

@testable import SearchSpaces

/// All texts of a grammar without repetitions, in llama.cpp's notation: rules `name ::= alternatives`, literals, names.
private struct Grammar {
  private var rules: [String: [[Part]]] = [:]

  private enum Part {
    case literal(String)
    case rule(String)
  }

  init(_ text: String) throws {
    for line in text.split(separator: "\n") {
      let halves = try #require(line.firstRange(of: " ::= "))
      var alternatives: [[Part]] = [[]]
      var rest = line[halves.upperBound...]
      while let first = rest.first {
        if first == " " {
          rest.removeFirst()
        } else if first == "|" {
          alternatives.append([])
          rest.removeFirst()
        } else if first == "\"" {
          rest.removeFirst()
          var literal = ""
          while let next = rest.popFirst(), next != "\"" {
            let escaped = next == "\\" ? rest.popFirst() : nil
            literal.append(escaped ?? next)
          }
          alternatives[alternatives.count - 1].append(.literal(literal))
        } else {
          let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" }
          try #require(!name.isEmpty)
          rest = rest.dropFirst(name.count)
          alternatives[alternatives.count - 1].append(.rule(String(name)))
        }
      }
      rules[String(line[..<halves.lowerBound])] = alternatives
    }
  }

  func texts(of rule: String = "root") throws -> [String] {
    try #require(rules[rule]).flatMap { parts in
      try parts.reduce([""]) { texts, part in
        let tails: [String]
        switch part {
        case .literal(let text): tails = [text]
        case .rule(let name): tails = try self.texts(of: name)
        }
        return texts.flatMap { text in tails.map { text + $0 } }
      }
    }
  }
}

@Suite struct LanguageTests {
  private let space = NASBench201Space(task: .cifar100)

  @Test func grammarsAllowEveryCellAndNothingElse() throws {
    let texts = try Grammar(try #require(space.textGrammar)).texts()
    #expect(Set(texts) == Set(space.all.map(space.text(of:))))
    #expect(texts.count == 15_625)
    let objects = try Grammar(space.jsonGrammar).texts()
    #expect(Set(objects) == Set(space.all.map(space.json(of:))))
    #expect(objects.count == 15_625)
  }

  @Test func theSchemaHasOnePropertyAChoice() throws {
    let schema = try #require(
      try JSONSerialization.jsonObject(with: Data(space.jsonSchema.utf8)) as? [String: Any])
    #expect(schema["type"] as? String == "object")
    #expect(schema["additionalProperties"] as? Bool == false)
    let keys = ["edge_0_1", "edge_0_2", "edge_1_2", "edge_0_3", "edge_1_3", "edge_2_3"]
    #expect(schema["required"] as? [String] == keys)
    let properties = try #require(schema["properties"] as? [String: [String: Any]])
    #expect(Set(properties.keys) == Set(keys))
    for property in properties.values {
      #expect(property["type"] as? String == "string")
      #expect(
        property["enum"] as? [String]
          == ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"])
    }
  }

  @Test func jsonIsWritten() throws {
    let cell = try #require(NASBench201Cell(index: 6111))
    #expect(
      space.json(of: cell)
        == "{\"edge_0_1\": \"nor_conv_3x3\", \"edge_0_2\": \"nor_conv_3x3\", \"edge_1_2\": \"nor_conv_3x3\", "
        + "\"edge_0_3\": \"skip_connect\", \"edge_1_3\": \"nor_conv_3x3\", \"edge_2_3\": \"nor_conv_1x1\"}")
  }

  @Test func thePromptTellsTheSpaceButNotItsName() {
    let text = space.promptDescription
    for operation in NASBench201Operation.allCases { #expect(text.contains(operation.name)) }
    #expect(text.contains("32 × 32") && text.contains("100 classes"))
    for name in ["201", "NAS", "NATS", "Bench", "CIFAR", "cifar"] { #expect(!text.contains(name)) }
  }

  /// Options that are numbers, names that need escapes, and more options than letters.
  private struct OddSpace: ChoiceSpace {
    typealias Genotype = [Int]
    var choices: [Choice] {
      [
        Choice(name: "kernel size, block 1", options: ["3", "5", "7"]),
        Choice(name: "a \"quoted\" \\ name", options: ["x\"y", "\\", "tab\t"]),
        Choice(name: "Größe", options: (0..<30).map { "o\($0)" }),
      ]
    }
    var name: String { "odd" }
    var count: Int? { 270 }
    func random(using stream: inout RandomStream) -> [Int] {
      choices.map { stream.integer(below: $0.options.count) }
    }
    func mutation(of genotype: [Int], using stream: inout RandomStream) -> [Int] { genotype }
    func crossover(of first: [Int], and second: [Int], using stream: inout RandomStream) -> [Int] { first }
    func neighbours(of genotype: [Int]) -> [[Int]] { [] }
    func text(of genotype: [Int]) -> String { json(of: genotype) }
    func genotype(from text: String) throws(SearchSpaceError) -> [Int] { throw SearchSpaceError("None.") }
    func canonicalText(of genotype: [Int]) -> String { text(of: genotype) }
    func figures(of genotype: [Int]) -> [String: Double] { [:] }
    func options(of genotype: [Int]) -> [Int] { genotype }
    func genotype(options: [Int]) throws(SearchSpaceError) -> [Int] { options }
  }

  @Test func anyChoicesHaveJSONAndAGrammar() throws {
    let space = OddSpace()
    #expect(space.textGrammar == nil)
    #expect(space.choices.map(\.key) == ["kernel_size_block_1", "a_quoted_name", "gr_e"])
    _ = try JSONSerialization.jsonObject(with: Data(space.jsonSchema.utf8))
    let members = try JSONSerialization.jsonObject(with: Data(space.json(of: [1, 0, 29]).utf8))
    #expect(
      members as? [String: String]
        == ["kernel_size_block_1": "5", "a_quoted_name": "x\"y", "gr_e": "o29"])
    #expect(space.promptDescription.contains("- kernel_size_block_1: 3, 5, 7\n"))
  }
}
