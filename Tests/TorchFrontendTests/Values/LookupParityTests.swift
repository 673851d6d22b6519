import Testing

/// Embeddings, similarities, losses and the utilities of modules.
@Suite struct LookupParityTests {
  typealias Input = ValueCase.Input

  static let embeddings = [
    ValueCase("nn.Embedding(10, 4)", inputs: [Input([2, 3], below: 10)]),
    ValueCase(
      "nn.Embedding(10, 4, padding_idx=-8)", inputs: [Input([2, 3], below: 10, values: [2, 1, 2, 9, 0, 2])],
      setup: "assert self.layer.padding_idx == 2 and float(self.layer.weight.detach()[2].abs().sum()) == 0"),
    ValueCase("nn.Embedding(500, 8, padding_idx=3)", inputs: [Input([2, 3], below: 10)]),
    ValueCase("nn.Embedding(10, 4)", on: [2, 4], forward: "x + self.layer(torch.arange(2))"),
    ValueCase(
      "nn.Embedding.from_pretrained(torch.arange(12.0).reshape(4, 3))", inputs: [Input([5], below: 4)]),
    ValueCase(
      "nn.Embedding.from_pretrained(torch.ones(4, 3), freeze=False, padding_idx=0)",
      inputs: [Input([5], below: 4)]),
    ValueCase("nn.EmbeddingBag(10, 4)", inputs: [Input([2, 3], below: 10)]),
    ValueCase("nn.EmbeddingBag(10, 4, mode='max')", inputs: [Input([2, 3], below: 10)]),
    ValueCase(
      "nn.EmbeddingBag(10, 4, mode='sum', padding_idx=1)",
      inputs: [Input([2, 3], below: 10, values: [1, 2, 3, 4, 1, 1]), Input([2, 3])],
      forward: "self.layer(x, per_sample_weights=y)"),
    ValueCase(
      "nn.Linear(4, 3)", inputs: [Input([2, 3], below: 4)],
      forward: "F.one_hot(x, 4).float(), self.layer(F.one_hot(x, num_classes=4).float())"),
    ValueCase(nil, on: [2, 3], forward: "x * F.one_hot(torch.tensor([2, 0])).float()"),
    ValueCase(
      "nn.LSTM(4, 3, batch_first=True)", inputs: [Input([2, 5], below: 7)],
      forward: "self.layer(self.table(x))[1][0]", setup: "self.table = nn.Embedding(7, 4)"),
  ]

  static let similarities = [
    ValueCase("nn.Bilinear(3, 4, 5)", inputs: [Input([2, 3]), Input([2, 4])], forward: "self.layer(x, y)"),
    ValueCase(
      "nn.Bilinear(3, 4, 2, bias=False)", inputs: [Input([2, 6, 3]), Input([2, 6, 4])],
      forward: "self.layer(x, y)"),
    ValueCase(
      "nn.CosineSimilarity()", inputs: [Input([3, 4]), Input([3, 4])], forward: "self.layer(x, y)"),
    ValueCase(
      nil, inputs: [Input([2, 3, 4]), Input([2, 1, 4])],
      forward: "F.cosine_similarity(x, y, dim=-1, eps=1e-6)"),
    ValueCase(
      "nn.PairwiseDistance(keepdim=True)", inputs: [Input([3, 4]), Input([3, 4])], forward: "self.layer(x, y)"
    ),
    ValueCase(nil, inputs: [Input([3, 4]), Input([3, 4])], forward: "F.pairwise_distance(x, y, p=1)"),
    ValueCase(nil, inputs: [Input([2, 3, 4]), Input([2, 5, 4])], forward: "torch.cdist(x, y)"),
    ValueCase(nil, inputs: [Input([3, 4])], forward: "torch.cdist(x, x)"),
    ValueCase(nil, inputs: [Input([3, 4]), Input([2, 4])], forward: "torch.cdist(x, y, p=1.0)"),
    // The noise of a nearly constant temperature does not show.
    ValueCase(
      nil, on: [2, 3],
      forward: "F.gumbel_softmax(torch.tensor([[90.0, 0.0, 0.0]]) + 0 * x, tau=0.5, hard=True)"),
  ]

