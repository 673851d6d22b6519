import RandomStreams
import TorchFrontend

extension ProgramGenerator {
  private static let dunders = [
    "__getattr__(self, a)", "__getattribute__(self, a)", "__setattr__(self, a, b)", "__eq__(self, a)",
    "__hash__(self)", "__repr__(self)", "__str__(self)", "__format__(self, a)", "__len__(self)",
    "__bool__(self)",
    "__iter__(self)", "__next__(self)", "__call__(self, *a, **b)", "__getitem__(self, a)",
    "__contains__(self, a)",
    "__setitem__(self, a, b)", "__add__(self, a)", "__radd__(self, a)", "__mul__(self, a)",
    "__matmul__(self, a)",
    "__lt__(self, a)", "__index__(self)", "__int__(self)", "__float__(self)", "__enter__(self)",
    "__exit__(self, *a)", "__new__(cls, *a, **b)", "__init_subclass__(cls, **a)", "__get__(self, a, b=None)",
    "__set__(self, a, b)", "__set_name__(self, a, b)", "__class_getitem__(cls, a)", "__missing__(self, a)",
    "__deepcopy__(self, a)", "__copy__(self)", "__neg__(self)", "__del__(self)", "__delattr__(self, a)",
    "__post_init__(self)", "__instancecheck__(cls, a)", "__reversed__(self)", "__iadd__(self, a)",
    "__init__(self, a=1, *b, **c)", "forward(self, x)", "extra_repr(self)",
  ]
  private static let bases = [
    "", "object", "nn.Module", "dict", "list", "str", "int", "tuple", "Exception", "nn.Sequential",
    "nn.Linear",
    "nn.ModuleList", "type", "C", "D", "float", "set", "enum.Enum", "typing.NamedTuple", "nn.Conv2d",
    "collections.OrderedDict", "C, D", "nn.Module, dict", "enum.IntEnum", "metaclass=type", "torch.Tensor",
    "nn.Parameter", "abc.ABC", "typing.Generic[int]", "dict, metaclass=abc.ABCMeta",
  ]
  private static let decorators = [
    "property", "staticmethod", "classmethod", "functools.lru_cache(None)", "functools.wraps(f)",
    "torch.no_grad()",
    "functools.cached_property", "functools.total_ordering", "dataclasses.dataclass",
    "contextlib.contextmanager",
    "f", "lambda a: a", "dataclasses.dataclass(frozen=True, order=True)", "torch.jit.script",
    "functools.singledispatch",
  ]

  /// The lines of a statement, indented.
  mutating func statement(_ depth: Int, indent: String) -> [String] {
    let next = depth - 1
    let inner = indent + "  "
    func block(_ generator: inout Self) -> [String] {
      (0...generator.stream.integer(below: 2)).flatMap { _ in generator.statement(next, indent: inner) }
    }
    guard depth > 0 else { return ["\(indent)a = \(expression(1))"] }
    switch stream.integer(below: 34) {
    case 0..<8:
      let target = stream.pick([
        "a", "b", "x", "y", "self.a", "self.b", "self.m", "a, b", "a, *b", "(a, (b, c))",
      ])
      return ["\(indent)\(target) = \(expression(depth))"]
    case 8: return ["\(indent)\(leaf())[\(leaf())] = \(expression(depth))"]
    case 9:
      let sign = stream.pick(["+=", "-=", "*=", "**=", "//=", "<<=", "@=", "|=", "%=", "/="])
      return [
        "\(indent)\(stream.pick(["a", "b", "x", "self.a", "x[0]", "a[0]"])) \(sign) \(expression(depth))"
      ]
    case 10..<13: return ["\(indent)\(expression(depth))"]
    case 13..<16: return ["\(indent)x = \(expression(depth))"]
    case 16: return ["\(indent)if \(expression(next)):"] + block(&self) + ["\(indent)else:"] + block(&self)
    case 17: return ["\(indent)while \(expression(next)):"] + block(&self) + ["\(inner)break"]
    case 18..<20:
      let target = stream.pick(["a", "a, b", "self.a", "a[0]", "i"])
      return ["\(indent)for \(target) in \(expression(next)):"] + block(&self)
    case 20:
      let kind = stream.pick([
        "Exception", "BaseException as e", "(ValueError, TypeError)", "RecursionError", "a",
      ])
      return ["\(indent)try:"] + block(&self) + ["\(indent)except \(kind):"] + block(&self)
        + (stream.bernoulli(0.3) ? ["\(indent)finally:"] + block(&self) : [])
    case 21: return ["\(indent)with \(expression(next)) as b:"] + block(&self)
    case 22..<24: return function(depth, indent: indent)
    case 24..<26: return classDefinition(depth, indent: indent)
    case 26: return ["\(indent)return \(expression(depth))"]
    case 27:
      return [
        "\(indent)\(stream.pick(["raise", "assert", "del", "yield", "yield from"])) \(expression(next))"
      ]
    case 28:
      let pattern = stream.pick([
        "[a, *b]", "{'a': a, **b}", "C(a=1)", "int() | str()", "(1 | 2) as a", "_", "nn.Module()",
        "[[a], {1: _}]",
      ])
      return ["\(indent)match \(expression(next)):", "\(inner)case \(pattern) if \(leaf()):"]
        + statement(next, indent: inner + "  ") + ["\(inner)case _: pass"]
    case 29:
      return [
        "\(indent)\(stream.pick(["global a", "nonlocal b", "import torch.nn as a", "from a import *"]))"
      ]
    case 30: return ["\(indent)\(stream.pick(["break", "continue", "pass", "return", "..."]))"]
    case 31: return ["\(indent)setattr(\(leaf()), \(stream.pick(Self.strings)), \(expression(next)))"]
    case 32:
      return [
        "\(indent)\(stream.pick(["a", "x", "self"])).\(stream.pick(Self.attributes)) = \(expression(next))"
      ]
    default: return ["\(indent)a.append(a)", "\(indent)b = (a, b)", "\(indent)a = [a, a]"]
    }
  }

