import Testing

/// Convolutions, transposed convolutions and padding in one to three dimensions.
@Suite struct ConvolutionParityTests {
  static let convolutions = [
    ValueCase("nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2)", on: [2, 4, 9]),
    ValueCase("nn.Conv1d(4, 6, 3, padding='same', dilation=2, bias=False)", on: [4, 9]),
    ValueCase("nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2))", on: [2, 4, 7, 8]),
    ValueCase("nn.Conv2d(4, 4, 4, padding='same', groups=4)", on: [2, 4, 6, 7]),
    ValueCase("nn.Conv2d(3, 4, 3, padding=1, padding_mode='reflect')", on: [2, 3, 5, 6]),
    ValueCase("nn.Conv2d(3, 4, 3, padding=(2, 1), padding_mode='circular')", on: [3, 5, 6], since: [2, 1]),
    ValueCase("nn.Conv2d(3, 4, 4, padding='same', padding_mode='replicate')", on: [2, 3, 5, 6]),
    ValueCase("nn.Conv1d(3, 4, 3, padding=2, padding_mode='reflect')", on: [2, 3, 8]),
    ValueCase("nn.Conv3d(2, 4, 3, padding=1)", on: [2, 2, 4, 5, 6]),
    ValueCase(
      "nn.Conv3d(4, 6, (2, 3, 1), stride=(2, 1, 2), padding=(1, 1, 0), dilation=(2, 1, 1), groups=2)",
      on: [2, 4, 6, 5, 6]),
    ValueCase("nn.Conv3d(2, 3, 2, bias=False)", on: [2, 4, 5, 6]),
    ValueCase("nn.Conv3d(2, 3, 3, padding=1, padding_mode='replicate')", on: [1, 2, 3, 4, 5]),
    ValueCase("nn.LazyConv2d(5, 3, padding=1)", on: [2, 3, 6, 6]),
    ValueCase("nn.LazyConv1d(5, 3, bias=False)", on: [2, 3, 6]),
    ValueCase(
      "nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Conv2d(4, 2, 1))",
      on: [2, 3, 6, 6]),
    ValueCase(
      nil, on: [2, 4, 9], forward: "F.conv1d(x, self.w, self.b, 2, 1, 1, 2)",
      setup: "self.w = nn.Parameter(torch.randn(6, 2, 3))\nself.b = nn.Parameter(torch.randn(6))"),
    ValueCase(
      nil, on: [2, 3, 6, 6], forward: "F.conv2d(x, self.w, padding='same')",
      setup: "self.w = nn.Parameter(torch.randn(4, 3, 3, 3))"),
    ValueCase(
      nil, on: [2, 3, 4, 6, 6], forward: "torch.conv3d(x, self.w, stride=2)",
      setup: "self.w = nn.Parameter(torch.randn(4, 3, 2, 3, 3))"),
  ]

  static let transposed = [
    ValueCase("nn.ConvTranspose1d(4, 6, 4, stride=2, padding=1, groups=2)", on: [2, 4, 5]),
    ValueCase("nn.ConvTranspose2d(4, 6, 2, stride=2)", on: [2, 4, 3, 4]),
    ValueCase(
      "nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, bias=False)",
      on: [2, 4, 3, 4]),
    ValueCase("nn.ConvTranspose2d(3, 2, (3, 2), stride=(3, 1), dilation=(1, 3))", on: [3, 4, 3]),
    ValueCase(
      "nn.ConvTranspose2d(3, 2, 3, stride=1, output_padding=1, dilation=2, padding=1)", on: [2, 3, 4, 3]),
    ValueCase(
      "nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1)", on: [2, 3, 4, 3],
      forward: "self.layer(x, output_size=(8, 5))"),
    ValueCase(
      "nn.ConvTranspose3d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)", on: [2, 4, 2, 3, 2]),
    ValueCase("nn.ConvTranspose3d(2, 3, (2, 1, 3), stride=(1, 2, 1), dilation=(2, 1, 1))", on: [2, 3, 2, 2]),
    ValueCase("nn.LazyConvTranspose2d(5, 2, stride=2)", on: [2, 3, 4, 4]),
    ValueCase(
      nil, on: [2, 3, 4, 4], forward: "F.conv_transpose2d(x, self.w, self.b, stride=2, padding=1, groups=3)",
      setup: "self.w = nn.Parameter(torch.randn(3, 2, 3, 3))\nself.b = nn.Parameter(torch.randn(6))"),
  ]

  static let paddings = [
    ValueCase("nn.ZeroPad2d((1, 2, 0, 3))", on: [2, 3, 4, 5]),
    ValueCase("nn.ZeroPad2d(-1)", on: [2, 3, 4, 5]),
    ValueCase("nn.ConstantPad1d((2, -1), 0.5)", on: [2, 3, 5]),
    ValueCase("nn.ConstantPad3d(1, -2.0)", on: [2, 3, 4, 2, 5]),
    ValueCase("nn.ZeroPad1d(2)", on: [2, 3, 5], since: [2, 1]),
    ValueCase("nn.ZeroPad3d((0, 1, 1, 0, 2, 1))", on: [2, 3, 4, 2, 2], since: [2, 1]),
    ValueCase("nn.ReflectionPad1d((3, 1))", on: [2, 3, 5]),
    ValueCase("nn.ReflectionPad2d((1, 2, 3, 0))", on: [2, 3, 5, 6]),
    ValueCase("nn.ReflectionPad2d(2)", on: [3, 5, 6]),
    ValueCase("nn.ReflectionPad3d(1)", on: [1, 2, 3, 4, 5]),
    ValueCase("nn.ReplicationPad1d((7, 2))", on: [2, 3, 5]),
    ValueCase("nn.ReplicationPad2d((1, 2, 3, 0))", on: [2, 3, 5, 6]),
    ValueCase("nn.ReplicationPad3d((1, 2, 3, 0, 2, 2))", on: [2, 3, 5, 2]),
    ValueCase("nn.CircularPad1d((3, 1))", on: [2, 3, 5], since: [2, 1]),
    ValueCase("nn.CircularPad2d((1, 2, 3, 0))", on: [2, 3, 5, 6], since: [2, 1]),
    ValueCase("nn.CircularPad3d(1)", on: [2, 3, 2, 5, 6], since: [2, 1]),
    ValueCase(nil, on: [2, 3, 5, 6], forward: "F.pad(x, (1, 1, 0, 2), value=1.5)"),
    ValueCase(nil, on: [2, 3, 5, 6], forward: "F.pad(x, [1, -2, -1, 2, 0, 1])"),
    ValueCase(nil, on: [2, 3, 5, 6], forward: "F.pad(x, (1, 2, 2, 1), mode='reflect')"),
    ValueCase(nil, on: [2, 3, 5], forward: "F.pad(x, (1, 2), 'replicate')"),
    ValueCase(nil, on: [2, 3, 5, 6], forward: "F.pad(x, (5, 1, 0, 5), mode='circular')"),
  ]

  @Test func convolutionsAreThoseOfPyTorch() throws { try ValueComparison.check(Self.convolutions) }
  @Test func transposedConvolutionsAreThoseOfPyTorch() throws { try ValueComparison.check(Self.transposed) }
  @Test func paddingsAreThoseOfPyTorch() throws { try ValueComparison.check(Self.paddings) }
}