  static let floating =
    [
      "nn.MSELoss()", "nn.MSELoss(reduction='sum')", "nn.L1Loss(reduction='none')",
      "nn.SmoothL1Loss(beta=0.5)",
      "nn.SmoothL1Loss(beta=0.0)", "nn.HuberLoss(delta=0.7)",
      "nn.MSELoss(size_average=False)",
      "nn.BCEWithLogitsLoss()", "nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.0, 2.0, 3.0]))",
      "nn.BCEWithLogitsLoss(weight=torch.tensor([1.0, 2.0, 3.0]), reduction='none')", "nn.PoissonNLLLoss()",
    ].map { ValueCase($0, inputs: [Input([4, 3]), Input([4, 3])], forward: "self.layer(x, y)") }
    + [
      ValueCase(
        "nn.BCELoss()", inputs: [Input([4, 3]), Input([4, 3])],
        forward: "self.layer(x.sigmoid(), y.sigmoid())"),
      ValueCase(
        "nn.KLDivLoss(reduction='batchmean')", inputs: [Input([4, 3]), Input([4, 3])],
        forward: "self.layer(x.log_softmax(1), y.softmax(1))"),
      ValueCase(
        nil, inputs: [Input([4, 3]), Input([4, 3])],
        forward: "F.kl_div(x.log_softmax(1), y.log_softmax(1), reduction='sum', log_target=True)"),
      ValueCase(
        "nn.TripletMarginLoss(swap=True)", inputs: [Input([4, 3]), Input([4, 3]), Input([4, 3])],
        forward: "self.layer(x, y, z)"),
      ValueCase(
        "nn.MarginRankingLoss(0.3)", inputs: [Input([4]), Input([4])],
        forward: "self.layer(x, y, torch.tensor([1.0, -1.0, 1.0, -1.0]))"),
      ValueCase(
        "nn.SoftMarginLoss()", inputs: [Input([4])],
        forward: "self.layer(x, torch.tensor([1.0, -1.0, 1.0, -1.0]))"),
      ValueCase(
        "nn.HingeEmbeddingLoss()", inputs: [Input([4])],
        forward: "self.layer(x, torch.tensor([1.0, -1.0, 1.0, -1.0]))"),
    ]

  static let classes =
    [
      "nn.CrossEntropyLoss()", "nn.CrossEntropyLoss(label_smoothing=0.2)",
      "nn.CrossEntropyLoss(reduction='none')",
      "nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5]), label_smoothing=0.1)",
      "nn.CrossEntropyLoss(ignore_index=1, reduction='mean')",
      "nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 0.5]), ignore_index=0, reduction='sum')",
    ].flatMap { loss in
      [
        ValueCase(loss, inputs: [Input([5, 3]), Input([5], below: 3)], forward: "self.layer(x, y)"),
        ValueCase(loss, inputs: [Input([2, 3, 4]), Input([2, 4], below: 3)], forward: "self.layer(x, y)"),
      ]
    } + [
      ValueCase(
        "nn.NLLLoss()", inputs: [Input([5, 3]), Input([5], below: 3)],
        forward: "self.layer(x.log_softmax(1), y)"),
      ValueCase(
        nil, inputs: [Input([1, 3]), Input([1], below: 3)], forward: "F.cross_entropy(x[0], y[0])"),
      ValueCase(
        "nn.CrossEntropyLoss(label_smoothing=0.1, weight=torch.tensor([1.0, 2.0, 0.5]))",
        inputs: [Input([5, 3]), Input([5, 3])], forward: "self.layer(x, y.softmax(1))"),
      ValueCase(
        nil, on: [2, 3], forward: "x",
        setup: """
          self.losses = [nn.CTCLoss(), nn.MultiMarginLoss(p=2), nn.MultiLabelMarginLoss(), nn.CosineEmbeddingLoss(),
                         nn.GaussianNLLLoss(), nn.TripletMarginWithDistanceLoss(), nn.MultiLabelSoftMarginLoss(), nn.NLLLoss2d()]
          self.weighted = nn.CrossEntropyLoss(weight=torch.ones(3))
          assert list(self.state_dict()) == ['weighted.weight']
          """),
    ]

