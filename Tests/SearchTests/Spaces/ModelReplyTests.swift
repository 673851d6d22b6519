import LanguageModels
import RandomStreams
import SearchSpaces
import Testing

@testable import Search

/// What is read of models' replies and strategies.
@Suite struct ModelReplyTests {
  private let vocabulary = SpaceVocabulary(
    [
      Choice(name: "Depth of stage", options: ["2", "3", "4"]),
      Choice(name: "edge 0→1", options: ["none", "Conv", "pool"]),
    ], stream: RandomStream(seed: 1))

  @Test(arguments: [
    (#"{"depth_of_stage": "2", "edge_0_1": "Conv"}"#, ["01"]),
    (
      #"{"architectures": [{"depth_of_stage":"3","edge_0_1":"none"},{"edge_0_1":"pool","depth_of_stage":"4"}]}"#,
      ["10", "22"]
    ),
    ("It's this:\n```json\n[{\"depth_of_stage\": 2,\n \"edge_0_1\": \"Conv\",}]\n```\nThat's it.", ["01"]),
    ("[{'Depth of stage': 4, 'edge 0→1': 'CONV'}]", ["21"]),
    (#"[{"depth_of_stage":"2","edge_0_1":"Conv"},{"depth_of_stage":"2","edge_0"#, ["01"]),
    (#"{"Arch": {"depth_of_stage": 2.0, "edge_0_1": "pool", "why": "I [like] it"}, "Accuracy": 3}"#, ["02"]),
    (#"{"depth_of_stage": "5", "edge_0_1": "Conv"}"#, ["`depth_of_stage` has no option `\"5\"`"]),
    (#"{"depth_of_stage": "2"}"#, ["`edge_0_1` is missing"]),
    (#"{"depth_of_stage": ["2"], "edge_0_1": null}"#, ["`depth_of_stage` has no option `[\"2\"]`"]),
    (#"[["2", "Conv"], ["3", "none"]]"#, ["01", "10"]),
    (#"["2", "Conv"] and ["2"] and ["9", "none"]"#, ["01"]),
    (#"{"name": "x"} {} [] [[]] {{}}"#, []),
    (
      #"{"a": {"b": {"depth_of_stage": 3, "edge_0_1": "none"}}}} ]} {"depth_of_stage": 4, "edge_0_1": "none"}"#,
      ["10", "20"]
    ),
    ("no JSON { at all ] \" here", []),
    ("", []),
  ])
  func replies(reply: String, expected: [String]) {
    let found = vocabulary.readings(in: reply).map { reading in
      switch reading {
      case .options(let options): options.map(String.init).joined()
      case .mistake(let problem): problem
      }
    }
    #expect(found == expected)
  }

  @Test func hostileRepliesAreReadInLinearTime() {
    for piece in ["{", "[", "[{", "\"", "{\"", "}", "{}", "[[],", "{'a':", "\\\"{"] {
      let reply = String(repeating: piece, count: 30_000)
      #expect(vocabulary.readings(in: reply).isEmpty)
    }
  }

  @Test func theSpacesOwnTextsAreReadWhereThereIsNoJSON() throws {
    let space = NASBench201Space()
    func texts(_ naming: SpaceVocabulary.Naming) throws -> SpaceTexts<NASBench201Space> {
      let vocabulary = SpaceVocabulary(space.choices, naming: naming, stream: RandomStream(seed: 1))
      return try SpaceTexts(
        space: space, vocabulary: vocabulary, settings: CoLLMSettings(), prompts: Toy.prompts())
    }
    let arch = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|"
    let reply = "1. `\(arch)`\n2. \(arch.replacing("+", with: " + "))\nno more; [\"x\"]"
    let found = try texts(.original).proposals(in: reply)
    #expect(found.count == 2)
    #expect(
      found.allSatisfy { $0.content == .genotype(try! space.genotype(from: arch)) && $0.step == .model })
    // Where names are hidden, nobody is to know them.
    #expect(try texts(.neutral).proposals(in: reply).isEmpty)
  }

  @Test func directionsAreReadAsTheyWereWritten() {
    let directions = NavigationDirections(
      shares: [[0.5, 0.25, 0.25], [0, 0.125, 0.875]], examples: [[1, 2]])
    let read = NavigationDirections(reading: directions.text(vocabulary), vocabulary)
    #expect(read.examples == [[1, 2]])
    for (own, other) in zip(read.shares.joined(), directions.shares.joined()) {
      #expect(abs(own - other) < 0.002)
    }
  }

  @Test func directionsInOtherWords() {
    let text = """
      # NAVIGATION DIRECTIONS
      ### Depth of Stage
      Prefer **3**, it is better.
      ## edge_0_1:
      * `Conv`: 60 %
      * pool : 20% at most
      ## Unknown
      - 2: 100 %
      """
    let read = NavigationDirections(reading: text, vocabulary)
    let sixth = 1.0 / 6
    #expect(read.shares[0] == [sixth, 4 * sixth, sixth])
    #expect(read.shares[1] == [0, 0.75, 0.25])
    #expect(NavigationDirections(reading: "", vocabulary) == NavigationDirections(even: vocabulary))
  }

  @Test func schemaHasEachOption() throws {
    let schema = vocabulary.schema(least: 2, most: 3)
    let items = try #require(schema.schema["properties"]?["architectures"]?["items"])
    #expect(items["properties"]?["edge_0_1"]?["enum"] == ["none", "Conv", "pool"])
    #expect(items["required"] == ["depth_of_stage", "edge_0_1"])
    #expect(schema.schema["properties"]?["architectures"]?["maxItems"] == 3)
  }

  @Test func numbersHaveFiveDigits() {
    let numbers: [(Double, String)] = [
      (0.9346666667, "0.93467"), (93.466666, "93.467"), (1_531_546, "1531500"), (220.12e6, "220120000"),
      (0, "0.0"), (-5, "-5.0"), (.nan, "null"), (99_999.6, "100000.0"), (1e300, "1e+300"),
    ]
    for (value, text) in numbers {
      #expect(SpaceTexts<ToySpace>.number(value).encoded() == text)
    }
  }
}
