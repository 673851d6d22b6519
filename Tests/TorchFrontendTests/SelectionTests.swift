import NetworkGraph
import PythonSyntax
import Testing
import TorchFrontend

/// Which class is the network, what it is constructed with, and what its surroundings may do.
@Suite struct SelectionTests {
  private func compile(
    _ source: String, shape: [Int] = [2, 3, 8, 8], classes: Int? = nil, className: String? = nil,
    isTraining: Bool = false
  ) throws(CompilationFailure) -> CompiledNetwork {
    let head = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
    return try NetworkCompiler.compile(
      head + source,
      options: CompilationOptions(
        inputShape: shape, classCount: classes, isTraining: isTraining, className: className))
  }

  /// A class whose first layer's parameters tell which one was taken.
  private func type(
    _ name: String, _ parameters: String, _ layer: String, base: String = "nn.Module"
  ) -> String {
    """
    class \(name)(\(base)):
        def __init__(self\(parameters)):
            super().__init__()
            self.layer = \(layer)
        def forward(self, x):
            return self.layer(x.flatten(1))

    """
  }

  @Test func theLastClassThatNoOtherUsesIsTaken() throws {
    let block = type("Block", "", "nn.Linear(192, 4)")
    let net = type("Net", "", "Block()")
    #expect(try compile(net + block).className == "Net")
    #expect(try compile(block + net).className == "Net")
    let other = net.replacing("Net", with: "First")
    #expect(try compile(other + block + type("Later", "", "nn.Linear(192, 3)")).className == "Later")
    #expect(try compile(net + block, className: "Block").className == "Block")
  }

  @Test func aClassWithTheNameOfANetworkGoesFirst() throws {
    let net = type("Net", "", "nn.Linear(192, 4)")
    #expect(try compile(net + type("Auxiliary", "", "nn.Linear(192, 3)")).className == "Net")
    #expect(try compile(net + type("Model", "", "nn.Linear(192, 3)")).className == "Model")
    // One that is used by another is a part of it whatever its name.
    #expect(try compile(net + type("Whole", "", "Net()")).className == "Whole")
  }

  @Test func compositionsOfModulesAreNetworks() throws {
    let parts = type("Block", ", width=5", "nn.Linear(192, width)")
    let variable = try compile(
      parts + "wide = 7\nmodel = nn.Sequential(Block(wide), nn.ReLU())\nloss = nn.MSELoss()\n")
    #expect(variable.className == "model")
    #expect(variable.outputShape == [2, 7])
    let factory = try compile(
      parts
        + "def build_model(num_classes=3):\n    return nn.Sequential(Block(), nn.Linear(5, num_classes))\n",
      classes: 6)
    #expect(factory.className == "build_model")
    #expect(factory.outputShape == [2, 6])
    #expect(try compile("net = nn.Sequential(nn.Flatten(), nn.Linear(192, 9))\n").outputShape == [2, 9])
    let function =
      "def tiny(n_classes):\n    layers = [nn.Flatten(), nn.Linear(192, n_classes)]\n"
      + "    return nn.Sequential(*layers)\n"
    #expect(try compile(function, classes: 8).className == "tiny")
    #expect(throws: CompilationFailure.self) { try compile("act = nn.ReLU()\n") }
  }

  @Test func whatTheMainBlockBuildsIsKnown() throws {
    let source =
      type("Net", ", widths, depth", "nn.Linear(192, widths[depth])") + """
        if __name__ == "__main__":
            undefined()
            widths = [4, 6]
            model = Net(widths, depth=1)
            print(model(torch.randn(1, 3, 8, 8)).shape)
        """
    let network = try compile(source)
    #expect(network.className == "model")
    #expect(network.outputShape == [2, 6])
  }

  @Test func shapesAndHyperparametersArePassedByPosition() throws {
    let source = """
      def supported_hyperparameters():
          return {'lr', 'momentum', 'dropout'}
      class Net(nn.Module):
          def __init__(self, in_shape: tuple, out_shape: tuple, prm: dict, device: torch.device) -> None:
              super().__init__()
              assert in_shape == (2, 3, 8, 8) and out_shape == (5,) and device == torch.device('cpu')
              assert prm == {'lr': 0.01, 'momentum': 0.9, 'dropout': 0.2}, prm
              self.drop = nn.Dropout(prm['dropout'])
              self.fc = nn.Linear(in_shape[1] * in_shape[2] * in_shape[3], out_shape[0])
          def forward(self, x):
              return self.fc(self.drop(x.flatten(1)))
      """
    #expect(try compile(source, classes: 5).outputShape == [2, 5])
    // Without a number of classes, nobody knows the shape of the output.
    #expect(throws: CompilationFailure.self) { try compile(source) }
    // What is not supported is not there.
    let asking = source.replacing("prm['dropout']", with: "prm['weight_decay']")
    #expect(throws: CompilationFailure.self) { try compile(asking, classes: 5) }
  }

