import Foundation
import PythonSyntax
import Testing
import TorchFrontend

/// Source that wants to crash, hang or exhaust memory ends with one diagnostic, and soon.
@Suite struct HostileTests {
  /// A network with those statements; those after the first are indented by four.
  static func network(
    before: String = "", initializer: String = "pass", forward: String = "return x"
  ) -> String {
    """
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
    import itertools, copy
    \(before)
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            \(initializer.replacing("\n", with: "\n    "))
        def forward(self, x):
            \(forward.replacing("\n", with: "\n    "))
    """
  }

  static let bombs: [(name: String, source: String)] = [
    ("endless loop", network(initializer: "while True: pass")),
    ("endless forward", network(forward: "while True: x = x + 1")),
    ("endless range", network(initializer: "for i in range(10**12): pass")),
    ("endless iterator", network(initializer: "for i in itertools.count(): pass")),
    ("all of an endless iterator", network(initializer: "self.a = list(itertools.count())")),
    ("endless repeat", network(initializer: "self.a = sum(itertools.repeat(1))")),
    ("endless cycle", network(initializer: "self.a = list(zip(itertools.cycle([1]), itertools.count()))")),
    (
      "endless generator",
      network(before: "def g():\n    while True: yield 1", forward: "for i in g(): x = x + i\n    return x")
    ),
    (
      "endless __next__",
      network(
        before: "class I:\n    def __iter__(self): return self\n    def __next__(self): return 1",
        initializer: "self.a = list(I())")
    ),
    ("long list", network(initializer: "self.a = [0] * 10**9")),
    (
      "the least whole number as a random range",
      network(before: "import random", initializer: "self.a = random.randrange(-2**63)")
    ),
    ("no layers, often", network(initializer: "self.a = nn.Sequential() * 2**62")),
    ("no layers in place, often", network(initializer: "self.a = nn.Sequential()\n    self.a *= 2**62")),
    ("levels of rank two", network(forward: "return torch.quantile(x, torch.zeros(0, 3))")),
    ("levels of nothing", network(forward: "return torch.quantile(torch.zeros(0), 0.5)")),
    ("the least rounding", network(forward: "return torch.round(x, decimals=-2**62 - 2**62)")),
    (
      "the least rounding of an array",
      network(before: "import numpy", initializer: "numpy.round(1.5, decimals=-2**62 - 2**62)")
    ),
    ("the least diagonal", network(forward: "return torch.diagflat(x, -2**62 - 2**62)")),
    ("the least rank", network(forward: "return torch.kthvalue(x, -2**62 - 2**62)[0]")),
    ("empty random range", network(forward: "return torch.randint(-5, (2,))")),
    (
      "widest random range",
      network(forward: "return torch.randint(-2**62 - 2**62, 2**62 + (2**62 - 1), (2,))")
    ),
    ("overflowing slice of a range", network(initializer: "self.a = range(0, 2**60, 2**40)[::2**40]")),
    (
      "long lists compared",
      network(initializer: "a, b = [1] * 100000, [1] * 100000\n    while True: a == b")
    ),
    ("many joined", network(initializer: "a = ['a'] * 10000\n    while True: ','.join(a)")),
    ("characters of a long string", network(initializer: "a = 'a' * 900000\n    while True: a[5]")),
    ("many sets", network(initializer: "r, l = list(range(200000)), []\n    while True: l.append(set(r))")),
    (
      "many dicts",
      network(initializer: "a, l = dict.fromkeys(range(200000)), []\n    while True: l.append(copy.copy(a))")
    ),
    ("huge list", network(initializer: "self.a = [0] * 10**18")),
    ("list of a range", network(initializer: "self.a = list(range(10**9))")),
    ("doubling list", network(initializer: "a = [1]\n    while True: a = a + a")),
    ("doubling list in place", network(initializer: "a = [1]\n    while True: a += a")),
    ("doubling string", network(initializer: "a = 'a'\n    while True: a = a + a")),
    ("long string", network(initializer: "self.a = 'a' * 10**9")),
    ("joined string", network(initializer: "self.a = ('a' * 100000).join(['b'] * 100000)")),
    ("replaced string", network(initializer: "self.a = ('a' * 100000).replace('a', 'b' * 100000)")),
    ("wide format", network(initializer: "self.a = f'{1:>1000000000}'")),
    ("long format", network(initializer: "self.a = '%.999999999f' % 1.5")),
    ("padded string", network(initializer: "self.a = 'a'.zfill(10**10)")),
    (
      "quadratic search",
      network(initializer: "a = 'a' * 900000\n    b = 'a' * 400000 + 'b'\n    while True: a.find(b)")
    ),
    ("huge power", network(initializer: "self.a = 10**10**8")),
    ("huge shift", network(initializer: "self.a = 1 << 10**9")),
    ("huge integer", network(initializer: "self.a = 123456789012345678901234567890")),
    ("factorial", network(initializer: "import math\n    self.a = math.factorial(10**7)")),
    ("squaring", network(initializer: "a = 3\n    while True: a = a * a")),
    ("deep recursion", network(before: "def f(n): return f(n + 1)", initializer: "f(0)")),
    (
      "deep recursion through a lambda",
      network(before: "f = lambda n: [f(n + 1) for _ in (1,)]", initializer: "f(0)")
    ),
    (
      "deep recursion through map",
      network(before: "def f(n): return list(map(f, [n + 1]))", initializer: "f(0)")
    ),
    (
      "deep recursion through sorted",
      network(before: "def f(n): return sorted([1, 2], key=lambda i: f(n))", initializer: "f(0)")
    ),
    (
      "deep recursion through a property",
      network(before: "class A:\n    @property\n    def p(self): return self.p", initializer: "A().p")
    ),
    (
      "deep recursion through __getattr__",
      network(
        before: "class A:\n    def __getattr__(self, name): return getattr(self, name + 'a')",
        initializer: "A().b")
    ),
    (
      "deep recursion through str",
      network(before: "class A:\n    def __str__(self): return str(self)", initializer: "str(A())")
    ),
    ("recursive forward", network(forward: "return self.forward(x)")),
    ("recursive call", network(forward: "return self(x)")),
    ("recursive constructor", network(initializer: "self.a = Net()")),
    (
      "module in itself",
      network(
        initializer: "self.a = nn.Sequential(nn.ReLU())\n    self.a.add_module('b', self.a)",
        forward: "return self.a(x)")
    ),
    ("nested lists", network(initializer: "a = []\n    for i in range(10**7): a = [a]")),
    (
      "nested lists, printed",
      network(initializer: "a = []\n    for i in range(50000): a = [a]\n    raise ValueError(str(a))")
    ),
    (
      "nested lists, compared",
      network(
        initializer: "a, b = [], []\n    for i in range(50000): a, b = [a], [b]\n    raise ValueError(a == b)"
      )
    ),
    (
      "nested lists, copied",
      network(
        initializer:
          "a = []\n    for i in range(50000): a = [a]\n    copy.deepcopy(a)\n    raise ValueError(1)")
    ),
    (
      "nested tuples as a key",
      network(initializer: "a = ()\n    for i in range(50000): a = (a,)\n    self.d = {a: 1}")
    ),
    (
      "shared lists, printed",
      network(initializer: "a = [1]\n    for i in range(60): a = [a, a]\n    raise ValueError(str(a))")
    ),
    (
      "shared lists, compared",
      network(
        initializer:
          "a, b = [1], [1]\n    for i in range(60): a, b = [a, a], [b, b]\n    raise ValueError(a == b)")
    ),
    (
      "list in itself, printed", network(initializer: "a = []\n    a.append(a)\n    raise ValueError(str(a))")
    ),
    (
      "list in itself, compared",
      network(initializer: "a, b = [], []\n    a.append(b)\n    b.append(a)\n    raise ValueError(a == b)")
    ),
    (
      "nested methods",
      network(
        initializer:
          "m = self.forward\n    for i in range(10**7): m = m.__func__.__get__ if False else [m].append")
    ),
    (
      "nested sequentials",
      network(
        initializer: "m = nn.ReLU()\n    for i in range(100000): m = nn.Sequential(m)\n    self.m = m",
        forward: "return self.m(x)")
    ),
    (
      "wide convolution", network(initializer: "self.a = nn.Conv2d(3, 10**9, 3)", forward: "return self.a(x)")
    ),
    (
      "huge convolution",
      network(initializer: "self.a = nn.Conv2d(10**9, 10**9, 10**9)", forward: "return self.a(x)")
    ),
    (
      "overflowing convolution",
      network(initializer: "self.a = nn.Conv2d(2**62, 2**62, 3, padding=2**62)", forward: "return self.a(x)")
    ),
    (
      "overflowing padding",
      network(
        initializer: "self.a = nn.Conv2d(3, 3, 3, padding=2**62, stride=2**62, dilation=2**61)",
        forward: "return self.a(x)")
    ),
    (
      "many parameters",
      network(
        initializer: "self.a = nn.ModuleList([nn.Linear(30000, 30000) for _ in range(10)])",
        forward: "return x")
    ),
    ("huge tensor", network(forward: "return torch.zeros(10**6, 10**6)")),
    ("huge expand", network(forward: "return x.reshape(-1, 1).expand(-1, 10**9)")),
    ("huge repeat", network(forward: "return x.repeat(2**40, 2**40, 1, 1)")),
    ("huge pad", network(forward: "return F.pad(x, (2**62, 2**62))")),
    ("huge pool", network(forward: "return F.max_pool2d(x, 2**62, padding=2**61)")),
    ("huge upsample", network(forward: "return F.interpolate(x, scale_factor=2**40)")),
    ("huge view", network(forward: "return x.view(2**62, 2**62)")),
    ("huge known tensor", network(initializer: "self.a = torch.arange(10**9)")),
    (
      "repeated known tensors",
      network(initializer: "a = torch.arange(1000)\n    while True: a = torch.cat([a, a])")
    ),
    ("many nodes", network(forward: "for i in range(10**6): x = x + 1\n    return x")),
    ("many modules", network(initializer: "self.a = nn.ModuleList([nn.ReLU() for _ in range(10**6)])")),
    ("many names", network(initializer: "for i in range(10**7): setattr(self, 'a%d' % i, i)")),
    ("exploding shapes", network(forward: "for i in range(10**4): x = torch.cat([x, x], 1)\n    return x")),
    (
      "negative channels", network(initializer: "self.a = nn.Conv2d(-3, -3, -3)", forward: "return self.a(x)")
    ),
    ("no channels", network(initializer: "self.a = nn.Conv2d(3, 0, 3)", forward: "return self.a(x)")),
    ("no groups", network(initializer: "self.a = nn.Conv2d(3, 3, 3, groups=0)", forward: "return self.a(x)")),
    ("no stride", network(forward: "return F.max_pool2d(x, 2, stride=0)")),
    ("no shape", network(forward: "return x.view()")),
    ("infinite features", network(initializer: "self.a = nn.Linear(int(float('inf')), 3)")),
    ("not a number of features", network(initializer: "self.a = nn.Linear(int(float('nan')), 3)")),
    ("smallest integer", network(initializer: "a = -2**62 * 2\n    self.b = abs(a) // -1 - a")),
    ("smallest integer divided", network(initializer: "a = -2**62 - 2**62\n    self.b = a // -1")),
    ("smallest index", network(forward: "return x[-2**62 - 2**62]")),
    ("smallest slice", network(forward: "return x[:, ::-2**62]")),
    ("large slice step", network(initializer: "self.a = [1, 2][-2**62::2**62][5]")),
    ("range of everything", network(initializer: "for i in range(-2**62, 2**62): pass")),
    (
      "caught endless loop",
      network(initializer: "try:\n        while True: pass\n    except BaseException: pass")
    ),
    (
      "caught recursion",
      network(before: "def f():\n    try: f()\n    except BaseException: f()", initializer: "f()")
    ),
    (
      "finally again",
      network(before: "def f():\n    try: raise ValueError\n    finally: f()", initializer: "f()")
    ),
    ("metaclass trick", network(before: "class A(A): pass")),
    ("inconsistent bases", network(before: "class A: pass\nclass B(A): pass\nclass C(A, B): pass")),
    ("no network", "x = 1"),
    ("nothing", ""),
    ("only text", "Sure! Here is the network you asked for."),
    ("bytes", "\u{0}\u{1}\u{fffd}"),
    ("comprehension bomb", network(initializer: "self.a = [0 for a in range(10**4) for b in range(10**4)]")),
    ("dict bomb", network(initializer: "d = {}\n    for i in range(10**8): d[i] = i")),
    ("set bomb", network(initializer: "self.a = set(range(10**8))")),
    ("product bomb", network(initializer: "self.a = list(itertools.product(range(100), repeat=10))")),
    ("argument bomb", network(before: "def f(*a, **k): pass", initializer: "f(*range(10**9))")),
    (
      "pattern that backtracks",
      network(before: "import re", initializer: "self.a = re.match('(a+)+$', 'a' * 60 + 'b')")
    ),
    (
      "pattern with a back reference",
      network(before: "import re", initializer: "self.a = re.search(r'(.*)(.*)(.*)\\1\\2\\3x', 'ab' * 400)")
    ),
    (
      "pattern of loops in loops",
      network(
        before: "import re", initializer: "self.a = re.match('((x{0,999}){0,999}y?){0,999}z', 'x' * 999)")
    ),
    (
      "pattern of lookarounds",
      network(before: "import re", initializer: "self.a = re.findall('(?=(.*))(?=(.*))', 'a' * 10**6)")
    ),
    (
      "pattern nested deeply",
      network(before: "import re", initializer: "self.a = re.compile('(' * 10**5 + ')' * 10**5)")
    ),
    (
      "patterns without end",
      network(before: "import re", initializer: "for i in range(10**8): re.compile('a' + str(i))")
    ),
    (
      "closure chain",
      network(
        initializer: "f = lambda: 1\n    for i in range(10**6): f = (lambda g: lambda: g())(f)\n    f()")
    ),
  ]