  private mutating func function(_ depth: Int, indent: String) -> [String] {
    let decorator = stream.bernoulli(0.3) ? ["\(indent)@\(stream.pick(Self.decorators))"] : []
    let parameters = stream.pick([
      "", "a", "a, b=1", "*a, **b", "a, /, b, *, c=2", "self", "a=[], *, b: int = 3",
    ])
    let body = (0...stream.integer(below: 2)).flatMap { _ in statement(depth - 1, indent: indent + "  ") }
    let last = stream.pick(["return a", "return f(a)", "yield a", "return self", "pass", "return lambda: f"])
    return decorator + ["\(indent)def \(stream.pick(["f", "g"]))(\(parameters)):"] + body + [
      "\(indent)  \(last)"
    ]
  }

  private mutating func classDefinition(_ depth: Int, indent: String) -> [String] {
    let inner = indent + "  "
    var lines = stream.bernoulli(0.2) ? ["\(indent)@\(stream.pick(Self.decorators))"] : []
    lines.append("\(indent)class \(stream.pick(["C", "D", "E"]))(\(stream.pick(Self.bases))):")
    if stream.bernoulli(0.4) {
      lines.append("\(inner)\(stream.pick(["a = 1", "a: int = 2", "__slots__ = ('a',)", "b = property(f)"]))")
    }
    for _ in 0...stream.integer(below: 3) {
      if stream.bernoulli(0.15) { lines.append("\(inner)@\(stream.pick(Self.decorators))") }
      lines.append("\(inner)def \(stream.pick(Self.dunders)):")
      if depth > 1, stream.bernoulli(0.5) { lines += statement(1, indent: inner + "  ") }
      let result =
        stream.bernoulli(0.5)
        ? stream.pick([
          "self", "a", "self.a", "getattr(self, a)", "self == a", "str(self)", "super()", "1", "C()", "x",
        ])
        : expression(2)
      lines.append("\(inner)  return \(result)")
    }
    return lines
  }

  /// The lines, with each statement guarded so that its failure does not end the program.
  private mutating func guarded(_ count: Int, indent: String) -> [String] {
    (0..<count).flatMap { _ -> [String] in
      guard stream.bernoulli(0.95) else { return statement(2, indent: indent) }
      return ["\(indent)try:"] + statement(stream.integer(below: 3) + 1, indent: indent + "  ")
        + ["\(indent)except \(stream.pick(["Exception", "Exception", "BaseException"])): pass"]
    }
  }

  /// A whole file with a network.
  mutating func module() -> String {
    var lines = [
      "import torch, math, functools, collections, itertools, typing, copy, operator, random, dataclasses, enum, abc",
      "import torch.nn as nn, torch.nn.functional as F, numpy, einops, torchvision, timm, warnings, types, contextlib",
      "a, b, c, y, f, g = [1], (2,), {}, 1, lambda *a: a, lambda a: g(a)",
      "class C: pass", "class D(C): pass", "E = Exception",
    ]
    if stream.bernoulli(0.6) {
      lines += ["try:"] + classDefinition(2, indent: "  ") + ["except Exception: pass"]
    }
    if stream.bernoulli(0.4) { lines += ["try:"] + function(2, indent: "  ") + ["except Exception: pass"] }
    lines += guarded(stream.integer(below: 6), indent: "")
    lines += [
      "class Net(nn.Module):", "  def __init__(self, a=3):", "    super().__init__()",
      "    self.p = nn.Linear(8, 8)",
      "    self.m = nn.Conv2d(3, 3, 3, padding=1)", "    b = c = y = [1, 2]",
    ]
    lines += guarded(stream.integer(below: 8), indent: "    ")
    if stream.bernoulli(0.3) { lines += ["  @property", "  def b(self):", "    return \(expression(2))"] }
    if stream.bernoulli(0.2) {
      lines += ["  def \(stream.pick(Self.dunders)):", "    return \(expression(2))"]
    }
    lines += ["  def forward(self, x, *c):", "    a = b = y = x"]
    lines += guarded(stream.integer(below: 10), indent: "    ")
    lines.append(
      "    return \(stream.bernoulli(0.7) ? stream.pick(["x", "a", "(x, a)", "x + 0", "y"]) : expression(2))")
    return lines.joined(separator: "\n") + "\n"
  }

  /// Inputs for such a network.
  mutating func inputs() -> [NetworkInput] {
    switch stream.integer(below: 10) {
    case 0: [NetworkInput(.int64, [2, 8])]
    case 1: [NetworkInput(.float32, [1])]
    case 2: [NetworkInput(.float32, [2, 8])]
    case 3: [NetworkInput(.bool, [2, 3, 8, 8])]
    default: [NetworkInput(.float32, [2, 3, 8, 8])]
    }
  }
}
