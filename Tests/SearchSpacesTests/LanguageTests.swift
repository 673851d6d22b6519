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

  @Test func jsonIsReadAndWritten() throws {
    let cell = try #require(NASBench201Cell(index: 6111))
    #expect(
      space.json(of: cell)
        == "{\"edge_0_1\": \"nor_conv_3x3\", \"edge_0_2\": \"nor_conv_3x3\", \"edge_1_2\": \"nor_conv_3x3\", "
        + "\"edge_0_3\": \"skip_connect\", \"edge_1_3\": \"nor_conv_3x3\", \"edge_2_3\": \"nor_conv_1x1\"}")
    for cell in space.all.prefix(500) {
      #expect(try space.genotype(fromJSON: space.json(of: cell)) == cell)
    }
    // Reasons, other orders, other letters and white space do not matter.
    let loose = """
      {"why": {"a": [1, null]}, "edge_2_3": "Nor_Conv_1x1", "edge_1_3": "nor_conv_3x3", "edge_0_3": " skip_connect",
       "edge_1_2": "nor_conv_3x3", "edge_0_2": "nor_conv_3x3", "edge_0_1": "nor_conv_3x3", "confidence": 0.5}
      """
    #expect(try space.genotype(fromJSON: loose) == cell)
  }

  @Test(arguments: [
    ("", "no JSON object"),
    ("[1, 2]", "no JSON object with one property a choice; one is {\"edge_0_1\": \"none\", "),
    ("{\"edge_0_1\": \"none\"}", "The property 'edge_0_2' is missing."),
    ("{\"edge_0_1\": [\"none\"]}", "The property 'edge_0_1' is no text."),
    ("{\"edge_0_1\": null}", "The property 'edge_0_1' is no text."),
    ("{\"edge_0_1\": 3}", "is '3'; it can be none, skip_connect,"),
    ("{\"edge_0_1\": 1e400}", "The property 'edge_0_1' is no text."),
    ("{\"edge_0_1\": \"conv_5x5\"}", "is 'conv_5x5'; it can be none, skip_connect,"),
  ])
  func mistakesInJSONAreExplained(text: String, says: String) {
    let error = #expect(throws: SearchSpaceError.self) { try space.genotype(fromJSON: text) }
    #expect(error?.description.contains(says) == true, "\(String(describing: error))")
  }

  @Test func hostileJSONIsRefusedAtOnce() {
    for text in [
      String(repeating: "[", count: 90_000), String(repeating: "{\"a\":", count: 15_000),
      String(repeating: " ", count: 1_000_000),
    ] {
      #expect(throws: SearchSpaceError.self) { try space.genotype(fromJSON: text) }
    }
  }

  @Test func thePromptTellsTheSpaceButNotItsName() {
    let text = space.promptDescription
    for operation in NASBench201Operation.allCases { #expect(text.contains(operation.name)) }
    #expect(text.contains("32 × 32") && text.contains("100 classes"))
    for name in ["201", "NAS", "NATS", "Bench", "CIFAR", "cifar"] { #expect(!text.contains(name)) }
  }

  // MARK: Renamed

  @Test func aRenamedSpaceIsTheSameUnderOtherNames() throws {
    var stream = RandomStream(seed: 3)
    let renamed = RenamedSpace(space, using: &stream)
    #expect(renamed.name == "nas-bench-201-renamed")
    #expect(renamed.count == 15_625)
    #expect(renamed.choices.map(\.name) == (1...6).map { "choice \($0)" })
    #expect(renamed.choices.allSatisfy { $0.options == ["A", "B", "C", "D", "E"] })
    for operation in NASBench201Operation.allCases {
      #expect(!renamed.promptDescription.contains(operation.name))
      #expect(!renamed.jsonSchema.contains(operation.name))
    }
    var texts: Set<String> = []
    for cell in space.all {
      let text = renamed.text(of: cell)
      texts.insert(text)
      #expect(try renamed.genotype(options: renamed.options(of: cell)) == cell)
    }
    #expect(texts.count == 15_625)
    for cell in space.all.prefix(300) {
      #expect(try renamed.genotype(from: renamed.text(of: cell)) == cell)
      #expect(renamed.figures(of: cell) == space.figures(of: cell))
      #expect(renamed.canonicalText(of: cell) == space.canonicalText(of: cell))
    }
    // Each choice has an order of its own, and another seed another one.
    let cell = try space.genotype(options: [3, 3, 3, 3, 3, 3])
    #expect(Set(renamed.options(of: cell)).count > 1)
    let other = RenamedSpace(space, using: &stream)
    #expect(other.text(of: cell) != renamed.text(of: cell))
    #expect(throws: SearchSpaceError.self) { try renamed.genotype(options: [0, 0, 0, 0, 0, 5]) }
    #expect(throws: SearchSpaceError.self) { try renamed.genotype(options: [0]) }
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
    func genotype(from text: String) throws(SearchSpaceError) -> [Int] { try genotype(fromJSON: text) }
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
    #expect(try space.genotype(fromJSON: space.json(of: [1, 0, 29])) == [1, 0, 29])
    #expect(
      try space.genotype(
        fromJSON: "{\"kernel_size_block_1\": 7, \"a_quoted_name\": \"\\\\\", \"gr_e\": \"o3\"}")
        == [2, 1, 3])
    #expect(space.promptDescription.contains("- kernel_size_block_1: 3, 5, 7\n"))
    var stream = RandomStream(seed: 1)
    let renamed = RenamedSpace(space, using: &stream)
    #expect(renamed.choices[2].options[25...27] == ["Z", "AA", "AB"])
    #expect(renamed.options(of: [1, 0, 29]).count == 3)
  }
}
