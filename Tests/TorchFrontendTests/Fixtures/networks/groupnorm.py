# input: 2x3x32x32
import torch
import torch.nn as nn


def conv_block(in_c, out_c, *, norm="group", act=nn.ReLU, **kwargs):
    layers = [nn.Conv2d(in_c, out_c, bias=norm is None, **kwargs)]
    if norm == "group":
        layers.append(nn.GroupNorm(4, out_c))
    elif norm == "instance":
        layers.append(nn.InstanceNorm2d(out_c, affine=True))
    elif norm == "layer":
        layers.append(nn.GroupNorm(1, out_c))
    layers.append(act())
    return nn.Sequential(*layers)


class NormNet(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        kw = dict(kernel_size=3, padding=1)
        self.a = conv_block(3, 16, **kw)
        self.b = conv_block(16, 24, norm="instance", act=nn.ELU, stride=2, **kw)
        self.c = conv_block(24, 32, norm="layer", act=nn.Mish, kernel_size=(3, 1), padding=(1, 0))
        self.d = conv_block(32, 32, norm=None, act=lambda: nn.PReLU(32), kernel_size=1)
        self.pool = nn.AvgPool2d(2, ceil_mode=True)
        self.out = nn.Linear(32 * 8 * 8, num_classes)

    def forward(self, x):
        for f in (self.a, self.b, self.c, self.d, self.pool):
            x = f(x)
        return self.out(x.reshape(x.shape[0], -1))
