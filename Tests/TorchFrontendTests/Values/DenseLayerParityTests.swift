import Testing

/// Linear layers and what is made of matrix products.
@Suite struct DenseLayerParityTests {
  static let cases = [
    ValueCase("nn.Linear(12, 40)", on: [3, 12]),
    ValueCase("nn.Linear(6, 5, bias=False)", on: [2, 3, 6]),
    ValueCase("nn.Linear(6, 5)", on: [6]),
    ValueCase(
      "nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.LazyLinear(4), nn.LazyLinear(3, bias=False))", on: [2, 6]),
    ValueCase("nn.Identity(54, unused=0.1)", on: [2, 3]),
    ValueCase(nil, on: [3, 4], forward: "F.linear(x, torch.ones(2, 4), torch.ones(2))"),
  ]

  @Test func numbersAreThoseOfPyTorch() throws { try ValueComparison.check(Self.cases) }
}
