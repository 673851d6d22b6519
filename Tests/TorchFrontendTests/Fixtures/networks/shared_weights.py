# input: 2x3x16x16
import torch
import torch.nn as nn


class Shared(nn.Module):
    def __init__(self, num_classes=10, steps=3):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.core = nn.Conv2d(16, 16, 3, padding=1)
        self.again = self.core
        self.bn = nn.BatchNorm2d(16)
        self.steps = steps
        self.a = nn.Linear(16, 16)
        self.b = nn.Linear(16, 16)
        self.b.weight = self.a.weight
        self.unused = nn.Linear(3, 4)
        self.fc = nn.Linear(16, num_classes)
        for p in self.stem.parameters():
            p.requires_grad = False

    def forward(self, x):
        x = self.stem(x)
        step = 0
        while step < self.steps:
            x = torch.relu(self.bn(self.core(x))) + self.again(x)
            step += 1
        x = x.sum(-1).mean(-1)
        return self.fc(self.b(self.a(x)))