  @Test(arguments: [
    "@dataclass\nclass Settings:\n    width: int = 192\n    num_classes: int = 10\n",
    "class Settings:\n    def __init__(self, width=192, num_classes=10):\n        self.width = width\n        self.num_classes = num_classes\n",
    "class Settings:\n    width = 192\n    num_classes = 4\n",
  ])
  func aConfigurationIsMadeOfItsClass(_ settings: String) throws {
    let net = type("Net", ", config: Settings", "nn.Linear(config.width, config.num_classes)")
    let source = "from dataclasses import dataclass\n" + settings + net
    #expect(try compile(source, classes: 4).outputShape == [2, 4])
    let unannotated = source.replacing("config: Settings", with: "cfg").replacing("config.", with: "cfg.")
      .replacing("Settings", with: "ModelConfig")
    #expect(try compile(unannotated, classes: 4).outputShape == [2, 4])
  }

  @Test func aConfigurationMayBeAVariable() throws {
    let net = type("Net", ", cfg", "nn.Linear(cfg['width'], 3)")
    #expect(try compile(net + "CFG = {'width': 192}\n").outputShape == [2, 3])
    #expect(throws: CompilationFailure.self) { try compile(net) }
    // A configuration that wants a configuration has none.
    let endless = "class Config:\n    def __init__(self, config):\n        pass\n"
    #expect(throws: CompilationFailure.self) { try compile(endless + net) }
  }

  @Test func usesThroughFunctionsAndTablesCount() throws {
    let net = type("Net", "", "make()")
    let block = type("Block", "", "nn.Linear(192, 4)")
    #expect(try compile(net + "def make():\n    return Block()\n" + block).className == "Net")
    let other = type("Net", "", "TABLE['a']()")
    #expect(try compile(other + block + "TABLE = {'a': Block}\n").className == "Net")
  }

  @Test func lossesAndOtherModulesWithSeveralInputsAreNotTaken() throws {
    let loss =
      "class Loss(nn.Module):\n    def forward(self, prediction, target):\n        return prediction\n"
    #expect(try compile(type("Net", "", "nn.Linear(192, 4)") + loss).className == "Net")
  }

  @Test func aFactoryOrVariableMakesWhatCannotBeConstructed() throws {
    let net = type("Net", ", widths", "nn.Linear(192, widths[0])")
    let factory = try compile(net + "def small():\n    return Net([5])\ndef test():\n    print(Net([6]))\n")
    #expect(factory.className == "small")
    #expect(factory.outputShape == [2, 5])
    let variable = try compile(net + "model = Net([7])\n")
    #expect(variable.className == "model")
    #expect(variable.outputShape == [2, 7])
    #expect(try compile(net + "model = Net([7])\n", className: "Net").outputShape == [2, 7])
  }

  @Test(arguments: ["num_classes", "n_classes", "classes", "output_dim", "out_features", "num_labels"])
  func theNumberOfClassesIsPassed(_ name: String) throws {
    for parameter in [", \(name)", ", \(name)=1000"] {
      let network = try compile(type("Net", parameter, "nn.Linear(192, \(name))"), classes: 7)
      #expect(network.outputShape == [2, 7])
    }
  }

  @Test func inputExtentsArePassedWhereNothingElseWorks() throws {
    let needed = type("Net", ", input_dim, num_classes", "nn.Linear(input_dim, num_classes)")
    #expect(try compile(needed, classes: 7).outputShape == [2, 7])
    // A default that works stays; one that does not is replaced.
    let fitting = type("Net", ", in_channels=192", "nn.Linear(in_channels, 4)")
    #expect(try compile(fitting).outputShape == [2, 4])
    let conv = """
      class Net(nn.Module):
          def __init__(self, in_channels=1, img_size=28):
              super().__init__()
              self.conv = nn.Conv2d(in_channels, 4, 3, padding=1)
              self.fc = nn.Linear(4 * img_size ** 2, 10)
          def forward(self, x):
              return self.fc(self.conv(x).flatten(1))

      """
    #expect(try compile(conv).outputShape == [2, 10])
    let shape = type("Net", ", input_shape", "nn.Linear(input_shape[0] * input_shape[1] * input_shape[2], 3)")
    #expect(try compile(shape).outputShape == [2, 3])
  }

