import NetworkGraph
import Testing

@testable import TorchFrontend

/// Parents of different styles, for 1×28×28 or 3×32×32 images and ten classes.
struct EditingParent: Sendable, CustomTestStringConvertible {
  let name: String
  let source: String
  let inputShape: [Int]

  var testDescription: String { name }
  var options: CompilationOptions { CompilationOptions(inputShape: inputShape, classCount: 10) }

  static let grey = [2, 1, 28, 28]
  static let colour = [2, 3, 32, 32]

  static let all = [
    start, startInColour, flat, nested, sequential, sequentialOneLine, blocks, residual, list, configured,
    separate,
    returned, moduleActivations,
  ]

  static func named(_ name: String) -> EditingParent { all.first { $0.name == name } ?? start }

  /// LLMatic's start network, for grey images.
  static let start = EditingParent(
    name: "start",
    source: """
      import torch
      import torch.nn as nn
      import torch.nn.functional as F


      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.conv1 = nn.Conv2d(1, 1, 1)
              self.fc1 = nn.Linear(784, 10)

          def forward(self, x):
              x = F.relu(self.conv1(x))
              x = torch.flatten(x, 1)
              x = self.fc1(x)
              return x

      """, inputShape: grey)

  static let startInColour = EditingParent(
    name: "start in colour",
    source: """
      import torch
      import torch.nn as nn
      import torch.nn.functional as F

      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.conv1 = nn.Conv2d(3, 1, 1)
              self.fc1 = nn.Linear(1024, 10)
          def forward(self, x):
              x = F.relu(self.conv1(x))
              x = torch.flatten(x, 1)
              x = F.relu(self.fc1(x))
              return x

      """, inputShape: colour)

  static let flat = EditingParent(
    name: "flat",
    source: """
      # A small network.
      import torch
      from torch import nn
      import torch.nn.functional as F

      class LeNet(nn.Module):
          \"\"\"After LeCun et al. 1998.\"\"\"

          def __init__(self, num_classes=10):
              super(LeNet, self).__init__()
              self.conv1 = nn.Conv2d(1, 6, kernel_size=5, padding=2)  # keeps 28x28
              self.pool = nn.MaxPool2d(2, 2)
              self.conv2 = nn.Conv2d(6, 16, 5)
              self.fc1 = nn.Linear(16 * 5 * 5, 120)
              self.fc2 = nn.Linear(120, 84)
              self.drop = nn.Dropout(0.25)
              self.fc3 = nn.Linear(84, num_classes)

          def forward(self, x):
              x = F.relu(self.conv1(x))
              x = self.pool(x)
              x = F.relu(self.conv2(x))
              x = self.pool(x)
              x = x.view(-1, 16 * 5 * 5)
              x = F.relu(self.fc1(x))
              x = F.relu(self.fc2(x))
              x = self.drop(x)
              x = self.fc3(x)
              return x

      """, inputShape: grey)

  static let nested = EditingParent(
    name: "nested",
    source: """
      import torch
      import torch.nn as nn
      import torch.nn.functional as F

      class Nested(nn.Module):
          def __init__(self):
              super().__init__()
              self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
              self.bn1 = nn.BatchNorm2d(16)
              self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
              self.bn2 = nn.BatchNorm2d(32)
              self.pool = nn.MaxPool2d(2)
              self.fc = nn.Linear(32 * 8 * 8, 10)

          def forward(self, x):
              x = self.pool(F.relu(self.bn1(self.conv1(x))))
              x = self.pool(F.relu(self.bn2(self.conv2(x))))
              return self.fc(x.view(x.size(0), -1))

      """, inputShape: colour)

