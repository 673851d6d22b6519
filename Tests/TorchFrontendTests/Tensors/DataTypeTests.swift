import Testing

@testable import TorchFrontend

/// Types of results, creation, and what is known of tensors have PyTorch's values and types.
@Suite struct DataTypeTests {
  static let types = [
    "float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
  ]

  /// Every pair of types, with and without dimensions, and beside numbers.
  static let promotions: [FunctionGroup] = [
    FunctionGroup(
      [:],
      types.flatMap { left in
        types.flatMap { right in
          [
            "torch.ones(2, dtype=torch.\(left)) * torch.ones(2, dtype=torch.\(right))",
            "torch.ones(2, dtype=torch.\(left)) * torch.ones((), dtype=torch.\(right))",
          ]
        }
          + [
            "torch.ones(2, dtype=torch.\(left)) * 2", "torch.ones(2, dtype=torch.\(left)) * 2.5",
            "torch.ones(2, dtype=torch.\(left)) * True", "torch.ones((), dtype=torch.\(left)) + 2.5",
            "torch.ones(2, dtype=torch.\(left)) / 2", "torch.ones(2, dtype=torch.\(left)) < 0.5",
            "torch.ones(2, dtype=torch.\(left)) == 1", "torch.ones(2, dtype=torch.\(left)) + torch.ones(2)",
            "torch.tensor([1, 0, 3]).to(torch.\(left))",
            "torch.tensor([-1.7, 0.3, 2.5]).to(torch.\(left)).float()",
            "torch.tensor([1, 2]).type_as(torch.zeros(1, dtype=torch.\(left)))",
            "a = torch.ones(2, dtype=torch.\(left)); a += 2; a",
            "a = torch.ones(2, dtype=torch.\(left)); a += 0.5; a",
            "a = torch.ones(2, dtype=torch.\(left)); a *= True; a",
            "a = torch.zeros(2, dtype=torch.\(left)); a[0] = 3.7; a", "torch.arange(3, dtype=torch.\(left))",
            "torch.ones(2, dtype=torch.\(left)).element_size()",
            "torch.zeros(2, dtype=torch.\(left)).type() == torch.empty(0, dtype=torch.\(left)).type()",
            "torch.full((2,), 1, dtype=torch.\(left)).item if False else torch.full((1,), 1, dtype=torch.\(left)).item()",
            "torch.cat([torch.ones(1, dtype=torch.\(left)), torch.zeros(1, dtype=torch.int16)])",
          ]
      })
  ]

