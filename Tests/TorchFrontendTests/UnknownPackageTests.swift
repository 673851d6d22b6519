import PythonSyntax
import Testing
import TorchFrontend

/// Packages that are not at hand matter only where the network needs them.
@Suite struct UnknownPackageTests {
  private func compile(_ source: String) throws(CompilationFailure) -> CompiledNetwork {
    try NetworkCompiler.compile(source, options: CompilationOptions(inputShape: [2, 3, 8, 8]))
  }

  private static func network(
    _ before: String, initializer: String = "pass", forward: String = "return self.fc(x)"
  ) -> String {
    """
    import torch
    import torch.nn as nn
    \(before)
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 10)
            \(initializer.replacing("\n", with: "\n        "))
        def forward(self, x):
            \(forward.replacing("\n", with: "\n        "))
    """
  }

  static let tolerated: [String] = [
    network("import pandas as pd\ndata = pd.read_csv('x.csv')\nprint(data.head())"),
    network("from sklearn.metrics import *\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])"),
    network("import wandb", initializer: "wandb.init(project='x')", forward: "return self.fc(x)"),
    network("from registry import register\n@register\n@register('a', size=3)\ndef f(): pass"),
    network("from .utils import helper, Base\nclass Data(Base):\n    size = helper(3)"),
    network("import apex.amp as amp", forward: "with amp.autocast():\n    x = self.fc(x)\nreturn x"),
    network("from torch.utils.data import Dataset\nclass D(Dataset):\n    def __len__(self): return 3"),
    network("async def main():\n    await work()\ndef train():\n    for batch in loader: step(batch)"),
    network("x = undefined + 1\ny = x + 1\nwith open('f') as f: text = f.read()"),
    network(
      "try:\n    import flash_attn\nexcept ImportError:\n    flash_attn = None\nassert flash_attn is None"),
    network(
      "try:\n    from xformers.ops import f\n    FAST = True\nexcept Exception:\n    FAST = False",
      forward: "return self.fc(x) if not FAST else x"),
    network("if __name__ == '__main__':\n    raise SystemExit\nimport sys\nsys.exit(0)"),
    network(
      "from torchvision.models._api import WeightsEnum, register_model\n@register_model()\ndef f(): pass"),
    network(
      "from .._internally_replaced_utils import load\nfrom ..utils import _log_api_usage_once",
      initializer: "_log_api_usage_once(self)"),
    network(
      "from ._utils import _make_divisible", initializer: "self.n = nn.Linear(_make_divisible(9, 8), 8)"),
  ]

  @Test(arguments: tolerated) func whatTheNetworkDoesNotNeedIsTolerated(_ source: String) throws {
    let network = try compile(source)
    #expect(network.className == "Net")
  }

  /// A source, and what its diagnostic says.
  static let needed: [(source: String, message: String, hint: String?)] = [
    (network("import fancy", forward: "return fancy.relu(x)"), "fancy.relu", "line 3"),
    (network("from fancy import relu", forward: "return relu(self.fc(x))"), "fancy.relu", "line 3"),
    (network("from .ops import relu", forward: "return relu(self.fc(x))"), ".ops.relu", "line 3"),
    (network("import fancy", initializer: "self.l = nn.Linear(fancy.size, 3)"), "fancy.size", "line 3"),
    (network("import fancy", forward: "if fancy.on: x = x + 1\nreturn x"), "fancy.on", "line 3"),
    (network("import fancy", forward: "return self.fc(x) * fancy.scale"), "fancy.scale", "line 3"),
    (network("import fancy", initializer: "self.l = nn.Sequential(fancy.Layer())"), "fancy.Layer", nil),
    (
      network("import fancy", initializer: "self.l = fancy.Layer(8)", forward: "return self.l(x)"),
      "fancy.Layer", "line 3"
    ),
    (network("import os", initializer: "os.system('ls')"), "os.system", nil),
    (network("", initializer: "self.n = eval('3')"), "eval", nil),
    (network("", initializer: "open('weights')"), "open", nil),
    (network("", initializer: "__import__('os')"), "__import__", nil),
  ]

  @Test(arguments: needed.indices) func whatTheNetworkNeedsIsNamed(_ index: Int) throws {
    let (source, message, hint) = Self.needed[index]
    let failure = #expect(throws: CompilationFailure.self) { try compile(source) }
    let error = try #require(failure?.diagnostics.first { $0.severity == .error })
    #expect(error.message.contains(message), "\(error)")
    if let hint { #expect(error.hint?.contains(hint) ?? false, "\(error)") }
  }

  @Test func lightningModulesKeepTheirHyperparameters() throws {
    let network = try compile(
      """
      import pytorch_lightning as pl
      import torch.nn as nn
      class Net(pl.LightningModule):
          def __init__(self, width=5, rate=0.1):
              super().__init__()
              self.save_hyperparameters()
              self.fc = nn.Linear(8, self.hparams.width)
              self.more = nn.Linear(self.hparams["width"], 2)
          def forward(self, x):
              return self.more(self.fc(x))
          def training_step(self, batch, index):
              self.log("loss", 1)
      """)
    #expect(network.className == "Net")
    #expect(network.layers.map(\.outputWidth) == [5, 2])
  }
}
