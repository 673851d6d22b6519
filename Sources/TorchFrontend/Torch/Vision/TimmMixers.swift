extension Library {
  /// Perceptrons, patches, attention over tokens and over channels.
  static let timmMixers = """
    def _dense(use_conv):
        return partial(nn.Conv2d, kernel_size=1) if use_conv else nn.Linear


    class Mlp(nn.Module):
        def __init__(self, in_features, hidden_features=None, out_features=None, act_layer=nn.GELU,
                     norm_layer=None, bias=True, drop=0.0, use_conv=False, device=None, dtype=None):
            super().__init__()
            out_features = out_features or in_features
            hidden_features = hidden_features or in_features
            bias, drop, dense = to_2tuple(bias), to_2tuple(drop), _dense(use_conv)
            self.fc1 = dense(in_features, hidden_features, bias=bias[0])
            self.act = act_layer()
            self.drop1 = nn.Dropout(drop[0])
            self.norm = nn.Identity() if norm_layer is None else norm_layer(hidden_features)
            self.fc2 = dense(hidden_features, out_features, bias=bias[1])
            self.drop2 = nn.Dropout(drop[1])

        def forward(self, x):
            x = self.drop1(self.act(self.fc1(x)))
            return self.drop2(self.fc2(self.norm(x)))


    class GluMlp(nn.Module):
        def __init__(self, in_features, hidden_features=None, out_features=None, act_layer=nn.Sigmoid,
                     norm_layer=None, bias=True, drop=0.0, use_conv=False, gate_last=True, device=None,
                     dtype=None):
            super().__init__()
            out_features = out_features or in_features
            hidden_features = hidden_features or in_features
            assert hidden_features % 2 == 0
            bias, drop, dense = to_2tuple(bias), to_2tuple(drop), _dense(use_conv)
            self.chunk_dim = 1 if use_conv else -1
            self.gate_last = gate_last
            self.fc1 = dense(in_features, hidden_features, bias=bias[0])
            self.act = act_layer()
            self.drop1 = nn.Dropout(drop[0])
            self.norm = nn.Identity() if norm_layer is None else norm_layer(hidden_features // 2)
            self.fc2 = dense(hidden_features // 2, out_features, bias=bias[1])
            self.drop2 = nn.Dropout(drop[1])

        def forward(self, x):
            first, second = self.fc1(x).chunk(2, dim=self.chunk_dim)
            x = first * self.act(second) if self.gate_last else self.act(first) * second
            return self.drop2(self.fc2(self.norm(self.drop1(x))))


    SwiGLUPacked = partial(GluMlp, act_layer=nn.SiLU, gate_last=False)


    class SwiGLU(nn.Module):
        def __init__(self, in_features, hidden_features=None, out_features=None, act_layer=nn.SiLU,
                     norm_layer=None, bias=True, drop=0.0, align_to=0, device=None, dtype=None):
            super().__init__()
            out_features = out_features or in_features
            hidden_features = hidden_features or in_features
            bias, drop = to_2tuple(bias), to_2tuple(drop)
            if align_to:
                hidden_features = hidden_features + (-hidden_features % align_to)
            self.fc1_g = nn.Linear(in_features, hidden_features, bias=bias[0])
            self.fc1_x = nn.Linear(in_features, hidden_features, bias=bias[0])
            self.act = act_layer()
            self.drop1 = nn.Dropout(drop[0])
            self.norm = nn.Identity() if norm_layer is None else norm_layer(hidden_features)
            self.fc2 = nn.Linear(hidden_features, out_features, bias=bias[1])
            self.drop2 = nn.Dropout(drop[1])

        def forward(self, x):
            x = self.drop1(self.act(self.fc1_g(x)) * self.fc1_x(x))
            return self.drop2(self.fc2(self.norm(x)))


    class ConvMlp(nn.Module):
        def __init__(self, in_features, hidden_features=None, out_features=None, act_layer=nn.ReLU,
                     norm_layer=None, bias=True, drop=0.0, device=None, dtype=None):
            super().__init__()
            out_features = out_features or in_features
            hidden_features = hidden_features or in_features
            bias = to_2tuple(bias)
            self.fc1 = nn.Conv2d(in_features, hidden_features, kernel_size=1, bias=bias[0])
            self.norm = norm_layer(hidden_features) if norm_layer else nn.Identity()
            self.act = act_layer()
            self.drop = nn.Dropout(drop)
            self.fc2 = nn.Conv2d(hidden_features, out_features, kernel_size=1, bias=bias[1])

        def forward(self, x):
            return self.fc2(self.drop(self.act(self.norm(self.fc1(x)))))


    class GlobalResponseNormMlp(nn.Module):
        def __init__(self, in_features, hidden_features=None, out_features=None, act_layer=nn.GELU, bias=True,
                     drop=0.0, use_conv=False, device=None, dtype=None):
            super().__init__()
            out_features = out_features or in_features
            hidden_features = hidden_features or in_features
            bias, drop, dense = to_2tuple(bias), to_2tuple(drop), _dense(use_conv)
            self.fc1 = dense(in_features, hidden_features, bias=bias[0])
            self.act = act_layer()
            self.drop1 = nn.Dropout(drop[0])
            self.grn = GlobalResponseNorm(hidden_features, channels_last=not use_conv)
            self.fc2 = dense(hidden_features, out_features, bias=bias[1])
            self.drop2 = nn.Dropout(drop[1])

        def forward(self, x):
            x = self.drop1(self.act(self.fc1(x)))
            return self.drop2(self.fc2(self.grn(x)))


    class PatchEmbed(nn.Module):
        def __init__(self, img_size=224, patch_size=16, in_chans=3, embed_dim=768, norm_layer=None, flatten=True,
                     output_fmt=None, bias=True, strict_img_size=True, dynamic_img_pad=False, device=None,
                     dtype=None):
            super().__init__()
            self.patch_size = to_2tuple(patch_size)
            self.img_size = self.grid_size = self.num_patches = None
            if img_size is not None:
                self.img_size = to_2tuple(img_size)
                self.grid_size = tuple(s // p for s, p in zip(self.img_size, self.patch_size))
                self.num_patches = self.grid_size[0] * self.grid_size[1]
            self.output_fmt = "NCHW" if output_fmt is None else str(output_fmt)
            self.flatten = flatten and output_fmt is None
            self.strict_img_size = strict_img_size
            self.dynamic_img_pad = dynamic_img_pad
            self.proj = nn.Conv2d(in_chans, embed_dim, kernel_size=self.patch_size, stride=self.patch_size,
                                  bias=bias)
            self.norm = norm_layer(embed_dim) if norm_layer else nn.Identity()

        def forward(self, x):
            height, width = x.shape[2:]
            if self.img_size is not None:
                if self.strict_img_size:
                    _assert(height == self.img_size[0],
                            f"Input height ({height}) doesn't match model ({self.img_size[0]}).")
                    _assert(width == self.img_size[1],
                            f"Input width ({width}) doesn't match model ({self.img_size[1]}).")
                elif not self.dynamic_img_pad:
                    _assert(height % self.patch_size[0] == 0,
                            f"Input height ({height}) should be divisible by patch size ({self.patch_size[0]}).")
                    _assert(width % self.patch_size[1] == 0,
                            f"Input width ({width}) should be divisible by patch size ({self.patch_size[1]}).")
            if self.dynamic_img_pad:
                x = F.pad(x, (0, -width % self.patch_size[1], 0, -height % self.patch_size[0]))
            x = self.proj(x)
            if self.flatten or self.output_fmt == "NLC":
                x = x.flatten(2).transpose(1, 2)
            elif self.output_fmt == "NHWC":
                x = x.permute(0, 2, 3, 1)
            elif self.output_fmt == "NCL":
                x = x.flatten(2)
            return self.norm(x)


    class Attention(nn.Module):
        def __init__(self, dim, num_heads=8, qkv_bias=False, qk_norm=False, proj_bias=True, attn_drop=0.0,
                     proj_drop=0.0, norm_layer=nn.LayerNorm, device=None, dtype=None):
            super().__init__()
            assert dim % num_heads == 0, "dim should be divisible by num_heads"
            self.num_heads = num_heads
            self.head_dim = dim // num_heads
            self.scale = self.head_dim ** -0.5
            self.fused_attn = use_fused_attn()
            self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)
            self.q_norm = norm_layer(self.head_dim) if qk_norm else nn.Identity()
            self.k_norm = norm_layer(self.head_dim) if qk_norm else nn.Identity()
            self.attn_drop = nn.Dropout(attn_drop)
            self.norm = nn.Identity()
            self.proj = nn.Linear(dim, dim, bias=proj_bias)
            self.proj_drop = nn.Dropout(proj_drop)

        def forward(self, x, attn_mask=None):
            batch, count, dim = x.shape
            qkv = self.qkv(x).reshape(batch, count, 3, self.num_heads, self.head_dim)
            query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
            scores = (self.q_norm(query) * self.scale) @ self.k_norm(key).transpose(-2, -1)
            if attn_mask is not None:
                scores = scores + attn_mask
            x = self.attn_drop(scores.softmax(dim=-1)) @ value
            return self.proj_drop(self.proj(x.transpose(1, 2).reshape(batch, count, dim)))


    """
}
