# input: 4x3x8x8
import torch
import torch.nn as nn


class StatisticsNet(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(0.3))
        self.table = nn.Parameter(torch.arange(12, dtype=torch.float32).reshape(3, 4) / 12)
        self.fc = nn.Linear(21, num_classes, bias=False)

    def forward(self, x):
        n = x.shape[0]
        flat = x.view(n, 3, -1)
        mean, std = flat.mean(-1), flat.std(dim=-1)
        high, _ = flat.max(dim=2)
        low = torch.min(flat, dim=2).values
        norm = flat.norm(dim=2) / 8
        energy = (flat ** 2).sum(2).sqrt().log1p() - torch.exp(-norm.abs())
        gram = torch.bmm(flat, flat.transpose(1, 2)).flatten(1)[:, [0, 4, -1]] / 64
        features = torch.cat([mean, std * self.alpha, high, low, norm, energy, gram], dim=1)
        mixed = features[:, :3] @ self.table
        features = torch.cat([features[:, 4:], mixed], 1)
        gate = (features > 0).float() * 0.5 + 0.5
        return self.fc(features * gate / (1 + features.pow(2)).rsqrt().reciprocal())
