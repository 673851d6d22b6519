# input: 2x3x32x32
import torch
import torch.nn as nn


class Net(nn.Module):
    widths = [8, 16, 24]

    def __init__(self, num_classes=10):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(i, o, 3, padding=1) for i, o in zip([3] + self.widths[:-1], self.widths)])
        self.norms = nn.ModuleList(nn.BatchNorm2d(w) for w in self.widths)
        self.acts = nn.ModuleDict({'relu': nn.ReLU(), 'gelu': nn.GELU()})
        self.acts['tanh'] = nn.Tanh()
        self.heads = nn.ModuleList()
        for _ in range(2):
            self.heads.append(nn.Linear(self.widths[-1], num_classes))
        self.scale = nn.Parameter(torch.ones(2))
        self.extra = nn.ParameterList([nn.Parameter(torch.zeros(num_classes)) for _ in range(2)])

    def forward(self, x):
        names = list(self.acts.keys())
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            x = self.acts[names[i % len(names)]](norm(conv(x)))
            if i < len(self.convs) - 1:
                x = nn.functional.max_pool2d(x, 2)
        x = x.mean(dim=(2, 3))
        outs = [head(x) * self.scale[i] + self.extra[i] for i, head in enumerate(self.heads)]
        return torch.stack(outs).sum(0)
