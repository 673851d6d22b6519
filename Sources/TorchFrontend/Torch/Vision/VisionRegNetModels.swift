extension Library {
  /// RegNet.
  static let visionRegNetModels = """
    import math
    from collections import OrderedDict

    import torch
    from torch import nn
    from torchvision.models._helpers import _untrained, _Weights
    from torchvision.models._utils import _make_divisible
    from torchvision.ops import Conv2dNormActivation, SqueezeExcitation


    class SimpleStemIN(Conv2dNormActivation):
        def __init__(self, width_in, width_out, norm_layer, activation_layer):
            super().__init__(width_in, width_out, kernel_size=3, stride=2, norm_layer=norm_layer,
                             activation_layer=activation_layer)


    class BottleneckTransform(nn.Sequential):
        def __init__(self, width_in, width_out, stride, norm_layer, activation_layer, group_width,
                     bottleneck_multiplier, se_ratio):
            width = int(round(width_out * bottleneck_multiplier))
            settings = {"norm_layer": norm_layer, "activation_layer": activation_layer}
            layers = OrderedDict()
            layers["a"] = Conv2dNormActivation(width_in, width, kernel_size=1, **settings)
            layers["b"] = Conv2dNormActivation(width, width, kernel_size=3, stride=stride, groups=width // group_width,
                                               **settings)
            if se_ratio:
                layers["se"] = SqueezeExcitation(width, int(round(se_ratio * width_in)), activation=activation_layer)
            layers["c"] = Conv2dNormActivation(width, width_out, kernel_size=1, norm_layer=norm_layer,
                                               activation_layer=None)
            super().__init__(layers)


    class ResBottleneckBlock(nn.Module):
        def __init__(self, width_in, width_out, stride, norm_layer, activation_layer, group_width=1,
                     bottleneck_multiplier=1.0, se_ratio=None):
            super().__init__()
            self.proj = None
            if width_in != width_out or stride != 1:
                self.proj = Conv2dNormActivation(width_in, width_out, kernel_size=1, stride=stride,
                                                 norm_layer=norm_layer, activation_layer=None)
            self.f = BottleneckTransform(width_in, width_out, stride, norm_layer, activation_layer, group_width,
                                         bottleneck_multiplier, se_ratio)
            self.activation = activation_layer(inplace=True)

        def forward(self, x):
            return self.activation((x if self.proj is None else self.proj(x)) + self.f(x))


    class BlockParams:
        def __init__(self, depths, widths, group_widths, bottleneck_multipliers, strides, se_ratio=None):
            self.depths, self.widths, self.group_widths = depths, widths, group_widths
            self.bottleneck_multipliers, self.strides, self.se_ratio = bottleneck_multipliers, strides, se_ratio

        @classmethod
        def from_init_params(cls, depth, w_0, w_a, w_m, group_width, bottleneck_multiplier=1.0, se_ratio=None, **kwargs):
            if w_a < 0 or w_0 <= 0 or w_m <= 1 or w_0 % 8 != 0:
                raise ValueError("Invalid RegNet settings")
            # Widths that grow linearly, each taken to the nearest power, then to a multiple of 8.
            powers = torch.round(torch.log((torch.arange(depth) * w_a + w_0) / w_0) / math.log(w_m))
            blocks = (torch.round(torch.divide(w_0 * torch.pow(w_m, powers), 8)) * 8).int().tolist()
            widths = [width for i, width in enumerate(blocks) if i == 0 or width != blocks[i - 1]]
            starts = [i for i, width in enumerate(blocks) if i == 0 or width != blocks[i - 1]] + [depth]
            count = len(set(blocks))
            inner = [int(width * bottleneck_multiplier) for width in widths]
            groups = [min(group_width, width) for width in inner]
            inner = [_make_divisible(width, group) for width, group in zip(inner, groups)]
            return cls([b - a for a, b in zip(starts, starts[1:])], [int(w / bottleneck_multiplier) for w in inner],
                       groups, [bottleneck_multiplier] * count, [2] * count, se_ratio)


    class RegNet(nn.Module):
        def __init__(self, block_params, num_classes=1000, stem_width=32, stem_type=None, block_type=None,
                     norm_layer=None, activation=None):
            super().__init__()
            norm_layer, activation = norm_layer or nn.BatchNorm2d, activation or nn.ReLU
            block = block_type or ResBottleneckBlock
            self.stem = (stem_type or SimpleStemIN)(3, stem_width, norm_layer, activation)
            p, width = block_params, stem_width
            self.trunk_output = nn.Sequential()
            rows = zip(p.widths, p.strides, p.depths, p.group_widths, p.bottleneck_multipliers)
            for number, (outputs, stride, depth, group_width, multiplier) in enumerate(rows, 1):
                stage = nn.Sequential()
                for i in range(depth):
                    stage.add_module(f"block{number}-{i}", block(
                        outputs if i else width, outputs, 1 if i else stride, norm_layer, activation, group_width,
                        multiplier, p.se_ratio))
                self.trunk_output.add_module(f"block{number}", stage)
                width = outputs
            self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
            self.fc = nn.Linear(width, num_classes)
            for m in self.modules():
                if isinstance(m, nn.Conv2d):
                    fan_out = m.kernel_size[0] * m.kernel_size[1] * m.out_channels
                    nn.init.normal_(m.weight, mean=0.0, std=math.sqrt(2.0 / fan_out))
                elif isinstance(m, nn.Linear):
                    nn.init.normal_(m.weight, mean=0.0, std=0.01)
                    nn.init.zeros_(m.bias)

        def forward(self, x):
            return self.fc(self.avgpool(self.trunk_output(self.stem(x))).flatten(start_dim=1))


    def _regnet(name, depth, w_0, w_a, w_m, group_width):
        def build(weights=None, progress=True, pretrained=False, **kwargs):
            _untrained(name, weights, pretrained)
            ratio = 0.25 if "_y_" in name else None
            return RegNet(BlockParams.from_init_params(depth, w_0, w_a, w_m, group_width, se_ratio=ratio), **kwargs)
        return build


    regnet_y_400mf = _regnet("regnet_y_400mf", 16, 48, 27.89, 2.09, 8)
    regnet_y_800mf = _regnet("regnet_y_800mf", 14, 56, 38.84, 2.4, 16)
    regnet_y_1_6gf = _regnet("regnet_y_1_6gf", 27, 48, 20.71, 2.65, 24)
    regnet_y_3_2gf = _regnet("regnet_y_3_2gf", 21, 80, 42.63, 2.66, 24)
    regnet_y_8gf = _regnet("regnet_y_8gf", 17, 192, 76.82, 2.19, 56)
    regnet_y_16gf = _regnet("regnet_y_16gf", 18, 200, 106.23, 2.48, 112)
    regnet_y_32gf = _regnet("regnet_y_32gf", 20, 232, 115.89, 2.53, 232)
    regnet_y_128gf = _regnet("regnet_y_128gf", 27, 456, 160.83, 2.52, 264)
    regnet_x_400mf = _regnet("regnet_x_400mf", 22, 24, 24.48, 2.54, 16)
    regnet_x_800mf = _regnet("regnet_x_800mf", 16, 56, 35.73, 2.28, 16)
    regnet_x_1_6gf = _regnet("regnet_x_1_6gf", 18, 80, 34.01, 2.25, 24)
    regnet_x_3_2gf = _regnet("regnet_x_3_2gf", 25, 88, 26.31, 2.25, 48)
    regnet_x_8gf = _regnet("regnet_x_8gf", 23, 80, 49.56, 2.88, 120)
    regnet_x_16gf = _regnet("regnet_x_16gf", 22, 216, 55.59, 2.1, 128)
    regnet_x_32gf = _regnet("regnet_x_32gf", 23, 320, 69.86, 2.0, 168)
    """
    + weights(
      (["400MF", "800MF", "1_6GF", "3_2GF", "8GF", "16GF", "32GF"].flatMap {
        ["RegNet_X_\($0)", "RegNet_Y_\($0)"]
      })
        + ["RegNet_Y_128GF"])
}
