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
