import RandomStreams
import Testing

@testable import Search

@Suite("SEARCH/REPLACE blocks")
struct SearchReplaceTests {
  private let source = Toy.program([12, 8])

  private func block(_ search: String, _ replacement: String) -> String {
    "<<<<<<< SEARCH\n\(search)\n=======\n\(replacement)\n>>>>>>> REPLACE\n"
  }

  private let wide = "        self.fc1 = nn.Linear(64, 20)"
  private let first = "        self.fc1 = nn.Linear(64, 12)"

  @Test("Several blocks, with text and fences around and within them")
  func several() {
    let reply =
      "Sure.\n```python\n\(block(first, wide))```\nThen:\n"
      + block("```python\n        x = F.relu(self.fc2(x))\n```", "        x = F.gelu(self.fc2(x))")
    let outcome = BlockEditor.apply(reply, to: source)
    #expect(outcome.applied == ["block 1 replaced line 9", "block 2 replaced line 16"])
    #expect(outcome.refused.isEmpty)
    #expect(
      outcome.source
        == source.replacing("nn.Linear(64, 12)", with: "nn.Linear(64, 20)")
        .replacing("F.relu(self.fc2(x))", with: "F.gelu(self.fc2(x))"))
  }

  @Test("Each block is applied to what those before it left, and an empty one deletes")
  func order() {
    let reply =
      block(first, "\(wide)\n        self.drop = nn.Dropout(0.5)")
      + block("        self.drop = nn.Dropout(0.5)", "        self.drop = nn.Dropout(0.1)")
      + "<<<<<<< SEARCH\n\(wide)\n=======\n>>>>>>> REPLACE"
    let outcome = BlockEditor.apply(reply, to: source)
    #expect(
      outcome.applied == ["block 1 replaced line 9", "block 2 replaced line 10", "block 3 deleted line 9"])
    #expect(outcome.source == source.replacing(first, with: "        self.drop = nn.Dropout(0.1)"))
  }

  @Test(
    "The ladder of matching: very lines, part of a line, white space, indentation, similar lines",
    arguments: [
      ("        self.fc1 = nn.Linear(64, 12)", "        Y", "Y", ""),
      ("nn.Linear(64, 12)", "Y", "self.fc1 = Y", " (within its line)"),
      ("        self.fc1  =  nn.Linear( 64,12 )", "        Y", "Y", " (without regard to white space)"),
      ("self.fc1 = nn.Linear( 64, 12)", "Y", "Y", " (indented otherwise)"),
      (
        "        self.fc1 = nn.Linear(64, 12, bias=True)\n        self.fc2 = nn.Linear(12, 8)", "        Y",
        "Y", " (88 % alike)"
      ),
    ])
  func ladder(search: String, replacement: String, expected: String, remark: String) {
    let outcome = BlockEditor.apply(block(search, replacement), to: source)
    let place = search.contains("\n") ? "lines 9–10" : "line 9"
    #expect(outcome.applied == ["block 1 replaced \(place)\(remark)"])
    #expect(outcome.refused == [])
    #expect(outcome.source.split(separator: "\n").contains("        " + expected), "\(outcome.source)")
  }

  @Test("A replacement is moved by as much as what was found is")
  func indentation() {
    let search = "x = F.relu(self.fc1(x))\nx = F.relu(self.fc2(x))"
    let outcome = BlockEditor.apply(
      block(search, "if self.training:\n    x = x * 2\nx = F.relu(self.fc2(x))"), to: source)
    #expect(outcome.applied == ["block 1 replaced lines 15–16 (indented otherwise)"])
    #expect(
      outcome.source.contains(
        "\n        if self.training:\n            x = x * 2\n        x = F.relu(self.fc2(x))\n"))
  }

  @Test("Blank lines count for nothing, and Windows line ends are line ends")
  func blankLines() {
    let search = "class Net(nn.Module):\r\n\r\n    def __init__(self):\r\n"
    let outcome = BlockEditor.apply(
      block(search, "class Other(nn.Module):\r\n    def __init__(self):"), to: source)
    #expect(outcome.applied == ["block 1 replaced lines 6–7 (without regard to white space)"])
    #expect(outcome.source == source.replacing("class Net", with: "class Other"))
  }

  @Test(
    "Every failure is named",
    arguments: [
      ("<<<<<<< SEARCH\na\n=======\nb\n", "Block 1 has no line '>>>>>>> REPLACE', so it may be cut off"),
      ("<<<<<<< SEARCH\na\n", "Block 1 ends before its line of '=' signs"),
      ("<<<<<<< SEARCH\na\n>>>>>>> REPLACE\n", "Block 1 has no line of '=' signs between its two parts"),
      ("<<<<<<< SEARCH\n\n=======\nb\n>>>>>>> REPLACE", "Block 1 searches for nothing"),
      ("<<<<<<< SEARCH\na\n=======\na\n>>>>>>> REPLACE", "Block 1 changes nothing"),
      (
        "<<<<<<< SEARCH\na\n=======\nb\n=======\nc\n>>>>>>> REPLACE", "Block 1 has 2 lines of '=' signs"
      ),
      (
        "<<<<<<< SEARCH\n        return x + 1\n=======\nb\n>>>>>>> REPLACE",
        "Block 1 searches for what is not in the network; closest is line 17, 41 % alike where 80 % are needed"
      ),
      (
        "<<<<<<< SEARCH\nself\n=======\nb\n>>>>>>> REPLACE",
        "Block 1 searches for what stands more than once, at the lines 7, 9, 10 and others; it needs more lines around it"
      ),
      (
        "<<<<<<< SEARCH\n        x = F.relu(self.fc3(x))\n=======\nb\n>>>>>>> REPLACE",
        "Block 1 searches for what is not in the network; line 15 and line 16 are about as similar to it"
      ),
    ])
  func failures(reply: String, sentence: String) {
    let outcome = BlockEditor.apply(reply, to: source)
    #expect(outcome.refused == [sentence])
    #expect(outcome.applied.isEmpty && outcome.source == source)
  }

  @Test("What stands twice is refused with its places")
  func twice() {
    let doubled = source.replacing("self.fc2(x)", with: "self.fc1(x)")
    let outcome = BlockEditor.apply(block("        x = F.relu(self.fc1(x))", "Y"), to: doubled)
    #expect(
      outcome.refused == [
        "Block 1 searches for what stands more than once, at the lines 15, 16; it needs more lines around it"
      ])
    // More lines around it tell which.
    let both = BlockEditor.apply(
      block("        x = F.relu(self.fc1(x))\n        return self.fc3(x)", "        return x"), to: doubled)
    #expect(both.applied == ["block 1 replaced lines 16–17"])
  }

  @Test("A block that fails does not keep the others from being applied")
  func partly() {
    let outcome = BlockEditor.apply(block("nothing of the kind", "Y") + block(first, wide), to: source)
    #expect(outcome.applied == ["block 2 replaced line 9"])
    #expect(outcome.refused.count == 1)
  }

  @Test("Similar lines are found as a plain count of their letter pairs says", arguments: 0..<30)
  func similar(seed: UInt64) throws {
    // One line of the source is changed by a few letters; the pairs are counted anew here.
    var random = RandomStream(seed: seed)
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let index = random.element(of: lines.indices.filter { lines[$0].count > 12 }) ?? 0
    var letters = Array(lines[index])
    for _ in 0..<1 + random.integer(below: 3) {
      letters[8 + random.integer(below: letters.count - 8)] = random.element(of: ["q", "7", "("]) ?? "q"
    }
    let search = String(letters)
    func pairs(_ line: String) -> [String: Int] {
      let letters = line.filter { $0 != " " }
      return zip(letters, letters.dropFirst()).reduce(into: [:]) { $0["\($1.0)\($1.1)", default: 0] += 1 }
    }
    func alike(_ left: String, _ right: String) -> Double {
      let (left, right) = (pairs(left), pairs(right))
      let common = left.reduce(0) { $0 + min($1.value, right[$1.key, default: 0]) }
      let all = left.values.reduce(0, +) + right.values.reduce(0, +)
      return all == 0 ? 0 : 2 * Double(common) / Double(all)
    }
    let scores = lines.map { alike($0, search) }.sorted(by: >)
    let outcome = BlockEditor.apply(block(search, "Y"), to: source)
    if lines.contains(search) { return }
    if scores[0] >= 0.8, scores[0] - scores[1] >= 0.05 {
      #expect(outcome.applied.count == 1, "\(outcome) \(scores.prefix(2))")
    } else {
      #expect(outcome.applied.isEmpty, "\(outcome) \(scores.prefix(2))")
    }
  }

  @Test("Any mixture of pieces is read without a crash or a long wait", arguments: 0..<20)
  func fuzz(seed: UInt64) {
    var random = RandomStream(seed: seed)
    let pieces = [
      "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", "<<<<<", "\n", "\r\n", "    ", "self.fc1", "é", "```",
      "x",
      first, "class Net(nn.Module):",
    ]
    for _ in 0..<30 {
      let reply = (0..<random.integer(below: 60)).map { _ in random.element(of: pieces) ?? "" }
        .joined(separator: random.bernoulli(0.5) ? "\n" : "")
      let outcome = BlockEditor.apply(reply, to: source)
      #expect(!outcome.applied.isEmpty || outcome.source == source)
    }
  }

  @Test("Huge replies and sources take no long")
  func huge() {
    let lines = String(repeating: "a = b + c\n", count: 20_000)
    let clock = ContinuousClock.now
    _ = BlockEditor.apply(block(lines, "x"), to: lines)
    _ = BlockEditor.apply(block(String(repeating: "a = b + d\n", count: 1000), "x"), to: lines)
    _ = BlockEditor.apply(String(repeating: "<<<<<<< SEARCH\n", count: 15_000), to: lines)
    #expect(BlockEditor.apply(String(repeating: "x", count: 300_000), to: "").refused.count == 1)
    #expect(ContinuousClock.now - clock < .seconds(20))
  }
}

