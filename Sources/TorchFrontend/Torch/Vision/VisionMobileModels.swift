extension Library {
  /// MobileNet V2 and V3.
  static let visionMobileModels = """
    class InvertedResidual(nn.Module):
        def __init__(self, inp, oup, stride, expand_ratio, norm_layer=None):
            super().__init__()
            if stride not in [1, 2]:
                raise ValueError(f"stride should be 1 or 2 instead of {stride}")
            norm_layer = norm_layer or nn.BatchNorm2d
            self.stride = stride
            self.use_res_connect = stride == 1 and inp == oup
            width = int(round(inp * expand_ratio))
            layers = []
            if expand_ratio != 1:
                layers.append(Conv2dNormActivation(inp, width, kernel_size=1, norm_layer=norm_layer,
                                                   activation_layer=nn.ReLU6))
            layers.append(Conv2dNormActivation(width, width, stride=stride, groups=width, norm_layer=norm_layer,
                                               activation_layer=nn.ReLU6))
            layers.append(nn.Conv2d(width, oup, 1, 1, 0, bias=False))
            layers.append(norm_layer(oup))
            self.conv = nn.Sequential(*layers)
            self.out_channels = oup
            self._is_cn = stride > 1

        def forward(self, x):
            return x + self.conv(x) if self.use_res_connect else self.conv(x)


    class MobileNetV2(nn.Module):
        def __init__(self, num_classes=1000, width_mult=1.0, inverted_residual_setting=None, round_nearest=8,
                     block=None, norm_layer=None, dropout=0.2):
            super().__init__()
            block = block or InvertedResidual
            norm_layer = norm_layer or nn.BatchNorm2d
            settings = inverted_residual_setting or [
                [1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2],
                [6, 320, 1, 1]]
            width = _make_divisible(32 * width_mult, round_nearest)
            self.last_channel = _make_divisible(1280 * max(1.0, width_mult), round_nearest)
            features = [Conv2dNormActivation(3, width, stride=2, norm_layer=norm_layer, activation_layer=nn.ReLU6)]
            for t, c, n, s in settings:
                channels = _make_divisible(c * width_mult, round_nearest)
                for i in range(n):
                    features.append(block(width, channels, s if i == 0 else 1, expand_ratio=t, norm_layer=norm_layer))
                    width = channels
            features.append(Conv2dNormActivation(width, self.last_channel, kernel_size=1, norm_layer=norm_layer,
                                                 activation_layer=nn.ReLU6))
            self.features = nn.Sequential(*features)
            self.classifier = nn.Sequential(nn.Dropout(p=dropout), nn.Linear(self.last_channel, num_classes))
            _initialize(self)

        def forward(self, x):
            x = F.adaptive_avg_pool2d(self.features(x), (1, 1))
            return self.classifier(torch.flatten(x, 1))


    def mobilenet_v2(weights=None, progress=True, pretrained=False, **kwargs):
        _untrained("mobilenet_v2", weights, pretrained)
        return MobileNetV2(**kwargs)


    MobileNet_V2_Weights = _Weights("MobileNet_V2_Weights")


    class _MobileBlock(nn.Module):
        # The inverted residual of MobileNetV3.
        def __init__(self, inputs, kernel, expanded, outputs, use_se, activation, stride, dilation, norm_layer):
            super().__init__()
            self.use_res_connect = stride == 1 and inputs == outputs
            act = nn.Hardswish if activation == "HS" else nn.ReLU
            layers = []
            if expanded != inputs:
                layers.append(Conv2dNormActivation(inputs, expanded, kernel_size=1, norm_layer=norm_layer,
                                                   activation_layer=act))
            layers.append(Conv2dNormActivation(expanded, expanded, kernel_size=kernel,
                                               stride=1 if dilation > 1 else stride, dilation=dilation,
                                               groups=expanded, norm_layer=norm_layer, activation_layer=act))
            if use_se:
                layers.append(SqueezeExcitation(expanded, _make_divisible(expanded // 4, 8),
                                                scale_activation=nn.Hardsigmoid))
            layers.append(Conv2dNormActivation(expanded, outputs, kernel_size=1, norm_layer=norm_layer,
                                               activation_layer=None))
            self.block = nn.Sequential(*layers)
            self.out_channels = outputs

        def forward(self, x):
            return self.block(x) + x if self.use_res_connect else self.block(x)


    class MobileNetV3(nn.Module):
        def __init__(self, rows, last_channel, num_classes=1000, dropout=0.2):
            super().__init__()
            norm_layer = partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
            layers = [Conv2dNormActivation(3, rows[0][0], kernel_size=3, stride=2, norm_layer=norm_layer,
                                           activation_layer=nn.Hardswish)]
            for row in rows:
                layers.append(_MobileBlock(*row, norm_layer))
            width = 6 * rows[-1][3]
            layers.append(Conv2dNormActivation(rows[-1][3], width, kernel_size=1, norm_layer=norm_layer,
                                               activation_layer=nn.Hardswish))
            self.features = nn.Sequential(*layers)
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.classifier = nn.Sequential(
                nn.Linear(width, last_channel), nn.Hardswish(inplace=True), nn.Dropout(p=dropout, inplace=True),
                nn.Linear(last_channel, num_classes))
            _initialize(self)

        def forward(self, x):
            return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


    def _mobile_rows(large, width_mult, reduced_tail, dilated):
        tail, dilation = (2 if reduced_tail else 1), (2 if dilated else 1)
        if large:
            rows = [(16, 3, 16, 16, False, "RE", 1, 1), (16, 3, 64, 24, False, "RE", 2, 1),
                    (24, 3, 72, 24, False, "RE", 1, 1), (24, 5, 72, 40, True, "RE", 2, 1),
                    (40, 5, 120, 40, True, "RE", 1, 1), (40, 5, 120, 40, True, "RE", 1, 1),
                    (40, 3, 240, 80, False, "HS", 2, 1), (80, 3, 200, 80, False, "HS", 1, 1),
                    (80, 3, 184, 80, False, "HS", 1, 1), (80, 3, 184, 80, False, "HS", 1, 1),
                    (80, 3, 480, 112, True, "HS", 1, 1), (112, 3, 672, 112, True, "HS", 1, 1),
                    (112, 5, 672, 160 // tail, True, "HS", 2, dilation)]
            rows += [(160 // tail, 5, 960 // tail, 160 // tail, True, "HS", 1, dilation)] * 2
        else:
            rows = [(16, 3, 16, 16, True, "RE", 2, 1), (16, 3, 72, 24, False, "RE", 2, 1),
                    (24, 3, 88, 24, False, "RE", 1, 1), (24, 5, 96, 40, True, "HS", 2, 1),
                    (40, 5, 240, 40, True, "HS", 1, 1), (40, 5, 240, 40, True, "HS", 1, 1),
                    (40, 5, 120, 48, True, "HS", 1, 1), (48, 5, 144, 48, True, "HS", 1, 1),
                    (48, 5, 288, 96 // tail, True, "HS", 2, dilation)]
            rows += [(96 // tail, 5, 576 // tail, 96 // tail, True, "HS", 1, dilation)] * 2
        def fit(c):
            return _make_divisible(c * width_mult, 8)
        return [(fit(i), k, fit(e), fit(o), *rest) for i, k, e, o, *rest in rows]


    def _mobilenet_v3_builder(name, large):
        def build(weights=None, progress=True, pretrained=False, width_mult=1.0, reduced_tail=False, dilated=False,
                  **kwargs):
            _untrained(name, weights, pretrained)
            rows = _mobile_rows(large, width_mult, reduced_tail, dilated)
            last = (1280 if large else 1024) // (2 if reduced_tail else 1)
            return MobileNetV3(rows, _make_divisible(last * width_mult, 8), **kwargs)
        return build


    mobilenet_v3_large = _mobilenet_v3_builder("mobilenet_v3_large", True)
    mobilenet_v3_small = _mobilenet_v3_builder("mobilenet_v3_small", False)
    MobileNet_V3_Large_Weights = _Weights("MobileNet_V3_Large_Weights")
    MobileNet_V3_Small_Weights = _Weights("MobileNet_V3_Small_Weights")

    """
}
