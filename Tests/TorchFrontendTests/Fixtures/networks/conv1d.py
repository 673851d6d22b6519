# input: 2x3x64
import torch.nn as nn


class Conv1dNet(nn.Module):
    def __init__(self, in_channels=3, num_classes=10):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(in_channels, 16, 7, stride=2, padding=3),
            nn.BatchNorm1d(16),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Conv1d(16, 32, 3, groups=4, padding="valid"),
            nn.Hardsigmoid(),
            nn.AvgPool1d(3, stride=2, padding=1),
            nn.AdaptiveAvgPool1d(1),
        )
        self.fc = nn.Linear(32, num_classes)

    def forward(self, x):
        return self.fc(self.body(x).squeeze(2))
