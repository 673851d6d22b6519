extension Library {
  /// The convolutional networks of `torchvision.models`, untrained, written in Python.
  static let visionModels: Family = { library in
    library.prelude("torchvision.models._helpers", visionModelHelpers)
    library.prelude("torchvision.models", visionResidualModels + visionPlainModels + visionMobileModels)
    for name in [
      "resnet", "vgg", "alexnet", "squeezenet", "densenet", "mobilenet", "mobilenetv2", "mobilenetv3",
    ] { library.alias("torchvision.models.\(name)", of: "torchvision.models") }
  }

  private static let visionModelHelpers = """
    from torch import nn


    class _Weights:
        # Names of weights, which can be passed around but not loaded.
        def __init__(self, name):
            self.DEFAULT = self.IMAGENET1K_V1 = self.IMAGENET1K_V2 = name


    def _untrained(name, weights, pretrained):
        if weights or pretrained:
            raise NotImplementedError(
                f"the pretrained weights of {name} are not available: pass weights=None and train it from scratch")


    def _initialize(module, mode="fan_out", deviation=0.01):
        # What most of these networks begin with.
        for layer in module.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode=mode, nonlinearity="relu")
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
            elif isinstance(layer, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.ones_(layer.weight)
                nn.init.zeros_(layer.bias)
            elif isinstance(layer, nn.Linear) and deviation is not None:
                nn.init.normal_(layer.weight, 0, deviation)
                nn.init.zeros_(layer.bias)


    """

  private static let visionResidualModels = """
    from functools import partial

    import torch
    import torch.nn.functional as F
    from torch import nn
    from torchvision.models._helpers import _initialize, _untrained, _Weights
    from torchvision.models._utils import _make_divisible
    from torchvision.ops import Conv2dNormActivation, SqueezeExcitation


    def conv3x3(in_planes, out_planes, stride=1, groups=1, dilation=1):
        return nn.Conv2d(in_planes, out_planes, 3, stride, dilation, dilation, groups, bias=False)


    def conv1x1(in_planes, out_planes, stride=1):
        return nn.Conv2d(in_planes, out_planes, 1, stride, bias=False)


    class BasicBlock(nn.Module):
        expansion = 1

        def __init__(self, inplanes, planes, stride=1, downsample=None, groups=1, base_width=64, dilation=1,
                     norm_layer=None):
            super().__init__()
            norm_layer = norm_layer or nn.BatchNorm2d
            if groups != 1 or base_width != 64:
                raise ValueError("BasicBlock only supports groups=1 and base_width=64")
            if dilation > 1:
                raise NotImplementedError("Dilation > 1 not supported in BasicBlock")
            self.conv1 = conv3x3(inplanes, planes, stride)
            self.bn1 = norm_layer(planes)
            self.relu = nn.ReLU(inplace=True)
            self.conv2 = conv3x3(planes, planes)
            self.bn2 = norm_layer(planes)
            self.downsample = downsample
            self.stride = stride

        def forward(self, x):
            out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            return self.relu(out + (x if self.downsample is None else self.downsample(x)))


    class Bottleneck(nn.Module):
        expansion = 4

        def __init__(self, inplanes, planes, stride=1, downsample=None, groups=1, base_width=64, dilation=1,
                     norm_layer=None):
            super().__init__()
            norm_layer = norm_layer or nn.BatchNorm2d
            width = int(planes * (base_width / 64.0)) * groups
            self.conv1 = conv1x1(inplanes, width)
            self.bn1 = norm_layer(width)
            self.conv2 = conv3x3(width, width, stride, groups, dilation)
            self.bn2 = norm_layer(width)
            self.conv3 = conv1x1(width, planes * self.expansion)
            self.bn3 = norm_layer(planes * self.expansion)
            self.relu = nn.ReLU(inplace=True)
            self.downsample = downsample
            self.stride = stride

        def forward(self, x):
            out = self.relu(self.bn1(self.conv1(x)))
            out = self.relu(self.bn2(self.conv2(out)))
            out = self.bn3(self.conv3(out))
            return self.relu(out + (x if self.downsample is None else self.downsample(x)))


    class ResNet(nn.Module):
        def __init__(self, block, layers, num_classes=1000, zero_init_residual=False, groups=1,
                     width_per_group=64, replace_stride_with_dilation=None, norm_layer=None):
            super().__init__()
            self._norm_layer = norm_layer or nn.BatchNorm2d
            self.inplanes = 64
            self.dilation = 1
            dilates = replace_stride_with_dilation or [False, False, False]
            if len(dilates) != 3:
                raise ValueError("replace_stride_with_dilation should be None or a 3-element tuple")
            self.groups = groups
            self.base_width = width_per_group
            self.conv1 = nn.Conv2d(3, self.inplanes, kernel_size=7, stride=2, padding=3, bias=False)
            self.bn1 = self._norm_layer(self.inplanes)
            self.relu = nn.ReLU(inplace=True)
            self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
            self.layer1 = self._make_layer(block, 64, layers[0])
            self.layer2 = self._make_layer(block, 128, layers[1], 2, dilates[0])
            self.layer3 = self._make_layer(block, 256, layers[2], 2, dilates[1])
            self.layer4 = self._make_layer(block, 512, layers[3], 2, dilates[2])
            self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
            self.fc = nn.Linear(512 * block.expansion, num_classes)
            _initialize(self, deviation=None)
            for layer in self.modules() if zero_init_residual else []:
                if isinstance(layer, Bottleneck):
                    nn.init.zeros_(layer.bn3.weight)
                elif isinstance(layer, BasicBlock):
                    nn.init.zeros_(layer.bn2.weight)

        def _make_layer(self, block, planes, blocks, stride=1, dilate=False):
            dilation = self.dilation
            if dilate:
                self.dilation = self.dilation * stride
                stride = 1
            downsample = None
            width = planes * block.expansion
            if stride != 1 or self.inplanes != width:
                downsample = nn.Sequential(conv1x1(self.inplanes, width, stride), self._norm_layer(width))
            layers = [block(self.inplanes, planes, stride, downsample, self.groups, self.base_width, dilation,
                            self._norm_layer)]
            self.inplanes = width
            for _ in range(1, blocks):
                layers.append(block(width, planes, groups=self.groups, base_width=self.base_width,
                                    dilation=self.dilation, norm_layer=self._norm_layer))
            return nn.Sequential(*layers)

        def forward(self, x):
            x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
            x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
            return self.fc(torch.flatten(self.avgpool(x), 1))


    def _resnet_builder(name, block, layers, **settings):
        def build(weights=None, progress=True, pretrained=False, **kwargs):
            _untrained(name, weights, pretrained)
            return ResNet(block, layers, **{**settings, **kwargs})
        return build


    resnet18 = _resnet_builder("resnet18", BasicBlock, [2, 2, 2, 2])
    resnet34 = _resnet_builder("resnet34", BasicBlock, [3, 4, 6, 3])
    resnet50 = _resnet_builder("resnet50", Bottleneck, [3, 4, 6, 3])
    resnet101 = _resnet_builder("resnet101", Bottleneck, [3, 4, 23, 3])
    resnet152 = _resnet_builder("resnet152", Bottleneck, [3, 8, 36, 3])
    resnext50_32x4d = _resnet_builder("resnext50_32x4d", Bottleneck, [3, 4, 6, 3], groups=32, width_per_group=4)
    resnext101_32x8d = _resnet_builder("resnext101_32x8d", Bottleneck, [3, 4, 23, 3], groups=32, width_per_group=8)
    wide_resnet50_2 = _resnet_builder("wide_resnet50_2", Bottleneck, [3, 4, 6, 3], width_per_group=128)
    wide_resnet101_2 = _resnet_builder("wide_resnet101_2", Bottleneck, [3, 4, 23, 3], width_per_group=128)
    ResNet18_Weights = _Weights("ResNet18_Weights")
    ResNet34_Weights = _Weights("ResNet34_Weights")
    ResNet50_Weights = _Weights("ResNet50_Weights")
    ResNet101_Weights = _Weights("ResNet101_Weights")
    ResNet152_Weights = _Weights("ResNet152_Weights")


    class _DenseLayer(nn.Module):
        def __init__(self, num_input_features, growth_rate, bn_size, drop_rate, memory_efficient=False):
            super().__init__()
            self.norm1 = nn.BatchNorm2d(num_input_features)
            self.relu1 = nn.ReLU(inplace=True)
            self.conv1 = nn.Conv2d(num_input_features, bn_size * growth_rate, kernel_size=1, stride=1, bias=False)
            self.norm2 = nn.BatchNorm2d(bn_size * growth_rate)
            self.relu2 = nn.ReLU(inplace=True)
            self.conv2 = nn.Conv2d(bn_size * growth_rate, growth_rate, kernel_size=3, stride=1, padding=1, bias=False)
            self.drop_rate = float(drop_rate)

        def forward(self, input):
            features = [input] if isinstance(input, torch.Tensor) else input
            x = self.conv1(self.relu1(self.norm1(torch.cat(features, 1))))
            x = self.conv2(self.relu2(self.norm2(x)))
            return F.dropout(x, p=self.drop_rate, training=self.training) if self.drop_rate > 0 else x


    class _DenseBlock(nn.ModuleDict):
        def __init__(self, num_layers, num_input_features, bn_size, growth_rate, drop_rate, memory_efficient=False):
            super().__init__()
            for i in range(num_layers):
                self.add_module(f"denselayer{i + 1}", _DenseLayer(
                    num_input_features + i * growth_rate, growth_rate, bn_size, drop_rate))

        def forward(self, init_features):
            features = [init_features]
            for layer in self.values():
                features.append(layer(features))
            return torch.cat(features, 1)


    class _Transition(nn.Sequential):
        def __init__(self, num_input_features, num_output_features):
            super().__init__()
            self.norm = nn.BatchNorm2d(num_input_features)
            self.relu = nn.ReLU(inplace=True)
            self.conv = nn.Conv2d(num_input_features, num_output_features, kernel_size=1, stride=1, bias=False)
            self.pool = nn.AvgPool2d(kernel_size=2, stride=2)


    class DenseNet(nn.Module):
        def __init__(self, growth_rate=32, block_config=(6, 12, 24, 16), num_init_features=64, bn_size=4,
                     drop_rate=0, num_classes=1000, memory_efficient=False):
            super().__init__()
            self.features = nn.Sequential()
            width = num_init_features
            self.features.add_module("conv0", nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False))
            self.features.add_module("norm0", nn.BatchNorm2d(width))
            self.features.add_module("relu0", nn.ReLU(inplace=True))
            self.features.add_module("pool0", nn.MaxPool2d(kernel_size=3, stride=2, padding=1))
            for i, count in enumerate(block_config):
                block = _DenseBlock(count, width, bn_size, growth_rate, drop_rate)
                self.features.add_module(f"denseblock{i + 1}", block)
                width = width + count * growth_rate
                if i != len(block_config) - 1:
                    self.features.add_module(f"transition{i + 1}", _Transition(width, width // 2))
                    width = width // 2
            self.features.add_module("norm5", nn.BatchNorm2d(width))
            self.classifier = nn.Linear(width, num_classes)
            _initialize(self, mode="fan_in", deviation=None)
            nn.init.zeros_(self.classifier.bias)

        def forward(self, x):
            x = F.relu(self.features(x), inplace=True)
            return self.classifier(torch.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1))


    def _densenet_builder(name, growth_rate, block_config, num_init_features):
        def build(weights=None, progress=True, pretrained=False, **kwargs):
            _untrained(name, weights, pretrained)
            return DenseNet(growth_rate, block_config, num_init_features, **kwargs)
        return build


    densenet121 = _densenet_builder("densenet121", 32, (6, 12, 24, 16), 64)
    densenet161 = _densenet_builder("densenet161", 48, (6, 12, 36, 24), 96)
    densenet169 = _densenet_builder("densenet169", 32, (6, 12, 32, 32), 64)
    densenet201 = _densenet_builder("densenet201", 32, (6, 12, 48, 32), 64)
    DenseNet121_Weights = _Weights("DenseNet121_Weights")


    """
}