  @Test(arguments: bombs.map(\.name)) func hostileSourceEndsSoonWithADiagnostic(_ name: String) throws {
    let source = try #require(Self.bombs.first { $0.name == name }).source
    let failure = #expect(throws: CompilationFailure.self) {
      // A third of what is allowed by default, since this is no optimised build.
      try NetworkCompiler.compile(
        source,
        options: CompilationOptions(
          inputShape: [2, 3, 32, 32], limits: CompilationLimits(steps: 1_000_000)))
    }
    let error = try #require(failure?.diagnostics.first { $0.severity == .error })
    #expect(error.location != nil, "\(error)")
    #expect(!error.identifier.hasPrefix("syntax.") || name.hasPrefix("only") || name == "bytes", "\(error)")
    if let path = ProcessInfo.processInfo.environment["NICHE_SHOW"], !path.isEmpty {
      print("\(name): \(error)")
    }
    #expect(!error.message.isEmpty)
  }

  /// Training loops and the like at the top level leave enough of the limits for the network.
  @Test(arguments: [
    "while True:\n    pass", "x = [0]\nwhile True:\n    x = x + x", "def f(n):\n    return f(n + 1)\nf(0)",
    "for i in itertools.count():\n    pass\nwhile True:\n    pass\nwhile 1:\n    pass\nwhile 2:\n    pass",
  ]) func whatLoopsAtTheTopLevelDoesNotStarveTheNetwork(_ statements: String) throws {
    let source = Self.network(
      before: statements, initializer: "self.fc = nn.Linear(32, 10)", forward: "return self.fc(x)")
    let network = try NetworkCompiler.compile(
      source, options: CompilationOptions(inputShape: [2, 3, 32, 32]))
    #expect(network.notes.contains { $0.message.contains("was skipped") })
  }
  /// Repeating nothing ever so often is nothing, and takes no time.
  @Test(arguments: ["'' * 2**62", "[] * 2**62", "() * 2**62", "type('T', (str,), {})('') * 2**62"])
  func nothingRepeatedIsNothing(_ expression: String) throws {
    let source = Self.network(
      initializer: "self.fc = nn.Linear(32, 10)\n    assert len(\(expression)) == 0",
      forward: "return self.fc(x)")
    let network = try NetworkCompiler.compile(
      source, options: CompilationOptions(inputShape: [2, 3, 32, 32]))
    #expect(network.outputShape == [2, 3, 32, 10])
  }
}
