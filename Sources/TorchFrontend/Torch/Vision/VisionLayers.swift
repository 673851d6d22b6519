extension Library {
  /// `torchvision.ops` and the helpers that files in torchvision's style import, written in Python.
  static let visionLayers: Family = { library in
    library.namespace("torchvision", "torchvision.transforms", "torchvision.datasets")
    library.prelude("torchvision.ops", visionOperations)
    for name in [
      "misc", "stochastic_depth", "drop_block", "_utils",
    ] { library.alias("torchvision.ops.\(name)", of: "torchvision.ops") }
    library.prelude("torchvision.utils", visionUtilities)
    library.prelude("torchvision.models._utils", visionModelUtilities)
    library.prelude("torchvision.models._meta", "_IMAGENET_CATEGORIES = []\n")
    library.prelude("torchvision.transforms._presets", visionPresets)
  }

  private static let visionUtilities = """
    def _log_api_usage_once(obj):
        return None


    def _make_ntuple(x, n):
        return tuple(x) if isinstance(x, (list, tuple)) else (x,) * n

    """

  private static let visionModelUtilities = """
    from collections import OrderedDict

    from torch import nn


    def _make_divisible(v, divisor, min_value=None):
        least = divisor if min_value is None else min_value
        rounded = max(least, int(v + divisor / 2) // divisor * divisor)
        return rounded + divisor if rounded < 0.9 * v else rounded


    def _ovewrite_named_param(kwargs, param, new_value):
        if kwargs.setdefault(param, new_value) != new_value:
            raise ValueError(
                f"The parameter '{param}' expected value {new_value} but got {kwargs[param]} instead.")


    def _ovewrite_value_param(param, actual, expected):
        if actual is not None and actual != expected:
            raise ValueError(f"The parameter '{param}' expected value {expected} but got {actual} instead.")
        return expected


    def handle_legacy_interface(**weights):
        return lambda builder: builder


    def kwonly_to_pos_or_kw(fn):
        return fn


    class IntermediateLayerGetter(nn.ModuleDict):
        def __init__(self, model, return_layers):
            wanted = {str(name): str(label) for name, label in return_layers.items()}
            missing = set(wanted)
            layers = OrderedDict()
            for name, module in model.named_children():
                layers[name] = module
                missing.discard(name)
                if not missing:
                    break
            if missing:
                raise ValueError("return_layers are not present in model")
            super().__init__(layers)
            self.return_layers = wanted

        def forward(self, x):
            out = OrderedDict()
            for name, module in self.items():
                x = module(x)
                if name in self.return_layers:
                    out[self.return_layers[name]] = x
            return out

    """

  private static let visionPresets = """
    from enum import Enum


    class InterpolationMode(Enum):
        NEAREST = "nearest"
        BILINEAR = "bilinear"
        BICUBIC = "bicubic"


    class ImageClassification:
        def __init__(self, *args, **kwargs):
            pass

    """

  private static let visionOperations = """
    import torch
    import torch.nn.functional as F
    from torch import nn
    from torchvision.utils import _log_api_usage_once, _make_ntuple

    interpolate = F.interpolate


    class FrozenBatchNorm2d(nn.Module):
        def __init__(self, num_features, eps=1e-5):
            super().__init__()
            self.eps = eps
            self.register_buffer("weight", torch.ones(num_features))
            self.register_buffer("bias", torch.zeros(num_features))
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))

        def forward(self, x):
            scale = self.weight / torch.sqrt(self.running_var + self.eps)
            shift = self.bias - self.running_mean * scale
            return x * scale.reshape(1, -1, 1, 1) + shift.reshape(1, -1, 1, 1)


    class ConvNormActivation(nn.Sequential):
        def __init__(self, in_channels, out_channels, kernel_size=3, stride=1, padding=None, groups=1,
                     norm_layer=nn.BatchNorm2d, activation_layer=nn.ReLU, dilation=1, inplace=True, bias=None,
                     conv_layer=nn.Conv2d):
            if padding is None:
                if isinstance(kernel_size, int) and isinstance(dilation, int):
                    padding = (kernel_size - 1) // 2 * dilation
                else:
                    n = len(dilation if isinstance(kernel_size, int) else kernel_size)
                    kernel_size = _make_ntuple(kernel_size, n)
                    dilation = _make_ntuple(dilation, n)
                    padding = tuple((k - 1) // 2 * d for k, d in zip(kernel_size, dilation))
            if bias is None:
                bias = norm_layer is None
            layers = [conv_layer(in_channels, out_channels, kernel_size, stride, padding, dilation=dilation,
                                 groups=groups, bias=bias)]
            if norm_layer is not None:
                layers.append(norm_layer(out_channels))
            if activation_layer is not None:
                layers.append(activation_layer() if inplace is None else activation_layer(inplace=inplace))
            super().__init__(*layers)
            self.out_channels = out_channels


    class Conv2dNormActivation(ConvNormActivation):
        def __init__(self, in_channels, out_channels, kernel_size=3, stride=1, padding=None, groups=1,
                     norm_layer=nn.BatchNorm2d, activation_layer=nn.ReLU, dilation=1, inplace=True, bias=None):
            super().__init__(in_channels, out_channels, kernel_size, stride, padding, groups, norm_layer,
                             activation_layer, dilation, inplace, bias, nn.Conv2d)


    class Conv3dNormActivation(ConvNormActivation):
        def __init__(self, in_channels, out_channels, kernel_size=3, stride=1, padding=None, groups=1,
                     norm_layer=nn.BatchNorm3d, activation_layer=nn.ReLU, dilation=1, inplace=True, bias=None):
            super().__init__(in_channels, out_channels, kernel_size, stride, padding, groups, norm_layer,
                             activation_layer, dilation, inplace, bias, nn.Conv3d)


    class SqueezeExcitation(nn.Module):
        def __init__(self, input_channels, squeeze_channels, activation=nn.ReLU, scale_activation=nn.Sigmoid):
            super().__init__()
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.fc1 = nn.Conv2d(input_channels, squeeze_channels, 1)
            self.fc2 = nn.Conv2d(squeeze_channels, input_channels, 1)
            self.activation = activation()
            self.scale_activation = scale_activation()

        def _scale(self, input):
            squeezed = self.activation(self.fc1(self.avgpool(input)))
            return self.scale_activation(self.fc2(squeezed))

        def forward(self, input):
            return self._scale(input) * input


    class MLP(nn.Sequential):
        def __init__(self, in_channels, hidden_channels, norm_layer=None, activation_layer=nn.ReLU, inplace=None,
                     bias=True, dropout=0.0):
            options = {} if inplace is None else {"inplace": inplace}
            layers = []
            for width in hidden_channels[:-1]:
                layers.append(nn.Linear(in_channels, width, bias=bias))
                if norm_layer is not None:
                    layers.append(norm_layer(width))
                layers.append(activation_layer(**options))
                layers.append(nn.Dropout(dropout, **options))
                in_channels = width
            layers.append(nn.Linear(in_channels, hidden_channels[-1], bias=bias))
            layers.append(nn.Dropout(dropout, **options))
            super().__init__(*layers)


    class Permute(nn.Module):
        def __init__(self, dims):
            super().__init__()
            self.dims = dims

        def forward(self, x):
            return torch.permute(x, self.dims)


    def stochastic_depth(input, p, mode, training=True):
        if p < 0.0 or p > 1.0:
            raise ValueError(f"drop probability has to be between 0 and 1, but got {p}")
        if mode not in ["batch", "row"]:
            raise ValueError(f"mode has to be either 'batch' or 'row', but got {mode}")
        if not training or p == 0.0:
            return input
        rows = input.shape[0] if mode == "row" else 1
        # Ones after dropout are 0 or 1 / (1 - p), one for each row.
        return input * F.dropout(torch.ones([rows] + [1] * (input.dim() - 1)), p, True)


    class StochasticDepth(nn.Module):
        def __init__(self, p, mode):
            super().__init__()
            self.p = p
            self.mode = mode

        def forward(self, input):
            return stochastic_depth(input, self.p, self.mode, self.training)


    def _drop_block(input, p, block_size, inplace, eps, training, pool):
        if p < 0.0 or p > 1.0:
            raise ValueError(f"drop probability has to be between 0 and 1, but got {p}.")
        if not training or p == 0.0:
            return input
        sides = input.shape[2:]
        block_size = min(block_size, *sides)
        if block_size % 2 == 0:
            raise ValueError(f"block size should be odd. Got {block_size} which is even.")
        gamma = p
        for side in sides:
            gamma = gamma * side / (block_size * (side - block_size + 1))
        shape = list(input.shape[:2]) + [side - block_size + 1 for side in sides]
        centres = 1 - F.dropout(torch.ones(shape), gamma, True) * (1 - gamma)
        border = [block_size // 2] * (2 * len(sides))
        mask = 1 - pool(F.pad(centres, border, value=0.0), block_size, 1, block_size // 2)
        scale = mask.numel() / (eps + mask.sum())
        return input.mul_(mask).mul_(scale) if inplace else input * mask * scale


    def drop_block2d(input, p, block_size, inplace=False, eps=1e-06, training=True):
        if input.dim() != 4:
            raise ValueError(f"input should be 4 dimensional. Got {input.dim()} dimensions.")
        return _drop_block(input, p, block_size, inplace, eps, training, F.max_pool2d)


    def drop_block3d(input, p, block_size, inplace=False, eps=1e-06, training=True):
        if input.dim() != 5:
            raise ValueError(f"input should be 5 dimensional. Got {input.dim()} dimensions.")
        return _drop_block(input, p, block_size, inplace, eps, training, F.max_pool3d)


    class DropBlock2d(nn.Module):
        def __init__(self, p, block_size, inplace=False, eps=1e-06):
            super().__init__()
            self.p = p
            self.block_size = block_size
            self.inplace = inplace
            self.eps = eps

        def forward(self, input):
            return drop_block2d(input, self.p, self.block_size, self.inplace, self.eps, self.training)


    class DropBlock3d(DropBlock2d):
        def forward(self, input):
            return drop_block3d(input, self.p, self.block_size, self.inplace, self.eps, self.training)

    """
}
