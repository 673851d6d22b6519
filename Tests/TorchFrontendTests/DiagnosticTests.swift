import PythonSyntax
import Testing
import TorchFrontend

/// What is wrong is said in PyTorch's words, at its place, with a hint.
@Suite struct DiagnosticTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var source: String
    /// The text that the diagnostic's range begins with.
    var place: String
    var identifier: String
    var message: String
    var hint: String?
    var testDescription: String { message }
  }

  static func network(_ initializer: String, _ forward: String) -> String {
    """
    import torch
    import torch.nn as nn
    import torch.nn.functional as F

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            \(initializer.replacing("\n", with: "\n        "))

        def forward(self, x):
            \(forward.replacing("\n", with: "\n        "))
    """
  }

  static let cases: [Case] = [
    Case(
      source: network(
        "self.conv1 = nn.Conv2d(3, 16, 3)\nself.conv2 = nn.Conv2d(32, 8, 3)",
        "x = self.conv1(x)\nreturn self.conv2(x)"),
      place: "self.conv2(x)", identifier: "torch.shape",
      message:
        "conv2 (Conv2d) expects 32 channels, but gets 16 from conv1 at line 12 (RuntimeError: Given groups=1, weight of size [8, 32, 3, 3], expected input[2, 16, 30, 30] to have 32 channels, but got 16 channels instead)",
      hint: "build conv2 with in_channels=16"),
    Case(
      source: network("self.fc = nn.Linear(100, 10)", "return self.fc(x.flatten(1))"),
      place: "self.fc(", identifier: "torch.shape",
      message:
        "fc (Linear) expects 100 features, but gets 3072 from 'x.flatten(1)' at line 11 (RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x3072 and 100x10))",
      hint: "build fc with in_features=3072"),
    Case(
      source: network(
        "self.features = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(9))", "return self.features(x)"),
      place: "self.features(x)", identifier: "torch.shape",
      message:
        "features.1 (BatchNorm2d) expects 9 channels, but gets 8 from features.0 at line 11 (RuntimeError: running_mean should contain 8 elements not 9)",
      hint: "build features.1 with num_features=8"),
    Case(
      source: network("self.fc = nn.Linear(3072, 10)", "return self.fc(x)"), place: "self.fc(x)",
      identifier: "torch.shape",
      message: "in fc: RuntimeError: mat1 and mat2 shapes cannot be multiplied (192x32 and 3072x10)",
      hint: "flatten [2, 3, 32, 32] before fc (Linear): x = torch.flatten(x, 1)"),
    Case(
      source: network("self.conv = nn.Conv2d(3, 8, 3)", "return x + self.conv(x)"), place: "x + self.conv(x)",
      identifier: "torch.shape",
      message:
        "RuntimeError: The size of tensor a (32) must match the size of tensor b (30) at non-singleton dimension 3",
      hint: "the shapes are [2, 3, 32, 32] from the input and [2, 8, 30, 30] from conv at line 11"),
    Case(
      source: network("pass", "return torch.cat([x, x[:, :, 1:]], 1)"), place: "torch.cat(",
      identifier: "torch.shape",
      message:
        "RuntimeError: Sizes of tensors must match except in dimension 1. Expected size 32 but got size 31 for tensor number 1 in the list.",
      hint:
        "the shapes are [2, 3, 32, 32] from the input, [2, 3, 31, 32] from 'x[:, :, 1:]' at line 11"),
    Case(
      source: network("pass", "return x.view(-1, 7)"), place: "x.view", identifier: "torch.shape",
      message: "RuntimeError: shape '[-1, 7]' is invalid for input of size 6144",
      hint: "the tensor has the shape [2, 3, 32, 32]"),
    Case(
      source: network("self.conv = nn.Conv2d(3, 8, 3, groups=2)", "return self.conv(x)"), place: "nn.Conv2d(",
      identifier: "python.value-error", message: "ValueError: in_channels must be divisible by groups",
      hint: "3 / 2"),
    Case(
      source: network("self.conv = nn.Conv2d(3, 8, 3.5)", "return self.conv(x)"), place: "nn.Conv2d(",
      identifier: "python.type-error",
      message: "TypeError: __init__(): argument 'kernel_size' must be int, not float",
      hint: "divide with // to get an int"),
    Case(
      source: network("self.conv = nn.Conv2d(3, 8)", "return self.conv(x)"), place: "nn.Conv2d(",
      identifier: "python.type-error",
      message: "TypeError: __init__() missing required argument: 'kernel_size'"),
    Case(
      source: network("self.conv = nn.Conv2d(3, 8, 3, paddign=1)", "return self.conv(x)"),
      place: "nn.Conv2d(",
      identifier: "python.type-error",
      message: "TypeError: __init__() got an unexpected keyword argument 'paddign'",
      hint: "did you mean 'padding'?"),
    Case(
      source: network("self.conv1 = nn.Conv2d(3, 8, 3)", "return self.conv2(x)"), place: "conv2",
      identifier: "python.attribute-error", message: "AttributeError: 'Net' object has no attribute 'conv2'",
      hint: "did you mean 'conv1'?"),
    Case(
      source: network("self.conv = nn.Conv2d(3, channels, 3)", "return self.conv(x)"), place: "channels",
      identifier: "python.name-error", message: "NameError: name 'channels' is not defined"),
    Case(
      source: "class Net(nn.Module):\n    pass\n", place: "nn.Module", identifier: "python.name-error",
      message: "NameError: name 'nn' is not defined", hint: "add the line: import torch.nn as nn"),
    Case(
      source: "import torch.nn as nn\nclass Net(nn.Modul):\n    pass\n", place: "nn.Modul",
      identifier: "python.attribute-error",
      message: "AttributeError: module 'torch.nn' has no attribute 'Modul'",
      hint: "did you mean 'Module'?"),
    Case(
      source: network("pass", "return torch.stft(x, 4)"), place: "torch.stft(",
      identifier: "torch.unsupported",
      message: "torch.stft is not supported"),
    Case(
      source: network("self.a = nn.Relu()", "return self.a(x)"), place: "nn.Relu()",
      identifier: "torch.unsupported",
      message: "torch.nn.Relu is not supported", hint: "did you mean 'torch.nn.ReLU'?"),
    Case(
      source: network("pass", "if x.sum() > 0:\n    return x\nreturn -x"), place: "x.sum() > 0",
      identifier: "torch.unsupported",
      message: "the value of a tensor is used as a condition, but it is only known when the network runs"),
    Case(
      source: network("pass", "x = self.pool(x)"), place: "pool", identifier: "python.attribute-error",
      message: "AttributeError: 'Net' object has no attribute 'pool'"),
    Case(
      source: network("pass", "x = x + 1"), place: "Net", identifier: "torch.output",
      message: "TypeError: Net.forward must return a tensor, but returns NoneType",
      hint: "end forward with: return x"),
    Case(
      source:
        "import torch.nn as nn\nclass Net(nn.Module):\n    def __init__(self):\n        self.fc = nn.Linear(3, 3)\n    def forward(self, x):\n        return x\n",
      place: "self.fc", identifier: "python.attribute-error",
      message: "AttributeError: cannot assign module before Module.__init__() call",
      hint: "begin __init__ with super().__init__()"),
    Case(
      source: network("self.layers = [nn.Linear(3, 3)]\nself.s = nn.Sequential(self.layers)", "return x"),
      place: "nn.Sequential(", identifier: "python.type-error",
      message: "TypeError: list is not a Module subclass",
      hint: "unpack the list: nn.Sequential(*layers)"),
    Case(
      source: network("pass", "x = F.max_pool2d(x, 2)\nx = F.max_pool2d(x, 64)\nreturn x"),
      place: "F.max_pool2d(x, 64)",
      identifier: "torch.shape",
      message:
        "RuntimeError: Given input size: (3x16x16). Calculated output size is too small: the window of 64x64 is larger than the image"
    ),
    Case(
      source: network("raise ValueError(f'bad {1 + 1}')", "return x"), place: "raise ValueError",
      identifier: "python.value-error", message: "ValueError: bad 2"),
    Case(
      source: network("assert 1 == 2, 'no'", "return x"), place: "assert",
      identifier: "python.assertion-error",
      message: "AssertionError: no"),
    Case(
      source:
        "import torch.nn as nn\nclass Net(nn.Module):\n    def __init__(self, planes, block):\n        super().__init__()\n    def forward(self, x):\n        return x\n",
      place: "Net", identifier: "torch.no-network",
      message: "no class can be built: the constructor of Net needs arguments that only its author knows",
      hint: "give the constructor's parameters defaults, and forward one input"),
    Case(
      source: network("self.net = Block()", "return self.net(x)").replacing(
        "class Net",
        with:
          "class Block(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n\nclass Net"),
      place: "Block()", identifier: "python.type-error",
      message: "TypeError: Block.__init__() missing 1 required positional argument: 'width'"),
    Case(
      source: "import torch.nn as nn\nclass Net(nn.Module):\n    def forward(self, x)\n        return x\n",
      place: "",
      identifier: "syntax", message: "expected"),
  ]

  @Test(arguments: cases) func errorsAreExplainedWhereTheyAre(_ item: Case) throws {
    let failure = #expect(throws: CompilationFailure.self) {
      try NetworkCompiler.compile(item.source, options: CompilationOptions(inputShape: [2, 3, 32, 32]))
    }
    let error = try #require(failure?.diagnostics.first { $0.severity == .error })
    #expect(error.identifier.hasPrefix(item.identifier))
    if item.identifier == "syntax" {
      #expect(error.location?.line == 3)
      return
    }
    #expect(error.message == item.message)
    if let hint = item.hint { #expect(error.hint == hint) }
    let range = try #require(error.range)
    let text = String(decoding: Array(item.source.utf8)[range.lower...], as: UTF8.self)
    #expect(text.hasPrefix(item.place), "\(text.prefix(40))")
    let line = item.source.utf8.prefix(range.lower).count { $0 == UInt8(ascii: "\n") } + 1
    #expect(error.location?.line == line)
  }

  @Test func mismatchesSayWhatToChange() throws {
    let source = Self.network(
      "self.conv1 = nn.Conv2d(3, 16, 3)\nself.conv2 = nn.Conv2d(in_channels=32, out_channels=8, kernel_size=3)",
      "return self.conv2(self.conv1(x))")
    let failure = #expect(throws: CompilationFailure.self) {
      try NetworkCompiler.compile(source, options: CompilationOptions(inputShape: [2, 3, 32, 32]))
    }
    let mismatch = try #require(failure?.mismatches.first)
    #expect(mismatch.modulePath == "conv2")
    #expect(mismatch.moduleType == "Conv2d")
    #expect(mismatch.argumentName == "in_channels")
    #expect(mismatch.constructedWith == 32)
    #expect(mismatch.required == 16)
    #expect(mismatch.constructionCount == 1)
    #expect(text(source, try #require(mismatch.argumentRange)) == "32")
    #expect(
      text(source, mismatch.constructionRange) == "nn.Conv2d(in_channels=32, out_channels=8, kernel_size=3)")
  }

  @Test func mismatchesOfLoopsCountTheirModules() throws {
    let source = Self.network(
      "self.a = nn.ModuleList([nn.Linear(width, 10) for width in (3072, 20, 10)])",
      "x = x.flatten(1)\nfor layer in self.a:\n    x = layer(x)\nreturn x")
    let failure = #expect(throws: CompilationFailure.self) {
      try NetworkCompiler.compile(source, options: CompilationOptions(inputShape: [2, 3, 32, 32]))
    }
    let mismatch = try #require(failure?.mismatches.first)
    #expect(mismatch.modulePath == "a.1")
    #expect(mismatch.constructionCount == 3)
    #expect(mismatch.required == 10)
    #expect(text(source, try #require(mismatch.argumentRange)) == "width")
  }

  @Test func aWrongNumberOfClassesNamesTheLastLayer() throws {
    let source = Self.network(
      "self.fc1 = nn.Linear(3072, 20)\nself.fc2 = nn.Linear(20, 7)", "return self.fc2(self.fc1(x.flatten(1)))"
    )
    let failure = #expect(throws: CompilationFailure.self) {
      try NetworkCompiler.compile(
        source, options: CompilationOptions(inputShape: [2, 3, 32, 32], classCount: 10))
    }
    let error = try #require(failure?.diagnostics.first)
    #expect(error.message == "RuntimeError: the network must yield [2, 10], but yields [2, 7]")
    let mismatch = try #require(failure?.mismatches.first)
    #expect(mismatch.modulePath == "fc2")
    #expect(mismatch.argumentName == "out_features")
    #expect((mismatch.constructedWith, mismatch.required) == (7, 10))
    #expect(text(source, try #require(mismatch.argumentRange)) == "7")
  }

  private func text(_ source: String, _ range: SourceRange) -> String {
    String(decoding: Array(source.utf8)[range.lower..<range.upper], as: UTF8.self)
  }
}
