import RandomStreams
import Testing

@testable import TorchFrontend

/// Views and writes to them have the values, gradients and errors that they have in PyTorch.
@Suite struct ViewTests {
  static let table: [FunctionGroup] = [
    FunctionGroup(
      ["x": [3, 4], "y": [4], "z": [3, 4]],
      [
        // Writing through views.
        "x[:, 0] = y[:3]; x", "x[1] = y; x", "x[0] = 0; x", "x[..., ::2] += 1; x", "x[..., 1::2] *= 2; x",
        "x[1:, 1:3] = z[:2, 2:]; x", "v = x[0]; v += y; x", "v = x.t(); v[1] = 0; x",
        "v = x.view(12); v[3:7] = 5; x", "v = x.view(2, 6); x[0, 0] = 9; v",
        "v = x[1]; w = v[2:]; w.fill_(3); (x, v)",
        "v = x.transpose(0, 1)[1:3]; v.mul_(2); x", "v = x.unsqueeze(0).squeeze(0); v.add_(z); x",
        "v = x.flatten(); v.zero_(); x", "v = x.t().flatten(); v.zero_(); x",
        "v = x.t().reshape(12); v[0] = 1; x",
        "v = x.contiguous(); v.add_(1); x", "v = x.t().contiguous(); v.add_(1); x",
        "v = x.clone(); v.add_(1); x",
        "v = x.reshape(3, 4); v.add_(1); x", "x += z; x", "v = x; v += 1; x", "v = x; v = v + 1; x",
        "x.add_(z).mul_(2); x", "x.copy_(y); x", "x[:2].copy_(z[1:]); x", "x.fill_(2.5); x", "x.zero_(); x",
        "x.sub_(y); x", "x.div_(2); x", "x.clamp_(-1, 1); x", "v = x.narrow(1, 1, 2); v.mul_(-1); x",
        "v = x.select(1, 2); v.add_(1); x", "v = x.expand(2, 3, 4); x.add_(1); v",
        "v = x.expand_as(z); v.add_(1); x",
        "v = x.movedim(0, 1); v[0] = 7; x", "v = x.unflatten(1, (2, 2)); v[:, 1] = 0; x",
        "x[:, :2], x[:, 2:] = z[:, 2:], z[:, :2]; x", "x[0], x[1] = x[1].clone(), x[0].clone(); x",
        "x[[0, 2]] = 1; x", "x[:, [3, 1]] = z[:, :2]; x", "x[x > 0] = 0; x", "x[z > 0] = -1; x",
        "x[torch.tensor([True, False, True])] = y; x", "x[torch.tensor([0, 1]), torch.tensor([2, 3])] = 8; x",
        "x[torch.arange(3), torch.arange(3)] += 1; x", "x[-1, -1] = 4; x", "x[None, 0] = 4; x",
        "x[()] = 1; x",
        "x[...] = z; x", "x[:] = z[:1]; x", "x[1:1] = 3; x", "x.t()[:] = z.t(); x",
        "o = torch.zeros(3, 4); o[0] = x[0]; o[2] = x[1]; o", "o = torch.empty_like(x); o[:, :] = x; o",
        "o = torch.zeros(2, 3, 4); o[0] = x; o[1] = z; o", "o = torch.zeros(3, 2, 4); o[:, 1] = x; o",
        "o = x.new_zeros(6, 8); o[1::2, 0::2] = x; o", "o = torch.zeros(4, 3); o.t()[:] = x; o",
        "o = torch.ones(3, 4); o *= x; o", "o = torch.zeros(3); o[1] = x.sum(); o",
        "h = torch.zeros(4); hs = torch.zeros(3, 4); for i in range(3): hs[i] = torch.tanh(x[i]) + (hs[i - 1] if i else 0); hs",
        "for i in range(3): x[i] = x[i] * i; x", "for i in range(1, 3): x[i] = x[i - 1] * 2; x",
        "x.is_contiguous(), x.t().is_contiguous(), x[:, :2].is_contiguous(), x[1:].is_contiguous()",
        "x.stride() + x.t().stride() + x[::2, 1:].stride() + x.expand(2, 3, 4).stride()",
        "x.to(torch.float64, copy=True)",
        "v = x.detach(); v * x", "(x.detach() - x) + x", "y2 = y.detach().clone(); y2[0] = 5; y2 * y",
        "with torch.no_grad(): w = x * 2; w + x", "w = x.data * 2; w * x",
        // Errors.
        "v = x[0].expand(3, 4); v.add_(1); v", "y += x; y", "x[3] = 0; x",
        "x[:, 4] = 0; x", "x[0] = x; x", "x[:, :2] = y; x", "x.t().view(12)", "x.view(5)", "x.t().view(-1)",
        "x[:, :2].view(6)", "x[:, :2].view(3, 2)", "x.permute(1, 0).contiguous().view(12)", "x[::2].view(-1)",
        "x.t().view(4, 3)", "(x.t() * 2).view(12)", "(x.t() + z.t()).view(12)",
        "(x.t() + z.view(4, 3)).view(12)",
        "x[::-1]", "x[0, 0, 0]", "x[..., ...]", "x[..., ..., 0]", "x[..., None, ...]", "x.copy_(y[:3]); x",
        "torch.relu(x.t()).view(12)", "x.t().clone().view(12)", "x.expand(2, 3, 4).view(24)",
        "x.expand(2, 3, 4).reshape(24)", "x.unsqueeze(1).expand(3, 5, 4).view(15, 4)",
      ]),
    FunctionGroup(
      ["x": [2, 3, 4, 5]],
      [
        "x.transpose(1, 2).view(2, 12, 5)", "x.permute(0, 2, 3, 1).view(2, -1)",
        "x.permute(0, 2, 3, 1).reshape(2, -1)",
        "x.flatten(2).transpose(1, 2).view(2, 4, 5, 3)", "x.permute(0, 2, 3, 1).view(2, 4, 5, 3, 1)",
        "x.permute(0, 2, 3, 1).flatten(1, 2)", "x.transpose(2, 3).flatten(2)",
        "x.transpose(0, 1).view(3, 2, 20)",
        "v = x.permute(0, 2, 3, 1); v[..., 0] = 0; x", "v = x.transpose(1, 2).flatten(1, 2); v.zero_(); x",
        "v = x.flatten(2).transpose(1, 2); v[:, 3] = 1; x", "x[:, 1:, ::2, 0] = 0; x",
        "x[0, :, 1:3, -2:] += 1; x",
        "x[:, :, [0, 2], :] = 0; x", "x[:, [0, 1], [1, 2]] = 2; x", "x[[0, 1], :, [1, 2]] = 2; x",
        "x[:, torch.tensor([[0], [2]]), torch.tensor([1, 3])] = 1; x",
        "x[..., torch.tensor([1, 0, 0, 1, 1]).bool()] = 0; x",
        "x[x.sum(-1) > 0] = 0; x", "x[:, x[0].sum((1, 2)) > 0] = 1; x",
        "m = torch.arange(12).view(3, 4) % 5 > 2; x[:, m] = 0; x",
        "x[:, :, 1:-1, 1:-1] = x[:, :, 1:-1, 1:-1] * 2; x",
        "v = x[:, 0]; x[:, 1] = v; v += 1; x", "x[:, 0], x[:, 1] = x[:, 1], x[:, 0]; x",
      ]),
  ]