  static let table: [FunctionGroup] = [
    FunctionGroup(
      ["x": [2, 3]],
      [
        // Arithmetic of whole numbers and truth values.
        "torch.arange(5) / 2", "torch.arange(5) // 2", "torch.arange(-3, 3) // 2", "torch.arange(-3, 3) % 2",
        "torch.arange(5) ** 2", "torch.arange(1, 5) ** -1", "2 ** torch.arange(5)", "2.0 ** torch.arange(5)",
        "torch.tensor([True, False]) + torch.tensor([True, True])", "torch.tensor([True]) * 3",
        "torch.tensor([True]) - torch.tensor([True])", "~torch.tensor([True, False])",
        "~torch.tensor([3, -1])",
        "torch.tensor([6, 3]) & 5", "torch.tensor([6, 3]) | 8", "torch.tensor([6, 3]) ^ 1",
        "torch.tensor([1, 2]) << 3",
        "torch.tensor([True, False]) & torch.tensor([True, True])", "(x > 0) & (x < 1)", "(x > 0) | (x < -1)",
        "(x > 0) ^ (x > 1)", "~(x > 0)", "(x > 0) + (x < 1)", "(x > 0) * (x < 1)", "(x > 0) - (x < 1)",
        "(x > 0) * x",
        "(x > 0) * 2", "(x > 0).float() * 0.5", "(x > 0).sum()", "x.long()", "x.int() + 1", "x.bool()",
        "(x * 2).long() * 2",
        "x.long() == 1", "x.long() > 0.5", "x.long() < x", "(x.long() > 0).float()", "x.long().float() / 2",
        "x.long() // 2", "x.long() % 2", "x.long() / 2", "x.long() ** 2", "-x.long()",
        "x.long() * torch.arange(3)",
        "x.long() // 0 if False else torch.arange(3) // 0", "x.double() * 2",
        "x * torch.ones(3, dtype=torch.float64)",
        "x.to('cpu')", "x.to('cpu', torch.float64)", "x.to(torch.zeros(1, dtype=torch.int32))",
        "x.to(device='cpu', dtype=torch.long)",
        "x.type(torch.LongTensor)", "x.type('torch.DoubleTensor')", "torch.result_type(x, 1)",
        "torch.result_type(torch.arange(2), 1.5)",
        "str(torch.promote_types(torch.uint8, torch.int8)) == 'torch.int16'",
        "torch.can_cast(torch.float32, torch.int64), torch.can_cast(torch.int64, torch.float32)",
      ].filter { !$0.hasPrefix("torch.result_type") }),
    FunctionGroup(
      ["x": [2, 3]],
      [
        // Creation.
        "torch.zeros(2, 3)", "torch.zeros((2, 3))", "torch.zeros([2, 3], dtype=torch.long)",
        "torch.zeros(size=(2,))",
        "torch.ones(())", "(torch.zeros(2, 0, 3)).shape", "torch.full((2, 2), 7)", "torch.full((2, 2), 0.5)",
        "torch.full((2,), True)",
        "torch.full((2,), 3, dtype=torch.float64)", "torch.zeros_like(x)",
        "torch.ones_like(x, dtype=torch.int32)",
        "torch.full_like(x, 3)", "x.new_zeros(3, 2)", "x.new_ones((2,))", "x.new_full((2, 2), 1.5)",
        "x.new_tensor([1, 2])",
        // Without a size.
        "x.new_ones()", "x.new_zeros(dtype=torch.long)", "x.new_empty(*[])", "x.new_full()", "torch.zeros()",
        "torch.rand()", "x.reshape()", "x.permute()", "x.expand()", "x.repeat()", "x.flip()", "x.tile()",
        "x.new_ones(size=(2,))", "x.new_zeros(())", "x.reshape(6).reshape(shape=(2, 3))",
        "x.long().new_zeros(3)", "torch.arange(5)", "torch.arange(5.0)", "torch.arange(1, 5)",
        "torch.arange(1, 2, 0.3)",
        "torch.arange(5, 0, -2)", "(torch.arange(0)).shape", "torch.arange(3, 1)", "torch.arange(0, 1, 0)",
        "torch.arange(4, dtype=torch.float)",
        "torch.arange(end=4)", "torch.arange(start=2, end=9, step=3)", "torch.arange(x.size(1))",
        "torch.range(1, 4)",
        "torch.linspace(0, 1, 5)", "torch.linspace(-1, 1, 7)", "torch.linspace(0, 0.1, 12)",
        "torch.linspace(3, 10, 1)", "torch.hann_window(6)", "torch.hann_window(7, periodic=False)",
        "torch.hann_window(1)", "torch.hamming_window(5)", "torch.hamming_window(4, False, 0.6, 0.4)",
        "torch.hann_window(0).shape", "torch.hann_window(-1)", "torch.hann_window(3, dtype=torch.float64)",
        "(torch.linspace(0, 1, 0)).shape", "torch.linspace(0, 9, 4, dtype=torch.float64)",
        "torch.linspace(0, 9, -1)",
        "torch.linspace(-1.3, 0.9, 10)", "[r for r in torch.linspace(0, 0.2, 5).tolist()][3]",
        "[r.item() for r in torch.linspace(0, 0.2, 5)][4]", "torch.logspace(0, 2, 3)",
        "torch.logspace(0, 3, 4, base=2)",
        "torch.eye(3)", "torch.eye(2, 4)", "torch.eye(3, dtype=torch.bool)", "torch.tensor(3)",
        "torch.tensor(3.5)",
        "torch.tensor(True)", "torch.tensor([1, 2.5])", "torch.tensor([[1, 2], [3, 4]])",
        "torch.tensor([True, 2])",
        "(torch.tensor([])).shape", "(torch.tensor([[], []])).shape", "torch.tensor([[1], [2, 3]])",
        "torch.tensor((1, 2), dtype=torch.float64)",
        "torch.tensor([torch.tensor(1), torch.tensor(2)])", "torch.tensor(range(3))",
        "torch.as_tensor([1, 2])",
        "torch.as_tensor(x)", "torch.tensor(300).to(torch.uint8)", "torch.tensor(-1).to(torch.uint8)",
        "torch.tensor([200]).to(torch.int8)", "torch.Tensor([1, 2])", "torch.Tensor(2, 3) * 0",
        "torch.FloatTensor([1, 2])",
        "torch.LongTensor([1, 2])", "torch.LongTensor([[1], [2]])", "torch.Tensor(x.shape) * 0",
        "torch.IntTensor([3])",
        "torch.tril_indices(3, 3)", "torch.triu_indices(3, 4, 1)", "torch.tril_indices(4, 2, -1)",
        "torch.scalar_tensor(2)",
        "torch.meshgrid(torch.arange(3), torch.arange(2), indexing='ij')",
        "torch.meshgrid([torch.arange(3), torch.arange(2)], indexing='xy')",
        "torch.meshgrid(torch.arange(2), torch.tensor(5), torch.arange(3), indexing='xy')",
        "torch.empty(2, 2).fill_(3)", "torch.empty(3, dtype=torch.long).zero_()",
        "torch.zeros(3, requires_grad=True) * 2", "torch.zeros(3, dtype=torch.long, requires_grad=True)",
        "torch.zeros(-1)", "torch.rand(2, 3).shape[1]", "torch.randn(2, 3, dtype=torch.float64) * 0",
        "torch.rand_like(x) < 2",
        "torch.randn_like(x) * 0", "torch.randint(3, 4, (2, 2))", "torch.randint(1, (2,))",
        "torch.randint(0, 1, size=(2,))", "torch.randperm(4).sum()", "torch.bernoulli(torch.ones(3))",
        "torch.bernoulli(x * 0)",
        "torch.normal(0.0, 0.0, (2,))", "torch.normal(x, 0.0)", "torch.randint(5, 5, (2,))",
        "torch.manual_seed(1); x",
        "torch.empty_like(x).copy_(x)", "torch.get_default_dtype() == torch.float32",
      ]),
    FunctionGroup(
      ["x": [2, 3, 4]],
      [
        // What is known of a tensor.
        "len(x)", "x.dim()", "x.ndim", "x.numel()", "x.size()", "x.size(-1)", "x.shape[-2:]", "x.shape[0]",
        "x.shape.numel()", "list(x.shape) == [2, 3, 4]", "x.shape == (2, 3, 4)",
        "x.shape == torch.Size([2, 3, 4])",
        "isinstance(x.shape, tuple), isinstance(x.shape, torch.Size)", "torch.Size([1]) + x.shape",
        "x.shape[:1] + (5,)",
        "b, c, h = x.shape; b * c * h", "x.shape[1:].numel()", "(*x.shape[:-1], 2)",
        "x.view(*x.shape[:-1], 2, 2)",
        "x.view(x.size(0), -1)", "x.reshape(x.shape[0], x.shape[1] * x.shape[2])", "int(torch.tensor(3))",
        "float(torch.tensor(2))",
        "bool(torch.tensor(0))", "torch.tensor(3).item()", "torch.tensor([[1, 2], [3, 4]]).tolist()[1][0]",
        "torch.tensor([True]).item()", "[int(i) for i in torch.arange(3)]", "sum(torch.arange(4)).item()",
        "list(range(torch.tensor(3)))", "[1, 2, 3][torch.tensor(1)]",
        "len(torch.zeros(0, 3))", "len(torch.tensor(1))", "[p.sum() for p in x][1]", "a, b = x; a - b",
        "1 if torch.tensor(2) > 1 else 0",
        "bool(torch.tensor([1, 2]))", "max(torch.tensor(2), torch.tensor(5))",
        "torch.is_tensor(x), torch.is_tensor(1)", "x.is_floating_point()", "x.dtype == torch.float32",
        "x.device.type == 'cpu'",
        "torch.tensor(1.5) * 2", "x.mean().item if False else x.sum().dim()", "torch.zeros(3).numel() == 3",
        // Tensors without elements.
        "torch.cat([torch.empty(0), x.flatten()])", "torch.cat([x[:, :0], x], 1)",
        "torch.cat([torch.zeros(0, 3, 4), x])",
        "x[:, :0].shape", "x[:, 2:1].numel()", "torch.zeros(0).sum()", "x[:0].sum(0)",
        "(x[:0].sum((1, 2))).shape",
        "x[:, :0].transpose(0, 1).shape",
        "(x[:0] + 1).shape", "(x[:0] * torch.ones(4)).shape", "(torch.zeros(2, 0).view(0, 5)).shape",
        "torch.zeros(2, 0) @ torch.zeros(0, 3)",
        "(x[:0].reshape(-1)).shape", "(torch.zeros(0, 2).view(-1)).shape", "(torch.relu(x[:0])).shape",
        "(torch.cat([torch.empty(0), torch.empty(0)])).shape",
        "(torch.stack([x[:0], x[:0]])).shape", "(x[torch.zeros(2) > 1]).shape", "(x[[]]).shape",
      ]),
    FunctionGroup(
      ["x": [3, 4, 5], "e": [7, 2]],
      [
        // Indexing.
        "x[0]", "x[-1]", "x[1:]", "x[:, 1]", "x[..., 0]", "x[..., -2:, 1]", "x[None]", "x[:, None]",
        "x[0, ..., None]",
        "x[::2]", "x[1::2, ::3]", "x[0, 1, 2]", "x[[0, 2]]", "x[:, [1, 3, 1]]", "x[[0, 1], [2, 3]]",
        "x[[0], [1, 2]]",
        "x[:, [0, 1], [1, 2]]", "x[[0, 1], :, [1, 2]]", "x[0, :, [1, 2]]", "x[[0, 1], 1, [1, 2]]",
        "x[..., [0, 0]]",
        "x[torch.tensor([2, 0])]", "x[torch.tensor([[0, 1], [2, 0]])]", "x[:, torch.tensor([1])]",
        "x[:, :, torch.arange(3)]",
        "x[torch.tensor(1)]", "x[torch.tensor([-1, -3])]", "x[[3]]", "x[torch.tensor([-4])]",
        "x[[0, 1], [0, 1, 2]]",
        "x[torch.tensor([True, False, True])]", "x[:, torch.tensor([True, False, True, True])]",
        "x[torch.tensor([[True] * 4, [False] * 4, [True, False] * 2])]", "x[torch.tensor([True, False])]",
        "x[torch.tensor([0.0])]", "x['a']", "x[1.5]", "x[0][1][2]", "x[:, 1:3][:, 0]",
        "x[torch.arange(3), torch.arange(3)]",
        "x[torch.arange(3)[:, None], torch.arange(2)]", "x[:, torch.arange(2)[:, None], torch.arange(3)]",
        "x[[0, 1], None, [1, 2]]", "x[:, 4]", "x[3]", "x[0, 0, 0, 0]", "x[::0]",
        "x[(0, 1)]", "x[(slice(None), 1)]",
        "x[slice(0, 2)]", "x[torch.tensor([2, 1, 0])]", "x[range(2)]",
        "(x[:, torch.tensor([], dtype=torch.long)]).shape",
        "e[torch.arange(5)]", "e[torch.arange(4).view(2, 2) + 1]",
        "e[(e.sum(1) > 0).long()]", "e[-(e.sum(1) > 0).long() - 1]",
        "x[0, torch.tensor([1, 2])[:, None], torch.tensor([0, 4])]",
        "x[torch.tensor([0, 2]), :, torch.tensor([1, 3])]", "x[:, torch.tensor(2)]",
        // Constants at compile time.
        "c = torch.stack(torch.meshgrid(torch.arange(3), torch.arange(3), indexing='ij')).flatten(1); r = (c[:, :, None] - c[:, None, :]).permute(1, 2, 0).contiguous(); r[:, :, 0] += 2; r[:, :, 1] += 2; r[:, :, 0] *= 5; r.sum(-1)",
        "p = torch.zeros(6, 4); t = torch.arange(0, 6).unsqueeze(1).float(); d = torch.exp(torch.arange(0, 4, 2).float() * (-math.log(10000.0) / 4)); p[:, 0::2] = torch.sin(t * d); p[:, 1::2] = torch.cos(t * d); p",
        "m = torch.zeros(1, 4, 4, 1); n = 0; m[:, 0:2, 0:2, :] = 1; m[:, 2:, :2, :] = 2; m[:, 2:, 2:, :] = 3; w = m.view(1, 2, 2, 2, 2, 1).permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, 4); a = w.unsqueeze(1) - w.unsqueeze(2); a.masked_fill(a != 0, -100.0).masked_fill(a == 0, 0.0)",
        "i = torch.arange(12).view(3, 4); i[:, 1:3].sum().item() + i[-1].max().item()",
        "b = torch.arange(4); b[1:] -= b[:-1].clone(); b",
        "b = torch.arange(6).view(2, 3); b[b % 2 == 0] = -1; b",
        "b = torch.arange(6.0); b[torch.tensor([0, 0, 3])] = torch.tensor([7.0, 8.0, 9.0]); b[1:]",
      ]),
  ]

  @Test func promotionIsPyTorchs() throws { try FunctionComparison.check(Self.promotions) }

  @Test func creationIndexingAndFoldingArePyTorchs() throws { try FunctionComparison.check(Self.table) }
}
