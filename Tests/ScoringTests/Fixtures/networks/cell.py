# A network of NAS-Bench-201's form with one cell a stage; the edges are conv3x3, pool, conv1x1, skip, none, conv3x3.
import torch.nn as nn


class ReLUConvBN(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, padding):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(inplace=False), nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return self.op(x)


class Cell(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.a = ReLUConvBN(channels, channels, 3, 1, 1)
        self.b = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.c = ReLUConvBN(channels, channels, 1, 1, 0)
        self.d = nn.Identity()
        self.f = ReLUConvBN(channels, channels, 3, 1, 1)

    def forward(self, x):
        one = self.a(x)
        two = self.b(x) + self.c(one)
        return self.d(x) + one.mul(0.0) + self.f(two)


class Reduction(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv_a = ReLUConvBN(inputs, outputs, 3, 2, 1)
        self.conv_b = ReLUConvBN(outputs, outputs, 3, 1, 1)
        self.downsample = nn.Sequential(nn.AvgPool2d(2, 2, 0), nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, x):
        return self.downsample(x) + self.conv_b(self.conv_a(x))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8))
        self.cells = nn.ModuleList([Cell(8), Reduction(8, 16), Cell(16), Reduction(16, 32), Cell(32)])
        self.lastact = nn.Sequential(nn.BatchNorm2d(32), nn.ReLU(inplace=True))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(32, 10)

    def forward(self, x):
        x = self.stem(x)
        for cell in self.cells:
            x = cell(x)
        x = self.pool(self.lastact(x))
        return self.classifier(x.view(x.size(0), -1))
