import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    """A small convolutional network for 28 × 28 images."""

    def __init__(self, num_classes=10):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(
            32,
            64,
            kernel_size=(3, 3),
            padding="same",
        )
        self.pool = nn.MaxPool2d(2, 2)
        self.dropout = nn.Dropout(p=0.25)
        self.fc1 = nn.Linear(64 * 7 * 7, 128)
        self.fc2 = nn.Linear(128, num_classes)

    def forward(self, x):
        # Two blocks, then the head.
        x = self.pool(F.relu(self.bn1(self.conv1(x))))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)  # keep the batch
        x = self.dropout(F.relu(self.fc1(x)))
        return self.fc2(x)
