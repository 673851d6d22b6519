import Foundation
import PythonSyntax
import Testing
import TorchFrontend

/// The interpreter computes what CPython computes.
@Suite struct PythonTests {
  /// Expressions and statements whose `repr` is compared; each sets `r`.
  static let programs: [String] = [
    "r = [1 + 2, 7 // 2, -7 // 2, 7 % 3, -7 % 3, 7 / 2, 2 ** 10, 2 ** -1, 7.5 // 2, -7.5 % 2, 1 << 5, 13 >> 2, 6 & 3, 6 | 3, 6 ^ 3, ~5]",
    "r = [round(2.5), round(3.5), round(2.675, 2), int(-3.7), int('12'), int('ff', 16), float('1e3'), abs(-3), divmod(7, 3), divmod(-7, 3), pow(2, 5)]",
    "r = [1e16, 1e15, 0.1, 1e-5, 0.0001, 123456.789, 1.0, -0.0, float('inf'), 1 / 3, 2.0 ** 0.5]",
    "r = [True + 1, 1 == 1.0, 'a' < 'b', [1, 2] < [1, 3], (1, 2) == (1, 2), 1 < 2 < 3, 1 < 3 < 2, not [], None is None]",
    "r = 'abc'[::-1], 'abcdef'[1:4], 'abc'[-1], [1, 2, 3, 4][::2], (1, 2, 3)[1:], list(range(10))[8:2:-2], [1, 2, 3][-2:], list(range(5)[1:3])",
    "r = ['%d %s %.2f %5.1f|%-5s|%05d %x %e' % (3, 'a', 3.14159, 2.5, 'ab', 42, 255, 12345.678), '%s' % [1, 'a'], '%r' % 'x', '%d%%' % 5]",
    "r = ['{} {1} {0}'.format(1) if False else '{} {}'.format(1, 'b'), '{1} {0}'.format(1, 2), '{a:>5}|{b:<5}|'.format(a=1, b='x'), '{:,}'.format(1234567), '{{}}'.format()]",
    "x = 3.14159\nr = [f'{x:.2f}', f'{x:10.3f}|', f'{42:05d}', f'{42:>6}', f'{\"a\":^5}', f'{x!r}', f'{1 + 1}', f'{255:#x}', f'{0.256:.1%}', f'{1e10:g}', f'{123456:,}', f'{-5:+d}', f'{5:+d}', f'{x=}', f'{3:{5}d}', f'{12345.678:.3e}', f'{True}', f'{None}']",
    "r = ['a,b,c'.split(','), ' a b '.split(), ' x '.strip(), 'xxaxx'.strip('x'), '-'.join(['a', 'b']), 'aXbX'.replace('X', '__'), 'Hello'.upper(), 'Hello'.lower(), 'abc'.startswith('ab'), 'abc'.endswith(('c', 'd')), 'abcabc'.find('ca'), 'abcabc'.count('bc'), 'a'.isdigit(), '7'.isdigit(), '7'.zfill(3), 'ab'.ljust(4, '.'), 'a b'.title(), 'a.b.c'.rsplit('.', 1), 'a=b'.partition('=')]",
    "d = {'a': 1, 'b': 2}\nd['c'] = 3\ndel d['a']\nd.update(e=5, **{'f': 6})\nr = [d, list(d), list(d.items()), d.get('z', 0), d.pop('b'), 'c' in d, len(d), dict([('x', 1)]), {**d, 'g': 7}, d.setdefault('h', 8), sorted(d), {1: 'a', 1.0: 'b', True: 'c'}]",
    "s = {3, 1}\ns.add(2)\nr = [sorted(s), 2 in s, sorted(s | {9}), sorted(s & {1, 2}), sorted(s - {1}), len({1, 1.0, True})]",
    "a = [3, 1, 2]\na.append(5)\na.extend([7, 8])\na.insert(0, 9)\na.remove(1)\nb = a.pop()\na[1:3] = [0, 0, 0]\na += (4,)\nr = [a, b, a.index(5), a.count(0), sorted(a), sorted(a, reverse=True), sorted(['bb', 'a'], key=len), a[::-1], [1] * 3, [1] + [2], list(reversed(a))]",
    "a, *b, c = range(5)\n(d, e), f = (1, 2), 3\nr = [a, b, c, d, e, f]\nx = y = [1]\nx.append(2)\nr.append(y)",
    "r = [[i * j for i in range(3) for j in range(3) if i != j], {i: i * i for i in range(3)}, sorted({i % 2 for i in range(5)}), list(i for i in range(3)), sum(i for i in range(4)), [y := 5, y + 1]]",
    "r = [list(zip([1, 2, 3], 'ab')), list(enumerate('ab', 1)), list(map(lambda a, b: a + b, [1, 2], [3, 4])), list(filter(None, [0, 1, 2])), any([0, 1]), all([]), min(3, 1, 2), max([1, 5], key=lambda v: -v), min([], default=4), sum([[1], [2]], [])]",
    "def f(a, b=2, *args, c=3, **kw):\n    return [a, b, args, c, sorted(kw.items())]\nr = [f(1), f(1, 5, 6, 7, c=8, d=9), f(*[1, 2], **{'c': 4}), f(b=1, a=0)]",
    "def outer():\n    n = 0\n    def inner():\n        nonlocal n\n        n += 1\n        return n\n    inner()\n    return inner() + n\nr = outer()\ng = 1\ndef h():\n    global g\n    g = 5\nh()\nr = [r, g, (lambda x, y=2: x * y)(3)]\nfs = [lambda i=i: i for i in range(3)]\nr.append([f() for f in fs])",
    "class A:\n    k = [1]\n    def __init__(self, v=1): self.v = v\n    def m(self): return ('A', self.v)\n    @property\n    def p(self): return self.v * 2\n    @p.setter\n    def p(self, x): self.v = x\n    @staticmethod\n    def s(x): return x + 1\n    @classmethod\n    def c(cls): return cls.__name__\n    def __repr__(self): return f'A({self.v})'\n    def __add__(self, o): return A(self.v + o.v)\n    def __eq__(self, o): return self.v == o.v\n    def __len__(self): return self.v\n    def __getitem__(self, i): return i * 10\n    def __call__(self, x): return x + self.v\n    def __contains__(self, x): return x == self.v\nclass B(A):\n    def m(self): return ('B',) + super().m()\nclass C:\n    def m(self): return ('C',)\nclass D(B, C):\n    pass\na, b = A(2), B(3)\nb.p = 4\nr = [a.m(), b.m(), a.p, b.v, A.s(1), B.c(), a + b, a == A(2), len(a), a[3], a(10), 2 in a, isinstance(b, A), isinstance(a, (int, B)), issubclass(B, A), D().m(), type(a).__name__, hasattr(a, 'v'), getattr(a, 'zz', 7), [t.__name__ for t in D.__mro__[:4]], A.k is B.k]",
    "r = []\ntry:\n    r.append(1)\n    {}['x']\nexcept (ValueError, KeyError) as e:\n    r.append(type(e).__name__)\nelse:\n    r.append('else')\nfinally:\n    r.append('finally')\ndef f():\n    for i in range(5):\n        try:\n            if i == 1: continue\n            if i == 3: return i\n        finally:\n            r.append(i)\nr.append(f())\nclass E(Exception): pass\ntry:\n    try:\n        raise E('x', 1)\n    except E as e:\n        r.append(e.args)\n        raise\nexcept Exception as e:\n    r.append(str(e))\ntry:\n    int('x')\nexcept ValueError as e:\n    r.append(str(e))\ntry:\n    1 / 0\nexcept ZeroDivisionError as e:\n    r.append(str(e))\ntry:\n    [][1]\nexcept IndexError as e:\n    r.append(str(e))\ntry:\n    None.x\nexcept AttributeError as e:\n    r.append(str(e))\ntry:\n    1 + 'a'\nexcept TypeError as e:\n    r.append(str(e))",
    "r = []\nfor i in range(5):\n    if i == 3: break\n    r.append(i)\nelse:\n    r.append('no')\nfor i in []: pass\nelse: r.append('else')\nn = 3\nwhile n:\n    n -= 1\nelse:\n    r.append(n)",
    "def g(n):\n    for i in range(n):\n        yield i\n    yield from 'ab'\nr = [list(g(2)), next(g(1)), next(iter([]), 'end'), sum(g(0) if False else [1])]",
    "def m(x):\n    match x:\n        case 0: return 'zero'\n        case [a, b]: return ('pair', a, b)\n        case [a, *rest]: return ('list', a, rest)\n        case {'k': v, **o}: return ('dict', v, o)\n        case str() as s: return ('str', s)\n        case int(n) if n > 5: return ('big', n)\n        case 1 | 2: return 'small'\n        case _: return 'other'\nr = [m(0), m([1, 2]), m([1, 2, 3]), m({'k': 1, 'z': 2}), m('a'), m(9), m(2), m(None)]",
    "from functools import partial, reduce\nfrom collections import OrderedDict, namedtuple, defaultdict, Counter\nimport itertools, math, copy, operator\nP = namedtuple('P', ['x', 'y'])\np = P(1, y=2)\ndd = defaultdict(list)\ndd['a'].append(1)\nr = [partial(max, 3)(2), reduce(lambda a, b: a * b, [1, 2, 3], 4), p.x + p.y, p[1], p, dict(dd), Counter('aab')['a'], list(itertools.chain([1], [2])), list(itertools.product([1, 2], [3])), list(itertools.islice(itertools.count(2, 3), 3)), list(itertools.accumulate([1, 2, 3])), math.ceil(2.1), math.floor(-2.1), math.sqrt(16), math.log(8, 2), math.pi, math.gcd(12, 18), math.prod([2, 3]), math.isqrt(17), operator.add(1, 2), list(OrderedDict(a=1))]\na = [[1]]\nb = copy.deepcopy(a)\nc = copy.copy(a)\na[0].append(2)\nr += [b, c]",
    "from dataclasses import dataclass, field\nfrom enum import Enum\n@dataclass\nclass C:\n    a: int\n    b: list = field(default_factory=list)\n    c: str = 'x'\nclass K(Enum):\n    ONE = 1\n    TWO = 'two'\nc = C(1)\nc.b.append(2)\nr = [c.a, c.b, C(1).b, C(a=3, c='z').c, K.ONE.value, K('two').name, K['ONE'] is K.ONE, [k.value for k in K]]",
    "x = 5\nr = [x if x > 3 else 0, x and 0, 0 or 'd', [] or None, 3 if None else 4, (lambda *a, **k: (a, k))(1, b=2)]\nx += 2; x *= 3; x //= 2; x **= 2; x %= 7\nr.append(x)\ni = 10\nr.append([i for i in range(3)])\nr.append(i)",
    "r = [str(1), str(1.0), str([1, 'a', None, True, (1,), {'k': 2.5}]), repr('it\\'s'), repr(\"q\\\"\"), str(()), str({1}), str(range(3)), str(slice(1, None)), bool(''), list('ab'), tuple([1]), hex(255), bin(5), chr(97), ord('a')]",
    "a = [1, 2, 3, 4, 5]\ndel a[1]\ndel a[-1:]\na[::2] = [9, 8]\nr = [a, a.copy() == a, [x for x in a if (y := x) > 3], y]\nwith_none = {None: 1, (1, 2): 3}\nr.append(with_none[(1, 2)])\nassert r, 'fine'\nr.append(sorted([(2, 'b'), (1, 'z'), (2, 'a')]))\nr.append(sorted([3, 1, 2], key=lambda v: (v % 2, v)))",
  ]

