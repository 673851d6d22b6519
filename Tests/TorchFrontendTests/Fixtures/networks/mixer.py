# input: 2x3x32x32
from functools import partial

import torch
from torch import nn


class PreNormResidual(nn.Module):
    def __init__(self, dim, fn):
        super().__init__()
        self.fn = fn
        self.norm = nn.LayerNorm(dim)

    def forward(self, x):
        return self.fn(self.norm(x)) + x


def FeedForward(dim, mult=2, dropout=0., dense=nn.Linear):
    inner = int(dim * mult)
    return nn.Sequential(dense(dim, inner), nn.GELU(), nn.Dropout(dropout), dense(inner, dim), nn.Dropout(dropout))


class MLPMixer(nn.Module):
    def __init__(self, image_size=32, channels=3, patch_size=8, dim=24, depth=2, num_classes=10):
        super().__init__()
        num_patches = (image_size // patch_size) ** 2
        chan_first = partial(nn.Conv1d, kernel_size=1)
        self.embed = nn.Linear(patch_size * patch_size * channels, dim)
        self.patch = patch_size
        self.layers = nn.Sequential(*[
            nn.Sequential(
                PreNormResidual(dim, FeedForward(num_patches, 2, 0.1, chan_first)),
                PreNormResidual(dim, FeedForward(dim)),
            ) for _ in range(depth)
        ])
        self.norm = nn.LayerNorm((dim,))
        self.head = nn.Linear(dim, num_classes)

    def forward(self, x):
        b, c, h, w = x.shape
        p = self.patch
        x = x.reshape(b, c, h // p, p, w // p, p).permute(0, 2, 4, 3, 5, 1).reshape(b, (h // p) * (w // p), -1)
        x = self.layers(self.embed(x))
        return self.head(self.norm(x).mean(dim=1))
