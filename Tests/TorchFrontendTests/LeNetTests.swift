import NetworkGraph
import PythonSyntax
import Testing
import TorchFrontend

@Suite struct LeNetTests {
  static let source = """
    import torch
    import torch.nn as nn
    import torch.nn.functional as F

    class LeNet(nn.Module):
        def __init__(self, num_classes=10):
            super(LeNet, self).__init__()
            self.conv1 = nn.Conv2d(1, 6, kernel_size=5, padding=2)
            self.conv2 = nn.Conv2d(6, 16, 5)
            self.fc1 = nn.Linear(16 * 5 * 5, 120)
            self.fc2 = nn.Linear(120, 84)
            self.fc3 = nn.Linear(84, num_classes)

        def forward(self, x):
            x = F.max_pool2d(F.relu(self.conv1(x)), 2)
            x = F.max_pool2d(F.relu(self.conv2(x)), (2, 2))
            x = x.view(x.size(0), -1)
            x = F.relu(self.fc1(x))
            x = F.relu(self.fc2(x))
            return self.fc3(x)
    """

  @Test func leNetCompiles() throws {
    let network = try NetworkCompiler.compile(
      Self.source, options: CompilationOptions(inputShape: [4, 1, 28, 28], classCount: 10))
    #expect(network.className == "LeNet")
    #expect(network.outputShape == [4, 10])
    #expect(
      network.graph.parameters.map(\.name) == [
        "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "fc1.weight", "fc1.bias", "fc2.weight",
        "fc2.bias", "fc3.weight", "fc3.bias",
      ])
    let count = network.graph.parameters.reduce(0) { $0 + network.graph.type(of: $1.value).elementCount }
    #expect(count == 61_706)
    #expect(network.depth == 5)
    #expect(network.width == 120)
    #expect(network.layers.allSatisfy { $0.isApplied })
    #expect(network.notes.isEmpty)
  }
}
