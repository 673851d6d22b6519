extension Library {
  /// MNASNet and ShuffleNet V2.
  static let visionSmallModels = """
    import torch
    from torch import nn
    from torchvision.models._helpers import _untrained, _Weights
    from torchvision.models._utils import _make_divisible


    class _Residual(nn.Module):
        def __init__(self, inputs, outputs, kernel, stride, factor, momentum):
            super().__init__()
            width = inputs * factor
            self.apply_residual = inputs == outputs and stride == 1
            self.layers = nn.Sequential(
                nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width, momentum=momentum),
                nn.ReLU(inplace=True),
                nn.Conv2d(width, width, kernel, padding=kernel // 2, stride=stride, groups=width, bias=False),
                nn.BatchNorm2d(width, momentum=momentum), nn.ReLU(inplace=True),
                nn.Conv2d(width, outputs, 1, bias=False), nn.BatchNorm2d(outputs, momentum=momentum))

        def forward(self, input):
            return self.layers(input) + input if self.apply_residual else self.layers(input)


    class MNASNet(nn.Module):
        def __init__(self, alpha, num_classes=1000, dropout=0.2):
            super().__init__()
            if alpha <= 0.0:
                raise ValueError(f"alpha should be greater than 0.0 instead of {alpha}")
            self.alpha = alpha
            self.num_classes = num_classes
            momentum = 1 - 0.9997
            widths = [_make_divisible(width * alpha, 8) for width in [32, 16, 24, 40, 80, 96, 192, 320]]
            first, second = widths[:2]
            layers = [
                nn.Conv2d(3, first, 3, padding=1, stride=2, bias=False), nn.BatchNorm2d(first, momentum=momentum),
                nn.ReLU(inplace=True),
                nn.Conv2d(first, first, 3, padding=1, stride=1, groups=first, bias=False),
                nn.BatchNorm2d(first, momentum=momentum), nn.ReLU(inplace=True),
                nn.Conv2d(first, second, 1, bias=False), nn.BatchNorm2d(second, momentum=momentum)]
            stages = [(3, 2, 3, 3), (5, 2, 3, 3), (5, 2, 6, 3), (3, 1, 6, 2), (5, 2, 6, 4), (3, 1, 6, 1)]
            for (kernel, stride, factor, repeats), inputs, outputs in zip(stages, widths[1:], widths[2:]):
                layers.append(nn.Sequential(*[
                    _Residual(outputs if i else inputs, outputs, kernel, 1 if i else stride, factor, momentum)
                    for i in range(repeats)]))
            layers += [nn.Conv2d(widths[-1], 1280, 1, bias=False), nn.BatchNorm2d(1280, momentum=momentum),
                       nn.ReLU(inplace=True)]
            self.layers = nn.Sequential(*layers)
            self.classifier = nn.Sequential(nn.Dropout(p=dropout, inplace=True), nn.Linear(1280, num_classes))
            for m in self.modules():
                if isinstance(m, nn.Conv2d):
                    nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
                elif isinstance(m, nn.Linear):
                    nn.init.kaiming_uniform_(m.weight, mode="fan_out", nonlinearity="sigmoid")
                    nn.init.zeros_(m.bias)

        def forward(self, x):
            return self.classifier(self.layers(x).mean([2, 3]))


    def _mnasnet(name, alpha):
        def build(weights=None, progress=True, pretrained=False, **kwargs):
            _untrained(name, weights, pretrained)
            return MNASNet(alpha, **kwargs)
        return build


    mnasnet0_5, mnasnet0_75 = _mnasnet("mnasnet0_5", 0.5), _mnasnet("mnasnet0_75", 0.75)
    mnasnet1_0, mnasnet1_3 = _mnasnet("mnasnet1_0", 1.0), _mnasnet("mnasnet1_3", 1.3)


    def channel_shuffle(x, groups):
        n, c, h, w = x.size()
        x = x.view(n, groups, c // groups, h, w).transpose(1, 2).contiguous()
        return x.view(n, c, h, w)


    class InvertedResidual(nn.Module):
        def __init__(self, inp, oup, stride):
            super().__init__()
            if not 1 <= stride <= 3:
                raise ValueError("illegal stride value")
            width = oup // 2
            if stride == 1 and inp != 2 * width:
                raise ValueError(f"Invalid combination of stride {stride}, inp {inp} and oup {oup} values.")
            self.stride = stride
            self.branch1 = nn.Sequential()
            if stride > 1:
                self.branch1 = nn.Sequential(
                    self.depthwise_conv(inp, inp, kernel_size=3, stride=stride, padding=1), nn.BatchNorm2d(inp),
                    nn.Conv2d(inp, width, kernel_size=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True))
            self.branch2 = nn.Sequential(
                nn.Conv2d(inp if stride > 1 else width, width, kernel_size=1, bias=False), nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
                self.depthwise_conv(width, width, kernel_size=3, stride=stride, padding=1), nn.BatchNorm2d(width),
                nn.Conv2d(width, width, kernel_size=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True))

        @staticmethod
        def depthwise_conv(i, o, kernel_size, stride=1, padding=0, bias=False):
            return nn.Conv2d(i, o, kernel_size, stride, padding, bias=bias, groups=i)

        def forward(self, x):
            if self.stride == 1:
                kept, x = x.chunk(2, dim=1)
                return channel_shuffle(torch.cat((kept, self.branch2(x)), dim=1), 2)
            return channel_shuffle(torch.cat((self.branch1(x), self.branch2(x)), dim=1), 2)


    class ShuffleNetV2(nn.Module):
        def __init__(self, stages_repeats, stages_out_channels, num_classes=1000, inverted_residual=InvertedResidual):
            super().__init__()
            if len(stages_repeats) != 3:
                raise ValueError("expected stages_repeats as list of 3 positive ints")
            if len(stages_out_channels) != 5:
                raise ValueError("expected stages_out_channels as list of 5 positive ints")
            self._stage_out_channels = stages_out_channels
            width = stages_out_channels[0]
            self.conv1 = nn.Sequential(nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width),
                                       nn.ReLU(inplace=True))
            self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
            for number, repeats, outputs in zip((2, 3, 4), stages_repeats, stages_out_channels[1:]):
                blocks = [inverted_residual(width, outputs, 2)]
                blocks += [inverted_residual(outputs, outputs, 1) for _ in range(repeats - 1)]
                setattr(self, f"stage{number}", nn.Sequential(*blocks))
                width = outputs
            last = stages_out_channels[-1]
            self.conv5 = nn.Sequential(nn.Conv2d(width, last, 1, bias=False), nn.BatchNorm2d(last),
                                       nn.ReLU(inplace=True))
            self.fc = nn.Linear(last, num_classes)

        def forward(self, x):
            x = self.stage4(self.stage3(self.stage2(self.maxpool(self.conv1(x)))))
            return self.fc(self.conv5(x).mean([2, 3]))


    def _shufflenet(name, widths):
        def build(weights=None, progress=True, pretrained=False, **kwargs):
            _untrained(name, weights, pretrained)
            return ShuffleNetV2([4, 8, 4], widths, **kwargs)
        return build


    shufflenet_v2_x0_5 = _shufflenet("shufflenet_v2_x0_5", [24, 48, 96, 192, 1024])
    shufflenet_v2_x1_0 = _shufflenet("shufflenet_v2_x1_0", [24, 116, 232, 464, 1024])
    shufflenet_v2_x1_5 = _shufflenet("shufflenet_v2_x1_5", [24, 176, 352, 704, 1024])
    shufflenet_v2_x2_0 = _shufflenet("shufflenet_v2_x2_0", [24, 244, 488, 976, 2048])
    """
    + weights(
      ["0_5", "0_75", "1_0", "1_3"].map { "MNASNet\($0)" }
        + ["0_5", "1_0", "1_5", "2_0"].map { "ShuffleNet_V2_X\($0)" })
}
