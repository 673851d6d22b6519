# input: 3x1x28x28
import torch
from torch import nn


class MLP(nn.Module):
    def __init__(self, input_dim: int = 784, hidden=(256, 128), num_classes: int = 10, p: float = 0.2):
        super().__init__()
        layers = []
        last = input_dim
        for width in hidden:
            layers += [nn.Linear(last, width), nn.BatchNorm1d(width), nn.ReLU(inplace=True), nn.Dropout(p)]
            last = width
        layers.append(nn.Linear(last, num_classes))
        self.net = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x.flatten(1))
