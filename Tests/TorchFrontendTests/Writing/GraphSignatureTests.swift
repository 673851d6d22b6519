import NetworkGraph
import Testing
import TorchFrontend

@Suite struct GraphSignatureTests {
  private func signature(_ layers: String, batch: Int = 2) throws -> GraphSignature {
    let source = """
      import torch.nn as nn
      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.layers = nn.Sequential(\(layers))
          def forward(self, x):
              return self.layers(x)
      """
    return GraphSignature(
      try NetworkCompiler.compile(source, options: CompilationOptions(inputShape: [batch, 3, 8, 8])).graph)
  }

  @Test func distancesFollowTheDifferences() throws {
    let base =
      "nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.Flatten()"
    let network = try signature(base + ", nn.Linear(512, 10)")
    let wider = try signature(
      base.replacing(
        "8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8", with: "12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 8")
        + ", nn.Linear(512, 10)")
    let other = try signature("nn.Flatten(), nn.Linear(192, 64), nn.Tanh(), nn.Linear(64, 10)")
    #expect(network.distance(to: network) == 0)
    // Weights, names and the batch do not count.
    #expect(try network.distance(to: signature(base + ", nn.Linear(512, 10)", batch: 5)) == 0)
    for (a, b) in [(network, wider), (network, other), (wider, other)] {
      #expect(a.distance(to: b) == b.distance(to: a))
      #expect((0...1).contains(a.distance(to: b)))
    }
    #expect(network.distance(to: wider) > 0)
    #expect(network.distance(to: wider) < network.distance(to: other))
  }
}
