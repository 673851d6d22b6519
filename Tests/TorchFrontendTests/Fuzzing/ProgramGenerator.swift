import RandomStreams

/// Writes arbitrary Python that the parser mostly accepts: expressions over the library with extreme arguments.
struct ProgramGenerator {
  let vocabulary: FuzzVocabulary
  var stream: RandomStream

  static let integers = [
    "0", "1", "-1", "2", "3", "4", "7", "8", "16", "-2", "2**31", "2**32", "2**53", "2**62", "-2**62",
    "-2**62 - 2**62", "9223372036854775807", "10**18", "1 << 40",
    "1000", "100000", "65536", "0x7fffffff", "True", "-0", "10**9",
  ]
  static let floats = [
    "0.0", "0.5", "-1.5", "1e308", "-1e308", "1e-320", "float('nan')", "float('inf')", "-float('inf')",
    "1e400",
    "2.0**53", "math.pi", "1e18", "9.3e18", "0.1", "-0.0", "1j",
  ]
  static let strings = [
    "''", "'a'", "'relu'", "'same'", "'mean'", "'%s'", "'%d %r'", "'{}'", "'{0.a[1]}'", "'{:>10}'",
    "'\\ud800'",
    "'\\x00'", "'é🎉'", "'b c h w -> b (h w) c'", "'bchw,bcij->bhij'", "'i i -> '", "'... c -> c ...'", "'5d'",
    "'%9999999999d'", "'{:9999999999}'", "'{:{}}'", "'\\n'", "'1e5'", "' 12 '", "'-9223372036854775808'",
    "'nan'",
    "'__class__'", "'forward'", "'weight'", "'bilinear'", "'reflect'", "'replicate'", "'circular'", "'valid'",
    "b'ab'", "r'\\d'", "'a' * 1000", "'(a b) -> a b'", "'0'", "'cpu'", "'float32'", "'%.*f'", "'{0!r:^{1}}'",
  ]
  static let names = [
    "x", "self", "a", "b", "c", "f", "g", "y", "nn", "F", "torch", "math", "C", "D", "Net", "self.a",
    "self.b",
    "self.m", "x.shape", "self.p", "super()", "E", "itertools", "x", "x", "a", "b",
  ]
  static let values = [
    "None", "...", "True", "False", "[]", "()", "{}", "set()", "{1: 2}", "[1, 2, 3]", "(2, 2)", "range(3)",
    "range(-2**62, 2**62)", "range(0, 2**62, 2**61)", "slice(None)", "slice(-2**62, 2**62, -1)",
    "NotImplemented",
    "object()", "object", "type", "int", "str", "list", "tuple", "dict", "Exception", "ValueError('a')",
    "torch.float16", "torch.int64", "torch.bool", "torch.float32", "nn.ReLU()", "nn.ReLU",
    "nn.Conv2d(3, 3, 3)",
    "nn.Linear(8, 8)", "nn.Sequential(nn.ReLU(), nn.Flatten())", "nn.ModuleList([nn.ReLU()])",
    "nn.Identity()",
    "torch.zeros(0)", "torch.zeros(0, 3)", "torch.ones(2, 3)", "torch.arange(6)", "torch.randn(2, 3, 4, 4)",
    "torch.tensor(2)", "torch.tensor([True, False])", "torch.tensor([1, 0, 2])", "torch.tensor(float('nan'))",
    "torch.tensor([2**53, -2**53])", "torch.zeros(1, 1, 1, 1, 1)", "nn.Parameter(torch.zeros(3))",
    "torch.Size([1])",
    "itertools.count()", "itertools.repeat(1)", "itertools.cycle([1, 2])", "iter([1])",
    "(i for i in range(3))",
    "lambda *a, **k: a", "lambda: 0", "print", "len", "nn.init.ones_", "[[1, 2], [3]]", "[[]]",
    "collections.Counter()",
    "collections.deque([1])", "collections.OrderedDict()", "collections.defaultdict(list)",
    "{'a': 1, 'b': [2]}",
    "functools.partial(nn.Conv2d, 3)", "typing.List[int]", "x[0]", "x.mean()", "x > 0", "x.long()",
    "x.flatten(1)",
  ]
  static let keywords = [
    "dim", "keepdim", "dtype", "device", "bias", "stride", "padding", "dilation", "groups", "inplace", "mode",
    "size",
    "scale_factor", "kernel_size", "output_size", "num_layers", "batch_first", "key", "reverse", "default",
    "sep",
    "end", "out", "dims", "shape", "eps", "affine", "ceil_mode", "return_indices", "num_heads", "dropout",
    "a", "b",
  ]
  static let binaryOperators = [
    "+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^", "@", " and ", " or ", "<", ">", "<=",
    ">=", "==",
    "!=", " is ", " in ", " not in ", " is not ",
  ]
  static let attributes = [
    "a", "b", "__class__", "__dict__", "__mro__", "__bases__", "__name__", "__init__", "__call__", "__func__",
    "__self__", "__doc__", "__module__", "__getattr__", "__getattribute__", "__eq__", "__subclasses__",
    "_modules",
    "_parameters", "_buffers", "data", "grad", "T", "shape", "weight", "bias", "training", "__len__",
    "__iter__",
    "__new__", "__setattr__", "__wrapped__", "__qualname__", "mT", "H", "real", "__annotations__",
    "__globals__",
  ]
  static let formats = [
    "", ":d", ":>10", ":.3f", ":10**9", ":9999999999", ":.999999999f", "!r", "!s:>5", ":{a}", ":,", ":%",
    ":e", ":x",
    ":08.3g", "=", ":\u{e9}^9", ":-^1000",
  ]

