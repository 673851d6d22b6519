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
}
