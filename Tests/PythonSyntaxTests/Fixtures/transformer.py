"""A vision transformer in the style of research code: dataclass, einsum, dictionaries, assertions."""
from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field

import torch
from torch import nn, einsum


@dataclass(frozen=True)
class Config:
    dim: int = 192
    depth: int = 6
    heads: int = 3
    ratios: tuple[float, ...] = (4.0,) * 6
    extra: dict[str, int] = field(default_factory=dict)


class Attention(nn.Module):
    def __init__(self, dim, heads=8, dropout=0.):
        super().__init__()
        assert dim % heads == 0, f'dim {dim} must be divisible by {"heads"} ({heads})'
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.to_out = nn.Sequential(OrderedDict([("proj", nn.Linear(dim, dim)), ("drop", nn.Dropout(dropout))]))

    def forward(self, x):
        b, n, _, h = *x.shape, self.heads
        q, k, v = (t.reshape(b, n, h, -1).transpose(1, 2) for t in self.to_qkv(x).chunk(3, dim=-1))
        attn = (einsum("b h i d, b h j d -> b h i j", q, k) * self.scale).softmax(dim=-1)
        out = attn @ v
        return self.to_out(out.transpose(1, 2).flatten(2))


class MLP(nn.Sequential):
    def __init__(self, dim, ratio=4.0, act=lambda: nn.GELU()):
        hidden = int(dim * ratio)
        super().__init__(nn.Linear(dim, hidden), act(), nn.Linear(hidden, dim))


class ViT(nn.Module):
    patch = 4
    def __init__(self, cfg: Config = Config(), *, image=32, classes=10):
        super().__init__()
        tokens = (image // self.patch) ** 2
        self.embed = nn.Conv2d(3, cfg.dim, kernel_size=self.patch, stride=self.patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, cfg.dim))
        self.pos = nn.Parameter(torch.randn(1, tokens + 1, cfg.dim) * .02)
        self.blocks = nn.ModuleList()
        for i, ratio in zip(range(cfg.depth), cfg.ratios):
            self.blocks.append(nn.ModuleDict({
                'norm1': nn.LayerNorm(cfg.dim, eps=1e-6), 'attn': Attention(cfg.dim, cfg.heads),
                'norm2': nn.LayerNorm(cfg.dim, eps=1e-6), 'mlp': MLP(cfg.dim, ratio=ratio),
            }))
            setattr(self, f"scale_{i:02d}", nn.Parameter(torch.ones(cfg.dim) * 10 ** -(i + 1)))
        self.norm, self.head = nn.LayerNorm(cfg.dim), nn.Linear(cfg.dim, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embed(x).flatten(2).permute(0, 2, 1)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], dim=1) + self.pos[:, : x.shape[1] + 1]
        for i, block in enumerate(self.blocks):
            x = x + getattr(self, f"scale_{i:02d}") * block['attn'](block['norm1'](x))
            x = x + block["mlp"](block["norm2"](x))
        return self.head(self.norm(x)[:, 0, ...])