  static let sequential = EditingParent(
    name: "sequential",
    source: """
      import torch
      import torch.nn as nn

      class SequentialNet(nn.Module):
          def __init__(self, num_classes=10):
              super().__init__()
              self.features = nn.Sequential(
                  nn.Conv2d(3, 16, 3, padding=1),  # stem
                  nn.BatchNorm2d(16),
                  nn.ReLU(inplace=True),
                  nn.MaxPool2d(2),
                  nn.Conv2d(16, 32, 3, padding=1),
                  nn.ReLU(inplace=True),
                  nn.MaxPool2d(2),
              )
              self.classifier = nn.Sequential(
                  nn.Dropout(0.2),
                  nn.Linear(32 * 8 * 8, 64),
                  nn.ReLU(inplace=True),
                  nn.Linear(64, num_classes)
              )

          def forward(self, x):
              x = self.features(x)
              x = torch.flatten(x, 1)
              return self.classifier(x)

      """, inputShape: colour)

  static let sequentialOneLine = EditingParent(
    name: "sequential on one line",
    source: """
      from torch import nn
      class Small(nn.Module):
          def __init__(self):
              super().__init__()
              self.net = nn.Sequential(nn.Conv2d(1, 8, 3, stride=2), nn.GELU(), nn.Flatten(), nn.Linear(1352, 10))
          def forward(self, x): return self.net(x)

      """, inputShape: grey)

  static let blocks = EditingParent(
    name: "residual blocks",
    source: """
      import torch
      import torch.nn as nn
      import torch.nn.functional as F

      class BasicBlock(nn.Module):
          def __init__(self, in_planes, planes, stride=1):
              super().__init__()
              self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
              self.bn1 = nn.BatchNorm2d(planes)
              self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=False)
              self.bn2 = nn.BatchNorm2d(planes)
              self.shortcut = nn.Sequential()
              if stride != 1 or in_planes != planes:
                  self.shortcut = nn.Sequential(
                      nn.Conv2d(in_planes, planes, kernel_size=1, stride=stride, bias=False),
                      nn.BatchNorm2d(planes)
                  )

          def forward(self, x):
              out = F.relu(self.bn1(self.conv1(x)))
              out = self.bn2(self.conv2(out))
              out += self.shortcut(x)
              return F.relu(out)

      class ResNet(nn.Module):
          def __init__(self, num_blocks=[1, 1, 1], num_classes=10):
              super().__init__()
              self.in_planes = 16
              self.conv1 = nn.Conv2d(3, 16, kernel_size=3, stride=1, padding=1, bias=False)
              self.bn1 = nn.BatchNorm2d(16)
              self.layer1 = self._make_layer(16, num_blocks[0], stride=1)
              self.layer2 = self._make_layer(32, num_blocks[1], stride=2)
              self.layer3 = self._make_layer(64, num_blocks[2], stride=2)
              self.linear = nn.Linear(64, num_classes)

          def _make_layer(self, planes, num_blocks, stride):
              layers = []
              for i in range(num_blocks):
                  layers.append(BasicBlock(self.in_planes, planes, stride if i == 0 else 1))
                  self.in_planes = planes
              return nn.Sequential(*layers)

          def forward(self, x):
              out = F.relu(self.bn1(self.conv1(x)))
              out = self.layer1(out)
              out = self.layer2(out)
              out = self.layer3(out)
              out = F.adaptive_avg_pool2d(out, 1)
              out = out.view(out.size(0), -1)
              return self.linear(out)

      """, inputShape: colour)

  static let residual = EditingParent(
    name: "residual",
    source: """
      import torch
      import torch.nn as nn
      import torch.nn.functional as F

      class Residual2(nn.Module):
          def __init__(self):
              super().__init__()
              self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
              self.conv2 = nn.Conv2d(16, 16, 3, padding=1)
              self.bn2 = nn.BatchNorm2d(16)
              self.gap = nn.AdaptiveAvgPool2d((1, 1))
              self.fc = nn.Linear(16, 10)

          def forward(self, x):
              h = F.relu(self.conv1(x))
              y = self.bn2(self.conv2(h))
              h = F.relu(h + y)
              h = self.gap(h).flatten(1)
              return self.fc(h)

      """, inputShape: grey)