  @Test func failuresAroundTheNetworkAreOnlyNoted() throws {
    let network = try compile(
      type("Net", "", "nn.Linear(192, 4)") + """
        model = Net()
        model(torch.randn(1, 3, 32, 32))
        data = open("train.csv").read()
        loss = undefined_function(data)
        import pandas as pd
        frame = pd.read_csv("x.csv")
        class Data(torch.utils.data.Dataset):
            pass
        for batch in torch.utils.data.DataLoader(Data()):
            model(batch)
        """)
    #expect(network.outputShape == [2, 4])
    #expect(network.notes.count { $0.severity == .warning } >= 4)
    #expect(network.notes.allSatisfy { note in note.location != nil })
  }

  @Test func whatFailedIsReportedWhereTheNetworkNeedsIt() throws {
    let failure = #expect(throws: CompilationFailure.self) {
      try compile("width = torch.load('x')\n" + type("Net", "", "nn.Linear(192, width)"))
    }
    let error = try #require(failure?.diagnostics.first)
    #expect(error.identifier == "torch.unsupported")
    #expect(error.message.contains("width"))
  }

  @Test func instancesAtTheTopLevelDoNotCountAsConstructions() throws {
    let failure = #expect(throws: CompilationFailure.self) {
      try compile(type("Net", "", "nn.Linear(100, 4)") + "first = Net()\nsecond = Net()\n")
    }
    #expect(failure?.mismatches.first?.constructionCount == 1)
  }

  @Test func parametersThatAreNotRegisteredAreRefused() throws {
    let failure = #expect(throws: CompilationFailure.self) {
      try compile(
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = [nn.Linear(192, 4)]
            def forward(self, x):
                return self.layers[0](x.flatten(1))
        """)
    }
    #expect(failure?.diagnostics.first?.message.contains("not registered") ?? false)
  }

  @Test func inPlaceWritesAreSeenThroughAliases() throws {
    let source = """
      class Net(nn.Module):
          def forward(self, x):
              y = x
              F.relu(y, inplace=True)
              return x - 1
      """
    let graph = try compile(source).graph
    let subtraction = graph.producer(of: graph.outputs[0])
    #expect(graph.producer(of: subtraction.inputs[0]).operation == .unary(.relu))
  }

  @Test func writesThroughViewsAreSeenInTheirBase() throws {
    let source = """
      class Net(nn.Module):
          def forward(self, x):
              y = x.flatten(1)
              y.relu_()
              return x
      """
    let graph = try compile(source).graph
    let reshape = graph.producer(of: graph.outputs[0])
    #expect(graph.type(of: graph.outputs[0]) == graph.type(of: graph.inputs[0].value))
    #expect(graph.producer(of: reshape.inputs[0]).operation == .unary(.relu))
  }

  @Test func trainingUpdatesStatisticsOncePerUse() throws {
    let source = """
      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.bn = nn.BatchNorm2d(3)
              self.drop = nn.Dropout(0.5)
          def forward(self, x):
              return self.drop(self.bn(self.bn(x)))
      """
    let training = try compile(source, isTraining: true).graph
    #expect(training.bufferUpdates.count == 2)
    let normalizations = training.nodes.filter {
      if case .batchNormalization = $0.operation { true } else { false }
    }
    #expect(normalizations.count == 2)
    // The second use continues from what the first one left.
    #expect(normalizations[1].inputs[3] == normalizations[0].outputs[3])
    #expect(training.bufferUpdates.map(\.value) == Array(normalizations[1].outputs[3...]))
    #expect(training.nodes.contains { if case .dropout = $0.operation { true } else { false } })
    let evaluation = try compile(source).graph
    #expect(evaluation.bufferUpdates.isEmpty)
    #expect(!evaluation.nodes.contains { if case .dropout = $0.operation { true } else { false } })
  }
}
