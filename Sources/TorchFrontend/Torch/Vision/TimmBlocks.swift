extension Library {
  /// Helpers, initialisation, dropped paths, activations by name and convolutions by padding.
  static let timmBlocks = """
    import math
    from functools import partial

    import torch
    import torch.nn.functional as F
    from torch import nn


    def to_ntuple(n):
        def parse(x):
            return tuple(x) if isinstance(x, (list, tuple, set, range)) else (x,) * n
        return parse


    _ntuple = to_ntuple
    to_1tuple = to_ntuple(1)
    to_2tuple = to_ntuple(2)
    to_3tuple = to_ntuple(3)
    to_4tuple = to_ntuple(4)


    def extend_tuple(x, n):
        x = tuple(x) if isinstance(x, (tuple, list)) else (x,)
        return x[:n] if len(x) >= n else x + (x[-1],) * (n - len(x))


    def make_divisible(v, divisor=8, min_value=None, round_limit=0.9):
        rounded = max(min_value or divisor, int(v + divisor / 2) // divisor * divisor)
        return rounded + divisor if rounded < round_limit * v else rounded


    def get_device_dtype(module, device=None, dtype=None):
        return {"device": device, "dtype": dtype}


    def _assert(condition, message):
        assert condition, message


    def use_fused_attn(experimental=False):
        return True


    def is_exportable():
        return False


    def is_scriptable():
        return False


    trunc_normal_ = nn.init.trunc_normal_


    def trunc_normal_tf_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0):
        return nn.init.trunc_normal_(tensor, mean, std, mean + a * std, mean + b * std)


    def variance_scaling_(tensor, scale=1.0, mode="fan_in", distribution="normal"):
        fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(tensor)
        fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
        variance = scale / fans[mode]
        if distribution == "truncated_normal":
            # The deviation of a standard normal distribution that is cut off at ±2.
            trunc_normal_tf_(tensor, std=math.sqrt(variance) / 0.87962566103423978)
        elif distribution == "normal":
            nn.init.normal_(tensor, std=math.sqrt(variance))
        elif distribution == "uniform":
            bound = math.sqrt(3 * variance)
            nn.init.uniform_(tensor, -bound, bound)
        else:
            raise ValueError(f"invalid distribution {distribution}")


    def lecun_normal_(tensor):
        variance_scaling_(tensor, mode="fan_in", distribution="truncated_normal")


    def drop_path(x, drop_prob=0.0, training=False, scale_by_keep=True):
        if drop_prob == 0.0 or not training:
            return x
        # Ones after dropout are 0 or 1 / (1 - p), one for each example.
        mask = F.dropout(torch.ones((x.shape[0],) + (1,) * (x.dim() - 1)), drop_prob, True)
        return x * mask if scale_by_keep else x * (mask * (1 - drop_prob))


    class DropPath(nn.Module):
        def __init__(self, drop_prob=0.0, scale_by_keep=True):
            super().__init__()
            self.drop_prob = drop_prob
            self.scale_by_keep = scale_by_keep

        def forward(self, x):
            return drop_path(x, self.drop_prob, self.training, self.scale_by_keep)


    def calculate_drop_path_rates(drop_path_rate, depths, stagewise=False):
        total = depths if isinstance(depths, int) else sum(depths)
        if stagewise and isinstance(depths, int):
            raise ValueError("stagewise=True requires depths to be a list of stage depths")
        rates = [x.item() for x in torch.linspace(0, drop_path_rate, total)]
        if not stagewise:
            return rates
        stages = []
        for depth in depths:
            stages.append(rates[:depth])
            rates = rates[depth:]
        return stages


    class QuickGELU(nn.Module):
        def __init__(self, inplace=False):
            super().__init__()

        def forward(self, x):
            return x * torch.sigmoid(1.702 * x)


    class GELUTanh(nn.Module):
        def __init__(self, inplace=False):
            super().__init__()

        def forward(self, x):
            return F.gelu(x, approximate="tanh")


    Swish = nn.SiLU

    _ACT_LAYERS = {
        "silu": nn.SiLU, "swish": nn.SiLU, "mish": nn.Mish, "relu": nn.ReLU, "relu6": nn.ReLU6,
        "leaky_relu": nn.LeakyReLU, "elu": nn.ELU, "prelu": nn.PReLU, "celu": nn.CELU, "selu": nn.SELU,
        "gelu": nn.GELU, "gelu_tanh": GELUTanh, "quick_gelu": QuickGELU, "sigmoid": nn.Sigmoid,
        "tanh": nn.Tanh, "hard_sigmoid": nn.Hardsigmoid, "hard_swish": nn.Hardswish,
        "hardsigmoid": nn.Hardsigmoid, "hardswish": nn.Hardswish, "identity": nn.Identity,
    }
    _ACT_FNS = {
        "silu": F.silu, "swish": F.silu, "mish": F.mish, "relu": F.relu, "relu6": F.relu6,
        "leaky_relu": F.leaky_relu, "elu": F.elu, "celu": F.celu, "selu": F.selu, "gelu": F.gelu,
        "gelu_tanh": partial(F.gelu, approximate="tanh"), "sigmoid": torch.sigmoid, "tanh": torch.tanh,
        "hard_sigmoid": F.hardsigmoid, "hard_swish": F.hardswish, "hardsigmoid": F.hardsigmoid,
        "hardswish": F.hardswish,
    }


    def get_act_layer(name="relu"):
        if name is None or name == "":
            return None
        return _ACT_LAYERS[name.lower()] if isinstance(name, str) else name


    def get_act_fn(name="relu"):
        if not name:
            return None
        return _ACT_FNS[name.lower()] if isinstance(name, str) else name


    def create_act_layer(name, inplace=None, **kwargs):
        act_layer = get_act_layer(name)
        if act_layer is None:
            return None
        if inplace is None:
            return act_layer(**kwargs)
        try:
            return act_layer(inplace=inplace, **kwargs)
        except TypeError:
            return act_layer(**kwargs)


    def get_padding(kernel_size, stride=1, dilation=1, **_):
        if any(isinstance(v, (tuple, list)) for v in [kernel_size, stride, dilation]):
            return [get_padding(*v) for v in zip(to_2tuple(kernel_size), to_2tuple(stride), to_2tuple(dilation))]
        return ((stride - 1) + dilation * (kernel_size - 1)) // 2


    def is_static_pad(kernel_size, stride=1, dilation=1, **_):
        if any(isinstance(v, (tuple, list)) for v in [kernel_size, stride, dilation]):
            return all(is_static_pad(*v)
                       for v in zip(to_2tuple(kernel_size), to_2tuple(stride), to_2tuple(dilation)))
        return stride == 1 and (dilation * (kernel_size - 1)) % 2 == 0


    def get_same_padding(x, kernel_size, stride, dilation):
        return max((math.ceil(x / stride) - 1) * stride + (kernel_size - 1) * dilation + 1 - x, 0)


    def pad_same(x, kernel_size, stride, dilation=(1, 1), value=0):
        height = get_same_padding(x.shape[-2], kernel_size[0], stride[0], dilation[0])
        width = get_same_padding(x.shape[-1], kernel_size[1], stride[1], dilation[1])
        return F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2), value=value)


    def get_padding_value(padding, kernel_size, **kwargs):
        if not isinstance(padding, str):
            return padding, False
        if padding.lower() == "same":
            if is_static_pad(kernel_size, **kwargs):
                return get_padding(kernel_size, **kwargs), False
            return 0, True
        return (0 if padding.lower() == "valid" else get_padding(kernel_size, **kwargs)), False


    class Conv2dSame(nn.Conv2d):
        def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1,
                     bias=True, device=None, dtype=None):
            super().__init__(in_channels, out_channels, kernel_size, stride, 0, dilation, groups, bias)

        def forward(self, x):
            x = pad_same(x, self.weight.shape[-2:], self.stride, self.dilation)
            return F.conv2d(x, self.weight, self.bias, self.stride, (0, 0), self.dilation, self.groups)


    def create_conv2d_pad(in_chs, out_chs, kernel_size, **kwargs):
        padding = kwargs.pop("padding", "")
        kwargs.setdefault("bias", False)
        spacing = {name: kwargs[name] for name in ("stride", "dilation") if name in kwargs}
        padding, is_dynamic = get_padding_value(padding, kernel_size, **spacing)
        if is_dynamic:
            return Conv2dSame(in_chs, out_chs, kernel_size, **kwargs)
        return nn.Conv2d(in_chs, out_chs, kernel_size, padding=padding, **kwargs)


    def create_conv2d(in_channels, out_channels, kernel_size, **kwargs):
        if isinstance(kernel_size, list):
            raise NotImplementedError("mixed kernels are not supported")
        depthwise = kwargs.pop("depthwise", False)
        groups = kwargs.pop("groups", 1)
        return create_conv2d_pad(in_channels, out_channels, kernel_size,
                                 groups=in_channels if depthwise else groups, **kwargs)


    class AvgPool2dSame(nn.AvgPool2d):
        def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
            super().__init__(to_2tuple(kernel_size), to_2tuple(stride), (0, 0), ceil_mode, count_include_pad)

        def forward(self, x):
            x = pad_same(x, self.kernel_size, self.stride)
            return F.avg_pool2d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode,
                                self.count_include_pad)


    class MaxPool2dSame(nn.MaxPool2d):
        def __init__(self, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
            super().__init__(to_2tuple(kernel_size), to_2tuple(stride), (0, 0), to_2tuple(dilation), False, ceil_mode)

        def forward(self, x):
            x = pad_same(x, self.kernel_size, self.stride, value=-float("inf"))
            return F.max_pool2d(x, self.kernel_size, self.stride, (0, 0), self.dilation, self.ceil_mode)


    def create_pool2d(pool_type, kernel_size, stride=None, **kwargs):
        stride = stride or kernel_size
        padding, is_dynamic = get_padding_value(kwargs.pop("padding", ""), kernel_size, stride=stride)
        if pool_type == "avg":
            if is_dynamic:
                return AvgPool2dSame(kernel_size, stride=stride, **kwargs)
            return nn.AvgPool2d(kernel_size, stride=stride, padding=padding, **kwargs)
        assert pool_type == "max", f"Unsupported pool type {pool_type}"
        if is_dynamic:
            return MaxPool2dSame(kernel_size, stride=stride, **kwargs)
        return nn.MaxPool2d(kernel_size, stride=stride, padding=padding, **kwargs)


    """
}
