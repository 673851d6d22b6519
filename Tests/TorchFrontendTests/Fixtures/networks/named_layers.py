# input: 2x1x28x28
from collections import OrderedDict

import torch
import torch.nn as nn


class NamedNet(nn.Module):
    def __init__(self, depth=3, width=12, num_classes=10):
        super(NamedNet, self).__init__()
        self.depth = depth
        channels = 1
        for i in range(depth):
            setattr(self, f"conv{i}", nn.Conv2d(channels, width * (i + 1), 3, stride=2 if i else 1, padding=1))
            self.add_module(f"bn{i}", nn.BatchNorm2d(width * (i + 1)))
            channels = width * (i + 1)
        self.head = nn.Sequential(OrderedDict([
            ("pool", nn.AdaptiveAvgPool2d((2, 2))),
            ("flatten", nn.Flatten()),
            ("fc", nn.Linear(channels * 4, num_classes)),
        ]))

    def forward(self, x):
        for i in range(self.depth):
            conv = getattr(self, "conv{}".format(i))
            bn = self._modules["bn" + str(i)]
            x = torch.tanh(bn(conv(x)))
        return self.head(x)
