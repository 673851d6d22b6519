extension Library {
  /// AlexNet, VGG and SqueezeNet.
  static let visionPlainModels = """
    class AlexNet(nn.Module):
        def __init__(self, num_classes=1000, dropout=0.5):
            super().__init__()
            self.features = nn.Sequential(
                nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2), nn.ReLU(inplace=True),
                nn.MaxPool2d(kernel_size=3, stride=2),
                nn.Conv2d(64, 192, kernel_size=5, padding=2), nn.ReLU(inplace=True),
                nn.MaxPool2d(kernel_size=3, stride=2),
                nn.Conv2d(192, 384, kernel_size=3, padding=1), nn.ReLU(inplace=True),
                nn.Conv2d(384, 256, kernel_size=3, padding=1), nn.ReLU(inplace=True),
                nn.Conv2d(256, 256, kernel_size=3, padding=1), nn.ReLU(inplace=True),
                nn.MaxPool2d(kernel_size=3, stride=2))
            self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
            self.classifier = nn.Sequential(
                nn.Dropout(p=dropout), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(inplace=True),
                nn.Dropout(p=dropout), nn.Linear(4096, 4096), nn.ReLU(inplace=True),
                nn.Linear(4096, num_classes))

        def forward(self, x):
            return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


    def alexnet(weights=None, progress=True, pretrained=False, **kwargs):
        _untrained("alexnet", weights, pretrained)
        return AlexNet(**kwargs)


    AlexNet_Weights = _Weights("AlexNet_Weights")


    class VGG(nn.Module):
        def __init__(self, features, num_classes=1000, init_weights=True, dropout=0.5):
            super().__init__()
            self.features = features
            self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
            self.classifier = nn.Sequential(
                nn.Linear(512 * 7 * 7, 4096), nn.ReLU(True), nn.Dropout(p=dropout),
                nn.Linear(4096, 4096), nn.ReLU(True), nn.Dropout(p=dropout),
                nn.Linear(4096, num_classes))
            if init_weights:
                _initialize(self)

        def forward(self, x):
            return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


    def make_layers(cfg, batch_norm=False):
        layers = []
        in_channels = 3
        for v in cfg:
            if v == "M":
                layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
                continue
            layers.append(nn.Conv2d(in_channels, v, kernel_size=3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(v))
            layers.append(nn.ReLU(inplace=True))
            in_channels = v
        return nn.Sequential(*layers)


    def _stages(*counts):
        # So many convolutions of each width, with a pooling behind them.
        cfg = []
        for count, width in zip(counts, [64, 128, 256, 512, 512]):
            cfg += [width] * count + ["M"]
        return cfg


    cfgs = {"A": _stages(1, 1, 2, 2, 2), "B": _stages(2, 2, 2, 2, 2), "D": _stages(2, 2, 3, 3, 3),
            "E": _stages(2, 2, 4, 4, 4)}


    def _vgg_builder(name, cfg, batch_norm):
        def build(weights=None, progress=True, pretrained=False, **kwargs):
            _untrained(name, weights, pretrained)
            return VGG(make_layers(cfgs[cfg], batch_norm=batch_norm), **kwargs)
        return build


    vgg11, vgg11_bn = _vgg_builder("vgg11", "A", False), _vgg_builder("vgg11_bn", "A", True)
    vgg13, vgg13_bn = _vgg_builder("vgg13", "B", False), _vgg_builder("vgg13_bn", "B", True)
    vgg16, vgg16_bn = _vgg_builder("vgg16", "D", False), _vgg_builder("vgg16_bn", "D", True)
    vgg19, vgg19_bn = _vgg_builder("vgg19", "E", False), _vgg_builder("vgg19_bn", "E", True)
    VGG11_Weights = _Weights("VGG11_Weights")
    VGG16_Weights = _Weights("VGG16_Weights")
    VGG16_BN_Weights = _Weights("VGG16_BN_Weights")
    VGG19_Weights = _Weights("VGG19_Weights")


    class Fire(nn.Module):
        def __init__(self, inplanes, squeeze_planes, expand1x1_planes, expand3x3_planes):
            super().__init__()
            self.inplanes = inplanes
            self.squeeze = nn.Conv2d(inplanes, squeeze_planes, kernel_size=1)
            self.squeeze_activation = nn.ReLU(inplace=True)
            self.expand1x1 = nn.Conv2d(squeeze_planes, expand1x1_planes, kernel_size=1)
            self.expand1x1_activation = nn.ReLU(inplace=True)
            self.expand3x3 = nn.Conv2d(squeeze_planes, expand3x3_planes, kernel_size=3, padding=1)
            self.expand3x3_activation = nn.ReLU(inplace=True)

        def forward(self, x):
            x = self.squeeze_activation(self.squeeze(x))
            return torch.cat([self.expand1x1_activation(self.expand1x1(x)),
                              self.expand3x3_activation(self.expand3x3(x))], 1)


    def _squeeze_pool():
        return nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)


    class SqueezeNet(nn.Module):
        def __init__(self, version="1_0", num_classes=1000, dropout=0.5):
            super().__init__()
            self.num_classes = num_classes
            fires = [Fire(64 if version == "1_1" else 96, 16, 64, 64), Fire(128, 16, 64, 64), Fire(128, 32, 128, 128),
                     Fire(256, 32, 128, 128), Fire(256, 48, 192, 192), Fire(384, 48, 192, 192),
                     Fire(384, 64, 256, 256), Fire(512, 64, 256, 256)]
            if version == "1_0":
                layers = [nn.Conv2d(3, 96, kernel_size=7, stride=2), nn.ReLU(inplace=True), _squeeze_pool(),
                          *fires[:3], _squeeze_pool(), *fires[3:7], _squeeze_pool(), fires[7]]
            elif version == "1_1":
                layers = [nn.Conv2d(3, 64, kernel_size=3, stride=2), nn.ReLU(inplace=True), _squeeze_pool(),
                          *fires[:2], _squeeze_pool(), *fires[2:4], _squeeze_pool(), *fires[4:]]
            else:
                raise ValueError(f"Unsupported SqueezeNet version {version}: 1_0 or 1_1 expected")
            self.features = nn.Sequential(*layers)
            last = nn.Conv2d(512, num_classes, kernel_size=1)
            self.classifier = nn.Sequential(nn.Dropout(p=dropout), last, nn.ReLU(inplace=True),
                                            nn.AdaptiveAvgPool2d((1, 1)))
            for layer in self.modules():
                if isinstance(layer, nn.Conv2d):
                    if layer is last:
                        nn.init.normal_(layer.weight, mean=0.0, std=0.01)
                    else:
                        nn.init.kaiming_uniform_(layer.weight)
                    nn.init.zeros_(layer.bias)

        def forward(self, x):
            return torch.flatten(self.classifier(self.features(x)), 1)


    def squeezenet1_0(weights=None, progress=True, pretrained=False, **kwargs):
        _untrained("squeezenet1_0", weights, pretrained)
        return SqueezeNet("1_0", **kwargs)


    def squeezenet1_1(weights=None, progress=True, pretrained=False, **kwargs):
        _untrained("squeezenet1_1", weights, pretrained)
        return SqueezeNet("1_1", **kwargs)


    """
}
