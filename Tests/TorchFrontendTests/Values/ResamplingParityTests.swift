import Testing

/// Interpolation, shuffling of pixels and channels, folding and unfolding.
@Suite struct ResamplingParityTests {
  static let interpolations = [
    ValueCase("nn.Upsample(scale_factor=2)", on: [2, 3, 4, 5]),
    ValueCase("nn.Upsample(size=7)", on: [2, 3, 5]),
    ValueCase("nn.Upsample(scale_factor=(1.7, 2.3), mode='nearest')", on: [2, 3, 4, 5]),
    ValueCase("nn.Upsample(scale_factor=0.6)", on: [2, 3, 9, 7]),
    ValueCase("nn.Upsample((3, 11), mode='nearest-exact')", on: [2, 3, 4, 5]),
    ValueCase("nn.Upsample(scale_factor=1.09, mode='nearest-exact')", on: [2, 3, 10, 5]),
    ValueCase("nn.Upsample(scale_factor=2, mode='bilinear')", on: [2, 3, 4, 5]),
    ValueCase("nn.Upsample(scale_factor=2, mode='bilinear', align_corners=True)", on: [2, 3, 4, 5]),
    ValueCase("nn.Upsample(size=(3, 9), mode='bilinear', align_corners=False)", on: [2, 3, 4, 5]),
    ValueCase("nn.Upsample(scale_factor=1.3, mode='bilinear')", on: [2, 3, 6, 5]),
    ValueCase(
      "nn.Upsample(scale_factor=1.3, mode='bilinear', recompute_scale_factor=True)", on: [2, 3, 6, 5]),
    ValueCase("nn.Upsample(scale_factor=3, mode='linear')", on: [2, 3, 4]),
    ValueCase("nn.Upsample(scale_factor=2, mode='trilinear', align_corners=True)", on: [1, 2, 3, 4, 2]),
    ValueCase("nn.Upsample(size=(4, 3, 7), mode='trilinear')", on: [1, 2, 3, 4, 2]),
    ValueCase("nn.Upsample(scale_factor=2, mode='bicubic')", on: [2, 3, 4, 5]),
    ValueCase("nn.Upsample(size=(3, 8), mode='bicubic', align_corners=True)", on: [2, 3, 4, 5]),
    ValueCase("nn.Upsample(size=2)", on: [1, 2, 3, 4, 5]),
    ValueCase("nn.UpsamplingNearest2d(scale_factor=2)", on: [2, 3, 4, 5]),
    ValueCase("nn.UpsamplingBilinear2d(size=(7, 3))", on: [2, 3, 4, 5]),
    ValueCase(nil, on: [2, 3, 4, 5], forward: "F.interpolate(x, size=(5, 4))"),
    ValueCase(nil, on: [2, 3, 4, 5], forward: "F.interpolate(x, size=x.shape[2:], mode='bilinear')"),
    ValueCase(nil, on: [2, 3, 4, 5], forward: "F.interpolate(x, (2, 3), mode='area')"),
    ValueCase(nil, on: [2, 3, 8], forward: "F.interpolate(x, scale_factor=0.5, mode='area')"),
    ValueCase(nil, on: [2, 3, 4, 5], forward: "F.interpolate(x, scale_factor=(0.5, 1.5), mode='bicubic')"),
    ValueCase(
      nil, on: [2, 3, 4, 5], forward: "F.interpolate(x, size=1, mode='bilinear', align_corners=True)"),
    ValueCase(nil, on: [2, 3, 4, 5], forward: "F.upsample(x, scale_factor=2, mode='nearest')"),
  ]

  static let shuffles = [
    ValueCase("nn.PixelShuffle(2)", on: [2, 8, 3, 4]),
    ValueCase("nn.PixelShuffle(3)", on: [2, 2, 9, 3, 4]),
    ValueCase("nn.PixelUnshuffle(2)", on: [2, 3, 4, 6]),
    ValueCase("nn.ChannelShuffle(2)", on: [2, 6, 3, 4], since: [2, 1]),
    ValueCase(nil, on: [2, 6, 3, 4], forward: "torch.channel_shuffle(x, 3)", since: [2, 1]),
    ValueCase(nil, on: [2, 4, 3, 4], forward: "F.pixel_unshuffle(F.pixel_shuffle(x, 2) * 2, 2)"),
    ValueCase("nn.Unfold(3, padding=1, stride=2)", on: [2, 3, 6, 7]),
    ValueCase("nn.Unfold((2, 3), dilation=(2, 1))", on: [2, 3, 6, 7]),
    ValueCase("nn.Unfold(2, stride=2)", on: [3, 6, 8]),
    ValueCase("nn.Fold((6, 7), 3, padding=1, stride=2)", on: [2, 18, 12]),
    ValueCase("nn.Fold((5, 6), (2, 3), dilation=(2, 1))", on: [12, 12]),
    ValueCase("nn.Fold(6, 2, stride=2)", on: [2, 8, 9]),
    ValueCase(nil, on: [2, 3, 6, 6], forward: "F.fold(F.unfold(x, 3, 1, 1, 1) * 2, (6, 6), 3, padding=1)"),
  ]

  @Test func interpolationsAreThoseOfPyTorch() throws { try ValueComparison.check(Self.interpolations) }
  @Test func shufflesAreThoseOfPyTorch() throws { try ValueComparison.check(Self.shuffles) }
}