  static let utilities = [
    ValueCase(
      "copy.deepcopy(nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)))", on: [2, 4],
      forward: "F.linear(self.layer(x), self.layer.weight)", definitions: "import copy", since: [2, 1]),
    ValueCase("nn.utils.spectral_norm(nn.Linear(4, 3))", on: [2, 4], comparesInitialValues: false),
    ValueCase(
      "nn.utils.spectral_norm(nn.Conv2d(4, 6, 3), n_power_iterations=3)", on: [2, 4, 5, 5],
      comparesInitialValues: false),
    ValueCase(
      "nn.utils.spectral_norm(nn.ConvTranspose2d(4, 6, 3, bias=False))", on: [2, 4, 5, 5],
      comparesInitialValues: false),
    ValueCase(
      "nn.utils.spectral_norm(nn.Linear(4, 4))", on: [2, 4], forward: "self.layer(self.layer(x))",
      comparesInitialValues: false),
    ValueCase(
      "nn.Linear(4, 4)", on: [2, 4], forward: "self.layer(x) @ self.layer.weight",
      setup: "P.register_parametrization(self.layer, 'weight', Symmetric())\n"
        + "P.register_parametrization(self.layer, 'bias', Scaled(4))\n"
        + "P.register_parametrization(self.layer, 'weight', Scaled(4))\n"
        + "assert P.is_parametrized(self.layer) and not P.is_parametrized(self)",
      definitions: """
        import torch.nn.utils.parametrize as P
        class Symmetric(nn.Module):
            def forward(self, w):
                return w.triu() + w.triu(1).transpose(-1, -2)
        class Scaled(nn.Module):
            def __init__(self, n):
                super().__init__()
                self.scale = nn.Parameter(torch.full((n,), 2.0))
            def forward(self, w):
                return w * self.scale

        """),
    ValueCase(
      "nn.Linear(4, 3)", on: [2, 4],
      setup: "torch.nn.utils.parametrize.register_parametrization(self.layer, 'weight', Exp())",
      definitions: """
        class Exp(nn.Module):
            def forward(self, w):
                return w.exp()
            def right_inverse(self, w):
                return w.abs() + 1

        """),
    ValueCase("nn.utils.weight_norm(nn.Linear(4, 3))", on: [2, 4]),
    ValueCase("nn.utils.weight_norm(nn.Conv1d(4, 6, 3), dim=1)", on: [2, 4, 5]),
    ValueCase(
      "nn.utils.weight_norm(nn.Conv1d(4, 6, 3))", on: [2, 4, 5],
      setup: "self.layer.weight.data.normal_(0, 0.01)"),
    ValueCase(
      "nn.utils.weight_norm(nn.Linear(4, 3), dim=None)", on: [2, 4], comparesInitialValues: false),
    ValueCase(
      "torch.nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 6, 3))", on: [2, 4, 5, 5], since: [2, 1]),
    ValueCase(
      "nn.Linear(4, 4)", on: [2, 4],
      forward: "checkpoint(self.run, x, use_reentrant=False)",
      setup: """
        def run(x):
            return self.layer(x) * 2
        self.run = run
        """, definitions: "from torch.utils.checkpoint import checkpoint, checkpoint_sequential"),
    ValueCase(
      "nn.modules.linear.Linear(4, 4)", on: [2, 4],
      setup: """
        from torch.nn.modules.utils import _pair, _ntuple
        from torch.nn.modules.conv import Conv2d
        from torch.nn.modules import Module
        assert _pair(3) == (3, 3) and _pair([1, 2]) == (1, 2) and _ntuple(4)(1) == (1, 1, 1, 1)
        assert Conv2d is nn.Conv2d and Module is nn.Module
        torch._assert(True, 'no')
        assert not torch.jit.is_scripting()
        """),
    ValueCase(
      "nn.Linear(4, 4)", on: [2, 4], forward: "helper(self.layer(x))",
      definitions: """
        @torch.jit.ignore
        def helper(x):
            return x + 1

        torch.fx.wrap('helper')
        """),
    ValueCase(
      nil, on: [5, 3],
      forward: "nn.utils.rnn.pad_sequence([x[:2], x[:4], x], batch_first=True, padding_value=2.0)"),
  ]

  @Test func embeddingsAgree() throws { try ValueComparison.check(Self.embeddings) }
  @Test func similaritiesAgree() throws { try ValueComparison.check(Self.similarities) }
  @Test func lossesOfNumbersAgree() throws { try ValueComparison.check(Self.floating) }
  @Test func lossesOfClassesAgree() throws { try ValueComparison.check(Self.classes) }
  @Test func utilitiesAgree() throws { try ValueComparison.check(Self.utilities) }
}