@Suite("Continuations of a network and a docstring")
struct CompletionReaderTests {
  private let parent = Toy.program([12])

  private func program(_ reply: String, after networks: [String]? = nil) -> String? {
    CompletionReader.program(in: reply, after: networks ?? [parent])
  }

  private let child = """
    class Net2(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1 = nn.Linear(64, 4)

        def forward(self, x):
            if x.dim() == 2:
                return self.fc1(x)
            x = torch.flatten(x, 1)
            return self.fc1(x)
    """

  @Test("A class goes on behind its first return, and gets the parent's imports")
  func returns() throws {
    let text = try #require(program("\n" + child + "\n"))
    #expect(
      text
        == "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n\n\(child)\n")
    #expect(try NetworkDescription(of: text, task: Toy.task).className == "Net2")
  }

  @Test(
    "What follows the classes is left out",
    arguments: [
      "\n\"\"\"Add another layer\"\"\"\nclass Net3(nn.Module):\n    pass\n",
      "\nif __name__ == '__main__':\n    x()\n",
      "\n```\nThat was it.", "\nclass Net2(nn.Module):\n    pass\n", "\nnet = Net2()\nprint(net)\n",
      "<|endoftext|>",
    ])
  func rest(tail: String) throws {
    let text = try #require(program(child + (tail.hasPrefix("<") ? "\n" : "") + tail))
    #expect(text == (try #require(program(child))))
  }

  @Test("Helper classes of its own stay; those of the parent that it names come with it, others do not")
  func helpers() throws {
    let block =
      "class Block(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
      + "        self.fc = nn.Linear(n, scale(n))\n\n    def forward(self, x):\n        return self.fc(x)\n"
    let old =
      "import math\nimport torch.nn as nn\n\ndef scale(n):\n    return n\n\ndef unused(n):\n    return n\n\n\(block)\n"
      + "class Net(nn.Module):\n    pass\n"
    let new =
      "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.b = Block(64)\n"
    let text = try #require(program(new, after: [old]))
    #expect(text.contains("class Block") && text.contains("def scale") && !text.contains("def unused"))
    #expect(text.ranges(of: "class Net(").count == 1)
    let names = ["import math", "def scale", "class Block", "class Net("].map {
      text.firstRange(of: $0)?.lowerBound
    }
    #expect(zip(names, names.dropFirst()).allSatisfy { ($0 ?? text.endIndex) < ($1 ?? text.startIndex) })
    // Where it defines the block itself, the parent's is not wanted.
    let own = try #require(program("class Block(nn.Module):\n    pass\n\n\(new)", after: [old]))
    #expect(own.ranges(of: "class Block").count == 1 && !own.contains("def scale"))
  }

  @Test("Models that talk fence their code")
  func fences() throws {
    #expect(program("Here it is:\n```python\n\(child)\n```\nIt is better.") == program(child))
    #expect(program("no class here") == nil)
    #expect(program("") == nil)
    #expect(program("    return x\n") == nil)
  }

  @Test("A continuation that is cut off keeps what there is", arguments: [20, 60, 150, 200])
  func cutOff(length: Int) throws {
    let text = try #require(program(String(child.prefix(length))))
    #expect(text.contains("class Net2"))
  }
}
