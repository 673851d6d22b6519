import NetworkGraph
import Testing
import TorchFrontend

/// What fuzzing found, other than what `HostileTests` has.
@Suite struct FuzzRegressionTests {
  /// Finding the main class took time with the square of their number, and so did the layers of one class.
  @Test func manyClassesAreOutlinedSoon() {
    let classes = (0..<2_000).map { "class A\($0)(nn.Module):\n  def forward(self, x): return x * \($0)\n" }
    let layers = (0..<3_000).map { "    self.a\($0) = nn.Linear(8, 8)\n" }
    let source =
      classes.joined() + "class Net(nn.Module):\n  def __init__(self):\n" + layers.joined()
      + "  def forward(self, x):\n" + (0..<3_000).map { "    x = self.a\($0)(x)\n" }.joined()
    let clock = ContinuousClock()
    let start = clock.now
    let outline = NetworkOutline.reading(source)
    #expect(outline.layers.count == 3_000)
    #expect(outline.layers.allSatisfy { $0.applications.count == 1 })
    // Over a minute as it was, in a debug build on a quiet machine.
    #expect(start.duration(to: clock.now) < .seconds(30))
  }

  /// Text in a list is compared by its code points, as Python compares it.
  @Test func textOfListsIsComparedByCodePoints() throws {
    let source = HostileTests.network(
      initializer: #"assert ['\u00e9'] != ['e\u0301'] and ['ab'] == ['ab'] and '\u00e9' not in ['e\u0301']"#)
    _ = try NetworkCompiler.compile(source, options: CompilationOptions(inputShape: [2, 3, 4, 4]))
  }

  /// A result that is a number is written as a tensor.
  @Test(arguments: ["torch.tensor(1.5)", "torch.tensor(-2)", "(torch.tensor(True), x)", "x.new_ones([])"])
  func numbersAreWrittenAsTensors(_ result: String) throws {
    let options = CompilationOptions(inputShape: [2, 3, 4, 4])
    let graph = try NetworkCompiler.compile(
      HostileTests.network(forward: "return \(result)"), options: options
    ).graph
    let again = try NetworkCompiler.compile(try NetworkWriter.write(graph).source, options: options).graph
    #expect(again.canonicalHash == graph.canonicalHash)
    #expect(again.outputs.map { again.type(of: $0) } == graph.outputs.map { graph.type(of: $0) })
  }

  /// Numbered modules that are not called one after the other, each once, are a list, or a class of its own where
  /// they are called by one.
  @Test(arguments: [
    // Branches.
    (
      "self.m = nn.ModuleList([nn.Conv2d(3, c, 1) for c in (2, 5)])", "m",
      "torch.cat([m(x) for m in self.m], 1)"
    ),
    // One layer twice.
    ("l = nn.Conv2d(3, 3, 1); self.m = nn.ModuleList([l]); self.m.append(l)", "m", "self.m[1](self.m[0](x))"),
    // Some are not called.
    (
      "self.m = nn.ModuleList([nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU()) for _ in range(3)])", "m",
      "self.m[1](x)"
    ),
    // A sequence with a forward pass of its own.
    ("self.m = Residual(nn.Conv2d(3, 3, 1), nn.ReLU(), nn.Conv2d(3, 3, 1))", "m", "self.m(x)"),
    // Parameters.
    (
      "self.m = nn.ParameterList([nn.Parameter(torch.ones(3, 1, 1)) for _ in range(2)])", "m",
      "x * self.m[0] + self.m[1]"
    ),
    ("self.m = Scale()", "m", "self.m(x)"),
  ])
  func listsAreWritten(_ initializer: String, _ name: String, _ result: String) throws {
    let classes = """
      class Residual(nn.Sequential):
          def forward(self, x):
              for layer in self: x = x * 2 + layer(x)
              return x
      class Scale(nn.Module):
          def __init__(self):
              super().__init__()
              for i in range(2): self.register_parameter(str(i), nn.Parameter(torch.ones(3, 1, 1)))
          def forward(self, x):
              for parameter in self.parameters(): x = x.relu() * parameter
              return x
      """
    for isTraining in [true, false] {
      let options = CompilationOptions(
        inputs: [NetworkInput(.float32, [2, 3, 4, 4])], isTraining: isTraining)
      let source = HostileTests.network(
        before: classes, initializer: initializer + "; self.z = nn.BatchNorm2d(3)",
        forward: "x = self.z(x).tanh(); y = \(result); return y.sigmoid()")
      let graph = try NetworkCompiler.compile(source, options: options).graph
      let written = try NetworkWriter.write(graph)
      let again = try NetworkCompiler.compile(written.source, options: options).graph
      #expect(again.canonicalHash == graph.canonicalHash, "\(written.source)")
      #expect(Set(again.parameters.map(\.name)) == Set(graph.parameters.map(\.name)), "\(written.source)")
      #expect(again.parameters.contains { $0.name.hasPrefix("\(name).") })
    }
  }

  /// Constants of equal elements are one network, however they were made.
  @Test(arguments: [
    "F.interpolate(x, size=(2, 2), mode='bilinear')", "torch.tensor([0.1, 0.2])[:1].sum()",
    "x * torch.tensor([0.1, 0.2, 0.1])[::2].reshape(2, 1, 1, 1)", "x + torch.arange(3)[1:2]",
  ])
  func equalElementsAreWritten(_ result: String) throws {
    let options = CompilationOptions(inputShape: [2, 3, 4, 4])
    let graph = try NetworkCompiler.compile(
      HostileTests.network(forward: "return \(result)"), options: options
    ).graph
    let again = try NetworkCompiler.compile(try NetworkWriter.write(graph).source, options: options).graph
    #expect(again.canonicalHash == graph.canonicalHash)
  }

  /// Counts at the ends of what an integer holds.
  @Test func leastAndLargestIntegersAreArguments() throws {
    let source = HostileTests.network(
      initializer: """
        most, least = 2**62 + (2**62 - 1), -2**62 - 2**62
            assert pow(least, 1, -1) == 0 and pow(7, 3, 5) == 3 and pow(7, 3, -5) == -2
            assert 'a b'.split(' ', most) == 'a b'.rsplit(' ', most) == ['a', 'b']
            assert 'ab'.replace('', 'x', least) == 'xaxbx' and 'ab'.replace('b', 'x', least) == 'ax'
            assert 'ab'.replace('', 'x', most) == 'xaxbx' and 'ab'.replace('', 'x', 1) == 'xab'
        """)
    _ = try NetworkCompiler.compile(source, options: CompilationOptions(inputShape: [2, 3, 4, 4]))
  }

  /// A repair is compiled again only as long as all compilations together stay within four times the steps of one.
  @Test func healingEndsWithItsSteps() throws {
    let layers = (0..<8).map { "self.l\($0) = nn.Linear(\(10 + $0), 16)" }.joined(separator: "; ")
    let calls = (0..<8).map { "x = self.l\($0)(x)" }.joined(separator: "; ")
    let source = HostileTests.network(
      initializer: layers + "\n    for i in range(2000): pass", forward: calls + "; return x")
    func fixes(steps: Int) -> Int? {
      let options = CompilationOptions(
        inputShape: [2, 10], limits: CompilationLimits(steps: steps))
      return try? Healer.heal(source, options: options).fixes.count
    }
    #expect(fixes(steps: 100_000) == 6)
    #expect(fixes(steps: 8_000) == nil)
  }
}
