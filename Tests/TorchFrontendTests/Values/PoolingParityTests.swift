import Testing

/// Pooling of windows and to sizes, in one to three dimensions.
@Suite struct PoolingParityTests {
  static let windows = [
    ValueCase("nn.MaxPool1d(3, stride=2, padding=1)", on: [2, 3, 9]),
    ValueCase("nn.MaxPool1d(2, dilation=3, ceil_mode=True)", on: [3, 9]),
    ValueCase("nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0))", on: [2, 3, 7, 6]),
    ValueCase("nn.MaxPool2d(3, 2, ceil_mode=True, dilation=2, padding=1)", on: [2, 3, 8, 9]),
    ValueCase("nn.MaxPool2d(2)", on: [3, 7, 6]),
    ValueCase("nn.MaxPool3d(2)", on: [2, 3, 5, 6, 7]),
    ValueCase("nn.MaxPool3d((3, 2, 3), stride=(1, 2, 2), padding=1, ceil_mode=True)", on: [3, 5, 6, 8]),
    ValueCase("nn.MaxPool2d(3, 2, 1, return_indices=True)", on: [2, 3, 7, 6]),
    ValueCase("nn.MaxPool1d(2, return_indices=True)", on: [3, 7]),
    ValueCase("nn.AvgPool1d(3, stride=2, padding=1)", on: [2, 3, 9]),
    ValueCase("nn.AvgPool1d(3, 2, 1, True, False)", on: [3, 10]),
    ValueCase("nn.AvgPool2d(3, 2, padding=1, count_include_pad=False)", on: [2, 3, 7, 6]),
    ValueCase("nn.AvgPool2d((2, 3), ceil_mode=True)", on: [2, 3, 7, 7]),
    ValueCase("nn.AvgPool2d(2, divisor_override=3)", on: [3, 7, 6]),
    ValueCase("nn.AvgPool3d(3, 2, padding=1)", on: [2, 3, 5, 6, 7]),
    ValueCase(
      "nn.AvgPool3d((2, 3, 3), 2, padding=1, count_include_pad=False, ceil_mode=True)", on: [2, 5, 6, 8]),
    ValueCase("nn.AvgPool3d(2, divisor_override=5)", on: [2, 3, 4, 4, 4]),
    ValueCase("nn.LPPool1d(2, 3, stride=2)", inputs: [.init([2, 3, 9])]),
    ValueCase("nn.LPPool2d(2, (2, 3), ceil_mode=True)", on: [2, 3, 6, 7]),
    ValueCase(
      "nn.LPPool2d(2, 3, stride=2)", on: [2, 3, 9, 9], forward: "self.layer(torch.relu(x * self.scale - 1))",
      setup: "self.scale = nn.Parameter(torch.ones(3, 1, 1))"),
    ValueCase("nn.LPPool2d(3.0, 2)", on: [2, 3, 6, 6], forward: "self.layer(x.abs() + 0.1)"),
    ValueCase("nn.LPPool3d(2, 2)", on: [2, 3, 4, 4, 4], since: [2, 2]),
    ValueCase(nil, on: [2, 3, 7, 6], forward: "F.max_pool2d(x, 2)"),
    ValueCase(nil, on: [2, 3, 7, 6], forward: "F.max_pool2d(x, kernel_size=(3, 3), stride=1, padding=1)"),
    ValueCase(nil, on: [2, 3, 7, 6], forward: "F.max_pool2d(x, 2, return_indices=True)[0]"),
    ValueCase(nil, on: [2, 3, 7, 6], forward: "F.max_pool2d_with_indices(x, 3, 2)"),
    ValueCase(nil, on: [2, 3, 7], forward: "torch.max_pool1d(x, 2) + F.avg_pool1d(x, 2)"),
    ValueCase(nil, on: [2, 3, 7, 6], forward: "F.avg_pool2d(x, x.shape[2:])"),
    ValueCase(nil, on: [2, 3, 7, 6], forward: "F.avg_pool2d(x, [2, 2], divisor_override=1)"),
    ValueCase(nil, on: [2, 3, 7, 6], forward: "F.lp_pool2d(x, 2, 3, 2)"),
  ]

  static let sizes = [
    ValueCase("nn.AdaptiveAvgPool1d(4)", on: [2, 3, 9]),
    ValueCase("nn.AdaptiveAvgPool2d((3, None))", on: [2, 3, 7, 6]),
    ValueCase("nn.AdaptiveAvgPool2d(1)", on: [3, 7, 6]),
    ValueCase("nn.AdaptiveAvgPool2d((9, 4))", on: [2, 3, 7, 6]),
    ValueCase("nn.AdaptiveAvgPool3d((2, 3, None))", on: [2, 3, 5, 7, 4]),
    ValueCase("nn.AdaptiveAvgPool3d(1)", on: [3, 5, 7, 4]),
    ValueCase("nn.AdaptiveMaxPool1d(4)", on: [2, 3, 9]),
    ValueCase("nn.AdaptiveMaxPool2d((3, None))", on: [2, 3, 7, 6]),
    ValueCase("nn.AdaptiveMaxPool2d(3, return_indices=True)", on: [2, 3, 7, 6]),
    ValueCase("nn.AdaptiveMaxPool3d((2, 3, None))", on: [2, 3, 5, 7, 4]),
    ValueCase(nil, on: [2, 3, 7, 6], forward: "F.adaptive_avg_pool2d(x, (1, 1))"),
    ValueCase(nil, on: [2, 3, 7, 6], forward: "F.adaptive_max_pool2d(x, output_size=2)"),
    ValueCase(nil, on: [2, 3, 7], forward: "torch.adaptive_avg_pool1d(x, 2)"),
    ValueCase(nil, on: [2, 3, 7], forward: "torch.adaptive_max_pool1d(x, 2)"),
  ]

  @Test func windowsAreThoseOfPyTorch() throws { try ValueComparison.check(Self.windows) }
  @Test func sizesAreThoseOfPyTorch() throws { try ValueComparison.check(Self.sizes) }
}