  /// Longer programs, each of which fills the list `r`: the files of Fixtures/python.
  static let files: [URL] = {
    guard let folder = Fixture.folder?.appendingPathComponent("python"),
      let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    else { return [] }
    return files.filter { $0.pathExtension == "py" }.sorted { $0.path < $1.path }
  }()

  /// An expression of a program's names as our interpreter sees it: it is raised as the message of an exception.
  private func ours(_ program: String, _ expression: String = "repr(r)") -> String {
    let source =
      program + """

        import torch.nn as nn
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                raise RuntimeError(\(expression))
            def forward(self, x):
                return x
        """
    do throws(CompilationFailure) {
      // Programs do more than constructors.
      let limits = CompilationLimits(steps: 50_000_000, totalCollectionSize: 50_000_000)
      _ = try NetworkCompiler.compile(
        source, options: CompilationOptions(inputShape: [1, 1], limits: limits))
      return "compiled"
    } catch {
      let text = error.diagnostics.map(\.message).joined(separator: "\n")
      return text.hasPrefix("RuntimeError: ") ? String(text.dropFirst("RuntimeError: ".count)) : text
    }
  }

  /// What CPython makes of the same; nil where there is none.
  private func theirs(
    _ program: String, _ expression: String, _ python: String? = nil
  ) throws -> String? {
    let candidates = [python, "/usr/bin/python3", "/usr/local/bin/python3"].compactMap(\.self)
    guard let python = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else {
      print("notice: there is no python3; the comparison with CPython is skipped")
      return nil
    }
    let script = """
      import contextlib, io, sys
      scope = {"__name__": "network"}
      with contextlib.redirect_stdout(io.StringIO()):
          exec(sys.stdin.read(), scope)
      print(eval(\"\"\"\(expression)\"\"\", scope))
      """
    let result = try PyTorch.run(python, ["-W", "ignore", "-c", script], input: program)
    #expect(result.status == 0)
    return String(decoding: result.output, as: UTF8.self).trimmingCharacters(in: .newlines)
  }

