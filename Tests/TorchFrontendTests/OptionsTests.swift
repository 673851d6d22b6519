import NetworkGraph
import PythonSyntax
import Testing
import TorchFrontend

/// What a caller says about inputs, arguments and the call that builds the network.
@Suite struct OptionsTests {
  private static let head = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"

  private func compile(
    _ source: String, inputs: [NetworkInput] = [NetworkInput(.float32, [2, 6])], classes: Int? = nil,
    isTraining: Bool = false, className: String? = nil, arguments: String? = nil, call: String? = nil
  ) throws(CompilationFailure) -> CompiledNetwork {
    try NetworkCompiler.compile(
      Self.head + source,
      options: CompilationOptions(
        inputs: inputs, classCount: classes, isTraining: isTraining, className: className,
        arguments: arguments, call: call))
  }

  private func failure(
    _ source: String, arguments: String? = nil, call: String? = nil, className: String? = nil
  ) throws -> Diagnostic {
    let failure = #expect(throws: CompilationFailure.self) {
      try compile(source, className: className, arguments: arguments, call: call)
    }
    return try #require(failure?.diagnostics.first { $0.severity == .error })
  }

  private static let network = """
    class Net(nn.Module):
        def __init__(self, width, depth=1, *, names=("a",), scale=None):
            super().__init__()
            self.layers = nn.Sequential(*[nn.Linear(6 if i == 0 else width, width) for i in range(depth)])
            self.scale = scale
            assert len(names) == 1 or names == ["x", "é\\n", True, None, -2, 0.5, {"k": []}]
        def forward(self, x):
            return self.layers(x)

    """

  @Test func argumentsAreKeywordsOrPositional() throws {
    #expect(try compile(Self.network, arguments: #"{"width": 5}"#).outputShape == [2, 5])
    #expect(try compile(Self.network, arguments: " [ 4 , 2 ] ").layers.count == 2)
    let all = #"{"width":7,"names":["x","\u00e9\n",true,null,-2,5e-1,{"k":[]}],"depth":3}"#
    #expect(try compile(Self.network, arguments: all).layers.count == 3)
    // What the caller leaves out is filled in as ever.
    let classes = Self.network.replacing(
      "def __init__(self, width,", with: "def __init__(self, width, num_classes,"
    )
    .replacing("range(depth)]", with: "range(depth)], nn.Linear(width, num_classes)")
    #expect(try compile(classes, classes: 3, arguments: #"{"width": 5}"#).outputShape == [2, 3])
    #expect(try compile(classes, classes: 3, arguments: "[5]").outputShape == [2, 3])
    #expect(try compile(classes, arguments: "[5, 4]").outputShape == [2, 4])
  }

  @Test(arguments: [
    ("", 1), ("{", 2), ("[1,]", 4), ("{'width': 5}", 2), (#"{"width" 5}"#, 10), ("5", 1), ("nul", 1),
    ("[01]", 4),
    ("[1e]", 4), ("[.5]", 2), ("[99999999999999999999]", 2), (#"["\x"]"#, 3), (#"["\ud800"]"#, 3),
    (#"["a]"#, 5), ("[1] 2", 5), ("[1e999]", 2), (#"{"width": 5"#, 12),
    (String(repeating: "[", count: 100_000), 65),
  ])
  func malformedArgumentsAreToldWhere(_ text: String, _ column: Int) throws {
    let error = try failure(Self.network, arguments: text)
    #expect(error.identifier == "arguments.json")
    #expect(error.origin == .arguments)
    #expect(error.location == SourceLocation(line: 1, column: column))
    #expect(error.description.hasPrefix("in the arguments, 1:\(column): error: "))
  }

  @Test func argumentsThatDoNotFitAreRefused() throws {
    let unknown = try failure(Self.network, arguments: #"{"widht": 5}"#)
    #expect(unknown.identifier == "torch.no-network" || unknown.identifier == "python.type-error")
    let extra = try failure(Self.network, arguments: #"{"width": 5, "colour": 1}"#)
    #expect(extra.message.contains("unexpected keyword argument 'colour'"))
    #expect(try failure(Self.network, arguments: "[1, 2, 3]").identifier == "python.type-error")
  }

  @Test func aCallBuildsTheNetwork() throws {
    let source = Self.network + "def make(width=3, **options):\n    return Net(width, **options)\n"
    #expect(try compile(source, call: "Net(8, depth=2)").outputShape == [2, 8])
    #expect(try compile(source, call: "make(**{'width': 9})").className == "Net")
    #expect(try compile(source, call: "nn.Sequential(Net(4), nn.ReLU())").className == "Sequential")
    #expect(try compile(source, arguments: "[4]", call: "Net").outputShape == [2, 4])
    let relu = try compile("class Block(nn.Module):\n    pass\n", call: "nn.Linear(6, 1)")
    #expect(relu.outputShape == [2, 1])
  }

  @Test func whatIsWrongWithTheCallIsShownInTheCall() throws {
    let undefined = try failure(Self.network, call: "Net(widht)")
    #expect(undefined.identifier == "python.name-error")
    #expect(undefined.origin == .call)
    #expect(undefined.location == SourceLocation(line: 1, column: 5))
    #expect(undefined.excerpt == "Net(widht)")
    #expect(undefined.range == SourceRange(4, 9))
    let syntax = try failure(Self.network, call: "Net(")
    #expect(syntax.identifier.hasPrefix("syntax."))
    #expect(syntax.origin == .call)
    // What goes wrong within the file is shown there.
    let inside = try failure(Self.network, call: "Net('a')")
    #expect(inside.origin == nil)
    #expect(inside.location?.line == 7)
    #expect(inside.excerpt?.contains("nn.Linear(6 if") == true)
    let value = try failure(Self.network, call: "len('abc')")
    #expect(value.identifier == "call.value")
    #expect(value.rendered.hasSuffix("    len('abc')\n    ^~~~~~~~~~"))
    let function = try failure(Self.network + "def make():\n    return Net(2)\n", call: "make")
    #expect(function.hint == "call it: make()")
    #expect(try failure(Self.network, arguments: "[5]", call: "Net(4)").identifier == "arguments.unused")
    #expect(try failure(Self.network, call: "Net(4)", className: "Net").identifier == "call.class")
  }

  @Test func severalInputsGoToForwardInOrder() throws {
    let source = """
      class Match(nn.Module):
          def __init__(self):
              super().__init__()
              self.left = nn.Linear(6, 4)
              self.right = nn.Linear(5, 4)
          def forward(self, image, text):
              return self.left(image) * self.right(text)
      """
    let network = try compile(
      source, inputs: [NetworkInput(.float32, [3, 6]), NetworkInput(.float32, [3, 5])])
    #expect(network.outputShape == [3, 4])
    #expect(network.graph.inputs.map(\.name) == ["image", "text"])
    let failure = #expect(throws: CompilationFailure.self) { try compile(source) }
    #expect(failure?.diagnostics.first?.identifier == "torch.no-network")
  }

  @Test func inputsHaveTheirKinds() throws {
    let source = """
      class Net(nn.Module):
          def forward(self, tokens, mask, small):
              assert tokens.dtype == torch.int64 and mask.dtype == torch.bool and small.dtype == torch.int32
              assert not tokens.is_floating_point()
              return tokens
      """
    let network = try compile(
      source,
      inputs: [NetworkInput(.int64, [2, 7]), NetworkInput(.bool, [2, 7]), NetworkInput(.int32, [2])])
    #expect(
      network.graph.inputs.map { network.graph.type(of: $0.value).elementType } == [.int32, .float32, .int32])
    for inputs: [NetworkInput] in [
      [], [NetworkInput(.float32, [])], [NetworkInput(.float32, [2, 6]), NetworkInput(.float32, [2, 0])],
    ] {
      let failure = #expect(throws: CompilationFailure.self) { try compile(source, inputs: inputs) }
      #expect(failure?.diagnostics.first?.identifier == "torch.input")
    }
  }

  @Test func outputsAreNamedByTheirPlace() throws {
    func names(_ result: String, _ before: String = "") throws -> [String] {
      let source = """
        import dataclasses
        from collections import namedtuple
        from typing import NamedTuple
        Pair = namedtuple("Pair", ["logits", "aux"])
        class Three(NamedTuple):
            first: torch.Tensor
            rest: list
        @dataclasses.dataclass
        class Output:
            logits: torch.Tensor
            hidden: tuple = None
        class Net(nn.Module):
            def forward(self, x):
                \(before.isEmpty ? "pass" : before)
                return \(result)
        """
      let network = try compile(source)
      #expect(network.graph.outputs.map { network.graph.type(of: $0).shape } == network.outputs.map(\.shape))
      return network.outputs.map(\.name)
    }
    #expect(try names("x") == ["output"])
    #expect(try names("x, x + 1") == ["0", "1"])
    #expect(try names("[x, None, [x * 2, x]]") == ["0", "2.0", "2.1"])
    #expect(
      try names("{'logits': x, 'features': (x, x), 3: x}") == ["logits", "features.0", "features.1", "3"])
    #expect(try names("Pair(x, {'b': x})") == ["logits", "aux.b"])
    #expect(try names("Three(x, [x])") == ["first", "rest.0"])
    #expect(try names("Output(x)") == ["logits"])
    #expect(try names("Output(x, (x, 0.5))") == ["logits", "hidden.0"])
    #expect(throws: CompilationFailure.self) { try names("[0.5]") }
    #expect(throws: CompilationFailure.self) { try names("()") }
    // A list within itself ends.
    #expect(throws: CompilationFailure.self) { try names("y", "y = [x]; y.append(y)") }
  }

  @Test func theFirstTensorHasTheClasses() throws {
    let source = """
      class Net(nn.Module):
          def __init__(self, num_classes=10):
              super().__init__()
              self.fc = nn.Linear(6, num_classes)
          def forward(self, x):
              if self.training:
                  return self.fc(x), x
              return self.fc(x)
      """
    #expect(try compile(source, classes: 4, isTraining: true).outputs.map(\.shape) == [[2, 4], [2, 6]])
    #expect(try compile(source, classes: 4).outputs == [NetworkOutput(name: "output", shape: [2, 4])])
    let swapped = source.replacing("self.fc(x), x", with: "x, self.fc(x)")
    #expect(throws: CompilationFailure.self) { try compile(swapped, classes: 4, isTraining: true) }
  }
}
