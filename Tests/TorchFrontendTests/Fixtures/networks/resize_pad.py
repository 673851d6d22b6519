# input: 2x3x16x16
import torch
import torch.nn as nn
import torch.nn.functional as F


class ResizeNet(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.pad = nn.ZeroPad2d((1, 2, 0, 1))
        self.conv = nn.Conv2d(3, 16, (2, 4))
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.shuffle = nn.PixelShuffle(2)
        self.fc = nn.Linear(4 * 64 * 64 // 16, num_classes)

    def forward(self, x):
        x = self.conv(self.pad(x))
        x = F.pad(x, (0, 0, -1, 1), value=0.5)
        x = self.shuffle(self.up(x))
        x = torch.flip(x, [3]) + torch.roll(x, shifts=(1, 2), dims=(2, 3))
        a, b = torch.split(x, [1, 3], dim=1)
        x = torch.cat([b, a], dim=1).clamp(min=-1, max=2)
        x = F.interpolate(x[:, :, ::4, 1::4], size=(16, 16))
        return self.fc(x.flatten(start_dim=1))
