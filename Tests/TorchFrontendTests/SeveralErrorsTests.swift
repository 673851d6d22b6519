import Foundation
import PythonSyntax
import Testing
import TorchFrontend

/// Several errors at once, and where in the network they are.
@Suite struct SeveralErrorsTests {
  private func errors(_ source: String, isTraining: Bool = false) throws -> [Diagnostic] {
    let failure = #expect(throws: CompilationFailure.self) {
      try NetworkCompiler.compile(
        source,
        options: CompilationOptions(inputShape: [2, 3, 32, 32], classCount: 10, isTraining: isTraining))
    }
    return try #require(failure).diagnostics.filter { $0.severity == .error }
  }

  @Test func everyLayerThatDoesNotFitIsNamed() throws {
    let source = DiagnosticTests.network(
      """
      self.conv1 = nn.Conv2d(4, 16, 3)
      self.bn1 = nn.BatchNorm2d(17)
      self.conv2 = nn.Conv2d(32, 8, 3)
      self.fc1 = nn.Linear(100, 50)
      self.fc2 = nn.Linear(40, 7)
      """,
      """
      x = F.relu(self.bn1(self.conv1(x)))
      x = F.max_pool2d(self.conv2(x), 2)
      return self.fc2(self.fc1(torch.flatten(x, 1)))
      """)
    let errors = try errors(source)
    #expect(
      errors.map { $0.message.prefix { $0 != "(" } } == [
        "conv1 ", "bn1 ", "conv2 ", "fc1 ", "fc2 ",
        "RuntimeError: the network must yield [2, 10], but yields [2, 7]",
      ])
    #expect(
      errors.map(\.hint).prefix(5) == [
        "build conv1 with in_channels=3", "build bn1 with num_features=16", "build conv2 with in_channels=16",
        "build fc1 with in_features=1568", "build fc2 with in_features=50",
      ])
    #expect(errors[0].message.contains("expects 4 channels, but gets 3 from the input (RuntimeError: "))
    #expect(errors[2].message.contains("gets 16 from 'F.relu(self.bn1(self.conv1(x)))' at line 15"))
    #expect(errors.allSatisfy { $0.location != nil && $0.excerpt != nil })
  }

  @Test func errorsThatAreCaughtAreNotReported() throws {
    let source = DiagnosticTests.network(
      "self.fc = nn.Linear(5, 10)\nself.good = nn.Linear(3072, 10)",
      """
      x = x.flatten(1)
      try:
          return self.fc(x)
      except RuntimeError as error:
          assert str(error) == "mat1 and mat2 shapes cannot be multiplied (2x3072 and 5x10)", str(error)
          return self.good(x)
      """)
    let options = CompilationOptions(inputShape: [2, 3, 32, 32], classCount: 10)
    #expect(try NetworkCompiler.compile(source, options: options).outputShape == [2, 10])
  }

  @Test func theModuleIsNamedByItsPath() throws {
    let source = """
      import torch.nn as nn
      class Block(nn.Module):
          def __init__(self, width):
              super().__init__()
              self.conv1 = nn.Conv2d(width, 8, 3, padding=1)
              self.conv2 = nn.Conv2d(9, 8, 3, padding=1)
          def forward(self, x):
              y = self.conv1(x)
              return self.conv2(y) + x
      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.layer2 = nn.Sequential(Block(8), Block(8))
              self.stem = nn.Conv2d(3, 8, 3)
          def forward(self, x):
              x = self.layer2(self.stem(x))
              return x.mean((2, 3)).view(7, 3)
      """
    let errors = try errors(source)
    #expect(errors.count == 3)
    #expect(
      errors[0].message.hasPrefix(
        "layer2.0.conv2 (Conv2d) expects 9 channels, but gets 8 from layer2.0.conv1 at line 8"))
    #expect(errors[0].location?.line == 9)
    #expect(errors[1].message.hasPrefix("layer2.1.conv2 (Conv2d)"))
    #expect(errors[2].message.hasPrefix("RuntimeError: shape '[7, 3]'"))
    let nested = source.replacing("nn.Conv2d(9", with: "nn.Conv2d(8").replacing("+ x", with: "+ x[:, :3]")
    let message = try self.errors(nested)[0]
    #expect(message.message.hasPrefix("in layer2.0: RuntimeError: The size of tensor a (8) must match"))
    #expect(
      message.hint
        == "the shapes are [2, 8, 30, 30] from layer2.0.conv2 at line 9 and [2, 3, 30, 30] from 'x[:, :3]' at line 9"
    )
  }

  @Test func allUndefinedNamesAreReported() throws {
    let source = """
      import torch.nn as nn
      class Net(nn.Module):
          def __init__(self, width: Unknown = 3):
              super().__init__()
              self.conv = nn.Conv2d(width, chanels, 3)
              (self.a, pair), *rest = (1, 2), 3
              self.sizes = [size for size, _ in zip(rest, rest)]
          def forward(self, x):
              if (n := x.size(0)) > 1:
                  x = F.relu(x)
              with torch.no_grad() as guard:
                  print(guard, n, pair)
              return hidden(x)
      """
    let names = try errors(source).map(\.message)
    #expect(
      names
        == ["chanels", "F", "torch", "pair", "hidden"].filter { $0 != "pair" }
        .map { "NameError: name '\($0)' is not defined" })
  }

  @Test func syntaxErrorsAreReportedTogether() throws {
    let source =
      "import torch.nn as nn\nx = (1\nclass Net(nn.Module):\n    def forward(self, x)\n        return x\n    def g(self):\n        y = = 2\n"
    let errors = try errors(source)
    #expect(errors.count >= 2)
    #expect(errors.allSatisfy { $0.identifier.hasPrefix("syntax.") && $0.excerpt != nil })
  }

  /// Each identifier in the sources stands in the document, and the document names no other.
  @Test func everyCodeIsDocumented() throws {
    let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .deletingLastPathComponent()
      .deletingLastPathComponent()
    // `torch.cat` and its like are names of functions, so that those of codes are known by where they stand.
    let anywhere = /"((?:syntax|python|limit|arguments|call)\.[a-z]+(?:-[a-z]+)*)"/
    let placed =
      /(?:identifier:\s+|String = |Diagnostic\(\s*\.[a-z]+,\s+|note\(\s*|failure\(\s*)"(torch\.[a-z]+(?:-[a-z]+)*)"/
    var found: Set<String> = []
    for folder in ["TorchFrontend", "PythonSyntax"] {
      let base = root.appending(path: "Sources/\(folder)")
      let files = try #require(FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil))
      for case let file as URL in files where file.pathExtension == "swift" {
        let text = try String(contentsOf: file, encoding: .utf8)
        for match in text.matches(of: anywhere) { found.insert(String(match.output.1)) }
        for match in text.matches(of: placed) { found.insert(String(match.output.1)) }
        guard let kinds = text.firstRange(of: "enum ExceptionKind") else { continue }
        for match in text[kinds.upperBound...].matches(of: /case \w+ = "([A-Za-z]+)"/) {
          let words = match.output.1.replacing(/([a-z])([A-Z])/) { "\($0.output.1)-\($0.output.2)" }
          found.insert("python." + words.lowercased())
        }
      }
    }
    #expect(found.count > 60)
    let page = try String(contentsOf: root.appending(path: "docs/diagnostics.md"), encoding: .utf8)
    let documented = Set(page.matches(of: #/\n\| `([a-z]+\.[a-z-]+)` \| /#).map { String($0.output.1) })
    #expect(found.subtracting(documented) == [])
    #expect(documented.subtracting(found) == [])
  }
}
