import Testing

/// Normalisation with the batch's statistics, an example's own, and running ones.
@Suite struct NormalizationParityTests {
  static let statistics = [
    ValueCase("nn.BatchNorm1d(5)", on: [4, 5]),
    ValueCase("nn.BatchNorm1d(3, eps=1e-3, momentum=0.3)", on: [4, 3, 6]),
    ValueCase("nn.BatchNorm2d(3, affine=False)", on: [4, 3, 2, 3]),
    ValueCase("nn.BatchNorm2d(3, track_running_stats=False)", on: [4, 3, 2, 3]),
    ValueCase("nn.BatchNorm2d(3, momentum=None)", on: [4, 3, 2, 3], training: false),
    ValueCase("nn.BatchNorm3d(3)", on: [2, 3, 2, 3, 4]),
    ValueCase("nn.SyncBatchNorm(3)", on: [2, 3, 2, 3], training: false, since: [2, 1]),
    ValueCase("nn.LazyBatchNorm1d()", on: [4, 5]),
    ValueCase("nn.LazyBatchNorm2d(affine=False)", on: [4, 5, 2, 2]),
    ValueCase("nn.InstanceNorm1d(3)", on: [2, 3, 6]),
    ValueCase("nn.InstanceNorm1d(3, affine=True)", on: [3, 6]),
    ValueCase("nn.InstanceNorm2d(3, affine=True, eps=1e-3)", on: [2, 3, 4, 5]),
    ValueCase("nn.InstanceNorm2d(3, track_running_stats=True)", on: [2, 3, 4, 5]),
    ValueCase("nn.InstanceNorm2d(3, affine=True, track_running_stats=True, momentum=0.4)", on: [2, 3, 4, 5]),
    ValueCase("nn.InstanceNorm3d(3)", on: [2, 3, 2, 4, 5]),
    ValueCase("nn.LazyInstanceNorm2d(affine=True)", on: [2, 3, 4, 5]),
    ValueCase(
      nil, on: [4, 3, 2, 2],
      forward: "F.batch_norm(x, self.m, self.v, self.w, self.b, self.training, 0.2, 1e-3)",
      setup: """
        self.w = nn.Parameter(torch.ones(3))
        self.b = nn.Parameter(torch.zeros(3))
        self.register_buffer('m', torch.zeros(3))
        self.register_buffer('v', torch.ones(3))
        """),
    ValueCase(nil, on: [4, 3, 2, 2], forward: "F.batch_norm(x, None, None, training=True)"),
    ValueCase(nil, on: [4, 3, 2, 2], forward: "F.batch_norm(x, torch.ones(3), torch.full((3,), 2.0))"),
    ValueCase(nil, on: [4, 3, 2, 2], forward: "F.instance_norm(x)"),
    ValueCase(
      nil, on: [4, 3, 2, 2], forward: "F.batch_norm(x, None, None, self.w, None, True)",
      setup: "self.w = nn.Parameter(torch.ones(3))"),
  ]

  static let examples = [
    ValueCase("nn.LayerNorm(6)", on: [2, 3, 6]),
    ValueCase("nn.LayerNorm((3, 4), eps=1e-3)", on: [2, 3, 4]),
    ValueCase("nn.LayerNorm([3, 4], elementwise_affine=False)", on: [2, 3, 4]),
    ValueCase("nn.LayerNorm(4, bias=False)", on: [2, 3, 4], since: [2, 1]),
    ValueCase("nn.GroupNorm(2, 6)", on: [2, 6, 3, 4]),
    ValueCase("nn.GroupNorm(1, 6, affine=False, eps=1e-3)", on: [3, 6]),
    ValueCase("nn.GroupNorm(3, 6)", on: [2, 6, 5]),
    ValueCase("nn.RMSNorm(6)", on: [2, 3, 6], since: [2, 4]),
    ValueCase("nn.RMSNorm((3, 6), eps=1e-2, elementwise_affine=False)", on: [2, 3, 6], since: [2, 4]),
    ValueCase("nn.LocalResponseNorm(5)", on: [2, 7, 3, 4]),
    ValueCase("nn.LocalResponseNorm(4, alpha=0.5, beta=0.6, k=2.0)", on: [2, 7, 3]),
    ValueCase(nil, on: [2, 3, 6], forward: "F.layer_norm(x, (6,))"),
    ValueCase(
      nil, on: [2, 3, 6], forward: "F.layer_norm(x, x.shape[1:], self.w, self.b, 1e-2)",
      setup: "self.w = nn.Parameter(torch.ones(3, 6))\nself.b = nn.Parameter(torch.zeros(3, 6))"),
    ValueCase(
      nil, on: [2, 6, 3], forward: "F.group_norm(x, 3, self.w, eps=1e-2)",
      setup: "self.w = nn.Parameter(torch.ones(6))"),
    ValueCase(nil, on: [2, 3, 6], forward: "F.rms_norm(x, (6,))", since: [2, 4]),
    ValueCase(nil, on: [2, 6, 4, 4], forward: "F.local_response_norm(x, 3, alpha=1.0)"),
    ValueCase(nil, on: [3, 6], forward: "F.normalize(x)"),
    ValueCase(nil, on: [3, 6, 2], forward: "F.normalize(x, p=1, dim=-1)"),
    ValueCase(nil, on: [3, 6, 2], forward: "F.normalize(x, p=3.0, dim=(1, 2))"),
    ValueCase(nil, on: [3, 6], forward: "F.normalize(x, float('inf'), dim=0)"),
    ValueCase(nil, on: [3, 6], forward: "F.normalize(x * 0)"),
  ]

  @Test func statisticsAreThoseOfPyTorch() throws { try ValueComparison.check(Self.statistics) }
  @Test func examplesAreThoseOfPyTorch() throws { try ValueComparison.check(Self.examples) }
}
