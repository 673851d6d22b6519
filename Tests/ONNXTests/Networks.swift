/// Small networks that between them use most of what networks use.
enum Networks {
  static let all = [residual, attention, mixed]

  private static let residual = """
    import torch.nn as nn
    import torch.nn.functional as F

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.bn = nn.BatchNorm2d(outputs)
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride)

        def forward(self, x):
            return F.relu(self.bn(self.conv(x)) + self.shortcut(x))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.Sequential(Block(3, 8, 1), nn.MaxPool2d(3, 2, 1, ceil_mode=True), Block(8, 12, 2))
            self.norm = nn.GroupNorm(3, 12)
            self.fc = nn.Linear(12, 10)

        def forward(self, x):
            x = self.norm(self.blocks(x))
            return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))
    """

  private static let attention = """
    import torch
    import torch.nn as nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches = nn.Conv2d(3, 16, 4, 4)
            self.token = nn.Parameter(torch.zeros(1, 1, 16))
            self.positions = nn.Parameter(torch.zeros(1, 17, 16))
            self.norm = nn.LayerNorm(16)
            self.attention = nn.MultiheadAttention(16, 4, batch_first=True)
            self.mlp = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))
            self.head = nn.Linear(16, 10)

        def forward(self, x):
            x = self.patches(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions
            y = self.norm(x)
            x = x + self.attention(y, y, y)[0]
            return self.head((x + self.mlp(x))[:, 0])
    """

  private static let mixed = """
    import torch
    import torch.nn as nn
    import torch.nn.functional as F

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(3, 8, 5, stride=2, padding=2)
            self.b = nn.Conv2d(8, 8, 3, padding=1, groups=8)
            self.up = nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1)
            self.rnn = nn.GRU(4, 6, batch_first=True)
            self.fc = nn.Linear(6 + 4 * 9, 10)

        def forward(self, x):
            x = F.hardswish(self.a(x)) * torch.sigmoid(self.b(self.a(x)).mean((2, 3), keepdim=True))
            x = F.avg_pool2d(F.silu(self.up(x)), 3, 2, 1)
            pooled = F.adaptive_max_pool2d(x, 3).view(x.size(0), -1)
            states, _ = self.rnn(x.flatten(2).permute(0, 2, 1)[:, ::4])
            return F.log_softmax(self.fc(torch.cat([states[:, -1], pooled], 1)), 1)
    """
}
