import NetworkGraph
import PythonSyntax
import Testing

@testable import TorchFrontend

/// What layers compute while a network is built.
@Suite struct RehearsalTests {
  /// Constructors that run their layers to learn how many features come out.
  @Test func layersAreRehearsedInConstructors() throws {
    let source = """
      import torch, torch.nn as nn
      class Net(nn.Module):
          def __init__(self, in_channels=3, num_classes=10):
              super().__init__()
              self.f = nn.Sequential(
                  nn.Conv2d(in_channels, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.3))
              n = self._n((in_channels, 32, 32))
              with torch.no_grad():
                  m = self.f(torch.randn(1, in_channels, 32, 32)).view(1, -1).size(1)
              assert n == m == 1800
              self.fc = nn.Linear(n, num_classes)
          def _n(self, shape):
              o = self.f(torch.zeros(1, *shape))
              return int(torch.prod(torch.tensor(o.size()[1:])))
          def forward(self, x):
              return self.fc(torch.flatten(self.f(x), 1))
      """
    for isTraining in [false, true] {
      let network = try NetworkCompiler.compile(
        source,
        options: CompilationOptions(inputShape: [2, 3, 32, 32], classCount: 10, isTraining: isTraining))
      #expect(network.outputShape == [2, 10])
      #expect(network.graph.buffers.map(\.initializer) == [.constant(0), .constant(1)])
      #expect(network.notes.contains { $0.identifier == "torch.statistics" })
      try network.graph.verify()
    }
  }

  @Test func whatIsRehearsedHasNoValues() throws {
    for (use, says) in [
      ("self.kept = out", "computed in a constructor"), ("if out.sum() > 0: pass", "only known when"),
      ("self.conv(torch.zeros(1, 4, 8, 8))", "expected input"),
    ] {
      let source = """
        import torch, torch.nn as nn
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.kept = 1
                self.conv = nn.Conv2d(3, 4, 3)
                out = self.conv(torch.zeros(1, 3, 8, 8))
                \(use)
            def forward(self, x):
                return self.conv(x) + self.kept
        """
      let failure = #expect(throws: CompilationFailure.self, "\(use)") {
        try NetworkCompiler.compile(source, options: CompilationOptions(inputShape: [1, 3, 8, 8]))
      }
      #expect(failure?.description.contains(says) ?? false, "\(use): \(String(describing: failure))")
    }
  }
}
