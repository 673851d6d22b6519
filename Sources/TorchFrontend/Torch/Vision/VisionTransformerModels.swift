extension Library {
  /// ConvNeXt and the vision transformer.
  static let visionTransformerModels = """
    import math
    from collections import OrderedDict
    from functools import partial
    from typing import NamedTuple

    import torch
    import torch.nn.functional as F
    from torch import nn
    from torchvision.models._helpers import _untrained, _Weights
    from torchvision.ops import MLP, Conv2dNormActivation, Permute, StochasticDepth


    class LayerNorm2d(nn.LayerNorm):
        def forward(self, x):
            x = F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps)
            return x.permute(0, 3, 1, 2)


    class CNBlock(nn.Module):
        def __init__(self, dim, layer_scale, stochastic_depth_prob, norm_layer=None):
            super().__init__()
            norm_layer = norm_layer or partial(nn.LayerNorm, eps=1e-6)
            self.block = nn.Sequential(
                nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim), Permute([0, 2, 3, 1]), norm_layer(dim),
                nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim), Permute([0, 3, 1, 2]))
            self.layer_scale = nn.Parameter(torch.ones(dim, 1, 1) * layer_scale)
            self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")

        def forward(self, input):
            return self.stochastic_depth(self.layer_scale * self.block(input)) + input


    class CNBlockConfig:
        def __init__(self, input_channels, out_channels, num_layers):
            self.input_channels, self.out_channels, self.num_layers = input_channels, out_channels, num_layers


    class ConvNeXt(nn.Module):
        def __init__(self, block_setting, stochastic_depth_prob=0.0, layer_scale=1e-6, num_classes=1000, block=None,
                     norm_layer=None, **kwargs):
            super().__init__()
            if not block_setting:
                raise ValueError("The block_setting should not be empty")
            block = block or CNBlock
            norm_layer = norm_layer or partial(LayerNorm2d, eps=1e-6)
            layers = [Conv2dNormActivation(3, block_setting[0].input_channels, kernel_size=4, stride=4, padding=0,
                                           norm_layer=norm_layer, activation_layer=None, bias=True)]
            count = sum(cnf.num_layers for cnf in block_setting)
            number = 0
            for cnf in block_setting:
                stage = []
                for _ in range(cnf.num_layers):
                    stage.append(block(cnf.input_channels, layer_scale, stochastic_depth_prob * number / (count - 1.0)))
                    number += 1
                layers.append(nn.Sequential(*stage))
                if cnf.out_channels is not None:
                    layers.append(nn.Sequential(
                        norm_layer(cnf.input_channels),
                        nn.Conv2d(cnf.input_channels, cnf.out_channels, kernel_size=2, stride=2)))
            self.features = nn.Sequential(*layers)
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            last = block_setting[-1]
            width = last.input_channels if last.out_channels is None else last.out_channels
            self.classifier = nn.Sequential(norm_layer(width), nn.Flatten(1), nn.Linear(width, num_classes))
            for m in self.modules():
                if isinstance(m, (nn.Conv2d, nn.Linear)):
                    nn.init.trunc_normal_(m.weight, std=0.02)
                    if m.bias is not None:
                        nn.init.zeros_(m.bias)

        def forward(self, x):
            return self.classifier(self.avgpool(self.features(x)))


    def _convnext(name, widths, depths, probability):
        def build(weights=None, progress=True, pretrained=False, **kwargs):
            _untrained(name, weights, pretrained)
            settings = [CNBlockConfig(*row) for row in zip(widths, widths[1:] + [None], depths)]
            return ConvNeXt(settings, kwargs.pop("stochastic_depth_prob", probability), **kwargs)
        return build


    convnext_tiny = _convnext("convnext_tiny", [96, 192, 384, 768], [3, 3, 9, 3], 0.1)
    convnext_small = _convnext("convnext_small", [96, 192, 384, 768], [3, 3, 27, 3], 0.4)
    convnext_base = _convnext("convnext_base", [128, 256, 512, 1024], [3, 3, 27, 3], 0.5)
    convnext_large = _convnext("convnext_large", [192, 384, 768, 1536], [3, 3, 27, 3], 0.5)


    class ConvStemConfig(NamedTuple):
        out_channels: int
        kernel_size: int
        stride: int
        norm_layer: object = nn.BatchNorm2d
        activation_layer: object = nn.ReLU


    class MLPBlock(MLP):
        def __init__(self, in_dim, mlp_dim, dropout):
            super().__init__(in_dim, [mlp_dim, in_dim], activation_layer=nn.GELU, inplace=None, dropout=dropout)
            for m in self.modules():
                if isinstance(m, nn.Linear):
                    nn.init.xavier_uniform_(m.weight)
                    nn.init.normal_(m.bias, std=1e-6)


    class EncoderBlock(nn.Module):
        def __init__(self, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout,
                     norm_layer=partial(nn.LayerNorm, eps=1e-6)):
            super().__init__()
            self.num_heads = num_heads
            self.ln_1 = norm_layer(hidden_dim)
            self.self_attention = nn.MultiheadAttention(hidden_dim, num_heads, dropout=attention_dropout,
                                                        batch_first=True)
            self.dropout = nn.Dropout(dropout)
            self.ln_2 = norm_layer(hidden_dim)
            self.mlp = MLPBlock(hidden_dim, mlp_dim, dropout)

        def forward(self, input):
            x = self.ln_1(input)
            x, _ = self.self_attention(x, x, x, need_weights=False)
            x = self.dropout(x) + input
            return x + self.mlp(self.ln_2(x))


    class Encoder(nn.Module):
        def __init__(self, seq_length, num_layers, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout,
                     norm_layer=partial(nn.LayerNorm, eps=1e-6)):
            super().__init__()
            self.pos_embedding = nn.Parameter(torch.empty(1, seq_length, hidden_dim).normal_(std=0.02))
            self.dropout = nn.Dropout(dropout)
            self.layers = nn.Sequential(OrderedDict(
                (f"encoder_layer_{i}", EncoderBlock(num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer))
                for i in range(num_layers)))
            self.ln = norm_layer(hidden_dim)

        def forward(self, input):
            return self.ln(self.layers(self.dropout(input + self.pos_embedding)))


    class VisionTransformer(nn.Module):
        def __init__(self, image_size, patch_size, num_layers, num_heads, hidden_dim, mlp_dim, dropout=0.0,
                     attention_dropout=0.0, num_classes=1000, representation_size=None,
                     norm_layer=partial(nn.LayerNorm, eps=1e-6), conv_stem_configs=None):
            super().__init__()
            torch._assert(image_size % patch_size == 0, "Input shape indivisible by patch size!")
            self.image_size, self.patch_size = image_size, patch_size
            self.hidden_dim, self.mlp_dim = hidden_dim, mlp_dim
            self.attention_dropout, self.dropout = attention_dropout, dropout
            self.num_classes, self.representation_size = num_classes, representation_size
            self.norm_layer = norm_layer
            if conv_stem_configs is None:
                self.conv_proj = nn.Conv2d(3, hidden_dim, kernel_size=patch_size, stride=patch_size)
                last, deviation = self.conv_proj, math.sqrt(1 / (3 * patch_size * patch_size))
            else:
                self.conv_proj = nn.Sequential()
                width = 3
                for i, stem in enumerate(conv_stem_configs):
                    self.conv_proj.add_module(f"conv_bn_relu_{i}", Conv2dNormActivation(
                        width, stem.out_channels, kernel_size=stem.kernel_size, stride=stem.stride,
                        norm_layer=stem.norm_layer, activation_layer=stem.activation_layer))
                    width = stem.out_channels
                last, deviation = nn.Conv2d(width, hidden_dim, kernel_size=1), math.sqrt(2.0 / hidden_dim)
                self.conv_proj.add_module("conv_last", last)
            self.class_token = nn.Parameter(torch.zeros(1, 1, hidden_dim))
            self.seq_length = (image_size // patch_size) ** 2 + 1
            self.encoder = Encoder(self.seq_length, num_layers, num_heads, hidden_dim, mlp_dim, dropout,
                                   attention_dropout, norm_layer)
            self.heads = nn.Sequential()
            if representation_size is not None:
                self.heads.add_module("pre_logits", nn.Linear(hidden_dim, representation_size))
                self.heads.add_module("act", nn.Tanh())
                nn.init.trunc_normal_(self.heads.pre_logits.weight, std=math.sqrt(1 / hidden_dim))
                nn.init.zeros_(self.heads.pre_logits.bias)
            self.heads.add_module("head", nn.Linear(representation_size or hidden_dim, num_classes))
            nn.init.zeros_(self.heads.head.weight)
            nn.init.zeros_(self.heads.head.bias)
            if conv_stem_configs is None:
                nn.init.trunc_normal_(last.weight, std=deviation)
            else:
                nn.init.normal_(last.weight, mean=0.0, std=deviation)
            nn.init.zeros_(last.bias)

        def _process_input(self, x):
            n, c, h, w = x.shape
            torch._assert(h == self.image_size, f"Wrong image height! Expected {self.image_size} but got {h}!")
            torch._assert(w == self.image_size, f"Wrong image width! Expected {self.image_size} but got {w}!")
            return self.conv_proj(x).reshape(n, self.hidden_dim, self.seq_length - 1).permute(0, 2, 1)

        def forward(self, x):
            x = self._process_input(x)
            x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], dim=1)
            return self.heads(self.encoder(x)[:, 0])


    def _transformer(name, patch, layers, heads, width, hidden):
        def build(weights=None, progress=True, pretrained=False, **kwargs):
            _untrained(name, weights, pretrained)
            return VisionTransformer(kwargs.pop("image_size", 224), patch, layers, heads, width, hidden, **kwargs)
        return build


    vit_b_16 = _transformer("vit_b_16", 16, 12, 12, 768, 3072)
    vit_b_32 = _transformer("vit_b_32", 32, 12, 12, 768, 3072)
    vit_l_16 = _transformer("vit_l_16", 16, 24, 16, 1024, 4096)
    vit_l_32 = _transformer("vit_l_32", 32, 24, 16, 1024, 4096)
    vit_h_14 = _transformer("vit_h_14", 14, 32, 16, 1280, 5120)
    """
    + weights(
      ["Tiny", "Small", "Base", "Large"].map { "ConvNeXt_\($0)" }
        + ["B_16", "B_32", "L_16", "L_32", "H_14"].map { "ViT_\($0)" })
}
