extension Library {
  /// EfficientNet and EfficientNet V2.
  static let visionEfficientModels = """
    import copy
    import math
    from functools import partial

    import torch
    from torch import nn
    from torchvision.models._helpers import _untrained, _Weights
    from torchvision.models._utils import _make_divisible
    from torchvision.ops import Conv2dNormActivation, SqueezeExcitation, StochasticDepth


    class _MBConvConfig:
        def __init__(self, expand_ratio, kernel, stride, input_channels, out_channels, num_layers, block):
            self.expand_ratio, self.kernel, self.stride = expand_ratio, kernel, stride
            self.input_channels, self.out_channels = input_channels, out_channels
            self.num_layers, self.block = num_layers, block

        @staticmethod
        def adjust_channels(channels, width_mult, min_value=None):
            return _make_divisible(channels * width_mult, 8, min_value)


    class MBConvConfig(_MBConvConfig):
        def __init__(self, expand_ratio, kernel, stride, input_channels, out_channels, num_layers, width_mult=1.0,
                     depth_mult=1.0, block=None):
            super().__init__(expand_ratio, kernel, stride, self.adjust_channels(input_channels, width_mult),
                             self.adjust_channels(out_channels, width_mult),
                             self.adjust_depth(num_layers, depth_mult), block or MBConv)

        @staticmethod
        def adjust_depth(num_layers, depth_mult):
            return math.ceil(num_layers * depth_mult)


    class FusedMBConvConfig(_MBConvConfig):
        def __init__(self, expand_ratio, kernel, stride, input_channels, out_channels, num_layers, block=None):
            super().__init__(expand_ratio, kernel, stride, input_channels, out_channels, num_layers,
                             block or FusedMBConv)


    class _MobileBlock(nn.Module):
        def __init__(self, cnf, layers, stochastic_depth_prob):
            super().__init__()
            if cnf.stride not in (1, 2):
                raise ValueError("illegal stride value")
            self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
            self.block = nn.Sequential(*layers)
            self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
            self.out_channels = cnf.out_channels

        def forward(self, input):
            result = self.block(input)
            return self.stochastic_depth(result) + input if self.use_res_connect else result


    class MBConv(_MobileBlock):
        def __init__(self, cnf, stochastic_depth_prob, norm_layer, se_layer=SqueezeExcitation):
            convolve = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU)
            width = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)
            layers = []
            if width != cnf.input_channels:
                layers.append(convolve(cnf.input_channels, width, kernel_size=1))
            layers.append(convolve(width, width, kernel_size=cnf.kernel, stride=cnf.stride, groups=width))
            layers.append(se_layer(width, max(1, cnf.input_channels // 4), activation=partial(nn.SiLU, inplace=True)))
            layers.append(convolve(width, cnf.out_channels, kernel_size=1, activation_layer=None))
            super().__init__(cnf, layers, stochastic_depth_prob)


    class FusedMBConv(_MobileBlock):
        def __init__(self, cnf, stochastic_depth_prob, norm_layer):
            convolve = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU)
            width = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)
            if width == cnf.input_channels:
                layers = [convolve(width, cnf.out_channels, kernel_size=cnf.kernel, stride=cnf.stride)]
            else:
                layers = [convolve(cnf.input_channels, width, kernel_size=cnf.kernel, stride=cnf.stride),
                          convolve(width, cnf.out_channels, kernel_size=1, activation_layer=None)]
            super().__init__(cnf, layers, stochastic_depth_prob)


    class EfficientNet(nn.Module):
        def __init__(self, inverted_residual_setting, dropout, stochastic_depth_prob=0.2, num_classes=1000,
                     norm_layer=None, last_channel=None):
            super().__init__()
            if not inverted_residual_setting:
                raise ValueError("The inverted_residual_setting should not be empty")
            convolve = partial(Conv2dNormActivation, norm_layer=norm_layer or nn.BatchNorm2d, activation_layer=nn.SiLU)
            layers = [convolve(3, inverted_residual_setting[0].input_channels, kernel_size=3, stride=2)]
            count = sum(cnf.num_layers for cnf in inverted_residual_setting)
            number = 0
            for cnf in inverted_residual_setting:
                stage = []
                for i in range(cnf.num_layers):
                    own = copy.copy(cnf)
                    if i > 0:
                        own.input_channels, own.stride = own.out_channels, 1
                    probability = stochastic_depth_prob * float(number) / count
                    stage.append(own.block(own, probability, norm_layer or nn.BatchNorm2d))
                    number += 1
                layers.append(nn.Sequential(*stage))
            width = inverted_residual_setting[-1].out_channels
            last = 4 * width if last_channel is None else last_channel
            layers.append(convolve(width, last, kernel_size=1))
            self.features = nn.Sequential(*layers)
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.classifier = nn.Sequential(nn.Dropout(p=dropout, inplace=True), nn.Linear(last, num_classes))
            for m in self.modules():
                if isinstance(m, nn.Conv2d):
                    nn.init.kaiming_normal_(m.weight, mode="fan_out")
                    if m.bias is not None:
                        nn.init.zeros_(m.bias)
                elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
                    nn.init.ones_(m.weight)
                    nn.init.zeros_(m.bias)
                elif isinstance(m, nn.Linear):
                    extent = 1.0 / math.sqrt(m.out_features)
                    nn.init.uniform_(m.weight, -extent, extent)
                    nn.init.zeros_(m.bias)

        def forward(self, x):
            return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


    def _builder(name, settings, dropout, last_channel=None, **norm):
        def build(weights=None, progress=True, pretrained=False, **kwargs):
            _untrained(name, weights, pretrained)
            if norm:
                kwargs.setdefault("norm_layer", partial(nn.BatchNorm2d, **norm))
            return EfficientNet(settings(), kwargs.pop("dropout", dropout), last_channel=last_channel, **kwargs)
        return build


    def _scaled(width_mult, depth_mult):
        rows = [(1, 3, 1, 32, 16, 1), (6, 3, 2, 16, 24, 2), (6, 5, 2, 24, 40, 2), (6, 3, 2, 40, 80, 3),
                (6, 5, 1, 80, 112, 3), (6, 5, 2, 112, 192, 4), (6, 3, 1, 192, 320, 1)]
        return lambda: [MBConvConfig(*row, width_mult=width_mult, depth_mult=depth_mult) for row in rows]


    def _mixed(fused, others):
        return lambda: [FusedMBConvConfig(*row) for row in fused] + [MBConvConfig(*row) for row in others]


    efficientnet_b0 = _builder("efficientnet_b0", _scaled(1.0, 1.0), 0.2)
    efficientnet_b1 = _builder("efficientnet_b1", _scaled(1.0, 1.1), 0.2)
    efficientnet_b2 = _builder("efficientnet_b2", _scaled(1.1, 1.2), 0.3)
    efficientnet_b3 = _builder("efficientnet_b3", _scaled(1.2, 1.4), 0.3)
    efficientnet_b4 = _builder("efficientnet_b4", _scaled(1.4, 1.8), 0.4)
    efficientnet_b5 = _builder("efficientnet_b5", _scaled(1.6, 2.2), 0.4, eps=0.001, momentum=0.01)
    efficientnet_b6 = _builder("efficientnet_b6", _scaled(1.8, 2.6), 0.5, eps=0.001, momentum=0.01)
    efficientnet_b7 = _builder("efficientnet_b7", _scaled(2.0, 3.1), 0.5, eps=0.001, momentum=0.01)
    efficientnet_v2_s = _builder("efficientnet_v2_s", _mixed(
        [(1, 3, 1, 24, 24, 2), (4, 3, 2, 24, 48, 4), (4, 3, 2, 48, 64, 4)],
        [(4, 3, 2, 64, 128, 6), (6, 3, 1, 128, 160, 9), (6, 3, 2, 160, 256, 15)]), 0.2, 1280, eps=1e-03)
    efficientnet_v2_m = _builder("efficientnet_v2_m", _mixed(
        [(1, 3, 1, 24, 24, 3), (4, 3, 2, 24, 48, 5), (4, 3, 2, 48, 80, 5)],
        [(4, 3, 2, 80, 160, 7), (6, 3, 1, 160, 176, 14), (6, 3, 2, 176, 304, 18), (6, 3, 1, 304, 512, 5)]),
        0.3, 1280, eps=1e-03)
    efficientnet_v2_l = _builder("efficientnet_v2_l", _mixed(
        [(1, 3, 1, 32, 32, 4), (4, 3, 2, 32, 64, 7), (4, 3, 2, 64, 96, 7)],
        [(4, 3, 2, 96, 192, 10), (6, 3, 1, 192, 224, 19), (6, 3, 2, 224, 384, 25), (6, 3, 1, 384, 640, 7)]),
        0.4, 1280, eps=1e-03)
    """
    + weights(
      ["B0", "B1", "B2", "B3", "B4", "B5", "B6", "B7", "V2_S", "V2_M", "V2_L"].map { "EfficientNet_\($0)" })

  /// The names of networks' weights.
  static func weights(_ networks: [String]) -> String {
    "\n" + networks.map { "\($0)_Weights = _Weights(\"\($0)_Weights\")\n" }.joined()
  }
}
