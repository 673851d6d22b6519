import PythonSyntax
import Testing

@testable import TorchFrontend

@Suite struct EditingHealerTests {
  @Test func leavesGoodSourceAlone() throws {
    for parent in EditingParent.all {
      let healed = try Healer.heal(parent.source, options: parent.options)
      #expect(healed.source == parent.source)
      #expect(healed.fixes.isEmpty)
    }
  }

  @Test(arguments: [
    ("self.conv2 = nn.Conv2d(6, 16, 5)", "self.conv2 = nn.Conv2d(7, 16, 5)"),
    ("nn.Linear(16 * 5 * 5, 120)", "nn.Linear(401, 120)"),
    ("nn.Linear(120, 84)", "nn.Linear(in_features=12, out_features=84)"),
    ("self.conv1 = nn.Conv2d(1, 6, ", "self.conv1 = nn.Conv2d(3, 6, "),
    ("nn.Linear(120, 84)", "nn.Linear(120, 90)"),
    ("x.view(-1, 16 * 5 * 5)", "x.view(-1, 256)"),
    ("nn.Conv2d(6, 16, 5)", "nn.Conv2d(6, 16, 3)"),
  ])
  func repairsCounts(_ good: String, _ bad: String) throws {
    let parent = EditingParent.flat
    let source = parent.source.replacing(good, with: bad)
    try #require(source != parent.source)
    #expect(throws: CompilationFailure.self) { try NetworkCompiler.compile(source, options: parent.options) }
    let healed = try Healer.heal(source, options: parent.options)
    #expect(!healed.fixes.isEmpty)
    #expect(healed.network.outputShape == [2, 10])
    #expect(try NetworkCompiler.compile(healed.source, options: parent.options).outputShape == [2, 10])
    #expect(healed.fixes.allSatisfy { $0.location.line > 1 && $0.location.column > 1 })
  }

  @Test func repairsAllWrongCountsAtOnce() throws {
    let source = """
      import torch.nn as nn
      import torch
      class Net(nn.Module):
          def __init__(self, hidden=99):
              super().__init__()
              self.conv1 = nn.Conv2d(4, 8, 3)
              self.bn1 = nn.BatchNorm2d(5)
              self.conv2 = nn.Conv2d(9, 12, 3, groups=9)
              self.fc1 = nn.Linear(hidden, 32)
              self.fc2 = nn.Linear(hidden, 11)
          def forward(self, x):
              x = torch.relu(self.bn1(self.conv1(x)))
              x = torch.relu(self.conv2(x))
              return self.fc2(torch.relu(self.fc1(torch.flatten(x, 1))))
      """.replacing("nn.Conv2d(9, 12, 3, groups=9)", with: "nn.Conv2d(9, 9, 3, groups=9)")
    let healed = try Healer.heal(source, options: EditingParent.start.options)
    #expect(healed.source.contains("self.conv1 = nn.Conv2d(1, 8, 3)"))
    #expect(healed.source.contains("self.bn1 = nn.BatchNorm2d(8)"))
    #expect(healed.source.contains("nn.Conv2d(8, 8, 3, groups=8)"))
    #expect(healed.source.contains("self.fc1 = nn.Linear(4608, 32)"))
    #expect(healed.source.contains("self.fc2 = nn.Linear(32, 10)"))
  }

  @Test func givesUpOnWhatIsNotACount() {
    let parent = EditingParent.flat
    for (good, bad) in [
      ("self.conv2(x)", "self.conv7(x)"), ("nn.Conv2d(6", "nn.Conv2d(-6"),
      ("return x", "return"), ("class LeNet(nn.Module)", "class LeNet(nn.Module"),
    ] {
      let source = parent.source.replacing(good, with: bad)
      #expect(throws: CompilationFailure.self, "\(bad)") { try Healer.heal(source, options: parent.options) }
    }
  }

