extension NASBench201Space: NetworkSpace {
  /// `[3, 32, 32]` or the task's own size.
  public var imageShape: [Int] {
    [NASBench201Skeleton.imageChannels, task.imageSize, task.imageSize]
  }

  /// The task's classes.
  public var classCount: Int { task.classCount }

  /// The network as a PyTorch module `Network` that needs nothing but PyTorch.
  ///
  /// Its state dict has the names and shapes of the benchmark's own networks, whose weights it therefore takes. As
  /// there, an edge whose result does not reach the output has its parameters; here it is not computed.
  public func source(of cell: NASBench201Cell) -> String {
    let layers = cell.operations.enumerated().map { edge, operation in
      let ends = NASBench201Cell.edges[edge]
      return "            \(Self.layer(operation)),"
        + "  # node \(ends.source) to node \(ends.target): \(operation.name)"
    }
    return Self.head + "class Cell(nn.Module):\n"
      + "    \"\"\"Nodes 0 (the input) to 3 (the output); each is the sum of what its edges bring.\n\n"
      + "    \(cell)\n    \"\"\"\n\n" + Self.constructor + layers.joined(separator: "\n")
      + "\n        ])\n\n    def forward(self, node0):\n" + Self.forward(cell)
      + Self.tail(classCount: classCount)
  }

  /// What makes an edge's module; `none` keeps its place in the list, so that names are the benchmark's.
  private static func layer(_ operation: NASBench201Operation) -> String {
    switch operation {
    case .none, .skipConnection: "nn.Identity()"
    case .convolution1x1: "ReLUConvBN(channels, channels, 1)"
    case .convolution3x3: "ReLUConvBN(channels, channels, 3)"
    case .averagePooling3x3: "nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)"
    }
  }

  /// The statements of the cell's forward pass: those that the output depends on.
  private static func forward(_ cell: NASBench201Cell) -> String {
    let structure = NASBench201Structure(cell)
    var lines = ""
    for node in 1...3 {
      let terms = NASBench201Cell.edges.enumerated().filter { edge, ends in
        ends.target == node && structure.isLive[edge]
      }.map { edge, ends in
        cell[edge] == .skipConnection ? "node\(ends.source)" : "self.layers[\(edge)](node\(ends.source))"
      }
      let isRead =
        node == 3
        || NASBench201Cell.edges.enumerated().contains { $1.source == node && structure.isLive[$0] }
      guard isRead else { continue }
      let sum = terms.isEmpty ? "node0 * 0" : terms.joined(separator: " + ")
      lines += "        \(node == 3 ? "return" : "node\(node) =") \(sum)\n"
    }
    return lines
  }

  private static let head = """
    import torch
    import torch.nn as nn


    class ReLUConvBN(nn.Module):
        def __init__(self, inputs, outputs, kernel_size, stride=1):
            super().__init__()
            self.op = nn.Sequential(
                nn.ReLU(),
                nn.Conv2d(inputs, outputs, kernel_size, stride, padding=kernel_size // 2, bias=False),
                nn.BatchNorm2d(outputs),
            )

        def forward(self, x):
            return self.op(x)


    class ResidualBlock(nn.Module):
        \"\"\"Halves height and width and doubles the channels.\"\"\"

        def __init__(self, inputs, outputs):
            super().__init__()
            self.conv_a = ReLUConvBN(inputs, outputs, 3, stride=2)
            self.conv_b = ReLUConvBN(outputs, outputs, 3)
            self.downsample = nn.Sequential(
                nn.AvgPool2d(2, stride=2),
                nn.Conv2d(inputs, outputs, 1, bias=False),
            )

        def forward(self, x):
            return self.downsample(x) + self.conv_b(self.conv_a(x))



    """

  private static let constructor = """
        def __init__(self, channels):
            super().__init__()
            self.layers = nn.ModuleList([

    """

  private static func tail(classCount: Int) -> String {
    """


    class Network(nn.Module):
        def __init__(self, num_classes=\(classCount)):
            super().__init__()
            self.stem = nn.Sequential(
                nn.Conv2d(3, 16, 3, padding=1, bias=False),
                nn.BatchNorm2d(16),
            )
            self.cells = nn.ModuleList(
                [Cell(16) for _ in range(5)] + [ResidualBlock(16, 32)]
                + [Cell(32) for _ in range(5)] + [ResidualBlock(32, 64)]
                + [Cell(64) for _ in range(5)]
            )
            self.lastact = nn.Sequential(nn.BatchNorm2d(64), nn.ReLU())
            self.global_pooling = nn.AdaptiveAvgPool2d(1)
            self.classifier = nn.Linear(64, num_classes)

        def forward(self, x):
            x = self.stem(x)
            for cell in self.cells:
                x = cell(x)
            x = self.global_pooling(self.lastact(x))
            return self.classifier(torch.flatten(x, 1))

    """
  }
}