  @Test func writesAndViewsAreThoseOfPyTorch() throws { try FunctionComparison.check(Self.table) }

  @Test func randomProgramsOfViewsAndWritesAreThoseOfPyTorch() throws {
    let groups = (0..<150).map { number in
      var program = RandomViewProgram(RandomStream(seed: 5).stream("program", number))
      return FunctionGroup(["x": [4, 6], "y": [2, 3, 4]], [program.text(statements: 9)])
    }
    try FunctionComparison.check(groups)
  }
}

/// Statements that take views of two tensors and of each other and write to some of them.
struct RandomViewProgram {
  private var stream: RandomStream
  private var tensors: [(name: String, shape: [Int], isWritable: Bool)] = [
    ("x", [4, 6], true), ("y", [2, 3, 4], true),
  ]

  init(_ stream: RandomStream) { self.stream = stream }

  mutating func text(statements count: Int) -> String {
    var statements: [String] = []
    for index in 0..<count {
      statements.append(stream.uniform() < 0.55 ? view("v\(index)") : write())
    }
    return (statements + ["(\(tensors.map(\.name).joined(separator: ", ")))"]).joined(separator: "; ")
  }

  private mutating func view(_ name: String) -> String {
    let source = tensors[stream.integer(below: tensors.count)]
    let shape = source.shape
    var result = shape
    var isWritable = source.isWritable
    var text = ""
    let axis = shape.isEmpty ? 0 : stream.integer(below: shape.count)
    switch stream.integer(below: 9) {
    case 0 where !shape.isEmpty:
      let start = stream.integer(below: shape[axis])
      let step = 1 + stream.integer(below: 3)
      result[axis] = (shape[axis] - start - 1) / step + 1
      text = "[" + String(repeating: ":, ", count: axis) + "\(start)::\(step)]"
    case 1 where !shape.isEmpty:
      let start = stream.integer(below: shape[axis])
      let end = start + 1 + stream.integer(below: shape[axis] - start)
      result[axis] = end - start
      text = "[..., \(start):\(end)" + String(repeating: ", :", count: shape.count - axis - 1) + "]"
    case 2 where shape.count > 1:
      result.remove(at: axis)
      text = ".select(\(axis), \(stream.integer(below: shape[axis])))"
    case 3 where shape.count > 1:
      let other = stream.integer(below: shape.count)
      result.swapAt(axis, other)
      text = ".transpose(\(axis), \(other))"
    case 4:
      result.insert(1, at: axis)
      text = ".unsqueeze(\(axis))"
    case 5 where shape.count > 1:
      let first = stream.integer(below: shape.count - 1)
      result.replaceSubrange(first...(first + 1), with: [shape[first] * shape[first + 1]])
      text = ".flatten(\(first), \(first + 1))"
    case 6 where !shape.isEmpty && shape[axis] % 2 == 0:
      result.replaceSubrange(axis...axis, with: [2, shape[axis] / 2])
      text = ".view(\(result.map(String.init).joined(separator: ", ")))"
    case 7 where shape.count < 4:
      result.insert(2, at: 0)
      isWritable = false
      text = ".expand(\(result.map(String.init).joined(separator: ", ")))"
    default:
      result = [shape.reduce(1, *)]
      text = ".reshape(-1)"
    // Whether it is a copy is for the interpreter to find out.
    }
    tensors.append((name, result, isWritable || text == ".reshape(-1)"))
    return "\(name) = \(source.name)\(text)"
  }

  private mutating func write() -> String {
    let writable = tensors.filter(\.isWritable)
    let target = writable[stream.integer(below: writable.count)]
    let number = Double(stream.integer(below: 9)) / 2 - 2
    let same = tensors.filter { $0.shape == target.shape && $0.name != target.name }
    let other = same.isEmpty ? "\(number)" : same[stream.integer(below: same.count)].name
    switch stream.integer(below: 7) {
    case 0: return "\(target.name).add_(\(other))"
    case 1: return "\(target.name).mul_(\(number))"
    case 2: return "\(target.name) += \(number)"
    case 3: return "\(target.name).fill_(\(number))"
    case 4 where !target.shape.isEmpty:
      return "\(target.name)[\(stream.integer(below: target.shape[0]))] = \(number)"
    case 5 where !target.shape.isEmpty:
      return "\(target.name)[..., ::2] *= \(number)"
    default: return "\(target.name).copy_(\(same.isEmpty ? "torch.tensor(\(number))" : other))"
    }
  }
}