  static let list = EditingParent(
    name: "module list",
    source: """
      import torch
      import torch.nn as nn
      import torch.nn.functional as F

      class Listed(nn.Module):
          def __init__(self, width=24, depth=3):
              super().__init__()
              self.stem = nn.Conv2d(3, width, 3, stride=2, padding=1)
              self.blocks = nn.ModuleList([nn.Conv2d(width, width, 3, padding=1) for _ in range(depth)])
              self.norms = nn.ModuleList()
              for _ in range(depth):
                  self.norms.append(nn.BatchNorm2d(width))
              self.head = nn.Linear(width, 10)

          def forward(self, x):
              x = F.gelu(self.stem(x))
              for block, norm in zip(self.blocks, self.norms):
                  x = x + F.gelu(norm(block(x)))
              x = x.mean(dim=(2, 3))
              return self.head(x)

      """, inputShape: colour)

  static let configured = EditingParent(
    name: "configured",
    source: """
      import torch
      import torch.nn as nn

      cfg = [16, 'M', 32, 'M', 64]

      def make_layers(channels):
          layers = []
          for v in cfg:
              if v == 'M':
                  layers += [nn.MaxPool2d(kernel_size=2, stride=2)]
              else:
                  layers += [nn.Conv2d(channels, v, kernel_size=3, padding=1), nn.ReLU()]
                  channels = v
          return nn.Sequential(*layers)

      class VGG(nn.Module):
          def __init__(self, num_classes=10):
              super().__init__()
              self.features = make_layers(3)
              self.classifier = nn.Linear(64 * 8 * 8, num_classes)

          def forward(self, x):
              x = self.features(x)
              x = x.reshape(x.shape[0], -1)
              return self.classifier(x)

      """, inputShape: colour)

  static let separate = EditingParent(
    name: "separate statements",
    source: """
      import torch
      import torch.nn as nn

      class Separate(nn.Module):
          def __init__(self):
              super().__init__()
              hidden = 32
              self.conv1 = nn.Conv2d(in_channels=1, out_channels=8, kernel_size=3, padding=1)
              self.relu = nn.ReLU()
              self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
              self.pool = nn.AvgPool2d(2)
              self.fc1 = nn.Linear(8 * 14 * 14, hidden)
              self.fc2 = nn.Linear(hidden, 10)

          def forward(self, images):
              x = self.conv1(images)
              x = self.relu(x)
              x = self.depthwise(x)
              x = self.relu(x)
              x = self.pool(x)
              x = x.view(-1, 8 * 14 * 14)
              x = self.fc1(x)
              x = self.relu(x)
              logits = self.fc2(x)
              return logits

      """, inputShape: grey)

  static let returned = EditingParent(
    name: "one expression",
    source: """
      import torch, torch.nn as nn
      class One(nn.Module):
          def __init__(self):
              super().__init__()
              self.a = nn.Conv2d(1, 4, 3)
              self.b = nn.Linear(4 * 26 * 26, 16)
              self.c = nn.Linear(16, 10)
          def forward(self, x):
              return self.c(torch.tanh(self.b(torch.flatten(torch.tanh(self.a(x)), 1))))

      """, inputShape: grey)

  static let moduleActivations = EditingParent(
    name: "activations as modules",
    source: """
      import torch
      import torch.nn as nn

      class Modules(nn.Module):
          def __init__(self):
              super().__init__()
              self.conv1 = nn.Conv2d(3, 12, 3)
              self.act1 = nn.SiLU()
              self.conv2 = nn.Conv2d(12, 12, 3, groups=3)
              self.act2 = nn.SiLU()
              self.pool = nn.MaxPool2d(3, stride=2)
              self.flat = nn.Flatten()
              self.out = nn.Linear(12 * 13 * 13, 10)

          def forward(self, x):
              x = self.act1(self.conv1(x))
              x = self.act2(self.conv2(x))
              x = self.flat(self.pool(x))
              return self.out(x)

      """, inputShape: colour)
}

extension CompiledNetwork {
  /// How many numbers are trained.
  var trainedCount: Int {
    graph.parameters.reduce(0) { $0 + graph.type(of: $1.value).elementCount }
  }
}
