extension Library {
  /// Attention to channels, pooling by name and classifiers.
  static let timmHeads = """
    class SEModule(nn.Module):
        def __init__(self, channels, rd_ratio=1 / 16, rd_channels=None, rd_divisor=8, add_maxpool=False, bias=True,
                     act_layer=nn.ReLU, norm_layer=None, gate_layer="sigmoid", device=None, dtype=None):
            super().__init__()
            self.add_maxpool = add_maxpool
            if not rd_channels:
                rd_channels = make_divisible(channels * rd_ratio, rd_divisor, round_limit=0.0)
            self.fc1 = nn.Conv2d(channels, rd_channels, kernel_size=1, bias=bias)
            self.bn = norm_layer(rd_channels) if norm_layer else nn.Identity()
            self.act = create_act_layer(act_layer, inplace=True)
            self.fc2 = nn.Conv2d(rd_channels, channels, kernel_size=1, bias=bias)
            self.gate = create_act_layer(gate_layer)

        def forward(self, x):
            squeezed = x.mean((2, 3), keepdim=True)
            if self.add_maxpool:
                squeezed = 0.5 * squeezed + 0.5 * x.amax((2, 3), keepdim=True)
            return x * self.gate(self.fc2(self.act(self.bn(self.fc1(squeezed)))))


    SqueezeExcite = SEModule


    class EffectiveSEModule(nn.Module):
        def __init__(self, channels, add_maxpool=False, gate_layer="hard_sigmoid", **_):
            super().__init__()
            self.add_maxpool = add_maxpool
            self.fc = nn.Conv2d(channels, channels, kernel_size=1, padding=0)
            self.gate = create_act_layer(gate_layer)

        def forward(self, x):
            squeezed = x.mean((2, 3), keepdim=True)
            if self.add_maxpool:
                squeezed = 0.5 * squeezed + 0.5 * x.amax((2, 3), keepdim=True)
            return x * self.gate(self.fc(squeezed))


    EffectiveSqueezeExcite = EffectiveSEModule


    class EcaModule(nn.Module):
        def __init__(self, channels=None, kernel_size=3, gamma=2, beta=1, act_layer=None, gate_layer="sigmoid",
                     rd_ratio=1 / 8, rd_channels=None, rd_divisor=8, use_mlp=False, device=None, dtype=None):
            super().__init__()
            if channels is not None:
                size = int(abs(math.log(channels, 2) + beta) / gamma)
                kernel_size = max(size if size % 2 else size + 1, 3)
            assert kernel_size % 2 == 1
            padding = (kernel_size - 1) // 2
            if use_mlp:
                assert channels is not None
                if rd_channels is None:
                    rd_channels = make_divisible(channels * rd_ratio, divisor=rd_divisor)
                self.conv = nn.Conv1d(1, rd_channels, kernel_size=1, padding=0, bias=True)
                self.act = create_act_layer(act_layer or nn.ReLU)
                self.conv2 = nn.Conv1d(rd_channels, 1, kernel_size=kernel_size, padding=padding, bias=True)
            else:
                self.conv = nn.Conv1d(1, 1, kernel_size=kernel_size, padding=padding, bias=False)
                self.act = None
                self.conv2 = None
            self.gate = create_act_layer(gate_layer)

        def forward(self, x):
            y = self.conv(x.mean((2, 3)).view(x.shape[0], 1, -1))
            if self.conv2 is not None:
                y = self.conv2(self.act(y))
            return x * self.gate(y).view(x.shape[0], -1, 1, 1)


    EfficientChannelAttn = EcaModule


    def adaptive_pool_feat_mult(pool_type="avg"):
        return 2 if pool_type.endswith("catavgmax") else 1


    def adaptive_avgmax_pool2d(x, output_size=1):
        return 0.5 * (F.adaptive_avg_pool2d(x, output_size) + F.adaptive_max_pool2d(x, output_size))


    def adaptive_catavgmax_pool2d(x, output_size=1):
        return torch.cat((F.adaptive_avg_pool2d(x, output_size), F.adaptive_max_pool2d(x, output_size)), 1)


    class AdaptiveAvgMaxPool2d(nn.Module):
        def __init__(self, output_size=1):
            super().__init__()
            self.output_size = output_size

        def forward(self, x):
            return adaptive_avgmax_pool2d(x, self.output_size)


    class AdaptiveCatAvgMaxPool2d(nn.Module):
        def __init__(self, output_size=1):
            super().__init__()
            self.output_size = output_size

        def forward(self, x):
            return adaptive_catavgmax_pool2d(x, self.output_size)


    class _FastPool(nn.Module):
        # Global pooling by a reduction, for images in either layout.
        def __init__(self, kind, flatten, input_fmt):
            super().__init__()
            self.kind = kind
            self.flatten = flatten
            self.dim = (1, 2) if input_fmt == "NHWC" else (2, 3)
            self.dim_cat = 3 if input_fmt == "NHWC" and not flatten else 1

        def forward(self, x):
            mean = x.mean(self.dim, keepdim=not self.flatten)
            if self.kind == "avg":
                return mean
            most = x.amax(self.dim, keepdim=not self.flatten)
            if self.kind == "max":
                return most
            return torch.cat((mean, most), self.dim_cat) if self.kind == "catavgmax" else 0.5 * mean + 0.5 * most


    def FastAdaptiveAvgPool(flatten=False, input_fmt="NCHW"):
        return _FastPool("avg", flatten, input_fmt)


    class SelectAdaptivePool2d(nn.Module):
        def __init__(self, output_size=1, pool_type="fast", flatten=False, input_fmt="NCHW"):
            super().__init__()
            assert input_fmt in ("NCHW", "NHWC")
            self.pool_type = pool_type or ""
            pool_type = self.pool_type.lower()
            kinds = [kind for kind in ("catavgmax", "avgmax", "max", "avg") if pool_type.endswith(kind)]
            self.pool = nn.Identity()
            self.flatten = nn.Flatten(1) if flatten else nn.Identity()
            if not pool_type:
                pass
            elif pool_type.startswith("fast") or input_fmt != "NCHW":
                assert output_size == 1, "Fast pooling and non NCHW input formats require output_size == 1."
                assert kinds or pool_type == "fast", "Invalid pool type: %s" % pool_type
                self.pool = _FastPool(kinds[0] if kinds else "avg", flatten, input_fmt)
                self.flatten = nn.Identity()
            else:
                pools = {"avg": nn.AdaptiveAvgPool2d, "max": nn.AdaptiveMaxPool2d,
                         "avgmax": AdaptiveAvgMaxPool2d, "catavgmax": AdaptiveCatAvgMaxPool2d}
                assert pool_type in pools, "Invalid pool type: %s" % pool_type
                self.pool = pools[pool_type](output_size)

        def is_identity(self):
            return not self.pool_type

        def forward(self, x):
            return self.flatten(self.pool(x))

        def feat_mult(self):
            return adaptive_pool_feat_mult(self.pool_type)


    def create_classifier(num_features, num_classes, pool_type="avg", use_conv=False, input_fmt="NCHW",
                          drop_rate=None, device=None, dtype=None):
        global_pool = SelectAdaptivePool2d(pool_type=pool_type, flatten=not use_conv and bool(pool_type),
                                           input_fmt=input_fmt or "NCHW")
        fc = _create_fc(num_features * global_pool.feat_mult(), num_classes, use_conv)
        return (global_pool, fc) if drop_rate is None else (global_pool, nn.Dropout(drop_rate), fc)


    def _create_fc(num_features, num_classes, use_conv=False):
        if num_classes <= 0:
            return nn.Identity()
        return nn.Conv2d(num_features, num_classes, 1) if use_conv else nn.Linear(num_features, num_classes)


    class ClassifierHead(nn.Module):
        def __init__(self, in_features, num_classes, pool_type="avg", drop_rate=0.0, use_conv=False,
                     input_fmt="NCHW", device=None, dtype=None):
            super().__init__()
            self.in_features = in_features
            self.use_conv = use_conv
            self.input_fmt = input_fmt
            self.global_pool, fc = create_classifier(in_features, num_classes, pool_type, use_conv, input_fmt)
            self.drop = nn.Dropout(drop_rate)
            self.fc = fc
            self.flatten = nn.Flatten(1) if use_conv and pool_type else nn.Identity()

        def forward(self, x, pre_logits=False):
            x = self.drop(self.global_pool(x))
            return self.flatten(x if pre_logits else self.fc(x))


    class NormMlpClassifierHead(nn.Module):
        def __init__(self, in_features, num_classes, hidden_size=None, pool_type="avg", drop_rate=0.0,
                     norm_layer="layernorm2d", act_layer="tanh", device=None, dtype=None):
            super().__init__()
            self.in_features = in_features
            self.hidden_size = hidden_size
            self.num_features = hidden_size or in_features
            self.use_conv = not pool_type
            dense = _dense(self.use_conv)
            self.global_pool = SelectAdaptivePool2d(pool_type=pool_type)
            self.norm = get_norm_layer(norm_layer)(in_features)
            self.flatten = nn.Flatten(1) if pool_type else nn.Identity()
            self.pre_logits = nn.Identity()
            if hidden_size:
                self.pre_logits = nn.Sequential()
                self.pre_logits.add_module("fc", dense(in_features, hidden_size))
                self.pre_logits.add_module("act", get_act_layer(act_layer)())
            self.drop = nn.Dropout(drop_rate)
            self.fc = dense(self.num_features, num_classes) if num_classes > 0 else nn.Identity()

        def forward(self, x, pre_logits=False):
            x = self.drop(self.pre_logits(self.flatten(self.norm(self.global_pool(x)))))
            return x if pre_logits else self.fc(x)

    """
}