  @Test func stopsAfterTheAllowedFixes() {
    let parent = EditingParent.flat
    let source = parent.source.replacing("nn.Linear(120, 84)", with: "nn.Linear(119, 85)")
    #expect(throws: CompilationFailure.self) {
      try Healer.heal(source, options: parent.options, maximumFixes: 1)
    }
    #expect((try? Healer.heal(source, options: parent.options, maximumFixes: 2))?.fixes.count == 2)
    #expect(throws: CompilationFailure.self) {
      try Healer.heal(source, options: parent.options, maximumFixes: 0)
    }
  }
}

/// Correct networks are broken in one way each: most must heal, none may change without need, and healing twice is
/// healing once.
@Suite struct HealingPropertyTests {
  private static let source = """
    import math

    import torch
    import torch.nn as nn
    import torch.nn.functional as F


    class Block(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.conv = nn.Conv2d(width, width, 3, padding=1)
            self.bn = nn.BatchNorm2d(width)

        def forward(self, x):
            return x + F.relu(self.bn(self.conv(x)))


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(3, 16, 3, stride=math.gcd(2, 4))
            self.bn1 = nn.BatchNorm2d(16)
            self.block = Block(16)
            self.conv2 = nn.Conv2d(16, 24, 3)
            self.norm = nn.GroupNorm(4, 24)
            self.fc1 = nn.Linear(24 * 13 * 13, 40)
            self.ln = nn.LayerNorm(40)
            self.fc2 = nn.Linear(40, 10)

        def forward(self, x):
            x = F.relu(self.bn1(self.conv1(x)))
            x = self.norm(self.conv2(self.block(x)))
            x = torch.flatten(x, 1)
            return self.fc2(self.ln(self.fc1(x)))

    """

  private static let options = CompilationOptions(inputShape: [2, 3, 32, 32], classCount: 10)

  private static let mutations: [(good: String, bad: String)] = [
    ("nn.Conv2d(3, 16", "nn.Conv2d(4, 16"), ("nn.Conv2d(3, 16", "nn.Conv2d(3, 20"),
    ("nn.BatchNorm2d(16)", "nn.BatchNorm2d(15)"), ("Block(16)", "Block(18)"),
    ("nn.Conv2d(16, 24", "nn.Conv2d(17, 24"), ("nn.Conv2d(16, 24", "nn.Conv2d(16, 28"),
    ("nn.GroupNorm(4, 24)", "nn.GroupNorm(4, 28)"), ("24 * 13 * 13", "24 * 14 * 14"),
    ("13, 40)", "13, 41)"), ("nn.LayerNorm(40)", "nn.LayerNorm(30)"),
    ("nn.Linear(40, 10)", "nn.Linear(42, 10)"),
    ("nn.Linear(40, 10)", "nn.Linear(40, 100)"), ("x = torch.flatten(x, 1)\n", "pass\n"),
    ("import math\n", ""), ("import torch\n", ""), ("import torch.nn as nn\n", ""),
    ("import torch.nn.functional as F\n", ""),
    ("        super().__init__()\n        self.conv1", "        self.conv1"),
    ("        super().__init__()\n        self.conv =", "        self.conv ="),
    (
      "        super().__init__()\n        self.conv = nn.Conv2d(width, width, 3, padding=1)\n",
      "        self.conv = nn.Conv2d(width, width, 3, padding=1)\n        super().__init__()\n"
    ),
    ("        x = self.norm", "\tx = self.norm"), ("        x = self.norm", "       x = self.norm"),
    ("        return x + F", "\t\treturn x + F"),
    ("import math\n", "Here is the network:\n\n```python\nimport math\n"),
    ("(self.fc1(x)))\n", "(self.fc1(x)))\n\nif __name__ == '__main__':\n    net = Net(\n"),
    ("(self.fc1(x)))\n", "(self.fc1(x)))\n```\nIt's better because it's deeper.\n"),
  ]

