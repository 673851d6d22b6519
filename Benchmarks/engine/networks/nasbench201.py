"""The networks of NAS-Bench-201 (Dong & Yang 2020) for CIFAR-10; `arch` is the cell in the benchmark's notation."""
import torch.nn as nn


class ReLUConvBN(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, padding):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(), nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return self.op(x)


def edge(name, channels):
    if name == "nor_conv_3x3":
        return ReLUConvBN(channels, channels, 3, 1, 1)
    if name == "nor_conv_1x1":
        return ReLUConvBN(channels, channels, 1, 1, 0)
    if name == "avg_pool_3x3":
        return nn.AvgPool2d(3, 1, 1, count_include_pad=False)
    if name == "skip_connect":
        return nn.Identity()
    raise ValueError(name)


class Cell(nn.Module):
    """A node is the sum of its edges: `|op~source|op~source|+|…` names them node by node."""

    def __init__(self, arch, channels):
        super().__init__()
        self.sources = []
        self.edges = nn.ModuleList()
        for node in arch.split("+"):
            names = [part.split("~") for part in node.strip("|").split("|")]
            kept = [(name, int(source)) for name, source in names if name != "none"]
            self.sources.append([source for _, source in kept])
            self.edges.append(nn.ModuleList([edge(name, channels) for name, _ in kept]))

    def forward(self, x):
        nodes = [x]
        for sources, edges in zip(self.sources, self.edges):
            results = [operation(nodes[source]) for source, operation in zip(sources, edges)]
            total = results[0]
            for result in results[1:]:
                total = total + result
            nodes.append(total)
        return nodes[-1]


class Reduction(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.a = ReLUConvBN(inputs, outputs, 3, 2, 1)
        self.b = ReLUConvBN(outputs, outputs, 3, 1, 1)
        self.shortcut = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, x):
        return self.b(self.a(x)) + self.shortcut(x)


class Net(nn.Module):
    def __init__(
            self, arch="|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
            channels=16, cells=5):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        layers = []
        for stage in range(3):
            if stage > 0:
                layers.append(Reduction(channels, 2 * channels))
                channels *= 2
            layers += [Cell(arch, channels) for _ in range(cells)]
        self.cells = nn.ModuleList(layers)
        self.lastact = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())
        self.global_pooling = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, 10)

    def forward(self, x):
        x = self.stem(x)
        for cell in self.cells:
            x = cell(x)
        x = self.global_pooling(self.lastact(x))
        return self.classifier(x.view(x.size(0), -1))
