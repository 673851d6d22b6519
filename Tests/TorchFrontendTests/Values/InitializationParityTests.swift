import Testing

/// `nn.init`: what parameters begin as has PyTorch's distribution.
@Suite struct InitializationParityTests {
  static func applied(_ call: String, to layer: String = "nn.Linear(48, 64)") -> ValueCase {
    ValueCase(
      layer, on: [1, 48], forward: "x", setup: "w = self.layer.weight\n\(call)", training: false)
  }

  static let cases =
    [
      "nn.init.uniform_(w, -0.3, 0.7)", "nn.init.uniform_(w)", "nn.init.normal_(w, 1.5, 0.02)",
      "nn.init.constant_(w, 0.3)", "nn.init.zeros_(w)", "nn.init.ones_(w)",
      "nn.init.trunc_normal_(w, std=0.02)",
      "nn.init.trunc_normal_(w, 0.5, 1.0, 0.0, 0.75)", "nn.init.xavier_uniform_(w, gain=2.0)",
      "nn.init.xavier_normal_(w)", "nn.init.kaiming_uniform_(w, a=math.sqrt(5))",
      "nn.init.kaiming_normal_(w, mode='fan_out', nonlinearity='relu')",
      "nn.init.kaiming_normal_(w, nonlinearity='tanh')", "nn.init.orthogonal_(w, gain=3)",
      "nn.init.sparse_(w, 0.3, std=0.5)", "nn.init.eye_(w)",
      "nn.init.xavier_uniform_(w, nn.init.calculate_gain('leaky_relu', 0.2))",
      "w.data.normal_(0, 0.5)", "w.data.uniform_(-1, 2)", "w.data.fill_(0.25)", "w.data.zero_()",
      "w.data.copy_(torch.full((64, 48), 0.75))",
      "with torch.no_grad():\n    w.normal_(0.0, 3.0)\n    self.layer.bias.zero_()",
      "self.layer.bias.data.fill_(-2)", "self.layer.bias.data = torch.ones(64) * 3",
    ].map { applied($0) }
    + [
      applied("nn.init.orthogonal_(w)", to: "nn.Conv2d(8, 96, 5)"),
      applied("nn.init.kaiming_uniform_(w, mode='fan_out')", to: "nn.Conv2d(8, 96, (3, 5))"),
      applied("nn.init.xavier_normal_(w)", to: "nn.Conv2d(16, 32, 3, groups=4)"),
      applied("nn.init.dirac_(w)", to: "nn.Conv2d(8, 12, 3)"),
      applied("nn.init.dirac_(w, groups=2)", to: "nn.Conv1d(6, 8, 4)"),
    ]

  @Test func distributionsAreThoseOfPyTorch() throws { try ValueComparison.check(Self.cases) }
}