  @Test func mostMutantsHeal() throws {
    let fine = try Healer.heal(Self.source, options: Self.options)
    #expect(fine.source == Self.source && fine.fixes.isEmpty)
    var unhealed: [String] = []
    for (good, bad) in Self.mutations {
      let mutant = Self.source.replacing(good, with: bad, maxReplacements: 1)
      try #require(mutant != Self.source, "\(good)")
      #expect(throws: CompilationFailure.self, "\(bad)") {
        try NetworkCompiler.compile(mutant, options: Self.options)
      }
      guard let healed = try? Healer.heal(mutant, options: Self.options) else {
        unhealed.append(bad)
        continue
      }
      #expect(!healed.fixes.isEmpty)
      #expect(healed.fixes.allSatisfy { !$0.description.isEmpty && $0.before != $0.after })
      #expect(healed.network.outputShape == [2, 10])
      let again = try Healer.heal(healed.source, options: Self.options)
      #expect(again.source == healed.source && again.fixes.isEmpty, "\(bad)")
    }
    print("healed \(Self.mutations.count - unhealed.count) of \(Self.mutations.count); not: \(unhealed)")
    #expect(unhealed.count * 10 <= Self.mutations.count)
  }

  @Test func fixesSayWhatTheyChanged() throws {
    let mutant = Self.source.replacing("nn.Conv2d(3, 16", with: "nn.Conv2d(4, 16")
    let fix = try #require(try Healer.heal(mutant, options: Self.options).fixes.first)
    #expect(fix.location.line == 21)
    #expect(fix.before == "        self.conv1 = nn.Conv2d(4, 16, 3, stride=math.gcd(2, 4))")
    #expect(fix.after == "        self.conv1 = nn.Conv2d(3, 16, 3, stride=math.gcd(2, 4))")
    #expect("\(fix)" == fix.description)
  }

  @Test func whatCannotBeMeantIsNotHealed() {
    for (good, bad) in [
      ("self.conv2(", "self.conv9("), ("padding=1", "padding=width, groups=7"), ("class Net(", "class Net(("),
    ] {
      let mutant = Self.source.replacing(good, with: bad)
      #expect(throws: CompilationFailure.self) { try Healer.heal(mutant, options: Self.options) }
    }
  }

  @Test(arguments: [
    "```python\nX```\n", "Sure!\n\n~~~\nX~~~\n", "Text\n<pre><code>X</code></pre>\n",
    "```bash\npip install torch\n```\n```py\nX```\nDone.", "It's this.\n\nX", "```\nX",
    "<think>\nPerhaps\n```python\nclass Net(nn.Module): pass\n```\nno.\n</think>\n\n```python\nX```\n",
    "\n<reasoning>import torch?</reasoning>\nX",
  ])
  func theProgramIsFoundInAReply(_ frame: String) throws {
    let healed = try Healer.heal(frame.replacing("X", with: Self.source), options: Self.options)
    #expect(healed.network.className == "Net")
    #expect(healed.fixes.count == 1)
  }

  @Test func aBlockWithinAListIsIndentedAsItsFenceIs() throws {
    let lines = Self.source.split(separator: "\n", omittingEmptySubsequences: false)
    let block = lines.map { $0.isEmpty ? "" : "   \($0)" }.joined(separator: "\n")
    let reply = "1. Change it:\n\n   ```python\n\(block)\n   ```\n\n2. Run it.\n"
    let healed = try Healer.heal(reply, options: Self.options)
    #expect(healed.network.className == "Net")
    #expect(healed.source.contains("\nclass Net(nn.Module):\n    def __init__"))
  }

  @Test func blocksThatCompleteEachOtherAreJoined() throws {
    let cut = try #require(Self.source.firstRange(of: "\nclass Net")?.lowerBound)
    let reply =
      "First:\n```python\n\(Self.source[..<cut])\n```\nthen:\n```python\n\(Self.source[cut...])```\n"
    #expect(try Healer.heal(reply, options: Self.options).network.className == "Net")
  }
}