  /// A value that needs nothing.
  mutating func leaf() -> String {
    switch stream.integer(below: 12) {
    case 0..<3: stream.pick(Self.integers)
    case 3: stream.pick(Self.floats)
    case 4: stream.pick(Self.strings)
    case 5..<8: stream.pick(Self.names)
    default: stream.pick(Self.values)
    }
  }

  /// An expression whose tree has about that depth at most.
  mutating func expression(_ depth: Int) -> String {
    guard depth > 0, stream.bernoulli(0.85) else { return leaf() }
    let next = depth - 1
    switch stream.integer(below: 30) {
    case 0..<7: return call(stream.pick(vocabulary.functions), next)
    case 7..<11: return call(stream.pick(vocabulary.torchFunctions), next)
    case 11..<14: return call("(\(expression(next))).\(stream.pick(vocabulary.members))", next)
    case 14..<17: return call("x.\(stream.pick(vocabulary.tensorMembers))", next)
    case 17: return "(\(expression(next)) \(stream.pick(Self.binaryOperators)) \(expression(next)))"
    case 18: return "(\(expression(next)) \(stream.pick(Self.binaryOperators)) \(leaf()))"
    case 19: return "(\(stream.pick(["-", "~", "not ", "+", "-~", "await ", "*"]))\(expression(next)))"
    case 20: return "(\(expression(next))).\(stream.pick(Self.attributes))"
    case 21: return "(\(expression(next)))[\(index(next))]"
    case 22: return stream.bernoulli(0.5) ? "[\(items(next))]" : "(\(items(next)),)"
    case 23: return "{\(expression(next)): \(leaf()), **\(expression(next - 1))}"
    case 24:
      let brackets = stream.pick([("[", "]"), ("(", ")"), ("{", "}")])
      let condition = stream.bernoulli(0.3) ? " if \(expression(next - 1))" : ""
      return "\(brackets.0)\(expression(next)) for a in \(expression(next))\(condition)\(brackets.1)"
    case 25: return "(lambda a=\(leaf()), *b, **c: \(expression(next)))"
    case 26: return "(\(expression(next)) if \(expression(next)) else \(leaf()))"
    case 27: return "f'{\(replacing(expression(next - 1)))\(stream.pick(Self.formats))}{a}'"
    case 28: return "(\(stream.pick(["a", "b", "y"])) := \(expression(next)))"
    default:
      return call(stream.pick(["f", "C", "D", "self", "super().__init__", "type", "E", "getattr"]), next)
    }
  }

  /// The text without what would end an f-string.
  private func replacing(_ text: String) -> String {
    text.replacing("'", with: "\"").replacing("\\", with: "").replacing("{", with: "(").replacing(
      "}", with: ")")
  }

  private mutating func items(_ depth: Int) -> String {
    (0..<stream.integer(below: 4)).map { _ in
      (stream.bernoulli(0.1) ? "*" : "") + expression(depth)
    }.joined(separator: ", ")
  }

  private mutating func call(_ callee: String, _ depth: Int) -> String {
    var arguments: [String] = []
    for _ in 0..<stream.pick([0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 6]) {
      // Tensors are what most functions are for.
      arguments.append(stream.bernoulli(0.25) ? "x" : expression(depth - stream.integer(below: 2)))
    }
    if stream.bernoulli(0.1) { arguments.append("*" + expression(depth - 1)) }
    for _ in 0..<stream.pick([0, 0, 0, 1, 2]) {
      arguments.append("\(stream.pick(Self.keywords))=\(expression(depth - 1))")
    }
    if stream.bernoulli(0.03) { arguments.append("**" + expression(depth - 1)) }
    return "\(callee)(\(arguments.joined(separator: ", ")))"
  }

  private mutating func index(_ depth: Int) -> String {
    func one(_ generator: inout Self) -> String {
      switch generator.stream.integer(below: 6) {
      case 0: "\(generator.leaf()):\(generator.leaf())"
      case 1: "::\(generator.leaf())"
      case 2: "..."
      case 3: generator.stream.pick(Self.integers)
      default: generator.expression(depth - 1)
      }
    }
    return (0...stream.integer(below: 3)).map { _ in one(&self) }.joined(separator: ", ")
  }
}
