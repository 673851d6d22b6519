extension Library {
  /// Normalisation layers whose first argument is the number of channels, also with an activation behind them.
  static let timmNorms = """
    class GroupNorm(nn.GroupNorm):
        def __init__(self, num_channels, num_groups=32, eps=1e-5, affine=True, **kwargs):
            super().__init__(num_groups, num_channels, eps=eps, affine=affine, **kwargs)


    class GroupNorm1(nn.GroupNorm):
        def __init__(self, num_channels, **kwargs):
            super().__init__(1, num_channels, **kwargs)


    class LayerNorm(nn.LayerNorm):
        def __init__(self, num_channels, eps=1e-6, affine=True, **kwargs):
            super().__init__(num_channels, eps=eps, elementwise_affine=affine, **kwargs)


    class LayerNorm2d(LayerNorm):
        def forward(self, x):
            return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


    LayerNormFp32 = LayerNorm
    LayerNorm2dFp32 = LayerNorm2d


    class RmsNorm(nn.Module):
        def __init__(self, channels, eps=1e-6, affine=True, device=None, dtype=None):
            super().__init__()
            self.normalized_shape = (channels,) if isinstance(channels, int) else tuple(channels)
            self.eps = eps
            self.elementwise_affine = affine
            if affine:
                self.weight = nn.Parameter(torch.ones(self.normalized_shape))
            else:
                self.register_parameter("weight", None)

        def forward(self, x):
            return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)


    class RmsNorm2d(RmsNorm):
        def forward(self, x):
            return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


    class LayerScale(nn.Module):
        def __init__(self, dim, init_values=1e-5, inplace=False, device=None, dtype=None):
            super().__init__()
            self.init_values = init_values
            self.inplace = inplace
            self.gamma = nn.Parameter(init_values * torch.ones(dim))

        def forward(self, x):
            return x.mul_(self.gamma) if self.inplace else x * self.gamma


    class LayerScale2d(LayerScale):
        def forward(self, x):
            gamma = self.gamma.view(1, -1, 1, 1)
            return x.mul_(gamma) if self.inplace else x * gamma


    class GlobalResponseNorm(nn.Module):
        def __init__(self, dim, eps=1e-6, channels_last=True, device=None, dtype=None):
            super().__init__()
            self.eps = eps
            self.spatial_dim = (1, 2) if channels_last else (2, 3)
            self.channel_dim = -1 if channels_last else 1
            self.wb_shape = (1, 1, 1, -1) if channels_last else (1, -1, 1, 1)
            self.weight = nn.Parameter(torch.zeros(dim))
            self.bias = nn.Parameter(torch.zeros(dim))

        def forward(self, x):
            size = x.norm(p=2, dim=self.spatial_dim, keepdim=True)
            share = size / (size.mean(dim=self.channel_dim, keepdim=True) + self.eps)
            return x + self.bias.view(self.wb_shape) + self.weight.view(self.wb_shape) * (x * share)


    class _NormAct:
        # Adds `drop` and `act` to a normalisation layer.
        def _add_act(self, apply_act, act_layer, act_kwargs, inplace, drop_layer):
            self.drop = nn.Identity() if drop_layer is None else drop_layer()
            act = create_act_layer(act_layer, **{"inplace": inplace, **(act_kwargs or {})}) if apply_act else None
            self.act = nn.Identity() if act is None else act

        def forward(self, x):
            return self.act(self.drop(super().forward(x)))


    class BatchNormAct2d(_NormAct, nn.BatchNorm2d):
        def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True,
                     apply_act=True, act_layer=nn.ReLU, act_kwargs=None, inplace=True, drop_layer=None,
                     device=None, dtype=None):
            super().__init__(num_features, eps, momentum, affine, track_running_stats)
            self._add_act(apply_act, act_layer, act_kwargs, inplace, drop_layer)


    class GroupNormAct(_NormAct, nn.GroupNorm):
        def __init__(self, num_channels, num_groups=32, eps=1e-5, affine=True, group_size=None, apply_act=True,
                     act_layer=nn.ReLU, act_kwargs=None, inplace=True, drop_layer=None, **kwargs):
            groups = num_channels // group_size if group_size else num_groups
            super().__init__(groups, num_channels, eps, affine)
            self._add_act(apply_act, act_layer, act_kwargs, inplace, drop_layer)


    class GroupNorm1Act(GroupNormAct):
        def __init__(self, num_channels, eps=1e-5, **kwargs):
            super().__init__(num_channels, 1, eps, **kwargs)


    class LayerNormAct(_NormAct, nn.LayerNorm):
        def __init__(self, normalization_shape, eps=1e-5, affine=True, apply_act=True, act_layer=nn.ReLU,
                     act_kwargs=None, inplace=True, drop_layer=None, **kwargs):
            super().__init__(normalization_shape, eps, affine)
            self._add_act(apply_act, act_layer, act_kwargs, inplace, drop_layer)


    class LayerNormAct2d(LayerNormAct):
        def forward(self, x):
            x = nn.LayerNorm.forward(self, x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            return self.act(self.drop(x))


    _NORMS = {
        "batchnorm": nn.BatchNorm2d, "batchnorm2d": nn.BatchNorm2d, "batchnorm1d": nn.BatchNorm1d,
        "groupnorm": GroupNorm, "groupnorm1": GroupNorm1, "layernorm": LayerNorm, "layernorm2d": LayerNorm2d,
        "layernormfp32": LayerNorm, "layernorm2dfp32": LayerNorm2d, "rmsnorm": RmsNorm, "rmsnorm2d": RmsNorm2d,
    }
    _NORM_ACTS = {
        "batchnorm": BatchNormAct2d, "batchnorm2d": BatchNormAct2d, "groupnorm": GroupNormAct,
        "groupnorm1": GroupNorm1Act, "layernorm": LayerNormAct, "layernorm2d": LayerNormAct2d,
    }


    def get_norm_layer(norm_layer):
        if norm_layer is None or norm_layer == "":
            return None
        if isinstance(norm_layer, str):
            return _NORMS[norm_layer.replace("_", "").lower()]
        return norm_layer


    def create_norm_layer(layer_name, num_features, **kwargs):
        return get_norm_layer(layer_name)(num_features, **kwargs)


    def get_norm_act_layer(norm_layer, act_layer=None):
        if norm_layer is None or norm_layer == "":
            return None
        options = {}
        if isinstance(norm_layer, partial):
            options.update(norm_layer.keywords)
            norm_layer = norm_layer.func
        if isinstance(norm_layer, str):
            layer = _NORM_ACTS[norm_layer.replace("_", "").lower().split("-")[0]]
        elif norm_layer in _NORM_ACTS.values():
            layer = norm_layer
        else:
            name = norm_layer.__name__.lower()
            names = [key for key in ("batchnorm", "groupnorm1", "groupnorm", "layernorm2d", "layernorm")
                     if name.startswith(key)]
            assert names, f"No equivalent norm_act layer for {norm_layer.__name__}"
            layer = _NORM_ACTS[names[0]]
        if act_layer is not None:
            options.setdefault("act_layer", act_layer)
        return partial(layer, **options) if options else layer


    class ConvNormAct(nn.Module):
        def __init__(self, in_channels, out_channels, kernel_size=1, stride=1, padding="", dilation=1, groups=1,
                     bias=False, apply_norm=True, apply_act=True, norm_layer=nn.BatchNorm2d, act_layer=nn.ReLU,
                     aa_layer=None, drop_layer=None, conv_kwargs=None, norm_kwargs=None, act_kwargs=None,
                     device=None, dtype=None):
            super().__init__()
            if aa_layer is not None and stride > 1:
                raise NotImplementedError("anti-aliasing layers are not supported")
            self.conv = create_conv2d(in_channels, out_channels, kernel_size, stride=stride, padding=padding,
                                      dilation=dilation, groups=groups, bias=bias, **(conv_kwargs or {}))
            options = dict(norm_kwargs or {})
            if drop_layer:
                options["drop_layer"] = drop_layer
            if apply_norm:
                layer = get_norm_act_layer(norm_layer, act_layer)
                self.bn = layer(out_channels, apply_act=apply_act, act_kwargs=act_kwargs or {}, **options)
            else:
                self.bn = nn.Sequential()
                if drop_layer:
                    self.bn.add_module("drop", drop_layer())

        @property
        def in_channels(self):
            return self.conv.in_channels

        @property
        def out_channels(self):
            return self.conv.out_channels

        def forward(self, x):
            return self.bn(self.conv(x))


    ConvBnAct = ConvNormAct
    ConvNormActAa = ConvNormAct


    """
}