  @Test(arguments: programs) func programsGiveWhatCPythonGives(_ program: String) throws {
    guard let expected = try theirs(program, "repr(r)") else { return }
    #expect(ours(program) == expected)
  }

  @Test(arguments: files) func filesGiveWhatCPythonGives(_ file: URL) throws {
    let program = try String(contentsOf: file, encoding: .utf8)
    try compare(program)
  }

  @Test func arraysAreThoseOfNumPy() throws {
    guard let python = PyTorch.python, try PyTorch.run(python, ["-c", "import numpy"], input: "").status == 0
    else {
      print("notice: there is no NumPy; the comparison with it is skipped")
      return
    }
    let file = try #require(Fixture.folder).appendingPathComponent("arrays.py")
    try compare(String(contentsOf: file, encoding: .utf8), with: python)
  }

  @Test func versionsAreThoseOfPackaging() throws {
    let candidates = [PyTorch.python, "/usr/bin/python3"].compactMap(\.self)
    let python = try candidates.first {
      try PyTorch.run($0, ["-c", "import packaging"], input: "").status == 0
    }
    guard let python else {
      print("notice: there is no packaging; the comparison with it is skipped")
      return
    }
    let file = try #require(Fixture.folder).appendingPathComponent("versions.py")
    try compare(String(contentsOf: file, encoding: .utf8), with: python)
  }

  /// Compares the items of `r` one by one.
  private func compare(_ program: String, with python: String? = nil) throws {
    let lines = "chr(10).join([repr(x) for x in r])"
    guard let expected = try theirs(program, lines, python) else { return }
    let (wanted, found) = (expected.split(separator: "\n"), ours(program, lines).split(separator: "\n"))
    #expect(wanted.count == found.count)
    for (index, (wanted, found)) in zip(wanted, found).enumerated() {
      #expect(found == wanted, "item \(index)")
    }
  }
}
