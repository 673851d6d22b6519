# input: 2x3x8x8
import random
from enum import IntEnum

import torch
import torch.distributed as dist
import torch.nn as nn


class Width(IntEnum):
    SMALL = 8
    LARGE = 10


class Kernel(IntEnum):
    THREE = 3


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)


class AttributeNet(nn.Module):
    def __init__(self, **options):
        super().__init__()
        vars(self).update(options, scale=0.5)
        self.__dict__["shift"] = 0.25
        object.__setattr__(self, "teacher", Part())
        self.draw = random.Random(3)
        self.conv = nn.Conv2d(3, Width.SMALL, (Kernel.THREE, 1), padding=(Kernel.THREE // 2, 0))
        self.norm = nn.GroupNorm(num_groups=Kernel.THREE - 1, num_channels=Width.SMALL)
        self.pool = nn.MaxPool2d(Kernel.THREE)
        self.head = nn.Linear(Width.SMALL, Width.LARGE)
        if dist.is_available() and dist.is_initialized():
            self.head = nn.SyncBatchNorm(4)

    def forward(self, x):
        x = self.pool(self.norm(self.conv(x))) * self.scale + self.shift
        return self.head(x.mean((2, 3)))
