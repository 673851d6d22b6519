import Testing

/// Activations as modules and functions, also at their bends, and dropout where it is not random.
@Suite struct ActivationParityTests {
  /// Numbers on both sides of every bend and on the bends, but for ±3, where the gradient of Hardswish depends on
  /// the version of PyTorch.
  private static let numbers: [Float] = [
    -25, -7, -6, -3.5, -3.1, -2.9, -2, -1, -0.75, -0.5, -0.25, -1e-3, 0, 1e-3, 0.25, 0.5, 0.75, 1, 2, 3.1,
    5.9,
    6,
    7, 25,
  ]

  private static func on(
    _ layer: String?, forward: String = "self.layer(x)", training: Bool = true
  ) -> ValueCase {
    ValueCase(
      layer, inputs: [.init([2, 4, 3], values: numbers)], forward: forward, training: training)
  }

  static let modules = [
    on("nn.ReLU()"), on("nn.ReLU6()"), on("nn.LeakyReLU(0.2)"), on("nn.ELU(alpha=0.7)"), on("nn.SELU()"),
    on("nn.CELU(alpha=1.7)"), on("nn.CELU()"), on("nn.GELU()"), on("nn.GELU(approximate='tanh')"),
    on("nn.SiLU()"), on("nn.Mish()"), on("nn.Hardswish()"), on("nn.Hardsigmoid()"), on("nn.Hardtanh()"),
    on("nn.Hardtanh(-2.0, 0.5)"), on("nn.Hardtanh(0, 6)"), on("nn.Hardshrink()"), on("nn.Softshrink(0.75)"),
    on("nn.Tanhshrink()"), on("nn.Softsign()"), on("nn.Softplus()"), on("nn.Softplus(beta=2)"),
    on("nn.Softplus(beta=0.5, threshold=1)"), on("nn.LogSigmoid()"), on("nn.Sigmoid()"), on("nn.Tanh()"),
    on("nn.Threshold(0.5, 20)"), on("nn.PReLU()"), on("nn.PReLU(4, init=0.1)"),
    on("nn.RReLU()", training: false), on("nn.Softmax(dim=1)"), on("nn.LogSoftmax(dim=-1)"),
    on("nn.Softmin(dim=2)"), on("nn.Softmax2d()"), on("nn.GLU(dim=1)"), on("nn.Softmax()"),
    on("nn.ReLU(inplace=True)", forward: "self.layer(x * 1)"),
    on("nn.Hardtanh(0.0, 2.0, inplace=True)", forward: "self.layer(x * 1)"),
  ]

  static let functions = [
    on(nil, forward: "F.relu(x) + F.relu6(x) + F.elu(x, 0.5) + F.selu(x) + F.celu(x, 2.0) + F.silu(x)"),
    on(nil, forward: "F.leaky_relu(x, 0.3) + F.gelu(x, approximate='tanh') + F.mish(x) + F.hardswish(x)"),
    on(nil, forward: "F.hardtanh(x, -0.5, 0.25) + F.hardsigmoid(x) + F.softsign(x) + F.tanhshrink(x)"),
    on(nil, forward: "F.hardshrink(x, 0.25) + F.softshrink(x, 0.25) + F.threshold(x, 0.1, -1.0)"),
    on(nil, forward: "F.softplus(x, 3, 2) + F.logsigmoid(x) + torch.sigmoid(x) + torch.tanh(x)"),
    on(
      nil, forward: "F.softmax(x, dim=1) + F.softmin(x, dim=-1) + torch.log_softmax(x, 2) + x.softmax(dim=0)"),
    on(nil, forward: "F.glu(x, 1)"),
    on(
      nil, forward: "torch.selu(x) + torch.celu(x, 1.5) + torch.threshold(x, 0.0, 1.0) + torch.hardshrink(x)"),
    ValueCase(
      nil, on: [2, 4, 3], forward: "F.prelu(x, self.w) + torch.prelu(x, self.w)",
      setup: "self.w = nn.Parameter(torch.full((1,), 0.3))"),
    on(nil, forward: "y = x * 1\nF.relu_(y)\nreturn y + F.elu_(x - 1, 0.5)"),
    on(nil, forward: "y = x + 0\nz = F.leaky_relu(y, 0.1, inplace=True)\nreturn y + z"),
    on(nil, forward: "y = x + 0\ny = F.hardtanh_(y, 0.0, 1.0)\nreturn y + torch.selu_(x * 1)"),
    on(nil, forward: "F.rrelu(x, 0.1, 0.3) + F.rrelu(x, 0.2, 0.2, training=True)"),
  ]

  static let dropouts = [
    on("nn.Dropout(0.0)"), on("nn.Dropout(1.0)"), on("nn.Dropout(0.5)", training: false),
    on("nn.Dropout1d(0.5)", training: false), on("nn.Dropout2d(0.3)", training: false),
    on("nn.Dropout3d(0.3)", training: false), on("nn.AlphaDropout(0.3)", training: false),
    on("nn.FeatureAlphaDropout(0.3)", training: false), on("nn.AlphaDropout(1.0)"),
    on("nn.AlphaDropout(0.0)"),
    on(nil, forward: "F.dropout(x, 0.5, self.training)", training: false),
    on(nil, forward: "F.dropout(x, p=1.0) + F.dropout2d(x, 0.0)"),
    on(
      nil, forward: "F.alpha_dropout(x, 0.5) + F.feature_alpha_dropout(x, 0.5) + torch.dropout(x, 0.5, False)"
    ),
  ]

  @Test func modulesAreThoseOfPyTorch() throws { try ValueComparison.check(Self.modules) }
  @Test func functionsAreThoseOfPyTorch() throws { try ValueComparison.check(Self.functions) }
  @Test func dropoutsAreThoseOfPyTorch() throws { try ValueComparison.check(Self.dropouts) }
}
